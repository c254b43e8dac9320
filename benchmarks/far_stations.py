"""Stations without instruments, and the hub they belong to: what `remote.py` measures with."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

from remotecal.certificates.signing.seal import PublicKey, SealKey, new_seal_key
from remotecal.cli.install_service import ENVIRONMENT
from remotecal.cli.processes import free_port
from remotecal.clock import RealClock
from remotecal.hub.founding import found, settings_text
from remotecal.hub.settings import HubFolder
from remotecal.journal.events import Json
from remotecal.journal.writing import Journal
from remotecal.private_files import write_private
from remotecal.station.agent import HELLO_EVERY
from remotecal.station.upload import Upload
from remotecal.store import Store
from remotecal.transport import subjects
from remotecal.transport.connection import Connection, Endpoint
from remotecal.transport.envelopes import seal, seal_reply, unseal
from remotecal.transport.identities import station_uri
from remotecal.transport.messages import Command, CommandAnswer, Hello
from remotecal.transport.pki import Authority, Credentials, new_key
from remotecal.transport.tls import client_context

HUB = "import asyncio, sys; from pathlib import Path; from remotecal.hub.hub import Hub; \
from remotecal.hub.settings import HubFolder; \
from remotecal.cli.service import serve; \
hub = Hub(HubFolder(Path(sys.argv[1]))); asyncio.run(serve(hub.run(), hub.ready, 'up'))"
WITH_API = """
import asyncio, sys
from pathlib import Path
from remotecal.cli.service import serve
from remotecal.hub.hub import Hub
from remotecal.hub.settings import HubFolder
from remotecal.web.server import serving
async def up(hub):
    async with serving(hub.laboratory, port=int(sys.argv[2])):
        await serve(hub.run(), hub.ready, "up")
asyncio.run(up(Hub(HubFolder(Path(sys.argv[1])))))
"""


def founded(path: Path, database: str) -> HubFolder:
    listen, desk = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    settings = settings_text("Benchmark", "127.0.0.1", listen=listen, enrolment=desk)
    if database:
        settings = settings.replace("sqlite:///hub.sqlite", database)
    return found(path / "hub", settings)


@contextmanager
def hub_process(folder: HubFolder, api: int = 0) -> Iterator[int]:
    """Have a hub up as a service has it, with its API at a port of this machine, and give its process."""
    line = [sys.executable, "-c", WITH_API if api else HUB, str(folder.path), str(api)]
    with (
        (folder.path / "hub.log").open("w") as log,
        subprocess.Popen(
            line, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | ENVIRONMENT["hub"]
        ) as process,
    ):
        try:
            if process.stdout is None or not process.stdout.readline():
                raise SystemExit((folder.path / "hub.log").read_text())
            yield process.pid
        finally:
            process.terminate()


NOTHING: Mapping[str, Json] = {"format": 1}


class BenchmarkStation:
    """A station's connection and keys, without instruments."""

    def __init__(self, folder: HubFolder, path: Path) -> None:
        self.name, self.path = path.name, path
        self.key = SealKey.read(path / "journal.key.pem")
        self._laboratory: PublicKey = SealKey.read(folder.laboratory).public
        context = client_context(folder.trusted, path / "identity.pem")
        endpoint = Endpoint(folder.settings.servers, lambda: context, self.name, subjects.inbox(self.name))
        self.connection = Connection(endpoint)
        self.connection.on(subjects.commands(self.name), self._obey)

    async def _obey(self, _: str, content: bytes) -> bytes:
        command = unseal(content, "command", Command, [self._laboratory])
        return seal_reply(content, CommandAnswer(done=command.station == self.name), self.key)

    def upload(self, directory: Path) -> Upload:
        """Return how a run's journal is brought to the laboratory."""
        return Upload(self.name, directory, self.key, self._laboratory, self.connection)

    async def say_hello(self) -> None:
        """Say hello, as a station does that has no benches, and wait for the answer."""
        hello = Hello(
            station=self.name,
            session="session",
            nonce="nonce",
            time=time.time(),
            version="benchmark",
            benches=(),
            procedures={},
            running=None,
        )
        await self.connection.request(
            subjects.service("hello", self.name), seal("hello", hello, self.key), within=20
        )

    async def keep_in_touch(self, phase: float) -> None:
        """Say hello and ask for an order, as often as a station does."""
        while True:
            await asyncio.sleep(phase)
            phase = HELLO_EVERY
            await self.say_hello()
            await self.connection.request(subjects.service("order", self.name), b"", within=20)

    async def run(
        self, rate: float, seconds: float, run: str = "", start: Mapping[str, Json] = NOTHING
    ) -> int:
        """Write a journal at a rate of events, and return its lines once all are at the hub.

        Args:
            rate: lines a second.
            seconds: for how long.
            run: its name.
            start: what the journal begins with; by default what the hub can't read as a beginning.
        """
        run = run or f"run-{uuid.uuid4().hex[:8]}"
        directory, over = self.path / run, asyncio.Event()
        with Journal.create(directory, RealClock()) as journal:
            journal.append("start", start, durable=False)
            upload = asyncio.create_task(self.upload(directory).run(over))
            end = due = time.monotonic()
            end += seconds
            while due < end:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                journal.append("note", NOTE, durable=False)
                due += 1 / rate
            journal.append("finish", {}, durable=False)
        over.set()
        return await upload


NOTE = {"text": "an observation of about 300 bytes " + "x" * 60, "values": [float(n) / 7 for n in range(4)]}


def enrol(folder: HubFolder, path: Path, number: int) -> None:
    """Make the keys of stations and enter them into the register."""
    authority = Authority.read(folder.authority)
    now = time.time()
    with Store(folder.database) as store:
        for name in (f"s{n}" for n in range(number)):
            write_private(path / name / "journal.key.pem", new_seal_key())
            key = SealKey.read(path / name / "journal.key.pem").public
            private = new_key()
            certificate = authority.client(
                private.public_key(), station_uri(name), timedelta(days=1), holder=key.id
            )
            Credentials(private, certificate).write(path / name / "identity.pem")
            store.stations.enrol(store.stations.new_code(name, now + 60), key.text, "", now + 86400, now)
            store.stations.seen(name, "session", "{}", now)


@asynccontextmanager
async def stations(
    folder: HubFolder, path: Path, first: int, number: int
) -> AsyncIterator[list[BenchmarkStation]]:
    """Connect stations."""
    made = [BenchmarkStation(folder, path / f"s{n}") for n in range(first, first + number)]
    async with AsyncExitStack() as stack:
        for station in made:
            await stack.enter_async_context(station.connection)
        for station in made:
            await station.connection.up.wait()
        yield made
