"""Two transactions that change what is told of one run, on PostgreSQL, which has several writers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, select

from remotecal.store import Store, steps
from remotecal.store.orders import OrderSays
from remotecal.store.records import RecordRow
from remotecal.store.signings import SigningRow
from remotecal.store.step_tables import run_steps
from remotecal.store.tables import run_items, runs

Act = Callable[[Store, str], object]


@pytest.fixture
def url(empty_postgres: str) -> str:
    return empty_postgres


def one_waits(store: Store, run: str, first: Act, second: Act) -> None:
    """Do one thing to a run, and begin another before it is kept, which ends or waits for that."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with ThreadPoolExecutor(1) as pool:
        with store.transaction(), store.database._engine.connect() as beside:
            first(store, run)
            begun = pool.submit(second, store, run)
            while not begun.done() and not beside.exec_driver_sql(waiting).scalar():
                pass
        begun.result()


def measured(store: Store, run: str) -> None:
    """Enter a run of two devices, each with a certificate of its own, and its record."""
    row = {"station": "here", "run": run, "committed": 1, "head": "h", "state": "signed", "ordered": 1.0}
    item = {"station": "here", "run": run, "at": 2.0, "name": "{}", "maker": "", "model": "", "serial": ""}
    item |= {"owner_number": "", "customer": "{}"}
    with store.database.begin() as connection:
        connection.execute(insert(runs), [row | {"began": 2.0, "updated": 3.0}])
        items = [item | {"place": place, "certificate": f"{run}-{place}"} for place in (0, 1)]
        connection.execute(insert(run_items), items)
    store.records.put(RecordRow("here", run, "h", "k", "{}", agrees=True, computed=5.0))


def sign(store: Store, run: str, device: str) -> None:
    row = SigningRow("here", run, "performed", f"of {device}", 10.0, b"x", None, device=device)
    store.signings.add(row)


def sign_first(store: Store, run: str) -> None:
    sign(store, run, "dut-1")


def sign_last(store: Store, run: str) -> None:
    sign(store, run, "dut-2")


def remark(store: Store, run: str) -> None:
    store.remarks.add("here", run, 1, "why?", "reviewer", 9.0)


PAIRS = ((sign_first, sign_last), (remark, remark), (remark, sign_last), (sign_last, remark))


def test_what_happens_to_a_run_at_once_is_told_of_it(enrolled: Store) -> None:
    """Signatures on two devices, a remark and a signature: neither is refused, none is overlooked."""
    for number, (first, second) in enumerate(PAIRS):
        run = f"r{number}"
        measured(enrolled, run)
        if sign_first not in {first, second}:
            sign_first(enrolled, run)  # with the other one the step is done
        one_waits(enrolled, run, first, second)
        signed = sign_last in {first, second}
        assert enrolled.journals.find("here", run).awaiting == ("reviewed" if signed else "performed")
        assert len(enrolled.remarks.of_run("here", run)) == [first, second].count(remark)
    with enrolled.database.read() as connection:
        kept, wanted = (
            {row.run: tuple(row) for row in connection.execute(query)}
            for query in (select(run_steps), steps._query())
        )
    assert kept == wanted
    assert len(kept) == len(PAIRS)


def first_lines(store: Store, run: str) -> None:
    store.journals.append("here", run, 1, [], 5.0)


def enter_claimed(store: Store, run: str) -> None:
    assert store.orders.enter_claimed(
        run, "N", "here", b"e", 1.0, 9.0, "Li Wei", "claim", OrderSays("bench 1")
    )


def test_an_order_entered_again_and_the_first_lines_of_its_run_know_each_other(enrolled: Store) -> None:
    for run, acts in {"r1": (first_lines, enter_claimed), "r2": (enter_claimed, first_lines)}.items():
        one_waits(enrolled, run, *acts)
        found = enrolled.journals.find("here", run)
        assert (found.ordered, found.bench) == (1.0, "bench 1")
        assert enrolled.orders.find(run).bench == "bench 1"
