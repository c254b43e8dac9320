"""Bringing runs to the laboratory, and making sure that it has them: a station gives nothing up before.

A run is done once the laboratory has said, signed, that it has the journal to its last line and all
files. That word is kept beside the order. Even then the journal stays: a laboratory whose database
was restored from an older copy gets it again.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from remotecal.errors import EvidenceError, JournalBroken, RemotecalError, RunError, TransportError
from remotecal.journal.chain import ending
from remotecal.journal.events import PACKED, found_in, opened_lines
from remotecal.journal.resting import pack_journal, unpack_journal
from remotecal.station.acceptance import read_order
from remotecal.station.run import Stage, StationRun
from remotecal.station.upload import RETRY_AFTER, Upload
from remotecal.transport.ending import end
from remotecal.transport.inventory import Inventory, Kept, Papers, RunHeld, RunKept
from remotecal.transport.messages import Acknowledgement, Compared, Computed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remotecal.station.remote_control import RemoteControl
    from remotecal.station.site import Site
    from remotecal.transport.connection import Proof

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Runs of the past that are brought at the same time; the one that is on waits for none of them."""
PAGE = 200
"""Runs named in one message."""
LOOK_BACK = 64 * 1024
"""Bytes read at a time from the end of a journal."""


class _Bringing(NamedTuple):
    run: StationRun
    over: asyncio.Event
    remote: RemoteControl | None


