"""From a journal to the evidence in it, event by event."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from remotecal.errors import JournalBroken, UnitError
from remotecal.journal.contents import Contents, Files, beside, nowhere
from remotecal.journal.events import Event, JournalReader, Json, seconds
from remotecal.journal.evidence import (
    NOTHING_WRITTEN,
    ArtefactUsed,
    Evidence,
    InstrumentUsed,
    Start,
    read_instrument,
    repeat_of,
    start_of,
)
from remotecal.journal.files import read_attached
from remotecal.journal.observation import AS_LEFT, KeptBeside, Observation, Point, Value
from remotecal.journal.occurrences import Occurrence, tell
from remotecal.journal.values import PackedValues, Unpacked, unpack
from remotecal.model import Text


def read_evidence(path: Path) -> Evidence:
    """Return the evidence in a journal, or in the journal of a run's directory; its files stand beside it.

    Raises:
        JournalBroken: the journal is not what was written.
    """
    return gather(JournalReader.at(path), beside(path if path.is_dir() else path.parent))


def gather(events: Iterable[Event], contents: Contents = nowhere) -> Evidence:
    """Return the evidence in a journal's events; as `Gathering`.

    Args:
        events: the journal's.
        contents: what reads the files it names, once somebody wants to see into one.
    """
    files = Files(contents)
    gathering = Gathering(files)
    for told in tell(events, files):
        gathering.follow(told)
    return gathering.evidence()


class Gathering:
    """Gathers the evidence in a journal while its events go by: what an evaluation needs, and no exchange.

    Args:
        files: what the journal names; whoever tells the events has it follow them.

    Raises:
        JournalBroken: the events are not those of a run.
        EvidenceError: an observation holds a file that the journal does not name.
    """

    def __init__(self, files: Files) -> None:
        self._start: Start | None = None
        self._first: Event | None = None
        self._last: Event | None = None
        self._complete = False
        self._used: dict[str, InstrumentUsed] = {}
        self._points: dict[str, Point] = {}
        self._observations: list[Observation] = []
        self._kept: list[KeptBeside] = []
        self._adjusted: Mapping[str, Value] | None = None
        self._files, self._unpacked = files, Unpacked(files)
        self._asked: dict[object, str] = {}
        self._answers: list[tuple[str, str]] = []
        self._begun: tuple[str, int] | None = None
        self._discarded: list[tuple[str, int]] = []

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        event = told.event
        if self._first is None:
            self._first, self._start = event, start_of(event.data)
            self._points = {point.name: point for point in self._start.points}
        self._last = event
        try:
            self._take(told)
        except (LookupError, TypeError, ValueError, UnitError) as error:
            raise _no_run(error) from error

    def along(self, events: Iterable[Occurrence]) -> Iterator[Occurrence]:
        """Yield the events, and follow them."""
        for told in events:
            self.follow(told)
            yield told

    def _take(self, told: Occurrence) -> None:
        event = told.event
        if event.kind in {"repeat", "resume"} and self._begun is not None:
            self._discarded.append(self._begun)
            self._begun = None
        self._kept += _kept(told)
        if event.kind == "file":
            read_attached(event.data, event.seq)
        elif event.kind == "instrument":
            self._used[str(event.data["name"])] = read_instrument(event)
        elif event.kind == "repeat":
            self._begun = repeat_of(event)
        elif event.kind == "observation":
            self._begun = None
            self._observations.append(self._observation(told))
        elif event.kind == "adjust":
            self._adjusted = unpack(_mapping(event.data["set"]), self._files)
        elif event.kind == "prompt" and "instrument" not in event.data:
            self._asked[event.seq] = Text.model_validate(event.data["question"]).get("en")
        elif event.kind == "answer" and (question := self._asked.get(event.data["prompt"])) is not None:
            self._answers.append((question, str(event.data["answer"])))
        elif event.kind == "finish":
            self._complete = True

    def _observation(self, told: Occurrence) -> Observation:
        event, data = told.event, told.event.data
        point, repeat, values = (
            self._points.get(str(data.get("point"))),
            data.get("repeat"),
            data.get("values"),
        )
        if point is None or not isinstance(repeat, int) or not isinstance(values, Mapping):
            raise JournalBroken(f"event {event.seq} is no observation at a point of this run")
        kept = PackedValues(values, told.values, self._unpacked)
        return Observation(point, repeat, kept, seconds(str(data["began"])), seconds(event.at))

    def evidence(self) -> Evidence:
        """Return what was gathered, once the last event has gone by."""
        if self._start is None or self._first is None or self._last is None:
            raise JournalBroken(NOTHING_WRITTEN)
        start, used = self._start, self._used
        self._check_whole(start)
        artefacts, certificates = start.artefacts, start.certificates
        told = {name: place for place, name in enumerate(start.standards)}
        return Evidence(
            order=start.order,
            procedure=start.procedure,
            parameters=start.parameters,
            points=start.points,
            observations=tuple(self._observations),
            instruments={role: used[name] for role, name in start.roles.items() if name in used},
            artefacts={
                role: ArtefactUsed(name=name, serial=artefacts[name])
                for role, name in start.roles.items()
                if name in artefacts
            },
            certificates={
                role: certificates[name]
                for role, name in sorted(
                    start.roles.items(), key=lambda filled: told.get(filled[1], len(told))
                )
                if name in certificates
            },
            characteristics=start.characteristics,
            approvals=start.approvals,
            answers=tuple(self._answers),
            software=start.software,
            discarded=tuple(self._discarded),
            run=start.run,
            began=seconds(self._first.at),
            finished=seconds(self._last.at),
            complete=self._complete,
            head=self._last.hash,
            lines=self._last.seq,
            time_zone=start.time_zone,
            adjusted=self._adjusted,
            own_word=start.own_word,
            wording=start.wording,
            format=start.format,
            kept=tuple(self._kept),
        )

    def _check_whole(self, start: Start) -> None:
        """Refuse what no run writes of its repeats, and an end without what it must have used."""
        as_found = tuple(point for point in start.points if AS_LEFT not in point.series)
        due = as_found if self._adjusted == {} else start.points
        _check_repeats(due, self._observations, complete=self._complete)
        absent = sorted(set(start.roles.values()) - set(self._used) - set(start.artefacts))
        if self._complete and absent:
            raise JournalBroken(f"the run is said to be complete, but {', '.join(absent)} was never opened")


def _kept(told: Occurrence) -> Iterator[KeptBeside]:
    """Yield what was kept beside the repeats by a note; of most that is nothing."""
    event = told.event
    if event.kind == "note" and told.values:
        about = {name: one for name, one in event.data.items() if isinstance(one, float | int | str)}
        yield KeptBeside(str(about.pop("text", "")), about, told.values, seconds(event.at))


def _mapping(written: Json) -> Mapping[str, Json]:
    if not isinstance(written, Mapping):
        raise JournalBroken(f"{written!r:.40} stands where something that was set is due")
    return written


def _no_run(error: Exception) -> JournalBroken:
    return JournalBroken(f"the events are not those of a run: {error!r}")


def _check_repeats(points: Sequence[Point], observations: Sequence[Observation], *, complete: bool) -> None:
    """Refuse what no run writes: a repeat observed twice, one nobody planned, an end with some missing."""
    repeats = {point.name: point.repeats for point in points}
    observed = set[tuple[str, int]]()
    for entry in observations:
        name, repeat = entry.point.name, entry.repeat
        if (name, repeat) in observed or not 1 <= repeat <= repeats.get(name, 0):
            raise JournalBroken(f"repeat {repeat} at {name} was observed twice, or was never to be")
        observed.add((name, repeat))
    # Numbers alone, for a journal may declare more repeats than anybody could list.
    if complete and len(observed) < sum(repeats.values()):
        name, repeat = _first_missing(repeats, observed)
        raise JournalBroken(f"the run is said to be complete, but repeat {repeat} at {name} is missing")


def _first_missing(repeats: Mapping[str, int], observed: Collection[tuple[str, int]]) -> tuple[str, int]:
    return next(
        (name, repeat)
        for name in sorted(repeats)
        for repeat in range(1, repeats[name] + 1)
        if (name, repeat) not in observed
    )
