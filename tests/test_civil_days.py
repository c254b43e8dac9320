"""Days are the laboratory's, whatever zone the computer is in."""

import re
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import tzlocal
from dosing.bench import DosingStand
from kept_keys import certified_keys

from remotecal.bench import Bench
from remotecal.certificates.approval import check_day, print_signed, sign
from remotecal.certificates.dcc import read, write
from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.pdf.content import content
from remotecal.certificates.signing.signature import DUTIES, Signature
from remotecal.certificates.signing.xml import read_signatures
from remotecal.cli.service import moment
from remotecal.clock import VirtualClock, civil_day, civil_time, known_zone, possible_days
from remotecal.errors import BenchError, CertificateRefused, ConfigurationError, EvidenceError
from remotecal.journal.contents import Files
from remotecal.journal.events import FILE, read_journal, seconds
from remotecal.journal.evidence import Evidence, start_of
from remotecal.journal.gathering import gather
from remotecal.journal.occurrences import Occurrence
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.verify.dates import check_order
from remotecal.verify.facts import Facts

EARLY = datetime(2026, 11, 20, 23, 0, tzinfo=UTC).timestamp()
"""In Shenyang it is 07:00 on the 21st."""
SHENYANG = timezone(timedelta(hours=8))


def in_shenyang(text: str) -> str:
    return text.replace('time_zone = "UTC"', 'time_zone = "Asia/Shanghai"')


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("days")
    with DosingStand.up(folder / "line", seed=5, clock=VirtualClock(EARLY - 600)) as line:
        line.bench.write_text(in_shenyang(line.bench.read_text(encoding="utf-8")), encoding="utf-8")
        order = Order.load(line.order)
        few = {"speeds": (order.parameters["speeds"][0],), "repeats": 2}
        order = order.model_copy(update={"parameters": {**order.parameters, **few}})
        found = find(order.order.procedure)
        execute(order, found, Bench.load(line.bench), folder / "run", Company(Scripted()), line.clock)
    return gather(read_journal(folder / "run" / FILE))


def test_a_day_is_that_of_the_time_zone():
    assert civil_day(EARLY, "UTC") == date(2026, 11, 20)
    assert civil_day(EARLY, "Asia/Shanghai") == date(2026, 11, 21)
    assert civil_day(EARLY, "America/New_York") == date(2026, 11, 20)
    assert civil_time(EARLY, "Asia/Shanghai").isoformat() == "2026-11-21T07:00:00+08:00"


