"""Single instruments lent to the laboratory, for diagnosis while no run is on: the station's side.

One lease is for one instrument and ends by itself when nobody uses it. An exchange is done by the
station's own link, whole, while it holds the instruments as a run does; a run goes before any lease.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from remotecal.clock import RealClock
from remotecal.drivers.screening import Screen
from remotecal.errors import (
    BenchError,
    EvidenceError,
    ExchangeCancelled,
    ForbiddenCommand,
    InstrumentError,
    LinkError,
    LinkLost,
    RemotecalError,
)
from remotecal.locks import hold
from remotecal.station.acceptance import benches
from remotecal.transport.ending import end
from remotecal.transport.lent import LinkAnswer, LinkRequest
from remotecal.transport.messages import CommandAnswer
from remotecal.transport.travelling import name_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from remotecal.bench import Bench
    from remotecal.drivers.instrument import Instrument
    from remotecal.station.folder import StationFolder
    from remotecal.station.site import Site
    from remotecal.transport.messages import Command

log = logging.getLogger(__name__)

LEASE_LASTS = 30.0
"""Seconds without an exchange after which an instrument is free again."""
LONGEST_EXCHANGE = 50.0
"""Seconds an exchange may wait for a reply: the broker lets no answer through after a minute."""


class NewConnection(Exception):
    """Whoever answers now has not been made sure of by who asks; nothing was sent."""


@dataclass(eq=False, slots=True)
class Lease:
    """An instrument that is lent."""

    id: str
    """Made up by who borrows it."""
    what: str
    """`bench/instrument`."""
    line: str | None
    """What its line is called; two instruments may share one."""
    by: str
    """Who borrows it."""
    instrument: Instrument
    """Open."""
    screen: Screen
    """What may be sent to it."""
    until: float = 0.0
    """When it ends, by `time.monotonic`."""
    number: int = 0
    """The latest exchange."""
    called_off: int = 0
    """The latest exchange that was called off."""
    connection: int = 0
    """The connection to the instrument there is."""
    wanted: int | None = None
    """The connection the exchange under way is meant for; None for any."""
    watch: asyncio.Task[None] | None = None
    """Ends it."""
    check: Callable[[], None] | None = field(init=False)
    """What the instrument's driver does on a new connection."""

    def __post_init__(self) -> None:
        self.check = self.instrument.link.on_reopen
        self.instrument.link.on_reopen = self._take_note

    def prolong(self, longest: float = 0.0) -> None:
        """Let it last from now on, behind an exchange of at most `longest` seconds."""
        self.until = time.monotonic() + LEASE_LASTS + longest

    def exchange(self, asked: LinkRequest) -> bytes:
        """Do an exchange; blocks.

        Raises:
            ForbiddenCommand: it must not be sent; nothing was.
            NewConnection: the connection is not the one it is meant for; nothing was sent.
            LinkError, InstrumentError: as `Link.ask`, and as the driver that looks who answers.
        """
        link = self.instrument.link
        self.wanted = asked.connection
        if asked.doubtful:
            link.suspect = True
        request = bytes.fromhex(asked.request)
        self.screen.check(request, told=asked.what == "tell")
        if asked.what == "ask":
            return link.ask(request, asked.timeout)
        link.tell(request)
        return b""

    def _take_note(self) -> None:
        """Look who answers on a new connection; the laboratory must look, too."""
        if self.check is not None:
            self.check()
        self.connection += 1
        if self.wanted not in {None, self.connection}:
            raise NewConnection


