"""Budgets name the points they rest on: what else changes them would be found out."""

from remotecal.testing import BenchOf, RunOn
from remotecal.testing.resting import unnamed


def test_a_journey_names_where_it_was_closed(bench_of: BenchOf, run_on: RunOn) -> None:
    assert unnamed(run_on(bench_of("clamp-on-home"))) == []


def test_what_no_budget_names_is_found(bench_of: BenchOf, run_on: RunOn) -> None:
    ran = run_on(bench_of("clamp-on-site"))
    assert unnamed(ran) == []
    measurement = ran.record.measurements[0]
    first, second, *others = measurement.budgets
    lies = (
        first.model_copy(update={"points": first.points[1:]}),
        second.model_copy(update={"points": ()}),
        *(one.model_copy(update={"points": (*one.points, "nowhere")}) for one in others),
    )
    told = measurement.model_copy(update={"budgets": lies})
    found = unnamed(ran._replace(record=ran.record.model_copy(update={"measurements": (told,)})))
    assert f"the budget {first.title.get('en')!r} rests on {first.points[0]}, and does not name it" in found
    assert f"the budget {second.title.get('en')!r} names no point" in found
    assert any(one.endswith("nowhere") for one in found)
