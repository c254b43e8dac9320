"""Stations, codes, orders, records, the audit log and the tables' version."""

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy import Connection, MetaData, Table, column, create_engine, inspect, select, table, text

from remotecal.errors import ConfigurationError, OrderError, RemotecalError, StoreError
from remotecal.store import Store, tables
from remotecal.store import database as database_module
from remotecal.store.database import VERSIONS, Database, newest_version
from remotecal.store.journals import RunRow
from remotecal.store.orders import OrderRow, Repeat
from remotecal.store.records import RecordRow
from remotecal.store.stations import StationRow
from remotecal.store.tables import metadata


def test_a_code_enrols_once(store: Store) -> None:
    secret = store.stations.new_code("here", 100.0)
    assert store.stations.station_of(secret, 99.0) == "here"
    store.stations.enrol(secret, "key", "print", 1000.0, 99.0)
    with pytest.raises(ConfigurationError, match="unknown, used or expired"):
        store.stations.enrol(secret, "another key", "print", 1000.0, 99.0)
    assert store.stations.get("here").key == "key"


def test_of_many_at_once_one_enrols(store: Store) -> None:
    secret = store.stations.new_code("here", 100.0)

    def enrol(number: int) -> bool:
        try:
            store.stations.enrol(secret, f"key {number}", "print", 1000.0, 50.0)
        except ConfigurationError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(enrol, range(12))) == 1


@pytest.mark.parametrize("secret", ["", "guess"])
def test_an_unknown_code_is_refused(store: Store, secret: str) -> None:
    with pytest.raises(ConfigurationError, match="unknown, used or expired"):
        store.stations.station_of(secret, 1.0)


def test_an_expired_code_is_refused(store: Store) -> None:
    secret = store.stations.new_code("here", 100.0)
    with pytest.raises(ConfigurationError, match="unknown, used or expired"):
        store.stations.station_of(secret, 100.5)


def test_a_revoked_station_may_enrol_anew(enrolled: Store) -> None:
    enrolled.stations.revoke("here")
    assert [(row.name, row.enabled) for row in enrolled.stations.list()] == [("here", False), ("there", True)]
    enrolled.stations.enrol(enrolled.stations.new_code("here", 200.0), "new key", "new", 2000.0, 150.0)
    found = enrolled.stations.get("here")
    assert (found.enabled, found.key, found.enrolled) == (True, "new key", 150.0)


def test_what_stations_say_is_noted(enrolled: Store) -> None:
    enrolled.stations.seen("here", "session", '{"benches":[]}', 77.0)
    enrolled.stations.renewed("here", "second print", 3000.0)
    found = enrolled.stations.get("here")
    assert (found.session, found.seen, found.announced) == ("session", 77.0, '{"benches":[]}')
    assert (found.certificate, found.certificate_until) == ("second print", 3000.0)


def test_unknown_stations_are_refused(enrolled: Store) -> None:
    assert enrolled.stations.find("nowhere") is None
    for act in (enrolled.stations.revoke, enrolled.stations.get):
        with pytest.raises(ConfigurationError, match="nowhere is no station"):
            act("nowhere")


@pytest.fixture
def ordered(enrolled: Store) -> Store:
    for number, expires in (("1", 20.0), ("2", 100.0), ("3", 100.0)):
        enrolled.orders.issue(f"o{number}", number, "here", b"envelope", float(number), expires, "Li Wei")
    return enrolled


def test_the_oldest_order_that_can_still_begin_comes_next(ordered: Store) -> None:
    def upcoming(now: float) -> str | None:
        found = ordered.orders.next("here", now)
        return found.id if found else None

    assert upcoming(10.0) == "o1"
    assert upcoming(21.0) == "o2"
    ordered.orders.refuse("o2", "here", "no such bench")
    assert upcoming(21.0) == "o3"
    ordered.orders.withdraw("o3", "a mistake")
    assert upcoming(21.0) is None
    assert ordered.orders.next("there", 1.0) is None
    assert [(row.id, row.state, row.reason) for row in ordered.pages.orders(100)] == [
        ("o3", "withdrawn", "a mistake"),
        ("o2", "refused", "no such bench"),
        ("o1", "issued", ""),
    ]


def test_an_order_is_claimed_once(ordered: Store) -> None:
    assert ordered.orders.claim("o2", "here", "first", 30.0) == ""
    assert ordered.orders.claim("o2", "here", "first", 200.0) == "", "asking again is granted again"
    assert ordered.orders.claim("o2", "here", "clone", 30.0) == "it was claimed before"
    assert ordered.orders.claim("o1", "here", "first", 30.0) == "it expired"
    assert ordered.orders.claim("o3", "there", "first", 30.0) == "there is no order o3 for there"
    with pytest.raises(OrderError, match="abort its run"):
        ordered.orders.withdraw("o2", "too late")


def test_of_many_claims_at_once_one_is_granted(ordered: Store) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: ordered.orders.claim("o3", "here", f"claim {n}", 1.0), range(12)))
    assert answers.count("") == 1


