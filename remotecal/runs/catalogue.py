"""Where procedures are found: shipped ones, a laboratory's own files, third-party packages.

A procedure's file may stand in a folder with `__init__.py`: then the folder is a package, and all
that lies in it, modules and data, belongs to the procedure and is hashed with it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path
from threading import RLock
from types import ModuleType

from remotecal import source
from remotecal.configuration import nearest
from remotecal.errors import EvidenceError, OrderError
from remotecal.procedures.procedure import Procedure
from remotecal.runs.parts import LIBRARY, hash_of_module, listed, parts_as_they_run, parts_of_the_library

GROUP = "remotecal.procedures"
"""Entry points by which packages offer procedures: `name = "module:Class"`."""


@dataclass(frozen=True, slots=True)
class Found:
    """A procedure, and the text it is written in."""

    name: str
    """Its name in the catalogue, or the path of its file."""
    procedure: type[Procedure]
    """The procedure."""
    sha256: str
    """SHA-256 of the source that runs, in hexadecimal.

    That is the SHA-256 of the list `sha256sum` prints of the procedure's file and all that it imports of
    the package it belongs to (`parts.root_of`), directly or not, each named by its path from there and
    sorted by that; of a file in a folder of its own, of everything in the folder, named by its path from
    beside it.
    """


STATES_ITS_TITLE = re.compile(rb"^    title\b[^\n=]*=", re.MULTILINE)
"""By what a module of the library is known to hold a procedure: its class, and no base, states the title."""

_FINDING = RLock()
"""Procedures are looked for, and their files imported, by one thread at a time."""

PACKAGE = source.INIT
"""What makes a folder a package."""
MOST_FILES, MOST_BYTES = 200, 2**20
"""What a package may hold; it travels to stations in one message."""


def find(name: str, beside: Path = Path(), sha256: str | None = None) -> Found:
    """Return the procedure that somebody at this computer names; for what evidence names, `find_followed`.

    Args:
        name: a name in the catalogue, or the path of a Python file.
        beside: where a relative path starts.
        sha256: the hash its source must have; a file of another one is not imported.

    Raises:
        OrderError: there is no such procedure, or the file can't be used as one.
        EvidenceError: its source has another hash.
    """
    with _FINDING:
        if name.endswith(".py"):
            return _in_file(name, beside, sha256)
        found = _in_catalogue(name, _modules())
        _check(name, found.sha256, sha256)
        return found


def hashes() -> dict[str, str]:
    """Return name → SHA-256 of all procedures that are installed; what offers them is read once.

    Of the library nothing runs for that: it takes a tenth of the time, and what is found later under one of
    these names is of the source that was read here.

    Raises:
        OrderError: one of them can't be read, or loaded.
    """
    with _FINDING:
        modules = _modules()
        parts = parts_of_the_library(_shipped(modules))
        return {
            name: hash_of_module(modules[name], parts)
            if _is_shipped(modules[name])
            else _in_catalogue(name, modules).sha256
            for name in _names(modules)
        }


def find_followed(name: str, sha256: str, given: Path | None = None, *, changed: bool = False) -> Found:
    """Return the procedure that a run followed by what its evidence says; no path in there is ever used.

    Args:
        name: as the evidence says.
        sha256: as the evidence says.
        given: the procedure's file, from whoever asks; without it, it must be an installed one.
        changed: a later text will do, too.

    Raises:
        OrderError: it is neither installed nor given, or can't be used.
        EvidenceError: what is at hand has another hash; a file was not imported then.
    """
    wanted = None if changed else sha256
    if given is not None:
        with _FINDING:
            return _in_file(str(given), Path(), wanted)
    if is_installed(name):
        return find(name, sha256=wanted)
    raise OrderError(
        f"the run followed {Path(name).name!r}, which is not installed here: give the procedure's file with "
        "--procedure FILE"
    )


def is_installed(name: str) -> bool:
    """Tell whether `find` knows a name that is no file's."""
    with _FINDING:
        modules = _modules()
        full = _full(name, modules)
        return full in modules and _is_procedure(modules[full])


@lru_cache(maxsize=1000)
def full_name(name: str) -> str:
    """Return the name by which a procedure is counted: with its folder, also where it is called without.

    What is no shipped one, or not installed any more, is called as it is.
    """
    with _FINDING:
        return _full(name, _modules())


def nearest_name(name: str) -> str:
    """Return what is known that resembles a name nobody has, as a hint."""
    known = names()
    return nearest(name, [*known, *(full.rpartition(".")[2] for full in known if "." not in name)])


def names() -> tuple[str, ...]:
    """Return the names in the catalogue; modules of the library without a procedure don't count."""
    with _FINDING:
        return tuple(_names(_modules()))


def _names(modules: Mapping[str, str]) -> list[str]:
    return sorted(
        name for name, module in modules.items() if _is_procedure(module) and _full(name, modules) == name
    )


def read_files(path: Path) -> dict[str, bytes]:
    """Return name → content of a procedure's file, or of everything in its folder if that is a package.

    Hidden files and what Python compiled are left out.

    Raises:
        OrderError: there is no such file, or the folder holds what can't be hashed and sent: symbolic
            links, or too much.
    """
    try:
        if not path.is_file():
            raise OrderError(f"there is no procedure in {path}: the file does not exist")
        if not (path.parent / PACKAGE).is_file():
            return {path.name: path.read_bytes()}
        return {
            file.relative_to(path.parent.parent).as_posix(): file.read_bytes() for file in _files(path.parent)
        }
    except OSError as error:
        raise OrderError(f"{path} can't be read: {error}") from error