class Lending:
    """The leases of a station; an asynchronous context manager that ends them all."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._leases: dict[str, Lease] = {}
        self._lines: dict[str | None, ExitStack] = {}
        """The lines of the instruments that are lent, kept from everybody else on this computer."""

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._may_be_written)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()

    async def end(self) -> None:
        """End all leases, for a run; an exchange under way is called off."""
        for lease in self._leases.values():
            lease.instrument.link.cancel()
        async with self._site.instruments:
            for lease in list(self._leases.values()):
                await self._give_back(lease)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold the instruments, one after another with other people at the laboratory.

        Raises:
            LinkLost: a run uses them, or is about to.
        """
        self._refuse_beside_a_run()
        async with self._site.instruments:
            self._refuse_beside_a_run()
            yield

    @contextmanager
    def line(self, bench: Bench, name: str, what: str) -> Iterator[None]:
        """Keep everybody else on this computer away from an instrument's line.

        Raises:
            BenchInUse: somebody works there, and who.
        """
        line = bench.line(name)
        with ExitStack() if line in self._lines else _hold(line, what):
            yield

    async def obey(self, command: Command) -> CommandAnswer:
        """Carry out a command `link`; what is refused is not `done`, a reply that failed is."""
        try:
            asked = LinkRequest.model_validate_json(command.argument)
        except ValidationError as error:
            raise EvidenceError(f"the request can't be understood: {error}") from None
        try:
            return await self._act(asked, command.by)
        except RemotecalError as error:
            log.warning("a request through a link of %s is refused: %s", command.by, error)
            return _failed(error, done=False)

    async def _act(self, asked: LinkRequest, by: str) -> CommandAnswer:
        if asked.what == "open":
            return _done(LinkAnswer(slowest_reply=await self._open(asked, by)))
        lease = self._leases.get(asked.lease)
        if lease is None:
            self._refuse_beside_a_run()
            return _done(LinkAnswer(missing="lease"))
        if asked.what == "close":
            async with self._site.instruments:
                await self._give_back(lease)
            return _done(LinkAnswer())
        if asked.what == "call_off":
            lease.called_off = max(lease.called_off, asked.number)
            if lease.number == asked.number:
                lease.instrument.link.cancel()
            return _done(LinkAnswer())
        return await self._exchange(lease, asked)

    async def _open(self, asked: LinkRequest, by: str) -> float:
        """Lend an instrument, and return the seconds its slowest ordinary reply takes."""
        bench, name = await asyncio.to_thread(find, self._site.folder, asked.bench, asked.role)
        what = f"{bench.name}/{name}"
        async with self.turn():
            for lease in list(self._leases.values()):
                if lease.id == asked.lease:
                    await self._give_back(lease)
                elif lease.what == what:
                    raise LinkLost(
                        f"{lease.by} has a link to {what}: wait until it is closed, or was not used for "
                        f"{LEASE_LASTS:g} s"
                    )
            write = what in await asyncio.to_thread(self._may_be_written)
            line = await asyncio.to_thread(bench.line, name)
            if line not in self._lines:
                self._lines[line] = await asyncio.to_thread(_hold, line, f"a link of {by} to {what}")
            try:
                lease = await asyncio.to_thread(_lend, asked.lease, by, bench, name, line, write=write)
            except BaseException:
                self._let_go(line)
                raise
            if self._site.current is not None:
                await asyncio.to_thread(lease.instrument.close)
                self._let_go(line)
                self._refuse_beside_a_run()
            lease.prolong()
            self._leases[lease.id] = lease
            lease.watch = asyncio.create_task(self._watch(lease), name=f"lease of {what}")
        log.info("%s has a link to %s%s", by, what, ", and may write" if write else "")
        return lease.instrument.wire.slowest_reply

    async def _exchange(self, lease: Lease, asked: LinkRequest) -> CommandAnswer:
        if asked.number <= lease.number:
            raise LinkLost("a later request came first: ask again")
        lease.number = asked.number
        longest = asked.timeout or lease.instrument.wire.slowest_reply
        if longest > LONGEST_EXCHANGE:
            raise ForbiddenCommand(
                f"{lease.what}: a reply may take {LONGEST_EXCHANGE:g} s through a link from afar, "
                f"not {longest:g} s: use a run"
            )
        lease.prolong(longest)
        async with self.turn():
            if lease.id not in self._leases:
                return _done(LinkAnswer(missing="lease"))
            if lease.called_off >= asked.number:
                return _failed(ExchangeCancelled("it was called off before it began"), done=True)
            try:
                reply = await asyncio.to_thread(lease.exchange, asked)
            except NewConnection:
                return _done(LinkAnswer(missing="connection"))
            except (LinkError, InstrumentError) as error:
                return _failed(error, done=True)
        lease.prolong()
        return _done(LinkAnswer(reply=reply.hex(), connection=lease.connection))

    async def _watch(self, lease: Lease) -> None:
        """End a lease nobody uses."""
        while (left := lease.until - time.monotonic()) > 0:
            await asyncio.sleep(left)
        log.info("the link of %s to %s is not used any more", lease.by, lease.what)
        lease.watch = None
        async with self._site.instruments:
            await self._give_back(lease)

    async def _give_back(self, lease: Lease) -> None:
        """End a lease; to be called by who holds the instruments."""
        if self._leases.pop(lease.id, None) is None:
            return
        if lease.watch is not None:
            await end(lease.watch)
        if lease.instrument.link.suspect:
            # Who opens the instrument next must not hear what it still has to say to this lease.
            await asyncio.sleep(lease.instrument.wire.slowest_reply)
        with suppress(RemotecalError):
            await asyncio.to_thread(lease.instrument.close)
        self._let_go(lease.line)

    def _let_go(self, line: str | None) -> None:
        """Give a line back, unless it is lent with another instrument there."""
        if line in self._lines and all(lease.line != line for lease in self._leases.values()):
            self._lines.pop(line).close()

    def _refuse_beside_a_run(self) -> None:
        if self._site.current is not None:
            raise LinkLost(f"the run {self._site.current.run} uses the instruments, and goes first")

    def _may_be_written(self) -> frozenset[str]:
        """Return `bench/instrument` of what may be written to (`BenchError` where there is none)."""
        folder = self._site.folder
        places = (entry.rpartition("/") for entry in folder.settings.remote.write)
        found = (find(folder, bench, role) for bench, _, role in places)
        return frozenset(f"{bench.name}/{name}" for bench, name in found)


