"""How the laboratory's work goes, counted by both databases."""

import json
import math
from itertools import pairwise

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from asked import asking, plan
from sqlalchemy import insert, select

from remotecal.order import HELD
from remotecal.store import Store
from remotecal.store.amendments import AmendmentRow
from remotecal.store.migrations.versions import v0027_steps
from remotecal.store.orders import OrderPlan, OrderSays
from remotecal.store.records import RecordRow
from remotecal.store.signings import SigningRow
from remotecal.store.spreads import ItemSpread, Spread, run_spreads
from remotecal.store.step_tables import run_steps, work_days
from remotecal.store.steps import STEPS, quarters
from remotecal.store.tables import orders, remarks, run_items, runs, signed_certificates
from remotecal.store.work import BenchLoad, EndedEarly, Passed, StepTime, WorkWithin

DUTIES = ("performed", "reviewed", "approved", "issued")
DAY = 86400.0


@pytest.fixture
def worked(enrolled: Store) -> Store:
    """Orders of days 1 to 4, done by `flow`, each step taking so many times as long as the step before."""
    for n in (1, 2, 3, 4):
        marks = [n * DAY]
        for place in range(6):
            marks.append(marks[-1] + n * 10.0**place)
        enrolled.orders.issue(f"r{n}", "N", "here", b"e", marks[0], 1e9, "Li Wei")
        run = {"station": "here", "run": f"r{n}", "committed": 1, "head": "h", "state": "signed"}
        with enrolled.database.begin() as connection:
            run |= {"began": marks[1], "updated": marks[2], "ordered": marks[0]}
            connection.execute(insert(runs), [run])
        recorded(enrolled, f"r{n}")
        for duty, at in zip(DUTIES, marks[3:], strict=True):
            enrolled.signings.add(signed(f"r{n}", duty, at))
    return enrolled


def recorded(store: Store, run: str, finished: str = "", *budgets: dict[str, object]) -> None:
    """Keep the record of a run by `flow`, computed long after it was signed."""
    said = {"evidence": {"procedure": "flow"}, "finished": finished, "measurements": [{"budgets": budgets}]}
    if not finished:
        said = {"evidence": {"procedure": "flow"}}
    store.records.put(RecordRow("here", run, "h", "k", json.dumps(said), agrees=True, computed=9 * DAY))


def signed(run: str, duty: str, at: float, device: str = "", edition: int = 0) -> SigningRow:
    number = f"C-{run}-{device}-{edition}" if duty == "issued" else None
    return SigningRow("here", run, duty, duty, at, b"x", None, number, device, edition=edition)


def test_steps_have_the_quartiles_that_were_had(worked: Store) -> None:
    found = worked.work.done(0.0, 10 * DAY).steps
    assert [one.step for one in found] == list(STEPS)
    for place, one in enumerate(found[:-1]):
        unit = 10.0**place
        assert one == StepTime("flow", STEPS[place], 4, unit, 2 * unit, pytest.approx(3 * unit))
    assert found[-1][2:] == (4, 111111.0, 222222.0, 333333.0)
    within = worked.work.done(2 * DAY, 4 * DAY).steps
    assert {one.runs for one in within} == {2}
    assert {one.median for one in within if one.step == "begun"} == {2.0}
    assert worked.work.done(5 * DAY, 6 * DAY).steps == ()


def test_a_step_is_done_once_the_last_certificate_of_the_run_has_come_so_far(worked: Store) -> None:
    items = {"station": "here", "run": "r1", "at": 1.0, "name": "{}", "maker": "", "model": "", "serial": ""}
    items |= {"owner_number": "", "customer": "{}"}
    with worked.database.begin() as connection:
        rows = [items | {"place": place, "certificate": f"C{place}"} for place in (0, 1)]
        connection.execute(run_items.insert(), rows)
    worked.signings.add(signed("r1", "performed", 2 * DAY, "dut-2"))
    counted = {one.step: one.runs for one in worked.work.done(0.0, 10 * DAY).steps}
    assert counted == {"begun": 4, "complete": 4, "performed": 4} | dict.fromkeys((*DUTIES[1:], "whole"), 3)
    (longest,) = [one for one in worked.work.done(0.0, 1.5 * DAY).steps if one.step == "performed"]
    assert longest.median == 2 * DAY - (DAY + 11.0)


