"""The check of a report of certificates: it says what they say, and proves none of them.

A report bears no signature. What can be told is whether its pages are those of the list inside, and
whether each certificate it lists is at hand, the same file, and says what the list says of it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from remotecal.certificates.dcc.xml import LARGEST_FILE
from remotecal.configuration import read_within
from remotecal.errors import CertificateRefused, ConfigurationError
from remotecal.verify.report import Checklist, Report, Unable

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.certificates.library import CertificateLibrary
    from remotecal.certificates.summary import Listed, Summary


def listed_in(path: Path) -> Summary | None:
    """Return the list in a report of certificates, PDF or JSON; None where the file is no such report.

    Raises:
        ConfigurationError: it can't be read.
    """
    from pydantic import ValidationError

    from remotecal.certificates.summary import Summary

    data = read_within(path, LARGEST_FILE)
    try:
        return Summary.model_validate_json(_list(data))
    except (CertificateRefused, ValidationError):
        return None


def verify_list(path: Path, listed: Summary, library: CertificateLibrary) -> Report:
    """Examine a report of certificates by what is at hand of them."""
    checks = Checklist()
    data = read_within(path, LARGEST_FILE)
    if data.startswith(b"%PDF"):
        checks.examine("printed pages", partial(_printed, data, listed), needed=True)
    for one in listed.listed:
        checks.examine(f"certificate {one.certificate}", partial(_same, one, library), needed=True)
    checks.examine("heading", partial(_heading, listed, library), needed=True)
    return Report(", ".join(listed.orders), listed.demonstration, tuple(checks.checks))


def _list(data: bytes) -> bytes:
    """Return the list itself, which a PDF has inside."""
    from remotecal.certificates.pdf.summary import DATA
    from remotecal.certificates.signing.pdf import embedded_files

    if not data.startswith(b"%PDF"):
        return data
    return next((content for name, content in embedded_files(data) if name == DATA), b"")


def _printed(data: bytes, listed: Summary) -> str:
    """Print the list again and compare, as `printed.examine_print` does a certificate."""
    from remotecal.certificates.pdf.compare import difference, read_print
    from remotecal.certificates.pdf.summary import print_summary

    try:
        again = print_summary(listed)
    except ConfigurationError as error:
        raise Unable(f"it can't be printed again here: {error}") from error
    if data == again:
        return f"{len(again)} bytes printed again from the list inside, and the same to the last one"
    here, there = read_print(again), read_print(data)
    if (there.producer, there.fonts) != (here.producer, here.fonts):
        raise Unable("printed by other programs or with other fonts than are here: verify the certificates")
    odd = tuple(each for each in there.odd if each not in here.odd)  # its list is oddity enough
    found = difference(replace(there, odd=odd), here)
    raise CertificateRefused(found or "the pages say what the list inside says, but the file was changed")


def _heading(listed: Summary, library: CertificateLibrary) -> str:
    """Hold whom a report is for and from, and its orders, against the certificates."""
    from remotecal.certificates.summary import summary

    found = [library.by_hash(one.sha256) for one in listed.listed]
    data = [each for each in found if each is not None]
    if len(data) < len(found):
        raise Unable(f"{len(found) - len(data)} of {len(found)} certificates are not at hand")
    made = summary(data)
    for name in ("customer", "laboratory", "orders", "demonstration"):
        if getattr(listed, name) != getattr(made, name):
            raise CertificateRefused(f"the report has another {name} than the certificates")
    return "customer, laboratory and orders are the certificates'"


def _same(one: Listed, library: CertificateLibrary) -> str:
    """Find a certificate by its hash, and hold what is said of it against what it says."""
    from remotecal.certificates.summary import summary

    data = library.by_hash(one.sha256)
    if data is None:
        raise Unable(f"it is not at hand: give the folder it is in with --certificates ({one.sha256[:16]}…)")
    (found,) = summary([data]).listed
    differing = [name for name in type(one).model_fields if getattr(one, name) != getattr(found, name)]
    if "sha256" in differing:
        raise Unable("the file at hand has the same content laid out anew: give the file itself")
    if differing:
        (name, *_) = differing
        raise CertificateRefused(
            f"the report says {name} {getattr(one, name)}, the certificate {getattr(found, name)}"
        )
    issued = f"issued {one.issued}" if one.issued else "not issued"
    return f"the report says what it says: {one.verdict or 'no verdict'}, {issued}"
