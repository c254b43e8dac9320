"""Bringing journals and their files to the laboratory: again and again, until it says that it has them.

What the laboratory has is what it says it has; a station keeps no count of its own. Only lines that
are on the station's disk are sent, for the laboratory must never hold a line that a power cut took
from the journal. A file is sent once the line that names it has arrived, piece by piece, and lines
that were written meanwhile go first.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from remotecal.errors import EvidenceError, TransportError
from remotecal.journal.events import FILE
from remotecal.journal.files import FOLDER
from remotecal.opening import BINARY, make_sure, read_at
from remotecal.transport import subjects
from remotecal.transport.envelopes import seal
from remotecal.transport.messages import LONGEST_LINE, Committed, FilePiece, FileTaken, JournalHead

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.certificates.signing.seal import PublicKey, SealKey
    from remotecal.transport.connection import Connection
    from remotecal.transport.subjects import Service

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)

BATCH = 256 * 1024
"""Bytes of lines, or of a file, sent at a time, unless a single line is longer."""
LOOK_EVERY = 0.5
"""Seconds from one look at a growing journal to the next; each makes one commit at the laboratory."""
ANSWER_WITHIN = 10.0
"""Seconds the laboratory may take to commit a batch."""
RETRY_AFTER = 0.5
"""Seconds until a batch that was not answered is sent again."""


class Upload:
    """One run's journal on its way.

    Args:
        station: whose.
        directory: of the run.
        key: with which the station signs.
        laboratory: with which the laboratory signs its answers.
        connection: on which it travels.
    """

    def __init__(
        self, station: str, directory: Path, key: SealKey, laboratory: PublicKey, connection: Connection
    ) -> None:
        self._station, self._key, self._laboratory = station, key, laboratory
        self._connection = connection
        self._run = directory.name
        self._file, self._folder = directory / FILE, directory / FOLDER
        self._committed = 0
        self._offset = 0
        """Where the first line begins that is not committed."""
        self._missing: dict[str, int] = {}
        """SHA-256 of the files the laboratory lacks → bytes it has of them."""
        self._places: dict[str, Path] = {}
        """SHA-256 → where the file stood when the folder was looked through."""
        self.lost: dict[str, str] = {}
        """SHA-256 of the files that can't be brought → why; their run is never complete there."""

    @property
    def committed(self) -> int:
        """Lines that the laboratory has."""
        return self._committed

    async def run(self, over: asyncio.Event) -> int:
        """Send the journal while it grows, and the files it names.

        Returns the number of its lines once all have arrived, and all files but those that are `lost`.

        Args:
            over: set when nothing will be added any more.

        Raises:
            EvidenceError: the laboratory refuses the lines, for good.
        """
        await self._go_to(await self._send(1, b""))
        while True:
            last = over.is_set()
            lines = await asyncio.to_thread(self._read)
            if lines:
                committed = await self._send(self._committed + 1, lines)
                if committed == self._committed + lines.count(b"\n"):
                    self._committed, self._offset = committed, self._offset + len(lines)
                else:
                    await self._go_to(committed)
            elif (file := next((file for file in self._missing if file not in self.lost), None)) is not None:
                await self._send_piece(file)
            elif last:
                return self._committed
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), LOOK_EVERY)

    async def _send(self, first: int, lines: bytes) -> int:
        """Send lines until the laboratory says how far it is; returns that."""
        head = JournalHead(
            station=self._station,
            run=self._run,
            first=first,
            count=lines.count(b"\n"),
            sha256=sha256(lines).hexdigest(),
        )
        message = seal("journal-head", head, self._key) + b"\n" + lines
        while (answer := await self._ask("journal", message, Committed)) is None:
            pass
        if answer.refused:
            raise EvidenceError(f"the laboratory refuses the journal: {answer.refused}")
        self._missing = dict(answer.missing)
        return answer.committed

    async def _send_piece(self, file: str) -> None:
        """Send the next piece of a file."""
        begin = self._missing[file]
        try:
            piece, size = await asyncio.to_thread(self._read_piece, file, begin)
        except EvidenceError as error:
            self._lose(file, str(error))
            return
        head = FilePiece(
            station=self._station, run=self._run, file=file, begin=begin, sha256=sha256(piece).hexdigest()
        )
        message = seal("file-piece", head, self._key) + b"\n" + piece
        answer = await self._ask("file", message, FileTaken)
        if answer is None:
            return  # lines may have been written meanwhile, and go first
        if answer.refused:
            self._lose(file, f"the laboratory refuses {self._folder / file}: {answer.refused}")
        elif answer.here < size:
            self._missing[file] = answer.here
        else:
            del self._missing[file]

    def _lose(self, file: str, reason: str) -> None:
        self.lost[file] = reason
        log.error("a file of %s does not reach the laboratory: %s", self._run, reason)

    async def _ask(self, service: Service, message: bytes, answer: type[M]) -> M | None:
        """Send a message, and return the laboratory's answer; None, a little later, if there was none."""
        await self._connection.up.wait()
        try:
            return await self._connection.ask(
                subjects.service(service, self._station),
                message,
                answer,
                self._laboratory,
                within=ANSWER_WITHIN,
            )
        except TransportError as error:
            log.info("a %s of %s is not there yet: %s", service, self._run, error)
            await asyncio.sleep(RETRY_AFTER)
            return None

    async def _go_to(self, committed: int) -> None:
        """Go on behind the line the laboratory has."""
        if committed != self._committed:
            self._offset = await asyncio.to_thread(self._find, committed)
            self._committed = committed

    def _read(self) -> bytes:
        """Return the next whole lines, which are on the disk when this returns."""
        try:
            file = os.open(self._file, os.O_RDWR | BINARY)
        except FileNotFoundError:
            return b""
        try:
            content = read_at(file, BATCH, self._offset)
            while content and b"\n" not in content:
                more = read_at(file, BATCH, self._offset + len(content))
                if not more:
                    return b""
                content += more
                if len(content) > LONGEST_LINE + BATCH:
                    raise EvidenceError(
                        f"line {self._committed + 1} of {self._file} has more than {LONGEST_LINE} bytes: no "
                        "laboratory takes that"
                    )
            lines = content[: content.rfind(b"\n") + 1]
            if lines:
                make_sure(file)
            return lines
        finally:
            os.close(file)

    def _read_piece(self, file: str, begin: int) -> tuple[bytes, int]:
        """Return a piece of a file, and the length of the whole."""
        if file not in self._places:
            self._places = {path.stem: path for path in self._folder.glob("*")}
        path = self._places.get(file)
        if path is None:
            raise EvidenceError(f"{self._folder} has no file {file}, which the journal names: put it back")
        try:
            with path.open("rb") as content:
                content.seek(begin)
                piece, size = content.read(BATCH), os.fstat(content.fileno()).st_size
        except OSError as error:
            raise EvidenceError(f"{path} can't be read: {error}") from error
        if not piece:
            raise EvidenceError(f"{path} has {size} bytes, the laboratory has {begin} of it: it was cut")
        return piece, size

    def _find(self, committed: int) -> int:
        """Return where the line behind line `committed` begins."""
        if committed == 0:
            return 0
        number = offset = 0
        with self._file.open("rb") as lines:
            for line in lines:
                number, offset = number + 1, offset + len(line)
                if number == committed:
                    return offset
        raise EvidenceError(
            f"the laboratory has {committed} lines of {self._run}, the journal here has {number}: it was cut"
        )
