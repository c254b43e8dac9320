"""What a laboratory may do, with whom and with what: 计量标准、机构、人员三合一.

The register is one TOML file, kept by the laboratory: itself, its persons, its standards and its
approved procedures, each with a validity. A run that something in it does not allow is refused, or
done as training; a certificate it does not allow is not signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from remotecal.configuration import Written, checked, read_toml
from remotecal.errors import CertificateRefused, ConfigurationError
from remotecal.model import Text
from remotecal.model.base import Word
from remotecal.model.identifiers import among, same

if TYPE_CHECKING:
    from remotecal.certificates.signing.signature import Duty
    from remotecal.model import Person as Signatory
    from remotecal.model import Record

PersonDuty = Literal["performed", "reviewed", "approved"]


class RegisteredLaboratory(Written):
    """The laboratory (机构): its accreditation or authorisation."""

    name: Text
    """Its name, as certificates give it."""
    code: str
    """Number of the accreditation or authorisation."""
    valid_until: date
    """Last day of the accreditation."""
    key: Word
    """SHA-256 of the X.509 certificate it seals with, in hexadecimal."""


class RegisteredPerson(Written):
    """A registered metrologist (注册计量师) or whoever else answers for a certificate (人员)."""

    name: Text
    """The name, as certificates give it."""
    registration: str
    """Number of the registration."""
    valid_until: date
    """Last day of the registration."""
    duties: tuple[PersonDuty, ...] = Field(min_length=1)
    """What they may sign for."""
    procedures: tuple[str, ...] = Field(min_length=1)
    """Names of the procedures they are registered for."""
    key: Word | None = None
    """SHA-256 of the X.509 certificate they sign with, in hexadecimal."""
    browser_key: Word | None = None
    """The same of a key that their browser keeps, where the laboratory lets such keys sign."""

    @model_validator(mode="after")
    def _signs_with_something(self) -> Self:
        if self.key is None and self.browser_key is None:
            raise ValueError("give key, or browser_key: the SHA-256 of the certificate they sign with")
        return self


class RegisteredStandard(Written):
    """A measurement standard (计量标准)."""

    name: Text
    """What it is."""
    serial: str
    """The maker's serial number."""
    approval: str
    """Number of the certificate that approved it as a standard (计量标准考核证书)."""
    valid_until: date
    """Last day of that approval."""
    certificate: str
    """Number of its current calibration certificate."""
    certificate_valid_until: date
    """Last day of that."""


