"""A gas loop with a meter under test: its roles, what suits them, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeAlias

from remotecal.drivers.capabilities import (
    AmbientMonitor,
    Ammeter,
    CounterGate,
    DewPointMeter,
    FlowMeter,
    FlowSource,
    GasLoop,
    MassTotalizer,
    NozzleValves,
    PressureGauge,
    PulseCounter,
    SoundMeter,
    Thermometer,
    VolumeConverter,
    VolumeTotalizer,
)
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import BenchError, CertificateRefused, ParameterError
from remotecal.procedures import Artefact, Certificates, Drivers, Point, Run
from remotecal.procedures.library.evaluation.output import see_resolution
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.gas_loop import counting
from remotecal.procedures.library.gas_loop.bank import BANK_VOLUME, NozzlesOfLoop
from remotecal.procedures.library.gas_loop.filling import LoopGas
from remotecal.procedures.library.gas_loop.integrated import ProgrammedConversion
from remotecal.procedures.library.gas_loop.master import MOST, Master, Opening, choice_at
from remotecal.procedures.library.gas_loop.moisture import DEW_METER, see_dew_meter
from remotecal.procedures.library.gas_loop.parameters import LoopParameters
from remotecal.procedures.library.meters.nozzle import EXPANSION, PLENUM, require_choked
from remotecal.procedures.library.meters.under_test import MeterUnderTest, can

CHECKS: Final = ("check_meter", "check_reader", "check_gauge", "check_thermometer")
"""Roles of the check meter, which go together."""
BANK: Final = ("bank", "bank_gauge", "bank_thermometer", "back_gauge")
"""Roles that go with the nozzles of a bank."""
Watched: TypeAlias = tuple[tuple[Measured, ...], dict[str, tuple[Measured, ...]]]
"""What is watched in a repeat: the first master's counter, and name → readings of the others."""


