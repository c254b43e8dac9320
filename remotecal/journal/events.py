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
hash of the last line, the head, stands for the whole journal. How exchanges with instruments are
written is told in `remotecal.journal.exchanges`.

A line counts once its line feed is on the disk. What follows the last line feed was torn off by a
crash; it is cut off when the journal is opened to go on, and said in an event `torn`.

At rest the file may be compressed (`journal.jsonl.gz`, RFC 1952); `zcat` gives the lines.
"""

from __future__ import annotations

import gzip
import json
import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import lru_cache, partial
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple, Self, TypeAlias

from remotecal.canonical import as_named, quoted
from remotecal.errors import JournalBroken
from remotecal.journal.chain import follow, previous

FORMAT = 2
"""Version of the description above."""

READ = (1, FORMAT)
"""Versions that are read: 1 wrote its exchanges otherwise, see `remotecal.journal.exchanges`."""

FILE = "journal.jsonl"
"""Name of the journal in a run's directory."""
PACKED = f"{FILE}.gz"
"""Its name once it was compressed (RFC 1952), which its run no longer needs."""

KINDS = {
    "start": "a run begins: order, procedure, parameters, bench, certificates, software",
    "instrument": "an instrument was opened, and who it says it is",
    "point": "the run turns to a point",
    "replies": "exchanges with instruments, as bytes; a large reply by the SHA-256 of the file it stands in",
    "watch": "what is watched over from now on: how often, and within which limits",
    "stable": "quantities were found stable",
    "repeat": "a repeat begins",
    "observation": "what one repeat at one point yielded",
    "adjust": "the devices under test were adjusted: what was set; nothing where that was not possible",
    "note": "the procedure remarks something",
    "prompt": "a person is asked",
    "answer": "what they answered, and who they are",
    "control": "somebody acted on the run: what, who and why",
    "file": "a photo, samples or another file became part of the evidence: what it is, and its SHA-256",
    "interlock": "a limit was passed; what was watched in the last minute before",
    "pause": "the run was paused",
    "go_on": "a paused run goes on",
    "abort": "somebody stopped the run",
    "suspend": "the station was shut down in good order; the run is to be taken up again",
    "failure": "the run could not go on",
    "safe": "the safe state was reached, or not; null where there was nothing to make safe",
    "resume": "the run is taken up again",
    "torn": "a torn last line was cut off",
    "finish": "the run is complete, and its rig safe",
    "signature": "the station's signature over all that stands before",
}
"""What can happen."""

NOTHING = "0" * 64
"""`prev` of the first event."""

ON_SITE = "on site"
"""Who acts beside the instruments, where nobody gave a name."""


def on_site(name: str = "") -> str:
    """Return how a person beside the instruments is told from others: `on site: Li Wei`."""
    return f"{ON_SITE}: {name}" if name else ON_SITE


def is_on_site(by: str) -> bool:
    """Tell whether somebody acts beside the instruments."""
    return by == ON_SITE or by.startswith(f"{ON_SITE}: ")


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
    whole = math.floor(at)
    microsecond = round((at - whole) * 1e6)
    if microsecond == 1_000_000:
        whole, microsecond = whole + 1, 0
    minute, second = divmod(whole, 60)
    return f"{_minute(minute)}:{second:02}.{microsecond:06}Z"


@lru_cache(maxsize=8)
def _minute(number: int) -> str:
    """Return the minute so many minutes after 1970 began; the few that pass are told again and again."""
    return datetime.fromtimestamp(number * 60, UTC).replace(tzinfo=None).isoformat(timespec="minutes")


def seconds(at: str) -> float:
    """Return the time a journal writes, in seconds since 1970 (JournalBroken if it is no UTC)."""
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not UTC:
        raise JournalBroken(f"{at!r} stands where a time is due")
    return found.timestamp()


def seal(seq: int, at: str, kind: str, data: Mapping[str, Json], prev: str) -> tuple[bytes, str]:
    """Return an event's line, without its line feed, and its hash.

    The names in its data are texts, as in whatever was read (`canonical.check_names`).
    """
    front = b'{"at":' + quoted(at) + b',"data":' + as_named(data) + b","
    back = b'"kind":' + quoted(kind) + b',"prev":' + quoted(prev) + b',"seq":%d}' % seq
    found = sha256(front + back).hexdigest()
    return front + b'"hash":"' + found.encode() + b'",' + back, found


