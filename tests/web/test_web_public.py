"""The public page of a certificate: what anybody is told, how often, and what is never told."""

import re
import sys
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import FrameType

import pytest
from asked import asking
from sqlalchemy import update
from starlette.requests import Request
from test_web_certificates import issued
from test_web_pages import browsing
from web_laboratory import Web, fetch

import remotecal
from remotecal.certificates.signing.seal import SealKey
from remotecal.certificates.trust import Revocation
from remotecal.certificates.trust_issues import revoke
from remotecal.errors import NotThere
from remotecal.hub.issued import enter_issued
from remotecal.hub.noticing import Noticing
from remotecal.model import Text
from remotecal.store.tables import signed_certificates
from remotecal.web.office import Office
from remotecal.web.pages import public
from remotecal.web.pages.frame import for_anybody
from remotecal.web.pages.public import show_certificate
from remotecal.web.sparing import MOST

SOURCE = f"{Path(remotecal.__file__).parent}/"


@pytest.fixture(scope="module")
def run(web: Web) -> str:
    return web.do(web.carried_out())


@pytest.fixture(scope="module")
def number(web: Web, run: str) -> str:
    return issued(web, run)


@pytest.fixture
def address(web: Web, run: str, number: str) -> str:
    """Where its public page is; and a minute later than what was asked before."""
    web.clock.ahead += 61.0
    with browsing(web, "operator") as client:
        page = client.get(f"/certificates?q={number}").text
    (found,) = set(re.findall(r'href="(/v/[A-Za-z0-9_-]{22})"', page))
    return found


def test_anybody_is_told_whether_it_counts(web: Web, run: str, number: str, address: str) -> None:
    with web.token("operator") as operator:
        files = [operator.get(f"/runs/here/{run}/certificate.{kind}").content for kind in ("xml", "pdf")]
    for language, said in (("en", "neither revoked nor replaced"), ("zh", "未被撤销或替换")):
        with browsing(web, language=language) as anybody:
            page = anybody.get(address)
        assert page.status_code == 200
        assert said in page.text
        assert number in page.text
        assert all(sha256(content).hexdigest() in page.text for content in files)
        assert "remotecal verify" in page.text
        shown = page.text.replace(address, "")  # its letters are drawn, and M1 may be among them
        for secret in ("Customer", "Street 1", "Person", run, "/api/", "M1"):
            assert secret not in shown, secret


def _look(web: Web) -> int:
    laboratory = web.hub.laboratory
    return Noticing(laboratory.folder, laboratory.store, web.clock).look()


def _told(web: Web, about: str) -> set[str]:
    """Return who was told of a certificate."""
    return {row.to for row in web.hub.laboratory.store.notices.all() if row.about == about}


