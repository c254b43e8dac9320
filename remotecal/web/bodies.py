"""What is sent to the API, and what it sends."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from remotecal.configuration import checked
from remotecal.errors import ConfigurationError
from remotecal.procedures.order import Order
from remotecal.store.orders import OrderRow
from remotecal.store.users import Role
from remotecal.transport.messages import AfterCrash, LinkLost, RemoteOrder
from remotecal.web.passwords import LONGEST, SHORTEST

Line = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
"""Words in one line."""
UserName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,62}$")]
"""Name of a user."""
Account = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""Name of a customer's account."""
Password = Annotated[str, StringConstraints(min_length=SHORTEST, max_length=LONGEST, pattern=r"^[^\x00]+$")]
"""A password."""

STATION = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
NAME = r"^[A-Za-z0-9_-]{1,100}$"
StationName = Annotated[str, Path(pattern=STATION)]
"""A station, in an address."""
RunName = Annotated[str, Path(pattern=NAME)]
"""A run or an order, in an address."""


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Login(_Sent):
    """Who logs in."""

    name: UserName
    """The user."""
    password: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, pattern=r"^[^\x00]+$")]
    """Their password."""


class NewPassword(_Sent):
    """A user gives themselves another password."""

    old: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, pattern=r"^[^\x00]+$")]
    """The one they have."""
    new: Password
    """The one they shall have."""


class UserWritten(_Sent):
    """A user as an administrator enters one."""

    roles: Annotated[set[Role], Field(min_length=1)]
    """What they are; a customer is nothing else."""
    account: Account | None = None
    """For a customer, whose orders they see."""
    enabled: bool = True
    """Whether they may use the API."""
    password: Password | None = None
    """Their password; a new user needs one, others keep theirs without it."""


class TokenWanted(_Sent):
    """A token for a program."""

    role: Role
    """As what it is to be used; a role its owner has."""
    label: Line
    """What it is for."""
    days: Annotated[float, Field(gt=0, le=366)] = 30.0
    """How long it is good."""


def _order(written: object) -> object:
    return written if isinstance(written, Order) else checked(Order, written, "order", ConfigurationError)


class OrderWanted(_Sent):
    """A work order for a station."""

    station: Annotated[str, StringConstraints(pattern=STATION)]
    """Who is to carry it out."""
    bench: Line
    """Name of the bench there."""
    order: Annotated[Order, BeforeValidator(_order)]
    """The work order, as its TOML file says it; the procedure is one installed here and there."""
    account: Account | None = None
    """The customer's account that may see it."""
    hours: Annotated[float, Field(gt=0, le=8784)] = 24.0
    """Within which it may be begun."""
    after_crash: AfterCrash = "resume"
    """What the station does should it be cut off."""
    link_lost: LinkLost = "go_on"
    """What the run does while the laboratory can't be reached."""
    link_lost_after: Annotated[float, Field(gt=0, le=1e6)] = 60.0
    """Seconds until then."""


class Reason(_Sent):
    """Why something is done."""

    reason: Line
    """Why."""


class AccountGiven(_Sent):
    """Whose an order is."""

    account: Account
    """The customer's account."""


class CommandWanted(_Sent):
    """What a run is to do."""

    verb: Literal["pause", "go_on", "abort", "answer", "take_control", "release_control"]
    """What."""
    argument: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    """The reason of an abort, or the answer."""
    prompt: Annotated[int, Field(ge=0, le=2**31)] = 0
    """Number of the question that is answered, from the live state."""


