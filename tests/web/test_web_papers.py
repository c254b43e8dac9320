"""A certificate on paper, typed on pages by two persons apart, becomes one that a bench reads."""

import json
import re
from hashlib import sha256
from html import unescape
from pathlib import Path

import httpx
import pytest
from dosing.bench import DosingStand
from test_web_pages import browsing, token
from web_laboratory import Web, problem

from remotecal.bench import Bench
from remotecal.certificates.dcc import read, read_file, validate
from remotecal.certificates.transcribed import told as told_by
from remotecal.model import Certificate, Record
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.execute import plan

PAPERS = "/standards/papers"
SCAN = b"%PDF-1.7 the paper"
FORM = {
    "certificate.number": "LN-2026-0815",
    "certificate.method": "JJG 1036-2022",
    "certificate.issued": "2026-06-02",
    "certificate.begun": "2026-06-01",
    "certificate.valid_until": "2027-06-01",
    "certificate.country": "CN",
    "issuer.name": "某省计量院",
    "issuer.address": "Shenyang",
    "customer.name": "Flow laboratory",
    "customer.address": "Dalian",
    "person0.name": "Wang Fang",
    "person0.duty": "approved",
    "item.name": "Balance",
    "item.serial": "B-77",
    "condition0.name": "Ambient temperature",
    "condition0.kind": "basic_temperature",
    "condition0.low": "19.5",
    "condition0.high": "20.5",
    "condition0.unit": "°C",
    "tables": "1",
    "table0.name": "Errors of indication",
    "table0.rows": "150.0\t−2.50\t3.0\n300\t+4.1\t6.2",
    "table0.0.is": "indication",
    "table0.0.unit": "kg",
    "table0.1.is": "error",
    "table0.1.unit": "g",
    "table0.2.is": "U",
    "table0.2.unit": "g",
    "table0.2.k": "2",
    "table0.2.p": "0.95",
}


def brought(client: httpx.Client, scan: bytes = SCAN, **said: str) -> httpx.Response:
    page = client.get(PAPERS)
    form = {"csrf": token(page), "key": key(page)} | said
    return client.post(PAPERS, data=form, files={"scan": ("证书 1.pdf", scan, "application/pdf")})


def key(page: httpx.Response) -> str:
    return re.search(r'name="key" value="([^"]+)"', page.text)[1]


def typed(client: httpx.Client, where: str, **said: str) -> httpx.Response:
    page = client.get(where)
    files = {"table0.upload": said.pop("upload")} if "upload" in said else {"none": b""}
    form = FORM | {"csrf": token(page), "key": key(client.get(PAPERS))} | said
    return client.post(where, data=form, files=files)


def values(page: httpx.Response) -> set[str]:
    """Return what stands in the fields of a form, but for those a paper does not fill."""
    found = set(re.findall(r'<input id="[^"]+" name="[^"]+" [^>]*value="([^"]*)"', page.text))
    return found | set(re.findall(r'<input name="[^"]+" aria[^>]*value="([^"]*)"', page.text))


