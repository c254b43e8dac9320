"""Whether a printed certificate says what the XML inside says: it is printed again, and compared.

The printer gives the same pages for the same record, glyph for glyph, on any computer with the same
programs and fonts. So pages are compared as they are drawn, and their words only to tell where they
differ: a font may show another digit than the one a PDF lets you copy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

from remotecal.certificates.signing.pdf import unreadable
from remotecal.errors import CertificateRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

AROUND = 12
"""Characters shown before and after a difference."""

ADDED_BY_SIGNING = frozenset({"/AcroForm", "/Extensions", "/DSS"})
"""Entries of the catalogue that a signature brings with it."""

ABOUT_THE_PAGE = frozenset({"/Parent", "/Annots"})
"""Entries of a page that draw nothing, or are looked at otherwise."""

_SHOWN = re.compile(rb"/(\S+) \S+ Tf\b|\[([^\]]*)\] TJ|/(\S+) Do\b")
_GLYPHS = re.compile(rb"<([0-9a-fA-F]+)>")
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
    beside: frozenset[str]
    """What else the document has that may be shown: entries of its catalogue, annotations."""

    @property
    def words(self) -> tuple[str, ...]:
        """What each page says, without blanks."""
        return tuple("".join("".join(page).split()) for page in self.runs)


def read_print(pdf: bytes) -> Print:
    """Return a PDF as far as people see it (`CertificateRefused` if it can't be read)."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        reader = PdfFileReader(BytesIO(pdf))
        pages = list(islice(_pages(reader.root["/Pages"], 0), MOST_PAGES + 1))
        if len(pages) > MOST_PAGES:
            raise ValueError(f"it has more than {MOST_PAGES} pages")
        beside = {str(name) for name in reader.root} - ADDED_BY_SIGNING
        reading, digest = _Reading(), _Digest()
        return Print(
            _producer(reader.trailer),
            frozenset(name for page in pages for name in _fonts(page)),
            tuple(tuple(reading.runs(page["/Contents"].data, page, 0)) for page in pages),
            tuple(digest.of(_shown(page)) for page in pages),
            frozenset(beside | {note for page in pages for note in _annotations(page)}),
        )
    except unreadable() as error:
        raise CertificateRefused(f"the printed pages can't be read: {error!r}") from error


def difference(stated: Print, again: Print) -> str:
    """Return where two prints say different things; "" if they say the same."""
    if more := stated.beside - again.beside:
        return f"the PDF has {', '.join(sorted(more))}, which the printed certificate has not"
    for number, (one, other) in enumerate(zip_longest(stated.words, again.words, fillvalue=""), 1):
        if one != other:
            place = next(
                (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
                min(len(one), len(other)),
            )
            part = slice(max(0, place - AROUND), place + AROUND)
            return f"page {number} says …{one[part]}…, the certificate inside gives …{other[part]}…"
    return ""


def _producer(trailer: Any) -> str:  # noqa: ANN401  pyHanko's objects are untyped
    """Return the program that printed, without the one that signed."""
    if "/Info" not in trailer or "/Producer" not in trailer["/Info"]:
        return ""
    return str(trailer["/Info"]["/Producer"]).partition(";")[0]


def _pages(node: Any, depth: int) -> Iterator[Any]:  # noqa: ANN401  as above
    if depth > DEEPEST:
        raise ValueError("the tree of pages has no end")
    if "/Kids" not in node:
        yield node
        return
    for number in range(len(node["/Kids"])):
        yield from _pages(node["/Kids"][number], depth + 1)


def _shown(page: Any) -> Any:  # noqa: ANN401  as above
    """Return a page with nothing but what it draws."""
    from pyhanko.pdf_utils.generic import DictionaryObject

    shown = {name: page.raw_get(name) for name in page if name not in ABOUT_THE_PAGE}
    return DictionaryObject(shown)  # type: ignore[no-untyped-call]  # pyHanko's own


def _annotations(page: Any) -> Iterator[str]:  # noqa: ANN401  as above
    """Yield the kinds of annotations of a page that show something; a signature's field does not."""
    if "/Annots" not in page:
        return
    notes = page["/Annots"]
    for number in range(len(notes)):
        note = notes[number]
        field = "/FT" in note and note["/FT"] == "/Sig" and "/AP" not in note and not any(note["/Rect"])
        if not field:
            yield f"an annotation {note['/Subtype']}"


def _fonts(page: Any) -> Iterator[str]:  # noqa: ANN401  as above
    fonts = page["/Resources"]["/Font"]
    for name in fonts:
        yield str(fonts[name]["/BaseFont"]).rpartition("+")[2]


class _Reading:
    """Reads what content streams of our printer show, in the order it is drawn."""

    def __init__(self) -> None:
        self._fonts: dict[str, dict[bytes, str]] = {}
        self._drawings = 0

    def runs(self, content: bytes, owner: Any, depth: int) -> Iterator[str]:  # noqa: ANN401  as above
        """Yield the pieces of text in a content stream, those of the drawings in it included."""
        resources = owner["/Resources"]
        mapped: dict[bytes, str] = {}
        for font, shown, form in _SHOWN.findall(content):
            if font:
                mapped = self._mapping(resources["/Font"]["/" + font.decode()])
            elif form and depth < DEEPEST:
                inner = resources["/XObject"]["/" + form.decode()]
                self._drawings += 1
                if self._drawings > MOST_DRAWINGS:
                    raise ValueError(f"it has more than {MOST_DRAWINGS} drawings")
                if inner["/Subtype"] == "/Form":
                    yield from self.runs(inner.data, inner if "/Resources" in inner else owner, depth + 1)
            else:
                glyphs = b"".join(_GLYPHS.findall(shown)).lower()
                yield "".join(mapped.get(glyphs[n : n + 4], "�") for n in range(0, len(glyphs), 4))

    def _mapping(self, font: Any) -> dict[bytes, str]:  # noqa: ANN401  as above
        name = str(font["/BaseFont"])
        if name not in self._fonts:
            self._fonts[name] = {
                code.lower(): bytes.fromhex(text.decode()).decode("utf-16-be")
                for code, text in _MAPPED.findall(font["/ToUnicode"].data)
            }
        return self._fonts[name]


class _Digest:
    """SHA-256 of objects with all they refer to, whatever their numbers are."""

    def __init__(self) -> None:
        self._known: dict[object, str] = {}

    def of(self, item: Any) -> str:  # noqa: ANN401  as above
        from pyhanko.pdf_utils.generic import IndirectObject

        if not isinstance(item, IndirectObject):
            return sha256(self._said(item).encode()).hexdigest()
        if item.reference not in self._known:
            self._known[item.reference] = "itself"  # what refers to itself ends here
            self._known[item.reference] = self.of(item.get_object())  # type: ignore[no-untyped-call]  # pyHanko's own
        return self._known[item.reference]

    def _said(self, item: Any) -> str:  # noqa: ANN401  as above
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


DEEPEST = 20
"""Levels of pages, or of drawings in drawings; ours have two."""

MOST_PAGES, MOST_DRAWINGS = 500, 2000
"""What a PDF may have: one that names the same page or drawing again and again has no end otherwise."""
