"""What people do with the API: order, watch, command, sign, and look after the laboratory."""

import json
import tomllib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from domains import DOMAINS
from procedure_package import package
from sites import until
from sqlalchemy import Connection, event
from tiny_bench import PROCEDURE
from web_laboratory import DIGEST, PASSWORD, Web, fetch, problem

from remotecal.certificates.signing.seal import SealKey
from remotecal.errors import ConfigurationError, StoreFull
from remotecal.transport.bundles import make_bundle
from remotecal.web import passwords
from remotecal.web.server import serving

PARAMETERS = {
    "speeds": [10.0, 20.0],
    "repeats": 3,
    "duration": 40.0,
    "accuracy_class": 0.5,
    "pulses_per_mass": 50.0,
    "smallest_mass": 80.0,
}


def wanted(web: Web, **other: object) -> dict[str, object]:
    order = tomllib.loads(web.site.tiny.order.read_text())
    order["order"]["procedure"] = "dosing"
    order["order"].pop("bench")
    return {"station": "here", "bench": "Tiny bench", "order": order, **other}


def test_an_order_is_issued_shown_and_cancelled(web: Web) -> None:
    with web.token("operator") as operator, web.token("customer") as acme:
        asked = wanted(web, account="acme")
        asked["order"]["parameters"] = PARAMETERS
        answer = operator.post("/orders", json=asked)
        assert answer.status_code == 201, answer.text
        order = answer.json()
        assert order["order"]["dut"]["serial"] == "M1"
        assert order["by"] == "operator"
        assert acme.get(f"/orders/{order['id']}").json() == order
        cancelled = operator.post(f"/orders/{order['id']}/cancel", json={"reason": "wrong meter"})
        assert cancelled.json()["state"] == "withdrawn"
        assert "not waiting" in problem(
            operator.post(f"/orders/{order['id']}/cancel", json={"reason": "again"}), 409
        )
    noted = [what for who, what, data in web.audit() if who == "operator" and order["id"] in data]
    assert noted == ["cancel", "order"]


def test_a_request_that_is_repeated_issues_one_order(web: Web) -> None:
    asked = wanted(web, account="acme")
    asked["order"]["parameters"] = PARAMETERS
    repeat = {"Idempotency-Key": "3f0c-1"}
    with web.token("operator") as operator, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: operator.post("/orders", json=asked, headers=repeat), range(4)))
        assert {answer.status_code for answer in answers} == {201}
        (order,) = {answer.json()["id"] for answer in answers}
        assert {answer.headers["location"] for answer in answers} == {f"/api/v1/orders/{order}"}
        asked["bench"] = "Another bench"
        said = problem(operator.post("/orders", json=asked, headers=repeat), 409)
        assert f"which brought the order {order}" in said
        other = operator.post("/orders", json=asked, headers={"Idempotency-Key": "3f0c-2"})
        assert other.status_code == 201
        for known in (order, other.json()["id"]):
            operator.post(f"/orders/{known}/cancel", json={"reason": "a test"})
        asked["bench"] = "Tiny bench"
        again = operator.post("/orders", json=asked, headers=repeat)
        assert (again.json()["id"], again.json()["state"]) == (order, "withdrawn"), "as it is now"
        problem(operator.post("/orders", json=asked, headers={"Idempotency-Key": "x" * 201}), 422)
    noted = [what for _, what, data in web.audit() if order in data]
    assert noted == ["cancel", "order"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"procedure": "/etc/passwd.py"}, "no installed procedure '/etc/passwd.py'"),
        ({"procedure": "dosink"}, "did you mean dosing"),
        ({"number": "T", "surprise": 1}, "order.surprise is unknown"),
    ],
)
def test_an_order_that_can_not_be_is_refused(web: Web, change: dict[str, object], said: str) -> None:
    with web.token("operator") as operator:
        asked = wanted(web)
        asked["order"]["order"] |= change
        assert said in problem(operator.post("/orders", json=asked), 422)


