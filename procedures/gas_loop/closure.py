"""Closure: the check meter, behind the meter under test, against the masters.

    c = V_c/V_ref - 1 - E_c(Re_c)

What the check meter shares with the masters, of one laboratory, cancels but for where their parts differ.
Closure that misses tells of what no budget knows: a branch valve that lets pass, a soaked sensor, pulses that
are lost.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.errors import EvidenceError
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.gas_loop.master import Master
from remotecal.procedures.library.gas_loop.passing import LoopRepeats
from remotecal.procedures.library.gas_loop.seen import LoopSeen, of_each
from remotecal.uncertainty.number import Number, Numbers, estimate
from remotecal.units import same_dimension

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.fluids.gas_equations import GasState
    from remotecal.procedures import Evidence
    from remotecal.procedures.library.gas_loop.filling import LoopGas
    from remotecal.procedures.library.gas_loop.master import Opening
    from remotecal.uncertainty.budget import Evaluated

COVERAGE = 2.0
"""Standard uncertainties within which closure counts as kept."""


@dataclass(frozen=True, slots=True)
class LoopClosure:
    """How the check meter agrees with the masters at one point."""

    evaluated: Evaluated
    """Its deviation from its curve in %, with its budget; U is twice u."""
    reynolds: float
    """Of the check meter."""

    @property
    def kept(self) -> bool:
        """Whether it is within twice its standard uncertainty."""
        return abs(self.evaluated.value) <= COVERAGE * self.evaluated.u


class CheckRepeats(LoopRepeats):
    """The repeats at one point, as the check meter saw them."""

    def _know_more(self) -> None:
        self._know("c", "", "check", 0)
        self.check = check_of(self.evidence, self.parameters.fit_order)
        (told,) = self.seen[0].counted("check", self.evidence)
        self._count("c", "check", told.unit)

    def _working(self) -> tuple[list[Master], list[float]]:
        known = self.estimates()
        states = [self.state("c", seen, known) for seen in self.seen]
        flows = [3600.0 * estimate(self._checked(seen, known)) / self.lasted(seen) for seen in self.seen]
        pairs = tuple(zip(states, flows, strict=True))
        self.at_check = statistics.fmean(self.check.reynolds(*pair) for pair in pairs)
        place = statistics.fmean(self.check.place(*pair) for pair in pairs)
        return [*self.open, self.check], [*self.places, place]

    def _checked(self, seen: LoopSeen, x: Numbers) -> Number:
        """Return the volume the check meter told in a repeat, in m³."""
        (amount,) = seen.counted("check", self.evidence)
        if amount.unit != "1":
            total: Number = amount.value + x["r_c"]
            return total
        counted: Number = (amount.value + x["N_c"]) / self.check.factor
        return counted

    def closed(self) -> LoopClosure:
        """Return how the check meter agrees."""

        def deviation(seen: LoopSeen, x: Numbers) -> Number:
            meter, check = self.state("d", seen, x), self.state("c", seen, x)
            passed = self.volume(seen, x) * (meter.density / check.density)
            found: Number = self._checked(seen, x) / passed - 1.0 - self.together.error("c", x)
            return found

        return LoopClosure(self.evaluate(deviation, "%", scale=100.0, k=COVERAGE), self.at_check)


def check_of(evidence: Evidence, order: int) -> Master:
    """Return the check meter by its certificate (EvidenceError if it has none)."""
    used = evidence.certificates.get("check_meter")
    if used is None:
        raise EvidenceError("the check meter has no certificate: give its artefact one in the bench file")
    return Master("c", used.certificate, order)


def off_by(
    seen: LoopSeen,
    passed: Mapping[str, Measured],
    choice: Opening,
    masters: Sequence[Master],
    check: Master,
    filling: LoopGas,
) -> float:
    """Return how far the check meter is off its curve in a repeat, in %, by readings as they are.

    For the run, which stops where that is too much; the certificate's closure is by `CheckRepeats`.

    Args:
        seen: what the repeat yielded.
        passed: what each counter counted in it, wraps included: `master 1`, …, `check`.
        choice: the masters that were open.
        masters: all of the loop.
        check: the check meter.
        filling: the gas.
    """
    mass = mass_by(seen, passed, choice, masters, filling)
    if not (seen.check_temperature and seen.check_pressure):
        return 0.0
    state = _state(filling, seen.check_temperature, seen.check_pressure)
    volume = _told(passed["check"], check, estimate(state.density))
    error = check.fit.value(check.place(state, 3600.0 * volume / seen.lasted()))
    return 100.0 * (volume * estimate(state.density) / mass - 1.0 - error)


def mass_by(
    seen: LoopSeen,
    passed: Mapping[str, Measured],
    choice: Opening,
    masters: Sequence[Master],
    filling: LoopGas,
) -> float:
    """Return what passed the masters in a repeat, in kg, by readings as they are (`off_by`)."""
    count, mass = len(choice.numbers), 0.0
    at = zip(of_each(seen.master_temperature, count), of_each(seen.master_pressure, count), strict=True)
    for n, (number, place) in enumerate(zip(choice.numbers, at, strict=True)):
        master, density = masters[number - 1], estimate(_state(filling, *place).density)
        error = master.fit.value(choice.places[n])
        mass += _told(passed[f"master {number}"], master, density) / (1.0 + error) * density
    return mass


def _state(filling: LoopGas, temperatures: Sequence[Measured], pressures: Sequence[Measured]) -> GasState:
    return filling.state(mean(temperatures, "°C"), mean(pressures, "Pa"))


def _told(amount: Measured, meter: Master, density: float) -> float:
    """Return the volume a meter told by what it counted, in m³."""
    if amount.unit == "1":
        return amount.value / meter.factor
    if same_dimension(amount.unit, "kg"):
        return amount.to("kg").value / density
    return amount.to("m3").value
