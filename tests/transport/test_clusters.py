"""Servers that are run elsewhere: three that work together, and one behind WebSocket; and a bad line."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from laboratories import free_port, hub_up
from sites import Watching, enrol_site, until
from tiny_bench import Tiny

from remotecal.certificates.signing.seal import SealKey
from remotecal.transport.broker import configuration, executable
from remotecal.transport.founding import found, settings_text
from remotecal.transport.settings import BrokerSettings, Cluster, HubFolder


def founded(path: Path, settings: str) -> HubFolder:
    return found(path / "hub", settings)


@pytest.fixture
def cluster(tmp_path: Path):
    """Three servers that are started by nobody yet, and a hub that starts none."""
    listen = [f"127.0.0.1:{free_port()}" for _ in range(3)]
    routes = [f"127.0.0.1:{free_port()}" for _ in range(3)]
    settings = settings_text("W", "127.0.0.1", listen=listen[0], enrolment=f"127.0.0.1:{free_port()}")
    servers = ", ".join(f'"tls://{address}"' for address in listen)
    settings = settings.replace(f'["tls://{listen[0]}"]', f"[{servers}]").replace(
        "[broker]", "[broker]\nstart = false"
    )
    folder = founded(tmp_path, settings)
    files = []
    for number in range(3):
        others = tuple(route for other, route in enumerate(routes) if other != number)
        place = BrokerSettings(
            listen=listen[number], cluster=Cluster(name="lab", listen=routes[number], routes=others)
        )
        state = tmp_path / f"server-{number}"
        state.mkdir()
        whole = configuration(
            place, folder.broker, folder.trusted, SealKey.read(folder.admission).public, state
        )
        files.append(state / "broker.json")
        files[-1].write_text(json.dumps(whole))
    return folder, files


@asynccontextmanager
async def servers(files: list[Path]) -> AsyncIterator[list[subprocess.Popen]]:
    started = [subprocess.Popen([executable(), "--config", str(file)]) for file in files]
    try:
        yield started
    finally:
        for server in started:
            server.kill()
            server.wait()


async def test_any_server_of_a_cluster_may_fall(cluster, tiny: Tiny, tmp_path: Path) -> None:
    folder, files = cluster
    tiny.parameter("ask = true")
    async with servers(files) as started, hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        async with site.up() as station:
            order = await site.order()
            watching = Watching()
            await hub.laboratory.watch("here", order.id, watching)
            asked = await watching.until(lambda live: live.prompt > 0)
            for server in started[:2]:
                server.kill()
                server.wait()
            left = files[2].parent.name
            assert left == "server-2"
            await until(lambda: hub.laboratory.connection.up.is_set() and station.liaison.control.up.is_set())
            answer = None
            while answer is None or not answer.done:
                with suppress(Exception):
                    answer = await hub.laboratory.command(
                        "here", "answer", "Li Wei", run=order.id, argument="yes", prompt=asked.prompt
                    )
                await asyncio.sleep(0.1)
            await site.state(order, "signed")
            await site.recomputed(order)
            assert site.arrived_whole(order)


async def test_revoking_cuts_at_every_server(cluster, tiny: Tiny, tmp_path: Path) -> None:
    folder, files = cluster
    async with servers(files), hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        async with site.up() as station:
            await station.liaison.greeted.wait()
            await station.liaison.bulk.up.wait()
            cut = 0
            while cut < 2:  # servers that just met may not have heard of each other's clients yet
                cut += await hub.laboratory.revoke("here", "Li Wei")
            await until(
                lambda: not station.liaison.control.up.is_set() and not station.liaison.bulk.up.is_set()
            )


# The NATS client uses a parameter that aiohttp will name otherwise one day.
@pytest.mark.filterwarnings("ignore:parameter 'timeout' of type 'float':DeprecationWarning")
async def test_over_websocket(tiny: Tiny, tmp_path: Path) -> None:
    """For sites whose firewall lets nothing out but HTTPS."""
    listen, websocket = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    settings = settings_text("W", "127.0.0.1", listen=listen, enrolment=f"127.0.0.1:{free_port()}")
    folder = founded(tmp_path, settings.replace("[broker]", f'[broker]\nwebsocket = "{websocket}"'))
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        file = site.folder.path / "laboratory.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"servers": [f"wss://{websocket}"]}))
        async with site.up():
            order = await site.order()
            await site.state(order, "signed")
            await site.recomputed(order)
        assert site.arrived_whole(order)


class Line:
    """A line between station and server that can have a hole, and takes its time."""

    def __init__(self, server: str, delay: float = 0.0) -> None:
        self._server = server
        self._delay = delay
        self.open = asyncio.Event()
        self.open.set()
        self.connections = 0

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        host, port = self._server.rsplit(":", 1)
        await self.open.wait()
        there, back = await asyncio.open_connection(host, int(port))
        with suppress(OSError):
            await asyncio.gather(self._carry(reader, back), self._carry(there, writer))
        for end in (writer, back):
            end.close()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            await asyncio.sleep(self._delay)
            await self.open.wait()
            target.write(data)
            await target.drain()
        target.close()


@pytest.mark.parametrize("delay", [0.0, 0.15])
async def test_a_hole_in_the_line(folder: HubFolder, tiny: Tiny, tmp_path: Path, delay: float) -> None:
    """While the run is on nothing comes through; afterwards all of it arrives."""
    tiny.parameter("ask = true")
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        line, port = Line(folder.settings.broker.listen, delay), free_port()
        file = site.folder.path / "laboratory.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"servers": [f"tls://127.0.0.1:{port}"]}))
        server = await asyncio.start_server(line.attend, "127.0.0.1", port)
        async with server, site.up() as station:
            order = await site.order()
            await until(lambda: station.current is not None and station.current.live().prompt > 0)
            await site.state(order, "asking")
            line.open.clear()
            station.current.give(1, "yes", "on site")
            await until(lambda: site.journal(order)[-1]["kind"] == "finish")
            row = site.run_row(order)
            assert row is not None
            assert row.state == "asking", "nothing came through"
            line.open.set()
            await site.state(order, "signed")
            await site.recomputed(order)
            assert site.arrived_whole(order)
