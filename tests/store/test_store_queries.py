"""An index serves each list in its order and behind its filters; a commit asks once for all its batches."""

import asyncio
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from asked import Asked, asking, for_each_row, plan, searched_whole
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Table, text

from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import VirtualClock
from remotecal.hub.ingest import Ingest
from remotecal.journal.writing import Journal
from remotecal.store import Store, few, tables
from remotecal.store.issued import issued_and_open
from remotecal.store.notices import NoticeWanted
from remotecal.store.unbegun import OVERDUE
from remotecal.transport.envelopes import seal
from remotecal.transport.messages import Committed, JournalHead

ROWS = 3000
TABLES = (tables.stations, tables.orders, tables.runs, tables.audit, tables.signed_certificates)
KEY, LABORATORY = (SealKey(Ed25519PrivateKey.generate()) for _ in range(2))


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with so many orders, runs and entries of the audit log, most of them done with."""
    rows: dict[Table, list[dict[str, object]]] = {table: [] for table in TABLES}
    known = {"key": "k", "enabled": True, "enrolled": 1.0, "certificate": "c", "certificate_until": 2.0}
    rows[tables.stations] = [{"name": f"s{number}", **known} for number in range(60)]
    for number in range(ROWS):
        name, at = f"o{number:04}", float(number // 3)
        whose = {"station": f"s{number * 7 % 60}", "account": f"account {number % 40}"}
        state = "claimed" if number % 50 else "issued"
        order = {"id": name, "number": f"n{number}", "envelope": b"e", "issued": at, "expires": number + 5.0}
        rows[tables.orders].append({**order, **whose, "by": "Li Wei", "state": state})
        run = {"run": name, "committed": 1, "head": "h", "began": at, "updated": 1.0, "record": "agrees"}
        rows[tables.runs].append({**run, **whose, "state": "signed" if number % 25 else "asking"})
        entry = {"at": float(number), "who": f"w{number % 45}", "what": f"x{number % 40}", "data": "{}"}
        rows[tables.audit].append(entry)
        signed = {"station": whose["station"], "run": name, "duty": "performed", "by": "Li Wei", "at": 1.0}
        rows[tables.signed_certificates].append({**signed, "xml": b"x"})
    with store.database.begin() as connection:
        for table, several in rows.items():
            connection.execute(table.insert(), several)
        if connection.dialect.name != "sqlite":
            connection.execute(text("ANALYZE"))  # within a minute it does so by itself
    return store


def orders(**wanted: str) -> Callable[[Store], object]:
    return lambda store: store.pages.orders(20, **wanted)


def places(**wanted: str) -> Callable[[Store], object]:
    return lambda store: store.pages.placed(20, 9.0, **wanted)


def runs(before: tuple[str, str] | None = None, **wanted: str) -> Callable[[Store], object]:
    return lambda store: store.pages.runs(20, before=before, **wanted)


def noted(**wanted: str | int) -> Callable[[Store], object]:
    return lambda store: store.noted(limit=20, **wanted)


def certified(**wanted: object) -> Callable[[Store], object]:
    return lambda store: store.pages.certified(20, **wanted)


LISTS = {
    "certificates": (certified(), "ix_runs_began_station_run"),
    "certificates of an account": (
        certified(account="account 3", issued=True),
        "ix_runs_account_began_station_run",
    ),
    "orders": (orders(), "ix_orders_issued_id"),
    "orders, next page": (orders(before="o2000"), "ix_orders_issued_id"),
    "orders of a station": (orders(station="s7"), "ix_orders_station_issued_id"),
    "orders of a station, next page": (orders(station="s7", before="o2000"), "ix_orders_station_issued_id"),
    "orders in a state": (orders(state="issued"), "ix_orders_state_issued_id"),
    "orders of a station in a state": (
        orders(station="s7", state="issued"),
        "ix_orders_station_state_issued_id",
    ),
    "orders of an account": (orders(account="account 3"), "ix_orders_account_issued_id"),
    "orders of an account in a state": (
        orders(account="account 3", state="issued"),
        "ix_orders_account_issued_id",
    ),
    "orders of an account and a station": (
        orders(account="account 3", station="s7", state="issued"),
        "ix_orders_account_issued_id",
    ),
    "orders of a number": (orders(number="n77"), "ix_orders_number_issued_id"),
    "orders of a number in a state": (
        orders(number="n77", account="account 0", station="s59", state="issued"),
        "ix_orders_number_issued_id",
    ),
    "places of orders": (places(), "ix_orders_issued_id"),
    "places of orders, next page": (places(before="o2000"), "ix_orders_issued_id"),
    "places of orders of an account": (places(account="account 3"), "ix_orders_account_issued_id"),
    "place of an order": (lambda store: store.pages.place("o2000", 9.0), "pk"),
    "orders with certificates": (places(stage="certified"), "ix_orders_state_issued_id"),
    "orders that wait for signatures": (places(stage="measured"), "ix_runs_awaiting"),
    "orders that are on": (places(stage="on"), "ix_runs_state_began_station_run"),
    "orders that ended early": (places(stage="ended"), "ix_runs_state_began_station_run"),
    "runs": (runs(), "ix_runs_began_station_run"),
    "runs, next page": (runs(before=("s20", "o2000")), "ix_runs_began_station_run"),
    "runs of a station": (runs(station="s7"), "ix_runs_station_began_run"),
    "runs of a station, next page": (
        runs(station="s7", before=("s20", "o2000")),
        "ix_runs_station_began_run",
    ),
    "runs in a state": (runs(state="asking"), "ix_runs_state_began_station_run"),
    "runs in a state, next page": (
        runs(state="asking", before=("s20", "o2000")),
        "ix_runs_state_began_station_run",
    ),
    "runs of a station in a state": (
        runs(station="s7", state="asking"),
        "ix_runs_station_state_began_run",
    ),
    "runs of an account": (runs(account="account 3"), "ix_runs_account_began_station_run"),
    "runs of an account, next page": (
        runs(account="account 3", before=("s20", "o2000")),
        "ix_runs_account_began_station_run",
    ),
    "runs of an account in a state": (
        runs(account="account 3", station="s7", state="asking"),
        "ix_runs_account_began_station_run",
    ),
    "audit log, next page": (noted(before=2000), "pk"),
    "audit log of a kind": (noted(what="x3"), "ix_audit_what_id"),
    "audit log of a kind, next page": (noted(what="x3", before=2000), "ix_audit_what_id"),
    "audit log of somebody": (noted(who="w3"), "ix_audit_who_id"),
    "audit log of a kind and somebody": (noted(what="x3", who="w3"), "ix_audit_what_who_id"),
    "failures to log in": (
        lambda store: store.users.failures("x3", "w3", "host", ROWS - 100.0),
        "ix_audit_what_at",
    ),
    "a station's next order": (
        lambda store: store.orders.next("s10", 2500.0),
        "ix_orders_waiting or ix_orders_station_state_issued_id",  # alike: either, by which was made first
    ),
    "an order": (lambda store: store.orders.find("o2000"), "pk"),
    "a run": (lambda store: store.journals.find("s20", "o2000"), "pk"),
    "runs that begin so": (lambda store: store.pages.named("o20", limit=50), "ix_runs_run"),
    "a journal": (lambda store: store.journals.lines("s20", "o2000"), "pk"),
    "a run's files": (lambda store: store.files.missing("s20", "o2000"), "pk"),
    "a record": (lambda store: store.records.find("s20", "o2000"), "pk"),
    "records of runs": (lambda store: list(store.records.each([("s20", "o2000"), ("s7", "o0001")])), "pk"),
}
"""List → how it is asked for, and the index that serves it."""

FEW = {
    "runs that begin so", "a run's files", "records of runs",
    "orders that wait for signatures", "orders that are on", "orders that ended early", "place of an order",
}  # fmt: skip
"""What is put in order once it is found."""
CERTIFIED = {
    "places of orders", "places of orders, next page", "places of orders of an account",
    "orders with certificates",
}  # fmt: skip
"""What puts the few certificates of each order in order, besides."""
OWN = ("PRIMARY KEY", "sqlite_autoindex", "pk_", "ix_runs_run ")
"""What the index of a row's own name is called in plans; hardly two stations have runs of one name."""


