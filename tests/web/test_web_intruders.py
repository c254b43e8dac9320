"""Whoever may not, is refused; whoever was refused stands in the audit log."""

import json
import time
from collections.abc import Iterator

import httpx
import pytest
from laboratories import NO_TLS, PATIENCE
from sites import BENCH, Site
from sqlalchemy import text
from web_laboratory import DIGEST, PASSWORD, Web, fetch, problem

from remotecal.order import Order
from remotecal.store.signings import SigningRow
from remotecal.transport.messages import Terms
from remotecal.web.proving import OF_HOST, OF_ONE

OPEN = {
    ("post", "/api/v1/session"),
    ("post", "/api/v1/session/passkey"),
    ("post", "/api/v1/session/passkey/options"),
    ("get", "/health"),
    ("get", "/metrics"),
}
"""All that can be asked without being known."""
NEEDS = {
    ("post", "/orders"): "operator",
    ("post", "/orders/X/cancel"): "operator",
    ("put", "/orders/X/account"): "operator",
    ("post", "/items"): "operator",
    ("put", "/items/1"): "operator",
    ("post", "/items/import"): "operator",
    ("post", "/requests"): "customer",
    ("post", "/requests/1/settle"): "operator",
    ("post", "/runs/here/X/commands"): "operator",
    ("post", "/runs/here/X/acknowledge"): "operator",
    ("post", "/runs/here/X/certificate/issue"): "administrator",
    ("post", "/runs/here/X/remarks/1/settle"): "operator",
    ("post", "/stations/here/codes"): "administrator",
    ("delete", "/stations/here/codes"): "administrator",
    ("post", "/stations/here/read"): "operator",
    ("post", "/stations/here/revoke"): "administrator",
    ("get", "/walls"): "administrator",
    ("post", "/walls"): "administrator",
    ("delete", "/walls/1"): "administrator",
    ("get", "/audit"): "administrator",
    ("get", "/users"): "administrator",
    ("put", "/users/somebody"): "administrator",
    ("get", "/users/somebody/passkeys"): "administrator",
    ("delete", "/users/somebody/passkeys"): "administrator",
}
BODIES = {
    "/items": {"name": "Meter", "serial": "1"},
    "/items/1": {"name": "Meter", "serial": "1"},
    "/items/import": {"content": ""},
    "/orders/X/cancel": {"reason": "no"},
    "/orders/X/account": {"account": "bolt"},
    "/requests": {"item": "meter", "wanted": "calibration"},
    "/requests/1/settle": {"answer": "no"},
    "/runs/here/X/commands": {"verb": "abort", "argument": "no"},
    "/runs/here/X/acknowledge": {"lines": 1},
    "/runs/here/X/remarks/1/settle": {"answer": "no"},
    "/stations/here/read": {"what": "gauge.value"},
    "/standards/out-of-service": {"number": "S1", "reason": "dropped"},
    "/standards/back-in-service": {"number": "S1", "reason": "good"},
    "/walls": {"place": "hall", "language": "en"},
    "/users/somebody": {"roles": ["administrator"], "password": PASSWORD},
}


@pytest.fixture(scope="module")
def orders(web: Web) -> dict[str, str]:
    """Account → an order of its own, with a journal's first line here."""
    found = {}
    for account in ("acme", "bolt"):
        order = web.do(web.site.order()).id
        web.hub.laboratory.store.orders.assign(order, account)
        web.hub.laboratory.store.journals.append("here", order, 1, [], time.time())
        found[account] = order
    return found


def operations(web: Web) -> Iterator[tuple[str, str]]:
    description = fetch(f"{web.url}/api/v1/openapi.json").json()
    for path, methods in description["paths"].items():
        for method in methods:
            yield method, path


