"""Procedures a station or a hub trusts: those that are installed, and those from signed bundles.

A bundle is a procedure's file, or the whole folder it stands in, signed by a key that is pinned
here. Nothing that is unsigned, or signed by anybody else, is ever written, let alone run.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import Field

from remotecal.configuration import Written, checked
from remotecal.errors import EvidenceError, OrderError
from remotecal.private_files import write_private
from remotecal.runs.catalogue import (
    MOST_BYTES,
    MOST_FILES,
    PACKAGE,
    find,
    hash_of,
    hashes,
    is_installed,
    read_files,
)
from remotecal.transport.envelopes import seal, unseal
from remotecal.transport.messages import ProcedureNamed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from remotecal.certificates.signing.seal import PublicKey, SealKey
    from remotecal.runs.catalogue import Found

STEP = r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}"
"""A name in a path: nothing that leads elsewhere, is hidden, or that another system reads otherwise."""
FILE = re.compile(r"[A-Za-z0-9_]{1,97}\.py")
"""Name of a procedure's file."""


class BundledFile(Written):
    """A file that travels."""

    path: str = Field(pattern=rf"^{STEP}(/{STEP}){{0,7}}$")
    """Where it belongs, with `/` between names."""
    content: str
    """What is in it, in base64."""


class Bundle(Written):
    """A procedure that travels."""

    procedure: str = Field(pattern=rf"^({STEP}/)?{FILE.pattern}$")
    """Which of the files is the procedure's."""
    files: tuple[BundledFile, ...] = Field(min_length=1, max_length=MOST_FILES)
    """The procedure's file, or all that is in its folder."""


def make_bundle(file: Path, key: SealKey) -> str:
    """Return a procedure's file as a bundle, with its folder if that is a package.

    Raises:
        OrderError: it can't be read or sent; see `catalogue.read_files`.
    """
    path = file.resolve()
    files = read_files(path)
    content = {
        "procedure": path.name if path.name in files else f"{path.parent.name}/{path.name}",
        "files": [{"path": name, "content": base64.b64encode(files[name]).decode()} for name in files],
    }
    return seal("bundle", checked(Bundle, content, str(file), OrderError), key).decode()


class TrustedProcedures:
    """The trusted procedures.

    Args:
        folder: where procedures from bundles are kept, each in a directory named by its hash.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._announced: dict[str, str] = {}

    def announced(self) -> dict[str, str]:
        """Return name → SHA-256 of the procedures that are installed."""
        if not self._announced:
            self._announced = hashes()
        return self._announced

    def install(self, bundle: str, keys: Collection[PublicKey]) -> ProcedureNamed:
        """Take in the procedure of a bundle, without running any of it, and return how to `find` it.

        Raises:
            OrderError: it is not signed by one of the keys, or holds what can't be written as it is.
        """
        try:
            opened = unseal(bundle.encode(), "bundle", Bundle, keys)
        except EvidenceError as error:
            raise OrderError(f"the bundle is not trusted here: {error}") from error
        files = _unpacked(opened)
        named = ProcedureNamed(name=opened.procedure.rpartition("/")[2], sha256=hash_of(files))
        self._write(named, files)
        return named

    def find(self, wanted: ProcedureNamed) -> Found:
        """Return a trusted procedure (`OrderError`, `EvidenceError`: there is none with this content)."""
        if is_installed(wanted.name):
            found = find(wanted.name)
            if found.sha256 == wanted.sha256:
                return found
            raise OrderError(
                f"procedure {wanted.name} here has the hash {found.sha256[:12]}…, the order wants "
                f"{wanted.sha256[:12]}…: install the same version at both ends"
            )
        # Looked at before it is imported, by the bytes that are: what was changed was not signed.
        path = self._place(wanted) if FILE.fullmatch(wanted.name) else None
        if path is not None:
            return find(str(path), sha256=wanted.sha256)
        raise OrderError(f"procedure {wanted.name!r} with the hash {wanted.sha256[:12]}… is not trusted here")

    def _write(self, named: ProcedureNamed, files: Mapping[str, bytes]) -> None:
        """Write a procedure's files, all or none, unless they are there."""
        place = self._folder / named.sha256
        if self._place(named) is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with TemporaryDirectory(prefix=".draft-", dir=self._folder) as draft:
            for name, content in files.items():
                write_private(Path(draft) / "new" / name, content)
            try:
                if place.exists():
                    place.rename(Path(draft) / "changed")
                (Path(draft) / "new").rename(place)
            except OSError as error:
                if self._place(named) is None:  # else somebody else wrote it meanwhile
                    raise OrderError(f"{place} can't be written: {error}") from error

    def _place(self, named: ProcedureNamed) -> Path | None:
        """Return where a procedure's file stands, if that and all that belongs to it is as it was signed."""
        place = self._folder / named.sha256
        for path in (place / named.name, *place.glob(f"*/{named.name}")):
            if path.is_file() and hash_of(read_files(path)) == named.sha256:
                return path
        return None


def _unpacked(bundle: Bundle) -> dict[str, bytes]:
    """Return path → content of a bundle's files (`OrderError`: not those of one procedure)."""
    paths = [file.path for file in bundle.files]
    folders = {"/".join(path.split("/")[:end]) for path in paths for end in range(1, path.count("/") + 1)}
    named = [name.casefold() for name in (*paths, *folders)]
    if any("__pycache__" in path.split("/") for path in paths):
        raise OrderError("the bundle holds what Python compiled, which nobody can read: make it anew")
    if len(set(named)) < len(named):
        raise OrderError("the bundle holds a file twice, or a file and a folder of one name")
    top = bundle.procedure.rpartition("/")[0]
    wanted = {bundle.procedure, f"{top}/{PACKAGE}"} if top else {bundle.procedure}
    if not wanted <= set(paths) or (top and not all(path.startswith(f"{top}/") for path in paths)):
        raise OrderError(
            f"the bundle must hold {' and '.join(sorted(wanted))}, and nothing beside that folder"
        )
    if not top and len(paths) > 1:
        raise OrderError(f"the bundle holds files beside {bundle.procedure}: put them into a folder with it")
    if sum(len(file.content) for file in bundle.files) > MOST_BYTES * 4 / 3 + 4 * MOST_FILES:
        raise OrderError(f"the bundle is too large: {MOST_BYTES} bytes at most")
    try:
        return {file.path: base64.b64decode(file.content, validate=True) for file in bundle.files}
    except ValueError as error:
        raise OrderError(f"the bundle can't be read: {error}") from error
