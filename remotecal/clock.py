"""Time as something you pass in: real, or virtual.

Everything that waits for the rig waits through a `Clock`, so a day-long calibration of a
simulated rig takes seconds and tests never sleep. Replies on the wire are awaited in real time
whatever the clock.
"""

from __future__ import annotations

import heapq
import itertools
import mmap
import os
import struct
import sys
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Protocol

from pydantic import AfterValidator

from remotecal.errors import BenchError
from remotecal.locks import lock, unlock

if TYPE_CHECKING:
    from pathlib import Path

CLOCKS_AGREE = 60.0
"""Seconds by which a station's clock may differ from the laboratory's: what it writes is evidence."""


def known_zone(name: str) -> str:
    """Return the IANA name of a time zone; raises `ValueError` for what is none."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
        known = name != "localtime"  # by which each computer means another one
    except (LookupError, ValueError, OSError):
        known = False
    if not known:
        raise ValueError(f"the time zone {name!r} is unknown: write its IANA name, as Asia/Shanghai")
    return name


Zone = Annotated[str, AfterValidator(known_zone)]
"""IANA name of a time zone: Asia/Shanghai."""


def local_zone() -> str:
    """Return the time zone the computer is set to; UTC where it does not say."""
    from tzlocal import get_localzone_name

    try:
        return known_zone(get_localzone_name() or "UTC")
    except (LookupError, ValueError):
        return "UTC"


def civil_time(at: float, zone: str) -> datetime:
    """Return a time in seconds since 1970, UTC, as it is told in a time zone, with its offset."""
    from zoneinfo import ZoneInfo

    return datetime.fromtimestamp(at, ZoneInfo(zone))


def civil_day(at: float, zone: str) -> date:
    """Return the day it is in a time zone at a time in seconds since 1970, UTC."""
    return civil_time(at, zone).date()


def begin_of(day: date, zone: str) -> float:
    """Return when a day begins in a time zone, in seconds since 1970, UTC."""
    from zoneinfo import ZoneInfo

    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()


def possible_days(at: datetime) -> tuple[date, date]:
    """Return the first and the last civil day it may be at the laboratory that told a time.

    A time with an offset tells its day. One in UTC, as many programs write it wherever they are, does
    not: on earth it is up to 12 hours earlier by the clock on the wall, or 14 later.
    """
    if at.utcoffset():
        return at.date(), at.date()
    return (at - timedelta(hours=12)).date(), (at + timedelta(hours=14)).date()


def latest_day(at: datetime) -> date:
    """Return the latest day that has begun somewhere on earth at a time with an offset."""
    return possible_days(at.astimezone(UTC))[1]


class Clock(Protocol):
    """Seconds since the Unix epoch, UTC, and a way to let them pass."""

    def now(self) -> float:
        """Return the time in seconds since 1970-01-01T00:00:00Z."""
        ...

    def sleep(self, duration: float) -> None:
        """Let `duration` seconds pass; what `every` arranged happens meanwhile."""
        ...

    def every(self, period: float, action: Callable[[], None]) -> Recurring:
        """Call `action` every `period` seconds until the result is cancelled.

        An action must not raise: it has nobody to raise to.
        """
        ...

    def idle(self) -> None:
        """Let happen what falls due while somebody else is waited for; to be called again and again."""
        ...


@dataclass(eq=False, slots=True)
class Recurring:
    """Something a clock does again and again, until `cancel`."""

    period: float
    action: Callable[[], None]
    stopped: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def cancel(self) -> None:
        """Stop; when this returns the action is not running and won't run again."""
        self.stopped.set()
        if self.thread is not None and self.thread is not threading.current_thread():
            self.thread.join()


class RealClock:
    """The computer's clock, also after somebody set it; recurring actions run in a thread of their own."""

    def now(self) -> float:
        return time.time()

    def sleep(self, duration: float) -> None:
        if duration > 0:
            time.sleep(duration)

    def every(self, period: float, action: Callable[[], None]) -> Recurring:
        recurring = Recurring(period, action)

        def repeat() -> None:
            due = time.monotonic() + period
            while not recurring.stopped.wait(max(0.0, due - time.monotonic())):
                action()
                due = max(due + period, time.monotonic())

        recurring.thread = threading.Thread(target=repeat, name=f"every {period:g} s", daemon=True)
        recurring.thread.start()
        return recurring

    def idle(self) -> None:
        """Do nothing: what recurs has threads of its own."""


class SteadyClock(RealClock):
    """The computer's clock as it was at the beginning, counted on by one that nobody can set.

    It lives as long as a run: whoever sets the computer's clock meanwhile moves no journal's times and
    stretches no repeat. Time while the computer was asleep counts.
    """

    def __init__(self) -> None:
        self._offset = time.time() - since_boot()

    def now(self) -> float:
        return self._offset + since_boot()


