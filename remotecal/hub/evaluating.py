"""Computing records in a process of their own, which can be ended: one at a time, the stations taking turns.

What is evaluated is what a station sent, and how long that takes is up to it. So each record has a
time limit, after which the process is killed; and of the stations that wait the one goes first
whose records took the least time of late.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from remotecal.certificates.signing.seal import PublicKey
from remotecal.errors import RemotecalError
from remotecal.transport.bundles import TrustedProcedures
from remotecal.transport.messages import Compared, Computed

if TYPE_CHECKING:
    from remotecal.hub.settings import HubFolder
    from remotecal.store import Store

log = logging.getLogger(__name__)

START_WITHIN = 60.0
"""Seconds the process may take to start."""
LONGEST_ANSWER = 2**20
"""Bytes of a process's answer; what it says in it is shorter by far (`ordered.LONGEST_REASON`)."""
ANSWER_WITHIN = 4.0
"""Seconds a station's request waits for its record; then it is not answered, and comes again."""
FRESH = 10.0
"""Seconds in which the same request is answered by the same words, without computing again."""
PIPES_WITHIN = 5.0
"""Seconds in which the pipes of a process that was ended are closed, or left."""
FORGET_HALF = 600.0
"""Seconds after which half of the time that a station's records took is forgotten."""


@dataclass(slots=True)
class _Job:
    computed: Computed
    key: PublicKey
    done: asyncio.Future[Compared | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    ended: float = 0.0

    @property
    def stale(self) -> bool:
        return self.done.done() and (self.done.result() is None or time.monotonic() - self.ended > FRESH)


class Evaluating:
    """Answers what a station asks about its record.

    Args:
        folder: the hub's directory.
        laboratory: with which the laboratory signs orders.
    """

    def __init__(self, folder: HubFolder, laboratory: PublicKey) -> None:
        self._limit = folder.settings.share.evaluation
        self._told = {
            "procedures": str(folder.procedures.resolve()),
            "database": folder.database,
            "laboratory": laboratory.text,
        }
        self._jobs: dict[str, _Job] = {}
        """Station → what it asked last."""
        self._took: dict[str, tuple[float, float]] = {}
        """Station → seconds its records took of late, and when that was said."""
        self._more = asyncio.Event()
        self.process: asyncio.subprocess.Process | None = None
        """The process that computes."""

    async def compare(self, computed: Computed, key: PublicKey) -> Compared | None:
        """Return what the laboratory makes of a run; None if that is not known yet, so ask again.

        A station has one record computed at a time; while it is, others of its are not answered.
        """
        job = self._jobs.get(computed.station)
        if job is None or job.stale or (job.computed != computed and job.done.done()):
            job = self._jobs[computed.station] = _Job(computed, key)
            self._more.set()
        elif job.computed != computed:
            return None
        await asyncio.wait({job.done}, timeout=ANSWER_WITHIN)
        return job.done.result() if job.done.done() else None

    async def run(self) -> None:
        """Compute what is asked for, until cancelled."""
        try:
            while True:
                if not (waiting := self.waiting()):
                    self._more.clear()
                    await self._more.wait()
                    continue
                job = waiting[0]
                began = time.monotonic()
                answer = await self._compute(job)
                job.ended = time.monotonic()
                self.took(job.computed.station, job.ended - began)
                job.done.set_result(answer)
        finally:
            await self._end()

    def waiting(self) -> list[_Job]:
        """Return what is to be computed, in the order in which it will be unless more comes."""
        jobs = [job for job in self._jobs.values() if not job.done.done()]
        return sorted(jobs, key=lambda job: self._lately(job.computed.station))

    def took(self, station: str, duration: float) -> None:
        """Note that a station's record took so many seconds."""
        self._took[station] = (self._lately(station) + duration, time.monotonic())

    def _lately(self, station: str) -> float:
        took, at = self._took.get(station, (0.0, 0.0))
        return float(took * 0.5 ** ((time.monotonic() - at) / FORGET_HALF))

    async def _compute(self, job: _Job) -> Compared | None:
        run = f"the record of {job.computed.run} of {job.computed.station}"
        try:
            process = await self._started()
        except (OSError, EOFError, TimeoutError) as error:
            log.error("no process for records can be started: %r", error)  # noqa: TRY400
            await self._end()
            return None
        asked = {"computed": job.computed.model_dump(mode="json"), "key": job.key.text}
        try:
            async with asyncio.timeout(self._limit):
                answer = await _exchange(process, json.dumps(asked).encode() + b"\n")
            return Compared.model_validate_json(answer) if answer.strip() else None
        except TimeoutError:
            reason = f"{run} could not be computed within {self._limit:g} s: it was given up"
        except (OSError, EOFError, ValueError):  # the last where it answers at too great length, or nonsense
            reason = f"the process that computed {run} ended: it was given up"
        log.error("%s", reason)
        await self._end()
        return Compared(agrees=False, reason=reason)

    async def _started(self) -> asyncio.subprocess.Process:
        if self.process is None or self.process.returncode is not None:
            # What can be imported here can be imported there, for a procedure may need it.
            paths = os.pathsep.join(filter(None, sys.path))
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                __name__,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LONGEST_ANSWER,
                env=os.environ | {"PYTHONPATH": paths},
            )
            async with asyncio.timeout(START_WITHIN):
                await _exchange(self.process, json.dumps(self._told).encode() + b"\n")
        return self.process

    async def _end(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            # To the end of its pipes, which else outlive the loop; a process it left behind may hold them.
            with suppress(TimeoutError):
                async with asyncio.timeout(PIPES_WITHIN):
                    await process.communicate(b"")


async def _exchange(process: asyncio.subprocess.Process, line: bytes) -> bytes:
    """Return a process's line in answer to ours (`EOFError` if it has ended)."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(line)
    await process.stdin.drain()
    answer = await process.stdout.readline()
    if not answer.endswith(b"\n"):
        raise EOFError
    return answer


def main() -> None:
    """Compute one record after the other, as `Evaluating` asks on standard input, until that ends."""
    from remotecal.store import Store

    # What a procedure prints is no answer; and Ctrl-C is for the hub, which ends this process.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = json.loads(sys.stdin.buffer.readline())
    laboratory, library = PublicKey.from_text(told["laboratory"]), TrustedProcedures(Path(told["procedures"]))
    lines = SimpleQueue[bytes]()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    with Store(told["database"]) as store:
        answers.write(b"\n")
        while True:
            asked = json.loads(lines.get())
            computed, key = Computed.model_validate(asked["computed"]), PublicKey.from_text(asked["key"])
            answers.write(_answer(store, library, computed, key, laboratory) + b"\n")


def _listen(lines: SimpleQueue[bytes]) -> None:
    """Take what is asked; end this process with the hub, whatever it computes then."""
    for line in sys.stdin.buffer:
        lines.put(line)
    os._exit(0)


def _answer(
    store: Store, library: TrustedProcedures, computed: Computed, key: PublicKey, laboratory: PublicKey
) -> bytes:
    """Return a `Compared` in JSON; nothing where the database did not do what it should, so ask again."""
    from remotecal.hub.recomputing import recompute

    try:
        return recompute(store, library, computed, key, laboratory).model_dump_json().encode()
    except RemotecalError:
        log.exception("the record of %s can't be computed now", computed.run)
        return b""


if __name__ == "__main__":
    main()