def test_two_persons_type_apart_and_a_certificate_comes_out_where_they_agree(web: Web) -> None:
    with (
        browsing(web, "operator") as first,
        browsing(web, "reviewer", "zh") as second,
        browsing(web, "approver") as third,
    ):
        where = brought(first).headers["location"]
        assert typed(first, where, **{"table0.rows": "150.0 nan 3.0"}).status_code == 422
        hostile = ("9" * 5000, "０", "-1", "1e9")
        assert [typed(first, where, tables=one, **{"table0.rows": ""}).status_code for one in hostile] == [
            422
        ] * 4
        for one in ("1e-9999999999999999999999", "0e-99999999", "1e400"):
            assert typed(first, where, **{"table0.rows": f"150.0 -2.5 {one}"}).status_code == 422
        refused = typed(first, where, **{"table0.rows": "150.0 x 3.0"})
        assert (refused.status_code, "B-77" in values(refused)) == (422, True)
        assert "row 1, error" in unescape(refused.text)
        assert typed(first, where).headers["location"] == where
        assert "B-77" in values(first.get(where))

        blind = second.get(where)
        assert values(blind) == {"", "CN", "Errors of indication", "indication", "error", "U"}
        shown = re.sub(r'name="(csrf|key)" value="[^"]*"', "", blind.text)  # letters of chance
        assert "csrf" not in shown
        assert not re.search(r"150\.0|LN-2026|B-77|2027-06-01|kg", shown)
        assert "某省计量院" not in blind.text

        assert typed(second, where, **{"item.serial": "B-71"}).status_code == 303
        for client, own, other in ((first, "B-77", "B-71"), (second, "B-71", "B-77")):
            page = client.get(where).text  # who typed something else than the paper must look at the paper
            assert f"item.serial: {own}" in page
            assert other not in page
        assert not re.search("B-7[17]", third.get(where).text)
        assert typed(third, where).status_code == 403
        assert first.get(f"{where}/certificate.xml").status_code == 404
        assert typed(second, where, **{"table0.rows": "150.0 -2.5 3.0\n300 +4.1 6.2"}).status_code == 303
        assert "results 1.rows 1 2: -2.5<" in second.get(where).text.replace("\n", "<")
        assert "-2.50" not in second.get(where).text
        assert "B-7" not in str([data for _, what, data in web.audit() if what == "paper differs"])

        sent = typed(second, where)
        assert sent.status_code == 303
        assert "已生成" in second.get(where).text
        xml = third.get(f"{where}/certificate.xml")
        assert typed(first, where).status_code == 409
        assert first.get(f"{where}/scan").content == SCAN
    assert list(validate(xml.content)) == []
    record = read(xml.content)
    column = record.tables[0].column("basic_measurementError")
    assert (column.values, column.uncertainty.expanded) == (("-2.50", "+4.1"), ("3.0", "6.2"))
    said = told_by(record).get("en")
    assert "typed by operator on" in said
    assert "apart from that, by reviewer on" in said
    assert sha256(SCAN).hexdigest() in said
    paper = int(where.rpartition("/")[2])
    acts = [(who, what) for who, what, data in web.audit() if json.loads(data).get("paper") == paper]
    assert acts == [
        ("reviewer", "paper certificate"), ("reviewer", "paper typed"), ("reviewer", "paper differs"),
        ("reviewer", "paper typed"), ("reviewer", "paper differs"), ("reviewer", "paper typed"),
        ("operator", "paper typed"), ("operator", "paper"),
    ]  # fmt: skip


def test_a_table_is_brought_as_a_file_and_stays_in_a_form_that_is_refused(web: Web) -> None:
    table = ("points.csv", "示值,误差,U\n150.0,-2.50,3.0\n".encode(), "text/csv")
    with browsing(web, "operator") as first, browsing(web, "reviewer") as second:
        where = brought(first).headers["location"]
        said = {"table0.rows": ""}
        refused = typed(first, where, **said, upload=table, **{"item.serial": ""})
        kept = {
            name: re.search(rf'name="{name}" value="([^"]*)"', refused.text)[1]
            for name in ("table0.file", "table0.content")
        }
        assert typed(first, where, **said, **kept).status_code == 303
        assert typed(second, where, **said, upload=table).status_code == 303
        record = read(first.get(f"{where}/certificate.xml").content)
        assert sha256(table[1]).hexdigest() in told_by(record).get("zh")
        more = typed(first, brought(first).headers["location"], act="more")
        assert 'name="table1.rows"' in more.text
        assert "B-77" in values(more)


def test_a_refused_form_is_shown_in_the_other_language_and_nothing_is_done(web: Web) -> None:
    with browsing(web, "operator", "zh") as client:
        where = brought(client).headers["location"]
        wrong = {"table0.rows": "150.0 −2.50 3.0\n300 4,100 6.2"}
        refused = typed(client, where, **wrong, **{"certificate.country": "China", "table0.2.k": "2,0"})
        assert (
            unescape(shown(refused))
            == "国家写作 'China'：须为两个大写字母，如 CN；k 写作 '2,0'：须为不小于 1 的数字，如 2 或 2.00。"
        )
        refused = typed(client, where, **wrong)
        assert "'4,100' 可读作 4.100 或 4100" in unescape(shown(refused))
        switch = re.search('<form class="language".*?</form>', refused.text, re.DOTALL)[0]
        sent = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', switch)
        again = {name: unescape(text) for name, text in sent} | {"language": "en"}
        again["table0.rows"] = "150.0 −2.50 3.0\n300 4.100 6.2"  # that would be kept
        answer = client.post("/language", data=again, follow_redirects=True)
        assert (answer.status_code, answer.url.path) == (422, where)
        assert "'4,100' may be 4.100 or 4100" in unescape(shown(answer))
        assert {"B-77", "某省计量院"} < values(answer)
        assert "300 4.100 6.2" in answer.text
        assert web.hub.laboratory.store.papers.get(int(where.rpartition("/")[2])).first == ""


