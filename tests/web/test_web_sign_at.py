"""A certificate at a hub is signed where the key is: fetched, computed again there, shown, and filed."""

import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from little_room import files_up_to
from tiny import PROCEDURE
from web_laboratory import PASSWORD, Web

from remotecal.certificates.signing.xml import read_signatures
from remotecal.cli.at_hub import AtHub
from remotecal.errors import ConfigurationError, NotConnected
from remotecal.private_files import write_private

USERS = {"performed": "operator", "reviewed": "reviewer", "approved": "approver", "issued": "administrator"}


@pytest.fixture
def run(web: Web) -> str:
    return f"here/{web.do(web.carried_out())}"


def key_of(web: Web, duty: str) -> Path:
    return web.hub.laboratory.folder.path / "keys" / f"{duty}.pem"


def sign_at(
    web: Web,
    run: str | list[str],
    key: Path | str,
    typed: str,
    *more: str,
    trusting: bool = True,
    locale: str = "C.UTF-8",
) -> tuple[int, str]:
    """Sign as whoever types that, with no terminal; returns the exit code, and all that was printed."""
    hub = web.hub.laboratory.folder.path
    trust = ["--trust", str(hub / "trust.toml"), "--trust-key", str(hub / "keys" / "list-issuer.pub.pem")]
    ours = ["--procedure", str(PROCEDURE), "--driver", "tiny:TinySource", "--driver", "tiny:TinyMeter"]
    runs = [run] if isinstance(run, str) else run
    command = [sys.executable, "-W", "ignore", "-m", "remotecal", "sign", "--at", web.url, *runs, "--key",
               str(key), *ours, *(trust if trusting else []), *more]  # fmt: skip
    path = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), str(PROCEDURE.parent)])
    there = {**os.environ, "PYTHONPATH": path, "LC_ALL": locale, "COLUMNS": "200"}
    done = subprocess.run(
        command, input=typed, capture_output=True, text=True, env=there, start_new_session=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def signed_by(web: Web, run: str) -> list[str]:
    with web.token("operator") as operator:
        return [one.duty for one in read_signatures(operator.get(f"/runs/{run}/certificate.xml").content)]


def test_three_persons_and_the_laboratory_sign_where_their_keys_are(web: Web, run: str) -> None:
    for place, (duty, user) in enumerate(USERS.items()):
        code, said = sign_at(web, run, key_of(web, duty), f"{PASSWORD}\nyes\n", "--user", user)
        assert code == 0, said
        assert "computed again from the journal, and the same to the last digit" in said
        assert "Meter M1" in said
        assert f"is {duty} at {web.url}" in said
        assert signed_by(web, run) == list(USERS)[: place + 1]
    with web.token("operator") as operator:
        assert operator.get(f"/runs/{run}/certificate.pdf").content.startswith(b"%PDF")
    assert [who for who, what, _ in web.audit() if what == "sign"][:4] == [*USERS.values()][::-1]
    assert next(who for who, what, _ in web.audit() if what == "logout") == "administrator"


def test_a_pin_is_asked_for_where_the_key_has_one(web: Web, run: str, tmp_path: Path) -> None:
    plain = key_of(web, "performed").read_bytes()
    private = load_pem_private_key(plain, None)
    locked = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"2580"))
    key, token = tmp_path / "me.pem", tmp_path / "token"
    write_private(key, locked + plain[plain.index(b"-----BEGIN CERTIFICATE") :])
    with web.token("operator") as operator:
        write_private(token, operator.headers["Authorization"].removeprefix("Bearer ").encode())
    code, said = sign_at(web, run, key, "1111\n", "--token-file", str(token))
    assert (code, "is the password right?" in said) == (2, True), said
    assert signed_by(web, run) == []
    code, said = sign_at(web, run, key, "2580\n", "--token-file", str(token))
    assert code == 0, said
    assert signed_by(web, run) == ["performed"]


