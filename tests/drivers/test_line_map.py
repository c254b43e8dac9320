"""Tables of lines: an instrument that talks text, without code; what is refused; every key is heeded."""

import contextlib
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest
from pydantic import BaseModel

from remotecal.clock import VirtualClock
from remotecal.configuration import as_toml
from remotecal.drivers.capabilities import Densitometer, FlowSource, Thermometer
from remotecal.drivers.catalogue import describe
from remotecal.drivers.declarations import named
from remotecal.drivers.mapped import lines
from remotecal.drivers.mapped.line_map import LineMap
from remotecal.errors import BenchError, ForbiddenCommand, GarbledReply, InstrumentError, WrongInstrument
from remotecal.sim.simulated_lines import LineSimulated
from remotecal.sim.world import World
from remotecal.testing import DRIVER_CHECKS, check_twin
from remotecal.testing.drivers import DriverCheck
from remotecal.testing.transcripts import on_socket

DENSITY: dict[str, Any] = {
    "maker": "Acme",
    "model": "DX-5",
    "source": "Acme DX-5 manual, page 40",
    "capabilities": ["Densitometer", "Thermometer", "FlowSource"],
    "line": {"ending": "\r\n", "slowest_reply": 1.0},
    "begin": ["STOP"],
    "serial": {"ask": "SN?", "reply": "SN {value}"},
    "never": ["ADJ"],
    "readings": {
        "density": {
            "ask": "DATA?", "separator": ",", "place": 1, "unit": "g/cm3", "span": [0, 3], "limit": 0.0001,
            "no_value": ["NO SAMPLE", -9.9], "takes": 4.0, "doc": "Density in the cell.",
        },
        "temperature": {
            "ask": "DATA?", "separator": ",", "place": 2, "reply": "T= {value} C", "unit": "°C",
            "span": [0, 90], "accuracy": "unstated", "doc": "Temperature of the cell.",
        },
    },
    "settings": {
        "speed": {
            "ask": "PUMP?", "reply": "PUMP {value}", "order": "PUMP {value}", "decimals": 1, "unit": "%",
            "span": [0, 100], "confirmed": True, "doc": "Speed of the sampling pump.",
        },
    },
    "choices": {
        "mode": {
            "ask": "MODE?", "order": "MODE {value}", "choices": {"FAST": "F", "SLOW": "S"}, "doc": "Mode.",
        },
    },
    "actions": {"start": {"order": "RUN", "doc": "Start."}, "stop": {"order": "HALT", "doc": "Stop."}},
    "safe": {"stop": True, "speed": 0},
    "expects": {"mode": "SLOW"},
}  # fmt: skip

OPENING = ((b"STOP\r\n", b""), (b"SN?\r\n", b"SN 4711\r\n"), (b"MODE?\r\n", b"S\r\n"))
"""What is said when it is opened."""


def changed(**at: Any) -> dict[str, Any]:
    said: dict[str, Any] = tomllib.loads(as_toml(DENSITY))
    for path, value in at.items():
        *way, last = path.split("__")
        place = said
        for step in way:
            place = place.setdefault(step, {})
        place.pop(last, None)
        if value is not None:
            place[last] = value
    return said


def driver(**at: Any) -> Any:
    return LineMap.as_stated({"table": as_toml(changed(**at))})


def opened(port: int, **more: Any) -> Any:
    return LineMap.open(
        f"TCPIP::127.0.0.1::{port}::SOCKET",
        name="dx",
        clock=VirtualClock(0.0),
        table=as_toml(DENSITY),
        **more,
    )


@pytest.mark.parametrize("check", DRIVER_CHECKS)
def test_it_keeps_what_drivers_promise(check: DriverCheck) -> None:
    try:
        check(driver())
    except SkipTest:
        pytest.skip("it has no registers")


def test_its_twin_and_it_understand_each_other() -> None:
    kind = driver()
    answers = {r"SN\?": "SN 4711", "STOP": None, r"DATA\?": "7,0.99821,T= 20.00 C"}
    commands = {pattern: lambda _, said=said: said for pattern, said in answers.items()}
    twin = LineSimulated(kind, World(VirtualClock(), 1), "dx", commands=commands)
    check_twin(twin, table=kind.stated_table)


def test_one_line_is_asked_for_once_and_taken_apart() -> None:
    with on_socket(*OPENING, (b"DATA?\r\n", b"7, 0.99821 , T=  20.00 C, ok\r\n")) as port, opened(port) as dx:
        density, temperature = dx.read(dx.density, dx.temperature)
    assert density[:2] == (0.99821, "g/cm3")
    assert temperature[:2] == (20.0, "°C")
    assert density.u == pytest.approx(0.0001 / 3**0.5)
    assert dx.met[:3] == ("Acme", "DX-5", "4711")
    assert dx.met.firmware.startswith("table ")
    assert isinstance(dx, Densitometer | Thermometer | FlowSource)


