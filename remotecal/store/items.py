"""Items as people enter them, and as they are kept: what is calibrated here, how often, until when."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from remotecal.model.identifiers import comparable

if TYPE_CHECKING:
    from sqlalchemy import Row

    from remotecal.store.intervals import Rule

WRITTEN: Final = ("maker", "model", "serial", "owner_number", "place")
"""Texts of an item in one line."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What people say of an item."""

    name: str
    """What it is, by language, in JSON."""
    maker: str = ""
    """Who made it."""
    model: str = ""
    """Type designation."""
    serial: str = ""
    """The maker's number."""
    owner_number: str = ""
    """The owner's number."""
    place: str = ""
    """Where it is."""
    months: int | None = None
    """From one calibration to the next; None where it is not said."""
    rule: Rule = "before"
    """Which day is the last."""
    due_set: str = ""
    """Last day as set by hand, ISO 8601; "" to compute it from the last certificate."""
    account: str = ""
    """The customer's account; "" for the laboratory's own."""

    @property
    def same(self) -> str:
        """What tells it from others of its account, as numbers are compared that a person reads as one."""
        number = f"s:{comparable(self.serial)}" if self.serial else f"o:{comparable(self.owner_number)}"
        return "\n".join((comparable(self.maker), comparable(self.model), number))


class KeptItem(NamedTuple):
    """An item."""

    id: int
    """Number, rising."""
    account: str
    """The customer's account; "" for the laboratory's own."""
    same: str
    """What tells it from others."""
    name: str
    """By language, in JSON."""
    maker: str
    model: str
    serial: str
    owner_number: str
    place: str
    """Where it is."""
    months: int | None
    """From one calibration to the next."""
    rule: Rule
    """Which day is the last."""
    due_set: str
    """Last day as set by hand, ISO 8601; "" where it is computed."""
    due: str
    """Last day that counts, ISO 8601; "" where none is known."""
    certificate: str
    """Number of the last certificate; "" if none was issued here."""
    calibrated: str
    """Last day of that calibration, ISO 8601."""
    station: str
    """Where that was."""
    run: str
    """The run of that."""
    entered: float
    """When it was entered."""
    by: str
    """Who entered it."""

    @property
    def entered_as(self) -> Entered:
        """What people said of it."""
        return Entered(**{field.name: getattr(self, field.name) for field in fields(Entered)})


class HasMaker(Protocol):
    """What somebody made."""

    @property
    def maker(self) -> str: ...
    @property
    def model(self) -> str: ...


def same_type(item: HasMaker, row: HasMaker | Row[*tuple[Any, ...]]) -> bool:
    """Tell whether maker and model are the item's, where both say them."""
    pairs = ((item.maker, row.maker), (item.model, row.model))
    return all(not one or not other or comparable(one) == comparable(other) for one, other in pairs)
