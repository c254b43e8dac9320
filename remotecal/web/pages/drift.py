"""How a standard's certified values change, and whether a bench is in control by its check standard."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from fastapi import APIRouter, Query, Response
from markupsafe import Markup

from remotecal import units
from remotecal.certificates import dcc
from remotecal.certificates.drift import ValueCourse, courses
from remotecal.errors import JournalBroken, NotThere, ParameterError, RecordError
from remotecal.hub.ordering import announced
from remotecal.journal.events import read_alone
from remotecal.journal.evidence import start_of
from remotecal.statistics import ControlChart
from remotecal.uncertainty.rounding import report
from remotecal.web import out_of_service
from remotecal.web.about import Number
from remotecal.web.pages.certificates import believed
from remotecal.web.pages.frame import Visiting
from remotecal.web.register import not_a_customer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lxml.etree import _Element

    from remotecal.bench import CertificateUsed
    from remotecal.model import Record
    from remotecal.store.index import EquipmentRow
    from remotecal.transport.check_standards import CheckTold
    from remotecal.web.office import Office
    from remotecal.web.pages.frame import Visitor

router = APIRouter(include_in_schema=False)

MOST: Final = 20
"""Certificates that are looked at, at most, those used last."""
RUNS: Final = 1000
"""Runs among which they are looked for."""
SIGNS: Final = "●■▲◆▼"
"""How the drawing marks points, or values (`curve.MARKS`); those that changed less are in the table only."""
FONT: Final = "system-ui, sans-serif"
Called = Annotated[str, Query(max_length=500)]


class Drift(NamedTuple):
    """What was certified in one unit, and in one unit of places."""

    quantity: str
    """As people say it; "" where that is not told."""
    unit: str
    place_unit: str
    drawing: Markup | None
    """Change since the first; None of one certificate."""
    marks: tuple[tuple[str, str], ...]
    """Sign, and the place it stands for."""
    left_out: int
    """How many values changed that are not drawn."""
    rows: tuple[ValueCourse, ...]


class CheckRow(NamedTuple):
    """A check standard in a list."""

    station: str
    bench: str
    check: CheckTold
    faults: tuple[str, ...]
    """What is wrong today, in English; nothing where it is in control."""


class ValueRow(NamedTuple):
    """A value of a check standard since it was in control."""

    place: int
    """From 1."""
    value: str
    scores: str
    """Its distance from the centre, in standard deviations."""
    faults: tuple[str, ...]
    """Which rules it breaks, in English."""


@router.get("/standard/drift")
def show_drift(visitor: Visiting, number: Number) -> Response:
    """Return what a standard's successive certificates certified at the same points."""
    not_a_customer(visitor.caller)
    office = visitor.office
    used = office.store.about.took_part(number, limit=RUNS)
    known = out_of_service.known_by(office, number, used)
    missing = [known.certificate] if known.certificate else []
    told = list(_records(office, known.number, used, missing))
    records, revoked, doubted = _counting(visitor, told)
    there = {one.number for one, _ in told}
    found = courses(records, known.number)
    return visitor.page(
        "standard_drift.html",
        number=known.number,
        certificates=sorted(((one.finished, one.number) for one in records), reverse=True),
        revoked=revoked,
        doubted=doubted,
        missing=[number for number in dict.fromkeys(missing) if number not in there],
        drifts=[_drift(visitor, group) for group in _groups(found)],
        most=MOST,
    )


@router.get("/standards/check")
def show_chart(visitor: Visiting, station: Called, bench: Called, name: Called) -> Response:
    """Return the control chart of a check standard, as its station told of it last."""
    not_a_customer(visitor.caller)
    row = visitor.office.store.stations.find(station)
    there = announced(row).get(bench) if row is not None else None
    check = next((one for one in (there.checks if there else ()) if one.name == name), None)
    if check is None:
        raise NotThere(f"{station} has told of no check standard {name!r} on a bench {bench!r}")
    try:
        chart = ControlChart.of(check.in_control)
        told: dict[str, object] = {"refused": "", **_limits(chart)}
        told |= {"rows": tuple(_values(chart, check.latest)), "drawing": _chart(check, chart)}
    except ParameterError as error:
        told = {"refused": str(error)}
    return visitor.page("check_standard.html", station=station, bench=bench, check=check, **told)


def checks_of(office: Office) -> list[CheckRow]:
    """Return the check standards that stations told of, those first that are not in control."""
    found = []
    for station in office.store.stations.list():
        for bench in announced(station).values() if station.enabled else ():
            for check in bench.checks:
                try:
                    faults = ControlChart.of(check.in_control).faults(check.latest)
                except ParameterError as error:
                    faults = (str(error),)
                found.append(CheckRow(station.name, bench.name, check, faults))
    return sorted(found, key=lambda one: (not one.faults, one.station, one.bench, one.check.name))


