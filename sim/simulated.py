"""An instrument as its driver declares it, with the world supplying the values.

The driver's statements say which requests there are, how values stand on the wire and which
settings are allowed; a `Simulated` adds where the values come from (`reads`), what settings do
(`writes`), and what its dialect does beyond them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from remotecal.drivers.contents import Content
from remotecal.drivers.declarations import Declaration, declared
from remotecal.drivers.quantities import Action, Choice, Reading, Setting
from remotecal.errors import GarbledReply, OutOfSpan
from remotecal.sim.faults import InstrumentFaults

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Instrument
    from remotecal.sim.world import World

Source = Callable[[], Content]
"""Supplies a quantity in its declared unit (text where the wire carries text)."""
Sink = Callable[[Content], None]
"""Takes a setting in its declared unit; raises `Refused` if it can't be done now."""


class Refused(Exception):
    """The instrument understands and won't: by a Modbus exception code and a SCPI error."""

    def __init__(self, code: int = 3, scpi: str = '-222,"Data out of range"') -> None:
        super().__init__(scpi)
        self.code = code
        self.scpi = scpi


NOT_NOW = (4, '-221,"Settings conflict"')
"""How an instrument refuses what is allowed at other times."""


@dataclass(frozen=True, slots=True)
class Later:
    """An answer that takes `duration` s of the world's time before `then` gives it."""

    duration: float
    then: Respond


Response: TypeAlias = "bytes | Later | None"
"""An answer without framing; None where the instrument stays silent."""
Respond: TypeAlias = Callable[[], Response]
"""Does what a request asks for, and answers it."""

KNOWN: Final = 64
"""How many requests an instrument knows the meaning of; with one more it forgets them all."""


class Simulated(ABC):
    """A simulated instrument; servers and the in-memory link hand it requests."""

    driver: type[Instrument]

    def __init__(
        self,
        driver: type[Instrument],
        world: World,
        name: str,
        *,
        reads: Mapping[str, Source] | None = None,
        writes: Mapping[str, Sink] | None = None,
    ) -> None:
        """`reads` and `writes` go by the names of the driver's declarations.

        A setting without a source or sink is kept and given back.
        """
        self.driver = driver
        self.world = world
        self.name = name
        self.faults = InstrumentFaults(world, name)
        self._reads = dict(reads or {})
        self._writes = dict(writes or {})
        self._held: dict[str, Content] = {item.name: _power_up(item) for item in declared(driver)}
        for step in driver.expects:
            self._held[step.declaration.name] = step.content
        self._known: dict[bytes, Respond] = {}

    def at(self, request: bytes) -> Simulated | None:
        """Return who is asked: this instrument, or None if it is somebody else."""
        return self

    def answer(self, request: bytes) -> bytes | None:
        """Answer a request, both without framing, however long that takes; None where it stays silent."""
        reply = self.at_once(request)
        while isinstance(reply, Later):
            self.world.clock.sleep(reply.duration)
            reply = reply.then()
        return reply

    def at_once(self, request: bytes) -> Response:
        """Answer a request, or say in how many seconds of a clock that nobody can move on."""
        respond = self._known.get(request) or self._learn(request)
        with self.world.lock:
            self.world.advance_to_now()
            reply = respond()
        return self._in_time(reply) if isinstance(reply, Later) else reply

    def _in_time(self, reply: Response) -> Response:
        """Let the time pass that an answer takes, as far as it is virtual."""
        while isinstance(reply, Later):
            if not self.world.take(reply.duration):
                return Later(reply.duration, partial(self._after, reply))
            with self.world.present():
                reply = reply.then()
        return reply

    def _after(self, waited: Later) -> Response:
        with self.world.present():
            reply = waited.then()
        return self._in_time(reply)

    def _learn(self, request: bytes) -> Respond:
        respond = self._understand(request)
        if len(self._known) >= KNOWN:
            self._known.clear()
        self._known[request] = respond
        return respond

    def spoil(self, frame: bytes) -> tuple[bytes | None, float]:
        """Return what its faults make of a reply on the wire, and how many real seconds late it is."""
        return self.faults.spoil(frame)

    @abstractmethod
    def _understand(self, request: bytes) -> Respond:
        """Return what a request asks for, which depends on nothing else.

        It is done each time while the world is held at its present.
        """

    def _content(self, item: Declaration) -> Content:
        """Return what stands on the wire for a declaration now."""
        source = self._reads.get(item.name)
        value = source() if source is not None else self._held[item.name]
        if isinstance(item, Reading) and not isinstance(value, str):
            return self.faults.distort(item.name, value)
        return value

    def _take(self, item: Declaration, content: Content) -> None:
        """Take a setting or do an action.

        Raises:
            Refused: the value is not allowed, or it can't be done now.
        """
        content = _allowed(item, content)
        sink = self._writes.get(item.name)
        if sink is not None:
            sink(content)
        self._held[item.name] = content


def _power_up(item: Declaration) -> Content:
    if isinstance(item, Choice):
        contents: list[Content] = [member.value for member in item.options]
        return contents[0]
    if isinstance(item, Setting):
        low, high = item.span
        return min(max(0.0, low), high)
    return 0.0


def _allowed(item: Declaration, content: Content) -> Content:
    try:
        if isinstance(item, Choice):
            value: Enum = item.decode(content)
            chosen: Content = value.value
            return chosen
        if isinstance(item, Setting):
            return item.encode(item.decode(content))
    except (GarbledReply, OutOfSpan):
        raise Refused from None
    if isinstance(item, Action):
        return content
    raise Refused(2, '-113,"Undefined header"')
