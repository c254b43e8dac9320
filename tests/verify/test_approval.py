"""Three persons and a seal, nobody twice; what replaces a certificate names it."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, NameOID
from made import NAMES, SIGNED, Made, register_content

from remotecal.certificates.approval import check_approval, replace, sign, state
from remotecal.certificates.dcc.read import read
from remotecal.certificates.dcc.write import write
from remotecal.certificates.signing.keys import SigningKey, fingerprint
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.signing.xml import read_signatures, sign_xml
from remotecal.configuration import checked
from remotecal.errors import CertificateRefused, ConfigurationError
from remotecal.model import Record, Text
from remotecal.pages.words import words
from remotecal.registers import LaboratoryRegister, Undertaking


@pytest.fixture
def draft(made: Made) -> bytes:
    return write(made.recompute(made.run))


def signed_by(made: Made, data: bytes, *who: str) -> bytes:
    for name in who:
        data = sign(data, made.keys.signers[name], SIGNED)
    return data


def test_the_states_of_a_certificate(made: Made, draft: bytes) -> None:
    assert state(read_signatures(draft)) == "draft"
    data = draft
    for duty in DUTIES:
        data = signed_by(made, data, duty)
        assert state(read_signatures(data)) == duty
    with pytest.raises(CertificateRefused, match="is issued; write an amended one"):
        signed_by(made, data, "issued")


def test_a_name_that_is_the_same_in_both_languages_is_named_once(made: Made, draft: bytes) -> None:
    said = '<dcc:content lang="{}">Zhang Wei</dcc:content>'
    both = (said.format("zh") + said.format("en")).encode()
    alike = draft.replace(b"<dcc:content>Zhang Wei</dcc:content>", both)
    assert alike != draft
    with pytest.raises(CertificateRefused, match="the certificate names Zhang Wei for that"):
        signed_by(made, alike, "reviewed")


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (("reviewed",), "Li Na signs as performed, but the certificate names Zhang Wei"),
        (("performed", "performed"), "Zhang Wei signs as reviewed, but the certificate names Li Na"),
        (("performed", "reviewed", "issued"), "signs as approved, but the certificate names Wang Fang"),
        (("performed", "reviewed", "approved", "approved"), "has signed as approved already"),
    ],
)
def test_who_may_not_sign(made: Made, draft: bytes, who: tuple[str, ...], reason: str) -> None:
    with pytest.raises(CertificateRefused, match=reason):
        signed_by(made, draft, *who)


def test_nobody_signs_twice_even_if_named_twice(made: Made) -> None:
    record = made.recompute(made.run)
    first = record.persons[0]
    twice = record.model_copy(update={"persons": (first, first.model_copy(update={"duty": "reviewed"}))})
    data = signed_by(made, write(twice), "performed")
    with pytest.raises(CertificateRefused, match="nobody signs twice"):
        signed_by(made, data, "performed")
    forced = sign_xml(data, made.keys.signers["performed"], "reviewed", SIGNED)
    for duty in DUTIES[2:]:
        forced = sign_xml(forced, made.keys.signers[duty], duty, SIGNED)
    with pytest.raises(CertificateRefused, match="nobody signs twice"):
        check_approval(twice, read_signatures(forced))


def renewed(made: Made, key: SigningKey, private: RSAPrivateKey, name: str) -> SigningKey:
    """Return a key with a certificate of its own, to this name."""
    subject = Name([NameAttribute(NameOID.COMMON_NAME, name)])
    old = key.chain[0]
    builder = CertificateBuilder(
        old.issuer, subject, private.public_key(), 7, old.not_valid_before_utc, old.not_valid_after_utc
    )
    return SigningKey(private, (builder.sign(made.keys.signers["issued"].private, SHA256()),))


def test_one_key_under_two_names_is_one_person(made: Made, draft: bytes) -> None:
    own = made.keys.signers["performed"]
    other = renewed(made, own, own.private, NAMES["reviewed"])
    with pytest.raises(CertificateRefused, match="Li Na has signed as performed already"):
        sign(signed_by(made, draft, "performed"), other, SIGNED)


def test_one_name_on_two_keys_is_one_person(made: Made) -> None:
    record = made.recompute(made.run)
    first = record.persons[0]
    twice = record.model_copy(update={"persons": (first, first.model_copy(update={"duty": "reviewed"}))})
    own = made.keys.signers["performed"]
    other = renewed(made, own, made.keys.signers["institute"].private, NAMES["performed"])
    with pytest.raises(CertificateRefused, match="Zhang Wei has signed as performed already"):
        sign(signed_by(made, write(twice), "performed"), other, SIGNED)


def test_signatures_that_are_missing(made: Made, draft: bytes) -> None:
    signatures = read_signatures(signed_by(made, draft, "performed"))
    with pytest.raises(CertificateRefused, match="must be signed as performed, reviewed, approved, issued"):
        check_approval(made.recompute(made.run), signatures)


def test_an_amended_certificate_names_the_old_one(made: Made) -> None:
    old = made.certificate.read_bytes()
    record = made.recompute(made.run)
    customer = record.customer.model_copy(update={"name": Text(zh="另", en="Other")})
    record = record.model_copy(update={"number": "FLOW-1-A", "customer": customer})
    why = Text(zh="有误", en="wrong customer")
    new = replace(old, record, "amended", why)
    assert new.replaces is not None
    assert new.previous is not None
    assert (new.replaces.number, new.previous.value) == ("FLOW-1", sha256(old).hexdigest())
    again = read(write(new))
    assert (again.replaces, again.previous) == (new.replaces, new.previous)
    with pytest.raises(CertificateRefused, match="was never issued"):
        replace(write(record), record, "substituted", why)


def register(made: Made, *path: str | int, value: object = None) -> LaboratoryRegister:
    """Return the register with the entry at `path` put to `value`."""
    content = register_content(made)
    place: object = content
    for step in path[:-1]:
        place = place[step]  # type: ignore[index]
    if path:
        place[path[-1]] = value  # type: ignore[index]
    return checked(LaboratoryRegister, content, "register.toml", ConfigurationError)


def valid(made: Made) -> Record:
    """Return the record as if it were none of a demonstration."""
    return made.recompute(made.run).model_copy(update={"demonstration": False})


def test_a_training_run_gives_no_certificate(made: Made, draft: bytes) -> None:
    with pytest.raises(CertificateRefused, match="it is of a training run or a demonstration"):
        sign(draft, made.keys.signers["performed"], SIGNED, register(made))
    assert sign(write(valid(made)), made.keys.signers["performed"], SIGNED, register(made))


def test_by_a_register_for_demonstrations_nothing_else_is_signed(made: Made, draft: bytes) -> None:
    practice = register(made, "demonstration", value=True)
    assert sign(draft, made.keys.signers["performed"], SIGNED, practice)
    with pytest.raises(CertificateRefused, match="by which nothing else is signed"):
        sign(write(valid(made)), made.keys.signers["performed"], SIGNED, practice)
    with pytest.raises(CertificateRefused, match="by which nothing else is signed"):
        practice.check_signatures(valid(made), ())


def test_a_regular_run_is_admitted(made: Made) -> None:
    undertaking = Undertaking.of(made.recompute(made.run))
    assert register(made).objections(undertaking) == ()
    assert register(made).admit(undertaking) == "regular"
    assert register(made).admit(undertaking, training=True) == "training"


@pytest.mark.parametrize(
    ("path", "value", "objection"),
    [
        (("laboratory", "valid_until"), "2026-11-19", "the laboratory's accreditation ended on 2026-11-19"),
        (("laboratory", "name"), {"en": "Another"}, "is not the laboratory of this register"),
        (("persons", 0, "valid_until"), "2026-11-19", "the registration of Zhang Wei ended"),
        (("persons", 1, "procedures"), ["other"], "Li Na is not registered for made"),
        (("persons", 2, "duties"), ["performed"], "Wang Fang may not sign as approved"),
        (("persons",), [], "Zhang Wei is not registered"),
        (("standards", 0, "valid_until"), "2026-11-19", "the approval of scale as a standard ended"),
        (("standards", 0, "certificate"), "MASS-0", "scale has the certificate MASS-0, not MASS-1"),
        (("standards", 0, "certificate_valid_until"), "2026-11-19", "certificate MASS-1 of scale ended"),
        (("standards", 0, "serial"), "B-2", "the standard with certificate MASS-1 is not registered"),
        (("procedures", 0, "sha256"), "0" * 64, "procedure made was changed since it was approved"),
        (("procedures", 0, "valid_until"), "2026-11-19", "the approval of procedure made ended"),
        (("procedures", 0, "name"), "other", "procedure made is not registered"),
    ],
)
def test_what_a_register_does_not_allow(
    made: Made, path: tuple[str | int, ...], value: object, objection: str
) -> None:
    changed = register(made, *path, value=value)
    undertaking = Undertaking.of(made.recompute(made.run))
    with pytest.raises(CertificateRefused, match=objection) as refused:
        changed.admit(undertaking)
    for one in (str(refused.value), *changed.objections(undertaking)):
        chinese, language = words("zh").refusal(one)
        assert (language, re.search("register|approv|sign", chinese)) == ("zh", None)
    assert changed.admit(undertaking, training=True) == "training"
    with pytest.raises(CertificateRefused, match=objection):
        sign(write(valid(made)), made.keys.signers["performed"], SIGNED, changed)


def test_a_register_signs_with_registered_keys_only(made: Made) -> None:
    data = sign(write(valid(made)), made.keys.signers["performed"], SIGNED, register(made))
    other = made.keys.signers["institute"]
    changed = register(made, "persons", 1, "key", value=fingerprint(other.chain[0]))
    with pytest.raises(CertificateRefused, match="the key is not that of the person named for reviewed"):
        sign(data, made.keys.signers["reviewed"], SIGNED, changed)
    late = SIGNED + timedelta(days=365)
    with pytest.raises(CertificateRefused, match="the registration of Li Na ended on 2027-06-30"):
        sign(data, made.keys.signers["reviewed"], late, register(made))
    approved = signed_by(made, data, "reviewed", "approved")
    changed = register(made, "laboratory", "key", value=fingerprint(other.chain[0]))
    with pytest.raises(CertificateRefused, match="the key is not the laboratory's"):
        sign(approved, made.keys.signers["issued"], SIGNED, changed)


def test_a_register_names_the_key_that_somebodys_browser_keeps(made: Made) -> None:
    key = fingerprint(made.keys.signers["performed"].chain[0])
    content = register_content(made)
    person = content["persons"][0]  # type: ignore[index]
    data = write(valid(made))
    for own in ({"browser_key": person.pop("key")}, {"key": "0" * 64}):
        person |= own
        both = checked(LaboratoryRegister, content, "register.toml", ConfigurationError)
        assert both.duties_in_browser(key) == ("performed",)
        assert sign(data, made.keys.signers["performed"], SIGNED, both)
        both.check_signatures(valid(made), [("performed", key, SIGNED.date())])
    assert register(made).duties_in_browser(key) == ()
    assert both.duties_in_browser("0" * 64) == ()
    with pytest.raises(ConfigurationError, match="give key, or browser_key"):
        register(made, "persons", 0, "key", value=None)


def test_a_record_without_standards_or_procedure_is_no_calibration(made: Made) -> None:
    record: Record = made.recompute(made.run)
    measurement = record.measurements[0].model_copy(update={"standards": ()})
    bare = record.model_copy(update={"measurements": (measurement,)})
    assert register(made).objections(Undertaking.of(bare)) == ("no standard with a certificate takes part",)
    with pytest.raises(CertificateRefused, match="names no procedure"):
        Undertaking.of(record.model_copy(update={"evidence": None}))
