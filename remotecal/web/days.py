"""Civil days of the laboratory, as they are asked for in an address."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import Query
from pydantic import BeforeValidator

from remotecal import clock

if TYPE_CHECKING:
    from remotecal.web.office import Office

Day = Annotated[date | None, BeforeValidator(lambda said: said or None), Query()]
"""A day (ISO 8601); a field that was left empty is none."""


def begin_of(office: Office, since: date | None) -> float:
    """Return when a day begins, in seconds since 1970; without one, before everything."""
    return -math.inf if since is None else _begins(office, since)


def end_of(office: Office, until: date | None) -> float:
    """Return when a day is over; without one, after everything."""
    if until is None or until == date.max:
        return math.inf
    return _begins(office, until + timedelta(days=1))


def _begins(office: Office, day: date) -> float:
    return clock.begin_of(day, office.laboratory.folder.time_zone)
