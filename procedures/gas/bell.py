"""The pure half of a calibration by a bell prover: what left the bell, by its heights and its gas.

    m = ρ_1·(V_d + A·h_1) - ρ_2·(V_d + A·h_2) - ρ·A·v_l·Δt,  A = A_b·(1 + 2α_b·(t_b - 20 °C))·(1 + ε_f)

1 and 2 are where the repeat begins and ends; V_d is the gas where the bell would stand at 0 and in the
pipe, so that what it stores counts; ε_f is what the film on the bell's wall and what evaporates of it make
of the volume.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Generic, TypeVar

from remotecal.drivers.measured import Measured
from remotecal.model import Result, Table, Text
from remotecal.procedures import By, Often, StoodBy, Waited
from remotecal.procedures.held import SAME_TIME
from remotecal.procedures.library.evaluation.coefficients import Single
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.sources import LEAK_TEST
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.library.gas.critical import density
from remotecal.procedures.library.gas.sensors import Read, Sensors
from remotecal.procedures.library.gas.tanks import MOST_THERMOMETERS, see_alike
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.procedures.library.meters.nozzle import REFERENCE_TEMPERATURE
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.fluids.gas_equations import GasEquation
    from remotecal.procedures.library.evaluation.repeats import Repeats
    from remotecal.procedures.library.gas.bell_parameters import OfBell

BELL_AREA: Final = "remotecal_bellArea"
"""refType of what a bell's certificate states: volume for each height, at 20 °C."""
BELL_EXPANSION: Final = "bell_expansion"
"""Fact that a bench may state."""
FACTS: Final[Mapping[str, tuple[str, str]]] = {
    "V_d": ("dead_volume", "m3"),
    "ε_f": ("film", "1"),
    "t_s": ("bell_sampling", "K"),
    "Δt": ("reading_delay", "s"),
}
"""Symbol → fact of the bench, and its unit."""


AS_IT_SINKS: Final = Waited(0.0, since="height_before")
"""What an observation says of what is read from the first height on: the gas comes to rest before that."""


class UnderBell(InAir):
    """What a repeat yields of the bell."""

    in_order: ClassVar[tuple[str, ...]] = ("height_before height_after",)

    height_before: Annotated[Measured, "m", By("rig", "height"), Waited("run_up")]
    """Where the bell stood."""
    height_after: Annotated[Measured, "m", By("rig", "height"), Waited(0.0, since="bell_temperatures")]
    bell_pressure: Annotated[tuple[Measured, ...], "Pa", By("bell_gauge", "pressure"), AS_IT_SINKS]
    """Absolute pressure under the bell, from the one to the other."""
    bell_temperatures: Annotated[
        tuple[Measured, ...], "°C", By("bell_thermometers", "temperature"), AS_IT_SINKS
    ]
    """Its thermometers, one after another, again and again."""


LEAK: Final = "leak"
"""What the filled, shut bell is watched for before the repeats."""
TWICE: Final = Often(2)
"""Before it is watched, and after."""


class TightBell(StoodBy["OfBell"]):
    """What is read of the filled, shut bell before it is watched for a leak, and after."""

    pressure: Annotated[tuple[Measured, ...], "Pa", By("bell_gauge", "pressure"), TWICE]
    height: Annotated[tuple[Measured, ...], "m", By("rig", "height"), TWICE]
    temperatures: Annotated[tuple[Measured, ...], "°C", By("bell_thermometers", "temperature"), TWICE]
    """Its thermometers, one after another, and again."""

    def rate(self, told: OfBell) -> float:
        """Return how fast it sank, but as its gas's pressure and temperature have it, in mm/s."""
        taken = sorted(self.temperatures, key=lambda one: one.at)  # in whatever turn they stand
        count = len(taken) // len(self.height)
        before, after = (self._amount(at, taken[at * count : (at + 1) * count], told) for at in (0, 1))
        return (before - after) / (self.height[1].at - self.height[0].at) * told.upper

    def _amount(self, at: int, warm: Sequence[Measured], told: OfBell) -> float:
        """Return how much gas there is, the pipe's too, as a share of what is up to `upper`."""
        kelvin = statistics.fmean(one.to("K").value for one in warm)
        full = (self.height[at].to("mm").value + told.dead_height) / told.upper
        return full * self.pressure[at].to("Pa").value / 101_325.0 * 293.15 / kelvin

    def refusal(self, parameters: OfBell) -> str:
        if (watched := self.height[1].at - self.height[0].at) < parameters.leak_time - SAME_TIME:
            return f"the shut bell was watched for {watched:g} s, and leak_time is {parameters.leak_time:g} s"
        if (rate := self.rate(parameters)) > parameters.leak:
            return (
                f"the shut bell sinks by {rate:.3g} mm/s, more than {parameters.leak:g} mm/s: look at its "
                "valves and at the liquid's level, for what leaves it there passes no item under test"
            )
        return ""

    def undecided(self, parameters: OfBell) -> str:
        if (rate := -self.rate(parameters)) <= parameters.leak:
            return ""
        return (
            f"the shut bell rises by {rate:.3g} mm/s, more than a leak may let it sink, and so would hide "
            "one: look at its supply valve, and at the thermometers under it"
        )


