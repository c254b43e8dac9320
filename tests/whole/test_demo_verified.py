"""The demonstration's certificate holds with its evidence, and nothing may be changed in either."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime

import pytest

from remotecal.certificates.library import Library
from remotecal.certificates.signing.seal import read_public_key
from remotecal.certificates.trust import read_trust_list
from remotecal.cli import main
from remotecal.verify import verify


@pytest.fixture
def copy(demo, tmp_path):
    return shutil.copytree(demo, tmp_path / "copy")


def examine(place, certificate="certificate.xml"):
    return verify(
        place / certificate,
        journal=place,
        trust=read_trust_list(place / "trust.toml", read_public_key(place / "keys" / "list-issuer.pub.pem")),
        library=Library([place / "bench"]),
        now=datetime.now(UTC),
    )


def one_more(found):
    return f"{found[1]}{int(found[2]) + 1}"


def failures(report):
    return {check.name for check in report.failures}


@pytest.mark.parametrize("certificate", ["certificate.xml", "certificate.pdf"])
def test_it_holds(demo, certificate):
    report = examine(demo, certificate)
    assert not report.failures
    assert report.verdict == "holds"
    assert report.demonstration


def test_the_command_says_so(demo, capsys):
    trust = ["--trust", demo / "trust.toml", "--trust-key", demo / "keys" / "list-issuer.pub.pem"]
    arguments = ["verify", demo / "certificate.pdf", "--journal", demo, "--standards", demo / "bench", *trust]
    assert main([str(argument) for argument in arguments]) == 0
    assert "holds" in capsys.readouterr().out


def test_every_reply_is_read_again(demo):
    (replies,) = (check for check in examine(demo).checks if check.name == "replies")
    assert replies.outcome == "passed"
    assert int(replies.said.split()[0]) > 500


def test_a_digit_changed_in_the_xml(copy):
    path = copy / "certificate.xml"
    changed = re.sub(rb"(<si:valueXMLList>31\.5 )24\.5", rb"\g<1>24.6", path.read_bytes(), count=1)
    assert changed != path.read_bytes()
    path.write_bytes(changed)
    assert "XML signatures" in failures(examine(copy))


def test_a_byte_changed_in_the_pdf(copy):
    path = copy / "certificate.pdf"
    data = bytearray(path.read_bytes())
    data[2000] ^= 1
    path.write_bytes(data)
    assert examine(copy, "certificate.pdf").failures


@pytest.mark.parametrize("change", ["digit", "removed", "reordered", "appended"])
def test_a_changed_journal(copy, change):
    path = copy / "journal.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    (place,) = [n for n, line in enumerate(lines) if '"repeat":2' in line and '"24.5 m3/h"' in line]
    if change == "digit":
        lines[place] = re.sub(r'("pulses":\{[^}]*"value":)(\d+)', one_more, lines[place])
    elif change == "removed":
        del lines[place]
    elif change == "reordered":
        lines[place - 1 : place + 1] = lines[place], lines[place - 1]
    else:
        lines.append(lines[-1])
    changed = "".join(lines)
    assert changed != path.read_text(encoding="utf-8")
    path.write_text(changed, encoding="utf-8")
    assert "journal" in failures(examine(copy))