class Deliveries:
    """A station's runs on their way.

    Args:
        site: the station whose they are.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._few = asyncio.Semaphore(AT_ONCE)
        self._shown: set[tuple[str, str]] = set()
        """To which start of the hub the papers of which order were shown."""
        self._uploads: dict[str, Upload] = {}
        """Run on its way → its journal's way."""
        self.held_up = site.held_up
        """Run → why it does not reach the laboratory."""

    def bring(
        self, run: StationRun, over: asyncio.Event | None = None, remote: RemoteControl | None = None
    ) -> None:
        """See that everything of a run reaches the laboratory, however long it takes.

        Args:
            run: the run.
            over: set once it is over; None if it is.
            remote: its controls, while it is on.
        """
        name = run.order.id
        if name in self._tasks:
            return
        if over is None:
            over = asyncio.Event()
            over.set()
        bringing = self._bring_back(_Bringing(run, over, remote))
        self._tasks[name] = task = asyncio.create_task(bringing, name=f"deliver {name}")
        task.add_done_callback(lambda _: (self._tasks.pop(name), self._uploads.pop(name, None)))

    def resend(self, name: str = "") -> tuple[str, ...]:
        """Ask the laboratory anew what it has of a run, or of all, and send the rest; returns which.

        Raises:
            EvidenceError: there is no such run here that is over.
        """
        over = self._names()
        if name and name not in over:
            raise EvidenceError(
                f"there is no run {name} in {self._site.folder.runs} that is over; one that is on is sent "
                "as it grows"
            )
        names = (name,) if name else over
        for one in names:
            self.bring(self._run(one))
        return names

    async def compare(self) -> None:
        """Say to the laboratory what is here, and send what it lacks.

        A run that is on its way goes on by itself; but its order may be unknown there.

        Raises:
            NotConnected: the agent stops before there is an answer.
        """
        names = sorted({*await asyncio.to_thread(self._names), *self._tasks})
        for first in range(0, len(names), PAGE):
            runs = await asyncio.to_thread(self._held, names[first : first + PAGE])
            for kept in (await self._kept(runs)).answer.runs:
                if kept.run in self._tasks:
                    if not kept.claimed:
                        await self.show_papers(await asyncio.to_thread(self._run, kept.run))
                elif kept.differs:
                    self._hold_up(kept.run, f"the laboratory has another journal: {kept.differs}")
                elif not (kept.whole and kept.claimed):
                    log.warning("the laboratory lacks something of %s: it is sent again", kept.run)
                    self.bring(await asyncio.to_thread(self._run, kept.run))
                else:
                    await self._rest(kept.run)

    async def show_papers(self, run: StationRun) -> bool:
        """Prove to the laboratory that it gave us an order; tell whether it takes that.

        Once to each start of the hub: one that hands out what it knows to be claimed is not to be helped.
        """
        papers = await asyncio.to_thread(run.granted)
        to_whom = (self._site.liaison.hub, run.order.id)
        if papers is None or to_whom in self._shown:
            return False
        self._shown.add(to_whom)
        envelope, (asked, reply) = run.envelope(), papers
        shown = Papers(
            station=self._site.folder.name,
            order=envelope.decode(),
            claim=asked.decode(),
            granted=reply.decode(),
        )
        answer = await self._site.insist("papers", "papers", shown, Acknowledgement)
        if not answer.done:
            log.error("the laboratory does not take the order %s again: %s", run.order.id, answer.reason)
        return answer.done

    async def written_elsewhere(self, run: StationRun, within: float) -> str:
        """Return how a journal here differs from what the laboratory has of it.

        "" where it does not, or nobody says so within a time.
        """
        with suppress(TimeoutError, RemotecalError):
            async with asyncio.timeout(within):
                there = await self._kept([await asyncio.to_thread(held, run.directory)])
                return there.answer.runs[0].differs
        return ""

    async def end(self, within: float) -> None:
        """Bring what can still be brought within a time, and stop."""
        if tasks := tuple(self._tasks.values()):
            await asyncio.wait(tasks, timeout=within)
            await end(*tasks)

    def _names(self) -> tuple[str, ...]:
        """Return the runs that are over, and were at the laboratory or could not be brought there."""
        folder = self._site.folder
        done = {path.parent.name for path in folder.orders.glob("*/done")}
        return tuple(name for name in sorted({*done, *self.held_up}) if (folder.runs / name).is_dir())

    def _held(self, names: Sequence[str]) -> tuple[RunHeld, ...]:
        """Return how far runs go here; one that can't be read holds up itself alone."""
        runs = []
        for name in names:
            try:
                runs.append(held(self._site.folder.runs / name))
            except EvidenceError as error:
                self._hold_up(name, str(error))
        return tuple(runs)

    def arrived(self) -> dict[str, int]:
        """Return run on its way → lines of its journal that the laboratory has."""
        return {run: self._uploads[run].committed if run in self._uploads else 0 for run in self._tasks}

    def failed(self) -> dict[str, str]:
        """Return run → why the laboratory has no record of it."""
        folder = self._site.folder
        told = {path.parent.name: path.read_text("utf-8") for path in folder.orders.glob("*/failed")}
        return {run: reason for run, reason in sorted(told.items()) if reason}

    def _run(self, name: str) -> StationRun:
        folder = self._site.folder
        return StationRun(read_order((folder.orders / name / "order.json").read_bytes(), folder), folder)

    def _hold_up(self, run: str, reason: str) -> None:
        self.held_up[run] = reason
        log.error("run %s does not reach the laboratory: %s", run, reason)

    async def _bring_back(self, what: _Bringing) -> None:
        name = what.run.order.id
        try:
            if what.remote is not None:
                await self._whole(what)
            else:
                async with self._few:
                    await self._whole(what)
        except TransportError as error:
            log.warning("run %s is not at the laboratory yet: %s", name, error)
        except RemotecalError as error:
            self._hold_up(name, str(error))
            with suppress(TransportError):
                await self._site.refuse(name, f"its journal does not reach the laboratory: {error}")
        else:
            self.held_up.pop(name, None)

    async def _whole(self, what: _Bringing) -> None:
        """Bring a run until the laboratory says that it has all of it."""
        run, site = what.run, self._site
        await asyncio.to_thread(unpack_journal, run.directory)
        while True:
            await self._upload(what)
            stage = await asyncio.to_thread(lambda: run.stage)
            kept = None if stage is Stage.CLAIMED else await self._kept_now(run)
            if kept is not None and not kept.claimed:
                await self.show_papers(run)
            if stage is Stage.SIGNED:
                await self._compare(run)
            elif what.remote is not None and what.remote.suspended:
                return  # it goes on once the agent is back
            elif reason := run.ended or (what.remote.ended if what.remote else ""):
                await site.refuse(run.order.id, reason)
            if stage is Stage.CUT_OFF:
                return
            if kept is None:
                run.note_done(None)
                return
            # Only now: whatever was said before may have been said by a hub that has lost it since.
            proof = await self._kept([await asyncio.to_thread(held, run.directory)])
            if proof.answer.runs[0].whole:
                run.note_done(proof)
                await self._rest(run.order.id)
                return
            await asyncio.sleep(RETRY_AFTER)

    async def _rest(self, run: str) -> None:
        """Compress the journal of a run that the laboratory has; where that fails, it stays as it is."""
        try:
            await asyncio.to_thread(pack_journal, self._site.folder.runs / run)
        except RunError as error:
            log.warning("the journal of %s is not compressed: %s", run, error)

    async def _upload(self, what: _Bringing) -> None:
        run, liaison = what.run, self._site.liaison
        upload = Upload(self._site.folder.name, run.directory, liaison.key, liaison.laboratory, liaison.bulk)
        self._uploads[run.order.id] = upload
        await upload.run(what.over)
        if await asyncio.to_thread(lambda: run.stage) is Stage.COMPLETE:
            await asyncio.to_thread(run.sign, liaison.key)
        await upload.run(what.over)
        if upload.lost:
            raise EvidenceError(f"without its files it is not complete: {'; '.join(upload.lost.values())}")

    async def _kept_now(self, run: StationRun) -> RunKept:
        (kept,) = (await self._kept([await asyncio.to_thread(held, run.directory)])).answer.runs
        if kept.differs:
            raise EvidenceError(f"the laboratory has another journal: {kept.differs}")
        return kept

    async def _kept(self, runs: Sequence[RunHeld]) -> Proof[Kept]:
        """Return the laboratory's signed word on what it has of runs."""
        inventory = Inventory(station=self._site.folder.name, runs=tuple(runs))
        proof = await self._site.prove("compare", "inventory", inventory, Kept)
        if [kept.run for kept in proof.answer.runs] != [run.run for run in runs]:
            raise EvidenceError("the laboratory speaks of other runs than it was asked about")
        return proof

    async def _compare(self, run: StationRun) -> None:
        """Tell the laboratory what this station makes of the journal."""
        site = self._site
        record = await asyncio.to_thread(run.record, site.library)
        head = (await asyncio.to_thread(held, run.directory)).head
        computed = Computed(station=site.folder.name, run=run.order.id, head=head, record=record)
        compared = await site.insist("record", "record", computed, Compared)
        await asyncio.to_thread(run.note_failed, "" if compared.agrees else compared.reason)
        if not compared.agrees:
            log.error("the laboratory has no record of %s: %s", run.order.id, compared.reason)


