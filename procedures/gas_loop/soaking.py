"""Whether the thermometer at the meter under test still soaks: what can't be ruled out is in the budget.

Between masters and check meter gas comes nearer to the temperature of the pipe, so at the meter it is about
half-way between theirs. A thermometer that is steady and yet off that may be in a well that is slow to
follow; a closure can't see it, for the temperature there cancels. By as much as it was off, ±, it may be
wrong. Where there is no check meter it is what it was off the masters.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final, Protocol

from remotecal.model import Text
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.procedures import Certificates, Evidence
    from remotecal.procedures.library.gas_loop.seen import LoopSeen
    from remotecal.uncertainty.number import Number, Numbers

SOAKING: Final = "s_d"
"""Symbol of it."""
HALF_WAY: Final = Text(zh="标准表与核查表中点的偏离", en="half-way between masters and check")
"""Where it is known from."""


class Thermometers(Protocol):
    """The repeats at a point, as thermometers tell of them."""

    numbers: tuple[int, ...]
    """Masters that are open."""
    seen: tuple[LoopSeen, ...]
    evidence: Evidence

    def estimates(self) -> Numbers:
        """Return symbol → estimate of what is known so far."""
        ...

    def at(self, key: str, seen: LoopSeen, x: Numbers) -> tuple[Number, Number]:
        """Return temperature in °C and pressure in Pa at a place in a repeat."""
        ...


def soaking(repeats: Thermometers) -> Input:
    """Return by how much the thermometer at the meter may be wrong for it soaks, in K."""
    most = max(abs(_off(repeats, seen)) for seen in repeats.seen)
    return Input.from_limits(SOAKING, 0.0, "K", most, source=HALF_WAY)


def _off(repeats: Thermometers, seen: LoopSeen) -> float:
    """Return how far the temperature at the meter was from where it should be in a repeat, in K."""
    known = repeats.estimates()
    *masters, meter = (estimate(repeats.at(key, seen, known)[0]) for key in (*map(str, repeats.numbers), "d"))
    ahead = statistics.fmean(masters)
    if seen.check_temperature is None:
        return meter - ahead
    at_check = corrected(
        repeats.evidence.certificates, "check_thermometer", mean(seen.check_temperature, "°C")
    )
    return meter - (ahead + at_check) / 2


def corrected(certificates: Certificates, role: str, shown: float) -> float:
    """Return a temperature by its thermometer's certificate, in °C; as it is shown where that has none.

    Beyond a certificate's range its last line goes on, as for every thermometer of a loop.

    Args:
        certificates: role → certificate.
        role: of the thermometer.
        shown: by it, in °C.
    """
    if (used := certificates.get(role)) is None:
        return shown
    known = Standard.certified(
        "t", used.certificate, "°C", correlation=used.correlation, extended=True
    ).around(shown)
    return estimate(known.corrected({each.symbol: each.value for each in known.inputs}, shown))
