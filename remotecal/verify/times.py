"""Whether time runs forward in a journal, and each reading lies within its repeat."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from remotecal.errors import EvidenceError
from remotecal.journal.events import MICROSECOND, seconds, timestamp
from remotecal.journal.occurrences import HOLDING
from remotecal.verify.dates import CLOCKS_MAY_DIFFER
from remotecal.verify.replies import BEGINNINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.drivers.measured import Measured
    from remotecal.drivers.waveform import Waveform
    from remotecal.journal.exchanges import Exchange
    from remotecal.journal.occurrences import Occurrence

ROUNDING = 2 * MICROSECOND
"""Two rounded times that are in order may be apart by this the wrong way round, in seconds."""


class Times:
    """Checks that nothing happened before what stands above it, or later than now; tells from when to when.

    Args:
        now: the time to judge by.
        virtual: the run lived by a clock of its own, which may be ahead.

    Raises:
        EvidenceError: time runs backwards, or a reading was not taken when its repeat was on.
    """

    concerned = True

    def __init__(self, now: datetime, *, virtual: bool) -> None:
        self._now, self._virtual = now, virtual
        self._latest, self._line = float("-inf"), 1
        self._first = self._last = ""
        self._kept: dict[int, Exchange] = {}
        """Exchanges since the repeat began, to which its readings belong."""
        self._since = ""
        """When that was, or the run turned to the point."""
        self._read: dict[str, tuple[int, Measured | Waveform]] = {}
        """Instrument → its reading of the latest exchange, and that one's number."""

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
        return f"from {self._first} to {self._last}, always forward, each reading within its repeat"

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
        since = str(event.data.get("began", self._since))
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
        readings = [one for one in told.observed if one[1].exchange in self._kept]
        for name, measured in sorted(readings, key=lambda one: (one[1].exchange or 0, one[1].at)):
            exchange = self._kept[measured.exchange or 0]
            _with_its_exchange(measured, exchange, self._read.get(exchange.instrument), f"{place}, {name}")
            self._read[exchange.instrument] = exchange.number, measured


def _came_again(exchange: Exchange, line: int) -> EvidenceError:
    return EvidenceError(
        f"line {line}: exchange {exchange.number} came again until {timestamp(exchange.last)}"
    )


def _with_its_exchange(
    measured: Measured | Waveform,
    exchange: Exchange,
    before: tuple[int, Measured | Waveform] | None,
    place: str,
) -> None:
    """Refuse a reading from before its exchange, or an earlier one from after it."""
    if measured.at < exchange.at - ROUNDING:
        raise EvidenceError(
            f"{place}: read at {timestamp(measured.at)}, before its exchange {exchange.number} at "
            f"{timestamp(exchange.at)}"
        )
    if before is None or before[1].at == measured.at:  # all of one scan have the time of its end
        return
    number, earlier = before
    if number < exchange.number and earlier.at > exchange.at + ROUNDING:
        raise EvidenceError(
            f"{place}: exchange {exchange.number} was at {timestamp(exchange.at)}; what exchange {number} "
            f"gave before claims {timestamp(earlier.at)}"
        )
