"""A meter under test is read by what a laboratory has: a PLC's counter, an I/O module, each by a table."""

from dataclasses import replace
from typing import Any

import pytest

from remotecal.configuration import as_toml
from remotecal.drivers.capabilities import Ammeter, PulseCounter
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.sim.simulated_modbus import ModbusSimulated
from remotecal.sim.water.assemblies import GravimetricRig

FEW = {"flows": [20.0], "repeats": 2}


def row(number: int, **more: object) -> dict[str, object]:
    return {"holding": number, "type": "u16", "doc": "As its program has it.", **more}


COUNTER: dict[str, Any] = {
    "model": "high-speed counter of a PLC, gated by the diverter",
    "source": "program of rig 2, data block 41",
    "capabilities": ["PulseCounter"],
    "modbus": {"counts_from": 40001, "functions": [3, 6, 16], "order": "ABCD"},
    "readings": {
        "gated_pulses": row(40001, type="u32", unit="1", span=[0, 4294967295], limit=1),
        "running_pulses": row(
            40003, type="u32", unit="1", span=[0, 4294967295], accuracy="exact", wraps=True
        ),
        "serial_number": row(40007, type="u32", unit="1", span=[0, 999999], accuracy="exact"),
    },
    "actions": {"count_gated": row(40005, bit=0), "count_freely": row(40005, bit=1)},
}
"""What is needed of a counter: a count between the gate's edges, one that runs, and how either begins."""

MODULE: dict[str, Any] = {
    "model": "8 analog inputs, 4 to 20 mA in 65536 steps",
    "source": "the module's manual; numbers here are the test's own",
    "capabilities": ["Ammeter"],
    "modbus": {"counts_from": 40001, "functions": [3]},
    "readings": {
        "current": row(40003, unit="mA", span=[4, 20], scale=16 / 65535, offset=4, percent_of_span=0.1)
    },
    "flags": {
        "status": row(
            40103, bits={"NO_VALUE": 0, "OVER": 1, "UNDER": 2, "OPEN": 3, "ADC": 7, "CALIBRATION": 9}
        )
    },
}
"""An input of an I/O module; the bits are those of an ADAM-6200."""


def read_by(table: dict[str, Any], twin: Any) -> type[GravimetricRig]:
    text = as_toml(table)

    class ByTable(GravimetricRig):
        """Gravimetric water rig whose meter is read by a table."""

        def __init__(self, world, options):
            super().__init__(world, options)
            served = twin(RegisterMap.as_stated({"table": text}), self.rig)
            settings = {"unit": 1, "table": text}
            self.wired["dut"] = replace(
                self.wired["dut"],
                simulated=served,
                serial=None,
                settings=settings,
                certified=None,
                port="socket",
            )

    return ByTable


def counting(driver, rig) -> ModbusSimulated:
    """Return a PLC that counts the meter's pulses."""
    seen = {"opened": 0, "gated": 0, "begun": 0}

    def gate(_: float, opened: bool) -> None:
        if opened:
            seen["opened"] = int(rig.dut.cycles)
        else:
            seen["gated"] = int(rig.dut.cycles) - seen["opened"]

    rig.gate.listeners.append(gate)
    return ModbusSimulated(
        driver,
        rig.world,
        "counter",
        reads={
            "serial_number": lambda: 4711,
            "gated_pulses": lambda: seen["gated"],
            "running_pulses": lambda: int(rig.dut.cycles) - seen["begun"],
        },
        writes={"count_freely": lambda _: seen.update(begun=int(rig.dut.cycles))},
    )


def error(ran) -> float:
    (table,) = (table for table in ran.record.tables if table.rows == 1 and len(table.columns) > 2)
    column = next(column for column in table.columns if column.unit == "%")
    return float(column.values[0])


@pytest.fixture
def native(bench_of, run_on):
    return run_on(bench_of(GravimetricRig, seed=3), parameters=FEW)


def test_a_plcs_gated_counter_counts_what_a_universal_counter_does(native, bench_of, run_on) -> None:
    bench = bench_of(read_by(COUNTER, counting), seed=3)
    ran = run_on(bench, parameters=FEW)
    assert PulseCounter in RegisterMap.as_stated({"table": as_toml(COUNTER)}).__mro__
    used = ran.evidence.instruments["dut"]
    assert used.serial == "4711", "the counter's own, and not that of the meter it reads"
    assert error(ran) == pytest.approx(error(native), abs=0.002)
    assert error(ran) == pytest.approx(bench.true_error(20.0), abs=0.05)


def test_a_counter_starts_again_where_its_register_is_full(bench_of) -> None:
    kind = RegisterMap.as_stated({"table": as_toml(COUNTER)})
    assert kind.running_pulses.modulus == 2**32


def test_an_io_modules_current_is_what_the_meter_sends(bench_of, run_on) -> None:
    def sensing(driver, rig) -> ModbusSimulated:
        reads = {"current": lambda: rig.dut.current * 1000.0}
        return ModbusSimulated(driver, rig.world, "module", reads=reads)

    bench = bench_of(read_by(MODULE, sensing), seed=3, output="current")
    ran = run_on(bench, parameters=FEW)
    assert Ammeter in RegisterMap.as_stated({"table": as_toml(MODULE)}).__mro__
    assert error(ran) == pytest.approx(bench.true_error(20.0), abs=0.1)
