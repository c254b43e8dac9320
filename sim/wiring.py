"""An instrument at its place on a simulated bench, and on which kind of port it is served there."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from remotecal.sim.serving import (
    PSEUDO_TERMINALS,
    LineServing,
    PortServer,
    RtuServing,
    SocketServer,
    TcpServing,
)
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from remotecal.drivers.links.wire import Line, Modbus
    from remotecal.sim.attendance import Serving
    from remotecal.sim.certificates import Certified
    from remotecal.sim.loop import Loop
    from remotecal.sim.simulated import Simulated


@dataclass(frozen=True, slots=True)
class Wired:
    """An instrument wired up on the bench."""

    simulated: Simulated
    port: Literal["socket", "serial", "by hand"]
    """How it is reached; what has no interface is read by a person."""
    serial: str | None = None
    """The serial number it tells."""
    settings: Mapping[str, float | str] = field(default_factory=dict)
    """What its driver has to be told."""
    certified: Certified | None = None
    """What its certificate states; None if it has none."""

    @property
    def unserved(self) -> str:
        """Its address as long as it is not served: a person's, or that of no port."""
        return f"{'by-hand' if self.port == 'by hand' else 'memory'}:{self.simulated.name}"

    def serve(self, servers: ExitStack, loop: Loop) -> str:
        """Start to serve by a loop, until `servers` closes; return the address.

        Where there are no pseudo-terminals a serial line ends in a gateway with a socket.
        """
        if self.port == "by hand":
            return self.unserved
        modbus = isinstance(self.simulated, ModbusSimulated)
        wire = self.simulated.driver.wire
        framing: Serving
        if not modbus:
            framing = LineServing(cast("Line", wire))
        elif self.port == "socket":
            framing = TcpServing(cast("Modbus", wire))
        else:
            framing = RtuServing(cast("Modbus", wire))
        if self.port == "serial" and PSEUDO_TERMINALS:
            port = PortServer(self.simulated, framing, loop=loop)
            servers.callback(port.close)
            return f"modbus+rtu://{port.device}" if modbus else f"ASRL{port.device}::INSTR"
        server = SocketServer(self.simulated, framing, loop=loop)
        servers.callback(server.close)
        if modbus:
            return f"modbus+{'' if self.port == 'socket' else 'rtu+'}tcp://{server.host}:{server.port}"
        return f"TCPIP::{server.host}::{server.port}::SOCKET"
