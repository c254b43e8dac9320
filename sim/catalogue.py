"""Which simulated benches there are.

A shipped bench stands in a folder of this package, in whose module `assemblies` a table `BENCHES` gives
it its name; others come from installed packages by the entry point group `remotecal.benches`, such as

```toml
[project.entry-points."remotecal.benches"]
bath = "sable_benches:Bath"
```
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Final

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
    """Return a bench by name.

    Raises:
        ConfigurationError: there is no such bench, or it can't be loaded.
    """
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
