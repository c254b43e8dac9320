"""A process at a terminal of its own, which can be closed under it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

REMOTECAL = [sys.executable, "-m", "remotecal"]
TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class AtTerminal:
    """A process whose controlling terminal is ours to close."""

    def __init__(self, line: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        self.shown = b""
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, *line],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=os.environ | dict(environment),
        )
        os.close(slave)

    def show_until(self, true: Callable[[], bool]) -> None:
        """Take in what it shows until something is true; it must not have ended by then."""
        while not true():
            assert self.process.poll() is None, self.shown.decode()
            if select.select([self._master], [], [], 0.02)[0]:
                with suppress(OSError):
                    self.shown += os.read(self._master, 4096)

    def hang_up(self) -> None:
        """Close the terminal, as a lost SSH session does."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1


@contextmanager
def at_terminal(*line: str | Path, **environment: str) -> Iterator[AtTerminal]:
    """Run a command line at a terminal, which is closed in the end."""
    there = AtTerminal(line, environment)
    try:
        yield there
    finally:
        there.hang_up()
        there.process.kill()
        there.process.wait()
