"""What whoever is to sign a certificate looks at: its checks, what is unusual, what the last one said."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from remotecal.hub.issuing import trust_of
from remotecal.hub.recomputing import write_journal
from remotecal.journal.events import JournalReader
from remotecal.model import Record
from remotecal.model.flat import flatten
from remotecal.runs.catalogue import full_name

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable
    from datetime import datetime

    from remotecal.certificates.library import CertificateLibrary
    from remotecal.hub.run_at import RunAt
    from remotecal.model import Measurement, PointBudget, Text
    from remotecal.store import Store
    from remotecal.store.signings import SignedRow
    from remotecal.store.whole import WholeRun
    from remotecal.verify import Report
    from remotecal.verify.flags import Flag


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A certificate under review."""

    report: Report
    """What was checked; the results against those the hub computed when the journal was complete."""
    flags: tuple[Flag, ...]
    """What is unusual."""
    record: Record
    """What it says."""
    xml: bytes
    """The certificate with the signatures it has so far."""


def state_of(of_run: RunAt, known: WholeRun, signed: Collection[SignedRow]) -> tuple[Hashable, ...]:
    """Return all that a review follows from, so that what was found is found again while it is the same.

    The journal is told by its last hash, which stands for all of it; the record by what it was computed from
    and when; the certificate by its signatures; whom the laboratory believes by the file that says so.
    """
    record, trust = known.record, of_run.folder.settings.issuing.trust
    believed = None
    if trust is not None:
        with suppress(OSError):
            believed = sha256((of_run.folder.path / trust).read_bytes()).hexdigest()
    computed = None if record is None else (record.head, record.key, record.computed, record.agrees)
    place = of_run.station, of_run.run, of_run.device, of_run.edition
    return *place, known.row.head, computed, tuple(signed), believed


def review(of_run: RunAt, now: datetime) -> Reviewed:
    """Return what is to be known of a certificate before it is signed.

    Raises:
        CertificateRefused, JournalBroken: as `RunAt.record`.
        ConfigurationError: the laboratory's trust list can't be used.
        EvidenceError: a file of the journal is not here.
    """
    from remotecal.certificates import XML_NAME
    from remotecal.verify import verify_draft
    from remotecal.verify.flags import flagged

    computed = of_run.computed()
    xml = of_run.certificate(computed)
    with TemporaryDirectory(prefix="remotecal-review-") as kept:
        folder = Path(kept)
        journal = write_journal(of_run.store, of_run.station, of_run.run, folder)
        (folder / XML_NAME).write_bytes(xml)
        report = verify_draft(
            folder / XML_NAME,
            journal=journal,
            trust=trust_of(of_run.folder),
            library=brought_for(of_run.store, computed, folder / "standards"),
            recompute=lambda _: computed,
            now=now,
        )
        order = of_run.store.orders.find(of_run.run)
        flags = flagged(computed, JournalReader.at(journal), None if order is None else order.issued)
        return Reviewed(report, flags, computed, xml)


def brought_for(store: Store, record: Record, folder: Path) -> CertificateLibrary:
    """Return the certificates of the standards used, as far as somebody brought them to the laboratory."""
    from remotecal.certificates.library import CertificateLibrary

    named = [one.certificate.value.lower() for one in record.standards if one.certificate is not None]
    folder.mkdir()
    for number, xml in enumerate(store.brought.files(named)):
        (folder / f"{number}.xml").write_bytes(xml)
    return CertificateLibrary([folder])


class PointChange(NamedTuple):
    """What a point had in the last certificate of an item, and has in this one."""

    point: Text
    """The budget's title."""
    unit: str
    before: str
    before_expanded: str
    now: str
    now_expanded: str
    e_n: Decimal | None
    """Their difference as a share of the U of it; None where both U are 0."""
    place: str
    """Of the number it has now: measurement, result, table, row and plain column, `0/0/0/3/1`."""
    past: bool
    """Whether that is of the item before an adjustment or a repair."""


def last_issued(store: Store, station: str, run: str) -> tuple[str, Record] | None:
    """Return the number and the record of the last certificate of what a run calibrates.

    None if the index knows none: it goes by maker, model and serial number of the run's one item.
    """
    found = store.last_issued(station, run)
    return None if found is None else (found[0], Record.from_json(found[1]))


def changes(before: Record, now: Record) -> tuple[PointChange, ...]:
    """Return the points that both certificates have a budget for, in the same unit, and what either says.

    What the earlier one left counts, where it has the item as found as well; so what is found now tells the
    drift since.
    """
    as_left_last = sorted(before.measurements, key=lambda each: not each.is_past)
    old = {_title(budget): budget for measurement in as_left_last for budget in measurement.budgets}
    found = []
    for m, measurement in enumerate(now.measurements):
        for budget in measurement.budgets:
            last = old.get(_title(budget))
            if last is not None and last.unit == budget.unit:
                place = f"{m}/{budget.result}/0/{budget.row}/{_column(measurement, budget)}"
                found.append(_change(last, budget, place, past=measurement.is_past))
    return tuple(found)


def by_other_means(before: Record, now: Record, language: str) -> tuple[str, str] | None:
    """Return by which procedure and documents either was measured, in a language; None where by the same.

    Of what was measured otherwise a difference need not be the item's.
    """
    said = _means(before, language), _means(now, language)
    return None if said[0] == said[1] else said


def _means(record: Record, language: str) -> str:
    methods = [method for measurement in record.measurements for method in measurement.methods]
    norms = dict.fromkeys(norm for method in methods for norm in method.norms)
    names = dict.fromkeys(method.name.get(language) for method in methods if not method.norms)
    procedure = [full_name(record.evidence.procedure)] if record.evidence is not None else []
    return ", ".join([*procedure, *norms, *names])


def _column(measurement: Measurement, budget: PointBudget) -> int:
    """Return the plain column in which the number stands that a budget is of; the first if none has it."""
    table = next(iter(measurement.results[budget.result].tables), None)
    for place, column in enumerate(() if table is None else flatten(table.columns)):
        if column.is_number and column.at(budget.row, "en") == budget.value:
            return place
    return 0


def _title(budget: PointBudget) -> tuple[str, int]:
    return budget.title.get("en"), budget.result


def _change(before: PointBudget, now: PointBudget, place: str, *, past: bool) -> PointChange:
    squares = sum(Decimal(one.expanded) ** 2 for one in (before, now))
    apart = abs(Decimal(now.value) - Decimal(before.value))
    e_n = apart / Decimal(squares).sqrt() if squares else None
    values = before.value, before.expanded, now.value, now.expanded
    return PointChange(now.title, now.unit, *values, e_n, place, past)
