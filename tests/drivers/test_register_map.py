"""Tables of registers: what they must say, what is refused, and that every key is heeded."""

import contextlib
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from remotecal.bench import Bench
from remotecal.clock import VirtualClock
from remotecal.configuration import as_toml
from remotecal.drivers.accuracy import EXACT, UNSTATED
from remotecal.drivers.capabilities import Densitometer, FlowSource, PressureGauge, VolumeTotalizer
from remotecal.drivers.catalogue import describe
from remotecal.drivers.declarations import named
from remotecal.drivers.mapped import rows, table
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.drivers.quantities import Action
from remotecal.errors import BenchError, InstrumentError, OutOfSpan, SafeStateNotReached, WrongInstrument
from remotecal.procedures.procedure import _lacks
from remotecal.sim.memory import MemoryLink
from remotecal.sim.simulated_modbus import ModbusSimulated
from remotecal.sim.world import World

METER: dict[str, Any] = {
    "maker": "Acme",
    "model": "DM-7",
    "source": "Acme DM-7 manual, page 31",
    "capabilities": ["VolumeTotalizer", "Densitometer", "PressureGauge"],
    "absolute": True,
    "modbus": {"counts_from": 40001, "functions": [3, 6, 16], "order": "ABCD"},
    "readings": {
        "volume": {
            "holding": 40001, "type": "u32", "rest": {"holding": 40003, "type": "f32"}, "unit": "m3",
            "span": [0, 1e6], "accuracy": "unstated", "doc": "Volume that has passed.",
        },
        "density": {
            "holding": 40005, "type": "i16", "scale": 0.1, "offset": 900, "unit": "kg/m3",
            "span": [0, 2000], "limit": 0.5, "percent_of_reading": 0.1, "source": "page 4", "doc": "Density.",
        },
        "pressure": {
            "holding": 40006, "type": "u16", "unit": "kPa", "span": [0, 1000], "percent_of_span": 0.1,
            "no_value": [65000], "doc": "Absolute pressure.",
        },
        "temperature": {
            "holding": 40020, "type": "f32", "channels": [1, 2, 5], "step": 4, "unit": "°C",
            "span": [0, 100], "accuracy": "unstated", "doc": "Temperature of a probe.",
        },
        "pulses": {
            "holding": 40010, "type": "u16", "unit": "1", "span": [0, 65535], "accuracy": "exact",
            "wraps": True, "doc": "Pulses so far.",
        },
    },
    "settings": {
        "damping": {
            "holding": 40008, "type": "u16", "scale": 0.1, "unit": "s", "span": [0, 100], "doc": "Damping.",
        },
    },
    "choices": {
        "unit_of_density": {
            "holding": 40007, "type": "u16", "choices": {"KG_PER_M3": 92, "G_PER_CM3": 91},
            "doc": "Its unit.",
        },
    },
    "flags": {"alarms": {"holding": 40011, "type": "u16", "bits": {"EMPTY": 3}, "doc": "What is wrong."}},
    "actions": {"clear": {"holding": 40012, "type": "u16", "content": 7, "doc": "Set the total to zero."}},
    "safe": {"damping": 10},
    "expects": {"unit_of_density": "KG_PER_M3"},
}  # fmt: skip


def changed(base: dict[str, Any], **at: Any) -> dict[str, Any]:
    """Return a table with other values at `a__b__c`; None takes a key away."""
    said: dict[str, Any] = tomllib.loads(as_toml(base))
    for path, value in at.items():
        *way, last = path.split("__")
        place = said
        for step in way:
            place = place.setdefault(step, {})
        place.pop(last, None)
        if value is not None:
            place[last] = value
    return said


def driver(base: dict[str, Any] | None = None, **at: Any) -> Any:
    return RegisterMap.as_stated({"table": as_toml(changed(base or METER, **at))})


def opened(kind: Any, **reads: Any) -> Any:
    """Return an instrument of a table, its twin behind it."""
    twin = ModbusSimulated(kind, World(VirtualClock(), 1), "twin", reads=reads)
    return kind.over(MemoryLink(twin), name="dm", table=kind.stated_table)


