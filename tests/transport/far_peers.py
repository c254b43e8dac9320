"""Instruments under a test's control behind a real station, hub and broker, in a thread of their own."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from laboratories import enrol_station, hub_up
from peers import PtyPeer, TcpPeer

from remotecal.cli.processes import free_port
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links import Link, Place, StationLinks
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.hub.founding import found, settings_text
from remotecal.hub.remote_link import stations
from remotecal.hub.settings import HubFolder
from remotecal.station.agent import Station
from remotecal.station.folder import StationFolder
from remotecal.testing.peers import Lines, RtuQuestions

BENCH = "Far bench"


class FarLines(LineInstrument):
    """Answers questions in lines."""

    wire = Lines.wire


class FarRegisters(ModbusInstrument):
    """Answers questions on Modbus."""

    wire = RtuQuestions.wire


@dataclass
class Afar:
    """A laboratory's view of a site where one instrument is on the bench."""

    bench: Path
    stations: StationLinks

    def put(self, driver: str, address: str) -> None:
        """Wire another instrument up there."""
        self.bench.write_text(
            f'[bench]\nname = "{BENCH}"\n[instruments.peer]\ndriver = "{driver}"\naddress = "{address}"\n'
        )


class FarPeer:
    """A peer of the conformance kit, with a station between it and the link."""

    def __init__(self, afar: Afar, peer: TcpPeer | PtyPeer, driver: str) -> None:
        self._afar, self._peer, self._driver = afar, peer, driver
        self.tells_late_replies_apart = peer.tells_late_replies_apart
        self.detects_damage = peer.detects_damage
        for name in ("question", "number", "plan", "foreign", "oversize", "interject", "restart", "deafen"):
            setattr(self, name, getattr(peer, name))

    def open(self) -> Link:
        self._afar.put(self._driver, self._peer.address)
        return self._afar.stations.open(Place("here", BENCH, "peer"), "peer")


@asynccontextmanager
async def _site(path: Path) -> AsyncIterator[HubFolder]:
    addresses = {name: f"127.0.0.1:{free_port()}" for name in ("listen", "enrolment")}
    folder = found(path / "hub", settings_text("Water laboratory", "127.0.0.1", **addresses))
    async with hub_up(folder) as hub:
        await enrol_station(hub, path / "here", "here")
        settings = {"name": "here", "benches": [str(path / "bench.toml")]}
        text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in settings.items())
        (path / "here" / "station.toml").write_text(f'{text}\n[remote]\nwrite = ["{BENCH}/peer"]\n')
        station = Station(StationFolder(path / "here"))
        running = asyncio.create_task(station.run())
        await station.liaison.greeted.wait()
        try:
            yield folder
        finally:
            station.stop()
            await running


@contextmanager
def afar(path: Path) -> Iterator[Afar]:
    """Put a laboratory and a site up."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    far = Afar(path / "bench.toml", None)
    far.put("far_peers:FarLines", "TCPIP::127.0.0.1::1::SOCKET")
    site = _site(path)

    def do(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    folder = do(site.__aenter__())
    try:
        with stations(folder, "Li Wei") as far.stations:
            yield far
    finally:
        do(site.__aexit__(None, None, None))
        do(loop.shutdown_default_executor())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
