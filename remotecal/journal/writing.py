"""Writing a journal: one process at a time, each event on the disk before the run goes on."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from remotecal.canonical import check_names
from remotecal.clock import Clock, SteppedClock
from remotecal.errors import ConfigurationError, JournalBroken, RunError
from remotecal.journal.events import (
    FILE,
    MICROSECOND,
    NOTHING,
    Event,
    Json,
    read_lines,
    seal,
    seconds,
    shown,
    timestamp,
)
from remotecal.journal.files import Attached, keep_content
from remotecal.locks import hold_file
from remotecal.opening import BINARY, make_durable, make_sure


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
        self._kept: list[_Kept] = []
        self._large = 0
        """Bytes of the kept replies that go into files."""
        self._named = {str(event.data.get("sha256")) for event in events if event.kind == "file"}

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
            events, torn = read_lines(content, str(path))
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
            TypeError: a name in the data is no text.
        """
        check_names(data)
        with self._lock:
            self._write_kept()
            return self._append(kind, data, durable=durable)

    def keep(self, instrument: str, request: bytes, reply: bytes) -> int:
        """Keep an exchange for the next event; returns its number, counted from 1.

        This never fails, whatever the disk does, so that a rig can be made safe.
        """
        with self._lock:
            self._exchanges += 1
            at = timestamp(self.clock.now())
            self._kept.append(_Kept(self._exchanges, at, instrument, request, reply))
            self._large += len(reply) if len(reply) > IN_A_FILE else 0
            return self._exchanges

    def names(self, digest: str) -> bool:
        """Tell whether a file of this SHA-256 is named here."""
        with self._lock:
            return digest in self._named

    def flush(self) -> None:
        """Write kept exchanges once there are many, or large ones (RunError as `append`)."""
        with self._lock:
            if len(self._kept) >= MANY or self._large >= LARGE:
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
        """Write the exchanges there are; large replies into files, which are named behind them."""
        if not self._kept:
            return
        files: dict[str, Attached] = {}
        exchanges: list[Json] = [
            {
                "at": kept.at,
                "instrument": kept.instrument,
                "number": kept.number,
                "reply": self._told(kept, files),
                "request": shown(kept.request),
            }
            for kept in self._kept
        ]
        self._append("replies", {"exchanges": exchanges}, durable=False)
        self._kept, self._large = [], 0
        for file in files.values():
            self._append("file", file.model_dump(mode="json"), durable=False)

    def _told(self, kept: _Kept, files: dict[str, Attached]) -> Json:
        """Return a reply as the journal tells it; a large one goes into a file, and among `files` if new."""
        if len(kept.reply) <= IN_A_FILE:
            return shown(kept.reply)
        digest = sha256(kept.reply).hexdigest()
        if digest not in self._named and digest not in files:
            files[digest] = keep_content(
                kept.reply,
                f"{kept.instrument} {kept.number}.reply",
                self.path.parent,
                f"reply of {kept.instrument} in exchange {kept.number}",
                kept.instrument,
            )
        return {"file": digest}

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
        if kind == "file":
            self._named.add(str(data["sha256"]))
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
IN_A_FILE = 4096
"""Bytes of a reply beyond which it stands in a file beside the journal, named by its SHA-256."""
LARGE = 4_000_000
"""Bytes of such replies that are not kept back any longer, for they fill the memory."""


class _Kept(NamedTuple):
    """An exchange that is not written yet."""

    number: int
    at: str
    instrument: str
    request: bytes
    reply: bytes


def _go_on_from(last: float, clock: Clock, path: Path) -> None:
    """See that a clock does not stand before a journal's last line, where no time runs backwards."""
    if isinstance(clock, SteppedClock):
        clock.reach(last)
    elif clock.now() < last - MICROSECOND:
        raise RunError(
            f"{path} was last written at {timestamp(last)}, and it is {timestamp(clock.now())} now: wait "
            "until then, or set the computer's clock if it is wrong, and resume the run"
        )


def _lock(file: int, path: Path) -> ExitStack:
    held = hold_file(file, path)
    if held is None:
        raise RunError(f"another process is at work on {path}: wait for it, or stop it")
    return held


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
