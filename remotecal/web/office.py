"""What every request works with."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from remotecal.clock import civil_time
from remotecal.hub.due import falling_due
from remotecal.hub.refusals import Refusals
from remotecal.transport.bundles import TrustedProcedures
from remotecal.web.sparing import Sparing
from remotecal.web.watching import Watching

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from remotecal.clock import Clock
    from remotecal.hub.due import FallingDue
    from remotecal.hub.laboratory import OrderDesk
    from remotecal.hub.settings import HubSettings
    from remotecal.store.standards import StandardRow

DUE_HOLDS = 60.0
"""Seconds for which it is remembered what falls due."""
STANDARDS_HOLD = 600.0
"""Seconds for which it is remembered which standards there are."""


class Office:
    """The laboratory as its API sees it.

    Args:
        laboratory: whatever people there can do.
        clock: the time by which sessions, tokens and signatures are judged.
    """

    def __init__(self, laboratory: OrderDesk, clock: Clock) -> None:
        self.laboratory, self.clock = laboratory, clock
        self.store = laboratory.store
        self.procedures = TrustedProcedures(laboratory.folder.procedures)
        self.one_login = asyncio.Lock()
        """Passwords are checked one at a time: each takes memory, and counts the failures before it."""
        self.one_print = asyncio.Lock()
        """Certificates are printed one at a time."""
        self.refusals = Refusals(self.store)
        """Who was refused of late."""
        self.sparing = Sparing()
        """How often strangers ask."""
        self.watching = Watching(laboratory)
        """Runs as they are now."""
        self._due: tuple[float, tuple[FallingDue, ...]] | None = None
        self._standards: tuple[float, float, tuple[StandardRow, ...]] | None = None

    def standards(self) -> tuple[StandardRow, ...]:
        """Return the standards, and in how many runs of this year each took part.

        They are looked for among all runs, which takes its time, so what was found is remembered a while.
        """
        today = civil_time(self.clock.now(), self.laboratory.folder.time_zone)
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
        year = midnight.replace(month=1, day=1).timestamp()
        known = self._standards
        if known is None or known[0] != year or time.monotonic() - known[1] > STANDARDS_HOLD:
            self._standards = known = (year, time.monotonic(), self.store.standards.list(year))
        return known[2]

    def forget_due(self) -> None:
        """Have it looked for anew what falls due: something that may is entered, or has changed."""
        self._due = None

    def due(self) -> tuple[FallingDue, ...]:
        """Return what falls due, the first to end first; what was found is remembered a while.

        Raises:
            ConfigurationError: the laboratory's register can't be read.
        """
        now = self.clock.now()
        known = self._due
        if known is None or not 0 <= now - known[0] < DUE_HOLDS:
            used = [one.last for one in self.standards()]
            self._due = known = (now, falling_due(self.store, self.laboratory.folder, now, used))
        return known[1]

    @property
    def settings(self) -> HubSettings:
        """What the laboratory's side is set to."""
        return self.laboratory.folder.settings


def office_of(request: Request) -> Office:
    """Return the office a request is addressed to."""
    app: Starlette = request.app
    office = app.state.office
    if not isinstance(office, Office):
        raise TypeError("the application has no office")
    return office


Here = Annotated[Office, Depends(office_of)]
"""The office, for a request's handler."""
