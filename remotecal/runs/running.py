"""A run while it is on: what its procedure does is written down, and told to whoever watches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from remotecal.drivers.digits import digits_of
from remotecal.drivers.guide import Guide
from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.measured import Measured
from remotecal.drivers.shown import DONE, Shown
from remotecal.drivers.waveform import in_bytes
from remotecal.errors import NotStable, ParameterError
from remotecal.journal.contents import File
from remotecal.journal.events import ON_SITE
from remotecal.journal.files import LARGEST, keep_content, keep_file, read_file
from remotecal.journal.values import pack
from remotecal.journal.writing import IN_A_FILE
from remotecal.model import Text
from remotecal.procedures.observed import Observed, packed
from remotecal.procedures.run import Run
from remotecal.runs.prompts import Question
from remotecal.runs.safety import OPTIONS, Patience
from remotecal.runs.tempo import PlanDone

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from remotecal.clock import Clock
    from remotecal.drivers.links.by_hand import Sought
    from remotecal.drivers.quantities import BoundReading
    from remotecal.drivers.waveform import Waveform
    from remotecal.journal.events import Json
    from remotecal.journal.files import Attached
    from remotecal.journal.observation import Point
    from remotecal.journal.writing import Journal
    from remotecal.open_bench import OpenBench
    from remotecal.procedures.run import Kind
    from remotecal.procedures.stability import Judgement, Stability
    from remotecal.runs.control import Control, Remark
    from remotecal.runs.prompts import Answerer

STEP = 0.5
"""Longest wait, in seconds, between two looks whether the run must stop."""


class Progress(NamedTuple):
    """Where a run is: a tuple, for twice in every second of a wait one is made of the one before."""

    doing: str
    """What it does: `prepare`, `approach`, `measure`, `done` with a repeat …, or what it waits for."""
    point: Point | None = None
    """The point it is at."""
    number: int = 0
    """Number of the point, from 1."""
    points: int = 0
    """How many points there are."""
    repeat: int = 0
    """Number of the repeat, from 1; 0 outside of one."""
    observed: int = 0
    """Observations made."""
    due: int = 0
    """Observations there shall be."""
    plan: PlanDone = PlanDone()
    """How much of what the plan asks for is behind the run (`Procedure.takes`, `Procedure.arrives`)."""
    began: float = 0.0
    """When the run began or was taken up again, by its clock."""
    now: float = 0.0
    """Time by its clock."""
    last: Mapping[str, Measured] = MappingProxyType({})
    """Source → latest indication, of those the run read itself."""
    digits: Mapping[str, int] = MappingProxyType({})
    """Source → digits behind the point that its indications have, of those of which that is known."""


Watcher = Callable[[Progress], None]
"""Shown where a run is; called in the run's thread, often, so it must be quick."""


