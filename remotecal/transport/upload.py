"""Bringing journals to the laboratory: again and again, until it says that it has them.

What the laboratory has is what it says it has; a station keeps no count of its own. Only lines that
are on the station's disk are sent, for the laboratory must never hold a line that a power cut took
from the journal.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from remotecal.configuration import checked
from remotecal.errors import ConfigurationError, EvidenceError, LinkError
from remotecal.procedures.journal import FILE
from remotecal.transport import subjects
from remotecal.transport.envelopes import seal
from remotecal.transport.messages import Committed, JournalHead

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.certificates.signing.seal import SealKey
    from remotecal.transport.connection import Connection

log = logging.getLogger(__name__)

BATCH = 256 * 1024
"""Bytes of lines sent at a time, unless a single line is longer."""
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
        connection: on which it travels.
    """

    def __init__(self, station: str, directory: Path, key: SealKey, connection: Connection) -> None:
        self._station, self._key, self._connection = station, key, connection
        self._run = directory.name
        self._file = directory / FILE
        self._committed = 0
        self._offset = 0
        """Where the first line begins that is not committed."""

    async def run(self, over: asyncio.Event) -> int:
        """Send the journal while it grows; returns the number of its lines once all have arrived.

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
        subject = subjects.service("journal", self._station)
        while True:
            await self._connection.up.wait()
            try:
                reply = await self._connection.request(subject, message, within=ANSWER_WITHIN)
            except LinkError as error:
                log.info("lines %d… of %s are not there yet: %s", first, self._run, error)
                await asyncio.sleep(RETRY_AFTER)
                continue
            answer = checked(Committed, json.loads(reply), "the laboratory's answer", ConfigurationError)
            if answer.refused:
                raise EvidenceError(f"the laboratory refuses the journal: {answer.refused}")
            return answer.committed

    async def _go_to(self, committed: int) -> None:
        """Go on behind the line the laboratory has."""
        if committed != self._committed:
            self._offset = await asyncio.to_thread(self._find, committed)
            self._committed = committed

    def _read(self) -> bytes:
        """Return the next whole lines, which are on the disk when this returns."""
        try:
            file = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return b""
        try:
            content = os.pread(file, BATCH, self._offset)
            while content and b"\n" not in content:
                more = os.pread(file, BATCH, self._offset + len(content))
                if not more:
                    return b""
                content += more
            lines = content[: content.rfind(b"\n") + 1]
            if lines:
                os.fdatasync(file)
            return lines
        finally:
            os.close(file)

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
