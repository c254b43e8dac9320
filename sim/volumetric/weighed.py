"""A bench that calibrates a volumetric tank by weighed water, which a person pours from a can.

```python
with VesselBench.up(Path("vessel"), seed=7) as up:
    print(up.bench, up.order, up.true_error(900.0))
```
"""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING, Annotated, Final, Literal

from remotecal.certificates.trust import Capability
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import interpolate
from remotecal.sim.chance import chance
from remotecal.sim.instruments.tank_scale import tank_scale
from remotecal.sim.instruments.weighing import WEIGHT_DENSITY, Platform
from remotecal.sim.paper import Job, Paper, characteristic
from remotecal.sim.person import Bystander
from remotecal.sim.volumetric.vessel import (
    EXPANSION,
    NECKED,
    STRAIGHT,
    U_EXPANSION,
    Vessel,
    tank_thermometer,
)
from remotecal.sim.water.outfit import outfit
from remotecal.sim.water.rig import Rig
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from remotecal.procedures import Drivers
    from remotecal.sim.world import World

LEVELS: Final = {"straight": (300.0, 600.0, 900.0, 1200.0), "necked": (1150.0, 1200.0, 1250.0, 1300.0)}
"""Places of the scale in mm that the order names, by the vessel's shape."""
STAYS: Final = 1e-5
"""Air that stays in the vessel at each filling, or water that is spilled, ± m³."""
CARELESS: Final = 1.0
"""Standard deviation in mm with which a person fills it to a place."""


class VesselOptions(BenchOptions):
    """What can be chosen of a vessel that is calibrated."""

    dn: Annotated[Literal[25, 40, 50, 80, 100], In("mm")] = 50
    """Nominal diameter of the rig whose tank it is, which says how large it is."""
    shape: Literal["straight", "necked"] = "straight"
    """Whether it is one cylinder, or a body with a narrow neck above it, where it is read."""


class Can:
    """A can of water on a balance (`weighing.Load`). Act on it only inside `with world.present():`."""

    TARE, THRUST = 0.02, 1.0
    """The can itself as a share of what it holds, and what putting it down presses, in kg."""

    def __init__(self, rig: Rig, full: float) -> None:
        self._rig, self._full = rig, full
        self.mass = full
        """Water in it, in kg."""
        self.disturbed, self.thrust = rig.world.time, 0.0

    def fill(self) -> None:
        """Fill it, and put it on the balance."""
        self.take(self.mass - self._full)

    def take(self, mass: float) -> None:
        """Take so many kg out of it, and put it back on the balance."""
        self.mass -= mass
        self.disturbed, self.thrust = self._rig.world.time, self.THRUST

    def apparent(self, time: float) -> float:
        air, water = self._rig.air.density(time), self._rig.density
        buoyed = (1.0 - air / water) / (1.0 - air / WEIGHT_DENSITY)
        return self.TARE * self._full + self.mass * buoyed


class VesselBench(Assembly):
    """Volumetric tank with a scale, filled by a person with weighed water."""

    Options = VesselOptions
    procedures = ("flow.vessel_volume",)
    scope = (
        Capability(
            quantity="remotecal_tankVolume",
            unit="m3",
            cmc="0.000001",
            against="basic_measuredValue",
            against_unit="mm",
            low="10",
            high="3000",
        ),
        Capability(
            quantity="remotecal_cubicExpansion",
            unit="1/K",
            cmc="0.0000001",
            against="remotecal_cubicExpansion",
            against_unit="1/K",
            low="0",
            high="0.001",
        ),
    )

    states = ("remotecal_tankVolume", "basic_measuredValue")

    def __init__(self, world: World, options: VesselOptions) -> None:
        super().__init__(world, options)
        rng: Random = chance(options.seed, "weighed vessel")
        self._shape = options.shape
        self.outfit = outfit(options.seed, options.dn, gravimetric=True)
        """The water and the balance, as they were drawn."""
        self.rig = Rig(self.outfit.spec, world)
        world.watchers.clear()  # a person fills and drains it: there is no controller that guards it
        self.vessel = Vessel(self.rig, rng, NECKED if options.shape == "necked" else STRAIGHT)
        """The device under test."""
        self.can = Can(self.rig, 0.9 * self.outfit.spec.tank)
        self._stays = STAYS * rng.uniform(-1.0, 1.0)
        self._chance = world.random("filling")
        platform = Platform(self.outfit.spec.balance, self.can, world.random("can"))
        known = self.outfit.certificates
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        self.wired = {
            "dut": Wired(tank_scale(world, lambda: self.vessel.level), "serial", settings={"unit": 1}),
            "balance": stands.balance(world, platform),
            "thermometer": stands.thermometer(
                world, tank_thermometer(rng), lambda: self.vessel.temperature, "vessel"
            ),
            "ambient": stands.ambient(world, self.rig.air, *air),
        }
        beside = Bystander(
            world,
            {
                r"Drain the vessel, shut its drain": lambda _: self._drain(),
                r"Fill the vessel from the can up to ([\d.]+) mm": self._fill,
            },
            pace=180.0,
        )

        def drips(asked: str, options: Sequence[str]) -> str:
            """Let it drip for as long as is asked for."""
            if found := re.search(r"dripped for ([\d.]+) s", asked):
                world.clock.sleep(float(found[1]))
            return beside(asked, options)

        self.person = drips

    def _drain(self) -> None:
        self.rig.tank.drain(opened=True)
        self.can.fill()

    def _fill(self, asked: re.Match[str]) -> None:
        tank = self.rig.tank
        tank.drain(opened=False)
        poured = self.vessel.mass_at(float(asked[1]) + self._chance.gauss(0.0, CARELESS)) - tank.mass
        tank.mass += poured
        self.can.take(poured - self._stays * self.rig.density)

    def true_error(self, at: float) -> float:
        """Return what the vessel truly holds at 20 °C up to a level in mm, in m³."""
        volume = self.vessel.volume
        return interpolate((0.0, *volume.stated.points), (0.0, *volume.true), at)

    @classmethod
    def resembling(
        cls,
        parameters: Mapping[str, object],  # noqa: ARG003  a scale is as long as any other
        drivers: Drivers,  # noqa: ARG003  whatever reads it
    ) -> dict[str, object]:
        return {}

    def paper(self, today: date) -> Paper:
        water = self.outfit.certificates["water"].stated
        return Paper(
            name=f"simulated bench for volumetric tanks, up to {self.outfit.spec.tank:g} kg of water",
            job=Job(
                "flow.vessel_volume",
                "VESSEL",
                {
                    "levels": list(LEVELS[self._shape]),
                    "expansion": EXPANSION,
                    "expansion_expanded": U_EXPANSION,
                    "residue": STAYS,
                },
                {
                    "name": Text(zh="工作量器", en="Volumetric tank"),
                    "maker": "Simulated",
                    "model": f"{self.outfit.spec.tank:g} L",
                    "serial": "T-01",
                },
            ),
            characteristics={
                "water_density": characteristic(
                    water.corrections[0], water.unit, water.expanded[0], today, k=water.k
                ),
                "balance_resolution": characteristic(self.outfit.size.resolution, "kg", 0.0, today),
            },
        )
