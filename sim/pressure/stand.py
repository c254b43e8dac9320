"""What benches of pressure share: a device above whatever tells the pressure, in the air of the hall."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from remotecal.certificates.trust import Capability
from remotecal.sim.assembly import Assembly
from remotecal.sim.instruments.keller import keller
from remotecal.sim.pressure.device import PressureDevice
from remotecal.sim.pressure.outfit import device, drawn
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from random import Random

    from remotecal.sim.assembly import BenchOptions
    from remotecal.sim.world import World

MOLAR_MASS, GAS_CONSTANT = 28.0134e-3, 8.314462618
"""Of nitrogen in kg/mol, and in J/(mol K)."""


def capability(unit: str, cmc: str) -> Capability:
    """Return what the demonstration's laboratory may certify of devices of pressure, errors in `unit`."""
    return Capability(
        quantity="basic_measurementError",
        unit=unit,
        cmc=cmc,
        against="basic_referenceValue",
        against_unit="kPa",
        low="-1",
        high="11000",
    )


class DeviceStand(Assembly):
    """A device of pressure on a line; a subclass tells the pressure, and wires it up."""

    def __init__(self, world: World, options: BenchOptions, rng: Random, full: float) -> None:
        """Put a device up that has its full scale at `full` kPa; `rng` draws it and the room's sensors."""
        super().__init__(world, options)
        self.certificates = drawn(rng, full)
        """What each certificate or characterisation states, and what is true."""
        self.air = Air(world.random("air"))
        self.device = PressureDevice(device(rng, full), self._at_device, world.random("device"))
        world.physics = self.device.move

    @abstractmethod
    def pressure(self) -> float:
        """Return the gauge pressure in kPa at the level of what tells it."""

    def density(self, absolute: float) -> float:
        """Return the density of the medium in kg/m³ at an absolute pressure in Pa: that of nitrogen."""
        return absolute * MOLAR_MASS / (GAS_CONSTANT * (self.air.temperature(self.world.time) + 273.15))

    def _at_device(self) -> float:
        """Return the gauge pressure in kPa at the device, which stands above what tells it."""
        pressure, time = self.pressure(), self.world.time
        density = self.density(1000.0 * pressure + self.air.pressure(time))
        height, gravity = (self.certificates[name].correction(0.0) for name in ("height", "gravity"))
        return pressure - (density - self.air.density(time)) * gravity * height / 1000.0

    def shown(self) -> float:
        """Return what the device indicates in kPa, before it is rounded."""
        return self.device.indicated(self.air.temperature(self.world.time))

    def gauge(self) -> Wired:
        """Return the device as a gauge that is read on Modbus."""
        step = self.device.spec.step
        shown = keller(self.world, lambda: round(self.shown() / step) * step / 100.0, name="dut")
        return Wired(shown, "serial", settings={"unit": 1})

    def true_error(self, at: float) -> float:
        """Return an error in kPa that the device has in use at a pressure in kPa.

        It is come to from either side, after loads of which nobody knows: so it lies anywhere within the
        loop, and its zero is that of another cycle.
        """
        spec, rng = self.device.spec, self.world.random(f"in use at {at:.4g}")
        with self.world.present() as time:
            error = spec.error(at, self.air.temperature(time))
        return error + rng.uniform(-1, 1) * spec.apart(at) + rng.gauss(0.0, spec.shift * spec.full)
