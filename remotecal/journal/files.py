"""Photos and other files as evidence: kept beside the journal, which names each by its SHA-256.

A file stands in the run's directory as `files/<sha256>`, with the ending of its own name; its event
`file` says what it is. What no event names is no evidence.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import file_digest, sha256
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import Field, StringConstraints, ValidationError

from remotecal.configuration import checked
from remotecal.errors import ConfigurationError, EvidenceError, FileMissing, JournalBroken, RunError
from remotecal.journal.events import Event, Json
from remotecal.model import Frozen
from remotecal.opening import make_durable, make_sure, open_plain

FOLDER = "files"
"""Name of the folder beside the journal."""
LARGEST = 20_000_000
"""Bytes a file may have, unless somebody decides otherwise."""
LARGEST_EVER = 2**31 - 1
"""Bytes no file of a run has more than."""

MEDIA_TYPES = {
    ".csv": "text/csv",
    ".heic": "image/heic",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".txt": "text/plain",
    ".webp": "image/webp",
}
"""Ending of a name → media type; the same on every computer."""
UNKNOWN_TYPE = "application/octet-stream"
"""Media type of everything else."""

LONGEST_ABOUT = 1000
"""Letters that say what a file shows, at most."""

_PIECE = 2**20
_ENDING = re.compile(r"\.[a-z0-9]{1,8}")

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in hexadecimal."""


class Attached(Frozen):
    """A file of a run, as its journal tells it."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    """What it was called; never a path to write to."""
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+-]+/[a-zA-Z0-9.+-]+$", max_length=100)]
    """Its media type, as far as its name tells."""
    size: Annotated[int, Field(ge=1, le=LARGEST_EVER)]
    """Its length in bytes."""
    sha256: Sha256
    """SHA-256 of its content."""
    about: Annotated[str, StringConstraints(max_length=LONGEST_ABOUT)]
    """What it shows, in the words of whoever added it."""
    by: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    """Who added it."""

    @property
    def place(self) -> str:
        """Where it stands, from the run's directory."""
        return f"{FOLDER}/{self.sha256}{_ending(self.name)}"


def refusal(path: Path, largest: int) -> str:
    """Return why a file can't be taken; "" if it can."""
    try:
        with _opened(path, largest):
            return ""
    except ConfigurationError as error:
        return str(error)


def keep_file(path: Path, run: Path, about: str, by: str, largest: int = LARGEST) -> Attached:
    """Copy a file into a run's directory; it is on the disk when this returns.

    Args:
        path: the file.
        run: the run's directory.
        about: what it shows.
        by: who adds it.
        largest: bytes it may have.

    Raises:
        ConfigurationError: it is missing, unreadable, empty, too large or no file.
        RunError: the disk does not take it.
    """
    with _opened(path, largest) as source:
        return _keep(source, path, run, about, by, largest)


def keep_content(
    content: bytes, name: str, run: Path, about: str, by: str, largest: int = LARGEST_EVER
) -> Attached:
    """Write bytes into a run's directory as a file; as `keep_file`.

    Args:
        content: the bytes.
        name: what the file is called.
        run: the run's directory.
        about: what they are.
        by: who, or which instrument, gave them.
        largest: bytes there may be.

    Raises:
        ConfigurationError: there are none, or too many.
        RunError: the disk does not take them.
    """
    _check_size(Path(name), len(content), largest)
    return _keep(BytesIO(content), Path(name), run, about, by, largest)


def _keep(source: BinaryIO, path: Path, run: Path, about: str, by: str, largest: int) -> Attached:
    folder = run / FOLDER
    draft = folder / f".{secrets.token_hex(8)}"
    try:
        folder.mkdir(exist_ok=True)
        size, digest = _copy(source, draft)
        attached = _attached(path, size, digest, about, by, largest)
        draft.replace(run / attached.place)
        make_durable(folder)
        make_durable(run)
    except OSError as error:
        raise RunError(f"{path} can't be kept in {folder}: {error}: make room, then try again") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return attached


