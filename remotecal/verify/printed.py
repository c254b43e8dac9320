"""The check of what a PDF prints against the XML inside; see `certificates.pdf.compare`."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused, ConfigurationError
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotecal.certificates.pdf.compare import Print
    from remotecal.model import Record

LARGEST = 2**20
"""Bytes of XML that are printed again; a certificate of 30 points has half of it and takes half a second."""


def examine_print(pdf: bytes, xml: bytes, record: Record) -> str:
    """Print the certificate inside a PDF again and compare the two.

    By the version that is here it must be the same to the last byte, with one signature behind; by
    another, to the last word, and the document may have nothing that no certificate has.

    Raises:
        CertificateRefused: the PDF says or holds something else, or can't be read.
        Unable: it was printed by other programs or with other fonts than are here, or is too large.
    """
    from remotecal.certificates.pdf import print_certificate
    from remotecal.certificates.pdf.compare import difference, is_this_print, read_print
    from remotecal.certificates.pdf.face import digest

    if len(xml) > LARGEST:
        raise Unable(f"the XML has {len(xml)} bytes, too many to print it again: it can be verified itself")
    try:
        printed = print_certificate(record, xml)
    except ConfigurationError as error:
        raise Unable(f"it can't be printed again here: {error}") from error
    if is_this_print(pdf, printed):
        own = "" if record.face is None else f"; with the laboratory's own face {digest(record.face)[:16]}…"
        return f"{len(printed)} bytes printed again from the XML, and the same to the last one{own}"
    stated, again = read_print(pdf), read_print(printed)
    by = {f"{program.name.get('en')} {program.release}" for program in record.software} | {stated.producer}
    here = {f"remotecal v{version('remotecal')}", again.producer}
    if not _names(here) <= _names(by):
        raise Unable(f"printed by {_listed(by)}, here is {_listed(here)}: the XML itself can be verified")
    if not here <= by:
        return _compare_words(stated, again, record, f"printed by {_listed(by)}, here is {_listed(here)}")
    found = difference(stated, again)
    if found and (stated.odd or stated.fonts == again.fonts):
        raise CertificateRefused(found)
    if stated.fonts != again.fonts:
        raise Unable(f"printed with {_listed(stated.fonts)}, here are {_listed(again.fonts)}; {found}")
    raise Unable("the words are the same, but not the bytes: other fonts, or something hidden")


def _compare_words(stated: Print, again: Print, record: Record, versions: str) -> str:
    """Compare what another version printed, which lays out and labels the same record otherwise."""
    from remotecal.certificates.pdf.compare import difference
    from remotecal.certificates.pdf.words import missing_facts, same_words

    if stated.odd:
        raise CertificateRefused(difference(stated, again))
    if missing := missing_facts(stated, again, record):
        raise CertificateRefused(
            f"the PDF lacks {', '.join(missing[:SHOWN])}, which the certificate inside has"
        )
    if more := stated.bookmarks - again.bookmarks:
        raise Unable(f"the PDF has the bookmark {min(more)}, which a print here has not; {versions}")
    if not same_words(stated, again, record):
        raise Unable(f"all names, results and budgets are there, but {difference(stated, again)}; {versions}")
    return f"{versions}, so only the words were compared: {len(stated.words)} pages, the same to the last one"


SHOWN = 5
"""Words that a refusal lists."""


def _names(programs: set[str]) -> set[str]:
    return {program.partition(" ")[0] for program in programs}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
