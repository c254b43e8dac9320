"""The file a certificate is read from: its elements by name, and errors that tell the place."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from remotecal.certificates.dcc.xml import DCC, SI, parse
from remotecal.errors import RecordError, UnitError

if TYPE_CHECKING:
    from lxml.etree import XPath, _Element

Part = TypeVar("Part", bound=BaseModel)
Children = dict[str, list["_Element"]]
Languages = dict[str, str]

NAMED = {f"{{{DCC}}}{name}" for name in ("item", "measuringEquipment", "statement", "performanceLocation")}
"""Elements the model refers to by their id."""

_DCC, _SI = f"{{{DCC}}}", f"{{{SI}}}"
_CONTENT = f"{_DCC}content"
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?")


def name_of(element: _Element) -> str:
    """Return the name of an element: plain for the DCC's, `si:real` for D-SI's, else in full."""
    return _short(str(element.tag))


@lru_cache(maxsize=1024)
def _short(tag: str) -> str:
    if tag.startswith(_DCC):
        return tag[len(_DCC) :]
    return f"si:{tag[len(_SI) :]}" if tag.startswith(_SI) else tag


@lru_cache(maxsize=1)
def _ids() -> XPath:
    from lxml.etree import XPath

    return XPath("descendant-or-self::*/@id")


class Source:
    """One certificate being read.

    What the model has no place for is noted in `left_out`, never dropped in silence.
    """

    def __init__(self, data: bytes) -> None:
        self.root = parse(data)
        self.left_out: list[str] = []
        self.known: set[str] = set()
        seen: set[str] = set()
        for found in _ids()(self.root):
            element, name = found.getparent(), found.strip()
            if name in seen:
                self.refuse(element, f"the id {name!r} was given to an element before")
            seen.add(name)
            if element.tag in NAMED:
                self.known.add(name)

    @staticmethod
    def refuse(element: _Element, why: str) -> NoReturn:
        """Raise `RecordError` for an element that can't be read without guessing."""
        raise RecordError(f"line {element.sourceline}, element {name_of(element)}: {why}")

    def build(self, element: _Element, model: type[Part], /, **fields: object) -> Part:
        """Return the part of the record an element tells."""
        try:
            found: Part = model.__pydantic_validator__.validate_python(fields)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(step) for step in first["loc"])
            self.refuse(element, f"{place or model.__name__}: {first['msg']} (found {first['input']!r:.80})")
        except UnitError as error:
            self.refuse(element, str(error))
        return found

    def children(self, element: _Element, *known: str) -> Children:
        """Return the children of an element by name, and note those that are not `known`."""
        found: Children = {}
        for child in element:
            name = _short(str(child.tag))
            if name in found:
                found[name].append(child)
            elif name in known:
                found[name] = [child]
            else:
                self.leave_out(child)
        return found

    def leave_out(self, element: _Element) -> None:
        """Note that the model has no place for an element."""
        self.left_out.append(f"line {element.sourceline}: {name_of(element)}")

    def ref_types(self, element: _Element) -> tuple[str, ...]:
        """Return the refTypes of an element."""
        return tuple(element.get("refType", "").split())

    def refs(self, element: _Element) -> tuple[str, ...]:
        """Return the ids an element refers to, as far as the model knows them."""
        return tuple(name for name in element.get("refId", "").split() if name in self.known)

    def ref(self, element: _Element) -> str | None:
        """Return the first id an element refers to."""
        return next(iter(self.refs(element)), None)


def only(children: Children, name: str) -> _Element | None:
    """Return the one child so named, or None if there is none; of two, neither is to be believed."""
    found = children.get(name)
    if found is None:
        return None
    if len(found) > 1:
        Source.refuse(found[1], "it stands twice where one is due")
    return found[0]


def line(children: Children, name: str) -> str | None:
    """Return the text of the one child so named, or None if there is none or it is empty."""
    found = only(children, name)
    return None if found is None else " ".join((found.text or "").split()) or None


def lines(children: Children, name: str) -> tuple[str, ...]:
    """Return the texts of the children so named."""
    return tuple(text for child in children.get(name, ()) if (text := " ".join((child.text or "").split())))


def truth(children: Children, name: str) -> bool | None:
    """Return a truth value in XML's spelling."""
    text = line(children, name)
    return None if text is None else truths(children[name][0])[0]


def truths(element: _Element) -> tuple[bool, ...]:
    """Return a list of truth values in XML's spelling; at least one is due."""
    words = (element.text or "").split()
    if not words or not _TRUTHS.keys() >= set(words):
        Source.refuse(element, f"{' '.join(words)!r:.80} is neither true nor false")
    return tuple(_TRUTHS[word] for word in words)


def day(source: Source, children: Children, name: str) -> date | None:
    """Return a date; a time zone, which a date may have in XML, changes nothing here."""
    text = line(children, name)
    if text is None:
        return None
    match = _DAY.fullmatch(text)
    try:
        return (
            date.fromisoformat(match[1])
            if match
            else source.refuse(children[name][0], f"{text!r} is no date")
        )
    except ValueError:
        source.refuse(children[name][0], f"{text!r} is no date")


def texts(source: Source, children: Children, name: str) -> Languages | None:
    """Return a text by its languages, as the model is built from it, or None if there is none.

    Real files give a language twice, or a text with and without language: paragraphs of the same
    language are joined, as a reader would.
    """
    found: Languages = {}
    for element in children.get(name, ()):
        for content in element:
            if content.tag != _CONTENT:
                source.leave_out(content)
                continue
            language = content.get("lang", "")[:2].lower()
            if language and not (len(language) == 2 and language.isascii() and language.isalpha()):
                source.refuse(content, f"{language!r} is no code of a language")
            said = " ".join((content.text or "").split())
            if said and said != found.get(language):
                found[language] = f"{found[language]} {said}" if language in found else said
    return found or None


def named(source: Source, children: Children, name: str = "name") -> Languages:
    """Return a text the model wants; some real files leave it empty."""
    return texts(source, children, name) or {}
