"""The table of attacks names tests that are there."""

import ast
import re
from pathlib import Path

from domains import went_with_its_domain

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "attacks.md"

NAMED = re.compile(r"(?P<file>(?:tests|benchmarks)/[\w/]+\.py)?(?P<test>(?:::[\w*]+)*)")


def _tests(path: Path) -> set[str]:
    """Return the names of a test file's tests and fixtures."""
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
        assert re.search(r"`tests/\S+\.py|`\[", shown), row
        path = None
        for found in NAMED.finditer(shown):
            if found["file"]:
                path = ROOT / found["file"]
                if went_with_its_domain(path):
                    break
                if not path.is_file():
                    missing.append(found["file"])
                    path = None
            names = {name for name in found["test"].split("::") if name and name != "*"}
            if names and (path is None or not names <= _tests(path)):
                missing.append(found[0])
    assert missing == []


def test_every_case_that_is_named_is_there() -> None:
    """A case is called by a function that makes it, or by a text where the cases are listed."""
    cases = set(re.findall(r"\[([^\]…]+)\]`", TABLE.read_text()))
    assert len(cases) > 80
    folders = (ROOT / "tests", ROOT / "remotecal" / "testing")
    sources = "".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    assert {case for case in cases if not re.search(rf'(?:def |"){re.escape(case)}["(]', sources)} == set()