def test_nothing_is_told_or_done_without_a_token(web: Web) -> None:
    asked = [operation for operation in operations(web) if operation not in OPEN]
    assert len(asked) > 25
    with httpx.Client(base_url=web.url, timeout=PATIENCE, verify=NO_TLS) as client:
        for method, path in asked:
            named = {"order": "X", "station": "here", "run": "X", "name": "somebody"}
            numbered = dict.fromkeys(
                ("remark", "item", "notice", "request", "wall", "passkey", "paper", "brought", "assessment"),
                1,
            )
            address = path.format(**named, **numbered, token_id="0" * 16, sha256="0" * 64, prepared="x")
            body = BODIES.get(address.removeprefix("/api/v1"))
            assert "log in" in problem(client.request(method, address, json=body), 401)
    refused = [data for who, _, data in web.audit("refused") if who == "somebody"]
    assert len({json.loads(data)["request"] for data in refused}) == len(asked)


@pytest.mark.parametrize("token", ["remotecal_unknown", "x y", "é", "a" * 5000])
def test_an_unknown_token(web: Web, token: str) -> None:
    with web.client() as client:
        problem(client.get("/orders", headers={b"Authorization": b"Bearer " + token.encode()}), 401)


def test_an_expired_token(web: Web) -> None:
    with web.token("operator", lasts=-1) as client:
        assert "expired" in problem(client.get("/orders"), 401)


def test_a_revoked_token(web: Web) -> None:
    with web.log_in("operator") as person, web.client() as program:
        made = person.post("/tokens", json={"role": "operator", "label": "planning"}).json()
        program.headers["Authorization"] = f"Bearer {made['token']}"
        assert program.get("/orders").status_code == 200
        assert person.delete(f"/tokens/{made['id']}").status_code == 204
        problem(program.get("/orders"), 401)


def test_a_token_of_somebody_who_was_disabled(web: Web) -> None:
    web.users.put("leaver", roles={"operator"}, password=DIGEST)
    with web.token("leaver") as program, web.log_in("leaver") as person:
        assert program.get("/orders").status_code == 200
        web.users.put("leaver", roles={"operator"}, enabled=False)
        problem(program.get("/orders"), 401)
        problem(person.get("/orders"), 401)
        problem(person.post("/session", json={"name": "leaver", "password": PASSWORD}), 401)


def test_a_token_is_no_more_than_its_role_and_its_owner(web: Web) -> None:
    web.users.put("both", roles={"operator", "administrator"}, password=DIGEST)
    with web.token("both", "operator") as program:
        assert program.get("/orders").status_code == 200
        assert "administrator" in problem(program.get("/audit"), 403)
        web.users.put("both", roles={"administrator"})
        problem(program.get("/orders"), 403)
    with web.log_in("both") as person:
        wanted = {"role": "operator", "label": "more than I am"}
        assert "both is no operator" in problem(person.post("/tokens", json=wanted), 403)
    with web.token("both", "administrator") as program:
        wanted = {"role": "administrator", "label": "for ever"}
        assert "session" in problem(program.post("/tokens", json=wanted), 403)


@pytest.mark.parametrize("role", ["operator", "reviewer", "approver", "administrator", "customer"])
def test_a_wrong_role_is_refused_and_noted(web: Web, role: str) -> None:
    with web.token(role) as client:
        for (method, address), needed in NEEDS.items():
            if role != needed:
                body = BODIES.get(address)
                assert needed in problem(client.request(method, address, json=body), 403), address
    noted = {json.loads(data)["request"] for who, _, data in web.audit("refused") if who == role}
    assert noted >= {
        f"{method.upper()} /api/v1{address}" for (method, address), needed in NEEDS.items() if role != needed
    }