@pytest.mark.parametrize("name", list(LISTS))
def test_an_index_serves_the_list(filled: Store, name: str) -> None:
    ask, index = LISTS[name]
    with asking(filled) as sent:
        ask(filled)
    (asked,) = sent
    steps = plan(filled, asked, sorting=name in FEW)
    # PostgreSQL knows how many rows a filter leaves, and may take an index that serves as well.
    known = (
        OWN
        if index == "pk"
        else tuple(index.split(" or "))
        if "sqlite" in filled.database.name
        else ("ix_", "pk_")
    )
    assert any(each in step for step in steps for each in known), steps
    whole = searched_whole(steps)
    if name in CERTIFIED:
        whole = [step for step in whole if not step.startswith(" " * 10)]
        for step in for_each_row(filled, asked) if "sqlite" in filled.database.name else ():
            if step in whole:
                whole.remove(step)
    assert name in FEW or not whole, steps
    if "next page" in name:
        assert any("<" in step for step in steps), "it is looked up where the page begins"


def test_the_first_page_of_the_audit_log_is_at_its_end(filled: Store) -> None:
    with asking(filled) as sent:
        filled.noted(limit=20)
    (asked,) = sent
    steps = plan(filled, asked)
    assert steps == ["SCAN audit"] or "Index Scan Backward using" in steps[1], "by the row's own number"


