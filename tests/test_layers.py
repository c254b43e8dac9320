"""Imports point downwards only, and nobody imports a simulator but itself and its own commands."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = [
    {"remotecal.errors", "remotecal.source", "remotecal.numerals"},
    {"remotecal.locks", "remotecal.opening", "remotecal.signals"},
    {
        "remotecal.clock",
        "remotecal.configuration",
        "remotecal.editions",
        "remotecal.numerals",
        "remotecal.unit_names",
        "remotecal.units",
    },
    {"remotecal.model"},
    {"remotecal.drivers", "remotecal.uncertainty", "remotecal.fluids", "remotecal.comparison"},
    {
        "remotecal.certificates",
        "remotecal.registers",
        "remotecal.bench",
        "remotecal.bench_file",
        "remotecal.open_bench",
    },
    {"remotecal.procedures"},
    {"remotecal.sim"},
    {"remotecal.verify"},
    {"remotecal.store"},
    {"remotecal.transport"},
    {"remotecal.cli", "remotecal.web"},
]
"""From the bottom up; a layer may import from its own and from those above it in this list."""

FOLDERS = {
    "remotecal": ROOT / "remotecal",
    "remotecal.procedures.library": ROOT / "procedures",
    "remotecal.sim": ROOT / "sim",
}
MAY_SIMULATE = {"remotecal.cli.demo", "remotecal.cli.sim"}
"""The commands that put up simulated benches."""


def modules() -> dict[str, Path]:
    found = {}
    for package, folder in FOLDERS.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            name = ".".join([package, *(part for part in parts if part != "__init__")])
            found[name] = path
    return found


def layer(module: str) -> int | None:
    for height, packages in enumerate(LAYERS):
        if any(module == package or module.startswith(package + ".") for package in packages):
            return height
    return None


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.startswith("remotecal")}


def test_every_module_stands_in_a_layer() -> None:
    assert {name for name in modules() if layer(name) is None} == {"remotecal", "remotecal.__main__"}


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_imports_only_from_below(module: str) -> None:
    height = layer(module)
    for name in imported(modules()[module]):
        if name.startswith("remotecal.sim"):
            assert module.startswith("remotecal.sim") or module in MAY_SIMULATE, f"{module} imports {name}"
        below = layer(name)
        assert height is None or below is None or below <= height, f"{module} imports {name} from above"
