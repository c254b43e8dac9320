"""Compare a meter with a source, level by level."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar

from tiny import Indicator, Leveller

from remotecal.drivers.measured import Measured
from remotecal.model import Column, Result, Table, Text
from remotecal.procedures import (
    Evaluation,
    Evidence,
    In,
    Observed,
    Parameters,
    Point,
    Procedure,
    Run,
    Stability,
)


class Seen(Observed):
    values: Annotated[tuple[Measured, ...], "V"]
    """The meter, three times."""
    cells: Annotated[tuple[Measured, ...] | None, "V"] = None
    """Cells of a meter that has several."""
    level: Annotated[float | None, "V"] = None
    """What the source was set to."""


class Tiny(Procedure):
    """Compare a meter with a source."""

    title = Text(zh="比较", en="Comparison")
    norms = ("TINY 1-2026",)

    sets: ClassVar = {"level": "V"}
    under_test: ClassVar = "meter"

    source: Leveller
    meter: Indicator
    spare: Indicator | None

    class Parameters(Parameters):
        levels: Annotated[tuple[float, ...], In("V", above=0)] = (1.0, 2.0)
        """Levels to compare at."""
        repeats: Annotated[int, In("1", at_least=1)] = 2
        """Repeats at each level."""
        ask: bool = False
        """Ask before the first point."""
        photo: bool = False
        """Ask for a photo before the first point."""
        dial: str = ""
        """Path of a picture, beside which it is asked what a dial shows, before the first point."""
        cells: tuple[int, ...] = ()
        """Cells of the meter to read as well."""
        greedy: bool = False
        """Read again and again, without ever coming back to the engine."""

    parameters: Parameters

    def points(self) -> Sequence[Point]:
        return [
            Point(f"{level:g} V", {"level": level}, self.parameters.repeats)
            for level in self.parameters.levels
        ]

    def prepare(self, run: Run) -> None:
        if self.parameters.ask:
            run.ask(Text(zh="可以开始吗?", en="May it begin?"), options=("yes", "no"))
        if self.parameters.photo:
            run.ask(Text(zh="照片?", en="A photo?"), kind="file")
        if self.parameters.dial:
            question = Text(zh="表盘示值?", en="What does the dial show?")
            run.ask(question, unit="V", low=0, high=20, digits=2, picture=Path(self.parameters.dial))
        run.note("prepared", spare=self.spare is not None)

    def approach(self, point: Point, run: Run) -> None:
        self.source.level.set(point.nominal["level"])
        run.settle(Stability(self.meter.value, duration=5, spread=0.1, timeout=60))

    def measure(self, point: Point, run: Run) -> Seen:
        if self.parameters.greedy:
            return Seen(values=tuple(self.meter.value.read() for _ in range(50)))
        values = []
        for _ in range(3):
            run.wait(1)
            values += run.read(self.meter.value)
        cells = run.read(*(self.meter.cells[cell] for cell in self.parameters.cells))  # type: ignore[attr-defined]
        return Seen(values=tuple(values), cells=cells or None, level=point.nominal["level"])

    def evaluate(self, evidence: Evidence) -> Evaluation:
        rows = []
        for point in evidence.points:
            values = [m.value for entry in evidence.at(point) for m in entry.values["values"]]
            rows.append(f"{sum(values) / len(values):.3f}")
        column = Column(name=Text(zh="示值", en="Indication"), unit="V", values=tuple(rows))
        return Evaluation(results=(Result(name=self.title, tables=(Table(columns=(column,)),)),))