def test_pages_bring_each_row_once_in_order(filled: Store) -> None:
    for wanted in ({}, {"station": "s7"}, {"state": "signed"}, {"account": "account 3"}):
        whole = filled.pages.runs(ROWS, **wanted)
        paged, before = [], None
        while rows := filled.pages.runs(211, before=before, **wanted):
            paged += rows
            before = rows[-1].station, rows[-1].run
        assert tuple(paged) == whole
        assert all((a.began, a.station, a.run) > (b.began, b.station, b.run) for a, b in pairwise(whole))


def test_what_waits_is_counted_without_what_is_done_with(filled: Store) -> None:
    with asking(filled) as sent:
        filled.figures.waiting(1.0, 60.0)
    assert len(sent) == 3
    steps = [step for asked in sent if "FROM stations" not in asked.statement for step in plan(filled, asked)]
    assert not searched_whole(steps)
    if "sqlite" in filled.database.name:
        assert "ix_runs_state_began_station_run" in steps[0]
        assert "ix_orders_waiting" in steps[1]


def test_what_somebody_should_look_at_is_counted_by_itself(filled: Store) -> None:
    with asking(filled) as sent:
        filled.figures.now(1.0, 60.0)
    assert len(sent) == 11
    steps = "".join(step for asked in sent for step in plan(filled, asked))
    for name in few.FEW_RUNS:
        assert f"ix_runs_{name}" in steps


@pytest.mark.parametrize("account", [None, "account 3"])
def test_what_wants_somebody_is_found_without_going_through_all_runs(
    filled: Store, account: str | None
) -> None:
    with asking(filled) as sent:
        filled.pages.wanting(account=account)
    (asked,) = sent
    steps = plan(filled, asked, sorting=True)
    if "sqlite" in filled.database.name:
        for name in ("refused", "unordered", "due", "differing", "awaiting"):
            assert any(f"ix_runs_{name}" in step for step in steps), steps
        own = [step for step in steps if "ix_runs_" in step]
        assert not [step for step in own if "ix_runs_began" in step or "ix_runs_account" in step], steps
    assert not [step for step in steps if "Seq Scan" in step or ("SCAN runs" in step and "USING" not in step)]


