"""Who says nothing keeps nobody out: bounds on connections, headers, bodies and guesses."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pytest
from laboratories import PATIENCE
from web_laboratory import PASSWORD, Web, problem

from remotecal.pages import serving
from remotecal.transport import doors, enrolment, moderation

STRANGER = "127.0.0.9"
IDLE = 100


def connect(address: str, stack: ExitStack, number: int = IDLE) -> list[socket.socket]:
    """Return connections of a stranger who says nothing."""
    host, port = address.rsplit(":", 1)
    return [
        stack.enter_context(socket.create_connection((host, int(port)), 10, (STRANGER, 0)))
        for _ in range(number)
    ]


def shut_out(connection: socket.socket) -> bool:
    """Tell whether the other side ended a connection, once it did."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_idle_connections_leave_the_api_to_others(web: Web) -> None:
    with ExitStack() as stack:
        idle = connect(urlsplit(web.url).netloc, stack)
        bound = web.hub.laboratory.folder.settings.api.connections_of_one
        assert all(shut_out(connection) for connection in idle[bound:])
        with web.log_in("operator") as person:
            assert person.get("/orders").status_code == 200


def test_idle_connections_leave_enrolment_to_others(web: Web) -> None:
    address = web.hub.laboratory.folder.settings.enrolment.address
    with ExitStack() as stack:
        idle = connect(address, stack)
        assert all(shut_out(connection) for connection in idle[enrolment.OF_ONE :])
        assert asyncio.run(enrolment.ask_authority(address)).startswith(b"-----BEGIN CERTIFICATE")


def test_who_says_nothing_is_shut_out(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "GREETED_WITHIN", 0.05)
    monkeypatch.setattr(serving, "HEADERS_WITHIN", 30)
    with ExitStack() as stack:
        for address in (urlsplit(web.url).netloc, web.hub.laboratory.folder.settings.enrolment.address):
            (idle,) = connect(address, stack, 1)
            assert shut_out(idle)


