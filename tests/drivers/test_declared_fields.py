"""Whatever can be declared is heeded: one test walks every field of every declaration and proves it.

A field without a proof fails, and so does a proof without a field. A proof shows the behaviour with
the field and without it, on a real wire where the field is about the wire.
"""

import dataclasses
import inspect
from pathlib import Path
from tempfile import TemporaryDirectory

import proofs_by_hand
import proofs_of_quantities
import proofs_of_traces
import proofs_of_wires
import pytest
from probes import MODE, SCPI, Body, Mode, driver, on_lines, on_rtu, rtu, setting
from proofs_of_wires import line_ending, modbus_order

from remotecal.bench_file import BenchFile
from remotecal.drivers.by_hand.stated import Dial
from remotecal.drivers.catalogue import describe
from remotecal.drivers.codecs import Phrase, Register, Scpi, Sum, coil
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.line_instrument import LineInstrument, ScpiInstrument
from remotecal.drivers.links import identification
from remotecal.drivers.links.wire import Line, Modbus, Serial
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Channels, Choice, Flags, Reading, Setting, Trace
from remotecal.drivers.ranges import Range, Ranges
from remotecal.drivers.shown import Shown
from remotecal.errors import (
    ForbiddenCommand,
    WrongInstrument,
)

# What a driver states as a whole


def instrument_maker() -> None:
    assert describe(driver(LineInstrument, maker="Acme", model="540")).instrument == "Acme 540"


def instrument_models() -> None:
    with pytest.raises(WrongInstrument), on_lines(Line(), SCPI[0], base=ScpiInstrument, models="541"):
        pass


def instrument_safe() -> None:
    level = setting()
    with on_lines(Line(), (b"L=0.0\n", b""), (b"L?\n", b"0\n"), level=level, safe=(level.to(0),)) as probe:
        probe.make_safe()


def instrument_hastened() -> None:
    """It is told behind the safe state, and nothing hangs on whether it is taken."""
    level = setting()
    told = (b"L=0.0\n", b""), (b"L?\n", b"0\n"), (b"L=1.0\n", b""), (b"L?\n", b"0\n")
    with on_lines(Line(), *told, level=level, safe=(level.to(0),), hastened=(level.to(1),)) as probe:
        probe.make_safe()


def instrument_expects() -> None:
    mode: Choice[Mode] = Choice(MODE, Mode)
    body: Body = {"mode": mode, "expects": (mode.to(Mode.FAST),)}
    with on_lines(Line(), (b"M?\n", b'"2"\n'), **body):
        pass
    with pytest.raises(WrongInstrument, match="mode is SLOW"), on_lines(Line(), (b"M?\n", b"1\n"), **body):
        pass


def instrument_files() -> None:
    """What a setting names is read beside the bench file, if the driver says that it is a file."""
    head = {"bench": {"name": "B"}}
    entry = {"driver": "RegisterMap", "address": "by-hand:x", "settings": {"table": "t.toml"}}
    file = BenchFile.model_validate({**head, "instruments": {"one": entry}})
    with TemporaryDirectory() as folder:
        (Path(folder) / "t.toml").write_bytes(b"a = 1\r\n")
        told = [file.with_texts({"one": files}, Path(folder)) for files in (("table",), ())]
    assert [one.instruments["one"].settings["table"] for one in told] == ["a = 1\n", "t.toml"]
    assert RegisterMap.files == ("table",)


def lines_forbidden() -> None:
    with on_lines(Line(), forbidden=("CAL",)) as probe, pytest.raises(ForbiddenCommand):
        probe.ask("CAL?")


def scpi_compound() -> None:
    with on_lines(Line(), *SCPI, (b"L=5.0;:SYST:ERR?\n", b"0\n"), base=ScpiInstrument, q=setting()) as probe:
        probe.q.set(5)
    apart = (SCPI[0], (b"SYST:ERR?\n", b"0\n"), (b"L=5.0\nSYST:ERR?\n", b"0\n"))
    with on_lines(Line(), *apart, base=ScpiInstrument, compound=False, q=setting()) as probe:
        probe.q.set(5)


