"""Reverse traceability: what rests on a standard, whose it is, how much of its variance is the standard's."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from remotecal.errors import ConfigurationError
from remotecal.hub import issuing
from remotecal.hub.reverse import shares
from remotecal.web import callers, resting
from remotecal.web.about import Depth, Number
from remotecal.web.bodies import AssessmentWritten
from remotecal.web.days import Day
from remotecal.web.pages.frame import Sent, Visiting
from remotecal.web.pages.review import command_to_sign
from remotecal.web.pages.spreadsheet import Form, as_csv
from remotecal.web.pages.weighty import asked_again, once
from remotecal.web.register import not_a_customer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.hub.reverse import Portion, Resting
    from remotecal.web.pages.frame import Visitor

router = APIRouter(include_in_schema=False)

ON_A_PAGE: Final = 100
"""Certificates on a page; the file has all."""
DRAFTED: Final = 500
"""Certificates of which notices are drafted at once, at most."""
MOST_PAGES: Final = 10_000
"""A number that somebody may write, and no list is as long as."""
Asked = Annotated[str, Query(max_length=500)]
COLUMNS: Final = (
    "customer", "certificate", "certificate_issued", "item", "serial", "run", "station", "began", "state",
    "depth", "through", "first_line", "last_line",
    "share_least", "share_most",
)  # fmt: skip
"""Of the file."""


@router.get("/resting")
def list_resting(
    visitor: Visiting,
    number: Asked = "",
    since: Day = None,
    until: Day = None,
    depth: Depth = 1,
    form: Form = "html",
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
) -> Response:
    """Return what rests on a standard, by customer, a page of it; or all as CSV (RFC 4180), with headings."""
    not_a_customer(visitor.caller)
    number = number.strip()
    found = resting.found_resting(visitor.office, number, since, until, depth) if number else []
    if form == "csv":
        return _file(visitor, found)
    page = min(page, 1 + max(0, len(found) - 1) // ON_A_PAGE)
    first = (page - 1) * ON_A_PAGE
    in_order = sorted(found, key=lambda one: said(visitor, one.use.customer))
    shown = in_order[first : first + ON_A_PAGE]
    asked = {"number": number, "since": since or "", "until": until or "", "depth": depth}
    return visitor.page(
        "resting.html",
        asked=asked,
        found=len(found),
        issued=sum(one.use.issued is not None for one in found),
        runs=len({(one.use.station, one.use.run) for one in found}),
        shown=(first + 1, first + len(shown)),
        page=page,
        customers=_by_customer(visitor, shown),
        counts=Counter(said(visitor, one.use.customer) for one in found),
        shares=shares(visitor.office.store, [one.use for one in shown]),
        said=lambda text: said(visitor, text),
        digest=resting.digest_of(found),
        command=lambda one: command_to_sign(visitor, f"--assessment {one.id}"),
        registered=issuing.register_of(visitor.office.laboratory.folder) is not None,
        assessments=resting.assessments_of(visitor.office, number) if number else (),
    )


@router.get("/resting/drafts")
def draft_notices(
    visitor: Visiting, number: Number, since: Day = None, until: Day = None, depth: Depth = 1
) -> Response:
    """Return drafts of notices to the customers whose issued certificates rest on a standard."""
    not_a_customer(visitor.caller)
    found = [
        one
        for one in resting.found_resting(visitor.office, number, since, until, depth)
        if one.use.issued is not None
    ]
    if len(found) > DRAFTED:
        raise ConfigurationError(f"more than {DRAFTED} certificates rest on it: ask for a shorter time")
    return visitor.page(
        "resting_drafts.html",
        number=number,
        customers=_by_customer(visitor, found),
        shares=shares(visitor.office.store, [one.use for one in found]),
        said=lambda text: said(visitor, text),
    )


@router.post("/resting/assess")
async def assess(form: Sent) -> Response:
    """Keep what somebody found of all that rests on a standard, who is asked who they are; and go back."""
    visitor, caller = form.visitor, callers.require(form.visitor.caller, "recall")
    if asking := await asked_again(form):
        return asking
    try:
        written = AssessmentWritten.model_validate(
            {name: form[name] or None for name in ("since", "until")}
            | {name: form[name] for name in ("number", "digest", "text")}
            | {"depth": int(form["depth"] or 1)}
        )
    except ValueError:
        raise ConfigurationError("say in a line of 500 characters at most what was found") from None

    def keep() -> str:
        resting.assess_resting(written, caller, visitor.office)
        asked = {name: form[name] for name in ("number", "since", "until", "depth")}
        return f"/resting?{urlencode(asked)}#assessed"

    return await once(form, lambda: run_in_threadpool(keep))


def _by_customer(visitor: Visitor, found: Sequence[Resting]) -> list[tuple[str, list[Resting]]]:
    """Return what was found by customer, in the order of their names."""
    groups: dict[str, list[Resting]] = {}
    for one in found:
        groups.setdefault(said(visitor, one.use.customer), []).append(one)
    return sorted(groups.items())


def said(visitor: Visitor, text: str) -> str:
    """Return a text by language, that was kept as JSON, in the visitor's."""
    return visitor.words.choose(json.loads(text))


def _file(visitor: Visitor, found: Sequence[Resting]) -> Response:
    told = shares(visitor.office.store, [one.use for one in found])
    rows = (_row(visitor, one, told.get((one.use.station, one.use.run, one.use.device))) for one in found)
    return as_csv(visitor, "resting", COLUMNS, rows)


def _row(visitor: Visitor, one: Resting, share: Portion | None) -> list[str]:
    use = one.use
    texts = (
        said(visitor, use.customer),
        use.certificate,
        "" if use.issued is None else visitor.when(use.issued),
        said(visitor, use.item),
        use.item_serial,
        use.run,
        use.station,
        visitor.when(use.at),
        visitor.words.of("state", use.state),
        str(one.depth),
        use.by or use.serial,
        *(str(line or "") for line in (use.first_line, use.last_line)),
    )
    return [*texts, *(("", "") if share is None else map(str, share))]
