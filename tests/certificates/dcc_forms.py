"""Certificates made from the schema of a DCC version: everything it allows, each text told apart."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import count

import xmlschema
from lxml import etree
from xmlschema.validators import XsdAnyElement, XsdElement, XsdGroup

from remotecal.certificates.dcc.validate import _official
from remotecal.certificates.dcc.xml import DCC, SI, XSI

VERSIONS = ("2.2.0", "2.3.0", "2.4.0", "3.0.0", "3.1.0", "3.1.1", "3.1.2", "3.2.0", "3.2.1", "3.3.0")
DEEPEST = 2
"""How often an element may stand within one of its own name."""

LONGEST_WAY = 10
"""Below how many elements nothing stands that need not."""

SAME = {
    "boolean": "true",
    "date": "2024-01-02",
    "dateTime": "2024-01-02T03:04:05Z",
    "duration": "P1Y",
    "base64Binary": "QUJD",
    "stringISO3166Type": "DE",
    "stringISO639Type": "en",
    "elementStringISO3166": "DE",
    "elementStringISO639": "en",
    "kValueType": "2",
    "probabilityValueType": "0.95",
    "unitType": r"\metre",
    "unitPhaseType": r"\radian",
    "significantDigitType": "-1",
    "valueStandardMUType": "0.1",
}
"""What stands for a value by its type."""
XML_LISTS = {
    "decimalXMLListType": "1.5 2.5",
    "uncertaintyValueXMLListType": "0.1 0.2",
    "kValueXMLListType": "2",
    "probabilityValueXMLListType": "0.95",
    "unitXMLListType": r"\metre",
    "unitPhaseXMLListType": r"\radian",
    "booleanXMLListType": "true false",
    "significantDigitXMLListType": "-1",
    "valueStandardMUXMLListType": "0.1 0.2",
    "dateTimeXMLListType": "2024-01-02T03:04:05Z",
}


@lru_cache(maxsize=1)
def _schema(version: str) -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(_official() / "dcc" / f"v{version}.xsd"))


class Forms:
    """Makes one certificate; of every choice the one whose turn it is.

    Attributes:
        texts: the texts and refTypes of the certificate, each once.
    """

    def __init__(self, version: str, turn: int) -> None:
        self.version = version
        self.turn = turn
        self.texts: set[str] = set()
        self._numbers = count(1)

    def certificate(self) -> bytes:
        """Return the certificate, a line for every element."""
        declared = _schema(self.version).elements["digitalCalibrationCertificate"]
        root = etree.Element(declared.name, nsmap={"dcc": DCC, "si": SI, "xsi": XSI})
        root.set(f"{{{XSI}}}schemaLocation", f"{DCC} {DCC}/v{self.version}/dcc.xsd")
        if "schemaVersion" in declared.attributes:
            root.set("schemaVersion", self.version)
        for child in self._group(declared.type.content, (declared.local_name,)):
            root.append(child)
        etree.indent(root)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    def _group(self, group: XsdGroup, within: tuple[str, ...]) -> Iterator[etree._Element]:
        particles = list(group)
        if group.model == "choice":
            shallow = [entry for entry in particles if not self._too_deep(entry, within)]
            others = [entry for entry in particles if getattr(entry, "local_name", "") != "list"]
            particles = shallow or others
            particles = [entry for entry in particles if getattr(entry, "local_name", "") not in NEVER]
            if group.max_occurs == 1:
                particles = [particles[self.turn % len(particles)]]
        for particle in particles:
            if isinstance(particle, XsdAnyElement):
                continue
            if isinstance(particle, XsdGroup):
                yield from self._group(particle, within)
            elif particle.min_occurs or (
                within.count(particle.local_name) < DEEPEST and len(within) < LONGEST_WAY
            ):
                yield from self._elements(particle, within)

    def _too_deep(self, particle: object, within: tuple[str, ...]) -> bool:
        if isinstance(particle, XsdGroup):
            return particle.model == "sequence" and any(
                self._too_deep(entry, within) for entry in particle if entry.min_occurs
            )
        return isinstance(particle, XsdElement) and within.count(particle.local_name) >= DEEPEST

    def _elements(self, declared: XsdElement, within: tuple[str, ...]) -> Iterator[etree._Element]:
        if declared.local_name in NEVER or declared.abstract:
            return
        several = 2 if declared.max_occurs is None and declared.local_name in TWICE else 1
        for _ in range(several):
            element = etree.Element(declared.name)
            kind = declared.type
            if kind.is_complex() and kind.has_complex_content():
                for child in self._group(kind.content, (*within, declared.local_name)):
                    element.append(child)
            else:
                element.text = self._value(kind.content if kind.is_complex() else kind, declared.local_name)
            if "refType" in declared.attributes and declared.local_name not in ("statement", "metaData"):
                element.set("refType", self._ref_type())
            if declared.local_name == "item":
                element.set("id", f"item{next(self._numbers)}")
            if declared.local_name == "content":
                element.set("lang", "en")
            yield element

    def _ref_type(self) -> str:
        return self._text("/Aa{}" if self.version == "2.4.0" else "aa_b{}")

    def _text(self, form: str = "t{}") -> str:
        text = form.format(f"{next(self._numbers)}x")
        self.texts.add(text)
        return text

    def _value(self, kind: object, name: str) -> str:
        while kind is not None:
            if kind.local_name in SAME:
                return SAME[kind.local_name]
            if kind.local_name in XML_LISTS:
                return XML_LISTS[kind.local_name]
            if kind.enumeration:
                return str(kind.enumeration[0])
            if kind.local_name in ("decimalType", "uncertaintyValueType"):
                return "1.5"
            if name in SPECIAL:
                return SPECIAL[name]
            if kind.is_list() or kind.is_union():
                break
            kind = kind.base_type
        return self._text()


NEVER = {"Signature", "mathml", "xml"}
TWICE = {"contact", "item", "metaData", "statement", "usedMethod", "description", "norm"}
SPECIAL = {"refId": "item1", "conformityXMLList": "pass pass", "period": "P1Y"}