def since_boot() -> float:
    """Return seconds by a clock that nobody can set, and that goes on while the computer is asleep."""
    if sys.platform == "win32":
        return time.monotonic()
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)  # goes on in sleep there, unlike `monotonic`
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SteppedClock(ABC):
    """A clock that moves only when somebody sleeps, and then at once.

    Recurring actions run in the sleeping thread at the instants they fall due, so a run over such a
    clock is deterministic. A simulated instrument that takes its time calls `advance`, which moves
    the clock without running anything: what fell due meanwhile runs at the next `sleep`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: list[tuple[float, int, Recurring]] = []
        self._order = itertools.count()

    @abstractmethod
    def now(self) -> float:
        """Return the time in seconds since 1970-01-01T00:00:00Z."""

    @abstractmethod
    def reach(self, when: float) -> None:
        """Move the clock to `when`, never back, and do nothing else."""

    def advance(self, duration: float) -> None:
        """Move the clock forward by `duration` seconds and do nothing else."""
        self.reach(self.now() + max(0.0, duration))

    def sleep(self, duration: float) -> None:
        until = self.now() + max(0.0, duration)
        while (recurring := self._take_due(until)) is not None:
            if not recurring.stopped.is_set():
                recurring.action()
                self._arrange(recurring)
        self.reach(until)

    def every(self, period: float, action: Callable[[], None]) -> Recurring:
        recurring = Recurring(period, action)
        self._arrange(recurring)
        return recurring

    def idle(self) -> None:
        self.sleep(0.0)

    def _arrange(self, recurring: Recurring) -> None:
        due = self.now() + recurring.period
        with self._lock:
            heapq.heappush(self._due, (due, next(self._order), recurring))

    def _take_due(self, until: float) -> Recurring | None:
        with self._lock:
            if not self._due or self._due[0][0] > until:
                return None
            when, _, recurring = heapq.heappop(self._due)
        self.reach(when)
        return recurring


class VirtualClock(SteppedClock):
    """Virtual time within one process."""

    def __init__(self, start: float | None = None) -> None:
        super().__init__()
        self._now = time.time() if start is None else start
        self._moving = threading.Lock()

    def now(self) -> float:
        return self._now

    def reach(self, when: float) -> None:
        with self._moving:
            self._now = max(self._now, when)


class SharedClock(SteppedClock):
    """Virtual time that the processes of one machine share: a rig, and whoever runs on it.

    Sixteen bytes in a file, which every process sees as memory: the time, as the machine writes a double,
    and the time that somebody waits for (`AwaitedClock`). It outlives each of them.
    """

    def __init__(self, path: Path) -> None:
        """Share the time that `begin` has put into a file.

        Raises:
            BenchError: there is none.
        """
        super().__init__()
        self.path = path
        self._moving = threading.Lock()
        try:
            with path.open("r+b") as file:
                self._time = memoryview(mmap.mmap(file.fileno(), TIMES.size)).cast("d")
                self._turn = os.dup(file.fileno())
        except (OSError, ValueError) as error:
            raise BenchError(
                f"no virtual time is kept in {path} ({error}): is the simulated rig up?"
            ) from error
        weakref.finalize(self, os.close, self._turn)

    @classmethod
    def begin(cls, path: Path, start: float | None = None) -> SharedClock:
        """Keep a new time in a file; now, if not told when it starts."""
        fresh = path.with_name(f"{path.name}.new")
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(TIMES.pack(time.time() if start is None else start, 0.0))
        # Another file of the same name: who shares the old one keeps it, and is not cut off.
        fresh.replace(path)
        return cls(path)

    def now(self) -> float:
        return float(self._time[0])

    def idle(self) -> None:
        """Let the time pass that somebody waits for, and happen what falls due meanwhile."""
        self.sleep(float(self._time[1]) - self.now())

    def reach(self, when: float) -> None:
        if when <= self.now():
            return
        with self._moving:  # the file's lock keeps other processes out, but no other thread that has it
            lock(self._turn, wait=True)
            try:
                if when > self.now():
                    self._time[0] = when  # at once: `Struct.pack_into` would let others see 0 before
            finally:
                unlock(self._turn)


TIMES = struct.Struct("dd")
"""How a shared time begins: with what it is, and what is waited for."""


class AwaitedClock(SharedClock):
    """A shared time for somebody who acts beside a run of another process.

    What recurs, such as looking at limits, recurs there: were the time just moved on from here, nobody would
    have looked for as long. So a sleeper says until when, and whoever waits for them lets it pass (`idle`).
    """

    PATIENCE = 10.0
    """Seconds after which it is moved from here, because nobody waits."""

    def sleep(self, duration: float) -> None:
        until, given_up = self.now() + max(0.0, duration), time.monotonic() + self.PATIENCE
        self._time[1] = until
        while self.now() < until and time.monotonic() < given_up:
            time.sleep(0.001)
        super().sleep(until - self.now())
