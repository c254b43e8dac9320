"""How the laboratory's work goes, counted by both databases."""

import json
from itertools import pairwise

import pytest
from asked import asking, plan
from sqlalchemy import insert

from remotecal.store import Store
from remotecal.store.records import RecordRow
from remotecal.store.spreads import ItemSpread, Spread, run_spreads
from remotecal.store.tables import orders, remarks, run_items, runs, signed_certificates
from remotecal.store.work import STEPS, BenchLoad, EndedEarly, Passed, StepTime

DUTIES = ("performed", "reviewed", "approved", "issued")
DAY = 86400.0


@pytest.fixture
def worked(enrolled: Store) -> Store:
    """Orders of days 1 to 4, done by `flow`, each step taking so many times as long as the step before."""
    with enrolled.database.begin() as connection:
        for n in (1, 2, 3, 4):
            marks = [n * DAY]
            for place in range(6):
                marks.append(marks[-1] + n * 10.0**place)
            order = {"id": f"r{n}", "number": "N", "station": "here", "envelope": b"e", "by": "Li Wei"}
            connection.execute(
                insert(orders), [order | {"issued": marks[0], "expires": 1e9, "state": "claimed"}]
            )
            run = {"station": "here", "run": f"r{n}", "committed": 1, "head": "h", "state": "signed"}
            connection.execute(
                insert(runs), [run | {"began": marks[1], "updated": marks[2], "record": "agrees"}]
            )
            signed = {"station": "here", "run": f"r{n}", "xml": b"x"}
            connection.execute(
                insert(signed_certificates),
                [
                    signed | {"duty": duty, "by": duty, "at": at}
                    for duty, at in zip(DUTIES, marks[3:], strict=True)
                ],
            )
    for n in (1, 2, 3, 4):
        record = json.dumps({"evidence": {"procedure": "flow"}})
        computed = 9 * DAY  # again, long after it was signed
        enrolled.records.put(RecordRow("here", f"r{n}", "h", "k", record, agrees=True, computed=computed))
    with enrolled.database.begin() as connection:
        connection.execute(runs.update().values(awaiting=""))
    return enrolled


def test_steps_have_the_quartiles_that_were_had(worked: Store) -> None:
    found = worked.work.steps(0.0, 10 * DAY)
    assert [one.step for one in found] == list(STEPS)
    for place, one in enumerate(found[:-1]):
        unit = 10.0**place
        assert one == StepTime("flow", STEPS[place], 4, unit, 2 * unit, pytest.approx(3 * unit))
    assert found[-1][2:] == (4, 111111.0, 222222.0, 333333.0)
    assert {one.runs for one in worked.work.steps(2 * DAY, 4 * DAY)} == {2}
    assert {one.median for one in worked.work.steps(2 * DAY, 4 * DAY) if one.step == "begun"} == {2.0}
    assert worked.work.steps(5 * DAY, 6 * DAY) == ()


def test_a_step_is_done_once_the_last_certificate_of_the_run_has_come_so_far(worked: Store) -> None:
    row = {"station": "here", "run": "r1", "device": "dut-2", "duty": "performed", "by": "a", "at": 2 * DAY}
    with worked.database.begin() as connection:
        connection.execute(signed_certificates.insert().values(**row, xml=b"x"))
        connection.execute(runs.update().where(runs.c.run == "r1").values(awaiting="reviewed"))
    counted = {one.step: one.runs for one in worked.work.steps(0.0, 10 * DAY)}
    assert counted == {"begun": 4, "complete": 4, "performed": 4} | dict.fromkeys((*DUTIES[1:], "whole"), 3)
    (longest,) = [one for one in worked.work.steps(0.0, 1.5 * DAY) if one.step == "performed"]
    assert longest.median == 2 * DAY - (DAY + 11.0)


def test_what_was_amended_later_took_no_longer_for_that(worked: Store) -> None:
    before = worked.work.steps(0.0, 10 * DAY)
    row = {"station": "here", "run": "r1", "edition": 1, "at": 400 * DAY, "xml": b"x"}
    with worked.database.begin() as connection:
        connection.execute(insert(signed_certificates), [row | {"duty": duty, "by": duty} for duty in DUTIES])
    assert worked.work.steps(0.0, 10 * DAY) == before