def test_nothing_is_signed_that_is_not_computed_again_here(web: Web, run: str) -> None:
    key, operator = key_of(web, "performed"), ("--user", "operator")
    code, said = sign_at(web, run, key, f"{PASSWORD}\nyes\n", *operator, trusting=False)
    assert code != 0
    assert "its results were not computed again here" in said
    assert "--trust" in said
    spoil(web, run)
    code, said = sign_at(web, run, key, f"{PASSWORD}\nyes\n", *operator)
    assert code != 0
    assert "is not signed, for it fails: results: the journal gives another" in said
    assert signed_by_row(web, run) is None


def signed_by_row(web: Web, run: str) -> object:
    station, name = run.split("/")
    return web.hub.laboratory.store.signings.latest(station, name)


@pytest.mark.parametrize("typed", [f"{PASSWORD}\nno\n", f"{PASSWORD}\n", "wrong\nyes\n"])
def test_who_does_not_say_yes_signs_nothing(web: Web, run: str, typed: str) -> None:
    code, said = sign_at(web, run, key_of(web, "performed"), typed, "--user", "operator")
    assert code != 0
    assert "nobody said yes" in said or "password is wrong" in said
    assert signed_by(web, run) == []


def test_another_persons_key_and_one_that_others_read_are_refused(web: Web, run: str, tmp_path: Path) -> None:
    code, said = sign_at(web, run, key_of(web, "reviewed"), f"{PASSWORD}\nyes\n", "--user", "operator")
    assert code != 0
    assert "Reviewer signs as performed" in said
    assert "(yes/no)" not in said, "whose turn it is not is told before the question"
    key = tmp_path / "key.pem"
    key.write_bytes(key_of(web, "performed").read_bytes())
    key.chmod(0o644)
    code, said = sign_at(web, run, key, f"{PASSWORD}\nyes\n", "--user", "operator")
    assert code != 0
    assert "others" in said.splitlines()[-1], said
    assert signed_by(web, run) == []


@pytest.mark.parametrize(
    ("hub", "said"),
    [("http://lab.example:4290", "use https"), ("ftp://127.0.0.1", "is no hub"), ("here", "is no hub")],
)
def test_no_password_is_sent_in_clear(web: Web, run: str, hub: str, said: str) -> None:
    code, told = sign_at(web, run, key_of(web, "performed"), "", "--at", hub, "--user", "operator")
    assert code == 2
    assert said in told


def test_a_hub_that_is_not_there(web: Web, run: str) -> None:
    more = ("--at", "http://127.0.0.1:9", "--user", "operator")
    code, told = sign_at(web, run, key_of(web, "performed"), f"{PASSWORD}\n", *more)
    assert code != 0
    assert "can't be reached" in told
    assert "Traceback" not in told


def spoil(web: Web, run: str) -> None:
    """Let the hub's record of a run say another number than its journal gives."""
    records, (station, name) = web.hub.laboratory.store.records, run.split("/")
    row = records.find(station, name)
    number = re.search(r'"values":\["(\d[\d.]+)"', row.record)[1]
    other = row.record.replace(f'"{number}"', f'"{number[:-1]}{(int(number[-1]) + 1) % 10}"')
    assert other != row.record
    records.put(type(row)(station, name, row.head, row.key, other, row.agrees, row.computed))


def test_several_are_signed_in_one_act_and_one_that_fails_is_left_out(web: Web) -> None:
    runs = [f"here/{web.do(web.carried_out())}" for _ in range(3)]
    spoil(web, runs[1])
    key = key_of(web, "performed")
    code, said = sign_at(web, runs, key, f"{PASSWORD}\nyes\n", "--user", "operator")
    assert code != 0
    assert "1 of 3 certificates are not signed" in said.splitlines()[-1]
    assert f"{runs[1]} is left out" in said
    assert "the journal gives another" in said
    assert said.count("computed again from the journal, and the same to the last digit") == 2
    assert said.count("(yes/no)") == 1
    told = [json.loads(data)["run"] for who, _, data in web.audit("certificate opened") if who == "operator"]
    assert [told.count(run.removeprefix("here/")) for run in runs] == [1, 1, 1], (
        "each is opened by its signer"
    )
    assert [signed_by_row(web, run) is not None for run in runs] == [True, False, True]
    code, said = sign_at(
        web, [runs[0], runs[2]], key_of(web, "reviewed"), f"{PASSWORD}\nyes\n", "--user", "reviewer"
    )
    assert code == 0, said
    assert [signed_by(web, run) for run in (runs[0], runs[2])] == [["performed", "reviewed"]] * 2
    code, said = sign_at(web, ["here/x"] + [f"here/{n}" for n in range(20)], key, "", "--user", "operator")
    assert code == 2
    assert "20 may be signed so" in said


