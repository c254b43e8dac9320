"""Each entry of the audit log covers the one before: what is changed, taken away or put in is found."""

from contextlib import suppress

import pytest

from remotecal.errors import NotThere
from remotecal.store import Store
from remotecal.store.chained import BEGIN
from remotecal.store.tables import audit

THIRD = audit.c.what == "act 3"
CHANGES = {
    "changed": audit.update().where(THIRD).values(who="somebody"),
    "taken away": audit.delete().where(audit.c.what == "act 2"),
    "put in": audit.insert().values(at=1.0, who="x", what="y", data="{}"),
    "its hash": audit.update().where(THIRD).values(chain=BEGIN),
    "put in before the first": audit.insert().values(id=-5, at=1.0, who="x", what="y", data="{}", chain=""),
    "at no time": audit.update().where(THIRD).values(at=float("inf")),
}
BEFORE_IT = {"changed": 3, "taken away": 2, "put in": 5, "its hash": 3, "at no time": 3}


def test_the_audit_log_tells_where_it_is_broken(store: Store) -> None:
    assert store.log.check() == (0, BEGIN, None, True)
    for number in range(5):
        store.note("Li", f"act {number}", {"值": number, "share": 0.1})
    whole = store.log.check()
    assert (whole.entries, whole.broken) == (5, None)
    store.note("Li", "act 5", {})
    assert store.log.check(whole.head).seen
    assert not store.log.check("1" * 64).seen
    with store.database.begin() as connection:
        connection.execute(audit.delete().where(audit.c.what == "act 5"))
        connection.execute(audit.delete().where(audit.c.what == "act 4"))
    shorter = store.log.check(whole.head)
    assert (shorter.entries, shorter.broken, shorter.seen) == (4, None, False)


@pytest.mark.parametrize("change", list(CHANGES))
def test_what_was_changed_is_found(store: Store, change: str) -> None:
    for number in range(5):
        store.note("Li", f"act {number}", {})
    with store.database.begin() as connection:
        connection.execute(CHANGES[change])
    found = store.log.check()
    assert found.broken is not None
    assert found.entries == BEFORE_IT.get(change, 0)


def test_what_fails_within_a_transaction_undoes_all_of_it_even_where_that_is_caught(store: Store) -> None:
    store.note("Li", "act 1", {})
    with pytest.raises(RuntimeError, match="nothing of it is kept"):
        go_on_after_a_failure(store)
    assert [row.what for row in store.noted(limit=9)] == ["act 1"]
    store.note("Li", "act 4", {})
    assert store.log.check().entries == 2


def go_on_after_a_failure(store: Store) -> None:
    with store.transaction():
        store.note("Li", "act 2", {})
        with suppress(NotThere), store.transaction():
            store.note("Li", "act 3", {})
            raise NotThere("there is none")
