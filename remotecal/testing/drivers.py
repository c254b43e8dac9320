"""The walk over drivers: what one declares is complete, consistent, and goes both ways on its wire.

```python
@pytest.mark.parametrize("check", DRIVER_CHECKS)
def test_my_driver(check):
    check(MyDriver)
```

No instrument is needed. A check that does not apply raises `unittest.SkipTest`, which every runner knows.
"""

from __future__ import annotations

import inspect
import itertools
import math
import re
import typing
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final
from unittest import SkipTest

from remotecal import units
from remotecal.drivers.accuracy import Accuracy
from remotecal.drivers.catalogue import describe
from remotecal.drivers.codecs import Register
from remotecal.drivers.declarations import declared
from remotecal.drivers.links import modbus
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting
from remotecal.errors import ConfigurationError, UnitError

if TYPE_CHECKING:
    from remotecal.drivers.codecs import RegisterCodec, TextCodec
    from remotecal.drivers.contents import Content
    from remotecal.drivers.declarations import Declaration
    from remotecal.drivers.instrument import Instrument
    from remotecal.drivers.ranges import Ranges

DriverCheck = Callable[["type[Instrument]"], None]
"""Raises an AssertionError that names what a driver states wrongly, or leaves out."""

GOLDEN: Final = 0.6180339887
"""A place within a span that no rounding makes a round number."""


def it_says_what_it_serves(driver: type[Instrument]) -> None:
    """It names a model, describes it, and can fill a role."""
    page = describe(driver)
    assert driver.model, f"{driver.__name__} names no model"
    assert page.doc, f"{driver.__name__} has no docstring"
    assert page.capabilities, f"{driver.__name__} inherits no capability, and can fill no role"


def every_quantity_has_unit_span_accuracy_and_words(driver: type[Instrument]) -> None:
    """Each quantity has a unit that is known, in its one spelling, a span and a limit of error.

    That there is none is said (`UNSTATED`). Each statement has a sentence under it.
    """
    assert _quantities(driver), f"{driver.__name__} states no quantity"
    for item in _quantities(driver):
        try:
            spelling = units.normal(item.unit)
        except UnitError as error:
            raise AssertionError(f"{item!r}: {error}") from None
        assert spelling == item.unit, f"{item!r}: {item.unit} is written {spelling}"
        assert all(map(math.isfinite, item.span)), f"{item!r} has the span {item.span}"
        assert isinstance(item.accuracy, Accuracy), f"{item!r} has no accuracy"
    for described in describe(driver).quantities:
        assert described.doc.endswith("."), f"{described.name} has no sentence under it"
        assert described.place, f"{described.name} is nowhere on the wire"


def every_range_can_be_in_force(driver: type[Instrument]) -> None:
    """What tells a range is the driver's own and in the right unit, and each range holds within the span."""
    own = list(declared(driver))
    for item in _quantities(driver):
        if item.ranges is None:
            continue
        for teller, unit in ((item.ranges.by, item.unit), (item.ranges.frequency, "Hz")):
            if isinstance(teller, Reading | Setting):
                assert teller in own, f"{item!r} asks {teller!r}"
                assert teller.unit == unit, f"{item!r} takes {teller!r} for {unit}"
            else:
                assert teller is None or teller in _assignable(driver), f"{item!r} asks for {teller!r}"
                assert teller is None or teller in _options(driver), f"no bench can set {teller}"
        _holds_within(driver, item, item.ranges)


def _holds_within(driver: type[Instrument], item: Reading | Setting, ranges: Ranges) -> None:
    for row in ranges.rows:
        assert row.span[0] < row.span[1], f"{item!r}: {row} holds nowhere"
        known = isinstance(row.accuracy, Accuracy) or row.accuracy in _assignable(driver)
        assert known, f"{item!r}: {row.accuracy} is no limit of error"
        if row.nominal is not None:
            low, high = (end * row.nominal for end in row.span)
            within = item.span[0] <= low and high <= item.span[1]
            assert within, f"{item!r}: the range {row.nominal:g} reaches beyond {item.span}"


def what_a_role_needs_is_of_the_right_dimension(driver: type[Instrument]) -> None:
    """Each capability it inherits finds what it needs, of the kind and in a unit that can be converted."""
    for base in driver.__mro__:
        if not vars(base).get("_is_protocol"):
            continue
        for name, hint in typing.get_type_hints(base, include_extras=True).items():
            item = vars(driver).get(name) or getattr(driver, name, None)
            wanted = typing.get_args(hint)[0]
            if typing.get_origin(wanted) is typing.Annotated:
                kind, unit = typing.get_args(wanted)
                assert isinstance(item, kind), f"{base.__name__} needs {name} to be a {kind.__name__}"
                own = str(getattr(item, "unit", "1"))
                assert units.same_dimension(own, unit), f"{item!r} is in {own}, {base.__name__} needs {unit}"
            else:
                assert isinstance(item, typing.get_origin(wanted) or wanted), f"{base.__name__} needs {name}"


def safe_state_and_expectations_are_its_own(driver: type[Instrument]) -> None:
    """Its safe state and what it expects are made of its own statements; nothing expected is an action."""
    own = list(declared(driver))
    for step in (*driver.safe, *driver.expects):
        declaration = step if isinstance(step, Action) else step.declaration
        assert declaration in own, f"{driver.__name__} does not state {step}"
    for step in driver.expects:
        assert not isinstance(step, Action), f"{step!r} can't be expected"


