"""What every request works with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from remotecal.hub.refusals import Refusals
from remotecal.transport.bundles import TrustedProcedures

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from remotecal.clock import Clock
    from remotecal.hub.laboratory import OrderDesk
    from remotecal.hub.settings import HubSettings


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
