"""What customers ask for, and what they are told, as it is sent to the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from remotecal.web.bodies import LARGEST_TABLE, Account, ItemNumber, Line, SentBody


class RequestWritten(SentBody):
    """What a customer asks for."""

    item: Line
    """What is to be calibrated: maker, model, serial number."""
    wanted: Line
    """What is to be done."""
    day: date | None = None
    """By when."""


class ItemsWanted(SentBody):
    """Items of the register that a customer asks to be calibrated: all of them, or none."""

    items: Annotated[tuple[ItemNumber, ...], Field(min_length=1, max_length=100)]
    """Their numbers there."""
    wanted: Line
    """What is to be done."""
    day: date | None = None
    """By when."""


class TableWanted(SentBody):
    """A table of items, as CSV or XLSX, that a customer asks to be calibrated: all of them, or none."""

    content: Annotated[str, StringConstraints(max_length=LARGEST_TABLE)]
    """The file, in base64."""
    wanted: Line
    """What is to be done."""
    day: date | None = None
    """By when."""
    look: bool = True
    """Only to look what would be asked for; nothing is kept."""


class CertificateTold(SentBody):
    """What the laboratory tells a customer of a certificate."""

    number: Line
    """Of the certificate."""
    text: Line
    """What is told."""


class AccountGiven(SentBody):
    """Whose an order is."""

    account: Account
    """The customer's account."""