def test_a_procedure_comes_with_its_order(web: Web, tmp_path: Path) -> None:
    bundle = make_bundle(package(tmp_path / "levels"), web.site.author)
    asked = wanted(web, bundle=bundle)
    asked["order"]["order"]["procedure"] = "compare.py"
    with web.token("operator") as operator:
        stranger = make_bundle(PROCEDURE, SealKey(Ed25519PrivateKey.generate()))
        assert "not trusted here" in problem(operator.post("/orders", json=asked | {"bundle": stranger}), 409)
        assert "not trusted here" in problem(operator.post("/orders", json=asked | {"bundle": "x"}), 409)
        other = make_bundle(PROCEDURE, web.site.author)
        assert "the bundle is tiny" in problem(operator.post("/orders", json=asked | {"bundle": other}), 409)
        asked["order"]["parameters"] = {"levels": ["high"]}
        problem(operator.post("/orders", json=asked), 422)
        asked["order"]["parameters"] = {"levels": [1.0]}
        answer = operator.post("/orders", json=asked)
        assert answer.status_code == 201, answer.text
        order = answer.json()["id"]

        async def carried_out() -> None:
            async with web.site.up():
                row = web.hub.laboratory.store.orders.find(order)
                await web.site.state(row, "signed")
                await web.site.recomputed(row)

        web.do(carried_out())
        record = operator.get(f"/runs/here/{order}/record").json()
    assert record["evidence"]["procedure_hash"] == answer.json()["procedure_sha256"]
    assert web.hub.laboratory.store.records.find("here", order).agrees


def test_lists_come_in_pages(web: Web) -> None:
    orders = [web.do(web.site.order()).id for _ in range(5)]
    with web.token("operator") as operator:
        seen, pages = [], 0
        following = "/orders?limit=2&station=here&state=issued"
        while following:
            answer = operator.get(following)
            seen += [order["id"] for order in answer.json()]
            pages += 1
            if pages == 1:  # what is issued meanwhile moves nothing
                orders.append(web.do(web.site.order()).id)
            following = answer.links.get("next", {}).get("url", "").removeprefix("/api/v1")
        assert [order for order in seen if order in orders] == orders[4::-1]
        assert len(set(seen)) == len(seen)
        assert operator.get("/orders", params={"state": "withdrawn", "station": "there"}).json() == []
        assert orders[0] in [one["id"] for one in operator.get("/orders", params={"number": "T-1"}).json()]
        problem(operator.get("/orders", params={"state": "surprise"}), 422)
        for order in orders:
            assert operator.post(f"/orders/{order}/cancel", json={"reason": "enough"}).status_code == 200
    with web.token("administrator") as administrator:
        first = administrator.get("/audit", params={"limit": 1, "who": "operator", "what": "cancel"})
        (again,) = administrator.get(first.links["next"]["url"].removeprefix("/api/v1")).json()
        assert (again["what"], again["data"]["order"]) == ("cancel", orders[-2])


def test_the_procedures_are_listed(web: Web) -> None:
    with web.token("operator") as operator, web.token("customer") as acme:
        listed = {one["name"]: one for one in operator.get("/procedures").json()}
        assert listed["dosing"]["title"]["en"]
        assert listed["dosing"]["norms"]
        told = {one["name"]: one for one in listed["dosing"]["parameters"]}
        assert told["speeds"]["required"]
        assert "%" in told["speeds"]["unit"]
        assert told["repeats"]["default"] == 3
        problem(acme.get("/procedures"), 403)


def test_the_description_is_what_a_developer_needs(web: Web) -> None:
    described = fetch(web.url + "/api/v1/openapi.json").json()
    operations = [
        operation
        for path, methods in described["paths"].items()
        for operation in methods.values()
        if path.startswith("/api/v1")
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]
        assert "application/problem+json" in operation["responses"]["default"]["content"]
    (example,) = described["components"]["schemas"]["OrderWanted"]["examples"]
    if DOMAINS["flow"].gone:  # of which the example is
        example["order"]["order"]["procedure"] = "dosing"
    with web.token("operator") as operator:
        assert "pump-house is no station" in problem(operator.post("/orders", json=example), 422)


def test_parameters_are_looked_at_before_an_order_is_signed(web: Web) -> None:
    with web.token("operator") as operator:
        asked = wanted(web)
        asked["order"]["parameters"] = {"surprise": 1}
        assert "surprise is unknown" in problem(operator.post("/orders", json=asked), 422)
        problem(operator.post("/orders", json=wanted(web) | {"station": "nowhere"}), 422)


