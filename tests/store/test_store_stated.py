"""What certificates stated, held against the scope: each result is counted, and none is missed."""

import json

import pytest
from asked import asking, plan, searched_whole
from sqlalchemy import insert

from remotecal.store import Store
from remotecal.store.records import RecordRow
from remotecal.store.signings import SigningRow
from remotecal.store.stated import ResultRow, StatedCertificate
from remotecal.store.stated_tables import stated_days, stated_results
from remotecal.store.tables import runs


def result(place: str, ratio: float | None, capability: str = "a", *, marked: bool = False) -> ResultRow:
    wanting = not marked if ratio is None else ratio < 1
    return ResultRow(
        place,
        capability if ratio is not None else "",
        "error",
        wanting,
        marked,
        ratio,
        "0.1",
        "%",
        "2",
        "5",
        "0.1",
    )


@pytest.fixture
def stated(enrolled: Store) -> Store:
    """Three issued certificates, the last of them amended; the first two compared with the scope `s`."""
    for n in (1, 2, 3):
        row = {"station": "here", "run": f"r{n}", "committed": 1, "head": "h", "state": "signed"}
        with enrolled.database.begin() as connection:
            connection.execute(insert(runs), [row | {"began": 0.0, "updated": 1.0}])
        enrolled.signings.add(issued(f"r{n}", f"C-{n}"))
    enrolled.signings.add(issued("r3", "C-3a", edition=1))
    first, second, _ = enrolled.stated.behind("s", 9)
    enrolled.stated.keep(
        "s",
        {
            first: ("2026-05-03", [result("0/0/0/0/1", 1.5), result("0/0/0/1/1", 0.9)]),
            second: ("2026-05-02", [result("0/0/0/0/1", 1.2), result("0/0/0/1/1", None, marked=True)]),
        },
    )
    return enrolled


def issued(run: str, number: str, edition: int = 0) -> SigningRow:
    return SigningRow("here", run, "issued", "na", 1.0, b"x", b"p", number, edition=edition)


def told(store: Store, scope: str = "s") -> list[tuple[str, str]]:
    return [(one.number, one.place) for one in store.stated.wanting("2026-01-01", "2026-12-31", scope=scope)]


def test_each_result_of_a_time_counts_and_the_smallest_is_found(stated: Store) -> None:
    sums = stated.stated.sums("2026-05-01", "2026-05-31")
    able, other = sums["a", "error"], sums["", "error"]
    assert (able.results, able.wanting, able.marked) == (3, 1, 0)
    assert (able.smallest.number, able.smallest.place, able.smallest.ratio) == ("C-1", "0/0/0/1/1", 0.9)
    assert (other.results, other.wanting, other.marked) == (1, 0, 1)
    assert told(stated) == [("C-1", "0/0/0/1/1")]  # beside a larger one of the same run
    (later,) = (
        one for one in stated.stated.sums("2026-05-02", "2026-05-02").values() if one.smallest.capability
    )
    assert (later.results, later.smallest.ratio) == (1, 1.2)
    assert stated.stated.sums("2026-06-01", "2026-06-30") == {}


def test_what_is_compared_again_takes_the_place_of_what_was(stated: Store) -> None:
    (third,) = stated.stated.behind("s", 9)
    assert third[1:] == ("here", "r3", "", 1)
    assert stated.stated.count_behind("s") == 1
    stated.stated.keep("s", {third: ("2026-05-02", [result("0/0/0/0/1", 0.5), result("0/0/0/2/1", None)])})
    assert stated.stated.behind("s", 9) == ()
    assert told(stated) == [("C-1", "0/0/0/1/1"), ("C-3a", "0/0/0/2/1"), ("C-3a", "0/0/0/0/1")]
    assert [one.run for one in stated.stated.behind("other", 9)] == ["r1", "r2", "r3"]
    assert stated.stated.count_behind("other") == 3
    again = stated.stated.behind("other", 1)[0]
    stated.stated.keep("other", {again: ("2026-05-01", [result("0/0/0/0/1", 1.1, "b")])})
    assert told(stated) == [("C-3a", "0/0/0/2/1"), ("C-3a", "0/0/0/0/1")]  # the first has another scope now
    assert told(stated, "other") == []  # 1.1 of a CMC is within it; the others are not compared with it
    sums = stated.stated.sums("2026-05-01", "2026-05-31")
    assert {key[0]: (one.results, one.smallest.number) for key, one in sums.items()} == {
        "a": (2, "C-3a"),
        "b": (1, "C-1"),
        "": (2, sums["", "error"].smallest.number),
    }
    with stated.database.read() as connection:  # no day is left of which nothing is
        days = connection.execute(stated_days.select().where(stated_days.c.results == 0)).all()
    assert days == []


