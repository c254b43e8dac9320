"""Calibrate a gas meter in a sealed loop under pressure, against master meters in parallel.

The loop is filled to a pressure and sealed, watched for a leak, and sent round until it is steady; then come
the flows at this pressure, from high to low. Which masters are open at a flow follows from the order and from
their certificates: the fewest that it loads well, each at a Reynolds number it is certified for. Behind the
meter under test a check meter sees the same gas: where it is off its own curve the run stops. Where the order
says so a bank of critical nozzles behind it holds the flow, and is a second check by another chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from remotecal.drivers.capabilities import (
    FlowMeter,
    PulseCounter,
    VolumeConverter,
)
from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError, ParameterError, RunError
from remotecal.model import IN_CMC, Text
from remotecal.procedures import Evaluation, Evidence, Observed, Point, Run
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.earlier import as_known, knew
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.gas_loop import bank, disturbance, integrated, levels, results, sound, zero
from remotecal.procedures.library.gas_loop.bank import BankFinding, BankRepeats
from remotecal.procedures.library.gas_loop.closure import CheckRepeats, mass_by, off_by
from remotecal.procedures.library.gas_loop.filling import LoopGas, reynolds
from remotecal.procedures.library.gas_loop.gates import CAUGHT_UP, filtered, see_steady, watch
from remotecal.procedures.library.gas_loop.integrated import IntegratedRepeats, see_programmed
from remotecal.procedures.library.gas_loop.master import Opening
from remotecal.procedures.library.gas_loop.moisture import as_read
from remotecal.procedures.library.gas_loop.on_loop import OnLoop
from remotecal.procedures.library.gas_loop.passing import INPUTS, LoopRepeats
from remotecal.procedures.library.gas_loop.results import GoneRound
from remotecal.procedures.library.gas_loop.running import (
    Circulation,
    comes_to_flow,
    comes_to_pressure,
    flow_by,
)
from remotecal.procedures.library.gas_loop.seen import LoopSeen
from remotecal.procedures.library.gas_loop.sound import heard, see_sound, sounding
from remotecal.procedures.library.gas_loop.standing_gas import KEPT, LEAK, AtRest
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.meters.branches import bits_of
from remotecal.procedures.library.meters.classes import weighted_mean_error
from remotecal.procedures.library.meters.results import MeterFinding, weighted_characteristics
from remotecal.procedures.library.meters.under_test import METER

AT_FIRST: Final = 0.7
"""Share of the highest flow at which the gas goes round until it is steady."""


class MeterByMasters(OnLoop):
    """Calibrate a gas meter under pressure against master meters in a closed loop (JJG 643)."""

    title: ClassVar[Text] = Text(
        zh="正压环道标准表法气体流量计校准",
        en="Calibration of a gas meter by master meters in a closed loop under pressure",
    )
    norms: ClassVar[tuple[str, ...]] = ("JJG 643",)

    sets: ClassVar[Mapping[str, str]] = {"flow": "m3/h", "pressure": "kPa"}
    reach: ClassVar[Mapping[str, str]] = {"dut.flow": "flow", "meter_gauge.pressure": "pressure"}
    inputs: ClassVar[Mapping[str, Text]] = {**INPUTS, **integrated.INPUTS, **bank.INPUTS}

    keeps: ClassVar[Mapping[str, type[Observed]]] = KEPT

    model_equation: ClassVar[str] = results.model(masters_first=True)
    """The measurement model in one line, where the gas comes to the masters first."""

    def stands_by(self) -> Sequence[str]:
        return (*super().stands_by(), LEAK)

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        return tuple(
            Point(f"{pressure:g} kPa, {flow:g} m3/h", {"flow": flow, "pressure": pressure}, wanted.repeats)
            for pressure in wanted.pressures
            for flow in wanted.flows_at(pressure)
        )

    def prepare(self, run: Run) -> None:
        """See that the gauges count absolute pressure, and set the cooler."""
        gauges = {f"gauges[{n}]": each for n, each in enumerate(self.gauges, 1)}
        gauges |= {"meter_gauge": self.meter_gauge}
        gauges |= {"check_gauge": self.check_gauge} if self.check_gauge is not None else {}
        gauges |= self._bank_gauges()
        for role, gauge in gauges.items():
            if not gauge.is_absolute():
                raise ParameterError(f"the {role} must show absolute pressure: mend its settings")
        if isinstance(self.dut, VolumeConverter):
            see_programmed(run, self.dut, self.parameters)
        if self._nozzles is not None and self.bank is not None:
            self.bank.nozzles.set(0)
        self.loop.cooling.set(self.parameters.cooling, "°C")
        self._at = None
        self._rig = Circulation(
            run,
            self.parameters,
            self.loop,
            self.blower,
            self.meter_gauge,
            {f"thermometers[{n}]": each for n, each in enumerate(self.thermometers, 1)}
            | {"meter_thermometer": self.meter_thermometer},
            {"check_thermometer": self.check_thermometer} if self.check_thermometer is not None else {},
            self._gas,
            self._certificates,
        )

    def approach(self, point: Point, run: Run) -> None:
        """Come to the pressure, if it is another one, and open the masters for the flow.

        At another pressure the loop is filled or vented, seen to be tight, and sent round until it is steady.
        """
        pressure = point.nominal["pressure"]
        for reader in (*self.readers, self.check_reader, self.dut):
            if isinstance(reader, PulseCounter):
                reader.count_freely()
        if self._nozzles is not None and self.bank is not None:
            self._rig.release(self.bank)
        first = self._at != pressure
        if first:
            self._at = None
            self._rig.come_to(pressure)
            self._rig.see_tight(pressure)
            warm = AT_FIRST * self.parameters.highest
            best = Point(
                f"{pressure:g} kPa, {warm:g} m3/h to come to rest", {"flow": warm, "pressure": pressure}
            )
            self._go(run, self._choice(best), best)
            self._rig.warm_up(pressure)
            self._read_zero(pressure)
            self._at = pressure
        choice = self._choice(point)
        self._go(run, choice, point)
        serials = [self.masters[number - 1].serial for number in choice.numbers]
        run.note(
            "masters",
            point=point.name,
            numbers=list(choice.numbers),
            serials=serials,
            reynolds=list(choice.reynolds),
            load=choice.load,
        )
        self._choke(point, run)
        self._rig.settle(self.parameters.steady_between)
        if isinstance(self.dut, VolumeConverter):
            filtered(run, self.parameters.damping, elsewhere=first)

    def _read_zero(self, pressure: float) -> None:
        """Read what the meter shows while the gas stands, where the order says so."""
        if self.parameters.zero_time is None or not isinstance(self.dut, FlowMeter):
            return
        zero.see_zero(pressure, self._rig.read_zero(pressure, self.dut.flow), self.parameters)

    def arrives(self, point: Point, last: Point | None) -> float:
        told, pressure = self.parameters, point.nominal["pressure"]
        was = None if last is None else last.nominal["pressure"]
        filled = 0.0 if pressure == was else comes_to_pressure(told, pressure, was)
        return filled + comes_to_flow(told) + CAUGHT_UP[filled > 0] * told.damping

    def _choke(self, point: Point, run: Run) -> None:
        """Have the nozzles for a point hold its flow, where the order says so."""
        if self._nozzles is None or self.bank is None:
            return
        numbers = self._nozzles.chosen(point, self.parameters)
        serials = [self.nozzles[number - 1].serial for number in numbers] if self.nozzles else []
        run.note("nozzles", point=point.name, numbers=list(numbers), serials=serials)
        limit = self._nozzles.choked_to(numbers, self.parameters)
        self._rig.choke(self.bank, bits_of(numbers), limit)

    def _go(self, run: Run, choice: Opening, point: Point) -> None:
        """Bring the flow to a point's, by the masters chosen for it."""
        worth = self._worth(choice.numbers, point.nominal["pressure"])
        counters = list(zip(self._counters(choice.numbers), worth, strict=True))
        self._rig.open_for(choice.bits, point.nominal["flow"], lambda: flow_by(run, counters))

    def measure(self, point: Point, run: Run) -> LoopSeen:
        choice = self._choice(point)
        numbers = choice.numbers
        air = read_air(run, self.ambient)
        (standing,) = run.read(self.loop.standing)
        nozzles = self._standing_nozzles(run)
        (first,) = self._counters(numbers[:1])
        begun = run.clock.now()
        (passing, watched), counted, amounts = self._count(
            run, numbers, lambda: watch(run, self.lasts(point), first, self._watched(numbers))
        )
        told: dict[str, Any] = {**air._asdict(), **nozzles, **counted, **self._told(numbers, watched)}
        took = run.clock.now() - begun
        seen = LoopSeen(standing=standing, masters_passing=passing, duration=took, **told)
        see_steady(point.name, seen, choice, self.parameters)
        gas = as_read(point.name, seen, self._gas, self.parameters, self._certificates)
        self._see_closure(point, seen, amounts, choice, gas)
        self._see_nozzles_close(point, seen, amounts, choice, gas)
        see_sound(
            point,
            list(self._sounding(numbers)),
            seen,
            numbers,
            gas,
            self.parameters.sound_difference,
        )
        return seen

    def _see_closure(
        self, point: Point, seen: LoopSeen, amounts: Mapping[str, Measured], choice: Opening, gas: LoopGas
    ) -> None:
        """Stop where the check meter is off its curve, by readings as they are."""
        if self._check is None or "check" not in amounts:
            return
        off = off_by(seen, amounts, choice, self._masters, self._check, gas)
        limit = self.parameters.closure
        if abs(off) > limit:
            raise RunError(
                f"{point.name}: the check meter is {off:+.2f} % off its curve, and {limit:g} % is allowed: "
                "look at the valves of branches that are shut, which may let pass, at the thermometers, and "
                "for pulses that are lost"
            )

    def _see_nozzles_close(
        self, point: Point, seen: LoopSeen, amounts: Mapping[str, Measured], choice: Opening, gas: LoopGas
    ) -> None:
        """Stop where nozzles are not choked, or are off the masters, by readings as they are."""
        if self._nozzles is None:
            return
        told, numbers = self.parameters, self._nozzles.chosen(point, self.parameters)
        if refusal := bank.not_so(point, seen, numbers, self._nozzles.choked_to(numbers, told)):
            raise RunError(refusal)
        passed = mass_by(seen, amounts, choice, self._masters, gas)
        off = bank.bank_off_by(seen, passed, numbers, self._nozzles.of_gas(gas))
        if abs(off) > told.nozzle_closure:
            raise RunError(
                f"{point.name}: the nozzles let {off:+.2f} % pass against the masters, and "
                f"{told.nozzle_closure:g} % is allowed: look at the valves of branches and nozzles, at the "
                "way round the bank, for leaks, and at the masters' certificates: with them the check "
                "meter may be wrong"
            )

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return errors over Re at all pressures, the weighted mean error, closure, leaks, conformity."""
        wanted = as_known(self.parameters, evidence, "fewest_compared")
        says_why = knew(evidence, "fewest_compared")
        repeats = [self._repeats(point, evidence) for point in evidence.points]
        for each in repeats:
            self._see_again(each)
        findings = [each.found() for each in repeats]
        whole = [each.whole() for each in repeats if isinstance(each, IntegratedRepeats)]
        rested = [[AtRest.of(seen, evidence, wanted, self._gas) for seen in each.seen] for each in repeats]
        rounds = [self._round(*each) for each in zip(repeats, findings, rested, strict=True)]
        between = levels.compared(rounds, [each.evaluated for each in findings], wanted)
        checks = self._checked(evidence)
        closures = [each.closed() for each in checks]
        banks = self._by_bank(evidence)
        sounds = [one for each in repeats for one in heard(each, [*map(str, each.numbers), "d"])]
        sounds += [one for each in checks for one in heard(each, "c")]
        weighted = self._weighted(findings)
        specification, further = wanted.held_against(findings, weighted)
        accredited = CMC in evidence.characteristics
        leaks = {each.pressure: each.leak for each in rounds}
        at_level: dict[float, list[zero.Stood]] = {pressure: [] for pressure in wanted.pressures}
        for each, stood in zip(repeats, rested, strict=True):
            at_level[each.point.nominal["pressure"]] += zip(each.seen, stood, strict=True)
        return Evaluation(
            results=(
                results.error_table(findings, rounds, specification, accredited=accredited),
                *(integrated.tables(whole, results.numbers(rounds), accredited=accredited) if whole else ()),
                *((results.bank_table(rounds, banks),) if banks else ()),
                weighted_characteristics(findings, weighted),
                *levels.tables(between),
                results.masters_table(rounds),
                *((results.closure_table(rounds, closures),) if closures else ()),
                *sound.table(sounds, wanted.sound_difference),
                results.leak_table(leaks, wanted.leak_allowed),
                *zero.zeros(at_level, wanted),
            ),
            budgets=(
                *budgets(findings),
                *(one.model_copy(update={"result": 1}) for one in budgets(whole)),
                *(one.model_copy(update={"result": 3 if whole else 1}) for one in budgets(banks)),
            ),
            conditions=results.conditions(self._all_seen(evidence), wanted, self._gas),
            methods=(
                by_gum(
                    results.model(masters_first=wanted.masters_first, disturbed=disturbance.term(wanted)),
                    findings,
                    self.inputs,
                ),
                *((by_gum(integrated.MODEL, whole, self.inputs),) if whole else ()),
                *((by_gum(bank.MODEL, banks, self.inputs),) if banks else ()),
            ),
            statements=(
                *conformity.statements(findings, specification, METER, further),
                *wanted.left_out(evidence.wording),
                *remarks(findings, BY_CMC),
                *results.open_remark(rounds, closures, wanted.closure if says_why else None),
                *results.open_bank_remark(rounds, banks, wanted.nozzle_closure if says_why else None),
                *levels.remark(between, wanted),
                *((integrated.remark(whole),) if whole else ()),
                *sound.remark(sounds, wanted.sound_difference),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    def _see_again(self, repeats: LoopRepeats) -> None:
        """Raise `EvidenceError` for a repeat behind which a run stops: its gas moved, or was another one."""
        wanted, at, evidence = self.parameters, repeats.point, repeats.evidence
        for seen in repeats.seen:
            try:
                see_steady(at.name, seen, repeats.choice, wanted)
                gas = as_read(at.name, seen, self._gas, wanted, evidence.certificates)
                keys = sounding(seen, repeats.numbers, evidence)
                see_sound(at, keys, seen, repeats.numbers, gas, wanted.sound_difference)
            except RunError as refusal:
                raise EvidenceError(f"{refusal}; a run does not go on behind that") from None

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

    def _round(self, repeats: LoopRepeats, finding: MeterFinding, rested: Sequence[AtRest]) -> GoneRound:
        meter, allowed = repeats.states[-1], self.parameters.leak_allowed
        for found in rested:
            if abs(found.leak) > allowed:
                raise EvidenceError(
                    f"{repeats.point.name}: the loop leaked {found.leak:.3g} m3/h when it was tested, and "
                    f"{allowed:.2g} m3/h are allowed: a run does not go on behind that"
                )
        return GoneRound(
            repeats.point.nominal["pressure"],
            meter,
            reynolds(meter, finding.place / 3600.0, self.parameters.diameter),
            repeats.numbers,
            repeats.reynolds,
            repeats.choice.load,
            rested[-1].leak,
        )

    def _checked(self, evidence: Evidence) -> list[CheckRepeats]:
        if "check_meter" not in evidence.certificates:
            return []
        return [CheckRepeats(point, evidence, self.parameters, self._gas) for point in evidence.points]

    def _by_bank(self, evidence: Evidence) -> list[BankFinding]:
        if not self.parameters.by_nozzles:
            return []
        return [
            BankRepeats(point, evidence, self.parameters, self._gas).closed() for point in evidence.points
        ]
