"""Commands: from the laboratory, signed and meant for this very session; from the person on site, plain."""

from __future__ import annotations

import asyncio
import json
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from remotecal.clock import RealClock
from remotecal.drivers.quantities import Reading, Setting
from remotecal.errors import BenchError, EvidenceError, RemotecalError
from remotecal.journal.events import ON_SITE, is_on_site, on_site
from remotecal.station.consent import SaidOnSite
from remotecal.station.lending import find
from remotecal.transport.envelopes import seal_reply, unseal
from remotecal.transport.messages import Command, CommandAnswer, StationState
from remotecal.transport.subjects import check_run
from remotecal.transport.versions import as_sent

if TYPE_CHECKING:
    from remotecal.drivers.quantities import BoundReading, BoundSetting
    from remotecal.station.consent import Consent
    from remotecal.station.deliveries import Deliveries
    from remotecal.station.lending import Lending
    from remotecal.station.on_site import Wish
    from remotecal.station.site import Site

log = logging.getLogger(__name__)

NUDGE = "nudge"
"""Says that there is an order; it needs no signature, for it does no harm."""

REMEMBERED = 600.0
"""Seconds a command is remembered after it expired, should the laboratory's clock be set back meanwhile."""


class Commands:
    """Obeys, or says why not."""

    def __init__(self, site: Site, consent: Consent, lending: Lending, deliveries: Deliveries) -> None:
        self._site, self._consent, self._lending, self._deliveries = site, consent, lending, deliveries
        self._seen: dict[str, float] = {}
        """The commands that were obeyed, and until when each is remembered, by the laboratory's clock."""

    async def obey(self, subject: str, content: bytes) -> bytes:
        """Carry out a command of the laboratory and return the answer."""
        if subject.endswith(f".{NUDGE}"):
            self._site.nudge()
            return b""
        try:
            command = self._check(content)
            answer = await self._act(command)
        except RemotecalError as error:
            log.warning("a command is refused: %s", error)
            answer = CommandAnswer(done=False, reason=str(error))
        return seal_reply(content, answer, self._site.liaison.key)

    async def on_site(self, wish: Wish) -> CommandAnswer:
        """Carry out a wish of the person on site."""
        site = self._site
        if wish.verb == "state":
            return CommandAnswer(done=True, content=self._state())
        if wish.session not in {"", site.liaison.session}:
            return CommandAnswer(done=False, reason="the agent was started anew meanwhile: look again")
        if wish.verb in {"agree", "decline"}:
            said = SaidOnSite(wish.verb == "agree", on_site(wish.by), wish.argument)
            reason = self._consent.give(said, wish.run)
            return CommandAnswer(done=not reason, reason=reason)
        if wish.verb == "resend":
            return self._resend(wish.argument)
        current, by = site.current, on_site(wish.by)
        if current is None or wish.run not in {"", current.run}:
            over = f"the run {wish.run} is not on" if wish.run else "no run is on"
            return CommandAnswer(done=False, reason=over)
        if wish.verb == "attach":
            attach = partial(current.attach, by=by, prompt=wish.prompt)
            return await asyncio.to_thread(attach, Path(wish.file), wish.argument)
        return current.obey(wish.verb, by, wish.argument, wish.prompt or current.prompt)

    def _resend(self, run: str) -> CommandAnswer:
        try:
            runs = self._deliveries.resend(run and check_run(run))
        except RemotecalError as error:
            return CommandAnswer(done=False, reason=str(error))
        said = "\n".join(f"{run}: the laboratory is asked what it has, and the rest is sent" for run in runs)
        return CommandAnswer(done=True, content=said or "there is no run here")

    def _check(self, content: bytes) -> Command:
        """Return a command, if it is the laboratory's, for this session, in time, and new."""
        liaison = self._site.liaison
        command = unseal(content, "command", Command, [liaison.laboratory])
        if command.station != self._site.folder.name:
            raise EvidenceError(f"the command is for {command.station}")
        if command.session != liaison.session:
            raise EvidenceError("the command is for an earlier start of this agent: give it again")
        if is_on_site(command.by):
            raise EvidenceError(f"nobody at the laboratory is {ON_SITE}: give a name")
        if liaison.laboratory_time > command.expires:
            raise EvidenceError("the command came too late: give it again")
        if command.id in self._seen:
            raise EvidenceError("the command was obeyed before: somebody replays it")
        self._seen[command.id] = command.expires + REMEMBERED
        while self._seen[first := next(iter(self._seen))] < liaison.laboratory_time:
            del self._seen[first]
        return command

    async def _act(self, command: Command) -> CommandAnswer:
        if command.verb == "state":
            return CommandAnswer(done=True, content=self._state())
        if command.verb == "read":
            return await self._read(command.argument)
        if command.verb == "link":
            return await self._lending.obey(command)
        current = self._site.current
        if current is None or current.run != command.run:
            return CommandAnswer(done=False, reason=f"the run {command.run} is not on at {command.station}")
        return current.obey(command.verb, command.by, command.argument, command.prompt)

    def _state(self) -> str:
        held_up = dict(self._deliveries.held_up)
        cut_off = self._site.liaison.control.trouble
        state = StationState(
            run=self._site.live(),
            waits_for_consent=self._consent.foreseen,
            session=self._site.liaison.session,
            arrived=self._deliveries.arrived(),
            held_up=held_up,
            cut_off=cut_off,
            not_served=self._site.liaison.not_served,
            failed=self._deliveries.failed(),
        )
        return as_sent(state)

    async def _read(self, what: str) -> CommandAnswer:
        """Read one quantity, `bench/role.quantity`, while no run needs the instruments."""
        async with self._lending.turn():
            return await asyncio.to_thread(self._read_now, what)

    def _read_now(self, what: str) -> CommandAnswer:
        place, _, attribute = what.rpartition(".")
        where, _, role = place.rpartition("/")
        bench, name = find(self._site.folder, where, role)
        if not isinstance(bench.declaration(f"{name}.{attribute}", "what is to be read"), Reading | Setting):
            raise BenchError(f"{name}.{attribute} is no quantity that can be read")
        with (
            self._lending.line(bench, name, f"reading {what}"),
            bench.open_instrument(name, RealClock()) as instrument,
        ):
            measured = cast("BoundReading | BoundSetting", instrument.quantity(attribute)).read()
        return CommandAnswer(done=True, content=json.dumps(measured._asdict()))