def test_a_record_takes_the_place_of_the_last(enrolled: Store) -> None:
    row = RecordRow("here", "r", "head", "key", "{}", agrees=False, computed=1.0)
    assert enrolled.records.find("here", "r") is None
    enrolled.records.put(row)
    better = RecordRow("here", "r", "head", "key", "{}", agrees=True, computed=2.0)
    enrolled.records.put(better)
    assert enrolled.records.find("here", "r") == better


def test_the_audit_log_keeps_what_was_done(store: Store) -> None:
    store.note("Li Wei", "revoke", {"station": "here"})
    store.note("Zhang", "order", {"number": "水 7"})
    rows = store.noted()
    assert [(row.who, row.what) for row in rows] == [("Zhang", "order"), ("Li Wei", "revoke")]
    assert json.loads(rows[0].data) == {"number": "水 7"}
    assert [row.who for row in store.noted(what="revoke")] == ["Li Wei"]


def migrate_from_the_first(url: str) -> None:
    """Make the tables by all changes in their order."""
    from alembic import command

    database = Database(url)
    with database.begin() as connection:
        command.upgrade(database_module._migrations(connection), "head")
    database.close()


def test_migrations_make_what_the_program_expects(url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    migrate_from_the_first(url)
    Store.migrate(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def made(url: str) -> dict[str, object]:
    """Return all that a database tells of its tables, and take them away."""
    engine = create_engine(url)
    told: dict[str, object] = {}
    with engine.begin() as connection:
        looked = inspect(connection)
        for each in looked.get_table_names():
            told[f"{each}: version"] = (
                connection.execute(select(text("*")).select_from(table(each))).all()
                if each == VERSIONS
                else ()
            )
            for what in ("columns", "pk_constraint", "foreign_keys", "unique_constraints", "indexes"):
                told[f"{each}: {what}"] = listed(getattr(looked, f"get_{what}")(each))
            told[f"{each}: checks"] = listed(looked.get_check_constraints(each))
        written = MetaData()
        written.reflect(connection)
        written.drop_all(connection)
    engine.dispose()
    return told


def listed(what: object) -> list[str]:
    return sorted(map(worded, what)) if isinstance(what, list) else [worded(what)]


def worded(what: object) -> str:
    """Return what is told of a thing, with conditions as they are written."""
    if isinstance(what, Mapping):
        return str({name: worded(each) for name, each in sorted(what.items())})
    return str(what)


def test_a_new_database_is_as_all_changes_would_have_made_it(url: str) -> None:
    migrate_from_the_first(url)
    grown = made(url)
    Store.migrate(url)
    begun = made(url)
    assert {what: (grown.get(what), begun.get(what)) for what in grown.keys() | begun.keys()} == {
        what: (told, told) for what, told in grown.items()
    }
    assert len(grown) > 100


def test_the_last_change_is_told_by_its_file_as_alembic_tells_it_by_what_follows_what() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    configuration = Config()
    configuration.set_main_option("script_location", "remotecal.store:migrations")
    scripts = ScriptDirectory.from_config(configuration)
    assert scripts.get_heads() == [newest_version()]
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"v{script.revision}_")


OPENED = """
import sys
from remotecal.store import Store
Store(sys.argv[1]).close()
print(sorted({"alembic", "remotecal.procedures.procedure"} & set(sys.modules)))
"""


def test_a_database_is_opened_without_what_would_change_it_or_compute(url: str) -> None:
    Store.migrate(url)
    done = subprocess.run([sys.executable, "-c", OPENED, url], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (tables.stations, StationRow),
        (tables.orders, OrderRow),
        (tables.runs, RunRow),
        (tables.records, RecordRow),
    ],
)
def test_a_row_has_the_columns_of_its_table_in_their_order(table: Table, row: type) -> None:
    assert [field.name for field in fields(row)] == [column.name for column in table.columns]


def test_a_database_of_another_version_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match=r"has the version none, this program needs .* hub migrate"):
        Store(url)
    Store.migrate(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="has the version 9999"):
        Store(url)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ("nonsense", ConfigurationError),
        ("oracle://x/y", ConfigurationError),
        ("sqlite:////proc/none/x.sqlite", StoreError),
        ("postgresql+psycopg://li:secret@127.0.0.1:1/x", StoreError),
    ],
)
def test_a_database_that_cannot_be_used_is_named(wrong: str, error: type[RemotecalError]) -> None:
    with pytest.raises(error, match="database") as raised:
        Store(wrong)
    assert "secret" not in str(raised.value)


def issue(store: Store, order: str, repeat: Repeat | None, by: str = "Li Wei") -> str:
    return store.orders.issue(order, "1", "here", b"envelope", 1.0, 2.0, by, account="acme", repeat=repeat).id


