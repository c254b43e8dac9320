"""Taking in journals: what arrives while one transaction is committed, or soon after, goes into the next."""

from __future__ import annotations

import asyncio
import logging
import time
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from remotecal.certificates.signing.seal import PublicKey
from remotecal.errors import ConfigurationError, EvidenceError, RemotecalError, StoreFull
from remotecal.hub.ordered import judge, tell_conflict
from remotecal.store.growing import Batch
from remotecal.transport import subjects
from remotecal.transport.envelopes import spoken_by, unseal
from remotecal.transport.messages import Committed, FilePiece, FileTaken, JournalHead

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotecal.store import Store
    from remotecal.store.stations import StationRow

log = logging.getLogger(__name__)

TOGETHER = 64
"""How many batches go into one transaction."""
APART = 0.05
"""Seconds from the beginning of one transaction to that of the next, at least: one costs the processor as
much as five short batches that go into it."""
SHORT = 2**16
"""Bytes below which a batch is what a run has just told; whoever brings more has more to bring, and waits."""


class _Waiting(NamedTuple):
    station: str
    content: bytes
    answer: asyncio.Future[Committed | None]


class Ingest:
    """Takes batches of lines, and answers each once its transaction is committed.

    Args:
        store: where they go.
        laboratory: with which the laboratory signs orders; a run that it did not order stands apart.
    """

    def __init__(self, store: Store, laboratory: PublicKey) -> None:
        self._store, self._laboratory = store, laboratory
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()

    async def take(self, subject: str, content: bytes) -> Committed | None:
        """Take what a station sends, and return the answer; None where there is to be none."""
        waiting = _Waiting(subjects.station_of(subject), content, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(waiting)
        return await waiting.answer

    async def take_file(self, station: StationRow, content: bytes) -> FileTaken:
        """Take a piece of a file a journal names, and return how far the file is.

        Raises:
            EvidenceError: the station did not sign it.
        """
        return await asyncio.to_thread(self._take_file, station, content)

    async def run(self) -> None:
        """Commit what waits, again and again, until cancelled."""
        loop, last = asyncio.get_running_loop(), -APART
        while True:
            waiting = [await self._queue.get()]
            if len(waiting[0].content) < SHORT and self._queue.qsize() < TOGETHER - 1:
                await asyncio.sleep(last + APART - loop.time())
            last = loop.time()
            while not self._queue.empty() and len(waiting) < TOGETHER:
                waiting.append(self._queue.get_nowait())
            try:
                answers: Sequence[Committed | None] = await asyncio.to_thread(self._commit, waiting)
            except StoreFull as error:
                log.error("%s; stations keep their journals, and send again what is missing", error)  # noqa: TRY400
                answers = [None] * len(waiting)
            except Exception:
                # Whatever it is, the next ones may be better off.
                log.exception("journals can't be taken in; the stations will send them again")
                answers = [None] * len(waiting)
            for one, answer in zip(waiting, answers, strict=True):
                if not one.answer.done():
                    one.answer.set_result(answer)

    def _commit(self, waiting: Sequence[_Waiting]) -> list[Committed | None]:
        """Take what waits together: the database is asked as often for many batches as it is for one."""
        stations = self._store.stations.some({one.station for one in waiting})
        batches = [self._checked(one, stations.get(one.station)) for one in waiting]
        good = [batch for batch in batches if batch is not None]
        if not good:
            return [None] * len(waiting)
        taken = iter(self._store.journals.append_all(good, time.time()))
        missing = self._store.files.missing_of({(batch.station, batch.run) for batch in good})
        return [None if batch is None else self._told(batch, next(taken), missing) for batch in batches]

    def _checked(self, waiting: _Waiting, station: StationRow | None) -> Batch | None:
        """Return a batch that its station has signed; None for anything else, which is not answered."""
        try:
            return self._opened(waiting, station)
        except RemotecalError as error:
            log.warning("lines of %s are not taken: %s", waiting.station, error)
            return None

    def _opened(self, waiting: _Waiting, station: StationRow | None) -> Batch:
        if station is None:
            raise ConfigurationError(f"{waiting.station} is no station in the register")
        if not station.enabled:
            raise ConfigurationError(f"{station.name} was revoked")
        envelope, _, text = waiting.content.partition(b"\n")
        head = spoken_by(
            station, unseal(envelope, "journal-head", JournalHead, [PublicKey.from_text(station.key)])
        )
        lines = text.split(b"\n")[:-1]
        if sha256(text).hexdigest() != head.sha256 or len(lines) != head.count:
            raise EvidenceError(f"the lines of run {head.run} are not those {station.name} signed")
        return Batch(station.name, subjects.check_run(head.run), head.first, lines)

    def _told(
        self, batch: Batch, taken: int | EvidenceError, missing: Mapping[tuple[str, str], dict[str, int]]
    ) -> Committed:
        if isinstance(taken, int):
            if batch.first == 1 and batch.lines and taken:
                self._judge(batch)
            return Committed(committed=taken, missing=missing[batch.station, batch.run])
        reason = str(taken)
        tell_conflict(self._store, batch.station, batch.run, reason)
        return Committed(committed=self._store.journals.committed(batch.station, batch.run), refused=reason)

    def _judge(self, batch: Batch) -> None:
        if reason := judge(self._store, self._laboratory, batch.station, batch.run, batch.lines[0]):
            log.error("a run of %s stands apart: %s", batch.station, reason)

    def _take_file(self, station: StationRow, content: bytes) -> FileTaken:
        envelope, _, piece = content.partition(b"\n")
        head = spoken_by(
            station, unseal(envelope, "file-piece", FilePiece, [PublicKey.from_text(station.key)])
        )
        if sha256(piece).hexdigest() != head.sha256:
            raise EvidenceError(f"the piece of a file of run {head.run} is not the one {station.name} signed")
        run = subjects.check_run(head.run)
        try:
            return FileTaken(here=self._store.files.take(station.name, run, head.file, head.begin, piece))
        except EvidenceError as error:
            self._store.note(station.name, "file refused", {"run": run, "reason": str(error)})
            log.error("%s", error)  # noqa: TRY400
            return FileTaken(here=0, refused=str(error))
