"""Forms: which child of an element tells which field of the model, and how it is read."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, get_args, get_origin

from remotecal.certificates.dcc.source import (
    TWICE,
    CertificateSource,
    Children,
    Part,
    Unread,
    by_name,
    in_full,
)
from remotecal.certificates.dcc.xml import NOTHING
from remotecal.model import Text

if TYPE_CHECKING:
    from lxml.etree import _Element

Read = Callable[[CertificateSource, "_Element"], object]
"""How a field is read from an element."""
Fields = dict[str, "tuple[str, Read] | Read"]
"""What tells the fields of a form."""
Paragraph = tuple[str, str]
"""Its language, or nothing for any, and its text."""

NAME = by_name("name")
_CONTENT = in_full("content")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?")


class Form(Generic[Part]):
    """How an element tells a part of the record.

    A field is told by the child of a name, `e_mail=("eMail", line)`, of any of several names,
    `name=("name description", texts)`, or by the element itself, `id=own_id`. Of a child that stands
    twice neither is to be believed, unless a list is read from it, which then goes on. Where the
    element is silent, no default of the model's speaks for it. A child that can't be read costs its
    field, or the whole part where that is due. Children to be read `apart` are only collected.
    """

    def __init__(self, model: type[Part], /, *apart: str, **fields: tuple[str, Read] | Read) -> None:
        told = [(field, by[0], by[1]) for field, by in fields.items() if isinstance(by, tuple)]
        kinds = {field: model.model_fields[field].annotation for field, _, _ in told}
        self._model = model
        self._own = [(field, by) for field, by in fields.items() if not isinstance(by, tuple)]
        self._children = {
            in_full(name): (field, read) for field, names, read in told for name in names.split()
        }
        self._due = {
            field
            for field, kind in kinds.items()
            if kind is not Text and get_origin(kind) is not tuple and types.NoneType not in get_args(kind)
        }
        self._apart = by_name(*apart)
        self._texts = [field for field, kind in kinds.items() if Text in (kind, *get_args(kind))]
        self._silent: dict[str, object] = {
            field: {} if kind is Text else () if get_origin(kind) is tuple else None
            for field, kind in kinds.items()
        }

    def fields(self, source: CertificateSource, element: _Element) -> tuple[dict[str, object], Children]:
        """Return what an element tells, by field, and the children to be read apart."""
        found, others = self._told(source, element)
        for field in self._texts:
            if field in found:
                found[field] = joined(found[field]) or self._silent[field]
        for field, own in self._own:
            found[field] = own(source, element)
        return self._silent | found, source.children(others, self._apart)

    def _told(self, source: CertificateSource, element: _Element) -> tuple[dict[str, Any], list[_Element]]:
        """Return what the children of an element tell, by field, and those that no field is told by."""
        found: dict[str, Any] = {}
        others: list[_Element] = []
        for child in element[:]:  # at once, for an iterator takes twice as long
            told = self._children.get(child.tag)  # type: ignore[arg-type]  # parse drops what has no name
            if told is None:
                others.append(child)
                continue
            field, read = told
            if field not in found:
                try:
                    found[field] = value = read(source, child)
                except Unread as part:
                    if field in self._due:
                        raise
                    source.leave_out_unread(part)
                else:
                    if value is None and field in self._due:
                        raise Unread(child, "it is blank")
            elif isinstance(found[field], list):
                found[field] += read(source, child)
            else:
                source.refuse(child, TWICE)
        return found, others

    def read(self, source: CertificateSource, element: _Element) -> Part:
        """Return the part an element tells."""
        return source.build(element, self._model, self.fields(source, element)[0])

    def each(self, source: CertificateSource, element: _Element) -> list[Part]:
        """Return the part an element tells, as the first of a list that goes on."""
        return self.all_of(source, [element])

    def all_within(self, source: CertificateSource, group: _Element) -> list[Part]:
        """Return the parts an element groups: each of its children, whatever its name."""
        return self.all_of(source, group)

    def all_of(self, source: CertificateSource, elements: Iterable[_Element]) -> list[Part]:
        """Return the parts elements tell, without those that can't be read, which is said."""
        found = []
        for element in elements:
            try:
                found.append(self.read(source, element))
            except Unread as part:
                source.leave_out_unread(part)
        return found

    def within(self, name: str) -> Callable[[CertificateSource, _Element], list[Part]]:
        """Return how to read the parts that an element groups, each a child of this name."""
        known = by_name(name)

        def read_group(source: CertificateSource, group: _Element) -> list[Part]:
            return self.all_of(source, source.children(group, known).get(name, ()))

        return read_group