def scpi_queue() -> None:
    stale = (b":SYST:ERR?\n", b'-222,"Data out of range"\n'), (b"SYST:ERR?\n", b'0,"No error"\n')
    with on_lines(
        Line(), SCPI[0], *stale, (b"L=5.0;:SYST:ERR?\n", b"0\n"), base=ScpiInstrument, q=setting()
    ) as probe:
        assert "-222" in probe.noted[0]
        probe.q.set(5)
    with on_lines(Line(), SCPI[0], (b"L=5.0\n", b""), base=ScpiInstrument, queue=False, q=setting()) as probe:
        probe.q.set(5)


def registers_forbidden() -> None:
    with pytest.raises(TypeError, match="nothing may be written"):
        driver(ModbusInstrument, forbidden=(coil(8),), zero=Action(coil(8), 1))


def registers_serial_object() -> None:
    """The object that holds the serial number is asked by itself, and believed."""
    wire = Modbus(functions=frozenset({3, 43}))
    whole = rtu(identification.question()), rtu(identification.answer({0: "Acme", 1: "P", 2: "1"}))
    one = (
        rtu(identification.question(0x80, identification.INDIVIDUAL)),
        rtu(identification.answer({0x80: "S7"}, identification.INDIVIDUAL)),
    )
    for told, exchanges in (({"serial_object": 0x80}, (whole, one)), ({}, (whole,))):
        with on_rtu(wire, *exchanges, maker="Acme", model="P", **told) as probe:
            assert probe.met.serial == ("S7" if told else "")


PROOFS = (proofs_of_wires, proofs_of_quantities, proofs_of_traces, proofs_by_hand)
PREFIXES: dict[str, type] = {
    "line": Line, "serial": Serial, "modbus": Modbus,
    "reading": Reading, "setting": Setting, "choice": Choice, "flags": Flags, "action": Action,
    "channels": Channels, "trace": Trace, "ranges": Ranges, "range": Range,
    "register": Register, "sum": Sum, "scpi": Scpi, "phrase": Phrase, "shown": Shown, "dial": Dial,
}  # fmt: skip
STATED = {
    "Instrument.maker": instrument_maker,
    "Instrument.model": instrument_maker,
    "Instrument.models": instrument_models,
    "Instrument.wire": line_ending,
    "Instrument.safe": instrument_safe,
    "Instrument.hastened": instrument_hastened,
    "Instrument.expects": instrument_expects,
    "Instrument.files": instrument_files,
    "LineInstrument.wire": line_ending,
    "LineInstrument.forbidden": lines_forbidden,
    "ScpiInstrument.compound": scpi_compound,
    "ScpiInstrument.queue": scpi_queue,
    "ModbusInstrument.wire": modbus_order,
    "ModbusInstrument.forbidden": registers_forbidden,
    "ModbusInstrument.serial_object": registers_serial_object,
}


def stated(cls: type) -> list[str]:
    """Return what can be declared by a class: its fields, or what its constructor takes."""
    if dataclasses.is_dataclass(cls):
        return [item.name for item in dataclasses.fields(cls) if item.init]
    return list(inspect.signature(cls).parameters)


FIELDS = [f"{prefix}_{name}" for prefix, cls in PREFIXES.items() for name in stated(cls)]
STATEMENTS = [
    f"{cls.__name__}.{name}"
    for cls in (Instrument, LineInstrument, ScpiInstrument, ModbusInstrument)
    for name, hint in inspect.get_annotations(cls).items()
    if str(hint).startswith("ClassVar")
]


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_that_can_be_declared_changes_behaviour(field: str) -> None:
    proof = next(filter(None, (getattr(module, field, None) for module in PROOFS)), None)
    assert callable(proof), f"nothing proves that {field} is heeded"
    proof()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_of_a_driver_changes_behaviour(statement: str) -> None:
    STATED[statement]()


def test_no_proof_is_left_of_a_field_that_is_gone() -> None:
    proofs = {
        name
        for module in PROOFS
        for name, item in vars(module).items()
        if inspect.isfunction(item) and item.__module__ == module.__name__
    }
    assert proofs == set(FIELDS)
    assert set(STATED) == set(STATEMENTS)
