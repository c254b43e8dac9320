"""What the Modbus declarations refuse, and what a bench may say of an instrument that is set otherwise."""

from typing import ClassVar

import pytest
from twins import twin

from remotecal.drivers.codecs import Register, coil, holding_f32
from remotecal.drivers.endress_hauser.promass import Promass83
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Setting
from remotecal.errors import BenchError
from remotecal.sim.memory import MemoryLink


def test_what_must_never_be_written_can_not_be_declared() -> None:
    with pytest.raises(TypeError, match="lies where nothing may be written"):

        class Zeroing(ModbusInstrument):
            forbidden: ClassVar[tuple[Register, ...]] = (coil(8),)
            zero = Action(coil(8), 1)


def test_a_register_needs_a_function_the_instrument_has() -> None:
    with pytest.raises(TypeError, match="needs function 3"):

        class ReadsInputsOnly(ModbusInstrument):
            wire: ClassVar[Modbus] = Modbus(functions=frozenset({4}))
            level = Setting(holding_f32(0), "%", span=(0, 100))


def test_a_bench_may_say_that_a_meter_sends_its_bytes_in_another_order() -> None:
    simulated, settings = twin("Promass83")
    link = MemoryLink(simulated, "reference", "memory:reference")
    right = Promass83(link, **settings)
    wrong = Promass83(link, **settings, order="ABCD")
    warm = right.temperature.read().value
    assert warm == pytest.approx(20.0)
    assert wrong.temperature.read().value != pytest.approx(warm)
    with pytest.raises(BenchError, match="in one of the orders"):
        Promass83(link, **settings, order="CBAD")  # type: ignore[arg-type]