def what_is_forbidden_is_nowhere_declared(driver: type[Instrument]) -> None:
    """Nothing it states would send what must never be sent."""
    forbidden = getattr(driver, "forbidden", ())
    for item in declared(driver):
        if issubclass(driver, ModbusInstrument):
            assert item.wire not in forbidden, f"{item!r} is forbidden"
            continue
        codec = typing.cast("TextCodec", item.wire)
        for line, pattern in itertools.product(filter(None, (codec.ask, codec.command("1"))), forbidden):
            assert not re.match(pattern, line, re.IGNORECASE), f"{item!r} sends {line!r}: {pattern}"


def registers_go_both_ways(driver: type[Instrument]) -> None:
    """What stands in its registers is what was put there, to their resolution."""
    wire = _modbus(driver)
    for item in declared(driver):
        codec = typing.cast("RegisterCodec", item.wire)
        for content in map(float, _contents(item)):
            joined = []
            for register, part in zip(codec.parts, codec.split(content), strict=True):
                joined.append(part if register.form == "bit" else _carried(item, register, part, wire))
            tolerance = max(1e-7 * abs(content), max(part.scale for part in codec.parts) / 2)
            found = codec.join(tuple(joined))
            assert abs(found - content) <= tolerance, f"{item!r}: {content:g} comes back as {found:g}"


def _carried(item: Declaration, register: Register, part: float, wire: Modbus) -> float:
    """Return a part's content as it comes back from its registers."""
    form, order = typing.cast("modbus.Form", register.form), register.order or wire.order
    try:
        words = modbus.pack(part, form, order)
    except ConfigurationError as error:
        raise AssertionError(f"{item!r}: {error}") from None
    assert len(words) == register.size, f"{item!r}: {register} has {register.size} registers"
    return modbus.unpack(words, form, order)


def registers_do_not_overlap_and_lie_on_the_wire(driver: type[Instrument]) -> None:
    """No register is part of two statements, but for different bits of it, and each has an address."""
    wire = _modbus(driver)
    taken: dict[tuple[str, int, int], str] = {}
    for item in declared(driver):
        for part in typing.cast("RegisterCodec", item.wire).parts:
            size = 1 if wire.is_wide(part.number - wire.manual_counts_from) else part.size
            for number in range(part.number, part.number + size):
                lies = 0 <= number - wire.manual_counts_from <= 0xFFFF
                assert lies, f"{item!r}: {part.table} {number} is no address"
                for bit in range(16) if part.bit is None else (part.bit,):
                    other = taken.setdefault((part.table, number, bit), item.name)
                    assert other == item.name, f"{item.name} and {other} share {part.table} {number}"


def lines_go_both_ways(driver: type[Instrument]) -> None:
    """Its questions are told apart, and a value that is written in a line is read from it again."""
    if isinstance(driver.wire, Modbus):
        raise SkipTest("it has registers")
    settings = _options(driver)
    for item in declared(driver):
        codec = typing.cast("TextCodec", item.wire)
        if codec.ask is not None:
            assert codec.asked_by(codec.ask.format(**settings)), f"{item!r} does not know its own question"
            assert not codec.asked_by("NOTHING?"), f"{item!r} takes any question for its own"
        for content in _contents(item):
            text = content if isinstance(content, str) else codec.number(content)
            if codec.ask is not None:
                _same(item, codec.unwrap(codec.wrap(text)), text, "in an answer")
            if not isinstance(item, Action) and (line := codec.command(text)) is not None:
                _same(item, codec.accept(line.format(**settings)) or "", text, "in a command")


def _same(item: Declaration, found: str, written: str, where: str) -> None:
    if isinstance(item, Reading | Setting):
        agree = math.isclose(float(found), float(written), rel_tol=1e-6, abs_tol=1e-3)
    elif isinstance(item, Choice | Flags):
        agree = item.decode(found) == item.decode(written)
    else:
        agree = found == written
    assert agree, f"{item!r}: {written!r} {where} is read as {found!r}"


DRIVER_CHECKS: Final[tuple[DriverCheck, ...]] = (
    it_says_what_it_serves,
    every_quantity_has_unit_span_accuracy_and_words,
    every_range_can_be_in_force,
    what_a_role_needs_is_of_the_right_dimension,
    safe_state_and_expectations_are_its_own,
    what_is_forbidden_is_nowhere_declared,
    registers_go_both_ways,
    registers_do_not_overlap_and_lie_on_the_wire,
    lines_go_both_ways,
)
"""What every driver must keep."""


def _quantities(driver: type[Instrument]) -> list[Reading | Setting]:
    return [item for item in declared(driver) if isinstance(item, Reading | Setting)]


def _options(driver: type[Instrument]) -> dict[str, object]:
    """Return what a driver fills into its questions, where a bench says nothing."""
    return {option.name: option.default for option in describe(driver).options}


def _assignable(driver: type[Instrument]) -> set[str]:
    """Return what can be assigned to instruments of a driver."""
    return {name for base in driver.__mro__ for name in inspect.get_annotations(base)}


def _modbus(driver: type[Instrument]) -> Modbus:
    if not isinstance(driver.wire, Modbus):
        raise SkipTest("it has no registers")
    return driver.wire


def _contents(item: Declaration) -> Iterable[Content]:
    """Return what may stand on the wire for a declaration."""
    match item:
        case Choice():
            return [member.value for member in item.options]
        case Flags():
            return [member.value for member in item.conditions]
        case Action():
            return [item.content]
        case Reading() | Setting():
            low, high = item.span
            return [low, high, low + GOLDEN * (high - low)]
    raise AssertionError(f"{item!r} is a statement of a kind that nobody knows")
