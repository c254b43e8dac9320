"""A laboratory with hub, broker, API and a station, on real sockets, in a thread of its own."""

import asyncio
import hashlib
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from anyio import to_thread
from dosing.bench import DosingStand
from laboratories import NO_TLS, PATIENCE, hub_up
from sites import Site, enrol_site, until
from tiny_bench import Tiny, tiny_bench

from remotecal.certificates.demonstration import (
    DemonstrationKeys,
    make_demonstration_keys,
    write_trust_list,
)
from remotecal.certificates.signing.seal import SealKey
from remotecal.cli.processes import free_port
from remotecal.clock import RealClock, begin_of
from remotecal.hub.founding import found, settings_text
from remotecal.hub.hub import Hub
from remotecal.hub.settings import HubFolder
from remotecal.model import Text
from remotecal.sim.certificates import ISSUER
from remotecal.store.users import ROLES, Users
from remotecal.web.server import THREADS, serving

PASSWORD = "correct horse battery staple"  # noqa: S105  of nobody
SALT = bytes(16)
DIGEST = "$".join(
    (
        "scrypt$1$8$1",  # 2 turns, not 2^15 thrice: nobody guesses here, and a log-in takes a millisecond
        b64encode(SALT).decode(),
        b64encode(hashlib.scrypt(PASSWORD.encode(), salt=SALT, n=2, r=8, p=1)).decode(),
    )
)
"""What `PASSWORD` is checked against; how much that takes stands in it, and is as little as can be."""
T = TypeVar("T")


NAMES = {"performed": "Person", "reviewed": "Reviewer", "approved": "Approver", "issued": "Laboratory"}
SIGNERS = NAMES | {"institute": ISSUER.get("en")}
ISSUING = """
[issuing]
trust = "trust.toml"
trust_key = "keys/list-issuer.pub.pem"
key = "keys/issued.pem"
"""


@cache
def signing_keys() -> DemonstrationKeys:
    """Return everybody's keys; making them takes seconds."""
    return make_demonstration_keys(SIGNERS, datetime.now(UTC) - timedelta(days=30))