def test_what_was_amended_later_took_no_longer_for_that(worked: Store) -> None:
    before = worked.work.done(0.0, 10 * DAY)
    number = signed("r1", "issued", 0.0).number or ""
    row = AmendmentRow("here", "r1", "", 1, f"{number}a", number, "{}", "na", 300 * DAY)
    worked.amendments.add(row)
    assert worked.journals.find("here", "r1").awaiting == "performed"
    assert worked.work.done(0.0, 10 * DAY) == before, "while it is amended"
    for duty in DUTIES:
        worked.signings.add(signed("r1", duty, 400 * DAY, edition=1))
    assert worked.work.done(0.0, 10 * DAY) == before


def test_what_was_returned_did_not_pass_at_once(worked: Store) -> None:
    for _ in range(60):
        worked.remarks.add("here", "r2", 0, "why?", "reviewer", 1.0)
    assert len(worked.remarks.open()) == 60, "one left out would have its run wait for a signature"
    assert worked.work.done(0.0, 10 * DAY).passed == (Passed("flow", 4, 1),)
    assert worked.work.done(3 * DAY, 10 * DAY).passed == (Passed("flow", 2, 0),)


def by_hand(store: Store, since: float, until: float) -> tuple[dict[tuple[str, str], list[float]], ...]:
    """Return what took how long, and what passed, straight from orders, runs, signatures and remarks."""
    with store.database.read() as connection:
        ordered = {(row.station, row.id): row.issued for row in connection.execute(select(orders))}
        known = [row for row in connection.execute(select(runs)) if row.record]
        signatures = connection.execute(select(signed_certificates)).all()
        numbers = {(row.station, row.run, row.certificate) for row in connection.execute(select(run_items))}
        returned = {(row.station, row.run) for row in connection.execute(select(remarks))}
    took: dict[tuple[str, str], list[float]] = {}
    passed: dict[tuple[str, str], list[float]] = {}
    for row in known:
        this, done = (row.station, row.run), []
        its = [one for one in signatures if (one.station, one.run) == this]
        wanted = max(1, sum(of[:2] == this for of in numbers))
        for duty in DUTIES:
            at = [one.at for one in its if one.duty == duty and one.edition == 0]
            done.append(max(at) if len(at) >= wanted else None)
        issued = None if row.unordered else ordered.get(this)
        marks = [issued, row.began, row.updated, *done]
        if issued is not None and since <= issued < until:
            for step, begin, end in (
                *zip(STEPS, marks, marks[1:], strict=False),
                ("whole", issued, done[-1]),
            ):
                if begin is not None and end is not None:
                    took.setdefault((row.procedure, step), []).append(end - begin)
        looked = this in returned or any(one.duty == "reviewed" for one in its)
        if since <= row.began < until and looked:
            passed.setdefault((row.procedure, ""), []).append(float(this in returned))
    return took, passed


def agrees(store: Store, since: float, until: float) -> None:
    """Hold what is told of a time against what is counted by hand."""
    took, passed = by_hand(store, since, until)
    told = store.work.done(since, until)
    assert {(one.procedure, one.step): one[2:] for one in told.steps} == {
        of: (len(times), *quarters(times)) for of, times in took.items()
    }
    assert {one.procedure: one[1:] for one in told.passed} == {
        procedure: (len(each), sum(each)) for (procedure, _), each in passed.items()
    }


def kept(store: Store) -> list[tuple[object, ...]]:
    with store.database.read() as connection:
        return sorted(tuple(row) for row in connection.execute(select(run_steps)))


TIMES = (
    (0.0, 10 * DAY),
    (1.5 * DAY, 3.5 * DAY),
    (DAY, 3 * DAY),
    (2 * DAY + 1, 2 * DAY + 2),
    (-math.inf, math.inf),
)


