"""What a dishonest insider, a thief of a key, a careless laboratory tries; refused for the right reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from made import (
    DAY,
    NAMES,
    NOW,
    SIGNED,
    Made,
    chained,
    reference,
    register_content,
    scale_certificate,
)

from remotecal.certificates.added import PARTS, amendment, may_be_added, remote_operation
from remotecal.certificates.approval import sign
from remotecal.certificates.dcc.write import write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.xml import sign_xml
from remotecal.certificates.trace import Traced, trace
from remotecal.certificates.trust import TrustList
from remotecal.configuration import checked
from remotecal.errors import CertificateRefused, ConfigurationError
from remotecal.journal.events import read_journal
from remotecal.model import VERIFIED, Column, Record, Statement, Text, Uncertainty
from remotecal.registers import LaboratoryRegister
from remotecal.verify import Report, verify


def examine(
    made: Made,
    path: Path | None = None,
    trust: TrustList | None = None,
    register: LaboratoryRegister | None = None,
) -> Report:
    return verify(
        path or made.certificate,
        journal=made.run,
        trust=trust or made.trust(),
        library=CertificateLibrary([made.standards]),
        register=register,
        recompute=made.recompute,
        now=NOW,
    )


def failed(report: Report) -> dict[str, str]:
    return {check.name: check.said for check in report.failures}


def doubts(report: Report) -> dict[str, str]:
    return {check.name: check.said for check in report.checks if check.needed and check.outcome != "passed"}


def changed(record: Record, **changes: object) -> Record:
    return record.model_copy(update=changes)


def test_an_insider_who_names_nobody_and_seals_alone(made: Made) -> None:
    record = made.recompute(made.run)
    nobody = changed(record, persons=tuple(changed_duty(person) for person in record.persons))
    made.certificate.write_bytes(sign_xml(write(nobody), made.keys.signers["performed"], "issued", SIGNED))
    assert (
        failed(examine(made))["trust"] == "it is sealed by Zhang Wei, which is not the name of the laboratory"
    )


def changed_duty(person: object) -> object:
    return person.model_copy(update={"duty": None})  # type: ignore[attr-defined]


def test_a_laboratory_that_signs_under_a_better_name(made: Made) -> None:
    record = made.recompute(made.run)
    name = Text(zh="国家计量院", en="National Institute")
    contact = record.laboratory.contact.model_copy(update={"name": name})
    made.seal(changed(record, laboratory=record.laboratory.model_copy(update={"contact": contact})))
    assert "names as its laboratory 国家计量院 / National Institute" in failed(examine(made))["trust"]


def test_a_statement_added_to_what_was_computed(made: Made) -> None:
    record = made.recompute(made.run)
    for statement in (
        Statement(declaration=Text(zh="优", en="the best meter there is")),
        Statement(ref_types=("remotecal_remoteOperation",), conformity="pass"),
        Statement(
            ref_types=("remotecal_remoteOperation", "basic_conformity"), declaration=Text.plain("fine")
        ),
        Statement(ref_types=("remotecal_remoteOperation",), declaration=Text.plain("class 0.2 is kept")),
        remote_operation(Text.plain("the national institute"), "site-3"),
        remote_operation(record.laboratory.contact.name, "site-3, of class 0.2,"),
        remote_operation(record.laboratory.contact.name, "site-3", verified=True),
        amendment("FLOW-0", [PARTS["customer"]], Text.plain("class 0.2 is kept")),
    ):
        made.seal(changed(record, statements=(*record.statements, statement)))
        assert "statements" in failed(examine(made))["results"]
    name = record.laboratory.contact.name
    verification = record.model_copy(update={"statements": (VERIFIED,)})
    for verified in (False, True):
        assert may_be_added(remote_operation(name, "site-3", verified=verified), verification)
    far = remote_operation(name, "site-3")
    made.seal(changed(record, statements=(*record.statements, far)))
    assert examine(made).verdict == "holds"


def test_the_same_person_under_two_spellings(made: Made) -> None:
    record = made.recompute(made.run)
    first, second, third = record.persons
    spelt = [Text(zh="张伟", en=NAMES[duty]) for duty in ("performed", "reviewed")]
    persons = (
        first.model_copy(update={"name": spelt[0]}),
        second.model_copy(update={"name": spelt[1]}),
        third,
    )
    twice = changed(record, persons=persons)
    data = sign(write(twice), made.keys.signers["performed"], SIGNED)
    with pytest.raises(CertificateRefused, match="has signed as performed already; nobody signs twice"):
        sign(data, made.keys.signers["reviewed"], SIGNED)
    for duty in ("reviewed", "approved", "issued"):
        data = sign_xml(data, made.keys.signers[duty], duty, SIGNED)
    made.certificate.write_bytes(data)
    assert "nobody signs twice" in failed(examine(made))["approval"]


def lines(made: Made) -> list[bytes]:
    return made.journal.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("kept", "check", "reason"),
    [
        (0, "journal", "the journal is empty"),
        (11, "journal's end", "the run is unfinished: the journal breaks off behind line 11, 'replies'"),
        (-2, "journal's end", "the run is unfinished"),
        (-1, "journal's signature", "not signed: whether its end was cut off can't be told"),
        (-1, "journal of this run", "it was cut off"),
    ],
)
def test_a_journal_cut_off_behind_a_line(made: Made, kept: int, check: str, reason: str) -> None:
    made.journal.write_bytes(b"".join(lines(made)[:kept]))
    report = examine(made)
    assert report.verdict == "fails"
    assert reason in failed(report)[check]


def with_standard(made: Made, change: Callable[[Record], Record]) -> Record:
    """Return the record of a calibration that rests on another certificate of the scale."""
    scale = change(scale_certificate())
    data = made.write_standard(scale)
    record = made.recompute(made.run)
    equipment = record.standards[0].model_copy(update={"certificate": reference(scale, data)})
    measurement = record.measurements[0].model_copy(update={"standards": (equipment,)})
    return changed(record, measurements=(measurement,))


def test_a_run_that_applied_other_numbers_than_the_certificate_gives(made: Made) -> None:
    """The station names the hash of the true certificate, and corrects by another."""
    events = list(read_journal(made.journal))
    other = json.loads(json.dumps(events[0].data).replace('"0.012"', '"0.120"'))
    made.journal.write_bytes(chained([events[0]._replace(data=other), *events[1:]]))
    assert failed(examine(made))["certificates applied"] == (
        "scale: the run applied other numbers than those of certificate MASS-1"
    )


def test_no_standard_at_all_is_no_traceability(made: Made) -> None:
    record = made.recompute(made.run)
    bare = changed(record, measurements=(record.measurements[0].model_copy(update={"standards": ()}),))
    made.seal(bare)
    report = verify(made.certificate, trust=made.trust(), now=NOW)
    assert report.verdict == "is not proven"
    assert list(doubts(report)) == ["traceability"]


def test_a_certificate_that_rests_on_a_demonstration(made: Made) -> None:
    made.seal(changed(made.recompute(made.run), demonstration=False))
    found = failed(examine(made, trust=made.trust(demonstration=False)))
    assert found["standard MASS-1: file"] == "it is of a demonstration, and not valid"


@pytest.mark.parametrize(
    ("since", "refused"), [({}, True), ({"since": DAY}, True), ({"since": DAY + timedelta(days=1)}, False)]
)
def test_a_standards_certificate_that_was_revoked(made: Made, since: dict[str, date], refused: bool) -> None:
    entry = {"what": "certificate", "id": "MASS-1", "reason": {"en": "weights mixed up"}, **since}
    trust = made.trust(revoked=[entry])
    name = "standard MASS-1: revocation"
    assert (name in failed(examine(made, trust=trust))) is refused
    standing = {link.number: link.standing for link in chain(made, trust).chain()}
    assert standing["MASS-1"] == ("refused" if refused else "national standard")


def chain(made: Made, trust: TrustList) -> Traced:
    return trace(made.certificate.read_bytes(), CertificateLibrary([made.standards]), trust, NOW)


def test_a_revoked_and_a_superseded_certificate(made: Made) -> None:
    def listed(**entry: object) -> TrustList:
        whole = {"what": "certificate", "id": "FLOW-1", "reason": {"en": "wrong customer"}, **entry}
        return made.trust(revoked=[whole])

    said = failed(examine(made, trust=listed(superseded_by="FLOW-1-A", since=date(2026, 11, 30))))
    assert said == {
        "revocation": "the certificate FLOW-1 is superseded by FLOW-1-A since 2026-11-30: wrong customer"
    }
    assert failed(examine(made, trust=listed())) == {
        "revocation": "the certificate FLOW-1 is revoked: wrong customer"
    }
    assert examine(made, trust=listed(since=NOW.date() + timedelta(days=1))).verdict == "holds"
    for wrong in ({"superseded_by": "FLOW-1"}, {"what": "key", "superseded_by": "FLOW-1-A"}):
        with pytest.raises(ConfigurationError, match="can't be superseded"):
            listed(**wrong)


def test_the_chain_needs_the_current_list_and_a_scope_that_fits(made: Made) -> None:
    with pytest.raises(CertificateRefused, match="get the current one"):
        chain(made, made.trust(next_update=NOW.date() - timedelta(days=1)))
    trust = made.trust()
    (capability,) = trust.bodies[2].scope
    small = trust.bodies[2].model_copy(update={"scope": (capability.model_copy(update={"high": "500"}),)})
    traced = chain(made, trust.model_copy(update={"bodies": (*trust.bodies[:2], small)}))
    assert "600 kg is outside the scope" in traced.standards[0].reason


def test_a_chain_that_branches_without_end(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six certificates, each of which names the one above it five times."""
    monkeypatch.setattr("remotecal.verify.standards.MOST_CHECKS", 60)
    monkeypatch.setattr("remotecal.certificates.trace.MOST", 60)
    data = write(scale_certificate())
    for level in range(5):
        (made.standards / f"{level}.xml").write_bytes(data)
        (standard,) = made.recompute(made.run).standards
        named = [
            standard.model_copy(update={"id": f"s{n}", "certificate": reference(scale_certificate(), data)})
            for n in range(5)
        ]
        record = scale_certificate()
        measurement = record.measurements[0].model_copy(update={"standards": tuple(named)})
        data = write(changed(record, measurements=(measurement,)))
    path = made.folder / "top.xml"
    path.write_bytes(data)
    with pytest.raises(CertificateRefused, match="has more than 60 certificates"):
        trace(data, CertificateLibrary([made.standards]), made.trust(), NOW)
    report = examine(made, path)
    assert len(report.checks) < 100
    assert "too many certificates" in doubts(report)["traceability"]