def hash_of(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of the list `sha256sum` prints of files, sorted by name."""
    return listed((name, sha256(content).hexdigest()) for name, content in files.items())


def _files(package: Path) -> list[Path]:
    found: list[Path] = []
    size = 0
    for path in sorted(package.rglob("*")):
        inside = path.relative_to(package).parts
        if any(part.startswith(".") or part == "__pycache__" for part in inside):
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise OrderError(f"{path} is no plain file: a procedure's folder holds files and folders only")
        if path.is_file():
            found.append(path)
            size += path.stat().st_size
        if len(found) > MOST_FILES or size > MOST_BYTES:
            raise OrderError(
                f"{package} is too large for a procedure: {MOST_FILES} files and {MOST_BYTES} bytes at most"
            )
    return found


def _in_catalogue(name: str, modules: Mapping[str, str]) -> Found:
    full = _full(name, modules)
    if full not in modules:
        raise OrderError(f"there is no procedure {name!r}, {nearest_name(name)}")
    module, _, attribute = modules[full].partition(":")
    try:
        loaded = source.load(module)
    except Exception as error:
        raise OrderError(f"procedure {name} can't be loaded from {module}: {error!r}") from error
    procedure = getattr(loaded, attribute, None) if attribute else _only_procedure(loaded, name)
    if not (isinstance(procedure, type) and issubclass(procedure, Procedure)):
        raise OrderError(f"procedure {name}: {modules[full]} is no procedure")
    return Found(name, procedure, hash_of_module(procedure.__module__, parts_as_they_run()))


def _is_procedure(module: str) -> bool:
    """Tell whether what stands in the catalogue is a procedure: it names one, or the module holds one."""
    if ":" in module:
        return True
    try:
        if _is_shipped(module):
            return STATES_ITS_TITLE.search(source.read(module).content) is not None
        loaded = source.load(module)
    except Exception as error:
        raise OrderError(f"the library can't be loaded: {error!r}: install remotecal anew") from error
    return len(_own_procedures(loaded)) == 1


def _modules() -> dict[str, str]:
    """Return name → `module` or `module:Class`."""
    package = importlib.import_module(LIBRARY)
    shipped = {name: f"{LIBRARY}.{name}" for name in _below(package.__path__, "")}
    return {entry.name: entry.value for entry in entry_points(group=GROUP)} | shipped


def _below(places: Iterable[str], folder: str) -> Iterator[str]:
    """Yield the modules in a package's folder and in those below it, as `folder.module`; none is imported."""
    for module in pkgutil.iter_modules(places):
        if module.ispkg:
            inside = [str(Path(place) / module.name) for place in places]
            yield from _below(inside, f"{folder}{module.name}.")
        else:
            yield f"{folder}{module.name}"


def _full(name: str, modules: Mapping[str, str]) -> str:
    """Return the whole name of a shipped procedure that is called without its folder; others as they are.

    So they were called before there were folders, and so old orders and journals name them; a package that
    offers another procedure by such a name offers it in vain.
    """
    if _is_shipped(modules.get(name, "")):
        return name
    called = [
        full
        for full, module in modules.items()
        if full.rpartition(".")[2] == name and _is_shipped(module) and _is_procedure(module)
    ]
    return called[0] if len(called) == 1 else name


def _is_shipped(module: str) -> bool:
    return ":" not in module and module.startswith(f"{LIBRARY}.")


def _shipped(modules: Mapping[str, str]) -> frozenset[str]:
    """Return the modules of the library, packages included."""
    found: set[str] = set()
    for module in filter(_is_shipped, modules.values()):
        inside = module.split(".")
        found |= {".".join(inside[:end]) for end in range(LIBRARY.count(".") + 1, len(inside) + 1)}
    return frozenset(found)


def _in_file(name: str, beside: Path, sha256: str | None) -> Found:
    """Return the procedure in a file: read once, hashed, and compiled from what was read."""
    path = (beside / name).resolve()
    files = read_files(path)
    found = hash_of(files)
    _check(name, found, sha256)
    return Found(str(path), _only_procedure(_import(path, files, found), name), found)


def _check(name: str, found: str, wanted: str | None) -> None:
    if wanted is not None and found != wanted:
        raise EvidenceError(
            f"procedure {name} has the hash {found[:16]}…, not {wanted[:16]}…: it was changed since, or is "
            "another one; restore it"
        )


def _import(path: Path, files: Mapping[str, bytes], found: str) -> ModuleType:
    """Import a file, or the package it stands in, under a name that only this content at this place has."""
    place = sha256(f"{path} {found}".encode()).hexdigest()
    name = f"remotecal_procedure_{place[:32]}"
    try:
        if path.name in files:
            return source.Snapshot(name, path, files).load()
        package = source.Snapshot(name, path.with_name(PACKAGE), files)
        return package.load("" if path.name == PACKAGE else path.stem)
    except Exception as error:
        raise OrderError(f"procedure {path} can't be loaded: {error!r}") from error


def _only_procedure(module: ModuleType, name: str) -> type[Procedure]:
    own = _own_procedures(module)
    if len(own) != 1:
        written = ", ".join(item.__name__ for item in own) or "none"
        raise OrderError(f"procedure {name}: its file must hold one procedure, there is {written}")
    return own[0]


def _own_procedures(module: ModuleType) -> list[type[Procedure]]:
    return [
        item
        for item in vars(module).values()
        if isinstance(item, type)
        and issubclass(item, Procedure)
        and item.__module__ == module.__name__
        and not inspect.isabstract(item)
    ]
