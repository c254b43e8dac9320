"""The water in the gas of a loop where a dew-point meter tells it: this counts, not what the order says.

Masters are chosen, and a converter is programmed, before anything is read: that is by the order's dew point.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

from remotecal.errors import CertificateRefused, EvidenceError, ParameterError, RunError
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.standards import Standard, from_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remotecal.drivers.measured import Measured
    from remotecal.procedures import Certificates, Drivers
    from remotecal.procedures.library.evaluation.repeats import Repeats
    from remotecal.procedures.library.evaluation.standards import Deviating
    from remotecal.procedures.library.gas_loop.filling import LoopGas
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.procedures.library.gas_loop.seen import LoopSeen

DEW_METER: Final = "dew_point_meter"
"""The role of the dew-point meter."""
DEVIATION: Final = "δ_dp"
"""Symbol of what it is off."""


def see_dew_meter(drivers: Drivers, told: LoopParameters, filling: LoopGas) -> None:
    """Raise `ParameterError` where nobody could tell the water by what a meter is to read.

    The order knows nothing of a dew point; or no formula holds at the pressure where the sensor is.
    """
    if DEW_METER not in drivers:
        return
    dew = told.dew_point
    if dew is None:
        raise ParameterError(
            f"parameters.dew_point is missing: the bench has a {DEW_METER}; state about what dew point the "
            "gas has, for what is settled before it is read, or take that role out of the bench file"
        )
    for pressure in told.pressures if told.dew_cell == "loop" else ():
        try:
            filling.with_dew_point(lambda _: dew, 1000.0 * pressure).gas()
        except ParameterError as refusal:
            raise ParameterError(
                f'at {pressure:g} kPa dew_cell = "loop" can\'t be: {refusal}; expand the sample ahead of the '
                'sensor, and state dew_cell = "stated" with dew_pressure'
            ) from None


def as_read(
    name: str, seen: LoopSeen, filling: LoopGas, told: LoopParameters, certificates: Certificates
) -> LoopGas:
    """Return the gas of a repeat by the meter's readings and certificate; as stated without a meter.

    Args:
        name: of the point.
        seen: what the repeat yielded.
        filling: the gas by the order.
        told: what the order tells.
        certificates: role → certificate.

    Raises:
        RunError: no certificate could be had of such a repeat: the meter's own, its limit of error or the
            formula for the water do not hold there, or the water would condense.
    """
    if not seen.dew_point:
        return filling
    used = certificates.get(DEW_METER)
    try:
        if used is None:
            standard = from_limit(DEVIATION, seen.dew_point)
        else:
            standard = Standard.certified(DEVIATION, used.certificate, "°C")
        gas = _moist([seen], filling, told, standard.around(_dew([seen])))
        gas.gas()
    except (CertificateRefused, ParameterError) as refusal:
        raise RunError(
            f"{name}: the {DEW_METER} reads {_dew([seen]):.4g} °C, and no certificate could be "
            f"had: {refusal}; bring the gas to a dew point where both hold, have the meter calibrated "
            "there, or take that role out of the bench file and state dew_point"
        ) from None
    try:
        gas.require(mean(seen.meter_temperature, "°C"), mean(seen.meter_pressure, "Pa"))
    except ParameterError as refusal:
        raise RunError(f"{name}: {refusal}") from None
    return gas


def as_corrected(
    repeats: Repeats[LoopSeen], filling: LoopGas, told: LoopParameters
) -> Callable[[Sequence[LoopSeen]], LoopGas]:
    """Return what tells the gas of some repeats by the meter's readings in these, and its certificate.

    What the meter is off is one input, common to all repeats: what changes from one to the next scatters.

    Raises:
        EvidenceError: the bench has the meter, and it was not read in every repeat.
        CertificateRefused: its certificate does not hold there.
    """
    every = [seen.dew_point or () for seen in repeats.seen]
    if DEW_METER not in repeats.evidence.instruments and not any(every):
        return lambda _: filling
    if not all(every):
        raise EvidenceError(f"{repeats.point.name}: the {DEW_METER} was not read in every repeat")
    readings: Sequence[Measured] = [one for each in every for one in each]
    known = repeats.correction(DEVIATION, DEW_METER, readings, "°C", extended=False)
    return lambda some: _moist(some, filling, told, known)


def _dew(some: Sequence[LoopSeen]) -> float:
    """Return the mean of what the meter read in some repeats, in °C."""
    return mean([one for seen in some for one in seen.dew_point or ()], "°C")


def _moist(some: Sequence[LoopSeen], filling: LoopGas, told: LoopParameters, known: Deviating) -> LoopGas:
    """Return the gas in some repeats, by what is known of the meter."""
    dew, alone = _dew(some), {DEVIATION: 0.0}
    return filling.with_dew_point(lambda x: known.corrected({**alone, **x}, dew), _cell(some, told))


def _cell(every: Sequence[LoopSeen], told: LoopParameters) -> float:
    """Return the absolute pressure at the meter's sensor, in Pa."""
    if told.dew_cell == "stated":
        return 1000.0 * told.dew_pressure
    return statistics.fmean(mean(seen.meter_pressure, "Pa") for seen in every)
