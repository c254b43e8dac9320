"""An assessment of what rests on a standard is a file that whoever wrote it signs, and anybody verifies."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from test_web_browser_key import settings
from test_web_issuing import REGISTER
from test_web_pages import browsing
from test_web_sign_at import key_of, sign_at
from web_laboratory import PASSWORD, Web, problem, tiny, web

from remotecal.canonical import canonical
from remotecal.certificates.assessment import digest_of_list, read_assessment
from remotecal.certificates.signing.keys import fingerprint
from remotecal.cli import main
from remotecal.cli.sign_assessment import _show
from remotecal.clock import civil_time

__all__ = ["tiny", "web"]

TEXT = "within its drift: nothing is to be done"


@pytest.fixture(scope="module")
def standard(web: Web) -> str:
    run = web.do(web.carried_out())
    return web.hub.laboratory.store.about.of_run("here", run)[0][0].serial


def assessed(web: Web, number: str, user: str = "approver") -> int:
    """Have somebody assess a standard, and return the number of that."""
    with browsing(web, user) as client:
        page = client.get(f"/resting?number={number}").text
    with web.token(user) as client:
        digest = page.partition('name="digest" value="')[2].partition('"')[0]
        answer = client.post("/resting/assessments", json={"number": number, "digest": digest, "text": TEXT})
        assert answer.status_code == 201, answer.text
        return answer.json()[0]["id"]


def signed(web: Web, id_: int, duty: str = "approved") -> dict:
    """Return the signature of an assessment, as somebody's computer makes it."""
    with web.token("reviewer") as client:
        document = read_assessment(client.get(f"/resting/assessments/{id_}/file").content).assessment
    now = civil_time(web.clock.now(), web.hub.laboratory.folder.time_zone)
    made = json.loads(document.signed_by(web.keys.signers[duty], now))
    return {name: made[name] for name in ("signed", "signature")}


