"""Which simulated benches there are.

A shipped bench stands in a folder of this package, in whose module `assemblies` a table `BENCHES` gives
it its name; others come from installed packages by the entry point group `remotecal.benches`, such as

```toml
[project.entry-points."remotecal.benches"]
bath = "sable_benches:Bath"
```

One that is in no catalogue is named by its file.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Final, TypeGuard

import remotecal.sim
from remotecal.configuration import nearest
from remotecal.errors import ConfigurationError
from remotecal.sim.assembly import Assembly
from remotecal.source import load

GROUP: Final = "remotecal.benches"

MODULE: Final = "assemblies"
"""Module of a folder that declares its benches."""


def benches() -> dict[str, type[Assembly]]:
    """Return every bench that can be put up, by name; `broken` tells of the others."""
    installed = {entry.name: _load(entry) for entry in sorted(entry_points(group=GROUP))}
    sound = {name: found for name, found in installed.items() if not isinstance(found, str)}
    return sound | _shipped()


def broken() -> dict[str, str]:
    """Return why installed benches can't be used, by name."""
    shipped = _shipped()
    reasons: dict[str, str] = {}
    for entry in entry_points(group=GROUP):
        if entry.name in shipped:
            reasons[f"{entry.name} ({entry.value})"] = "a shipped bench has this name"
        elif isinstance(found := _load(entry), str):
            reasons[entry.name] = found
    return reasons


def bench(name: str) -> type[Assembly]:
    """Return a bench by its name, or the one in a Python file that somebody here names.

    Raises:
        ConfigurationError: there is no such bench, or it can't be loaded.
    """
    if name.endswith(".py"):
        return _in_file(Path(name))
    shipped = _shipped()
    if name in shipped:
        return shipped[name]
    installed = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in installed:
        raise ConfigurationError(f"there is no bench {name!r}, {nearest(name, [*shipped, *installed])}")
    found = _load(installed[name])
    if isinstance(found, str):
        raise ConfigurationError(f"the bench {name} can't be loaded: {found}")
    return found


def _shipped() -> dict[str, type[Assembly]]:
    """Return the shipped benches, which can't be replaced."""
    shipped: dict[str, type[Assembly]] = {}
    for folder in pkgutil.iter_modules(remotecal.sim.__path__, "remotecal.sim."):
        if folder.ispkg and find_spec(f"{folder.name}.{MODULE}"):
            shipped |= importlib.import_module(f"{folder.name}.{MODULE}").BENCHES
    return shipped


def _load(entry: EntryPoint) -> type[Assembly] | str:
    """Return a bench, or why there is none."""
    try:
        load(entry.module)  # its package may offer a procedure, too, which is hashed as it was read
        found = entry.load()
    except Exception as error:  # noqa: BLE001  somebody else's module may fail in any way
        return f"{entry.value}: {type(error).__name__}: {error}"
    if not (isinstance(found, type) and issubclass(found, Assembly)):
        return f"{entry.value} is no Assembly"
    return found


def _in_file(path: Path) -> type[Assembly]:
    """Return the bench that a file declares; what stands beside the file can be imported from it."""
    if not path.is_file():
        raise ConfigurationError(f"there is no bench in {path}: the file does not exist")
    sys.path.insert(0, str(path.resolve().parent))
    try:
        module = load(path.stem)
    except Exception as error:  # somebody else's module may fail in any way
        raise ConfigurationError(f"the bench in {path} can't be loaded: {error!r}") from error
    if Path(module.__file__ or "").resolve() != path.resolve():
        raise ConfigurationError(f"{path} is called as {module.__file__} is: give it another name")
    own = [item for item in vars(module).values() if _is_own(item, module)]
    if len(own) != 1:
        written = ", ".join(item.__name__ for item in own) or "none"
        raise ConfigurationError(f"a file that is given for a bench must declare one, {path} has {written}")
    return own[0]


def _is_own(item: object, module: ModuleType) -> TypeGuard[type[Assembly]]:
    """Tell whether something in a module is a bench that it declares itself."""
    kind = isinstance(item, type) and issubclass(item, Assembly) and not inspect.isabstract(item)
    return kind and getattr(item, "__module__", "") == module.__name__