def test_part_of_a_serial_number_is_not_the_serial_number(made: Made) -> None:
    record = made.recompute(made.run)
    (own,) = record.standards[0].identifications
    other = record.standards[0].model_copy(
        update={"identifications": (own.model_copy(update={"value": "1"}),)}
    )
    made.seal(
        changed(record, measurements=(record.measurements[0].model_copy(update={"standards": (other,)}),))
    )
    assert chain(made, made.trust()).standards[0].reason == "it is for serial B-1, not for serial number 1"


@pytest.mark.parametrize(
    ("values", "stated", "reason"),
    [
        (
            None,
            Uncertainty(expanded=("0.060",), k=("3",), p=("0.997",)),
            r"U = 0\.040 % is smaller than the CMC",
        ),
        (None, Uncertainty(expanded=("0.020",), k=("1",)), r"U = 0\.040 % is smaller than the CMC"),
        (None, Uncertainty(expanded=("NaN",), p=("0.95",)), "U = NaN % is smaller"),
        ("NaN", Uncertainty(expanded=("0.060",), p=("0.95",)), "NaN m3/h is outside"),
    ],
)
def test_an_uncertainty_in_other_clothes(
    made: Made, values: str | None, stated: Uncertainty, reason: str
) -> None:
    record = made.recompute(made.run)
    flow, error = record.tables[0].columns
    assert isinstance(flow, Column)
    if values is not None:
        flow = flow.model_copy(update={"values": (values,)})
    table = record.tables[0].model_copy(
        update={"columns": (flow, error.model_copy(update={"uncertainty": stated}))}
    )
    measurement = record.measurements[0]
    result = measurement.results[0].model_copy(update={"tables": (table,)})
    made.seal(changed(record, measurements=(measurement.model_copy(update={"results": (result,)}),)))
    assert re.search(reason, failed(examine(made))["scope"])