class HereClock(RealClock):
    """The computer's clock, put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead

    @contextmanager
    def put_forward(self, duration: float) -> Iterator[None]:
        """Let so many seconds have passed while the context lasts; fewer than none put it back."""
        self.ahead += duration
        try:
            yield
        finally:
            self.ahead -= duration


@dataclass
class Web:
    """The laboratory, as its tests see it."""

    url: str
    hub: Hub
    site: Site
    loop: asyncio.AbstractEventLoop
    keys: DemonstrationKeys
    """Of those who sign; the hub has the laboratory's."""
    clock: HereClock
    """By which the API judges sessions, tokens and signatures."""
    orders: int = 0
    """Given so far; each certificate has a number of its own."""

    @contextmanager
    def noon_of(self, day: date) -> Iterator[None]:
        """Let it be noon of a day in the laboratory while the context lasts: no midnight comes meanwhile."""
        noon = begin_of(day, self.hub.laboratory.folder.time_zone) + 43200.0
        with self.clock.put_forward(noon - self.clock.now()):
            yield

    @property
    def users(self) -> Users:
        return self.hub.laboratory.store.users

    def do(self, work: Coroutine[object, object, T]) -> T:
        """Do something in the hub's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    @contextmanager
    def threads_held(self) -> Iterator[None]:
        """Let slow pages hold every thread that requests have while the context lasts."""
        over, begun = threading.Event(), threading.Semaphore(0)

        def hold() -> None:
            begun.release()
            over.wait(PATIENCE)

        async def hold_all() -> None:
            await asyncio.gather(*(to_thread.run_sync(hold) for _ in range(THREADS)))

        held = asyncio.run_coroutine_threadsafe(hold_all(), self.loop)
        try:
            assert all(begun.acquire(timeout=PATIENCE) for _ in range(THREADS))
            yield
            assert not held.done()
        finally:
            over.set()
            held.result(PATIENCE)

    def client(self, address: str = "127.0.0.1", **settings: object) -> httpx.Client:
        """Return a client nobody knows, at an address of this machine."""
        transport = httpx.HTTPTransport(local_address=address, verify=NO_TLS)
        return httpx.Client(base_url=self.url + "/api/v1", transport=transport, timeout=PATIENCE, **settings)

    def token(self, user: str, role: str | None = None, lasts: float = 7 * 86400.0) -> httpx.Client:
        """Return a client with a token of a user."""
        role = role or next(iter(self.users.find(user).roles))
        token, _ = self.users.new_token(user, role, "test", time.time() + lasts)
        return self.client(headers={"Authorization": f"Bearer {token}"})

    async def carried_out(self) -> str:
        """Return the run of an order that the station has carried out and the laboratory computed."""
        (run,) = await self.all_carried_out(1)
        return run

    async def all_carried_out(self, count: int) -> list[str]:
        """Return the runs of so many orders, which the station carries out while it is up once."""
        before, self.orders = self.orders, self.orders + count
        numbers = range(before + 1, self.orders + 1)
        orders = [await self.site.order(certificate=f"C-{number}") for number in numbers]
        await self.carry_out(*(order.id for order in orders))
        return [order.id for order in orders]

    async def carry_out(self, *orders: str) -> None:
        """Have the station up until it has carried out these orders and the laboratory computed them."""
        store = self.hub.laboratory.store

        def done(order: str) -> bool:
            row = store.journals.find(self.site.folder.name, order)
            return (
                row is not None
                and row.state == "signed"
                and store.records.find(row.station, order) is not None
            )

        async with self.site.up():
            for order in orders:
                await until(partial(done, order))

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
    keys, clock = signing_keys(), HereClock()
    up, down = threading.Event(), asyncio.Event()
    there: list[Web] = []

    async def run() -> None:
        async with hub_up(folder) as hub:
            site = await enrol_site(hub, tiny, path / "here")
            whose = replace(keys, station=site.folder.signing_key())
            let_sign(folder, whose, site.author)
            async with serving(hub.laboratory, port=0, clock=clock) as url:
                there.append(Web(url, hub, site, asyncio.get_running_loop(), whose, clock))
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


def let_sign(folder: HubFolder, keys: DemonstrationKeys, author: SealKey) -> None:
    """Tell a hub who may sign certificates, and whose procedures it may run."""
    keys.write(folder.path / "keys")
    name, today = Text(zh="实验室", en="Laboratory"), datetime.now(UTC).date()
    write_trust_list(folder.path / "trust.toml", keys, name, DosingStand.scope, today)
    file = folder.path / "hub.toml"
    file.write_text(f'trusted = ["{author.public.text}"]\n{file.read_text()}{ISSUING}')
    folder.settings = HubFolder(folder.path).settings


def _finally(then: Callable[[], None], work: Coroutine[object, object, None]) -> None:
    try:
        asyncio.run(work)
    finally:
        then()


def fetch(address: str) -> httpx.Response:
    """Return what anybody gets over plain HTTP, however long a busy computer takes for it."""
    return httpx.get(address, timeout=PATIENCE, verify=NO_TLS)


def problem(answer: httpx.Response, status: int) -> str:
    """Check that a request was refused as it should be, and return why."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status
    return said["detail"]


PERSONS = """
[[persons]]
name = "Reviewer"
duty = "reviewed"
[[persons]]
name = "Approver"
duty = "approved"
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    with tiny_bench(tmp_path_factory.mktemp("tiny")) as bench:
        bench.add(bench.order, PERSONS)
        yield bench


@pytest.fixture(scope="module")
def web(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with laboratory_up(tmp_path_factory.mktemp("laboratory"), tiny) as up:
        yield up
