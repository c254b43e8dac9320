"""What people may answer to a shipped procedure is said in their language, wherever they are asked."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

import remotecal
from remotecal.pages.words import words

HOME = Path(remotecal.__file__).parent
WHERE = {
    "remotecal.procedures.library": HOME / "procedures" / "library",
    "remotecal.runs": HOME / "runs",
}


def answers(package: str, folder: Path) -> set[str]:
    """Return all that is given to choose from where something is asked."""
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "ask":
                given = [*call.args[1:2], *(each.value for each in call.keywords if each.arg == "options")]
                name = ".".join((package, *file.relative_to(folder).with_suffix("").parts))
                for told in (one for one in given if isinstance(one, ast.Tuple)):
                    found |= {said(each, name) for each in told.elts}
    return found


def said(answer: ast.expr, module: str) -> str:
    """Return an answer, whether it is written out or called by its constant."""
    if isinstance(answer, ast.Name):
        return str(getattr(import_module(module), answer.id))
    return str(ast.literal_eval(answer))


@pytest.mark.parametrize("package", WHERE)
def test_what_may_be_answered_is_said_in_both_languages(package: str) -> None:
    told = answers(package, WHERE[package])
    assert "done" in told
    for language in ("zh", "en"):
        assert {one for one in told if f"answer.{one}" not in words(language).texts} == set()
