"""Whether intervals between calibrations are right, by what was found at their end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

from fastapi import APIRouter, Query

from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError
from remotecal.statistics import staircase
from remotecal.store.interval_told import ORDER
from remotecal.web.callers import Reader
from remotecal.web.days import Day
from remotecal.web.office import Here
from remotecal.web.register import not_a_customer
from remotecal.web.shown_about import IntervalShown

if TYPE_CHECKING:
    from remotecal.statistics.staircase import Advice
    from remotecal.store.interval_told import EndedOf
    from remotecal.web.office import Office

router = APIRouter(tags=["what runs are about"])

USUAL: Final = timedelta(days=5 * 366)
"""How far back it is looked if nobody says otherwise."""

By = Annotated[
    Literal["model", "item"], Query(description="Of all items of a model, or each item's last intervals.")
]


class Advised(NamedTuple):
    """What is advised for a model's items or for one of them, and what that rests on."""

    of: EndedOf
    advice: Advice


@router.get("/intervals")
def list_intervals(
    caller: Reader, here: Here, by: By = "model", since: Day = None, until: Day = None
) -> list[IntervalShown]:
    """List what is advised of intervals between calibrations, by the results found at their end.

    By the staircase of ILAC-G24 / OIML D 10; of few intervals nothing is advised. Without days, of the last
    five years.
    """
    not_a_customer(caller)
    found = advised(here, by, *asked_time(here, since, until))
    return [
        IntervalShown.model_validate(
            {
                **one.of._asdict(),
                **{name: getattr(one.of.ended, name) for name in ("intervals", "outside", "largest", "days")},
                "drift_part": one.of.ended.drift,
                "advice": one.advice.kind,
                "reason": one.advice.reason,
            }
        )
        for one in found
    ]


def asked_time(here: Office, since: date | None, until: date | None) -> tuple[date, date]:
    """Return the first and the last day of a time that is asked for, `USUAL` until today.

    Raises:
        ConfigurationError: it ends before it begins.
    """
    last = until or civil_day(here.clock.now(), here.laboratory.folder.time_zone)
    first = since or date.fromordinal(max(1, last.toordinal() - USUAL.days))
    if first > last:
        raise ConfigurationError("ask for a time that begins before it ends")
    return first, last


def advised(
    here: Office, by: Literal["model", "item"], first: date, last: date, limit: int | None = None
) -> list[Advised]:
    """Return what is advised by the intervals that ended in a time; what is to be shorter comes first.

    So many at most, where a limit is given.
    """
    ends, time = here.store.interval_ends, (first.isoformat(), last.isoformat())
    if by == "item":
        found = [Advised(one, staircase.of_item(one.ended)) for one in ends.by_item(*time, limit)]
    else:
        found = [Advised(one, staircase.of_model(one.ended)) for one in ends.by_model(*time)]
    return sorted(found, key=lambda one: ORDER.index(one.advice.kind))[:limit]
