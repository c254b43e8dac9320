"""What a signature appends to a PDF, and nothing else: the laboratory's, examined to the last byte.

A PDF is changed by appending: new versions of its objects, a table of where they are, a trailer. A
signature comes as one such update, and so might anything else. So everything behind the printed
bytes is read here: each object, each entry, each byte between them.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING

from remotecal.certificates.pdf.document import OF_A_FORM
from remotecal.certificates.signing.pdf import Part, entry, unreadable
from remotecal.errors import CertificateRefused

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

TO_THE_CATALOGUE = frozenset({"/AcroForm", "/Extensions"})
"""What a signature may add to the catalogue; everything else of it stays as it was printed."""

OF_THE_FIELD = {"/FT", "/T", "/Type", "/Subtype", "/F", "/Rect", "/P", "/V"}
OF_THE_SIGNATURE = {
    "/Type",
    "/Filter",
    "/SubFilter",
    "/Contents",
    "/ByteRange",
    "/M",
    "/Name",
    "/Prop_Build",
}
"""Entries of the dictionaries that a signature is made of (ISO 32000-2, 12.7 and 12.8)."""

_OBJECT = re.compile(rb"\s*(\d+) 0 obj\s*")
_ENDING = re.compile(rb"\s*endobj\b")
_END = re.compile(
    rb"\s*(?P<xref>xref)\s+(?P<table>(?:\d+ \d+\s+(?:\d{10} \d{5} [nf]\s+)+)+)"
    rb"trailer\s*(?P<trailer><<.*>>)\s*startxref\s+(?P<start>\d+)\s+%%EOF\s*",
    re.DOTALL,
)
_ENTRY = re.compile(rb"(\d{10}) \d{5} n")


def check_update(pdf: bytes, printed: int) -> None:
    """Check that all that follows the first `printed` bytes of a PDF is the update of one signature.

    Raises:
        CertificateRefused: something else was appended, and what.
    """
    if len(pdf) == printed:
        return
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        before, after = PdfFileReader(BytesIO(pdf[:printed])), PdfFileReader(BytesIO(pdf))
        added = _objects(pdf, printed)
        found = _beyond_a_signature(before, after, added)
    except unreadable() as error:
        raise CertificateRefused(f"what was appended to the printed pages can't be read: {error}") from error
    if found:
        raise CertificateRefused(f"behind the printed pages stands {found}, which no signature brings")


def _objects(pdf: bytes, printed: int) -> set[int]:
    """Return the numbers of the objects appended; `ValueError` unless they are all there is, in one update.

    pyHanko writes one object behind the other, then the table and the trailer. Where an object ends,
    pyHanko's own reader tells.
    """
    from pyhanko.pdf_utils import generic

    places: dict[int, int] = {}
    stream, place = BytesIO(pdf), printed
    while header := _OBJECT.match(pdf, place):
        number = int(header[1])
        if number in places.values():
            raise ValueError(f"object {number} stands there twice")
        places[header.start(1)] = number
        stream.seek(header.end())
        generic.read_object(stream, container_ref=generic.Reference(number, 0))
        ending = _ENDING.match(pdf, stream.tell())
        if ending is None:
            raise ValueError(f"object {number} has no end, or is a stream")
        place = ending.end()
    end = _END.fullmatch(pdf, place)
    if end is None:
        raise ValueError("there is something else than objects, a table and a trailer, once each")
    if int(end["start"]) != end.start("xref"):
        raise ValueError("its last line names another table than its own")
    if {int(entry) for entry in _ENTRY.findall(end["table"])} != places.keys():
        raise ValueError("its table does not list the objects that stand there")
    return set(places.values())


def _beyond_a_signature(before: PdfFileReader, after: PdfFileReader, added: set[int]) -> str:
    """Return the first thing that a signature does not bring; "" if there is none."""
    if after.trailer["/Prev"] != before.last_startxref:
        return "a table that goes on elsewhere than in the printed bytes"
    for name in {*before.trailer, *after.trailer} - {"/ID", "/Size", "/Prev"}:
        if name not in before.trailer or before.trailer.raw_get(name) != after.trailer.raw_get(name):
            return f"another {name} in the trailer"
    root, page = _number(after.trailer, "/Root"), _first_page(before)
    new = {number for number in added if number >= int(entry(before.trailer, "/Size", 0))}
    field = _only_field(after)
    if more := added - new - {root, page}:
        return f"another version of object {min(more)}"
    if changed := _changed(before.root, after.root, TO_THE_CATALOGUE):
        return f"{changed} in the catalogue"
    old, now = _object(before, page), _object(after, page)
    if changed := _changed(old, now, frozenset({"/Annots"})):
        return f"{changed} on page 1"
    if not _is_field_added(old, now, field):
        return "an annotation that is not the field of the signature"
    return _odd_form(after, new, field)


def _only_field(after: PdfFileReader) -> int:
    fields = after.root["/AcroForm"]["/Fields"]
    if len(fields) != 1:
        raise ValueError("its form has not one field, but another number of them")
    return int(fields.raw_get(0).idnum)


def _is_field_added(old: Part, now: Part, field: int) -> bool:
    (*notes, last), earlier = _notes(now), _notes(old)
    return notes == earlier and last.idnum == field


def _notes(page: Part) -> list[Part]:
    notes = entry(page, "/Annots", [])
    return [notes.raw_get(number) for number in range(len(notes))]


def _odd_form(after: PdfFileReader, new: set[int], field: int) -> str:
    """Return what the form, its field or the signature has that they should not."""
    form, root = after.root["/AcroForm"], after.root
    shown = form["/Fields"][0]
    signature = shown["/V"]
    if set(form) - OF_A_FORM:
        return f"a form with {_listed(set(form) - OF_A_FORM)}"
    kind = (shown["/FT"], shown["/Subtype"], signature["/Type"])
    if set(shown) - OF_THE_FIELD or kind != ("/Sig", "/Widget", "/Sig") or any(shown["/Rect"]):
        return "a field that shows something"
    if set(signature) - OF_THE_SIGNATURE:
        return f"a signature with {_listed(set(signature) - OF_THE_SIGNATURE)}"
    if "/Extensions" in root and set(root["/Extensions"]) - {"/ESIC"}:
        return "extensions that are none of a signature"
    holders = [(root, name) for name in TO_THE_CATALOGUE if name in root]
    reached = {field, *(_number(holder, name) for holder, name in [*holders, (shown, "/V")])}
    return f"object {min(new - reached)}" if new - reached else ""


def _changed(old: Part, now: Part, free: frozenset[str]) -> str:
    """Return the entry of a dictionary that was changed, added or taken away, beside the free ones.

    References are compared as they are written, what is no reference is compared whole.
    """
    for name in sorted({*old, *now} - free):
        if name not in old or name not in now or old.raw_get(name) != now.raw_get(name):
            return f"another {name}"
    return ""


def _number(holder: Part, name: str) -> int:
    """Return the number of the object an entry refers to; 0 where it stands there itself."""
    return int(getattr(holder.raw_get(name), "idnum", 0))


def _first_page(reader: PdfFileReader) -> int:
    node, number = reader.root["/Pages"], _number(reader.root, "/Pages")
    while "/Kids" in node:
        number, node = int(node["/Kids"].raw_get(0).idnum), node["/Kids"][0]
    return number


def _object(reader: PdfFileReader, number: int) -> Part:
    from pyhanko.pdf_utils.generic import Reference

    return reader.get_object(Reference(number, 0, reader))  # type: ignore[no-untyped-call]  # pyHanko's own


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