@pytest.mark.parametrize("begun", [b"", b"GET /api/v1/orders HTTP/1.1\r\nHost: here\r\nX-"])
def test_headers_that_never_end_are_not_waited_for(
    web: Web, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(serving, "HEADERS_WITHIN", 0.05)
    with ExitStack() as stack:
        (slow,) = connect(urlsplit(web.url).netloc, stack, 1)
        slow.sendall(begun)
        assert shut_out(slow)


def test_a_request_that_is_never_whole_is_not_waited_for(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "BODY_WITHIN", 0.05)
    with ExitStack() as stack:
        (slow,) = connect(urlsplit(web.url).netloc, stack, 1)
        slow.sendall(
            b"POST /api/v1/session HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        assert slow.recv(100).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("full", [False, True])
def test_a_connection_waits_for_the_next_request_while_there_is_room(
    web: Web, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    """As long as it is to where there is room, and where there is none; the other time is far longer."""
    monkeypatch.setattr(serving, "HEADERS_WITHIN", 600)
    monkeypatch.setattr(serving, "KEPT", 600 if full else 0.05)
    monkeypatch.setattr(serving, "KEPT_WHERE_FULL", 0.05 if full else 600)
    address = urlsplit(web.url).netloc
    bounds = web.hub.laboratory.folder.settings.api
    half = bounds.connections // (2 * bounds.connections_of_one)
    with ExitStack() as stack:
        for number in range(half if full else 0):
            for _ in range(bounds.connections_of_one):
                host, port = address.rsplit(":", 1)
                source = (f"127.0.3.{1 + number}", 0)
                stack.enter_context(socket.create_connection((host, int(port)), 10, source))
        (one,) = connect(address, stack, 1)
        one.settimeout(PATIENCE)
        one.sendall(b"GET /login HTTP/1.1\r\nHost: here\r\n\r\n")
        while one.recv(65536):
            pass


def test_an_answer_that_nobody_takes_is_not_kept(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "READ_WITHIN", 0.2)
    host, port = urlsplit(web.url).netloc.rsplit(":", 1)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(PATIENCE)
        deaf.connect((host, int(port)))
        with suppress(ConnectionError):
            while True:  # the hub takes no more requests, and then ends it
                deaf.sendall(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: here\r\n\r\n")


def test_an_application_nested_without_end_is_told_in_a_line(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = web.hub.laboratory.folder.settings.enrolment.address.rsplit(":", 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, int(port)), PATIENCE) as plain,
        context.wrap_socket(plain) as wrapped,
    ):
        wrapped.sendall(b"[" * 60_000 + b"\n")
        assert shut_out(wrapped)
    assert "an application could not be dealt with" in caplog.text
    assert "Traceback" not in caplog.text


def test_an_ipv6_client_is_its_network() -> None:
    same, other = "2001:db8::1", "2001:db8:0:1::1"
    assert doors._told_apart(same) == doors._told_apart("2001:db8::ffff:2") != doors._told_apart(other)
    assert doors._told_apart("192.0.2.1") != doors._told_apart("192.0.2.2")


def test_one_client_can_not_fill_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(moderation.time, "monotonic", lambda: now[0])
    moderated = moderation.Moderation()

    def complaint(line: int) -> logging.LogRecord:
        return logging.LogRecord("x", logging.WARNING, "here.py", line, "no %s", ("place",), None)

    assert [moderated.filter(complaint(1)) for _ in range(100)].count(True) == moderation.MOST
    assert moderated.filter(complaint(2))
    now[0] += moderation.MINUTE
    later = complaint(1)
    assert moderated.filter(later)
    assert later.getMessage() == f"no place (and {100 - moderation.MOST} more like it before)"


def test_tokens_end_with_the_password(web: Web) -> None:
    web.users.put("tokens", roles={"operator"}, password=web.users.find("operator").password)
    with web.token("tokens") as program, web.log_in("tokens") as person:
        assert program.get("/orders").status_code == 200
        change = {"old": PASSWORD, "new": "kolben-nassau-drei-Ufer"}
        assert person.put("/session/password", json=change).status_code == 204
        problem(program.get("/orders"), 401)
    with web.token("tokens") as program, web.log_in("administrator") as person:
        assert program.get("/orders").status_code == 200
        entered = {"roles": ["operator"], "password": "another kolben-nassau"}
        assert person.put("/users/tokens", json=entered).status_code == 200
        problem(program.get("/orders"), 401)


def test_the_last_administrator_stays(web: Web) -> None:
    with web.log_in("administrator") as person:
        for change in ({"roles": ["operator"]}, {"roles": ["administrator"], "enabled": False}):
            assert "last administrator" in problem(person.put("/users/administrator", json=change), 422)
        assert person.get("/users").status_code == 200


@pytest.mark.parametrize(
    "plain", ["password1234", "aaaaaaaaaaaa", "123456789012", "qwertyuiop12", "administrator", "liaoliao-li"]
)
def test_a_password_that_anybody_would_try_is_refused(web: Web, plain: str) -> None:
    with web.log_in("administrator") as person:
        entered = {"roles": ["operator"], "password": plain}
        said = problem(person.put("/users/liaoliao", json=entered), 422)
    assert "easily guessed" in said or "characters" in said


def test_a_stranger_can_not_lock_the_owner_out(web: Web) -> None:
    web.users.put("owner", roles={"operator"}, password=web.users.find("operator").password)
    with web.log_in("owner", "127.0.0.7") as browser:
        browser.delete("/session")
        with web.client("127.0.0.7") as neighbour:
            codes = {
                neighbour.post("/session", json={"name": "owner", "password": f"guess {n}"}).status_code
                for n in range(8)
            }
            assert codes == {401, 429}
            problem(neighbour.post("/session", json={"name": "owner", "password": PASSWORD}), 429)
        assert browser.post("/session", json={"name": "owner", "password": PASSWORD}).status_code == 201
        for n in range(5):
            problem(browser.post("/session", json={"name": "owner", "password": f"guess {n}"}), 401)
        problem(browser.post("/session", json={"name": "owner", "password": PASSWORD}), 429)


def test_another_users_device_is_nobodys(web: Web) -> None:
    web.users.put("second", roles={"operator"}, password=web.users.find("operator").password)
    with web.log_in("operator", "127.0.0.8") as browser:
        browser.delete("/session")
        for n in range(5):
            problem(browser.post("/session", json={"name": "second", "password": f"guess {n}"}), 401)
        problem(browser.post("/session", json={"name": "second", "password": PASSWORD}), 429)
