"""What people at the laboratory do: issue orders, command runs, admit stations and shut them out.

The hub, the command line and the console all act through this, each with a connection of its own.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pydantic import ValidationError

from remotecal.certificates.signing.keys import fingerprint
from remotecal.certificates.signing.seal import PublicKey, SealKey
from remotecal.clock import civil_time
from remotecal.errors import (
    ConfigurationError,
    EvidenceError,
    NotAnswered,
    NotConnected,
    NotThere,
    OrderError,
)
from remotecal.hub.broker import CONNECTIONS, KICK
from remotecal.hub.numbers import numbered, series_of, written
from remotecal.hub.order_index import says
from remotecal.hub.run_at import RunAt
from remotecal.store import Store
from remotecal.store.numbers import IN_VAIN
from remotecal.store.orders import OrderPlan
from remotecal.transport import subjects
from remotecal.transport.connection import Connection, Endpoint
from remotecal.transport.enrolment import Code, new_secret
from remotecal.transport.envelopes import seal, unseal
from remotecal.transport.identities import check_name
from remotecal.transport.messages import Command, CommandAnswer, ProcedureNamed, RemoteOrder, StationState
from remotecal.transport.pki import parse_certificate
from remotecal.transport.tls import client_context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.hub.settings import HubFolder
    from remotecal.order import Order
    from remotecal.store.numbers import Giving
    from remotecal.store.orders import OrderRow, Repeat
    from remotecal.transport.connection import Handler
    from remotecal.transport.messages import Terms, Verb

CODE_LASTS = 24 * 3600.0
"""Seconds an enrolment code is good for."""
ORDER_LASTS = 24 * 3600.0
"""Seconds in which an order may be begun."""
COMMAND_LASTS = 30.0
"""Seconds in which a command may be carried out."""
CONNECT_WITHIN = 10.0
"""Seconds in which a server must be reached."""
ANSWER_WITHIN = 5.0
"""Seconds a station may take to answer a command."""


@dataclass(frozen=True, slots=True)
class ToIssue:
    """An order that is to be issued."""

    order: Order
    """What is to be done."""
    procedure: ProcedureNamed
    """By which procedure."""
    station: str
    """Who is to carry it out."""
    terms: Terms
    """What else is to be said."""
    lasts: float = ORDER_LASTS
    """Seconds in which it may be begun."""
    account: str | None = None
    """The customer's account that may see it."""
    repeat: Repeat | None = None
    """The request for it, which may come again."""
    item: int | None = None
    """Number of the item it is for, in the register."""
    planned: str | None = None
    """Day it is planned for, ISO 8601."""


def connection(folder: HubFolder, name: str) -> Connection:
    """Return a connection of the laboratory's side to the broker."""
    return Connection(
        Endpoint(
            folder.settings.servers,
            lambda: client_context(folder.trusted, folder.hub),
            name,
            subjects.inbox(f"hub-{uuid.uuid4().hex[:12]}"),
        )
    )


def new_code(folder: HubFolder, store: Store, station: str, by: str) -> Code:
    """Return a code with which a station of this name may enrol once, within a day."""
    with store.transaction():
        secret = store.stations.new_code(check_name(station), time.time() + CODE_LASTS, new_secret())
        store.note(by, "enrolment code", {"station": station})
    return Code.made(station, secret, fingerprint(parse_certificate(folder.trusted.read_bytes())))


def withdraw_codes(store: Store, station: str, by: str, now: float) -> None:
    """Have a station's codes that are neither used nor expired enrol nothing (`NotThere`: it has none)."""
    with store.transaction():
        if not store.stations.withdraw_codes(station, now):
            raise NotThere(f"{station} is not invited, or has enrolled by its code")
        store.note(by, "enrolment code withdrawn", {"station": station})


@asynccontextmanager
async def open_laboratory(folder: HubFolder) -> AsyncIterator[OrderDesk]:
    """Open database and connection for somebody at the laboratory.

    Raises:
        NotConnected: no server can be reached.
    """
    with Store(folder.database) as store:
        async with connection(folder, "laboratory") as link:
            try:
                await asyncio.wait_for(link.up.wait(), CONNECT_WITHIN)
            except TimeoutError:
                servers = ", ".join(folder.settings.servers)
                raise NotConnected(f"no server answers at {servers}: is the hub up?") from None
            yield OrderDesk(folder, store, link)


