"""The index of how intervals ended: made when certificates are issued, and the same when made anew."""

import random

import pytest
from asked import asking
from sqlalchemy import event, insert, select
from test_intervals import calibrated, shifted

from remotecal.statistics.staircase import FEWEST_OF_ITEM, of_item
from remotecal.store import Store
from remotecal.store.interval_tables import ended_intervals, item_ends
from remotecal.store.interval_told import ORDER, counting, ended_of, sum_up_items, told
from remotecal.store.records import RecordRow
from remotecal.store.signings import SigningRow
from remotecal.store.stated_tables import stated_certificates
from remotecal.store.tables import run_items, runs

ALWAYS = ("2000-01-01", "2100-01-01")


def certified(
    store: Store,
    n: int,
    shift: float,
    *,
    serial: str = "S",
    model: str = "M",
    maker: str = "A",
    issue: bool = True,
    find: bool = True,
) -> None:
    """Have an item calibrated in the year n."""
    run = {"station": "here", "run": f"{serial}{n}", "committed": 1, "head": "h", "state": "signed"}
    item = {"station": "here", "run": run["run"], "at": float(n), "place": 0, "name": "{}", "maker": maker}
    item |= {"model": model, "serial": serial, "owner_number": "", "customer": "{}", "certificate": ""}
    with store.database.begin() as connection:
        connection.execute(insert(runs), [run | {"began": float(n), "updated": float(n)}])
        connection.execute(insert(run_items), [item])
    said = calibrated(shifted(shift), 365 * n).to_json()
    store.records.put(RecordRow("here", run["run"], "h", "k", said, agrees=True, computed=1.0))
    if issue:
        issued(store, run["run"], find=find)


def issued(store: Store, run: str, edition: int = 0, *, find: bool = True) -> None:
    number = f"C-{run}" + "a" * edition
    store.signings.add(SigningRow("here", run, "issued", "na", 1.0, b"x", b"p", number, edition=edition))
    if find:
        store.interval_ends.find_of("here", run, "")


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
    with asking(enrolled) as sent:
        enrolled.interval_ends.by_item(*ALWAYS)
        enrolled.interval_ends.by_model(*ALWAYS)
    assert len(sent) == 3


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
    assert enrolled.interval_ends.behind() == 1
    assert (enrolled.interval_ends.find(), enrolled.interval_ends.find()) == (1, 0)
    (model,) = enrolled.interval_ends.by_model(*ALWAYS)
    assert (model.ended.intervals, model.ended.outside) == (3, 1)
    issued(enrolled, "S2", edition=1)
    (model,) = enrolled.interval_ends.by_model(*ALWAYS)
    assert (model.ended.intervals, model.ended.outside) == (3, 1)
    enrolled.items.count_without(["C-S2"])  # the one that another took the place of
    assert enrolled.interval_ends.by_model(*ALWAYS)[0].ended.intervals == 3
    enrolled.items.count_without(["C-S2a"])
    assert enrolled.interval_ends.by_model(*ALWAYS)[0].ended.intervals == 1


def test_records_are_read_once_and_before_anything_is_written(enrolled: Store) -> None:
    for n in range(3):
        certified(enrolled, n, 0.1 * n)
    before = kept(enrolled)
    with enrolled.database.begin() as connection:
        connection.execute(stated_certificates.update().values(ended=-1))
        connection.execute(ended_intervals.delete())
    with asking(enrolled) as sent:
        assert enrolled.interval_ends.find() == 3
    written = min(n for n, one in enumerate(sent) if one.statement.startswith(("DELETE", "INSERT", "UPDATE")))
    read = [n for n, one in enumerate(sent) if "records.record" in one.statement]
    assert (len(read), max(read) < written) == (3, True)
    assert kept(enrolled) == before


def test_what_is_issued_while_records_are_read_is_found_the_next_time(enrolled: Store) -> None:
    for n in range(3):
        certified(enrolled, n, 0.0)
    said = calibrated(shifted(0.4), 365 * 2).to_json()
    enrolled.records.put(RecordRow("here", "S2", "h", "k", said, agrees=True, computed=2.0))
    meanwhile: list[str] = []

    def issue(_connection, _cursor, statement, *_) -> None:
        if "records.record" in statement and not meanwhile:
            meanwhile.append(statement)
            certified(enrolled, 3, 0.0, find=False)

    event.listen(enrolled.database._engine, "after_cursor_execute", issue)
    before = kept(enrolled)
    assert enrolled.interval_ends.find() == 1
    assert meanwhile
    assert (kept(enrolled), enrolled.interval_ends.behind()) == (before, 2)
    while enrolled.interval_ends.find():
        pass
    found = kept(enrolled)
    assert len(found) == 3
    assert enrolled.interval_ends.rebuild() == 3
    assert kept(enrolled) == found


