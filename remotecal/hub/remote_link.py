"""Links to single instruments at stations: the laboratory's side.

Drivers are synchronous and block; the connection to the broker lives in an event loop of another
thread. Each exchange is one signed command and its answer, which nothing but this exchange can
receive; the station's own link sees to what may lie between it and the instrument.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from remotecal.errors import ExchangeCancelled, LinkLost, NoReply, NotAnswered, RemotecalError, TransportError
from remotecal.hub.laboratory import ANSWER_WITHIN, open_laboratory
from remotecal.transport.lent import LinkAnswer, LinkRequest
from remotecal.transport.travelling import kind_named

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from remotecal.drivers.links import Link, Place, StationLinks
    from remotecal.hub.laboratory import OrderDesk
    from remotecal.hub.settings import HubFolder
    from remotecal.transport.messages import CommandAnswer

Result = TypeVar("Result")

OPEN_WITHIN = 30.0
"""Seconds a station may take to open an instrument and see who answers."""
REPLIES_TO_CLEAN = 3
"""How many of its slowest replies an instrument's cleaning, and the look who answers, may take."""


class RemoteLink:
    """The link to an instrument at a station; see `Link`.

    Args:
        laboratory: sends commands.
        loop: where the laboratory's connection lives; another thread's.
        place: the instrument.
        by: who opens the link.
        name: how errors call the instrument.

    Raises:
        LinkError, ConfigurationError: it can't be had; the text says why.
    """

    def __init__(
        self, laboratory: OrderDesk, loop: asyncio.AbstractEventLoop, place: Place, by: str, name: str
    ) -> None:
        self.address = str(place)
        self.name = name
        self.on_reopen: Callable[[], None] | None = None
        self._laboratory, self._loop, self._place, self._by = laboratory, loop, place, by
        self._lease = uuid.uuid4().hex
        self._lock = threading.RLock()
        self._guard = threading.Lock()
        self._waiting: Future[CommandAnswer] | None = None
        self._number = 0
        self._connection: int | None = None
        """The connection at the station that was made sure of."""
        self._suspect = False
        self._doubtful = False
        self._looking = False
        self._closed = False
        self._slowest_reply = 0.0
        self._settled_at = 0.0
        self._open()

    @property
    def suspect(self) -> bool:
        """Whether who answers must be made sure of before the next exchange; true during one, too."""
        return self._suspect

    @suspect.setter
    def suspect(self, doubt: bool) -> None:
        if doubt:
            with self._lock:
                self._suspect = self._doubtful = True

    @property
    def settled_at(self) -> float:
        """Until when the station may still do what was called off or not answered."""
        return self._settled_at

    def ask(self, request: bytes, timeout: float | None = None) -> bytes:
        sent = LinkRequest(what="ask", lease=self._lease, request=request.hex(), timeout=timeout)
        return self._exchange(sent)

    def tell(self, request: bytes) -> None:
        self._exchange(LinkRequest(what="tell", lease=self._lease, request=request.hex()))

    def cancel(self) -> None:
        with self._guard:
            if self._waiting is None or not self._waiting.cancel():
                return
            request = LinkRequest(what="call_off", lease=self._lease, number=self._number)
        asyncio.run_coroutine_threadsafe(self._call_off(request), self._loop)

    def close(self) -> None:
        with self._lock:
            closed, self._closed = self._closed, True
            if not closed:
                with suppress(RemotecalError):
                    self._carry(LinkRequest(what="close", lease=self._lease), ANSWER_WITHIN)

    def _exchange(self, request: LinkRequest) -> bytes:
        with self._lock:
            if self._closed:
                raise LinkLost(f"{self.name}: the link to {self.address} was closed; open another")
            if self._suspect and not self._looking:
                self._look()
            answer = self._try(request)
            if answer.missing == "lease":
                self._open()
            if answer.missing and not self._looking:
                self._look()
            if answer.missing:
                answer = self._try(request)
            if answer.missing:
                raise LinkLost(
                    f"{self.name} at {self.address}: the {answer.missing} does not last; ask again"
                )
            return bytes.fromhex(answer.reply)

    def _look(self) -> None:
        """Have it made sure who answers, on whatever connection there is."""
        self._connection, self._suspect, self._looking = None, True, True
        try:
            if self.on_reopen is not None:
                self.on_reopen()
        except BaseException:
            self._suspect = True
            raise
        finally:
            self._looking = False

    def _open(self) -> None:
        """Take the lease; the station makes sure by itself that its own instrument answers."""
        place = self._place
        request = LinkRequest(what="open", lease=self._lease, bench=place.bench, role=place.role)
        answer = self._understood(request, self._carry(request, OPEN_WITHIN))
        self._connection, self._slowest_reply = answer.connection, answer.slowest_reply

    def _try(self, request: LinkRequest) -> LinkAnswer:
        """Send a request once, for the connection that was made sure of."""
        self._number += 1
        changes = {"number": self._number, "connection": self._connection, "doubtful": self._doubtful}
        wait = self._slowest_reply if request.timeout is None else request.timeout
        within = ANSWER_WITHIN + wait + REPLIES_TO_CLEAN * self._slowest_reply
        before, self._suspect = self._suspect, True
        self._settled_at = time.monotonic() + within
        carried = self._carry(request.model_copy(update=changes), within)
        if not carried.done:
            self._suspect = before  # nothing was sent
        answer = self._understood(request, carried)
        if not answer.missing:
            self._connection = answer.connection
            self._suspect = self._doubtful = False
            self._settled_at = 0.0
        return answer

    def _carry(self, request: LinkRequest, within: float) -> CommandAnswer:
        """Send the station a request and return its answer."""
        whom = f"{self.name} at {self.address}"
        if self._loop.is_closed():
            raise LinkLost(f"{whom}: the laboratory's connection was closed")
        with self._guard:
            future = asyncio.run_coroutine_threadsafe(self._send(request, within), self._loop)
            self._waiting = future
        try:
            return future.result()
        except CancelledError:
            raise ExchangeCancelled(
                f"{whom}: {_said(request)} was called off while waiting for the reply"
            ) from None
        except NotAnswered as error:
            raise NoReply(f"{whom}: {_said(request)} was not answered: {error}") from error
        except TransportError as error:
            raise LinkLost(f"{whom} can't be reached: {error}. Is the station up?") from error
        finally:
            with self._guard:
                self._waiting = None

    def _understood(self, request: LinkRequest, carried: CommandAnswer) -> LinkAnswer:
        """Return what a station answered; raises the error it met."""
        kind: type[RemotecalError] = LinkLost
        if carried.content:
            try:
                answer = LinkAnswer.model_validate_json(carried.content)
            except ValidationError as error:
                raise LinkLost(
                    f"{self.name} at {self.address}, {_said(request)}: the station's answer makes no sense "
                    f"({error.error_count()} faults)"
                ) from None
            if not answer.error:
                return answer
            kind = kind_named(answer.error)
        raise kind(f"{self.name} at {self.address}, {_said(request)}: {carried.reason}")

    async def _send(self, request: LinkRequest, within: float) -> CommandAnswer:
        """Send the station a request; what is opened, and what is refused, stands in the audit log."""
        laboratory, place = self._laboratory, self._place
        argument = request.model_dump_json(exclude_defaults=True)
        answer = await laboratory.send(place.station, "link", self._by, argument=argument, within=within)
        if request.what == "open" or not answer.done:
            noted: dict[str, str | int | float | None] = {
                "station": place.station,
                "bench": place.bench,
                "role": place.role,
                "request": _said(request),
                "done": int(answer.done),
                "reason": answer.reason,
            }
            await asyncio.to_thread(laboratory.store.note, self._by, "link", noted)
        return answer

    async def _call_off(self, request: LinkRequest) -> None:
        with suppress(RemotecalError):
            await self._send(request, ANSWER_WITHIN)


def _said(request: LinkRequest) -> str:
    """Return a request as people read it."""
    return f"{request.what} {bytes.fromhex(request.request)!r}" if request.request else request.what


@dataclass(frozen=True, slots=True)
class LaboratoryStations:
    """The stations of a laboratory; see `StationLinks`."""

    laboratory: OrderDesk
    """Sends commands."""
    loop: asyncio.AbstractEventLoop
    """Where the laboratory's connection lives; another thread's."""
    by: str
    """Who opens links."""

    def open(self, place: Place, name: str) -> Link:
        return RemoteLink(self.laboratory, self.loop, place, self.by, name)


@contextmanager
def stations(folder: HubFolder, by: str) -> Iterator[StationLinks]:
    """Connect to a laboratory's stations, for whoever opens instruments there.

    Args:
        folder: the hub's directory.
        by: who opens links.

    Raises:
        NotConnected: no server can be reached.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stations", daemon=True)
    thread.start()

    def do(work: Coroutine[object, object, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    opened = AsyncExitStack()
    try:
        laboratory = do(opened.enter_async_context(open_laboratory(folder)))
        yield LaboratoryStations(laboratory, loop, by)
    finally:
        do(opened.aclose())
        do(loop.shutdown_default_executor())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
