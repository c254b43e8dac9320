"""Passkeys over HTTP, with a device in software: who comes in by one, and who does not, whatever is sent."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from itertools import count

import httpx
import pytest
from authenticator import BACKED_UP, ES256, PRESENT, VERIFIED, Passkey, passkey_for, text
from cryptography.hazmat.primitives.asymmetric import ec
from laboratories import NO_TLS, PATIENCE
from test_web_pages import browsing, key_in, token
from test_web_walls import logged_in
from web_laboratory import DIGEST, PASSWORD, Web, problem

from remotecal.cli import main
from remotecal.hub.settings import ApiSettings
from remotecal.store.passkeys import MOST
from remotecal.web import sparing
from remotecal.web.callers import csrf_of
from remotecal.web.ceremonies import NOT_BY_THIS, NOT_TAKEN, NOWHERE, site_of
from remotecal.web.proving import OF_ONE, SOMEBODY

LATER = 301.0
"""Seconds after which a question is too old, and who somebody is is asked again."""
_names = (f"owner{number}" for number in count(1))
_addresses = (f"127.0.1.{number}" for number in count(1))


def set_address(web: Web, address: str | None) -> None:
    folder = web.hub.laboratory.folder
    api = folder.settings.api.model_copy(update={"address": address})
    folder.settings = folder.settings.model_copy(update={"api": api})


@pytest.fixture(scope="module", autouse=True)
def origin(web: Web) -> str:
    """The console's address, as the hub is told."""
    address = web.url.replace("127.0.0.1", "localhost")
    set_address(web, address)
    return address


@contextmanager
def in_session(web: Web, user: str, address: str = "127.0.0.1") -> Iterator[httpx.Client]:
    """Give a program that is in a session, at no cost of a password's check."""
    now = web.clock.now()
    secret = web.users.open_session(web.users.find(user), now + 36000, now)
    with web.client(address) as client:
        client.cookies.set("remotecal_session", secret, domain="127.0.0.1")
        client.headers["X-CSRF-Token"] = csrf_of(secret)
        yield client


def add(client: httpx.Client, origin: str, name: str = "laptop", **more: object) -> Passkey:
    """Return a new passkey of who is in a session."""
    options = client.post("/passkeys/options").json()
    made = passkey_for(options, origin, **more)
    answer = client.post("/passkeys", json={"name": name, "made": made.made(options)})
    assert answer.status_code == 201, answer.text
    return made


@pytest.fixture
def owner(web: Web, origin: str) -> tuple[str, Passkey]:
    """Somebody of this test alone, with a passkey."""
    name = next(_names)
    web.users.put(name, roles={"operator"}, password=DIGEST)
    with in_session(web, name) as client:
        return name, add(client, origin)


def stranger(web: Web) -> httpx.Client:
    """Return a client nobody knows, at an address of its own."""
    return web.client(next(_addresses))


def come_in(client: httpx.Client, key: Passkey, **wrong: object) -> httpx.Response:
    options = client.post("/session/passkey/options").json()
    return client.post("/session/passkey", json=key.answer(options, **wrong))