@pytest.mark.parametrize("answer", [b"7\r\n", b"7,0.99821,T 20 C\r\n"])
def test_another_form_is_no_value(answer: bytes) -> None:
    with (
        on_socket(*OPENING, (b"DATA?\r\n", answer)) as port,
        opened(port) as dx,
        pytest.raises(GarbledReply),
    ):
        dx.read(dx.density, dx.temperature)


@pytest.mark.parametrize("answer", [b"7,-9.90,T= 20.00 C\r\n", b"7,NO SAMPLE,T= 20.00 C\r\n"])
def test_where_there_is_no_value_it_says_so(answer: bytes) -> None:
    refused = InstrumentError if b"9.90" in answer else (InstrumentError, GarbledReply)
    with on_socket(*OPENING, (b"DATA?\r\n", answer)) as port, opened(port) as dx, pytest.raises(refused):
        dx.density.read()


def test_a_table_as_only_a_journal_can_have_it_is_refused_in_a_sentence() -> None:
    with pytest.raises(BenchError, match="half a letter"):
        LineMap.as_stated({"table": as_toml(DENSITY) + "# \ud800"})


def test_another_serial_number_or_mode_is_refused() -> None:
    refused = pytest.raises(WrongInstrument, match="serial number 12 is expected")
    with on_socket(*OPENING[:2]) as port, refused:
        opened(port, serial="12")
    fast = (*OPENING[:2], (b"MODE?\r\n", b"F\r\n"))
    with on_socket(*fast) as port, pytest.raises(WrongInstrument, match="mode is FAST"):
        opened(port)


def test_what_is_set_is_read_back_and_made_safe() -> None:
    said = (
        (b"PUMP 12.5\r\n", b""),
        (b"PUMP?\r\n", b"PUMP 12.5\r\n"),
        (b"RUN\r\n", b""),
        (b"HALT\r\n", b""),
        (b"PUMP 0.0\r\n", b""),
        (b"PUMP?\r\n", b"PUMP 0.0\r\n"),
    )
    with on_socket(*OPENING, *said) as port, opened(port) as dx:
        dx.speed.set(12.5)
        dx.start()
        dx.make_safe()
        with pytest.raises(ForbiddenCommand):
            dx.ask("ADJ 1")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"readings__density": None}, r"readings\.density is missing, which a Densitometer has, in kg/m3"),
    ({"actions__stop": None}, r"actions\.stop is missing, which a FlowSource does when told"),
    ({"readings__density__unit": "°C"}, r"readings\.density is in °C, a Densitometer gives it in kg/m3"),
    ({"readings__density__limit": None}, "state its limit of error"),
    ({"readings__density__reply": "no"}, r"reply has one \{value\}"),
    ({"readings__density__ask": "D {value}"}, r"ask has no \{value\}"),
    ({"readings__density__ask": "D {unit}"}, "no other braces"),
    ({"readings__density__order": "D {value}"}, r"readings\.density\.order is unknown"),
    ({"readings__density__separator": None}, "place counts fields: state the separator"),
    ({"readings__density__ask": "adj?"}, r"readings\.density: 'adj\?' contains what never says"),
    ({"begin": ["GO {unit}"]}, r"'GO \{unit\}' has braces"),
    ({"actions__start__order": "RUN {value}"}, r"'RUN \{value\}' has braces"),
    ({"begin": ["ADJ 3"]}, r"begin: 'ADJ 3' contains what never says"),
    ({"readings__density__ask": "A\nB"}, r"readings\.density: 'A\\nB' is not one line"),
    ({"actions__start__order": "启动"}, r"actions\.start: '启动' can't be written in ascii"),
    ({"choices__mode__choices": {"mro": "1", "B": "2"}}, r"choices\.mode\.choices\.mro"),
    ({"settings__speed__ask": None}, "what is confirmed is read back"),
    ({"serial": {"reply": "SN {value}"}}, r"serial\.ask is missing"),
    ({"line__encoding": "klingon"}, "line: encoding"),
    ({"line__ending": None}, r"line\.ending is missing"),
    ({"capabilities": ["WaterRig"]}, r"is missing, which a WaterRig has"),
]


@pytest.mark.parametrize(("at", "said"), WRONG, ids=[said[:40] for _, said in WRONG])
def test_what_is_missing_or_doubtful_is_refused(at: dict[str, Any], said: str) -> None:
    with pytest.raises(BenchError, match=said):
        driver(**at)


def item(name: str, **at: Any) -> Any:
    return named(driver(**at))[name]


