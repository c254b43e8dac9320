"""Who signs, issues, amends, revokes, enters users, makes tokens or lets a screen show is asked again who
they are; who stops a run never is."""

import pytest
from test_web_pages import browsing, token
from web_laboratory import DIGEST, PASSWORD, Web, problem

from remotecal.cli.at_hub import AtHub
from remotecal.errors import NotAllowed, NotLoggedIn, NotThere

CHIEF = {"operator", "approver", "administrator"}
LATER = 301.0
"""Seconds after which it is asked again."""
AMENDED = {"reason": {"en": "name"}, "customer": {"en": "Second"}}
BY_API = {
    ("POST", "/runs/here/X/certificate/signatures"): {},
    ("POST", "/runs/here/X/certificate/issue"): {},
    ("POST", "/runs/here/X/certificate/amendments"): AMENDED,
    ("POST", "/stations/nowhere/codes"): {},
    ("DELETE", "/stations/nowhere/codes"): {},
    ("POST", "/stations/nowhere/revoke"): {},
    ("POST", "/resting/assessments"): {"number": "M1", "digest": "0" * 64, "text": "nothing"},
    ("POST", "/resting/assessments/1/signature"): {
        "signed": {"at": "2026-01-01T00:00:00Z", "certificate": "0" * 64},
        "signature": {"value": "", "certificates": [""]},
    },
    ("POST", "/standards/back-in-service"): {"number": "M1", "reason": "good"},
    ("POST", "/walls"): {"place": "hall", "language": "en"},
    ("POST", "/tokens"): {"role": "operator", "label": "planning"},
    ("PUT", "/users/somebody"): {"roles": ["reader"], "enabled": False},
}
BY_FORM = (
    "/review/here/X/issue",
    "/amend?number=X",
    "/recall?number=X",
    "/resting/assess",
    "/walls",
    "/stations",
    "/stations/here/revoke",
    "/stations/nowhere/withdraw",
    "/standard/back",
)
STOPPING = ("pause", "abort", "go_on", "take_control", "release_control")


@pytest.fixture(scope="module", autouse=True)
def chief(web: Web) -> None:
    """Somebody who may do it all."""
    web.users.put("chief", roles=CHIEF, password=DIGEST)


def test_a_session_is_asked_again_and_a_program_is_not(web: Web) -> None:
    with web.log_in("chief") as person, web.token("chief", "operator") as program:
        for (method, address), body in BY_API.items():
            done = person.request(method, address, json=body)
            assert done.status_code in {201, 204, 404, 409, 422}, address
        with web.clock.put_forward(LATER):
            for (method, address), body in BY_API.items():
                refused = person.request(method, address, json=body)
                assert "password once more" in problem(refused, 403), address
            assert len(web.users.tokens_of("chief")) == 2, "the program's, and the one made in time"
            for verb in STOPPING:
                said = {"verb": verb, "argument": "enough"}
                problem(person.post("/runs/here/X/commands", json=said), 404)
            problem(program.post("/runs/here/X/certificate/amendments", json=AMENDED), 404)
            assert "session" in problem(program.put("/session", json={"password": PASSWORD}), 403)
            problem(person.put("/session", json={"password": "wrong"}), 401)
            assert "password once more" in problem(person.post("/runs/here/X/certificate/issue"), 403)
            csrf = person.headers.pop("X-CSRF-Token")
            problem(person.put("/session", json={"password": PASSWORD}), 403)
            person.headers["X-CSRF-Token"] = csrf
            assert person.put("/session", json={"password": PASSWORD}).json()["name"] == "chief"
            problem(person.post("/runs/here/X/certificate/issue"), 404)
        with web.clock.put_forward(2 * LATER):
            assert "password once more" in problem(person.post("/runs/here/X/certificate/issue"), 403)


def test_the_command_that_files_signatures_gives_the_password_again(web: Web) -> None:
    def file(hub: AtHub) -> None:
        hub.post("/runs/here/X/certificate/signatures", b"<x/>", "application/xml")

    with AtHub(web.url, web.clock.now) as hub:
        hub.log_in("chief", PASSWORD)
        with pytest.raises(NotThere):
            file(hub)
        assert not hub.asks_again
        with web.clock.put_forward(LATER):
            assert hub.asks_again
            with pytest.raises(NotAllowed, match="password once more"):
                file(hub)
            with pytest.raises(NotLoggedIn):
                hub.say_again("wrong")
            assert hub.asks_again
            hub.say_again(PASSWORD)
            assert not hub.asks_again
            with pytest.raises(NotThere):
                file(hub)
    with web.token("chief", "operator") as program, AtHub(web.url, web.clock.now) as hub:
        hub.use_token(program.headers["Authorization"].removeprefix("Bearer "))
        with web.clock.put_forward(LATER), pytest.raises(NotThere):
            file(hub)
        assert not hub.asks_again


def test_a_clock_that_was_set_back_lets_nothing_count_for_longer(web: Web) -> None:
    with web.clock.put_forward(3 * LATER), web.log_in("chief") as person:
        problem(person.post("/runs/here/X/certificate/issue"), 404)
        with web.clock.put_forward(-3 * LATER):
            assert "password once more" in problem(person.post("/runs/here/X/certificate/issue"), 403)
        with web.clock.put_forward(-86400.0):
            problem(person.get("/session"), 401)
        with web.clock.put_forward(-86400.0), browsing(web, "chief") as client:
            assert client.get("/live").status_code == 200


def test_so_it_is_on_pages_and_to_look_on_is_no_answer(web: Web) -> None:
    with browsing(web, "chief") as client:
        form = {"csrf": token(client.get("/")), "sure": "yes"}
        for address in BY_FORM:
            assert "Who are you?" not in client.post(address, data=form).text, address
        with web.clock.put_forward(LATER / 2), client.stream("GET", "/news") as stream:
            assert next(stream.iter_lines()) == "event: parts"
            assert client.get("/live").status_code == 200
        with web.clock.put_forward(LATER):
            for address in BY_FORM:
                assert "Who are you?" in client.post(address, data=form).text, address
            for verb in STOPPING:
                sent = form | {"verb": verb, "argument": "enough"}
                assert client.post("/runs/here/X/commands", data=sent).status_code == 404, verb
            assert client.post("/orders/X/cancel", data=form | {"reason": "no"}).status_code == 404