def _records(
    office: Office, number: str, used: Sequence[EquipmentRow], missing: list[str]
) -> Iterator[tuple[Record, str]]:
    """Yield the certificates that a standard had in runs, or that were brought for it, each number once.

    With each goes why nobody answers for one that was brought, "" otherwise. Runs that nobody ordered are
    left out.

    Args:
        office: what is there.
        number: the standard's.
        used: where it took part.
        missing: is given the numbers of those whose contents can't be read, here or there.
    """
    wanted: dict[str, EquipmentRow] = {}
    runs = office.store.journals.some({(row.station, row.run) for row in used})
    unordered = {run for run, row in runs.items() if row.unordered}
    for row in used:
        if row.certificate and row.serial in {"", number} and (row.station, row.run) not in unordered:
            wanted.setdefault(row.certificate_sha256 or row.certificate, row)
    wanted = dict(islice(wanted.items(), MOST))
    lines = office.store.journals.first_lines({(row.station, row.run) for row in wanted.values()})
    seen: set[str] = set()
    for row in wanted.values():
        line = lines.get((row.station, row.run))
        held = _held(line, row.name) if line else None
        if held is None:
            missing.append(row.certificate)
        elif held.record.number not in seen:
            seen.add(held.record.number)
            yield held.record, ""
    for kept, content in office.store.brought.contents(number, MOST):
        if kept.number not in seen:
            seen.add(kept.number)
            try:
                yield dcc.read(content), kept.doubt
            except RecordError:  # an older version took it
                missing.append(kept.number)


def _held(line: bytes, name: str) -> CertificateUsed | None:
    """Return the certificate of what has a name in a run, by its first line; None where that tells none."""
    try:
        return start_of(read_alone(line, 1).data).certificates.get(name)
    except JournalBroken:  # its station wrote what begins no run
        return None


def _counting(
    visitor: Visitor, records: Iterable[tuple[Record, str]]
) -> tuple[list[Record], list[str], list[str]]:
    """Return the certificates that count, the numbers of those revoked, and of those nobody answers for."""
    trust, _ = believed(visitor.office)
    found, revoked, doubted = [], [], []
    for one, doubt in records:
        if trust is not None and trust.revocation_of(one.number) is not None:
            revoked.append(one.number)
        else:
            found.append(one)
            doubted += [one.number] if doubt else []
    return found, revoked, doubted


def _groups(found: Iterable[ValueCourse]) -> list[list[ValueCourse]]:
    groups: dict[tuple[str, str, str], list[ValueCourse]] = {}
    for one in found:
        groups.setdefault((one.point.quantity, one.point.unit, one.point.place_unit), []).append(one)
    return list(groups.values())


def _drift(visitor: Visitor, group: Sequence[ValueCourse]) -> Drift:
    point = group[0].point
    words = visitor.words
    quantity = words.quantity(point.quantity)
    followed = changed_most(group)
    marks = tuple((sign, one.point.place) for sign, one in zip(SIGNS, followed, strict=False))
    drawing = _drawn(followed, point.unit) if followed else None
    left_out = sum(len(one.told) > 1 for one in group) - len(followed)
    return Drift(quantity, point.unit, point.place_unit, drawing, marks, left_out, tuple(group))


def changed_most(group: Sequence[ValueCourse]) -> list[ValueCourse]:
    """Return what is drawn of values that were certified more than once: as many as there are signs for."""
    followed = [one for one in group if len(one.told) > 1]
    most = sorted(followed, key=lambda one: -max(abs(told.since_first) for told in one.told))[: len(SIGNS)]
    return [one for one in followed if one in most]


def _drawn(followed: Sequence[ValueCourse], unit: str) -> Markup:
    from remotecal.certificates.pdf.over_time import trend

    times = sorted({(told.one.day, told.one.number, told.one.state) for one in followed for told in one.told})
    places = {time: place for place, time in enumerate(times)}
    series: list[list[float | None]] = []
    bars: list[list[float | None]] = []
    for one in followed:
        values: list[float | None] = [None] * len(times)
        lengths: list[float | None] = [None] * len(times)
        for told in one.told:
            place = places[told.one.day, told.one.number, told.one.state]
            values[place], lengths[place] = told.since_first, told.one.expanded
        series.append(values)
        bars.append(lengths)
    heading = "Δ" if unit == "1" else f"Δ / {units.symbol(unit)}"
    return _markup(trend([day.isoformat() for day, _, _ in times], series, heading, FONT, bars=bars))


def _chart(check: CheckTold, chart: ControlChart) -> Markup:
    from remotecal.certificates.pdf.over_time import trend

    before, since = (
        [value - chart.centre for value in values] for values in (check.in_control, check.latest)
    )
    times = [*("" for _ in before), *(str(place) for place in range(1, len(since) + 1))]
    series = [[*(None for _ in before), *since], [*before, *(None for _ in since)]]
    lines = {"+3σ": 3 * chart.sigma, "−3σ": -3 * chart.sigma}
    heading = "Δ" if check.unit == "1" else f"Δ / {check.unit}"
    return _markup(trend(times, series, heading, FONT, lines=lines))


def _limits(chart: ControlChart) -> dict[str, object]:
    """Return centre, spread and limits as they are told: the spread with two digits, all to match."""
    told = report(chart.centre, chart.sigma)
    low, high = (report(limit, chart.sigma).value for limit in chart.limits)
    return {"centre": told.value, "sigma": told.expanded, "low": low, "high": high}


def _values(chart: ControlChart, latest: Sequence[float]) -> Iterator[ValueRow]:
    """Yield the values since, the latest first, each with the rules that it broke when it was the last."""
    digits = max((len(f"{Decimal(repr(value)):f}".partition(".")[2]) for value in latest), default=0)
    for place in range(len(latest), 0, -1):
        value = latest[place - 1]
        score = (value - chart.centre) / chart.sigma
        yield ValueRow(place, f"{value:.{digits}f}", f"{score:+.1f}", chart.faults(latest[:place]))


def _markup(svg: _Element) -> Markup:
    from lxml import etree

    svg.set("aria-hidden", "true")  # its summary stands before it, and its table follows
    return Markup(etree.tostring(svg, encoding="unicode"))  # noqa: S704  every text went through lxml
