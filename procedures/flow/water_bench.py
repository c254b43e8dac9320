"""Calibrate water meters in series by weighing what has passed through all of them (ISO 4064-2, JJG 162).

The meters stand one behind the other in one line, and the valve behind the last of them starts and stops the
flow; so each counts from rest to rest, and nothing has to be read at one moment. What is weighed passed every
one of them, but at each it was as warm, and under such a pressure, as it is there: the temperature at a meter
is taken from the thermometers at both ends of the line, the pressure from what the meters behind it take off.

The measurement model, for one repeat and the meter i of n, counted in the direction of the flow:

    m   = (W₁ - W₀)·(1 - ρa/ρp)/(1 - ρa/ρ)          as for one meter
    t_i = t + (t_e - t)·(x_i + δx)                  x_i = (i - 1/2)/n; t, t_e: at both ends of the line
    p_i = p + (n - i)·Δp·(q/Q3)²                    p: behind the last meter; Δp: what one takes away at Q3
    M_i = m + V_c·Δρ_e + (n - i)·V_s·(Δρ_i + Δρ_e)/2
    E_i = V_i/(M_i/ρ(t_i, p_i)) - 1

Δρ is how much denser the water became in the repeat: at the meter (i), behind the last one (e). V_c is the
volume from the last meter to the weigh tank, V_s that from one meter to the next. A meter that falls silent,
or stands still, keeps nobody from going on: its certificate says what was found of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Self

from pydantic import model_validator

from remotecal.drivers.capabilities import Outlet, PulseCounter, Thermometer, Valve, VolumeTotalizer
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import ParameterError
from remotecal.model import Text
from remotecal.procedures import Certificates, Drivers, Evaluation, Evidence, In, Point, Run
from remotecal.procedures.library.evaluation.conformity import Further, Zones
from remotecal.procedures.library.evaluation.output import see_resolution
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.several import placed
from remotecal.procedures.library.flow.bench_range import (
    NO_RANGE,
    by_flow,
    neighbours,
    see_within,
    states_range,
)
from remotecal.procedures.library.flow.collecting import (
    DRAINING,
    OF_WEIGHING,
    OnWeighTank,
    see_balance,
)
from remotecal.procedures.library.flow.in_series import (
    BenchSeen,
    MeterInSeries,
    SeriesParameters,
)
from remotecal.procedures.library.flow.on_rig import OF_WATER
from remotecal.procedures.library.flow.water_meter import (
    CLASSES,
    NORM,
    SAME_SIGN,
    WARM,
    Flows,
    PointName,
    of_permissible,
)
from remotecal.procedures.library.measuring.sampling import see_amount
from remotecal.procedures.library.measuring.several import both_times, count_freely, read_each
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.meters.passing import INPUTS
from remotecal.procedures.library.meters.under_test import can
from remotecal.units import scale

if TYPE_CHECKING:
    from remotecal.bench_file import Characteristic
    from remotecal.model import Statement

QUALIFIED: Final = "bench_deviation"
"""Fact that a bench may state: within what its volumes were found to be right, by its qualification."""

INITIAL: Final[tuple[PointName, ...]] = ("Q3", "Q2", "Q1")
"""Where a meter is tested at its initial verification (unverified)."""

ALL_OF_ONE_SIGN: Final = Text(
    zh="各点误差同号时最小误差与最大允许误差之比",
    en="smallest error where all have one sign, as a share of what is permitted",
)


class BenchParameters(SeriesParameters):
    """What a calibration of water meters in series is told."""

    ratio: Annotated[float, In("1", at_least=40, at_most=2000)]
    """Their range R = Q3/Q1."""
    accuracy_class: Annotated[int, In("1", at_least=1, at_most=2)]
    """Their accuracy class, 1 or 2, by which errors are permitted as the document is cited (unverified)."""
    at: tuple[PointName, ...] = INITIAL
    """Where to test, in the order to measure; a type examination is at all six points (unverified)."""
    permissible: Annotated[tuple[float, ...], In("%", above=0, at_most=20)] = ()
    """Permissible errors, ±, below and from Q2, where they are not the class's (unverified): in service,
    twice as much."""
    instead: ClassVar[str] = "permissible"
    norm: str = NORM
    """The document the meters are held against."""

    @model_validator(mode="after")
    def _points_differ(self) -> Self:
        if not self.at or len(set(self.at)) < len(self.at):
            raise ValueError("at must name points, each once")
        if len(self.permissible) not in {0, 2}:
            raise ValueError("permissible are two errors: below Q2, and from it on")
        if self.permissible and self.permissible[0] < self.permissible[1]:
            raise ValueError("permissible are two errors, below Q2 and from it on: the first is the larger")
        return self

    @property
    def flows(self) -> Flows:
        """The meters' characteristic flows."""
        return Flows(self.permanent, self.ratio)

    @property
    def aims(self) -> Mapping[str, float]:
        return {name: self.flows.aim(name) for name in self.at}

    @property
    def called(self) -> Text:
        return Text(zh="串联水表校准", en="Water meters in series")

    def permitted(self, temperature: float) -> Zones:
        known = CLASSES[self.accuracy_class]
        upper = known.warm if temperature > WARM else known.upper
        below, above = self.permissible or (known.lower, upper)
        zones = (self.flows.transitional, below), (float("inf"), above)
        return Zones(zones, "%", "m3/h")

    def further(self, errors: Sequence[float], limits: Sequence[float]) -> tuple[Further, ...]:
        return (Further(ALL_OF_ONE_SIGN, of_permissible(errors, limits), SAME_SIGN, "%", unverified=True),)


