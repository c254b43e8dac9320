r"""The journal: everything a run did and saw, in the order it happened.

A journal is a text file, `journal.jsonl`, in UTF-8. Each line is one event: a JSON object in
canonical form (RFC 8785: members sorted, no blanks, one way to write each number), ended by one
line feed. An event has

| member | content |
|---|---|
| `at` | time in UTC by the run's clock, which nobody sets while it is on: `2026-05-04T09:30:00.000000Z` |
| `data` | what happened; its members depend on `kind` |
| `hash` | SHA-256 of this line without the member `hash`, 64 hexadecimal digits |
| `kind` | what happened, see `KINDS` |
| `prev` | `hash` of the line before; 64 zeros in the first line |
| `seq` | number of the line, from 1 |

The bytes hashed are those of the line, without its line feed, from which `"hash":"…",` has been
taken out. That member stands between the members `data` and `kind`, so line 7 is checked by

    sed -n 7p journal.jsonl | tr -d '\n' \
      | sed -E 's/"hash":"[0-9a-f]{64}",("kind":"[a-z_]+","prev":"[0-9a-f]{64}","seq":[0-9]+\})$/\1/' \
      | sha256sum

The first event has the kind `start`, and its `data.format` is the version of this description. The
hash of the last line, the head, stands for the whole journal.

A line counts once its line feed is on the disk. What follows the last line feed was torn off by a
crash; it is cut off when the journal is opened to go on, and said in an event `torn`.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeAlias

from remotecal.clock import Clock, SteppedClock
from remotecal.errors import ConfigurationError, JournalBroken, RunError
from remotecal.locks import hold_file
from remotecal.opening import BINARY, make_durable, make_sure

FORMAT = 1
"""Version of the description above."""

FILE = "journal.jsonl"
"""Name of the journal in a run's directory."""

KINDS = {
    "start": "a run begins: order, procedure, parameters, bench, certificates, software",
    "instrument": "an instrument was opened, and who it says it is",
    "point": "the run turns to a point",
    "replies": "exchanges with instruments, as bytes",
    "stable": "quantities were found stable",
    "repeat": "a repeat begins",
    "observation": "what one repeat at one point yielded",
    "note": "the procedure remarks something",
    "prompt": "a person is asked",
    "answer": "what they answered, and who they are",
    "control": "somebody acted on the run: what, who and why",
    "file": "a photo or another file was added to the evidence: what it is, and its SHA-256",
    "interlock": "a limit was passed",
    "pause": "the run was paused",
    "go_on": "a paused run goes on",
    "abort": "somebody stopped the run",
    "suspend": "the station was shut down in good order; the run is to be taken up again",
    "failure": "the run could not go on",
    "safe": "the safe state was reached, or not",
    "resume": "the run is taken up again",
    "torn": "a torn last line was cut off",
    "finish": "the run is complete, and its rig safe",
    "signature": "the station's signature over all that stands before",
}
"""What can happen."""

NOTHING = "0" * 64
"""`prev` of the first event."""

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What can stand in a journal."""


class Event(NamedTuple):
    """One line of a journal."""

    seq: int
    at: str
    kind: str
    data: Mapping[str, Json]
    hash: str


def timestamp(at: float) -> str:
    """Return a time in seconds since 1970 as journals write it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds(at: str) -> float:
    """Return the time a journal writes, in seconds since 1970 (JournalBroken if it is no UTC)."""
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not UTC:
        raise JournalBroken(f"{at!r} stands where a time is due")
    return found.timestamp()


def seal(event: Event, prev: str) -> tuple[bytes, str]:
    """Return an event's line, without its line feed, and its hash, whatever `event.hash` says."""
    import rfc8785

    front = rfc8785.dumps({"at": event.at, "data": event.data})[:-1]
    back = rfc8785.dumps({"kind": event.kind, "prev": prev, "seq": event.seq})[1:]
    found = sha256(front + b"," + back).hexdigest()
    return front + f',"hash":"{found}",'.encode() + back, found