class JournalReader:
    """A journal at rest, whose events are gone through as often as anybody likes; none of them is held.

    The first time every line is checked. Afterwards it only has to be the same journal, to the last line.

    Args:
        opened: opens its lines anew, each with its line feed.
        where: what errors call it.
        torn: pass over what a crash left behind the last line feed.
    """

    def __init__(
        self, opened: Callable[[], AbstractContextManager[Iterable[bytes]]], where: str, *, torn: bool = False
    ) -> None:
        self._opened, self._where, self._torn = opened, where, torn
        self.head = ""
        """Hash of the last line, which stands for the whole; "" until it was gone through."""
        self.lines = 0
        """Number of its lines, as long."""
        self.rest = 0
        """Bytes behind the last line feed, as long."""

    @classmethod
    def at(cls, path: Path, *, torn: bool = False) -> Self:
        """Return the journal in a file, compressed or not, or in a run's directory."""
        return cls(partial(opened_lines, found_in(path)), str(path), torn=torn)

    def __iter__(self) -> Iterator[Event]:
        """Go through the events.

        Raises:
            JournalBroken: it is not what was written, and where and why; or the run was cut off while
                writing (resume it), or there is no journal.
        """
        number, prev, rest = 0, NOTHING, 0
        with self._opened() as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    if len(line) == LONGEST:
                        raise JournalBroken(f"{self._where}, line {number}: no run writes so long a line")
                    number, rest = number - 1, len(line)  # noqa: PLW2901  what is torn is no line
                    break
                event = self._event(line[:-1], number, prev)
                prev = event.hash
                yield event
        if rest and not self._torn:
            raise JournalBroken(
                f"{self._where}: the last line is torn ({rest} bytes): resume the run to go on"
            )
        if self.head and (self.head, self.lines) != (prev, number):
            raise JournalBroken(f"{self._where} was changed while it was read")
        self.head, self.lines, self.rest = prev, number, rest

    def _event(self, line: bytes, number: int, prev: str) -> Event:
        fault, event = _read_again(line, number, prev) if self.head else _read(line, number, prev)
        if fault or event is None:
            raise JournalBroken(f"{self._where}, line {number}: {fault}")
        if number == 1 and (event.kind != "start" or event.data.get("format") not in READ):
            raise JournalBroken(f"{self._where} is no journal of format {' or '.join(map(str, READ))}")
        return event


def read_journal(path: Path, *, torn: bool = False) -> tuple[Event, ...]:
    """Return all events of a journal at once, where it is known to be small; as `JournalReader`."""
    return tuple(JournalReader.at(path, torn=torn))


def read_alone(line: bytes, number: int) -> Event:
    """Return the event of one line, without its line feed, that is read without the others.

    Raises:
        JournalBroken: it is no event, or was changed.
    """
    fault, event = _read(line, number, previous(line))
    if event is None:
        raise JournalBroken(f"line {number}: {fault}")
    return event


def found_in(path: Path) -> Path:
    """Return the journal's file in a run's directory, compressed or not; a file itself."""
    if not path.is_dir():
        return path
    return path / PACKED if not (path / FILE).exists() and (path / PACKED).exists() else path / FILE


@contextmanager
def opened_lines(path: Path) -> Iterator[Iterable[bytes]]:
    """Give the lines of a journal's file, compressed or not (`JournalBroken` where it can't be read)."""
    try:
        if path.exists() and not path.is_file():  # a pipe would let us wait, a device read without end
            raise JournalBroken(f"{path} is no file, so no journal")
        with path.open("rb") as file:
            if not _is_packed(file):
                yield iter(partial(file.readline, LONGEST), b"")
                return
            with gzip.open(file) as lines:
                yield _unpacked(path, file, lines)
    except (OSError, EOFError, zlib.error) as error:
        raise JournalBroken(f"{path} can't be read: {error}") from error


def _unpacked(path: Path, file: BufferedReader, lines: gzip.GzipFile) -> Iterator[bytes]:
    while line := lines.readline(LONGEST):
        if hollow(lines.tell(), file.tell()):
            raise JournalBroken(
                f"{path} unpacks to more than {PACKING} times itself, as no run's journal does"
            )
        yield line


def hollow(unpacked: int, packed: int) -> bool:
    """Tell whether so many bytes are more than a compressed journal of so many bytes is read to hold."""
    return unpacked > UNPACKED + PACKING * packed


def _is_packed(file: BufferedReader) -> bool:
    return file.peek(2)[:2] == b"\x1f\x8b"


def shown(data: bytes) -> Json:
    """Return bytes as text where all of them are printable ASCII, else as `{"hex": "…"}`."""
    if data.isascii() and (text := data.decode("ascii")).isprintable():
        return text
    return {"hex": data.hex()}


def bytes_of(written: Json) -> bytes:
    """Return the bytes of which `shown` made this (JournalBroken if it made nothing like it)."""
    try:
        if isinstance(written, Mapping):
            return bytes.fromhex(str(written.get("hex")))
        return str(written).encode("ascii")
    except ValueError:
        raise JournalBroken(f"{written!r:.40} stands where bytes are due") from None


LONGEST = 2**24
"""Bytes of the longest line that is written or read, twice what any laboratory takes: what a file of few
kilobytes can unpack to takes thirty times as much memory once it is understood."""

UNPACKED, PACKING = 2**26, 100
"""Bytes that a compressed journal may unpack to, and how many times its own more; a run's are ten times."""

MICROSECOND = 1e-6
"""Times are written to the microsecond; seconds by which they may differ for that."""


def _read(line: bytes, number: int, prev: str) -> tuple[str, Event | None]:
    """Return what is wrong with a line, or the event it is."""
    try:
        members = json.loads(line)
        event = Event(members["seq"], members["at"], members["kind"], members["data"], members["hash"])
        canonical, found = seal(event.seq, event.at, event.kind, event.data, members["prev"])
    except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
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


def _read_again(line: bytes, number: int, prev: str) -> tuple[str, Event | None]:
    """Return as `_read` for a line that was checked before, which its hash holds to."""
    link = follow(line, number, prev)
    if isinstance(link, str):
        return "it was changed while the journal was read", None
    members = json.loads(line)
    return "", Event(link.seq, members["at"], link.kind, members["data"], link.hash)
