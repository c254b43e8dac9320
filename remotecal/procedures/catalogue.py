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
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path
from threading import RLock
from types import ModuleType

from remotecal.configuration import nearest
from remotecal.errors import OrderError
from remotecal.procedures.procedure import Procedure

LIBRARY = "remotecal.procedures.library"
"""Package of the shipped procedures, one module each."""

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
    """SHA-256 of its source, in hexadecimal.

    That is the SHA-256 of the list `sha256sum` prints of the procedure's file and the modules of
    its own package that it imports, sorted by name; of a file in a folder of its own, of everything
    in the folder, named by its path from beside the folder and sorted by that.
    """


_FINDING = RLock()
"""CPython 3.11 loses count in `ast.parse`, by which procedures are hashed, if two threads are in it."""

PACKAGE = "__init__.py"
"""What makes a folder a package."""
MOST_FILES, MOST_BYTES = 200, 2**20
"""What a package may hold; it travels to stations in one message."""


def find(name: str, beside: Path = Path()) -> Found:
    """Return the procedure an order names.

    Args:
        name: a name in the catalogue, or the path of a Python file.
        beside: where a relative path starts.

    Raises:
        OrderError: there is no such procedure, or the file can't be used as one.
    """
    with _FINDING:
        if name.endswith(".py"):
            path = (beside / name).resolve()
            contents = read_files(path)
            return Found(str(path), _only_procedure(_run_file(path), name), hash_of(contents))
        return _in_catalogue(name)


def names() -> tuple[str, ...]:
    """Return the names in the catalogue; modules of the library without a procedure don't count."""
    with _FINDING:
        modules = _modules()
        return tuple(sorted(name for name, module in modules.items() if ":" in module or _holds_one(module)))


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


def _in_catalogue(name: str) -> Found:
    modules = _modules()
    if name not in modules:
        raise OrderError(f"there is no procedure {name!r}, {nearest(name, names())}")
    module, _, attribute = modules[name].partition(":")
    try:
        loaded = importlib.import_module(module)
    except Exception as error:
        raise OrderError(f"procedure {name} can't be loaded from {module}: {error!r}") from error
    procedure = getattr(loaded, attribute, None) if attribute else _only_procedure(loaded, name)
    if not (isinstance(procedure, type) and issubclass(procedure, Procedure)):
        raise OrderError(f"procedure {name}: {modules[name]} is no procedure")
    return _found(name, procedure)


def _holds_one(module: str) -> bool:
    loaded = importlib.import_module(module)
    return len(_own_procedures(loaded)) == 1


def _modules() -> dict[str, str]:
    """Return name → `module` or `module:Class`."""
    package = importlib.import_module(LIBRARY)
    shipped = {module.name: f"{LIBRARY}.{module.name}" for module in pkgutil.iter_modules(package.__path__)}
    return {entry.name: entry.value for entry in entry_points(group=GROUP)} | shipped


def _run_file(path: Path) -> ModuleType:
    """Import a file, or the package it stands in, under a name of its own."""
    try:
        if not (path.parent / PACKAGE).is_file():
            return _import(path)
        package = _import(path.parent / PACKAGE)
        if path.name == PACKAGE:
            return package
        return importlib.import_module(f"{package.__name__}.{path.stem}")
    except Exception as error:
        raise OrderError(f"procedure {path} can't be loaded: {error!r}") from error


def _import(path: Path) -> ModuleType:
    # The name tells files of the same name apart; dataclasses and typing look it up in sys.modules.
    name = f"remotecal_procedure_{sha256(str(path).encode()).hexdigest()[:16]}"
    for loaded in [known for known in sys.modules if known.startswith(f"{name}.")]:
        del sys.modules[loaded]  # what the files say may have changed since
    importlib.invalidate_caches()
    inside = [str(path.parent)] if path.name == PACKAGE else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=inside)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


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
    files: dict[str, Path] = {}
    _gather(procedure.__module__, files)
    return Found(name, procedure, _hash((path.name, path.read_bytes()) for _, path in sorted(files.items())))


def _gather(name: str, files: dict[str, Path]) -> None:
    """Add the source of a module, and of those beside it in its package that it imports."""
    module = sys.modules.get(name)
    source = getattr(module, "__file__", None)
    if source is None or name in files:
        return
    files[name] = Path(source)
    package = name.rpartition(".")[0]
    for node in ast.walk(ast.parse(files[name].read_bytes())) if package else ():
        if isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for other in imported:
            if other.startswith(f"{package}."):
                _gather(other, files)
