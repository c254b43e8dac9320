"""Several devices in one run: where each is read, and what is said of one that did not answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from remotecal.drivers.measured import Measured
from remotecal.model import Column, Result, Statement, Table, Text
from remotecal.procedures import Observed
from remotecal.procedures.library.evaluation.conformity import Further
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.procedure import of_role

if TYPE_CHECKING:
    from remotecal.journal.observation import Observation
    from remotecal.procedures import Evidence, Point

S = TypeVar("S", bound=Observed)

FEWEST: Final = 2
"""Repeats that must have been read at a point, for less tell no repeatability."""

WITHOUT_RESULT: Final = Text(zh="无结果的流量点数", en="points without a result")


@dataclass(frozen=True, slots=True)
class DevicePlace:
    """Where a device is among those that are calibrated together."""

    number: int
    """Counted from 1, in the order of the role; of what stands in a line, in the direction of the flow."""
    count: int
    """How many there are."""
    name: str
    """The name on the bench of what reads it."""

    @property
    def along(self) -> float:
        """Its place between the ends of a line, 0 to 1."""
        return (self.number - 0.5) / self.count

    @property
    def behind(self) -> int:
        """How many are behind it."""
        return self.count - self.number

    def reading(self, readings: Sequence[Measured]) -> Measured | None:
        """Return its reading among those of all; None if it did not answer."""
        return next((one for one in readings if one.source.rpartition(".")[0] == self.name), None)

    def both(self, entry: Observation, before: str, after: str) -> tuple[Measured, Measured] | None:
        """Return its readings in two parts of an observation, as they were read; None if it was silent."""
        told = [
            self.reading([one for one in kept if isinstance(one, Measured)])
            for kept in (entry.values[before], entry.values[after])
            if isinstance(kept, tuple)
        ]
        first, last = told
        return None if first is None or last is None else (first, last)

    def headed(self, called: Text) -> Text:
        """Return what heads its part of the certificate: what is done, and where it was."""
        there = f"{self.number}/{self.count}"
        return Text(zh=f"{called.get('zh')}，表位 {there}", en=f"{called.get('en')}, place {there}")


def places_of(evidence: Evidence, role: str) -> Mapping[str, DevicePlace]:
    """Return name → place of what fills a role, in the order in which it does.

    Journals have their keys in the order of letters, `meters[10]` before `meters[2]`, so they are counted;
    those from when a role held one device call it `ROLE` alone.
    """
    used = evidence.instruments
    count = sum(of_role(key) == role for key in used)
    keys = [role] if role in used else [f"{role}[{number}]" for number in range(1, count + 1)]
    names = [used[key].name for key in keys]
    return {name: DevicePlace(number, count, name) for number, name in enumerate(names, 1)}


def placed(evidence: Evidence, role: str) -> Iterator[tuple[str, DevicePlace]]:
    """Yield the id of each device of the order, and where it is read."""
    places = places_of(evidence, role)
    for item, dut in evidence.order.devices.items():
        yield item, places[dut.on or next(iter(places))]


@dataclass(frozen=True, slots=True)
class ReadRepeats:
    """How often a device answered: the points, and of each how many of its repeats were read."""

    read: tuple[tuple[Point, int], ...]

    @property
    def whole(self) -> bool:
        """Whether every repeat was read."""
        return all(count == point.repeats for point, count in self.read)

    def further(self, said: Text = WITHOUT_RESULT) -> tuple[Further, ...]:
        """Return that points have no result, which a device is held against; nothing if each has one."""
        missing = sum(count < FEWEST for _, count in self.read)
        return (Further(said, missing, 0, "1"),) if missing else ()

    def table(self, places: Column, name: Text) -> Result:
        """Return how many readings there are at each place, which its first column tells."""
        columns = (
            places,
            column("读到的次数", "Repeats read", "remotecal_repeatsRead", "1",
                   [str(count) for _, count in self.read]),
            column("应读次数", "Repeats due", "remotecal_repeatsDue", "1",
                   [str(point.repeats) for point, _ in self.read]),
        )  # fmt: skip
        return Result(name=name, ref_types=("remotecal_readings",), tables=(Table(columns=columns),))

    def remark(self, item: str, device: Text) -> Statement:
        """Return which repeats of a device could not be read."""
        missed = [
            f"{point.name}: {point.repeats - count}" for point, count in self.read if count < point.repeats
        ]
        return Statement(
            ref_types=("remotecal_remark",),
            refs=(item,),
            declaration=Text(
                zh=f"{device.get('zh')}有时无应答，未读到的重复次数：{'；'.join(missed)}。"
                "误差只由读到的重复得出。",
                en=f"{device.get('en')} did not always answer; repeats that could not be read: "
                f"{'; '.join(missed)}. Errors are of those that could.",
            ),
        )


def silent(norm: str, device: Text) -> Statement:
    """Return that a device that was read nowhere often enough does not conform."""
    return Statement(
        ref_types=("basic_conformity",),
        name=Text(zh="符合性", en="Conformity"),
        norms=(norm,),
        declaration=Text(
            zh=f"{device.get('zh')}无应答，无法测得示值误差：不合格。",
            en=f"{device.get('en')} did not answer, so no error could be found: it does not conform.",
        ),
        conformity="fail",
    )
