"""Lists page by page, signed certificates, and the figures of the hub, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from remotecal.certificates.signing.signature import DUTIES
from remotecal.clock import VirtualClock
from remotecal.errors import CertificateRefused, OrderError
from remotecal.journal.writing import Journal
from remotecal.order import HELD
from remotecal.store import Store, tables
from remotecal.store.journals import RunRow
from remotecal.store.placed import Stage
from remotecal.store.records import RecordRow
from remotecal.store.signings import SigningRow
from remotecal.store.tables import runs


@pytest.fixture
def busy(enrolled: Store) -> Store:
    """A store with seven orders: odd ones at `here`, the last of acme's; all issued at two times."""
    for number in range(1, 8):
        station = "here" if number % 2 else "there"
        enrolled.orders.issue(f"o{number}", f"n{number}", station, b"envelope", number // 4, 100.0, "Li Wei")
        if number > 3:
            enrolled.orders.assign(f"o{number}", "acme" if number < 7 else "bolt")
    enrolled.orders.withdraw("o5", "a mistake")
    return enrolled


def test_orders_page_by_page(busy: Store) -> None:
    seen, before = [], None
    while rows := busy.pages.orders(2, before=before):
        seen += [row.id for row in rows]
        before = rows[-1].id
        if len(seen) == 2:
            busy.orders.issue("o9", "n9", "here", b"envelope", 9.0, 100.0, "Li Wei")
    assert seen == ["o7", "o6", "o5", "o4", "o3", "o2", "o1"]
    assert [row.id for row in busy.pages.orders(9, station="there")] == ["o6", "o4", "o2"]
    assert [row.id for row in busy.pages.orders(9, state="withdrawn")] == ["o5"]
    assert [row.id for row in busy.pages.orders(9, number="n3")] == ["o3"]
    assert [row.id for row in busy.pages.orders(9, account="acme", before="o6")] == ["o5", "o4"]
    assert busy.pages.orders(9, before="nothing") == ()


def test_each_order_is_at_one_place(busy: Store) -> None:
    """By the order, its run and its certificates; a filter finds the same as the list tells."""
    busy.orders.issue("o9", "n9", "here", b"envelope", 0.5, 100.0, "Li Wei")
    for order in ("o1", "o2", "o3", "o6", "o7", "o9"):
        station = busy.orders.find(order).station
        assert not busy.orders.claim(order, station, "here it begins", 1.0)
    busy.orders.issue("o8", "n8", "here", b"envelope", 0.5, 8.0, "Li Wei")
    busy.orders.refuse("o4", "there", "it moved")
    busy.orders.refuse("o3", "here", "no balance")
    busy.orders.refuse("o7", "here", "too warm, once")  # taken up again and finished since
    held = f"{HELD} with its rig safe, and goes on by itself: the clock is wrong"
    busy.orders.refuse("o9", "here", held)
    kept = {
        "o1": ("signed", {"record": "agrees", "awaiting": "reviewed"}),
        "o2": ("asking", {}),
        "o7": ("signed", {}),
    }
    kept["o7"][1].update({"record": "differs", "awaiting": "approved"})
    for run, (state, others) in kept.items():
        values = {"station": busy.orders.find(run).station, "run": run, "committed": 1, "head": "h"}
        with busy.database.begin() as connection:
            values |= {"state": state, "began": 1.0, "updated": 1.0, **others}
            connection.execute(tables.runs.insert().values(**values))
    for edition, number in ((0, "C-1"), (1, "C-1a")):
        row = {"station": "here", "run": "o1", "device": "", "edition": edition, "xml": b"x", "at": 1.0}
        with busy.database.begin() as connection:
            row |= {"duty": "issued", "by": "Li Wei", "number": number, "token": number}
            connection.execute(tables.signed_certificates.insert().values(**row))
    told = {one.order.id: (one.stage, one.reason) for one in busy.pages.placed(10, now=9.0)}
    assert told == {
        "o1": ("certified", ""), "o2": ("on", ""), "o3": ("ended", "no balance"),
        "o4": ("refused", "it moved"), "o5": ("withdrawn", "a mistake"), "o6": ("on", ""),
        "o7": ("measured", ""), "o8": ("expired", ""), "o9": ("on", held),
    }  # fmt: skip
    certified = busy.pages.place("o1", 9.0)
    assert (certified.certificates, certified.certificate) == (1, "C-1a"), "an amended one counts once"
    assert certified.run.awaiting == "reviewed", "it is certified while it is amended once more"
    for stage in get_args(Stage):
        found = {one.order.id for one in busy.pages.placed(10, 9.0, stage=stage)}
        assert found == {order for order, (at, _) in told.items() if at == stage}, stage
    assert [one.stage for one in busy.pages.placed(9, 9.0, stage="certified", account="acme")] == []
    assert [one.stage for one in busy.found.orders("n8", 7.0)] == ["waits"]
    with busy.database.begin() as connection:
        connection.execute(tables.runs.update().values(unordered="another bench"))
    found = [busy.pages.place(order, 9.0) for order in ("o1", "o7")]
    assert [(one.stage, one.reason) for one in found] == [("measured", "another bench")] * 2


def test_the_certificate_that_was_issued_last_is_told_and_whether_it_counts(busy: Store) -> None:
    row = {"station": "here", "run": "o1", "duty": "issued", "by": "Li Wei", "edition": 0, "xml": b"x"}
    with busy.database.begin() as connection:
        connection.execute(
            tables.signed_certificates.insert(),
            [
                row | {"device": device, "at": at, "number": device, "token": device}
                for device, at in (("dut-8", 2.0), ("dut-9", 3.0), ("dut-10", 4.0))
            ],
        )
    one = busy.pages.place("o1", 9.0)
    assert (one.certificates, one.certificate, one.revoked) == (3, "dut-10", False)
    busy.items.count_without(["DUT-10"])
    assert busy.pages.place("o1", 9.0).revoked
    assert [one.revoked for one in busy.found.orders("o1", 9.0)] == [True]


def test_a_batch_is_filtered_before_it_is_cut_off(busy: Store) -> None:
    for n in range(12):
        busy.orders.issue(f"b{n}", f"B-{n:02}", "here", b"envelope", 1.0 + n, 100.0, "Li Wei")
    assert not busy.orders.claim("b1", "here", "here it begins", 1.0)
    assert [one.order.id for one in busy.found.orders("B", 9.0, stage="on", limit=5)] == ["b1"]
    assert not busy.found.orders("B", 9.0, station="there")
    assert len(busy.found.orders("B", 9.0, station="here", stage="waits", limit=5)) == 5


def test_runs_page_by_page(busy: Store) -> None:
    for number in range(1, 8):
        busy.journals.append("here", f"o{number}", 1, [], number // 4)
    rows = busy.pages.runs(3)
    assert [row.run for row in rows] == ["o7", "o6", "o5"]
    following = busy.pages.runs(9, before=("here", "o5"))
    assert [row.run for row in following] == ["o4", "o3", "o2", "o1"]
    assert [row.run for row in busy.pages.runs(9, account="acme")] == ["o5"], "o4 and o6 were for `there`"
    assert busy.pages.runs(9, station="there") == ()
    assert busy.pages.runs(9, state="signed") == ()


def test_an_order_has_one_account_and_its_run_the_same(enrolled: Store) -> None:
    for order in ("o1", "o2"):
        enrolled.orders.issue(order, "1", "here", b"envelope", 1.0, 2.0, "Li Wei", account="acme")
    for station, run in (("here", "o1"), ("there", "o1"), ("here", "nobody's")):
        enrolled.journals.append(station, run, 1, [], 1.0)

    def whose() -> dict[str, set[str]]:
        return {
            account: {row.id for row in enrolled.pages.orders(9, account=account)}
            | {f"{row.station}/{row.run}" for row in enrolled.pages.runs(9, account=account)}
            for account in ("acme", "bolt")
        }

    assert whose() == {"acme": {"o1", "o2", "here/o1"}, "bolt": set()}, "what is at `there` is not its run"
    enrolled.orders.assign("o1", "bolt")
    enrolled.journals.append("here", "o2", 1, [], 1.0)
    assert whose() == {"acme": {"o2", "here/o2"}, "bolt": {"o1", "here/o1"}}
    with pytest.raises(OrderError, match="there is no order nothing"):
        enrolled.orders.assign("nothing", "acme")


def signing(duty: str, by: str, xml: bytes = b"xml", pdf: bytes | None = None) -> SigningRow:
    return SigningRow("here", "r", duty, by, 1.0, xml, pdf)


def test_signatures_come_on_top_of_each_other(enrolled: Store) -> None:
    assert enrolled.signings.latest("here", "r") is None
    for duty in DUTIES:
        row = signing(duty, f"user of {duty}", duty.encode(), b"%PDF" if duty == "issued" else None)
        enrolled.signings.add(row)
        assert enrolled.signings.latest("here", "r") == row
    assert enrolled.signings.latest("there", "r") is None


def test_nobody_files_two_signatures_and_none_is_replaced(enrolled: Store) -> None:
    enrolled.signings.add(signing("performed", "wei"))
    for again in (signing("reviewed", "wei"), signing("performed", "na", b"other")):
        with pytest.raises(CertificateRefused, match="nobody signs twice"):
            enrolled.signings.add(again)
    found = enrolled.signings.latest("here", "r")
    assert found is not None
    assert found.xml == b"xml"


def test_of_many_signatures_at_once_one_is_taken(enrolled: Store) -> None:
    def add(number: int) -> bool:
        try:
            enrolled.signings.add(signing("performed", f"user {number}"))
        except CertificateRefused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(add, range(12))) == 1


def test_the_figures_of_the_hub(busy: Store, tmp_path: Path) -> None:
    with Journal.create(tmp_path / "run", VirtualClock(0.0)) as written:
        for kind in ("start", "pause", "finish", "signature"):
            written.append(kind, {"format": 1} if kind == "start" else {}, durable=False)
    lines = (tmp_path / "run" / "journal.jsonl").read_bytes().splitlines()
    busy.journals.append("here", "waits", 1, lines[:2], 10.0)
    busy.journals.append("here", "runs", 1, lines[:1], 40.0)
    for run in ("due", "done"):
        busy.journals.append("here", run, 1, lines, 5.0)
    busy.records.put(RecordRow("here", "done", "head", "key", "{}", agrees=False, computed=6.0))
    busy.journals.note_conflict("here", "due", "because")
    busy.stations.seen("here", "session", "{}", 45.0)
    busy.stations.revoke("there")
    for duty in DUTIES[:2]:
        busy.signings.add(signing(duty, duty))
    found = busy.figures.now(50.0, 60.0)
    assert (found.stations, found.connected, found.open_orders) == (1, 1, 6)
    assert (found.journals_awaited, found.journal_lag, found.journals_refused) == (2, 40.0, 1)
    assert (found.records_due, found.differing) == (1, 1)
    assert busy.pages.wanting()["failed"] == ()
    busy.journals.acknowledge("here", "due", len(lines))  # that lines were refused
    busy.journals.note_failed("here", "due", "its procedure is not trusted here")
    (row,) = busy.pages.wanting()["failed"]
    assert (row.run, row.failed) == ("due", "its procedure is not trusted here")
    busy.journals.acknowledge("here", "due", row.committed)
    busy.journals.note_failed("here", "due", row.failed)  # tried again, in vain
    assert busy.pages.wanting()["failed"] == ()
    assert found.orders == {"issued": 6, "withdrawn": 1}
    assert found.runs == {"paused": 1, "running": 1, "signed": 2}
    assert found.certificates == {"performed": 0, "reviewed": 1, "approved": 0, "issued": 0}
    later = busy.figures.now(200.0, 60.0)
    assert (later.connected, later.open_orders, later.journal_lag) == (0, 0, 190.0)


def test_a_run_is_all_its_columns_and_no_more() -> None:
    assert [one.name for one in fields(RunRow)] == [one.name for one in runs.c]