def test_what_a_table_says_is_read_and_told() -> None:
    values = {"volume": lambda: 1234.75, "density": lambda: 998.3, "pressure": lambda: 101.0}
    meter = opened(driver(), **values)
    volume, density, pressure = meter.read(meter.volume, meter.density, meter.pressure)
    assert (volume.value, volume.unit, volume.u) == (1234.75, "m3", None)
    assert density.value == pytest.approx(998.3)
    assert density.u == pytest.approx((0.5 + 0.9983) / 3**0.5)
    assert pressure.u == pytest.approx(1 / 3**0.5)
    assert meter.is_absolute()
    assert isinstance(meter, VolumeTotalizer | Densitometer | PressureGauge)
    meter.damping.set(2.5)
    assert meter.damping.read().value == 2.5
    with pytest.raises(OutOfSpan):
        meter.damping.set(101)
    meter.make_safe()
    assert meter.damping.read().value == 10


def test_the_same_text_is_the_same_driver_and_another_one_says_so() -> None:
    assert driver() is driver()
    one, other = (opened(kind).identify() for kind in (driver(), driver(readings__density__offset=901)))
    assert one.firmware.startswith("table ")
    assert one.firmware != other.firmware
    assert one[:3] == ("Acme", "DM-7", "")


def test_an_instrument_that_is_set_otherwise_is_refused() -> None:
    kind = driver()
    with pytest.raises(WrongInstrument, match="unit_of_density is G_PER_CM3, this driver needs KG_PER_M3"):
        opened(kind, unit_of_density=lambda: 91)


def test_its_page_tells_the_source_and_each_row() -> None:
    page = describe(driver())
    assert "Source: Acme DM-7 manual, page 31" in page.doc
    density = next(item for item in page.quantities if item.name == "density")
    assert density.place == "holding 40005 i16 × 0.1 +900"
    assert (density.accuracy, density.source, density.doc) == (
        "0.1 % of reading + 0.5 kg/m3", "page 4", "Density.",
    )  # fmt: skip


def test_without_its_table_nothing_is_opened() -> None:
    with pytest.raises(BenchError, match="table is missing"):
        RegisterMap.as_stated({})
    with pytest.raises(BenchError, match="as_stated gives the driver for a table"):
        RegisterMap(MemoryLink(ModbusSimulated(driver(), World(VirtualClock(), 1), "twin")), table="x")


PUMP = {
    **METER,
    "capabilities": ["FlowSource"],
    "settings": {
        "speed": {
            "holding": 40008, "type": "u16", "scale": 0.01, "unit": "%", "span": [0, 100],
            "doc": "Speed.",
        }
    },
    "actions": {
        "start": {"holding": 40012, "type": "u16", "bit": 0, "doc": "Start."},
        "stop": {"holding": 40012, "type": "u16", "bit": 1, "doc": "Stop."},
    },
    "safe": {"stop": True, "speed": 0},
}  # fmt: skip


def test_a_pump_by_a_table_starts_and_stops_by_its_actions() -> None:
    kind = driver(PUMP)
    did: list[str] = []
    twin = ModbusSimulated(
        kind,
        World(VirtualClock(), 1),
        "twin",
        writes={
            name: lambda content, name=name: did.append(name) if content else None
            for name in ("start", "stop")
        },
    )
    pump = kind.over(MemoryLink(twin), table=kind.stated_table)
    assert isinstance(pump, FlowSource)
    pump.start()
    pump.stop()
    pump.make_safe()
    assert did == ["start", "stop", "stop"]
    assert isinstance(kind.safe[0], Action)


TABLES = Path(__file__).parents[2] / "docs" / "tables"
RIG, BANK, BRANCHES, BELL, TANK = (
    tomllib.loads((TABLES / f"rig-{name}.toml").read_text("utf-8"))
    for name in ("s7-1200", "nozzle-bank-s7", "branches-wago", "bell-s7", "pvtt-wago")
)
RELIEF = {"reading": "pressure", "below": 110, "unit": "kPa", "within": 60}

