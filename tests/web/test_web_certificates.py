"""The list of certificates: whose they are, how far they have come, and what is said against them."""

import json
import re
from datetime import UTC, datetime

import pytest
from test_web_pages import browsing
from test_web_review import FILED, sign_as
from web_laboratory import Web

from remotecal.certificates.signing.seal import SealKey
from remotecal.certificates.trust import Revocation
from remotecal.certificates.trust_issues import revoke
from remotecal.hub.run_at import RunAt
from remotecal.model import Text
from remotecal.store.indexed import Indexed
from remotecal.store.tables import run_items


@pytest.fixture
def run(web: Web) -> str:
    return web.do(web.carried_out())


def number_of(web: Web, run: str) -> str:
    return RunAt(web.hub.laboratory.folder, web.hub.laboratory.store, "here", run).record().number


def issued(web: Web, run: str) -> str:
    """Have a run's certificate issued, and return its number."""
    for duty in FILED:
        sign_as(web, run, duty)
    with web.token("administrator") as administrator:
        assert administrator.post(f"/runs/here/{run}/certificate/issue").status_code == 200
    return number_of(web, run)


def called_at_length(web: Web, run: str) -> None:
    """Have customer and device of a run named by 600 bytes."""
    store = web.hub.laboratory.store
    start = json.loads(store.journals.lines("here", run)[0])
    order = start["data"]["order"]
    order["customer"]["name"] = order["dut"]["name"] = {"zh": "水" * 200}
    indexed = Indexed()
    indexed.take("here", run, "start", 1, json.dumps(start).encode())
    with store.database.begin() as connection:
        connection.execute(run_items.delete().where(run_items.c.run == run))
        indexed.write(connection, store.database)


def rows(page: str) -> list[str]:
    return page.split("<tr>")[2:]


def test_a_certificate_comes_to_its_customer_once_it_is_issued(web: Web, run: str) -> None:
    web.hub.laboratory.store.orders.assign(run, "acme")
    number, pdf = number_of(web, run), f"/api/v1/runs/here/{run}/certificate.pdf"
    with browsing(web, "operator") as staff, browsing(web, "customer") as acme, browsing(web, "bolt") as bolt:
        (line,) = [row for row in rows(staff.get("/certificates").text) if run in row]
        assert number in line
        assert "draft" in line
        assert f"/review/here/{run}" in line
        assert pdf not in line
        assert run not in acme.get("/certificates").text
        assert issued(web, run) == number
        web.clock.ahead += 61  # who signs is remembered for a minute
        for client in (staff, acme):
            for address in ("/certificates", f"/certificates?q={number}", "/certificates?q=M1"):
                (line,) = [row for row in rows(client.get(address).text) if run in row]
                said = re.sub(r"<[^>]+>", "", line)
                assert "issued: administrator" in said
                assert "performed: Person" in said  # as the certificate names whoever performs
                assert "Customer" in line
            assert client.get(pdf).content.startswith(b"%PDF")
        assert len(rows(acme.get(f"/certificates?q={number}").text)) == 1
        for address in ("/certificates", f"/certificates?q={number}"):
            assert run not in bolt.get(address).text
        assert "There is none." in staff.get("/certificates?q=nothing").text
        called_at_length(web, run)
        assert "水" * 165 + "…" in staff.get("/certificates").text
        with web.token("operator") as api:
            (one,) = api.get(f"/calibrated?number={number}").json()
        assert one["customer"] == one["name"] == {"zh": "水" * 165 + "…"}


def test_the_list_goes_on_page_by_page(web: Web, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = web.do(web.carried_out())
    monkeypatch.setattr("remotecal.web.pages.certificates.ON_A_PAGE", 1)
    seen, address = [], "/certificates"
    with browsing(web, "operator") as staff:
        for _ in range(20):
            page = staff.get(address).text
            seen += rows(page)
            if 'rel="next" href="' not in page:
                break
            address = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert (other in seen[0], run in seen[1]) == (True, True)
    assert len(seen) == len({row.partition("<td")[2] for row in seen}) == web.orders


def test_what_the_trust_list_says_against_a_certificate_is_shown(web: Web, run: str) -> None:
    number, folder = issued(web, run), web.hub.laboratory.folder.path
    key = SealKey.read(folder / "keys" / "list-issuer.pem")
    before = {path: path.read_bytes() for path in (folder / "trust.toml", folder / "trust.toml.sig")}
    reason = Text(zh="客户名称错误", en="wrong customer")
    entry = Revocation(what="certificate", id=number, reason=reason, superseded_by="C-9999")
    try:
        revoke(folder / "trust.toml", entry, key, datetime.now(UTC).date())
        with browsing(web, "operator") as client:
            (line,) = [row for row in rows(client.get("/certificates").text) if run in row]
            assert "replaced by C-9999" in line
            assert "wrong customer" in line
        (folder / "trust.toml.sig").write_bytes(b"forged")
        with browsing(web, "operator", "zh") as client:
            page = client.get("/certificates")
            assert page.status_code == 200
            assert "客户名称错误" not in page.text
            assert "信任列表不可用" in page.text
    finally:
        for path, content in before.items():
            path.write_bytes(content)
