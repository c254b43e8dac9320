"""Is it a valid DCC? The official schemas and PTB's schematron, from installed package data only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

from remotecal.certificates.dcc.xml import DCC, SI, XSI, decoded, parse
from remotecal.errors import RecordError

if TYPE_CHECKING:
    from lxml.etree import XMLSchema, _Element
    from saxonche import PySaxonProcessor, PyXsltExecutable

_ONE_AT_A_TIME = Lock()
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a check found in a certificate."""

    severity: Literal["error", "warning"]
    line: int | None
    """Line of the file; the schematron tells a place instead."""
    text: str
    """What is wrong, and where."""

    def __str__(self) -> str:
        return self.text if self.line is None else f"line {self.line}: {self.text}"


def validate(data: bytes) -> list[Fault]:
    """Return what the schema of its version and the schematron find wrong with a DCC.

    Warnings are advice; a certificate with an error is not a valid DCC. Content that the DCC leaves to
    another standard, such as MathML, is not examined, and a warning says so. Raises `RecordError` if
    the file is no certificate at all, or of a version no schema is installed for.
    """
    found = _schema_problems(parse(data))
    if any(problem.severity == "error" for problem in found):
        return found
    return [*found, *problems_of_schematron(data)]


def problems_of_schema(data: bytes) -> list[Fault]:
    """Return what the XML schema of its version finds wrong with a DCC."""
    return schema_problems(parse(data))


def schema_problems(root: _Element) -> list[Fault]:
    """Return what the XML schema of its version finds wrong with a parsed DCC."""
    return [problem for problem in _schema_problems(root) if problem.severity == "error"]


def _schema_problems(root: _Element) -> list[Fault]:
    found = schema(version(root))
    if found.validate(root):
        return []
    return [
        Fault("warning", entry.line, entry.message.replace(*UNDECLARED))
        if UNDECLARED[0] in entry.message
        else Fault("error", entry.line, entry.message)
        for entry in found.error_log
    ]


UNDECLARED = (
    "No matching global element declaration available, but demanded by the strict wildcard.",
    "not examined, for no schema of this namespace is installed",
)
"""What libxml2 says of an element allowed in its place, whose own schema it was not given, and we."""


def version(root: _Element) -> str:
    """Return the DCC version a certificate declares; before 2.3 the place of its schema alone tells it."""
    if root.tag != f"{{{DCC}}}digitalCalibrationCertificate":
        raise RecordError(f"the file is no digital calibration certificate: its root is {root.tag!r}")
    declared = root.get("schemaVersion")
    if declared is None:
        located = _LOCATED.search(root.get(f"{{{XSI}}}schemaLocation", ""))
        if located is None:
            raise RecordError("the certificate tells its version by neither schemaVersion nor schemaLocation")
        declared = located[1]
    return declared


_LOCATED = re.compile(rf"{re.escape(DCC)}/v([^/\s]+)/dcc\.xsd(?:\s|$)")
"""Where the schema of a version stands."""


@lru_cache(maxsize=16)
def schema(version: str) -> XMLSchema:
    """Return the compiled schema of a DCC version; nothing is fetched."""
    from lxml import etree

    folder = _official() / "dcc"
    path = folder / f"v{version}.xsd"
    if "/" in version or not path.is_file():
        raise RecordError(f"no schema is installed for a DCC of version {version!r}")
    try:
        return etree.XMLSchema(etree.parse(str(path), etree.XMLParser(no_network=True)))
    except etree.XMLSchemaParseError as error:
        raise RecordError(f"the schema of DCC version {version} can't be compiled: {error}") from error


def problems_of_schematron(data: bytes) -> list[Fault]:
    """Return what PTB's schematron finds wrong with a DCC, informative reports left out.

    What it says of elements that are not the DCC's or D-SI's, such as those of a signature, is none of
    its business: there an empty element may be in order.
    """
    from saxonche import PySaxonApiError

    text = decoded(data)
    parse(data)
    try:
        with _ONE_AT_A_TIME:
            processor, rules = _schematron()
            document = processor.parse_xml(xml_text=text)
            report = rules.transform_to_string(xdm_node=document)
    except PySaxonApiError as error:
        raise RecordError(f"the schematron could not be applied: {error}") from error
    return [
        Fault("error" if entry.get("role") == "error" else "warning", None, _said(entry))
        for entry in parse(report.encode())
        if entry.tag in (f"{SVRL}failed-assert", f"{SVRL}successful-report")
        and entry.get("role") in ("error", "warning")
        and not _FOREIGN.search(entry.get("location", ""))
    ]


_FOREIGN = re.compile(rf"Q\{{(?!\}}|{re.escape(DCC)}\}}|{re.escape(SI)}\}})")


@lru_cache(maxsize=1)
def _schematron() -> tuple[PySaxonProcessor, PyXsltExecutable]:
    """Return PTB's schematron as the XSLT it was compiled to by its makers."""
    from saxonche import PySaxonProcessor

    processor = PySaxonProcessor(license=False)
    text = (_official() / "dcc.svrl").read_text(encoding="utf-8")
    return processor, processor.new_xslt30_processor().compile_stylesheet(
        stylesheet_text=text, encoding="UTF-8"
    )


def _said(entry: _Element) -> str:
    words = " ".join("".join(str(part) for part in entry.itertext()).split())
    return f"{words} (at {entry.get('location')})"


def _official() -> Path:
    """Return the folder of PTB's files, found without importing the package around them."""
    spec = find_spec("dcclib")
    if spec is None or not spec.submodule_search_locations:
        raise RecordError("PTB's schemas are missing: install the package dcclib, version 0.3")
    return Path(spec.submodule_search_locations[0]) / "validation" / "schema"
