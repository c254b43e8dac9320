"""Serving the page: to the browser of this computer, and to phones when somebody wants it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Final

import uvicorn

from remotecal import locks
from remotecal.errors import ConfigurationError
from remotecal.pages.serving import PageServer, Patient
from remotecal.private_files import read_private, write_private
from remotecal.station.pages.app import StationPages
from remotecal.station.pages.arriving import Arrivals
from remotecal.station.pages.desk import Desk
from remotecal.station.pages.entering import Doorkeeper
from remotecal.station.pages.lookout import Lookout
from remotecal.station.pages.phones import Phones
from remotecal.transport.doors import Door

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp

    from remotecal.station.folder import StationFolder

HOST: Final = "127.0.0.1"
MOST, OF_ONE, OF_PHONE = 128, 64, 16
"""Connections at a time: of this computer, and of one phone."""
GRACE: Final = 1
WHERE: Final = "page.json"
"""File that says where the page is served, and the key to it; for the station's owner only."""
DOOR: Final = "open.html"
"""File that leads a browser in: what stands on a command line every user of the computer can read."""
LEADS_IN: Final = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={url}">'
    '<title>remotecal</title></head><body><p><a href="{url}">remotecal station</a></p></body></html>\n'
)


@dataclass(frozen=True, slots=True)
class Served:
    """The page as it is served."""

    origin: str
    """`http://127.0.0.1:PORT`."""
    keeper: Doorkeeper
    """Who is let in."""
    phones: Phones
    """Lets phones join."""

    def entrance(self) -> str:
        """Return an address that lets one browser in, once."""
        return f"{self.origin}{self.keeper.base}/enter?ticket={self.keeper.ticket()}"


@asynccontextmanager
async def serving_pages(folder: StationFolder, port: int = 0, phones: str = "") -> AsyncIterator[Served]:
    """Serve a station's page to this computer while the context lasts.

    Args:
        folder: the station's directory.
        port: port to listen on; 0 for any that is free.
        phones: the address by which phones reach this computer; "" to find it out.

    Raises:
        ConfigurationError: it is served already, or the port can't be listened on.
    """
    keeper = Doorkeeper()
    made: list[StationPages] = []

    @asynccontextmanager
    async def for_phones(host: str, certificate: Path) -> AsyncIterator[str]:
        door = _door(host, 0, OF_PHONE)
        origin = f"https://{_in_address(host)}:{door.getsockname()[1]}"
        async with _listening(made[0].app(frozenset({origin})), door, certificate):
            yield origin

    with _alone(folder.path / "page.lock"):
        joining = Phones(keeper, folder.path, phones, for_phones)
        arrivals = Arrivals(folder.path, folder.settings.largest_file)
        arrivals.clear()
        desk = Desk(folder)
        made.append(StationPages(desk, keeper, joining, arrivals, Lookout(desk)))
        door = _door(HOST, port, OF_ONE)
        origin = f"http://{HOST}:{door.getsockname()[1]}"
        written = {"origin": origin, "place": keeper.place, "key": keeper.key}
        write_private(folder.path / WHERE, json.dumps(written).encode())
        try:
            async with _listening(made[0].app(frozenset({origin})), door):
                try:
                    yield Served(origin, keeper, joining)
                finally:
                    keeper.closed = True
                    await joining.close()
                    arrivals.clear()
        finally:
            for name in (WHERE, DOOR):
                (folder.path / name).unlink(missing_ok=True)


def lead_in(folder: StationFolder, entrance: str) -> Path:
    """Write the file that leads a browser to an entrance, and return it; only its owner can read it."""
    path = folder.path.absolute() / DOOR
    write_private(path, LEADS_IN.format(url=escape(entrance)).encode())
    return path


def another_entrance(folder: StationFolder) -> str:
    """Return an entrance to the page that is served already (`ConfigurationError`: it does not answer)."""
    import urllib.error
    import urllib.request

    try:
        where = json.loads(read_private(folder.path / WHERE))
        base = f"{where['origin']}/{where['place']}"
        asked = urllib.request.Request(  # noqa: S310  our own address, from our own file
            f"{base}/ticket", data=b"", headers={"Authorization": f"Bearer {where['key']}"}
        )
        plain = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with plain.open(asked, timeout=10) as answer:
            return f"{base}/enter?ticket={answer.read().decode()}"
    except (OSError, ValueError, KeyError, urllib.error.URLError) as error:
        raise ConfigurationError(
            f"the page is served by another process that does not answer: {error}"
        ) from error


def is_served(folder: StationFolder) -> bool:
    """Tell whether the page is served by some process."""
    try:
        with _alone(folder.path / "page.lock"):
            return False
    except ConfigurationError:
        return True


@asynccontextmanager
async def _listening(app: ASGIApp, door: Door, certificate: Path | None = None) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app,
        ssl_certfile=certificate,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=GRACE,
    )
    config.load()
    config.http_protocol_class = partial(Patient, door=door)  # type: ignore[assignment]  # it is called only
    server = PageServer(config)
    running = asyncio.create_task(server.serve([door]), name="page")
    try:
        yield
    finally:
        server.should_exit = True
        await running
        for connection in list(server.server_state.connections):
            connection.transport.abort()  # a browser that looks on does not hang up by itself
        await asyncio.sleep(0)
        door.close()


def _door(host: str, port: int, of_one: int) -> Door:
    try:
        return Door(host, port, most=MOST, of_one=of_one)
    except (OSError, OverflowError) as error:
        raise ConfigurationError(f"the page can't be served at {host}:{port}: {error}") from error


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("wb") as held:
        if not locks.lock(held.fileno()):
            raise ConfigurationError(f"the page of {lock.parent} is served already")
        yield