def test_a_repeated_request_brings_the_same_order(enrolled: Store) -> None:
    repeat = Repeat("k-1", "digest")
    assert enrolled.orders.repeated("Li Wei", repeat) is None
    assert issue(enrolled, "o1", repeat) == "o1"
    assert issue(enrolled, "o2", repeat) == "o1"
    assert enrolled.orders.repeated("Li Wei", repeat) == enrolled.orders.find("o1")
    with pytest.raises(OrderError, match="was that of another request, which brought the order o1"):
        issue(enrolled, "o3", Repeat("k-1", "other"))
    assert issue(enrolled, "o4", repeat, by="Zhang") == "o4", "keys are everybody's own"
    assert [issue(enrolled, order, None) for order in ("o5", "o6")] == ["o5", "o6"]
    assert {row.id: row.account for row in enrolled.pages.orders(9)} == dict.fromkeys(
        ("o1", "o4", "o5", "o6"), "acme"
    )


def test_of_many_repeats_at_once_one_is_entered(enrolled: Store) -> None:
    with ThreadPoolExecutor(6) as pool:
        orders = list(pool.map(lambda n: issue(enrolled, f"o{n}", Repeat("k", "d")), range(12)))
    assert len(set(orders)) == 1
    assert len(enrolled.pages.orders(100)) == 1


def of_before(connection: Connection) -> None:
    """Enter an interval as it was kept before, with letters counted that are bytes now."""
    ended = dict.fromkeys(("quantity", "unit", "over", "number", "certificate", "before"), "x")
    ended |= {"station": "here", "run": "o9", "maker": "厂" * 150, "model": "M", "against": "limit"}
    ended |= {"day": "2026-01-01", "place": 0, "days": 365, "results": 1, "outside": 0, "part": 0.5}
    connection.execute(table("ended_intervals", *map(column, ended)).insert().values(**ended))


def test_a_database_with_work_in_it_is_brought_up_to_date(url: str) -> None:
    """From the first version that knew people: what is there stays, only sessions end."""
    from alembic import command

    database = Database(url)
    with database.begin() as connection:
        command.upgrade(database_module._migrations(connection), "0002")
        for name in ("here", "there"):
            station = {"name": name, "key": "k", "enabled": True, "enrolled": 1.0, "certificate": "c"}
            connection.execute(tables.stations.insert().values(**station, certificate_until=2.0))
        order = {"number": "1", "station": "here", "envelope": b"e", "issued": 1.0, "expires": 2.0}
        for name in ("o1", "o2", "o3"):
            values = {**order, "id": name, "by": "Li Wei", "state": "claimed"}
            connection.execute(tables.orders.insert().values(**values))
        connection.execute(
            tables.users.insert().values(name="liwei", password="p", roles="operator", enabled=True)  # noqa: S106  no password
        )
        connection.execute(tables.sessions.insert().values(digest="d", user="liwei", expires=9.0))
        signed = {"station": "here", "run": "o1", "duty": "performed", "by": "liwei", "at": 1.0}
        columns = (tables.signed_certificates.c[name] for name in (*signed, "xml"))  # there were no more
        before = table(tables.signed_certificates.name, *(column(each.name) for each in columns))
        connection.execute(before.insert().values(**signed, xml=b"x"))
        sealed = {**signed, "duty": "issued", "run": "o9"}
        connection.execute(before.insert().values(**sealed, xml=b"x"))
        connection.execute(text("INSERT INTO order_accounts VALUES ('o1', 'acme'), ('o3', 'bolt')"))
        runs = tables.runs.insert().values(committed=1, head="h", state="signed", began=1.0, updated=2.0)
        for station, run in (("here", "o1"), ("here", "o2"), ("there", "o1")):
            connection.execute(runs.values(station=station, run=run))
        repeated = {"unit": "%", "lines": [{"distribution": "t", "contribution": "0.5"}]}
        said = {"finished": "2026-05-01", "measurements": [{"budgets": [repeated]}]}
        record = {"head": "h", "key": "k", "record": json.dumps(said), "computed": 3.0}
        for run, agrees in (("o1", True), ("o2", False)):
            values = {**record, "station": "here", "run": run, "agrees": agrees}
            connection.execute(tables.records.insert().values(**values))
        command.upgrade(database_module._migrations(connection), "0026")
        of_before(connection)
    database.close()
    Store.migrate(url)
    with Store(url) as store:
        accounts = {order.id: order.account for order in store.pages.orders(100)}
        assert accounts == {"o1": "acme", "o2": None, "o3": "bolt"}
        ends = store.interval_ends
        assert ends.by_model("2000-01-01", "2100-01-01") == ()
        assert (ends.behind(), ends.find(), ends.find()) == (1, 1, 0)
        assert {(run.station, run.run): (run.account, run.record) for run in store.pages.runs(100)} == {
            ("here", "o1"): ("acme", "agrees"),
            ("here", "o2"): (None, "differs"),
            ("there", "o1"): (None, ""),
        }
        assert store.orders.repeated("Li Wei", Repeat("k", "d")) is None
        latest = store.signings.latest("here", "o1")
        assert latest is not None
        assert (latest.xml, latest.pdf) == (b"x", None)
        assert [one[1:] for one in store.stated.behind("s", 9)] == [("here", "o9", "", 0)]
        assert sum(one.runs for one in store.spreads.by_month("2026-05-01", "2026-05-31")) == 2
        with store.database.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM sessions")).scalar_one() == 0