def test_a_registration_that_had_expired_when_the_person_signed(made: Made) -> None:
    def asked(*path: str | int, value: object = None) -> LaboratoryRegister:
        content = register_content(made)
        place: object = content
        for step in path[:-1]:
            place = place[step]  # type: ignore[index]
        if path:
            place[path[-1]] = value  # type: ignore[index]
        return checked(LaboratoryRegister, content, "register.toml", ConfigurationError)

    assert examine(made, register=asked()).verdict == "holds"
    record = made.recompute(made.run)
    data = write(record)
    late = SIGNED + timedelta(days=5)
    for number, duty in enumerate(("performed", "reviewed", "approved", "issued")):
        data = sign(data, made.keys.signers[duty], late + timedelta(minutes=number))
    made.certificate.write_bytes(data)
    day = (DAY + timedelta(days=2)).isoformat()
    found = failed(examine(made, register=asked("persons", 1, "valid_until", value=day)))
    assert found == {"register": "the registration of Li Na ended on 2026-11-22 (signed on 2026-11-25)"}
    found = failed(examine(made, register=asked("laboratory", "valid_until", value=day)))
    assert "accreditation ended on 2026-11-22 (signed on 2026-11-25)" in found["register"]
    found = failed(examine(made, register=asked("persons", 1, "key", value="00")))
    assert "the key is not that of the person named for reviewed" in found["register"]
