"""Whether a signed file was laid out anew: what pretty printers do, and signatures don't forgive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import TYPE_CHECKING

from remotecal.certificates.dcc.xml import SIGNATURE
from remotecal.errors import CertificateRefused

if TYPE_CHECKING:
    from lxml.etree import _Element

INDENTS = ("  ", "    ", "\t", " ")
"""What programs indent by."""


def was_reformatted(root: _Element, check: Callable[[_Element], object]) -> bool:
    """Tell whether `check`, which refuses a signed certificate, passes it in another layout.

    Tried are no white space between elements, each of `INDENTS`, and those with signatures in one line.
    """
    for candidate in _layouts(root):
        try:
            check(candidate)
        except CertificateRefused:
            continue
        return True
    return False


def _layouts(root: _Element) -> Iterator[_Element]:
    from lxml.etree import indent

    bare = deepcopy(root)
    for element in bare.iter():
        if len(element) and _blank(element.text):
            element.text = None
        if _blank(element.tail):
            element.tail = None
    yield bare
    for space in INDENTS:
        whole, apart = deepcopy(bare), deepcopy(bare)
        indent(whole, space)
        yield whole
        signatures = apart.findall(SIGNATURE)
        for signature in signatures:
            apart.remove(signature)
        indent(apart, space)
        apart.extend(signatures)
        yield apart


def _blank(text: str | None) -> bool:
    return text is None or text.isspace()
