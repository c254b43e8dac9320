"""A whole simulated bench for a large balance.

```python
with LargeBalance.up(Path("balance"), seed=7) as up:
    print(up.bench, up.order, up.true_error(1500.0))
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, cast

from remotecal.certificates.trust import Capability
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.chance import chance
from remotecal.sim.instruments.balance import SicsBalance
from remotecal.sim.instruments.weighing import Platform, PlatformSpec
from remotecal.sim.large_balance.platform import DENSITY, LOAD_DENSITY, U_DENSITY, Loaded, draw_weights
from remotecal.sim.paper import Job, Paper, Standing
from remotecal.sim.person import Bystander
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date

    from remotecal.procedures import Drivers
    from remotecal.sim.world import World

SERIAL: Final = "B512874411"
STEP, SCATTER, ECCENTRIC = 4e-6, 5e-6, 8e-6
"""Scale interval, standard deviation of a reading, and difference off the centre at a third of the capacity,
each as a share of the capacity."""

SHARE: Final = 0.24
"""The weights as a share of the capacity: four times they are less than it, whatever is put on too much."""


class LargeBalanceOptions(BenchOptions):
    """What can be chosen of a large balance."""

    capacity: Annotated[float, In("kg", at_least=500, at_most=10_000)] = 3000.0
    """Its capacity."""
    weights: Annotated[int, In("1", at_least=1, at_most=20)] = 6
    """How many weights there are; together they are `SHARE` of the capacity."""
    nonlinear: Annotated[float, In("kg", at_least=0)] = 0.1
    """How far its errors are from a straight line, about."""
    drift: Annotated[float, In("kg/h", at_least=-10, at_most=10)] = 0.01
    """Drift of its zero."""
    careless: Annotated[float, In("1", at_least=-0.1, at_most=0.1)] = 0.0
    """By which share of the weights whoever makes the substitution loads is off."""


class LargeBalance(Assembly):
    """Large balance with weights of a quarter of its capacity, and substitution loads."""

    Options = LargeBalanceOptions
    procedures = ("flow.balance_by_substitution",)
    scope = (
        Capability(
            quantity="basic_measurementError",
            unit="kg",
            cmc="0.001",
            against="basic_referenceValue",
            against_unit="kg",
            low="0",
            high="10000",
        ),
    )

    def __init__(self, world: World, options: LargeBalanceOptions) -> None:
        super().__init__(world, options)
        rng, self.chosen = chance(options.seed, "large balance"), options
        capacity = options.capacity
        self.weights = draw_weights(rng, options.weights, SHARE * capacity / options.weights)
        """The weights: what is stated, and true of each."""
        shares = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
        bends = tuple(rng.gauss(0.0, options.nonlinear) if share else 0.0 for share in shares)
        line = Stated("kg", tuple(share * capacity for share in shares), bends, (0.0,) * len(shares))
        self.calibration = Calibrated(line, 0.0)
        """Its true corrections, against the load in kg."""
        air = Air(world.random("air"))
        off = rng.uniform(-1.0, 1.0) * ECCENTRIC * capacity / (2.0 * capacity / 3.0)
        self.loaded = Loaded(world, rng, air, self.weights, off, options.careless)
        """What stands on it."""
        self.step = float(f"{STEP * capacity:.0e}")
        spec = PlatformSpec(
            capacity, self.step, self.calibration, SCATTER * capacity, options.drift, settling=2.0
        )
        self.platform = Platform(spec, self.loaded, world.random("balance"))
        known = (
            draw(rng, "Pa", (95e3, 101e3, 106e3), spread=25.0, expanded=(15.0,) * 3, digits=0),
            draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
            draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(1.5,) * 3, digits=1),
        )
        self.wired = {
            "dut": Wired(SicsBalance(world, self.platform, "dut", serial=SERIAL), "serial", SERIAL),
            "ambient": stands.ambient(world, air, *known),
        }
        self.person = Bystander(
            world,
            {
                "Take everything off": lambda _: self.loaded.clear(),
                "Put all weights on": lambda _: self.loaded.put(on=True),
                "Take all weights off again": lambda _: self.loaded.put(on=False),
                r"put substitution load \d+ in their place": lambda _: self.loaded.substitute(),
            },
            pace=120.0,
        )

    def true_error(self, at: float) -> float:
        """Return the balance's true error in kg at a load in kg."""
        return -self.calibration.correction(at)

    @classmethod
    def resembling(
        cls,
        parameters: Mapping[str, object],
        drivers: Drivers,  # noqa: ARG003  whichever balance it is
    ) -> dict[str, object]:
        return {"capacity": cast("float", parameters["capacity"])}

    def paper(self, today: date) -> Paper:
        capacity = self.chosen.capacity
        return Paper(
            name=f"simulated large balance, {capacity:g} kg",
            job=Job(
                "flow.balance_by_substitution",
                "MASS",
                {
                    "nominal": SHARE * capacity,
                    "capacity": capacity,
                    "steps": 4,
                    "scale_interval": self.step,
                    "eccentric_load": capacity / 3.0,
                    "eccentric_difference": ECCENTRIC * capacity,
                    "weight_density": DENSITY,
                    "weight_density_expanded": U_DENSITY,
                    "load_density": LOAD_DENSITY,
                    "zero_change": 1e-4 * capacity,
                },
                {
                    "name": Text(zh="电子平台秤", en="Weighing platform"),
                    "maker": "Simulated",
                    "model": f"{capacity:g} kg",
                    "serial": SERIAL,
                },
            ),
            artefacts={
                weight.serial.lower().replace("-", "_"): Standing(
                    weight.serial, weight.certified(), f"{weight.stated:.0f} kg, F1"
                )
                for weight in self.weights
            },
            roles={"weights": tuple(weight.serial.lower().replace("-", "_") for weight in self.weights)},
        )


BENCHES: Final[dict[str, type[Assembly]]] = {"large-balance": LargeBalance}
"""What the catalogue offers, by name."""
