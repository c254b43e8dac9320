"""A journal at rest: compressed once nobody adds to it any more, and as it was whenever it is wanted so.

What is signed, hashed and told a laboratory are the bytes of its lines. How they lie on a disk is nobody's
affair, so a compressed journal is the same journal: `zcat` shows it, in thirty years too (RFC 1952).
"""

from __future__ import annotations

import gzip
import os
import shutil
import zlib
from contextlib import contextmanager, suppress
from hashlib import file_digest
from typing import TYPE_CHECKING

from remotecal.errors import JournalBroken, RunError
from remotecal.journal.events import FILE, PACKED, hollow, opened_lines
from remotecal.locks import hold_file
from remotecal.opening import BINARY, make_durable, make_sure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_AT_ONCE = 2**20
"""Bytes that are held at once."""


def pack_journal(run: Path) -> None:
    """Compress the journal in a run's directory; whatever happens meanwhile, all of it is there.

    Does nothing where it is compressed, or there is none, or it says the same over and over, so that nobody
    would believe how much it unpacks to.

    Raises:
        RunError: the disk does not take it, another process is at work on it, or a compressed one that is
            there already is another.
    """
    plain, packed = run / FILE, run / PACKED
    if not plain.exists():
        return
    with _at_work(plain):
        if packed.exists():
            _check_same(plain, packed)
        else:
            _pack(plain, packed)
            if hollow(plain.stat().st_size, packed.stat().st_size):
                packed.unlink()
                return
        plain.unlink()
        make_durable(run)


def unpack_journal(run: Path) -> None:
    """Write the journal in a run's directory out again; as `pack_journal` (`JournalBroken`: it is none)."""
    plain, packed = run / FILE, run / PACKED
    if not packed.exists():
        return
    with _at_work(packed):
        if plain.exists():
            _check_same(plain, packed)
        else:
            with _put(plain) as file:
                file.writelines(_lines_of(packed))
        packed.unlink()
        make_durable(run)


def _pack(plain: Path, packed: Path) -> None:
    with plain.open("rb") as lines, _put(packed) as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as made:
        shutil.copyfileobj(lines, made, _AT_ONCE)
    if not _same(plain, packed):
        packed.unlink()
        raise RunError(f"{packed} is not what was written: is the disk good?")


def _lines_of(packed: Path) -> Iterator[bytes]:
    """Yield the lines, apart from whatever goes wrong where they are written."""
    with opened_lines(packed) as lines:
        yield from lines


def _check_same(plain: Path, packed: Path) -> None:
    """Refuse two journals of one run: both were there when a computer was cut off, or somebody put one."""
    if not _same(plain, packed):
        raise RunError(
            f"{plain} and {packed} are two journals that differ: take away the one that is not the run's"
        )


def _same(plain: Path, packed: Path) -> bool:
    try:
        with plain.open("rb") as lines, gzip.open(packed) as again:
            return file_digest(again, "sha256").digest() == file_digest(lines, "sha256").digest()
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return False


@contextmanager
def _put(path: Path) -> Iterator[BinaryIO]:
    """Give a file to be written, which stands at its place once it is whole and on the disk.

    What can't be finished is taken away, for it may be what fills the disk.
    """
    draft = path.with_name(f".{path.name}")
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            make_sure(file.fileno())
    except (OSError, JournalBroken):
        with suppress(OSError):
            draft.unlink()
        raise
    draft.replace(path)
    make_durable(path.parent)


@contextmanager
def _at_work(path: Path) -> Iterator[None]:
    """Keep everybody else away from a journal, and say what goes wrong with the disk."""
    try:
        file = os.open(path, os.O_RDWR | BINARY)
        try:
            held = hold_file(file, path)
            if held is None:
                raise RunError(f"another process is at work on {path}: wait for it, or stop it")
            with held:
                yield
        finally:
            os.close(file)
    except OSError as error:
        raise RunError(f"{path} can't be kept in another form: {error}: make room, then try again") from error
