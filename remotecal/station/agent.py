"""A station's agent: fetches signed orders, runs them, and brings back what happened.

The run itself is the engine's, in a thread of its own; nothing here stands between it and the
instruments, and it goes on when everything here is cut off.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from remotecal.errors import (
    ConfigurationError,
    EvidenceError,
    NotConnected,
    OrderError,
    RemotecalError,
    RunSuspended,
    TransportError,
)
from remotecal.journal.events import ON_SITE
from remotecal.order import HELD
from remotecal.runs.company import Company
from remotecal.runs.execute import refuse_unsafe
from remotecal.runs.safety import NOTHING, Safety
from remotecal.station.acceptance import accept, benches, check_clock, check_time, foreseen, read_order
from remotecal.station.commands import Commands
from remotecal.station.deliveries import Deliveries
from remotecal.station.lending import Lending
from remotecal.station.on_site import serve_on_site
from remotecal.station.remote_control import RemoteControl
from remotecal.station.run import Stage, StationRun
from remotecal.station.site import FAREWELL, Site
from remotecal.transport import subjects
from remotecal.transport.ending import end
from remotecal.transport.messages import HELLO_EVERY, Acknowledgement, Claim
from remotecal.transport.versions import as_sent

if TYPE_CHECKING:
    from remotecal.station.folder import StationFolder
    from remotecal.transport.consent import OrderWaiting
    from remotecal.transport.messages import RemoteOrder

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)

SHOW_EVERY = 0.2
"""Seconds from one live message to the next."""
GREETED_WITHIN = 10.0
"""Seconds a run that was cut off waits for the laboratory to say what time it is."""
LOOK_AT_CLOCK_EVERY = 1.0
"""Seconds from one look at a wrong clock to the next."""
SHUT_DOWN = "the station is being shut down"
"""Why a run is suspended."""


class Station(Site):
    """An agent; `run` it.

    Args:
        folder: the station's directory.
        hello_every: seconds from one hello to the next.
    """

    def __init__(self, folder: StationFolder, *, hello_every: float = HELLO_EVERY) -> None:
        super().__init__(folder, hello_every)
        self.lending = Lending(self)
        """What the laboratory does with single instruments."""
        self.deliveries = Deliveries(self)
        """The runs on their way to the laboratory."""

    async def run(self) -> None:
        """Work until `stop`.

        Raises:
            ConfigurationError: a bench file can't be used, or another agent is at work here.
        """
        await asyncio.to_thread(benches, self.folder)
        commands = Commands(self, self.consent, self.lending, self.deliveries)
        self.liaison.control.on(subjects.commands(self.folder.name), commands.obey)
        async with self.lending, serve_on_site(self.folder.socket, commands.on_site), self.liaison:
            comparing = asyncio.create_task(self._compare_with_each_hub())
            with suppress(NotConnected):  # it is being shut down, and nobody answers
                await self._go_on_with_what_was_begun()
                await self._carry_out_orders()
            await end(comparing)
            await self.deliveries.end(FAREWELL)

    async def _carry_out_orders(self) -> None:
        while not self.stopping.is_set():
            self.nudged.clear()
            if not await self._fetch_order():
                await self.nudged.wait()

    async def _compare_with_each_hub(self) -> None:
        """Say what is here to each start of the hub, for it may have been restored from an older copy."""
        met = {""}
        while True:
            await self.liaison.answered.wait()
            self.liaison.answered.clear()
            if self.liaison.hub in met:
                continue
            try:
                met.add(self.liaison.hub)  # there may be several, which answer in turn
                await self.deliveries.compare()
            except NotConnected:
                return
            except RemotecalError:
                log.exception("what is here could not be compared with what the laboratory has")

    def stop(self) -> None:
        """Stop the agent, with the rig safe; once it is back it goes on by its orders, as after a crash.

        Nothing is decided by that: an order that waits for consent goes on waiting, a run is suspended.
        """
        self.stopping.set()
        self.nudged.set()
        self.consent.leave_open()
        if self.current is not None:
            self.current.control.suspend(SHUT_DOWN)

    async def _go_on_with_what_was_begun(self) -> None:
        """Bring every order to its end that was on when the agent went down."""
        for papers in sorted(self.folder.orders.glob("*/order.json")):
            run = StationRun(read_order(papers.read_bytes(), self.folder), self.folder)
            if not run.done():
                await self._bring_to_an_end(run)

    async def _bring_to_an_end(self, run: StationRun) -> None:
        stage = await asyncio.to_thread(lambda: run.stage)
        if stage is Stage.CUT_OFF or (stage is Stage.CLAIMED and await self._claim(run)):
            if await self._clock_is_right(run):
                await self._carry_out(run)
        elif stage is not Stage.CLAIMED:
            self.deliveries.bring(run)

    async def _clock_is_right(self, run: StationRun) -> bool:
        """Hold a run, its rig safe, while the station's clock is known to be wrong; False: the agent stops.

        A computer that lost its power may have lost its clock, and a journal's times are evidence. While
        the laboratory can't be reached nobody knows, and the run is taken up.
        """
        await asyncio.to_thread(self.library.announced)  # a hello tells it; a slow computer takes its time
        with suppress(TimeoutError):
            await asyncio.wait_for(self.liaison.greeted.wait(), GREETED_WITHIN)
        held = False
        while self.liaison.greeted.is_set() and not self.stopping.is_set():
            try:
                check_clock(self.liaison.laboratory_time)
                break
            except OrderError as error:
                if not held:
                    held = True
                    await self._hold(run, str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), LOOK_AT_CLOCK_EVERY)
        return not self.stopping.is_set()

    async def _hold(self, run: StationRun, reason: str) -> None:
        """Make the rig of a run safe that is not taken up yet, and tell the laboratory why."""
        try:
            # A repeat that is to be taken again: the run has the instruments.
            async with self.instruments if self.current is None else nullcontext():
                found = await asyncio.to_thread(self._make_safe, run)
            rig = f"({NOTHING})" if found.nothing else "with its rig safe"
            said = f"{HELD} {rig}, and goes on by itself: {reason}"
        except RemotecalError as error:
            said = f"{HELD}, but {error}: {reason}"
        log.error("run %s: %s", run.order.id, said)
        await self.refuse(run.order.id, said)

    def _make_safe(self, run: StationRun) -> Safety:
        with accept(run.order, self.folder, self.library) as planned:
            found = run.make_safe(planned)
        if found.unsafe is not None:
            raise found.unsafe
        return found

    async def _fetch_order(self) -> bool:
        """Fetch and deal with the next order; tell whether there was one."""
        try:
            envelope = await self.liaison.ask("order")
        except TransportError:
            return False
        if not envelope or not self.liaison.greeted.is_set() or self.liaison.not_served:
            return False
        order_id = "unknown"
        try:
            order = read_order(envelope, self.folder)
            order_id = order.id
            run = StationRun(order, self.folder)
            if await self.deliveries.show_papers(run):
                return True  # the laboratory had forgotten that we took it on
            agreed = await self._examine(run)
            if agreed:
                run.note_agreed(agreed)
            run.keep(envelope)
            granted = await self._claim(run)
        except NotConnected:
            raise
        except RemotecalError as error:
            log.warning("order %s is refused: %s", order_id, error)
            self.consent.settle(order_id)
            await self.refuse(order_id, str(error))
            return order_id != "unknown"
        if granted:
            await self._carry_out(run)
        return True

    async def _examine(self, run: StationRun) -> str:
        """Raise why an order won't be carried out; returns who on site agrees, "" where nobody is asked."""
        order = run.order
        if run.is_kept:
            raise OrderError(f"the order {order.id} was taken on before: an order is carried out once")
        check_time(order, self.liaison.laboratory_time)
        foreseen = await asyncio.to_thread(self._foresee, order)
        agreed = await self._ask_for_consent(order, foreseen) if self.folder.settings.consent else ""
        check_time(order, self.liaison.laboratory_time)
        await self.lending.end()
        await asyncio.to_thread(self._see_that_it_is_free, order)
        return agreed

    async def _ask_for_consent(self, order: RemoteOrder, foreseen: OrderWaiting) -> str:
        """Return who on site agrees (`OrderError`: nobody does before the order expires)."""
        try:
            async with asyncio.timeout(order.expires - self.liaison.laboratory_time):
                said = await self.consent.ask(order, foreseen, self.liaison.laboratory_time)
        except TimeoutError:
            raise OrderError("nobody on site has answered before the order expired") from None
        if not said.agreed:
            who = "the person on site" if said.by == ON_SITE else said.by
            because = f": {said.reason}" if said.reason else ""
            raise OrderError(f"{who} does not agree{because}")
        return said.by

    def _foresee(self, order: RemoteOrder) -> OrderWaiting:
        with accept(order, self.folder, self.library) as planned:
            refuse_unsafe(planned)
            return foreseen(order, planned)

    def _see_that_it_is_free(self, order: RemoteOrder) -> None:
        """Raise `BenchInUse` if somebody works with an order's bench: what is claimed is carried out once."""
        with accept(order, self.folder, self.library) as planned:
            planned.bench.hold(f"seeing whether {order.id} can be begun").close()

    async def _claim(self, run: StationRun) -> bool:
        """Ask the laboratory for an order's one run; tell whether it is ours."""
        claim = Claim(station=self.folder.name, order=run.order.id, claim=run.claim)
        proof = await self.prove("claim", "claim", claim, Acknowledgement)
        if proof.answer.done:
            run.note_granted(proof)
        else:
            log.warning("order %s is not begun: %s", run.order.id, proof.answer.reason)
            run.note_done(None)
        return proof.answer.done

    async def _carry_out(self, run: StationRun) -> None:
        """Run an order, or go on with it, to the end of its run; the journal is on its way meanwhile."""
        if self.stopping.is_set():
            return  # it is claimed, and begun once the agent is back
        remote = self.current = RemoteControl(
            run.directory,
            self.folder.settings.largest_file,
            may_begin_anew=run.order.after_crash == "resume",
        )
        if agreed := await asyncio.to_thread(lambda: run.agreed_untold):
            remote.control.act("agree", agreed)
        over = asyncio.Event()
        self.deliveries.bring(run, over, remote)
        beside = [
            asyncio.create_task(self._show(remote)),
            asyncio.create_task(self._watch_the_link(run.order, remote)),
        ]
        try:
            await self.lending.end()
            async with self.instruments:
                await self._perform_to_the_end(run, remote)
            remote.ended = "finished"
        except RunSuspended as error:
            log.info("run %s: %s", run.order.id, error)
            remote.ended = str(error)
            remote.suspended = True
        except RemotecalError as error:
            log.warning("run %s ended: %s", run.order.id, error)
            remote.ended = str(error)
            self._note_end(run, str(error))
        finally:
            self.current = None
            await end(*beside)
        await self._publish(remote)
        over.set()

    async def _perform_to_the_end(self, run: StationRun, remote: RemoteControl) -> None:
        """Perform a run, and take it up again at once as often as somebody has a repeat taken again.

        What was cut off, and was gone on with elsewhere since, from a copy of the station's folder, is not
        taken up.
        """
        elsewhere = ""
        if self.liaison.greeted.is_set() and run.stage is Stage.CUT_OFF:
            elsewhere = await self.deliveries.written_elsewhere(run, GREETED_WITHIN)
        while True:
            try:
                return await asyncio.to_thread(self._perform, run, remote, elsewhere)
            except RunSuspended as error:
                if not remote.again or self.stopping.is_set():
                    raise
                log.info("run %s: %s", run.order.id, error)
                if not await self._clock_is_right(run):
                    raise
                remote.begin_anew()

    def _perform(self, run: StationRun, remote: RemoteControl, elsewhere: str) -> None:
        with accept(run.order, self.folder, self.library) as planned:
            if elsewhere:
                raise EvidenceError(f"the laboratory has another journal: {elsewhere}")
            company = Company(
                remote,
                (remote,),
                remote.control,
                by=self.folder.name,
                largest_file=self.folder.settings.largest_file,
            )
            run.perform(planned, company, remote.wait_for_bench)

    def _note_end(self, run: StationRun, reason: str) -> None:
        try:
            run.note_end(reason)
        except ConfigurationError:
            # The disk that ended the run is full here, too; the laboratory is told all the same.
            log.exception("why run %s ended can't be kept", run.order.id)

    async def _show(self, remote: RemoteControl) -> None:
        shown = ""
        while True:
            await asyncio.sleep(SHOW_EVERY)
            now = as_sent(remote.live())
            if now != shown:
                shown = now
                await self._publish(remote)

    async def _publish(self, remote: RemoteControl) -> None:
        subject = subjects.live(self.folder.name, remote.run)
        remote.sent += 1
        live = remote.live().model_copy(update={"sent": remote.sent})
        await self.liaison.control.publish(subject, as_sent(live).encode())

    async def _watch_the_link(self, order: RemoteOrder, remote: RemoteControl) -> None:
        """Stop a run nobody can follow any more, where the order says so."""
        patience = order.link_lost_after
        while order.link_lost == "make_safe":
            await asyncio.sleep(patience / 8)
            silent = time.monotonic() - self.liaison.heard
            if silent > patience:
                reason = f"the laboratory could not be reached for {silent:.0f} s"
                remote.control.abort(reason, self.folder.name)
                return
            if silent > patience / 4:
                with suppress(TransportError, EvidenceError):
                    await self.liaison.greet(within=patience / 8)