def test_a_run_is_watched_and_commanded(web: Web) -> None:
    web.site.tiny.parameter("ask = true")
    with web.token("operator") as operator, web.token("customer") as acme:
        order = web.do(web.site.order())
        web.hub.laboratory.store.orders.assign(order.id, "acme")
        run = f"/runs/here/{order.id}"
        up = web.site.up()
        up_now = web.do(up.__aenter__())
        try:
            web.do(web.site.state(order, "asking"))
            live = acme.get(run + "/live").json()
            assert live["question"]["en"] == "May it begin?"
            wrong = {"verb": "answer", "argument": "yes", "prompt": live["prompt"] + 1}
            problem(operator.post(run + "/commands", json=wrong), 409)
            problem(acme.post(run + "/commands", json={"verb": "abort", "argument": "mine"}), 403)
            assert operator.post(run + "/commands", json={"verb": "pause"}).status_code == 200
            right = wrong | {"prompt": live["prompt"]}
            assert operator.post(run + "/commands", json=right).status_code == 200
            web.do(web.site.state(order, "paused"))
            assert operator.post(run + "/commands", json={"verb": "go_on"}).status_code == 200
            web.do(web.site.state(order, "signed"))
            web.do(until(lambda: up_now.live() is None))
            problem(operator.get(run + "/live"), 409)
        finally:
            web.do(up.__aexit__(None, None, None))
        assert operator.get(run).json()["state"] == "signed"
        assert acme.get(run).json()["state"] == "signed"
        assert "not connected" in problem(operator.post(run + "/commands", json={"verb": "pause"}), 409)
    whole = web.site.tiny.order
    whole.write_text(whole.read_text().replace("ask = true", ""))
    assert [what for who, what, _ in web.audit() if who == "operator"][:3] == ["go_on", "answer", "pause"]


def test_an_administrator_enters_users_and_reads_the_log(web: Web) -> None:
    with web.log_in("administrator") as person:
        entered = {"roles": ["customer"], "account": "acme", "password": "a longer password"}
        assert person.put("/users/new", json=entered).json()["account"] == "acme"
        assert "has an account" in problem(person.put("/users/new", json={"roles": ["customer"]}), 422)
        assert "needs a password" in problem(person.put("/users/other", json={"roles": ["operator"]}), 422)
        problem(person.put("/users/short", json={"roles": ["operator"], "password": "short"}), 422)
        assert "new" in [user["name"] for user in person.get("/users").json()]
        (latest,) = person.get("/audit", params={"what": "user", "limit": 1}).json()
        assert latest["who"] == "administrator"
        assert latest["data"]["user"] == "new"


def test_somebody_changes_their_password(web: Web) -> None:
    web.users.put("changing", roles={"operator"}, password=DIGEST)
    with web.log_in("changing") as person:
        assert person.get("/session").json()["name"] == "changing"
        problem(person.put("/session/password", json={"old": "wrong", "new": "another password"}), 401)
        change = {"old": PASSWORD, "new": "another password"}
        assert person.put("/session/password", json=change).status_code == 204
        problem(person.get("/session"), 401)
        login = {"name": "changing", "password": "another password"}
        assert person.post("/session", json=login).status_code == 201


def test_a_station_is_shut_out(web: Web) -> None:
    store = web.hub.laboratory.store
    store.stations.enrol(store.stations.new_code("lost", 2e9), "key", "print", 2e9, 1e9)
    with web.token("administrator") as administrator:
        assert administrator.get("/stations/lost").json()["enabled"]
        assert administrator.post("/stations/lost/revoke").json() == {"cut": 0}
        assert not administrator.get("/stations/lost").json()["enabled"]
        problem(administrator.post("/stations/nowhere/revoke"), 404)
        problem(administrator.get("/stations/nowhere"), 404)
    assert ("administrator", "revoke", '{"station": "lost"}') in web.audit("revoke")


def test_health_and_figures(web: Web) -> None:
    health = fetch(web.url + "/health").json()
    assert (health["database"], health["broker"]) == ("ok", "ok")
    with web.token("operator") as operator:
        operator.get("/orders/none")
    figures = fetch(web.url + "/metrics").text
    for name in ("broker_connected 1.0", "database_up 1.0", "stations_connected ", "orders_open "):
        assert f"\nremotecal_{name}" in figures
    counted = [line for line in figures.splitlines() if line.startswith("remotecal_http_requests_total{")]
    assert any('orders/{order}",status="404"' in line for line in counted)
    assert not any("none" in line and "orders" in line for line in counted)


def test_without_its_database_the_hub_says_so(web: Web) -> None:
    database = web.hub.laboratory.store.database
    with web.token("operator") as operator:
        with database.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE stations RENAME TO gone")
        try:
            answer = fetch(web.url + "/health")
            assert answer.status_code == 503
            assert answer.json() == {
                "database": "unreachable",
                "broker": "ok",
                "stations_connected": None,
                "orders_open": None,
                "journal_lag": None,
            }
            assert "\nremotecal_database_up 0.0" in fetch(web.url + "/metrics").text
            assert "can't be used now" in problem(operator.get("/stations"), 503)
        finally:
            with database.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE gone RENAME TO stations")
        assert operator.get("/stations").status_code == 200


