"""Whatever laboratory and site people can be refused is said in Chinese too, beside the code that does so."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from remotecal.pages.words import words
from remotecal.sayings import REFUSALS, Sayings, refused_by_rooms

ROOT = Path(__file__).parent.parent
OF_PROGRAMS = {
    "TypeError",
    "KeyError",
    "AssertionError",
    "NotImplementedError",
    "AttributeError",
    "SystemExit",
}
"""What a wrong program meets, and nobody who uses a right one."""
OF_PROGRAMMERS = {
    "remotecal/scales",
    "remotecal/statistics",
    "remotecal/testing",
    "remotecal/uncertainty",
}
"""Folders that are called by programs alone, with what a procedure or a reader has looked at before."""
OTHERWISE_TOLD = {
    "remotecal/certificates/pdf": "what verify finds of a PDF, and pictures",
    "remotecal/certificates/signing/signature.py": "beside a name",
    "remotecal/cli": "said in both languages where it is printed",
    "remotecal/configuration.py": "parts of sentences",
    "remotecal/drivers/catalogue.py": "of drivers, to who writes them",
    "remotecal/drivers/links": "how frames are broken, behind a sentence",
    "remotecal/html.py": "HTML",
    "remotecal/procedures/held.py": "parts of sentences",
    "remotecal/procedures/observed.py": "parts of sentences",
    "remotecal/procedures/procedure.py": "to who writes a procedure",
    "remotecal/station/pages": "HTML and events",
    "remotecal/transport": "between programs",
    "remotecal/units.py": "names of units",
    "remotecal/verify": "findings, of which verify has the Chinese",
    "remotecal/web": "pages, which have words of their own",
}
"""Folder or file → what the texts are that its functions return, if they are no refusals."""
A_SENTENCE = re.compile(r"(?!,)(?:.*?\b[a-z']{2,}\b){3}", re.DOTALL)
"""Three words at least; what begins with a comma is a part of one."""
PART = re.compile(r"\{[^{}]*\}")
HANDED_ON = re.compile(
    r"(?:\W|\b(?:line|element|repeat|certificate|check standard|in|instruments|settings)\b)*"
)
"""What stands beside a reason as it came: at most the place that it is about."""
QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"")
ENGLISH = re.compile(r"(?:\b[a-z']{2,} ){2}[a-z']{2,}\b")
"""Three English words that no command, file or key is made of."""


def modules() -> Iterator[tuple[str, Path]]:
    """Yield folder and path of every module that may refuse something."""
    for top in ("remotecal", "procedures"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).parts
            folder = "/".join(parts[: min(2, len(parts) - 1)])
            if folder not in OF_PROGRAMMERS and "library" not in parts and "migrations" not in parts:
                yield folder, path


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def constants(path: Path) -> dict[str, str]:
    """Return a module's texts in capitals, and those that it imports."""
    found: dict[str, str] = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and any(one.name.isupper() for one in node.names):
            place = node.module.replace(".", "/").replace("remotecal/procedures/library", "procedures")
            source = next(
                (at for at in (ROOT / f"{place}.py", ROOT / place / "__init__.py") if at.exists()), path
            )
            theirs = {} if source == path else constants(source)
            found |= {one.asname or one.name: theirs[one.name] for one in node.names if one.name in theirs}
    for node in tree(path).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id.isupper() and value is not None:
            text = said(value, found)
            found |= {} if text is None or PART.search(text) else {target.id: text}
    return found


def said(node: ast.expr, known: dict[str, str]) -> str | None:
    """Return a text as it is written, with `{}` for each part of it; None for what is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(said(part, known) or "{}" for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return known.get(node.value.id) if isinstance(node.value, ast.Name) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        both = said(node.left, known), said(node.right, known)
        return None if both == (None, None) else "".join(one or "{}" for one in both)
    return None


def either(node: ast.expr) -> tuple[ast.expr, ...]:
    return (node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,)


def raised(path: Path) -> Iterator[ast.expr]:
    """Yield the first argument of every error that is raised."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            error = node.exc.func
            name = error.id if isinstance(error, ast.Name) else getattr(error, "attr", "")
            if name not in OF_PROGRAMS:
                yield from either(node.exc.args[0])


def given(path: Path) -> Iterator[ast.expr]:
    """Yield what functions give back or yield that say why something won't do."""
    within = {str(one.relative_to(ROOT)) for one in (path, *path.parents) if one.is_relative_to(ROOT)}
    if within & set(OTHERWISE_TOLD):
        return
    for function in ast.walk(tree(path)):
        returned = getattr(function, "returns", None)
        if returned is None or "str" not in ast.unparse(returned):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
                yield from either(node.value)
            elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "append":
                yield from either(node.args[0])


def refused(path: Path) -> Iterator[str]:
    """Yield what a module refuses, with `{}` for parts; a reason that is handed on is none."""
    known = constants(path)
    for text in (said(one, known) for one in raised(path)):
        if text and not HANDED_ON.fullmatch(PART.sub("", text)):
            yield text
    for text in (said(one, known) for one in given(path)):
        if text and A_SENTENCE.match(PART.sub("", text)):
            yield text


def in_chinese(sentence: str) -> bool:
    """Tell whether a sentence is said in Chinese, and all of it: another may be known by its first words."""
    told, language = words("zh").refusal(sentence)
    return language == "zh" and not ENGLISH.search(QUOTED.sub("", told))


def test_what_is_refused_is_said_in_chinese() -> None:
    missing = {
        f"{folder}/{REFUSALS}: {text}"
        for folder, path in modules()
        for text in refused(path)
        if not in_chinese(PART.sub("7", text))
    }
    assert missing == set()


def test_each_folder_says_what_it_refuses_and_nothing_else() -> None:
    texts: dict[str, set[str]] = {}
    for folder, path in modules():
        texts.setdefault(folder, set()).update(PART.sub("{}", text) for text in refused(path))
    for folder, known in texts.items():
        file = ROOT / folder / REFUSALS
        told = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        assert {PART.sub("{}", sentence) for sentence in told} <= known, folder


def test_both_languages_have_the_same_parts() -> None:
    for sentence, chinese in refused_by_rooms().items():
        assert set(PART.findall(chinese)) <= set(PART.findall(sentence)), sentence
        assert not re.search(r"[\u4e00-\u9fff][,;:!?]|[,;:!?][\u4e00-\u9fff]", chinese), chinese


@pytest.mark.parametrize(
    ("sentence", "chinese"),
    [
        ("order.toml: flows: each once", "order.toml：flows：每个一次"),
        ("at 2: it is 3; mend either; low: each once", "at 2：为 3；请更正其一；low：每个一次"),
        ("refused: each once", "拒绝：每个一次"),
        ("order.toml, parameters: flows must be below 2", "order.toml, parameters：flows：须小于 2"),
        ("order.toml: what nobody knows", None),
        ("each once; what nobody knows", None),
    ],
)
def test_a_sentence_is_known_behind_its_place_and_beside_others(sentence: str, chinese: str | None) -> None:
    told = {
        "each once": "每个一次",
        "must be below {limit}": "须小于 {limit}",
        "it is {found}; mend either": "为 {found}；请更正其一",
        "refused: {why}": "拒绝：{why}",
    }
    assert Sayings(told).of(sentence) == chinese


def test_a_sentence_may_have_so_many_places_and_no_more() -> None:
    assert Sayings({"each once": "每个一次"}).of("a: " * 1300 + "each once") is None
