"""A whole bench of water meters: instruments on their ports, a bench file, certificates, a work order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from remotecal.certificates.trust import Capability
from remotecal.errors import ConfigurationError
from remotecal.sim.assembly import Assembly
from remotecal.sim.water.water import HOT
from remotecal.sim.water_bench import paper
from remotecal.sim.water_bench.options import MetersOptions, SensorsOptions
from remotecal.sim.water_bench.outfit import OVERLOAD, bench_outfit
from remotecal.sim.water_bench.series import HEAT, SeriesRig
from remotecal.sim.water_bench.wiring import wire_up

if TYPE_CHECKING:
    from datetime import date

    from remotecal.procedures import Drivers
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World

HALL, SWING, WARMEST = 20.0, 1.2, 40.0
"""The hall's temperature, by how much the water's swings, and how warm a formula takes it, in °C and K."""


class WaterMeterBench(Assembly):
    """Bench of water meters in series, ahead of a diverter and a weigh tank."""

    Options = MetersOptions
    procedures = ("flow.water_bench",)
    overload: ClassVar[float] = OVERLOAD
    """The meters' highest flow over their permanent one."""
    scope: ClassVar[tuple[Capability, ...]] = (
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.01",
            against="basic_referenceValue",
            against_unit="m3/h",
            low="0.005",
            high="10",
        ),
    )

    def __init__(self, world: World, options: MetersOptions) -> None:
        super().__init__(world, options)
        self.chosen = options
        """What was chosen of it."""
        self.outfit = bench_outfit(
            options.seed,
            options.meters,
            options.permanent,
            options.ratio,
            temperature=options.temperature,
            exchange=options.exchange,
            overload=self.overload,
            weighing=options,
        )
        """The bench as it was drawn, with its certificates."""
        self._see_inlet(options.temperature)
        self.rig = SeriesRig(self.outfit.spec, world)
        """The physics."""
        self.wired = wire_up(self.rig, self.outfit, options.output)

    def _see_inlet(self, temperature: float) -> None:
        """Raise `ConfigurationError` if no formula holds for water as warm as it had to come to the line."""
        spec = self.outfit.spec
        loss = (len(spec.upstream) + 1) * spec.exchange / (HEAT * 1000.0 * spec.slowest)
        inlet = HALL + (temperature + SWING - HALL) * math.exp(loss)
        if temperature <= HOT and inlet > WARMEST:
            raise ConfigurationError(
                f"at the smallest flow the water would have to come at {inlet:.0f} °C: choose fewer meters, "
                "or less of temperature or exchange"
            )

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        count = sum(name.startswith("meters[") for name in drivers)
        return {
            "meters": count or 1,
            "permanent": parameters["permanent"],
            "ratio": parameters["ratio"],
            "output": "pulses" if parameters["pulses_per_volume"] else "total",
        }

    def true_error(self, at: float) -> float:
        """Return the true error of the first meter in % at a flow in m³/h."""
        return self.true_errors(at)[0]

    def true_errors(self, at: float) -> tuple[float, ...]:
        with self.world.present():
            return tuple(
                100.0 * meter.error(at / 3600.0, self.rig.temperature_of(number))
                for number, meter in enumerate(self.rig.meters)
            )

    def paper(self, today: date) -> Paper:
        return paper.paper(self.outfit, self.chosen, today)


class FlowSensorBench(WaterMeterBench):
    """Bench of heat meters' flow sensors in series: the same with hot water."""

    Options = SensorsOptions
    procedures = ("flow.heat_flow_sensors",)
    overload = 2.0

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        permanent, smallest = (
            one for name in ("permanent", "smallest_flow") if isinstance(one := parameters[name], float)
        )
        return {**super().resembling({**parameters, "ratio": permanent / smallest}, drivers)}

    def paper(self, today: date) -> Paper:
        return paper.paper(self.outfit, self.chosen, today, paper.SENSORS)


class QualifiedBench(WaterMeterBench):
    """Bench of water meters that is itself what is looked at, by the first of its meters."""

    procedures = ("flow.bench_qualification",)
    scope = (
        *WaterMeterBench.scope,
        Capability(
            quantity="remotecal_benchDeviation",
            unit="%",
            cmc="0.01",
            against="remotecal_benchDeviation",
            against_unit="%",
            low="-1",
            high="1",
        ),
    )

    def paper(self, today: date) -> Paper:
        return paper.paper(self.outfit, self.chosen, today, paper.BENCH)


BENCHES: Final[dict[str, type[Assembly]]] = {
    "water-bench": WaterMeterBench,
    "heat-flow-sensors": FlowSensorBench,
    "bench-qualification": QualifiedBench,
}
"""What the catalogue offers, by name."""
