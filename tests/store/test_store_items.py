"""The register of items: entered once, by a table whole or not at all, due by hand or by certificate."""

import json
from dataclasses import replace
from datetime import date

import pytest

from remotecal.errors import NotNow, NotThere
from remotecal.store import Store
from remotecal.store.intervals import last_day
from remotecal.store.items import Entered
from remotecal.store.signings import SigningRow
from remotecal.store.tables import records, run_items

METER = Entered('{"en": "Meter"}', "Maker", "DN 50", "K-1", account="acme", months=12)


@pytest.mark.parametrize(
    ("calibrated", "months", "rule", "last"),
    [
        ("2026-05-31", 12, "before", "2027-05-30"),
        ("2026-05-31", 12, "same", "2027-05-31"),
        ("2026-05-31", 12, "month", "2027-05-31"),
        ("2026-01-31", 1, "same", "2026-02-28"),
        ("2028-01-31", 1, "same", "2028-02-29"),
        ("2028-02-29", 12, "same", "2029-02-28"),
        ("2028-02-29", 12, "before", "2029-02-27"),
        ("2026-03-01", 12, "before", "2027-02-28"),
        ("2026-11-05", 26, "month", "2029-01-31"),
    ],
)
def test_the_last_day_follows_from_the_calibration(
    calibrated: str, months: int, rule: str, last: str
) -> None:
    assert last_day(date.fromisoformat(calibrated), months, rule).isoformat() == last


def certified(
    store: Store, run: str, finished: str, *, account: str | None = "acme", at: float = 1.0
) -> None:
    """Have a certificate issued for K-1, as its run's order and journal would."""
    store.orders.issue(run, "1", "here", b"e", at, 2.0, "Li Wei", account=account)
    store.journals.append("here", run, 1, [], at)
    if account is not None:
        store.orders.assign(run, account)
    row = dict.fromkeys(("maker", "model", "owner_number"), "")
    row |= {"station": "here", "run": run, "place": 0, "at": at, "serial": "K-1", "name": "{}"}
    with store.database.begin() as connection:
        connection.execute(run_items.insert().values(**row, customer="{}", certificate=f"C-{run}"))
        kept = {"station": "here", "run": run, "head": "", "key": "", "agrees": True, "computed": at}
        connection.execute(records.insert().values(**kept, record=json.dumps({"finished": finished})))
    signing = SigningRow("here", run, "issued", "Li", at, b"", None, f"C-{run}")
    store.signings.add(signing)


def test_a_certificate_sets_the_day_and_a_person_may(enrolled: Store) -> None:
    number = enrolled.items.enter(METER, "Li Wei", 1.0)
    assert enrolled.items.find(number).due == ""
    certified(enrolled, "r1", "2026-05-31")
    kept = enrolled.items.find(number)
    assert (kept.due, kept.certificate, kept.calibrated, kept.run) == (
        "2027-05-30",
        "C-r1",
        "2026-05-31",
        "r1",
    )
    certified(enrolled, "r2", "2026-06-30", at=2.0)
    assert enrolled.items.find(number).due == "2027-06-29"
    assert [one.number for one in enrolled.items.calibrations(kept)] == ["C-r2", "C-r1"]
    enrolled.signings.add(SigningRow("here", "r2", "issued", "Wu", 3.0, b"", None, "C-r2-A1", edition=1))
    assert enrolled.items.find(number).certificate == "C-r2-A1"
    assert [one.number for one in enrolled.items.calibrations(kept)] == ["C-r2-A1", "C-r1"]
    enrolled.items.change(number, replace(METER, due_set="2026-12-01"))
    assert enrolled.items.find(number).due == "2026-12-01"
    enrolled.items.change(number, replace(METER, months=6))
    assert enrolled.items.find(number).due == "2026-12-29"
    assert enrolled.items.rebuild() == 1
    assert enrolled.items.find(number).due == "2026-12-29"


