"""The exchanges a journal keeps: what instruments were asked, and what they answered.

An event `replies` holds what was exchanged since the one before it:

| member | content |
|---|---|
| `since` | when the first of it was over; all its other times are in microseconds since then |
| `questions` | each with its `instrument`, its `request`, and its `replies` in the order they came |
| `watched` | what was watched over → how often it was looked at, the first and the last time, and the longest time from one look to the next |

A reply is `[number, time, reply]`: exchanges are numbered from 1 through the whole journal, and each reading
of an observation names the one it was read from. Where the watch over a rig was answered the same as just
before, that is no exchange of its own: `[number, time, reply, again, last]` says how often the reply came
again, and when last. No reading names those, for nothing the watch reads is observed.

Format 1 wrote each exchange out: `exchanges`, each with `at`, `instrument`, `number`, `reply` and `request`.
"""  # noqa: E501  a table's row is one line

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from remotecal.errors import JournalBroken
from remotecal.journal.events import Event, Json, bytes_of, seconds, shown, timestamp

A_SECOND = 1_000_000
"""Microseconds, in which times are told here."""

SaysOf: TypeAlias = "Callable[[str, int, bytes], Json]"
"""Returns what a journal says of a reply, given its instrument and its number."""


class Exchange(NamedTuple):
    """A question to an instrument and its answer, as kept."""

    number: int
    instrument: str
    at: float
    """When it was over, in seconds since 1970, UTC."""
    request: bytes
    reply: bytes
    """The reply; empty where it stands in a file."""
    file: str = ""
    """SHA-256 of the file the reply stands in; "" where it stands in the journal."""
    again: int = 0
    """How often the watch over the rig was answered the same again."""
    last: float = 0.0
    """When that was last; 0 where it never was."""


class Looks(NamedTuple):
    """How often something was looked at, of what one event keeps."""

    times: int
    first: float
    """In seconds since 1970, UTC."""
    last: float
    longest: float
    """Longest time from one look to the next, in seconds."""


@dataclass(slots=True)
class _Answer:
    number: int
    at: int
    """In microseconds since 1970, as all times of what is not written yet."""
    reply: bytes
    again: int = 0
    last: int = 0


@dataclass(slots=True)
class _Seen:
    count: int
    first: int
    last: int
    longest: int = 0


class UnwrittenExchanges:
    """Exchanges on their way into a journal, and what was looked at meanwhile.

    Args:
        number: of the last exchange that is in the journal.
    """

    def __init__(self, number: int = 0) -> None:
        self.number = number
        """Number of the last exchange."""
        self.waiting = 0
        """How many are not written yet, those included that were answered the same."""
        self._questions: dict[tuple[str, bytes], list[_Answer]] = {}
        self._looks: dict[str, _Seen] = {}
        self._since = 0

    def keep(self, at: float, instrument: str, request: bytes, reply: bytes, *, watching: bool) -> int:
        """Keep an exchange, and return its number: of the watch, that of the one before if it is the same."""
        when = self._microseconds(at)
        self.waiting += 1
        answers = self._questions.setdefault((instrument, request), [])
        if watching and answers and answers[-1].reply == reply:
            answers[-1].again += 1
            answers[-1].last = when
            return answers[-1].number
        self.number += 1
        answers.append(_Answer(self.number, when, reply))
        return self.number

    def look(self, at: float, what: str) -> None:
        """Keep that something was looked at."""
        when = self._microseconds(at)
        if (seen := self._looks.get(what)) is None:
            self._looks[what] = _Seen(1, when, when)
        else:
            seen.count, seen.longest = seen.count + 1, max(seen.longest, when - seen.last)
            seen.last = when

    def data(self, told: SaysOf) -> dict[str, Json]:
        """Return what an event `replies` says of all this."""
        questions: list[Json] = [
            {
                "instrument": instrument,
                "replies": [
                    self._written(answer, told(instrument, answer.number, answer.reply)) for answer in answers
                ],
                "request": shown(request),
            }
            for (instrument, request), answers in self._questions.items()
        ]
        said: dict[str, Json] = {"questions": questions, "since": timestamp(self._since / A_SECOND)}
        if self._looks:
            said["watched"] = {
                what: [seen.count, seen.first - self._since, seen.last - self._since, seen.longest]
                for what, seen in self._looks.items()
            }
        return said

    def forget(self) -> None:
        """Let go of what is written now."""
        self.waiting = 0
        self._questions, self._looks = {}, {}

    def _microseconds(self, at: float) -> int:
        when = round(at * A_SECOND)
        if not self._questions and not self._looks:
            self._since = when
        return when

    def _written(self, answer: _Answer, reply: Json) -> list[Json]:
        written: list[Json] = [answer.number, answer.at - self._since, reply]
        return [*written, answer.again, answer.last - self._since] if answer.again else written


