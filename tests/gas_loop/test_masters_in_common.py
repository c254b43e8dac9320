"""What masters of one laboratory have in common: who takes them for independent promises too much.

Four masters in parallel, drawn for many loops as the simulated bench draws them: what they are truly off
together is held against what a budget of their certificates allows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

import pytest

from remotecal.model import Certificate, DriftLimit, Table
from remotecal.procedures.library.gas_loop.master import Master, Together
from remotecal.sim.certificates import ISSUER, Certified, certificate
from remotecal.sim.gas_loop.meter import draw_meters
from remotecal.sim.gas_loop.outfit import REYNOLDS
from remotecal.sim.paper import LABORATORY
from remotecal.uncertainty import Budget

LOOPS = 200
AT = 5e5


class Made:
    maker, model = "Simulated", "100 m3/h"


def stated(about, number, *, common):
    """Return a certificate; where `common` is false, one whose common part is said to be nothing."""
    tables = [(name, table if common else without(table)) for name, table in about.tables]
    told = Certified(about.name, tuple(tables))
    return Certificate(certificate(told, Made, f"T-{number}", LABORATORY, f"C-{number}", date(2026, 1, 1)))


def without(table):
    columns = []
    for column in table.columns:
        if "remotecal_commonDeviation" in column.ref_types:
            nothing = column.uncertainty.model_copy(update={"expanded": ("0",)})
            columns.append(column.model_copy(update={"uncertainty": nothing}))
        else:
            columns.append(column)
    return Table(columns=tuple(columns))


def ratio_to_u(seed, *, common):
    """Return by how many of the budget's u four masters are truly off together."""
    rng = Random(seed)
    drawn = draw_meters(rng, (100.0,) * 4, REYNOLDS)
    masters = [Master(n, stated(each.certified(), n, common=common)) for n, each in enumerate(drawn, 1)]
    together = Together(masters, [AT] * 4, (ISSUER.get("en"),))

    def mean(**x):
        return sum(together.error(each.key, x) for each in masters) / 4

    found = Budget(mean, together.inputs, "1").evaluate()
    return (sum(each.true(AT) for each in drawn) / 4 - found.value) / found.u


@pytest.fixture(scope="module")
def ratios():
    return {common: [ratio_to_u(seed, common=common) for seed in range(LOOPS)] for common in (True, False)}


def test_a_budget_tells_what_was_taken_off_of_each():
    drawn = draw_meters(Random(1), (100.0,) * 2, REYNOLDS)
    masters = [Master(n, stated(each.certified(), n, common=True)) for n, each in enumerate(drawn, 1)]
    told = {each.symbol: each.told for each in Together(masters, [AT] * 2, (ISSUER.get("en"),)).inputs}
    assert told == {
        **{f"E_{each.key}": each.fit.value(AT) for each in masters},
        **dict.fromkeys(("δ_E1", "f_1", "f_2"), 0.0),
    }
    assert told["E_1"] != told["E_2"]


def test_what_each_master_may_have_drifted_is_its_own():
    """GUM 4.3.7: of four alike, each within ± a, the mean has a/√3/√4."""
    drawn = draw_meters(Random(1), (100.0,) * 4, REYNOLDS)
    drift = (DriftLimit(half_width=0.2, unit="%", source="S"),)
    plain = [stated(each.certified(), n, common=True) for n, each in enumerate(drawn, 1)]
    u = [u_of([Master(n, one) for n, one in enumerate(each, 1)]) for each in
         (plain, [replace(one, drift=drift) for one in plain])]  # fmt: skip
    assert u[1] == pytest.approx((u[0] ** 2 + 0.002**2 / 3 / 4) ** 0.5, rel=1e-6)


def u_of(masters):
    together = Together(masters, [AT] * len(masters), (ISSUER.get("en"),))

    def mean(**x):
        return sum(together.error(each.key, x) for each in masters) / len(masters)

    return Budget(mean, together.inputs, "1").evaluate().u


def within(ratios, k=1.96):
    return sum(abs(one) <= k for one in ratios) / len(ratios)


def test_with_their_common_part_kept_apart_the_truth_is_covered(ratios):
    assert within(ratios[True]) == pytest.approx(0.95, abs=0.03)
    spread = (sum(one**2 for one in ratios[True]) / LOOPS) ** 0.5
    assert spread == pytest.approx(1.0, abs=0.09), "and u is not too large either"


def test_taken_for_independent_it_is_not(ratios):
    """u is 0.048 % then instead of 0.084 %: what claims 95 % holds in three of four."""
    assert within(ratios[False]) < 0.85
    spread = (sum(one**2 for one in ratios[False]) / LOOPS) ** 0.5
    assert spread == pytest.approx(1.76, abs=0.2)
