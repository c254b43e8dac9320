"""What an issue of a trust list says otherwise than the one before."""

from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from remotecal.certificates.signing.seal import SealKey
from remotecal.certificates.trust import Body, Revocation, read_trust_list, sign_trust_list
from remotecal.certificates.trust_compared import since_before
from remotecal.certificates.trust_issues import found, next_issue, revoke
from remotecal.errors import EvidenceError
from remotecal.model import Text

FIRST, LAST = date(2026, 1, 1), date(9000, 1, 1)


def body(name: str) -> Body:
    said = Text.plain(name)
    return Body(id=name, name=said, kind="institute", valid_from=FIRST, valid_until=LAST)


def test_what_came_went_and_changed_is_told(tmp_path: Path) -> None:
    path, key = tmp_path / "trust.toml", SealKey(Ed25519PrivateKey.generate())

    def since():
        return since_before(path, key.public, read_trust_list(path, key.public))

    found(path, Text.plain("Province"), key, FIRST, LAST)
    assert since() is None
    next_issue(path, key, FIRST, bodies=(body("nim"), body("cnas")))
    told = since()
    assert (told.number, [one.id for one in told.came]) == (1, ["nim", "cnas"])
    entry = Revocation(what="certificate", id="C-1", reason=Text.plain("wrong"))
    revoke(path, entry, key, FIRST)
    told = since()
    assert (told.number, told.came, told.went, told.changed, told.revoked) == (2, (), (), (), (entry,))
    for number in range(4, 11):  # "10" comes after "9"
        next_issue(path, key, FIRST, until=date(9000 + number, 1, 1))
        assert since().number == number - 1
    text = path.read_text().replace("C-1", "C-2").replace('id = "cnas"', 'id = "ilac"')
    path.write_text(text.replace("9000-01-01", "8000-01-01", 1))
    sign_trust_list(path, key)
    told = since()
    assert [one.id for one in told.came] == ["ilac"]
    assert [one.id for one in told.went] == ["cnas"]
    assert [(one.id, fields) for one, fields in told.changed] == [("nim", ("valid_until",))]
    assert ([one.id for one in told.revoked], [one.id for one in told.taken_back]) == (["C-2"], ["C-1"])


def test_one_before_that_was_changed_is_not_compared(tmp_path: Path) -> None:
    path, key = tmp_path / "trust.toml", SealKey(Ed25519PrivateKey.generate())
    found(path, Text.plain("Province"), key, FIRST, LAST)
    next_issue(path, key, FIRST, bodies=(body("nim"),))
    before = tmp_path / "trust-1.toml"
    before.write_text(before.read_text() + "# changed\n")
    with pytest.raises(EvidenceError, match="is not the list its issuer signed"):
        since_before(path, key.public, read_trust_list(path, key.public))
