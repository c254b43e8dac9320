"""What a calibration on the simulated rig should find, were it perfect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.sim.water.ledger import Collection

if TYPE_CHECKING:
    from remotecal.sim.water.rig import Rig


class Truth:
    """The rig's true values; nothing an instrument could show."""

    def __init__(self, rig: Rig) -> None:
        self.output_error = 0.0
        """Relative error (1) of the output the meter under test is read by, such as its 4–20 mA."""
        self._rig = rig

    def error(self, flow: float, temperature: float | None = None) -> float:
        """Return the meter under test's true relative error (1) without its noise, as it is read.

        Args:
            flow: in m³/h.
            temperature: of the water, in °C; by default that of this moment.
        """
        with self._rig.world.present():
            water = self._rig.temperature if temperature is None else temperature
            error = self._rig.dut.error(flow / 3600.0, water)
            return (1.0 + error) * (1.0 + self.output_error) - 1.0

    def reference_error(self, flow: float) -> float:
        """Return the reference meter's true relative error (1) at `flow` in m³/h."""
        with self._rig.world.present():
            return self._rig.reference.error(flow / 3600.0, self._rig.temperature)

    @property
    def collections(self) -> list[Collection]:
        """What truly passed while the gate was open, each time."""
        return self._rig.ledger.collections

    @property
    def asymmetry(self) -> float:
        """What must be added to the collection time, in s, apart from its jitter."""
        return self._rig.spec.diverter.asymmetry

    def imbalance(self) -> float:
        """Return the mass in kg that the rig has lost track of: 0 but for rounding."""
        with self._rig.world.present():
            return self._rig.ledger.imbalance(self._rig.packed)
