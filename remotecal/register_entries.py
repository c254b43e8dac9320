"""Entries of a laboratory's register, made one by one: its persons, standards and procedures.

A register is a file people write comments into, so what is there stays as it is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from remotecal.certificates.keeping import replace, write_new
from remotecal.configuration import checked
from remotecal.errors import ConfigurationError
from remotecal.model import Certificate
from remotecal.model.choice import items_with
from remotecal.model.identifiers import same
from remotecal.registers import (
    LaboratoryRegister,
    RegisteredLaboratory,
    RegisteredPerson,
    RegisteredProcedure,
    RegisteredStandard,
    same_procedure,
)
from remotecal.toml_entries import document, put, tables

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.model import Record, Text

Entry: TypeAlias = RegisteredPerson | RegisteredStandard | RegisteredProcedure
"""What stands in a register."""
SOON: Final = timedelta(days=60)
"""How long before its end something falls due."""
_KINDS: Final = {
    RegisteredPerson: "persons",
    RegisteredStandard: "standards",
    RegisteredProcedure: "procedures",
}


class Validity(NamedTuple):
    """Until when something in a register counts."""

    kind: Literal["accreditation", "registration", "approval", "certificate", "procedure"]
    """What ends then."""
    name: Text | None
    """Of whom or what; None for a procedure, which has its number only."""
    number: str
    """Number of that, or a procedure's name."""
    until: date
    """Last day."""
    serial: str = ""
    """Of a standard."""

    @property
    def what(self) -> str:
        """What it is of, in a line."""
        of = "" if self.name is None else self.name.get("en")
        if self.kind in {"accreditation", "procedure"}:
            return f"{self.kind} {self.number}"
        return f"{f'{of} {self.serial}'.strip()}, {self.kind} {self.number}"


def found(path: Path, laboratory: RegisteredLaboratory, *, demonstration: bool = False) -> LaboratoryRegister:
    """Write the register of a laboratory, in which nobody and nothing stands yet.

    Args:
        path: where to.
        laboratory: whose it is.
        demonstration: whether it is for demonstrations, and lets nothing else be signed.

    Raises:
        ConfigurationError: there is something at `path`.
    """
    import tomlkit

    made = LaboratoryRegister(laboratory=laboratory, demonstration=demonstration)
    file = tomlkit.document()
    put(file, made)
    write_new(path, tomlkit.dumps(file).encode())
    return made


def enter(path: Path, entry: Entry, *, instead: bool = False) -> LaboratoryRegister:
    """Write an entry into a register, and return what then stands in it.

    Args:
        path: the register.
        entry: a person, a standard or a procedure.
        instead: whether it takes the place of the one for the same.

    Raises:
        ConfigurationError: the register can't be read, has an entry for the same, or has none where it is
            replaced; or it is laid out so that nothing can be added to it. Nothing was written then.
    """
    import tomlkit

    kind = _KINDS[type(entry)]
    old = LaboratoryRegister.load(path)
    there: tuple[Entry, ...] = getattr(old, kind)
    place = next((number for number, each in enumerate(there) if _of_same(each, entry)), None)
    if (place is not None) is not instead:
        raise ConfigurationError(
            f"{path} has no {_called(entry)} yet: leave out --replace"
            if instead
            else f"{path} has {_called(entry)} already: say --replace to change the entry"
        )
    file = document(path)
    entries = tables(file, kind)
    if place is None:
        entries.append(tomlkit.table())
    put(entries[-1 if place is None else place], entry)
    new = tomlkit.dumps(file)
    written = checked(LaboratoryRegister, tomllib.loads(new), str(path), ConfigurationError)
    meant = (*there, entry) if place is None else (*there[:place], entry, *there[place + 1 :])
    if written != old.model_copy(update={kind: meant}):
        raise ConfigurationError(f"{path} must be changed by hand: what is added would be read otherwise")
    replace(path, new.encode())
    return written


def standard_of(
    record: Record,
    approval: str,
    until: date,
    serial: str | None = None,
    certificate_until: date | None = None,
) -> RegisteredStandard:
    """Return the entry of a standard, as its certificate names it.

    Args:
        record: what that says.
        approval: number of its approval as a standard.
        until: last day of that.
        serial: which of several instruments it is of.
        certificate_until: last day of the certificate, where that names none or a later one.

    Raises:
        ConfigurationError: it is of several instruments, or names no last day, and neither was said.
    """
    items = record.items if serial is None else items_with(record, [serial])
    serials = [one for item in items for one in item.serials]
    if len(items) != 1 or len(serials) != 1:
        raise ConfigurationError(
            f"certificate {record.number} is for {', '.join(serials) or 'nothing with a serial number'}: say "
            "--serial of the one that is meant"
        )
    stated = Certificate(record).valid_until
    last = certificate_until or stated
    if last is None:
        raise ConfigurationError(f"certificate {record.number} names no last day: say --certificate-until")
    if stated is not None and last > stated:
        raise ConfigurationError(f"certificate {record.number} is valid until {stated}, and no longer")
    return RegisteredStandard(
        name=items[0].name,
        serial=serials[0],
        approval=approval,
        valid_until=until,
        certificate=record.number,
        certificate_valid_until=last,
    )


def validities(register: LaboratoryRegister) -> Iterator[Validity]:
    """Yield until when what stands in a register counts; a standard has two days."""
    there = register.laboratory
    yield Validity("accreditation", there.name, there.code, there.valid_until)
    for person in register.persons:
        yield Validity("registration", person.name, person.registration, person.valid_until)
    for one in register.standards:
        yield Validity("approval", one.name, one.approval, one.valid_until, one.serial)
        yield Validity("certificate", one.name, one.certificate, one.certificate_valid_until, one.serial)
    for procedure in register.procedures:
        yield Validity("procedure", None, procedure.name, procedure.valid_until)


def _of_same(one: Entry, other: Entry) -> bool:
    """Tell whether two entries are of one person, standard or procedure's text."""
    if isinstance(one, RegisteredPerson) and isinstance(other, RegisteredPerson):
        return one.name.agrees(other.name)
    if isinstance(one, RegisteredStandard) and isinstance(other, RegisteredStandard):
        return same(one.serial, other.serial)
    if isinstance(one, RegisteredProcedure) and isinstance(other, RegisteredProcedure):
        return same_procedure(one.name, other.name) and one.sha256 == other.sha256
    return False


def _called(entry: Entry) -> str:
    if isinstance(entry, RegisteredStandard):
        return f"standard {entry.serial}"
    return entry.name if isinstance(entry, RegisteredProcedure) else entry.name.get("en")