AGREE: dict[str, Any] = {"product": ["density"], "gives": "density", "within": 0.01}
"""What always hangs together."""

WRONG: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        RIG,
        {"readings__level": None},
        r"readings\.level is missing, which a CollectingRig has, in % or the like, level of",
    ),
    (
        RIG,
        {"choices__diverter__choices": {"AWAY": 0, "TANK": 1}},
        r"choices\.diverter can be AWAY, TANK; of a CollectingRig it is BYPASS or TANK",
    ),
    (
        RIG,
        {"readings__pressure__unit": "m3"},
        r"readings\.pressure is in m3, a CollectingRig gives it in kPa or the like",
    ),
    (RIG, {"actions__reset": None}, r"actions\.reset is missing, which a CollectingRig has"),
    (RIG, {"flags__trips__resettable": ["HEART"]}, "resettable names HEART, which is no condition"),
    (RIG, {"safe": None}, "safe is missing: a CollectingRig has a safe state"),
    (METER, {"relieved": RELIEF | {"reading": "damping"}}, "relieved: 'damping' is no reading of the table"),
    (METER, {"relieved": RELIEF | {"reading": "temperature"}}, "'temperature' is no reading .* no channels"),
    (METER, {"relieved": RELIEF | {"unit": "m3"}}, r"relieved\.unit: pressure is in kPa, not in m3"),
    (METER, {"relieved": RELIEF | {"below": 0}}, "would never, or always, be below 0 kPa"),
    (METER, {"relieved": RELIEF | {"below": 1100}}, "would never, or always, be below 1100 kPa"),
    (RIG, {"safe__drain": "AJAR"}, r"safe\.drain = 'AJAR' is no value .*: its states are SHUT, OPEN"),
    (RIG, {"safe__level": 0}, r"safe\.level = 0\.0 is no value of a setting"),
    (RIG, {"safe__regulator": 120}, "can be set from 0 to 100 %, not to 120"),
    (
        RIG,
        {"settings__heartbeat__span": [0, 1]},
        r"settings\.heartbeat: a CollectingRig's heart goes round from 0 to 3",
    ),
    (
        RIG,
        {"settings__heartbeat__scale": 0.1, "settings__heartbeat__span": [0, 6000]},
        r"settings\.heartbeat: .*its scale must be 1",
    ),
    (RIG, {"choices__outlet__bit": 8}, r"choices\.outlet and choices\.inlet share holding 40001"),
    (RIG, {"settings__heartbeat__holding": 40005}, r"share holding 40005"),
    (RIG, {"capabilities": ["CollectionRig"]}, "'CollectionRig' is unknown, did you mean CollectingRig"),
    (
        METER,
        {"capabilities": ["PressureController"]},
        r"settings\.setpoint is missing, which a PressureController has",
    ),
    (METER, {"absolute": None}, "absolute is missing: a PressureGauge tells whether it counts from vacuum"),
    (
        RIG,
        {"choices__inlet__holding": None, "choices__inlet__input": 40030, "modbus__functions": [3, 4, 6, 16]},
        r"choices\.inlet: it is told what to be, and an input register can't be written",
    ),
    (RIG, {"modbus__functions": [3, 6]}, r"settings\.regulator: it is written by function 16, not among"),
    (METER, {"flags__alarms__bits": {"mro": 1}}, r"flags\.alarms\.bits\.mro"),
    (METER, {"modbus__counts_from": None}, r"modbus\.counts_from is missing"),
    (METER, {"modbus__functions": None}, r"modbus\.functions is missing"),
    (METER, {"modbus__order": None}, r"readings\.volume: state modbus\.order"),
    (METER, {"modbus__functions": [4]}, r"readings\.volume: it is read by function 3, which is not among"),
    (METER, {"modbus__functions": [3]}, r"settings\.damping: it is written by function 6 or 16"),
    (METER, {"modbus__counts_from": 40005}, r"readings\.volume: holding 40001 has no address"),
    (METER, {"source": None}, "source is missing"),
    (
        METER,
        {"readings__density__limit": None, "readings__density__percent_of_reading": None},
        "state its limit of error",
    ),
    (METER, {"readings__density__accuracy": "exact"}, "state its limit of error"),
    (METER, {"readings__density__unit": "furlong"}, r"readings\.density: .*furlong"),
    (
        METER,
        {"readings__density__span": [5000, 6000]},
        r"its span is 5000 to 6000 kg/m3, its register holds -2376.8 to",
    ),
    (METER, {"readings__density__doc": "Density"}, "doc is a sentence"),
    (METER, {"readings__density__type": None}, "state the type of the holding register"),
    (METER, {"readings__density__coil": 3}, "state exactly one of coil, discrete, input and holding"),
    (METER, {"readings__density__span": [3, 2]}, "the lower end comes first"),
    (METER, {"readings__density__scale": 0}, "scale must not be 0"),
    (METER, {"readings__temperature__channels": [1, 1]}, "a channel's number stands there twice"),
    (METER, {"readings__temperature__rest": {"holding": 1, "type": "u16"}}, "has no channels and no offset"),
    (
        METER,
        {"settings__read": METER["settings"]["damping"]},
        r"settings\.read: a row can't be called 'read'",
    ),
    (METER, {"settings__density": METER["settings"]["damping"]}, "another row has this name"),
    (
        METER,
        {
            "settings__damping__holding": None,
            "settings__damping__input": 40008,
            "modbus__functions": [3, 4, 6, 16],
        },
        r"settings\.damping: it is told what to be, and an input register can't",
    ),
    (METER, {"choices__unit_of_density__choices": {"A": 1, "B": 1}}, "two states are the same on the wire"),
    (
        METER,
        {"choices__unit_of_density__choices": {"A": 1, "B": 70000}},
        r"choices\.unit_of_density: 70000 does not fit into a register of type u16",
    ),
    (METER, {"actions__clear__content": -1}, r"actions\.clear: -1 does not fit"),
    (METER, {"flags__alarms__bits": {"A": 16}}, r"bit 16 is none of a register of type = .u16"),
    (METER, {"flags__alarms__type": "f32"}, r"conditions are bits of whole numbers"),
    (METER, {"flags__alarms__bits": {"A": 1, "B": 1}}, "two conditions have the same bit"),
    (METER, {"actions__clear__bit": 16}, "less than or equal to 15"),
    (
        METER,
        {"actions__clear__type": "u32", "actions__clear__bit": 1},
        "bits are counted in registers of type",
    ),
    (METER, {"choices__unit_of_density__bit": 1}, "a bit is 0 or 1"),
    (METER, {"never": [{"holding": 40012, "type": "u16"}]}, r"actions\.clear: it lies where never says"),
    (METER, {"readings__volume__span": [0, 1e6], "nonsense": 1}, "nonsense is unknown"),
    (
        METER,
        {"modbus__wide": [[40001, 40999]]},
        r"readings\.density: holding 40005 is among wide, and a i16 has no 32 bits",
    ),
    (METER, {"agree": [AGREE | {"gives": "mass"}]}, "agree: 'mass' is no reading of the table"),
    (METER, {"agree": [AGREE | {"product": ["damping"]}]}, "agree: 'damping' is no reading of the table"),
    (METER, {"agree": [AGREE | {"product": ["temperature"]}]}, "'temperature' is no reading .* no channels"),
    (
        METER,
        {"agree": [AGREE | {"product": ["density", "volume"]}]},
        "agree: density is in kg/m3, which is no unit of kg/m3 × m3",
    ),
    (
        METER,
        {"agree": [AGREE | {"unit": "m2"}]},
        "agree: density is in kg/m3, which is no unit of kg/m3 × m2",
    ),
    (METER, {"agree": [AGREE | {"within": 1.5}]}, r"agree\.0\.within"),
]