class Shown(BaseModel):
    """What the API sends; times are in UTC."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, from_attributes=True)


class SessionShown(Shown):
    """Who has logged in."""

    name: str
    """The user."""
    roles: tuple[Role, ...]
    """What they are."""
    account: str | None
    """Whose orders they see, for a customer."""
    csrf: str
    """For the header X-CSRF-Token of everything that changes something."""
    expires: datetime
    """When they will have to log in anew."""


class UserShown(Shown):
    """A user."""

    name: str
    """The name."""
    roles: tuple[Role, ...]
    """What they are."""
    account: str | None
    """Whose orders they see, for a customer."""
    enabled: bool
    """Whether they may use the API."""


class TokenShown(Shown):
    """A token, as it is known afterwards."""

    id: str
    """What it is revoked by."""
    role: Role
    """As what it is used."""
    label: str
    """What it is for."""
    expires: datetime
    """Until when it is good."""
    revoked: datetime | None
    """When it was revoked."""


class NewToken(TokenShown):
    """A new token; it is shown this once."""

    token: str
    """The token."""


class OrderShown(Shown):
    """A work order."""

    id: str
    """Unlike that of any other order; also the name of its run."""
    number: str
    """The laboratory's number."""
    station: str
    """Who is to carry it out."""
    account: str | None
    """The customer's account that may see it."""
    issued: datetime
    """When it was signed."""
    expires: datetime
    """Until when it may be begun."""
    by: str
    """Who issued it."""
    state: Literal["issued", "claimed", "refused", "withdrawn"]
    """Whether it waits, was begun, or won't be carried out."""
    reason: str
    """Why it was refused or withdrawn, or its run ended early."""


class WholeOrder(OrderShown):
    """A work order with all that it says."""

    bench: str
    """Name of the bench."""
    procedure_sha256: str
    """SHA-256 of the procedure."""
    order: Order
    """The work order, as its TOML file would say it."""


class RunShown(Shown):
    """A run, as far as the laboratory knows."""

    station: str
    """Where."""
    run: str
    """Its name, which is its order's id."""
    committed: int
    """Lines of its journal that are here."""
    state: str
    """Where it is."""
    began: datetime
    """When its first line arrived."""
    updated: datetime
    """When its last line arrived."""
    conflict: str
    """Why lines were refused; empty if none were."""


class SignatureShown(Shown):
    """A signature on a certificate."""

    duty: Literal["performed", "reviewed", "approved", "issued"]
    """What for."""
    name: str
    """Whose, as the key's certificate says."""
    at: datetime
    """When, as the signer says."""


class CertificateShown(Shown):
    """How far a certificate has come."""

    state: Literal["draft", "performed", "reviewed", "approved", "issued"]
    """What it was signed for last; only an issued one is a certificate."""
    sha256: str
    """SHA-256 of its XML file."""
    signatures: tuple[SignatureShown, ...]
    """Its signatures, earliest first."""


class StationShown(Shown):
    """A station in the register."""

    name: str
    """Its name."""
    enabled: bool
    """Whether it may connect."""
    enrolled: datetime
    """When it enrolled last."""
    certificate_until: datetime
    """When its certificate expires."""
    seen: datetime | None
    """When it was heard of last."""
    announced: dict[str, object] | None
    """What it said of itself."""


class Revoked(Shown):
    """What came of shutting a station out."""

    cut: int | None
    """Connections that were cut at once; null if no server could be asked, so that they end by themselves."""


class AuditShown(Shown):
    """Something somebody did, or was refused."""

    id: int
    """Number, rising."""
    at: datetime
    """When."""
    who: str
    """Who."""
    what: str
    """What."""
    data: dict[str, object]
    """The details."""


def order_shown(row: OrderRow, account: str | None) -> OrderShown:
    """Return an order as it is listed."""
    return OrderShown.model_validate(
        {name: getattr(row, name) for name in OrderShown.model_fields if name != "account"}
        | {"account": account}
    )


def whole_order(row: OrderRow, order: RemoteOrder, account: str | None) -> WholeOrder:
    """Return an order with what its signed envelope says."""
    return WholeOrder(
        **order_shown(row, account).model_dump(),
        bench=order.bench,
        procedure_sha256=order.procedure.sha256,
        order=order.order,
    )


def details(text: str | None) -> dict[str, object] | None:
    """Return what stands in a column of JSON."""
    if text is None:
        return None
    content: dict[str, object] = json.loads(text)
    return content
