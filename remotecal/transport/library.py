"""Procedures a station or a hub trusts: those that are installed, and those from signed bundles.

A bundle is a procedure's file, signed by a key the station has pinned. Nothing that is unsigned, or
signed by anybody else, is ever written, let alone run.
"""

from __future__ import annotations

from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING

from pydantic import Field

from remotecal.configuration import Written
from remotecal.errors import EvidenceError, OrderError
from remotecal.procedures.catalogue import find, names
from remotecal.transport.envelopes import seal, unseal
from remotecal.transport.private_files import write_private

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from remotecal.certificates.signing.seal import PublicKey, SealKey
    from remotecal.procedures.catalogue import Found
    from remotecal.transport.messages import ProcedureNamed


class Bundle(Written):
    """A procedure that travels."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*\.py$")
    """Name of its file."""
    source: str
    """What is in it."""


def make_bundle(file: Path, key: SealKey) -> str:
    """Return a procedure's file as a bundle (`OrderError` if it can't be read)."""
    try:
        source = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OrderError(f"{file} can't be read: {error}") from error
    return seal("bundle", Bundle(name=file.name, source=source), key).decode()


class Library:
    """The trusted procedures.

    Args:
        folder: where procedures from bundles are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._announced: dict[str, str] = {}

    def announced(self) -> dict[str, str]:
        """Return name → SHA-256 of the procedures that are installed."""
        if not self._announced:
            self._announced = {name: _find(name).sha256 for name in names()}
        return self._announced

    def install(self, bundle: str, keys: Collection[PublicKey]) -> Found:
        """Take in the procedure of a bundle.

        Raises:
            OrderError: it is not signed by one of the keys, or is no procedure.
        """
        try:
            opened = unseal(bundle.encode(), "bundle", Bundle, keys)
        except EvidenceError as error:
            raise OrderError(f"the bundle is not trusted here: {error}") from error
        content = opened.source.encode()
        path = self._folder / sha256(content).hexdigest() / opened.name
        write_private(path, content)
        return _find(str(path))

    def find(self, wanted: ProcedureNamed) -> Found:
        """Return a trusted procedure (`OrderError` if there is none with this content)."""
        if wanted.name in names():
            found = _find(wanted.name)
            if found.sha256 == wanted.sha256:
                return found
            raise OrderError(
                f"procedure {wanted.name} here has the hash {found.sha256[:12]}…, the order wants "
                f"{wanted.sha256[:12]}…: install the same version at both ends"
            )
        for path in sorted(self._folder.glob(f"*/{wanted.name}")):
            if wanted.name.endswith(".py") and (found := _find(str(path))).sha256 == wanted.sha256:
                return found
        raise OrderError(f"procedure {wanted.name!r} with the hash {wanted.sha256[:12]}… is not trusted here")


_FINDING = Lock()
"""CPython 3.11 loses count in `ast.parse`, by which procedures are hashed, if two threads are in it."""


def _find(name: str) -> Found:
    with _FINDING:
        return find(name)
