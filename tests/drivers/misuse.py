"""What mypy must refuse: a line ending in a comment with error codes is a mistake, the others are right."""

from remotecal.drivers.capabilities import Balance, FlowMeter, Outlet, TemperatureScanner, Thermometer, Valve
from remotecal.drivers.keysight.counter53230a import Coupling, Edge, Keysight53230A
from remotecal.drivers.keysight.daq970a import KeysightDaq970A
from remotecal.drivers.measured import Measured
from remotecal.drivers.mettler.sics import MettlerSics
from remotecal.drivers.quantities import Reading
from remotecal.drivers.rig.controller import WaterRigController
from remotecal.drivers.tuf.tuf2000m import Tuf2000M


def readings(meter: Tuf2000M, balance: MettlerSics) -> Measured:
    declaration: Reading = Tuf2000M.flow
    print(declaration.accuracy)
    meter.flow.set(3)  # mypy: attr-defined
    meter.flow = 3  # mypy: misc, assignment
    meter.flwo.read()  # mypy: attr-defined
    meter.flwo = 3  # mypy: attr-defined
    Tuf2000M.flow.read()  # mypy: attr-defined
    balance.zero.read()  # mypy: attr-defined
    balance.zero()
    volume, flow = meter.read(meter.volume, meter.flow)
    print(volume.value + flow.value, meter.faults.read().PIPE_EMPTY)
    return meter.flow.read()


def channels(readout: KeysightDaq970A) -> Measured:
    declaration: Reading = KeysightDaq970A.temperature[103]
    print(declaration.accuracy)
    readout.temperature.read()  # mypy: attr-defined
    readout.temperature[103].set(3)  # mypy: attr-defined
    readout.temperature["103"].read()  # mypy: index
    readout.temperature = 3  # mypy: misc, assignment
    scanner: TemperatureScanner = readout
    one, two = readout.read(*readout.temperature)
    print(one.value + two.value, len(scanner.temperature))
    single: Thermometer = readout  # mypy: assignment
    print(single)
    return readout.temperature[103].read()


def settings(counter: Keysight53230A, rig: WaterRigController) -> None:
    counter.input_level.set(2.5)
    counter.input_level.set(2500, "mV")
    counter.input_level.set("2.5")  # mypy: arg-type
    counter.input_level = 2.5  # mypy: assignment
    counter.input_coupling.set(Coupling.DC)
    counter.input_coupling.set(Edge.RISING)  # mypy: arg-type
    counter.input_coupling.set("DC")  # mypy: arg-type
    rig.diverter.set(Outlet.TANK)
    rig.diverter.set(Valve.OPEN)  # mypy: arg-type
    rig.trips.set(0)  # mypy: attr-defined


def roles(meter: Tuf2000M, balance: MettlerSics) -> None:
    reference: FlowMeter = meter
    print(reference.flow)
    scale: Balance = balance
    print(scale.mass)
    wrong: Balance = meter  # mypy: assignment
    print(wrong)
    reference.flow.read().to("L/min")
    reference.flow.set(3)  # mypy: attr-defined
    reference.flow = 3  # mypy: misc, assignment