def test_the_certificates_of_a_lot_are_found_each_on_its_own(enrolled: Store) -> None:
    """As often as there are: what one of twenty asks for does not grow with the others."""
    asked = []
    for n, lot in enumerate((2, 20)):
        run = {"station": "here", "run": f"L{n}", "committed": 1, "head": "h", "state": "signed"}
        item = {"station": "here", "run": f"L{n}", "at": 1.0, "name": "{}", "maker": "A", "model": "M"}
        item |= {"owner_number": "", "customer": "{}", "certificate": ""}
        items = [item | {"place": place, "serial": f"L{n}-{place}"} for place in range(lot)]
        with enrolled.database.begin() as connection:
            connection.execute(insert(runs), [run | {"began": 1.0, "updated": 1.0}])
            connection.execute(insert(run_items), items)
        said = calibrated(shifted(0.0), 0).to_json()
        enrolled.records.put(RecordRow("here", f"L{n}", "h", "k", said, agrees=True, computed=1.0))
        for place in range(lot):
            device = f"dut-{place + 1}"
            row = SigningRow(
                "here", f"L{n}", "issued", f"na{place}", 1.0, b"x", b"p", f"C-L{n}-{place}", device
            )
            enrolled.signings.add(row)
        with asking(enrolled) as sent:
            enrolled.interval_ends.find_of("here", f"L{n}", device)
        asked.append([(one.statement, len(one.parameters)) for one in sent])
    assert asked[0] == asked[1]


def test_names_of_any_length_can_be_kept(enrolled: Store) -> None:
    """PostgreSQL takes 2.7 kB of them into an index."""
    rng = random.Random(1)
    maker, model = ("".join(chr(rng.randrange(0x4E00, 0x9FA5)) for _ in range(500)) for _ in range(2))
    for n in range(3):
        certified(enrolled, n, 0.1 * n, model=model, maker=maker)
        certified(enrolled, n, 0.1 * n, model=f"{model}2", maker=maker, serial="T")
    assert [one.ended.intervals for one in enrolled.interval_ends.by_item(*ALWAYS)] == [2, 2]
    assert len({one.model for one in enrolled.interval_ends.by_model(*ALWAYS)}) == 2


def test_what_is_summed_up_of_items_is_what_their_intervals_tell(enrolled: Store) -> None:
    """In any time, whatever is revoked, and however much of it is asked for."""
    rng = random.Random(2)
    rows = []
    for n in range(60):
        item = {"station": "here", "run": f"r{n}", "place": 0, "quantity": "q", "unit": "%", "over": "K"}
        item |= {"maker": "A", "model": f"M{n % 2}", "number": f"{n % 13}", "certificate": f"c{n}"}
        item |= {"before": f"c{n - 13}", "day": f"20{rng.randrange(10, 30)}-01-01", "results": 1}
        item |= {"against": rng.choice(("limit", "U")), "days": rng.randrange(300, 400)}
        item |= {"outside": int(rng.random() < 0.2), "part": rng.random(), "drift": rng.choice((None, 0.1))}
        rows.append(item | {"drift_part": rng.choice((None, 0.2))})
    with enrolled.database.begin() as connection:
        connection.execute(ended_intervals.insert(), rows)
        sum_up_items(connection, {(one["maker"], one["model"], one["number"]) for one in rows})
    of, seen = ended_intervals.c, set()
    times = [ALWAYS, ("2015-01-01", "2100-01-01"), ("2000-01-01", "2022-06-01"), ("2016-01-01", "2025-01-01")]
    for revoked in ([], ["c20"], ["c3", "c59", "c58"]):
        enrolled.items.count_without(revoked)
        for since, until in (*times, ("2028-06-01", "2029-06-01")):
            single = told(FEWEST_OF_ITEM, of.day >= since, of.day <= until, *counting(revoked))
            with enrolled.database.read() as connection:
                wanted = sorted(map(ended_of, connection.execute(single)), key=lambda one: one[:7])
            wanted.sort(key=lambda one: ORDER.index(of_item(one.ended).kind))
            found = enrolled.interval_ends.by_item(since, until)
            assert found == tuple(wanted)
            assert enrolled.interval_ends.by_item(since, until, 5) == found[:5]
            seen |= {of_item(one.ended).kind for one in found}
    assert seen == set(ORDER)


def test_what_is_summed_up_follows_the_intervals(enrolled: Store) -> None:
    def both() -> list[list[tuple[object, ...]]]:
        tables = (ended_intervals, item_ends)
        with enrolled.database.read() as connection:
            return [sorted(map(tuple, connection.execute(select(table)))) for table in tables]

    for n in range(4):
        certified(enrolled, n, 0.1 * n)
    said = calibrated(shifted(0.9), 365 * 2).to_json()
    enrolled.records.put(RecordRow("here", "S2", "h", "k", said, agrees=True, computed=2.0))
    enrolled.interval_ends.find()
    with enrolled.database.begin() as connection:
        connection.execute(run_items.update().where(run_items.c.run == "S3").values(model="other"))
    certified(enrolled, 4, 0.0)
    kept_so = both()
    assert kept_so[1]
    with enrolled.database.begin() as connection:
        connection.execute(item_ends.delete())
        sum_up_items(connection, {row[6:9] for row in kept_so[0]})
    assert both() == kept_so
