"""What a PDF has besides what its pages draw: all of it, held against what printed certificates have.

Wanted for a print that another version made: its bytes can't be compared, and a viewer shows, runs
and fetches more than what the pages draw. What is inherited from above a page counts as the page's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.pdf import EMBEDDED_NAME
from remotecal.certificates.signing.pdf import Part, entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyhanko.pdf_utils.reader import PdfFileReader

OF_THE_CATALOGUE = frozenset(
    {
        "/Type",
        "/Version",
        "/Pages",
        "/PageLabels",
        "/Metadata",
        "/OutputIntents",
        "/Lang",
        "/StructTreeRoot",
        "/MarkInfo",
        "/ViewerPreferences",
        "/Outlines",
        "/Names",
        "/AF",
        "/AcroForm",
        "/Extensions",
        "/DSS",
    }
)
OF_A_NODE = frozenset({"/Type", "/Count", "/Kids", "/Parent"})
OF_A_PAGE = frozenset(
    {
        "/Type",
        "/Parent",
        "/Resources",
        "/MediaBox",
        "/StructParents",
        "/Tabs",
        "/Contents",
        "/Annots",
        "/Group",
    }
)
OF_A_FORM = frozenset({"/Fields", "/SigFlags"})
OF_A_BOOKMARK = frozenset(
    {"/Type", "/Title", "/Parent", "/Prev", "/Next", "/First", "/Last", "/Count", "/Dest"}
)
"""What the printed certificates of every version so far have (ISO 32000-2, 7.7.2, 7.7.3, 12.3.3, 12.7.3)."""

NEVER = frozenset(
    {"/JS", "/AA", "/A", "/XFA", "/OC", "/OCGs", "/Alternates", "/OPI", "/Ref", "/PieceInfo", "/URI"}
)
"""Entries that run, fetch or switch something, wherever they stand; but `/A` of structure, which is none."""

A4 = (595, 842)
"""Width and height of a page, in points."""

DEEPEST = 20
"""Levels of pages, or of drawings in drawings; ours have two."""

MOST_PARTS, MOST_BOOKMARKS = 500_000, 2000
"""Parts of a document, and bookmarks, that are looked at; a certificate of 30 points has a tenth of them."""


def oddities(reader: PdfFileReader) -> Iterator[str]:
    """Yield what a document has that no printed certificate has."""
    root = reader.root
    yield from sorted(f"{name} in its catalogue" for name in set(root) - OF_THE_CATALOGUE)
    yield from _of_pages(root["/Pages"], 0, set())
    yield from _of_attachments(root)
    if "/AcroForm" in root:
        yield from sorted(f"{name} in its form" for name in set(root["/AcroForm"]) - OF_A_FORM)
    for mark in _bookmarks(reader):
        yield from sorted(f"{name} in a bookmark" for name in set(mark) - OF_A_BOOKMARK)
    yield from _that_act(reader)


def bookmarks(reader: PdfFileReader) -> Iterator[str]:
    """Yield the titles of the bookmarks."""
    yield from (str(part["/Title"]) for part in _bookmarks(reader) if "/Title" in part)


def _of_pages(node: Part, depth: int, seen: set[object]) -> Iterator[str]:
    if depth > DEEPEST:
        raise ValueError("the tree of pages has no end")
    if "/Kids" not in node:
        yield from sorted(f"{name} on a page" for name in set(node) - OF_A_PAGE)
        box = [round(float(end)) for end in node["/MediaBox"]] if "/MediaBox" in node else []
        if box != [0, 0, *A4]:
            yield f"a page of {box} for {[0, 0, *A4]}"
        yield from _annotations(node)
        return
    yield from sorted(f"{name} above its pages" for name in set(node) - OF_A_NODE)
    for number in range(len(node["/Kids"])):
        child = node["/Kids"].raw_get(number)
        if child.reference in seen:
            yield "a page that is there twice"
        seen.add(child.reference)
        yield from _of_pages(node["/Kids"][number], depth + 1, seen)


def _annotations(page: Part) -> Iterator[str]:
    """Yield the kinds of annotations of a page that show something; a signature's field does not."""
    notes = entry(page, "/Annots", [])
    for number in range(len(notes)):
        note = notes[number]
        field = "/FT" in note and note["/FT"] == "/Sig" and "/AP" not in note and not any(note["/Rect"])
        if not field:
            yield f"an annotation {note['/Subtype']}"


def _of_attachments(root: Part) -> Iterator[str]:
    """Yield what differs from one attachment that every way into the document leads to."""
    names = entry(root, "/Names", {})
    yield from sorted(f"{name} among its names" for name in set(names) - {"/EmbeddedFiles"})
    tree = entry(names, "/EmbeddedFiles", {})
    listed = entry(tree, "/Names", [])
    if len(listed) != 2 or set(tree) - {"/Names", "/Limits"}:
        yield "not one attachment"
        return
    associated = entry(root, "/AF", [])
    if len(associated) != 1 or associated.raw_get(0) != listed.raw_get(1):
        yield "another associated file than the attachment"
    stated = listed[1]
    if {str(listed[0]), *(str(stated[name]) for name in ("/F", "/UF") if name in stated)} != {EMBEDDED_NAME}:
        yield f"an attachment that is not called {EMBEDDED_NAME} everywhere"
    files = stated["/EF"]
    if len({files.raw_get(name) for name in files}) != 1:
        yield "an attachment that is another file by another name"


def _bookmarks(reader: PdfFileReader) -> Iterator[Part]:
    """Yield the root of the bookmarks, and each of them."""
    pending = [reader.root["/Outlines"]] if "/Outlines" in reader.root else []
    for _ in range(MOST_BOOKMARKS):
        if not pending:
            return
        part = pending.pop()
        yield part
        pending += [part[name] for name in ("/Next", "/First") if name in part]
    raise ValueError(f"it has more than {MOST_BOOKMARKS} bookmarks")


def _that_act(reader: PdfFileReader) -> Iterator[str]:
    """Yield the entries of any object that run, fetch or switch something."""
    from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject

    pending: list[Part] = [reader.trailer.raw_get("/Root")]
    seen: set[object] = set()
    for _ in range(MOST_PARTS):
        if not pending:
            return
        part = pending.pop()
        if isinstance(part, IndirectObject):
            if part.reference not in seen:
                seen.add(part.reference)
                pending.append(part.get_object())  # type: ignore[no-untyped-call]  # pyHanko's own
        elif isinstance(part, DictionaryObject):
            structure = {"/S", "/P"} <= set(part) and not {"/Subtype", "/FT"} & set(part)
            yield from sorted(
                f"{name} in an object" for name in set(part) & NEVER if name != "/A" or not structure
            )
            pending += [part.raw_get(name) for name in part]
        elif isinstance(part, ArrayObject):
            pending += [part.raw_get(number) for number in range(len(part))]
    raise ValueError("it has too many parts")
