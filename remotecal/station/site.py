"""What the parts of a station's agent share: its directory, its ties, its instruments, the run that is on."""

from __future__ import annotations

import asyncio
import shutil
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from remotecal.errors import NotConnected
from remotecal.station.acceptance import benches
from remotecal.station.consent import Consent
from remotecal.station.held import checks, held, numbers, relies
from remotecal.station.liaison import Liaison
from remotecal.transport.bundles import TrustedProcedures
from remotecal.transport.ending import end
from remotecal.transport.messages import Acknowledgement, BenchAnnounced, Hello, Refusal
from remotecal.transport.versions import SPEAKS

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.station.folder import StationFolder
    from remotecal.station.remote_control import RemoteControl
    from remotecal.transport.connection import Proof
    from remotecal.transport.envelopes import Kind
    from remotecal.transport.messages import Live
    from remotecal.transport.subjects import Service

M = TypeVar("M", bound=BaseModel)

HELD_UP_TOLD = 20
"""Runs of which a hello tells why they are held up, at most."""
LONGEST_WHY = 500
"""Characters of what a hello tells of a run that is held up."""

FAREWELL = 5.0
"""Seconds in which a stopping agent still tries to bring journals to the laboratory."""


class Site:
    """The station as every part of its agent sees it.

    Args:
        folder: the station's directory.
        hello_every: seconds from one hello to the next.
    """

    def __init__(self, folder: StationFolder, hello_every: float) -> None:
        self.folder = folder
        self.library = TrustedProcedures(folder.procedures)
        self.liaison = Liaison(folder, self._hello, self.nudge, hello_every)
        self.consent = Consent(folder.consent)
        """What the person on site is asked before an order is begun."""
        self.held_up: dict[str, str] = {}
        """Run → why it does not reach the laboratory."""
        self.current: RemoteControl | None = None
        """The run that is on."""
        self.instruments = asyncio.Lock()
        """Held by whoever uses the instruments."""
        self.nudged = asyncio.Event()
        """Set when there may be an order."""
        self.stopping = asyncio.Event()
        """Set once the agent is being shut down."""

    def nudge(self) -> None:
        """Look for an order now."""
        self.nudged.set()

    def live(self) -> Live | None:
        """Return where the run is that is on; None if there is none."""
        return self.current.live() if self.current else None

    async def refuse(self, order: str, reason: str) -> None:
        """Tell the laboratory why an order was not carried out, or not to the end."""
        refusal = Refusal(station=self.folder.name, order=order, reason=reason)
        await self.insist("refuse", "refusal", refusal, Acknowledgement)

    async def insist(self, service: Service, kind: Kind, content: BaseModel, answer: type[M]) -> M:
        """Say something to the laboratory until it answers (`NotConnected`: the agent stops before)."""
        return (await self.prove(service, kind, content, answer)).answer

    async def prove(self, service: Service, kind: Kind, content: BaseModel, answer: type[M]) -> Proof[M]:
        """Say something to the laboratory until it answers, and return that with its proof; as `insist`."""
        insisting = asyncio.create_task(self.liaison.prove(service, kind, content, answer))
        stopping = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({insisting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({insisting}, timeout=FAREWELL)
            if not insisting.done():
                raise NotConnected("the agent is being shut down, and the laboratory does not answer")
        finally:
            await end(stopping, insisting)
        return insisting.result()

    def _hello(self, session: str, nonce: str) -> Hello:
        return Hello(
            station=self.folder.name,
            session=session,
            nonce=nonce,
            time=time.time(),
            version=version("remotecal"),
            benches=tuple(
                BenchAnnounced(
                    name=bench.name,
                    sha256=bench.sha256,
                    instruments={name: entry.driver for name, entry in bench.file.instruments.items()},
                    artefacts=tuple(bench.file.artefacts),
                    roles=bench.file.roles,
                    holds=held(bench),
                    numbers=numbers(bench),
                    relies=relies(bench),
                    checks=checks(bench),
                    simulated=bench.file.bench.clock != "real",
                )
                for bench in benches(self.folder).values()
            ),
            procedures=self.library.announced(),
            running=self.current.run if self.current else None,
            speaks=SPEAKS,
            disk_free=_free(self.folder.path),
            held_up={run: why[:LONGEST_WHY] for run, why in [*self.held_up.items()][:HELD_UP_TOLD]},
            waits_for_consent=self.consent.waiting(self.liaison.laboratory_time),
        )


def _free(path: Path) -> int | None:
    """Return how many bytes are free where a file lies; None where the system does not tell."""
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return None
