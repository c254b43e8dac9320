"""Where an input of a budget comes from is said in the reader's language."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import remotecal
from remotecal.model import Text
from remotecal.procedures.library.evaluation.repeats import said_of
from remotecal.uncertainty.inputs import Input

HOME = Path(remotecal.__file__).parent
WHERE = [*HOME.joinpath("procedures", "library").rglob("*.py"), *HOME.joinpath("uncertainty").glob("*.py")]

OF_NO_LANGUAGE = re.compile(r"Greenspan \(1976\)|Tanaka et al\., Metrologia|CIPM-2007|OIML|IAPWS|K0, K1, K2")
"""Names of publications and symbols, which read the same in every language."""
WORDS = re.compile(r"[a-z]{3,}|[\u4e00-\u9fff]")


def said(node: ast.AST) -> str:
    """Return what is said whatever the reader's language; nothing of a `Text` in both."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
        return "" if {each.arg for each in node.keywords} == {"zh", "en"} else "a text not in both"
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(said(part) for part in node.values)
    if isinstance(node, (ast.IfExp, ast.BoolOp, ast.BinOp)):
        return "".join(said(part) for part in ast.iter_child_nodes(node))
    return ""


def sources(tree: ast.AST) -> list[ast.expr]:
    """Return what is given as a source, or gets that name."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "source":
            found.append(node.value)
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            names = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [node.value for name in names if isinstance(name, ast.Name) and name.id == "source"]
    return found


def test_no_source_is_said_in_one_language_alone():
    alone = [
        f"{path.name}:{one.lineno}: {told}"
        for path in WHERE
        for one in sources(ast.parse(path.read_text(encoding="utf-8")))
        if WORDS.search(told := OF_NO_LANGUAGE.sub("", said(one)))
    ]
    assert alone == []


def test_every_input_says_where_it_comes_from():
    """Those by readings do by themselves, see below; of some, nothing but u is taken."""
    silent = []
    for path in HOME.joinpath("procedures", "library").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        numbers = {id(node.value) for node in nodes if isinstance(node, ast.Attribute) and node.attr == "u"}
        silent += [
            f"{path.name}:{node.lineno}"
            for node in nodes
            if isinstance(node, ast.Call)
            and ast.unparse(node.func).startswith("Input.")
            and ast.unparse(node.func) != "Input.from_readings"
            and "source" not in {each.arg for each in node.keywords}
            and id(node) not in numbers
        ]
    assert silent == []


def test_what_several_say_is_joined_in_every_language():
    both, alone = Text(zh="检漏限值", en="limit of the leak test"), Text(zh="委托单", en="the order")
    assert Text.joined([both, "C-1", alone, both]) == Text(
        zh="检漏限值；C-1；委托单", en="limit of the leak test; C-1; the order"
    )
    assert Text.joined(["C-1", "C-2", "C-1"]) == Text.plain("C-1; C-2")


def test_readings_and_correlations_are_told_in_both():
    assert Input.from_readings("E", [1.0, 2.0], "%").source == Text(zh="2 次读数", en="2 readings")
    told = [said_of(None), said_of([[1.0, 0.5], [0.5, 1.0]])]
    assert told == [Text(zh="r = 0（未声明）", en="r = 0 (not stated)"), "r = 0.5"]