@pytest.mark.parametrize(("base", "at", "said"), WRONG, ids=[said[:40] for _, _, said in WRONG])
def test_what_is_missing_or_doubtful_is_refused(base: dict[str, Any], at: dict[str, Any], said: str) -> None:
    with pytest.raises(BenchError, match=said):
        driver(base, **at)


UNSAFE: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (RIG, {"safe__drain": None}, r"safe\.drain is missing: the safe state of a CollectingRig says what"),
    (RIG, {"safe__inlet": None, "safe__outlet": None}, "says what becomes of inlet and outlet"),
    (PUMP, {"safe": {"speed": 0}}, r"safe\.stop is missing: the safe state of a FlowSource says"),
    (BANK, {"safe__opened": 3}, r"safe\.opened = 3\.0 is not safe: .* of a NozzleBank it is 0"),
    (BRANCHES, {"safe__opened": 1}, r"safe\.opened = 1\.0 is not safe: .* of a BranchedRig it is 0"),
    (BELL, {"safe__filling": "OPEN"}, r"safe\.filling = 'OPEN' is not safe: .* a BellProver it is 'SHUT'"),
    (BELL, {"safe__outlet": "OPEN"}, r"safe\.outlet = 'OPEN' is not safe: .* a BellProver it is 'SHUT'"),
    (BELL, {"safe__regulator": None}, r"safe\.regulator is missing: the safe state of a BellProver says"),
    (TANK, {"safe__supply": 80}, r"safe\.supply = 80\.0 is not safe: .* of a GasCollector it is 0"),
    (TANK, {"safe__evacuation": "OPEN"}, r"safe\.evacuation = 'OPEN' is not safe: .* it is 'SHUT'"),
    (TANK, {"safe__diverter": None}, r"safe\.diverter is missing: the safe state of a GasCollector says"),
]