class Running(Run):
    """A run on an open bench.

    Args:
        bench: the open bench.
        journal: the journal.
        control: what others may do to the run.
        answers: answers questions.
        watchers: are shown where the run is.
        largest_file: bytes a file may have that is added to the evidence.
    """

    def __init__(
        self,
        bench: OpenBench,
        journal: Journal,
        control: Control,
        answers: Answerer,
        watchers: Sequence[Watcher] = (),
        largest_file: int = LARGEST,
    ) -> None:
        self.clock: Clock = bench.clock
        self.control = control
        self.progress = Progress("begin", began=self.clock.now())
        self._bench, self._journal = bench, journal
        self._answers, self._watchers, self._largest_file = answers, watchers, largest_file
        self._thread = threading.get_ident()

    def wait(self, duration: float) -> None:
        self.look()
        now = self.clock.now()
        end = now + duration
        while now < end:
            self.clock.sleep(min(end - now, STEP))
            now = self.clock.now()
            self._journal.flush()
            self.look()
            self._tell(self.progress._replace(now=now))

    def read(self, *quantities: BoundReading) -> tuple[Measured, ...]:
        self.look()
        values = self._bench.read_together(*quantities)
        last = dict(self.progress.last) | {value.source: value for value in values}
        digits = self.progress.digits
        if new := [one for one in quantities if one.source not in digits]:
            known = {one.source: digits_of(one.declaration) for one in new}
            digits = dict(digits) | {source: count for source, count in known.items() if count is not None}
        self.progress = self.progress._replace(last=last, digits=digits)
        return values

    def expect(self, quantity: BoundReading, value: float, unit: str) -> None:
        if isinstance(quantity.instrument, HandInstrument):
            quantity.instrument.expect(quantity.declaration.name, value, unit)

    def settle(self, *criteria: Stability) -> None:
        for criterion in criteria:
            if isinstance(criterion.quantity.instrument, HandInstrument):
                self._have_watched(criterion)
        self._settle([c for c in criteria if not isinstance(c.quantity.instrument, HandInstrument)])

    def _have_watched(self, criterion: Stability) -> None:
        """Have a person wait for what only they see."""
        place, allowed = criterion.quantity.declaration.wire, criterion.allowed()
        called = criterion.quantity.source
        zh, en = (place.zh, place.en) if isinstance(place, Shown) else (called, called)
        within = f"{criterion.duration:g} s"
        self.ask(
            Text(
                zh=f"{called}：请等到{zh}在 {within} 内变化不超过 {allowed}，然后确认。",
                en=f"{called}: please wait until the {en} changes by no more than {allowed} within {within}, "
                "then confirm.",
            ),
            options=(DONE,),
        )

    def _settle(self, criteria: Sequence[Stability]) -> None:
        if not criteria:
            return
        began = due = self.clock.now()
        before = self.progress.doing
        readings: list[list[Measured]] = [[] for _ in criteria]
        while True:
            values = self.read(*(criterion.quantity for criterion in criteria))
            for series, value in zip(readings, values, strict=True):
                series.append(value)
            judgements = [c.judge(series) for c, series in zip(criteria, readings, strict=True)]
            now = self.clock.now()
            if all(judgement.stable for judgement in judgements):
                self._note_stable(criteria, judgements, now - began)
                if self.progress.doing != before:
                    self.show(before)  # else what is waited for is told as long as nothing else is
                return
            for criterion, judgement, series in zip(criteria, judgements, readings, strict=True):
                if not judgement.stable:
                    self._give_up(criterion, judgement, series, now - began)
                    doing = f"settle {series[-1].source}: {criterion.compare(judgement)}"
                    self._tell(self.progress._replace(doing=doing, now=now))
                del series[: len(series) - judgement.readings]
            due += min(criterion.every for criterion in criteria)
            self.wait(due - now)

    def note(self, text: str, **data: Json) -> None:
        self._journal.append("note", {"text": text, **data})

    def observe(self, text: str, seen: Observed, **about: float | str) -> None:
        self.note(text, **about, values=pack(packed(seen)))

    def ask(
        self,
        question: Text,
        options: Sequence[str] = (),
        kind: Kind | None = None,
        *,
        unit: str = "",
        low: float | None = None,
        high: float | None = None,
        digits: int | None = None,
        picture: Path | None = None,
    ) -> str:
        numeric = unit or digits is not None or low is not None or high is not None
        kind = kind or ("choice" if options else "number" if numeric else "text")
        shown = "" if picture is None else self.attach(picture, question.get("en"), "the procedure").sha256
        guide = Guide(low, high, digits)
        asked = Question(question, tuple(options), kind, self._largest_file, unit, guide, shown)
        return self._ask(asked, {}, self.look)

    def ask_for_safety(self, step: Text) -> str:
        """Have the person on site make the rig safe; return one of `safety.OPTIONS`.

        At the end of a run nobody is asked whether it may go on, and nobody is waited for without end.

        Raises:
            RunError: nobody answers; or, before its end, the run must stop.
        """
        patience = Patience()
        question = Text(zh=f"{step.get('zh')}完成后请确认。", en=f"{step.get('en')} Then confirm.")

        def look() -> None:
            if self.control.has_stopped:
                patience.look()
            else:
                self.look()

        return self._ask(Question(question, OPTIONS, "choice"), {}, look)

    def put(self, sought: Sought, still_wanted: Callable[[], None]) -> str:
        """Put an instrument's question to whoever answers; see `links.by_hand.OnSite`.

        While the rig is made safe nobody is asked whether the run may go on: then only the link's own word
        calls the question off.
        """
        asked = Question(
            sought.question,
            sought.options,
            sought.kind,
            self._largest_file,
            sought.unit,
            sought.guide,
            about=f"{sought.instrument}: {sought.request}",
        )
        about: dict[str, Json] = {"instrument": sought.instrument, "request": sought.request}

        def look() -> None:
            still_wanted()
            if not self.control.has_stopped:
                self.look()

        return self._ask(asked, about, look)

    def _ask(self, asked: Question, about: Mapping[str, Json], look: Callable[[], None]) -> str:
        """Ask, write question and answer down, and return the answer as it is kept."""
        english = asked.text.get("en")
        said: dict[str, Json] = {
            "kind": asked.kind, "options": asked.options, "question": dict(asked.text.root)
        }  # fmt: skip
        said |= asked.guide.written()
        said |= {name: told for name in ("unit", "picture") if (told := getattr(asked, name))}
        prompt = self._journal.append("prompt", {**said, **about})
        self.show(f"ask: {english}")

        def wait() -> None:
            look()
            self.clock.idle()

        answer = self._answers.answer(asked, wait)
        if asked.kind == "file":
            file = answer.file or self._kept(Path(answer.text), english, answer.by)
            self._note_once("file", file.model_dump(mode="json"))
            text = file.sha256
        elif fault := asked.refuses(answer.text):
            raise ParameterError(f"{answer.text!r} does not answer {english!r}: {fault}")
        else:
            text = asked.taken(answer.text)
        self._journal.append("answer", {"answer": text, "by": answer.by, "prompt": prompt.seq})
        return text

    def attach(self, path: Path, about: str, by: str = ON_SITE) -> File:
        file = self._kept(path, about, by)
        self._note_file(file)
        run = self._journal.path.parent
        return File(file.sha256, file.name, lambda: read_file(file, run))

    def waveform(
        self,
        samples: ArrayLike,
        unit: str,
        about: str,
        *,
        step: float | None = None,
        times: ArrayLike | None = None,
        scale: float = 1.0,
        offset: float = 0.0,
    ) -> Waveform:
        kept = in_bytes(samples, unit, step=step, times=times, scale=scale, offset=offset)
        run = self._journal.path.parent
        file = keep_content(kept.content(), "samples.bin", run, about, "the procedure", self._largest_file)
        self._note_file(file)
        return replace(kept, at=self.clock.now())

    def look(self) -> None:
        """See whether the run may go on, and write down what others did to it.

        Raises:
            RunError: the run must stop.
        """
        self.control.check()
        self.write_remarks(self.control.remarks())

    def write_remarks(self, remarks: Sequence[Remark]) -> None:
        """Write down what others did to the run."""
        for remark in remarks:
            self._note_once(remark.kind, remark.data)
            remark.written.set()

    def keep(self, instrument: str, request: bytes, reply: bytes) -> int:
        """Keep an exchange; every one the run's own thread makes is a chance to stop.

        Raises:
            RunError: the run must stop; the exchange is kept all the same.
        """
        number = self._journal.keep(instrument, request, reply)
        if len(reply) > IN_A_FILE and not self.control.has_stopped:
            self._journal.flush()
        if threading.get_ident() == self._thread and not self.control.has_stopped:
            self.look()
        return number

    def show(self, doing: str, **changes: object) -> None:
        """Tell the watchers where the run is."""
        self._tell(self.progress._replace(doing=doing, now=self.clock.now(), **changes))  # type: ignore[arg-type]  # fields of Progress

    def _kept(self, path: Path, about: str, by: str) -> Attached:
        return keep_file(path, self._journal.path.parent, about, by, self._largest_file)

    def _note_once(self, kind: str, data: Mapping[str, Json]) -> None:
        """Write an event; of a file that somebody adds none where it stands there as theirs already.

        Who was not answered, as when this computer was cut off just then, sends the same again.
        """
        if kind != "file" or not self._journal.says(data):
            self._journal.append(kind, data)

    def _note_file(self, file: Attached) -> None:
        self._journal.append("file", file.model_dump(mode="json"))

    def _tell(self, progress: Progress) -> None:
        self.progress = progress
        for watcher in self._watchers:
            watcher(progress)

    def _note_stable(
        self, criteria: Sequence[Stability], judgements: Sequence[Judgement], waited: float
    ) -> None:
        found: list[Json] = [
            {
                "mean": judgement.mean,
                "quantity": criterion.quantity.source,
                "readings": judgement.readings,
                "slope": judgement.slope,
                "spread": judgement.spread,
                "unit": criterion.quantity.declaration.unit,
            }
            for criterion, judgement in zip(criteria, judgements, strict=True)
        ]
        self._journal.append("stable", {"found": found, "waited": waited}, durable=False)

    def _give_up(
        self, criterion: Stability, judgement: Judgement, series: Sequence[Measured], waited: float
    ) -> None:
        if waited < criterion.timeout:
            return
        latest = ", ".join(f"{reading.value:g}" for reading in series[-LATEST:])
        raise NotStable(
            f"{series[-1].source} was not stable after {waited:.0f} s: {criterion.compare(judgement)}; "
            f"latest values {latest} {series[-1].unit}: look for air, leaks and a control loop that hunts, "
            "or allow more time"
        )


LATEST = 5
"""How many of the latest values a refusal shows."""