class OnLoop(MeterUnderTest):
    """A calibration of a meter in a sealed loop, against masters in parallel."""

    dut: PulseCounter | Ammeter | VolumeTotalizer | VolumeConverter  # type: ignore[assignment]  # one more way
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
    nozzles: tuple[Artefact, ...] | None
    """Critical nozzles behind the check meter, in the order of their valves."""
    bank: NozzleValves | None
    bank_gauge: PressureGauge | None
    """Absolute pressure ahead of them."""
    bank_thermometer: Thermometer | None
    back_gauge: PressureGauge | None
    """Absolute pressure behind them."""
    dew_point_meter: DewPointMeter | None
    """What tells how moist the gas is; without it the order states that."""
    loop: GasLoop
    blower: FlowSource
    gate: CounterGate | None
    """What opens all counters by one signal; where there is none they are read one after another."""
    ambient: AmbientMonitor

    Parameters: ClassVar[type[LoopParameters]] = LoopParameters
    parameters: LoopParameters

    def __init__(self, parameters: LoopParameters, roles: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters, roles)
        self._gas = LoopGas(parameters)
        self._certificates: Certificates = {}
        self._masters: list[Master] = []
        self._check: Master | None = None
        self._nozzles: NozzlesOfLoop | None = None
        self._at: float | None = None
        """Pressure the loop is at, in kPa; None where it is not known."""

    def characteristics(self) -> Mapping[str, str]:
        """Return the facts of the bench; with nozzles the volume up to them is one, too."""
        to_bank = {BANK_VOLUME: "m3"} if self.parameters.by_nozzles else {}
        return {"connecting_volume": "m3", "reading_delay": "s", **to_bank}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "%", PLENUM: "m", EXPANSION: "1/K"}

    def certified(self) -> Sequence[str]:
        return ("masters", "check_meter", *(("nozzles",) if self.parameters.by_nozzles else ()))

    def allowance(self) -> Mapping[str, float]:
        return {"pressure": self.parameters.pressure_tolerance / 100 * max(self.parameters.pressures)}

    def suits(self, drivers: Drivers) -> None:
        """See that what belongs to the check meter is there whole, or not at all; and what the gas can be."""
        super().suits(drivers)
        there = [role for role in CHECKS[1:] if role in drivers]
        if there and len(there) < len(CHECKS) - 1:
            missing = ", ".join(role for role in CHECKS[1:] if role not in drivers)
            raise ParameterError(f"the check meter needs {missing} too, or none of {', '.join(CHECKS)}")
        if self.parameters.by_nozzles and (lacking := [role for role in BANK if role not in drivers]):
            raise ParameterError(
                f"by_nozzles needs a bank of nozzles, and the bench has no {', '.join(lacking)}: add what is "
                "missing to the bench file, or leave by_nozzles out"
            )
        if self.parameters.zero_time is not None and not can(drivers, "dut", FlowMeter):
            raise ParameterError(
                "zero_time has the meter's zero read, and what has the role dut tells no flow: leave it out"
            )
        see_dew_meter(drivers, self.parameters, self._gas)
        self._see_gated(drivers)
        self._see_steps(drivers)
        if can(drivers, "dut", VolumeConverter):
            self._see_converts(drivers)
        told, filling = self.parameters, LoopGas(self.parameters)
        coldest, most = told.cooling - told.temperature_difference, 1.0 + told.pressure_tolerance / 100.0
        for pressure in told.pressures:
            filling.require(coldest, 1000.0 * most * pressure)

    def _see_converts(self, drivers: Drivers) -> None:
        """See that it can be computed what the meter should convert by."""
        told, filling = self.parameters, LoopGas(self.parameters)
        see_resolution(drivers, "dut.measured_volume", told.total_resolution, "m3")
        see_resolution(drivers, "dut.base_volume", told.base_resolution, "m3")
        see_resolution(drivers, "dut.pressure", told.pressure_resolution, "Pa")
        see_resolution(drivers, "dut.temperature", told.temperature_resolution, "K")
        conversion = ProgrammedConversion(told, filling)
        for pressure in told.pressures:
            conversion.factor(told.cooling, 1000.0 * pressure)

    def _see_steps(self, drivers: Drivers) -> None:
        """See that the step of every total is told, and not more finely than the bench file has it."""
        told = self.parameters
        for role in drivers:
            if role != "check_reader" and not role.startswith("readers["):
                continue
            if can(drivers, role, PulseCounter):
                continue
            name, unit = ("total_mass", "kg") if can(drivers, role, MassTotalizer) else ("volume", "m3")
            step = told.step_of("check" if role == "check_reader" else "masters", unit)
            see_resolution(drivers, f"{role}.{name}", step, unit)

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
            *(["bank"] if self.parameters.by_nozzles else []),
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
        moist = [(DEW_METER, "dew_point", "°C")] if DEW_METER in drivers else []
        require_known(certificates, drivers, [*own, *current, *moist])
        self._certificates = certificates
        order = self.parameters.fit_order
        self._masters = [
            Master(n, certificates[f"masters[{n}]"].certificate, order) for n in range(1, count + 1)
        ]
        for master in self._masters:
            if can(drivers, f"readers[{master.key}]", PulseCounter):
                master.factor  # noqa: B018  refuses one that states none
        for point in self.points():
            choice = self._choice(point)
            for number, at in zip(choice.numbers, choice.places, strict=True):
                self._see_about(point, self._masters[number - 1], at)
        if self._checks(drivers):
            self._see_check(Master("c", certificates["check_meter"].certificate, order), drivers)

        if self.parameters.by_nozzles:
            self._see_nozzles(certificates)

    def _see_nozzles(self, certificates: Certificates) -> None:
        """See that nozzles that are certified there make every point."""
        self._nozzles = NozzlesOfLoop.of(certificates, self._gas)
        if not self._nozzles.nozzles:
            raise BenchError("by_nozzles needs nozzles: give the role nozzles its artefacts")
        told = self.parameters
        for point in self.points():
            numbers = self._nozzles.chosen(point, told)
            ahead = self._nozzles.at(told.cooling, 1000.0 * point.nominal["pressure"]).state
            require_choked(told.back_pressure, self._nozzles.some(numbers), ahead)
            told.see_drawn(point.nominal["flow"], self._nozzles.choked_to(numbers, told))

    @staticmethod
    def _checks(drivers: Drivers) -> bool:
        return "check_reader" in drivers

    def _see_check(self, check: Master, drivers: Drivers) -> None:
        """See that the check meter is certified at every point, and what its pulses are worth."""
        if can(drivers, "check_reader", PulseCounter):
            check.factor  # noqa: B018  refuses one that states none
        for point in self.points():
            state = self._gas.state(self.parameters.cooling, 1000.0 * point.nominal["pressure"])
            self._see_about(point, check, check.place(state, point.nominal["flow"]))
        self._check = check

    def _see_about(self, point: Point, meter: Master, at: float) -> None:
        """See that a meter is certified wherever a run may bring a point to, and tells what it shares."""
        try:
            meter.require_about(at, self.parameters)
        except CertificateRefused as refusal:
            raise CertificateRefused(f"{point.name}: {refusal}") from None
        meter.parts(at)

    def _choice(self, point: Point) -> Opening:
        return choice_at(point, self._masters, self.parameters, self._gas)

    def _counters(self, numbers: Sequence[int]) -> list[BoundReading]:
        """Return what counts what passes masters."""
        return [_counter(self.readers[number - 1]) for number in numbers]

    def _worth(self, numbers: Sequence[int], pressure: float) -> list[float]:
        """Return what one unit of what each master counts in is in m³, at a pressure in kPa."""
        density = self._gas.density(self.parameters.cooling, 1000.0 * pressure)
        worth = []
        for number in numbers:
            reader = self.readers[number - 1]
            if isinstance(reader, PulseCounter):
                worth.append(1.0 / self._masters[number - 1].factor)
            else:
                worth.append(1.0 / density if isinstance(reader, MassTotalizer) else 1.0)
        return worth

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
            for number, counter in zip(numbers, self._counters(numbers), strict=True)
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
        watched |= self._at_bank()
        if self.dew_point_meter is not None:
            watched["dew_point"] = self.dew_point_meter.dew_point
        if isinstance(self.dut, VolumeConverter):
            watched |= {"device_pressure": self.dut.pressure, "device_temperature": self.dut.temperature}
        watched |= {f"sound {key}": each for key, each in self._sounding(numbers).items()}
        return watched | self.meter_current()

    def _at_bank(self) -> dict[str, BoundReading]:
        """Return what is read at the bank of nozzles, where it is used."""
        gauge, thermometer, back = self.bank_gauge, self.bank_thermometer, self.back_gauge
        if self._nozzles is None or gauge is None or thermometer is None or back is None:
            return {}
        return {
            "bank_pressure": gauge.pressure,
            "bank_temperature": thermometer.temperature,
            "back_pressure": back.pressure,
        }

    def _bank_gauges(self) -> dict[str, PressureGauge]:
        """Return the gauges at the bank of nozzles, where it is used."""
        every = {"bank_gauge": self.bank_gauge, "back_gauge": self.back_gauge}
        used = self.parameters.by_nozzles
        return {role: each for role, each in every.items() if used and each is not None}

    def _standing_nozzles(self, run: Run) -> dict[str, Measured]:
        """Return which nozzles stand open, as a part of an observation, where the bank is used."""
        if self._nozzles is None or self.bank is None:
            return {}
        (found,) = run.read(self.bank.nozzles_standing)
        return {"nozzles_standing": found}

    def _sounding(self, numbers: Sequence[int]) -> dict[str, BoundReading]:
        """Return what tells the speed of sound, by the meters' keys."""
        meters = {str(number): self.readers[number - 1] for number in numbers}
        every: dict[str, object] = {**meters, "c": self.check_reader, "d": self.dut}
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


def _counter(reader: PulseCounter | VolumeTotalizer | MassTotalizer) -> BoundReading:
    """Return what a master counts: a Coriolis meter, which can tell both, tells a gas by its mass."""
    if isinstance(reader, PulseCounter):
        return reader.running_pulses
    return reader.total_mass if isinstance(reader, MassTotalizer) else reader.volume


def _role(place: str, kind: str) -> str:
    """Return the role of a gauge or thermometer at a place: `s[2]` of a master, else the place's name."""
    return f"{kind}{place}" if place.startswith("s[") else f"{place}_{kind}"
