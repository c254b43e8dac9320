"""Which modules a module imports, by its source; nothing of it runs.

A syntax tree of all that stands in a source costs ten times as much as finding the few statements that
matter: the source is cut into strings, comments and imports, and only imports are made a tree of.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import decode_source

from remotecal import source

_SPACE = r"(?:[ \t\f]|\\\n)"
_NAMES = rf"{_SPACE}*+\((?:[\w.,]|\s|\\\n|\#[^\n]*)*+\)|(?:[\w.,*]|{_SPACE})++"

_PARTS = re.compile(
    rf"""
      \#[^\n]*
    | (?P<string> \b[A-Za-z]{{1,2}}(?=["'])|(?=["']))
      (?P<quoted>
        \"\"\"(?:[^"\\]++|\\.|"(?!""))*+\"\"\" | '''(?:[^'\\]++|\\.|'(?!''))*+'''
      | "(?:[^"\\\n]++|\\.)*+" | '(?:[^'\\\n]++|\\.)*+'
      )
    | (?P<imports> \bfrom\b(?:[\w.]|{_SPACE})+?\bimport\b(?:{_NAMES}) | \bimport\b(?:{_NAMES}) )
    """,
    re.VERBOSE | re.DOTALL,
)
"""What a source is cut into; what lies between are statements and expressions without a string."""

_NESTED = sys.version_info >= (3, 12)
"""Whether a string with fields may hold the quotes that it stands in, so that its end can't be seen so."""


@lru_cache(maxsize=256)
def imported(content: bytes, package: str) -> frozenset[str]:
    """Return the names of the modules that a module of a package may import, wherever in its source.

    Raises:
        SyntaxError: it is no Python.
    """
    found: set[str] = set()
    for node in _imports(content):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: -node.level + 1 or None] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def _imports(content: bytes) -> Iterator[ast.AST]:
    """Yield the statements of a source, or at least all those that import."""
    written = decode_source(content)
    found: list[str] = []
    for part in _PARTS.finditer(written):
        if part["imports"]:
            found.append(part["imports"])
        elif _NESTED and _may_go_on(part["string"], part["quoted"]):
            yield from _statements(source.parsed(content))
            return
    yield from source.parsed("\n".join(found)).body


def _may_go_on(prefix: str | None, quoted: str | None) -> bool:
    """Tell whether what looks like a whole string may be one with fields, cut within a field."""
    if not prefix or not quoted or not {"f", "t"} & set(prefix.lower()):
        return False
    fields = quoted.replace("{{", "").replace("}}", "")  # of what is doubled none begins or ends
    return fields.count("{") != fields.count("}")


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements below a node, however deep, and not their expressions, which import nothing."""
    for block in ("body", "handlers", "orelse", "finalbody", "cases"):
        for inner in getattr(node, block, ()):
            yield inner
            yield from _statements(inner)