def shown(page: httpx.Response) -> str:
    """Return why a form was refused, as its page says it."""
    return re.search(r'<p class="refusal" role="alert"><span[^>]*>(.*?)</span>', page.text)[1]


SHEET: dict[str, object] = {
    "certificate": {
        "number": "LN-2026-0815", "method": "JJG 1036-2022", "issued": "2026-06-02", "begun": "2026-06-01",
        "valid_until": "2027-06-01", "country": "CN",
    },
    "issuer": {"name": "某省计量院", "address": "Shenyang"},
    "customer": {"name": "Flow laboratory", "address": "Dalian"},
    "persons": [{"name": "Wang Fang", "duty": "approved"}],
    "item": {"name": "Balance", "serial": "B-77"},
    "conditions": [
        {
            "name": "Ambient temperature", "kind": "basic_temperature", "low": "19.5", "high": "20.5",
            "unit": "°C",
        }
    ],
    "results": [
        {
            "name": "Errors of indication",
            "rows": "150.0\t−2.50\t3.0\n300\t+4.1\t6.2",
            "columns": [
                {"is": "indication", "unit": "kg"},
                {"is": "error", "unit": "g"},
                {"is": "U", "unit": "g", "k": "2", "p": "0.95"},
            ],
        }
    ],
}  # fmt: skip
"""What `FORM` says."""


def test_a_program_brings_and_types_what_a_page_does_and_a_second_person_checks(web: Web) -> None:
    with (
        web.token("operator") as first,
        browsing(web, "operator") as page,
        browsing(web, "reviewer") as second,
    ):
        for scan, name in ((b"MZ", "a.pdf"), (b"", "a.pdf"), (b"%PDF-" + bytes(10 * 2**20), "a.pdf")):
            problem(first.post("/papers", content=scan, params={"name": name}), 422)
        again = {"params": {"name": "证书 1.pdf"}, "headers": {"Idempotency-Key": "paper-1"}}
        before = len(web.audit("paper"))
        made, sent_again = (first.post("/papers", content=SCAN, **again) for _ in range(2))
        assert made.status_code == 201
        assert (sent_again.status_code, sent_again.json()) == (201, made.json())
        assert len(web.audit("paper")) == before + 1
        problem(first.post("/papers", content=SCAN + b"2", **again), 409)
        problem(
            first.post("/papers", content=SCAN, params=again["params"], headers={"Idempotency-Key": "a b"}),
            422,
        )
        paper, digest = made.json()["id"], sha256(SCAN).hexdigest()
        assert made.json().items() >= {"by": "operator", "scan_sha256": digest, "typed_by": []}.items()
        address, where = f"/papers/{paper}", f"{PAPERS}/{paper}"
        for wrong, why in (
            (SHEET | {"typed": {"by": "reviewer", "on": "2026-06-03"}}, "leave out `typed`"),
            (SHEET | {"item": {"name": "Balance"}}, "item.serial is missing"),
            (SHEET | {"results": [{"name": "a", "file": "a.csv", "columns": [{"is": "error", "unit": "g"}]}]},
             "names the file a.csv, which is not among those sent"),
        ):  # fmt: skip
            assert why in problem(first.put(f"{address}/typed", json={"sheet": wrong}), 422)
        assert first.get(address).json()["typed_by"] == []
        sent = first.put(f"{address}/typed", json={"sheet": SHEET})
        assert (sent.json()["typed_by"], sent.json()["mine"]["item"]) == (["operator"], SHEET["item"])
        own = page.get(where).text  # the form has what the program sent
        assert all(f'name="{name}"' in own for name in FORM)
        assert {"B-77", "某省计量院", "LN-2026-0815", "20.5", "kg", "0.95"} < values(page.get(where))
        assert "+4.1" in own
        assert first.put(f"{address}/typed", json={"sheet": SHEET}).json()["typed_by"] == ["operator"]
        problem(first.get(f"{address}/certificate.xml"), 404)
        assert "B-77" not in second.get(where).text
        with web.token("reviewer") as other, web.token("approver") as third:
            slipped = {**SHEET, "item": {"name": "Balance", "serial": "B-71"}}
            told = other.put(f"{address}/typed", json={"sheet": slipped}).json()
            assert ("item.serial: B-71" in told["differs"], "B-77" in str(told)) == (True, False)
            assert "item.serial: B-77" in first.get(address).json()["differs"]
            told = third.get(address).json()
            assert (told["mine"], told["differs"]) == (None, "")
            problem(third.put(f"{address}/typed", json={"sheet": SHEET}), 403)
        assert typed(second, where).status_code == 303  # apart, on the page
        finished = first.get(address).json()
        assert (finished["number"], finished["typed_by"]) == ("LN-2026-0815", ["operator", "reviewer"])
        problem(first.put(f"{address}/typed", json={"sheet": SHEET}), 409)
        xml = first.get(f"{address}/certificate.xml")
        assert xml.content == second.get(f"{where}/certificate.xml").content
        assert xml.headers["etag"] == f'"{sha256(xml.content).hexdigest()}"'
        assert first.get(f"{address}/scan").content == SCAN
        assert "typed by operator on" in told_by(read(xml.content)).get("en")
        assert first.get("/papers?limit=1").json()[0]["id"] == paper
    acts = [(who, what) for who, what, data in web.audit() if json.loads(data).get("paper") == paper]
    assert acts == [
        ("reviewer", "paper certificate"), ("reviewer", "paper typed"), ("reviewer", "paper differs"),
        ("reviewer", "paper typed"), ("operator", "paper typed"), ("operator", "paper typed"),
        ("operator", "paper"),
    ]  # fmt: skip
    with web.token("customer") as customer, web.token("reader") as reader:
        for path in ("", f"/{paper}", f"/{paper}/scan", f"/{paper}/certificate.xml"):
            problem(customer.get(f"/papers{path}"), 403)
        for client in (customer, reader):
            problem(client.post("/papers", content=SCAN, params={"name": "a.pdf"}), 403)
            problem(client.put(f"{address}/typed", json={"sheet": SHEET}), 403)