def test_what_was_returned_did_not_pass_at_once(worked: Store) -> None:
    row = {"station": "here", "run": "r2", "line": 0, "text": "why?", "by": "reviewer", "at": 1.0}
    with worked.database.begin() as connection:
        connection.execute(remarks.insert(), [row, row])
    assert worked.work.passed(0.0, 10 * DAY) == (Passed("flow", 4, 1),)
    assert worked.work.passed(3 * DAY, 10 * DAY) == (Passed("flow", 2, 0),)


def test_what_ended_early_is_counted_by_why(worked: Store) -> None:
    worked.orders.issue("w", "N", "there", b"e", 5 * DAY, 1e9, "Li Wei")
    for n, (state, failed) in enumerate((("aborted", ""), ("aborted", ""), ("signed", "no points"))):
        worked.orders.issue(f"e{n}", "N", "there", b"e", 5 * DAY, 1e9, "Li Wei")
        run = {"station": "there", "run": f"e{n}", "committed": 1, "head": "h", "state": state}
        with worked.database.begin() as connection:
            connection.execute(runs.insert().values(**run, began=5 * DAY, updated=1.0, failed=failed))
            if state == "aborted":
                this = orders.c.id == f"e{n}"
                connection.execute(orders.update().where(this).values(state="claimed", reason="leak"))
    with worked.database.begin() as connection:
        gone = orders.update().where(orders.c.id == "w").values(state="withdrawn", reason="not needed")
        connection.execute(gone)
    assert worked.work.ended_early(0.0, 10 * DAY) == (
        EndedEarly("aborted", "leak", 2),
        EndedEarly("signed", "no points", 1),
        EndedEarly("withdrawn", "not needed", 1),
    )
    assert worked.work.ended_early(0.0, 5 * DAY) == ()


def test_load_is_counted_by_the_weeks_asked_for(worked: Store) -> None:
    weeks = list(pairwise((0.0, 3 * DAY, 4 * DAY, 5 * DAY, 6 * DAY)))
    found = worked.work.load(weeks)
    assert found == (
        BenchLoad(0, "here", "", 2, 30.0),
        BenchLoad(1, "here", "", 1, 30.0),
        BenchLoad(2, "here", "", 1, 40.0),
    )
    with worked.database.begin() as connection:
        for n, bench in ((1, "A"), (2, "B"), (3, "A")):
            connection.execute(orders.update().where(orders.c.id == f"r{n}").values(bench=bench))
    assert worked.work.load([(0.0, 10 * DAY), (3 * DAY, 10 * DAY)]) == (
        BenchLoad(0, "here", "", 1, 40.0),
        BenchLoad(1, "here", "", 1, 40.0),
        BenchLoad(0, "here", "A", 2, 40.0),
        BenchLoad(1, "here", "A", 1, 30.0),
        BenchLoad(0, "here", "B", 1, 20.0),
    )


def test_the_signatures_of_a_run_are_looked_up_by_it(worked: Store) -> None:
    """Not by their duty, which all runs have: 8000 runs took minutes."""
    with asking(worked) as sent:
        worked.work.steps(0.0, 10 * DAY)
        worked.work.passed(0.0, 10 * DAY)
    steps = [step for asked in sent for step in plan(worked, asked)]
    if "sqlite" in worked.database.name:
        looked = [step for step in steps if " signed_certificates " in step]
        assert looked
        told = "ix_signed_certificates_told (run=? AND station=?"
        assert all(told in step for step in looked), looked
    else:
        assert "ix_signed_certificates_told" in "".join(steps)
    assert not [step for step in steps if " records" in step], "large rows of which one word is wanted"


def budget(unit: str, *contributions: tuple[str, float]) -> dict[str, object]:
    return {"unit": unit, "lines": [{"distribution": kind, "contribution": u} for kind, u in contributions]}


def recorded(store: Store, run: str, finished: str, *budgets: dict[str, object]) -> None:
    """Keep the record of a run by `flow`."""
    said = {"evidence": {"procedure": "flow"}, "finished": finished, "measurements": [{"budgets": budgets}]}
    store.records.put(RecordRow("here", run, "h", "k", json.dumps(said), agrees=True, computed=1.0))


