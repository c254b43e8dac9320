"""Whether a printed certificate says what the XML inside says: it is printed again, and compared.

The printer gives the same bytes for the same record on any computer with the same programs and fonts
(see `update` for what a signature appends to them). Where the bytes differ, pages are compared as they
are drawn, and by their words, to tell where: a font may show another digit than the one a PDF lets you
copy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

from remotecal.certificates.pdf.document import DEEPEST, bookmarks, oddities
from remotecal.certificates.pdf.update import check_update
from remotecal.certificates.signing.pdf import Part, entry, reader_of, unreadable
from remotecal.errors import CertificateRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

AROUND = 12
"""Characters shown before and after a difference."""

ABOUT_THE_PAGE = frozenset({"/Parent", "/Annots"})
"""Entries of a page that draw nothing, or are looked at otherwise."""

_SHOWN = re.compile(
    rb"/(?P<font>\S+) \S+ Tf\b|/(?P<form>\S+) Do\b|(?P<literal>\()|<(?P<hex>[0-9a-fA-F]+)>"
    rb"|(?P<begin>BT\b|BDC\b|\[)|(?P<show>T[jJ])\b"
)
_LITERAL = re.compile(rb"[^()\\]+|\\[0-7]{1,3}|\\.|[()]", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b""}
_MAPPED = re.compile(rb"<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>")


@dataclass(frozen=True, slots=True)
class Print:
    """A PDF as far as people see it."""

    producer: str
    """The program that printed it."""
    fonts: frozenset[str]
    """Names of its fonts."""
    runs: tuple[tuple[str, ...], ...]
    """What each page says, piece by piece in the order drawn."""
    drawn: tuple[str, ...]
    """SHA-256 of everything each page draws."""
    bookmarks: frozenset[str]
    """Titles of its bookmarks, which viewers show beside the pages."""
    odd: tuple[str, ...]
    """What it has that no printed certificate has; see `document`."""

    @property
    def words(self) -> tuple[str, ...]:
        """What each page says, without blanks."""
        return tuple("".join("".join(page).split()) for page in self.runs)


def read_print(pdf: bytes) -> Print:
    """Return a PDF as far as people see it (`CertificateRefused` if it can't be read)."""
    reader = reader_of(pdf)
    try:
        pages = list(islice(_pages(reader.root["/Pages"], 0), MOST_PAGES + 1))
        if len(pages) > MOST_PAGES:
            raise ValueError(f"it has more than {MOST_PAGES} pages")
        reading, digest = _Reading(), _Digest()
        return Print(
            _producer(reader.trailer),
            frozenset(name for page in pages for name in _fonts(page)),
            tuple(tuple(reading.runs(page["/Contents"].data, page, 0)) for page in pages),
            tuple(digest.of(_shown(page)) for page in pages),
            frozenset(bookmarks(reader)),
            tuple(islice(oddities(reader), MOST_ODDITIES)),
        )
    except unreadable() as error:
        raise CertificateRefused(f"the printed pages can't be read: {error!r}") from error


def is_this_print(stated: bytes, again: bytes) -> bool:
    """Tell whether a PDF is this print, byte for byte, with the laboratory's signature or none behind it.

    Raises:
        CertificateRefused: something else stands behind it.
    """
    if not stated.startswith(again):
        return False
    check_update(stated, len(again))
    return True


def difference(stated: Print, again: Print) -> str:
    """Return where two prints say different things; "" if they say the same."""
    if stated.odd:
        return f"the PDF has {', '.join(stated.odd)}, which no printed certificate has"
    if more := stated.bookmarks - again.bookmarks:
        return f"the PDF has the bookmark {min(more)}, which the printed certificate has not"
    for number, (one, other) in enumerate(zip_longest(stated.words, again.words, fillvalue=""), 1):
        if one != other:
            place = next(
                (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
                min(len(one), len(other)),
            )
            part = slice(max(0, place - AROUND), place + AROUND)
            return f"page {number} says …{one[part]}…, the certificate inside gives …{other[part]}…"
    return ""


def _producer(trailer: Part) -> str:
    """Return the program that printed: Typst states itself as the creator, others as the producer."""
    said = entry(trailer, "/Info", {})
    return str(next((said[name] for name in ("/Creator", "/Producer") if name in said), ""))


def _pages(node: Part, depth: int) -> Iterator[Part]:
    if depth > DEEPEST:
        raise ValueError("the tree of pages has no end")
    if "/Kids" not in node:
        yield node
        return
    for number in range(len(node["/Kids"])):
        yield from _pages(node["/Kids"][number], depth + 1)


def _shown(page: Part) -> Part:
    """Return a page with nothing but what it draws."""
    from pyhanko.pdf_utils.generic import DictionaryObject

    shown = {name: page.raw_get(name) for name in page if name not in ABOUT_THE_PAGE}
    return DictionaryObject(shown)  # type: ignore[no-untyped-call]  # pyHanko's own


def _fonts(page: Part) -> Iterator[str]:
    fonts = page["/Resources"]["/Font"]
    for name in fonts:
        yield str(fonts[name]["/BaseFont"]).rpartition("+")[2]


class _Reading:
    """Reads what content streams of our printer show, in the order it is drawn."""

    def __init__(self) -> None:
        self._fonts: dict[str, dict[bytes, str]] = {}
        self._drawings = 0

    def runs(self, content: bytes, owner: Part, depth: int) -> Iterator[str]:
        """Yield the pieces of text in a content stream, those of the drawings in it included."""
        resources = owner["/Resources"]
        mapped: dict[bytes, str] = {}
        pending, place = b"", 0
        while found := _SHOWN.search(content, place):
            place = found.end()
            if found["font"]:
                mapped = self._mapping(resources["/Font"]["/" + found["font"].decode()])
            elif found["form"] and depth < DEEPEST:
                yield from self._drawing(resources["/XObject"]["/" + found["form"].decode()], owner, depth)
            elif found["literal"]:
                string, place = _literal(content, place)
                pending += string
            elif found["hex"]:
                pending += bytes.fromhex(found["hex"].decode())
            else:
                if found["show"]:
                    text = "".join(mapped.get(pending[n : n + 2], "�") for n in range(0, len(pending), 2))
                    yield text.replace(MAY_BREAK, "")
                pending = b""

    def _drawing(self, form: Part, owner: Part, depth: int) -> Iterator[str]:
        self._drawings += 1
        if self._drawings > MOST_DRAWINGS:
            raise ValueError(f"it has more than {MOST_DRAWINGS} drawings")
        if form["/Subtype"] == "/Form":
            yield from self.runs(form.data, form if "/Resources" in form else owner, depth + 1)

    def _mapping(self, font: Part) -> dict[bytes, str]:
        name = str(font["/BaseFont"])
        if name not in self._fonts:
            self._fonts[name] = {
                bytes.fromhex(code.decode()): bytes.fromhex(text.decode()).decode("utf-16-be")
                for code, text in _MAPPED.findall(font["/ToUnicode"].data)
            }
        return self._fonts[name]


def _literal(content: bytes, place: int) -> tuple[bytes, int]:
    """Return the string whose bracket has been opened, and where it ends (ISO 32000-2, 7.3.4.2)."""
    found, depth = bytearray(), 1
    while match := _LITERAL.match(content, place):
        part, place = match[0], match.end()
        depth += (part == b"(") - (part == b")")
        if depth == 0:
            return bytes(found), place
        if not part.startswith(b"\\"):
            found += part
        elif part[1:2].isdigit():
            found.append(int(part[1:], 8) & 0xFF)
        else:
            found += _ESCAPED.get(part[1:], part[1:])
    raise ValueError("a text on a page has no end")


class _Digest:
    """SHA-256 of objects with all they refer to, whatever their numbers are."""

    def __init__(self) -> None:
        self._known: dict[object, str] = {}

    def of(self, item: Part) -> str:
        from pyhanko.pdf_utils.generic import IndirectObject

        if not isinstance(item, IndirectObject):
            return sha256(self._said(item).encode()).hexdigest()
        if item.reference not in self._known:
            self._known[item.reference] = "itself"  # what refers to itself ends here
            self._known[item.reference] = self.of(item.get_object())  # type: ignore[no-untyped-call]  # pyHanko's own
        return self._known[item.reference]

    def _said(self, item: Part) -> str:
        from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, StreamObject

        if isinstance(item, DictionaryObject):
            left_out = {"/Length", "/Filter"} if isinstance(item, StreamObject) else set()
            entries = [
                f"{name}={self.of(item.raw_get(name))}" for name in sorted(item) if name not in left_out
            ]
            data = sha256(item.data).hexdigest() if isinstance(item, StreamObject) else ""
            return f"<{' '.join(entries)}>{data}"
        if isinstance(item, ArrayObject):
            return f"[{' '.join(self.of(item.raw_get(number)) for number in range(len(item)))}]"
        return f"{type(item).__name__} {item!r}"


MAY_BREAK = "\u200b"
"""Where the printer may break a word that is too long for a line."""

MOST_ODDITIES = 5
"""Oddities of a document that are told; one is enough."""

MOST_PAGES, MOST_DRAWINGS = 500, 2000
"""What a PDF may have: one that names the same page or drawing again and again has no end otherwise."""
