"""Files that hold secrets: readable by their owner only, and never half written."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from remotecal.errors import ConfigurationError
from remotecal.opening import BINARY, make_sure, read_whole

LARGEST_SECRET = 2**20
"""Bytes of a key with its chain, or of another secret, that are read."""


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600; whoever reads it sees the old content or the new one, never a part.

    Raises:
        ConfigurationError: it can't be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | BINARY, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
            stream.flush()
            make_sure(stream.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):  # a part of a secret, which would keep a full disk full
            draft.unlink()
        raise ConfigurationError(f"{path} can't be written: {error}") from error


def read_private(path: Path) -> bytes:
    """Return the content of a file nobody else may read.

    Raises:
        ConfigurationError: there is none, or others can read it.
    """
    try:
        mode = path.stat().st_mode
        content = read_whole(path, LARGEST_SECRET)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    # Windows keeps its access lists elsewhere, and shows everybody's rights here.
    if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(f"{path} can be read by others: `chmod 600 {path}`, and renew the key in it")
    return content


def unreadable_key(source: object, error: Exception) -> ConfigurationError:
    """Return what is said of a private key that did not open: by the password, as a rule."""
    said = str(error).rstrip(".")
    if "is not encrypted" in said:
        return ConfigurationError(f"{source}: the key is not encrypted: leave --password-file out")
    if "is encrypted" in said:
        return ConfigurationError(f"{source}: the key is encrypted: give its password by --password-file")
    return ConfigurationError(f"{source} gives no key: {said}; is the password right?")
