"""Whose turn it is to sign a certificate, until when they may, and who else the register has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remotecal.registers import Undertaking, same_procedure

if TYPE_CHECKING:
    from datetime import date

    from remotecal.certificates.signing.signature import Duty
    from remotecal.model import Record, Text
    from remotecal.registers import LaboratoryRegister


class MaySign(NamedTuple):
    """Somebody who signs certificates."""

    name: Text
    """As certificates give it."""
    until: date | None
    """Last day of their registration; None for whoever is not in the register."""


class TurnToSign(NamedTuple):
    """The signature that a certificate waits for."""

    duty: Duty
    """What it is to be signed for next."""
    named: tuple[MaySign, ...]
    """Whom the certificate names for that."""
    objections: tuple[str, ...]
    """Why the register allows no such signature today, as far as it knows without the key."""
    could: tuple[MaySign, ...]
    """Whom else the register has for this duty and procedure today."""


def turn_of(record: Record, duty: Duty, register: LaboratoryRegister, today: date) -> TurnToSign:
    """Return whose turn it is to sign a certificate.

    Args:
        record: what the certificate says.
        duty: what it is to be signed for next.
        register: the laboratory's.
        today: the day of the signature.

    Raises:
        CertificateRefused: it does not say by which procedure it was made.
    """
    undertaking = Undertaking.of(record)
    persons = [one for one in record.persons if one.duty == duty]
    named = tuple(
        MaySign(
            one.name,
            next((each.valid_until for each in register.persons if each.name.agrees(one.name)), None),
        )
        for one in persons
    )
    ended = [
        f"the registration of {one.name.get('en')} ended on {one.until}"
        for one in named
        if one.until is not None and one.until < today
    ]
    could = tuple(
        MaySign(one.name, one.valid_until)
        for one in register.persons
        if duty in one.duties
        and one.valid_until >= today
        and any(same_procedure(listed, undertaking.procedure) for listed in one.procedures)
        and not any(one.name.agrees(other.name) for other in persons)
    )
    objections = tuple(dict.fromkeys((*ended, *register.objections(undertaking))))
    return TurnToSign(duty, named, objections, could)