@pytest.mark.parametrize(("base", "at", "said"), UNSAFE, ids=[said[:40] for _, _, said in UNSAFE])
def test_what_stays_open_is_not_opened(base: dict[str, Any], at: dict[str, Any], said: str) -> None:
    kind = driver(base, **at)
    with pytest.raises(BenchError, match=said):
        opened(kind)


# Every key of a table changes what its driver is


def item(name: str, **at: Any) -> Any:
    return named(driver(**at))[name]


def differs(look: Callable[[Any], object], **at: Any) -> bool:
    return look(driver()) != look(driver(**at))


def asked(name: str) -> Callable[[Any], object]:
    return lambda kind: (named(kind)[name].wire, kind.wire)


NONE = {
    "holding": 40400, "type": "u16", "unit": "kg/m3", "span": [0, 9], "accuracy": "exact", "doc": "Empty.",
}  # fmt: skip


def is_believed(**at: Any) -> bool:
    """Tell whether a meter that shows 998 kg/m3 is believed with an agreement."""
    try:
        opened(driver(agree=[AGREE | at], readings__none=NONE), density=lambda: 998.0)
    except WrongInstrument:
        return False
    return True


def is_relative(unit: str) -> bool:
    """Tell whether a meter is believed that shows 998 kg/m3 and a relative density of 0.998."""
    relative = NONE | {"holding": 40402, "type": "f32", "unit": "1"}
    kind = driver(
        agree=[AGREE | {"product": ["relative"], "times": 1.0, "unit": unit}], readings__relative=relative
    )
    try:
        opened(kind, density=lambda: 998.0, relative=lambda: 0.998)
    except WrongInstrument:
        return False
    return True


def safe_after(**at: Any) -> float:
    """Return after how many seconds a meter is safe whose pressure falls by 10 kPa a second to 95 kPa."""
    kind = driver(relieved=RELIEF | at, readings__constant=METER["readings"]["pressure"] | {"holding": 40500})
    clock = VirtualClock(0.0)
    reads = {"pressure": lambda: max(95.0, 600.0 - 10 * clock.now()), "constant": lambda: 50.0}
    twin = ModbusSimulated(kind, World(clock, 1), "twin", reads=reads)
    kind.over(MemoryLink(twin), clock=clock, table=kind.stated_table).make_safe()
    return clock.now()


