"""Whole simulated benches of a clamp-on transfer standard's journey.

```python
with ClampOnSite.up(Path("site"), seed=7, dn=200) as up:
    print(up.bench, up.order, up.true_error(200.0))
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

from remotecal.drivers.capabilities import PulseCounter
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import Calibrated
from remotecal.sim.certificates import AGE
from remotecal.sim.chance import chance
from remotecal.sim.clamp_on.home import ClampOnHome
from remotecal.sim.clamp_on.paper import (
    CLAMP_ON,
    LABORATORY,
    READING_DELAY,
    SCOPE,
    clamp_on,
    customer_meter,
)
from remotecal.sim.clamp_on.site import PER_KELVIN, PROFILE, SIZES, PipeOnSite, Travelling, instruments
from remotecal.sim.gate import Gate
from remotecal.sim.instruments.flow_meters import mag6000, tuf2000m
from remotecal.sim.paper import Job, Paper, characteristic
from remotecal.sim.person import Bystander
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date

    from remotecal.procedures import Drivers
    from remotecal.sim.world import World

SHARES: Final = (0.9, 0.5, 0.25)
"""Flows to calibrate at, as shares of the highest the plant makes."""


class SiteOptions(BenchOptions):
    """What can be chosen of a customer's site."""

    dn: Annotated[Literal[100, 150, 200], In("mm")] = 200
    """Nominal diameter of the pipe."""
    output: Literal["total", "pulses"] = "total"
    """How the customer's meter is read."""
    pulses: Annotated[float | None, In("1/m3", above=0)] = None
    """K factor of the customer's meter; drawn if not given."""
    drift: Annotated[float, In("%", at_least=0, at_most=10)] = 0.05
    """Standard deviation of what the whole journey does to the clamp-on meter."""
    mounting: Annotated[float, In("%", at_least=0, at_most=5)] = 0.4
    """Standard deviation of what a mounting does."""
    grown: Annotated[float, In("mm", at_least=0, at_most=10)] = 0.0
    """Thickness of what has grown in the pipe and nobody measured."""


class ClampOnSite(Assembly):
    """Customer's site: a meter in its pipe, and a clamp-on transfer standard mounted on that."""

    Options = SiteOptions
    procedures = ("flow.meter_by_clamp_on",)
    scope = SCOPE

    def __init__(self, world: World, options: SiteOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "site")
        self.output, self.size = options.output, SIZES[options.dn]
        self.travelling = Travelling(rng, options.drift / 100.0)
        """The clamp-on meter: what its certificates state, and what is true."""
        self.site = PipeOnSite(
            world, rng, self.size, self.travelling, options.mounting / 100.0, options.grown, options.pulses
        )
        """The pipe: what is true of it."""
        self.wired = self._wire_up(instruments(rng))
        self.person = Bystander(
            world,
            {
                r"Mounting \d+ of \d+": lambda _: self.site.mount(),
                r"Make a flow of ([\d.]+) m3/h": lambda found: self.site.make(float(found[1])),
            },
            pace=300.0,
        )

    def _wire_up(self, known: Mapping[str, Calibrated]) -> dict[str, Wired]:
        world, site = self.world, self.site
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        reference = tuf2000m(world, site.clamp_on, name="reference", bore=self.size.inner / 1000.0)
        return {
            "reference": Wired(
                reference,
                "serial",
                CLAMP_ON,
                {"unit": 1},
                certified=clamp_on(self.travelling.before, AGE),
            ),
            "thermometer": stands.thermometer(
                world, known["thermometer"], lambda: site.temperature, "thermometer"
            ),
            "ambient": stands.ambient(world, site.air, *air),
            "dut": self._meter(-known["counter"].correction(0.0)),
        }

    def _meter(self, timebase_error: float) -> Wired:
        meter = self.site.dut
        if self.output == "pulses":
            return stands.counter(self.world, lambda: meter.cycles, Gate(), timebase_error=timebase_error)
        shown = mag6000(self.world, meter, name="dut")
        return Wired(shown, "serial", settings={"unit": shown.unit})

    def true_error(self, at: float) -> float:
        """Return the true error in % of the customer's meter at a flow in m³/h."""
        with self.world.present():
            return 100.0 * self.site.dut.error(at / 3600.0, self.site.temperature)

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        largest = max(cast("Sequence[float]", parameters["flows"]))
        dn = next((dn for dn, size in SIZES.items() if size.highest >= largest), max(SIZES))
        counted = PulseCounter in drivers.get("dut", object).__mro__
        chosen: dict[str, object] = {"dn": dn, "output": "pulses" if counted else "total"}
        return chosen | ({"pulses": parameters["pulses_per_volume"]} if counted else {})

    def paper(self, today: date) -> Paper:
        size = self.size
        parameters: dict[str, object] = {
            "flows": [round(share * size.highest, 1) for share in SHARES],
            "outer_diameter": size.outer,
            "outer_diameter_expanded": size.outer_expanded,
            "wall": size.wall,
            "wall_expanded": size.wall_expanded,
            "lining": size.lining,
            "lining_expanded": size.lining_expanded,
            "upstream": 15.0,
            "downstream": 8.0,
            "profile": PROFILE,
            "temperature_effect": PER_KELVIN,
        }
        if self.output == "pulses":
            parameters["pulses_per_volume"] = self.site.dut.spec.pulses
        return Paper(
            name=f"simulated customer's pipe, {size.outer:g} mm, with a clamp-on meter",
            job=Job(
                "flow.meter_by_clamp_on",
                "CLAMPON",
                parameters,
                customer_meter(),
                laboratory=LABORATORY,
                place="customer",
            ),
            characteristics={"reading_delay": characteristic(0.0, "s", READING_DELAY, today)},
        )


BENCHES: Final[dict[str, type[Assembly]]] = {"clamp-on-site": ClampOnSite, "clamp-on-home": ClampOnHome}
"""What the catalogue offers, by name."""
