"""What the API sends."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from remotecal.store.users import Role

if TYPE_CHECKING:
    from remotecal.store.called import Names


class ShownBody(BaseModel):
    """What the API sends; times are in UTC."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, from_attributes=True)


class NamesBeside(ShownBody):
    """What names a customer by account, or colleagues by log-in; beside each stands how they are called."""

    def named(self, names: Names) -> Self:
        """Return it with the names beside, `by_name` of `by`; empty where no order or certificate says it."""
        fields, told = type(self).model_fields, {}
        for of in (one for one in fields if f"{one}_name" in fields):
            known = names.customers if of == "account" else names.signers
            told[f"{of}_name"] = known.get(getattr(self, of) or "", {})
        return self.model_copy(update=told)


class Problem(ShownBody):
    """Why a request was refused (RFC 9457)."""

    title: str
    """The status, in words."""
    status: int
    """The status."""
    detail: str
    """Why, and what to do."""
    said: str = ""
    """The same in the language the caller asks for, where that is another and it is known."""


class PaperShown(NamesBeside):
    """A certificate on paper."""

    id: int
    """Its number here."""
    by: str
    """Who brought its scan."""
    by_name: dict[str, str] = Field(default_factory=dict)
    """What they are called, by language; empty where no certificate says it."""
    at: datetime
    """When."""
    scan_name: str
    """Name of the scan's file."""
    scan_sha256: str
    """Its SHA-256."""
    typed_by: tuple[str, ...]
    """Who typed it; two persons, apart."""
    mine: dict[str, JsonValue] | None
    """What whoever asks typed; what the other did is not told."""
    differs: str
    """To those two: why no certificate came of what they typed; empty where it did, or one is missing."""
    number: str
    """Number of the certificate; empty until both typed the same."""
    finished: datetime | None
    """When they had."""


class SessionShown(ShownBody):
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
    """When they will have to log in anew at the latest."""
    idle: float
    """Seconds without a request after which they will have to sooner."""


class UserShown(ShownBody):
    """A user."""

    name: str
    """The name."""
    roles: tuple[Role, ...]
    """What they are."""
    account: str | None
    """Whose orders they see, for a customer."""
    enabled: bool
    """Whether they may use the API."""


class UserEntered(UserShown):
    """A user, as entered or changed now."""

    passkeys_removed: int
    """How many of their passkeys went with their former password."""


class TokenShown(ShownBody):
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


class WallShown(NamesBeside):
    """A screen on a wall, as it is known afterwards."""

    id: int
    """What it is taken down by."""
    place: str
    """Where it hangs."""
    language: str
    """Of what it shows."""
    full: bool
    """Whether it tells names of runs, points, persons and indications, too."""
    by: str
    """Who let it show."""
    by_name: dict[str, str] = Field(default_factory=dict)
    """What they are called, by language; empty where no certificate says it."""
    at: datetime
    """Since when."""
    expires: datetime
    """Until when, at the latest."""
    revoked: datetime | None
    """Since when it shows nothing any more."""


class NewWall(WallShown):
    """A new screen; its address is told this once."""

    address: str
    """What is opened on the screen, below the address the console has."""


class RunShown(ShownBody):
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
    unordered: str
    """Why it is none that the laboratory ordered, field by field; such a run gets no certificate."""
    failed: str
    """Why no record of it can be computed; empty if one was, or none was tried yet."""


class FileShown(ShownBody):
    """A photo or another file of a run."""

    sha256: str
    """SHA-256 of its content, by which it is fetched."""
    name: str
    """What it was called where it came from."""
    media_type: str
    """Its media type, as far as its name tells."""
    size: int
    """Its length in bytes."""
    about: str
    """What it shows, in the words of whoever added it."""
    by: str
    """Who added it."""
    complete: bool
    """Whether all of it is here, and is what the journal says."""


class AmendmentShown(ShownBody):
    """A certificate that takes the place of an issued one."""

    number: str
    """Its number."""
    replaces: str
    """The number of the one before."""
    edition: int
    """How often the certificate was amended, with this one."""
    by: str
    """Who drafted it."""
    at: datetime
    """When."""


