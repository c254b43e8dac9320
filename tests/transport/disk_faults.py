"""The disk of a station or a hub that is full."""

from __future__ import annotations

import errno
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

SIZE = "2m"
"""Of the file system: room for a station's keys, orders and one journal."""
OF_A_HUB = "24m"
"""Room for the database of a hub, and the broker's folder."""
LIMIT = 12_000
"""Bytes; longer than anything a station writes but a journal."""


class Disk(Protocol):
    """Where a station's directory is."""

    def fill(self, process: int) -> None:
        """Leave no room for what this process writes."""

    def make_room(self) -> None:
        """Let the next process write again."""


class FullFileSystem:
    """A small file system of its own."""

    def __init__(self, path: Path, size: str = SIZE) -> None:
        self._path, self._size = path, size

    @contextmanager
    def mounted(self) -> Iterator[FullFileSystem]:
        self._path.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={self._size},mode=700", "tmpfs", str(self._path)]
        subprocess.run(mount, check=True, capture_output=True)
        try:
            yield self
        finally:
            subprocess.run(["umount", str(self._path)], check=True)

    def fill(self, process: int) -> None:
        with (self._path / "filler").open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def make_room(self) -> None:
        (self._path / "filler").unlink()


class FileSizeLimit:
    """A limit of the process, where nothing may be mounted."""

    def __init__(self, path: Path) -> None:
        pass

    @contextmanager
    def mounted(self) -> Iterator[FileSizeLimit]:
        yield self

    def fill(self, process: int) -> None:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (LIMIT, LIMIT))

    def make_room(self) -> None:
        """The next process has no limit."""


def _unmountable() -> str:
    with tempfile.TemporaryDirectory() as path:
        try:
            with FullFileSystem(Path(path) / "try").mounted():
                return ""
        except (OSError, subprocess.CalledProcessError) as error:
            return f"no file system of its own: {getattr(error, 'stderr', None) or error}"


UNMOUNTABLE = _unmountable()
"""Why nothing may be mounted here; "" if it may."""