def test_a_certificate_is_dated_in_the_laboratory(evidence, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    made = evaluate(evidence, find(evidence.procedure.name))
    assert evidence.time_zone == "Asia/Shanghai"
    assert (made.begun, made.finished) == (date(2026, 11, 21), date(2026, 11, 21))
    other = evaluate(replace(evidence, time_zone="UTC"), find(evidence.procedure.name))
    assert other.finished == date(2026, 11, 20)


def test_a_certificate_expires_at_the_laboratorys_midnight(tmp_path):
    clock = VirtualClock(EARLY)
    with DosingStand.up(tmp_path, seed=5, clock=clock) as line:
        text = line.bench.read_text(encoding="utf-8")
        line.bench.write_text(
            text.replace("[instruments.balance]", "[instruments.balance]\nvalid_until = 2026-11-20"),
            encoding="utf-8",
        )
        order = Order.load(line.order)
        found = find(order.order.procedure)
        assert plan(order, found, Bench.load(line.bench), clock, "run").start.time_zone == "UTC"
        line.bench.write_text(in_shenyang(line.bench.read_text(encoding="utf-8")), encoding="utf-8")
        with pytest.raises(CertificateRefused, match="balance: its calibration was valid until 2026-11-20"):
            plan(order, found, Bench.load(line.bench), clock, "run")


def test_a_run_does_not_go_on_beyond_the_last_day_of_what_it_relies_on(tmp_path):
    clock = VirtualClock(datetime(2026, 11, 20, 23, 59, tzinfo=UTC).timestamp())
    with DosingStand.up(tmp_path / "rig", seed=5, clock=clock) as line:
        text = line.bench.read_text(encoding="utf-8")
        fact = text.partition("[characteristics.granulate_density]")[2]
        until = re.search(r"valid_until = \S+", fact)[0]
        line.bench.write_text(text.replace(fact, fact.replace(until, "valid_until = 2026-11-20", 1)), "utf-8")
        order = Order.load(line.order)
        found = find(order.order.procedure)
        with pytest.raises(
            CertificateRefused, match=r"granulate_density was valid until 2026-11-20, and the"
        ):
            execute(order, found, Bench.load(line.bench), tmp_path / "run", Company(Scripted()), clock)
    events = list(read_journal(tmp_path / "run" / FILE))
    assert "failure" in {one.kind for one in events}
    repeats = [one for one in events if one.kind == "repeat"]
    assert sum(one.kind == "observation" for one in events) == len(repeats) > 0
    assert {civil_day(seconds(one.at), "UTC") for one in repeats} == {date(2026, 11, 20)}
    late = repeats[-1]._replace(at="2026-11-21T00:00:01.000Z")  # a station that went on all the same
    told = [Occurrence(event, Files()) for event in (events[0], late)]
    facts = Facts(start_of(events[0].data))
    assert re.search(r"granulate density \d+ kg/m³, U = [\d.]+ kg/m³ \(", facts.conclude())
    with pytest.raises(
        EvidenceError, match=r"granulate_density was valid until 2026-11-20, used on 2026-11-21"
    ):
        any(facts.follow(one) for one in told)


@pytest.mark.parametrize("name", ["localtime", "America", "../UTC", "/etc/localtime", "", "UTC\0"])
def test_a_time_zone_means_the_same_on_every_computer(name):
    with pytest.raises(ValueError, match="is unknown"):
        known_zone(name)


@pytest.fixture
def in_tokyo():
    """A computer that is set so; what was found out before is found out anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        tzlocal.reload_localzone()
        yield
    tzlocal.reload_localzone()


@pytest.mark.usefixtures("in_tokyo")
def test_a_bench_without_a_time_zone_has_the_computers(tmp_path):
    with DosingStand.up(tmp_path, seed=5) as line:
        text = line.bench.read_text(encoding="utf-8")
        line.bench.write_text(text.replace('time_zone = "UTC"', ""), encoding="utf-8")
        assert Bench.load(line.bench).time_zone == "Asia/Tokyo"
        line.bench.write_text(text.replace('"UTC"', '"Asia/Shenyang"'), encoding="utf-8")
        with pytest.raises(BenchError, match="the time zone 'Asia/Shenyang' is unknown"):
            Bench.load(line.bench)


def test_the_day_of_issue_is_that_of_the_seal(evidence):
    made = evaluate(evidence, find(evidence.procedure.name))
    assert made.issued is None
    names = {person.duty: person.name.get("en") for person in made.persons}
    sealed = datetime(2026, 11, 25, 1, 0, tzinfo=SHENYANG)  # the 24th in UTC
    keys = certified_keys({**names, "issued": "Laboratory"}, sealed - timedelta(days=3))
    data = write(made)
    for number, duty in enumerate(DUTIES):
        data = sign(data, keys.signers[duty], sealed - timedelta(days=3 - number))
    printed = print_signed(data, keys.signers["issued"], sealed)
    assert print_certificate(read(data), data)[:5] == printed[:5] == b"%PDF-"
    assert content(made, read_signatures(data), "any")["day"] == "2026-11-25"
    assert content(made, (), "any")["day"] == str(made.finished)


def test_a_signature_in_utc_may_be_of_the_day_after(evidence):
    """At half past seven in Shenyang, as many programs write it; with its offset it tells its day."""
    made = evaluate(evidence, find(evidence.procedure.name))
    made = made.model_copy(update={"begun": date(2026, 11, 28), "finished": date(2026, 11, 28)})
    now = datetime(2026, 12, 1, tzinfo=UTC)

    def signed(at: datetime) -> str:
        return check_order(made, [Signature("performed", at, (), b"")], now)

    assert "signed in order" in signed(datetime(2026, 11, 27, 23, 30, tzinfo=UTC))
    assert "signed in order" in signed(datetime(2026, 11, 28, 7, 30, tzinfo=SHENYANG))
    for early in (datetime(2026, 11, 27, 9, 30, tzinfo=UTC), datetime(2026, 11, 27, 23, 30, tzinfo=SHENYANG)):
        with pytest.raises(CertificateRefused, match="before the calibration ended on 2026-11-28"):
            signed(early)
    assert possible_days(datetime(2026, 11, 28, 1, 0, tzinfo=UTC)) == (date(2026, 11, 27), date(2026, 11, 28))


def test_nobody_signs_on_a_day_before_the_end(evidence):
    data = write(evaluate(evidence, find(evidence.procedure.name)))
    check_day(data, datetime.fromtimestamp(EARLY + 60, SHENYANG))
    with pytest.raises(
        CertificateRefused, match="ended on 2026-11-21, and it is 2026-11-20 in this time zone"
    ):
        check_day(data, datetime.fromtimestamp(EARLY + 60, UTC))


@pytest.mark.parametrize("demonstration", [True, False])
def test_the_days_of_a_demonstration_by_a_virtual_clock_keep_nobody_from_signing(evidence, demonstration):
    made = evaluate(evidence, find(evidence.procedure.name))
    data = write(made.model_copy(update={"demonstration": demonstration}))
    early = datetime.fromtimestamp(EARLY + 60, UTC)
    refused = pytest.raises(CertificateRefused, match="and it is 2026-11-20 in this time zone")
    with nullcontext() if demonstration else refused:
        check_day(data, early, virtual=True)
    with pytest.raises(CertificateRefused, match="and it is 2026-11-20 in this time zone"):
        check_day(data, early)


def test_times_are_shown_with_their_offset(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert moment(EARLY) == "2026-11-21 07:00:00+08"
    finally:
        monkeypatch.undo()
        time.tzset()
    assert moment(None) == "never"


def test_a_hub_names_its_time_zone(tmp_path):
    from remotecal.hub.settings import HubFolder

    text = 'laboratory = "L"\nservers = ["tls://a:1"]\ntime_zone = "{}"\n[enrolment]\naddress = "a:2"\n'
    (tmp_path / "hub.toml").write_text(text.format("Asia/Shanghai"))
    assert HubFolder(tmp_path).time_zone == "Asia/Shanghai"
    (tmp_path / "hub.toml").write_text(text.format("Mars/Olympus"))
    with pytest.raises(ConfigurationError, match="Mars/Olympus"):
        HubFolder(tmp_path)
