"""What an installed procedure is made of, and the hash of that.

Of its module, the packages that lies in, and all that they import of one package: the library, or the
topmost one of whoever offers it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256

from remotecal import source
from remotecal.errors import OrderError
from remotecal.runs.imported import imported

LIBRARY = "remotecal.procedures.library"
"""Package of the shipped procedures: a folder for each domain, a module for each procedure."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A module that a procedure may be made of."""

    path: str
    """Its file, from the folder of the package whose modules count."""
    sha256: str
    """SHA-256 of the file."""
    needs: tuple[str, ...]
    """The modules of that package it needs: those it imports, and the package it lies in."""


Parts = Callable[[str, str], _Part]
"""Gives a module as a part, by its name and the package whose modules count."""


def parts_as_they_run() -> Parts:
    """Return what loads all it is asked for, so that the hash is of what runs in this process."""
    return cache(_loaded)


def parts_of_the_library(modules: Container[str]) -> Parts:
    """Return what reads modules of the library, of which nothing runs; see `source.read`.

    Args:
        modules: all modules of the library, packages included.
    """
    return cache(partial(_told, modules=modules))


def hash_of_module(module: str, part: Parts) -> str:
    """Return the hash of a procedure's module: of it, the packages above, and all that they import.

    Args:
        module: its name.
        part: gives its parts.

    Raises:
        OrderError: one of them can't be read, or nobody knows what runs.
    """
    root = root_of(module)
    parts: dict[str, _Part] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in parts:
            parts[name] = part(name, root)
            waiting += parts[name].needs
    return listed((part.path, part.sha256) for part in parts.values())


def listed(files: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 of the list `sha256sum` prints of files, given as name and hash, sorted by name."""
    listing = [f"{hashed}  {name}\n" for name, hashed in sorted(files)]
    return sha256("".join(listing).encode()).hexdigest()


def root_of(module: str) -> str:
    """Return the package of which all that a procedure imports is hashed: the library, or the topmost one."""
    return LIBRARY if module.startswith(f"{LIBRARY}.") else module.partition(".")[0]


def _told(name: str, root: str, modules: Container[str]) -> _Part:
    """Return a module of the library as a part, without running it."""
    try:
        return _part(name, root, source.read(name), modules.__contains__)
    except (ImportError, OSError, SyntaxError, ValueError) as error:
        raise OrderError(f"{name} of the library can't be read: {error}: install remotecal anew") from error


def _loaded(name: str, root: str) -> _Part:
    """Return a module as a part, loaded by now, though others may import it late: what runs is hashed."""
    source.load(name)
    running = source.running(name)
    if running is None:
        raise OrderError(
            f"module {name} was imported before remotecal read it, or has no source, so nobody knows what "
            "runs: let remotecal find its procedures first"
        )
    return _part(name, root, running, _is_module)


def _part(name: str, root: str, read: source.Source, is_module: Callable[[str], bool]) -> _Part:
    is_package = read.is_package(name)
    above = name.rpartition(".")[0]
    needs = sorted({above, *imported(read.content, name if is_package else above)})
    return _Part(
        _path_in(root, name, is_package=is_package),
        sha256(read.content).hexdigest(),
        tuple(
            other for other in needs if (other == root or other.startswith(f"{root}.")) and is_module(other)
        ),
    )


def _path_in(root: str, module: str, *, is_package: bool) -> str:
    """Return where a module's file stands, from the folder of the package `root`, or beside a single file."""
    inside = module.removeprefix(root).lstrip(".").replace(".", "/")
    if is_package:
        return f"{inside}/{source.INIT}".lstrip("/")
    return f"{inside or module}.py"


def _is_module(name: str) -> bool:
    above = name.rpartition(".")[0]
    inside = source.running(above)
    if inside is not None and not inside.is_package(above):
        return False  # something in a module
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # something in a module that is imported now
        return False
