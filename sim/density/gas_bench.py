"""A bench with a gas pycnometer, a sphere, a balance and a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from remotecal.bench_file import Interlock
from remotecal.certificates.trust import Capability
from remotecal.drivers.shown import DONE
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import draw
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.density import outfit
from remotecal.sim.density.pycnometer import Pycnometer, PycnometerSpec
from remotecal.sim.density.solids import Solid, draw_solid
from remotecal.sim.density.stand import Stand
from remotecal.sim.instruments.keller import keller
from remotecal.sim.instruments.sartorius import SERIAL, SbiBalance
from remotecal.sim.instruments.weighing import Platform, PlatformSpec
from remotecal.sim.paper import Job, Paper, Standing
from remotecal.sim.person import Bystander
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    import re
    from datetime import date

    from remotecal.sim.world import World

ISOTHERMAL = 0.01
"""What the gas may lack of its temperature, in K."""


class PycnometerOptions(BenchOptions):
    """What can be chosen of a bench with a gas pycnometer."""

    material: Literal["steel", "aluminium", "glass", "polymer"] = "aluminium"
    """What the sample is made of."""
    leak: Annotated[float, In("1/h", at_least=0, at_most=10)] = 0.0
    """By which share of itself the pressure falls in an hour."""


class PycnometerBench(Assembly):
    """Gas pycnometer with helium, turned by a person, and a balance for the sample."""

    states = ("remotecal_density", "remotecal_density")
    Options = PycnometerOptions
    procedures = ("density.gas_pycnometer",)
    scope = (
        Capability(
            quantity="remotecal_density",
            unit="kg/m3",
            cmc="0.1",
            against="remotecal_density",
            against_unit="kg/m3",
            low="600",
            high="22000",
        ),
    )

    def __init__(self, world: World, options: PycnometerOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "outfit")
        self.chosen = options
        self.certificates = outfit.certified(rng)
        """What each certificate states, and what is true."""
        places = (0.0, 40e3, 80e3, 150e3)
        self.certificates["gauge"] = draw(
            rng, "Pa", places, spread=5.0, expanded=(8.0,) * 4, digits=0, correlation=0.8
        )
        self.certificates["balance"] = outfit.analytical(rng)
        density = outfit.DENSITIES[options.material]
        self.sample = draw_solid(rng, "SIM-0001", options.material, density, 0.18 / density, 0.0)
        self.sphere = draw_solid(rng, "K-1", "steel", 7850.0, 56.5592e-6, 1.2)
        self.air = Air(world.random("air"))
        spec = PycnometerSpec(
            cell=153.2e-6 * rng.uniform(0.99, 1.01),
            reference=72.45e-6 * rng.uniform(0.99, 1.01),
            virial=11.8e-6 * rng.uniform(0.95, 1.05),
            leak=options.leak / 3600.0,
            cold=rng.triangular(-ISOTHERMAL, ISOTHERMAL),
        )
        self.pycnometer = Pycnometer(world, spec, self.air)
        self.stand = Stand(
            world,
            outfit.stand(rng, 0.0, meniscus=0.0, offset=0.0, bubbles=0.0, warming=0.0, evaporation=0.0),
            self.air,
            world.random("stand"),
        )
        weighs = PlatformSpec(0.22, 1e-7, self.certificates["balance"], 1e-7)
        self.platform = Platform(weighs, self.stand, world.random("balance"))
        self.wired = self._wire_up()
        self._noise = world.random("gauge")
        self.person = Bystander(
            world,
            {
                "everything off the pan": lambda _: self.stand.put(None),
                "sample on the pan": lambda _: self.stand.put(self.sample),
                "cell empty": lambda _: self._load(None),
                "sphere .* into the cell": lambda _: self._load(self.sphere),
                "sample into the cell": lambda _: self._load(self.sample),
                r"fill the cell to about ([\d.]+) kPa": self._fill,
                "valve to the reference chamber": lambda _: self.pycnometer.join(
                    lacking=self.pycnometer.body is self.sample
                ),
                "both chambers .* to the air": lambda _: self._vent(),
            },
        )

    def _load(self, body: Solid | None) -> None:
        self.pycnometer.vent()
        self.pycnometer.body = body

    def _vent(self) -> str:
        self.pycnometer.vent()
        return DONE

    def _fill(self, asked: re.Match[str]) -> None:
        self.pycnometer.fill(1000.0 * float(asked[1]) * (1.0 + self._noise.uniform(-0.01, 0.01)))

    def _wire_up(self) -> dict[str, Wired]:
        world, known = self.world, self.certificates
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        noise = world.random("gauge noise")

        def bar() -> float:
            return (known["gauge"].indicated(self.pycnometer.above) + noise.gauss(0.0, 1.0)) / 1e5

        gauge = Certified(
            Text(zh="数字压力计", en="Digital pressure gauge"),
            ((Text(zh="表压", en="gauge pressure"), known["gauge"]),),
        )
        balance = Certified(
            Text(zh="分析天平", en="Analytical balance"), ((Text(zh="质量", en="mass"), known["balance"]),)
        )
        return {
            "dut": Wired(keller(world, bar, name="dut"), "serial", "K-04", {"unit": 1}, gauge),
            "balance": Wired(SbiBalance(world, self.platform), "serial", SERIAL, certified=balance),
            "thermometer": stands.thermometer(
                world, known["thermometer"], lambda: self.pycnometer.temperature, "thermometer"
            ),
            "ambient": stands.ambient(world, self.air, *air),
        }

    def true_error(self, at: float) -> float:
        """Return the sample's true density at 20 °C, in kg/m³: it is a value and no error that is found."""
        return self.sample.density

    def paper(self, today: date) -> Paper:
        return Paper(
            name="simulated bench with a gas pycnometer",
            job=Job(
                "density.gas_pycnometer",
                "PYC",
                {
                    "density": outfit.DENSITIES[self.chosen.material],
                    "material": self.chosen.material,
                    "sphere": "56.56 cm3",
                    "isothermal": ISOTHERMAL,
                },
                {
                    "name": Text(zh="固体样品", en="Solid sample"),
                    "maker": "Simulated",
                    "model": "pieces",
                    "serial": "SIM-0001",
                },
            ),
            artefacts={"sphere": Standing("K-1", self.sphere.certified(), model="sphere, 56.6 cm³")},
            interlocks=(Interlock(watch="dut.pressure", above=160.0, unit="kPa", every=5.0),),
        )
