"""What falls due: standards, items, persons, the accreditation, stations; and who is to be told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from remotecal.clock import civil_day
from remotecal.hub.ordering import announced
from remotecal.registers import LaboratoryRegister
from remotecal.store.notices import NoticeWanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from remotecal.hub.settings import HubFolder
    from remotecal.store import Store
    from remotecal.store.index import EquipmentRow
    from remotecal.store.stations import StationRow
    from remotecal.store.users import Role, UserRow

AHEAD: Final = (60, 30, 14, 7)
"""Days before the last day at which somebody is told; once it has passed they are told again."""
PASSED: Final = 0
"""Stands for the last of these."""
RENEWED_BY: Final = 4
"""A station renews its certificate long before its last quarter: one in that is due."""


class Somebody(Protocol):
    """Who may be told: a user, or who asks."""

    @property
    def name(self) -> str: ...
    @property
    def roles(self) -> frozenset[Role]: ...
    @property
    def account(self) -> str | None: ...


class Speaking(Protocol):
    """A language."""

    def choose(self, said: Mapping[str, str], /) -> str: ...
    def of(self, group: str, name: str, /) -> str: ...


Kind = Literal["standard", "fact", "item", "person", "accreditation", "station"]


class FallingDue(NamedTuple):
    """Something that holds until a day."""

    day: date
    """The last day."""
    kind: Kind
    about: str
    """What it is called by: a serial number, an item's number here, a name."""
    what: str
    """What it is, in words."""
    number: str
    """Of its certificate, registration or accreditation."""
    account: str = ""
    """Whose it is; "" for the laboratory's own."""
    where: str = ""
    """Which station it is at, where that is known."""
    item: int | None = None
    """Its number in the register of items, where it stands there."""
    names: tuple[tuple[str, str], ...] = ()
    """What it is in words, by language, where that is told; `what` otherwise."""
    bench: str = ""
    """Of a standard or a fact of a rig: on which bench."""
    customer: tuple[tuple[str, str], ...] = ()
    """The customer's name, by language, where an order says it."""

    @property
    def numbers(self) -> tuple[str, str]:
        """Its own number, of a standard without one that of its certificate; and of a standard that one."""
        return (self.about, self.number) if self.kind == "standard" else (self.number, "")

    def whose(self, words: Speaking) -> str:
        """Return whose it is: the customer's name in a language, their account where no order names them."""
        return words.choose(dict(self.customer)) if self.customer else self.account

    def called(self, words: Speaking) -> str:
        """Return what it is in a language, as far as that is told, and on which bench."""
        if self.names:
            name = words.choose(dict(self.names))
        elif self.kind == "fact" and self.bench:
            name = words.of("fact", self.about.rpartition("/")[2])
        else:
            return self.what
        return f"{name} · {self.bench}" if self.bench else name


def falling_due(
    store: Store, folder: HubFolder, now: float, within: int = AHEAD[0]
) -> tuple[FallingDue, ...]:
    """Return what ends within so many days, or has ended, the first to end first.

    Args:
        store: the laboratory's database.
        folder: its settings.
        now: the time.
        within: days; the longest of `AHEAD` if not given.

    Raises:
        ConfigurationError: the laboratory's register can't be read.
    """
    today = civil_day(now, folder.time_zone)
    last = today + timedelta(days=within)
    stations = store.stations.list()
    used = store.standards.due(last.isoformat())
    found = [*_standards(stations, used), *_register(folder), *_stations(stations, folder, now)]
    own = {one.serial: one.id for one in store.items.list(None, account="") if one.serial}
    found = [one._replace(item=own.get(one.about)) if one.kind == "standard" else one for one in found]
    soon = {one for one in found if one.day <= last}
    told = {one.item for one in soon} - {None}  # as standards
    soon |= {one for one in _items(store, last) if one.item not in told}
    customers = store.called.customers() if any(one.account for one in soon) else {}
    return _in_order(one._replace(customer=tuple(customers.get(one.account, {}).items())) for one in soon)


def standards_due(store: Store, last: date) -> tuple[FallingDue, ...]:
    """Return the standards that took part in runs and end until a day, where nothing else is known."""
    return _in_order(_standards((), store.standards.due(last.isoformat())))


def _in_order(found: Iterable[FallingDue]) -> tuple[FallingDue, ...]:
    return tuple(sorted(found, key=lambda one: (one.day, one.kind, one.about, one.what, one.where)))