class RegisteredProcedure(Written):
    """A procedure the laboratory has validated and approved."""

    name: str
    """Its name."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$", examples=["the 64 signs sha256sum tells"])
    """SHA-256 of its source file: any other is not the one approved."""
    valid_until: date
    """Last day before it must be reviewed."""


@dataclass(frozen=True, slots=True)
class UsedStandard:
    """A standard as a run is about to use it, or as a certificate says it was used."""

    serials: tuple[str, ...]
    """The numbers its maker gave it."""
    certificate: str
    """Number of its calibration certificate."""


@dataclass(frozen=True, slots=True)
class StatedApproval:
    """An approval as a measurement standard (计量标准考核证书), as a certificate states it."""

    number: str
    """Of its document."""
    until: date | None
    """Its last day; None where that is not said."""


@dataclass(frozen=True, slots=True)
class Undertaking:
    """A calibration, as far as the register cares; planned or done."""

    laboratory: Text
    """Who does it."""
    persons: tuple[Signatory, ...]
    """Who is to answer for it."""
    standards: tuple[UsedStandard, ...]
    """What it rests on."""
    approvals: tuple[StatedApproval, ...]
    """What its certificate states of approvals as a measurement standard."""
    procedure: str
    """Name of the procedure."""
    procedure_sha256: str
    """SHA-256 of its source file."""
    day: date
    """Last day of the calibration, as far as it is known."""

    @classmethod
    def of(cls, record: Record) -> Undertaking:
        """Return what a certificate says was done.

        Raises:
            CertificateRefused: it does not say by which procedure.
        """
        if record.evidence is None:
            raise CertificateRefused(f"certificate {record.number} names no procedure and no journal")
        standards = tuple(
            UsedStandard(standard.serials, standard.certificate.number)
            for standard in record.standards
            if standard.certificate is not None
        )
        return cls(
            record.laboratory.contact.name,
            record.persons,
            standards,
            tuple(
                StatedApproval(number, approval.day)
                for approval in record.approvals
                for number in approval.references
            ),
            record.evidence.procedure,
            record.evidence.procedure_hash,
            record.finished,
        )


class LaboratoryRegister(Written):
    """The laboratory's register."""

    demonstration: bool = False
    """Whether it is for demonstrations: then it lets nothing else be signed."""
    laboratory: RegisteredLaboratory
    """The laboratory."""
    persons: tuple[RegisteredPerson, ...] = ()
    """Its persons."""
    standards: tuple[RegisteredStandard, ...] = ()
    """Its standards."""
    procedures: tuple[RegisteredProcedure, ...] = ()
    """Its procedures."""

    @classmethod
    def load(cls, path: Path) -> LaboratoryRegister:
        """Return the register in a TOML file.

        Raises:
            ConfigurationError: it can't be read, or something is missing, unknown or wrong.
        """
        return checked(cls, read_toml(path, ConfigurationError), str(path), ConfigurationError)

    def duties_in_browser(self, key: str) -> tuple[PersonDuty, ...]:
        """Return what somebody may sign for whose browser keeps a key; nothing where nobody's does.

        `key` is the SHA-256 of its X.509 certificate.
        """
        return next((entry.duties for entry in self.persons if entry.browser_key == key), ())

    def objections(self, undertaking: Undertaking) -> tuple[str, ...]:
        """Return why a calibration is none of this laboratory's regular ones; empty if it is."""
        return tuple(self._objections(undertaking))

    def admit(self, undertaking: Undertaking, *, training: bool = False) -> Literal["regular", "training"]:
        """Tell what a run may be started as: without objections a regular one, else only training.

        The record of a training run is to be marked as a demonstration, which nobody can issue.

        Raises:
            CertificateRefused: the register objects, and the run is not declared as training.
        """
        objections = self.objections(undertaking)
        if training:
            return "training"
        if objections:
            raise CertificateRefused(
                f"the register does not allow this run: {'; '.join(objections)}. Put it right, or run it as "
                "training, which gives no certificate"
            )
        return "regular"

    def check_issue(self, record: Record, duty: Duty, key: str, day: date) -> None:
        """Raise `CertificateRefused` unless the holder of a key may sign a certificate on a day.

        `key` is the SHA-256 of the signer's X.509 certificate.
        """
        objections = [*self.objections(Undertaking.of(record)), *self._signing(record, duty, key, day)]
        if record.demonstration and not self.demonstration:
            objections.insert(
                0,
                "it is of a training run or a demonstration, of which a laboratory with a register signs "
                "nothing: practise at a hub without one",
            )
        objections += self._pretending(record)
        if objections:
            raise CertificateRefused(
                f"certificate {record.number} may not be signed: {'; '.join(objections)}"
            )

    def check_signatures(self, record: Record, signatures: Sequence[tuple[Duty, str, date]]) -> None:
        """Raise `CertificateRefused` unless a certificate was done and signed as the register allows.

        `signatures` gives of each the duty, the SHA-256 of the signer's X.509 certificate, and the day.
        """
        objections = [*self.objections(Undertaking.of(record)), *self._pretending(record)]
        for duty, key, day in signatures:
            objections += [
                f"{objection} (signed on {day})" for objection in self._signing(record, duty, key, day)
            ]
        if objections:
            raise CertificateRefused("; ".join(objections))

    def check_person(self, key: str, day: date) -> None:
        """Raise `CertificateRefused` unless the holder of a key is one of its persons on a day.

        `key` is the SHA-256 of the signer's X.509 certificate.
        """
        holder = next((entry for entry in self.persons if key in (entry.key, entry.browser_key)), None)
        if holder is None:
            raise CertificateRefused("the key is nobody's whom the register names")
        if holder.valid_until < day:
            raise CertificateRefused(
                f"the registration of {holder.name.get('en')} ended on {holder.valid_until}"
            )

    def _pretending(self, record: Record) -> Iterator[str]:
        if self.demonstration and not record.demonstration:
            yield "the register is for demonstrations, by which nothing else is signed"

    def _objections(self, undertaking: Undertaking) -> Iterator[str]:
        day = undertaking.day
        if not self.laboratory.name.agrees(undertaking.laboratory):
            yield f"{undertaking.laboratory.get('en')} is not the laboratory of this register"
        if self.laboratory.valid_until < day:
            yield f"the laboratory's accreditation ended on {self.laboratory.valid_until}"
        yield from self._about_procedure(undertaking)
        for person in undertaking.persons:
            yield from self._about_person(person, undertaking)
        for standard in undertaking.standards:
            yield from self._about_standard(standard, day)
        for approval in undertaking.approvals:
            yield from self._about_approval(approval, undertaking)
        if not undertaking.standards:
            yield "no standard with a certificate takes part"

    def _about_procedure(self, undertaking: Undertaking) -> Iterator[str]:
        name = undertaking.procedure
        found = [entry for entry in self.procedures if same_procedure(entry.name, name)]
        if not found:
            yield f"procedure {name} is not registered"
        elif not any(entry.sha256 == undertaking.procedure_sha256 for entry in found):
            yield f"procedure {name} was changed since it was approved: {undertaking.procedure_sha256[:16]}…"
        elif all(entry.valid_until < undertaking.day for entry in found):
            yield f"the approval of procedure {name} ended on {max(entry.valid_until for entry in found)}"

    def _about_person(self, person: Signatory, undertaking: Undertaking) -> Iterator[str]:
        name = person.name.get("en")
        found = next((entry for entry in self.persons if entry.name.agrees(person.name)), None)
        if found is None:
            yield f"{name} is not registered"
            return
        if found.valid_until < undertaking.day:
            yield f"the registration of {name} ended on {found.valid_until}"
        if person.duty is not None and person.duty not in found.duties:
            yield f"{name} may not sign as {person.duty}"
        if not any(same_procedure(listed, undertaking.procedure) for listed in found.procedures):
            yield f"{name} is not registered for {undertaking.procedure}"

    def _about_standard(self, standard: UsedStandard, day: date) -> Iterator[str]:
        found = next((entry for entry in self.standards if among(entry.serial, standard.serials)), None)
        if found is None:
            yield f"the standard with certificate {standard.certificate} is not registered"
            return
        name = found.name.get("en")
        if found.valid_until < day:
            yield f"the approval of {name} as a standard ended on {found.valid_until}"
        if not same(found.certificate, standard.certificate):
            yield f"{name} has the certificate {found.certificate}, not {standard.certificate}"
        if found.certificate_valid_until < day:
            yield f"certificate {found.certificate} of {name} ended on {found.certificate_valid_until}"

    def _about_approval(self, approval: StatedApproval, undertaking: Undertaking) -> Iterator[str]:
        called = f"approval {approval.number} as a measurement standard"
        of = [entry for entry in self.standards if same(entry.approval, approval.number)]
        if not of:
            yield f"{called} is not registered"
            return
        last = max(entry.valid_until for entry in of)
        if not any(among(entry.serial, used.serials) for entry in of for used in undertaking.standards):
            others = ", ".join(entry.serial for entry in of)
            yield f"{called} is registered for standards that take no part: {others}"
        if last < undertaking.day:
            yield f"{called} ended on {last}"
        elif approval.until is not None and approval.until > last:
            yield f"{called} is registered until {last}, not until {approval.until}"

    def _signing(self, record: Record, duty: Duty, key: str, day: date) -> Iterator[str]:
        if duty == "issued":
            if key != self.laboratory.key:
                yield "the key is not the laboratory's"
            if self.laboratory.valid_until < day:
                yield f"the laboratory's accreditation ended on {self.laboratory.valid_until}"
            return
        named: Sequence[Signatory] = [person for person in record.persons if person.duty == duty]
        holder = next((entry for entry in self.persons if key in (entry.key, entry.browser_key)), None)
        if holder is None or not any(holder.name.agrees(person.name) for person in named):
            yield f"the key is not that of the person named for {duty}"
        elif holder.valid_until < day:
            yield f"the registration of {holder.name.get('en')} ended on {holder.valid_until}"


def same_procedure(one: str, other: str) -> bool:
    """Tell whether two names are of one procedure: a shipped one may be called without its folder."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