def find(folder: StationFolder, bench: str, role: str) -> tuple[Bench, str]:
    """Return the bench, and the name of the instrument there that fills a role or has this name.

    Args:
        folder: the station's directory.
        bench: name of the bench; "" where the station has one only.
        role: role or name.

    Raises:
        BenchError: there is no such bench or instrument, or the bench must be named.
    """
    known = benches(folder)
    if not bench and len(known) == 1:
        (bench,) = known
    if bench not in known:
        there = ", ".join(known) or "none"
        missing = f"there is no bench {bench!r}" if bench else "say which bench"
        raise BenchError(f"{missing}; at {folder.name} there are: {there}")
    names = [name for name in known[bench].filling(role) if name in known[bench].file.instruments]
    if len(names) != 1:
        there = ", ".join([*known[bench].file.roles, *known[bench].file.instruments])
        raise BenchError(f"nothing on {bench} is called {role!r} or fills that role; there are: {there}")
    return known[bench], names[0]


def _hold(line: str | None, what: str) -> ExitStack:
    return hold([] if line is None else [line], what)


def _lend(lease: str, by: str, bench: Bench, name: str, line: str | None, *, write: bool) -> Lease:
    if write:
        bench.refuse_unsafe()
    instrument = bench.open_instrument(name, RealClock())
    try:
        return Lease(lease, f"{bench.name}/{name}", line, by, instrument, Screen(instrument, write=write))
    except RemotecalError:
        instrument.close()
        raise


def _done(answer: LinkAnswer) -> CommandAnswer:
    return CommandAnswer(done=True, content=answer.model_dump_json())


def _failed(error: RemotecalError, *, done: bool) -> CommandAnswer:
    answer = LinkAnswer(error=name_of(error))
    return CommandAnswer(done=done, reason=str(error), content=answer.model_dump_json())
