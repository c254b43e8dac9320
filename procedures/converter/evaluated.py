"""What a volume converter's certificate says: errors of whole and parts, budgets, conformity, conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from remotecal.model import IN_CMC, Condition, Statement, Text
from remotecal.procedures import Evaluation, Evidence
from remotecal.procedures.library.converter import atmosphere, results, said
from remotecal.procedures.library.converter.findings import (
    ArithmeticFinding,
    Grid,
    SensorFinding,
    WholeFinding,
)
from remotecal.procedures.library.converter.parameters import ConverterParameters
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.conformity import Constant, Specification, as_it_comes
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.measuring.surroundings import AirDuring


def evaluated(
    evidence: Evidence, wanted: ConverterParameters, model: str, inputs: Mapping[str, Text]
) -> Evaluation:
    """Return the errors of whole and parts, budgets and conformity.

    Args:
        evidence: what was observed.
        wanted: the order's parameters.
        model: the measurement model in one line.
        inputs: what its symbols are.
    """
    grid = Grid(evidence, wanted)
    whole, pressure, temperature = grid.whole(), grid.pressure(), grid.temperature()
    calculators = [ArithmeticFinding.of(each) for each in whole]
    of_whole, of_pressure, of_temperature, of_calculator = _specifications(wanted)
    accredited = CMC in evidence.characteristics
    every: Sequence[Finding] = (*whole, *pressure, *temperature)
    return Evaluation(
        results=(
            results.whole(whole, of_whole, accredited=accredited),
            results.pressure(pressure, of_pressure, accredited=accredited),
            results.temperature(temperature, of_temperature, accredited=accredited),
            results.parts(whole),
            results.factors(whole, wanted.compared_with),
        ),
        budgets=(
            *budgets(whole),
            *results.of_result(budgets(pressure), results.OF_PRESSURE),
            *results.of_result(budgets(temperature), results.OF_TEMPERATURE),
        ),
        conditions=_conditions(grid, wanted),
        methods=(by_gum(model, every, inputs),),
        statements=(
            *conformity.statements(whole, of_whole, said.WHOLE),
            *conformity.statements(pressure, of_pressure, said.PRESSURE)[1:],
            *conformity.statements(temperature, of_temperature, said.TEMPERATURE)[1:],
            *conformity.statements(calculators, of_calculator, said.CALCULATOR)[1:],
            *said.left_out(wanted, evidence.wording),
            *said.calculator(calculators),
            *said.packets(grid),
            *_remarked(grid, wanted, whole, pressure),
            *remarks(every, BY_CMC),
            *((IN_CMC,) if accredited else ()),
        ),
    )


def _specifications(wanted: ConverterParameters) -> tuple[Specification, ...]:
    """Return what is permitted of the whole, of pressure, of temperature and of the calculator."""
    names = ("permissible", "permissible_pressure", "permissible_temperature", "permissible_calculator")
    return tuple(
        Specification(
            Constant(getattr(wanted, name), "%"),
            wanted.norm,
            wanted.rule,
            unverified=as_it_comes(wanted, name),
        )
        for name in names
    )


def _remarked(
    grid: Grid, wanted: ConverterParameters, whole: Sequence[WholeFinding], pressure: Sequence[SensorFinding]
) -> tuple[Statement, ...]:
    air = [seen.air_pressure.value for seen in grid.seen]
    gauge = wanted.sensor == "gauge"
    fixed = atmosphere.remark(pressure, air, wanted.permissible_pressure, gauge=gauge)
    return (
        *said.closure(grid, whole),
        *((fixed,) if fixed else ()),
        *said.methods(whole, wanted),
    )


def _conditions(grid: Grid, wanted: ConverterParameters) -> tuple[Condition, ...]:
    air, ends = AirDuring(), (Ends("kPa"), Ends("°C"))
    for seen in grid.seen:
        air.take(seen)
        ends[0].take(*seen.reference)
        ends[1].take(*seen.bath)
    return (
        *results.programmed(wanted),
        *air.conditions(),
        between("remotecal_controllerPressure", said.CONTROLLER, ends[0], 1),
        between("remotecal_wellTemperature", said.WELL, ends[1], 2),
    )
