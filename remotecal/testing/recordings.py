"""Recordings: what a real instrument said once, for tests to hear again.

A recording is a text file in UTF-8, one JSON object a line. The first line tells of whom it is: `address`,
`at`, `driver`, `format`, `identity`, `instrument`, `settings`. Each further one is what happened next:

| members | what happened |
|---|---|
| `ask`, `reply` | a question and its answer |
| `ask`, `failure`, `said` | a question that was not answered: the error's name, and what it said |
| `tell` | something was said that has no answer |
| `renewed` | the connection was made anew; what follows is the driver that makes sure who is there |

and `at`, the time in UTC. Bytes and times are written as in a journal. `remotecal record` makes one of an
instrument on a bench; `replay` serves it:

```python
balance = MettlerSics.over(replay(Path("balance.jsonl")))
assert balance.mass.read().value == 0.1
```
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from remotecal import errors
from remotecal.drivers.instrument import Identity
from remotecal.errors import ConfigurationError, JournalBroken, LinkError, NeverAsked
from remotecal.journal.events import bytes_of, seconds, shown, timestamp

if TYPE_CHECKING:
    from remotecal.clock import Clock
    from remotecal.drivers.links import Link
    from remotecal.journal.events import Json

FORMAT: Final = 1
"""Version of the description above."""

Kind = Literal["ask", "tell", "renewed"]


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened on a link."""

    kind: Kind
    """What it was."""
    at: float
    """When it was over, in seconds since 1970, UTC."""
    request: bytes = b""
    """What was said to the instrument."""
    reply: bytes = b""
    """What it answered."""
    failure: str = ""
    """Name of the error where it did not."""
    said: str = ""
    """What that said."""

    def line(self) -> str:
        """Return the line of a recording that tells it."""
        told: dict[str, Json] = {"at": timestamp(self.at)}
        told[self.kind] = True if self.kind == "renewed" else shown(self.request)
        if self.failure:
            told |= {"failure": self.failure, "said": self.said}
        elif self.kind == "ask":
            told["reply"] = shown(self.reply)
        return json.dumps(told, ensure_ascii=False)

    @classmethod
    def read(cls, told: Mapping[str, Json]) -> Happened:
        """Return what a line of a recording tells (LookupError or JournalBroken if it tells nothing)."""
        at = seconds(str(told["at"]))
        if "renewed" in told:
            return cls("renewed", at)
        if "tell" in told:
            return cls("tell", at, bytes_of(told["tell"]))
        request = bytes_of(told["ask"])
        if "failure" in told:
            return cls("ask", at, request, failure=str(told["failure"]), said=str(told["said"]))
        return cls("ask", at, request, bytes_of(told["reply"]))


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a recording is of."""

    driver: str
    """The driver, as a bench file names it."""
    instrument: str
    """What it was called."""
    address: str
    """Where it was."""
    settings: Mapping[str, str | int | float]
    """What else its driver was told, such as a channel."""
    identity: Identity
    """Who answered, as far as the instrument said it."""
    at: float
    """When the recording began, in seconds since 1970, UTC."""

    def line(self) -> str:
        """Return the first line of a recording."""
        told: dict[str, Json] = {
            "address": self.address,
            "at": timestamp(self.at),
            "driver": self.driver,
            "format": FORMAT,
            "identity": self.identity._asdict(),
            "instrument": self.instrument,
            "settings": dict(self.settings),
        }
        return json.dumps(told, ensure_ascii=False)

    @classmethod
    def read(cls, told: Mapping[str, Json]) -> Whom:
        """Return what the first line of a recording tells (as `Happened.read` where it tells nothing)."""
        if told["format"] != FORMAT:
            raise JournalBroken(f"its format is {told['format']!r}, this remotecal reads {FORMAT}")
        identity, settings = told["identity"], told["settings"]
        if not (isinstance(identity, dict) and isinstance(settings, dict)):
            raise JournalBroken("identity and settings are tables")
        return cls(
            driver=str(told["driver"]),
            instrument=str(told["instrument"]),
            address=str(told["address"]),
            settings={key: value for key, value in settings.items() if isinstance(value, str | int | float)},
            identity=Identity(*(str(identity[key]) for key in Identity._fields)),
            at=seconds(str(told["at"])),
        )


@dataclass(frozen=True, slots=True)
class Recording:
    """What happened on the link to one instrument."""

    whom: Whom
    """The instrument."""
    happened: tuple[Happened, ...]
    """What happened, in order."""

    def text(self) -> str:
        """Return it as it is written to a file."""
        lines = [self.whom.line(), *(one.line() for one in self.happened)]
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Return the recording in a file.

        Raises:
            ConfigurationError: there is none, and in which line.
        """
        try:
            lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path} can't be read: {error}") from error
        whom = _read(Whom.read, lines[0], f"{path}, line 1")
        told = enumerate(lines[1:], 2)
        return cls(whom, tuple(_read(Happened.read, line, f"{path}, line {number}") for number, line in told))


T = TypeVar("T")


def _read(read: Callable[[Mapping[str, Json]], T], line: str, where: str) -> T:
    try:
        return read(json.loads(line))
    except (ValueError, LookupError, TypeError, RecursionError, JournalBroken) as error:
        raise ConfigurationError(f"{where}: this is no recording ({error!r})") from error


