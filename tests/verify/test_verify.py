"""A certificate with its evidence holds; every single change to either is found, for the right reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from made import DAY, NOW, PROCEDURE, SIGNED, Made, chained, reference, scale_certificate, with_error

from remotecal.certificates.approval import sign
from remotecal.certificates.dcc.write import write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.signing.xml import sign_xml
from remotecal.certificates.transcribed import TRANSCRIBED
from remotecal.certificates.trust import TrustList
from remotecal.errors import ConfigurationError
from remotecal.journal.events import read_journal
from remotecal.model import Identification, Item, Statement, Text
from remotecal.verify import Report, verify

GIVEN = Path("the journal of the run itself")


def examine(
    made: Made, *, journal: Path | None = GIVEN, trust: TrustList | None = None, now: datetime = NOW
) -> Report:
    return verify(
        made.certificate,
        journal=made.run if journal is GIVEN else journal,
        trust=trust or made.trust(),
        library=CertificateLibrary([made.standards]),
        recompute=made.recompute,
        now=now,
    )


def failed(report: Report) -> dict[str, str]:
    return {check.name: check.said for check in report.failures}


def test_the_whole_evidence_holds(made: Made) -> None:
    report = examine(made)
    assert [(c.name, c.said) for c in report.checks if c.outcome != "passed"] == []
    assert report.verdict == "holds"
    assert report.demonstration


def test_six_replies_are_read_again(made: Made) -> None:
    (check,) = (check for check in examine(made).checks if check.name == "replies")
    assert check.said.startswith("6 values read again")
    assert check.said.endswith("; no instrument said flow")


def test_a_certificate_alone_tells_what_it_cannot_prove(made: Made) -> None:
    report = verify(made.certificate, now=NOW)
    assert report.verdict == "is not proven"
    assert not report.failures
    assert {c.name for c in report.checks if c.outcome == "not possible"} >= {"trust", "journal"}


def test_without_the_certificates_of_its_standards_it_is_not_proven(made: Made) -> None:
    report = verify(made.certificate, trust=made.trust(), now=NOW)
    assert report.verdict == "is not proven"
    assert {c.name for c in report.checks if c.outcome == "not possible"} == {
        "journal",
        "standard MASS-1: file",
    }


def test_one_digit_changed_in_the_xml(made: Made) -> None:
    data = made.certificate.read_bytes()
    changed = re.sub(rb"(<si:valueExpandedMUXMLList>)0\.060", rb"\g<1>0.050", data)
    assert changed != data
    made.certificate.write_bytes(changed)
    assert "a signature does not hold" in failed(examine(made))["XML signatures"]


def test_a_number_changed_by_the_laboratory_itself(made: Made) -> None:
    record = made.recompute(made.run)
    made.seal(with_error(record, "0.001"))
    assert re.fullmatch(
        r"the journal gives another Error of indication: column 2: "
        r"certificate '0\.001', journal '0\.\d+' \(1 difference in all\)",
        failed(examine(made))["results"],
    )


def test_another_version_of_the_program_is_told(made: Made) -> None:
    record = with_error(made.recompute(made.run), "0.001")
    older = record.software[0].model_copy(update={"release": "v0.0.9"})
    made.seal(record.model_copy(update={"software": (older,)}))
    assert failed(examine(made))["results"].endswith(
        "it was written by remotecal v0.0.9, this is remotecal v0.1.0"
    )


def lines(made: Made) -> list[bytes]:
    return made.journal.read_bytes().splitlines(keepends=True)


def change_digit(found: list[bytes]) -> list[bytes]:
    return [line.replace(b"600.02", b"600.03") for line in found]


def remove(found: list[bytes]) -> list[bytes]:
    return found[:4] + found[5:]


def swap(found: list[bytes]) -> list[bytes]:
    return [*found[:4], found[5], found[4], *found[6:]]


def append(found: list[bytes]) -> list[bytes]:
    return [*found, found[-1]]


def cut(found: list[bytes]) -> list[bytes]:
    return found[:-1]


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        (change_digit, "journal", "its hash is wrong"),
        (remove, "journal", "lines are missing or were moved"),
        (swap, "journal", "lines are missing or were moved"),
        (append, "journal", "lines are missing or were moved"),
        (cut, "journal of this run", "the certificate rests on"),
    ],
)
def test_a_journal_that_was_changed(
    made: Made, change: Callable[[list[bytes]], list[bytes]], name: str, reason: str
) -> None:
    before = lines(made)
    after = change(before)
    assert after != before
    made.journal.write_bytes(b"".join(after))
    assert reason in failed(examine(made))[name]


def test_a_line_appended_in_the_chain(made: Made) -> None:
    events = [*read_journal(made.journal), read_journal(made.journal)[-2]]
    made.journal.write_bytes(chained(events))
    found = failed(examine(made))
    assert "the certificate rests on" in found["journal of this run"]
    assert "1 lines follow" in found["journal's signature"]


def test_a_journal_chained_anew_is_not_the_one_signed(made: Made) -> None:
    events = list(read_journal(made.journal))
    note = events[3]._replace(kind="note", data={"text": "nothing"})
    made.journal.write_bytes(chained([*events[:3], note, *events[4:]]))
    found = failed(examine(made))
    assert "it ends in" in found["journal of this run"]
    assert "the signature is not that of key" in found["journal's signature"]


def test_the_journal_of_another_run(made: Made) -> None:
    made.write_journal(made.folder / "other")
    assert (
        "the journal of run other"
        in failed(examine(made, journal=made.folder / "other"))["journal of this run"]
    )


def test_another_journal_of_a_run_with_the_same_name(made: Made) -> None:
    made.write_journal(made.folder / "elsewhere" / "run", ("600.15", "599.87", "600.02"))
    found = failed(examine(made, journal=made.folder / "elsewhere" / "run"))
    assert "it ends in" in found["journal of this run"]
    assert "certificate" in found["results"]


def test_an_unsigned_journal(made: Made) -> None:
    made.journal.write_bytes(b"".join(lines(made)[:-1]))
    assert failed(examine(made))["journal's signature"].startswith("the journal is not signed")


def test_the_journal_of_an_unknown_station(made: Made) -> None:
    trust = made.trust()
    laboratory = trust.bodies[1].model_copy(update={"journal_keys": ()})
    changed = trust.model_copy(update={"bodies": (trust.bodies[0], laboratory, trust.bodies[2])})
    assert "is not on the trust list" in failed(examine(made, trust=changed))["journal's signature"]


def test_an_untrusted_key(made: Made) -> None:
    trust = made.trust()
    laboratory = trust.bodies[1].model_copy(update={"certificates": trust.bodies[1].certificates[:3]})
    changed = trust.model_copy(update={"bodies": (trust.bodies[0], laboratory, trust.bodies[2])})
    assert "is not on the trust list" in failed(examine(made, trust=changed))["trust"]


def test_an_expired_standard(made: Made) -> None:
    standard = made.write_standard(scale_certificate(valid_until=date(2026, 11, 19)))
    record = made.recompute(made.run)
    expired = reference(scale_certificate(), standard).model_copy(update={"valid_until": date(2026, 11, 19)})
    equipment = record.standards[0].model_copy(update={"certificate": expired})
    measurement = record.measurements[0].model_copy(update={"standards": (equipment,)})
    made.seal(record.model_copy(update={"measurements": (measurement,)}))
    found = failed(examine(made))
    assert "expired on 2026-11-19" in found["standard MASS-1: validity"]
    assert "valid until 2026-11-19" in found["standard MASS-1: file"]


def test_a_standard_whose_certificate_says_less_than_its_user(made: Made) -> None:
    made.write_standard(scale_certificate(valid_until=date(2026, 11, 19)))
    made.seal(made.recompute(made.run))
    assert "valid until 2026-11-19" in failed(examine(made))["standard MASS-1: file"]


def test_a_procedure_of_another_hash(made: Made) -> None:
    record = made.recompute(made.run)
    assert record.evidence is not None
    other = record.evidence.model_copy(update={"procedure_hash": "ab" * 32})
    made.seal(record.model_copy(update={"evidence": other}))
    found = failed(examine(made))["procedure"]
    assert PROCEDURE[:16] in found
    assert "abababab" in found


@pytest.mark.parametrize(
    ("expanded", "scope", "reason"),
    [
        ("0.040", {}, "U = 0.040 % is smaller than the CMC, 0.05"),
        ("0.060", {"high": "49.9"}, "50.0 m3/h is outside the scope"),
        ("0.060", {"quantity": "basic_other"}, "no capability for this quantity"),
    ],
)
def test_a_result_outside_the_scope(made: Made, expanded: str, scope: dict[str, str], reason: str) -> None:
    record = made.recompute(made.run)
    made.seal(with_error(record, None, expanded))
    trust = made.trust()
    (capability,) = trust.bodies[1].scope
    laboratory = trust.bodies[1].model_copy(update={"scope": (capability.model_copy(update=scope),)})
    changed = trust.model_copy(update={"bodies": (trust.bodies[0], laboratory, trust.bodies[2])})
    assert reason in failed(examine(made, trust=changed, journal=None))["scope"]


def test_a_certificate_from_the_future_and_one_signed_too_early(made: Made) -> None:
    early = made.recompute(made.run).model_copy(update={"finished": DAY + timedelta(days=2), "issued": None})
    earlier = examine(made, now=NOW - timedelta(days=20), journal=None)
    assert "has not come yet" in failed(earlier)["dates"]
    made.seal(early)
    assert "before the calibration ended" in failed(examine(made, journal=None))["dates"]


def test_the_days_of_a_virtual_clock_are_not_held_against_who_signs_unless_it_is_no_demonstration(
    made: Made,
) -> None:
    """A rig's own clock runs past midnight in a minute; by a computer's clock nobody signs before the end."""
    ahead = {"finished": DAY + timedelta(days=2), "issued": None}
    for demonstration in (True, False):
        made.seal(made.recompute(made.run).model_copy(update=ahead | {"demonstration": demonstration}))
        for clock in ("virtual", "real"):
            start, *events = read_journal(made.journal)
            told = start._replace(data={**start.data, "clock": clock})
            made.journal.write_bytes(chained([told, *events]))
            found = next(one for one in examine(made).checks if one.name == "dates")
            assert ("by a virtual clock" in found.said) is (demonstration and clock == "virtual"), found
            if not (demonstration and clock == "virtual"):
                assert "before the calibration ended" in found.said
        assert "before the calibration ended" in failed(examine(made, journal=None))["dates"]


def test_signatures_that_speak_for_two_bodies(made: Made) -> None:
    trust = made.trust()
    people, seal = trust.bodies[1].certificates[:3], trust.bodies[1].certificates[3:]
    laboratory = trust.bodies[1].model_copy(update={"certificates": people})
    institute = trust.bodies[2].model_copy(update={"certificates": seal})
    changed = trust.model_copy(update={"bodies": (trust.bodies[0], laboratory, institute)})
    assert "different bodies: laboratory, institute" in failed(examine(made, trust=changed))["trust"]


def test_signatures_out_of_order_and_a_day_of_issue_too_early(made: Made) -> None:
    record = made.recompute(made.run)
    data = sign(write(record), made.keys.signers["performed"], SIGNED + timedelta(hours=1))
    for duty in DUTIES[1:]:
        data = sign(data, made.keys.signers[duty], SIGNED)
    made.certificate.write_bytes(data)
    assert "not in the order of the signatures" in failed(examine(made))["dates"]
    made.seal(record.model_copy(update={"issued": DAY - timedelta(days=1)}))
    assert "issued on 2026-11-19, before" in failed(examine(made, journal=None))["dates"]


def test_a_seal_alone_is_no_approval(made: Made) -> None:
    data = sign_xml(write(made.recompute(made.run)), made.keys.signers["issued"], "issued", SIGNED)
    made.certificate.write_bytes(data)
    assert "must be signed as performed, reviewed, approved, issued" in failed(examine(made))["approval"]


def test_an_unsigned_certificate_is_nobodys(made: Made) -> None:
    made.certificate.write_bytes(write(made.recompute(made.run)))
    assert failed(examine(made))["XML signatures"] == "the certificate is not signed"


def test_a_standard_certificate_of_another_instrument_or_number(made: Made) -> None:
    for change, reason in (
        ({"number": "MASS-2"}, "the file with this hash is certificate MASS-2"),
        (
            {"items": (Item(name=Text.plain("scale"), identifications=(Identification(value="B-2"),)),)},
            "for serial B-2",
        ),
    ):
        made.write_standard(scale_certificate().model_copy(update=change))
        made.seal(made.recompute(made.run))
        assert reason in failed(examine(made))["standard MASS-1: file"]


def test_a_standard_typed_from_paper_is_not_proven_and_says_who_typed_it(made: Made) -> None:
    typed = Statement(ref_types=(TRANSCRIBED,), declaration=Text(zh="甲", en="Typed by Li and Zhao"))
    paper = scale_certificate()
    content = write(paper.model_copy(update={"statements": (*paper.statements, typed)}))
    (made.standards / "scale.xml").write_bytes(content)
    made.seal(made.recompute(made.run))
    (check,) = (check for check in examine(made).checks if check.name == "standard MASS-1: signature")
    assert check.outcome == "not possible"
    assert check.said == "it is not signed: who issued it can't be proven. Typed by Li and Zhao"


def test_a_demonstration_is_not_valid_elsewhere(made: Made) -> None:
    assert "a demonstration" in failed(examine(made, trust=made.trust(demonstration=False)))["demonstration"]


def test_a_reply_that_says_something_else(made: Made) -> None:
    from examining import examine_replies

    from remotecal.errors import EvidenceError

    events = list(read_journal(made.journal))
    place = next(
        n for n, event in enumerate(events) if event.kind == "replies" and "600.14" in str(event.data)
    )
    garbled = json.dumps(events[place].data).replace("600.14", "600.41")
    events[place] = events[place]._replace(data=json.loads(garbled))
    with pytest.raises(EvidenceError, match=r"exchange 3 says 600\.41 kg, the observation 600\.14"):
        examine_replies(events)


def test_an_observation_that_names_another_exchange(made: Made) -> None:
    from examining import examine_replies

    from remotecal.errors import EvidenceError

    events = list(read_journal(made.journal))
    place = next(number for number, event in enumerate(events) if event.kind == "observation")
    moved = json.dumps(events[place].data).replace('"exchange": 3,', '"exchange": 5,')
    events[place] = events[place]._replace(data=json.loads(moved))
    with pytest.raises(EvidenceError, match=r"mass: no exchange 5 was kept until then"):
        examine_replies(events)


def test_a_driver_that_asks_otherwise_now_proves_nothing(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    from remotecal.drivers.mettler.sics import MettlerSics, Weight

    monkeypatch.setattr(MettlerSics.settled_mass, "wire", Weight("SIX1"))
    report = examine(made)
    assert report.verdict == "is not proven"
    (check,) = (check for check in report.checks if check.outcome == "not possible")
    assert (check.name, "set up otherwise" in check.said) == ("replies", True)


def test_there_must_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        verify(tmp_path / "nothing.xml")
