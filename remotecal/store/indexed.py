"""What the lines of journals say of runs, as rows of the index: who takes part, and what it calibrates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from remotecal.errors import JournalBroken
from remotecal.journal.chain import told_by
from remotecal.journal.events import seconds
from remotecal.journal.evidence import start_of
from remotecal.store.standing import fitting
from remotecal.store.tables import run_equipment, run_items

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from remotecal.journal.evidence import Start
    from remotecal.model import Text
    from remotecal.store.database import Database

USES: Final = frozenset({"instrument", "replies", "prompt"})
"""Kinds of events in which an instrument is used: opened, asked by a link, or read by a person."""
INDEXED: Final = frozenset({"start"}) | USES
"""Kinds of events that say what a run is about."""
USED: Final = re.compile(rb'"instrument":("(?:[^"\\]|\\.)*")')
"""Who is named by a line of `replies` or a `prompt`; within a text its first mark stands behind a `\\`."""
Entry = dict[str, str | int | float]

NOT_TOLD: Final[Entry] = dict.fromkeys(
    ("roles", "maker", "model", "serial", "certificate", "certificate_sha256", "valid_until"), ""
)
"""Of somebody who took part, what a line may say."""


@dataclass(slots=True)
class Indexed:
    """Rows of what some lines say, in their order."""

    equipment: list[Entry] = field(default_factory=list)
    items: list[Entry] = field(default_factory=list)
    lines: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    """Station, run and name → first and last line in which it was used."""

    def take(self, station: str, run: str, kind: str, seq: int, line: bytes) -> None:
        """Read one line of a journal; what is not of its kind's form, though it says so, tells nothing."""
        try:
            if kind in USES - {"instrument"}:
                for name in set(USED.findall(line)):
                    self._used((station, run, fitting(json.loads(name))), seq)
                return
            event = told_by(line)
            of: Entry = {"station": station, "run": run, "at": seconds(event["at"])}
            if kind == "start":
                start = start_of(event["data"])
                self.equipment += [of | _fit(row) for row in _equipment(start)]
                self.items += [of | row for row in _items(start)]
            else:
                said = {name: str(event["data"][name]) for name in ("name", "maker", "model", "serial")}
                self.equipment.append(of | _fit({**NOT_TOLD, **said}))
                self._used((station, run, fitting(said["name"])), seq)
        except (JournalBroken, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return

    def _used(self, which: tuple[str, str, str], seq: int) -> None:
        self.lines[which] = self.lines.get(which, (seq, seq))[0], seq

    def write(self, connection: Connection, database: Database) -> None:
        """Enter the rows; what a later line says of somebody counts, where it says something."""
        from sqlalchemy import bindparam, case

        if self.equipment:
            insert = database.insert(run_equipment)
            told = {
                name: case((new == "", run_equipment.c[name]), else_=new)
                for name in NOT_TOLD
                for new in (insert.excluded[name],)
            }
            entered = insert.on_conflict_do_update(index_elements=["station", "run", "name"], set_=told)
            connection.execute(entered, self.equipment)
        if self.lines:
            of = run_equipment.c
            this = [of[column] == bindparam(f"its_{column}") for column in ("station", "run", "name")]
            known = case((of.first_line == 0, bindparam("first")), else_=of.first_line)
            used = run_equipment.update().where(*this).values(first_line=known, last_line=bindparam("last"))
            connection.execute(
                used,
                [
                    {"its_station": station, "its_run": run, "its_name": name, "first": first, "last": last}
                    for (station, run, name), (first, last) in self.lines.items()
                ],
            )
        if self.items:
            connection.execute(database.insert(run_items).on_conflict_do_nothing(), self.items)


def _fit(row: Entry) -> Entry:
    """Return a row as any database takes it and indexes it, whatever a station wrote."""
    return {name: fitting(value) if isinstance(value, str) else value for name, value in row.items()}


def _equipment(start: Start) -> Iterator[Entry]:
    """Yield what fills a run's roles: what its certificate and the bench say of it."""
    names = dict.fromkeys(start.roles.values())
    for name in (*names, *(other for other in start.certificates if other not in names)):
        told: Entry = {
            "name": name,
            "roles": " ".join(role for role, fills in start.roles.items() if fills == name),
        }
        if (used := start.certificates.get(name)) is not None:
            certificate = used.certificate
            until = certificate.valid_until
            told |= {"certificate": certificate.number, "certificate_sha256": used.sha256}
            told |= {"valid_until": "" if until is None else until.isoformat()}
            if used.record.items:
                item = used.record.items[0]
                told |= {"serial": next(iter(item.serials), ""), "model": item.model or ""}
                told |= {"maker": "" if item.manufacturer is None else item.manufacturer.get("en")}
        if name in start.artefacts:
            told["serial"] = start.artefacts[name]
        yield NOT_TOLD | told


def _items(start: Start) -> Iterator[Entry]:
    order = start.order
    customer = _in_short(order.customer.name)
    whole = order.order.certificate or order.order.number
    for place, (id_, dut) in enumerate(order.devices.items()):
        name = _in_short(dut.name)
        told: Entry = {
            "place": place,
            "maker": "" if dut.maker is None else dut.maker.get("en"),
            "model": dut.model or "",
            "serial": dut.serial or "",
            "owner_number": dut.owner_number or "",
            "certificate": order.numbers.get(id_, whole),
        }
        yield _fit(told) | {"name": name, "customer": customer}


def as_json(words: Text) -> str:
    """Return a text in all its languages as JSON."""
    return json.dumps(words.root, ensure_ascii=False, sort_keys=True)


def _in_short(words: Text) -> str:
    """Return it likewise, each language cut off where it is too long for a row (`standing.LONGEST`)."""
    short = {language: fitting(said) for language, said in words.root.items()}
    return json.dumps(short, ensure_ascii=False, sort_keys=True)
