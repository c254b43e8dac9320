"""Until when a calibration is relied on: the last day of an interval that begins with it."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Final, Literal, get_args

from remotecal.model.certificate import after_period

Rule = Literal["before", "same", "month"]
"""The last day of an interval: that before the same day of the month, that day, or the end of the month."""
RULES: Final[tuple[Rule, ...]] = get_args(Rule)


def last_day(calibrated: date, months: int, rule: Rule) -> date:
    """Return the last day of an interval that begins with a calibration.

    The day of the month is kept, or is the month's last where it has no such day.
    """
    day = after_period(calibrated, f"P{months}M")
    if rule == "month":
        return day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return day - timedelta(days=1) if rule == "before" else day
