"""A hub that is killed while it issues a certificate has issued one, or none; never two, and never a half."""

import contextlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from test_web_issuing import approved
from web_laboratory import PATIENCE, Web

from remotecal.certificates.signing.pdf import embedded_xml, read_pdf_signature
from remotecal.certificates.signing.xml import read_signatures
from remotecal.cli.processes import free_port
from remotecal.errors import CertificateRefused
from remotecal.hub.backup import back_up
from remotecal.hub.issued import enter_issued, file_issued
from remotecal.hub.settings import HubFolder
from remotecal.store import Store

HUB = [sys.executable, "-m", "remotecal", "hub", "up", "--api", "127.0.0.1:0", "--hub"]


@pytest.fixture
def run(web: Web) -> str:
    return web.do(web.carried_out())


@pytest.fixture
def copy(web: Web, run: str, tmp_path: Path) -> HubFolder:
    """The laboratory with an approved certificate, elsewhere, so that it can be killed."""
    approved(web, f"/runs/here/{run}")
    back_up(web.hub.laboratory.folder, tmp_path / "hub")
    toml = tmp_path / "hub" / "hub.toml"
    text = toml.read_text()
    for port in set(re.findall(r"127\.0\.0\.1:(\d+)", text)):
        text = text.replace(port, str(free_port()))
    toml.write_text(text)
    return HubFolder(tmp_path / "hub")


@contextmanager
def hub_process(folder: HubFolder) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    with Store(folder.database) as store:
        token, _ = store.users.new_token("administrator", "administrator", "test", time.time() + 600)
    log = (folder.path / "up.log").open("a")
    line = [*HUB, str(folder.path)]
    with log, subprocess.Popen(line, stdout=subprocess.PIPE, stderr=log, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            url = re.search(r"http://\S+?(?=\.?\s*$)", said)
            assert url, (folder.path / "up.log").read_text()
            headers = {"Authorization": f"Bearer {token}"}
            with httpx.Client(base_url=f"{url[0]}/api/v1", headers=headers, timeout=PATIENCE) as client:
                yield process, client
        finally:
            process.terminate()


def test_a_hub_killed_while_it_issues(copy: HubFolder, run: str) -> None:
    """Killed when the seal is made and the database can't be written; then the next hub finds the seal."""
    certificate, issued = f"/runs/here/{run}/certificate", copy.issued / "here" / f"{run}.pdf"
    with hub_process(copy) as (process, client):
        with closing(sqlite3.connect(copy.database.removeprefix("sqlite:///"))) as other:
            other.execute("BEGIN IMMEDIATE")
            asking = threading.Thread(target=_ask, args=(client, certificate + "/issue"))
            asking.start()
            pause, end = threading.Event(), time.monotonic() + PATIENCE
            while not issued.exists():
                assert time.monotonic() < end, "it was never sealed"
                pause.wait(0.01)
            process.kill()
            asking.join()
        sealed = issued.read_bytes()
    for name in (f".{run}.pdf.new", f"..{run}.pdf.new.4711"):  # as a kill a moment earlier leaves them
        draft = issued.with_name(name)
        draft.unlink(missing_ok=True)  # the kill may have left it as a second name of what was issued
        draft.write_bytes(sealed[:1000])
    with Store(copy.database) as store:
        before = store.signings.latest("here", run)
        assert before is not None
        assert (before.duty, before.pdf) == ("approved", None), "the database has no half of it"
    with hub_process(copy) as (_, client):
        assert client.get(certificate).json()["state"] == "issued"
        assert client.get(certificate + ".pdf").content == sealed
        again = client.post(certificate + "/issue")
        assert again.status_code == 409
        assert "is issued" in json.dumps(again.json())
    assert read_pdf_signature(sealed).name == "Laboratory"
    with Store(copy.database) as store:
        row = store.signings.latest("here", run)
        assert row is not None
        assert row.xml == embedded_xml(sealed)
        assert [len(store.noted(what=what)) for what in ("certificate entered again",)] == [1]
        assert enter_issued(copy, store, 1.0) == (), "once is enough"
    assert [path.name for path in copy.issued.rglob("*.*")] == [issued.name]


def _ask(client: httpx.Client, where: str) -> None:
    with contextlib.suppress(httpx.TransportError):
        client.post(where)


def test_what_was_issued_is_not_issued_anew_from_an_older_copy(web: Web, run: str, copy: HubFolder) -> None:
    """The copy was made before; of the lost disk the folder `issued` is left."""
    certificate = f"/runs/here/{run}/certificate"
    with web.token("administrator") as administrator:
        assert administrator.post(certificate + "/issue").json()["state"] == "issued"
        sealed = administrator.get(certificate + ".pdf").content
    shutil.copytree(web.hub.laboratory.folder.issued, copy.issued)
    (copy.issued / "here" / "other.pdf").write_bytes(b"%PDF no certificate")
    with Store(copy.database) as store:
        assert enter_issued(copy, store, 5.0) == (run,)
        assert [row.who for row in store.noted(what="not entered again")] == ["hub"]
        row = store.signings.latest("here", run)
        assert row is not None
        assert (row.duty, row.pdf) == ("issued", sealed)
        with pytest.raises(CertificateRefused, match="was issued already"):
            file_issued(copy, store, row, read_signatures(row.xml)[-1])


def test_a_number_is_issued_once(web: Web, run: str) -> None:
    store, laboratory = web.hub.laboratory.store, web.hub.laboratory
    certificate = f"/runs/here/{run}/certificate"
    approved(web, f"/runs/here/{run}")
    with web.token("administrator") as administrator:
        assert administrator.post(certificate + "/issue").json()["state"] == "issued"
    web.orders -= 1
    second = web.do(web.carried_out())
    approved(web, f"/runs/here/{second}")
    with web.token("administrator") as administrator:
        answer = administrator.post(f"/runs/here/{second}/certificate/issue")
    assert answer.status_code == 409
    assert f"the certificate of {run} was issued as C-" in answer.json()["detail"]
    assert not (laboratory.folder.issued / "here" / f"{second}.pdf").exists()
    latest = store.signings.latest("here", second)
    assert latest is not None
    assert latest.duty == "approved"
