"""Servers that are run elsewhere: three that work together, and one behind WebSocket."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from laboratories import hub_up
from processes import processes, wait_until
from sites import enrol_site, until
from tiny_bench import Tiny

from remotecal.certificates.signing.seal import SealKey
from remotecal.cli.processes import free_port
from remotecal.hub.broker import configuration, executable
from remotecal.hub.founding import found, settings_text
from remotecal.hub.settings import BrokerSettings, Cluster, HubFolder

POINTS = 4


def founded(path: Path, settings: str) -> HubFolder:
    return found(path / "hub", settings)


@pytest.fixture
def cluster(tmp_path: Path):
    """Three servers that are started by nobody yet, and a hub that starts none."""
    listen = [f"127.0.0.1:{free_port()}" for _ in range(3)]
    routes = [f"127.0.0.1:{free_port()}" for _ in range(3)]
    settings = settings_text("W", "127.0.0.1", listen=listen[0], enrolment=f"127.0.0.1:{free_port()}")
    servers = ", ".join(f'"tls://{address}"' for address in listen)
    settings = settings.replace(f'"tls://{listen[0]}"', servers).replace(
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


@contextmanager
def servers(files: list[Path]) -> Iterator[list[subprocess.Popen]]:
    started = [subprocess.Popen([executable(), "--config", str(file)]) for file in files]
    try:
        yield started
    finally:
        for server in started:
            server.kill()
            server.wait()


def used(directory: Path) -> dict[str, str]:
    """Return connection → server, of the hub's and the station's connections, by their logs."""
    found = {}
    for name in ("hub", "station"):
        for line in (directory / f"{name}.log").read_text().splitlines():
            if match := re.search(r"(hub|here control|here bulk) is connected to (\S+)$", line):
                found[match[1]] = match[2]
            elif match := re.search(r"(hub|here control|here bulk) lost its connection$", line):
                del found[match[1]]
    return found


def test_the_server_that_is_used_falls(cluster, tiny: Tiny, tmp_path: Path) -> None:
    """Again and again, until one is left, in the middle of a run of the real programs."""
    folder, files = cluster
    with servers(files) as started, processes(tmp_path, folder, tiny, POINTS) as both:
        left = dict(zip(folder.settings.servers, started, strict=True))

        def all_connected() -> bool:
            now = used(tmp_path)
            return len(now) == 3 and set(now.values()) <= left.keys()

        run = both.order()
        for _ in range(2):
            both.gate.wait()
            wait_until(all_connected)
            left.pop(used(tmp_path)["hub"]).kill()
            began = time.monotonic()
            both.gate.release.release()
            wait_until(all_connected)
            print(f"hub and station use another server after {time.monotonic() - began:.1f} s")
        both.gate.let_go()
        both.check_whole(run, POINTS)


async def test_revoking_cuts_at_every_server(cluster, tiny: Tiny, tmp_path: Path) -> None:
    folder, files = cluster
    with servers(files):
        async with hub_up(folder) as hub:
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
