"""The pure half of a calibration by a PVTt standard: what a tank collected, by its pressure and temperature.

    q_m·Δt = V_t·(1 + 3α_t·(t_f - 20 °C))·ρ_f·(1 + ε_ρ) - V_t·(1 + 3α_t·(t_i - 20 °C))·ρ_i
             + V_inv·(ρ_stop - ρ_start),  ρ = p·M/(Z·R·T)

i and f are before and after; V_inv is the volume between the nozzle and the valves, whose pressure is the
same when the timer starts and when it stops, and whose temperature is not quite.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.model import Result, Table, Text
from remotecal.procedures import By, Often, StoodBy
from remotecal.procedures.held import SAME_TIME
from remotecal.procedures.library.evaluation.digits import significant
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.sources import LEAK_TEST
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.library.gas import discharge
from remotecal.procedures.library.gas.critical import density, thin
from remotecal.procedures.library.gas.discharge import DischargeFinding, DischargeRepeats, DischargeSeen
from remotecal.procedures.library.gas.discharge_parameters import PvttParameters
from remotecal.procedures.library.gas.discharge_results import inlet_columns
from remotecal.procedures.library.gas.sensors import Read
from remotecal.procedures.library.gas.tanks import MOST_THERMOMETERS, see_alike
from remotecal.procedures.library.measuring.sampling import SAMPLED
from remotecal.procedures.library.meters.nozzle import REFERENCE_TEMPERATURE
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point

TANK_EXPANSION: Final = "tank_expansion"
"""Fact that a bench may state."""


class CollectedSeen(DischargeSeen):
    """What a repeat yields: the tank before and after, and the timer between."""

    in_order: ClassVar[tuple[str, ...]] = (
        "tank_pressure_before+ filling_pressure+ tank_pressure_after+",
        "tank_temperatures_before+ tank_temperatures_after+",
    )

    tank_pressure_before: Annotated[tuple[Measured, ...], "Pa", By("tank_gauge", "pressure"), SAMPLED]
    """Absolute pressure in the empty tank."""
    tank_temperatures_before: Annotated[
        tuple[Measured, ...], "°C", By("tank_thermometers", "temperature"), SAMPLED
    ]
    """Its thermometers, one after another, again and again."""
    tank_pressure_after: Annotated[tuple[Measured, ...], "Pa", By("tank_gauge", "pressure"), SAMPLED]
    """Absolute pressure in the shut tank, when its gas had come to rest."""
    tank_temperatures_after: Annotated[
        tuple[Measured, ...], "°C", By("tank_thermometers", "temperature"), SAMPLED
    ]
    filling_pressure: Annotated[tuple[Measured, ...], "Pa", By("tank_gauge", "pressure")]
    """Absolute pressure in the tank while it was filled."""
    collection_time: Annotated[Measured, "s", By("rig", "collection_time")]
    """What the timer told."""
    start_pressure: Annotated[Measured, "Pa", By("rig", "start_pressure")]
    """Absolute pressure in the inventory volume when the timer started."""
    stop_pressure: Annotated[Measured, "Pa", By("rig", "stop_pressure")]
    """The same when it stopped."""


LEAK: Final = "leak"
"""What the empty, shut tank is watched for before the repeats."""


class TightTank(StoodBy[PvttParameters]):
    """What is read of the empty, shut tank before it is watched for a leak, and after."""

    pressure: Annotated[tuple[Measured, ...], "Pa", By("tank_gauge", "pressure"), Often(2)]

    @property
    def rate(self) -> float:
        """How fast its pressure rose, in Pa/s."""
        before, after = self.pressure
        return (after.to("Pa").value - before.to("Pa").value) / (after.at - before.at)

    def refusal(self, parameters: PvttParameters) -> str:
        if (watched := self.pressure[1].at - self.pressure[0].at) < parameters.leak_time - SAME_TIME:
            return f"the shut tank was watched for {watched:g} s, and leak_time is {parameters.leak_time:g} s"
        if self.rate > parameters.leak:
            return (
                f"the pressure in the shut, empty tank rises by {self.rate:.3g} Pa/s, more than "
                f"{parameters.leak:g} Pa/s: look at its valves and flanges, which let in what passed no "
                "nozzle"
            )
        return ""

    def undecided(self, parameters: PvttParameters) -> str:
        if (before := self.pressure[0].to("Pa").value) > 2.0 * parameters.emptied:
            return (
                f"the tank was watched for a leak from {before:.5g} Pa, and emptied is "
                f"{parameters.emptied:g} Pa: into a tank that is not empty less leaks; look at the pump and "
                "its valve"
            )
        if -self.rate <= parameters.leak:
            return ""
        return (
            f"the pressure in the shut, empty tank falls by {-self.rate:.3g} Pa/s, more than a leak may let "
            "it rise, and so would hide one: look at the valve to the pump, and wait until the tank has one "
            "temperature"
        )


CORRECTED: Final[Read] = {
    "p_i": ("tank_gauge", "pressure", "tank_pressure_before", "Pa"),
    "p_f": ("tank_gauge", "pressure", "tank_pressure_after", "Pa"),
}
"""What is read of the tank."""

INPUTS: Final[Mapping[str, Text]] = {
    **discharge.INPUTS,
    "V_t": Text(zh="容器容积", en="volume of the tank"),
    "α_t": Text(zh="容器热膨胀系数", en="thermal expansion of the tank"),
    "p_i": Text(zh="容器初压示值偏差", en="deviation of the pressure in the empty tank"),
    "p_f": Text(zh="容器终压示值偏差", en="deviation of the pressure in the filled tank"),
    **{
        f"t_{number}": Text(
            zh=f"容器温度计 {number} 示值偏差", en=f"deviation of thermometer {number} in the tank"
        )
        for number in range(1, MOST_THERMOMETERS + 1)
    },
    "t_s": Text(zh="容器平均温度（取样）", en="mean temperature of the gas, by its sampling"),
    "p_l": Text(zh="容器泄漏", en="leak of the tank"),
    "V_inv": Text(zh="附加容积", en="inventory volume"),
    "p_v": Text(zh="附加容积压力示值偏差", en="deviation of the pressure in the inventory volume"),
    "θ": Text(zh="附加容积内气体启停温差", en="inventory gas, warmer at the stop than at the start"),
    "τ": Text(zh="计时器示值偏差", en="deviation of the timer"),
    "Δt": Text(zh="启停触发时差", en="start and stop of the timer"),
}
"""The inputs of the measurement model, by symbol."""


class CollectedRepeats(DischargeRepeats[CollectedSeen]):
    """The repeats at one inlet pressure, with what is known of the tank.

    Raises:
        EvidenceError: the tank's gas had not come to rest, or its thermometers do not agree.
    """

    def __init__(self, point: Point, evidence: Evidence, parameters: PvttParameters) -> None:
        self._told = parameters
        self._count = sum(role.startswith("tank_thermometers[") for role in evidence.instruments)
        seen = CollectedSeen.at(evidence, point)
        for one in seen:
            if refusal := see_rest(one, self._count, parameters):
                raise EvidenceError(f"{point.name}: {refusal}")
        super().__init__(point, evidence, seen, parameters, CORRECTED)
        self._weights = weights_of(parameters.weights, self._count)
        self._thermometers = [
            self.correction(f"t_{number}", f"tank_thermometers[{number}]", self._of_thermometer(number), "°C")
            for number in range(1, self._count + 1)
        ]
        self._facts()
        times = [one.collection_time for one in self.seen]
        self._timer = self.correction("τ", "rig", times, "s")
        between = [each for one in self.seen for each in (one.start_pressure, one.stop_pressure)]
        self._between = self.correction("p_v", "rig", between, "Pa")

    def _facts(self) -> None:
        for symbol, name, unit in (
            ("V_t", "tank_volume", "m3"),
            ("t_s", "tank_sampling", "K"),
            ("V_inv", "inventory_volume", "m3"),
            ("θ", "inventory_warming", "K"),
            ("Δt", "trigger_delay", "s"),
        ):
            self.characteristic(symbol, name, unit)
        if TANK_EXPANSION in self.evidence.characteristics:
            self.characteristic("α_t", TANK_EXPANSION, "1/K")
        leak = Input.from_limits("p_l", 0.0, "Pa/s", self._told.leak, source=LEAK_TEST)
        self.inputs.append(leak)

    def _of_thermometer(self, number: int) -> list[Measured]:
        return [
            one
            for seen in self.seen
            for part in (seen.tank_temperatures_before, seen.tank_temperatures_after)
            for one in part[number - 1 :: self._count]
        ]

    def pressures(self, seen: CollectedSeen) -> tuple[float, float]:
        back = (seen.start_pressure, seen.stop_pressure, *seen.filling_pressure)
        return max(one.value for one in back), min(one.value for one in seen.inlet_pressure)

    def states(self) -> Sequence[tuple[float, float]]:
        known = self.estimates()
        return [
            (
                statistics.fmean(one.value for one in seen.tank_temperatures_after),
                estimate(self.sensors.at("p_f", seen, known)),
            )
            for seen in self.seen
        ]

    def tank(self, temperatures: Sequence[Measured], x: Numbers) -> Number:
        """Return the mean temperature of the tank's gas in °C."""
        total: Number = x["t_s"]
        for at, (known, weight) in enumerate(zip(self._thermometers, self._weights, strict=True)):
            total = total + weight * known.corrected(x, mean(temperatures[at :: self._count], "°C"))
        return total

    def stored(self, seen: CollectedSeen, x: Numbers) -> Number:
        """Return by how much the gas in the inventory volume became more, in kg."""
        water = self.sensors.water(seen, x)
        t_0, _ = self.rest(seen, x)
        start, stop = (
            self._between.corrected(x, one.value) for one in (seen.start_pressure, seen.stop_pressure)
        )
        more: Number = x["V_inv"] * (thin((t_0 + x["θ"], stop), water) - thin((t_0, start), water))
        return more

    def mass_flow(self, seen: CollectedSeen, x: Numbers) -> Number:
        water, known = self.sensors.water(seen, x), x.get("α_t", 0.0)
        before, after = (
            self.tank(part, x) for part in (seen.tank_temperatures_before, seen.tank_temperatures_after)
        )
        leaked = x["p_l"] * (_when(seen.tank_pressure_after) - _when(seen.tank_pressure_before))
        full = density(self.equation, (after, self.sensors.at("p_f", seen, x) - leaked), water)
        empty = thin((before, self.sensors.at("p_i", seen, x)), water)
        wide, wide_before = (1.0 + 3.0 * known * (t - REFERENCE_TEMPERATURE) for t in (after, before))
        collected = x["V_t"] * (wide * full * (1.0 + x["ε_ρ"]) - wide_before * empty)
        lasted = self._timer.corrected(x, seen.collection_time.value) - x["Δt"]
        flow: Number = (collected + self.stored(seen, x)) / lasted
        return flow

    def row(self) -> tuple[str, ...]:
        """Return what is told of the tank, in the order of `TITLES`."""
        known, seen = self.estimates(), self.seen
        ends = [
            statistics.fmean(estimate(self.sensors.at(symbol, one, known)) for one in seen) / 1000
            for symbol in ("p_i", "p_f")
        ]
        warm = statistics.fmean(estimate(self.tank(one.tank_temperatures_after, known)) for one in seen)
        last = [
            [mean(one.tank_temperatures_after[at :: self._count], "°C") for at in range(self._count)]
            for one in seen
        ]
        shares = [
            100 * estimate(self.stored(one, known)) / (estimate(self.mass_flow(one, known)) * time)
            for one in seen
            for time in (one.collection_time.value,)
        ]
        return (
            f"{statistics.fmean(one.collection_time.value for one in seen):.3f}",
            *(f"{end:.4f}" for end in ends),
            f"{warm:.3f}",
            significant(max(max(row) - min(row) for row in last)),
            significant(statistics.fmean(shares)),
        )