def name_inside(source: CertificateSource, element: _Element) -> tuple[Paragraph, ...]:
    """Return the paragraphs of the name an element has inside."""
    found = source.children(element, NAME).get("name", ())
    return tuple(paragraph for name in found for paragraph in texts(source, name))


def own_id(source: CertificateSource, element: _Element) -> str | None:
    """Return the id of an element."""
    return element.get("id")


def ref_types(source: CertificateSource, element: _Element) -> list[str]:
    """Return the refTypes of an element."""
    return source.attribute(element, "refType").split()


def refs(source: CertificateSource, element: _Element) -> list[str]:
    """Return the ids an element refers to, as far as the model knows them."""
    named = source.attribute(element, "refId").split()
    for name in named:
        if name not in source.known:
            source.leave_out(element, f"its reference to {name!s:.80}")
    return [name for name in named if name in source.known]


def item_refs(source: CertificateSource, element: _Element) -> list[str]:
    """Return the ids of the items an element is of; what else it refers to is noted."""
    named = refs(source, element)
    for name in named:
        if source.known[name] != "item":
            source.leave_out(element, f"its reference to {name!s:.80}, which is no item")
    return [name for name in named if source.known[name] == "item"]


def line(source: CertificateSource, element: _Element) -> str | None:
    """Return the text of an element, or None if it is empty."""
    return " ".join((element.text or "").split()) or None


def lines(source: CertificateSource, element: _Element) -> list[str]:
    """Return the text of an element as the first of a list, which is empty if the element is."""
    said = line(source, element)
    return [said] if said else []


def truth(source: CertificateSource, element: _Element) -> bool | None:
    """Return a truth value in XML's spelling, or None if the element is empty."""
    if not line(source, element):
        return None
    found = truths(element)
    return found[0] if len(found) == 1 else source.refuse(element, "one truth value is due")


def truths(element: _Element) -> list[bool]:
    """Return a list of truth values in XML's spelling; at least one is due."""
    words = (element.text or "").split()
    if not words or not _TRUTHS.keys() >= set(words):
        CertificateSource.refuse(element, f"{' '.join(words)!r:.80} is neither true nor false")
    return [_TRUTHS[word] for word in words]


def day(source: CertificateSource, element: _Element) -> date | None:
    """Return a date; a time zone, which a date may have in XML, changes nothing here."""
    said = line(source, element)
    if said is None:
        return None
    match = _DAY.fullmatch(said)
    try:
        return date.fromisoformat(match[1] if match else "")
    except ValueError:
        source.refuse(element, f"{said!r} is no date")


def texts(source: CertificateSource, element: _Element) -> list[Paragraph]:
    """Return the paragraphs of a text, each with its language, but for empty ones."""
    found = []
    for content in element[:]:
        if content.tag != _CONTENT:
            source.leave_out(content)
            continue
        language = _language(content.get("lang", "")[:2])
        if language is None:
            source.refuse(content, f"{content.get('lang')!r:.20} is no code of a language")
        said = content.text
        if said and not said.isspace() and said != NOTHING:
            found.append((language, " ".join(said.split())))
    return found


def text(source: CertificateSource, elements: Iterable[_Element]) -> dict[str, str] | None:
    """Return the text that elements tell together by its languages, or None if it is empty."""
    return joined([paragraph for element in elements for paragraph in texts(source, element)]) or None


def joined(paragraphs: Sequence[Paragraph]) -> dict[str, str]:
    """Return a text by its languages, as the model is built from it.

    Real files give a language twice, or a text with and without language: different paragraphs of
    the same language are joined, as a reader would.
    """
    found = dict(paragraphs)
    if len(found) == len(paragraphs):
        return found
    together: dict[str, list[str]] = {language: [] for language in found}
    for language, said in dict.fromkeys(paragraphs):
        together[language].append(said)
    return {language: " ".join(said) for language, said in together.items()}


def titled(above: dict[str, str] | None, own: dict[str, str] | None) -> dict[str, str] | None:
    """Return a title that stands below another one, in the languages of both."""
    if not above or not own:
        return own or above
    spoken = dict.fromkeys(language for language in (*above, *own) if language) or {"": None}
    one, other = Text(above), Text(own)
    return {language: f"{one.get(language)} – {other.get(language)}" for language in spoken}


@lru_cache(maxsize=64)
def _language(written: str) -> str | None:
    """Return the code of a language as the model has it, or None if it is none."""
    code = written.lower()
    return code if not code or (len(code) == 2 and code.isascii() and code.isalpha()) else None
