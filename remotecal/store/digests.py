"""What is kept of a secret that was given away: enough to know it again."""

from hashlib import sha256


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a code, a session or a token, in hexadecimal."""
    # Of 18 random bytes or more, so a fast hash without salt can't be searched; a code has 60 bits,
    # for a day.
    return sha256(secret.encode()).hexdigest()
