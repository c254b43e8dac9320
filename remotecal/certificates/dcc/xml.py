"""The XML under a certificate: names, parsing without trust, building."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from remotecal.errors import RecordError
from remotecal.opening import LARGEST_NAMED

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import XMLParser, _Element

DCC = "https://ptb.de/dcc"
SI = "https://ptb.de/si"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
EVIDENCE = "urn:remotecal:evidence:1"
FACE = "urn:remotecal:face:1"

NOTHING = "—"
"""A text that says nothing, where the schema demands one."""

LARGEST_FILE = LARGEST_NAMED
"""Bytes of a certificate, or of its print with it inside, wherever one is read; both stay well below."""

MOST_TAGS = 1_000_000
"""Tags; numbers stand in lists, so a certificate has some hundreds."""

_DECLARATION = re.compile(rb"""<\?xml\s[^>]*?\?>""")
_ENCODING = re.compile(rb"""\sencoding\s*=\s*["']([^"']*)""")
ENCODINGS = frozenset(
    {"utf-8", "us-ascii", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr", "koi8-r"}
    | {f"iso-8859-{part}" for part in (*range(1, 12), *range(13, 17))}
    | {f"windows-{page}" for page in range(1250, 1259)}
)
"""Encodings a certificate may declare: each has ASCII's own bytes for what XML is made of."""

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LONG_NAMESPACE = re.compile(
    rb"""xmlns[:=\s](?:[^="']{200}|[^="']{0,199}=?\s{200}|[^="']{0,199}=?\s{0,199}["'][^"']{200})"""
)
"""A namespace declared at length, for each of its elements says it again in full."""


@lru_cache(maxsize=1)
def _parser() -> XMLParser:
    from lxml.etree import XMLParser

    return XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
    )


def parse(data: bytes) -> _Element:
    """Return the root of a certificate from an unknown sender, without comments and instructions.

    Refused with `RecordError`, before anything is built: more than `LARGEST_FILE` bytes, a document
    type declaration (the way to entities, and no certificate needs one), text that is not in the
    encoding it declares, more than `MOST_TAGS`, a namespace of more than 200 characters; and a comment
    or a processing instruction within a text, before or behind which some programs stop reading.
    libxml2's own limits refuse deep nesting and texts above 10 MB. Nothing is ever fetched.
    """
    from lxml.etree import XMLSyntaxError, fromstring

    data = decoded(data).encode()
    if b"<!DOCTYPE" in data:
        raise RecordError("the file has a document type declaration, which a certificate never has")
    if len(data) > MOST_TAGS and data.count(b"<") > MOST_TAGS:
        raise RecordError(f"the file has more than {MOST_TAGS} tags, the most a certificate may have")
    if _LONG_NAMESPACE.search(data):
        raise RecordError("the file declares a namespace of more than 200 characters")
    try:
        root = fromstring(data, _parser())
    except (XMLSyntaxError, ValueError) as error:
        raise RecordError(f"the file is no well-formed XML: {error}") from error
    if b"<!--" in data or b"<?" in data:
        _strip_asides(root)
    return root


def asides(data: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the comments and the processing instructions of a file, those around the root included."""
    from lxml.etree import Comment, ProcessingInstruction, fromstring

    data = decoded(data).encode()
    if b"<!--" not in data and b"<?" not in data:
        return (), ()
    root = fromstring(data, _parser())

    def found(kind: Callable[..., _Element]) -> tuple[str, ...]:
        around = (entry for before in (True, False) for entry in root.itersiblings(kind, preceding=before))
        return tuple(str(entry).strip() for entry in (*around, *root.iter(kind)))

    return found(Comment), found(ProcessingInstruction)


def _strip_asides(root: _Element) -> None:
    from lxml.etree import Comment, ProcessingInstruction, strip_tags

    first: dict[_Element | None, _Element] = {}
    for aside in root.iter(Comment, ProcessingInstruction):
        first.setdefault(aside.getparent(), aside)
    for parent, aside in first.items():
        if parent is not None and any(
            text and not text.isspace() for text in (parent.text, *(child.tail for child in parent))
        ):
            raise RecordError(
                f"line {aside.sourceline}: a comment or a processing instruction stands within the text of "
                f"{parent.tag!r}, which programs read differently from there on; get the file without it"
            )
    strip_tags(root, Comment, ProcessingInstruction)


def decoded(data: bytes) -> str:
    """Return the text of a certificate, without byte order mark and XML declaration.

    What is checked in it is so what the parser sees: it gets this text in UTF-8, whatever was declared.

    Raises:
        RecordError: it is too large, or not text in the encoding it declares.
    """
    if len(data) > LARGEST_FILE:
        raise RecordError(
            f"the file has {len(data)} bytes; {LARGEST_FILE} are the most a certificate may have"
        )
    encoding = "utf-8"
    if data.startswith(UTF_16):
        encoding = "utf-16"
        start = data.replace(b"\0", b"").lstrip(b"\xff\xfe")
    else:
        data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
        start = data
    declaration = _DECLARATION.match(start)
    declared = _ENCODING.search(declaration[0]) if declaration else None
    if declared:
        name = declared[1].decode("ascii", "replace").lower()
        if name not in ENCODINGS | {"utf-16"}:
            raise RecordError(f"the file declares the encoding {declared[1]!r:.40}; save it as UTF-8")
        if (name == "utf-16") != (encoding == "utf-16"):
            raise RecordError(f"the file is not {name.upper()} text as it declares; save it as UTF-8")
        encoding = name
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise RecordError(
            f"the file is not {encoding.upper()} text at byte {error.start}; save it as UTF-8"
        ) from error
    return re.sub(r"^\s*<\?xml\s[^>]*?\?>", lambda found: "\n" * found[0].count("\n"), text, count=1)


def add(parent: _Element, name: str, text: str | None = None, **attributes: str | None) -> _Element:
    """Append an element of the DCC (`name`) or of D-SI (`si:name`) and return it."""
    from lxml.etree import SubElement

    prefix, _, plain = name.rpartition(":")
    element: _Element = SubElement(parent, f"{{{SI if prefix == 'si' else DCC}}}{plain}")
    element.text = text
    for key, value in attributes.items():
        if value:
            element.set(key, value)
    return element


def maybe(parent: _Element, name: str, text: object) -> None:
    """Append an element with `text`, unless that is None; truth values as XML has them."""
    if text is not None:
        add(parent, name, str(text).lower() if isinstance(text, bool) else str(text))
