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
from typing import TYPE_CHECKING

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
    then: Callable[[], bytes | Later | None]


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

    def at(self, request: bytes) -> Simulated | None:
        """Return who is asked: this instrument, or None if it is somebody else."""
        return self

    def answer(self, request: bytes) -> bytes | None:
        """Answer a request, both without framing; None where the instrument stays silent."""
        with self.world.present():
            result = self._respond(request)
        while isinstance(result, Later):
            self.world.take(result.duration)
            with self.world.present():
                result = result.then()
        return result

    def spoil(self, frame: bytes) -> tuple[bytes | None, float]:
        """Return what its faults make of a reply on the wire, and how many real seconds late it is."""
        return self.faults.spoil(frame)

    @abstractmethod
    def _respond(self, request: bytes) -> bytes | Later | None:
        """Answer a request while the world is held at its present."""

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
