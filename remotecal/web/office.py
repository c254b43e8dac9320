"""What every request works with."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from remotecal.hub.refusals import Refusals
from remotecal.transport.bundles import TrustedProcedures
from remotecal.web.sparing import Sparing
from remotecal.web.watching import Watching

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from remotecal.clock import Clock
    from remotecal.hub.laboratory import OrderDesk
    from remotecal.hub.settings import HubSettings
    from remotecal.store.index import EquipmentRow

DUE_HOLDS = 600.0
"""Seconds for which it is remembered what falls due."""


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
        self._due: tuple[str, float, tuple[EquipmentRow, ...]] | None = None

    def due(self, day: str) -> tuple[EquipmentRow, ...]:
        """Return the standards whose certificate ends on a day (ISO 8601) or before.

        They are looked for among all runs, which takes its time, and no day's answer changes by the minute.
        """
        if self._due is None or self._due[0] != day or time.monotonic() - self._due[1] > DUE_HOLDS:
            self._due = (day, time.monotonic(), self.store.about.due(day))
        return self._due[2]

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