def test_standards_and_what_rests_on_them_are_told_by_indexes(filled: Store) -> None:
    """Of the rows of all runs only those are read that are shown; what is asked of a time, within it."""
    with asking(filled) as sent:
        filled.standards.due("2027-01-01")
        filled.about.uses({"B-7"}, 1.0, 2.0)
    steps = [step for asked in sent for step in plan(filled, asked, sorting=True) if "run_equipment" in step]
    if "sqlite" in filled.database.name:
        whole = "maker=? AND model=? AND serial=? AND certificate=? AND valid_until=? AND at=?"
        assert steps == [
            "SCAN run_equipment USING COVERING INDEX ix_run_equipment_standard",
            f"SEARCH run_equipment USING INDEX ix_run_equipment_standard ({whole})",
            *(
                f"SEARCH run_equipment USING INDEX ix_run_equipment_{column}_at_station_run "
                f"({column}=? AND at>? AND at<?)"
                for column in ("certificate", "certificate", "serial", "serial")
            ),
        ]
    else:
        assert not [step for step in steps if "Seq Scan" in step], steps


def test_what_was_told_is_looked_up_by_what_it_is_about(filled: Store) -> None:
    wanted = NoticeWanted("item", "7", "a meter", "", "liwei", "2027-01-01", 30)
    with asking(filled) as sent:
        assert [filled.notices.make([wanted], 1.0) for _ in range(2)] == [1, 0]
    steps = plan(filled, sent[-1], sorting=True)
    assert "uq_notices_kind_about_to_due_days" in "".join(steps), steps
    assert not searched_whole(steps)


@pytest.fixture
def text_of(tmp_path: Path) -> bytes:
    """A journal of ten lines, two of which name files."""
    file = {"name": "plate.jpg", "media_type": "image/jpeg", "about": "the plate", "by": "on site", "size": 3}
    with Journal.create(tmp_path / "run", VirtualClock(0.0)) as journal:
        journal.append("start", {"format": 1})
        for content in (b"one", b"two"):
            journal.append("file", {**file, "sha256": sha256(content).hexdigest()})
        for _ in range(7):
            journal.append("note", {"text": "x"})
    return (tmp_path / "run" / "journal.jsonl").read_bytes()


def taken(
    store: Store, batches: Sequence[tuple[str, int, bytes]]
) -> tuple[list[Committed | None], list[Asked]]:
    """Return what stations are answered whose batches wait together, and what the database was asked."""

    def sealed(station: str, first: int, lines: bytes) -> bytes:
        count, digest = lines.count(b"\n"), sha256(lines).hexdigest()
        head = JournalHead(station=station, run=f"r-{station}", first=first, count=count, sha256=digest)
        return seal("journal-head", head, KEY) + b"\n" + lines

    async def take() -> list[Committed | None]:
        ingest = Ingest(store, LABORATORY.public)
        answers = asyncio.gather(
            *(ingest.take(f"cal.{station}.journal", sealed(station, *rest)) for station, *rest in batches)
        )
        await asyncio.sleep(0)  # so that all of them wait
        running = asyncio.create_task(ingest.run())
        try:
            return await answers
        finally:
            running.cancel()

    with asking(store) as sent:
        return asyncio.run(take()), sent


def test_a_commit_asks_once_for_all_its_batches(filled: Store, text_of: bytes) -> None:
    with filled.database.begin() as connection:
        connection.execute(tables.stations.update().values(key=KEY.public.text))
    lines = text_of.splitlines(keepends=True)
    stations = [f"s{number}" for number in range(20)]
    for station in stations:
        filled.journals.append(station, f"r-{station}", 1, [lines[0].rstrip(b"\n")], 1.0)
    one, asked_of_one = taken(filled, [("s0", 2, lines[1])])
    many, asked_of_many = taken(filled, [(station, 2, b"".join(lines[1:8])) for station in stations[1:]])
    assert one == [Committed(committed=2, missing={sha256(b"one").hexdigest(): 0})]
    missing = {sha256(content).hexdigest(): 0 for content in (b"one", b"two")}
    assert many == [Committed(committed=8, missing=missing)] * 19
    assert [asked.statement.split()[0] for asked in asked_of_one] == [
        "SELECT",  # who the stations are
        "SELECT",  # what they have used, which is locked
        "SELECT",  # how far their runs are
        "INSERT",  # lines
        "INSERT",  # files that lines name
        "UPDATE",  # runs
        "UPDATE",  # what stations have used
        "SELECT",  # files that are not here
    ]
    assert len(asked_of_many) == len(asked_of_one)
    again, asked_again = taken(filled, [("s1", 9, b"".join(lines[8:])), ("s2", 9, b"".join(lines[8:]))])
    assert [answer.committed for answer in again if answer] == [10, 10]
    assert len(asked_again) == len(asked_of_one) - 1, "no line names a file"
    assert filled.journals.lines("s1", "r-s1") == tuple(text_of.splitlines())


