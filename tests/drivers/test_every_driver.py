"""One test walks every driver: what it declares is complete, consistent, and goes both ways on its wire."""

import inspect
import itertools
import math
import re
import typing

import pytest

from remotecal import units
from remotecal.drivers.accuracy import Accuracy
from remotecal.drivers.catalogue import SHIPPED, describe, driver
from remotecal.drivers.codecs import Register, Sum
from remotecal.drivers.declarations import Declaration, declared
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.links import modbus
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting

EVERY = [driver(name) for name in SHIPPED]
ON_MODBUS = [cls for cls in EVERY if isinstance(cls.wire, Modbus)]
ON_LINES = [cls for cls in EVERY if not isinstance(cls.wire, Modbus)]
Driver = type[Instrument]


def settings(cls: Driver) -> dict[str, object]:
    """Return what a driver fills into its questions, where a bench says nothing."""
    return {option.name: option.default for option in describe(cls).options}


def attributes(cls: Driver) -> set[str]:
    """Return what can be assigned to instruments of a driver."""
    return {name for base in cls.__mro__ for name in inspect.get_annotations(base)}


def quantities(cls: Driver) -> list[Reading | Setting]:
    return [item for item in declared(cls) if isinstance(item, Reading | Setting)]


@pytest.mark.parametrize("cls", EVERY)
def test_every_driver_is_named_as_it_is_called(cls: Driver) -> None:
    assert SHIPPED[cls.__name__] == f"{cls.__module__}:{cls.__qualname__}"
    assert cls.model
    assert describe(cls).doc
    assert describe(cls).capabilities, "a driver that can fill no role"


@pytest.mark.parametrize("cls", EVERY)
def test_every_quantity_has_unit_span_accuracy_and_words(cls: Driver) -> None:
    assert quantities(cls)
    for item in quantities(cls):
        units.check(item.unit)
        assert units.normal(item.unit) == item.unit, item
        assert all(map(math.isfinite, item.span)), item
        assert item.span[0] < item.span[1], item
        assert isinstance(item.accuracy, Accuracy), item
    for described in describe(cls).quantities:
        assert described.doc.endswith("."), f"{described.name} has no docstring"
        assert described.place, described.name


@pytest.mark.parametrize("cls", EVERY)
def test_every_range_can_be_in_force(cls: Driver) -> None:
    """What tells it is the driver's own and in the right unit, and each range holds within the span."""
    own, options = list(declared(cls)), settings(cls)
    for item in quantities(cls):
        if item.ranges is None:
            continue
        for teller, unit in ((item.ranges.by, item.unit), (item.ranges.frequency, "Hz")):
            if isinstance(teller, Reading | Setting):
                assert teller in own, f"{item!r} asks {teller!r}"
                assert teller.unit == unit, f"{item!r} takes {teller!r} for {unit}"
            else:
                assert teller is None or teller in attributes(cls), item
                assert teller is None or teller in options, f"no bench can set {teller}"
        for row in item.ranges.rows:
            assert row.span[0] < row.span[1], item
            assert isinstance(row.accuracy, Accuracy) or row.accuracy in attributes(cls), item
            if row.nominal is not None:
                assert item.span[0] <= row.span[0] * row.nominal, item
                assert row.span[1] * row.nominal <= item.span[1], item


@pytest.mark.parametrize("cls", EVERY)
def test_what_a_role_needs_is_of_the_right_dimension(cls: Driver) -> None:
    for base in cls.__mro__:
        if not vars(base).get("_is_protocol"):
            continue
        for name, hint in typing.get_type_hints(base, include_extras=True).items():
            item = vars(cls).get(name) or getattr(cls, name)
            wanted = typing.get_args(hint)[0]
            if typing.get_origin(wanted) is typing.Annotated:
                kind, unit = typing.get_args(wanted)
                assert isinstance(item, kind), item
                assert units.same_dimension(item.unit, unit), f"{item!r} is in {item.unit}, not in {unit}"
            else:
                assert isinstance(item, typing.get_origin(wanted) or wanted), item


@pytest.mark.parametrize("cls", EVERY)
def test_safe_state_and_expectations_are_the_drivers_own(cls: Driver) -> None:
    own = list(declared(cls))
    for step in (*cls.safe, *cls.expects):
        declaration = step if isinstance(step, Action) else step.declaration
        assert declaration in own, step
    for step in cls.expects:
        assert not isinstance(step, Action)


@pytest.mark.parametrize("cls", EVERY)
def test_what_is_forbidden_is_nowhere_declared(cls: Driver) -> None:
    for item in declared(cls):
        if issubclass(cls, ModbusInstrument):
            assert item.wire not in getattr(cls, "forbidden", ()), item
            continue
        sent = [item.wire.ask, item.wire.command("1")]  # type: ignore[union-attr]  # no registers here
        for line, pattern in itertools.product(filter(None, sent), getattr(cls, "forbidden", ())):
            assert not re.match(pattern, line, re.IGNORECASE), line


def contents(item: Declaration) -> list[float | str]:
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
            return [low, high, low + 0.6180339887 * (high - low)]
    raise AssertionError(item)


@pytest.mark.parametrize("cls", ON_MODBUS)
def test_registers_go_both_ways(cls: type[ModbusInstrument]) -> None:
    for item in declared(cls):
        codec = item.wire
        assert isinstance(codec, Register | Sum)
        for content in map(float, contents(item)):
            joined = []
            for register, part in zip(codec.parts, codec.split(content), strict=True):
                if register.form == "bit":
                    joined.append(part)
                    continue
                words = modbus.pack(part, register.form, cls.wire.order)
                assert len(words) == register.size
                joined.append(modbus.unpack(words, register.form, cls.wire.order))
            tolerance = max(1e-7 * abs(content), max(part.scale for part in codec.parts) / 2)
            assert codec.join(tuple(joined)) == pytest.approx(content, rel=0, abs=tolerance), item


@pytest.mark.parametrize("cls", ON_MODBUS)
def test_registers_do_not_overlap_and_lie_on_the_wire(cls: type[ModbusInstrument]) -> None:
    taken: dict[tuple[str, int], str] = {}
    for item in declared(cls):
        assert isinstance(item.wire, Register | Sum)
        for part in item.wire.parts:
            for number in range(part.number, part.number + part.size):
                assert 0 <= number - cls.wire.manual_counts_from <= 0xFFFF, item
                other = taken.setdefault((part.table, number), item.name)
                assert other == item.name, f"{item.name} and {other} share {part.table} {number}"


@pytest.mark.parametrize("cls", ON_LINES)
def test_lines_go_both_ways(cls: Driver) -> None:
    for item in declared(cls):
        codec = item.wire
        assert not isinstance(codec, Register | Sum)
        if codec.ask is not None:
            assert codec.asked_by(codec.ask.format(**settings(cls))), item
            assert not codec.asked_by("NOTHING?"), item
        for content in contents(item):
            text = content if isinstance(content, str) else codec.number(content)
            if codec.ask is not None:
                found = codec.unwrap(codec.wrap(text))
                assert decoded(item, found) == decoded(item, text), item
            if not isinstance(item, Action) and (line := codec.command(text)) is not None:
                accepted = codec.accept(line.format(**settings(cls)))
                assert decoded(item, accepted or "") == decoded(item, text), item


def decoded(item: Declaration, text: str) -> object:
    if isinstance(item, Reading | Setting):
        return pytest.approx(float(text), rel=1e-6, abs=1e-3)
    return item.decode(text) if isinstance(item, Choice | Flags) else text
