"""A driver and its simulated twin: both speak the instrument's language, and understand each other.

```python
def test_my_twin():
    check_twin(MyTwin(World(VirtualClock(), seed=1)))
```
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum, IntFlag
from typing import TYPE_CHECKING

from remotecal.drivers.catalogue import describe
from remotecal.drivers.codecs import Register, Sum
from remotecal.drivers.declarations import declared, settle
from remotecal.drivers.quantities import Action, BoundAction, Choice, Flags, Reading, Setting
from remotecal.errors import RemotecalError
from remotecal.sim.memory import MemoryLink
from remotecal.sim.simulated_modbus import ModbusSimulated
from remotecal.testing.drivers import GOLDEN

if TYPE_CHECKING:
    from remotecal.drivers.contents import Content
    from remotecal.drivers.instrument import Instrument
    from remotecal.sim.simulated import Simulated


def check_twin(simulated: Simulated, *, unready: Collection[str] = (), **settings: float | str) -> None:
    """Ask a simulated instrument, by its driver, for all that there is, and tell it all that it may be told.

    What can be asked has an answer. What can be set takes both ends of its span and a value between them,
    or each of its states, and says then what it was told. Each action is taken. At last it is made safe.

    Args:
        simulated: the twin, at rest.
        unready: names of what has no value at rest, or can't be done then; these are left alone.
        settings: what else its driver is told, such as a channel.

    Raises:
        AssertionError: something of this is not so, and what the driver says of it.
    """
    if isinstance(simulated, ModbusSimulated):
        settings.setdefault("unit", simulated.unit)
    link, clock = MemoryLink(simulated, simulated.name), simulated.world.clock
    with _understood(f"{simulated.driver.__name__} is opened"):
        instrument = simulated.driver.over(link, name=simulated.name, serial=None, clock=clock, **settings)
    items = [item for item in declared(simulated.driver) if item.name not in unready]
    for item in items:
        if isinstance(item, Reading | Setting | Choice | Flags) and instrument.can_be_asked(item):
            with _understood(f"{item!r} is asked"):
                _ask(instrument, item)
    settable = {page.name for page in describe(simulated.driver).quantities if page.settable}
    for item in items:
        if isinstance(item, Setting | Choice) and item.name in settable:
            for content in _contents(item):
                with _understood(f"{item!r} is set to {item.show(content)}"):
                    _tell(instrument, item, content)
            _set_as_expected(instrument, item)
        elif isinstance(item, Action):
            with _understood(f"{item!r} is done"):
                BoundAction(item, instrument)()
    with _understood(f"{simulated.driver.__name__} is made safe"):
        instrument.make_safe()


@contextmanager
def _understood(what: str) -> Iterator[None]:
    try:
        yield
    except RemotecalError as error:
        raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error


def _ask(instrument: Instrument, item: Reading | Setting | Choice[Enum] | Flags[IntFlag]) -> None:
    ((content, _, _),) = instrument.obtain(item)
    item.decode(content)


def _tell(instrument: Instrument, item: Setting | Choice[Enum], content: Content) -> None:
    settle(instrument, item, content)
    if instrument.can_be_asked(item):
        ((found, _, _),) = instrument.obtain(item)
        assert item.agrees(found, content), f"{item!r} was set to {item.show(content)}, is {item.show(found)}"


def _set_as_expected(instrument: Instrument, item: Setting | Choice[Enum]) -> None:
    """Leave it as its driver expects it, where it does: others are told only then."""
    for step in instrument.expects:
        if step.declaration is item:
            with _understood(f"{item!r} is set to {item.show(step.content)}"):
                _tell(instrument, item, step.content)


def _contents(item: Setting | Choice[Enum]) -> Iterable[Content]:
    if isinstance(item, Choice):
        return [item.encode(member) for member in item.options]
    low, high = item.span
    return [_rounded(item, value) for value in (low, high, low + GOLDEN * (high - low))]


def _rounded(item: Setting, value: float) -> float:
    """Return a value to as many digits as the wire carries."""
    codec = item.wire
    if isinstance(codec, Sum) or (isinstance(codec, Register) and codec.form in {"f32", "f64"}):
        return value
    if isinstance(codec, Register):
        return round(value / codec.scale) * codec.scale
    return float(codec.number(value))
