"""What must allow a run before anything moves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import pytest
from dosing.bench import DosingStand

from remotecal.bench import Bench
from remotecal.certificates.dcc import read, write
from remotecal.certificates.demonstration import make_demonstration_keys, write_trust_list
from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.pdf.compare import read_print
from remotecal.certificates.signing.xml import sign_xml
from remotecal.cli import main
from remotecal.clock import VirtualClock
from remotecal.errors import BenchError, CertificateRefused, OrderError
from remotecal.journal.gathering import read_evidence
from remotecal.model import APPROVED_STANDARD, Text
from remotecal.order import Order
from remotecal.registers import LaboratoryRegister, Undertaking
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.certificates import ISSUER
from remotecal.station.held import held

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""By the rig's clock."""
TODAY = NOW.date()
LATER = TODAY + timedelta(days=100)
STEADY = [10.0, 10.2, 9.9, 10.1, 9.8, 10.0, 10.1, 9.9, 10.2, 10.0]


@lru_cache(maxsize=1)
def keys_of(persons):
    """Return keys for everybody; the same ones for all tests, which only sign by them."""
    names = dict(persons) | {"issued": "Laboratory", "institute": ISSUER.get("en")}
    return make_demonstration_keys(names, NOW - timedelta(days=1))


class Site:
    """A dosing stand with its paper, and keys for everybody."""

    def __init__(self, rig):
        self.rig, self.folder = rig, rig.bench.parent
        self.now = datetime.fromtimestamp(rig.clock.now(), UTC)
        self.order = Order.load(rig.order)
        self.found = find(self.order.order.procedure)
        self.keys = keys_of(tuple((person.duty, person.name.get("en")) for person in self.order.persons))

    def admission(self, **entries):
        with self.rig.bench.open("a", encoding="utf-8") as file:
            file.write(
                "\n[admission]\n"
                + "".join(f"{key} = {json.dumps(value)}\n" for key, value in entries.items())
            )

    def plan(self, **head):
        order = self.order.model_copy(update={"order": self.order.order.model_copy(update=head)})
        return plan(order, self.found, Bench.load(self.rig.bench), self.rig.clock, "run").start

    def register(self, *, person_until=LATER, sha256=None):
        laboratory = {
            "name": dict(self.order.laboratory.name.root),
            "code": "L0000",
            "valid_until": LATER,
            "key": "a",
        }
        persons = [
            {
                "name": dict(person.name.root),
                "registration": f"R-{person.duty}",
                "valid_until": person_until,
                "duties": [person.duty],
                "procedures": [self.found.name],
                "key": "a",
            }
            for person in self.order.persons
        ]
        standards = []
        bench = Bench.load(self.rig.bench)
        for name in bench.file.instruments:
            used = bench.certificate(name, TODAY)
            if used is not None:
                standards.append(
                    {
                        "name": {"": name},
                        "serial": used.certificate.serials[0],
                        "approval": "A-1",
                        "valid_until": LATER,
                        "certificate": used.certificate.number,
                        "certificate_valid_until": LATER,
                    }
                )
        procedure = {"name": self.found.name, "sha256": sha256 or self.found.sha256, "valid_until": LATER}
        import tomli_w

        content = {
            "laboratory": laboratory, "persons": persons, "standards": standards, "procedures": [procedure],
        }  # fmt: skip
        (self.folder / "register.toml").write_text(tomli_w.dumps(content), encoding="utf-8")
        self.admission(registers="register.toml")

    def check_standard(self, latest, checked=TODAY):
        text = f'name = "check meter"\nunit = "%"\nin_control = {STEADY}\n'
        text += f"latest = {latest}\nchecked = {checked}\n"
        (self.folder / "check.toml").write_text(text, encoding="utf-8")
        self.admission(check_standards=["check.toml"])


@pytest.fixture
def site(tmp_path):
    with DosingStand.up(tmp_path / "rig", seed=4, clock=VirtualClock(NOW.timestamp())) as rig:
        yield Site(rig)


def test_a_run_the_register_allows_may_start(site):
    site.register()
    assert site.plan().procedure.name == "dosing"