KEYS: dict[str, Callable[[], bool]] = {
    "SaidSerial.ask": lambda: driver(serial__ask="S?").tells_serial.ask == "S?",
    "Answer.reply": lambda: item("speed").wire.unwrap("PUMP 3") == "3",
    "Answer.separator": lambda: item("density", readings__density__separator=";").wire.unwrap("1;2") == "2",
    "Answer.place": lambda: item("density", readings__density__place=0).wire.unwrap("1,2") == "1",
    "SaidSetting.ask": lambda: item("speed").wire.ask == "PUMP?",
    "SaidChoice.ask": lambda: item("mode").wire.ask == "MODE?",
    "SaidChoice.order": lambda: item("mode").wire.command("F") == "MODE F",
    "SaidSetting.decimals": lambda: item("speed").wire.number(3) == "3.0",
    "SaidReading.ask": lambda: item("density", readings__density__ask="Q?").wire.ask == "Q?",
    "SaidReading.no_value": lambda: item("density").no_value == ("NO SAMPLE", -9.9),
    "SaidReading.takes": lambda: item("density").takes == 4.0,
    "SaidSetting.order": lambda: item("speed", settings__speed__order="P {value}").wire.command("3") == "P 3",
    "SaidSetting.confirmed": lambda: item("speed").confirmed,
    "SaidChoice.choices": lambda: item("mode").options.__members__["FAST"].value == "F",
    "SaidChoice.confirmed": lambda: item("mode", choices__mode__confirmed=True).confirmed,
    "SaidChoice.spoils": lambda: item("mode", choices__mode__spoils=["FAST"]).spoilt("F") == "FAST",
    "SaidAction.order": lambda: item("start").wire.command("") == "RUN",
    "SaidAction.takes": lambda: item("start", actions__start__takes=5).takes == 5,
    "LineWay.ending": lambda: driver(line__ending="\r").wire.ending == "\r",
    "LineWay.reply_ending": lambda: driver(line__reply_ending=";").wire.reply_ending == ";",
    "LineWay.slowest_reply": lambda: driver(line__slowest_reply=7).wire.slowest_reply == 7,
    "LineWay.pause": lambda: driver(line__pause=7).wire.pause == 7,
    "LineWay.warm_up": lambda: driver(line__warm_up=7).wire.warm_up == 7,
    "LineWay.echo": lambda: driver(line__echo=True).wire.echo,
    "LineWay.ask_again": lambda: driver(line__ask_again=["BUSY"]).wire.ask_again == ("BUSY",),
    "LineWay.encoding": lambda: driver(line__encoding="gbk").wire.encoding == "gbk",
    "LineWay.baud": lambda: driver(line__baud=1200).wire.serial.baud == 1200,
    "LineWay.bits": lambda: driver(line__bits=7).wire.serial.bits == 7,
    "LineWay.parity": lambda: driver(line__parity="E").wire.serial.parity == "E",
    "LineWay.stop": lambda: driver(line__stop=2).wire.serial.stop == 2,
    "LineTable.line": lambda: driver().wire.ending == "\r\n",
    "LineTable.begin": lambda: driver(begin=["A", "B"]).begin == ("A", "B"),
    "LineTable.serial": lambda: driver(serial=None).tells_serial is None,
    "LineTable.readings": lambda: "density" in named(driver()),
    "LineTable.settings": lambda: "speed" in named(driver()),
    "LineTable.choices": lambda: "mode" in named(driver()),
    "LineTable.actions": lambda: "start" in named(driver()),
    "LineTable.never": lambda: driver(never=["X"]).forbidden == (".*X",),
}

FIELDS = [
    f"{cls.__name__}.{name}"
    for cls in vars(lines).values()
    if isinstance(cls, type) and issubclass(cls, BaseModel) and cls.__module__ == lines.__name__
    for name in cls.__annotations__
]


@pytest.mark.parametrize("field", FIELDS)
def test_every_key_of_a_table_is_heeded(field: str) -> None:
    assert KEYS[field](), f"{field} changes nothing"


def test_no_proof_is_left_of_a_key_that_is_gone() -> None:
    assert set(KEYS) == set(FIELDS)


def test_the_documentations_table_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "describe-a-bench.md").read_text("utf-8")
    (said,) = re.findall(r"```toml\n(maker = [^`]*\[line\][^`]*)```", page)
    assert describe(LineMap.as_stated({"table": said})).capabilities == ("Densitometer", "Thermometer")


JUNK = ("", "x", "__class__", "mro", "\r", "{value}", -1, 0, 7, 1e308, [], ["x"], {}, {"x": 1}, True)


def paths(said: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in said.items():
        found.append((*above, key))
        if isinstance(value, dict):
            found += paths(value, (*above, key))
    return found


@pytest.mark.parametrize("path", paths(DENSITY), ids=".".join)
def test_whatever_stands_at_a_key_is_taken_or_refused_in_a_sentence(path: tuple[str, ...]) -> None:
    """A table may come from a stranger's journal."""
    for junk in JUNK:
        with contextlib.suppress(BenchError):
            driver(**{"__".join(path): junk})
