"""Python source that runs as it was read: compiled from the very bytes that are hashed.

Python keeps what it compiled in `__pycache__` and believes it by the source's time, in seconds, and
length: what was changed since, or planted there, would run in place of the source that was hashed.
Modules found here know no such cache, neither to read nor to write.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import itertools
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.abc import ExecutionLoader, MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader, SourcelessFileLoader
from importlib.resources.abc import Traversable, TraversableResources
from importlib.util import decode_source
from io import BytesIO
from pathlib import Path
from threading import Lock
from types import ModuleType
from zipfile import Path as ZipPath
from zipfile import ZipFile

INIT = "__init__.py"
"""What makes a folder a package."""

_PARSING = Lock()
"""CPython 3.11 loses count of depth where two threads make a syntax tree, and fails with a `SystemError`."""


def parsed(content: str | bytes) -> ast.Module:
    """Return the syntax tree of source, which is made by one thread at a time.

    Raises:
        SyntaxError: it is no Python.
    """
    with _PARSING:
        return ast.parse(content)


class Source(ExecutionLoader):
    """Loads a module from bytes that were read once, and keeps them.

    Args:
        path: the file they were read from.
        content: the bytes.
        package: whether the module is a package.
    """

    def __init__(self, path: Path, content: bytes, *, package: bool) -> None:
        self.path, self.content, self._package = path, content, package

    def get_filename(self, fullname: str) -> str:
        return str(self.path)

    def get_source(self, fullname: str) -> str:
        return decode_source(self.content)

    def is_package(self, fullname: str) -> bool:
        return self._package

    def get_resource_reader(self, fullname: str) -> TraversableResources:
        """Return what reads the data beside it, for `importlib.resources`."""
        return _Folder(self.path.parent)

    def spec(self, name: str) -> ModuleSpec:
        """Return how to load this as the module `name`."""
        spec = ModuleSpec(name, self, origin=str(self.path), is_package=self._package)
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(str(self.path.parent))
        return spec


@dataclass(frozen=True)
class Watched(MetaPathFinder):
    """Lets an installed module, or the modules of a package, be loaded from source alone."""

    name: str
    """The module or package."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to load a module of these.

        Raises:
            ImportError: what stands in its place was compiled, and nobody can read it.
        """
        if fullname != self.name and not fullname.startswith(f"{self.name}."):
            return None
        if fullname in _READ:
            return _READ[fullname].spec(fullname)
        others = (finder for finder in sys.meta_path if not isinstance(finder, Watched))
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        loader = None if spec is None else spec.loader
        if spec is None or loader is None:
            return spec
        origin = Path(loader.path if isinstance(loader, SourceFileLoader) else spec.origin or "")
        if origin.suffix == ".py" and origin.is_file():  # whoever else would load it, such as pytest
            package = spec.submodule_search_locations is not None
            return Source(origin, origin.read_bytes(), package=package).spec(fullname)
        beside = origin.with_name(f"{origin.name.partition('.')[0]}.py")
        if isinstance(loader, SourcelessFileLoader) or beside.exists():
            raise ImportError(f"{origin} was compiled and stands where source should be: remove it")
        return spec


_READ: dict[str, Source] = {}
"""What was read of modules before they are imported, as `sys.modules` has them afterwards."""


def load(name: str) -> ModuleType:
    """Import an installed module; it and all that belongs to its topmost package from source alone.

    Of remotecal itself that is the package it stands in.

    A module that is imported already stays as it is.

    Raises:
        Exception: whatever it raises.
    """
    _watch_its_package(name)
    return importlib.import_module(name)


def read(name: str) -> Source:
    """Return the source of an installed module without running it, only the packages it lies in.

    What is read here is what runs, if the module is imported later, whatever its file holds by then.

    Raises:
        ImportError: it has no source, or was imported before anybody read it.
    """
    _watch_its_package(name)
    found = running(name) or _READ.get(name)
    if found is None:
        spec = importlib.util.find_spec(name)
        if spec is None or not isinstance(spec.loader, Source):
            raise ImportError(f"{name} has no source, or was imported before it was read", name=name)
        found = _READ[name] = spec.loader
    return found


def _watch_its_package(name: str) -> None:
    top = name.partition(".")[0]
    watch(name.rpartition(".")[0] if top == __name__.partition(".")[0] else top)


def watch(name: str) -> None:
    """Let a module, or the modules of a package, be loaded from source alone from now on."""
    _install(Watched(name))


def running(name: str) -> Source | None:
    """Return the source an imported module was compiled from; None where that is not known."""
    loader = getattr(getattr(sys.modules.get(name), "__spec__", None), "loader", None)
    return loader if isinstance(loader, Source) else None


@dataclass(frozen=True)
class Snapshot(MetaPathFinder):
    """Finds the modules of a file, or of a folder that is a package, among bytes that were read once."""

    name: str
    """Name of the module, or of the package."""
    place: Path = field(compare=False)
    """The file, or the package's `__init__.py`."""
    files: Mapping[str, bytes] = field(compare=False)
    """Path from beside the package → content; of a single file, its name → content."""

    @property
    def top(self) -> str:
        """Name of the package's folder, with a `/`; "" of a single file."""
        return f"{self.place.parent.name}/" if self.place.name == INIT else ""

    def load(self, module: str = "") -> ModuleType:
        """Import the package's module `module`, or what stands at `place`."""
        _install(self)
        return importlib.import_module(f"{self.name}.{module}" if module else self.name)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to load a module of these.

        Raises:
            ModuleNotFoundError: there is none among the files that were read; others don't count.
        """
        if fullname == self.name:
            return self._spec(fullname, f"{self.top}{self.place.name}")
        if not fullname.startswith(f"{self.name}."):
            return None
        inside = self.top + fullname.removeprefix(f"{self.name}.").replace(".", "/")
        for written in (f"{inside}/{INIT}", f"{inside}.py"):
            if written in self.files:
                return self._spec(fullname, written)
        if any(written.startswith(f"{inside}/") for written in self.files):
            return ModuleSpec(fullname, None, is_package=True)
        raise ModuleNotFoundError(f"{inside} is not among the files of {self.place}", name=fullname)

    def _spec(self, fullname: str, written: str) -> ModuleSpec:
        return _Member(self, written).spec(fullname)


class _Member(Source):
    """A module of a snapshot, which also hands out the data beside it as it was read."""

    def __init__(self, snapshot: Snapshot, written: str) -> None:
        self._root = snapshot.place.parent.parent if snapshot.top else snapshot.place.parent
        self._files, self._written = snapshot.files, written
        package = bool(snapshot.top) and written.endswith(f"/{INIT}")
        super().__init__(self._root / written, snapshot.files[written], package=package)

    def get_data(self, path: str) -> bytes:
        """Return the content of a file (`OSError`: there is none among those read)."""
        try:
            return self._files[Path(path).relative_to(self._root).as_posix()]
        except (KeyError, ValueError):
            raise FileNotFoundError(f"{path} is not among the files that were read") from None

    def get_resource_reader(self, fullname: str) -> TraversableResources:
        return _Resources(self._files, self._written.rpartition("/")[0])


class _Folder(TraversableResources):
    """Hands out the data of an installed package, for `importlib.resources`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self) -> Traversable:
        return self._folder


