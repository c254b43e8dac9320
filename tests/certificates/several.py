"""A certificate for three probes calibrated in one bath, as found and as left."""

from __future__ import annotations

from sample import STANDARDS, record

from remotecal.model import (
    ONLY_IN_FULL,
    ONLY_THE_ITEM,
    TRACEABLE,
    Column,
    Condition,
    Conformity,
    Identification,
    Item,
    Limits,
    Measurement,
    Method,
    PointBudget,
    Record,
    Result,
    Statement,
    Table,
    Text,
    Uncertainty,
)

SERIALS = ("T-2201", "T-2202", "T-2203")
PLACES = ("0.00", "50.00", "100.00")
ERRORS = {
    "found": (("0.021", "0.034", "0.052"), ("-0.012", "-0.004", "0.007"), ("0.110", "0.131", "0.158")),
    "left": (("0.002", "0.003", "0.001"), ("-0.012", "-0.004", "0.007"), ("0.004", "0.006", "0.009")),
}
"""Errors in °C, probe by probe; the second one was not adjusted."""

HEADINGS = {
    "found": Text(zh="调整前", en="As found"),
    "left": Text(zh="调整后", en="As left"),
}
STATUS = {"found": "beforeAdjustment", "left": "afterAdjustment"}


def item(number: int) -> Item:
    return Item(
        id=f"probe{number}",
        name=Text(zh="工业铂电阻温度计", en="Industrial platinum thermometer"),
        manufacturer=Text.plain("Example Sensors"),
        model="PT100-A",
        identifications=(
            Identification(value=SERIALS[number - 1], name=Text(zh="出厂编号", en="Serial number")),
            Identification(value=f"TT-10{number}", issuer="customer", name=Text(zh="位号", en="Tag number")),
        ),
        quantities=(
            Column(name=Text(zh="插入深度", en="Immersion"), unit="mm", values=("200",)),
            Column(name=Text(zh="引线长度", en="Lead"), unit="m", values=(str(number),)),
        ),
    )


def result(state: str, number: int) -> Result:
    errors = ERRORS[state][number - 1]
    conforms = all(abs(float(error)) <= 0.1 for error in errors)
    error = Column(
        name=Text(zh="示值误差", en="Error"),
        ref_types=("basic_measurementError",),
        unit="°C",
        values=errors,
        uncertainty=Uncertainty(expanded=("0.020",), p=("0.95",)),
        conformity=Conformity(
            verdicts=tuple("pass" if abs(float(each)) <= 0.1 else "fail" for each in errors),
            rule="decisionRule",
            tolerance=Limits(lower=("-0.10",), upper=("0.10",)),
        ),
    )
    places = Column(
        name=Text(zh="标准温度", en="Reference"),
        ref_types=("basic_referenceValue",),
        unit="°C",
        values=PLACES,
    )
    return Result(
        name=Text(zh="示值误差", en="Errors of indication"),
        items=(f"probe{number}",),
        description=None if conforms else Text(zh="超出允许误差。", en="Beyond the permissible error."),
        tables=(Table(columns=(places, error), equipment=("bath", "thermometer")),),
    )


def budget(state: str, number: int) -> PointBudget:
    of = record().measurements[0].budgets[0]
    return of.model_copy(
        update={
            "title": Text(zh="冰点", en="Ice point"),
            "unit": "°C",
            "result": number - 1,
            "value": ERRORS[state][number - 1][0],
        }
    )


def measurement(state: str) -> Measurement:
    low, high = ("19.6", "20.1") if state == "found" else ("20.2", "20.9")
    bath = STANDARDS[0].model_copy(
        update={"id": "bath", "name": Text(zh="恒温槽", en="Stirred bath"), "quantities": ()}
    )
    return Measurement(
        id=state,
        name=HEADINGS[state],
        items=tuple(f"probe{number}" for number in (1, 2, 3)),
        methods=(Method(name=Text(zh="比较法", en="Comparison in a bath"), norms=("JJG 229-2010",)),),
        software=record().measurements[0].software,
        standards=(bath, STANDARDS[2]),
        conditions=tuple(
            condition.model_copy(update={"status": STATUS[state]})
            for condition in (
                Condition.between(
                    "basic_temperature", Text(zh="环境温度", en="Ambient temperature"), low, high, "°C"
                ),
                Condition.between(
                    "basic_humidityRelative", Text(zh="相对湿度", en="Humidity"), "48", "53", "%"
                ),
            )
        ),
        results=tuple(result(state, number) for number in (1, 2, 3)),
        budgets=tuple(budget(state, number) for number in (1, 2, 3)),
    )


def conformity(state: str, number: int, verdict: str) -> Statement:
    return Statement.model_validate(
        {
            "ref_types": ("basic_conformity",),
            "refs": (f"probe{number}", state),
            "name": Text(zh="符合性声明", en="Statement of conformity"),
            "norms": ("JJG 229-2010",),
            "conformity": verdict,
        }
    )


RULE = Statement(
    id="decisionRule",
    ref_types=("basic_decisionRule",),
    name=Text(zh="判定规则", en="Decision rule"),
    declaration=Text(zh="|E| ≤ MPE 时合格。", en="Pass if |E| ≤ MPE."),
)


def several() -> Record:
    """Return two measurements of three items."""
    statements = (
        TRACEABLE,
        RULE,
        conformity("found", 1, "pass"),
        conformity("found", 2, "pass"),
        conformity("found", 3, "fail"),
        *(conformity("left", number, "pass") for number in (1, 2, 3)),
        ONLY_THE_ITEM,
        ONLY_IN_FULL,
    )
    return Record.model_validate(
        dict(record())
        | {
            "number": "TEMP-2026-000077",
            "place": "laboratory",
            "place_id": None,
            "items": tuple(item(number) for number in (1, 2, 3)),
            "measurements": (measurement("found"), measurement("left")),
            "statements": statements,
        }
    )