def read_journal(path: Path, *, torn: bool = False) -> tuple[Event, ...]:
    """Return the events of a journal, every one of them checked.

    Args:
        path: the file.
        torn: pass over what a crash left behind the last line feed.

    Raises:
        JournalBroken: it is not what was written, and where and why; or the run was cut off while
            writing (resume it), or there is no journal.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would let us wait, a device read without end
            raise JournalBroken(f"{path} is no file, so no journal")
        content = path.read_bytes()
    except OSError as error:
        raise JournalBroken(f"{path} can't be read: {error}") from error
    events, rest = _events(content, path)
    if rest and not torn:
        raise JournalBroken(f"{path}: the last line is torn ({rest} bytes): resume the run to go on")
    return events


class Journal:
    """A journal being written; one process at a time.

    Safe to use from several threads. `events` holds what stood in it when it was opened.
    """

    def __init__(
        self, path: Path, file: int, clock: Clock, events: tuple[Event, ...], held: ExitStack | None = None
    ) -> None:
        self._held = held or ExitStack()
        self.path, self.clock, self.events = path, clock, events
        self.head = events[-1].hash if events else NOTHING
        self.lines = len(events)
        self._file, self._size, self._torn = file, os.fstat(file).st_size, False
        self._lock = threading.RLock()
        self._exchanges = max((_last_exchange(event) for event in events), default=0)
        self._kept: list[Json] = []

    @classmethod
    def create(cls, directory: Path, clock: Clock) -> Journal:
        """Begin a journal in a new or empty directory.

        Raises:
            ConfigurationError: there is something in the directory.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if any(directory.iterdir()):
                raise ConfigurationError(
                    f"{directory} is not empty: choose another directory, or resume the run in it"
                )
            path = directory / FILE
            file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | BINARY, 0o644)
        except OSError as error:
            raise ConfigurationError(f"{directory} can't hold a journal: {error}") from error
        with ExitStack() as undo:
            undo.callback(os.close, file)
            held = undo.enter_context(_lock(file, path))
            make_durable(directory)
            undo.pop_all()
        return cls(path, file, clock, (), held)

    @classmethod
    def open(cls, directory: Path, clock: Clock) -> Journal:
        """Open a journal to go on writing it; a torn last line is cut off, and said.

        Time goes on from the last line: a virtual clock is moved there.

        Raises:
            JournalBroken: there is none, or it is not what was written.
            RunError: another process is writing it, or the clock stands before its last line.
        """
        path = directory / FILE
        try:
            file = os.open(path, os.O_RDWR | os.O_APPEND | BINARY)
        except OSError as error:
            raise JournalBroken(f"{directory} holds no journal: {error}") from error
        with ExitStack() as undo:
            undo.callback(os.close, file)
            held = undo.enter_context(_lock(file, path))
            content = path.read_bytes()
            events, torn = _events(content, path)
            if events:
                _go_on_from(seconds(events[-1].at), clock, path)
            if torn:
                os.ftruncate(file, len(content) - torn)
            undo.pop_all()
        journal = cls(path, file, clock, events, held)
        if torn and events:
            journal.append("torn", {"bytes": torn})
        return journal

    def append(self, kind: str, data: Mapping[str, Json], *, durable: bool = True) -> Event:
        """Write an event; when this returns it is on the disk, unless `durable` is waived.

        Raises:
            RunError: the disk does not take it.
        """
        with self._lock:
            self._write_kept()
            return self._append(kind, data, durable=durable)

    def keep(self, instrument: str, request: bytes, reply: bytes) -> int:
        """Keep an exchange for the next event; returns its number, counted from 1.

        This never fails, whatever the disk does, so that a rig can be made safe.
        """
        with self._lock:
            self._exchanges += 1
            self._kept.append(
                {
                    "at": timestamp(self.clock.now()),
                    "instrument": instrument,
                    "number": self._exchanges,
                    "reply": shown(reply),
                    "request": shown(request),
                }
            )
            return self._exchanges

    def flush(self) -> None:
        """Write kept exchanges once there are many (RunError as `append`)."""
        with self._lock:
            if len(self._kept) >= MANY:
                self._write_kept()

    def close(self) -> None:
        """Write what is kept and let go of the file (RunError as `append`)."""
        with self._lock:
            if self._file >= 0:
                try:
                    self._write_kept()
                finally:
                    os.close(self._file)
                    self._file = -1
                    self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except RunError:
            if error is None:  # else the disk is not what ended the run, or has been told of
                raise

    def _write_kept(self) -> None:
        if self._kept:
            self._append("replies", {"exchanges": self._kept}, durable=False)
            self._kept = []

    def _append(self, kind: str, data: Mapping[str, Json], *, durable: bool) -> Event:
        event = Event(self.lines + 1, timestamp(self.clock.now()), kind, data, "")
        sealed, found = seal(event, self.head)
        try:
            self._write(sealed + b"\n")
            self.lines, self.head = event.seq, found
            if durable:
                make_sure(self._file)
        except OSError as error:
            raise RunError(
                f"{self.path} can't be written: {error}: make room, then resume the run"
            ) from error
        return event._replace(hash=found)

    def _write(self, line: bytes) -> None:
        """Write a whole line, or nothing: what comes next must not stand behind part of one."""
        if self._torn:
            raise OSError("it ends in part of a line")
        left = memoryview(line)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            self._torn = True
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
                self._torn = False
            raise
        self._size += len(line)


