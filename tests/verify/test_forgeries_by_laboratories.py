"""What a laboratory may try that holds its own keys and those of its persons: the check that meets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from forged_paper import examine, outcomes
from made import DAY, NOW, SIGNED, Made, reference, register_content, scale_certificate

from remotecal.certificates.added import AMENDMENT
from remotecal.certificates.approval import replace, sign
from remotecal.certificates.dcc.write import write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.signing.xml import sign_xml
from remotecal.certificates.trace import trace
from remotecal.certificates.trust import read_trust_list
from remotecal.configuration import checked
from remotecal.errors import CertificateRefused, ConfigurationError, EvidenceError
from remotecal.model import Identification, Item, Person, Record, Text
from remotecal.registers import LaboratoryRegister


@dataclass(frozen=True)
class Forged:
    """A forgery by whoever holds the keys: how, and the check that must not pass, with what it says."""

    forge: Callable[[Made, Record], Record | None]
    check: str
    outcome: str
    reason: str


def with_standard(record: Record, **changes: object) -> Record:
    """Return a record that names its standard otherwise."""
    equipment = record.standards[0].model_copy(update=changes)
    measurement = record.measurements[0].model_copy(update={"standards": (equipment,)})
    return record.model_copy(update={"measurements": (measurement,)})


def certified(record: Record, **changes: object) -> Record:
    """Return a record that says something else of its standard's certificate."""
    own = record.standards[0].certificate
    assert own is not None
    return with_standard(record, certificate=own.model_copy(update=changes))


def standard_file(made: Made, record: Record, content: bytes) -> Record:
    """Return a record that rests on another file of the scale's certificate."""
    (made.standards / "scale.xml").write_bytes(content)
    return with_standard(record, certificate=reference(scale_certificate(), content))


def sealed_late(made: Made, record: Record) -> Record:
    late = SIGNED + timedelta(days=1)
    return standard_file(
        made, record, sign_xml(write(scale_certificate()), made.keys.signers["institute"], "issued", late)
    )


def calibrated_late(made: Made, record: Record) -> Record:
    late = {"begun": DAY, "finished": DAY + timedelta(days=1), "issued": DAY + timedelta(days=1)}
    scale = scale_certificate().model_copy(update=late)
    return with_standard(record, certificate=reference(scale, made.write_standard(scale)))


def by_nobody(made: Made, record: Record) -> Record:
    for path in made.standards.iterdir():
        path.unlink()
    return record


def by_itself(made: Made, record: Record) -> Record:
    key = made.keys.signers["performed"]
    when = datetime(2026, 3, 2, tzinfo=NOW.tzinfo)
    return standard_file(made, record, sign_xml(write(scale_certificate()), key, "issued", when))


def numbered(number: str) -> Callable[[Made, Record], Record]:
    return lambda _, record: record.model_copy(update={"number": number})


def dated(**changes: object) -> Callable[[Made, Record], Record]:
    return lambda _, record: record.model_copy(update=changes)


def named(**names: str) -> Callable[[Made, Record], Record]:
    def change(_: Made, record: Record) -> Record:
        contact = record.laboratory.contact.model_copy(update={"name": Text(**names)})
        return record.model_copy(
            update={"laboratory": record.laboratory.model_copy(update={"contact": contact})}
        )

    return change