def held(directory: Path) -> RunHeld:
    """Return how far a run's journal goes here, by its last whole line."""
    path = found_in(directory)
    last = _last_of(path)
    if not last and (now := found_in(directory)) != path:  # it was compressed, or written out, just then
        path, last = now, _last_of(now)
    found = ending(last) if last else None
    if last and found is None:
        raise EvidenceError(f"{path} does not end with an event: restore it")
    return RunHeld(
        run=directory.name, lines=0 if found is None else found.seq, head="" if found is None else found.hash
    )


def _last_of(path: Path) -> bytes:
    """Return the end of a journal's last whole line, which says all that is asked; empty if there is none."""
    return _last_of_packed(path) if path.name == PACKED else _last_line(path)


def _last_of_packed(path: Path) -> bytes:
    last = b""
    try:
        with opened_lines(path) as lines:
            for line in lines:
                last = line[:-1] if line.endswith(b"\n") else last
    except JournalBroken:
        if path.exists():
            raise
    return last


def _last_line(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            tail, begin = b"", end
            while begin and b"\n" not in tail:
                begin = max(0, begin - LOOK_BACK)
                file.seek(begin)
                tail = file.read(end - begin)
            end = begin + tail.rfind(b"\n") if b"\n" in tail else 0
            file.seek(max(0, end - LOOK_BACK))
            return file.read(min(end, LOOK_BACK))
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise EvidenceError(f"{path} can't be read: {error}") from error
