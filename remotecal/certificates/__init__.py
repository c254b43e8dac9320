"""Certificates: written, read, printed, signed, verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.model import Record

XML_NAME, PDF_NAME, JSON_NAME = "certificate.xml", "certificate.pdf", "record.json"


@dataclass(frozen=True, slots=True)
class Paths:
    """The files of one certificate."""

    xml: Path
    """The certificate for machines: a DCC."""
    pdf: Path
    """The certificate for people, with the DCC inside."""
    json: Path
    """The record both were made from."""


def write_certificate(record: Record, directory: Path) -> Paths:
    """Write `record` into `directory` as DCC, PDF and JSON, under fixed names.

    Raises `RecordError` if the record can't be a DCC, and then writes nothing.
    """
    from remotecal.certificates.dcc import write
    from remotecal.certificates.pdf import print_certificate

    xml = write(record)
    pdf = print_certificate(record, xml)
    paths = Paths(directory / XML_NAME, directory / PDF_NAME, directory / JSON_NAME)
    directory.mkdir(parents=True, exist_ok=True)
    paths.xml.write_bytes(xml)
    paths.pdf.write_bytes(pdf)
    paths.json.write_text(record.to_json() + "\n", encoding="utf-8")
    return paths