def test_what_days_come_to_is_what_their_runs_do_whatever_happens_to_these(worked: Store) -> None:
    """Of runs that were resumed, paused or aborted, that nobody ordered, or wait for a signature."""
    for n, state in enumerate(("signed", "paused", "aborted", "suspended", "running", "signed")):
        run = f"k{n}"
        plan = OrderPlan(OrderSays(f"bench {n}"))
        worked.orders.issue(run, "N", "here", b"e", 2 * DAY - 5 + n, 1e9, "Li Wei", plan=plan)
        with worked.database.begin() as connection:
            told = {"station": "here", "run": run, "committed": 1, "head": "h", "state": state}
            told |= {"began": 2 * DAY - 1 + n, "updated": 3 * DAY + n, "ordered": 2 * DAY - 5 + n}
            told |= {"bench": plan.says.bench}
            connection.execute(insert(runs), [told])
        if state in ("signed", "suspended"):
            recorded(worked, run)
    acts = (
        lambda: worked.signings.add(signed("k0", "performed", 5 * DAY)),
        lambda: worked.signings.add(signed("k0", "reviewed", 5.5 * DAY)),
        lambda: worked.remarks.add("here", "k5", 0, "why?", "na", 1.0),
        lambda: worked.journals.note_unordered("here", "k3", "nobody ordered it"),
        lambda: worked.journals.note_unordered("here", "k3", ""),
        lambda: worked.journals.note_unordered("here", "r4", "nobody ordered it"),
        lambda: recorded(worked, "k2"),
        lambda: worked.records.put(RecordRow("here", "r1", "h", "k", "{}", agrees=False, computed=1.0)),
    )
    assert worked.work.sum_up() > 0
    assert worked.work.sum_up() == 0
    for act in acts:
        act()
        for time in TIMES:  # with what was forgotten, and once that is found again
            agrees(worked, *time)
        worked.work.sum_up()
        for time in TIMES:
            agrees(worked, *time)
    before = kept(worked)
    told_of_runs = select(*(runs.c[name] for name in ("run", "ordered", "bench", "awaiting"))).order_by(
        runs.c.run
    )
    with worked.database.begin() as connection:
        days = connection.execute(select(work_days)).all()
        told = connection.execute(told_of_runs).all()
        connection.execute(runs.update().values(ordered=None, bench=""))
        connection.execute(runs.update().where(runs.c.record != "").values(awaiting="approved"))
    assert worked.work.rebuild() == len(before)
    assert kept(worked) == before
    with worked.database.read() as connection:
        assert connection.execute(told_of_runs).all() == told
    with worked.database.read() as connection:
        assert sorted(connection.execute(select(work_days)).all()) == sorted(days)
    with worked.database.begin() as connection:
        connection.execute(run_steps.delete())
        with Operations.context(MigrationContext.configure(connection)):
            v0027_steps._fill()
    assert kept(worked) == before


def test_what_ended_early_is_counted_by_why(worked: Store) -> None:
    worked.orders.issue("w", "N", "there", b"e", 5 * DAY, 1e9, "Li Wei")
    for n, (state, failed) in enumerate((("aborted", ""), ("aborted", ""), ("signed", "no points"))):
        worked.orders.issue(f"e{n}", "N", "there", b"e", 5 * DAY, 1e9, "Li Wei")
        run = {"station": "there", "run": f"e{n}", "committed": 1, "head": "h", "state": state}
        with worked.database.begin() as connection:
            told = {"began": 5 * DAY, "updated": 1.0, "failed": failed, "ordered": 5 * DAY}
            connection.execute(runs.insert().values(**run, **told))
            if state == "aborted":
                this = orders.c.id == f"e{n}"
                connection.execute(orders.update().where(this).values(state="claimed", reason="leak"))
    held = f"{HELD}, with its rig safe: the clock is wrong"
    others = {
        "certified": ("signed", "too warm, once", {"record": "agrees"}),
        "computing": ("signed", "too warm, once", {}),
        "held": ("running", held, {}),
        "stands": ("suspended", held, {}),
        "begun": ("", held, {}),
    }
    for order, (state, reason, values) in others.items():
        worked.orders.issue(order, "N", "there", b"e", 5 * DAY, 1e9, "Li Wei")
        with worked.database.begin() as connection:
            run = {"station": "there", "run": order, "committed": 1, "head": "h", "state": state}
            run |= {"began": 5 * DAY, "updated": 1.0, "ordered": 5 * DAY, **values}
            if state:
                connection.execute(runs.insert().values(run))
            this = orders.c.id == order
            connection.execute(orders.update().where(this).values(state="claimed", reason=reason))
    with worked.database.begin() as connection:
        gone = orders.update().where(orders.c.id == "w").values(state="withdrawn", reason="not needed")
        connection.execute(gone)
    assert worked.work.ended_early(0.0, 10 * DAY) == (
        EndedEarly("aborted", "leak", 2),
        EndedEarly("signed", "no points", 1),
        EndedEarly("suspended", "", 1),
        EndedEarly("withdrawn", "not needed", 1),
    )
    assert worked.work.ended_early(0.0, 5 * DAY) == ()
    worked.records.put(RecordRow("there", "computing", "h", "k", "{}", agrees=True, computed=1.0))
    assert worked.orders.find("computing").reason == ""