CORRECTED: Final[Read] = {"p_b": ("bell_gauge", "pressure", "bell_pressure", "Pa")}
"""What is read under the bell."""

INPUTS: Final[Mapping[str, Text]] = {
    "A_b": Text(zh="钟罩单位高度容积", en="volume of the bell for each height"),
    "α_b": Text(zh="钟罩热膨胀系数", en="thermal expansion of the bell"),
    "V_d": Text(zh="死容积", en="dead volume"),
    "ε_f": Text(zh="油膜与蒸发", en="film on the bell's wall, evaporation"),
    "h_1": Text(zh="起始高度示值偏差", en="deviation of the first height"),
    "h_2": Text(zh="终止高度示值偏差", en="deviation of the last height"),
    "p_b": Text(zh="钟罩内压力示值偏差", en="deviation of the pressure under the bell"),
    **{
        f"t_{number}": Text(
            zh=f"钟罩内温度计 {number} 示值偏差", en=f"deviation of thermometer {number} under the bell"
        )
        for number in range(1, MOST_THERMOMETERS + 1)
    },
    "t_s": Text(zh="钟罩内平均温度（取样）", en="mean temperature under the bell, by its sampling"),
    "v_l": Text(zh="钟罩泄漏", en="leak of the bell"),
    "Δt": Text(zh="计时", en="time between the readings"),
}
"""The inputs a bell brings into a model, by symbol."""

U = TypeVar("U", bound=UnderBell)


