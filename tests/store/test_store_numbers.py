"""Numbers are given once, however many ask at a time, and let go where nothing can come of them."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from remotecal.errors import OrderError
from remotecal.hub.numbers import series_of, written
from remotecal.store import Store

PATTERN = "LNJL-{year}-{number:5}"
SERIES = series_of(PATTERN, 2026)
number_of = partial(written, PATTERN, 2026)


def given(store: Store, order: str, *, state: str = "issued") -> str:
    """Give the next number to an order, as the laboratory does: both, or neither."""
    with store.numbers.giving() as giving:
        number = giving.next(SERIES, number_of)
        store.orders.issue(order, number, "here", b"envelope", 1.0, 100.0, "Li Wei")
        giving.hold([number], order, 1.0)
        if state == "lost":
            giving.undo()
        if state == "failed":
            raise KeyError
    return number


def test_many_at_once_get_numbers_without_a_gap_and_none_twice(enrolled: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(partial(given, enrolled), (f"o{place}" for place in range(40))))
    assert sorted(found) == [f"LNJL-2026-{place:05}" for place in range(1, 41)]


def test_several_programs_at_once_get_none_twice(enrolled: Store, url: str) -> None:
    def one(place: int) -> list[str]:
        with Store(url) as other:
            return [given(other, f"o{place}-{more}") for more in range(8)]

    with ThreadPoolExecutor(4) as pool:
        found = [number for some in pool.map(one, range(4)) for number in some]
    assert sorted(found) == [f"LNJL-2026-{place:05}" for place in range(1, 33)]


@pytest.mark.parametrize("state", ["lost", "failed"])
def test_what_is_not_entered_takes_no_number(enrolled: Store, state: str) -> None:
    assert given(enrolled, "o1") == "LNJL-2026-00001"
    try:
        given(enrolled, "o2", state=state)
    except KeyError:
        assert state == "failed"
    assert enrolled.orders.find("o2") is None
    assert [enrolled.numbers.likely(SERIES, number_of) for _ in range(2)] == ["LNJL-2026-00002"] * 2
    assert given(enrolled, "o3") == "LNJL-2026-00002"
    assert enrolled.numbers.next() == {"LNJL-2026-{number}": 3}


def test_a_number_that_was_typed_is_not_given(enrolled: Store) -> None:
    enrolled.orders.issue("typed", "LNJL-2026-00001", "here", b"e", 1.0, 100.0, "Li Wei")
    with enrolled.numbers.giving() as giving:
        giving.hold(["lnjl-2026-00002"], "typed", 1.0)
    assert enrolled.numbers.likely(SERIES, number_of) == "LNJL-2026-00003"
    assert given(enrolled, "o1") == "LNJL-2026-00003"


def test_with_the_year_a_series_begins_anew_and_digits_do_not_matter() -> None:
    assert series_of("A-{year}-{number:5}", 2026) == series_of("A-{year}-{number}", 2026)
    assert series_of(PATTERN, 2027) != SERIES
    assert written("{number:3}/{year}", 2027, 1234) == "1234/2027"


def hold(store: Store, order: str, number: str, now: float = 2.0, **more: bool) -> None:
    with store.numbers.giving() as giving:
        store.orders.issue(order, "1", "here", b"envelope", now, now + 10.0, "Li Wei")
        giving.hold([number], order, now, **more)


@pytest.mark.parametrize("again", ["C-7", "c-7", "C\N{EN DASH}7", "Ｃ-7"])
def test_a_number_is_held_by_one_order_however_it_is_written(enrolled: Store, again: str) -> None:
    hold(enrolled, "o1", "C-7")
    with pytest.raises(OrderError, match=r"is that of the order o1"):
        hold(enrolled, "o2", again)
    assert enrolled.orders.find("o2") is None
    hold(enrolled, "rehearsed", again, pretended=True)
    assert [(row.holder, row.order) for row in enrolled.numbers.held(9)] == [("o1", "issued")]


def test_an_amended_certificate_gets_no_number_of_its_own_order(enrolled: Store) -> None:
    """Another device's number, or one of an earlier edition, would be found out when it is sealed."""
    hold(enrolled, "o1", "C-7-2")
    with enrolled.numbers.giving() as giving:
        giving.hold(["c-7-2"], "o1", 3.0)  # its own order comes back to it
    with pytest.raises(OrderError, match="a number is used once"), enrolled.numbers.giving() as giving:
        giving.hold(["c-7-2"], "o1", 3.0, anew=True)


@pytest.mark.parametrize("end", ["withdrawn", "refused", "expired", "aborted", "stopped"])
def test_a_number_is_let_go_where_nothing_can_come_of_it(enrolled: Store, end: str) -> None:
    hold(enrolled, "o1", "C-7")
    now = 3.0
    if end == "withdrawn":
        enrolled.orders.withdraw("o1", "not needed")
    elif end == "refused":
        enrolled.orders.refuse("o1", "here", "no such bench")
    elif end == "expired":
        now = 12.5
    else:
        enrolled.orders.claim("o1", "here", "claim", 3.0)
        with enrolled.database.begin() as connection:
            from remotecal.store.tables import runs

            row = {"committed": 1, "head": "", "state": end, "began": 1.0, "updated": 1.0}
            connection.execute(runs.insert().values(station="here", run="o1", **row))
    hold(enrolled, "o2", "C-7", now)
    assert [row.holder for row in enrolled.numbers.held(9)] == ["o2"]
    with pytest.raises(OrderError, match="o2"):
        hold(enrolled, "o3", "C-7", now)


def test_numbers_are_listed_page_by_page(enrolled: Store) -> None:
    for place in range(5):
        hold(enrolled, f"o{place}", f"C-{place}", float(place // 2))
    all_of_them = [row.number for row in enrolled.numbers.held(9)]
    assert all_of_them == ["C-4", "C-3", "C-2", "C-1", "C-0"]
    first = enrolled.numbers.held(2)
    rest = enrolled.numbers.held(9, before=(first[-1].at, first[-1].number))
    assert [row.number for row in rest] == all_of_them[2:]
    assert [row.number for row in enrolled.numbers.held(9, beginning="C-3")] == ["C-3"]
