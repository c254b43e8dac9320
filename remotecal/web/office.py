"""What every request works with."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Final, TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request

from remotecal.clock import civil_time
from remotecal.hub.due import falling_due
from remotecal.hub.out_of_service import Out
from remotecal.hub.refusals import Refusals
from remotecal.store.called import Names
from remotecal.transport.bundles import TrustedProcedures
from remotecal.web.boards import Boards
from remotecal.web.prepared import PreparedSignatures
from remotecal.web.remembered import ForAWhile, Remembered
from remotecal.web.sparing import Sparing
from remotecal.web.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.applications import Starlette

    from remotecal.clock import Clock
    from remotecal.hub.due import FallingDue
    from remotecal.hub.laboratory import OrderDesk
    from remotecal.hub.reviewing import Reviewed
    from remotecal.hub.settings import HubSettings
    from remotecal.journal.course import Timeline
    from remotecal.journal.places import Places
    from remotecal.store.orders import OrderRow
    from remotecal.store.standards import StandardRow

DUE_HOLDS = 60.0
"""Seconds for which it is remembered what falls due."""
STANDARDS_HOLD = 600.0
"""Seconds for which it is remembered which standards there are."""

ORDERS_HELD: Final = 1000
"""Runs of which it is remembered what was ordered."""
REVIEWS_HELD: Final = 32
"""Certificates of which it is remembered what a review found."""
OPENED_HELD: Final = 10_000
"""Certificates of which it is remembered that somebody opened them, and that this is noted."""
REVIEW_HOLDS: Final = 600.0
"""Seconds for which it is, at most: whoever changed something in the database meanwhile is found out then."""
DRAWN_HELD: Final = 8 * 2**20
"""Bytes of pictures of certificates that are remembered."""
PLACES_HELD: Final = 200_000
"""Repeats of which it is remembered where they stand in their journals."""

PICTURES_HELD: Final = 16_000_000
"""Bytes of pictures that are remembered as they are shown."""
ENTRY: Final = 500
"""Bytes that it takes to remember anything, also that there is no picture."""


COMMANDS_THREADS: Final = 2
"""Threads for what a command waits for, beside those of all other requests (`server.THREADS`)."""
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


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
        self.one_picture = asyncio.Lock()
        """Pictures are drawn anew one at a time."""
        self.one_health = asyncio.Lock()
        """It is looked how the hub does one at a time: anybody may ask, and it is done beside commands."""
        self._for_commands = CapacityLimiter(COMMANDS_THREADS)
        self.checking: asyncio.Task[None] | None = None
        """Looks through the audit log."""
        self.refusals = Refusals(self.store)
        """Who was refused of late."""
        self.sparing = Sparing()
        """How often strangers ask for what is public."""
        self.sparing_passkeys = Sparing()
        """How often strangers ask to be asked for a passkey: apart, so that neither keeps from the other."""
        self.watching = Watching(laboratory)
        """Runs as they are now."""
        self.boards = Boards()
        """What several look at."""
        self.places: Remembered[Places] = Remembered(PLACES_HELD, lambda one: 1 + len(one.repeats))
        """What stands where in journals, by station, run and the hash of their last line."""
        self.timelines: Remembered[Timeline] = Remembered(
            PLACES_HELD, lambda one: 1 + len(one.steps) + len(one.replies)
        )
        """What happened in runs, by station, run, the hash of their last line, and language."""
        self.devices: Remembered[Mapping[str, str]] = Remembered(ORDERS_HELD)
        """Run → device → number of its certificate, as ordered: that is signed, and stays."""
        self.opened: Remembered[None] = Remembered(OPENED_HELD)
        """Who opened which certificate, as it then was: so that it is noted once."""
        self.reviewed: Remembered[Reviewed] = Remembered(REVIEWS_HELD)
        """What was found of certificates under review, by all that it follows from."""
        self.drawn: Remembered[bytes] = Remembered(DRAWN_HELD, len)
        """Pictures of certificates as they are printed, by the hash of their XML."""
        self.pictures: Remembered[bytes] = Remembered(PICTURES_HELD, lambda one: ENTRY + len(one))
        """Pictures as they are shown, by the SHA-256 of their files; nothing for what can't be drawn."""
        self.prepared = PreparedSignatures()
        """What is about to be signed by keys that browsers keep."""
        called = self.store.called
        self._names = ForAWhile(self.clock, DUE_HOLDS, lambda _: Names(called.customers(), called.signers()))
        self._due = ForAWhile(
            self.clock, DUE_HOLDS, lambda now: falling_due(self.store, self.laboratory.folder, now)
        )
        self._out = ForAWhile(self.clock, DUE_HOLDS, lambda _: Out.of(self.store))
        self._orders: ForAWhile[dict[str, OrderRow]] = ForAWhile(self.clock, DUE_HOLDS, lambda _: {})
        self._standards: tuple[float, float, tuple[StandardRow, ...]] | None = None

    async def at_once(self, ask: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """Return what is asked in a thread kept for what commands wait for: slow pages may hold all others.

        Args:
            ask: takes no longer than a row takes to be found, such as who asks.
            arguments: of it.
        """
        return await to_thread.run_sync(ask, *arguments, limiter=self._for_commands)

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

    def out(self) -> Out:
        """Return the standards that are out of service, to be told: what was found is remembered a while."""
        return self._out.get()

    def forget_out(self) -> None:
        """Have it looked for anew which standards are out of service."""
        self._out.forget()

    def names(self) -> Names:
        """Return how customers and colleagues are called; what was found is remembered a while."""
        return self._names.get()

    def orders_of(self, runs: Sequence[str]) -> list[OrderRow]:
        """Return the orders of some runs that have one; what was found is remembered a while.

        What is not known yet is asked for at once, such as one that was given a moment ago.
        """
        known = self._orders.get()
        if missing := {run for run in runs if run not in known}:
            known |= {one.id: one for one in self.store.orders.named(missing)}
        return [known[run] for run in runs if run in known]

    def forget_due(self) -> None:
        """Have it looked for anew what falls due: something that may is entered, or has changed."""
        self._due.forget()

    def due(self) -> tuple[FallingDue, ...]:
        """Return what falls due, the first to end first; what was found is remembered a while.

        Raises:
            ConfigurationError: the laboratory's register can't be read.
        """
        return self._due.get()

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


async def _at_office(request: Request) -> Office:
    return office_of(request)  # needs no thread


Here = Annotated[Office, Depends(_at_office)]
"""The office, for a request's handler."""