def notices_of(
    due: Iterable[FallingDue], users: Iterable[UserRow], folder: HubFolder, today: date
) -> Iterator[NoticeWanted]:
    """Yield what people are to be told of what falls due: of each the shortest time that it is within."""
    there = [user for user in users if user.enabled]
    for one in due:
        days = _within(one.day, today)
        if days is None:
            continue
        for user in there:
            if concerns(one, user, folder):
                what = f"{one.what} ({one.number})" if one.number else one.what
                yield NoticeWanted(
                    one.kind, one.about, what, one.account, user.name, one.day.isoformat(), days
                )


def _within(day: date, today: date) -> int | None:
    left = (day - today).days
    return PASSED if left < 0 else min((days for days in AHEAD if left <= days), default=None)


def concerns(due: FallingDue, user: Somebody, folder: HubFolder) -> bool:
    """Tell whether somebody is to be told that something falls due."""
    if due.account or user.account is not None:
        return due.account == user.account
    if due.kind in {"standard", "fact", "item"}:
        serial = due.number if due.kind == "item" else due.about
        keepers = folder.settings.notices.keepers.get(serial)
        return "operator" in user.roles if keepers is None else user.name in keepers
    return "administrator" in user.roles


def _standards(stations: Iterable[StationRow], used: Iterable[EquipmentRow]) -> Iterator[FallingDue]:
    """Yield the standards: as stations say that they have them now, others as they took part in runs last."""
    known: set[str] = set()
    for station in stations:
        for bench in announced(station).values() if station.enabled else ():
            for one in bench.holds:
                known |= {one.serial, one.certificate} - {""}
                called = f"{one.name}, {bench.name}"
                number = one.serial or one.certificate
                kind: Kind = "standard" if number else "fact"
                about = number or f"{station.name}/{bench.name}/{one.name}"
                yield FallingDue(
                    one.valid_until,
                    kind,
                    about,
                    called,
                    one.certificate,
                    where=station.name,
                    names=tuple(one.called.items()),
                    bench=bench.name,
                )
    for row in used:
        if row.serial and row.valid_until and row.serial not in known:
            called = f"{row.maker} {row.model}, {row.name}".strip()
            day = _day(row.valid_until)
            yield FallingDue(day, "standard", row.serial, called, row.certificate, where=row.station)


def _items(store: Store, last: date) -> Iterator[FallingDue]:
    from json import loads

    for item in store.items.list(None, due=last.isoformat()):
        words = loads(item.name)
        name = words.get("en") or next(iter(words.values()), "")
        number = item.serial or item.owner_number
        called = " ".join(filter(None, (name, item.maker, item.model)))
        yield FallingDue(
            _day(item.due),
            "item",
            str(item.id),
            called,
            number,
            item.account,
            item=item.id,
            names=tuple((key, f"{text} {item.maker} {item.model}".strip()) for key, text in words.items()),
        )


def _register(folder: HubFolder) -> Iterator[FallingDue]:
    file = folder.settings.issuing.signatories
    if file is None:
        return
    register = LaboratoryRegister.load(folder.path / file)
    laboratory = register.laboratory
    name = laboratory.name.get("en")
    yield FallingDue(
        laboratory.valid_until,
        "accreditation",
        laboratory.code,
        name,
        laboratory.code,
        names=tuple(laboratory.name.root.items()),
    )
    for person in register.persons:
        called = person.name.get("en")
        yield FallingDue(
            person.valid_until,
            "person",
            person.registration,
            called,
            person.registration,
            names=tuple(person.name.root.items()),
        )
    for standard in register.standards:
        called = f"{standard.name.get('en')} ({standard.serial})"
        yield FallingDue(
            standard.valid_until,
            "accreditation",
            standard.approval,
            called,
            standard.approval,
            names=tuple((key, f"{text} ({standard.serial})") for key, text in standard.name.root.items()),
        )


def not_renewed(station: StationRow, folder: HubFolder, now: float) -> bool:
    """Tell whether a station's certificate was not renewed in time: it is in its last quarter, or over."""
    quarter = folder.settings.certificates_last.total_seconds() / RENEWED_BY
    return station.certificate_until - now < quarter


def _stations(stations: Iterable[StationRow], folder: HubFolder, now: float) -> Iterator[FallingDue]:
    for station in stations:
        enrolled = station.enabled and station.certificate  # this computer itself never does
        if enrolled and not_renewed(station, folder, now):
            day = civil_day(station.certificate_until, folder.time_zone)
            yield FallingDue(day, "station", station.name, station.name, "", where=station.name)


def _day(written: str) -> date:
    from datetime import date

    return date.fromisoformat(written)