@pytest.mark.parametrize(
    "address",
    [
        "/orders/{order}",
        "/runs/here/{order}",
        "/runs/here/{order}/live",
        "/runs/here/{order}/journal",
        "/runs/here/{order}/record",
        "/runs/here/{order}/certificate",
        "/runs/here/{order}/certificate.xml",
        "/runs/here/{order}/certificate.pdf",
    ],
)
def test_a_customer_can_not_tell_anothers_from_nothing(
    web: Web, orders: dict[str, str], address: str
) -> None:
    with web.token("customer") as acme:
        theirs = problem(acme.get(address.format(order=orders["bolt"])), 404)
        nothing = problem(acme.get(address.format(order="none")), 404)
        assert theirs == nothing.replace("none", orders["bolt"])
    asked = f"GET /api/v1{address.format(order=orders['bolt'])}"
    assert any(who == "customer" and asked in data for who, _, data in web.audit("refused"))


def test_a_customer_sees_what_is_theirs(web: Web, orders: dict[str, str]) -> None:
    with web.token("customer") as acme:
        assert [row["id"] for row in acme.get("/orders").json()] == [orders["acme"]]
        assert [row["run"] for row in acme.get("/runs").json()] == [orders["acme"]]
        assert acme.get(f"/orders/{orders['acme']}").json()["account"] == "acme"
        assert acme.get(f"/runs/here/{orders['acme']}").status_code == 200
        problem(acme.get("/stations"), 403)
        problem(acme.get("/stations/here"), 403)


def test_evidence_is_not_shown_before_the_certificate_is_issued(web: Web, orders: dict[str, str]) -> None:
    run = f"/runs/here/{orders['acme']}"
    with web.token("customer") as acme, web.token("reviewer") as reviewer:
        for what in ("journal", "record", "certificate", "certificate.xml", "certificate.pdf"):
            assert "not issued yet" in problem(acme.get(f"{run}/{what}"), 404)
        assert reviewer.get(f"{run}/journal").status_code == 200


def test_a_run_of_the_same_name_at_another_station_is_not_theirs(web: Web, orders: dict[str, str]) -> None:
    store = web.hub.laboratory.store
    store.stations.enrol(store.stations.new_code("there", time.time() + 60), "key", "print", 0.0, time.time())
    store.journals.append("there", orders["acme"], 1, [], time.time())
    with web.token("customer") as acme:
        problem(acme.get(f"/runs/there/{orders['acme']}"), 404)
        assert [row["station"] for row in acme.get("/runs").json()] == ["here"]


def test_an_order_without_an_account_is_no_customers(web: Web) -> None:
    order = web.do(web.site.order()).id
    with web.token("customer") as acme, web.token("operator") as operator:
        problem(acme.get(f"/orders/{order}"), 404)
        assert operator.get(f"/orders/{order}").json()["account"] is None


def test_another_sites_page_can_change_nothing(web: Web) -> None:
    with web.log_in("administrator") as person, web.log_in("administrator") as other:
        entered = {"roles": ["operator"], "password": PASSWORD}
        theirs = other.headers["X-CSRF-Token"]
        for token in (None, "", "0" * 64, theirs):
            headers = {} if token is None else {"X-CSRF-Token": token}
            request = person.build_request("PUT", "/users/intruder", json=entered, headers=headers)
            if token is None:
                del request.headers["X-CSRF-Token"]
            assert "X-CSRF-Token" in problem(person.send(request), 403)
        assert web.users.find("intruder") is None
        assert person.put("/users/intruder", json=entered).status_code == 200


