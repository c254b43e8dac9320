"""Where procedures are found: shipped ones, a laboratory's own files, third-party packages.

A procedure's file may stand in a folder with `__init__.py`: then the folder is a package, and all
that lies in it, modules and data, belongs to the procedure and is hashed with it.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import pkgutil
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

LIBRARY = "remotecal.procedures.library"
"""Package of the shipped procedures: a folder for each domain, a module for each procedure."""

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
    the package it belongs to (`root_of`), directly or not, each named by its path from there and sorted by
    that; of a file in a folder of its own, of everything in the folder, named by its path from beside it.
    """


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

    Raises:
        OrderError: one of them can't be loaded.
    """
    with _FINDING:
        modules = _modules()
        return {name: _in_catalogue(name, modules).sha256 for name in _names(modules)}


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
    return _hash(sorted(files.items()))


def _hash(files: Iterable[tuple[str, bytes]]) -> str:
    listing = [f"{sha256(content).hexdigest()}  {name}\n" for name, content in files]
    return sha256("".join(listing).encode()).hexdigest()


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
    return _found(name, procedure)


def _is_procedure(module: str) -> bool:
    """Tell whether what stands in the catalogue is a procedure: it names one, or the module holds one."""
    if ":" in module:
        return True
    try:
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


def _found(name: str, procedure: type[Procedure]) -> Found:
    root = root_of(procedure.__module__)
    files: dict[str, bytes] = {}
    _gather(procedure.__module__, root, files)
    return Found(name, procedure, hash_of(files))


def root_of(module: str) -> str:
    """Return the package of which all that a procedure imports is hashed: the library, or the topmost one."""
    return LIBRARY if module.startswith(f"{LIBRARY}.") else module.partition(".")[0]


def _gather(name: str, root: str, files: dict[str, bytes]) -> None:
    """Add the source of a module, of the packages it lies in, and of what it imports below `root`."""
    running = source.running(name)
    if running is None:
        raise OrderError(
            f"module {name} was imported before remotecal read it, or has no source, so nobody knows what "
            "runs: let remotecal find its procedures first"
        )
    above, is_package = name.rpartition(".")[0], running.is_package(name)
    path = _path_in(root, name, is_package=is_package)
    if path in files:
        return
    files[path] = running.content
    for other in sorted({above, *_imported(running.content, name if is_package else above)}):
        if (other == root or other.startswith(f"{root}.")) and _is_module(other):
            source.load(other)
            _gather(other, root, files)


def _path_in(root: str, module: str, *, is_package: bool) -> str:
    """Return where a module's file stands, from the folder of the package `root`, or beside a single file."""
    inside = module.removeprefix(root).lstrip(".").replace(".", "/")
    if is_package:
        return f"{inside}/{PACKAGE}".lstrip("/")
    return f"{inside or module}.py"


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # something in a module
        return False


@lru_cache(maxsize=256)
def _imported(content: bytes, package: str) -> frozenset[str]:
    """Return the names of the modules that a module of a package may import, by its source."""
    found: set[str] = set()
    for node in _statements(source.parsed(content)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: -node.level + 1 or None] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements below a node, however deep, and not their expressions, which import nothing."""
    for block in ("body", "handlers", "orelse", "finalbody", "cases"):
        for inner in getattr(node, block, ()):
            yield inner
            yield from _statements(inner)
