"""Compare several meters with a source at once, and adjust them where the order says so."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar

from tiny import Indicator, Leveller

from remotecal.drivers.measured import Measured
from remotecal.model import Column, Result, Statement, Table, Text
from remotecal.procedures import Artefact, Evaluation, Evidence, Observed, Point, Procedure, Run


class Seen(Observed):
    values: Annotated[tuple[Measured, ...], "V"]
    """Each meter once, in the order of the role."""


class Several(Procedure):
    title = Text(zh="多表比较", en="Comparison of several")
    sets: ClassVar[Mapping[str, str]] = {"level": "V"}
    reach: ClassVar[Mapping[str, str]] = {"meters.value": "level"}

    under_test: ClassVar[str] = "meters"

    source: Leveller
    meters: tuple[Indicator, ...]
    weight: Artefact | None

    def points(self) -> Sequence[Point]:
        return (Point("1 V", {"level": 1.0}), Point("2 V", {"level": 2.0}))

    def certified(self) -> Sequence[str]:
        return ("weight",)

    def prepare(self, run: Run) -> None:
        run.note("by", weight=self.weight.serial if self.weight else "none")

    def approach(self, point: Point, run: Run) -> None:
        self.source.level.set(point.nominal["level"])

    def measure(self, point: Point, run: Run) -> Seen:
        return Seen(values=run.read(*(meter.value for meter in self.meters)))

    def adjust(self, run: Run) -> dict[str, float]:
        self.source.level.set(0.5)
        return {"offset": 0.0}

    def evaluate(self, evidence: Evidence) -> Iterator[Evaluation]:
        names = [used.name for role, used in evidence.instruments.items() if role.startswith("meters[")]
        return tuple(
            self._of_one(evidence, id_, names.index(dut.on or names[0]))
            for id_, dut in evidence.order.devices.items()
        )

    def _of_one(self, evidence: Evidence, item: str, place: int) -> Evaluation:
        values = [Seen.at(evidence, point)[0].values[place].value for point in evidence.points]
        column = Column(
            name=Text(zh="示值", en="Indication"), unit="V", values=tuple(f"{value:.3f}" for value in values)
        )
        said = Statement(
            ref_types=("basic_conformity",),
            name=Text(zh="符合性", en="Conformity"),
            declaration=Text(zh="合格。", en="It conforms."),
            conformity="pass",
        )
        table = Result(name=self.title, tables=(Table(columns=(column,)),))
        return Evaluation(results=(table,), items=(item,), heading=Text.plain(item), statements=(said,))
