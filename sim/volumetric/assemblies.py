"""Whole simulated benches whose standard is a volume.

```python
with VolumetricRig.up(Path("rig"), seed=7) as up:
    print(up.bench, up.order, up.true_error(20.0))
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from remotecal.model import Text
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly
from remotecal.sim.chance import chance
from remotecal.sim.instruments.tank_scale import tank_scale
from remotecal.sim.paper import Job, Paper, Standing
from remotecal.sim.volumetric.proving import ProverLine
from remotecal.sim.volumetric.vessel import Vessel, tank_thermometer
from remotecal.sim.volumetric.weighed import VesselBench
from remotecal.sim.water.assemblies import WaterBench, WaterOptions
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date

    from remotecal.procedures import Drivers
    from remotecal.sim.world import World


class VolumetricRig(WaterBench):
    """Volumetric water rig: pump, meter under test, diverter and a tank with a scale."""

    Options = WaterOptions
    procedures = ("flow.water_volumetric",)
    gravimetric = True

    def __init__(self, world: World, options: WaterOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "vessel")
        self.vessel = Vessel(self.rig, rng)
        """The tank, by its scale."""
        known = tank_thermometer(rng)
        wired = {name: place for name, place in self.wired.items() if name != "balance"}
        self.wired = {
            **wired,
            "tank_scale": Wired(tank_scale(world, lambda: self.vessel.level), "serial", settings={"unit": 1}),
            "tank_thermometer": stands.thermometer(
                world, known, lambda: self.vessel.temperature, "tank", serial="21-P2462"
            ),
        }

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        largest = 1000.0 * cast("float", parameters["largest_volume"])
        return super().resembling({**parameters, "largest_mass": largest}, drivers)

    def paper(self, today: date) -> Paper:
        weighed = super().paper(today)
        parameters = dict(weighed.job.parameters)
        for name in ("smallest_mass", "largest_mass", "empty"):
            parameters.pop(name)
        tank = self.rig.spec.tank / 1000.0
        parameters |= {"smallest_volume": round(0.8 * tank, 6), "largest_volume": round(0.95 * tank, 6)}
        facts = {name: each for name, each in weighed.characteristics.items() if name != "balance_resolution"}
        job = Job(
            "flow.water_volumetric",
            "VOLUME",
            parameters,
            weighed.job.dut,
            customer=weighed.job.customer,
            laboratory=Text(zh="示范流量实验室", en="Demonstration Flow Laboratory"),
        )
        return replace(
            weighed,
            name=f"simulated water rig with volumetric tank, up to {self.outfit.size.highest:g} m³/h",
            job=job,
            characteristics=facts,
            artefacts={"tank": Standing("T-01", self.vessel.certified(), model=f"{1000 * tank:g} L")},
        )


BENCHES: Final[dict[str, type[Assembly]]] = {
    "volumetric-tank": VolumetricRig,
    "prover-line": ProverLine,
    "vessel-bench": VesselBench,
}
"""What the catalogue offers, by name."""