def is_never_safe(**at: Any) -> bool:
    try:
        safe_after(**at)
    except SafeStateNotReached:
        return True
    return False


def is_spoilt(by: str, **at: Any) -> bool:
    """Tell whether the density is refused while the meter says that it is empty, in its usual unit."""
    kind = driver(readings__density__unless=[by], **at)
    meter = opened(kind, density=lambda: 998.0, alarms=lambda: 8)
    try:
        meter.density.read()
    except InstrumentError as error:
        return "density has no valid value: " in str(error)
    return False


def says_by_what(**at: Any) -> bool:
    try:
        driver(readings__density__unless=["alarms"], **at)
    except BenchError as error:
        return "unless names alarms" not in str(error)
    return True


KEYS: dict[str, Callable[[], bool]] = {
    "Stated.maker": lambda: driver(maker="B").maker == "B",
    "Stated.model": lambda: driver(model="B").model == "B",
    "Stated.source": lambda: "B" in describe(driver(source="B")).doc,
    "Stated.capabilities": lambda: (
        describe(driver(capabilities=["Densitometer"])).capabilities == ("Densitometer",)
    ),
    "Stated.absolute": lambda: not opened(driver(absolute=False)).is_absolute(),
    "Map.modbus": lambda: driver().wire.manual_counts_from == 40001,
    "Map.readings": lambda: (
        "more" in named(driver(readings__more=METER["readings"]["pressure"] | {"holding": 40100}))
    ),
    "Map.settings": lambda: "damping" in named(driver()),
    "Map.choices": lambda: "unit_of_density" in named(driver()),
    "Map.flags": lambda: "alarms" in named(driver()),
    "Map.actions": lambda: "clear" in named(driver()),
    "Stated.safe": lambda: (
        [str(driver(safe__damping=to).safe[0]) for to in (20, 1)] == ["damping = 20 s", "damping = 1 s"]
    ),
    "Stated.relieved": lambda: 49 <= safe_after() <= 53,
    "Relieved.reading": lambda: safe_after(reading="constant") < 1,
    "Relieved.below": lambda: 29 <= safe_after(below=310) <= 33,
    "Relieved.unit": lambda: safe_after(unit="hPa", below=3100) == safe_after(below=310),
    "Relieved.within": lambda: is_never_safe(within=40) and is_never_safe(below=94),
    "Stated.expects": lambda: str(driver(expects={"damping": 3}).expects[0]) == "damping = 3 s",
    "Stated.agree": lambda: is_believed() and not is_believed(times=2),
    "Agreement.product": lambda: not is_believed(product=["none"]),
    "Agreement.times": lambda: is_believed(times=1.005) and not is_believed(times=1.02),
    "Agreement.unit": lambda: is_relative("g/cm3") and not is_relative("kg/m3"),
    "Agreement.gives": lambda: not is_believed(gives="none"),
    "Agreement.within": lambda: is_believed(times=1.02, within=0.03),
    "Map.never": lambda: driver(never=[{"coil": 4}]).forbidden[0].number == 4,
    "Way.counts_from": lambda: driver(modbus__counts_from=40000).wire.manual_counts_from == 40000,
    "Way.functions": lambda: driver(modbus__functions=[3, 6]).wire.functions == {3, 6},
    "Way.order": lambda: driver(modbus__order="DCBA").wire.order == "DCBA",
    "Way.slowest_reply": lambda: driver(modbus__slowest_reply=3.0).wire.slowest_reply == 3.0,
    "Way.pause": lambda: driver(modbus__pause=0.5).wire.pause == 0.5,
    "Way.longest_read": lambda: driver(modbus__longest_read=9).wire.longest_read == 9,
    "Way.longest_gap": lambda: driver(modbus__longest_gap=9).wire.longest_gap == 9,
    "Way.wide": lambda: driver(modbus__wide=[[47001, 47999]]).wire.wide == ((7000, 7998),),
    "Way.baud": lambda: driver(modbus__baud=1200).wire.serial.baud == 1200,
    "Way.parity": lambda: driver(modbus__parity="E").wire.serial.parity == "E",
    "Way.stop": lambda: driver(modbus__stop=2).wire.serial.stop == 2,
    "Place.coil": lambda: (
        item("clear", actions__clear={"coil": 40003, "doc": "X."}, modbus__functions=[1, 3, 5, 6]).wire.table
        == "coil"
    ),
    "Place.discrete": lambda: (
        item(
            "alarms",
            flags__alarms={"discrete": 40003, "bits": {"A": 0}, "doc": "X."},
            modbus__functions=[2, 3, 6],
        ).wire.table
        == "discrete"
    ),
    "Place.input": lambda: (
        item(
            "alarms",
            flags__alarms={"input": 40003, "type": "u16", "bits": {"A": 0}, "doc": "X."},
            modbus__functions=[3, 4, 6],
        ).wire.table
        == "input"
    ),
    "Place.holding": lambda: differs(asked("density"), readings__density__holding=40200),
    "Place.type": lambda: differs(
        asked("density"), readings__density__type="u16", readings__density__offset=0
    ),
    "Place.order": lambda: item("density", readings__density__order="CDAB").wire.order == "CDAB",
    "Row.doc": lambda: any(
        one.doc == "New." for one in describe(driver(readings__density__doc="New.")).quantities
    ),
    "Valued.unit": lambda: (
        item("density", readings__density__unit="g/cm3", readings__density__span=[0, 2]).unit == "g/cm3"
    ),
    "Valued.span": lambda: item("density", readings__density__span=[0, 3]).span == (0, 3),
    "Scaled.scale": lambda: item("density", readings__density__scale=0.2).wire.scale == 0.2,
    "Scaled.offset": lambda: item("density", readings__density__offset=1).wire.offset == 1,
    "Indicated.accuracy": lambda: item("pulses").accuracy is EXACT and item("volume").accuracy is UNSTATED,
    "Indicated.limit": lambda: item("density", readings__density__limit=2).accuracy.absolute == 2,
    "Indicated.percent_of_reading": lambda: (
        item("density", readings__density__percent_of_reading=2).accuracy.reading == 0.02
    ),
    "Indicated.percent_of_span": lambda: (
        item("density", readings__density__percent_of_span=2).accuracy.span == 0.02
    ),
    "Indicated.source": lambda: item("density").accuracy.source == "page 4",
    "ReadingRow.rest": lambda: len(item("volume").wire.parts) == 2,
    "Indicated.wraps": lambda: (
        (item("pulses").modulus, item("pulses", readings__pulses__wraps=9e4).modulus) == (65536, 9e4)
    ),
    "Indicated.unless": lambda: not says_by_what() and says_by_what(flags__alarms__spoils=["EMPTY"]),
    "ReadingRow.no_value": lambda: item("pressure").no_value == (65000,),
    "ReadingRow.channels": lambda: item("temperature[5]").wire.number == 40028,
    "ReadingRow.step": lambda: item("temperature[2]", readings__temperature__step=None).wire.number == 40022,
    "SettingRow.confirmed": lambda: item("damping", settings__damping__confirmed=True).confirmed,
    "ChoiceRow.choices": lambda: item("unit_of_density").options.__members__["G_PER_CM3"].value == 91,
    "ChoiceRow.confirmed": lambda: (
        item("unit_of_density", choices__unit_of_density__confirmed=True).confirmed
    ),
    "FlagsRow.bits": lambda: int(item("alarms").conditions["EMPTY"]) == 8,
    "FlagsRow.resettable": lambda: bool(item("alarms", flags__alarms__resettable=["EMPTY"]).resettable),
    "FlagsRow.spoils": lambda: is_spoilt("alarms", flags__alarms__spoils=["EMPTY"]),
    "ChoiceRow.spoils": lambda: is_spoilt("unit_of_density", choices__unit_of_density__spoils=["KG_PER_M3"]),
    "ActionRow.content": lambda: item("clear").content == 7,
    "Bit.bit": lambda: item("clear", actions__clear__bit=3, actions__clear__content=1).wire.bit == 3,
}

