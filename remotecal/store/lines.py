"""A journal's line as a database keeps it: compressed where that is worth it, the same bytes when read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import compress, decompress

from sqlalchemy import LargeBinary
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect

SHORT = 1000
"""Bytes of a line that is not worth it."""
PLAIN = b"{"
"""What every event begins with, and nothing compressed (RFC 1950: never 7B)."""


class KeptLine(TypeDecorator[bytes]):
    """A line; what older versions kept of it, which is the line itself, is read as well."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else kept(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        found = bytes(value)  # some drivers give a view
        return found if found.startswith(PLAIN) else decompress(found)


def kept(line: bytes) -> bytes:
    """Return what is kept of a line: itself, or itself compressed, which shows at its first byte."""
    if len(line) < SHORT and line.startswith(PLAIN):
        return line
    return compress(line)