class _Swaps(BaseHTTPRequestHandler):
    """A hub that gives what belongs to another run or device than was asked for."""

    there, asked, given = "", "", ""
    paths: ClassVar[list[str]] = []
    """What was asked for, one after the other."""

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def do_DELETE(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kept = {name: said for name, said in self.headers.items() if name not in {"Host", "Connection"}}
        path = self.path.replace(self.asked, self.given)
        self.paths.append(path)
        answer = httpx.request(self.command, self.there + path, content=body, headers=kept)
        self.send_response(answer.status_code)
        for name, said in answer.headers.items():
            if name not in {"content-encoding", "content-length", "transfer-encoding", "connection"}:
                self.send_header(name, said)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("swapped", ["run", "device"])
def test_a_hub_that_gives_anothers_certificate_gets_no_signature(web: Web, run: str, swapped: str) -> None:
    other = f"here/{web.do(web.carried_out())}" if swapped == "run" else run
    asked, given = (run, other) if swapped == "run" else ("device=dut-2", "device=")
    named = run if swapped == "run" else f"{run}/dut-2"
    handler = type("Swaps", (_Swaps,), {"there": web.url, "asked": asked, "given": given})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as lying:
        threading.Thread(target=lying.serve_forever, daemon=True).start()
        at = replace(web, url=f"http://127.0.0.1:{lying.server_port}")
        code, said = sign_at(at, named, key_of(web, "performed"), f"{PASSWORD}\nyes\n", "--user", "operator")
        lying.shutdown()
    assert code != 0, said
    assert f"is of the run {other.partition('/')[2]}" in said or "is of dut, not of dut-2" in said
    assert signed_by(web, other) == []


def test_a_runs_journal_is_fetched_once_for_all_its_certificates(web: Web, run: str) -> None:
    told: dict[str, object] = {"there": web.url, "asked": "device=dut-2", "given": "device=", "paths": []}
    handler = type("Counts", (_Swaps,), told)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as passing_on:
        threading.Thread(target=passing_on.serve_forever, daemon=True).start()
        at = replace(web, url=f"http://127.0.0.1:{passing_on.server_port}")
        named, typed = [run, f"{run}/dut-2"], f"{PASSWORD}\nyes\n"
        code, said = sign_at(at, named, key_of(web, "performed"), typed, "--user", "operator")
        passing_on.shutdown()
    assert code != 0
    assert "is of dut, not of dut-2" in said
    assert sum(path.endswith("/journal") for path in handler.paths) == 1
    assert signed_by(web, run) == ["performed"]


class _HangsUp(BaseHTTPRequestHandler):
    """A server that keeps no connection once it has answered, and does not say so, as one that grew tired."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_connection_that_ended_while_somebody_read_costs_no_signature(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), _HangsUp) as server:
        served = threading.Thread(target=server.serve_forever)
        served.start()
        try:
            with AtHub(f"http://127.0.0.1:{server.server_port}") as hub:
                assert [hub.get("/runs", tmp_path / "kept") for _ in range(3)] == [b"{}"] * 3
                hub.keep("/runs", tmp_path / "kept", 2)
                with pytest.raises(NotConnected, match="more than 1 bytes"):
                    hub.keep("/runs", tmp_path / "kept", 1)
                assert not (tmp_path / "kept").exists()
                with files_up_to(1), pytest.raises(ConfigurationError, match="kept can't be written"):
                    hub.keep("/runs", tmp_path / "kept", 2)
        finally:
            server.shutdown()
            served.join()