def test_of_a_longer_serial_number_its_end_is_told_and_no_more(
    web: Web, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert public.SHOWN == 4
    monkeypatch.setattr(public, "SHOWN", 1)  # M1 is longer than that
    with browsing(web) as anybody:
        page = anybody.get(address).text.replace(address, "")
    assert "<dd>…1</dd>" in page
    assert "M1" not in page


def test_what_was_revoked_is_told_with_day_and_reason(web: Web, run: str, number: str, address: str) -> None:
    folder = web.hub.laboratory.folder.path
    before = {path: path.read_bytes() for path in (folder / "trust.toml", folder / "trust.toml.sig")}
    today = datetime.now(UTC).date()
    with web.token("operator") as operator:
        meter = {"name": "Meter", "serial": "M1", "months": 12}
        item = operator.post("/items", json=meter).json()["id"]
        assert operator.get(f"/items/{item}").json()["certificate"] == number
    with browsing(web, "operator") as client:
        assert client.get("/label", params={"number": number}).status_code == 200
        assert "<strong>revoked</strong>" not in client.get(f"/items/{item}").text
    entry = Revocation(what="certificate", id=number, reason=Text.plain("wrong standard"), since=today)
    try:
        revoke(folder / "trust.toml", entry, SealKey.read(folder / "keys" / "list-issuer.pem"), today)
        page = fetch(web.url + address).text
        assert all(said in page for said in ("revoked", f"since {today}", "wrong standard"))
        assert "neither revoked" not in page
        with browsing(web, "operator") as client:
            refused = client.get("/label", params={"number": number})
            assert (refused.status_code, "was revoked" in refused.text) == (409, True)
            assert client.get("/label.pdf", params={"number": number}).status_code == 409
            for told in (f"/items/{item}", "/items"):
                assert "<strong>revoked</strong>" in client.get(told).text, told
            assert number not in client.get(f"/items/{item}").text.split("</dl>", 1)[1]  # its history
        _look(web)
        with web.token("operator") as operator:
            kept = operator.get(f"/items/{item}").json()
            assert (kept["certificate"], kept["calibrated"], kept["due"]) == ("", None, None)
            operator.put(f"/items/{item}", json=meter | {"months": 6})
            assert operator.get(f"/items/{item}").json()["certificate"] == ""
            assert operator.get(f"/items/{item}/calibrations").json() == []
        assert _told(web, number) == {"operator"}
        web.hub.laboratory.store.items.count_without([])  # a list that was corrected
        with web.token("operator") as operator:
            assert operator.get(f"/items/{item}").json()["certificate"] == number
        web.hub.laboratory.store.orders.assign(run, "acme")
        assert (_look(web), _look(web)) == (1, 0)
        assert _told(web, number) == {"operator", "customer"}
        with browsing(web, "customer") as client:
            assert f"{number}: wrong standard" in client.get("/notices").text
        (folder / "trust.toml.sig").write_bytes(b"forged")
        page = fetch(web.url + address).text
        assert "be told now" in page
        assert "neither revoked" not in page
    finally:
        for path, content in before.items():
            path.write_bytes(content)
        _look(web)


def test_whatever_is_no_certificate_gets_the_same_answer(
    web: Web, run: str, number: str, address: str
) -> None:
    other = address[:-1] + ("A" if address[-1] != "A" else "B")
    pages = {fetch(web.url + wrong).text for wrong in (other, "/v/x", f"/v/{number}", "/v/" + "Ü" * 22)}
    said = {re.sub(r'value="/v/[^"]*"', "", page) for page in pages}
    assert len(said) == 1
    assert fetch(web.url + other).status_code == 404


def steps(web: Web, where: str) -> tuple[list[str], Counter[str]]:
    """Return what is asked of the database before a page is made, and what else is done for that."""
    office, done = Office(web.hub.laboratory, web.clock), Counter()
    request = Request({"type": "http", "path": where, "headers": [], "client": ("127.0.0.1", 1)})

    def note(frame: FrameType, event: str, what: object) -> None:
        if frame.f_code is for_anybody.__code__:
            sys.setprofile(None)
        elif event == "c_call" and getattr(what, "__name__", "") in {"open", "openssl_sha256"}:
            done[what.__name__] += 1
        elif event == "call" and SOURCE in frame.f_code.co_filename:
            done[f"{frame.f_code.co_filename}:{frame.f_code.co_qualname}"] += 1

    with asking(web.hub.laboratory.store) as sent, suppress(NotThere, KeyError):
        sys.setprofile(note)
        try:
            show_certificate(where.rpartition("/")[2], request, office)
        finally:
            sys.setprofile(None)
    return [one.statement for one in sent], done


def test_what_is_no_certificate_takes_as_much_as_one(web: Web, address: str) -> None:
    """The same is looked up, read, parsed and hashed; only the page itself is another."""
    other = address[:-1] + ("A" if address[-1] != "A" else "B")
    for where in (address, other):
        steps(web, where)  # what is remembered is found
    (asked, known), (asked_of_none, unknown) = steps(web, address), steps(web, other)
    assert asked == asked_of_none
    assert known == unknown
    assert (len(asked), known["open"] > 1, known["openssl_sha256"] > 1) == (2, True, True)


def test_an_address_is_answered_so_often_in_a_minute(web: Web, address: str) -> None:
    web.clock.ahead += 61.0
    with browsing(web) as one:
        answers = [one.get("/v/" + "x" * 22).status_code for _ in range(2 * MOST)]
        assert answers.count(404) in range(MOST, 2 * MOST)  # more where a minute begins meanwhile
        assert 429 in answers
        assert one.get("/login").status_code == 200
    web.clock.ahead += 61.0
    assert fetch(web.url + address).status_code == 200


def test_a_database_that_forgot_makes_the_same_address_again(web: Web, address: str) -> None:
    laboratory = web.hub.laboratory
    with laboratory.store.database.begin() as connection:
        connection.execute(update(signed_certificates).values(token=None))
    assert fetch(web.url + address).status_code == 404
    assert enter_issued(laboratory.folder, laboratory.store, 1.0) == ()
    assert fetch(web.url + address).status_code == 200
