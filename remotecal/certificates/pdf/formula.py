"""Equations of measurement models as they are written in a line, read to be set as formulas.

`E = V_i/V - 1, V = m/ρ` is equations in names (with an index behind an underscore), numbers, `+ - · * / ^`
and brackets. Read, it is a tree of data, so that nothing in a record is ever run or taken for markup.
"""

from __future__ import annotations

import re

Node = list[object]
"""The kind of a node and what it is made of: `["frac", ["name", "m", ""], ["name", "ρ", ""]]`."""

_TOKEN = re.compile(r"\s*(?:([0-9]+(?:\.[0-9]+)?)|([^\W\d_]+)(?:_(\w+))?|([-+−·*×/^()=,|√]))")
_SIGNS = {"-": "−", "*": "·"}
FUNCTIONS = frozenset({"exp", "ln", "lg", "sin", "cos", "tan"})
DEEPEST = 40
"""Brackets in brackets; a model's equation has three."""


def equations(text: str) -> list[Node] | None:
    """Return the equations in a text, or nothing where it is no list of equations and nothing else."""
    try:
        reader = _Reader(_tokens(text))
        found = [reader.equation()]
        while reader.sign(","):
            found.append(reader.equation())
        reader.end()
    except ValueError:
        return None
    return found


def _tokens(text: str) -> list[tuple[str, str, str]]:
    """Return kind, text and index of each token (`ValueError` where something is none)."""
    found, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"{text[place:]!r} is no formula")
        number, name, index, sign = match.groups()
        if number:
            found.append(("number", number, ""))
        elif name:
            found.append(("name", name, index or ""))
        else:
            found.append(("sign", _SIGNS.get(sign, sign), ""))
        place = match.end()
    return found


class _Reader:
    """Reads tokens by recursive descent; what does not fit is a `ValueError`."""

    def __init__(self, tokens: list[tuple[str, str, str]]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def sign(self, *wanted: str) -> str:
        """Return the next token if it is one of these signs, and go on; "" if it is not."""
        if self._place < len(self._tokens):
            kind, text, _ = self._tokens[self._place]
            if kind == "sign" and text in wanted:
                self._place += 1
                return text
        return ""

    def end(self) -> None:
        if self._place < len(self._tokens):
            raise ValueError("something follows the formula")

    def equation(self) -> Node:
        left = self._sum()
        if not self.sign("="):
            raise ValueError("an equation has two sides")
        return ["equation", left, self._sum()]

    def _sum(self) -> Node:
        parts: list[object] = [["sign", "−"]] if self.sign("−") else []
        parts.append(self._product())
        while found := self.sign("+", "−"):
            parts += [["operator", found], self._product()]
        return ["row", *parts]

    def _product(self) -> Node:
        """Return factors; a division takes the one factor before it: a/b·c is (a/b)·c."""
        factors: list[object] = [self._power()]
        while found := self.sign("·", "×", "/"):
            following = self._power()
            if found == "/":
                factors.append(["frac", _bare(factors.pop()), _bare(following)])
            else:
                factors += [["operator", found], following]
        return ["row", *factors]

    def _power(self) -> Node:
        base = self._factor()
        if not self.sign("^"):
            return base
        negative: list[object] = [["sign", "−"]] if self.sign("−") else []
        return ["power", base, ["row", *negative, _bare(self._factor())]]

    def _factor(self) -> Node:
        for opening, closing, node in (("(", ")", "brackets"), ("|", "|", "absolute")):
            if self.sign(opening):
                return [node, self._within(closing)]
        if self.sign("√"):
            return ["root", _bare(self._factor())]
        if self._place >= len(self._tokens) or self._tokens[self._place][0] == "sign":
            raise ValueError("a quantity or a number is missing")
        kind, text, index = self._tokens[self._place]
        self._place += 1
        if text in FUNCTIONS and self.sign("("):
            return ["row", ["function", text], ["brackets", self._within(")")]]
        return [kind, text, index]

    def _within(self, closing: str) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError("too many brackets")
        inner = self._sum()
        if not self.sign(closing):
            raise ValueError(f"{closing} is missing")
        self._depth -= 1
        return inner


def _bare(node: object) -> object:
    """Return what stands in brackets that a fraction's line makes needless."""
    return node[1] if isinstance(node, list) and node[0] == "brackets" else node