def test_the_sessions_cookie_is_kept_from_scripts_and_other_sites(web: Web) -> None:
    with web.client() as client:
        answer = client.post("/session", json={"name": "operator", "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert answer.headers["cache-control"] == "no-store"
        secret = client.cookies["remotecal_session"]
    stored = (web.hub.laboratory.folder.path / "hub.sqlite").read_bytes()
    stored += (web.hub.laboratory.folder.path / "hub.sqlite-wal").read_bytes()
    assert secret.encode() not in stored
    assert PASSWORD.encode() not in stored


def test_a_session_is_over_after_logging_out(web: Web) -> None:
    with web.log_in("operator") as person:
        secret = person.cookies["remotecal_session"]
        assert web.with_cookie(secret).status_code == 200
        assert person.delete("/session").status_code == 204
        problem(web.with_cookie(secret), 401)


def test_a_session_is_over_when_its_time_is(web: Web) -> None:
    settings = web.hub.laboratory.folder.settings.api
    with web.log_in("operator") as person:
        secret = person.cookies["remotecal_session"]
        with web.clock.put_forward(settings.idle_minutes * 60 + 1):
            assert "log in anew" in problem(web.with_cookie(secret), 401), "nobody used it"
        passed = 0.0
        while passed < settings.session_hours * 3600:
            with web.clock.put_forward(passed):
                assert web.with_cookie(secret).status_code == 200, "somebody uses it"
            passed += settings.idle_minutes * 60 - 1
        with web.clock.put_forward(settings.session_hours * 3600 + 1):
            problem(web.with_cookie(secret), 401)


def test_guessing_a_password_is_stopped_and_locks_nobody_else_out(web: Web) -> None:
    web.users.put("target", roles={"operator"}, password=DIGEST)
    right = {"name": "target", "password": PASSWORD}
    with web.client("127.0.0.2") as guesser:
        for number in range(OF_ONE):
            guess = {"name": "target", "password": f"guess {number}"}
            assert problem(guesser.post("/session", json=guess), 401) == "name or password is wrong"
        assert "wait" in problem(guesser.post("/session", json=right), 429), "even the right one"
    with web.log_in("target", "127.0.0.3") as owner:
        assert owner.get("/orders").status_code == 200
    assert len([who for who, _, _ in web.audit("login refused") if who == "target"]) == OF_ONE
    assert any(who == "target" and "too many" in data for who, _, data in web.audit("refused"))


def test_guessing_names_is_stopped(web: Web) -> None:
    with web.client("127.0.0.4") as guesser:
        for number in range(OF_HOST):
            guess = {"name": f"nobody{number}", "password": "guess"}
            assert problem(guesser.post("/session", json=guess), 401) == "name or password is wrong"
        problem(guesser.post("/session", json={"name": "operator", "password": PASSWORD}), 429)


def test_the_laboratory_is_untouched(web: Web) -> None:
    assert web.hub.laboratory.store.stations.get("here").enabled
    assert isinstance(web.site, Site)
    assert web.site.tiny.world.lines == []


def test_who_can_not_be_noted_is_refused_all_the_same(web: Web) -> None:
    store = web.hub.laboratory.store
    with store.database.begin() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO audit_away"))
    try:
        with web.client() as nobody:
            assert "log in" in problem(nobody.get("/stations/nowhere"), 401)
    finally:
        with store.database.begin() as connection:
            connection.execute(text("ALTER TABLE audit_away RENAME TO audit"))


def test_evidence_of_several_devices_waits_for_the_certificates_of_all(web: Web) -> None:
    order = Order.load(web.site.tiny.order)
    assert order.dut is not None
    duts = tuple(order.dut.model_copy(update={"serial": f"M-{n}", "on": f"meter_{n}"}) for n in (1, 2))
    head = order.order.model_copy(update={"certificates": "each"})
    order = order.model_copy(update={"order": head, "dut": None, "duts": duts})
    bundle, procedure = web.site.bundle(None)
    terms = Terms(bench=BENCH, bundle=bundle)
    run = web.do(web.hub.laboratory.issue(order, procedure, "here", terms, "Li Wei", lasts=60.0)).id
    store = web.hub.laboratory.store
    store.orders.assign(run, "acme")
    store.journals.append("here", run, 1, [], time.time())

    def issued(device: str) -> None:
        number = order.numbers[device]
        store.signings.add(SigningRow("here", run, "issued", "hub", time.time(), b"x", b"p", number, device))

    with web.token("customer") as acme:
        issued("dut-1")
        for what in ("journal", "record"):
            assert "some devices" in problem(acme.get(f"/runs/here/{run}/{what}"), 404)
        issued("dut-2")
        assert acme.get(f"/runs/here/{run}/journal").status_code == 200
