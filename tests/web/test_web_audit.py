"""The page of the audit log: who, what, when, refused; the same as the API gives, and as a file."""

import csv
import io
import json
import re
from base64 import b64encode
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from asked import asking
from test_web_items import METER
from test_web_pages import browsing, token
from web_laboratory import DIGEST, PASSWORD, Web, problem

import remotecal
from remotecal.clock import civil_time
from remotecal.hub.chain import AGAIN, CHECKED, check_chain, check_if_due, last_check
from remotecal.pages.words import words
from remotecal.store.tables import audit

HOSTILE = '=cmd|"/C calc"!A0 <b>'
SLY = ("Li;=1+1", "＝1+1")
"""What begins a cell of its own where semicolons part them, and what a Chinese spreadsheet computes."""
DAY = datetime(2024, 3, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def entries(web: Web) -> None:
    """Two thousand and more entries of three days long ago, one of them refused, one hostile."""
    rows = [
        {"at": (DAY + timedelta(seconds=60 * number)).timestamp(), "who": f"w{number % 3}", "what": "sign"}
        for number in range(3 * 24 * 60)
    ]
    rows[5] |= {"who": HOSTILE, "what": "refused"}
    for place, sly in enumerate(SLY, 6):
        rows[place] |= {"who": sly}
    with web.hub.laboratory.store.database.begin() as connection:
        connection.execute(audit.insert(), [row | {"data": json.dumps({"run": HOSTILE})} for row in rows])


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'class="number">(\d+)</td>', page)]


def test_the_audit_log_is_filtered_as_by_the_api_and_read_page_by_page(web: Web, entries: None) -> None:
    one_day = "since=2024-03-06&until=2024-03-06"
    with browsing(web, "administrator") as client, web.token("administrator") as api:
        for query in ("", f"{one_day}&who=w1", "what=refused&who=", "refused=true", "until=2024-03-05"):
            shown = numbers(client.get(f"/audit?{query}").text)
            given = [one["id"] for one in api.get(f"/audit?{query}").json()]
            assert shown, query
            if "refused" in query or "2024" in query:  # no page of the log stands in it
                assert shown == given, query
        address, seen = f"/audit?{one_day}", []
        while address:
            page = client.get(address).text
            seen += numbers(page)
            (address,) = re.findall(r'rel="next" href="([^"]+)"', page) or [""]
            address = unescape(address)
        moments = [
            web.hub.laboratory.store.noted(before=number + 1, limit=1)[0].at for number in (seen[0], seen[-1])
        ]
    assert len(seen) == len(set(seen)) == 24 * 60
    assert seen == sorted(seen, reverse=True)
    zone = web.hub.laboratory.folder.time_zone
    assert {civil_time(at, zone).date().isoformat() for at in moments} == {"2024-03-06"}


def test_the_file_has_all_that_was_asked_for_and_nothing_that_is_computed(web: Web, entries: None) -> None:
    with browsing(web, "administrator") as client:
        answer = client.get("/audit?until=2024-04-01&format=csv")
        assert answer.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert len(rows) == 3 * 24 * 60
        (refused,) = [row for row in rows if row["refused"] == "yes"]
        assert refused["Who"] == "'" + HOSTILE
        assert {"Li;'=1+1", "'＝1+1"} < {row["Who"] for row in rows}
        lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
        assert not [cell for line in lines for cell in line if cell.startswith(("=", "＝"))]
        page = client.get("/audit?refused=true&until=2024-04-01").text
        assert "<b>" not in page
        assert HOSTILE in unescape(page)
        assert 'class="mark ended">refused' in page


def test_only_who_may_read_the_audit_log_sees_it(web: Web) -> None:
    for user in ("operator", "reviewer", "approver", "reader", "customer", "bolt"):
        with browsing(web, user) as client:
            assert 'href="/audit"' not in client.get("/").text
            for address in ("/audit", "/audit?format=csv"):
                assert client.get(address).status_code == 403
    with browsing(web, "administrator") as client:
        assert 'href="/audit"' in client.get("/").text
        assert client.get("/audit?since=yesterday").status_code == 422
        with asking(web.hub.laboratory.store) as sent:
            assert client.get("/audit").status_code == 200
        assert len(sent) <= 5


