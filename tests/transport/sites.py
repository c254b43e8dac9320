"""A site: a station beside a tiny bench on real sockets, enrolled with a laboratory."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from at_rest import journal_in
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from laboratories import enrol_station
from tiny_bench import PROCEDURE, Tiny

from remotecal.certificates.signing.seal import SealKey
from remotecal.hub.hub import Hub
from remotecal.order import Order
from remotecal.station.agent import Station
from remotecal.station.folder import StationFolder
from remotecal.store.journals import RunRow
from remotecal.transport.bundles import make_bundle
from remotecal.transport.messages import Live, ProcedureNamed, RemoteOrder, Terms

BENCH = "Tiny bench"
HELLO_EVERY = 0.2


@dataclass
class Site:
    """A station, the laboratory it belongs to, and the bench beside it."""

    hub: Hub
    tiny: Tiny
    folder: StationFolder
    author: SealKey
    """Who signs procedures; the station has pinned this key."""

    def bundle(self, author: SealKey | None = None) -> tuple[str, ProcedureNamed]:
        """Return the tiny procedure, signed."""
        author = author or self.author
        bundle = make_bundle(PROCEDURE, author)
        return bundle, self.hub.library.install(bundle, [author.public])

    async def order(
        self,
        author: SealKey | None = None,
        certificate: str | None = None,
        lasts: float = 3600.0,
        **terms: object,
    ) -> RemoteOrder:
        """Issue an order for the tiny procedure."""
        bundle, procedure = self.bundle(author)
        whole = Terms(**{"bench": BENCH, "bundle": bundle, **terms})
        order = Order.load(self.tiny.order)
        if certificate is not None:
            head = order.order.model_copy(update={"certificate": certificate})
            order = order.model_copy(update={"order": head})
        return await self.hub.laboratory.issue(
            order, procedure, self.folder.name, whole, "Li Wei", lasts=lasts
        )

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Station]:
        """Run the station's agent in this process."""
        station = Station(self.folder, hello_every=HELLO_EVERY)
        running = asyncio.create_task(station.run())
        try:
            yield station
        finally:
            station.stop()
            await running

    def run_row(self, order: RemoteOrder) -> RunRow | None:
        return self.hub.laboratory.store.journals.find(self.folder.name, order.id)

    async def state(self, order: RemoteOrder, *states: str) -> RunRow:
        """Wait until a run is in one of these states at the laboratory."""
        while (row := self.run_row(order)) is None or row.state not in states:
            await asyncio.sleep(0.02)
        return row

    async def recomputed(self, order: RemoteOrder) -> None:
        """Wait until the laboratory has computed a run's record."""
        while self.hub.laboratory.store.records.find(self.folder.name, order.id) is None:
            await asyncio.sleep(0.02)

    async def refusal(self, order: RemoteOrder) -> str:
        """Wait until the station has refused an order, and return why."""
        while not (row := self.hub.laboratory.store.orders.find(order.id)) or not row.reason:
            await asyncio.sleep(0.02)
        return row.reason

    def journal(self, order: RemoteOrder) -> list[dict]:
        lines = journal_in(self.folder.runs / order.id).splitlines()
        return [json.loads(line) for line in lines]

    def arrived_whole(self, order: RemoteOrder) -> bool:
        """Tell whether the laboratory's journal is the station's, byte by byte."""
        here = journal_in(self.folder.runs / order.id)
        there = self.hub.laboratory.store.journals.lines(self.folder.name, order.id)
        return here == b"".join(line + b"\n" for line in there)


async def enrol_site(hub: Hub, tiny: Tiny, path: Path, name: str = "here", **settings: object) -> Site:
    folder = await enrol_station(hub, path, name)
    author = SealKey(Ed25519PrivateKey.generate())
    written = {"name": name, "benches": [str(tiny.bench)], "trusted": [author.public.text], **settings}
    text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in written.items())
    (path / "station.toml").write_text(text)
    return Site(hub, tiny, StationFolder(folder.path), author)


class Watching:
    """Everything a station shows of a run."""

    def __init__(self) -> None:
        self.shown: list[Live] = []
        self._more = asyncio.Event()

    async def __call__(self, _: str, content: bytes) -> None:
        self.shown.append(Live.model_validate_json(content))
        self._more.set()

    async def until(self, wanted: Callable[[Live], bool]) -> Live:
        """Wait until something is shown that fits, and return it."""
        seen = 0
        while True:
            for live in self.shown[seen:]:
                if wanted(live):
                    return live
            seen = len(self.shown)
            self._more.clear()
            await self._more.wait()


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.02)