def test_a_procedure_is_one_whatever_old_journals_call_it(worked: Store) -> None:
    """Without its folder or with it; and so in what an earlier version of the tables had kept."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    from remotecal.store.migrations.versions import v0028_procedures

    short, full = "water_master_meter", "flow.water_master_meter"
    for run, name in (("r1", short), ("r2", full), ("r3", short), ("r4", full)):
        said = {"finished": "2026-05-02", "measurements": [{"budgets": [budget("%", ("t", 1.0))]}]}
        text = json.dumps(said | {"evidence": {"procedure": name}})
        worked.records.put(RecordRow("here", run, "h", "k", text, agrees=True, computed=1.0))
    with worked.database.begin() as connection:
        connection.execute(runs.update().values(awaiting=""))

    def told() -> tuple[object, ...]:
        (spread,) = worked.spreads.by_month("2026-05-01", "2026-05-31")
        return (
            worked.work.passed(0.0, 10 * DAY),
            {(one.procedure, one.runs) for one in worked.work.steps(0.0, 10 * DAY)},
            (spread.procedure, spread.runs),
        )

    assert told() == ((Passed(full, 4, 0),), {(full, 4)}, (full, 4))
    with worked.database.begin() as connection:
        for table in (runs, run_spreads):
            connection.execute(table.update().where(table.c.run == "r1").values(procedure=short))
        with Operations.context(MigrationContext.configure(connection)):
            v0028_procedures.upgrade()
    assert told() == ((Passed(full, 4, 0),), {(full, 4)}, (full, 4))


def test_what_repeats_contribute_is_told_by_procedure_bench_unit_and_month(worked: Store) -> None:
    with worked.database.begin() as connection:
        connection.execute(orders.update().where(orders.c.id == "r1").values(bench="A"))
    recorded(worked, "r1", "2026-04-30", budget("%", ("t", 9.0)))
    two = budget("%", ("t", 3.0), ("normal", 50.0)), budget("%", ("t", 4.0), ("t", 3.0))
    recorded(worked, "r1", "2026-05-31", *two, budget("Pa", ("t", 2.0)), budget("Pa", ("normal", 7.0)))
    recorded(worked, "r2", "2026-05-01", budget("%", ("t", 1.0)))
    recorded(worked, "r3", "2026-06-01", budget("%", ("normal", 1.0)))
    told = (
        Spread("flow", ("here", ""), "", "%", "2026-05", 1, 1, 1.0, 1.0),
        Spread("flow", ("here", "A"), "", "%", "2026-05", 1, 2, pytest.approx(17**0.5), 5.0),
        Spread("flow", ("here", "A"), "", "Pa", "2026-05", 1, 1, 2.0, 2.0),
    )
    assert worked.spreads.by_month("2026-05-01", "2026-05-31") == told
    assert worked.spreads.by_month("2026-05-02", "2026-06-30") == told[1:]
    with worked.database.begin() as connection:
        connection.execute(run_spreads.delete())
    assert worked.spreads.rebuild() == 4
    with asking(worked) as sent:
        assert worked.spreads.by_month("2000-01-01", "2026-12-31") == told
    assert len(sent) == 1


def calibrated(store: Store, run: str, *models: str) -> None:
    """Enter what a run calibrates: items M1, M2 … of a maker A."""
    told = {"station": "here", "run": run, "at": 1.0, "name": "{}", "maker": "A", "owner_number": ""}
    told |= {"customer": "{}", "certificate": ""}
    rows = [told | {"place": n, "model": model, "serial": f"{run}-{n}"} for n, model in enumerate(models)]
    with store.database.begin() as connection:
        connection.execute(run_items.insert(), rows)


def test_repeats_are_told_by_model_and_by_item(worked: Store) -> None:
    def of(item: str, u: float) -> dict[str, object]:
        return {"items": [item], "results": [{}], "budgets": [budget("%", ("t", u)) | {"result": 0}]}

    def kept(run: str, day: str, *measured: dict[str, object]) -> None:
        said = {"evidence": {"procedure": "flow"}, "finished": day, "measurements": measured}
        worked.records.put(RecordRow("here", run, "h", "k", json.dumps(said), agrees=True, computed=1.0))

    calibrated(worked, "r1", "X")
    calibrated(worked, "r2", "X", "Y")
    calibrated(worked, "r3", "X", "X")
    calibrated(worked, "r4", "X", "Y")
    kept("r1", "2026-05-01", of("dut", 3.0))
    kept("r2", "2026-05-01", of("dut-1", 1.0), of("dut-2", 7.0), of("dut-2", 1.0))
    together = {"results": [{"items": ["dut-1", "dut-2"]}], "budgets": [budget("%", ("t", 2.0))]}
    kept("r3", "2026-05-02", together)
    kept("r4", "2026-06-02", together)
    assert worked.spreads.by_model("2026-05-01", "2026-06-30") == (
        Spread("flow", ("", ""), "", "%", "2026-06", 1, 1, 2.0, 2.0),
        Spread("flow", ("A", "X"), "", "%", "2026-05", 3, 3, pytest.approx((14 / 3) ** 0.5), 3.0),
        Spread("flow", ("A", "Y"), "", "%", "2026-05", 1, 2, 5.0, 7.0),
    )
    of_x = pytest.approx(5**0.5)
    assert worked.spreads.by_item("2026-05-01", "2026-06-30") == (
        ItemSpread("flow", "A", "X", "r1-0", "", "", "%", 1, 1, 3.0, 3.0, of_x),
        ItemSpread("flow", "A", "Y", "r2-1", "", "", "%", 1, 2, 5.0, 7.0, 5.0),
        ItemSpread("flow", "A", "X", "r2-0", "", "", "%", 1, 1, 1.0, 1.0, of_x),
    )
    assert worked.spreads.by_month("2026-05-01", "2026-05-31")[0][5:7] == (3, 5)
    assert worked.spreads.rebuild() == 4
    assert len(worked.spreads.by_item("2026-05-01", "2026-06-30")) == 3


def test_each_quantity_of_a_run_has_repeats_of_its_own(worked: Store) -> None:
    """The errors of a converter's pressure, temperature and volume are all in %."""

    def table(kind: str) -> dict[str, object]:
        error = {"unit": "%", "ref_types": ["basic_measurementError"], "uncertainty": {"expanded": ["1"]}}
        beside = {"unit": "K", "ref_types": ["remotecal_beside"], "uncertainty": {"expanded": ["1"]}}
        columns = [{"unit": "%", "ref_types": ["remotecal_indicated"]}, beside, error]
        return {"ref_types": [kind], "tables": [{"columns": columns}]}

    budgets = [budget("%", ("t", u)) | {"result": n} for n, u in ((0, 3.0), (1, 0.1), (1, 0.1))]
    measured = {"results": [table("whole"), table("pressure")], "budgets": budgets}
    said = {"evidence": {"procedure": "flow"}, "finished": "2026-05-01", "measurements": [measured]}
    for run in ("r1", "r2"):
        calibrated(worked, run, "X")
        worked.records.put(RecordRow("here", run, "h", "k", json.dumps(said), agrees=True, computed=1.0))
    time = "2026-05-01", "2026-05-31"
    told = [
        ("pressure basic_measurementError", "%", 2, 4, pytest.approx(0.1)),
        ("whole basic_measurementError", "%", 2, 2, 3.0),
    ]
    for found in (worked.spreads.by_month(*time), worked.spreads.by_model(*time)):
        assert [(one.quantity, one.unit, one.runs, one.results, one.u) for one in found] == told
    items = worked.spreads.by_item(*time)
    assert sorted(one.of_model for one in items) == [pytest.approx(0.1)] * 2 + [3.0] * 2


def test_the_same_number_of_two_owners_is_of_two_items(worked: Store) -> None:
    for run, account in (("r1", "acme"), ("r2", "bolt"), ("r3", "acme")):
        calibrated(worked, run, "X")
        recorded(worked, run, "2026-05-01", budget("%", ("t", 1.0)))
        with worked.database.begin() as connection:
            connection.execute(runs.update().where(runs.c.run == run).values(account=account))
    with worked.database.begin() as connection:
        connection.execute(run_items.update().values(serial="", owner_number="7"))
    found = worked.spreads.by_item("2026-05-01", "2026-05-31")
    assert [(one.number, one.account, one.runs) for one in found] == [("7", "acme", 2), ("7", "bolt", 1)]
