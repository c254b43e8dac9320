"""The one way files that prove something are written: what is signed or sealed is never overwritten."""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused, ConfigurationError, EvidenceError
from remotecal.opening import make_sure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedWriter
    from pathlib import Path


def write_new(path: Path, *pieces: bytes) -> None:
    """Write a file that is not there yet, whole or not at all.

    Raises:
        ConfigurationError: something is there, or the disk does not take it.
    """
    with _new(path) as file:
        file.writelines(pieces)


@contextmanager
def _new(path: Path) -> Iterator[BufferedWriter]:
    """Give a file that was not there, to be written; whatever goes wrong meanwhile, it is not there again."""
    try:
        with path.open("xb") as file:
            try:
                yield file
                file.flush()
                make_sure(file.fileno())
            except BaseException:
                path.unlink()
                raise
    except FileExistsError:
        raise ConfigurationError(
            f"{path} is there already, and nothing is overwritten: choose another place"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}") from error


def replace(path: Path, content: bytes) -> None:
    """Write a file, in the place of a draft, or of one whose signatures `content` has, too.

    Raises:
        CertificateRefused: what is there is signed, and would be lost.
        ConfigurationError: it can't be read, or the disk does not take the new one.
    """
    old = _there(path)
    if old is not None and not (content.startswith(old) or _signatures(old) <= _signatures(content)):
        raise CertificateRefused(
            f"{path} is signed, and nothing that is signed is overwritten: choose another place"
        )
    _put(path, content, old)


def extend(path: Path, pieces: Iterable[bytes]) -> None:
    """Write evidence, piece by piece: a file that is new, or goes on where the one that is there ends.

    Raises:
        EvidenceError: what is there says something else.
        ConfigurationError: it can't be read, or the disk does not take the new one.
    """
    try:
        old = path.open("rb")
    except FileNotFoundError:
        with _new(path) as file:
            file.writelines(pieces)
        return
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    goes_on = False
    try:
        with old, _new(draft) as file:
            for piece in pieces:
                file.write(piece)
                there = old.read(len(piece))
                goes_on = len(there) < len(piece)
                _check_same(path, piece.startswith(there))
            _check_same(path, not old.read(1))
        if goes_on:
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _check_same(path: Path, same: bool) -> None:  # noqa: FBT001  what was found
    if not same:
        raise EvidenceError(f"{path} says something else already, and no evidence is overwritten")


def _there(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error


def _put(path: Path, content: bytes, old: bytes | None) -> None:
    if content == old:
        return
    if old is None:
        write_new(path, content)
        return
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        write_new(draft, content)
        draft.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _signatures(content: bytes) -> frozenset[bytes]:
    """Return what a file is signed with, as far as a look at the bytes tells; in doubt, too much.

    An XML signature stands by its value, so that a further one may be added; a signed PDF or journal
    by its whole content, so that it may only be continued.
    """
    plain = content.replace(b"\0", b"")  # of XML in UTF-16
    pdf = plain.startswith(b"%PDF")
    if b'"kind":"signature"' in plain or (pdf and b"/ByteRange" in plain):
        return frozenset([content])
    return frozenset() if pdf else frozenset(b"".join(value.split()) for value in _VALUE.findall(plain))


_VALUE = re.compile(rb"SignatureValue[^>]*>([^<]+)<")