def test_an_expired_registration_refuses_the_run_before_anything_moves(site, tmp_path):
    site.register(person_until=TODAY - timedelta(days=1))
    with pytest.raises(CertificateRefused, match=r"the registration of .* ended"):
        execute(
            site.order,
            site.found,
            Bench.load(site.rig.bench),
            tmp_path / "run",
            Company(Scripted()),
            site.rig.clock,
        )
    assert not (tmp_path / "run" / "journal.jsonl").exists()


def test_a_training_run_is_admitted_and_marked(site):
    site.register(person_until=TODAY - timedelta(days=1))
    assert site.plan(training=True).order.order.training


def test_a_procedure_that_was_not_approved_is_refused(site):
    site.register(sha256="0" * 64)
    with pytest.raises(CertificateRefused, match="register does not allow"):
        site.plan()


APPROVAL = """
[[approvals]]
name = { zh = "加料校准装置（演示）", en = "Dosing rig (made up)" }
number = "%s"
range = { zh = "(1 ~ 20) kg", en = "(1 to 20) kg" }
quality = { zh = "U = 0.05 %%，k = 2", en = "U = 0.05 %%, k = 2" }
valid_until = %s
"""


def approve(site, number="A-1", until=LATER):
    with site.rig.bench.open("a", encoding="utf-8") as file:
        file.write(APPROVAL % (number, until))


def test_an_approval_of_the_bench_must_stand_in_the_register_and_hold_today(site):
    approve(site)
    site.register()
    assert [one.number for one in site.plan().approvals] == ["A-1"]
    assert "A-1" in {one.certificate for one in held(Bench.load(site.rig.bench))}


@pytest.mark.parametrize(
    ("number", "until", "reason"),
    [
        ("A-2", LATER, "approval A-2 as a measurement standard is not registered"),
        ("A-1", TODAY - timedelta(days=1), "approval A-1 .* ended on .*: have it renewed"),
        ("A-1", LATER + timedelta(days=1), f"registered until {LATER}, not until"),
    ],
)
def test_another_approval_or_one_that_ended_refuses_the_run(site, number, until, reason):
    approve(site, number, until)
    site.register()
    with pytest.raises(CertificateRefused, match=reason):
        site.plan()


def test_an_approval_of_standards_that_take_no_part_is_none_of_the_bench_s(site):
    approve(site, "B-7")
    site.register()
    with (site.folder / "register.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'[[standards]]\nname = {{ "" = "gauge" }}\nserial = "G-1"\napproval = "B-7"\n'
            f'valid_until = {LATER}\ncertificate = "C-1"\ncertificate_valid_until = {LATER}\n'
        )
    with pytest.raises(CertificateRefused, match=r"B-7 .* registered for standards that take no part: G-1"):
        site.plan()


def test_a_check_of_the_bench_tells_of_an_approval_that_ended(site, capsys):
    approve(site, until=TODAY - timedelta(days=1))
    assert main(["bench", "check", str(site.rig.bench)]) != 0
    assert "approval A-1" in capsys.readouterr().err


def test_an_approval_is_stated_in_each_language(site):
    approve(site)
    text = site.rig.bench.read_text(encoding="utf-8")
    site.rig.bench.write_text(text.replace(', en = "(1 to 20) kg"', ""), encoding="utf-8")
    with pytest.raises(BenchError, match=r"approvals.*range: .*in zh and en: give it in both"):
        Bench.load(site.rig.bench)


def test_what_a_certificate_could_not_say_in_each_language_is_refused_before_the_run(site):
    dut = site.order.dut.model_copy(update={"name": Text(zh="流量计")})
    site.order = site.order.model_copy(update={"dut": dut})
    with pytest.raises(OrderError, match=r"dut\.name: '流量计' is in zh, and certificates are in zh and en"):
        site.plan()


def test_a_number_that_shows_another_one_than_it_is_is_refused_before_the_run(site):
    dut = site.order.dut.model_copy(update={"serial": "SN\u200b-1"})
    site.order = site.order.model_copy(update={"dut": dut})
    with pytest.raises(OrderError, match=r"dut\.serial: .* U\+200B, which nobody sees; type it anew"):
        site.plan()


def test_a_verification_by_what_is_no_regulation_is_refused_before_the_run(site):
    with pytest.raises(
        OrderError, match=r"judged by DOSE 1-2026, .* the regulation \(JJG\) as the parameter"
    ):
        site.plan(verification=True)


