"""The course of a run, as its journal tells it: points, repeats, questions, people, faults, line by line."""

from __future__ import annotations

import json
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query, Response

from remotecal.journal.course import steps_of
from remotecal.web import runs, visible
from remotecal.web.bodies import RunName, StationName
from remotecal.web.pages.frame import Visiting, Visitor
from remotecal.web.pages.pictures import pictures_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.journal.course import CourseStep

router = APIRouter(include_in_schema=False)

ON_A_PAGE: Final = 200
"""Lines of the table on a page."""
From = Annotated[int, Query(alias="from", ge=0, le=10**6)]
"""How many lines of the table stand on the pages before."""
Line = Annotated[int, Query(ge=0, le=2**31 - 1)]
"""A line of the journal whose page is wanted."""


@router.get("/runs/{station}/{run}/course")
def show_course(
    station: StationName, run: RunName, visitor: Visiting, begin: From = 0, line: Line = 0
) -> Response:
    """Return what happened in a run, line by line; the page with a line where one is named."""
    whole = visible.whole(visitor.office, visitor.caller, station, run)
    runs.see_evidence_of(visitor.office, visitor.caller, whole)
    with visitor.office.store.journals.opened(station, run) as lines:
        head = list(islice(lines, 1))
        steps = steps_of(chain(head, lines), visitor.words.choose)
    if line:
        found = (at for at, one in enumerate(steps) if one.stands_for(line))
        before = next(found, sum(one.line < line for one in steps))
        begin = before - before % ON_A_PAGE
    return visitor.page(
        "course.html",
        row=whole.row,
        files=_pictures(visitor, steps[begin : begin + ON_A_PAGE], station, run),
        steps=steps[begin : begin + ON_A_PAGE],
        begin=begin,
        count=len(steps),
        step=ON_A_PAGE,
        marked=line,
        virtual=any(json.loads(start)["data"].get("clock") == "virtual" for start in head),
    )


def _pictures(visitor: Visitor, steps: Sequence[CourseStep], station: str, run: str) -> dict[int, str]:
    """Return the pictures that some lines name: number of the line → SHA-256."""
    if not any(one.kind == "file" for one in steps):
        return {}
    rows = visitor.office.store.files.list(station, run)
    return {one.line: one.sha256 for one in pictures_of((row.line, row.file) for row in rows if row.complete)}