def kept_exchanges(event: Event) -> Iterator[Exchange]:
    """Yield the exchanges an event keeps, by their numbers; none where it is of another kind.

    Raises:
        JournalBroken: it keeps something else.
    """
    if event.kind != "replies":
        return
    try:
        if "questions" in event.data:
            yield from sorted(_answers(event.data), key=attrgetter("number"))
        else:
            yield from map(_of_format_1, _list(event.data["exchanges"]))
    except (LookupError, TypeError, ValueError) as error:
        raise JournalBroken(f"line {event.seq} keeps something that is no exchange: {error!r}") from error


def looks_of(event: Event) -> Mapping[str, Looks]:
    """Return what was looked at while an event's exchanges were made; raises as `kept_exchanges`."""
    watched = event.data.get("watched") if event.kind == "replies" else None
    if not isinstance(watched, Mapping):
        return {}
    try:
        since = seconds(str(event.data["since"]))
        looks = {what: [_whole(one) for one in _list(said)] for what, said in watched.items()}
        return {
            what: Looks(times, since + first / A_SECOND, since + last / A_SECOND, longest / A_SECOND)
            for what, (times, first, last, longest) in looks.items()
        }
    except (LookupError, TypeError, ValueError) as error:
        raise JournalBroken(f"line {event.seq} does not tell what was watched: {error!r}") from error


def _answers(data: Mapping[str, Json]) -> Iterator[Exchange]:
    since = seconds(str(data["since"]))
    for question in _list(data["questions"]):
        if not isinstance(question, Mapping):
            raise TypeError(f"{question!r:.40} is no question")
        instrument, request = str(question["instrument"]), bytes_of(question["request"])
        for entry in _list(question["replies"]):
            number, at, reply, *more = _list(entry)
            again, last = map(_whole, more) if more else (0, 0)
            yield Exchange(
                _whole(number),
                instrument,
                since + _whole(at) / A_SECOND,
                request,
                *_reply(reply),
                again,
                since + last / A_SECOND if again else 0.0,
            )


def _of_format_1(entry: Json) -> Exchange:
    if not isinstance(entry, Mapping):
        raise TypeError(f"{entry!r:.40} is no exchange")
    return Exchange(
        _whole(entry.get("number")),
        str(entry.get("instrument")),
        seconds(str(entry.get("at"))),
        bytes_of(entry.get("request")),
        *_reply(entry.get("reply")),
    )


def _reply(written: Json) -> tuple[bytes, str]:
    """Return a reply and "", or nothing and the SHA-256 of the file it stands in."""
    file = written.get("file") if isinstance(written, Mapping) else None
    return (b"", file) if isinstance(file, str) else (bytes_of(written), "")


def _list(written: Json) -> Sequence[Json]:
    if isinstance(written, list):
        return written
    raise TypeError(f"{written!r:.40} stands where a list is due")


def _whole(written: Json) -> int:
    if type(written) is int:
        return written
    raise TypeError(f"{written!r:.40} stands where a whole number is due")
