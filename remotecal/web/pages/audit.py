"""The audit log: who did what and when, and what was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Response

from remotecal.pages.frame import see
from remotecal.store.audit_log import REFUSALS
from remotecal.web.audit import BeforeEntry, Wanted, begin_check, chain_of, said_in
from remotecal.web.callers import require
from remotecal.web.pages.frame import Sent, Visiting
from remotecal.web.pages.spreadsheet import Form, as_csv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotecal.store.audit_log import AuditRow
    from remotecal.web.audit import AskedOfAudit
    from remotecal.web.pages.frame import Visitor

router = APIRouter(include_in_schema=False)

ON_A_PAGE: Final = 100
"""Entries in a list."""
AT_A_TIME: Final = 1000
"""Entries that are held while a file is written."""
COLUMNS: Final = ("number", "moment", "who", "what", "refused", "details")
"""Of the file."""


@router.get("/audit")
def show_audit(
    visitor: Visiting, wanted: Wanted, before: BeforeEntry = None, form: Form = "html"
) -> Response:
    """Return entries of the audit log, the latest first; or all that were asked for as CSV."""
    require(visitor.caller, "audit")
    if form == "csv":
        return as_csv(visitor, "audit", COLUMNS, _all(visitor, wanted))
    rows = wanted.found(visitor.office, before=before, limit=ON_A_PAGE + 1)
    asked = {name: value for name, value in wanted._asdict().items() if value}
    return visitor.page(
        "audit.html",
        rows=[(row, told(row)) for row in rows[:ON_A_PAGE]],
        refusals=REFUSALS,
        wanted=wanted,
        chain=chain_of(visitor.office),
        asked=asked,
        further=rows[ON_A_PAGE - 1].id if len(rows) > ON_A_PAGE else None,
        acts=[name.partition(".")[2] for name in visitor.words.texts if name.startswith("act.")],
    )


@router.post("/audit/chain")
async def check(form: Sent) -> Response:
    """Have all of the log looked through."""
    visitor = form.visitor
    await begin_check(visitor.office, require(visitor.caller, "audit"))
    return see("/audit")


def told(row: AuditRow) -> list[tuple[str, str]]:
    """Return the details of an entry, each with its name."""
    return [(name, "" if value is None else str(value)) for name, value in said_in(row).items()]


def _all(visitor: Visitor, wanted: AskedOfAudit) -> Iterator[list[str]]:
    before: int | None = None
    while rows := wanted.found(visitor.office, before=before, limit=AT_A_TIME):
        for row in rows:
            refused = visitor.words("answer.yes" if row.what in REFUSALS else "answer.no")
            yield [str(row.id), visitor.when(row.at), row.who, row.what, refused, row.data]
        before = rows[-1].id