def test_a_record_computed_anew_and_an_index_made_anew_are_compared_again(stated: Store) -> None:
    said = json.dumps({"evidence": None, "finished": "2026-05-01", "measurements": []})
    stated.records.put(RecordRow("here", "r1", "h", "k", said, agrees=True, computed=2.0))
    assert [one.run for one in stated.stated.behind("s", 9)] == ["r1", "r3"]
    assert stated.stated.rebuild() == 3
    assert stated.stated.sums("2000-01-01", "2100-01-01") == {}
    behind = stated.stated.behind("s", 9)
    assert [one.run for one in behind] == ["r1", "r2", "r3"]
    stated.stated.keep("s", {behind[-1]: ("2026-05-02", [result("0/0/0/0/1", 0.5)])})
    assert told(stated) == [("C-3a", "0/0/0/0/1")]  # the number of the one that took its place


def test_what_changed_while_it_was_compared_is_compared_again(stated: Store) -> None:
    first, second, third = stated.stated.behind("other", 9)
    said = json.dumps({"evidence": None, "finished": "2026-05-01", "measurements": []})
    stated.records.put(RecordRow("here", "r1", "h", "k", said, agrees=True, computed=2.0))
    stated.signings.add(issued("r3", "C-3b", edition=2))
    old = "2026-05-01", [result("0/0/0/0/1", 0.1)]
    stated.stated.keep("other", {first: old, second: old, third: old})
    assert [one.run for one in stated.stated.behind("other", 9)] == ["r1", "r3"]
    assert told(stated, "other") == [("C-2", "0/0/0/0/1")]
    (now,) = (one for one in stated.stated.behind("other", 9) if one.run == "r1")
    assert stated.stated.find("here", "r1", "") == now
    stated.stated.keep("other", {now: old})
    assert [one.run for one in stated.stated.behind("other", 9)] == ["r3"]
    assert stated.stated.find("here", "r1", "dut-2") is None


def test_a_u_that_is_no_number_is_not_the_smallest_in_either_database(stated: Store) -> None:
    (third,) = stated.stated.behind("s", 9)
    unknown = result("0/0/0/9/1", 0.0)._replace(ratio=None)
    for day in ("2026-05-02", "2026-05-04"):
        stated.stated.keep("s", {third: (day, [unknown, result("0/0/0/0/1", 3.0)])})
        (of_day,) = (one for one in stated.stated.sums(day, day).values() if one.smallest.capability)
        assert of_day.smallest.ratio == (1.2 if day == "2026-05-02" else 3.0)
    stated.stated.keep("s", {third: ("2026-05-01", [unknown])})
    sums = stated.stated.sums("2026-05-01", "2026-05-31")
    assert sums["a", "error"].smallest.ratio == 0.9
    (alone,) = stated.stated.sums("2026-05-01", "2026-05-01").values()
    assert alone.smallest.ratio is None


def test_what_is_wanting_is_told_part_by_part(stated: Store) -> None:
    (third,) = stated.stated.behind("s", 9)
    stated.stated.keep("s", {third: ("2026-05-03", [result(f"0/0/0/{n}/1", 0.5) for n in range(3)])})
    time = "2026-05-01", "2026-05-31"
    whole = stated.stated.wanting(*time, scope="s")
    assert len(whole) == 4
    found = stated.stated.wanting(*time, 1, scope="s")
    while part := stated.stated.wanting(*time, 2, found[-1], scope="s"):
        found += part
    assert found == whole


def test_a_year_is_told_by_indexes(stated: Store) -> None:
    with asking(stated) as sent:
        stated.stated.sums("2026-01-01", "2026-12-31")
        stated.stated.wanting("2026-01-01", "2026-12-31", scope="s")
        stated.stated.count_behind("s")
        stated.stated.behind("s", 200)
    assert len(sent) == 5
    for asked in sent[1:]:
        assert not searched_whole(plan(stated, asked)), asked.statement
    in_days = "".join(plan(stated, sent[0], sorting=True))
    assert "ix_stated_days_day_capability_quantity" in in_days or "stated_days_pkey" in in_days


def test_two_who_compare_at_once_keep_each_result_once(stated: Store) -> None:
    (third,) = stated.stated.behind("s", 9)
    for _ in range(2):
        stated.stated.keep("s", {third: ("2026-05-02", [result("0/0/0/0/1", 0.5)])})
    with stated.database.read() as connection:
        rows = connection.execute(
            stated_results.select().where(stated_results.c.certificate == third.id)
        ).all()
    assert len(rows) == 1
    assert isinstance(third, StatedCertificate)
