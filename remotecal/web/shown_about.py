"""What the API shows of what runs are about: devices, standards, and what rests on them."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Literal

from pydantic import Field

from remotecal.web.shown import NamesBeside, ShownBody


def words(text: str) -> dict[str, str]:
    """Return a text by language that was kept as JSON."""
    return {str(language): str(said) for language, said in json.loads(text).items()}


class ItemShown(ShownBody):
    """Something a run calibrated."""

    station: str
    """Where the run was."""
    run: str
    """The run."""
    at: datetime
    """When the run began, by its own clock."""
    name: dict[str, str]
    """By language."""
    maker: str
    """Who made it."""
    model: str
    """Type designation."""
    serial: str
    """The maker's number."""
    owner_number: str
    """The owner's number."""
    customer: dict[str, str]
    """By language."""
    certificate: str
    """Number its certificate has, or will have."""


class EquipmentShown(ShownBody):
    """Somebody who took part in a run: an instrument, or a standard without an interface."""

    station: str
    """Where the run was."""
    run: str
    """The run."""
    at: datetime
    """When the run began, by its own clock."""
    name: str
    """Its name on the bench."""
    roles: tuple[str, ...]
    """What it was there for."""
    maker: str
    """Who made it."""
    model: str
    """Type designation."""
    serial: str
    """The maker's number."""
    certificate: str
    """Number of its certificate; empty without one."""
    certificate_sha256: str
    """SHA-256 of that certificate's file."""
    valid_until: date | None
    """Last day of that certificate."""
    first_line: int
    """The first of the journal's lines in which it was used: opened, asked by a link, or read by a person; 0
    where none tells of it."""
    last_line: int
    """The last of these."""


class StandardShown(ShownBody):
    """A standard that took part in runs, as it did last."""

    name: str
    """Its name on the bench."""
    maker: str
    """Who made it."""
    model: str
    """Type designation."""
    serial: str
    """The maker's number."""
    certificate: str
    """Number of its certificate."""
    certificate_sha256: str
    """SHA-256 of that certificate's file."""
    valid_until: date | None
    """Last day of that certificate."""
    station: str
    """Where it was last."""
    run: str
    """The run in which."""
    at: datetime
    """When that began."""
    runs: int
    """In how many runs it took part."""
    runs_this_year: int
    """In how many of this year."""


class OutOfServiceShown(NamesBeside):
    """A standard that is out of service, or was."""

    number: str
    """Its serial number, or its certificate's where nobody tells that."""
    since: date
    """The day from which on it is in doubt."""
    reason: str
    """Why."""
    by: str
    """Who took it out of service."""
    by_name: dict[str, str] = Field(default_factory=dict)
    """What they are called, by language; empty where no certificate says it."""
    at: datetime
    """When."""
    back: datetime | None
    """When it came back; None while it is out of service."""
    back_by: str
    """Who put it back; empty while nobody has."""
    back_by_name: dict[str, str] = Field(default_factory=dict)
    """What they are called, by language; empty where no certificate says it."""
    back_reason: str
    """What was found, and done."""


class BroughtShown(NamesBeside):
    """A standard's certificate that somebody brought."""

    id: int
    """Its number here."""
    standard: str
    """Number of the standard it was brought for."""
    number: str
    """Of the certificate."""
    finished: date
    """Last day of that calibration."""
    valid_until: date | None
    """Its last day, if it says one."""
    sha256: str
    """Of its file."""
    issuer: dict[str, str]
    """Who it says issued it, by language."""
    standing: Literal["signed", "unsigned", "unknown", "unchecked"]
    """Somebody on the trust list signed it; nobody did; nobody on the list; it could not be told."""
    doubt: str
    """Why nobody answers for it; empty where somebody does."""
    body: dict[str, str]
    """Who on the trust list answers for it, by language."""
    trust: str
    """Whose trust list, which issue of it, and of which day; empty for none."""
    by: str
    """Who brought it."""
    by_name: dict[str, str] = Field(default_factory=dict)
    """What they are called, by language; empty where no certificate says it."""
    at: datetime
    """When."""


class RestingShown(ShownBody):
    """A run whose result rests on a standard."""

    depth: int
    """1 where the standard took part; 2 where one calibrated in such a run did, and so on."""
    station: str
    """Where the run was."""
    run: str
    """The run."""
    at: datetime
    """When the run began, by its own clock."""
    state: str
    """How far the run is."""
    name: str
    """Of the standard through which, on the bench."""
    serial: str
    """Its number."""
    by: str
    """Number of the certificate it had then."""
    certificate: str
    """Number of the certificate the run led to, or is to lead to."""
    customer: dict[str, str]
    """By language."""
    item: dict[str, str]
    """What that is for, by language."""
    item_serial: str
    """The maker's number of that, or else its owner's."""
    issued: datetime | None
    """When that certificate was issued."""
    first_line: int
    """The first of the journal's lines in which that standard was used; 0 where none tells of it."""
    last_line: int
    """The last of these."""


class AssessmentShown(NamesBeside):
    """What somebody found of all that rests on a standard."""

    at: datetime
    """When they said so."""
    by: str
    """Who."""
    by_name: dict[str, str] = Field(default_factory=dict)
    """What they are called, by language; empty where no certificate says it."""
    number: str
    """Of the standard, or a certificate of it."""
    since: date | None
    """From which day on runs were looked into; None for all."""
    until: date | None
    """To which day."""
    depth: int
    """How far was gone on."""
    certificates: int
    """How many were looked into."""
    digest: str
    """SHA-256 of the list of these: station, run, number and depth of each in a line, sorted."""
    text: str
    """What was found."""
    id: int | None
    """Number of its file; null of one that was kept before there were files."""
    signer: str
    """Who signed that file; empty while nobody has."""
    certificate: str
    """SHA-256 of the certificate of the signer's key."""
    signed: datetime | None
    """When it was signed, as the signature says."""


class IntervalShown(ShownBody):
    """What is advised of the intervals between calibrations, of a model's items or of one, and by what."""

    maker: str
    """Who made it."""
    model: str
    """Type designation."""
    number: str
    """The item's; empty for all of the model."""
    quantity: str
    """refTypes of the results, by blanks."""
    unit: str
    """Of the errors."""
    items: int
    """How many there are."""
    intervals: int
    """How many ended with results that can be judged; of an item, of the last ones."""
    days: float
    """How long they were, in the mean."""
    against: Literal["limit", "U"]
    """Results are judged by their limits of error, or by whether they changed by more than their U."""
    outside: int
    """How many of the intervals ended with a result that was outside."""
    largest: float
    """The largest part of the limit, or of U, that a result took."""
    drift: float | None
    """Mean change of results in a year, in `unit`; none where it is not known."""
    drift_part: float | None
    """The largest change of one in a year, as a part of the limit or of U."""
    advice: Literal["none", "shorten", "keep", "lengthen"]
    """What is advised; `none` of too few intervals; `lengthen`: they may be longer."""
    reason: Literal["few", "outside", "often", "once", "near", "drift", "within"]
    """Why: too few; the last was outside; more were than may be; some were; near a limit; longer ones would
    drift to a limit; well within."""
