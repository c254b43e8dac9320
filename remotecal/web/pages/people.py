"""People and scope: who may do what until when, and how well the laboratory may certify.

What stands here is the laboratory's register and its trust list, as they are now; nothing is changed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

from fastapi import APIRouter, Query, Response

from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError, NotThere
from remotecal.hub.issuing import register_of
from remotecal.hub.scope import able_on
from remotecal.register_entries import validities
from remotecal.registers import same_procedure
from remotecal.web.days import Day
from remotecal.web.pages import scope
from remotecal.web.pages.certificates import believed
from remotecal.web.pages.frame import Visiting
from remotecal.web.pages.spreadsheet import as_csv
from remotecal.web.pages.standards import AHEAD, Ending, ending
from remotecal.web.pages.statistics import LONGEST, asked_time
from remotecal.web.pages.trusted import list_told
from remotecal.web.register import not_a_customer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remotecal.certificates.trust import Capability, TrustList
    from remotecal.register_entries import Validity
    from remotecal.registers import LaboratoryRegister, PersonDuty
    from remotecal.web.office import Office
    from remotecal.web.pages.frame import Visitor

router = APIRouter(include_in_schema=False)

COLUMNS: Final = {
    "matrix": ("person", "registration", "valid_until", "procedure", "duty"),
    "lasting": ("kind", "whose", "number", "serial", "valid_until"),
    **scope.COLUMNS,
}
"""Table → the names of its columns, in the file."""
TableName = Annotated[
    Literal["matrix", "lasting", "scope", "below"] | None, Query(description="As CSV, this table.")
]


class DutiesRow(NamedTuple):
    """What the persons of a register may do by one procedure."""

    procedure: str
    duties: tuple[tuple[PersonDuty, ...], ...]
    """For each person of the register."""


@router.get("/people")
def show_people(visitor: Visiting, since: Day = None, until: Day = None, table: TableName = None) -> Response:
    """Return who may do what, until when all that counts, and the scope beside what was stated in a time.

    Or one of these as CSV.
    """
    not_a_customer(visitor.caller)
    register, doubt = registered(visitor.office)
    trust, distrust = believed(visitor.office)
    able = () if trust is None else _scope(visitor.office, trust, register)
    time = asked_time(visitor.office, since, until, LONGEST)
    if table in scope.COLUMNS:
        if not able:
            raise NotThere(
                "the trust list tells no scope of the laboratory today: nothing is held against it"
            )
        rows = scope.scope_rows if table == "scope" else scope.below_rows
        return as_csv(visitor, table, COLUMNS[table], rows(visitor, able, *time))
    if table is not None:
        return as_csv(visitor, table, COLUMNS[table], _rows(visitor, table, register))
    return visitor.page(
        "people.html",
        register=register,
        file=visitor.office.settings.issuing.signatories,
        doubt=doubt,
        matrix=() if register is None else matrix(register),
        lasting=_lasting(visitor, register),
        until=lambda day: ending(visitor, day.isoformat()),
        trust=trust,
        told=None if trust is None else list_told(visitor.office, trust),
        distrust=distrust,
        beside=scope.beside(visitor, able, *time) if able else None,
        time=time,
        ratio=scope.ratio,
        days=AHEAD.days,
    )


def matrix(register: LaboratoryRegister) -> list[DutiesRow]:
    """Return what each person may do by each procedure that is registered, of a person or by itself."""
    names: list[str] = []
    persons = (name for person in register.persons for name in person.procedures)
    for name in sorted({*persons, *(one.name for one in register.procedures)}, key=len, reverse=True):
        if not any(same_procedure(name, longer) for longer in names):
            names.append(name)
    return [
        DutiesRow(
            name,
            tuple(
                person.duties if any(same_procedure(name, one) for one in person.procedures) else ()
                for person in register.persons
            ),
        )
        for name in sorted(names)
    ]


def registered(office: Office) -> tuple[LaboratoryRegister | None, str]:
    """Return the laboratory's register, if it has one, and why that can't be used; "" if it can."""
    try:
        return register_of(office.laboratory.folder), ""
    except ConfigurationError as error:
        return None, str(error)


def _scope(office: Office, trust: TrustList, register: LaboratoryRegister | None) -> Sequence[Capability]:
    """Return what the laboratory may certify today, by whichever entries of the list are it."""
    today = civil_day(office.clock.now(), office.laboratory.folder.time_zone)
    return able_on(today, office.settings.laboratory, trust, register)


def _lasting(visitor: Visitor, register: LaboratoryRegister | None) -> list[tuple[Validity, Ending]]:
    """Return until when what stands in a register counts, what ends first first, and how that is today."""
    if register is None:
        return []
    found = sorted(validities(register), key=lambda one: one.until)
    return [(one, ending(visitor, one.until.isoformat())) for one in found]


def _rows(visitor: Visitor, table: str, register: LaboratoryRegister | None) -> Iterator[Sequence[str]]:
    """Yield the rows of a table of the register for its file."""
    said = visitor.words.choose
    if table == "lasting":
        for one, _ in _lasting(visitor, register):
            called = visitor.procedure(one.number) if one.kind == "procedure" else ""
            name = called if one.name is None else said(one.name.root)
            kind = visitor.words(f"lasting.{one.kind}")
            yield (kind, name, one.number, one.serial, one.until.isoformat())
    elif register is not None:
        for row in matrix(register):
            for person, duties in zip(register.persons, row.duties, strict=True):
                whose = (said(person.name.root), person.registration, person.valid_until.isoformat())
                for duty in duties:
                    yield (*whose, row.procedure, visitor.words(f"duty.{duty}"))
