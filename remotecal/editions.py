"""Which edition of a document was in force on a day.

A procedure names a document; the edition printed is the one in force on the day of measurement. What
has no row here was not looked up, and is printed as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a document."""

    name: str
    """With its year: JJG 643-2024."""
    since: date | None
    """First day it was in force; None where that was not looked up, for the oldest one known."""
    until: date | None = None
    """Last day; None while it is in force."""

    def in_force(self, day: date) -> bool:
        """Whether it was in force on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


EDITIONS: Mapping[str, tuple[Edition, ...]] = MappingProxyType(
    {
        "DKD-R 6-1": (Edition("DKD-R 6-1, edition 03/2014, revision 3", date(2021, 4, 22)),),
        "EURAMET cg-17": (Edition("EURAMET cg-17, version 4.1", None),),
        "JJG 52": (
            Edition("JJG 52-1999", None, date(2013, 12, 26)),
            Edition("JJG 52-2013", date(2013, 12, 27)),
        ),
        "JJG 99": (
            Edition("JJG 99-2006", None, date(2023, 6, 6)),
            Edition("JJG 99-2022", date(2023, 6, 7)),
        ),
        "JJG 164": (
            # Rigs for flow meters; the benches for water meters went to JJG 1113-2015 on 2015-10-10.
            Edition("JJG 164-2000", None),
        ),
        "JJG 225": (
            Edition("JJG 225-2001", None, date(2025, 4, 18)),
            Edition("JJG 225-2024", date(2025, 4, 19)),
        ),
        "JJG 596": (
            Edition("JJG 596-1999", None, date(2013, 4, 7)),
            Edition("JJG 596-2012", date(2013, 4, 8)),
        ),
        "JJG 643": (
            Edition("JJG 643-2003", None, date(2024, 8, 6)),
            Edition("JJG 643-2024", date(2024, 8, 7)),
        ),
        "JJG 882": (
            Edition("JJG 882-2004", None, date(2020, 3, 30)),
            Edition("JJG 882-2019", date(2020, 3, 31)),
        ),
        "JJG 1003": (
            Edition("JJG 1003-2005", None, date(2017, 5, 24)),
            Edition("JJG 1003-2016", date(2017, 5, 25)),
        ),
        "JJG 1113": (
            Edition("JJG 164-2000", None, date(2015, 10, 9)),
            Edition("JJG 1113-2015", date(2015, 10, 10)),
        ),
        "JJF 1206": (
            Edition("JJF 1206-2008", None, date(2019, 6, 24)),
            Edition("JJF 1206-2018", date(2019, 6, 25)),
        ),
    }
)
"""By document; the oldest edition first. Sources: the registers' entries as looked up in November 2026."""


def edition(norm: str, day: date) -> str:
    """Return the edition of a document that was in force on a day.

    Args:
        norm: a document, "JJG 643", or an edition of it, "JJG 643-2003".
        day: of the measurement.

    Returns:
        The edition; `norm` itself where nothing is known of it.
    """
    for known in EDITIONS.get(_document(norm), ()):
        if known.in_force(day):
            return known.name
    return norm


def withdrawn(norm: str, day: date) -> str:
    """Return the edition that is in force in the place of `norm`; "" where that is in force or unknown."""
    current, plain = edition(norm, day), _plain(norm)
    return "" if current == norm or plain in (current, _document(norm)) else current


def _document(norm: str) -> str:
    """Return the document an edition is of."""
    plain = _plain(norm)
    name, dash, year = plain.rpartition("-")
    return name if dash and len(year) == 4 and year.isdigit() else plain


_WRITTEN = re.compile(r"\s*([A-Za-z]{3})\s*([0-9]+)(?:\s*[-\u2010-\u2015\u2212\uff0d]\s*([0-9]{4}))?\s*")


def _plain(norm: str) -> str:
    """Return a document's name as the table writes it: JJG 643-2003 for JJG643\u20142003."""
    written = _WRITTEN.fullmatch(norm)
    if written is None:
        return norm
    kind, number, year = written.groups()
    return f"{kind.upper()} {number}" + (f"-{year}" if year else "")
