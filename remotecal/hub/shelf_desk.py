"""A laboratory of one computer: the runs of a folder for its pages; nobody to order from or to command."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final

from remotecal.certificates import APART, PDF_NAME, XML_NAME, folder_of
from remotecal.certificates.dcc.xml import LARGEST_FILE
from remotecal.configuration import read_plain
from remotecal.errors import CertificateRefused
from remotecal.hub.founding import found, settings_text
from remotecal.hub.laboratory import OrderDesk, connection
from remotecal.hub.run_at import RunAt, lacking
from remotecal.hub.shelf import Shelf
from remotecal.model import Record
from remotecal.order import Order
from remotecal.transport.ending import end

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 2.0
"""Seconds from one look at the folder to the next."""


@dataclass(frozen=True, slots=True)
class ShelvedRun(RunAt):
    """A run that was carried out on this computer; its certificate lies beside its journal."""

    directory: Path = field(kw_only=True)
    """Where its journal lies."""
    order: Order = field(kw_only=True)
    """What was ordered."""

    def record(self, computed: Record | None = None) -> Record:
        return computed or self.computed()

    def newest(self) -> RunAt:
        return self

    def whole(self) -> Record:
        return self._computed()[0]

    def certificate(self, computed: Record | None = None) -> bytes:
        from remotecal.certificates.dcc import write

        path = self._place() / XML_NAME
        return read_plain(path, LARGEST_FILE) if path.is_file() else write(self.record(computed))

    def printed(self) -> bytes:
        from remotecal.certificates.pdf import print_certificate

        path = self._place() / PDF_NAME
        if path.is_file():
            return read_plain(path, LARGEST_FILE)
        return print_certificate(self.record(), self.certificate())

    def _place(self) -> Path:
        if not self.device:
            return self.directory
        return self.directory / APART / folder_of(self.record().number)

    def _computed(self) -> tuple[Record, Order]:
        row = self.store.records.find(self.station, self.run)
        if row is None:
            raise CertificateRefused(lacking(self.store, self.station, self.run))
        return Record.from_json(row.record), self.order


class ShelfDesk(OrderDesk):
    """The runs of a folder.

    Args:
        shelf: what lies in it.
        made: a hub's directory, made for it.
    """

    founded: ClassVar[bool] = False

    def __init__(self, shelf: Shelf, made: Path) -> None:
        from remotecal.hub.settings import HubFolder

        folder = HubFolder(made)
        super().__init__(folder, shelf.store, connection(folder, "shelf"))
        self.shelf = shelf
        """What lies in the folder."""

    def at(self, station: str, run: str, device: str = "") -> RunAt:
        directory, order = self.shelf.directory(run), self.shelf.order(run)
        return ShelvedRun(self.folder, self.store, station, run, device, directory=directory, order=order)

    def devices(self, run: str) -> Mapping[str, str]:
        return self.shelf.order(run).numbers

    async def follow(self) -> None:
        """Compute records, and take in what comes, until cancelled; what was begun is ended before."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "shelf") as looking:
            while True:
                for work, rest in ((self.shelf.evaluate, LOOK_EVERY), (self.shelf.refresh, 0.0)):
                    try:
                        await loop.run_in_executor(looking, work)
                    except Exception:
                        log.exception("the folder can't be looked at; it is looked at again")
                    await asyncio.sleep(rest)


@asynccontextmanager
async def open_shelf(folder: Path, name: str, procedures: Sequence[Path] = ()) -> AsyncIterator[ShelfDesk]:
    """Give what lies in a folder, which is followed while the context lasts; errors as `Shelf`.

    Args:
        folder: where runs and certificates lie.
        name: what the laboratory is called on the pages.
        procedures: as of `Shelf`.
    """
    with TemporaryDirectory(prefix="remotecal-shelf-") as kept:
        made = found(Path(kept) / "hub", settings_text(name, "127.0.0.1"))
        shelf = Shelf(folder, made.database, procedures)
        try:
            desk = ShelfDesk(shelf, made.path)
            await asyncio.to_thread(shelf.refresh)
            following = asyncio.create_task(desk.follow(), name="shelf")
            try:
                yield desk
            finally:
                await end(following)
        finally:
            shelf.store.close()
