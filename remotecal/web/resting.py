"""What rests on a standard, and what somebody found who looked into all of it."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from fastapi import APIRouter

from remotecal.errors import NotNow, NotThere
from remotecal.hub.reverse import resting_on
from remotecal.web.about import Number
from remotecal.web.bodies import AssessmentWritten
from remotecal.web.callers import Reader, Recalling
from remotecal.web.days import begin_of, end_of
from remotecal.web.office import Here
from remotecal.web.register import not_a_customer
from remotecal.web.shown_about import AssessmentShown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.hub.reverse import Resting
    from remotecal.web.office import Office

router = APIRouter(tags=["what runs are about"])

ASSESS: Final = "assess"
"""What the audit log calls it that somebody looked into what rests on a standard."""
LOOKED_THROUGH: Final = 1000
"""Assessments that are looked through, the latest first."""


class Assessment(NamedTuple):
    """What somebody found of all that rests on a standard."""

    at: float
    """When they said so, in seconds since 1970, UTC."""
    by: str
    """Who."""
    number: str
    """Of the standard, or a certificate of it."""
    since: str | None
    """From which day on runs were looked into (ISO 8601); None for all."""
    until: str | None
    """To which day."""
    depth: int
    """How far was gone on."""
    certificates: int
    """How many were looked into."""
    digest: str
    """SHA-256 of the list of these."""
    text: str
    """What was found."""


@router.get("/resting/assessments")
def list_assessments(caller: Reader, here: Here, number: Number) -> list[AssessmentShown]:
    """List what was found of all that rests on a standard, the latest first."""
    not_a_customer(caller)
    return [AssessmentShown.model_validate(one._asdict()) for one in assessments_of(here, number)]


@router.post("/resting/assessments", status_code=HTTPStatus.CREATED)
def assess_resting(written: AssessmentWritten, caller: Recalling, here: Here) -> list[AssessmentShown]:
    """Keep what was found of all that rests on a standard.

    409 if what rests on it is not the list that was looked into, by its hash: another certificate has come.
    """
    found = found_resting(here, written.number, written.since, written.until, written.depth)
    if digest_of(found) != written.digest:
        raise NotNow(
            f"what rests on {written.number} is another list now than the one that was looked into: look at "
            "it again"
        )
    days = {"since": written.since, "until": written.until}
    noted: dict[str, str | int | float | None] = {
        "number": written.number,
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
        "depth": written.depth,
        "certificates": len(found),
        "digest": written.digest,
        "text": written.text,
    }
    here.store.note(caller.name, ASSESS, noted)
    return list_assessments(caller, here, written.number)


def found_resting(
    here: Office, number: str, since: date | None, until: date | None, depth: int
) -> list[Resting]:
    """Return what rests on a standard, by any number of it (`NotThere`: it took part nowhere)."""
    store = here.store
    found = list(
        resting_on(store, number, since=begin_of(here, since), until=end_of(here, until), depth=depth)
    )
    if not found and not store.about.took_part(number, limit=1):
        raise NotThere(f"nothing here has taken part in a run by the number {number!r}")
    return found


def digest_of(found: Sequence[Resting]) -> str:
    """Return the SHA-256 of a list: a line each, with station, run, number, depth, and whether issued."""
    lines = sorted(
        f"{use.station} {use.run} {use.certificate} {depth} {'issued' if use.issued is not None else ''}"
        for depth, use in found
    )
    return sha256("\n".join(lines).encode()).hexdigest()


def assessments_of(here: Office, number: str) -> list[Assessment]:
    """Return what was found of what rests on a standard, the latest first, of the audit log's entries."""
    found = []
    for row in here.store.noted(what=ASSESS, limit=LOOKED_THROUGH):
        said = json.loads(row.data)
        if said["number"] == number:
            found.append(Assessment(row.at, row.who, **said))
    return found
