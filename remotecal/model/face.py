"""What a laboratory has its certificates printed with, kept with what it prints."""

from typing import Annotated

from pydantic import StringConstraints

from remotecal.model.base import Frozen

LARGEST_FACE = 64 * 2**10
"""Bytes of a face's file, and of each of its pictures."""

Kept = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=LARGEST_FACE * 4 // 3 + 4)
]
"""The bytes of a file in base64."""


class Face(Frozen):
    """A laboratory's face, byte by byte as it was when the certificate was written."""

    toml: Kept
    """The file that says how; it names its pictures by their SHA-256."""
    logo: Kept | None = None
    """The laboratory's logo (PNG)."""
    mark: Kept | None = None
    """The mark of its accreditation (PNG)."""
