"""Equations of measurement models as they are written in a line, read to be set as formulas.

`E = V_i/V - 1, V = m/ρ(t, p)` is equations in names (with an index behind an underscore, primes behind both),
numbers (with a unit of temperature, `20 °C`), `+ - · * / ^ ² √ Σ`, brackets, and functions of what stands in
brackets right behind them. Read, it is a tree of data, so that nothing in a record is ever run or taken for
markup.
"""

from __future__ import annotations

import re
from typing import NamedTuple, cast

Node = list[object]
"""The kind of a node and what it is made of: `["frac", ["name", "m", ""], ["name", "ρ", ""]]`."""

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_LETTER, _INDEX = rf"(?:(?![{_RAISED}])[^\W\d_])", rf"(?:(?![{_RAISED}])\w)+"
_TOKEN = re.compile(
    r"(\s*)(?:([0-9]+(?:\.[0-9]+)?(?:\s(?:°C|K)(?!\w))?)"
    rf"|({_LETTER}+)(?:_({_INDEX}(?:,{_INDEX})*))?(\*(?=\s*(?:[-−+·×/)\]}}=,;]|$))|'*)"
    rf"|([-+−·*×/^()\[\]{{}}=,;|√])|([{_RAISED}]+))"
)
_SIGNS = {"-": "−", "*": "·", ";": ","}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
SUM: Node = ["sum"]
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


def apart(text: str, count: int) -> list[str]:
    """Return the texts of so many equations, for who can't see them; the whole for each if in doubt."""
    found = _BETWEEN.split(text)
    return found if len(found) == count else [text] * count


_BETWEEN = re.compile(r"[,;]\s+(?=[^,;()]+(?:\([^()]*\))? = )")
"""What stands between two equations: a comma before the next left side, which may be a function."""


class _Token(NamedTuple):
    kind: str
    text: str
    below: str
    """The index of a name."""
    above: str
    """Primes, or a star, behind a name."""
    apart: bool
    """Whether a blank stands before it."""


def _tokens(text: str) -> list[_Token]:
    """Return the tokens of a text (`ValueError` where something is none)."""
    found, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"{text[place:]!r} is no formula")
        blank, number, name, index, mark, sign, raised = match.groups()
        if number:
            found.append(_Token("number", number.replace(" ", "\u00a0"), "", "", bool(blank)))
        elif name:
            found.append(_Token("name", name, index or "", mark.replace("'", "′"), bool(blank)))
        elif raised:
            power = "".join(str(_RAISED.index(each)) for each in raised)
            found.append(_Token("raised", power, "", "", bool(blank)))
        else:
            found.append(_Token("sign", _SIGNS.get(sign, sign), "", "", bool(blank)))
        place = match.end()
    return found


class _Reader:
    """Reads tokens by recursive descent; what does not fit is a `ValueError`."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def sign(self, *wanted: str) -> str:
        """Return the next token if it is one of these signs, and go on; "" if it is not."""
        if self._at("sign", *wanted):
            self._place += 1
            return self._tokens[self._place - 1].text
        return ""

    def _at(self, kind: str, *wanted: str, glued: bool = False) -> bool:
        """Tell whether the next token is of a kind, and one of these; `glued`: without a blank before it."""
        if self._place >= len(self._tokens):
            return False
        token = self._tokens[self._place]
        return token.kind == kind and (not wanted or token.text in wanted) and not (glued and token.apart)

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
        while True:
            if found := self.sign("+", "−"):
                parts += [["operator", found], self._product()]
            elif self.sign("["):  # a summand that not every device has: p_std [+ p_a]
                parts.append(["brackets", self._summand(), "[", "]"])
            else:
                return ["row", *parts]

    def _summand(self) -> Node:
        """Return a summand with its sign, to the end of its brackets."""
        found = self.sign("+", "−")
        if not found:
            raise ValueError("a factor that is not told from a summand")
        inner: Node = ["row", ["operator", found], self._product()]
        if not self.sign("]"):
            raise ValueError("] is missing")
        return inner

    def _product(self) -> Node:
        """Return factors; a division takes the one factor before it: a/b·c is (a/b)·c."""
        factors: list[object] = [self._power()]
        while True:
            if found := self.sign("/"):
                factors.append(["frac", _bare(factors.pop()), _bare(self._power())])
            elif found := self.sign("·", "×"):
                factors += [["operator", found], self._power()]
            elif factors[-1] == SUM or self._at("sign", *_CLOSING, glued=True):
                factors.append(self._power())
            else:
                return ["row", *factors]

    def _power(self) -> Node:
        if self._at("number") and self._place + 1 < len(self._tokens):
            following = self._tokens[self._place + 1]
            if following.kind == "name" and not following.apart:  # 2α is one factor
                return ["row", self._factor(), self._power()]
        base = self._factor()
        if self._at("raised"):
            self._place += 1
            return ["power", base, ["number", self._tokens[self._place - 1].text, ""]]
        if not self.sign("^"):
            return base
        negative: list[object] = [["sign", "−"]] if self.sign("−") else []
        return ["power", base, ["row", *negative, _bare(self._factor())]]

    def _factor(self) -> Node:
        if opening := self.sign(*_CLOSING):
            return ["brackets", self._within(_CLOSING[opening]), opening, _CLOSING[opening]]
        if self.sign("|"):
            return ["absolute", self._within("|")]
        if self.sign("√"):
            return ["root", _bare(self._factor())]
        if self._place >= len(self._tokens) or self._tokens[self._place].kind in ("sign", "raised"):
            raise ValueError("a quantity or a number is missing")
        kind, text, index, mark, _ = self._tokens[self._place]
        self._place += 1
        if kind == "number":
            return [kind, text, ""]
        if text == "Σ" and not index:
            return list(SUM)
        if text in FUNCTIONS and (self._at("sign", "(") or self._at("name")):
            return ["row", ["function", text], self._factor()]
        plain: Node = [kind, text, index.replace("_", ",")]
        name: Node = ["marked", plain, mark] if mark else plain
        if self._at("sign", "(", glued=True):
            self.sign("(")
            return ["row", name, ["brackets", self._within(")", listed=True), "(", ")"]]
        return name

    def _within(self, closing: str, *, listed: bool = False) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError("too many brackets")
        inner: list[object] = ["row", self._sum()]
        while listed and self.sign(","):
            inner += [["comma"], self._sum()]
        if not self.sign(closing):
            raise ValueError(f"{closing} is missing")
        self._depth -= 1
        return inner if listed else cast("Node", inner[1])


def _bare(node: object) -> object:
    """Return what stands in brackets that the line of a fraction or a root makes needless."""
    return node[1] if isinstance(node, list) and node[0] == "brackets" else node
