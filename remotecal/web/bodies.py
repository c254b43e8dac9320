"""What is sent to the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from fastapi import Path, Query
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    field_validator,
    model_validator,
)

from remotecal.certificates.assessment import EnclosedSignature, StatedSignature
from remotecal.configuration import checked
from remotecal.errors import ConfigurationError
from remotecal.hub.mail import mail_address
from remotecal.hub.walls import LONGEST as LONGEST_PLACE
from remotecal.hub.walls import MOST_DAYS
from remotecal.model import Text
from remotecal.order import Order, Words
from remotecal.store.indexed import as_json
from remotecal.store.intervals import Rule
from remotecal.store.items import Entered
from remotecal.store.users import Role
from remotecal.transport.messages import Terms
from remotecal.web.passkey_bodies import PasskeyAnswer
from remotecal.web.passwords import LONGEST, SHORTEST

Line = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
"""Words in one line."""
LineOrNone = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
"""Words in one line, or none."""
ItemNumber = Annotated[int, Field(ge=1, le=2**53)]
"""Number of an item."""
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


Device = Annotated[
    str,
    Query(pattern=r"^(dut-[1-9][0-9]{0,3})?$", description="Whose, where each device has its own."),
]
"""Which of the devices of an order, `dut-1` and so on."""

Edition = Annotated[
    int | None, Query(ge=0, le=99, description="How often it was amended; as last amended if not given.")
]
"""Which of a certificate and those that took its place."""

FileHash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a file, in an address."""


class SentBody(BaseModel):
    """What is sent to the API."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Login(SentBody):
    """Who logs in."""

    name: UserName
    """The user."""
    password: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, pattern=r"^[^\x00]+$")]
    """Their password."""


class SaidAgain(SentBody):
    """Who has logged in says again who they are, by the one or the other."""

    password: Annotated[str, StringConstraints(max_length=LONGEST, pattern=r"^[^\x00]+$")] | None = None
    """Their password."""
    passkey: PasskeyAnswer | None = None
    """What one of their passkeys answered to `POST /session/options`."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.password is None) == (self.passkey is None):
            raise ValueError("give either a password or a passkey's answer")
        return self

    @property
    def said(self) -> str | PasskeyAnswer:
        """What was given."""
        return self.passkey or self.password or ""


class NewPassword(SentBody):
    """A user gives themselves another password."""

    old: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, pattern=r"^[^\x00]+$")]
    """The one they have."""
    new: Password
    """The one they shall have."""


class UserWritten(SentBody):
    """A user as an administrator enters one."""

    roles: Annotated[set[Role], Field(min_length=1)]
    """What they are; a customer is nothing else."""
    account: Account | None = None
    """For a customer, whose orders they see."""
    enabled: bool = True
    """Whether they may use the API."""
    password: Password | None = None
    """Their password; a new user needs one, others keep theirs without it."""


class TokenWanted(SentBody):
    """A token for a program."""

    role: Role
    """As what it is to be used; a role its owner has."""
    label: Line
    """What it is for."""
    days: Annotated[float, Field(gt=0, le=366)] = 30.0
    """How long it is good."""


class WallWanted(SentBody):
    """A screen that shall show what is on to whoever stands before it."""

    place: Annotated[Line, StringConstraints(max_length=LONGEST_PLACE)]
    """Where it hangs."""
    language: Literal["zh", "en"]
    """Of what it shows."""
    full: bool = False
    """Whether it tells names of runs, points, persons and indications, too: where no stranger comes by."""
    days: Annotated[int, Field(gt=0, le=MOST_DAYS)] = 366
    """For how long, at most."""


MOST_MONTHS = 600
"""Months of an interval, at most."""
LARGEST_TABLE = 700_000
"""Characters of a table of items in base64."""
LARGEST_BUNDLE = 3 * 2**20
"""Characters of a bundle: two encodings in base64 of what a procedure may hold, and its envelope."""

EXAMPLE: dict[str, JsonValue] = {
    "station": "pump-house",
    "bench": "Water rig 2",
    "account": "acme",
    "order": {
        "order": {"number": "FLOW-2026-17", "procedure": "water_gravimetric"},
        "parameters": {
            "flows": [10, 20],
            "accuracy_class": 0.5,
            "pulses_per_volume": 100,
            "smallest_mass": 80,
            "largest_mass": 90,
            "empty": 0.1,
        },
        "dut": {"name": {"zh": "电磁流量计", "en": "Electromagnetic flow meter"}, "serial": "K2104711"},
        "customer": {"name": "Acme Water", "address": "1 Weir Lane"},
        "laboratory": {"name": {"zh": "水流量实验室", "en": "Water laboratory"}, "address": "2 Mill Road"},
        "persons": [
            {"name": "Zhang Wei", "duty": "performed"},
            {"name": "Li Na", "duty": "reviewed"},
            {"name": "Wang Fang", "duty": "approved"},
        ],
    },
}
"""A work order as it is sent."""


def _order(written: object) -> object:
    return written if isinstance(written, Order) else checked(Order, written, "order", ConfigurationError)


class OrderWanted(Terms):
    """A work order for a station, and its terms."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    station: Annotated[str, StringConstraints(pattern=STATION)]
    """Who is to carry it out."""
    bench: Line
    """Name of the bench there."""
    order: Annotated[Order, BeforeValidator(_order)]
    """The work order, as its TOML file says it; the procedure is one installed here and there, or the file
    name of the bundle's."""
    bundle: Annotated[str, StringConstraints(max_length=LARGEST_BUNDLE)] = ""
    """The procedure itself, as `remotecal bundle` signs it; laboratory and station must trust the key."""
    account: Account | None = None
    """The customer's account that may see it."""
    hours: Annotated[float, Field(gt=0, le=8784)] = 24.0
    """Within which it may be begun."""
    planned: Annotated[date | None, Field(strict=False)] = None
    """Day it is planned for, on which the bench's standards must still hold; today where not given."""
    item: ItemNumber | None = None
    """Number of the item it is for, in the register; account and device must be the item's."""


