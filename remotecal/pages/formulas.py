"""Measurement models and symbols as pages set them: the trees of `certificates.pdf.formula` as MathML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from markupsafe import Markup, escape

from remotecal.certificates.pdf.formula import Node, equations
from remotecal.certificates.pdf.numbers import as_in_a_book

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAGS: Final = {"row": "mrow", "frac": "mfrac", "power": "msup", "root": "msqrt", "marked": "msup"}
"""Kinds of nodes that hold others only → element; each puts its parts in the same order."""


def formulas(text: str) -> Markup:
    """Return the equations in a text set as formulas; any other text as a book would have it."""
    found = equations(text)
    if found is None:
        return escape(as_in_a_book("", text))
    return Markup(", ").join(_element("math", _set(one)) for one in found)


def symbol(text: str) -> Markup:
    """Return a symbol in italics, what follows its first underscore as an index."""
    main, _, index = text.partition("_")
    return _element("i", escape(main)) + (_element("sub", escape(index)) if index else Markup())


def symbols(text: str) -> list[str]:
    """Return what the equations of a text are computed from, each once, as it comes; none of any other text.

    What an equation is for, such as V in `E = V_i/V - 1, V = m/ρ`, is computed there.
    """
    found = equations(text) or ()
    given = {name for one in found for name in _names(cast("Node", one[1]))}
    used = dict.fromkeys(name for one in found for name in _names(cast("Node", one[2])))
    return [name for name in used if name not in given]


def _names(node: Node) -> Iterator[str]:
    if node[0] == "name":
        yield "_".join(str(one) for one in node[1:] if one)
    for part in node[1:]:
        if isinstance(part, list):
            yield from _names(part)


def _set(node: object) -> Markup:
    """Return a node as an element; what is a text is a mark or a power."""
    if not isinstance(node, list):
        return _element("mo", escape(node))
    kind, *parts = cast("Node", node)
    if kind in _TAGS:
        return _element(_TAGS[str(kind)], Markup().join(map(_set, parts)))
    if kind == "equation":
        return Markup().join((_set(parts[0]), _element("mo", "="), _set(parts[1])))
    if kind == "brackets":
        return _element("mrow", _set(parts[1]) + _set(parts[0]) + _set(parts[2]))
    if kind == "absolute":
        return _element("mrow", _set("|") + _set(parts[0]) + _set("|"))
    if kind in {"operator", "sign"}:
        return _set(parts[0])
    if kind in {"sum", "comma"}:
        return _set("∑" if kind == "sum" else ",")
    main = _element("mn" if kind == "number" else "mi", escape(parts[0]))
    index = parts[1] if len(parts) > 1 else ""
    return _element("msub", main + _element("mtext", escape(index))) if index else main


def _element(name: str, inside: str) -> Markup:
    return Markup("<{0}>{1}</{0}>").format(Markup(name), inside)  # noqa: S704  names are ours
