"""What only one may have at a time, on this computer: a bench, a line, a file.

A lock is the operating system's own, on a file that stays behind and means nothing by itself: it
ends with the process that holds it, however that ends. All users of the computer share the files,
which lie where no temporary directory of one service's own can stand before them. Beside each lies
what its holder says of itself, which is shown to who comes second and believed by nobody else.
"""

from __future__ import annotations

import getpass
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from remotecal.errors import BenchInUse, ConfigurationError
from remotecal.opening import BINARY

SHARED = ("/run/lock", "/dev/shm", "/tmp")  # noqa: S108  only where nobody removes another's files
"""Where locks may lie on POSIX: the first that all users write to and that belongs to the system."""
ROOT = 0
"""Whose such a directory is."""


def lock(file: int, *, wait: bool = False) -> bool:
    """Lock an open file for as long as it is open; tells whether that was possible.

    Args:
        file: its descriptor. Who opens the file once more, in this process too, is somebody else.
        wait: until it is.
    """
    if sys.platform == "win32":
        return _lock_on_windows(file, wait=wait)
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise ConfigurationError(NO_LOCKS.format(error)) from error
    return True


def unlock(file: int) -> None:
    """Let others lock a file that stays open."""
    if sys.platform == "win32":
        import portalocker

        portalocker.unlock(file)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_UN)


def _lock_on_windows(file: int, *, wait: bool) -> bool:
    import portalocker

    flags = portalocker.LockFlags.EXCLUSIVE
    try:
        portalocker.lock(file, flags if wait else flags | portalocker.LockFlags.NON_BLOCKING)
    except portalocker.AlreadyLocked:
        return False
    except portalocker.LockException as error:
        raise ConfigurationError(NO_LOCKS.format(error)) from error
    return True


NO_LOCKS = "this file system has no locks ({}): use a local disk"


def hold(names: Iterable[str], what: str) -> ExitStack:
    """Take what has these names, all or nothing; closing the result gives it back.

    Args:
        names: what is taken, each by the one name everybody has for it.
        what: what it is taken for, to tell others.

    Raises:
        BenchInUse: somebody else has one of them, and who.
        ConfigurationError: this computer has no place for locks, or somebody has spoilt it.
    """
    with ExitStack() as stack:
        for name in sorted(set(names)):
            path = directory() / f"remotecal-{sha256(name.encode()).hexdigest()[:32]}.lock"
            file = _open(path)
            stack.callback(os.close, file)
            said = path.with_suffix(".held")
            if not lock(file):
                if by := _holder(said):
                    raise BenchInUse(
                        f"{name} is in use by {by['what']} of {by['user']} (process {by['pid']}) since "
                        f"{by['since']}: wait until it is free, or end that first"
                    )
                raise BenchInUse(f"{name} is in use: wait until it is free, or end that first")
            _say(said, what)
        return stack.pop_all()


def hold_file(file: int, path: Path) -> ExitStack | None:
    """Keep others from writing an open file as long as it is open; None if somebody does already.

    Where a locked file can't be read by others either (Windows), its name is locked in its stead;
    closing the result gives it back.
    """
    if sys.platform == "win32":
        with suppress(BenchInUse):
            return hold([f"file {path.resolve()}"], f"writing {path}")
        return None
    return ExitStack() if lock(file) else None


def directory() -> Path:
    """Return where the locks lie; the same for every user of the computer."""
    if sys.platform == "win32":
        shared = Path(os.environ.get("PROGRAMDATA", tempfile.gettempdir())) / "remotecal"
        shared.mkdir(parents=True, exist_ok=True)
        return shared
    for candidate in SHARED:
        with suppress(OSError):
            found = os.lstat(candidate if candidate != "/tmp" else os.path.realpath(candidate))  # noqa: S108
            everybody = stat.S_ISVTX | stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO
            if (
                stat.S_ISDIR(found.st_mode)
                and found.st_mode & everybody == everybody
                and found.st_uid == ROOT
            ):
                return Path(candidate)
    raise ConfigurationError(
        f"none of {', '.join(SHARED)} is a directory of root's with mode 1777, where locks could lie: "
        "make one (`chmod 1777`)"
    )


def _open(path: Path) -> int:
    """Open a file all users may write, and make it if need be; follows no link that somebody has laid."""
    flags = os.O_RDWR | BINARY | getattr(os, "O_NOFOLLOW", 0)
    try:
        try:
            # Without O_CREAT: in a directory of all users Linux refuses that for a file of somebody else.
            file = os.open(path, flags)
        except FileNotFoundError:
            with suppress(FileExistsError):
                made = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
                _for_all(made)
                os.close(made)
            file = os.open(path, flags)
        found = os.fstat(file)
    except OSError as error:
        raise ConfigurationError(
            f"the lock {path} can't be used, so nobody knows whether the bench is free: {error}"
        ) from error
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        os.close(file)
        raise ConfigurationError(f"{path} is no lock of ours: somebody has put it there; remove it")
    return file


def _for_all(file: int) -> None:
    if sys.platform != "win32":
        os.fchmod(file, 0o666)  # whatever the umask


def _say(path: Path, what: str) -> None:
    said = {
        "pid": os.getpid(),
        "user": _user(),
        "what": what,
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    # Who holds the lock is told so that a person can act; that it can't be told costs nothing else.
    with suppress(OSError, ConfigurationError), os.fdopen(_open(path), "r+b") as file:
        file.truncate()
        file.write(json.dumps(said).encode())


def _holder(path: Path) -> dict[str, str]:
    """Return what a holder says of itself, as it may be shown; nothing where that is not all there."""
    try:
        with os.fdopen(_open(path), "rb") as file:
            said = json.loads(file.read(LONGEST))
        told = {name: str(said[name]) for name in ("what", "user", "pid", "since")}
    except (OSError, ConfigurationError, ValueError, LookupError, TypeError, RecursionError):
        return {}
    return {name: "".join(filter(str.isprintable, text)) for name, text in told.items()}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name
        return "somebody"


LONGEST = 4096
"""Bytes read of what a holder says."""
