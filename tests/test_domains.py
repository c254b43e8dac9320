"""Domains are guests in the house: none knows another, the house knows none, nor speaks as they do.

So one can go whole, with its tests: docs/decisions/a-domain-goes-whole.md.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from domains import DOMAINS, whose_test
from test_layers import FOLDERS, MODULES, ROOT, imports

from remotecal.sim.catalogue import benches

SHARED = {
    "remotecal.procedures.library": {"evaluation", "measuring", "meters"},
    "remotecal.sim": {"instruments"},
}
"""Folders beside those of the domains that are of none."""

WORDS = {
    "converter": {"soak", "compressibility"},
    "flow": {"water", "gravimetric", "diverter", "flow", "pump", "tank"},
    "density": {"meniscus", "pycnometer", "hydrometer", "bubbles"},
    "gas": {"nozzle", "nozzles", "choked"},
    "heat": {"calorimeter", "enthalpy"},
    "gas_loop": {"blower", "cooler"},
    "pressure": {"piston", "mbar"},
}
"""What only the domain itself should speak of."""

OF_QUANTITIES = (
    "remotecal.drivers",
    "remotecal.fluids",
    "remotecal.procedures.library.meters",
    "remotecal.sim.instruments",
)
"""Drivers, fluids, simulated instruments and what calibrates meters are named after quantities, whichever
domain uses them."""

NAMED = {
    "remotecal.cli.declared": {"water"},
    "remotecal.bench_file": {"flow"},
    "remotecal.unit_names": {"water"},
    "remotecal.web.bodies": {"water", "flow", "gravimetric", "pump"},
}
"""The bench of a demonstration unless another is named; flow control of a serial port; inches of water; what
the API shows as an example."""

MIGRATIONS = "remotecal.store.migrations.versions."
"""Keep the names of their day, also of domains that are gone since: a database of then has them."""

ABOUT_THEM = {ROOT / "tests" / "domains.py", ROOT / "tests" / "test_domains.py"}
"""Tests that are about the domains themselves."""


def domain(module: str) -> str | None:
    for name, one in DOMAINS.items():
        if any(f"{module}.".startswith(f"{package}.") for package in one.packages):
            return name
    return None


def test_every_folder_is_a_domains_or_shared() -> None:
    for package, shared in SHARED.items():
        folders = {path.parent.name for path in FOLDERS[package].glob("*/__init__.py")}
        assert {f for f in folders if domain(f"{package}.{f}") is None} == shared


def test_a_domain_is_known_to_itself_alone() -> None:
    strangers = {
        (module, name)
        for module, others in imports().items()
        for name in others
        if domain(name) not in {None, domain(module)}
    }
    assert strangers == set()


@pytest.mark.parametrize("name", DOMAINS)
def test_no_words_of_a_domain_outside_the_domains(name: str) -> None:
    said = {
        module: found
        for module, path in MODULES.items()
        if domain(module) is None and not module.startswith((*OF_QUANTITIES, MIGRATIONS))
        if (found := WORDS[name] & words(path) - NAMED.get(module, set()))
    }
    assert not said


TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if path not in ABOUT_THEM]


@pytest.mark.parametrize("name", DOMAINS)
def test_no_test_but_its_own_names_a_domain(name: str) -> None:
    """Neither by an import nor in a text: the library's go by what there is, the engine's by `dosing`."""
    said = {
        str(path.relative_to(ROOT)): found
        for path in TESTS
        if whose_test(path) != name and (found := DOMAINS[name].named(path.read_text(encoding="utf-8")))
    }
    assert said == {}


def test_no_test_imports_one_of_a_domain_that_is_not_its_own() -> None:
    """They import one another by their bare names."""
    owners = {path.stem: owner for path in TESTS if (owner := whose_test(path)) and path.stem != "conftest"}
    for path in TESTS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert owners.get(node.module or "") in {None, whose_test(path)}, (path, node.module)


def test_a_domain_is_there_whole_or_not_at_all() -> None:
    for one in DOMAINS.values():
        assert [folder.exists() for folder in one.folders] == [not one.gone] * len(one.folders)
    known = {name: kind.__module__.rpartition(".")[0] for name, kind in benches().items()}
    shipped = {name for name, package in known.items() if package.startswith("remotecal.")}
    assert shipped == {bench for one in DOMAINS.values() if not one.gone for bench in one.benches}


@cache
def words(path: Path) -> set[str]:
    """Return the words of a file's names and texts, without its docstrings, in lower case."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    said = (text for node in ast.walk(tree) if node not in told for text in texts(node))
    return {word.lower() for text in said for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)}


def texts(node: ast.AST) -> Iterator[str]:
    for _, value in ast.iter_fields(node):
        if isinstance(value, str):
            yield value
