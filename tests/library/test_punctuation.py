"""Chinese texts have the punctuation of Chinese where they are written, and so wherever they come out.

A certificate as PDF and a page make it so, too, for what others wrote; XML, JSON, tables, the journal and the
command line give a text as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import remotecal
from remotecal.certificates.pdf.numbers import full_width

PACKAGE = Path(remotecal.__file__).parent
FIXED = {"added.py"}
"""Where the words are fixed: signed amendments have them, and are checked by them."""
FOLDERS = sorted({each for each in PACKAGE.iterdir() if each.is_dir()} | {PACKAGE / "procedures" / "library"})


def written(node: ast.expr) -> str:
    """Return what an expression writes out, with a figure wherever a value stands."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(written(each) if isinstance(each, ast.Constant) else "0" for each in node.values)
    return ""


def chinese(path: Path) -> Iterator[tuple[int, str]]:
    """Return what a module says by `zh=`, and in which line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "zh":
            yield node.value.lineno, written(node.value)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_punctuation_is_as_wide_as_the_characters(folder):
    narrow = [
        f"{path.relative_to(PACKAGE)}:{line}: {said}"
        for path in sorted(folder.rglob("*.py"))
        if path.name not in FIXED
        for line, said in chinese(path)
        if full_width(said) != said
    ]
    assert not narrow
