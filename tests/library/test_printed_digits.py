"""How many digits a budget shows."""

import pytest

from remotecal.journal.observation import Point
from remotecal.model import Text
from remotecal.procedures.library.evaluation.conformity import Constant, Further, Specification, statements
from remotecal.procedures.library.evaluation.digits import significant
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.uncertainty import Budget, Input


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


def test_what_fails_by_its_repeatability_is_not_within_the_limit_printed():
    errors = [-0.168, 0.0, 0.168]  # s = 0.168 %, MPE/3 = 0.1667 %
    found = Budget(lambda e: e, [Input.normal("e", 0.0, "%", 0.02)], "%").evaluate()
    finding = Finding(Point("7 m3/h"), Text.plain("7 m3/h"), [7.0] * 3, errors, found)
    spread = Further(Text(zh="重复性", en="repeatability"), finding.repeatability, 0.5 / 3, "%")
    specification = Specification(Constant(0.5, "%"), "JJG 1033-2007", "simple acceptance")
    _, verdict = statements([finding], specification, Text(en="the meter"), (spread,))
    assert verdict.conformity == "fail"
    assert "repeatability up to 0.1667 %" in (verdict.declaration.get("en") or "")