AS_A_LABORATORY: dict[str, Forged] = {
    "a standard's certificate nobody signed": Forged(
        lambda made, record: standard_file(made, record, write(scale_certificate())),
        "standard MASS-1: signature",
        "not possible",
        "not signed",
    ),
    "one that is not at hand": Forged(
        by_nobody, "standard MASS-1: file", "not possible", "no file with the hash"
    ),
    "one that was invented": Forged(
        lambda _, record: certified(record, value="ab" * 32),
        "standard MASS-1: file",
        "not possible",
        "no file with the hash abab",
    ),
    "one said to be on paper": Forged(
        lambda _, record: certified(record, procedure="analogue", value="analogue"),
        "standard MASS-1: file",
        "not possible",
        "on paper",
    ),
    "one the laboratory wrote itself": Forged(
        by_itself,
        "standard MASS-1: trust",
        "failed",
        "names as its laboratory",
    ),
    "one of another number": Forged(
        lambda _, record: certified(record, number="MASS-2"),
        "standard MASS-2: file",
        "failed",
        "is certificate MASS-1",
    ),
    "one of another day": Forged(
        lambda _, record: certified(record, issued=date(2026, 6, 1)),
        "standard MASS-1: file",
        "failed",
        "not on 2026-06-01",
    ),
    "one valid longer than it says": Forged(
        lambda _, record: certified(record, valid_until=date(2030, 1, 1)),
        "standard MASS-1: file",
        "failed",
        "valid until 2027-03-01, not until 2030-01-01",
    ),
    "one of a better institute": Forged(
        lambda _, record: certified(record, issuer=Text(zh="国家计量院", en="National Institute")),
        "standard MASS-1: file",
        "not possible",
        "said to be of National Institute",
    ),
    "one for a standard without a number": Forged(
        lambda _, record: with_standard(record, identifications=()),
        "standard MASS-1: file",
        "not possible",
        "without its serial number",
    ),
    "one sealed after its use": Forged(
        sealed_late, "standard MASS-1: dates", "failed", "after the standard was used"
    ),
    "one of a calibration after its use": Forged(
        calibrated_late,
        "standard MASS-1: file",
        "failed",
        "after the standard was used",
    ),
    "issued in the future": Forged(dated(issued=date(2028, 1, 1)), "dates", "failed", "has not come yet"),
    "issued after it was sealed": Forged(
        dated(issued=DAY + timedelta(days=3)),
        "dates",
        "failed",
        "but signed on 2026-11-20 already",
    ),
    "received after it was calibrated": Forged(
        dated(received=DAY + timedelta(days=1)),
        "dates",
        "failed",
        "received on 2026-11-21",
    ),
    "signed long after": Forged(
        dated(begun=date(2026, 6, 1), finished=date(2026, 6, 1)),
        "dates",
        "not possible",
        "172 days",
    ),
    "a number with something hidden": Forged(numbered("FLOW-1\u200b"), "numbers", "failed", "U+200B"),
    "a number turned round": Forged(numbered("\u202eFLOW-1"), "numbers", "failed", "U+202E"),
    "a number in letters alike": Forged(numbered("FL\u041eW-1"), "numbers", "failed", "Cyrillic, Latin"),
    "another laboratory in another language": Forged(
        named(zh="国家计量院", en="Demonstration Flow Laboratory"),
        "trust",
        "failed",
        "国家计量院",
    ),
}


@pytest.mark.parametrize("what", AS_A_LABORATORY)
def test_a_forgery_by_the_laboratory(made: Made, what: str) -> None:
    forged = AS_A_LABORATORY[what]
    record = forged.forge(made, made.recompute(made.run))
    assert record is not None
    data = write(record)
    for minutes, duty in enumerate(DUTIES):
        data = sign_xml(data, made.keys.signers[duty], duty, SIGNED + timedelta(minutes=minutes))
    made.certificate.write_bytes(data)
    report = examine(made, journal=None)
    assert report.verdict == ("fails" if forged.outcome == "failed" else "is not proven")
    outcome, said = outcomes(report)[forged.check]
    assert (outcome, forged.reason in said) == (forged.outcome, True), said
    (standard,) = trace(data, CertificateLibrary([made.standards]), made.trust(), NOW).standards
    if forged.check.startswith("standard") and "dates" not in forged.check:
        assert standard.standing in ("open", "refused")


@pytest.mark.parametrize("number", ["flow-1", "FLOW - 1", "ＦＬＯＷ－１", "FLOW\u20111", "FLOW-\u0661"])
def test_a_revoked_number_written_otherwise_is_revoked(made: Made, number: str) -> None:
    entry = {"what": "certificate", "id": "FLOW-1", "reason": {"en": "wrong serial number"}}
    made.seal(made.recompute(made.run).model_copy(update={"number": number}))
    report = examine(made, journal=None, trust=made.trust(revoked=[entry]))
    assert outcomes(report)["revocation"][0] == "failed"


def test_lists_and_signatures_take_no_disguised_number(made: Made) -> None:
    entry = {"what": "certificate", "id": "FL\u041eW-1", "reason": {"en": "wrong"}}
    with pytest.raises(ConfigurationError, match="mixes letters that look alike"):
        made.trust(revoked=[entry])
    record = made.recompute(made.run)
    item = Item(name=Text.plain("meter"), identifications=(Identification(value="SN\u200b-4711"),))
    with pytest.raises(CertificateRefused, match=r"U\+200B"):
        sign(write(record.model_copy(update={"items": (item,)})), made.keys.signers["performed"], SIGNED)


