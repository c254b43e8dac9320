"""Passwords: kept as scrypt digests, so that who has the database does not have them.

The settings are those of OWASP's Password Storage Cheat Sheet for 32 MiB (N = 2^15, r = 8, p = 3).
They stand in each digest, so they can be raised without making the older ones useless.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from typing import TYPE_CHECKING

from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

LOG_COST, BLOCK, PARALLEL = 15, 8, 3
"""N = 2^15, r and p."""
MEMORY = 64 * 2**20
"""Bytes scrypt may use; it needs 128 · N · r and a little."""
SHORTEST, LONGEST = 12, 256
"""Characters of a password."""
JUDGED = 72
"""Of which so many tell whether it is easily guessed; judging more takes long."""
HARD_ENOUGH = 3
"""zxcvbn's score from which on a password withstands 10⁸ guesses."""
OUR_WORDS = ("remotecal", "calibration", "laboratory", "metrology", "校准", "计量", "jiaozhun", "jiliang")
"""What anybody would try first at a laboratory."""


def digest(password: str, about: Sequence[str] = ()) -> str:
    """Return what a password is checked against later.

    Args:
        password: the password.
        about: words its owner's friends would try first, such as their name.

    Raises:
        ConfigurationError: it is too short, too long, or easily guessed.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConfigurationError(f"a password has {SHORTEST} to {LONGEST} characters")
    if fault := guessable(password, about):
        raise ConfigurationError(f"this password is easily guessed: {fault}")
    salt = secrets.token_bytes(16)
    return f"scrypt${LOG_COST}${BLOCK}${PARALLEL}${_text(salt)}${_text(_scrypt(password, salt))}"


def guessable(password: str, about: Sequence[str] = ()) -> str:
    """Return why a password is among the first that anybody would try, "" if it is not.

    Judged by zxcvbn, which knows the common passwords, words, names, dates, keyboards and repetitions.
    """
    from zxcvbn import zxcvbn

    found = zxcvbn(password[:JUDGED], user_inputs=[*OUR_WORDS, *about])
    if found["score"] >= HARD_ENOUGH:
        return ""
    advice = found["feedback"]
    return " ".join(filter(None, (advice["warning"], *advice["suggestions"]))) or "take several words"


def matches(password: str, known: str | None) -> bool:
    """Tell whether a digest is that of a password; for none it takes as long to say no."""
    _, log_cost, block, parallel, salt, expected = (known or NOBODY).split("$")
    found = _scrypt(password, base64.b64decode(salt), int(log_cost), int(block), int(parallel))
    return hmac.compare_digest(found, base64.b64decode(expected)) and known is not None


def _scrypt(
    password: str, salt: bytes, log_cost: int = LOG_COST, block: int = BLOCK, parallel: int = PARALLEL
) -> bytes:
    # The same characters can be typed as different code points (NIST SP 800-63B, 3.1.1.2).
    typed = unicodedata.normalize("NFKC", password).encode()
    return hashlib.scrypt(typed, salt=salt, n=2**log_cost, r=block, p=parallel, maxmem=MEMORY)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


NOBODY = f"scrypt${LOG_COST}${BLOCK}${PARALLEL}${_text(bytes(16))}${_text(bytes(64))}"
"""What the password of a user is checked against who is not there."""