def test_load_is_counted_by_the_parts_asked_for(worked: Store) -> None:
    ends = list(pairwise((0.0, 3 * DAY, 4 * DAY, 5 * DAY, 6 * DAY)))
    parts = [WorkWithin(number // 2, *of) for number, of in enumerate(ends)]
    told = (
        BenchLoad(0, "here", "", 2, 30.0),
        BenchLoad(1, "here", "", 1, 30.0),
        BenchLoad(2, "here", "", 1, 40.0),
    )
    assert worked.work.load(parts) == told
    assert worked.work.load_shown(parts, "", 9) == (("here",), 3, told)
    with worked.database.begin() as connection:
        for n, bench in ((1, "A"), (2, "B"), (3, "A")):
            connection.execute(runs.update().where(runs.c.run == f"r{n}").values(bench=bench))
    assert worked.work.load([WorkWithin(0, 0.0, 3 * DAY), WorkWithin(0, 3 * DAY, 10 * DAY)]) == (
        BenchLoad(1, "here", "", 1, 40.0),
        BenchLoad(0, "here", "A", 1, 10.0),
        BenchLoad(1, "here", "A", 1, 30.0),
        BenchLoad(0, "here", "B", 1, 20.0),
    )


def test_the_load_of_some_stations_is_told_beside_the_names_of_all(worked: Store) -> None:
    names = ("B-2", "a1", "a10", "a2")  # as Python puts them in order, whatever the database's language
    for name in names:
        worked.stations.enrol(worked.stations.new_code(name, 100.0), "key", "print", 1000.0, 50.0)
        run = {"station": name, "run": f"of-{name}", "committed": 1, "head": "h", "state": "signed"}
        with worked.database.begin() as connection:
            connection.execute(insert(runs), [run | {"began": DAY, "updated": 2 * DAY}])
    parts, all_ = [WorkWithin(0, 0.0, 10 * DAY)], (*names, "here")
    for after, shown in (("", all_[:2]), ("a1", all_[2:4]), ("a2", all_[4:]), ("here", all_[:2])):
        told = worked.work.load_shown(parts, after, 2)
        assert (told.stations, told.most, tuple(one.station for one in told.loads)) == (all_, 4, shown)


def test_the_signatures_of_a_run_are_looked_up_by_it(worked: Store) -> None:
    """Not by their duty, which all runs have: 100,000 runs took hours."""
    with asking(worked) as sent:
        worked.work.rebuild()
    steps = [step for asked in sent if "SELECT runs." in asked.statement for step in plan(worked, asked)]
    if "sqlite" in worked.database.name:
        looked = [step for step in steps if "SEARCH signed_certificates " in step]
        assert looked
        assert all("run=?" in step for step in looked), looked
    else:
        assert "ix_signed_certificates_told" in "".join(steps)
    assert not [step for step in steps if " records" in step], "large rows of which one word is wanted"


def budget(unit: str, *contributions: tuple[str, float]) -> dict[str, object]:
    return {"unit": unit, "lines": [{"distribution": kind, "contribution": u} for kind, u in contributions]}


def test_a_procedure_is_one_whatever_old_journals_call_it(worked: Store) -> None:
    """Without its folder or with it; and so in what an earlier version of the tables had kept."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    from remotecal.runs.catalogue import names
    from remotecal.store.migrations.versions import v0028_procedures

    short, full = next(pair for pair in v0028_procedures.FULL.items() if pair[1] in names())
    for run, name in (("r1", short), ("r2", full), ("r3", short), ("r4", full)):
        said = {"finished": "2026-05-02", "measurements": [{"budgets": [budget("%", ("t", 1.0))]}]}
        text = json.dumps(said | {"evidence": {"procedure": name}})
        worked.records.put(RecordRow("here", run, "h", "k", text, agrees=True, computed=1.0))
    with worked.database.begin() as connection:
        connection.execute(runs.update().values(awaiting=""))

    def told() -> tuple[object, ...]:
        (spread,) = worked.spreads.by_month("2026-05-01", "2026-05-31")
        done = worked.work.done(0.0, 10 * DAY)
        return (
            done.passed,
            {(one.procedure, one.runs) for one in done.steps},
            (spread.procedure, spread.runs),
        )

    assert told() == ((Passed(full, 4, 0),), {(full, 4)}, (full, 4))
    with worked.database.begin() as connection:
        for table in (runs, run_spreads, run_steps):
            connection.execute(table.update().where(table.c.run == "r1").values(procedure=short))
        with Operations.context(MigrationContext.configure(connection)):
            v0028_procedures.upgrade()
    assert told() == ((Passed(full, 4, 0),), {(full, 4)}, (full, 4))


def test_what_repeats_contribute_is_told_by_procedure_bench_unit_and_month(worked: Store) -> None:
    with worked.database.begin() as connection:
        connection.execute(orders.update().where(orders.c.id == "r1").values(bench="A"))
        connection.execute(runs.update().where(runs.c.run == "r1").values(bench="A"))
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
