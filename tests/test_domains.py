"""Domains are guests in the house: none knows another, the house knows none, nor speaks as they do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_layers import FOLDERS, MODULES, imported

DOMAINS = {
    "flow": {"remotecal.procedures.library.flow", "remotecal.sim.water"},
    "pressure": {"remotecal.procedures.library.pressure", "remotecal.sim.pressure"},
}
"""Each domain's folders: its procedures, and the benches it is simulated on."""

SHARED = {
    "remotecal.procedures.library": {"evaluation", "measuring"},
    "remotecal.sim": {"instruments"},
}
"""Folders beside those of the domains that are of none."""

WORDS = {
    "flow": {"water", "gravimetric", "diverter", "flow", "pump", "tank"},
    "pressure": {"piston", "mbar"},
}
"""What only the domain itself should speak of."""

OF_QUANTITIES = ("remotecal.drivers", "remotecal.fluids", "remotecal.sim.instruments")
"""Drivers, fluids and simulated instruments are named after quantities, whichever domain uses them."""

NAMED = {
    "remotecal.cli.declared": {"water"},
    "remotecal.bench_file": {"flow"},
    "remotecal.unit_names": {"water"},
    "remotecal.web.bodies": {"water", "flow", "gravimetric", "pump"},
}
"""The bench of a demonstration unless another is named; flow control of a serial port; inches of water; what
the API shows as an example."""


def domain(module: str) -> str | None:
    for name, folders in DOMAINS.items():
        if any(f"{module}.".startswith(f"{folder}.") for folder in folders):
            return name
    return None


def test_every_folder_is_a_domains_or_shared() -> None:
    for package, shared in SHARED.items():
        folders = {path.parent.name for path in FOLDERS[package].glob("*/__init__.py")}
        assert {f for f in folders if domain(f"{package}.{f}") is None} == shared


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_domain_is_known_to_itself_alone(module: str) -> None:
    strangers = {name for name in imported(module) if domain(name) not in {None, domain(module)}}
    assert not strangers


@pytest.mark.parametrize("name", DOMAINS)
def test_no_words_of_a_domain_outside_the_domains(name: str) -> None:
    said = {
        module: found
        for module, path in MODULES.items()
        if domain(module) is None and not module.startswith(OF_QUANTITIES)
        if (found := WORDS[name] & set(words(path)) - NAMED.get(module, set()))
    }
    assert not said


def words(path: Path) -> Iterator[str]:
    """Yield the words of a file's names and texts, without its docstrings, in lower case."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        for text in texts(node) if node not in told else ():
            yield from (word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text))


def texts(node: ast.AST) -> Iterator[str]:
    for _, value in ast.iter_fields(node):
        if isinstance(value, str):
            yield value
