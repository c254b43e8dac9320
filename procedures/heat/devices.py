"""Which devices of a run tell energy, how often each answered, and what is said of each by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic

from remotecal.model import Condition, Result, Text
from remotecal.procedures import Evaluation
from remotecal.procedures.library.evaluation.conformity import Further
from remotecal.procedures.library.evaluation.several import FEWEST, DevicePlace, ReadRepeats, placed, silent
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.library.heat.energy import S

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point

WITHOUT_RESULT: Final = Text(zh="无结果的测量点数", en="points without a result")


@dataclass(frozen=True, slots=True)
class EnergyDevice(Generic[S]):
    """One of the devices of a run."""

    item: str
    """Its id in the order."""
    place: DevicePlace
    """Where it is read."""
    called: Text
    """What it is called where it is said that it did not answer."""
    read: tuple[tuple[Point, tuple[S, ...]], ...]
    """Each point, and its repeats in which the device was read."""

    @property
    def answers(self) -> ReadRepeats:
        """How often it answered."""
        return ReadRepeats(tuple((point, len(seen)) for point, seen in self.read))

    @property
    def found(self) -> tuple[tuple[Point, tuple[S, ...]], ...]:
        """The points at which it was read often enough: of one that is alone, all."""
        return tuple(
            (point, seen) for point, seen in self.read if len(seen) >= FEWEST or self.place.count == 1
        )

    @property
    def further(self) -> tuple[Further, ...]:
        """What it is held against beside its errors: that no point is without a result."""
        return self.answers.further(WITHOUT_RESULT) if self.place.count > 1 else ()

    def alone(self, evaluation: Evaluation, heading: Text) -> Evaluation:
        """Return its evaluation as one of several's: with its item, and what could not be read.

        Of a device that is alone it stays as it is.
        """
        if self.place.count == 1:
            return evaluation
        missed = not self.answers.whole
        return evaluation.model_copy(
            update={
                "results": (*evaluation.results, *((self._readings(),) if missed else ())),
                "statements": (
                    *evaluation.statements,
                    *((self.answers.remark(self.item, self.called),) if missed else ()),
                ),
                "items": (self.item,),
                "heading": self.place.headed(heading),
            }
        )

    def silent(self, norm: str, conditions: Sequence[Condition]) -> Evaluation:
        """Return what is said of it where it was read often enough nowhere: that it does not conform."""
        return Evaluation(results=(), conditions=tuple(conditions), statements=(silent(norm, self.called),))

    def _readings(self) -> Result:
        at = [f"{point.nominal['difference']:g}" for point, _ in self.read]
        places = column("标称温差", "Nominal difference", "remotecal_nominalValue basic_tableIndex0", "K", at)
        return self.answers.table(places, Text(zh="读数情况", en="Readings of the device"))


def devices(evidence: Evidence, kind: type[S], called: Text) -> Iterator[EnergyDevice[S]]:
    """Yield each device of the order, with its repeats.

    Args:
        evidence: of the run.
        kind: what a repeat yields.
        called: what a device is called where it is said that it did not answer.
    """
    at = [(point, kind.at(evidence, point)) for point in evidence.points]
    for item, place in placed(evidence, "dut"):
        read = tuple((point, tuple(one for one in seen if one.told(place))) for point, seen in at)
        yield EnergyDevice(item, place, called, read)


def of_each(
    them: Iterator[EnergyDevice[S]], evaluate: Callable[[EnergyDevice[S]], Evaluation]
) -> Evaluation | Sequence[Evaluation]:
    """Return what is found of each device; of a single one, its measurement alone."""
    found = [evaluate(each) for each in them]
    return found[0] if len(found) == 1 else found
