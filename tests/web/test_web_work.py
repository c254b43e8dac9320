"""What people do with the API: order, watch, command, sign, and look after the laboratory."""

import json
import tomllib
from datetime import UTC, datetime

import httpx
import pytest
from sites import until
from web_laboratory import DIGEST, PASSWORD, Web, problem

from remotecal.certificates.approval import sign
from remotecal.certificates.demonstration import DemonstrationKeys, make_demonstration_keys
from remotecal.errors import ConfigurationError
from remotecal.transport.messages import RemoteOrder
from remotecal.web import passwords
from remotecal.web.server import serving

NOW = datetime.now(UTC)
PARAMETERS = {
    "flows": [10.0, 20.0],
    "repeats": 3,
    "duration": 40.0,
    "accuracy_class": 0.5,
    "pulses_per_volume": 100.0,
    "method": "flying",
    "smallest_mass": 80.0,
    "largest_mass": 90.0,
    "empty": 0.1,
}
FILED = {
    "performed": "operator",
    "reviewed": "reviewer",
    "approved": "approver",
    "issued": "administrator",
}


@pytest.fixture(scope="module")
def keys() -> DemonstrationKeys:
    names = {"performed": "Person", "reviewed": "Reviewer", "approved": "Approver", "issued": "Laboratory"}
    return make_demonstration_keys(names, NOW)


def wanted(web: Web, **other: object) -> dict[str, object]:
    order = tomllib.loads(web.site.tiny.order.read_text())
    order["order"]["procedure"] = "water_gravimetric"
    order["order"].pop("bench")
    return {"station": "here", "bench": "Tiny bench", "order": order, **other}


async def carried_out(web: Web) -> RemoteOrder:
    async with web.site.up():
        order = await web.site.order()
        await web.site.state(order, "signed")
        await web.site.recomputed(order)
    return order


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
    assert noted == ["cancel", "account", "order"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"procedure": "/etc/passwd.py"}, "no installed procedure '/etc/passwd.py'"),
        ({"procedure": "water_gravimetrik"}, "did you mean water_gravimetric"),
        ({"number": "T", "surprise": 1}, "order.surprise is unknown"),
    ],
)
def test_an_order_that_can_not_be_is_refused(web: Web, change: dict[str, object], said: str) -> None:
    with web.token("operator") as operator:
        asked = wanted(web)
        asked["order"]["order"] |= change
        assert said in problem(operator.post("/orders", json=asked), 422)


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
        web.users.assign(order.id, "acme")
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


def test_a_certificate_from_draft_to_the_customer(web: Web, keys: DemonstrationKeys) -> None:
    order = web.do(carried_out(web))
    web.users.assign(order.id, "acme")
    run = f"/runs/here/{order.id}"
    clients = {role: web.token(role) for role in FILED.values()}
    with web.token("customer") as acme, clients["operator"] as operator:
        assert operator.get(run + "/record").json()["number"] == "T-1"
        assert operator.get(run + "/certificate").json()["state"] == "draft"
        draft = operator.get(run + "/certificate.xml").content
        for duty, role in FILED.items():
            problem(acme.get(run + "/certificate.xml"), 404)
            unsigned = operator.get(run + "/certificate.xml").content
            signed = sign(unsigned, keys.signers[duty], NOW)
            for other in clients.keys() - {role}:
                said = problem(clients[other].post(run + "/certificate/signatures", content=signed), 403)
                assert role in said
            answer = clients[role].post(run + "/certificate/signatures", content=signed)
            assert answer.status_code == 200, answer.text
            assert answer.json()["state"] == duty
            assert operator.get(run + "/certificate.xml").content == signed
        assert draft != signed
        assert acme.get(run + "/certificate.xml").content == signed
        assert [one["name"] for one in acme.get(run + "/certificate").json()["signatures"]][:2] == [
            "Person",
            "Reviewer",
        ]
        assert acme.get(run + "/certificate.pdf").content.startswith(b"%PDF-1.")
        journal = acme.get(run + "/journal").content
        assert journal == (web.site.folder.runs / order.id / "journal.jsonl").read_bytes()
        again = problem(operator.post(run + "/certificate/signatures", content=signed), 409)
        assert "is issued" in again
    for client in clients.values():
        client.close()
    assert [json.loads(data)["duty"] for _, _, data in web.audit("sign")][::-1] == list(FILED)


def test_a_signature_on_something_else_is_refused(web: Web, keys: DemonstrationKeys) -> None:
    order = web.do(carried_out(web))
    run = f"/runs/here/{order.id}"
    web.users.put("two-duties", roles={"operator", "reviewer"}, password=DIGEST)
    with web.token("operator") as operator, web.token("two-duties", "reviewer") as reviewer:
        draft = operator.get(run + "/certificate.xml").content
        post = lambda client, data: problem(  # noqa: E731
            client.post(run + "/certificate/signatures", content=data), 409
        )
        assert "not the certificate that is here" in post(operator, draft)
        assert "Reviewer signed as performed" in post(operator, _forced(draft, keys, "reviewed", "performed"))
        changed = draft.replace(b">T-1<", b">T-2<")
        assert changed != draft
        assert "not the certificate that is here" in post(
            operator, sign(changed, keys.signers["performed"], NOW)
        )
        problem(operator.post(run + "/certificate/signatures", content=b"<no"), 422)
        with web.token("two-duties", "operator") as same:
            signed = sign(draft, keys.signers["performed"], NOW)
            assert same.post(run + "/certificate/signatures", content=signed).status_code == 200
        twice = sign(signed, keys.signers["reviewed"], NOW)
        assert "two-duties has filed" in post(reviewer, twice)
        assert operator.get(run + "/certificate").json()["state"] == "performed"


def _forced(data: bytes, keys: DemonstrationKeys, signer: str, duty: str) -> bytes:
    from remotecal.certificates.signing.xml import sign_xml

    return sign_xml(data, keys.signers[signer], duty, NOW)


def test_an_administrator_enters_users_and_reads_the_log(web: Web) -> None:
    with web.log_in("administrator") as person:
        entered = {"roles": ["customer"], "account": "acme", "password": "a longer password"}
        assert person.put("/users/new", json=entered).json()["account"] == "acme"
        assert "has an account" in problem(person.put("/users/new", json={"roles": ["customer"]}), 422)
        assert "needs a password" in problem(person.put("/users/other", json={"roles": ["operator"]}), 422)
        problem(person.put("/users/short", json={"roles": ["operator"], "password": "short"}), 422)
        assert "new" in [user["name"] for user in person.get("/users").json()]
        (latest, *_) = person.get("/audit", params={"what": "user"}).json()
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
    assert httpx.get(web.url + "/health").json() == {"database": "ok", "broker": "ok"}
    with web.token("operator") as operator:
        operator.get("/orders/none")
    figures = httpx.get(web.url + "/metrics").text
    assert 'remotecal_runs{state="signed"}' in figures
    assert "remotecal_broker_connected 1.0" in figures
    counted = [line for line in figures.splitlines() if line.startswith("remotecal_http_requests_total{")]
    assert any('orders/{order}",status="404"' in line for line in counted)
    assert not any("none" in line and "orders" in line for line in counted)


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
    assert passwords.matches("ｃａｆé", passwords.digest("cafe\N{COMBINING ACUTE ACCENT}"))
    assert not passwords.matches(PASSWORD + " ", DIGEST)
    assert not passwords.matches("", None)
    assert passwords.digest(PASSWORD) != DIGEST
