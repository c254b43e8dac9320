"""The simulator's files: none in a circle, no bench knows another domain's, what they share knows none."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from domains import DOMAINS

SIM = Path(__file__).parent.parent.parent / "sim"


def names() -> dict[str, Path]:
    """Return every module of the simulator, by its name within it; "" is the package itself."""
    parts = {path: path.relative_to(SIM).with_suffix("").parts for path in SIM.rglob("*.py")}
    return {".".join(part for part in parts[path] if part != "__init__"): path for path in parts}


def imported(path: Path, known: set[str]) -> set[str]:
    """Return the simulator's modules a file imports, for type checking included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("remotecal.sim"):
            inside = (node.module or "").removeprefix("remotecal.sim").removeprefix(".")
            found |= {inside} | {f"{inside}.{alias.name}".removeprefix(".") for alias in node.names}
    return (found & known) - {""}


IMPORTS = {name: imported(path, set(names())) for name, path in names().items()}
BENCHES = {path.parent.name for path in SIM.glob("*/assemblies.py")}


OF_DOMAIN = {folder: name for name, domain in DOMAINS.items() for folder in domain.sims}


def bench_of(name: str) -> str | None:
    """Return whose bench a module is of: its domain's, whose benches may share what they are made of."""
    folder = name.partition(".")[0]
    return OF_DOMAIN.get(folder, folder) if folder in BENCHES or folder in OF_DOMAIN else None


def test_no_files_import_one_another_in_a_circle() -> None:
    assert len(IMPORTS) > 30
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as circle:
        pytest.fail(f"a circle: {circle.args[1]}")


@pytest.mark.parametrize("name", IMPORTS)
def test_a_bench_is_known_to_itself_alone(name: str) -> None:
    known = {bench_of(other) for other in IMPORTS[name]} - {None}
    assert known <= {bench_of(name)}, f"{name} imports {known}"


@pytest.mark.parametrize("name", [name for name in IMPORTS if name.startswith("instruments")])
def test_instruments_know_no_bench_and_nothing_of_assembling(name: str) -> None:
    assert not {other.partition(".")[0] for other in IMPORTS[name]} & {
        "assembly",
        "paper",
        "wiring",
        "stands",
    }