class ItemWritten(SentBody):
    """An item as it is entered: something that is calibrated here."""

    name: Annotated[Words, Field(examples=[{"zh": "涡轮流量计", "en": "Turbine meter"}])]
    """What it is, by language, or one text for all."""
    maker: LineOrNone = ""
    """Who made it."""
    model: LineOrNone = ""
    """Type designation."""
    serial: LineOrNone = ""
    """The maker's number."""
    owner_number: LineOrNone = ""
    """The owner's number; it must have one of the two."""
    place: LineOrNone = ""
    """Where it is."""
    months: Annotated[int, Field(ge=1, le=MOST_MONTHS)] | None = None
    """From one calibration to the next."""
    rule: Rule = "before"
    """Which day is the last of that time: the one `before` the same day of the month, the `same`, or the end
    of the `month`."""
    due: date | None = None
    """Last day as set by hand; none to have it computed from the last certificate."""
    account: Account | None = None
    """The customer's account that sees it; none for the laboratory's own."""

    @model_validator(mode="after")
    def _has_a_number(self) -> Self:
        if not (self.serial or self.owner_number):
            raise ValueError("serial or owner_number is missing: nothing tells the item from others")
        if not any(text.strip() for text in self.name.root.values()):
            raise ValueError("name is missing: say what the item is, in Chinese or in English")
        return self

    def entered(self) -> Entered:
        """Return it as it is kept."""
        return Entered(
            **self.model_dump(
                include={"maker", "model", "serial", "owner_number", "place", "months", "rule"}
            ),
            name=as_json(self.name),
            due_set="" if self.due is None else self.due.isoformat(),
            account=self.account or "",
        )


class ItemsBrought(SentBody):
    """A file with items: a table as CSV or XLSX."""

    content: Annotated[str, StringConstraints(max_length=LARGEST_TABLE)]
    """The file, in base64."""
    account: Account | None = None
    """Whose the items are; none for the laboratory's own."""
    look: bool = True
    """Only to look what would come of it; nothing is kept."""


class MailWritten(SentBody):
    """Where somebody is told besides the page."""

    mail: Annotated[
        str,
        StringConstraints(max_length=254, pattern=r"^([^@\s<>,;:\"\x00-\x1f]+@[^@\s<>,;:\"\x00-\x1f]+)?$"),
    ]
    """Address for mail; empty for none."""

    @field_validator("mail")
    @classmethod
    def _can_be_written_to(cls, mail: str) -> str:
        if mail:
            mail_address(mail)
        return mail


class Reason(SentBody):
    """Why something is done."""

    reason: Line
    """Why."""


class RemarkWritten(SentBody):
    """Why a run is returned to whoever performed it."""

    text: Line
    """What is remarked."""
    line: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Number of the journal's line it is about; 0 for the run as a whole."""


class RemarkAnswered(SentBody):
    """What is answered to a remark."""

    answer: Line
    """What was looked into, and what came of it."""


class AmendmentWanted(SentBody):
    """What the certificate is to say that takes the place of an issued one."""

    number: Line | Literal[""] = ""
    """Its number; the next of the laboratory's series if not given."""
    reason: Text
    """Why, by language; it is printed."""
    customer: Text
    """The customer's name, by language."""
    address: Text | None = None
    """The customer's address, by language; as it was if not given."""
    persons: tuple[Text, ...] = ()
    """Names of those who answer for it, in the order of the certificate; as they were if not given."""


class RecallWanted(SentBody):
    """That a certificate shall be revoked."""

    number: Line
    """Its number."""
    en: Line
    """Why, in English."""
    zh: Line
    """Why, in Chinese."""
    since: date | None = None
    """Not before this day; None: it never counted."""


class AssessmentWritten(SentBody):
    """What was found of all that rests on a standard, once somebody has looked into it."""

    number: Line
    """Number of the standard, or of a certificate of it."""
    since: date | None = None
    """Only runs begun on this day or later were looked into."""
    until: date | None = None
    """Only those to this day, and on it."""
    depth: Annotated[int, Field(ge=1, le=20)] = 1
    """How far was gone on from what rests on it."""
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the list that was looked into, as the page and the API tell it."""
    text: Line
    """What was found, and what is to be done."""


class AssessmentSigned(SentBody):
    """The signature of whoever wrote an assessment, as `remotecal sign --at` makes it."""

    signed: StatedSignature
    """When it was made, and by the key of which certificate."""
    signature: EnclosedSignature
    """Its value, and the certificates of its key."""


class Acknowledged(SentBody):
    """What somebody has seen to."""

    lines: Annotated[int, Field(ge=0, le=2**31 - 1)]
    """Lines of the run's journal that were there when they saw it."""


class KeyToSign(SentBody):
    """The key that is to sign."""

    certificate: Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"^[^\x00]+$")]
    """Its X.509 certificate in PEM, and those of its issuers as far as they are needed."""


class SignatureMade(SentBody):
    """A signature that a browser made."""

    value: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{2,4000}={0,2}$")]
    """RSASSA-PKCS1-v1_5 with SHA-256, in base64."""


class CommandWanted(SentBody):
    """What a run is to do."""

    verb: Literal["pause", "go_on", "abort", "answer", "take_control", "release_control"]
    """What."""
    argument: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    """The reason of an abort, or the answer."""
    prompt: Annotated[int, Field(ge=0, le=2**31)] = 0
    """Number of the question that is answered, from the live state."""