OWN = [
    cls
    for module in (rows, table)
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, BaseModel) and cls.__module__ == module.__name__
]
FIELDS = [f"{cls.__name__}.{name}" for cls in OWN for name in cls.__annotations__]


@pytest.mark.parametrize("field", FIELDS)
def test_every_key_of_a_table_is_heeded(field: str) -> None:
    assert KEYS[field](), f"{field} changes nothing"


def test_no_proof_is_left_of_a_key_that_is_gone() -> None:
    assert set(KEYS) == set(FIELDS)


def test_quantities_that_do_not_hang_together_are_another_instruments() -> None:
    kind = driver(agree=[AGREE | {"times": 2}])
    refused = "density is 998 kg/m3, and by density 998 kg/m3 it would be 1996: these are not its registers"
    with pytest.raises(WrongInstrument, match=refused):
        opened(kind, density=lambda: 998.0)
    assert opened(driver(agree=[AGREE | {"times": 2}]), density=lambda: 0.0).met is not None


# On a bench


def bench(tmp_path: Path, **settings: object) -> Path:
    said = {
        "bench": {"name": "B"},
        "instruments": {
            "dut": {"driver": "RegisterMap", "address": "modbus+tcp://127.0.0.1:9", "settings": settings}
        },
    }
    path = tmp_path / "bench.toml"
    path.write_text(as_toml(said), encoding="utf-8")
    return path


