"""What runs are about: what they calibrated, who took part in them, what rests on a standard."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from remotecal.errors import NotThere
from remotecal.hub.reverse import resting_on
from remotecal.web.answers import Limit
from remotecal.web.callers import Reader
from remotecal.web.office import Here
from remotecal.web.register import not_a_customer
from remotecal.web.shown_about import EquipmentShown, ItemShown, RestingShown, StandardShown, words

router = APIRouter(tags=["what runs are about"])

Number = Annotated[
    str, Query(min_length=1, max_length=500, description="The whole number, as it is written on the thing.")
]
Since = Annotated[datetime | None, Query(description="Only runs begun then or later.")]
Until = Annotated[datetime | None, Query(description="Only runs begun before.")]
Depth = Annotated[int, Query(ge=1, le=20, description="How far to go on from what rests on it.")]


@router.get("/calibrated")
def find_calibrated(caller: Reader, here: Here, number: Number, limit: Limit = 100) -> list[ItemShown]:
    """Find where something was calibrated, by its serial number, its owner's, or its certificate's."""
    rows = here.store.about.numbered(number, account=caller.account, limit=limit)
    return [
        ItemShown.model_validate({**row._asdict(), "name": words(row.name), "customer": words(row.customer)})
        for row in rows
    ]


@router.get("/equipment")
def find_equipment(caller: Reader, here: Here, number: Number, limit: Limit = 100) -> list[EquipmentShown]:
    """Find in which runs somebody took part, by a serial number or by that of a certificate."""
    not_a_customer(caller)
    return [
        EquipmentShown.model_validate(
            {**row._asdict(), "roles": row.roles.split(), "valid_until": row.valid_until or None}
        )
        for row in here.store.about.took_part(number, limit=limit)
    ]


@router.get("/standards")
def list_standards(caller: Reader, here: Here) -> list[StandardShown]:
    """List the standards that took part in runs, the first whose certificate ends first."""
    not_a_customer(caller)
    return [
        StandardShown.model_validate(
            one.last._asdict()
            | {"valid_until": one.last.valid_until or None, "runs": one.runs, "runs_this_year": one.lately}
        )
        for one in here.standards()
    ]


@router.get("/resting")
def list_resting(
    caller: Reader,
    here: Here,
    number: Number,
    since: Since = None,
    until: Until = None,
    depth: Depth = 1,
) -> list[RestingShown]:
    """List the runs that rest on a standard, by its number or a certificate's, and on these in turn."""
    not_a_customer(caller)
    found = [
        RestingShown.model_validate(
            {
                **one.use._asdict(),
                "depth": one.depth,
                "customer": words(one.use.customer),
                "item": words(one.use.item),
            }
        )
        for one in resting_on(
            here.store,
            number,
            since=-math.inf if since is None else since.timestamp(),
            until=math.inf if until is None else until.timestamp(),
            depth=depth,
        )
    ]
    if not found and not here.store.about.took_part(number, limit=1):
        raise NotThere(f"nothing here has taken part in a run by the number {number!r}")
    return found
