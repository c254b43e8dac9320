"""What the API shows of items and of notices."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from remotecal.store.intervals import Rule
from remotecal.web.shown import NamesBeside, ShownBody
from remotecal.web.shown_about import words

if TYPE_CHECKING:
    from remotecal.store.called import Names
    from remotecal.store.items import KeptItem


class RegisteredItem(NamesBeside):
    """An item."""

    id: int
    """Its number here."""
    account: str | None
    """The customer's account that sees it; none for the laboratory's own."""
    account_name: dict[str, str] = Field(default_factory=dict)
    """What the customer is called, by language; empty where no order says it."""
    name: dict[str, str]
    """What it is, by language."""
    maker: str
    """Who made it."""
    model: str
    """Type designation."""
    serial: str
    """The maker's number."""
    owner_number: str
    """The owner's number."""
    place: str
    """Where it is."""
    months: int | None
    """From one calibration to the next."""
    rule: Rule
    """Which day is the last of that time."""
    due: date | None
    """Last day of the last certificate; none where that is not known."""
    due_from: Literal["hand", "certificate", ""]
    """Whether that day was set by hand, or computed from the last certificate."""
    certificate: str
    """Number of the last certificate that was issued here; empty without one."""
    calibrated: date | None
    """Last day of that calibration."""
    station: str
    """Where that was."""
    run: str
    """The run of that."""

    @classmethod
    def of(cls, row: KeptItem, names: Names) -> RegisteredItem:
        """Return an item as it is shown."""
        shown = cls.model_validate(
            {
                **row._asdict(),
                "account": row.account or None,
                "name": words(row.name),
                "due": row.due or None,
                "due_from": due_from(row),
                "calibrated": row.calibrated or None,
            }
        )
        return shown.named(names)


def due_from(row: KeptItem) -> Literal["hand", "certificate", ""]:
    """Tell where the day comes from until which an item's last certificate is relied on."""
    if row.due_set:
        return "hand"
    return "certificate" if row.due else ""


class CalibrationShown(ShownBody):
    """A certificate that was issued for an item."""

    station: str
    """Where the run was."""
    run: str
    """The run."""
    number: str
    """Of the certificate."""
    finished: date
    """Last day of the calibration."""


class RowShown(ShownBody):
    """A row of a table of items."""

    row: int
    """Its number in the table, the headings' being 1."""
    outcome: Literal["new", "same", "changed", "fault"]
    """What comes of it: an item, nothing, a change of one that is there; or what is wrong."""
    faults: tuple[str, ...]
    """What is wrong in it."""
    item: int | None
    """The item's number, where it is there."""


class TableShown(ShownBody):
    """What came of a table of items, or would."""

    kept: bool
    """Whether it was taken in; never with a fault in any row."""
    rows: tuple[RowShown, ...]
    """Its rows."""


class CertificateToldTo(ShownBody):
    """Who was told of a certificate."""

    number: str
    """Of the certificate."""
    account: str
    """Whose it is."""
    users: tuple[str, ...]
    """Who was told."""


class NoticeShown(ShownBody):
    """That something falls due."""

    id: int
    """Its number."""
    kind: Literal[
        "standard",
        "fact",
        "item",
        "person",
        "accreditation",
        "station",
        "revoked",
        "certificate",
        "question",
    ]
    """What sort of thing."""
    about: str
    """What it is called by: a serial number, an item's number here, a name."""
    what: str
    """What it is, in words."""
    due: date
    """Last day."""
    days: int
    """How many days before that day at most it was noticed; 0 after it."""
    made: datetime
    """When it was made."""
    sent: datetime | None
    """When it went by mail."""
    acknowledged: datetime | None
    """When its reader said that they have seen it."""