class OrderDesk:
    """The laboratory's side of everything that people start.

    Args:
        folder: its keys.
        store: its database.
        connection: to the broker.
    """

    founded: ClassVar[bool] = True
    """Whether it is a laboratory with orders, items, persons and a log-in, not runs in a folder."""

    def __init__(self, folder: HubFolder, store: Store, connection: Connection) -> None:
        self.folder, self.store, self.connection = folder, store, connection
        self.key = SealKey.read(folder.laboratory)

    def at(self, station: str, run: str, device: str = "") -> RunAt:
        """Return a run at a station with its certificate, or with that of a device."""
        return RunAt(self.folder, self.store, station, run, device)

    def devices(self, run: str) -> Mapping[str, str]:
        """Return device of a run → number of the certificate it is to have of its own; "" is the one for all.

        Raises:
            NotThere: the run was not ordered, or not so.
        """
        row = self.store.orders.find(run)
        if row is None:
            raise NotThere(f"there is no order {run}")
        try:
            order = unseal(row.envelope, "order", RemoteOrder, [self.key.public])
        except EvidenceError as error:
            raise NotThere(f"the order {run} is not one that this laboratory signed: {error}") from error
        return order.order.numbers

    def new_code(self, station: str, by: str) -> Code:
        """Return a code; see `new_code`."""
        return new_code(self.folder, self.store, station, by)

    async def issue(
        self,
        order: Order,
        procedure: ProcedureNamed,
        station: str,
        terms: Terms,
        by: str,
        *,
        lasts: float = ORDER_LASTS,
    ) -> RemoteOrder:
        """Sign an order, enter it, and tell the station that there is one; errors as `issue_all`."""
        (issued,) = await self.issue_all([ToIssue(order, procedure, station, terms, lasts)], by)
        return issued

    async def issue_all(self, wanted: Sequence[ToIssue], by: str) -> list[RemoteOrder]:
        """Number, sign, enter and note orders, all or none of them, and tell their stations.

        Args:
            wanted: the orders; a single one may have come before (`ToIssue.repeat`) and is returned then.
            by: who issues them.

        Raises:
            ConfigurationError: a station is not in the register.
            OrderError: it was revoked; or a request has the key of another; or a number is another order's,
                or is missing and there is no series.
        """
        for station in {one.station for one in wanted}:
            if not (await asyncio.to_thread(self.store.stations.get, station)).enabled:
                raise OrderError(f"{station} was revoked and will fetch no order")
        rows = await asyncio.to_thread(self._enter_all, wanted, by)
        for station in {one.station for one in wanted}:
            await self.connection.publish(subjects.command(station, "nudge"), b"")
        return [unseal(row.envelope, "order", RemoteOrder, [self.key.public]) for row in rows]

    def _enter_all(self, wanted: Sequence[ToIssue], by: str) -> list[OrderRow]:
        rows: list[OrderRow] = []
        with self.store.numbers.giving() as giving:
            for one in wanted:
                issued = self._numbered(giving, one, by)
                rows.append(self._enter(giving, one, issued))
                if rows[-1].id == issued.id:
                    continue
                if len(wanted) > 1:
                    raise OrderError("one of these was ordered just now by the same form: send it again")
                giving.undo()
        return rows

    def _numbered(self, giving: Giving, one: ToIssue, by: str) -> RemoteOrder:
        """Return an order with the numbers it gets, as it is to be signed."""
        now = time.time()
        year = civil_time(now, self.folder.time_zone).year

        def give(pattern: str) -> str:
            return giving.next(series_of(pattern, year), partial(written, pattern, year))

        order = numbered(one.order, self.folder.settings.numbers, give)
        self._check_number(order)
        return RemoteOrder(
            **one.terms.model_dump(),
            id=_new_id(order),
            station=one.station,
            procedure=one.procedure,
            order=order,
            issued=now,
            expires=now + one.lasts,
            by=by,
        )

    def _enter(self, giving: Giving, one: ToIssue, issued: RemoteOrder) -> OrderRow:
        """Enter, hold and note an order; return it, or what its request brought before."""
        head = issued.order.order
        row = self.store.orders.issue(
            issued.id,
            head.number,
            issued.station,
            seal("order", issued, self.key),
            issued.issued,
            issued.expires,
            issued.by,
            account=one.account,
            repeat=one.repeat,
            plan=OrderPlan(says(issued), one.item, one.planned),
        )
        if row.id == issued.id:
            pretended = head.demonstration or head.training
            giving.hold(issued.order.numbers.values(), issued.id, issued.issued, pretended=pretended)
            noted = {"order": row.id, "station": issued.station, "account": one.account}
            self.store.note(issued.by, "order", noted)
        return row

    def _check_number(self, order: Order) -> None:
        """Raise `OrderError` if another customer's order has this number: several runs of one order may."""
        for row in self.store.pages.orders(1, number=order.order.number):
            before = unseal(row.envelope, "order", RemoteOrder, [self.key.public]).order
            if row.state not in IN_VAIN and before.customer.name != order.customer.name:
                raise OrderError(
                    f"the number {order.order.number} is that of an order of "
                    f"{before.customer.name.get('en')}, and a number is used once: give another"
                )

    async def command(
        self, station: str, verb: Verb, by: str, *, run: str = "", argument: str = "", prompt: int = 0
    ) -> CommandAnswer:
        """Have a station do something, and note it; see `send`."""
        answer = await self.send(station, verb, by, run=run, argument=argument, prompt=prompt)
        if verb != "state":
            said: dict[str, str | int | float | None] = {"station": station, "run": run, "argument": argument}
            said |= {"done": int(answer.done), "reason": answer.reason}
            await asyncio.to_thread(self.store.note, by, verb, said)
        return answer

    async def send(
        self,
        station: str,
        verb: Verb,
        by: str,
        *,
        run: str = "",
        argument: str = "",
        prompt: int = 0,
        within: float = ANSWER_WITHIN,
    ) -> CommandAnswer:
        """Send a station a command, and return what came of it within a time in seconds.

        Raises:
            TransportError: the station is not connected, or does not answer; whether it obeyed is not known.
            ConfigurationError: the station is not in the register, or was never heard of.
        """
        row = await asyncio.to_thread(self.store.stations.get, station)
        if row.session is None:
            raise ConfigurationError(
                f"{station} was never heard of: start its agent (`remotecal station up`)"
            )
        command = Command(
            id=uuid.uuid4().hex,
            station=station,
            session=row.session,
            verb=verb,
            run=run,
            argument=argument,
            prompt=prompt,
            by=by,
            expires=time.time() + COMMAND_LASTS,
        )
        envelope = seal("command", command, self.key)
        return await self.connection.ask(
            subjects.command(station, verb),
            envelope,
            CommandAnswer,
            PublicKey.from_text(row.key),
            within=within,
        )

    async def state(self, station: str, by: str) -> StationState:
        """Return what a station does now.

        Raises:
            TransportError: it is not connected, or does not answer.
            ConfigurationError: it is not in the register, or was never heard of, or refuses.
        """
        answer = await self.send(station, "state", by)
        if not answer.done:
            raise ConfigurationError(answer.reason)
        try:
            return StationState.model_validate_json(answer.content)
        except ValidationError:
            raise NotAnswered(
                f"{station} says nothing sensible of what it does: is it of this version?"
            ) from None

    async def revoke(self, station: str, by: str) -> int:
        """Shut a station out, now and for good; returns how many connections were cut.

        Raises:
            ConfigurationError: it is not in the register.
            TransportError: no server answers; the station is shut out all the same once it has to connect
                anew.
        """
        await asyncio.to_thread(self._revoke, station, by)
        return await self._cut(station)

    def _revoke(self, station: str, by: str) -> None:
        with self.store.transaction():
            self.store.stations.revoke(station)
            self.store.stations.withdraw_codes(station, time.time())
            self.store.note(by, "revoke", {"station": station})

    async def watch(self, station: str, run: str, handler: Handler) -> None:
        """Have a handler called with everything a station shows of a run from now on."""
        await self.connection.listen(subjects.live(station, run), handler)

    async def _cut(self, station: str) -> int:
        """Cut a station's connections at every server, and return how many there were."""
        cut: set[tuple[str, int]] = set()
        asked = json.dumps({"auth": True, "user": station, "limit": 1024}).encode()
        for answer in await self.connection.answers(CONNECTIONS, asked):
            reply = json.loads(answer)
            server = reply["server"]["id"]
            for client in reply["data"]["connections"]:
                if (server, client["cid"]) in cut:
                    continue  # each server answers twice, for it is asked by two ways
                cut.add((server, client["cid"]))
                subject, content = KICK.format(server=server), json.dumps({"cid": client["cid"]})
                await self.connection.request(subject, content.encode())
        return len(cut)


def _new_id(order: Order) -> str:
    """Return an id for an order to a station, which begins like the order's own number."""
    number = "".join(c if c.isascii() and c.isalnum() else "-" for c in order.order.number)[:40]
    return f"{number}-{uuid.uuid4().hex[:12]}"