def test_on_a_full_disk_the_hub_says_so_until_there_is_room(web: Web) -> None:
    """It looks again whenever it is asked: nobody need write before it says that there is room."""
    database = web.hub.laboratory.store.database
    with database.begin() as connection:
        (most,) = connection.exec_driver_sql("PRAGMA max_page_count").one()
        connection.exec_driver_sql("CREATE TABLE large (one BLOB)")
        connection.exec_driver_sql(
            "CREATE TRIGGER fills AFTER UPDATE ON alembic_version "
            "BEGIN INSERT INTO large VALUES (zeroblob(9000000)); END"
        )
    room = [1]
    limited = partial(_limit, room)
    event.listen(database._engine, "begin", limited)
    try:
        with (
            pytest.raises(StoreFull, match=r"disk of the database .* is full: make room there"),
            database.begin() as connection,
        ):
            connection.exec_driver_sql("INSERT INTO large VALUES (zeroblob(9000000))")
        for _ in range(2):
            answer = fetch(web.url + "/health")
            assert (answer.status_code, answer.json()["database"]) == (503, "full")
    finally:
        room[0] = most
    assert fetch(web.url + "/health").json()["database"] == "ok"
    with database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE large")
        connection.exec_driver_sql("DROP TRIGGER fills")


def _limit(room: list[int], connection: Connection) -> None:
    connection.exec_driver_sql(f"PRAGMA max_page_count = {room[0]}")


def test_more_than_fits_is_not_taken(web: Web) -> None:
    with web.client() as client:
        too_much = b'{"name": "' + b"a" * 2**20 + b'"}'
        headers = {"Content-Type": "application/json"}
        assert "at most" in problem(client.post("/session", content=too_much, headers=headers), 413)
        problem(client.post("/session", content=b"[" * 100_000, headers=headers), 400)
        problem(client.get("/nothing"), 404)
        problem(client.delete("/orders"), 405)


def test_what_is_no_text_is_refused(web: Web) -> None:
    with web.client() as client:
        sent = b'{"name": "operator", "password": "wrong", "\\ud800": 1}'
        headers = {"Content-Type": "application/json"}
        problem(client.post("/session", content=sent, headers=headers), 422)


def test_another_sites_form_can_not_log_in(web: Web) -> None:
    login = json.dumps({"name": "operator", "password": PASSWORD})
    with web.client() as client:
        problem(client.post("/session", content=login, headers={"Content-Type": "text/plain"}), 422)


def test_without_tls_it_stays_on_this_machine(web: Web) -> None:
    async def refused(*where: object) -> str:
        with pytest.raises(ConfigurationError) as raised:
            async with serving(web.hub.laboratory, *where):
                raise AssertionError
        return str(raised.value)

    assert "without TLS" in web.do(refused("0.0.0.0", 0))  # noqa: S104  it is refused
    taken = int(web.url.rpartition(":")[2])
    assert "can't listen" in web.do(refused("127.0.0.1", taken))


def test_over_tls_the_cookie_never_goes_without(web: Web) -> None:
    folder = web.hub.laboratory.folder

    async def log_in() -> str:
        async with serving(web.hub.laboratory, port=0, certificate=folder.broker) as url:
            import ssl

            trusted = ssl.create_default_context(cafile=str(folder.trusted))
            async with httpx.AsyncClient(verify=trusted) as client:
                login = {"name": "operator", "password": PASSWORD}
                answer = await client.post(f"{url}/api/v1/session", json=login)
        return answer.headers["set-cookie"]

    assert "Secure" in web.do(log_in())


def test_a_password_is_checked_against_its_own_digest_only() -> None:
    assert passwords.matches(PASSWORD, DIGEST)
    typed = passwords.digest("a dozen of cafe\N{COMBINING ACUTE ACCENT}")
    assert passwords.matches("a dozen of ｃａｆé", typed)
    assert not passwords.matches(PASSWORD + " ", DIGEST)
    assert not passwords.matches("", None)
    assert passwords.digest(PASSWORD) != passwords.digest(PASSWORD)
    assert passwords.matches(PASSWORD, passwords.digest(PASSWORD))
