"""The course of a run: whether its events can follow one another as they do, and what interrupted it.

A run begins or is taken up, opens its instruments, reaches the safe state, identifies what a person reads,
and only then measures, point by point and repeat by repeat. Whatever stops it leads to the safe state and
measures nothing more until the run is taken up again. It is complete once all is observed and the rig is
safe, as far as anything there can be made safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from remotecal.errors import EvidenceError
from remotecal.journal.evidence import repeat_of
from remotecal.journal.observation import AS_LEFT
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from remotecal.journal.events import Event
    from remotecal.journal.evidence import Start
    from remotecal.journal.occurrences import Occurrence

State = Literal["opening", "unsafe", "on", "paused", "stopped", "safe", "stopped safe", "cut", "finished"]
"""Where a run is: `stopped` by whatever ended it early, `safe` once that was reached in the end."""

AT_WORK = frozenset({"watch", "point", "repeat", "observation", "stable", "adjust", "note"})
"""What is written only while a procedure is at work, or just before."""
STOPS = frozenset({"interlock", "abort", "suspend", "failure"})
"""What ends a run, or its part, before it is complete."""
REMARKS = frozenset({"control", "file", "replies", "prompt", "answer"})
"""What may be written as long as a run is on; a person is asked for instruments without an interface, too,
when these are opened and made safe."""

ALLOWED: Mapping[State, frozenset[str]] = {
    "opening": REMARKS | STOPS | {"instrument", "safe", "resume", "torn"},
    "unsafe": REMARKS | STOPS | {"resume", "torn"},
    "on": REMARKS | STOPS | AT_WORK | {"instrument", "pause", "safe", "resume", "torn"},
    "paused": REMARKS | STOPS | {"go_on", "resume", "torn"},
    "stopped": frozenset({"replies", "safe", "resume", "torn", "abort"}),
    "safe": frozenset({"replies", "finish", "abort", "resume", "torn"}),
    "stopped safe": frozenset({"replies", "resume", "torn", "abort"}),
    "cut": frozenset({"resume", "torn", "abort"}),
    "finished": frozenset({"signature", "torn"}),
}
"""What can come next."""


class Course:
    """Checks that a run's events follow one another as a run's do; tells what interrupted it.

    Raises:
        EvidenceError: they do not.
        Unable: the journal does not tell when repeats began.
    """

    concerned = True

    def __init__(self, start: Start) -> None:
        self.interruptions: list[str] = []
        """What stopped the run, and how it was taken up, in words."""
        self.tells_repeats = start.clock is not None
        """Whether the beginnings of repeats are told."""
        # One after the other, for a journal may declare more repeats than anybody could list.
        self._left = frozenset(point.name for point in start.points if AS_LEFT in point.series)
        self._adjusted = False
        self._rest: Iterator[tuple[str, int]] = (
            (point.name, n) for point in start.points for n in range(1, point.repeats + 1)
        )
        self._due = next(self._rest, None)
        self._planned = sum(max(0, point.repeats) for point in start.points)
        self._state: State = "opening"
        self._point: str | None = None
        self._begun: tuple[str, int, str] | None = None
        self._observed = 0
        self._seen: dict[bytes, list[int]] = {}
        """Digest of a point and what was observed there → lines."""
        self._acts: Mapping[str, Callable[[Event], None]] = {
            "safe": self._safe,
            "pause": self._pause,
            "go_on": self._go_on,
            "torn": self._torn,
            "resume": self._resume,
            "point": self._turn,
            "repeat": self._repeat,
            "observation": self._observation,
            "adjust": self._adjust,
            "finish": self._finish,
            "instrument": self._instrument,
        }

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event (EvidenceError if it can't come next)."""
        event = told.event
        if event.seq == 1:
            return  # by which this was made
        if event.kind not in ALLOWED[self._state]:
            raise EvidenceError(f"line {event.seq}: {event.kind!r} can't come where the run is {self._state}")
        if event.kind in STOPS:
            self._state = "stopped"
            self.interruptions.append(f"line {event.seq}, {event.kind}: {event.data['text']}")
            return
        if event.kind in self._acts:
            self._acts[event.kind](event)

    def _safe(self, event: Event) -> None:
        reached = event.data["reached"] is not False  # null where there was nothing to make safe
        if not reached:
            self.interruptions.append(f"line {event.seq}: the safe state was not reached")
        if self._state == "stopped":
            self._state = "stopped safe" if reached else "stopped"
        elif self._state == "opening":
            self._state = "on" if reached else "unsafe"
        else:
            self._state = "safe" if reached else "unsafe"

    def _instrument(self, event: Event) -> None:
        if self._point is not None:
            raise EvidenceError(f"line {event.seq}: an instrument was opened in the middle of the work")

    def _pause(self, _: Event) -> None:
        self._state = "paused"

    def _go_on(self, _: Event) -> None:
        self._state = "on"

    def _torn(self, event: Event) -> None:
        if self._state != "finished":
            self._state = "cut"
        self.interruptions.append(f"line {event.seq}: a torn line was cut off")

    def _resume(self, event: Event) -> None:
        by = event.data.get("by", "somebody")
        said = f"taken up again in line {event.seq} by {by}"
        if self._begun is not None:
            point, repeat, _ = self._begun
            said += f", and repeat {repeat} at {point}, which had begun, thrown away"
        self.interruptions.append(said)
        self._state, self._point, self._begun = "opening", None, None

    def _turn(self, event: Event) -> None:
        self._point = str(event.data["point"])

    def _repeat(self, event: Event) -> None:
        place = repeat_of(event)
        if self._begun is not None:
            raise EvidenceError(f"line {event.seq}: a repeat begins before the one before has ended")
        self._expect(place, event)
        if place[0] in self._left and not self._adjusted:
            raise EvidenceError(f"line {event.seq}: {place[0]} was measured before the device was adjusted")
        self._begun = (*place, event.at)

    def _observation(self, event: Event) -> None:
        place = repeat_of(event)
        self._expect(place, event)
        if self.tells_repeats and self._begun != (*place, event.data["began"]):
            raise EvidenceError(
                f"line {event.seq}: repeat {place[1]} at {place[0]} was observed, and never begun at "
                f"{event.data['began']}"
            )
        self._begun = None
        self._observed += 1
        self._due = next(self._rest, None)
        values = {name: _bare(value) for name, value in _mapping(event.data["values"]).items()}
        seen = sha256(f"{place[0]} {values}".encode(errors="replace")).digest()
        self._seen.setdefault(seen, []).append(event.seq)

    def _adjust(self, event: Event) -> None:
        if self._adjusted or self._due is None or self._due[0] not in self._left:
            raise EvidenceError(f"line {event.seq}: adjusted where the order does not say so, or twice")
        self._adjusted = True
        if not event.data["set"]:  # it was not possible: the device stays as found, and nothing more is due
            self._due, self._rest, self._planned = None, iter(()), self._observed

    def _expect(self, place: tuple[str, int], event: Event) -> None:
        if place != self._due or place[0] != self._point:
            asked = f"repeat {self._due[1]} at {self._due[0]}" if self._due else "none"
            raise EvidenceError(
                f"line {event.seq}: repeat {place[1]} at {place[0]} came where {asked} was due, "
                f"and the run had turned to {self._point}"
            )

    def _finish(self, event: Event) -> None:
        if event.data["observations"] != self._observed or self._observed < self._planned:
            raise EvidenceError(
                f"line {event.seq}: complete with {event.data['observations']} observations, of which "
                f"{self._observed} came, and {self._planned} were due"
            )
        self._state = "finished"

    def conclude(self) -> str:
        """Return what interrupted the run, and which repeats are the very same, as a copied one is."""
        several = (lines for lines in self._seen.values() if len(lines) > 1)
        alike = [f"lines {', '.join(map(str, lines))} have the very same values" for lines in several]
        said = "; ".join([*self.interruptions, *alike]) or "never interrupted"
        if not self.tells_repeats:
            raise Unable(f"{said}; an older version wrote it, so repeats that were thrown away do not show")
        return said


def _bare(value: object) -> object:
    if isinstance(value, list):
        return [_bare(one) for one in value]
    if isinstance(value, Mapping):
        waveform = value.get("waveform")
        return waveform["sha256"] if isinstance(waveform, Mapping) else value.get("value", value)
    return value


def _mapping(written: object) -> Mapping[str, object]:
    return written if isinstance(written, Mapping) else {}
