"""Our own commands as processes of their own, of which none is left behind."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from remotecal.errors import RemotecalError
from remotecal.signals import on_ending

REMOTECAL = (sys.executable, "-m", "remotecal")
"""The command line of this very installation."""


@contextmanager
def running(log: Path, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Run a command that serves, from when it says that it does until the context is left."""
    with log.open("w") as noted, _started(arguments, noted) as process:
        if process.stdout is not None and not process.stdout.readline():
            raise RemotecalError(f"`remotecal {arguments[0]} {arguments[1]}` ended: {log.read_text()}")
        yield process


@contextmanager
def _started(arguments: Sequence[str | Path], complaints: int | IO[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a command, and leave no process of it behind, whatever signal comes when."""
    process = None
    received: list[str] = []
    try:
        with on_ending(received.append):  # a process that is just being made is known to nobody
            process = subprocess.Popen(  # noqa: S603  our own program
                _line(arguments), stdout=subprocess.PIPE, stderr=complaints, text=True
            )
        if received:
            raise KeyboardInterrupt(received[0])
        yield process
    finally:
        if process is not None:
            if process.poll() is None:
                process.terminate()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


def _line(arguments: Sequence[str | Path]) -> list[str]:
    return [*REMOTECAL, *map(str, arguments)]


def free_port() -> int:
    """Return a port of this machine that nobody listens at.

    It is below those that systems give to outgoing connections: one of these may be taken by any connection
    that is made before who asked for it listens.
    """
    while True:
        port = 12_000 + secrets.randbelow(20_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
