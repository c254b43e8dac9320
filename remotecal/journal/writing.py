"""Writing a journal: one process at a time, each event on the disk before the run goes on."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from remotecal.canonical import check_names
from remotecal.clock import Clock, SteppedClock
from remotecal.errors import ConfigurationError, JournalBroken, RunError
from remotecal.journal.events import (
    FILE,
    LONGEST,
    MICROSECOND,
    NOTHING,
    Event,
    JournalReader,
    Json,
    seal,
    seconds,
    shown,
    timestamp,
)
from remotecal.journal.exchanges import UnwrittenExchanges
from remotecal.journal.files import Attached, keep_content
from remotecal.journal.past import Past, note_named
from remotecal.journal.resting import unpack_journal
from remotecal.locks import hold_file
from remotecal.opening import BINARY, make_durable, make_sure


class Journal:
    """A journal being written; one process at a time.

    Safe to use from several threads. `past` is what stood in it when it was opened.
    """

    def __init__(
        self, path: Path, file: int, clock: Clock, past: Past, held: ExitStack | None = None
    ) -> None:
        self._held = held or ExitStack()
        self.path, self.clock, self.past = path, clock, past
        self.head = past.last.hash if past.last else NOTHING
        self.lines = past.last.seq if past.last else 0
        self._file, self._size, self._torn = file, os.fstat(file).st_size, False
        self._lock = threading.RLock()
        self._exchanges = UnwrittenExchanges(past.exchanges)
        self._over: dict[int, float] = {}
        """Number of an exchange since the repeat began → when it was over."""
        self._large = 0
        """Bytes of the kept replies that go into files."""
        self._named = {digest: set(said) for digest, said in past.named.items()}

    @classmethod
    def create(cls, directory: Path, clock: Clock) -> Journal:
        """Begin a journal in a directory that is new, or `is_free`.

        Raises:
            ConfigurationError: there is something in the directory.
            RunError: another process is just beginning one there.
        """
        taken = ConfigurationError(
            f"{directory} is not empty: choose another directory, or resume the run in it"
        )
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if not is_free(directory):
                raise taken
            path = directory / FILE
            file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | BINARY, 0o644)
        except OSError as error:
            raise ConfigurationError(f"{directory} can't hold a journal: {error}") from error
        with ExitStack() as undo:
            undo.callback(os.close, file)
            held = undo.enter_context(_lock(file, path))
            if not is_free(directory):  # somebody was there between
                raise taken
            os.ftruncate(file, 0)
            make_durable(directory)
            undo.pop_all()
        return cls(path, file, clock, Past(), held)

    @classmethod
    def open(cls, directory: Path, clock: Clock) -> Journal:
        """Open a journal to go on writing it; a torn last line is cut off, and said.

        Time goes on from the last line: a virtual clock is moved there.

        Raises:
            JournalBroken: there is none, or it is not what was written.
            RunError: another process is writing it, or the clock stands before its last line.
        """
        path = directory / FILE
        unpack_journal(directory)
        try:
            file = os.open(path, os.O_RDWR | os.O_APPEND | BINARY)
        except OSError as error:
            raise JournalBroken(f"{directory} holds no journal: {error}") from error
        with ExitStack() as undo:
            undo.callback(os.close, file)
            held = undo.enter_context(_lock(file, path))
            reader = JournalReader.at(path, torn=True)
            past = Past(reader)
            if past.last:
                _go_on_from(seconds(past.last.at), clock, path)
            if reader.rest:
                os.ftruncate(file, path.stat().st_size - reader.rest)
            undo.pop_all()
        journal = cls(path, file, clock, past, held)
        if reader.rest and past.last:
            journal.append("torn", {"bytes": reader.rest})
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
            if kind == "repeat":
                self._over.clear()
            return self._append(kind, data, durable=durable)

    def keep(self, instrument: str, request: bytes, reply: bytes) -> int:
        """Keep an exchange for the next event; returns its number, counted from 1.

        This never fails, whatever the disk does, so that a rig can be made safe.
        """
        with self._lock:
            self._large += len(reply) if len(reply) > IN_A_FILE else 0
            at, watching = self.clock.now(), bool(_WATCHING.get())
            number = self._exchanges.keep(at, instrument, request, reply, watching=watching)
            self._over.setdefault(number, at)
            return number

    def over(self, number: int) -> float | None:
        """Return when an exchange of the repeat that is on was over, in seconds since 1970; else None."""
        with self._lock:
            return self._over.get(number)

    @contextmanager
    def watching(self, what: str) -> Iterator[None]:
        """Look at something that is watched over: the exchanges made within are the watch's.

        That it was looked at is kept once the context is left without an error.
        """
        before = _WATCHING.set(what)
        try:
            yield
        finally:
            _WATCHING.reset(before)
        with self._lock:
            self._exchanges.look(self.clock.now(), what)

    def names(self, digest: str) -> bool:
        """Tell whether a file of this SHA-256 is named here."""
        with self._lock:
            return digest in self._named

    def says(self, data: Mapping[str, Json]) -> bool:
        """Tell whether a file was named here as an event would: its content, what it shows, by whom."""
        with self._lock:
            return (str(data["about"]), str(data["by"])) in self._named.get(str(data["sha256"]), ())

    def flush(self) -> None:
        """Write kept exchanges once there are many, or large ones (RunError as `append`)."""
        with self._lock:
            if self._exchanges.waiting >= MANY or self._large >= LARGE:
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
        if not self._exchanges.waiting:
            return
        files: dict[str, Attached] = {}
        told = partial(self._told, files)
        self._append("replies", self._exchanges.data(told), durable=False)
        self._exchanges.forget()
        self._large = 0
        for file in files.values():
            self._append("file", file.model_dump(mode="json"), durable=False)

    def _told(self, files: dict[str, Attached], instrument: str, number: int, reply: bytes) -> Json:
        """Return a reply as the journal tells it; a large one goes into a file, and among `files` if new."""
        if len(reply) <= IN_A_FILE:
            return shown(reply)
        digest = sha256(reply).hexdigest()
        if digest not in self._named and digest not in files:
            files[digest] = keep_content(
                reply,
                f"{instrument} {number}.reply",
                self.path.parent,
                f"reply of {instrument} in exchange {number}",
                instrument,
            )
        return {"file": digest}

    def _append(self, kind: str, data: Mapping[str, Json], *, durable: bool) -> Event:
        seq, at = self.lines + 1, timestamp(self.clock.now())
        sealed, found = seal(seq, at, kind, data, self.head)
        if len(sealed) >= LONGEST:
            raise RunError(
                f"{self.path}: {kind!r} would have {len(sealed)} bytes, and nobody reads lines of {LONGEST}: "
                "let large data stand in files"
            )
        try:
            self._write(sealed + b"\n")
            self.lines, self.head = seq, found
            if durable:
                make_sure(self._file)
        except OSError as error:
            raise RunError(
                f"{self.path} can't be written: {error}: make room, then "
                f"{'resume the run' if self.lines else 'begin the run anew'}"
            ) from error
        if kind == "file":
            note_named(self._named, data)
        return Event(seq, at, kind, data, found)

    def _write(self, line: bytes) -> None:
        """Write a whole line, or nothing: what comes next must not stand behind part of one."""
        if self._torn:
            raise OSError("it ends in part of a line")
        try:
            written = os.write(self._file, line)
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError:
            self._torn = True
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
                self._torn = False
            raise
        self._size += len(line)


def is_free(directory: Path) -> bool:
    """Tell whether a run may begin in a directory: it holds nothing, or a journal without a first line.

    Nothing is touched before that line is on the disk, and a full disk or a kill may have kept it from there.
    """
    if [entry.name for entry in directory.iterdir()] not in ([], [FILE]):
        return False
    try:
        with (directory / FILE).open("rb") as file:
            first = file.readline(LONGEST)
    except FileNotFoundError:
        return True
    except OSError:  # it is no file, or somebody else's
        return False
    return not first.endswith(b"\n") and len(first) < LONGEST


MANY = 500
"""Exchanges that are not kept back any longer, for they are lost in a crash."""
IN_A_FILE = 4096
"""Bytes of a reply beyond which it stands in a file beside the journal, named by its SHA-256."""
LARGE = 4_000_000
"""Bytes of such replies that are not kept back any longer, for they fill the memory."""


_WATCHING: ContextVar[str] = ContextVar("watching", default="")
"""What the watch over a rig looks at; whoever hands its questions to another thread hands this on."""


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