def verified(web: Web, file: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    hub = web.hub.laboratory.folder.path
    trust = ["--trust", str(hub / "trust.toml"), "--trust-key", str(hub / "keys" / "list-issuer.pub.pem")]
    code = main(["verify", str(file), *trust])
    return code, " ".join("".join(capsys.readouterr()).split())


def test_who_wrote_an_assessment_signs_it_where_their_key_is_and_anybody_verifies_it(
    web: Web, standard: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    id_ = assessed(web, standard)
    file = tmp_path / "assessment.json"
    with web.token("reviewer") as client:
        file.write_bytes(client.get(f"/resting/assessments/{id_}/file").content)
    code, said = verified(web, file, capsys)
    assert code == 6
    assert "the assessment is not signed" in said
    asked = ("--user", "approver", "--assessment", str(id_))
    code, said = sign_at(web, [], key_of(web, "approved"), f"{PASSWORD}\nno\n", *asked)
    assert code == 6
    assert "nobody said yes" in said
    code, said = sign_at(web, [], key_of(web, "approved"), f"{PASSWORD}\nyes\n", *asked)
    assert code == 0, said
    assert TEXT in said
    who, _, data = web.audit("sign assessment")[0]
    signer = web.keys.signers["approved"].name
    assert (who, json.loads(data)["signer"]) == ("approver", signer)
    assert json.loads(data)["register"] == "none: no duty was checked"
    for user, language in (("operator", "en"), ("reviewer", "zh")):
        with browsing(web, user, language) as client:
            page = client.get(f"/resting?number={standard}").text
            assert signer in page
            assert ("no duty" if language == "en" else "未核对") in page
    with web.token("reviewer") as client:
        (one, *_) = client.get("/resting/assessments", params={"number": standard}).json()
        assert (one["id"], one["signer"], one["by"]) == (id_, signer, "approver")
        file.write_bytes(client.get(f"/resting/assessments/{id_}/file").content)
    code, said = verified(web, file, capsys)
    assert code == 0, said
    assert f"The assessment of {standard} holds." in said
    assert "written by approver" in said
    assert "whether who signed has a duty there was not checked" in said
    assert main(["verify", str(file)]) == 6  # nobody is believed without a list
    with web.token("approver") as client:
        again = client.post(f"/resting/assessments/{id_}/signature", json=signed(web, id_))
        assert "signed already" in problem(again, 409)


def forged_text(content: dict) -> None:
    content["assessment"]["text"] = "all is well"


def forged_list(content: dict) -> None:
    content["assessment"]["certificates"] = []


def forged_time(content: dict) -> None:
    content["signed"]["at"] = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("forge", [forged_text, forged_list, forged_time])
def test_what_was_changed_after_it_was_signed_does_not_hold(
    web: Web, standard: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], forge: Callable[[dict], None]
) -> None:
    id_ = assessed(web, standard)
    with web.token("approver") as client:
        assert client.post(f"/resting/assessments/{id_}/signature", json=signed(web, id_)).status_code == 201
        whole = client.get(f"/resting/assessments/{id_}/file").content
    file = tmp_path / "assessment.json"
    file.write_bytes(whole)
    assert verified(web, file, capsys)[0] == 0
    content = json.loads(whole)
    forge(content)
    file.write_bytes(canonical(content))
    code, said = verified(web, file, capsys)
    assert code == 6, said
    later = read_assessment(whole).assessment.signed_by(
        web.keys.signers["approved"], datetime.now(UTC) + timedelta(days=1)
    )
    file.write_bytes(later)
    assert "has not come yet" in verified(web, file, capsys)[1]
    file.write_bytes(whole.replace(b'{"assessment":', b'{"assessment":{},"assessment":', 1))
    assert "not in canonical form" in verified(web, file, capsys)[1]


def test_nobody_else_signs_and_no_key_that_nobody_knows(web: Web, standard: str) -> None:
    id_ = assessed(web, standard)
    with web.token("administrator") as client:
        made = signed(web, id_)
        answer = client.post(f"/resting/assessments/{id_}/signature", json=made)
        assert "approver wrote this assessment" in problem(answer, 409)
        assert client.post(f"/resting/assessments/{id_ + 1}/signature", json=made).status_code == 404
        assert client.get(f"/resting/assessments/{id_ + 1}/file").status_code == 404
    with web.token("approver") as client:
        other = signed(web, assessed(web, standard))  # of another assessment
        answer = client.post(f"/resting/assessments/{id_}/signature", json=other)
        assert "does not hold" in problem(answer, 409)
    with web.token("reviewer") as client:
        assert client.post(f"/resting/assessments/{id_}/signature", json=made).status_code == 403
    with browsing(web, "customer") as client:
        assert client.get(f"/api/v1/resting/assessments/{id_}/file").status_code == 403


def test_a_key_that_a_browser_keeps_signs_as_such_alone(web: Web, standard: str) -> None:
    whose = fingerprint(web.keys.signers["approved"].chain[0])
    text = REGISTER.format(none="0" * 64, issued="0" * 64, performed=whose).replace("2001", "2100")
    kept, _, rest = text.rpartition("\nkey = ")
    (web.hub.laboratory.folder.path / "register.toml").write_text(f"{kept}\nbrowser_key = {rest}")
    id_ = assessed(web, standard)
    with settings(web, signatories="register.toml"), web.token("approver") as client:
        answer = client.post(f"/resting/assessments/{id_}/signature", json=signed(web, id_))
        assert "its certificate does not say so" in problem(answer, 409)


@pytest.mark.parametrize(("issued", "said"), [(True, "issued, without its hash"), (False, "not issued")])
def test_whoever_signs_sees_what_was_issued_as_the_file_says_it(
    capsys: pytest.CaptureFixture[str], issued: bool, said: str
) -> None:
    one = {"station": "here", "run": "R", "number": "C", "depth": 1, "through": "S", "issued": issued}
    digest = digest_of_list([("here", "R", "C", 1, issued)])
    content = {"number": "S", "since": None, "until": None, "depth": 1, "digest": digest, "text": TEXT}
    told = [one | {"sha256": None, "share": None}]
    written = {"assessment": content | {"by": "a", "at": "2026-01-01T00:00:00Z", "certificates": told}}
    _show(read_assessment(json.dumps(written).encode()).assessment)
    assert f"  {said}" in capsys.readouterr().out