class MetersOnBench(OnWeighTank):
    """Calibrate water meters in series by static weighing from rest to rest (ISO 4064-2, JJG 162)."""

    title: ClassVar[Text] = Text(
        zh="水表串联校准（静态质量法，启停法）", en="Calibration of water meters in series by static weighing"
    )
    norms: ClassVar[tuple[str, ...]] = ("ISO 4064-2:2014", "JJG 162", "ISO 4185:1980")
    model_equation: ClassVar[str] = (
        "E_i = V_i/V - 1, V = (m + V_c·Δρ_e + (n - i)·V_s·(Δρ_i + Δρ_e)/2)/ρ(t_i, p_i)"
    )

    meters: tuple[PulseCounter | VolumeTotalizer, ...]
    """How each meter is read, in the direction of the flow: by its pulses, or by its own total."""
    outlet_thermometer: Thermometer
    """Water temperature behind the last meter; `thermometer` is ahead of the first one."""

    under_test: ClassVar[str] = "meters"
    bears_silence: ClassVar[bool] = True
    read_by: ClassVar[tuple[type, ...]] = (PulseCounter,)
    reach: ClassVar[Mapping[str, str]] = {"rig.flow": "flow"}

    Parameters: ClassVar[type[SeriesParameters]] = BenchParameters
    parameters: SeriesParameters

    inputs: ClassVar[Mapping[str, Text]] = {
        **INPUTS,
        **OF_WATER,
        **OF_WEIGHING,
        "t_m": Text(zh="首表前水温示值偏差", en="deviation of the water temperature ahead of the meters"),
        "t_e": Text(zh="末表后水温示值偏差", en="deviation of the water temperature behind the meters"),
        "δx": Text(zh="沿程温度分布", en="course of the temperature along the line"),
        "Δp": Text(zh="水表压力损失（Q3）", en="pressure loss of a meter at Q3"),
        "V_c": Text(zh="末表至换向器管段容积", en="volume between the last meter and the diverter"),
        "V_s": Text(zh="相邻两表间管段容积", en="volume from one meter to the next"),
    }
    """The inputs of the measurement model, by symbol."""

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        return tuple(Point(name, {"flow": flow}, wanted.repeats) for name, flow in wanted.aims.items())

    def characteristics(self) -> Mapping[str, str]:
        return {**super().characteristics(), "connecting_volume": "m3", "meter_spacing": "m3"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "%", QUALIFIED: "%"}

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        return (*super().corrected(drivers), ("outlet_thermometer", "temperature", "°C"))

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        super().check(certificates, drivers)
        counted = any(can(drivers, role, PulseCounter) for role in drivers if role.startswith("meters["))
        masses = [self._lasts(point, counted=counted) * _rate(point) for point in self.points()]
        see_balance(certificates, max(masses))

    def suits(self, drivers: Drivers) -> None:
        meters = [role for role in drivers if role.startswith("meters[")]
        counted = [role for role in meters if can(drivers, role, PulseCounter)]
        for role in meters:
            see_resolution(drivers, f"{role}.volume", self.parameters.total_resolution, "m3")
        if counted and self.parameters.pulses_per_volume is None:
            raise ParameterError(
                f"parameters.pulses_per_volume is missing: {counted[0]} is read by its pulses"
            )
        for point in self.points():
            self._lasts(point, counted=bool(counted))

    def takes(self, point: Point) -> float:
        return self.lasts(point) + DRAINING + 4 * self.parameters.dripping

    def lasts(self, point: Point) -> float:
        """Return how long the water is let run at a point by the meters that are there, in s."""
        counted = any(isinstance(meter, PulseCounter) for meter in self.meters)
        return self._lasts(point, counted=counted)

    def _lasts(self, point: Point, *, counted: bool) -> float:
        """Return how long the water is let run at a point, in s."""
        wanted, rate = self.parameters, _rate(point)
        shortest = wanted.shortest_repeat(point.nominal["flow"], counted=counted)
        duration = max(shortest, wanted.smallest_mass / rate)
        if duration * rate > wanted.largest_mass:
            raise ParameterError(
                f"at {point.name} a repeat takes {duration:.0f} s and {duration * rate:.0f} kg, the tank "
                f"only {wanted.largest_mass:g} kg: lower duration, fewest_pulses or smallest_mass"
            )
        return duration

    def approach(self, point: Point, run: Run) -> None:
        """Throttle the line for the flow, so that the pump need not turn slowly, and set it by the pump."""
        share = point.nominal["flow"] / self.parameters.permanent
        self.rig.regulator.set(100.0 * min(1.0, max(0.02, share)))
        super().approach(point, run)

    def watched(self) -> Mapping[str, BoundReading]:
        return {**super().watched(), "outlet_temperature": self.outlet_thermometer.temperature}

    def measure(self, point: Point, run: Run) -> BenchSeen:
        seen = BenchSeen(**self.collect(run, self.lasts(point)))
        self.see_state(seen)
        return seen

    def collect(self, run: Run, duration: float, starts: int = 1) -> dict[str, Any]:
        """Let water run into the tank from rest to rest; return what a repeat yields of that.

        Args:
            run: of the procedure.
            duration: how long it runs, in s, all starts together.
            starts: how often it is started and stopped, each time for as long as any other; the line is
                watched where that is once.
        """
        self.drain(run)
        before, air = self.weigh(run), read_air(run, self.ambient)
        self.rig.outlet.set(Valve.SHUT)
        run.wait(self.parameters.dripping)
        self.rig.diverter.set(Outlet.TANK)
        run.wait(1.0)
        count_freely(run, self.meters)
        told: dict[str, Any] = {**air._asdict(), "mass_before": before, "counted_before": self._count(run)}
        begun = run.clock.now()
        for start in range(starts):
            if start:
                run.wait(self.parameters.dripping)
            self.rig.outlet.set(Valve.OPEN)
            if starts == 1:
                told |= self.watch(run, duration)
            else:
                run.wait(duration / starts)
            self.rig.outlet.set(Valve.SHUT)
        told["duration"] = run.clock.now() - begun
        run.wait(self.parameters.dripping)
        told["counted_before"], told["counted_after"] = both_times(told["counted_before"], self._count(run))
        self.rig.diverter.set(Outlet.BYPASS)
        self.rig.outlet.set(Valve.OPEN)
        told["mass_after"] = after = self.weigh(run)
        see_amount("the mass collected, in kg,", after.to("kg").value - before.to("kg").value)
        return told

    def _count(self, run: Run) -> tuple[Measured, ...]:
        """Return what the meters count at rest; as `read_each`."""
        return read_each(run, [counter_of(meter) for meter in self.meters])

    def see_facts(self, facts: Mapping[str, Characteristic]) -> None:
        """Hold the bench's own qualification, where it states one, against what the meters are held against.

        Raises:
            ParameterError: it is not good enough for them, or was not for such flows or so little water.
        """
        if (fact := facts.get(QUALIFIED)) is None:
            return
        wanted, told = self.parameters, by_flow(fact)
        for point in self.points():
            mass = self._lasts(point, counted=True) * _rate(point)
            see_within(told, point.nominal["flow"], mass, wanted.flow_tolerance / 100)
        zones = wanted.permitted(WARM)
        held = [(flow, _known(fact, flow), zones.at(flow).upper) for flow in wanted.aims.values()]
        flow, known, permitted = max(held, key=lambda one: one[1] / one[2])
        if known > (most := wanted.uncertainty_share * permitted):
            raise ParameterError(
                f"the bench was qualified for volumes within ±{known:.2g} % at {flow:g} m3/h, and meters of "
                f"±{permitted:g} % need ±{most:.2g} %, {wanted.uncertainty_share:.3g} of it: qualify it anew "
                "with more water or a better balance, or calibrate meters of another class"
            )

    def evaluate(self, evidence: Evidence) -> Sequence[Evaluation]:
        """Return a measurement for each meter: errors, budgets and conformity, as far as it could be read."""
        self.see_facts(evidence.characteristics)
        remarks = self._held_against_range(evidence)
        made = (
            MeterInSeries(self, evidence, place, item).evaluation()
            for item, place in placed(evidence, self.under_test)
        )
        return tuple(one.model_copy(update={"statements": (*one.statements, *remarks)}) for one in made)

    def _held_against_range(self, evidence: Evidence) -> tuple[Statement, ...]:
        """Return what is to be said of the bench's qualification (ParameterError: it was not for this)."""
        if (fact := evidence.characteristics.get(QUALIFIED)) is None:
            return ()
        if not states_range(told := by_flow(fact)):
            return (NO_RANGE,)
        for point in evidence.points:
            for seen in BenchSeen.at(evidence, point):
                see_within(
                    told,
                    point.nominal["flow"],
                    collected(seen),
                    2 * self.parameters.flow_tolerance / 100,  # its own and the qualification's
                    water_of(seen),
                )
        return ()


def collected(seen: BenchSeen) -> float:
    """Return what the balance showed more behind a repeat, in kg."""
    return seen.mass_after.to("kg").value - seen.mass_before.to("kg").value


def water_of(seen: BenchSeen) -> list[float]:
    """Return how warm the water was at both ends of the line, in °C."""
    return [one.to("°C").value for one in (*seen.temperature, *seen.outlet_temperature)]


def counter_of(meter: PulseCounter | VolumeTotalizer) -> BoundReading:
    """Return what is read of a meter."""
    return meter.running_pulses if isinstance(meter, PulseCounter) else meter.volume


def _known(fact: Characteristic, flow: float) -> float:
    """Return within what a bench's volumes are right at a flow in m³/h, in %, by its qualification.

    Between two flows of its record that is what holds at both; beyond them, or where the bench file states
    one figure alone, what holds at all.
    """
    if (both := neighbours(by_flow(fact), flow)) is None:
        return (abs(fact.value) + fact.expanded_uncertainty) * scale(fact.unit, "%")
    return abs(fact.value) * scale(fact.unit, "%") + max(one.bound for one in both)


def _rate(point: Point) -> float:
    """Return about what flows at a point, in kg/s, to plan by."""
    return point.nominal["flow"] / 3.6
