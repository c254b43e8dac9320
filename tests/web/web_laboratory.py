"""A laboratory with hub, broker, API and a station, on real sockets, in a thread of its own."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
from laboratories import PATIENCE, free_port, hub_up
from sites import Site, enrol_site
from tiny_bench import Tiny

from remotecal.store.users import ROLES, Users
from remotecal.transport.founding import found, settings_text
from remotecal.transport.hub import Hub
from remotecal.web import passwords
from remotecal.web.server import serving

PASSWORD = "correct horse battery staple"  # noqa: S105  of nobody
DIGEST = passwords.digest(PASSWORD)
T = TypeVar("T")


@dataclass
class Web:
    """The laboratory, as its tests see it."""

    url: str
    hub: Hub
    site: Site
    loop: asyncio.AbstractEventLoop

    @property
    def users(self) -> Users:
        return Users(self.hub.laboratory.store.database)

    def do(self, work: Coroutine[object, object, T]) -> T:
        """Do something in the hub's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def client(self, address: str = "127.0.0.1", **settings: object) -> httpx.Client:
        """Return a client nobody knows, at an address of this machine."""
        transport = httpx.HTTPTransport(local_address=address)
        return httpx.Client(base_url=self.url + "/api/v1", transport=transport, timeout=PATIENCE, **settings)

    def token(self, user: str, role: str | None = None, lasts: float = 3600.0) -> httpx.Client:
        """Return a client with a token of a user."""
        role = role or next(iter(self.users.find(user).roles))
        token, _ = self.users.new_token(user, role, "test", time.time() + lasts)
        return self.client(headers={"Authorization": f"Bearer {token}"})

    @contextmanager
    def log_in(self, user: str, address: str = "127.0.0.1") -> Iterator[httpx.Client]:
        """Give a client with a session of a user."""
        with self.client(address) as client:
            answer = client.post("/session", json={"name": user, "password": PASSWORD})
            assert answer.status_code == 201, answer.text
            client.headers["X-CSRF-Token"] = answer.json()["csrf"]
            yield client

    def with_cookie(self, session: str) -> httpx.Response:
        """Ask for the orders with a session's cookie alone."""
        with self.client(headers={"Cookie": f"remotecal_session={session}"}) as client:
            return client.get("/orders")

    def audit(self, what: str | None = None) -> list[tuple[str, str, str]]:
        rows = self.hub.laboratory.store.noted(what=what, limit=1000)
        return [(row.who, row.what, row.data) for row in rows]


@contextmanager
def laboratory_up(path: Path, tiny: Tiny) -> Iterator[Web]:
    """Put up the laboratory, with a user for each role and two customers, `acme` and `bolt`."""
    settings = settings_text(
        "Water laboratory",
        "127.0.0.1",
        listen=f"127.0.0.1:{free_port()}",
        enrolment=f"127.0.0.1:{free_port()}",
    )
    folder = found(path / "hub", settings)
    up, down = threading.Event(), asyncio.Event()
    there: list[Web] = []

    async def run() -> None:
        async with hub_up(folder) as hub, serving(hub.laboratory, port=0) as url:
            site = await enrol_site(hub, tiny, path / "here")
            there.append(Web(url, hub, site, asyncio.get_running_loop()))
            up.set()
            await down.wait()

    thread = threading.Thread(target=lambda: _finally(up.set, run()), name="laboratory")
    thread.start()
    up.wait(PATIENCE)
    (web,) = there
    try:
        for role in ROLES:
            account = "acme" if role == "customer" else None
            web.users.put(role, roles={role}, password=DIGEST, account=account)
        web.users.put("bolt", roles={"customer"}, password=DIGEST, account="bolt")
        yield web
    finally:
        web.loop.call_soon_threadsafe(down.set)
        thread.join(PATIENCE)


def _finally(then: Callable[[], None], work: Coroutine[object, object, None]) -> None:
    try:
        asyncio.run(work)
    finally:
        then()


def problem(answer: httpx.Response, status: int) -> str:
    """Check that a request was refused as it should be, and return why."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status
    return said["detail"]
