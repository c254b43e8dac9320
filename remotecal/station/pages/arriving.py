"""Photos on their way to the station, a piece at a time: what has come stays while the line is down.

Each is a folder below `uploads/`, and belongs to the browser that began it. The page's process alone writes
there, so what it finds when it begins is of one that was killed, and goes.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from remotecal.errors import ConfigurationError, DiskFull, NotThere

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.station.on_site import Wish
    from remotecal.station.pages.entering import LetIn
    from remotecal.transport.messages import CommandAnswer

UPLOADS: Final = "uploads"
"""Folder of what is on its way from a browser to the evidence."""
LASTS: Final = 3600.0
"""Seconds without a piece after which nobody will send the rest."""
OF_ONE: Final = 8
"""Photos of one browser that are remembered; the oldest goes for another."""
MOST: Final = 32
"""Photos on their way at a time, of all browsers."""
GIVEN_UP: Final = "no such photo is on its way: send it again"
RESERVE: Final = 2**26
"""Bytes that stay free on the disk: a run that is on writes there as well."""


@dataclass(slots=True, eq=False)
class Arrival:
    """A photo on its way."""

    guest: LetIn
    """Whose it is."""
    path: Path
    """Where what has come of it is written."""
    length: int
    """Bytes it will have."""
    digest: str
    """SHA-256 it will have; "" where the browser could not tell."""
    wish: Wish
    """What is to be done with it, but for its file."""
    offset: int = 0
    """Bytes that have come."""
    answer: CommandAnswer | None = None
    """What was said to it, once it was added or refused."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by who does something with it: two pieces at once are one after the other."""
    due: asyncio.TimerHandle | None = None
    """When it is given up."""

    def add(self, piece: bytes) -> None:
        """Write a piece behind what has come; blocks.

        Raises:
            DiskFull: the disk does not take it; what had come before is kept.
            NotThere: it was given up meanwhile.
        """
        try:
            with self.path.open("r+b") as file:
                file.truncate(self.offset)
                file.seek(self.offset)
                file.write(piece)
        except FileNotFoundError:
            raise NotThere(GIVEN_UP) from None
        except OSError as error:
            raise DiskFull(f"the station's disk takes no photo ({error}): make room there") from error
        self.offset += len(piece)

    def whole(self) -> bytes:
        """Return all of it; blocks (`ConfigurationError`: it is not what the browser said it would be)."""
        content = self.path.read_bytes()
        if self.digest and sha256(content).hexdigest() != self.digest:
            raise ConfigurationError("the photo did not come as it was sent: send it again")
        return content


class Arrivals:
    """The photos on their way to one station.

    Args:
        folder: the station's directory.
        largest: bytes one may have.
        lasts: seconds without a piece after which one is given up.
        reserve: bytes that stay free on the disk.
    """

    def __init__(self, folder: Path, largest: int, lasts: float = LASTS, reserve: int = RESERVE) -> None:
        self._folder, self._largest, self._lasts, self._reserve = folder / UPLOADS, largest, lasts, reserve
        self._there: dict[str, Arrival] = {}

    def begin(self, guest: LetIn, length: int, digest: str, wish: Wish) -> str:
        """Take note of a photo that will come, and return the word by which its pieces name it.

        Raises:
            ConfigurationError: it is empty or too large, or too many are on their way.
            DiskFull: there is no room for it.
        """
        if not length:
            raise ConfigurationError("the photo is empty: take it again")
        check_size(length, self._largest)
        own = [word for word, one in self._there.items() if one.guest is guest]
        for word in own[: len(own) - OF_ONE + 1]:
            self.forget(word)
        coming = [one for one in self._there.values() if one.answer is None]
        if len(coming) >= MOST:
            raise ConfigurationError("too many photos are on their way to this station: send it later")
        check_room(self._folder, length + sum(one.length - one.offset for one in coming), self._reserve)
        word = secrets.token_urlsafe(24)
        path = self._folder / secrets.token_hex(8) / "part"
        try:
            path.parent.mkdir(parents=True, mode=0o700)
            path.touch(0o600)
        except OSError as error:
            raise DiskFull(f"the station's disk takes no photo ({error}): make room there") from error
        self._there[word] = Arrival(guest, path, length, digest, wish)
        self._wait_for(word)
        return word

    def find(self, guest: LetIn, word: str) -> Arrival:
        """Return a photo on its way (`NotThere`: there is none, or it is another browser's)."""
        found = self._there.get(word)
        if found is None or found.guest is not guest:
            raise NotThere(GIVEN_UP)
        return found

    async def take(self, word: str, arrival: Arrival, piece: bytes) -> None:
        """Take a further piece; whoever calls has its turn (`DiskFull`: the disk does not take it)."""
        await asyncio.to_thread(arrival.add, piece)
        self._wait_for(word)

    def over(self, arrival: Arrival, answer: CommandAnswer) -> None:
        """Remember what was said to a photo: who did not hear it asks again. Its file goes."""
        arrival.answer = answer
        shutil.rmtree(arrival.path.parent, ignore_errors=True)

    def forget(self, word: str) -> None:
        """Give a photo up, and remove what has come of it."""
        if (found := self._there.pop(word, None)) is not None:
            if found.due is not None:
                found.due.cancel()
            shutil.rmtree(found.path.parent, ignore_errors=True)

    def clear(self) -> None:
        """Give all of them up, and remove what an earlier process has left."""
        for word in list(self._there):
            self.forget(word)
        with suppress(OSError):
            shutil.rmtree(self._folder)

    def _wait_for(self, word: str) -> None:
        found = self._there.get(word)
        if found is not None:
            if found.due is not None:
                found.due.cancel()
            found.due = asyncio.get_running_loop().call_later(self._lasts, self.forget, word)


def check_size(length: int, largest: int) -> None:
    """See that a photo is none too large (`ConfigurationError`: it is)."""
    if length > largest:
        raise ConfigurationError(
            f"the photo has {length} bytes, {largest} are taken: choose a lower resolution"
        )


def check_room(folder: Path, length: int, reserve: int = RESERVE) -> None:
    """See that there is room for bytes, and that enough stays free for the run (`DiskFull`: there is not)."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise DiskFull(f"the station's disk takes no photo ({error}): make room there") from error
    if free - length < reserve:
        raise DiskFull(f"the station's disk has {free} bytes left, and the run needs them: make room there")
