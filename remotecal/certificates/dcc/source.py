"""The file a certificate is read from: its elements by name, and errors that tell the place."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from remotecal.certificates.dcc.validate import version
from remotecal.certificates.dcc.xml import DCC, SI, parse
from remotecal.errors import RecordError, UnitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lxml.etree import XPath, _Element

    from remotecal.model import Equipment

Part = TypeVar("Part", bound=BaseModel)
Children = dict[str, list["_Element"]]
Names = dict[str, str]
"""Names of elements in full, and what a reader calls them."""

_DCC, _SI = f"{{{DCC}}}", f"{{{SI}}}"


def name_of(element: _Element) -> str:
    """Return the name of an element: plain for the DCC's, `si:real` for D-SI's, else in full."""
    tag = str(element.tag)
    if tag.startswith(_DCC):
        return tag[len(_DCC) :]
    return f"si:{tag[len(_SI) :]}" if tag.startswith(_SI) else tag


def in_full(name: str) -> str:
    """Return the name in full of an element that `name_of` calls `name`."""
    return _SI + name[3:] if name.startswith("si:") else _DCC + name


def by_name(*plain: str, **kinds: Iterable[str]) -> Names:
    """Return names of elements: each called as it is, or all of a kind by that."""
    called = {name: name for name in plain}
    called |= {name: kind for kind, members in kinds.items() for name in members}
    return {in_full(name): call for name, call in called.items()}


NAMED = by_name("item", "measuringEquipment", "statement", "performanceLocation", "measurementResult")
"""Elements the model refers to by their id."""


class Unread(RecordError):
    """A part that means nothing certain to us: it costs that part, and the certificate says so."""

    def __init__(self, element: _Element, why: str) -> None:
        super().__init__(f"line {element.sourceline}, element {name_of(element)}: {why}")
        self.element = element
        self.why = why


@lru_cache(maxsize=1)
def _telling() -> XPath:
    """Return how to find the attributes by which elements tell something."""
    from lxml.etree import XPath

    return XPath("descendant-or-self::*/@refType[. != ''] | descendant-or-self::*/@refId[. != '']")


@lru_cache(maxsize=1)
def _ids() -> XPath:
    from lxml.etree import XPath

    return XPath("descendant-or-self::*/@id")


class CertificateSource:
    """One certificate being read.

    What the model has no place for is noted in `left_out`, never dropped in silence.

    Attributes:
        root: the certificate.
        older: whether it is of a version before 3, where other things may be missing or repeated.
        known: the ids the model can refer to, each with the name of its element.
        standards: those read so far, by their ids.
    """

    def __init__(self, data: bytes) -> None:
        self.root = parse(data)
        self.older = version(self.root).startswith("2.")
        self.left_out: list[str] = []
        self._left_out: set[_Element] = set()
        self._heeded: set[tuple[_Element, str]] = set()
        self.known: dict[str, str] = {}
        self.standards: dict[str, Equipment] = {}
        seen: set[str] = set()
        for found in _ids()(self.root):
            element, name = found.getparent(), found.strip()
            if name in seen:
                self.refuse(element, f"the id {name!r} was given to an element before")
            seen.add(name)
            if element.tag in NAMED:
                self.known[name] = NAMED[element.tag]

    @staticmethod
    def refuse(element: _Element, why: str) -> NoReturn:
        """Raise `RecordError` for an element that can't be read without guessing."""
        raise RecordError(f"line {element.sourceline}, element {name_of(element)}: {why}")

    def build(self, element: _Element, model: type[Part], fields: Mapping[str, object]) -> Part:
        """Return the part of the record an element tells."""
        try:
            found: Part = model.__pydantic_validator__.validate_python(fields)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(step) for step in first["loc"])
            if first["type"] == "missing" or first["input"] is None:
                self.refuse(element, f"{place} is missing")
            self.refuse(element, f"{place or model.__name__}: {first['msg']} (found {first['input']!r:.80})")
        except UnitError as error:
            self.refuse(element, str(error))
        return found

    def children(self, element: _Element | list[_Element], known: Names) -> Children:
        """Return the children of an element, or those given, by what `known` calls them.

        Those it does not name are noted.
        """
        found: Children = {}
        for child in element[:]:  # at once, for an iterator takes twice as long
            name = known.get(child.tag)  # type: ignore[arg-type]  # parse drops what has no name
            if name is None:
                self.leave_out(child)
            elif name in found:
                found[name].append(child)
            else:
                found[name] = [child]
        return found

    def leave_out(self, element: _Element, why: str = "") -> None:
        """Note that the model has no place for an element, or `why` it is not read."""
        self.left_out.append(f"line {element.sourceline}: {name_of(element)}{why and f', {why}'}")
        self._left_out.add(element)

    def leave_out_unread(self, part: Unread) -> None:
        """Note that a part is not read."""
        self.leave_out(part.element, part.why)

    def attribute(self, element: _Element, name: str) -> str:
        """Return an attribute by which an element tells something, or "", and heed it."""
        said: str = element.get(name, "")
        if said:
            self._heeded.add((element, name))
        return said

    def leave_out_attributes(self) -> None:
        """Note the attributes that nothing has read, of elements that are not left out themselves."""
        telling = _telling()(self.root)
        if len(telling) == len(self._heeded):
            return
        for attribute in telling:
            element, name = attribute.getparent(), attribute.attrname
            if (element, name) not in self._heeded and self._left_out.isdisjoint(
                (element, *element.iterancestors())
            ):
                self.leave_out(element, f"its {name} {attribute!s:.80}")


TWICE = "it stands twice where one is due"


def only(elements: Sequence[_Element]) -> _Element:
    """Return the one element of that name; of two, neither is to be believed."""
    if len(elements) > 1:
        CertificateSource.refuse(elements[1], TWICE)
    return elements[0]


def the(children: Children, name: str) -> _Element | None:
    """Return the one child of this name, or None if there is none."""
    return only(children[name]) if name in children else None