def test_every_act_that_is_noted_has_words() -> None:
    noted = {
        what
        for path in Path(remotecal.__file__).parent.rglob("*.py")
        for what in re.findall(r'note(?:,|\()\s*[\w.]+,\s*"([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(noted) > 20
    for language in ("en", "zh"):
        assert {f"act.{what}" for what in noted} <= words(language).texts.keys()


def test_whether_the_log_is_whole_is_told_as_it_was_last_found(web: Web) -> None:
    """Not found anew by each look at the page: what is changed is told by the next look through all of it."""
    store = web.hub.laboratory.store
    with store.database.begin() as connection:
        connection.execute(audit.delete())  # what other tests put in has no hashes
    for number in range(3):
        store.note("liwei", "sign", {"number": number})
    with browsing(web, "administrator") as client, web.token("administrator") as api:
        page = client.get("/audit")
        assert "Not looked through yet" in page.text
        assert api.get("/audit/chain").json()["state"] == "unchecked"
        assert client.post("/audit/chain").status_code == 403  # without the form's token
        assert client.post("/audit/chain", data={"csrf": token(page)}).status_code == 303
        page, told = client.get("/audit"), found(web)
        assert (told["state"], told["by"], told["broken"]) == ("whole", "administrator", None)
        kept = store.log.check(told["head"])
        assert (kept.broken, kept.seen) == (None, True)
        assert f"all {told['entries']} entries hold" in page.text
        assert told["head"] in page.text
        with asking(store) as sent:
            client.get("/audit")
        assert len(sent) == 3
        with store.database.begin() as connection:
            second = connection.execute(audit.select().order_by(audit.c.id)).all()[1]
            connection.execute(audit.update().where(audit.c.id == second.id).values(who="somebody"))
        assert found(web)["state"] == "whole"  # as it was last found
        assert api.post("/audit/chain").status_code == 202
        told = found(web)
        assert (told["state"], told["entries"], told["broken"]) == ("broken", 1, second.id)
        assert f"Broken at entry {second.id}:" in client.get("/audit").text
    with browsing(web, "administrator", "zh") as client:
        assert f"自第 {second.id} 条起断裂" in client.get("/audit").text
    with web.token("operator") as operator:
        assert operator.get("/audit/chain").status_code == 403
        assert operator.post("/audit/chain").status_code == 403


def found(web: Web) -> dict[str, object]:
    """Return what the last look found, once it is done with."""
    with web.token("administrator") as api:
        while (told := api.get("/audit/chain").json())["checking"]:
            pass
    return told


def test_it_is_looked_through_once_a_day(web: Web) -> None:
    store = web.hub.laboratory.store
    with store.database.begin() as connection:
        connection.execute(audit.delete())
    assert not check_if_due(store, 1e12)  # there is nothing
    store.note("liwei", "sign", {})
    began = store.log.began()
    assert not check_if_due(store, began + AGAIN - 1)
    assert check_if_due(store, began + AGAIN)
    known = last_check(store)
    assert (known.by, known.entries, known.broken) == ("hub", 1, None)
    assert not check_if_due(store, known.at + AGAIN - 1)
    assert check_if_due(store, known.at + AGAIN)
    assert last_check(store).entries == 2
    known = last_check(store)
    assert check_if_due(store, known.at - 1), "noted in the future, it must not keep the daily look away"


def test_a_look_that_was_tampered_with_is_told_as_where_the_log_is_broken(web: Web) -> None:
    store = web.hub.laboratory.store
    for data in ("{}", "no JSON", "[1]", '{"entries": "2", "head": 1, "broken": null}'):
        check_chain(store, "hub")
        (row,) = store.noted(what=CHECKED, limit=1)
        with store.database.begin() as connection:
            connection.execute(audit.update().where(audit.c.id == row.id).values(data=data))
        with browsing(web, "administrator") as client, web.token("administrator") as api:
            assert f"Broken at entry {row.id}:" in client.get("/audit").text
            told = api.get("/audit/chain").json()
            assert (told["state"], told["broken"]) == ("broken", row.id)
            assert api.get("/audit", params={"limit": 5}).status_code == 200
        assert check_if_due(store, row.at + AGAIN)
        assert last_check(store).broken is not None


# What is done and its entry, or neither


NOTES_NOTHING = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
"""A log that takes no entry, as on a full disk."""
TABLE = b64encode(b"name_en,maker,model,serial\nMeter,Maker,DN 50,I-9").decode()
ACTS = [
    ("administrator", "PUT", "/users/zhao", {"roles": ["operator"], "password": PASSWORD}),
    ("chen", "PUT", "/session/password", {"old": PASSWORD, "new": f"{PASSWORD} 2"}),
    ("operator", "POST", "/tokens", {"role": "operator", "label": "for a program", "days": 3}),
    ("operator", "PUT", "/notices/mail", {"mail": "li@example.org"}),
    ("operator", "POST", "/items", METER | {"serial": "I-8"}),
    ("operator", "POST", "/items/import", {"content": TABLE, "look": False}),
    ("administrator", "POST", "/walls", {"place": "Hall 2", "language": "en", "days": 3, "full": False}),
    ("customer", "POST", "/requests", {"item": "DN 50, 7", "wanted": "a calibration"}),
    ("operator", "POST", "/orders/{order}/cancel", {"reason": "not needed"}),
    ("operator", "PUT", "/orders/{order}/account", {"account": "acme"}),
]


def told(web: Web) -> dict[str, list[tuple[object, ...]]]:
    """Return what the store knows, but who is logged in and when they were last seen."""
    from remotecal.store.tables import metadata

    with web.hub.laboratory.store.database.read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(table.select())), key=str)
            for table in metadata.tables.values()
            if table.name not in {"sessions", "tokens"}
        }


def test_what_can_not_be_noted_is_not_done(web: Web) -> None:
    order, database = web.do(web.site.order()).id, web.hub.laboratory.store.database
    web.users.put("chen", roles={"operator"}, password=DIGEST)
    clients = {}
    with ExitStack() as stack:
        for user in {who for who, *_ in ACTS}:
            clients[user] = stack.enter_context(web.log_in(user))
        with database.begin() as connection:
            connection.exec_driver_sql(NOTES_NOTHING)
        before = told(web)
        for who, method, address, body in ACTS:
            answer = clients[who].request(method, address.format(order=order), json=body)
            assert "can't be used now" in problem(answer, 503), address
            assert told(web) == before, address
        with database.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER full")
        for who, method, address, body in ACTS:
            answer = clients[who].request(method, address.format(order=order), json=body)
            assert answer.is_success, (address, answer.text)
            assert told(web) != before, address
            before = told(web)
