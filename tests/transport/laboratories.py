"""A laboratory with a real hub and broker, in this process, and stations enrolled with it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from remotecal.cli.processes import free_port
from remotecal.hub.founding import found, settings_text
from remotecal.hub.hub import Hub
from remotecal.hub.settings import HubFolder
from remotecal.station.folder import StationFolder, enrol_with
from remotecal.transport import subjects
from remotecal.transport.connection import Connection, Endpoint
from remotecal.transport.tls import client_context

PATIENCE = 60.0
"""Seconds after which a test gives up; nothing comes near it."""
GROSS = 30.0
"""Seconds after which something is gravely slow, on however busy a machine; the goals are printed beside."""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients over plain HTTP: it knows no authority, so not a hundred are read for each client."""


def founded(path: Path) -> HubFolder:
    """Found a laboratory that listens on ports nobody uses."""
    settings = settings_text(
        "Water laboratory",
        "127.0.0.1",
        listen=f"127.0.0.1:{free_port()}",
        enrolment=f"127.0.0.1:{free_port()}",
    )
    return found(path, settings)


@asynccontextmanager
async def hub_up(folder: HubFolder) -> AsyncIterator[Hub]:
    hub = Hub(folder)
    running = asyncio.create_task(hub.run())
    waiting = asyncio.create_task(hub.ready.wait())
    try:
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        yield hub
    finally:
        waiting.cancel()
        running.cancel()
        await running


async def enrol_station(hub: Hub, path: Path, name: str) -> StationFolder:
    code = hub.laboratory.new_code(name, "Li Wei")
    return await enrol_with(path, hub.laboratory.folder.settings.enrolment.address, code)


def station_connection(folder: StationFolder, name: str = "") -> Connection:
    """Return a connection with a station's identity, as a station or an intruder would make it."""
    name = name or folder.name
    return Connection(
        Endpoint(
            folder.laboratory.servers,
            lambda: client_context(folder.authority, folder.identity),
            name,
            subjects.inbox(name),
        )
    )