class _Resources(TraversableResources):
    """The data of a snapshot's package, for `importlib.resources`."""

    def __init__(self, files: Mapping[str, bytes], folder: str) -> None:
        self._files, self._folder = files, folder

    def files(self) -> Traversable:
        packed = BytesIO()
        with ZipFile(packed, "w") as archive:
            for name, content in self._files.items():
                archive.writestr(name, content)
        return ZipPath(ZipFile(packed), f"{self._folder}/")


def _install(finder: Watched | Snapshot) -> None:
    if finder not in sys.meta_path:
        sys.meta_path.insert(0, finder)
        importlib.invalidate_caches()


def docstrings(cls: type) -> dict[str, str]:
    """Return the docstrings under the statements of a class body, by name, inherited ones included."""
    docs: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        docs |= _own_docs(base)
    return docs


@cache
def _own_docs(cls: type) -> dict[str, str]:
    """Return the docstrings under the statements of one class body, read from its source.

    A class that was made while running has none; it tells them in `docs_of_statements`.
    """
    if isinstance(told := vars(cls).get("docs_of_statements"), Mapping):
        return dict(told)
    try:
        with _PARSING:  # which `inspect` makes a tree for, too
            text = textwrap.dedent(inspect.getsource(cls))
        (definition,) = parsed(text).body
    except (OSError, TypeError):  # made in a session, or built in: no source to read
        return {}
    docs: dict[str, str] = {}
    statements = definition.body if isinstance(definition, ast.ClassDef) else []
    for statement, below in itertools.pairwise(statements):
        match statement, below:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                docs[name] = inspect.cleandoc(text)
    return docs
