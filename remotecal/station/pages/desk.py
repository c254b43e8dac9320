"""The station as its page sees it: the agent by the owner's socket, the runs on this computer's disk."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from remotecal.errors import ConfigurationError, NotConnected, NotThere
from remotecal.journal.events import found_in
from remotecal.journal.files import FOLDER
from remotecal.model import Record
from remotecal.pages.photos import drawn_anew, examine
from remotecal.private_files import write_private
from remotecal.station.acceptance import read_order
from remotecal.station.on_site import Wish, wish_for
from remotecal.station.pages.arriving import UPLOADS, check_room, check_size
from remotecal.station.pages.journals import FollowedJournal, JournalTold
from remotecal.station.pages.runs_here import RunsHere
from remotecal.station.run import StationRun
from remotecal.transport.bundles import TrustedProcedures
from remotecal.transport.messages import StationState
from remotecal.transport.subjects import check_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remotecal.station.folder import StationFolder
    from remotecal.transport.messages import CommandAnswer

RECORDS: Final = 4
"""Records that are remembered."""
AGAIN_AFTER: Final = 2.0
"""Seconds after which a record that could not be computed is tried again."""
FOLLOWED: Final = 4
"""Journals that are read on from where they were read to before."""
PICTURES: Final = 8
"""Pictures that are remembered as they are shown."""


class Desk:
    """What the page asks for and does.

    Args:
        folder: the station's directory.
        now: tells the time, in seconds since whenever.
    """

    def __init__(self, folder: StationFolder, now: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self.runs = RunsHere(folder)
        """The runs on this computer's disk."""
        self._following = lru_cache(FOLLOWED)(FollowedJournal)
        self._record = lru_cache(RECORDS)(self._found)
        self._not_yet: dict[str, float] = {}
        """Run → until when it is not computed again, of those of which no record could be."""
        self._now = now
        self._drawn = lru_cache(PICTURES)(drawn_anew)

    async def state(self) -> StationState | None:
        """Return what the agent does; None where none is at work."""
        try:
            answer = await wish_for(self.folder.socket, Wish(verb="state"))
        except (NotConnected, ConfigurationError):
            return None
        return StationState.model_validate_json(answer.content)

    async def wish(self, wish: Wish) -> CommandAnswer:
        """Tell the agent what is wanted (`NotConnected`: none is at work)."""
        return await wish_for(self.folder.socket, wish)

    def told(self, run: str) -> JournalTold | None:
        """Return what a run's journal tells; None where there is none yet."""
        directory = self.folder.runs / check_run(run)
        if not found_in(directory).exists():
            return None
        return self._following(directory).look()

    def record(self, run: str) -> Record | None:
        """Return what comes of a complete run; None where that can't be computed here, or not yet."""
        try:
            return self._record(run)
        except NotThere:
            return None

    def _found(self, run: str) -> Record:
        """Return what comes of a run (`NotThere`: nothing yet, and what was not found is not remembered)."""
        now = self._now()
        if now >= self._not_yet.get(run, now):
            self._not_yet = {one: until for one, until in self._not_yet.items() if until > now}
            if told := self._computed(run):
                return Record.from_json(told)
            # its journal may be on its way to rest, and be whole in a moment
            self._not_yet[run] = self._now() + AGAIN_AFTER
        raise NotThere("no record of the run can be computed here, or not yet")

    def _computed(self, run: str) -> str:
        envelope = (self.folder.orders / check_run(run) / "order.json").read_bytes()
        run_here = StationRun(read_order(envelope, self.folder), self.folder)
        return run_here.record(TrustedProcedures(self.folder.procedures))

    def keep(self, content: bytes) -> Path:
        """Write a photo where the agent can take it from.

        Raises:
            ConfigurationError: it is none, or too large.
            DiskFull: there is no room for it.
        """
        check_size(len(content), self.folder.settings.largest_file)
        name = _name(content)  # which says so where there is none
        check_room(self.folder.path / UPLOADS, len(content))
        path = self.folder.path / UPLOADS / secrets.token_hex(8) / name
        write_private(path, content)
        return path

    def called(self, path: Path, content: Callable[[], bytes]) -> Path:
        """Give a photo that has come in pieces its name (`ConfigurationError`: it is none)."""
        named = path.with_name(_name(content()))
        return path.replace(named)

    def forget(self, path: Path) -> None:
        """Remove what was kept on its way; what the agent took has a copy of its own."""
        with suppress(OSError):
            path.unlink()
            path.parent.rmdir()

    def picture(self, run: str, digest: str) -> bytes:
        """Return a file of a run as a picture, drawn anew.

        Raises:
            NotThere: the run has no such file, or it is no picture.
        """
        told = self.told(run)
        if told is None or digest not in told.pictures:
            raise NotThere("the run has no such picture")
        paths = list((self.folder.runs / run / FOLDER).glob(f"{digest}*"))
        try:
            content = _read(paths[0], self.folder.settings.largest_file)
            if sha256(content).hexdigest() != digest:
                raise NotThere("the picture is not the one the journal names: it was changed")
            return self._drawn(content)
        except (IndexError, OSError, ConfigurationError) as error:
            raise NotThere(f"the picture can't be shown: {error}") from error


def _name(content: bytes) -> str:
    """Return what a photo is called: nothing a browser says of it (`ConfigurationError`: it is none)."""
    return f"photo-{sha256(content).hexdigest()[:12]}{examine(content)}"


def _read(path: Path, largest: int) -> bytes:
    """Return a file's content; a link would lead anywhere."""
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
        return file.read(largest + 1)