def test_the_certificate_states_the_approval_and_only_the_register_s_is_signed(site, tmp_path):
    approve(site)
    site.register()
    start = site.plan()
    run = tmp_path / "run"
    execute(site.order, site.found, Bench.load(site.rig.bench), run, Company(Scripted()), site.rig.clock)
    record = evaluate(read_evidence(run), site.found)
    (stated,) = [one for one in record.statements if APPROVED_STANDARD in one.ref_types]
    assert (stated.references, stated.day) == (("A-1",), LATER)
    assert stated.declaration.get("zh") == "(1 ~ 20) kg；U = 0.05 %，k = 2"
    assert read(write(record)).statements == record.statements
    register = LaboratoryRegister.load(site.folder / "register.toml")
    assert register.objections(Undertaking.of(record)) == ()
    other = stated.model_copy(update={"references": ("A-9",)})
    forged = record.model_copy(update={"statements": (*record.statements, other)})
    assert register.objections(Undertaking.of(forged)) == (
        "approval A-9 as a measurement standard is not registered",
    )
    late = replace(Undertaking.of(record), day=LATER + timedelta(days=1))
    assert f"approval A-1 as a measurement standard ended on {LATER}" in register.objections(late)
    printed = "".join(read_print(print_certificate(record, write(record))).words)
    assert f"A-1{start.approvals[0].valid_until}" in printed


def test_a_check_standard_in_control_lets_the_run_start(site):
    site.check_standard([10.1, 9.9, 10.0])
    site.plan()


@pytest.mark.parametrize(
    ("latest", "checked", "reason"),
    [
        ([10.0, 12.0], TODAY, "beyond 3 sigma above"),
        ([10.0], TODAY - timedelta(days=1), "not today"),
    ],
)
def test_a_check_standard_can_stop_a_run(site, latest, checked, reason):
    site.check_standard(latest, checked)
    with pytest.raises(CertificateRefused, match=reason):
        site.plan()


@pytest.mark.parametrize(("after", "closes"), [(0.042, True), (0.140, False)])
def test_a_transfer_standard_must_have_come_as_it_went(site, after, closes):
    point = (
        f'point = "20 m3/h"\nbefore = 0.031\nbefore_expanded = 0.05\nafter = {after}\nafter_expanded = 0.05\n'
    )
    text = f'name = "meter T-3, Shenyang to Dalian"\nunit = "%"\n[[points]]\n{point}'
    (site.folder / "journey.toml").write_text(text, encoding="utf-8")
    site.admission(journeys=["journey.toml"])
    if closes:
        site.plan()
        return
    with pytest.raises(CertificateRefused, match=r"T-3, Shenyang to Dalian, in %: .*drift \+0\.109"):
        site.plan()


def trusted(site):
    for path in site.folder.glob("*.xml"):
        path.write_bytes(sign_xml(path.read_bytes(), site.keys.signers["institute"], "issued", site.now))
    site.keys.write(site.folder / "keys")
    write_trust_list(site.folder / "trust.toml", site.keys, site.order.laboratory.name, (), TODAY)
    site.admission(trust="trust.toml", trust_key="keys/list-issuer.pub.pem")


def test_standards_of_a_known_institute_are_recognised_on_site(site):
    trusted(site)
    site.plan()


def test_a_standard_nobody_vouches_for_is_refused_with_the_reason(site):
    unsigned = (site.folder / "balance.xml").read_bytes()
    trusted(site)
    (site.folder / "balance.xml").write_bytes(unsigned)
    with pytest.raises(CertificateRefused, match=r"^balance: "):
        site.plan()


def test_a_trust_list_without_its_issuers_key_is_refused(site):
    site.admission(trust="trust.toml")
    with pytest.raises(BenchError, match=r"give admission\.trust_key"):
        site.plan()


def test_a_bench_or_run_whose_name_is_no_text_is_refused(site):
    bench = site.rig.bench
    with pytest.raises(OrderError, match="not in UTF-8"):
        plan(site.order, site.found, Bench.load(bench), site.rig.clock, "run\udcb1")
    odd = bench.rename(bench.with_name("bench\udcb1.toml"))
    with pytest.raises(OrderError, match="not in UTF-8"):
        plan(site.order, site.found, Bench.load(odd), site.rig.clock, "run")
