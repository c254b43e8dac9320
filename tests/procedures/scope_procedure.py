"""Look at the ripple of a source, by a digitizer and by a card of the procedure's own."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, ClassVar

import numpy as np
from scope import Digitizer
from tiny import Leveller

from remotecal.model import Column, Result, Table, Text, Words
from remotecal.procedures import (
    Evaluation,
    Evidence,
    File,
    Observed,
    Parameters,
    Point,
    Procedure,
    Run,
    Waveform,
)


class Seen(Observed):
    trace: Annotated[Waveform, "mV"]
    """What the digitizer saw."""
    card: Annotated[Waveform | None, "mA"] = None
    """What a card with a library of its own saw."""
    log: File | None = None
    """What the card's program wrote."""


class Ripple(Procedure):
    """Look at the ripple of a source."""

    title = Text(zh="纹波", en="Ripple")
    sets: ClassVar = {"level": "V"}

    source: Leveller
    scope: Digitizer

    class Parameters(Parameters):
        repeats: int = 2
        """Repeats at each level."""
        card: bool = False
        """Keep what a card saw, too."""

    parameters: Parameters

    def points(self) -> Sequence[Point]:
        return [Point(f"{level:g} V", {"level": level}, self.parameters.repeats) for level in (1.0, 2.0)]

    def measure(self, point: Point, run: Run) -> Seen:
        self.source.level.set(point.nominal["level"])
        run.wait(1)
        trace = self.scope.trace.read()
        if not self.parameters.card:
            return Seen(trace=trace)
        current = np.linspace(4, 20, 5000, dtype=np.float32)
        card = run.waveform(current / 1000, "A", "current of the loop", times=np.arange(5000) ** 2 / 1e6)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "card.csv"
            path.write_text("channel,range\n1,20mA\n")
            return Seen(trace=trace, card=card, log=run.attach(path, "log of the card"))

    def evaluate(self, evidence: Evidence) -> Evaluation:
        rows: list[str] = []
        ranges: list[str] = []
        loops: list[str] = []
        for point in evidence.points:
            seen = Seen.at(evidence, point)
            rows.append(f"{sum(float(np.mean(one.trace.samples())) for one in seen) / len(seen):.3f}")
            ranges += [one.log.content().split(b",")[-1].decode().strip() for one in seen if one.log]
            loops += [f"{one.card.samples().max():.3f}" for one in seen if one.card]
        column = Column(name=Text(zh="均值", en="Mean"), unit="mV", values=tuple(rows))
        tables = [Table(columns=(column,))]
        if loops:
            loop = Column(name=Text(zh="电流", en="Current"), unit="mA", values=tuple(loops))
            tables.append(Table(columns=(loop, Words(name=Text(zh="量程", en="Range"), words=tuple(ranges)))))
        return Evaluation(results=(Result(name=self.title, tables=tuple(tables)),))
