"""Calibrate a gas meter in a sealed loop under pressure, against master meters in parallel.

The loop is filled to a pressure and sealed, watched for a leak, and sent round until it is steady; then come
the flows at this pressure, from high to low. Which masters are open at a flow follows from the order and from
their certificates: the fewest that it loads well, each at a Reynolds number it is certified for. Behind the
meter under test a check meter sees the same gas: where it is off its own curve the run stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeAlias

from remotecal.drivers.capabilities import (
    AmbientMonitor,
    Ammeter,
    CounterGate,
    FlowSource,
    GasLoop,
    MassTotalizer,
    PressureGauge,
    PulseCounter,
    SoundMeter,
    Thermometer,
    VolumeConverter,
    VolumeTotalizer,
)
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import BenchError, ParameterError, RunError
from remotecal.model import IN_CMC, Text
from remotecal.procedures import Artefact, Certificates, Drivers, Evaluation, Evidence, Point, Run
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.output import see_resolution
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.gas_loop import counting, integrated, results, sound
from remotecal.procedures.library.gas_loop.closure import CheckRepeats, off_by
from remotecal.procedures.library.gas_loop.filling import LoopGas, reynolds
from remotecal.procedures.library.gas_loop.gates import see_steady, watch
from remotecal.procedures.library.gas_loop.integrated import Conversion, IntegratedRepeats, see_programmed
from remotecal.procedures.library.gas_loop.master import MOST, Master, Opening
from remotecal.procedures.library.gas_loop.parameters import LoopParameters
from remotecal.procedures.library.gas_loop.passing import INPUTS, LoopRepeats, choice_at
from remotecal.procedures.library.gas_loop.results import GoneRound
from remotecal.procedures.library.gas_loop.running import Circulation, flow_by
from remotecal.procedures.library.gas_loop.seen import LoopSeen
from remotecal.procedures.library.gas_loop.sound import heard, see_sound
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.meters.classes import weighted_mean_error
from remotecal.procedures.library.meters.results import MeterFinding, weighted_characteristics
from remotecal.procedures.library.meters.under_test import METER, MeterUnderTest, can

AT_FIRST: Final = 0.7
"""Share of the highest flow at which the gas goes round until it is steady."""
CHECKS: Final = ("check_meter", "check_reader", "check_gauge", "check_thermometer")
"""Roles of the check meter, which go together."""
Watched: TypeAlias = tuple[tuple[Measured, ...], dict[str, tuple[Measured, ...]]]
"""What is watched in a repeat: the first master's counter, and name → readings of the others."""