class Recorder:
    """A link that keeps what happens on another one; see `remotecal.drivers.links.Link`."""

    def __init__(self, link: Link, clock: Clock) -> None:
        self._link, self._clock = link, clock
        self._on_reopen: Callable[[], None] | None = None
        self.address = link.address
        self.happened: list[Happened] = []
        """What happened so far."""

    @property
    def name(self) -> str:
        return self._link.name

    @name.setter
    def name(self, name: str) -> None:
        self._link.name = name

    @property
    def on_reopen(self) -> Callable[[], None] | None:
        return self._on_reopen

    @on_reopen.setter
    def on_reopen(self, make_sure: Callable[[], None] | None) -> None:
        self._on_reopen = make_sure
        self._link.on_reopen = None if make_sure is None else self._renewed

    @property
    def suspect(self) -> bool:
        return self._link.suspect

    @suspect.setter
    def suspect(self, doubt: bool) -> None:
        self._link.suspect = doubt

    @property
    def settled_at(self) -> float:
        return self._link.settled_at

    def ask(self, request: bytes, timeout: float | None = None) -> bytes:
        try:
            reply = self._link.ask(request, timeout)
        except LinkError as failure:
            self._keep("ask", request, failure=type(failure).__name__, said=str(failure))
            raise
        self._keep("ask", request, reply)
        return reply

    def tell(self, request: bytes) -> None:
        self._link.tell(request)
        self._keep("tell", request)

    def cancel(self) -> None:
        self._link.cancel()

    def close(self) -> None:
        self._link.close()

    def _renewed(self) -> None:
        self._keep("renewed")
        if self._on_reopen is not None:
            self._on_reopen()

    def _keep(
        self, kind: Kind, request: bytes = b"", reply: bytes = b"", *, failure: str = "", said: str = ""
    ) -> None:
        self.happened.append(Happened(kind, self._clock.now(), request, reply, failure, said))


@dataclass
class ReplayLink:
    """A link that answers with a recording; see `replay` and `remotecal.drivers.links.Link`."""

    recording: Recording
    """What it answers with."""
    in_order: bool = True
    """Whether all is to be said as it was recorded, one after the other."""
    name: str = ""
    suspect: bool = False
    settled_at: float = 0.0
    on_reopen: Callable[[], None] | None = None
    _left: deque[Happened] = field(init=False, repr=False)
    _spent: dict[bytes, Happened] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.name = self.recording.whom.instrument
        self._left = deque(self.recording.happened)

    @property
    def address(self) -> str:
        """Where the instrument was."""
        return self.recording.whom.address

    @property
    def left(self) -> tuple[Happened, ...]:
        """What was recorded and was not said yet."""
        return tuple(self._left)

    def ask(self, request: bytes, timeout: float | None = None) -> bytes:
        """Return what was recorded.

        Raises:
            NeverAsked: this was never asked, or is not what was asked next.
            LinkError: the one that was recorded.
        """
        found = self._next("ask", request)
        if not found.failure:
            return found.reply
        self.suspect = True
        raise _failure(found)

    def tell(self, request: bytes) -> None:
        """See that this was told when it was recorded (NeverAsked as `ask`)."""
        self._next("tell", request)

    def cancel(self) -> None:
        """Do nothing: an answer is immediate."""

    def close(self) -> None:
        """Do nothing: there is no wire."""

    def _next(self, kind: Kind, request: bytes) -> Happened:
        self._renew()
        self.suspect = False
        wanted = [one for one in self._left if (one.kind, one.request) == (kind, request)]
        if self.in_order:
            if not wanted or self._left[0] is not wanted[0]:
                raise NeverAsked(self._refusal(kind, request, next(iter(self._left), None)))
            return self._left.popleft()
        if wanted:
            self._left.remove(wanted[0])
            self._spent[request] = wanted[0]
        elif request not in self._spent:
            raise NeverAsked(self._refusal(kind, request, None))
        return self._spent[request]

    def _renew(self) -> None:
        """Let the driver make sure who is there, where the connection was made anew then."""
        while self._left and self._left[0].kind == "renewed":
            self._left.popleft()
            if self.on_reopen is not None and self.in_order:
                self.on_reopen()

    def _refusal(self, kind: Kind, request: bytes, due: Happened | None) -> str:
        said = f"{self.name} is a recording in which {request!r} was never {_DONE[kind]}"
        if due is not None:
            said = f"{self.name}: {request!r} is {_DONE[kind]}, {due.request!r} was {_DONE[due.kind]} next"
        elif self.in_order:
            said = f"{self.name}: {request!r} is {_DONE[kind]}, and the recording is at its end"
        known = ", ".join(map(repr, dict.fromkeys(one.request for one in self.recording.happened)))
        return f"{said}: record it anew, or ask what was recorded: {known}"


def _failure(found: Happened) -> LinkError:
    kind = getattr(errors, found.failure, LinkError)
    return kind(found.said) if issubclass(kind, LinkError) else LinkError(found.said)


_DONE: Final[Mapping[Kind, str]] = {"ask": "asked", "tell": "told", "renewed": "renewed"}


def replay(path: Path, *, in_order: bool = True) -> ReplayLink:
    """Return a link that answers with what was recorded.

    Args:
        path: the recording.
        in_order: all is to be said as it was recorded, one after the other; otherwise each question has
            its answers in turn, the last of them for ever.

    Raises:
        ConfigurationError: there is no recording there.
    """
    return ReplayLink(Recording.load(path), in_order)
