"""How many digits a budget shows."""

import math

import pytest

from remotecal.journal.observation import Point
from remotecal.model import Text
from remotecal.procedures import Parameters
from remotecal.procedures.library.evaluation.conformity import (
    Constant,
    Further,
    Specification,
    as_it_comes,
    statements,
)
from remotecal.procedures.library.evaluation.digits import degrees, same_decimals, scattered, significant
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.uncertainty import Budget, Input
from remotecal.uncertainty.coverage import coverage_factor


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.0104, 2, "0.010"),
        (0.0996, 2, "0.10"),
        (9.96, 2, "10"),
        (99.6, 2, "100"),
        (-0.20984, 3, "-0.210"),
        (1404.0, 2, "1400"),
        (4.96e-8, 2, "5.0e-08"),
        (9.96e-6, 2, "0.000010"),
        (9996000.0, 3, "1.00e+07"),
        (0.0, 2, "0"),
    ],
)
def test_so_many_digits_and_no_more(value, digits, shown):
    assert significant(value, digits) == shown


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.0, 2.5e6, 1e7], ["0", "2500000", "10000000"]),
        ([0.0, 1234.5678, 2469.1356], ["0.0000", "1234.5678", "2469.1356"]),
        ([0.1 + 0.2, 1.25], ["0.30", "1.25"]),
        ([1e-7, 1.0], ["0.0000001", "1.0000000"]),
    ],
)
def test_values_are_written_out_as_they_were_asked_for(values, shown):
    assert same_decimals(values) == shown


@pytest.mark.parametrize(
    ("dof", "shown"), [(2.0, "2"), (18.9987, "19"), (999.9, "999"), (46_897_612.3, "∞"), (math.inf, "∞")]
)
def test_degrees_of_freedom_that_no_longer_matter_are_infinite(dof, shown):
    assert degrees(dof) == shown
    assert f"{coverage_factor(1000, 0.95):.2f}" == f"{coverage_factor(math.inf, 0.95):.2f}"


@pytest.mark.parametrize(
    ("spread", "limit", "told", "decided"),
    [
        (0.168, 0.5 / 3, "0.167", "fail"),  # 0.17 % would say that it is kept
        (0.1664, 0.5 / 3, "0.17", "pass"),
        (0.02, 1 / 3, "0.33", "pass"),
        (0.3332, 1 / 3, "0.3333", "pass"),  # 0.33 % and 0.333 % would say that it is not
        (0.02, 0.125, "0.125", "pass"),  # as it was stated
    ],
)
def test_the_limit_of_repeatability_has_two_digits_unless_these_contradict_what_was_decided(
    spread, limit, told, decided
):
    errors = [-spread, 0.0, spread]
    found = Budget(lambda e: e, [Input.normal("e", 0.0, "%", 0.02)], "%").evaluate()
    finding = Finding(Point("7 m3/h"), Text.plain("7 m3/h"), [7.0] * 3, errors, found)
    scatter = Further(Text(zh="重复性", en="repeatability"), finding.repeatability, limit, "%")
    specification = Specification(Constant(0.5, "%"), "JJG 1033-2007", "simple acceptance")
    _, verdict = statements([finding], specification, Text(en="the meter"), (scatter,))
    assert verdict.conformity == decided
    assert f"repeatability up to {told} %" in str(verdict.declaration)


@pytest.mark.parametrize(
    ("of_all", "of_spread"), [(True, False), (False, True), (True, True), (False, False)]
)
def test_a_limit_that_no_document_confirmed_is_called_so_where_it_decided(of_all, of_spread):
    found = Budget(lambda e: e, [Input.normal("e", 0.0, "%", 0.02)], "%").evaluate()
    finding = Finding(Point("7 m3/h"), Text.plain("7 m3/h"), [7.0] * 3, [0.0] * 3, found)
    spread = Further(Text(zh="重复性", en="repeatability"), 0.1, 0.5, "%", unverified=of_spread)
    specification = Specification(Constant(0.5, "%"), "JJG 1", "simple acceptance", unverified=of_all)
    _, verdict = statements([finding], specification, Text(zh="流量计", en="the meter"), (spread,))
    assert verdict.conformity == "pass"
    en, zh = (str(verdict.declaration.get(language)) for language in ("en", "zh"))
    assert ("error ±0.5 % (unverified), " in en, "误差 ±0.5 %（未核实），" in zh) == (of_all, of_all)
    assert ("up to 0.5 % (unverified): " in en, "不超过 0.5 %（未核实）：" in zh) == (of_spread, of_spread)
    doubted = of_all or of_spread
    assert ("Unverified: a figure that comes with the procedure" in en) is doubted
    assert ("未核实：程序自带的数值" in zh) is doubted


class Shares(Parameters):
    share: float = 1 / 3
    limits: tuple[float, ...] = ()


@pytest.mark.parametrize(
    ("told", "comes"),
    [
        ({}, True),
        ({"share": 1 / 3, "limits": ()}, True),
        ({"share": 1 / 3, "limits": (1.0,)}, False),
        ({"share": 0.3}, True),
        ({"limits": (1.0,), "share": 0.3}, False),
    ],
)
def test_what_an_order_states_is_its_own_word_though_it_be_the_default(told, comes):
    assert as_it_comes(Shares(**told), "share", "limits") is comes


@pytest.mark.parametrize(
    ("spread", "like", "shown"), [(0.034, "0.12", "0.03"), (0.0004, "0.12", "0.0004"), (0.0, "0.12", "0.00")]
)
def test_a_repeatability_is_never_printed_as_nothing(spread, like, shown):
    assert scattered(spread, like) == shown