class MeterByMasters(MeterUnderTest):
    """Calibrate a gas meter under pressure against master meters in a closed loop (JJG 643)."""

    title: ClassVar[Text] = Text(
        zh="正压环道标准表法气体流量计校准",
        en="Calibration of a gas meter by master meters in a closed loop under pressure",
    )
    norms: ClassVar[tuple[str, ...]] = ("JJG 643",)

    dut: PulseCounter | Ammeter | VolumeTotalizer | VolumeConverter
    """How the meter under test is read; one with pressure and temperature built in tells base volume, too."""
    masters: tuple[Artefact, ...]
    """The masters, in the order of the loop's branches."""
    readers: tuple[PulseCounter | VolumeTotalizer | MassTotalizer, ...]
    """What tells each master's pulses or total, in the same order."""
    gauges: tuple[PressureGauge, ...]
    """Absolute pressure at each master."""
    thermometers: tuple[Thermometer, ...]
    """Temperature at each master."""
    meter_gauge: PressureGauge
    """Absolute pressure at the meter under test."""
    meter_thermometer: Thermometer
    check_meter: Artefact | None
    """The check meter, behind the meter under test."""
    check_reader: PulseCounter | VolumeTotalizer | None
    check_gauge: PressureGauge | None
    check_thermometer: Thermometer | None
    loop: GasLoop
    blower: FlowSource
    gate: CounterGate | None
    """What opens all counters by one signal; where there is none they are read one after another."""
    ambient: AmbientMonitor

    Parameters: ClassVar[type[LoopParameters]] = LoopParameters
    parameters: LoopParameters

    sets: ClassVar[Mapping[str, str]] = {"flow": "m3/h", "pressure": "kPa"}
    reach: ClassVar[Mapping[str, str]] = {"dut.flow": "flow", "meter_gauge.pressure": "pressure"}
    inputs: ClassVar[Mapping[str, Text]] = {**INPUTS, **integrated.INPUTS}

    model_equation: ClassVar[str] = results.model(masters_first=True)
    """The measurement model in one line, where the gas comes to the masters first."""

    def __init__(self, parameters: LoopParameters, roles: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters, roles)
        self._gas = LoopGas(parameters)
        self._masters: list[Master] = []
        self._check: Master | None = None
        self._at: float | None = None
        """Pressure the loop is at, in kPa; None where it is not known."""
        self._leak = 0.0
        """What leaked there, in m³/h."""

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        return tuple(
            Point(f"{pressure:g} kPa, {flow:g} m3/h", {"flow": flow, "pressure": pressure}, wanted.repeats)
            for pressure in wanted.pressures
            for flow in wanted.flows_at(pressure)
        )

    def characteristics(self) -> Mapping[str, str]:
        return {"connecting_volume": "m3", "reading_delay": "s"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "%"}

    def certified(self) -> Sequence[str]:
        return ("masters", "check_meter")

    def allowance(self) -> Mapping[str, float]:
        return {"pressure": self.parameters.pressure_tolerance / 100 * max(self.parameters.pressures)}

    def suits(self, drivers: Drivers) -> None:
        """See that what belongs to the check meter is there whole, or not at all; and what the gas can be."""
        super().suits(drivers)
        there = [role for role in CHECKS[1:] if role in drivers]
        if there and len(there) < len(CHECKS) - 1:
            missing = ", ".join(role for role in CHECKS[1:] if role not in drivers)
            raise ParameterError(f"the check meter needs {missing} too, or none of {', '.join(CHECKS)}")
        self._see_gated(drivers)
        if can(drivers, "dut", VolumeConverter):
            self._see_converts(drivers)
        filling = LoopGas(self.parameters)
        for pressure in self.parameters.pressures:
            filling.require(self.parameters.cooling, 1000.0 * pressure)

    def _see_converts(self, drivers: Drivers) -> None:
        """See that it can be computed what the meter should convert by."""
        told, filling = self.parameters, LoopGas(self.parameters)
        see_resolution(drivers, "dut.measured_volume", told.total_resolution, "m3")
        see_resolution(drivers, "dut.base_volume", told.base_resolution, "m3")
        conversion = Conversion(told, filling)
        for pressure in told.pressures:
            conversion.factor(told.cooling, 1000.0 * pressure)

    @staticmethod
    def _see_gated(drivers: Drivers) -> None:
        """See that all that counts can be opened by the gate, where there is one."""
        if "gate" not in drivers:
            return
        counts = [role for role in drivers if role.startswith("readers[") or role in {"check_reader", "dut"}]
        for role in counts:
            if not can(drivers, role, PulseCounter, *((Ammeter,) if role == "dut" else ())):
                raise ParameterError(
                    f"the gate opens counters of pulses, and {role} is {drivers[role].__name__}: take the "
                    "role gate out of the bench file, so that all are read one after another"
                )

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has its certificate, and that masters can make every point."""
        count = sum(role.startswith("masters[") for role in certificates)
        if count > MOST:
            raise BenchError(f"a loop has {MOST} masters at most, and the bench has {count}: mend masters")
        for role in ("readers", "gauges", "thermometers"):
            if (found := sum(each.startswith(f"{role}[") for each in drivers)) != count:
                raise BenchError(f"there are {count} masters and {found} {role}: give each master one")
        places = [
            *(f"s[{n}]" for n in range(1, count + 1)),
            "meter",
            *(["check"] if self._checks(drivers) else []),
        ]
        own = [
            (each, quantity, unit)
            for place in places
            for each, quantity, unit in (
                (_role(place, "gauge"), "pressure", "Pa"),
                (_role(place, "thermometer"), "temperature", "°C"),
            )
        ]
        current = [("dut", "current", "mA")] if can(drivers, "dut", Ammeter) else []
        require_known(certificates, drivers, [*own, *current])
        order = self.parameters.fit_order
        self._masters = [
            Master(n, certificates[f"masters[{n}]"].certificate, order) for n in range(1, count + 1)
        ]
        for master in self._masters:
            if can(drivers, f"readers[{master.key}]", PulseCounter):
                master.factor  # noqa: B018  refuses one that states none
        choices = {point.name: self._choice(point) for point in self.points()}
        for choice in choices.values():
            for number, at in zip(choice.numbers, choice.places, strict=True):
                self._masters[number - 1].parts(at)
        if self._checks(drivers):
            self._see_check(Master("c", certificates["check_meter"].certificate, order), drivers)

    @staticmethod
    def _checks(drivers: Drivers) -> bool:
        return "check_reader" in drivers

    def _see_check(self, check: Master, drivers: Drivers) -> None:
        """See that the check meter is certified at every point, and what its pulses are worth."""
        if can(drivers, "check_reader", PulseCounter):
            check.factor  # noqa: B018  refuses one that states none
        for point in self.points():
            state = self._gas.state(self.parameters.cooling, 1000.0 * point.nominal["pressure"])
            check.parts(check.place(state, point.nominal["flow"]))
        self._check = check

    def _choice(self, point: Point) -> Opening:
        return choice_at(point, self._masters, self.parameters, self._gas)

    def prepare(self, run: Run) -> None:
        """See that the gauges count absolute pressure, and set the cooler."""
        gauges = {f"gauges[{n}]": each for n, each in enumerate(self.gauges, 1)}
        gauges |= {"meter_gauge": self.meter_gauge}
        gauges |= {"check_gauge": self.check_gauge} if self.check_gauge is not None else {}
        for role, gauge in gauges.items():
            if not gauge.is_absolute():
                raise ParameterError(f"the {role} must show absolute pressure: mend its settings")
        if isinstance(self.dut, VolumeConverter):
            see_programmed(run, self.dut, self.parameters)
        self.loop.cooling.set(self.parameters.cooling, "°C")
        self._at = None
        self._rig = Circulation(
            run,
            self.parameters,
            self.loop,
            self.blower,
            self.meter_gauge,
            (*self.thermometers, self.meter_thermometer),
            self.check_thermometer,
            self._gas,
        )

    def approach(self, point: Point, run: Run) -> None:
        """Come to the pressure, if it is another one, and open the masters for the flow.

        At another pressure the loop is filled or vented, seen to be tight, and sent round until it is steady.
        """
        pressure, flow = point.nominal["pressure"], point.nominal["flow"]
        for reader in (*self.readers, self.check_reader, self.dut):
            if isinstance(reader, PulseCounter):
                reader.count_freely()
        first = self._at != pressure
        if first:
            self._at = None
            self._rig.come_to(pressure)
            self._leak = self._rig.see_tight(pressure)
            warm = AT_FIRST * self.parameters.highest
            best = Point(
                f"{pressure:g} kPa, {warm:g} m3/h to come to rest", {"flow": warm, "pressure": pressure}
            )
            self._go(run, self._choice(best), warm)
            self._rig.warm_up(pressure)
            self._at = pressure
        choice = self._choice(point)
        self._go(run, choice, flow)
        serials = [self.masters[number - 1].serial for number in choice.numbers]
        run.note(
            "masters",
            point=point.name,
            numbers=list(choice.numbers),
            serials=serials,
            reynolds=list(choice.reynolds),
            load=choice.load,
        )
        self._rig.settle(self.parameters.steady_between)

    def _go(self, run: Run, choice: Opening, flow: float) -> None:
        counters = self._counting(choice.numbers)
        self._rig.open_for(choice.bits, flow, lambda: flow_by(run, counters))

    def _counting(self, numbers: Sequence[int]) -> list[tuple[BoundReading, float]]:
        """Return what counts what passes masters, each with what one of its units is in m³."""
        pressure = self._at or self.parameters.pressures[0]
        density = self._gas.density(self.parameters.cooling, 1000.0 * pressure)
        found = []
        for number in numbers:
            reader = self.readers[number - 1]
            if isinstance(reader, PulseCounter):
                found.append((reader.running_pulses, 1.0 / self._masters[number - 1].factor))
            elif isinstance(reader, VolumeTotalizer):
                found.append((reader.volume, 1.0))
            else:
                found.append((reader.total_mass, 1.0 / density))
        return found

    def measure(self, point: Point, run: Run) -> LoopSeen:
        choice = self._choice(point)
        numbers = choice.numbers
        air = read_air(run, self.ambient)
        (standing,) = run.read(self.loop.standing)
        first = self._counting(numbers[:1])[0][0]
        begun = run.clock.now()
        (passing, watched), counted, amounts = self._count(
            run, numbers, lambda: watch(run, self.lasts(point), first, self._watched(numbers))
        )
        told: dict[str, Any] = {**air._asdict(), **counted, **self._told(numbers, watched)}
        took = run.clock.now() - begun
        seen = LoopSeen(standing=standing, masters_passing=passing, duration=took, leak=self._leak, **told)
        see_steady(point.name, seen, choice, self.parameters)
        self._see_closure(point, seen, amounts, choice)
        see_sound(
            point,
            list(self._sounding(numbers)),
            seen,
            numbers,
            self._gas,
            self.parameters.sound_difference,
        )
        return seen

    def _count(
        self, run: Run, numbers: Sequence[int], watching: Callable[[], Watched]
    ) -> tuple[Watched, dict[str, object], dict[str, Measured]]:
        """Count what passes masters, check meter and meter under test: by the gate, if there is one."""
        if self.gate is None:
            return counting.by_readings(run, self._all_counters(numbers), watching)
        called = {f"{counting.MASTER}{number}": self.readers[number - 1] for number in numbers}
        every = {**called, "check": self.check_reader, "pulses": self.dut}
        counters = {name: each for name, each in every.items() if isinstance(each, PulseCounter)}
        return counting.by_gate(run, self.gate, counters, watching)

    def _all_counters(self, numbers: Sequence[int]) -> dict[str, BoundReading]:
        """Return what is read together at both ends of a repeat: masters, check meter, meter under test."""
        found = {
            f"{counting.MASTER}{number}": counter
            for number, (counter, _) in zip(numbers, self._counting(numbers), strict=True)
        }
        if isinstance(self.check_reader, PulseCounter):
            found["check"] = self.check_reader.running_pulses
        elif isinstance(self.check_reader, VolumeTotalizer):
            found["check"] = self.check_reader.volume
        return found | self.meter_counters()

    def meter_counters(self) -> dict[str, BoundReading]:
        if isinstance(self.dut, VolumeConverter):
            base, disturbed = self.dut.base_volume, self.dut.disturbed_volume
            return {"total": self.dut.measured_volume, "base": base, counting.DISTURBED: disturbed}
        return super().meter_counters()

    def _watched(self, numbers: Sequence[int]) -> dict[str, BoundReading]:
        watched: dict[str, BoundReading] = {}
        for number in numbers:
            watched[f"p{number}"] = self.gauges[number - 1].pressure
            watched[f"t{number}"] = self.thermometers[number - 1].temperature
        watched["meter_pressure"] = self.meter_gauge.pressure
        watched["meter_temperature"] = self.meter_thermometer.temperature
        if self.check_gauge is not None and self.check_thermometer is not None:
            watched["check_pressure"] = self.check_gauge.pressure
            watched["check_temperature"] = self.check_thermometer.temperature
        if isinstance(self.dut, VolumeConverter):
            watched |= {"device_pressure": self.dut.pressure, "device_temperature": self.dut.temperature}
        watched |= {f"sound {key}": each for key, each in self._sounding(numbers).items()}
        return watched | self.meter_current()

    def _sounding(self, numbers: Sequence[int]) -> dict[str, BoundReading]:
        """Return what tells the speed of sound, by the meters' keys."""
        meters = {str(number): self.readers[number - 1] for number in numbers}
        every = {**meters, "c": self.check_reader, "d": self.dut}
        return {key: each.sound_speed for key, each in every.items() if isinstance(each, SoundMeter)}

    @staticmethod
    def _told(numbers: Sequence[int], watched: Mapping[str, tuple[Measured, ...]]) -> dict[str, object]:
        """Return the parts of an observation from what was watched, by their names in `LoopSeen`."""
        told: dict[str, object] = {
            name: one for name, one in watched.items() if not name[1:].isdigit() and " " not in name
        }
        sounds = [one for name, one in watched.items() if name.startswith("sound ")]
        if sounds:
            told["sound"] = tuple(one for row in zip(*sounds, strict=True) for one in row)
        for part, short in (("pressure", "p"), ("temperature", "t")):
            rows = zip(*(watched[f"{short}{number}"] for number in numbers), strict=True)
            told[f"master_{part}"] = tuple(one for row in rows for one in row)
        return told

    def _see_closure(
        self, point: Point, seen: LoopSeen, amounts: Mapping[str, Measured], choice: Opening
    ) -> None:
        """Stop where the check meter is off its curve, by readings as they are."""
        if self._check is None or "check" not in amounts:
            return
        off = off_by(seen, amounts, choice, self._masters, self._check, self._gas)
        limit = self.parameters.closure
        if abs(off) > limit:
            raise RunError(
                f"{point.name}: the check meter is {off:+.2f} % off its curve, and {limit:g} % is allowed: "
                "look at the valves of branches that are shut, which may let pass, at the thermometers, and "
                "for pulses that are lost"
            )

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return errors over Re at all pressures, the weighted mean error, closure, leaks, conformity."""
        wanted = self.parameters
        repeats = [self._repeats(point, evidence) for point in evidence.points]
        findings = [each.found() for each in repeats]
        whole = [each.whole() for each in repeats if isinstance(each, IntegratedRepeats)]
        rounds = [self._round(each, finding) for each, finding in zip(repeats, findings, strict=True)]
        checks = self._checked(evidence)
        closures = [each.closed() for each in checks]
        sounds = [one for each in repeats for one in heard(each, [*map(str, each.numbers), "d"])]
        sounds += [one for each in checks for one in heard(each, "c")]
        weighted = self._weighted(findings)
        specification, further = wanted.held_against(findings, weighted)
        accredited = CMC in evidence.characteristics
        leaks = {each.pressure: each.leak for each in rounds}
        return Evaluation(
            results=(
                results.error_table(findings, rounds, specification, accredited=accredited),
                *(integrated.tables(whole, results.numbers(rounds)) if whole else ()),
                weighted_characteristics(findings, weighted),
                results.masters_table(rounds),
                *((results.closure_table(rounds, closures),) if closures else ()),
                *sound.table(sounds, wanted.sound_difference),
                results.leak_table(leaks, wanted.leak_allowed),
            ),
            budgets=(
                *budgets(findings),
                *(one.model_copy(update={"result": 1}) for one in budgets(whole)),
            ),
            conditions=results.conditions(self._all_seen(evidence), wanted, self._gas),
            methods=(
                by_gum(results.model(masters_first=wanted.masters_first), findings, self.inputs),
                *((by_gum(integrated.MODEL, whole, self.inputs),) if whole else ()),
            ),
            statements=(
                *conformity.statements(findings, specification, METER, further),
                *remarks(findings, BY_CMC),
                *results.open_remark(rounds, closures),
                *((integrated.remark(whole),) if whole else ()),
                *sound.remark(sounds, wanted.sound_difference),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    def _repeats(self, point: Point, evidence: Evidence) -> LoopRepeats:
        """Return the repeats at a point, of a meter that converts with its base volume."""
        told = LoopSeen.at(evidence, point)[0].base_after is not None
        return (IntegratedRepeats if told else LoopRepeats)(point, evidence, self.parameters, self._gas)

    def _all_seen(self, evidence: Evidence) -> Iterator[LoopSeen]:
        return (LoopSeen.of(entry) for entry in evidence.observations)

    def _weighted(self, findings: Sequence[MeterFinding]) -> float:
        """Return the weighted mean error of the first pressure's flows, in %."""
        first = self.parameters.pressures[0]
        there = [finding for finding in findings if finding.point.nominal["pressure"] == first] or findings
        flows, errors = ([getattr(one, part) for one in there] for part in ("place", "judged"))
        return weighted_mean_error(flows, errors, self.parameters.highest)

    def _round(self, repeats: LoopRepeats, finding: MeterFinding) -> GoneRound:
        meter = repeats.states[-1]
        return GoneRound(
            repeats.point.nominal["pressure"],
            meter,
            reynolds(meter, finding.place / 3600.0, self.parameters.diameter),
            repeats.numbers,
            repeats.reynolds,
            repeats.choice.load,
            repeats.seen[-1].leak,
        )

    def _checked(self, evidence: Evidence) -> list[CheckRepeats]:
        if "check_meter" not in evidence.certificates:
            return []
        return [CheckRepeats(point, evidence, self.parameters, self._gas) for point in evidence.points]


def _role(place: str, kind: str) -> str:
    """Return the role of a gauge or thermometer at a place: `s[2]` of a master, else the place's name."""
    return f"{kind}{place}" if place.startswith("s[") else f"{place}_{kind}"
