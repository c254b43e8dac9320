"""Who works at the laboratory of the console's demonstration, and for whom: nobody of them exists."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.certificates.demonstration import make_demonstration_keys
from remotecal.certificates.signing.keys import fingerprint
from remotecal.cli.listing import named
from remotecal.cli.terminal import say
from remotecal.model import Text
from remotecal.register_entries import enter as enter_in
from remotecal.register_entries import found
from remotecal.registers import RegisteredLaboratory, RegisteredPerson, RegisteredProcedure
from remotecal.runs.catalogue import find
from remotecal.sim.certificates import ISSUER
from remotecal.web import passwords
from remotecal.web.callers import Caller

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    from remotecal.certificates.demonstration import DemonstrationKeys, NewKeys
    from remotecal.registers import PersonDuty
    from remotecal.store.users import Role, Users


ACCREDITED: Final = timedelta(days=400)
"""For how long accreditation, registrations and approvals last from now on."""
ENDS_SOON: Final = timedelta(days=50)
"""The same of a registration that is to be renewed before long."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody at the laboratory."""

    login: str
    """The name they log in with."""
    name: Text
    """Their name."""
    role: Role
    """What they are at the hub."""

    @property
    def caller(self) -> Caller:
        """Them, as the API knows them."""
        return Caller(self.login, frozenset({self.role}), None)


@dataclass(frozen=True, slots=True)
class Signs(Colleague):
    """Somebody who answers for certificates."""

    duty: PersonDuty
    """What they sign for."""
    further: tuple[PersonDuty, ...]
    """What else they are registered for."""
    registered: timedelta
    """For how long from now on."""


PERFORMS: Final = Signs("liwei", Text(zh="李伟", en="Li Wei"), "operator", "performed", (), ACCREDITED)
REVIEWS: Final = Signs(
    "wangfang", Text(zh="王芳", en="Wang Fang"), "reviewer", "reviewed", ("performed",), ENDS_SOON
)
APPROVES: Final = Signs(
    "zhaomin", Text(zh="赵敏", en="Zhao Min"), "approver", "approved", ("reviewed",), ACCREDITED
)
SEALS: Final = Colleague("chenjing", Text(zh="陈静", en="Chen Jing"), "administrator")
SIGNATORIES: Final = (PERFORMS, REVIEWS, APPROVES)
"""Who answers for certificates, in the order in which they sign."""


class Customer(NamedTuple):
    """Whose devices are calibrated."""

    account: str
    """Of their orders; also the name they log in with."""
    name: Text
    """Their name."""
    address: Text
    """Where they are."""


CUSTOMERS: Final = (
    Customer(
        "instruments",
        Text(zh="示范仪表有限公司", en="Example Instruments Ltd"),
        Text(zh="天津", en="Tianjin"),
    ),
    Customer(
        "chemicals",
        Text(zh="示范化工有限公司", en="Example Chemicals Ltd"),
        Text(zh="大连", en="Dalian"),
    ),
    Customer(
        "power",
        Text(zh="示范能源有限公司", en="Example Power Ltd"),
        Text(zh="沈阳", en="Shenyang"),
    ),
)

LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of passwords: none that is taken for another."""
GROUPS, GROUP = 4, 4
"""A password's groups of letters, and letters in a group."""


def make_keys(laboratory: Text, at: datetime, keys: NewKeys) -> DemonstrationKeys:
    """Return a key for each colleague by their duty, for laboratory and institute, good from `at` on."""
    names: dict[str, str] = {one.duty: one.name.get("en") for one in SIGNATORIES}
    names |= {"issued": laboratory.get("en"), "institute": ISSUER.get("en")}
    return make_demonstration_keys(names, at, keys)


def write_register(
    path: Path, laboratory: Text, keys: DemonstrationKeys, procedure: str, today: date
) -> None:
    """Write the laboratory's register: who may do what by a procedure, and until when.

    Args:
        path: where to.
        laboratory: its name.
        keys: everybody's.
        procedure: the name of the procedure.
        today: the day.
    """
    held = {name: fingerprint(key.chain[0]) for name, key in keys.signers.items()}
    until = today + ACCREDITED
    of = RegisteredLaboratory(name=laboratory, code="DEMO-0001", valid_until=until, key=held["issued"])
    found(path, of, demonstration=True)
    for number, one in enumerate(SIGNATORIES, 1):
        person = RegisteredPerson(
            name=one.name,
            registration=f"DEMO-P-{number}",
            valid_until=today + one.registered,
            duties=(one.duty, *one.further),
            procedures=(procedure,),
            key=held[one.duty],
        )
        enter_in(path, person)
    there = find(procedure)
    enter_in(path, RegisteredProcedure(name=there.name, sha256=there.sha256, valid_until=until))


class LogIn(NamedTuple):
    """With what somebody logs in."""

    name: str
    password: str
    whose: str
    """Who it is, and what they may do."""


def enter(users: Users) -> tuple[LogIn, ...]:
    """Enter the colleagues and a customer as users; returns their passwords, which are kept nowhere else."""
    made = []
    for one in (*SIGNATORIES, SEALS):
        password = _password()
        users.put(one.login, roles={one.role}, password=passwords.digest(password, [one.login]))
        made.append(LogIn(one.login, password, _whose(one.role, one.name)))
    customer, password = CUSTOMERS[0], _password()
    digest = passwords.digest(password, [customer.account])
    users.put(customer.account, roles={"customer"}, password=digest, account=customer.account)
    made.append(LogIn(customer.account, password, _whose("customer", customer.name)))
    return tuple(made)


def _whose(role: Role, name: Text) -> str:
    return f"{named('user_role', role)}{say(': ', '：')}{name.get('zh')} {name.get('en')}"


def _password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
