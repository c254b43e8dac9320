"""What systems differ in when files are opened and put onto the disk."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform == "win32":
    BINARY = os.O_BINARY | os.O_NOINHERIT
    """Added to the flags of every file: bytes stay what they are, and child processes don't get it."""
    AT_ONCE = 0
    """Added to the flags: opening a pipe does not wait for its other end."""
else:
    BINARY, AT_ONCE = os.O_CLOEXEC, os.O_NONBLOCK


LARGEST_NAMED = 32 * 2**20
"""Bytes of a file that somebody names, a certificate or its print above all."""


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


def open_plain(path: Path) -> int | None:
    """Open a plain file to read it, and return its descriptor; None for anything else (errors as `os.open`).

    A pipe would let us wait for its other end, and a device read without end.
    """
    number = os.open(path, os.O_RDONLY | BINARY | AT_ONCE)
    if stat.S_ISREG(os.fstat(number).st_mode):
        return number
    os.close(number)
    return None


def is_pipe(path: Path) -> bool:
    """Tell whether a path leads to a pipe in a folder; one that a shell made, `<(…)`, lies in none."""
    return Path(os.path.realpath(path)).is_fifo()


def read_whole(path: Path, most: int = LARGEST_NAMED) -> bytes:
    """Return what is in a file that somebody names.

    Raises:
        OSError: it can't be read, is a pipe that lies in a folder, or has more than `most` bytes, as a
            device without end has.
    """
    if is_pipe(path):
        raise OSError(errno.ESPIPE, "a pipe would be waited for without end", str(path))
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"there is more in it than {most} bytes", str(path))
    return content


def folders(top: Path) -> Iterator[tuple[Path, frozenset[str]]]:
    """Yield a folder, and those in it to any depth, each with the names of what lies there.

    No link is followed, and what can't be read is left out.
    """
    left = [top]  # none calls itself: folders may lie deeper than that goes
    while left:
        folder, names = left.pop(), set[str]()
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                names.add(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    left.append(Path(entry.path))
        yield folder, frozenset(names)


def read_at(file: int, size: int, begin: int) -> bytes:
    """Return up to `size` bytes of an open file from `begin` on; only its owner may use it meanwhile."""
    if sys.platform == "win32":
        os.lseek(file, begin, os.SEEK_SET)
        return os.read(file, size)
    return os.pread(file, size, begin)