def _attached(path: Path, size: int, digest: str, about: str, by: str, largest: int) -> Attached:
    _check_size(path, size, largest)  # it may have grown, or shrunk, since it was opened
    said = {
        "name": path.name,
        "media_type": MEDIA_TYPES.get(_ending(path.name), UNKNOWN_TYPE),
        "size": size,
        "sha256": digest,
        "about": about,
        "by": by,
    }
    return checked(Attached, said, f"the file {path}", ConfigurationError)


def named_files(events: Sequence[Event]) -> tuple[Attached, ...]:
    """Return the files a journal names, in the order they were added.

    Raises:
        JournalBroken: an event does not tell a file.
    """
    return tuple(read_attached(event.data, event.seq) for event in events if event.kind == "file")


def read_attached(data: Mapping[str, Json], line: int) -> Attached:
    """Return the file that an event in a line tells (`JournalBroken` if it tells none)."""
    try:
        return Attached.model_validate(dict(data))
    except ValidationError as error:
        raise JournalBroken(f"line {line} does not tell a file: {error}") from None


def check_file(attached: Attached, run: Path) -> None:
    """Check that a file stands in a run's directory as the journal tells it.

    Raises:
        FileNotFoundError: there is none.
        EvidenceError: it is another one, or can't be read.
    """
    with _kept(attached, run) as file:
        same = os.fstat(file.fileno()).st_size == attached.size
        same = same and file_digest(file, "sha256").hexdigest() == attached.sha256
    if not same:
        raise _changed(attached, run)


def read_file(attached: Attached, run: Path) -> bytes:
    """Return the content of a file that stands in a run's directory as the journal tells it.

    Raises:
        FileMissing: there is none.
        EvidenceError: it is another one, or can't be read.
    """
    try:
        with _kept(attached, run) as file:
            content = file.read(attached.size + 1)
    except FileNotFoundError:
        raise FileMissing(
            f"{run / attached.place} ({attached.name}), which the journal names, is not there: put it back"
        ) from None
    if len(content) != attached.size or sha256(content).hexdigest() != attached.sha256:
        raise _changed(attached, run)
    return content


def _changed(attached: Attached, run: Path) -> EvidenceError:
    path = run / attached.place
    return EvidenceError(f"{path} ({attached.name}) is not the file the journal names: it was changed")


@contextmanager
def _kept(attached: Attached, run: Path) -> Iterator[BufferedReader]:
    """Open a file of a run (FileNotFoundError, EvidenceError)."""
    path = run / attached.place
    try:
        # A link would lead anywhere, and a pipe let us wait for its other end: neither is evidence.
        if path.parent.is_symlink() or not stat.S_ISREG(path.lstat().st_mode):
            raise EvidenceError(f"{path} ({attached.name}) is no plain file of the run")
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise
    except OSError as error:
        raise EvidenceError(f"{path} can't be read: {error}") from error


@contextmanager
def _opened(path: Path, largest: int) -> Iterator[BinaryIO]:
    """Open a file that can be taken."""
    if not path.name.isprintable():
        raise ConfigurationError(f"{str(path)!r} has a name no journal can hold: give it another one")
    try:
        number = open_plain(path)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from None
    if number is None:
        raise ConfigurationError(f"{path} is no file: only files can be added to the evidence")
    with os.fdopen(number, "rb") as file:
        _check_size(path, os.fstat(number).st_size, largest)
        yield file


def _check_size(path: Path, size: int, largest: int) -> None:
    if size == 0:
        raise ConfigurationError(f"{path} is empty: it proves nothing")
    if size > largest:
        raise ConfigurationError(
            f"{path} has {size} bytes, {largest} are allowed: make it smaller, for example by a lower "
            "resolution, or have the limit raised"
        )


def _copy(source: BinaryIO, draft: Path) -> tuple[int, str]:
    """Copy an open file onto the disk, and return its length and SHA-256."""
    size, digest = 0, sha256()
    with draft.open("xb") as copy:
        while piece := source.read(_PIECE):
            size += len(piece)
            digest.update(piece)
            copy.write(piece)
        copy.flush()
        make_sure(copy.fileno())
    return size, digest.hexdigest()


def _ending(name: str) -> str:
    """Return the ending of a name, if it is one that can do no harm."""
    ending = Path(name).suffix.lower()
    return ending if _ENDING.fullmatch(ending) else ""
