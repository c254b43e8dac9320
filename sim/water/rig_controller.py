"""The rig controller on Modbus: the published register map in front of `controller.Controller`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.drivers.capabilities import Outlet, Valve
from remotecal.drivers.contents import Content
from remotecal.drivers.rig.controller import WaterRigController
from remotecal.sim.chance import chance
from remotecal.sim.instruments.transmitter import transmitter
from remotecal.sim.simulated import NOT_NOW, Refused, Sink
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from remotecal.sim.water.rig import Rig


def rig_controller(rig: Rig, *, unit: int = 1) -> ModbusSimulated:
    """Return the simulated controller; while tripped it refuses (exception 4) what is not safe."""
    plc = rig.controller
    line = rig.line
    # The working meter and the pressure transmitter err within what the map states.
    rng = chance(rig.world.seed, "controller")
    flow_error = rng.uniform(-0.006, 0.006)
    pressure_error = rng.uniform(-1.0, 1.0)

    def open_valve(name: str) -> Sink:
        return lambda state: _insist(done=plc.open_valve(name, opened=Valve(state) is Valve.OPEN))

    return ModbusSimulated(
        WaterRigController,
        rig.world,
        "rig controller",
        unit=unit,
        reads={
            "inlet": lambda: _opened(line.valves["inlet"].target),
            "outlet": lambda: _opened(line.valves["outlet"].target),
            "diverter": lambda: (Outlet.TANK if rig.diverter.told else Outlet.BYPASS).value,
            "drain": lambda: _opened(float(rig.tank.draining)),
            "regulator": lambda: 100.0 * line.valves["regulator"].target,
            **plc.read(),
            "flow": lambda: rig.reference.flow * 3600.0 * (1.0 + flow_error),
            "pressure": transmitter(
                rig.world, lambda: line.pressure / 1000.0 + pressure_error, "line pressure"
            ),
            "level": lambda: 100.0 * rig.tank.level,
            "collection_time": lambda: rig.timer.elapsed(rig.world.time),
        },
        writes={
            "inlet": open_valve("inlet"),
            "outlet": open_valve("outlet"),
            "diverter": lambda to: _insist(done=plc.divert(to_tank=Outlet(to) is Outlet.TANK)),
            "drain": lambda state: _insist(done=plc.open_drain(opened=Valve(state) is Valve.OPEN)),
            "regulator": lambda percent: _insist(done=plc.move_valve("regulator", float(percent) / 100.0)),
            **plc.written(),
        },
    )


def _opened(opening: float) -> Content:
    return int((Valve.OPEN if opening > 0.0 else Valve.SHUT).value)


def _insist(*, done: bool) -> None:
    if not done:
        raise Refused(*NOT_NOW)
