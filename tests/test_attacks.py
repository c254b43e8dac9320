"""The table of attacks names tests that are there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "attacks.md"

NAMED = re.compile(r"(?P<file>(?:tests|benchmarks)/[\w/]+\.py)?(?P<test>(?:::[\w*]+)*)")


def _tests(path: Path) -> set[str]:
    """Return the names of a test file's tests, fixtures and classes of tests."""
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


def test_every_row_names_tests_that_are_there() -> None:
    rows = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row.startswith("| attack or fault")]
    assert len(rows) > 150
    missing = []
    for row in rows:
        shown = row.rstrip(" |").rpartition(" | ")[2]
        assert re.search(r"tests/\S+\.py|…\[", shown), row
        path = None
        for found in NAMED.finditer(shown):
            if found["file"]:
                path = ROOT / found["file"]
                if not path.is_file():
                    missing.append(found["file"])
                    path = None
            names = {name for name in found["test"].split("::") if name and name != "*"}
            if path is not None and not names <= _inherited(path):
                missing.append(found[0])
    assert missing == []


def _inherited(path: Path) -> set[str]:
    """Return a file's tests, and those of the kits beside it that its classes take over."""
    return _tests(path).union(*(_tests(kit) for kit in path.parent.glob("conformance.py")))
