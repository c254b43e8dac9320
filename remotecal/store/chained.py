"""The chain of the audit log: each entry's hash covers the hash of the one before."""

from hashlib import sha256
from typing import Final

from remotecal.canonical import canonical

BEGIN: Final = "0" * 64
"""What stands before the first entry."""


def chained(before: str, at: float, who: str, what: str, data: str) -> str:
    """Return the hash of an entry behind another one's: SHA-256 of both in canonical JSON (RFC 8785)."""
    return sha256(canonical([before, at, who, what, data])).hexdigest()
