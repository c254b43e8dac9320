"""Whether time runs forward in a journal, and each reading lies within its repeat."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from remotecal.errors import EvidenceError
from remotecal.journal.events import MICROSECOND, seconds, timestamp
from remotecal.journal.occurrences import HOLDING
from remotecal.verify.dates import CLOCKS_MAY_DIFFER
from remotecal.verify.kept import LONGEST_SCAN
from remotecal.verify.replies import BEGINNINGS
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.drivers.measured import Measured
    from remotecal.drivers.waveform import Waveform
    from remotecal.journal.exchanges import Exchange
    from remotecal.journal.occurrences import Occurrence

ROUNDING = 2 * MICROSECOND
"""Two rounded times that are in order may be apart by this the wrong way round, in seconds."""
AT_ONCE = 0.01
"""Seconds within which an older version gave the time to a reading whose reply was there."""
LATE = 1.0
"""Seconds by which it may have come later on a slow machine, or from one exchange of a scan to the next."""


class Times:
    """Checks that nothing happened before what stands above it, or later than now; tells from when to when.

    Args:
        now: the time to judge by.
        virtual: the run lived by a clock of its own, which may be ahead.

    A reading has the time its exchange was over. Versions before gave it the time when its reply was
    understood, behind whatever else was asked in one scan; that is granted within `LATE`.

    Raises:
        EvidenceError: time runs backwards, or a reading was not taken when its repeat was on, or when its
            reply came.
        Unable: a reading claims to be later than its exchange, by no more than a slow machine explains.
    """

    concerned = True

    def __init__(self, now: datetime, *, virtual: bool) -> None:
        self._now, self._virtual = now, virtual
        self._latest, self._line = float("-inf"), 1
        self._first = self._last = ""
        self._kept: dict[int, Exchange] = {}
        """Exchanges since the repeat began, to which its readings belong."""
        self._since = ""
        """When that was, or the run turned to the point; "" before its first one."""
        self._late: list[str] = []
        """Readings later than their exchanges by what slowness explains."""

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        event = told.event
        self._first, self._last = self._first or event.at, event.at
        over = seconds(event.at)
        self._exchanges(told.exchanges, event.seq, over)
        self._forward(over, event.seq, f"{event.kind!r}")
        if event.kind in HOLDING and told.values:
            self._readings_in_time(told)
        if event.kind in BEGINNINGS:
            self._kept, self._since = {}, event.at

    def conclude(self) -> str:
        """Return from when to when the run went on."""
        if not self._virtual and self._latest > (self._now + CLOCKS_MAY_DIFFER).timestamp():
            raise EvidenceError(f"line {self._line}: {timestamp(self._latest)} has not come yet")
        said = f"from {self._first} to {self._last}, always forward, each reading within its repeat"
        if self._late:
            raise Unable(
                f"{said}; {len(self._late)} claim to be later than their exchanges, such as {self._late[0]}: "
                "older versions wrote so where a machine was slow"
            )
        return said

    def _exchanges(self, exchanges: Sequence[Exchange], line: int, over: float) -> None:
        """Go on to the exchanges of an event; none came again once its question had another answer."""
        again: dict[tuple[str, bytes], Exchange] = {}
        for exchange in exchanges:
            self._forward(exchange.at, line, f"exchange {exchange.number}")
            self._kept[exchange.number] = exchange
            question = exchange.instrument, exchange.request
            before = again.pop(question, None)
            if before is not None and exchange.at < before.last - ROUNDING:
                raise _came_again(before, line)
            if exchange.again:
                if not exchange.at <= exchange.last <= over + ROUNDING:
                    raise _came_again(exchange, line)
                again[question] = exchange

    def _forward(self, at: float, line: int, what: str) -> None:
        """Refuse what has a time before that of something above it."""
        if at < self._latest - ROUNDING:
            raise EvidenceError(
                f"line {line}: {what} came at {timestamp(at)}, before {timestamp(self._latest)} in line "
                f"{self._line}"
            )
        self._latest, self._line = max(self._latest, at), line

    def _readings_in_time(self, told: Occurrence) -> None:
        """Refuse readings outside their repeats, or apart from the exchange they are of."""
        event = told.event
        since = str(event.data.get("began", self._since or self._first))
        began, over = seconds(since), seconds(event.at)
        place = f"line {event.seq}"
        for name, measured in told.observed:
            if not began - ROUNDING <= measured.at <= over + ROUNDING:
                raise EvidenceError(
                    f"{place}, {name}: read at {timestamp(measured.at)}, the repeat was from "
                    f"{since} to {event.at}"
                )
        if not began <= over:
            raise EvidenceError(f"{place}: the repeat was over before it began")
        for name, measured in told.observed:
            if measured.exchange in self._kept:
                self._with_its_exchange(measured, measured.exchange, f"{place}, {name}")

    def _with_its_exchange(self, measured: Measured | Waveform, number: int, place: str) -> None:
        """Refuse a reading from before its exchange, or from later than its reply was understood."""
        exchange = self._kept[number]
        late = measured.at - exchange.at
        if late < -ROUNDING:
            raise EvidenceError(
                f"{place}: read at {timestamp(measured.at)}, before its exchange {number} at "
                f"{timestamp(exchange.at)}"
            )
        if late <= ROUNDING:
            return
        behind = measured.at - self._over(exchange, measured.at)
        if behind > (ROUNDING if self._virtual else LATE):
            raise EvidenceError(
                f"{place}: read at {timestamp(measured.at)}, {late:.4g} s after its exchange {number}, and "
                "nothing it was read from came later"
            )
        if behind > AT_ONCE or late > LATE:
            self._late.append(f"{place} ({late:.2g} s)")

    def _over(self, exchange: Exchange, by: float) -> float:
        """Return when the latest exchange was over, by a time, that may be of one scan with another one."""
        over, asked = exchange.at, {exchange.request}
        numbers = range(exchange.number + 1, next(reversed(self._kept)) + 1)
        later = (self._kept[number] for number in numbers if number in self._kept)
        for one in islice((one for one in later if one.instrument == exchange.instrument), LONGEST_SCAN):
            if one.request in asked or not one.at - LATE <= over or one.at > by + ROUNDING:
                break
            over = one.at
            asked.add(one.request)
        return over


def _came_again(exchange: Exchange, line: int) -> EvidenceError:
    return EvidenceError(
        f"line {line}: exchange {exchange.number} came again until {timestamp(exchange.last)}"
    )
