"""A certificate's life after it was issued: amended, superseded, revoked, by the commands people call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made import SIGNED, Made

from remotecal.certificates.added import _IN_CHINESE, PARTS, amended_parts, amendment
from remotecal.certificates.approval import sign
from remotecal.certificates.dcc.read import read
from remotecal.certificates.dcc.write import write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.keys import fingerprint
from remotecal.certificates.signing.seal import read_public_key
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.trust import TrustList, read_trust_list, sign_trust_list
from remotecal.cli import main
from remotecal.cli.commands import today_here
from remotecal.model import Record, Text
from remotecal.verify import Report, verify


@pytest.fixture
def lists(made: Made) -> Path:
    """The trust list of today, and its issuer's keys."""
    made.trust(next_update=datetime.now(UTC).date() + timedelta(days=365))
    made.keys.write(made.folder / "keys")
    return made.folder / "trust.toml"


def command(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def revoked(made: Made, lists: Path, *arguments: object) -> int:
    return command("revoke", lists, "--key", made.folder / "keys" / "list-issuer.pem", *arguments)


def current(made: Made, lists: Path) -> TrustList:
    return read_trust_list(lists, read_public_key(made.folder / "keys" / "list-issuer.pub.pem"))


def examine(made: Made, path: Path, lists: Path) -> Report:
    return verify(
        path,
        journal=made.run,
        trust=current(made, lists),
        library=CertificateLibrary([made.standards, made.certificate]),
        recompute=made.recompute,
    )


def corrected(made: Made) -> Path:
    """Return a record in which the customer's name is put right."""
    record = made.recompute(made.run)
    customer = record.customer.model_copy(update={"name": Text(zh="另一水务公司", en="Other Water")})
    path = made.folder / "corrected.json"
    path.write_text(record.model_copy(update={"customer": customer}).to_json(), "utf-8")
    return path


def amend(made: Made, record: Path, number: str = "FLOW-1-A", out: str = "amended") -> int:
    return command(
        "amend", made.certificate, "--record", record, "--number", number,
        "--reason", "wrong customer", "--reason-zh", "委托单位有误", "--out", made.folder / out,
    )  # fmt: skip


def test_amended_signed_superseded(made: Made, lists: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert amend(made, corrected(made)) == 0
    path = made.folder / "amended" / "certificate.xml"
    draft = read(path.read_bytes())
    assert draft.replaces is not None
    assert (draft.replaces.number, draft.replaces.change) == ("FLOW-1", "amended")
    said = draft.statements[-1].declaration
    assert said is not None
    assert said.get("en") == (
        "This certificate takes the place of FLOW-1, which is no longer valid. "
        "Changed: customer. Reason: wrong customer"
    )
    assert said.get("zh") == "本证书替代证书 FLOW-1，后者作废。更改内容：委托单位。原因：委托单位有误"
    data = path.read_bytes()
    for number, duty in enumerate(DUTIES):
        data = sign(data, made.keys.signers[duty], datetime.now(UTC) - timedelta(minutes=9 - number))
    path.write_bytes(data)
    report = examine(made, path, lists)
    assert report.verdict == "holds", report.failures
    (link,) = (check.said for check in report.checks if check.name == "certificate replaced")
    assert link == "takes the place of FLOW-1, amended, issued by the same laboratory"
    assert (
        revoked(
            made,
            lists,
            "--certificate",
            "FLOW-1",
            "--superseded-by",
            "FLOW-1-A",
            "--reason",
            "wrong customer",
        )
        == 0
    )
    assert "certificate FLOW-1 is superseded by FLOW-1-A; issue 2" in capsys.readouterr().out
    assert examine(made, path, lists).verdict == "holds"
    (failure,) = examine(made, made.certificate, lists).failures
    assert failure.said == "the certificate FLOW-1 is superseded by FLOW-1-A: wrong customer"
    key = made.folder / "keys" / "list-issuer.pub.pem"
    assert command("verify", made.certificate, "--trust", lists, "--trust-key", key) == 6
    assert "superseded by FLOW-1-A" in " ".join(capsys.readouterr().out.split())


def test_what_is_no_record_is_refused_in_a_line(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    for content, said in (
        ("<dcc/>", "this is no record: Invalid JSON"),
        ("{}", "this is no record: number: "),
    ):
        (made.folder / "none.json").write_text(content)
        assert amend(made, made.folder / "none.json") != 0
        told = capsys.readouterr().err.strip()
        assert said in told
        assert len(told.splitlines()) == 1
        assert "pydantic" not in told


def test_an_amendment_of_what_another_laboratory_issued(made: Made, lists: Path) -> None:
    """The link must lead to a certificate of one's own."""
    foreign = made.recompute(made.run).model_copy(update={"number": "FLOW-9"})
    data = write(foreign)
    for duty in DUTIES[:3]:
        data = sign(data, made.keys.signers[duty], SIGNED)
    (made.standards / "draft.xml").write_bytes(data)
    assert amend(made, corrected(made)) == 0
    new = Record.from_json((made.folder / "amended" / "record.json").read_bytes())
    assert new.previous is not None
    from hashlib import sha256

    other = new.previous.model_copy(update={"value": sha256(data).hexdigest()})
    made.seal(new.model_copy(update={"previous": other, "issued": None}), made.folder / "bad.xml")
    failures = {c.name: c.said for c in examine(made, made.folder / "bad.xml", lists).failures}
    assert failures["certificate replaced"] == "certificate FLOW-1 was never issued"


@pytest.mark.parametrize(
    ("number", "change", "reason"),
    [
        ("FLOW-1", {}, "needs another number"),
        ("FLOW-1-A", {"customer": None}, "nothing differs from certificate FLOW-1"),
        ("FLOW-1-A", {"demonstration": False}, "takes the place of a demonstration only"),
    ],
)
def test_what_is_no_amendment(
    made: Made, number: str, change: dict[str, object], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = corrected(made)
    record = Record.from_json(path.read_bytes())
    if "customer" in change:
        change = {"customer": made.recompute(made.run).customer}
    path.write_text(record.model_copy(update=change).to_json(), "utf-8")
    assert amend(made, path, number) == 6
    assert reason in capsys.readouterr().err
    assert not (made.folder / "amended").exists()


def test_a_journal_does_not_let_an_amendment_change_the_item(made: Made, lists: Path) -> None:
    record = made.recompute(made.run)
    item = record.items[0].model_copy(update={"name": Text(zh="别的", en="another meter")})
    path = made.folder / "corrected.json"
    path.write_text(record.model_copy(update={"items": (item,)}).to_json(), "utf-8")
    assert amend(made, path) == 0
    draft = Record.from_json((made.folder / "amended" / "record.json").read_bytes())
    made.seal(draft.model_copy(update={"issued": None}), made.folder / "bad.xml")
    failures = {check.name for check in examine(made, made.folder / "bad.xml", lists).failures}
    assert failures == {"results"}


def test_a_key_is_revoked(made: Made, lists: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = lists.read_text("utf-8")
    lists.write_text("# kept by the quality manager\n" + before, "utf-8")
    sign_trust_list(lists, made.keys.list_issuer)
    days = [today_here()]
    assert revoked(made, lists, "--signer", made.folder / "keys" / "reviewed.pem", "--reason", "lost") == 0
    days.append(today_here())
    again = current(made, lists)
    assert again.number == 2
    assert again.issued in days
    assert "# kept by the quality manager" in lists.read_text("utf-8")
    assert [entry.id for entry in again.revoked] == [fingerprint(made.keys.signers["reviewed"].chain[0])]
    (failure,) = examine(made, made.certificate, lists).failures
    assert failure.name == "trust"
    assert failure.said.endswith("is revoked: lost")
    station = made.keys.station.public.id
    assert revoked(made, lists, "--signer", station, "--reason", "stolen", "--since", "2026-11-21") == 0
    assert {c.name for c in examine(made, made.certificate, lists).failures} == {"trust"}
    assert revoked(made, lists, "--signer", station, "--reason", "stolen") == 0
    assert {c.name for c in examine(made, made.certificate, lists).failures} == {
        "trust",
        "journal's signature",
    }
    assert revoked(made, lists, "--signer", station, "--reason", "stolen") == 2
    assert "has this entry already" in capsys.readouterr().err
    assert current(made, lists).number == 4
    for number in (2, 3):  # the issues before are kept, with their signatures
        assert current(made, lists.with_name(f"trust-{number}.toml")).number == number


def test_a_list_that_must_be_changed_by_hand(
    made: Made, lists: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made.trust(revoked=[])
    before = lists.read_bytes()
    assert revoked(made, lists, "--certificate", "FLOW-1", "--reason", "x") == 2
    assert "change the file by hand" in capsys.readouterr().err
    assert lists.read_bytes() == before


def test_an_amendment_in_its_former_words_is_one_still() -> None:
    """Certificates are signed with marks of half width; of the two wordings nothing is mixed."""
    now, once = (
        amendment("F-1", [PARTS["customer"]], Text(zh="{有误}", en="wrong"), in_chinese=words)
        for words in _IN_CHINESE
    )
    assert [amended_parts(one, "F-1") for one in (now, once)] == [("customer",)] * 2
    assert not set(",:") & set(now.declaration.get("zh"))
    mixed = Text(zh=now.declaration.get("zh").replace("，", ","), en=now.declaration.get("en"))
    assert amended_parts(now.model_copy(update={"declaration": mixed}), "F-1") == ()
