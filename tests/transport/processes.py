"""Hub and station as processes of their own, to be killed, stopped and started again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import pytest
from at_rest import journal_in
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from laboratories import PATIENCE
from sqlalchemy import select
from tiny_bench import Tiny

from remotecal.certificates.signing.seal import SealKey
from remotecal.cli import main
from remotecal.hub.settings import HubFolder
from remotecal.private_files import write_private
from remotecal.store import Store
from remotecal.store.journals import RunRow
from remotecal.store.tables import records

T = TypeVar("T")

REMOTECAL = [sys.executable, "-m", "remotecal"]
PATHS = [str(Path(__file__).parent.parent / "procedures"), os.environ.get("PYTHONPATH", "")]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, PATHS)), "COLUMNS": "80"}


def wait_until(true: Callable[[], T]) -> T:
    """Look again and again, and return what came; a process elsewhere has no event to wait for."""
    end = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not (came := true()):
        assert time.monotonic() < end, "nothing happened"
        pause.wait(0.02)
    return came


class Gate:
    """Holds the source's answer whenever a level is set, so that a run can be caught in the middle."""

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)
        self.release = threading.Semaphore(0)
        self.open = False

    def __call__(self, _: str, line: str) -> None:
        if line.startswith("SOUR:LEV ") and not line.startswith("SOUR:LEV 0") and not self.open:
            self.arrived.release()
            self.release.acquire()

    def wait(self) -> None:
        assert self.arrived.acquire(timeout=PATIENCE), "the run did not come here"

    def let_go(self) -> None:
        """Hold nobody any more."""
        self.open = True
        self.release.release()


def call(*arguments: object) -> str:
    """Carry out a command line in this process, which imported it all before; returns what it printed."""
    said, complained = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(complained):
        patch.setenv("COLUMNS", "80")
        code = main([str(each) for each in arguments])
    return _printed(code, said.getvalue(), complained.getvalue())


def call_process(*arguments: object, prefix: Sequence[str] = ()) -> str:
    """Carry out a command line in a process of its own, and return what it printed."""
    line = [*prefix, *REMOTECAL, *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, env=ENVIRONMENT)
    return _printed(done.returncode, done.stdout, done.stderr)


def _printed(code: int, said: str, complained: str) -> str:
    assert code == 0, complained
    assert "eof_received" not in complained
    return said


@dataclass
class Processes:
    """A laboratory and a site."""

    path: Path
    folder: HubFolder
    tiny: Tiny
    gate: Gate = field(default_factory=Gate)
    prefixes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """`hub` or `station` → what its command lines begin with, to run them elsewhere."""
    server: str = ""
    """Address under which the station reaches the broker, if it isn't the broker's own."""
    running: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    @property
    def station(self) -> Path:
        return self.path / "station"

    @property
    def author(self) -> Path:
        return self.path / "author.pem"

    def start(self, name: str, **environment: str) -> None:
        """Start hub or station, and wait until it does its work."""
        directory = self.folder.path if name == "hub" else self.station
        with (self.path / f"{name}.log").open("a") as log:
            process = subprocess.Popen(
                [*self.prefixes.get(name, ()), *REMOTECAL, name, "up", f"--{name}", str(directory)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=ENVIRONMENT | environment,
            )
        self.running[name] = process
        assert process.stdout is not None
        assert "is up" in process.stdout.readline(), (self.path / f"{name}.log").read_text()

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.communicate()

    def enrol(self) -> None:
        code = call("hub", "invite", "--hub", self.folder.path, "here").strip()
        place = ("--at", self.folder.settings.enrolment.address, "--station", self.station)
        self.call_from("station", "station", "enrol", code, *place)
        if self.server:
            file = self.station / "laboratory.json"
            file.write_text(json.dumps(json.loads(file.read_text()) | {"servers": [f"tls://{self.server}"]}))
        key = Ed25519PrivateKey.generate()
        write_private(self.author, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        settings = {"name": "here", "benches": [str(self.tiny.bench)], "trusted": [SealKey(key).public.text]}
        text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in settings.items())
        (self.station / "station.toml").write_text(text)

    def order(self, *terms: object) -> str:
        given = ["--station", "here", "--bench", "Tiny bench", "--author", self.author, *terms]
        return self.call_from("hub", "order", self.tiny.order, *given, "--hub", self.folder.path).strip()

    def call_from(self, end: str, *arguments: object) -> str:
        """Carry out a command line at hub or station, elsewhere where these are."""
        prefix = self.prefixes.get(end)
        return call_process(*arguments, prefix=prefix) if prefix else call(*arguments)

    def refused_order(self) -> str:
        """Give an order that the station refuses; returns its id, which is printed all the same."""
        with pytest.raises(AssertionError, match="here refuses the order") as refused:
            self.order()
        found = re.search(r"refuses the order (\S+):", str(refused.value))
        assert found is not None
        return found[1]

    @property
    def broker(self) -> int:
        """The process of the broker."""
        file = self.folder.path / "broker" / "broker.pid"
        return int(wait_until(lambda: file.exists() and file.read_text().strip()))

    def kill_broker(self) -> None:
        """Kill the broker, and wait until there is another."""
        before = self.broker
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self.broker != before)

    def row(self, run: str) -> RunRow | None:
        with Store(self.folder.database) as store:
            return store.journals.find("here", run)

    def wait_for_state(self, run: str, state: str) -> None:
        with Store(self.folder.database) as store:
            wait_until(lambda: (row := store.journals.find("here", run)) and row.state == state)

    def kinds(self, run: str) -> list[str]:
        lines = journal_in(self.station / "runs" / run).splitlines()
        return [json.loads(line)["kind"] for line in lines]

    def check_whole(self, run: str, observations: int) -> None:
        """Check that run and journal are complete, and the same at both ends."""
        with Store(self.folder.database) as store:
            wait_until(lambda: store.records.find("here", run))
            there = store.journals.lines("here", run)
            record = store.records.find("here", run)
            with store.database.read() as connection:
                assert len(connection.execute(select(records)).all()) == 1, "one certificate"
            assert [row.run for row in store.pages.runs(100)] == [run]
        here = journal_in(self.station / "runs" / run)
        assert here == b"".join(line + b"\n" for line in there)
        assert record is not None
        assert record.agrees
        seen = [
            (event["data"]["point"], event["data"]["repeat"])
            for event in map(json.loads, there)
            if event["kind"] == "observation"
        ]
        assert len(seen) == len(set(seen)) == observations, "every repeat, and none twice"
        assert self.tiny.world.level == 0, "the rig was left safe"


@contextmanager
def processes(
    path: Path,
    folder: HubFolder,
    tiny: Tiny,
    levels: int,
    *,
    prefixes: Mapping[str, Sequence[str]] = MappingProxyType({}),
    server: str = "",
) -> Iterator[Processes]:
    """Put up a hub and an enrolled station; each of a run's points is held until the gate is passed."""
    tiny.bench.write_text(tiny.bench.read_text().replace("tiny:TinySource", "tiny:PatientSource"))
    tiny.add(tiny.bench, "[safe]\nwithin = 5.0\n")
    tiny.parameter(f"levels = {[float(level) for level in range(1, levels + 1)]}\nrepeats = 1")
    both = Processes(path, folder, tiny, prefixes=prefixes, server=server)
    tiny.world.before = both.gate
    try:
        both.start("hub")
        both.enrol()
        both.start("station")
        yield both
    finally:
        both.gate.open = True
        for _ in range(20):
            both.gate.release.release()
        for process in reversed(list(both.running.values())):
            process.terminate()
            process.communicate()