def test_one_person_under_names_that_look_alike_signs_once(made: Made) -> None:
    record = made.recompute(made.run)
    first, second, third = record.persons
    alike = Person(name=Text(en="Li Na", zh="ZHANG  WEI"), duty="reviewed")
    data = sign(
        write(record.model_copy(update={"persons": (first, alike, third)})),
        made.keys.signers["performed"],
        SIGNED,
    )
    assert second.duty == alike.duty
    with pytest.raises(CertificateRefused, match="nobody signs twice"):
        sign(data, made.keys.signers["reviewed"], SIGNED)


def test_the_register_knows_a_number_however_it_is_written(made: Made) -> None:
    content = register_content(made)
    content["standards"][0] |= {"serial": "b-1", "certificate": "mass - 1"}  # type: ignore[index]
    register = checked(LaboratoryRegister, content, "register", ConfigurationError)
    assert outcomes(examine(made, register=register))["register"][0] == "passed"


def test_an_element_the_results_do_not_have_is_found(made: Made) -> None:
    """A claim in an element that this program does not read, put in before it was signed."""
    data = write(made.recompute(made.run))
    claim = b"<dcc:comment><claim xmlns='urn:claim'>conforms to class 0.2</claim>"
    data = data.replace(b"<dcc:comment>", claim)
    for minutes, duty in enumerate(DUTIES):
        data = sign_xml(data, made.keys.signers[duty], duty, SIGNED + timedelta(minutes=minutes))
    made.certificate.write_bytes(data)
    outcome, said = outcomes(examine(made))["results"]
    assert (outcome, "claim" in said) == ("failed", True)


def amended(made: Made, **changes: object) -> Record:
    """Return the record of an amended certificate; the old one is at hand."""
    old = made.certificate.read_bytes()
    (made.standards / "old.xml").write_bytes(old)
    record = made.recompute(made.run).model_copy(update={"number": "FLOW-1-A", **changes})
    return replace(old, record, "amended", Text(zh="委托单位有误", en="wrong customer"))


def other_customer(made: Made) -> dict[str, object]:
    customer = made.recompute(made.run).customer
    return {"customer": customer.model_copy(update={"name": Text.plain("Example Water II")})}


def test_an_honest_amendment_holds_and_one_of_nothing_at_hand_is_not_proven(made: Made) -> None:
    record = amended(made, **other_customer(made))
    made.seal(record)
    assert examine(made).verdict == "holds"
    (made.standards / "old.xml").unlink()
    report = examine(made)
    assert report.verdict == "is not proven"
    assert outcomes(report)["certificate replaced"][0] == "not possible"


def test_an_amendment_that_changes_nothing_or_more_than_it_says(made: Made) -> None:
    record = amended(made, **other_customer(made))
    same_customer = record.model_copy(update={"customer": made.recompute(made.run).customer})
    more = record.model_copy(update={"received": DAY})
    for forged, reason in ((same_customer, "nothing differs"), (more, "changes day of receipt")):
        made.seal(forged)
        outcome, said = outcomes(examine(made))["certificate replaced"]
        assert (outcome, reason in said) == ("failed", True), said


def test_an_amendment_says_what_it_says_in_fixed_words(made: Made) -> None:
    record = amended(made, **other_customer(made))
    said = next(entry for entry in record.statements if AMENDMENT in entry.ref_types)
    claim = said.model_copy(update={"declaration": Text.plain("The meter is of class 0.2.")})
    made.seal(record.model_copy(update={"statements": (*record.statements[:-1], claim)}))
    found = outcomes(examine(made))
    assert found["results"][0] == found["certificate replaced"][0] == "failed"


def test_a_trust_list_that_was_rolled_back(made: Made) -> None:
    made.trust(number=6)
    path, issuer = made.folder / "trust.toml", made.keys.list_issuer.public
    assert read_trust_list(path, issuer, 6).number == 6
    with pytest.raises(EvidenceError, match="is issue 6, and 7 was there already"):
        read_trust_list(path, issuer, 7)
    assert outcomes(examine(made, trust=read_trust_list(path, issuer)))["trust list"][1].startswith(
        "issue 6 of"
    )