def test_a_form_is_done_once_and_by_whom_it_is_for(web: Web) -> None:
    with browsing(web, "operator") as client, browsing(web, "customer") as customer:
        page = client.get(PAPERS)
        made = [brought(client, key=key(page)).headers["location"] for _ in range(2)]
        assert made[0] == made[1]
        assert brought(client, csrf="0" * 64).status_code == 403
        assert brought(client, key="").status_code == 422
        assert brought(client, scan=b"MZ program").status_code == 422
        assert brought(client, scan=b"").status_code == 422
        assert client.get(f"{PAPERS}/{2**40}").status_code == 404
        for address in (PAPERS, made[0], f"{made[0]}/scan", f"{made[0]}/certificate.xml"):
            assert customer.get(address).status_code == 403
    with browsing(web, "reader") as reader:
        assert 'type="file"' not in reader.get(PAPERS).text
        assert 'name="item.serial"' not in reader.get(made[0]).text


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> DosingStand:
    with DosingStand.up(tmp_path_factory.mktemp("rig"), seed=4) as up:
        yield up


def test_a_bench_takes_the_certificate(web: Web, rig: DosingStand) -> None:
    bench = Bench.load(rig.bench)
    path: Path = rig.bench.parent / bench.file.instruments["balance"].certificate
    original = read_file(path)
    said = printed(original)
    with browsing(web, "operator") as first, browsing(web, "reviewer") as second:
        where = brought(first).headers["location"]
        for client in (first, second):
            assert typed(client, where, **said).status_code == 303
        path.write_bytes(first.get(f"{where}/certificate.xml").content)
    order = Order.load(rig.order)
    assert plan(order, find(order.order.procedure), Bench.load(rig.bench), rig.clock, "run").start.points
    points = ("basic_measurementError", "basic_measuredValue")
    assert Certificate(read_file(path)).points(*points) == Certificate(original).points(*points)


def printed(record: Record) -> dict[str, str]:
    """Return what somebody would type of what a certificate prints."""
    table = record.tables[0]
    at, error = table.column("basic_measuredValue"), table.column("basic_measurementError")
    rows = "\n".join(map(" ".join, zip(at.values, error.values, error.uncertainty.expanded, strict=True)))
    return {
        "table0.rows": rows,
        "table0.0.unit": at.unit,
        "table0.1.unit": error.unit,
        "table0.2.unit": error.unit,
        "item.serial": record.items[0].serials[0],
        "certificate.begun": "",
        "certificate.issued": record.issued.isoformat(),
        "certificate.valid_until": Certificate(record).valid_until.isoformat(),
    }