MANY = 500
"""Exchanges that are not kept back any longer, for they are lost in a crash."""


def shown(data: bytes) -> Json:
    """Return bytes as text where all of them are printable ASCII, else as `{"hex": "…"}`."""
    if all(0x20 <= byte < 0x7F for byte in data):
        return data.decode("ascii")
    return {"hex": data.hex()}


def _go_on_from(last: float, clock: Clock, path: Path) -> None:
    """See that a clock does not stand before a journal's last line, where no time runs backwards."""
    if isinstance(clock, SteppedClock):
        clock.reach(last)
    elif clock.now() < last - MICROSECOND:
        raise RunError(
            f"{path} was last written at {timestamp(last)}, and it is {timestamp(clock.now())} now: wait "
            "until then, or set the computer's clock if it is wrong, and resume the run"
        )


MICROSECOND = 1e-6
"""Times are written to the microsecond; seconds by which they may differ for that."""


def _lock(file: int, path: Path) -> ExitStack:
    held = hold_file(file, path)
    if held is None:
        raise RunError(f"another process is at work on {path}: wait for it, or stop it")
    return held


def _events(content: bytes, path: Path) -> tuple[tuple[Event, ...], int]:
    """Return the checked events and the number of bytes behind the last line feed."""
    *lines, rest = content.split(b"\n")
    events: list[Event] = []
    prev = NOTHING
    for number, line in enumerate(lines, 1):
        fault, event = _read(line, number, prev)
        if fault or event is None:
            raise JournalBroken(f"{path}, line {number}: {fault}")
        events.append(event)
        prev = event.hash
    if events and (events[0].kind != "start" or events[0].data.get("format") != FORMAT):
        raise JournalBroken(f"{path} is no journal of format {FORMAT}")
    return tuple(events), len(rest)


def _read(line: bytes, number: int, prev: str) -> tuple[str, Event | None]:
    """Return what is wrong with a line, or the event it is."""
    try:
        members = json.loads(line)
        event = Event(members["seq"], members["at"], members["kind"], members["data"], members["hash"])
        canonical, found = seal(event, members["prev"])
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        return f"this is no event ({error})", None
    if not (isinstance(event.data, dict) and isinstance(event.at, str) and isinstance(event.kind, str)):
        return "this is no event (data, at or kind are of another form)", None
    if type(event.seq) is not int or event.seq != number:
        return f"event {event.seq} stands where {number} is due: lines are missing or were moved", None
    if members["prev"] != prev:
        return "it does not follow from the line before: one of the two was changed", None
    if event.hash != found:
        return "its hash is wrong: it was changed after it was written", None
    if canonical != line:
        return "it is not in canonical form (RFC 8785): something wrote it anew", None
    return "", event


def _last_exchange(event: Event) -> int:
    if event.kind != "replies":
        return 0
    try:
        number = event.data["exchanges"][-1]["number"]  # type: ignore[index, call-overload]  # caught
    except (LookupError, TypeError):
        number = None
    if not isinstance(number, int):
        raise JournalBroken(f"event {event.seq} keeps no numbered exchanges: it is not what a run writes")
    return number
