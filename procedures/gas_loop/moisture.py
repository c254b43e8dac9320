"""The water in the gas of a loop where a dew-point meter tells it: this counts, not what the order says.

Masters are chosen, and a converter is programmed, before anything is read: that is by the order's dew point.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

from remotecal.errors import EvidenceError, ParameterError
from remotecal.procedures.library.evaluation.output import mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.drivers.measured import Measured
    from remotecal.procedures import Drivers
    from remotecal.procedures.library.evaluation.repeats import Repeats
    from remotecal.procedures.library.gas_loop.filling import LoopGas
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.procedures.library.gas_loop.seen import LoopSeen

DEW_METER: Final = "dew_point_meter"
"""The role of the dew-point meter."""
DEVIATION: Final = "δ_dp"
"""Symbol of what it is off."""


def see_dew_meter(drivers: Drivers, told: LoopParameters) -> None:
    """Raise `ParameterError` where a meter is to tell a dew point that the order knows nothing of."""
    if DEW_METER in drivers and told.dew_point is None:
        raise ParameterError(
            f"parameters.dew_point is missing: the bench has a {DEW_METER}; state about what dew point the "
            "gas has, for what is settled before it is read, or take that role out of the bench file"
        )


def as_read(seen: LoopSeen, filling: LoopGas, told: LoopParameters) -> LoopGas:
    """Return the gas of a repeat by the meter's readings as they are; as stated where there is no meter."""
    if not seen.dew_point:
        return filling
    dew = mean(seen.dew_point, "°C")
    return filling.with_dew_point(lambda _: dew, _cell([seen], told))


def as_corrected(repeats: Repeats[LoopSeen], filling: LoopGas, told: LoopParameters) -> LoopGas:
    """Return the gas at a point by the meter's readings and certificate, which brings an input.

    Raises:
        EvidenceError: the bench has the meter, and it was not read in every repeat.
        CertificateRefused: its certificate does not hold there.
    """
    every = [seen.dew_point or () for seen in repeats.seen]
    if DEW_METER not in repeats.evidence.instruments and not any(every):
        return filling
    if not all(every):
        raise EvidenceError(f"{repeats.point.name}: the {DEW_METER} was not read in every repeat")
    readings: Sequence[Measured] = [one for each in every for one in each]
    known = repeats.correction(DEVIATION, DEW_METER, readings, "°C", extended=False)
    dew, alone = mean(readings, "°C"), {DEVIATION: 0.0}
    cell = _cell(repeats.seen, told)
    return filling.with_dew_point(lambda x: known.corrected({**alone, **x}, dew), cell)


def _cell(every: Sequence[LoopSeen], told: LoopParameters) -> float:
    """Return the absolute pressure at the meter's sensor, in Pa."""
    if told.dew_cell == "stated":
        return 1000.0 * told.dew_pressure
    return statistics.fmean(mean(seen.meter_pressure, "Pa") for seen in every)
