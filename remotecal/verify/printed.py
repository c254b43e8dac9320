"""The check of what a PDF prints against the XML inside; see `certificates.pdf.compare`."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused, ConfigurationError
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotecal.model import Record

LARGEST = 2**20
"""Bytes of XML that are printed again; a certificate of 30 points has half of it, and a page takes 0.3 s."""


def examine_print(pdf: bytes, xml: bytes, record: Record) -> str:
    """Print the certificate inside a PDF again and compare, page by page.

    Raises:
        CertificateRefused: the PDF says something else, or can't be read.
        Unable: it was printed by other programs or with other fonts than are here, or is too large.
    """
    from remotecal.certificates.pdf import print_certificate
    from remotecal.certificates.pdf.compare import difference, read_print

    stated = read_print(pdf)
    programs = {f"{program.name.get('en')} {program.release}" for program in record.software}
    _same({f"remotecal v{version('remotecal')}"}, programs)
    _same({f"WeasyPrint {version('weasyprint')}"}, {stated.producer})
    if len(xml) > LARGEST:
        raise Unable(f"the XML has {len(xml)} bytes, too many to print it again: it can be verified itself")
    try:
        again = read_print(print_certificate(record, xml))
    except ConfigurationError as error:
        raise Unable(f"it can't be printed again here: {error}") from error
    if found := difference(stated, again):
        if stated.fonts != again.fonts:
            raise Unable(f"printed with {_listed(stated.fonts)}, here are {_listed(again.fonts)}; {found}")
        raise CertificateRefused(found)
    if stated.drawn != again.drawn:
        raise Unable("the words are the same, but drawn otherwise: other fonts, or something hidden")
    return f"{len(stated.words)} pages printed again from the XML, and the same to the last glyph"


def _same(here: set[str], there: set[str]) -> None:
    if not here <= there:
        raise Unable(f"printed by {_listed(there)}, here is {_listed(here)}: the XML itself can be verified")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
