"""What stands on a simulated rig, and on which kind of port each instrument is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from remotecal.sim.instruments.balance import SicsBalance
from remotecal.sim.instruments.counter import PulseCounter
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.instruments.flow_meters import mag6000, promag, promass, tuf2000m
from remotecal.sim.instruments.multimeter import Multimeter
from remotecal.sim.instruments.thermometers import AmbientTransmitter, MilliK, probe
from remotecal.sim.serving import (
    PSEUDO_TERMINALS,
    Framing,
    LineServing,
    PortServer,
    RtuServing,
    SocketServer,
    TcpServing,
)
from remotecal.sim.simulated_modbus import ModbusSimulated
from remotecal.sim.water.rig_controller import rig_controller

if TYPE_CHECKING:
    from remotecal.drivers.links.wire import Line, Modbus
    from remotecal.sim.simulated import Simulated
    from remotecal.sim.water.outfit import Outfit
    from remotecal.sim.water.rig import Rig

Port = Literal["socket", "serial"]


@dataclass(frozen=True, slots=True)
class Place:
    """An instrument at its place on the bench."""

    simulated: Simulated
    port: Port
    serial: str | None = None
    """The serial number it tells."""
    settings: dict[str, int] = field(default_factory=dict)
    """What its driver has to be told."""
    calibrated: tuple[str, ...] = ()
    """What its certificate states, by the names of `outfit.CERTIFIED`."""

    def serve(self, servers: ExitStack) -> str:
        """Start to serve, until `servers` closes; return the address.

        Where there are no pseudo-terminals a serial line ends in a gateway with a socket.
        """
        modbus = isinstance(self.simulated, ModbusSimulated)
        wire = self.simulated.driver.wire
        framing: Framing
        if not modbus:
            framing = LineServing(cast("Line", wire))
        elif self.port == "socket":
            framing = TcpServing(cast("Modbus", wire))
        else:
            framing = RtuServing(cast("Modbus", wire))
        if self.port == "serial" and PSEUDO_TERMINALS:
            port = PortServer(self.simulated, framing)
            servers.callback(port.close)
            return f"modbus+rtu://{port.device}" if modbus else f"ASRL{port.device}::INSTR"
        server = SocketServer(self.simulated, framing)
        servers.callback(server.close)
        if modbus:
            return f"modbus+{'' if self.port == 'socket' else 'rtu+'}tcp://{server.host}:{server.port}"
        return f"TCPIP::{server.host}::{server.port}::SOCKET"


WireUp = Callable[["Rig", "Outfit", str], dict[str, Place]]
"""Puts the instruments on a rig; takes how the meter under test is read."""

OUTPUTS = ("pulses", "current", "mag6000", "promag53", "promass83", "tuf2000m")
"""How the meter under test can be read."""


def gravimetric(rig: Rig, drawn: Outfit, output: str) -> dict[str, Place]:
    """Return the instruments of a rig with weigh tank."""
    places = _common(rig, drawn, output)
    serial = "B512874411"
    places["balance"] = Place(
        SicsBalance(rig.world, rig.balance, serial=serial), "serial", serial, calibrated=("balance",)
    )
    return places


def master(rig: Rig, drawn: Outfit, output: str) -> dict[str, Place]:
    """Return the instruments of a line with a Coriolis reference meter."""
    places = _common(rig, drawn, output)
    reference = promass(rig.world, rig.reference, name="reference")
    places["reference"] = Place(
        reference, "serial", settings={"unit": reference.unit}, calibrated=("reference",)
    )
    return places


def _common(rig: Rig, drawn: Outfit, output: str) -> dict[str, Place]:
    certificates = drawn.certificates
    line = probe(rig.world, certificates["line_thermometer"], lambda: rig.temperature, "line")
    air = [certificates[name] for name in ("barometer", "air_thermometer", "hygrometer")]
    return {
        "pump": Place(Drive(rig.world, rig.pump), "serial", settings={"unit": 1}),
        "rig": Place(rig_controller(rig), "socket", settings={"unit": 1}),
        "thermometer": Place(
            MilliK(rig.world, {1: line}, serial="21-P2460"),
            "serial",
            "21-P2460",
            {"channel": 1, "largest_resistance": 115},
            ("line_thermometer",),
        ),
        "ambient": Place(
            AmbientTransmitter(rig.world, rig.air, air[0], air[1], air[2], serial="E4420011"),
            "serial",
            "E4420011",
            calibrated=("barometer", "air_thermometer", "hygrometer"),
        ),
        "dut": _read_by(rig, drawn, output),
    }


def _read_by(rig: Rig, drawn: Outfit, output: str) -> Place:
    """Return the instrument that reads the meter under test, or the meter itself."""
    if output == "pulses":
        error = -drawn.certificates["counter"].correction(0.0)
        counter = PulseCounter(
            rig.world, lambda: rig.dut.cycles, rig.gate, serial="MY50001234", timebase_error=error
        )
        return Place(counter, "socket", "MY50001234")
    if output == "current":
        meter = Multimeter(
            rig.world, lambda: rig.dut.current, drawn.certificates["ammeter"], serial="MY60012345"
        )
        return Place(meter, "socket", "MY60012345", calibrated=("ammeter",))
    kind = {"mag6000": mag6000, "promag53": promag, "promass83": promass, "tuf2000m": tuf2000m}[output]
    simulated = kind(rig.world, rig.dut, name="dut")
    return Place(simulated, "serial", settings={"unit": simulated.unit})
