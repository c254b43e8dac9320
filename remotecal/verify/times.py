"""Whether time runs forward in a journal, and each reading lies within its repeat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from remotecal.errors import EvidenceError
from remotecal.journal.contents import Files
from remotecal.journal.events import MICROSECOND, seconds, timestamp
from remotecal.journal.evidence import read_start
from remotecal.verify.dates import CLOCKS_MAY_DIFFER
from remotecal.verify.kept import kept_exchanges
from remotecal.verify.replies import observed

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.waveform import Waveform
    from remotecal.journal.events import Event
    from remotecal.verify.kept import Exchange

ROUNDING = 2 * MICROSECOND
"""Two rounded times that are in order may be apart by this the wrong way round, in seconds."""


def examine_times(events: Sequence[Event], now: datetime) -> str:
    """Check that nothing happened before what stands above it, or later than now; tell from when to when.

    Raises:
        EvidenceError: time runs backwards, or a reading was not taken when its repeat was on.
    """
    latest, line = float("-inf"), 1
    exchanges = [(event, tuple(kept_exchanges(event))) for event in events]
    for at, here, what in _all(exchanges):
        if at < latest - ROUNDING:
            raise EvidenceError(
                f"line {here}: {what} came at {timestamp(at)}, before {timestamp(latest)} in line {line}"
            )
        latest, line = max(latest, at), here
    if read_start(events).clock != "virtual" and latest > (now + CLOCKS_MAY_DIFFER).timestamp():
        raise EvidenceError(f"line {line}: {timestamp(latest)} has not come yet")
    _readings_in_time(events, {one.number: one for _, batch in exchanges for one in batch})
    return f"from {events[0].at} to {events[-1].at}, always forward, each reading within its repeat"


def _all(events: Iterable[tuple[Event, Iterable[Exchange]]]) -> Iterator[tuple[float, int, str]]:
    """Yield everything that has a time, in the order written: when, in which line, what."""
    for event, exchanges in events:
        for exchange in exchanges:
            yield exchange.at, event.seq, f"exchange {exchange.number}"
        yield seconds(event.at), event.seq, f"{event.kind!r}"


def _readings_in_time(events: Sequence[Event], kept: Mapping[int, Exchange]) -> None:
    """Refuse readings outside their repeats, or apart from the exchange they are of."""
    latest: dict[str, tuple[int, Measured | Waveform]] = {}
    files = Files(events)
    for event in events:
        if event.kind != "observation":
            continue
        began, over = seconds(str(event.data["began"])), seconds(event.at)
        place, read = f"line {event.seq}", tuple(observed(event, files))
        for name, measured in read:
            if not began - ROUNDING <= measured.at <= over + ROUNDING:
                raise EvidenceError(
                    f"{place}, {name}: read at {timestamp(measured.at)}, the repeat was from "
                    f"{event.data['began']} to {event.at}"
                )
        if not began <= over:
            raise EvidenceError(f"{place}: the repeat was over before it began")
        readings = [one for one in read if one[1].exchange in kept]
        for name, measured in sorted(readings, key=lambda one: (one[1].exchange or 0, one[1].at)):
            exchange = kept[measured.exchange or 0]
            _with_its_exchange(measured, exchange, latest.get(exchange.instrument), f"{place}, {name}")
            latest[exchange.instrument] = exchange.number, measured


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