@pytest.mark.parametrize("user", ["operator", "customer"])
def test_a_passkey_is_added_and_logs_in_whose_it_is(web: Web, origin: str, user: str) -> None:
    with in_session(web, user) as person:
        options = person.post("/passkeys/options").json()
        assert options["rp"] == {"name": "Water laboratory", "id": "localhost"}
        assert options["authenticatorSelection"] == {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        }
        assert (options["attestation"], options["user"]["name"]) == ("none", user)
        assert user not in options["user"]["id"]
        made = add(person, origin, "phone")
        again = person.post("/passkeys/options").json()
        assert [one["id"] for one in again["excludeCredentials"]] == [text(made.id)]
        assert (again["user"]["id"], again["challenge"]) != (made.handle, options["challenge"])
        assert again["user"]["id"] == made.handle
        (row,) = person.get("/passkeys").json()
        assert (row["name"], row["used"]) == ("phone", None)
    with stranger(web) as client:
        fixed = "A" * 43
        client.cookies.set("remotecal_session", fixed, domain="127.0.0.1")
        options = client.post("/session/passkey/options").json()
        assert (options["rpId"], options["userVerification"]) == ("localhost", "required")
        assert options["allowCredentials"] == []
        asked = next(one for one in client.cookies.jar if one.name == "remotecal_passkey")
        assert asked.has_nonstandard_attr("HttpOnly")
        client.cookies.delete("remotecal_session")
        headers = {"Cookie": f"remotecal_session={fixed}; remotecal_passkey={asked.value}"}
        answer = client.post("/session/passkey", json=made.answer(options), headers=headers)
        assert (answer.status_code, answer.json()["name"]) == (201, user)
        session = client.cookies["remotecal_session"]
        assert session != fixed
        assert "remotecal_passkey" not in client.cookies
        assert client.get("/session").json()["roles"] == [user]
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        assert client.get("/passkeys").json()[0]["used"] is not None
    problem(web.with_cookie(fixed), 401)
    assert web.with_cookie(session).status_code == 200
    who, _, told = web.audit("login")[0]
    assert (who, json.loads(told)["passkey"]) == (user, row["id"])


def changed(**more: object) -> Callable[[Passkey], dict]:
    """Return what changes a passkey before it answers, and says nothing otherwise."""

    def change(key: Passkey) -> dict:
        for name, value in more.items():
            setattr(key, name, value)
        return {}

    return change


OTHER = "http://elsewhere.example"
ATTACKS: dict[str, Callable[[Passkey], dict]] = {
    "another site's page": changed(origin=OTHER),
    "the same host by another port": changed(origin="http://localhost:1"),
    "a key for another site": changed(rp_id="elsewhere.example"),
    "nobody verified": changed(flags=PRESENT),
    "nobody present": changed(flags=VERIFIED),
    "a copy of what can't be copied": changed(flags=PRESENT | VERIFIED | BACKED_UP),
    "another key": changed(key=ec.generate_private_key(ec.SECP256R1())),
    "a signature of something else": lambda _: {"tampered": b"x"},
    "another question": lambda _: {"challenge": text(b"x" * 32)},
    "the answer to being made": lambda _: {"type": "webauthn.create"},
    "within another site's page": lambda _: {"crossOrigin": True},
    "whose it is not told": changed(handle=None),
    "told to be somebody else's": changed(handle=text(b"x" * 32)),
    "a key nobody knows": changed(id=b"unknown credential"),
}


def test_whatever_is_wrong_is_refused_in_the_same_words(
    web: Web, origin: str, owner: tuple[str, Passkey]
) -> None:
    name, key = owner
    kept = dict(vars(key))
    for why, attack in ATTACKS.items():
        vars(key).update(kept | {"count": key.count})
        with stranger(web) as client:
            assert problem(come_in(client, key, **attack(key)), 401) == NOT_BY_THIS, why
            assert "remotecal_session" not in client.cookies, why
    refused = [who for who, _, _ in web.audit("login refused")]
    assert refused.count(name) + refused.count(SOMEBODY) == len(ATTACKS)
    vars(key).update(kept | {"count": key.count})
    with stranger(web) as client:
        assert come_in(client, key).status_code == 201


def test_a_count_that_goes_back_is_refused_and_told(web: Web, owner: tuple[str, Passkey]) -> None:
    name, key = owner
    key.count = 50
    with stranger(web) as client:
        assert come_in(client, key).status_code == 201
    for before in (50, 10, -1):
        key.count = before
        with stranger(web) as client:
            assert problem(come_in(client, key), 401) == NOT_BY_THIS
    told = [json.loads(data) for who, _, data in web.audit("passkey refused") if who == name]
    assert [(one["kept"], one["told"]) for one in told] == [(51, 0), (51, 11), (51, 51)]
    assert web.hub.laboratory.store.passkeys.of(name)[0].signed == 51
    key.count = 51
    with stranger(web) as client:
        assert problem(come_in(client, key, tampered=b"x"), 401) == NOT_BY_THIS
        assert come_in(client, key).status_code == 201, "an answer that proves nothing counts nothing"