def test_an_amended_certificate_counts_once_and_by_its_own_number(enrolled: Store) -> None:
    number = enrolled.items.enter(METER, "Li Wei", 1.0)
    certified(enrolled, "r1", "2026-05-31")
    enrolled.signings.add(SigningRow("here", "r1", "performed", "Li", 2.0, b"", None, edition=1))
    assert enrolled.items.find(number).certificate == "C-r1"  # nothing takes its place yet
    enrolled.signings.add(SigningRow("here", "r1", "issued", "Wu", 3.0, b"", None, "C-r1-A1", edition=1))
    assert enrolled.items.rebuild() == 1
    kept = enrolled.items.find(number)
    assert (kept.certificate, kept.due) == ("C-r1-A1", "2027-05-30")
    assert [one.number for one in enrolled.items.calibrations(kept)] == ["C-r1-A1"]


def test_what_is_another_accounts_or_another_things_counts_for_nothing(enrolled: Store) -> None:
    certified(enrolled, "r1", "2026-05-31", account="bolt")
    number = enrolled.items.enter(METER, "Li Wei", 1.0)
    assert enrolled.items.find(number).certificate == ""
    enrolled.orders.assign("r1", "acme")
    assert enrolled.items.find(number).certificate == "C-r1"
    with enrolled.database.begin() as connection:
        connection.execute(run_items.update().values(model="DN 80"))
    enrolled.items.rebuild()
    assert enrolled.items.find(number).certificate == ""


def test_nothing_is_entered_twice_however_its_number_is_written(enrolled: Store) -> None:
    items = enrolled.items
    number = items.enter(METER, "Li Wei", 1.0)
    for other in (METER, replace(METER, serial="k–1"), replace(METER, maker="MAKER", place="Hall")):
        with pytest.raises(NotNow, match="is entered already"):
            items.enter(other, "Li Wei", 2.0)
    assert items.enter(replace(METER, account=""), "Li Wei", 2.0) != number
    second = items.enter(replace(METER, serial="K-2"), "Li Wei", 2.0)
    with pytest.raises(NotNow):
        items.change(second, METER)
    with pytest.raises(NotThere):
        items.change(second + 1, replace(METER, serial="K-3"))
    assert items.ensure(replace(METER, maker=""), "Li Wei", 3.0) == number
    assert items.ensure(replace(METER, model="DN 80"), "Li Wei", 3.0) not in {number, second}


def test_a_table_makes_and_changes_and_the_same_one_makes_nothing(enrolled: Store) -> None:
    told = [replace(METER, serial=f"K-{number}") for number in range(3)]
    first = enrolled.items.bring_in(told, "Li Wei", 1.0)
    assert enrolled.items.bring_in(told, "Wang", 2.0) == first
    assert enrolled.items.bring_in([replace(told[1], place="Hall")], "Wang", 3.0) == first[1:2]
    rows = enrolled.items.list(None)
    assert [(row.serial, row.place, row.by) for row in rows] == [
        ("K-0", "", "Li Wei"),
        ("K-1", "Hall", "Li Wei"),
        ("K-2", "", "Li Wei"),
    ]


def test_a_list_is_searched_sorted_and_goes_on(enrolled: Store) -> None:
    days = ("2027-03-01", "", "2027-01-01", "2027-02-01", "2027-01-01")
    for number, day in enumerate(days):
        account = "acme" if number % 2 else "bolt"
        entered = replace(METER, serial=f"K_{5 - number}", due_set=day, months=None, account=account)
        enrolled.items.enter(entered, "Li Wei", float(number))
    items = enrolled.items
    whole = [row.id for row in items.list(None)]
    assert [row.due for row in items.list(None)] == [*sorted(filter(None, days)), ""]
    paged: list[int] = []
    while rows := items.list(2, after=paged[-1] if paged else None):
        paged += [row.id for row in rows]
    assert paged == whole
    assert [row.serial for row in items.list(2, sort="serial")] == ["K_1", "K_2"]
    assert [row.serial for row in items.list(1, sort="entered")] == ["K_1"]
    assert {row.account for row in items.list(None, account="acme")} == {"acme"}
    assert [row.serial for row in items.list(None, searched="k_3")] == ["K_3"]
    assert items.list(None, searched="K%3") == ()
    assert [row.due for row in items.list(None, due="2027-01-01")] == ["2027-01-01"] * 2
    assert items.numbered("") == ()