def test_a_bench_says_which_row_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "dm.toml").write_text(as_toml(changed(METER, absolute=None)), encoding="utf-8")
    with pytest.raises(BenchError, match=r"instruments\.dut\.settings: absolute is missing: a PressureGauge"):
        Bench.load(bench(tmp_path, table="dm.toml"))
    (tmp_path / "dm.toml").write_text(as_toml(METER), encoding="utf-8")
    drivers = Bench.load(bench(tmp_path, table="dm.toml", unit=3)).drivers
    assert drivers["dut"] is RegisterMap.as_stated({"table": as_toml(METER)})
    assert issubclass(drivers["dut"], RegisterMap)


def test_its_driver_fills_the_roles_its_table_says() -> None:
    assert _lacks(driver(), Densitometer) == ""
    assert _lacks(driver(), FlowSource) == "RegisterMap is no FlowSource"


def test_the_documentations_table_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "describe-a-bench.md").read_text("utf-8")
    (said,) = re.findall(r"```toml\n(maker = [^`]*\[modbus\][^`]*)```", page)
    gauge = RegisterMap.as_stated({"table": said})
    assert describe(gauge).capabilities == ("PressureGauge", "Thermometer")


JUNK = ("", "x", "__class__", "mro", -1, 0, 7, 1e308, 1e-320, [], ["x"], {}, {"x": 1}, True)


def paths(said: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in said.items():
        found.append((*above, key))
        if isinstance(value, dict):
            found += paths(value, (*above, key))
    return found


JUNK_AT = [*paths(METER), ("modbus", "wide"), ("agree",)]


@pytest.mark.parametrize("path", JUNK_AT, ids=".".join)
def test_whatever_stands_at_a_key_is_taken_or_refused_in_a_sentence(path: tuple[str, ...]) -> None:
    """A table may come from a stranger's journal."""
    for junk in JUNK:
        with contextlib.suppress(BenchError):
            driver(**{"__".join(path): junk})


@pytest.mark.parametrize("key", [*AGREE, "times"])
def test_whatever_stands_in_an_agreement_is_taken_or_refused_in_a_sentence(key: str) -> None:
    for junk in (*JUNK, ["density"] * 10, ["density", "temperature[1]"], [7]):
        with contextlib.suppress(BenchError, WrongInstrument):
            opened(driver(agree=[AGREE | {key: junk}]), density=lambda: 998.0)