class ParameterShown(ShownBody):
    """What a procedure is told."""

    name: str
    """Its name."""
    unit: str
    """Unit in which a bare number is, and limits; empty if it is no quantity."""
    required: bool
    """Whether an order must say it."""
    default: JsonValue
    """What it is otherwise."""
    about: str
    """What it is."""


class ProcedureShown(ShownBody):
    """A procedure that is installed."""

    name: str
    """What an order calls it."""
    sha256: str
    """SHA-256 of what it is written in; a station must have the same."""
    title: dict[str, str]
    """What it does, by language."""
    norms: tuple[str, ...]
    """Documents it follows."""
    parameters: tuple[ParameterShown, ...]
    """What an order tells it."""


class StationShown(ShownBody):
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


class Revoked(ShownBody):
    """What came of shutting a station out."""

    cut: int | None
    """Connections that were cut at once; null if no server could be asked, so that they end by themselves."""


ChainState = Literal["whole", "broken", "unchecked"]


class ChainShown(ShownBody):
    """Whether the audit log is whole, as the last look through all of it found."""

    state: ChainState
    """`unchecked` before there was one."""
    checking: bool
    """Whether it is being looked through now."""
    at: datetime | None = None
    """When that was; what was entered later is not covered."""
    by: str | None = None
    """Who had it done."""
    entries: int | None = None
    """How many hold, from the first on."""
    head: str | None = None
    """Hash of the last of these: written down elsewhere it tells later whether they are all still there."""
    broken: int | None = None
    """Number of the first entry that does not hold."""


class AuditShown(ShownBody):
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


def details(text: str | None) -> dict[str, object] | None:
    """Return what stands in a column of JSON."""
    if text is None:
        return None
    content: dict[str, object] = json.loads(text)
    return content


class RequestShown(NamesBeside):
    """What a customer asked for."""

    id: int
    """Number, rising."""
    account: str
    """Whose."""
    account_name: dict[str, str] = Field(default_factory=dict)
    """What the customer is called, by language; empty where no order says it."""
    by: str
    """The user who asked."""
    by_name: dict[str, str] = Field(default_factory=dict)
    """What they are called, by language; empty where no certificate says it."""
    at: datetime
    """When."""
    item: str
    """What is to be calibrated."""
    wanted: str
    """What is to be done."""
    day: str
    """By when; "" where they did not say."""
    answer: str
    """What the laboratory answered; "" while it has not."""
    settled_by: str
    """Who answered; "" for a customer."""
    settled_by_name: dict[str, str] = Field(default_factory=dict)
    """What they are called, by language; empty where no certificate says it."""
    settled: datetime | None
    """When; null while it is open."""
    number: int | None
    """Of the item in the register, where it is one."""


class RequestLineShown(ShownBody):
    """A row of a table by which a customer asks."""

    row: int
    """Its number, the headings' being 1."""
    item: str
    """What is asked for; "" with a fault."""
    faults: tuple[str, ...]
    """What is wrong in it."""


class RequestTableShown(ShownBody):
    """What came of a table by which a customer asks."""

    rows: tuple[RequestLineShown, ...]
    """Its rows."""
    requests: tuple[RequestShown, ...]
    """What is asked for now; empty where a row is wrong, or it was only looked at."""


class RemarkShown(NamesBeside):
    """A remark with which a run was returned."""

    id: int
    """Its number, by which it is answered."""
    line: int
    """Number of the journal's line it is about; 0 for the run as a whole."""
    text: str
    """What is remarked."""
    by: str
    """Who."""
    by_name: dict[str, str] = Field(default_factory=dict)
    """What they are called, by language; empty where no certificate says it."""
    at: datetime
    """When."""
    answer: str
    """What was answered; empty while it is open."""
    settled_by: str
    """Who answered."""
    settled_by_name: dict[str, str] = Field(default_factory=dict)
    """What they are called, by language; empty where no certificate says it."""
    settled: datetime | None
    """When; null while it is open, and no certificate of the run is signed."""
