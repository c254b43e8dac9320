"""A register made by commands alone admits the run it was made for, and tells what ends."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from test_admission import LATER, TODAY, Site, site

from remotecal.bench import Bench
from remotecal.cli import main
from remotecal.errors import CertificateRefused
from remotecal.registers import LaboratoryRegister
from remotecal.transport.pki import certificate_pem

__all__ = ["site"]


def register(*words: object) -> int:
    return main(["register", *map(str, words)])


@pytest.fixture
def path(site: Site) -> Path:
    """Return a register in which all that the run needs stands."""
    path = site.folder / "register.toml"
    for duty, signer in site.keys.signers.items():
        (site.folder / f"{duty}.crt").write_bytes(certificate_pem(signer.chain[0]))
    name = site.order.laboratory.name
    of = ("--name", name.get("en"), "--name-zh", name.get("zh"), "--certificate", site.folder / "issued.crt")
    assert register("new", path, *of, "--code", "L0000", "--until", LATER) == 0
    for person in site.order.persons:
        assert register(*named(site, path, person)) == 0
    for file in certificates(site):
        assert (
            register("standard", path, "--certificate", file, "--approval", "[2024] 17", "--until", LATER)
            == 0
        )
    assert register("procedure", path, site.found.name, "--until", LATER) == 0
    return path


def named(site: Site, path: Path, person, until=LATER):
    who = ("--name", person.name.get("en"), "--certificate", site.folder / f"{person.duty}.crt")
    may = ("--duty", person.duty, "--procedure", site.found.name)
    return ("person", path, *who, *may, "--registration", f"R-{person.duty}", "--until", until)


def certificates(site: Site) -> list[Path]:
    entries = Bench.load(site.rig.bench).file.instruments.values()
    return [site.folder / entry.certificate for entry in entries if entry.certificate]


def test_a_run_that_all_of_it_allows_may_start(site: Site, path: Path) -> None:
    site.admission(registers="register.toml")
    assert site.plan().procedure.name == site.found.name


def test_an_entry_is_never_doubled_and_is_replaced_in_its_place(site: Site, path: Path, capsys) -> None:
    """The register believes the first entry it finds: a second one would not count."""
    path.write_text(
        path.read_text(encoding="utf-8").replace("[[persons]]", "# of the flow group\n[[persons]]", 1)
    )
    person = site.order.persons[0]
    ended = TODAY - timedelta(days=1)
    before = path.read_bytes()
    assert register(*named(site, path, person, ended)) == 2
    assert "say --replace" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert register(*named(site, path, person, ended), "--replace") == 0
    kept = LaboratoryRegister.load(path)
    assert len(kept.persons) == len(site.order.persons)
    assert "# of the flow group" in path.read_text(encoding="utf-8")
    site.admission(registers="register.toml")
    with pytest.raises(CertificateRefused, match=f"ended on {ended}"):
        site.plan()


def test_what_has_ended_and_ends_soon_is_told(site: Site, path: Path, capsys) -> None:
    first, second, *_ = site.order.persons
    for person, days in ((first, -1), (second, 30)):
        assert register(*named(site, path, person, TODAY + timedelta(days=days)), "--replace") == 0
    capsys.readouterr()
    assert register("show", path) == 0
    said = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    ends = {line.split(",")[0].strip(): line.split()[-1] for line in said if "R-" in line}
    assert (ends[first.name.get("en")], ends[second.name.get("en")]) == ("ended", "soon")
    assert sum(line.endswith(("ended", "soon")) for line in said) == 2


def test_what_is_not_there_is_not_entered(site: Site, path: Path, capsys) -> None:
    before = path.read_bytes()
    (file, *_) = certificates(site)
    standard = ("standard", path, "--certificate", file, "--approval", "A", "--until", LATER)
    for words in (
        ("procedure", path, "flow.no_such", "--until", LATER),
        standard,
        (*standard, "--serial", "X", "--replace"),
        (*standard, "--certificate-until", "2099-01-01", "--replace"),
        ("new", path, "--code", "L", "--until", LATER, "--certificate", site.folder / "issued.crt"),
    ):
        assert register(*words) != 0
        assert capsys.readouterr().err
    assert path.read_bytes() == before
    assert tomllib.loads(before.decode())["procedures"][0]["sha256"] == site.found.sha256