def test_a_question_is_answered_once_in_time_and_by_whom_it_was_put_to(
    web: Web, owner: tuple[str, Passkey]
) -> None:
    name, key = owner
    key.counts = False  # a replay is not to be found out by its count alone
    with stranger(web) as client:
        key.count = 2
        options = client.post("/session/passkey/options").json()
        jar = dict(client.cookies)
        answer = key.answer(options)
        assert client.post("/session/passkey", json=answer).status_code == 201
        client.cookies.update(jar)
        assert problem(client.post("/session/passkey", json=answer), 401) == NOT_BY_THIS
    with stranger(web) as client:
        options = client.post("/session/passkey/options").json()
        key.count = 3
        with web.clock.put_forward(LATER):
            assert problem(client.post("/session/passkey", json=key.answer(options)), 401) == NOT_BY_THIS
    with stranger(web) as client, stranger(web) as thief:
        options = client.post("/session/passkey/options").json()
        key.count = 4
        assert problem(thief.post("/session/passkey", json=key.answer(options)), 401) == NOT_BY_THIS
        thief.post("/session/passkey/options")
        assert problem(thief.post("/session/passkey", json=key.answer(options)), 401) == NOT_BY_THIS
        assert client.post("/session/passkey", json=key.answer(options)).status_code == 201
    with in_session(web, name) as person, stranger(web) as client:
        key.count = 5
        options = person.post("/session/options").json()
        client.post("/session/passkey/options")
        for one in (client, person):
            assert problem(one.post("/session/passkey", json=key.answer(options)), 401) == NOT_BY_THIS
        new = person.post("/passkeys/options").json()
        assert problem(person.put("/session", json={"passkey": key.answer(new)}), 401) == NOT_BY_THIS
        options = person.post("/session/options").json()
        assert person.put("/session", json={"passkey": key.answer(options)}).status_code == 200


def test_a_wrong_answer_uses_the_question_up(web: Web, owner: tuple[str, Passkey]) -> None:
    _, key = owner
    with stranger(web) as client:
        options = client.post("/session/passkey/options").json()
        for wrong in ({"tampered": b"x"}, {}):
            answer = key.answer(options, **wrong)
            assert problem(client.post("/session/passkey", json=answer), 401) == NOT_BY_THIS


def test_what_was_removed_lets_nobody_in_and_sessions_end(web: Web, origin: str) -> None:
    web.users.put("mover", roles={"operator"}, password=DIGEST)
    with in_session(web, "mover") as person, in_session(web, "mover") as other:
        one, two, three = (add(person, origin, name) for name in ("one", "two", "three"))
        numbers = [row["id"] for row in person.get("/passkeys").json()]
        with in_session(web, "customer") as foreign:
            assert "no passkey" in problem(foreign.delete(f"/passkeys/{numbers[0]}"), 404)
        assert person.delete(f"/passkeys/{numbers[0]}").status_code == 204
        assert person.get("/passkeys").status_code == 200
        problem(other.get("/passkeys"), 401)
        with stranger(web) as client:
            assert problem(come_in(client, one), 401) == NOT_BY_THIS
        with stranger(web) as client:
            assert come_in(client, two).status_code == 201
        with web.token("administrator") as admin:
            listed = admin.get("/users/mover/passkeys").json()
            assert [row["name"] for row in listed] == ["two", "three"]
            only = {"passkey": numbers[1]}
            assert admin.delete("/users/mover/passkeys", params=only).status_code == 204
            problem(person.get("/passkeys"), 401)
            with stranger(web) as client:
                assert problem(come_in(client, two), 401) == NOT_BY_THIS
            with stranger(web) as client:
                assert come_in(client, three).status_code == 201
                assert admin.delete("/users/mover/passkeys").status_code == 204
                problem(client.get("/passkeys"), 401)
                assert problem(come_in(client, three), 401) == NOT_BY_THIS
            assert "no passkey" in problem(admin.delete("/users/mover/passkeys"), 404)
    noted = [(who, json.loads(told)["name"]) for who, _, told in web.audit("passkey removed")]
    assert noted == [("administrator", "three"), ("administrator", "two"), ("mover", "one")]


