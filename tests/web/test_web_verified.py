"""A meter calibrated by orders over the API alone; what a customer fetches holds in every check."""

import re
import time
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dosing.bench import DosingStand
from web_laboratory import NAMES, Web

from remotecal.certificates.approval import sign
from remotecal.certificates.signing.xml import sign_xml
from remotecal.cli import main
from remotecal.clock import SharedClock
from remotecal.journal.events import read_journal
from remotecal.station.folder import StationFolder

FILED = {"performed": "operator", "reviewed": "reviewer", "approved": "approver"}


def wanted(file: Path) -> dict[str, object]:
    """Return the stand's order for two speeds, as those sign whose keys the laboratory has."""
    text = re.sub(
        r"^speeds = \[([^,]+), ([^,]+),.*$", r"speeds = [\1, \2]", file.read_text(), flags=re.MULTILINE
    )
    order = tomllib.loads(text)
    order["order"].pop("bench", None)
    order["laboratory"]["name"] = {"zh": "实验室", "en": "Laboratory"}
    order["persons"] = [{"name": NAMES[duty], "duty": duty} for duty in FILED]
    return order


def carry_out(web: Web, bench: Path, order: dict[str, object]) -> str:
    """Order a run of a bench at the station, and return where it is once the record is computed."""
    settings = web.site.folder.path / "station.toml"
    before = settings.read_text()
    settings.write_text(re.sub(r"^benches = .*$", f'benches = ["{bench}"]', before, flags=re.MULTILINE))
    web.site.folder = StationFolder(web.site.folder.path)
    name = tomllib.loads(bench.read_text())["bench"]["name"]

    async def whole() -> str:
        async with web.site.up():
            row = web.hub.laboratory.store.orders.find(issued)
            await web.site.state(row, "signed")
            await web.site.recomputed(row)
        return issued

    with web.token("operator") as operator:
        answer = operator.post(
            "/orders", json={"station": "here", "bench": name, "account": "acme", "order": order}
        )
        assert answer.status_code == 201, answer.text
        issued = answer.json()["id"]
        assert operator.get(answer.headers["location"].removeprefix("/api/v1")).json()["id"] == issued
    return f"/runs/here/{web.do(whole())}"


def test_what_a_customer_fetches_holds(web: Web, tmp_path: Path) -> None:
    paper = tmp_path / "bench"
    clock = SharedClock.begin(paper / "clock", time.time() - 86400)
    with DosingStand.up(paper, seed=7, clock=clock) as rig:
        for path in paper.glob("*.xml"):
            institute = web.keys.signers["institute"]
            before_use = datetime.now(UTC) - timedelta(days=2)
            path.write_bytes(sign_xml(path.read_bytes(), institute, "issued", before_use))
        run = carry_out(web, rig.bench, wanted(rig.order))
    for duty, role in FILED.items():
        with web.token(role) as client:
            certificate = client.get(run + "/certificate.xml").content
            signed = sign(certificate, web.keys.signers[duty], datetime.now(UTC))
            assert client.post(run + "/certificate/signatures", content=signed).status_code == 200
    with web.token("administrator") as administrator:
        assert administrator.post(run + "/certificate/issue").status_code == 200
    with web.token("customer") as acme:
        for name, address in (
            ("certificate.xml", "certificate.xml"),
            ("certificate.pdf", "certificate.pdf"),
            ("journal.jsonl", "journal"),
        ):
            (tmp_path / name).write_bytes(acme.get(f"{run}/{address}").content)
    assert read_journal(tmp_path / "journal.jsonl")[-1].kind == "signature"
    hub = web.hub.laboratory.folder.path
    trust = ["--trust", hub / "trust.toml", "--trust-key", hub / "keys" / "list-issuer.pub.pem"]
    given = ["--journal", tmp_path / "journal.jsonl", *trust, "--standards", paper]
    for name in ("certificate.xml", "certificate.pdf"):
        assert main(["verify", *map(str, (tmp_path / name, *given))]) == 0
