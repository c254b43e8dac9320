"""The standards: which there are, how long their certificates hold, where one took part."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from fastapi import APIRouter, Response

from remotecal.clock import civil_day
from remotecal.errors import NotThere
from remotecal.web.about import Number
from remotecal.web.pages.frame import Visiting, Visitor
from remotecal.web.register import not_a_customer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotecal.store.index import EquipmentRow
    from remotecal.store.standards import StandardRow

router = APIRouter(include_in_schema=False)

AHEAD: Final = timedelta(days=60)
"""From how long before a certificate's end on it is marked."""
RUNS_SHOWN: Final = 200
"""Runs of one standard on its page, at most."""
Ending = Literal["ended", "ending", "holds", ""]


class Marked(NamedTuple):
    """A standard, and how its certificate stands today."""

    standard: StandardRow
    ending: Ending
    """"" where the certificate has no end."""


class CertificateHeld(NamedTuple):
    """A certificate that a standard had in runs."""

    number: str
    sha256: str
    valid_until: str
    """Its last day; "" if it does not say."""
    ending: Ending
    first: float
    """When the first of these runs began."""
    last: float
    """When the last did."""
    runs: int
    """How many there are, of those that are shown."""


@router.get("/standards")
def list_standards(visitor: Visiting) -> Response:
    """Return the list of standards, the first whose certificate ends first."""
    not_a_customer(visitor.caller)
    rows = [Marked(one, ending(visitor, one.last.valid_until)) for one in visitor.office.standards()]
    return visitor.page("standards.html", rows=rows, days=AHEAD.days)


@router.get("/standard")
def show_standard(visitor: Visiting, number: Number) -> Response:
    """Return one standard: its certificates, and the runs in which it took part, the latest first."""
    not_a_customer(visitor.caller)
    used = visitor.office.store.about.took_part(number, limit=RUNS_SHOWN + 1)
    if not used:
        raise NotThere(f"nothing here has taken part in a run by the number {number!r}")
    shown = used[:RUNS_SHOWN]
    return visitor.page(
        "standard.html",
        number=number,
        used=shown,
        more=len(used) > RUNS_SHOWN,
        held=list(_held(visitor, shown)),
        days=AHEAD.days,
    )


def ending(visitor: Visitor, valid_until: str) -> Ending:
    """Tell how a certificate stands today that holds until a day (ISO 8601); "" for no day."""
    if not valid_until:
        return ""
    today = civil_day(visitor.office.clock.now(), visitor.office.laboratory.folder.time_zone)
    until = date.fromisoformat(valid_until)
    return "ended" if until < today else "ending" if until <= today + AHEAD else "holds"


def _held(visitor: Visitor, used: Iterable[EquipmentRow]) -> Iterable[CertificateHeld]:
    """Yield the certificates of a standard, the latest first."""

    def which(row: EquipmentRow) -> tuple[str, str, str]:
        return row.valid_until, row.certificate, row.certificate_sha256

    with_one = sorted((row for row in used if row.certificate), key=which, reverse=True)
    for (until, number, sha256), rows in groupby(with_one, which):
        moments = [row.at for row in rows]
        how = ending(visitor, until)
        yield CertificateHeld(number, sha256, until, how, min(moments), max(moments), len(moments))
