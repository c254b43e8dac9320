"""What characterises a water rig, by procedures of its own: diverter, pipe and water, against what is true.

No bench of the catalogue has an order for these: the rig's bench file is given what they take beside it, and
somebody who fills the pipe and takes samples. `benchmarks/truth.py` draws them as `flow.diverter` and so on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final, cast

from benchmarks import unwired
from remotecal.fluids.air import buoyancy_factor
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.prompts import Answer
from remotecal.runs.record import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remotecal.model import PointBudget
    from remotecal.runs.prompts import Question
    from remotecal.sim.water.assemblies import GravimetricRig

SCALE, DENSITY_METER, RESIDUE = 0.003, 0.01, 2e-5
"""Limits of error in kg and kg/m³, and what may stay in the pipe in m³."""
BY_HAND: Final = f"""
[instruments.can_scale]
driver = "BalanceByHand"
address = "by-hand:can-scale"
serial = "S-1"
settings = {{ unit = "kg", high = 60, step = 0.001, limit = {SCALE} }}

[instruments.densitometer]
driver = "DensitometerByHand"
address = "by-hand:densitometer"
serial = "S-1"
settings = {{ unit = "kg/m3", low = 900, high = 1100, step = 0.001, limit = {DENSITY_METER} }}

[roles]
"""
"""What the two procedures take that a person attends to."""


@dataclass(frozen=True, slots=True)
class Off:
    """What a person's instruments are off by, and what goes astray: nothing if not given."""

    full: float = 0.0
    """Of the scale with the full can, in kg."""
    poured: float = 0.0
    """Of the scale with what is left in it."""
    density: float = 0.0
    """Of the density meter, in kg/m³."""
    left: float = 0.0
    """What each filling leaves full of air, in kg of water; less than 0 for what it spills."""
    step: float = 0.001
    """Of the density meter's display, in kg/m³."""

    @classmethod
    def drawn(cls, rng: Random) -> Off:
        """Draw what their limits allow."""
        limits = (SCALE, SCALE, DENSITY_METER, 1000.0 * RESIDUE)
        return cls(*(rng.uniform(-limit, limit) for limit in limits))


class Filler:
    """Fills the pipe, takes samples, and reads scale and density meter as they show."""

    def __init__(self, rig: GravimetricRig, off: Off | None = None) -> None:
        self.off, self.can = off or Off(), 30.0
        self._rig, self._shows = rig.rig, self.off.full

    def answer(self, question: Question, still_wanted: Callable[[], None]) -> Answer:
        """Do what is asked for, and say what is shown."""
        still_wanted()
        with self._rig.world.present():
            return Answer(self._said(question), "liwei")

    def _said(self, question: Question) -> str:
        text = question.text.get("en")
        if question.options:
            if text.startswith("Fill"):
                pipe = self._rig.spec.connecting_volume * (1 + 3 * 16e-6 * (self._rig.temperature - 20))
                self.can -= pipe * self._density - self.off.left
                self._shows = self.off.poured
            elif text.startswith("Empty"):
                self.can, self._shows = 30.0, self.off.full
            return question.options[0]
        if "density meter" in text:
            step = self.off.step
            return f"{round((self._density + self.off.density) / step) * step:.3f}"
        if "serial" in text.lower():
            return "S-1"
        air = self._rig.air.density(self._rig.world.time)
        return f"{self.can / buoyancy_factor(air, self._density) + self._shows:.3f}"

    @property
    def _density(self) -> float:
        return self._rig.water.density(self._rig.temperature)


@dataclass(frozen=True, slots=True)
class RigFact:
    """How a fact of a rig is determined, and what is true of it."""

    parameters: Mapping[str, object]
    """Of the procedure."""
    beside: str
    """What stands in the bench file beside what a calibration of meters takes."""
    true: Callable[[GravimetricRig], float]


FACTS: Final[Mapping[str, RigFact]] = {
    "flow.diverter": RigFact(
        {"flows": [30.0], "smallest_mass": 400.0, "largest_mass": 540.0, "empty": 0.6, "repeats": 5},
        '\n[roles]\nmonitor = "dut"\n',
        lambda rig: rig.truth.asymmetry,
    ),
    "flow.pipe_volume": RigFact(
        {},
        BY_HAND + 'balance = "can_scale"\n',
        lambda rig: rig.rig.spec.connecting_volume,
    ),
    "flow.water_density": RigFact(
        {"density_resolution": 0.001}, BY_HAND, lambda rig: rig.rig.spec.water_excess
    ),
}  # fmt: skip
"""The procedures that characterise a rig, by their names."""


def characterise(procedure: str, seed: int, directory: Path) -> tuple[PointBudget, float]:
    """Determine a fact of a random rig without wires; returns what its record tells, and what is true."""
    fact, found = FACTS[procedure], find(procedure)
    rig = cast("GravimetricRig", unwired.put_up("water-rig", directory / "rig", {"seed": seed}))
    rig.bench.write_text(rig.bench.read_text("utf-8") + fact.beside, "utf-8")
    order = Order.load(rig.order)
    item = order.dut.model_copy(update={"serial": "RIG-50", "class_scheme": None, "class_name": None})
    head = order.order.model_copy(update={"procedure": procedure, "certificate": "FACT-1"})
    order = order.model_copy(update={"order": head, "parameters": fact.parameters, "dut": item})
    company = Company(Filler(rig, Off.drawn(Random(f"{seed} by hand"))))
    record = evaluate(unwired.carry_out(order, found, rig, directory / "run", company), found)
    return record.measurements[0].budgets[-1], fact.true(rig)
