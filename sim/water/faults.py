"""Faults one can give to the rig."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, get_args

from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from remotecal.sim.machine import Machine
    from remotecal.sim.water.diverter import Diverter
    from remotecal.sim.water.line import Pipework
    from remotecal.sim.world import World

RigFault = Literal["leaking", "pump trip", "valve stuck", "diverter stuck"]


class RigFaults:
    """`rig.faults.set("leaking", 0.01)`, `rig.faults.clear("leaking")`.

    leaking        `size` kg/s are lost between meter and tank (two meters: between them)
    pump trip      the drive trips; the pump does not start again until cleared
    valve stuck    the valve `where` stays as it stands
    diverter stuck the diverter stays as it stands
    """

    def __init__(
        self, world: World, pump: Machine, line: Pipework, diverter: Diverter, changed: Callable[[], None]
    ) -> None:
        """`changed` takes up what was just done to them."""
        self._world = world
        self._pump, self._line, self._diverter = pump, line, diverter
        self._changed = changed
        self.leak = 0.0
        """Mass flow lost, in kg/s."""

    def set(self, fault: RigFault, size: float = 0.0, where: str = "outlet") -> None:
        """Make something fail.

        Raises:
            ConfigurationError: there is no such fault or valve.
        """
        self._apply(fault, size, where, failing=True)

    def clear(self, fault: RigFault, where: str = "outlet") -> None:
        """Repair it.

        Raises:
            ConfigurationError: there is no such fault or valve.
        """
        self._apply(fault, 0.0, where, failing=False)

    def _apply(self, fault: RigFault, size: float, where: str, *, failing: bool) -> None:
        valves = self._line.valves
        with self._world.present() as time:
            if fault == "leaking":
                self.leak = size
            elif fault == "pump trip":
                self._pump.tripped = failing
                if failing:
                    self._pump.trip()
            elif fault == "diverter stuck":
                self._diverter.stuck = failing
            elif fault == "valve stuck" and where in valves:
                valve = valves[where]
                if failing:
                    valve.stick(time)
                else:
                    valve.release(time)
            else:
                known = f"faults {get_args(RigFault)}, valves {tuple(valves)}"
                raise ConfigurationError(f"there is no fault {fault!r} at {where!r}; there are {known}")
            self._changed()