def test_who_is_disabled_comes_in_by_no_passkey(web: Web, owner: tuple[str, Passkey]) -> None:
    name, key = owner
    web.users.put(name, roles={"operator"}, enabled=False)
    with stranger(web) as client:
        assert problem(come_in(client, key), 401) == NOT_BY_THIS
    web.users.put(name, roles={"operator"})
    with stranger(web) as client:
        assert come_in(client, key).status_code == 201
    web.users.set_password(name, DIGEST)
    with stranger(web) as client:
        assert come_in(client, key).status_code == 201, "one's own change of it leaves them as they are"


def test_a_password_an_administrator_sets_takes_passkeys_away(
    web: Web, origin: str, owner: tuple[str, Passkey], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever came in by the former password may have added one."""
    name, key = owner
    entered = {"roles": ["operator"], "password": PASSWORD + "2"}
    with in_session(web, "administrator") as admin:
        assert admin.put(f"/users/{name}", json=entered).json()["passkeys_removed"] == 1
        entered["password"] = None
        assert admin.put(f"/users/{name}", json=entered).json()["passkeys_removed"] == 0
    told = [json.loads(said) for _, _, said in web.audit("user")]
    assert {"user": name, "passkeys removed": 1}.items() <= told[1].items()
    with stranger(web) as client:
        assert problem(come_in(client, key), 401) == NOT_BY_THIS
    with in_session(web, name) as person:
        again = add(person, origin)
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "3\n"))
    hub = str(web.hub.laboratory.folder.path)
    assert main(["hub", "user", name, "--role", "operator", "--hub", hub]) == 0
    with stranger(web) as client:
        assert problem(come_in(client, again), 401) == NOT_BY_THIS
    assert json.loads(web.audit("user")[0][2])["passkeys removed"] == 1


def test_by_a_passkey_one_says_again_who_one_is(web: Web, origin: str, owner: tuple[str, Passkey]) -> None:
    name, key = owner
    wanted = {"role": "operator", "label": "planning"}
    with in_session(web, name) as person, in_session(web, "reviewer") as other:
        theirs = add(other, origin, "theirs")
        number = person.get("/passkeys").json()[0]["id"]
        with web.clock.put_forward(LATER):
            weighty = {"/tokens": wanted, "/passkeys/options": None}
            for address, body in weighty.items():
                assert "or use a passkey" in problem(person.post(address, json=body), 403)
            body = {"name": "x", "made": key.made({"challenge": "x"})}
            assert "or use a passkey" in problem(person.post("/passkeys", json=body), 403)
            assert "or use a passkey" in problem(person.delete(f"/passkeys/{number}"), 403)
            options = person.post("/session/options").json()
            assert [one["id"] for one in options["allowCredentials"]] == [text(key.id)]
            said = {"passkey": theirs.answer(options)}
            assert problem(person.put("/session", json=said), 401) == NOT_BY_THIS
            for wrong in ({}, {"password": PASSWORD, "passkey": key.answer(options)}):
                assert "either" in problem(person.put("/session", json=wrong), 422)
            assert "or use a passkey" in problem(person.post("/tokens", json=wanted), 403)
            options = person.post("/session/options").json()
            assert person.put("/session", json={"passkey": key.answer(options)}).status_code == 200
            assert person.post("/tokens", json=wanted).status_code == 201
    with web.token(name) as program:
        for method, address in (
            ("POST", "/passkeys/options"),
            ("POST", "/session/options"),
            ("GET", "/passkeys"),
        ):
            assert "session" in problem(program.request(method, address), 403)


def test_a_form_asks_for_a_password_or_a_passkey(web: Web, origin: str, owner: tuple[str, Passkey]) -> None:
    name, key = owner
    with logged_in(web, name) as client, in_session(web, name) as person:
        secret = person.cookies["remotecal_session"]
        client.cookies.clear()
        client.base_url = origin
        client.headers["Cookie"] = f"remotecal_session={secret}"
        form = {"csrf": token(client.get("/passkeys")), "name": "<b>key</b> & co"}
        with web.clock.put_forward(LATER):
            asking = client.post("/passkeys/new", data=form)
            assert "Who are you?" in asking.text
            assert 'data-passkey="/api/v1/session/options"' in asking.text
            assert "&lt;b&gt;key&lt;/b&gt; &amp; co" in asking.text
            assert client.get("/passkeys/new?name=x").headers["location"] == "/passkeys"
            refused = client.post("/passkeys/new", data=form | {"passkey": "{}"})
            assert (refused.status_code, "Not by this passkey" in refused.text) == (403, True)
            options = person.post("/session/options").json()
            said = form | {"passkey": json.dumps(key.answer(options))}
            led = client.post("/passkeys/new", data=said)
            assert (led.status_code, led.headers["location"][:19]) == (303, "/passkeys/new?name=")
            page = client.get(led.headers["location"])
            assert "&lt;b&gt;key&lt;/b&gt;" in page.text
            options = person.post("/passkeys/options").json()
            made = passkey_for(options, origin)
            new = form | {"key": key_in(page), "made": json.dumps(made.made(options))}
            for _ in range(2):
                done = client.post("/passkeys", data=new)
                assert (done.status_code, done.headers["location"]) == (303, "/passkeys")
            rows = person.get("/passkeys").json()
            assert [row["name"] for row in rows] == ["laptop", "<b>key</b> & co"]
            assert "&lt;b&gt;key&lt;/b&gt; &amp; co" in client.get("/passkeys").text
            gone = {"csrf": form["csrf"], "number": str(rows[1]["id"])}
            assert client.post("/passkeys/remove", data=gone).status_code == 303
            assert client.post("/passkeys/remove", data=gone).status_code == 404
        with web.clock.put_forward(2 * LATER):
            assert "Who are you?" in client.post("/passkeys/remove", data=gone | {"number": "1"}).text
        assert [row["name"] for row in person.get("/passkeys").json()] == ["laptop"]


def test_log_in_by_the_form_and_not_from_another_sites_page(
    web: Web, origin: str, owner: tuple[str, Passkey]
) -> None:
    name, key = owner
    with httpx.Client(base_url=origin, timeout=PATIENCE, verify=NO_TLS) as client:
        page = client.get("/login?next=/orders").text
        assert 'hidden data-passkey="/api/v1/session/passkey/options"' in page

        def said(**wrong: object) -> dict[str, str]:
            options = client.post("/api/v1/session/passkey/options").json()
            return {"next": "/orders", "passkey": json.dumps(key.answer(options, **wrong))}

        for foreign in ({"Origin": OTHER}, {"Sec-Fetch-Site": "cross-site"}):
            assert client.post("/login/passkey", data=said(), headers=foreign).status_code == 403
        for wrong in (said(tampered=b"x"), {"passkey": ""}, {"passkey": "[]"}):
            refused = client.post("/login/passkey", data=wrong)
            assert (refused.status_code, "Not by this passkey" in refused.text) == (401, True)
            assert 'name="next" value="/login"' in refused.text, "where the choice of a language leads"
            assert f'name="next" value="{wrong.get("next", "/")}"' in refused.text, "where one wanted to"
        led = client.post("/login/passkey", data=said())
        assert (led.status_code, led.headers["location"]) == (303, "/orders")
        assert name in client.get("/orders").text
    with in_session(web, name) as person:
        del person.headers["X-CSRF-Token"]
        for method, address in (
            ("POST", "/session/options"),
            ("POST", "/passkeys/options"),
            ("PUT", "/session"),
            ("DELETE", "/passkeys/1"),
        ):
            assert "X-CSRF-Token" in problem(person.request(method, address, json=None), 403), address
    with logged_in(web, name) as client:
        for address in ("/passkeys", "/passkeys/new", "/passkeys/remove"):
            assert client.post(address, data={"name": "x", "number": "1"}).status_code == 403


def test_guesses_are_bounded_as_with_passwords(
    web: Web, owner: tuple[str, Passkey], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = owner
    with stranger(web) as client:
        for _ in range(OF_ONE):
            assert problem(come_in(client, key, tampered=b"x"), 401) == NOT_BY_THIS
        assert "wait" in problem(come_in(client, key), 429), "even the right one"
    with stranger(web) as browser:
        assert come_in(browser, key).status_code == 201
        address = browser._transport._pool._local_address
        with web.client(address) as neighbour:
            codes = [come_in(neighbour, key, tampered=b"x").status_code for _ in range(OF_ONE + 1)]
            assert codes == [401] * OF_ONE + [429]
        assert come_in(browser, key).status_code == 201, "their own browser"
    with stranger(web) as client:
        codes = [client.get(f"{web.url}/v/nothing").status_code for _ in range(sparing.MOST + 1)]
        assert codes[-1] == 429
        assert client.post("/session/passkey/options").status_code == 200, "a public page counts apart"
    monkeypatch.setattr(sparing, "MOST", 0)
    with stranger(web) as client:
        assert "a minute" in problem(client.post("/session/passkey/options"), 429)


NEW_ONES: dict[str, Callable[[Passkey], dict]] = {
    "another site's page": changed(origin=OTHER),
    "for another site": changed(rp_id="elsewhere.example"),
    "nobody verified": changed(flags=PRESENT),
    "nobody present": changed(flags=VERIFIED),
    "another question": lambda _: {"challenge": text(b"x" * 32)},
    "an answer to who somebody is": lambda _: {"type": "webauthn.get"},
    "within another site's page": lambda _: {"crossOrigin": True},
    "vouched for by a chip": changed(kind="tpm"),
    "vouched for by nothing": changed(kind="packed"),
    "no kind": changed(kind=7),
    "a key of no kind": lambda _: {"cose": {1: 2, 3: 99, -1: 1, -2: b"x" * 32, -3: b"y" * 32}},
    "a point that is none": lambda _: {"cose": {1: 2, 3: ES256, -1: 1, -2: b"x" * 32, -3: b"y" * 32}},
    "no key": lambda _: {"cose": {7: 7}},
    "no map": lambda _: {"cose": [1, 2, 3]},
}


def test_what_was_not_made_for_this_is_not_taken(web: Web, origin: str) -> None:
    web.users.put("maker", roles={"reader"}, password=DIGEST)
    with in_session(web, "maker") as person, in_session(web, "maker") as other:

        def brought(made: dict, name: str = "x") -> httpx.Response:
            return person.post("/passkeys", json={"name": name, "made": made})

        for why, attack in NEW_ONES.items():
            options = person.post("/passkeys/options").json()
            key = passkey_for(options, origin)
            assert problem(brought(key.made(options, **attack(key))), 422) == NOT_TAKEN, why
        options = person.post("/passkeys/options").json()
        key = passkey_for(options, origin)
        named = key.made(options) | {"id": text(b"another id"), "rawId": text(b"another id")}
        assert problem(brought(named), 422) == NOT_TAKEN
        theirs = other.post("/passkeys/options").json()
        assert problem(brought(key.made(theirs)), 422) == NOT_TAKEN, "asked in another session"
        options = other.post("/passkeys/options").json()
        with web.clock.put_forward(LATER):
            assert other.put("/session", json={"password": PASSWORD}).status_code == 200
            late = other.post("/passkeys", json={"name": "x", "made": key.made(options)})
            assert problem(late, 422) == NOT_TAKEN
        for garbage in (b"", b"\xff", b"\xa0", b"\x81" * 5000, b"\xa1cfmtdnone"):
            options = person.post("/passkeys/options").json()
            made = key.made(options)
            made["response"] |= {"attestationObject": text(garbage or b"x")}
            assert problem(brought(made), 422) == NOT_TAKEN
        for name in ("", " ", "x" * 61, "a\nb"):
            problem(brought(key.made(options), name), 422)
        assert person.get("/passkeys").json() == []
        first = add(person, origin, "1")
        options = person.post("/passkeys/options").json()
        assert "known here already" in problem(brought(first.made(options)), 422)
        with in_session(web, "reviewer") as thief:
            options = thief.post("/passkeys/options").json()
            stolen = thief.post("/passkeys", json={"name": "x", "made": first.made(options)})
            assert "known here already" in problem(stolen, 422)
        for number in range(2, MOST + 1):
            add(person, origin, str(number))
        options = person.post("/passkeys/options").json()
        assert "the most" in problem(brought(passkey_for(options, origin).made(options)), 422)
        assert len(person.get("/passkeys").json()) == MOST


@pytest.mark.parametrize(
    ("address", "host"),
    [
        (None, None),
        ("https://cal.example", "cal.example"),
        ("https://cal.example:8443", "cal.example"),
        ("https://hub", "hub"),
        ("http://localhost:4290", "localhost"),
        ("http://cal.example", None),
        ("https://192.0.2.7", None),
        ("https://[2001:db8::7]", None),
        ("https://3221225991", None),
        ("https://0xc0.2.7", None),
        ("http://127.0.0.1:4290", None),
    ],
)
def test_passkeys_are_used_where_a_browser_has_them(web: Web, address: str | None, host: str | None) -> None:
    before = web.hub.laboratory.folder.settings.api.address
    set_address(web, ApiSettings(address=address).address)
    try:
        office = web_office(web)
        site = site_of(office)
        assert (site.host if site else None) == host
        if host is None:
            with web.client() as client, in_session(web, "operator") as person:
                assert problem(client.post("/session/passkey/options"), 404) == NOWHERE
                assert problem(person.post("/passkeys/options"), 404) == NOWHERE
    finally:
        set_address(web, before)


def web_office(web: Web) -> object:
    """Return what `site_of` looks at of an office."""
    from types import SimpleNamespace

    return SimpleNamespace(settings=web.hub.laboratory.folder.settings)


@pytest.mark.parametrize(
    "address", ["https://cal.example/", "https://cal.example:443", "http://localhost:80", "cal.example",
                "https://Cal.example", "https://a b", "https://user@cal.example", "https://cal.example:99999"]
)  # fmt: skip
def test_an_address_that_no_browser_has_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        ApiSettings(address=address)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_offered_under_that_address_alone(web: Web, origin: str, language: str) -> None:
    told = {"en": "bound to the console's own", "zh": "通行密钥只用于"}[language]
    with browsing(web, "operator", language) as client:
        assert "data-passkey" not in client.get("/login").text
        page = unescape(client.get("/passkeys").text)
        assert told in page
        assert 'action="/passkeys/new"' not in page
        assert '<a href="/passkeys"' in client.get("/").text
        set_address(web, None)
        try:
            assert '<a href="/passkeys"' not in client.get("/").text
        finally:
            set_address(web, origin)


def test_an_administrator_takes_passkeys_away_by_commands(
    web: Web, owner: tuple[str, Passkey], capsys: pytest.CaptureFixture[str]
) -> None:
    name, key = owner
    hub = ["--hub", str(web.hub.laboratory.folder.path)]
    assert main(["hub", *hub, "passkey", "list", name]) == 0
    assert "laptop" in capsys.readouterr().out
    assert main(["hub", *hub, "passkey", "remove", name, "999999"]) != 0
    with in_session(web, name) as person:
        assert main(["hub", *hub, "passkey", "remove", name]) == 0
        problem(person.get("/passkeys"), 401)
    with stranger(web) as client:
        assert problem(come_in(client, key), 401) == NOT_BY_THIS
    assert main(["hub", *hub, "passkey", "remove", name]) != 0


def test_what_is_taken_along_leads_to_the_address_that_is_set(web: Web, origin: str) -> None:
    with browsing(web, "customer") as client:
        form = {"csrf": token(client.get("/notices"))}
        client.headers["Host"] = "elsewhere.example"
        client.headers["Origin"] = f"{web.url.partition('://')[0]}://elsewhere.example"
        made = client.post("/notices/calendar", data=form)
        assert f"<code>{origin}/calendar/" in unescape(made.text), made.text
