"""Certificates at hand, found by the hash another certificate names them with."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.certificates.dcc.xml import LARGEST_FILE, parse
from remotecal.errors import ConfigurationError, RecordError
from remotecal.opening import folders

if TYPE_CHECKING:
    from remotecal.model import ReportReference

PAPER = ("analogue", "analog")
"""Words for a certificate on paper, which has no hash."""


class CertificateLibrary:
    """The XML certificates in some files and folders; folders are searched to any depth."""

    def __init__(self, places: Iterable[Path] = ()) -> None:
        self._by_hash: dict[str, bytes] = {}
        for place in places:
            if not place.exists():
                raise ConfigurationError(f"there are no certificates at {place}")
            if not place.is_dir():
                self._add(place)
            for folder, names in folders(place):
                for name in sorted(names):
                    if name.endswith(".xml"):
                        self._add(folder / name)

    def find(self, reference: ReportReference) -> bytes | None:
        """Return the file another certificate refers to; None if it is not at hand."""
        return self.by_hash(reference.value)

    def by_hash(self, digest: str) -> bytes | None:
        """Return the file with this SHA-256, or whose canonical XML has it; None if it is not at hand."""
        return self._by_hash.get(digest.lower())

    def _add(self, path: Path) -> None:
        if not path.is_file() or path.stat().st_size > LARGEST_FILE:
            return
        data = path.read_bytes()
        self._by_hash[sha256(data).hexdigest()] = data
        try:
            self._by_hash[canonical_hash(data)] = data
        except RecordError:
            return  # no certificate: nothing can refer to it by this hash


def canonical_hash(data: bytes) -> str:
    """Return the SHA-256 of a certificate's canonical XML (C14N 1.0), in hexadecimal.

    Raises:
        RecordError: it is no XML, or has no canonical form, as with a relative URI for a namespace.
    """
    from lxml.etree import C14NError, tostring

    try:
        return sha256(tostring(parse(data), method="c14n")).hexdigest()
    except C14NError as error:
        raise RecordError(f"the XML has no canonical form: {error}") from None


def is_paper(reference: ReportReference) -> bool:
    """Tell whether a reference is to a certificate on paper."""
    return reference.procedure.lower() in PAPER or reference.value.lower() in PAPER