def test_batches_of_one_run_wait_together(filled: Store, text_of: bytes) -> None:
    """A station that was not answered sends again, and both may be taken in one transaction."""
    with filled.database.begin() as connection:
        connection.execute(tables.stations.update().values(key=KEY.public.text))
    lines = text_of.splitlines(keepends=True)
    first, other = b"".join(lines[:4]), b"".join([*lines[:2], *lines[1:4]])
    batches = [(1, first), (1, first), (3, b"".join(lines[2:])), (2, lines[1] * 2), (1, other), (9, lines[8])]
    answers, _ = taken(filled, [("s1", *batch) for batch in batches])
    said = [(answer.committed, answer.refused) for answer in answers if answer]
    assert said[:3] == [(4, ""), (4, ""), (10, "")]
    assert "line 3 is here already and was another one" in said[3][1]
    assert "line 3 is here already and was another one" in said[4][1]
    assert said[5] == (10, "")
    assert filled.journals.lines("s1", "r-s1") == tuple(text_of.splitlines())
    assert filled.stations.get("s1").used == sum(map(len, text_of.splitlines()))
    (row,) = filled.pages.named("r-s1", limit=50)
    assert (row.committed, row.state) == (10, "running")


def test_plans_of_what_a_commit_asks(filled: Store, text_of: bytes) -> None:
    with filled.database.begin() as connection:
        connection.execute(tables.stations.update().values(key=KEY.public.text))
    _, sent = taken(filled, [(f"s{number}", 1, text_of) for number in range(20)])
    for asked in sent:
        if not asked.many and asked.statement.startswith("SELECT"):
            steps = plan(filled, asked, sorting=True)
            few = ("Sort", "ORDER", "DISTINCT")  # of one run, or of those that the commit is of
            whole = [step for step in searched_whole(steps) if not any(word in step for word in few)]
            assert not whole or whole == ["SCAN audit"], "from its last entry, which is the one it looks for"


def test_what_a_station_said_is_looked_at_once_however_many_orders_wait(filled: Store) -> None:
    said = {"announced": '{"waits_for_consent":{"order":"o0000","since":1.0}}'}
    now, looked = OVERDUE + 2.0, []
    with filled.database.begin() as connection:
        connection.execute(tables.stations.update().values(**said))
        connection.execute(tables.orders.update().values(issued=1.0, expires=now + 9.0, state="issued"))
    with filled.database.read() as connection:
        if connection.dialect.name == "sqlite":
            made = connection.connection.driver_connection
            made.create_function("like", 2, lambda part, whole: looked.append(whole) or part[1:-1] in whole)
        found = issued_and_open(connection, 0.0, now, "2026-11-30", 50)
        connection.invalidate()
    assert [one.id for one in found.overdue] == ["o0000"]
    assert len(looked) in ({*range(60, 121)} if "sqlite" in filled.database.name else {0}), "of 60 stations"


def test_runs_are_asked_for_in_few_statements_however_many_they_are(store: Store) -> None:
    """Each that was sent is kept, and one that names fifty stations takes much memory."""
    with asking(store) as asked:
        for number in range(1, 65):
            store.files.missing_of([(f"s{one}", "r") for one in range(number)])
    assert len({one.statement for one in asked}) == 7
