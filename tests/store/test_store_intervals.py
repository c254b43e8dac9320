"""The index of how intervals ended: made when certificates are issued, and the same when made anew."""

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from asked import asking
from sqlalchemy import insert, select
from test_intervals import calibrated, shifted

from remotecal.store import Store
from remotecal.store.interval_ends import ended_intervals
from remotecal.store.migrations.versions import v0026_intervals
from remotecal.store.records import RecordRow
from remotecal.store.signings import SigningRow
from remotecal.store.tables import run_items, runs

ALWAYS = ("2000-01-01", "2100-01-01")


def certified(
    store: Store, n: int, shift: float, *, serial: str = "S", model: str = "M", issue: bool = True
) -> None:
    """Have an item calibrated in the year n."""
    run = {"station": "here", "run": f"{serial}{n}", "committed": 1, "head": "h", "state": "signed"}
    item = {"station": "here", "run": run["run"], "at": float(n), "place": 0, "name": "{}", "maker": "A"}
    item |= {"model": model, "serial": serial, "owner_number": "", "customer": "{}", "certificate": ""}
    with store.database.begin() as connection:
        connection.execute(insert(runs), [run | {"began": float(n), "updated": float(n)}])
        connection.execute(insert(run_items), [item])
    said = calibrated(shifted(shift), 365 * n).to_json()
    store.records.put(RecordRow("here", run["run"], "h", "k", said, agrees=True, computed=1.0))
    if issue:
        issued(store, run["run"])


def issued(store: Store, run: str, edition: int = 0) -> None:
    number = f"C-{run}" + "a" * edition
    store.signings.add(SigningRow("here", run, "issued", "na", 1.0, b"x", b"p", number, edition=edition))


def kept(store: Store) -> list[tuple[object, ...]]:
    with store.database.read() as connection:
        rows = connection.execute(select(ended_intervals)).all()
    return sorted(tuple(row) for row in rows)


def test_intervals_end_with_issued_certificates_in_whatever_order_they_come(enrolled: Store) -> None:
    for n, shift in ((0, 0.0), (3, 0.3), (1, 0.1)):
        certified(enrolled, n, shift)
    certified(enrolled, 2, 0.9, issue=False)
    certified(enrolled, 0, 0.0, serial="T")
    certified(enrolled, 1, -0.3, serial="T")
    certified(enrolled, 4, 0.0, model="another")
    (of_s, of_t) = enrolled.interval_ends.by_item(*ALWAYS)
    assert (of_s.number, of_s.ended.intervals, of_s.ended.outside, of_s.against) == ("S", 2, 0, "limit")
    assert of_s.ended.days == pytest.approx(1.5 * 365)  # one year, then two
    assert of_s.drift == pytest.approx(0.1, rel=1e-2)
    assert of_s.ended.largest == pytest.approx(0.412 / 0.5)
    assert (of_t.number, of_t.ended.last_outside, of_t.ended.outside) == ("T", True, 1)
    (model,) = enrolled.interval_ends.by_model(*ALWAYS)
    assert (model.maker, model.model, model.items) == ("A", "M", 2)
    assert (model.ended.intervals, model.ended.outside) == (3, 1)
    issued(enrolled, "S2")
    (of_s, _) = enrolled.interval_ends.by_item(*ALWAYS)
    assert (of_s.ended.intervals, of_s.ended.outside, of_s.ended.last_outside) == (3, 1, False)
    before = kept(enrolled)
    assert enrolled.interval_ends.rebuild() == 4
    assert kept(enrolled) == before
    with enrolled.database.begin() as connection:
        connection.execute(ended_intervals.delete())
        with Operations.context(MigrationContext.configure(connection)):
            v0026_intervals._fill()
    assert kept(enrolled) == before
    with asking(enrolled) as sent:
        enrolled.interval_ends.by_item(*ALWAYS)
        enrolled.interval_ends.by_model(*ALWAYS)
    assert len(sent) == 2


def test_the_last_intervals_of_an_item_count_and_all_of_its_model(enrolled: Store) -> None:
    for n in range(6):
        certified(enrolled, n, 0.9 if n == 1 else 0.0)
    (item,) = enrolled.interval_ends.by_item(*ALWAYS)
    (model,) = enrolled.interval_ends.by_model(*ALWAYS)
    assert (item.ended.intervals, item.ended.outside) == (3, 0)
    assert (model.ended.intervals, model.ended.outside) == (5, 1)
    (model,) = enrolled.interval_ends.by_model("2028-01-01", "2029-12-31")
    assert (model.ended.intervals, model.ended.outside) == (2, 0)


def test_revoked_certificates_and_records_of_before_tell_of_no_interval(enrolled: Store) -> None:
    for n in range(4):
        certified(enrolled, n, 0.0)
    enrolled.items.count_without(["c-s1"])
    (model,) = enrolled.interval_ends.by_model(*ALWAYS)
    assert model.ended.intervals == 1  # from the second year to the third
    enrolled.items.count_without([])
    said = calibrated(shifted(0.9), 365 * 3).to_json()
    enrolled.records.put(RecordRow("here", "S3", "h", "k", said, agrees=True, computed=2.0))
    (model,) = enrolled.interval_ends.by_model(*ALWAYS)
    assert (model.ended.intervals, model.ended.outside) == (3, 1)
    issued(enrolled, "S2", edition=1)
    (model,) = enrolled.interval_ends.by_model(*ALWAYS)
    assert (model.ended.intervals, model.ended.outside) == (3, 1)
    enrolled.items.count_without(["C-S2"])  # the one that another took the place of
    assert enrolled.interval_ends.by_model(*ALWAYS)[0].ended.intervals == 3
    enrolled.items.count_without(["C-S2a"])
    assert enrolled.interval_ends.by_model(*ALWAYS)[0].ended.intervals == 1
