"""What systems differ in when files are opened and put onto the disk."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    BINARY = os.O_BINARY | os.O_NOINHERIT
    """Added to the flags of every file: bytes stay what they are, and child processes don't get it."""
    AT_ONCE = 0
    """Added to the flags: opening a pipe does not wait for its other end."""
else:
    BINARY, AT_ONCE = os.O_CLOEXEC, os.O_NONBLOCK


def make_sure(file: int) -> None:
    """See that what was written to an open file survives a power cut."""
    if sys.platform == "linux":
        os.fdatasync(file)
    elif sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(file, fcntl.F_FULLFSYNC)  # fsync there leaves it in the drive's own memory
    else:
        os.fsync(file)


def make_durable(directory: Path) -> None:
    """See that a new name in a directory survives a power cut, where a directory can be asked for that."""
    if sys.platform == "win32":
        return
    entry = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)


def copy_folder(folder: Path, to: Path, leave_out: str = "") -> None:
    """Copy a folder with all in it, but for what has a name.

    Raises:
        OSError: something can't be copied; the first such thing is told, where `shutil` lists all of them.
    """
    import shutil

    try:
        shutil.copytree(folder, to, ignore=shutil.ignore_patterns(*filter(None, (leave_out,))))
    except shutil.Error as error:
        _, place, why = error.args[0][0]
        raise OSError(f"{place} can't be written: {why}") from error


def read_at(file: int, size: int, begin: int) -> bytes:
    """Return up to `size` bytes of an open file from `begin` on; only its owner may use it meanwhile."""
    if sys.platform == "win32":
        os.lseek(file, begin, os.SEEK_SET)
        return os.read(file, size)
    return os.pread(file, size, begin)
