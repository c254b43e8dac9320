"""Certificates: written, read, printed, signed, verified."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.model import Record

XML_NAME, PDF_NAME, JSON_NAME = "certificate.xml", "certificate.pdf", "record.json"
APART = "certificates"
"""Folder in which each of several certificates of one run has a folder of its own, called by its number."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The files of one certificate."""

    xml: Path
    """The certificate for machines: a DCC."""
    pdf: Path
    """The certificate for people, with the DCC inside."""
    json: Path
    """The record both were made from."""


def write_certificate(record: Record, directory: Path, *, printed: bool = True) -> Paths:
    """Write `record` into `directory` as DCC, PDF and JSON, under fixed names; overwrites nothing.

    Args:
        record: what it says.
        directory: where to.
        printed: as a PDF, too; what is signed at once is printed once it is.

    Raises:
        RecordError: the record can't be a DCC; nothing was written then.
        ConfigurationError: there is a certificate already; nothing was written then.
    """
    from remotecal.certificates.dcc import write
    from remotecal.certificates.keeping import write_new
    from remotecal.certificates.pdf import print_certificate

    if there := certificate_in(directory):
        raise ConfigurationError(
            f"{there[0]} is there already, and no certificate is overwritten: choose another directory"
        )
    xml = write(record)
    pdf = print_certificate(record, xml) if printed else None
    paths = Paths(directory / XML_NAME, directory / PDF_NAME, directory / JSON_NAME)
    directory.mkdir(parents=True, exist_ok=True)
    write_new(paths.xml, xml)
    if pdf is not None:
        write_new(paths.pdf, pdf)
    write_new(paths.json, record.to_json().encode() + b"\n")
    return paths


def folder_of(number: str) -> str:
    """Return what the folder of a certificate is called: its number, or as an address would write it.

    What a file's name does not take everywhere is written as in an address: no two numbers get one folder.

    >>> folder_of("A/1"), folder_of("A_1"), folder_of("..")
    ('A%2F1', 'A_1', '%2E%2E')
    """
    outer = r"[^\w.-]|^\.+|\.+$"
    return re.sub(outer, lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), number)


def certificate_in(directory: Path) -> tuple[Path, ...]:
    """Return the files of a certificate that a directory has."""
    paths = (directory / name for name in (XML_NAME, PDF_NAME, JSON_NAME, APART))
    return tuple(path for path in paths if path.exists() or path.is_symlink())