TITLES: Final = (
    ("收集时间 Δt", "Time Δt", "remotecal_collectionTime", "s"),
    ("初压 p_i", "Empty p_i", "remotecal_initialPressure", "kPa"),
    ("终压 p_f", "Filled p_f", "remotecal_finalPressure", "kPa"),
    ("终温 t_f", "Filled t_f", "remotecal_finalTemperature", "°C"),
    ("温度极差", "Spread of t_f", "remotecal_temperatureSpread", "K"),
    ("附加容积修正", "Inventory", "remotecal_inventoryShare", "%"),
)
"""What is told of the tank: the last, the part of the inventory volume in what was collected."""


def tank_result(findings: Sequence[DischargeFinding], repeats: Sequence[CollectedRepeats]) -> Result:
    """Return what the tank saw at each point."""
    rows = [each.row() for each in repeats]
    own = (column(*title, [row[at] for row in rows]) for at, title in enumerate(TITLES))
    name = Text(zh="pVTt 法收集", en="Collection (PVTt)")
    table = Table(columns=(*inlet_columns(findings, repeats[0].evidence.wording), *own))
    return Result(name=name, ref_types=("remotecal_collection",), tables=(table,))


def weights_of(told: Sequence[float], count: int) -> list[float]:
    """Return what each of so many thermometers counts for, together 1."""
    given = tuple(told) or (1.0,) * count
    return [each / sum(given) for each in given]


def see_rest(seen: CollectedSeen, count: int, told: PvttParameters) -> str:
    """Return why the tank's gas is not at rest; "" if it is.

    Args:
        seen: what a repeat yielded.
        count: how many thermometers there are in the tank.
        told: the limits.
    """
    first, last = seen.tank_pressure_after[0], seen.tank_pressure_after[-1]
    drift = (last.to("Pa").value - first.to("Pa").value) / (last.at - first.at)
    if abs(drift) > 2 * told.settled:
        return (
            f"the pressure in the filled tank still changes by {drift:.3g} Pa/s, more than twice "
            f"{told.settled:g} Pa/s: its gas has not come to the wall's temperature, wait longer"
        )
    means = [mean(seen.tank_temperatures_after[at::count], "°C") for at in range(count)]
    return see_alike(means, told.spread, "tank")


def _when(readings: Sequence[Measured]) -> float:
    return statistics.fmean(one.at for one in readings)