class Bell(Generic[U]):
    """A bell by its certificate and the facts of its bench, in the repeats at a point.

    Args:
        repeats: at the point; what is known of the bell becomes inputs of theirs.
        sensors: that read `CORRECTED`.
        equation: of the gas.
        told: limits of the order.
    """

    def __init__(self, repeats: Repeats[U], sensors: Sensors[U], equation: GasEquation, told: OfBell) -> None:
        self._sensors, self._equation = sensors, equation
        instruments = repeats.evidence.instruments
        self.count = sum(role.startswith("bell_thermometers[") for role in instruments)
        repeats.use(Single("A_b", repeats.certificate("bell"), BELL_AREA, "m2"))
        for symbol, (name, unit) in FACTS.items():
            repeats.characteristic(symbol, name, unit)
        if BELL_EXPANSION in repeats.evidence.characteristics:
            repeats.characteristic("α_b", BELL_EXPANSION, "1/K")
        self._heights = tuple(
            repeats.correction(symbol, "rig", [getattr(one, part) for one in repeats.seen], "m")
            for symbol, part in (("h_1", "height_before"), ("h_2", "height_after"))
        )
        self._thermometers = [
            repeats.correction(
                f"t_{number}",
                f"bell_thermometers[{number}]",
                [one for seen in repeats.seen for one in seen.bell_temperatures[number - 1 :: self.count]],
                "°C",
            )
            for number in range(1, self.count + 1)
        ]
        limit = told.leak / 1000.0
        leak = Input.from_limits("v_l", 0.0, "m/s", limit, source=LEAK_TEST)
        repeats.inputs.append(leak)

    def _temperature(self, readings: Sequence[Measured], x: Numbers) -> Number:
        """Return the mean temperature under the bell in °C, by readings in turns."""
        total: Number = 0.0
        for at, known in enumerate(self._thermometers):
            total = total + known.corrected(x, mean(readings[at :: self.count], "°C"))
        middle: Number = total / self.count + x["t_s"]
        return middle

    def mean_state(self, seen: U, x: Numbers) -> tuple[float, float]:
        """Return temperature in °C and pressure in Pa under the bell in a repeat."""
        t = self._temperature(seen.bell_temperatures, x)
        return estimate(t), estimate(self._sensors.at("p_b", seen, x))

    def mass(self, seen: U, x: Numbers) -> Number:
        """Return what left the bell in a repeat, in kg."""
        water, area = self._sensors.water(seen, x), self.area(seen, x)
        ends = (
            (seen.height_before, seen.bell_temperatures[: self.count], seen.bell_pressure[0]),
            (seen.height_after, seen.bell_temperatures[-self.count :], seen.bell_pressure[-1]),
        )
        held, dense = [], []
        for known, (height, temperatures, pressure) in zip(self._heights, ends, strict=True):
            state = self._temperature(temperatures, x), self._sensors.corrected("p_b", x, pressure.value)
            dense.append(density(self._equation, state, water))
            held.append(dense[-1] * (x["V_d"] + area * known.corrected(x, height.value)))
        lost = dense[0] * area * x["v_l"] * lasted(seen)
        left: Number = held[0] - held[1] - lost
        return left

    def area(self, seen: U, x: Numbers) -> Number:
        """Return the volume for each height as it is in a repeat, in m²."""
        warmer = self._temperature(seen.bell_temperatures, x) - REFERENCE_TEMPERATURE
        found: Number = x["A_b"] * (1.0 + 2.0 * x.get("α_b", 0.0) * warmer) * (1.0 + x["ε_f"])
        return found


def lasted(seen: UnderBell) -> float:
    """Return the time from the first height to the last, in s."""
    return seen.height_after.at - seen.height_before.at


def see_equal(seen: UnderBell, item: Sequence[Measured], count: int, told: OfBell) -> str:
    """Return why a repeat does not count for its temperatures; "" if it does.

    Args:
        seen: what it yielded.
        item: temperatures of the gas at the item under test.
        count: how many thermometers there are under the bell.
        told: the limits.
    """
    means = [mean(seen.bell_temperatures[at::count], "°C") for at in range(count)]
    if refusal := see_alike(means, told.spread, "bell"):
        return refusal
    apart = statistics.fmean(means) - mean(item, "°C")
    if abs(apart) <= told.equality:
        return ""
    return (
        f"the gas under the bell is {apart:+.3f} K beside that at the item under test, more than "
        f"{told.equality:g} K: let bell, liquid and room come to one temperature"
    )


def bell_result(names: Sequence[str], seen: Sequence[Sequence[UnderBell]]) -> Result:
    """Return what the bell saw at each point, by the points' names."""

    def over(value: float, form: str) -> str:
        return f"{value:{form}}"

    drops = [
        statistics.fmean(1000 * (one.height_before.value - one.height_after.value) for one in row)
        for row in seen
    ]
    columns = (
        column("序号", "Point", "basic_tableIndex0", "1", [f"{n}" for n in range(1, len(names) + 1)]),
        column("下降高度", "Sank by", "remotecal_bellStroke", "mm", [over(one, ".2f") for one in drops]),
        column("时间", "Time", "remotecal_duration", "s",
               [over(statistics.fmean(map(lasted, row)), ".2f") for row in seen]),
        column("钟罩内压力", "Pressure under the bell", "remotecal_bellPressure", "kPa",
               [over(statistics.fmean(mean(one.bell_pressure, "kPa") for one in row), ".3f")
                for row in seen]),
        column("钟罩内温度", "Temperature under the bell", "remotecal_bellTemperature", "°C",
               [over(statistics.fmean(mean(one.bell_temperatures, "°C") for one in row), ".2f")
                for row in seen]),
    )  # fmt: skip
    name = Text(zh="钟罩", en="Bell prover")
    return Result(name=name, ref_types=("remotecal_bell",), tables=(Table(columns=columns),))
