"""What is told of the ends of intervals: by model of all, by item of the last, summed up beforehand."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remotecal.statistics.staircase import FEWEST_OF_ITEM, Ended, of_item
from remotecal.store.interval_tables import KEY, ended_intervals, item_ends

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy import Column, ColumnElement, CompoundSelect, Connection, Select, Table

    from remotecal.certificates.intervals import Against
    from remotecal.statistics.staircase import Kind

    Asked = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]

ORDER: Final[tuple[Kind, ...]] = ("shorten", "lengthen", "keep", "none")
"""What is advised, in the order in which it is shown."""
NUMBERS: Final = (
    "intervals", "outside", "last_outside", "part", "days", "drift_part", "drift", "first", "last",
)  # fmt: skip
"""What is told of intervals together."""
SHORT: Final = frozenset(("maker", "model", "number", "certificate", "before", "quantity", "unit", "over"))
"""Columns whose texts stand in an index together, which PostgreSQL takes up to 2.7 kB of."""
SHORT_BYTES: Final = 200
"""Bytes of such a text."""
HASH_KEPT: Final = 16
"""Letters of the hash of a longer one."""


class EndedOf(NamedTuple):
    """How the intervals of a model's items ended, or those of one item."""

    maker: str
    model: str
    number: str
    """The item's; "" for all of the model."""
    quantity: str
    """refTypes of the results, by blanks."""
    unit: str
    """Of the errors."""
    over: str
    """Unit of the places."""
    against: Against
    """What they are judged by."""
    items: int
    """How many there are."""
    ended: Ended
    drift: float | None
    """Mean change in a year, in `unit`; None where none is known."""


def told(last: int | None, *which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the query for the ends of some intervals: by model, or by item of so many last ones."""
    from sqlalchemy import case, func, literal, select

    of = ended_intervals.c
    key = [of[name] for name in KEY]
    newest = [of.day.desc(), of.station.desc(), of.run.desc()]
    rank = func.row_number().over(partition_by=key, order_by=newest) if last else literal(0)
    one = select(ended_intervals, rank.label("rank")).where(*which).subquery().c
    group = [one[name] for name in KEY if last or name != "number"]
    failed = case((one.outside > 0, 1), else_=0)
    numbers = (
        func.count(),
        func.sum(failed),
        func.max(case((one.rank == 1, failed), else_=0)),
        func.max(one.part),
        func.avg(one.days),
        func.max(one.drift_part),
        func.avg(one.drift),
        func.min(one.day),
        func.max(one.day),
    )
    query = select(*group, func.count(one.number.distinct()), *numbers).group_by(*group).order_by(*group)
    return query.where(one.rank <= last) if last else query


def ended_of(row: Sequence[Any], *, by_item: bool = True) -> EndedOf:
    """Return a row of that query as what it is."""
    width = len(KEY) if by_item else len(KEY) - 1
    key = row[:width] if by_item else (*row[:2], "", *row[2:width])
    items, *numbers = row[width:]
    return EndedOf._make((*key, items, _ended(numbers), numbers[6]))


def _ended(numbers: Sequence[Any]) -> Ended:
    intervals, outside, last, part, days, drift_part = numbers[:6]
    return Ended(
        intervals=intervals,
        outside=outside,
        last_outside=bool(last),
        largest=part,
        days=float(days),
        drift=drift_part,
    )


def counting(revoked: Collection[str]) -> Iterator[ColumnElement[bool]]:
    """Yield that neither certificate of an interval was revoked, where any were."""
    if revoked:
        for column in (ended_intervals.c.certificate, ended_intervals.c.before):
            yield column.not_in(revoked)


def items_told(
    connection: Connection, since: str, until: str, revoked: Collection[str], limit: int | None
) -> tuple[EndedOf, ...]:
    """Return what is told of items, as `IntervalEnds.by_item`.

    What was summed up counts where the last interval of an item is of the time that is asked for; of other
    items, and of those with a revoked certificate, it is told from their intervals.
    """
    from sqlalchemy import and_, not_, or_, select, union

    of, ended = item_ends.c, ended_intervals.c
    others = [select(*_whose(item_ends)).where(of.last > until)]
    whole = and_(of.first >= since, of.earlier < since, of.last <= until)
    if revoked:
        against = or_(ended.certificate.in_(revoked), ended.before.in_(revoked))
        others.append(select(*_whose(ended_intervals)).where(against))
        whole = and_(whole, not_(_is_among(item_ends, others[-1])))
    order = [of.advised, *(of[name] for name in KEY)]
    summed = select(*(of[name] for name in (*KEY, *NUMBERS))).where(whole).order_by(*order).limit(limit)
    found = [ended_of((*row[: len(KEY)], 1, *row[len(KEY) :])) for row in connection.execute(summed)]
    known = {one[: len(KEY)] for one in found}
    if connection.execute(union(*others).limit(1)).first() is not None:
        within = (ended.day >= since, ended.day <= until, _is_among(ended_intervals, union(*others)))
        single = map(ended_of, connection.execute(told(FEWEST_OF_ITEM, *within, *counting(revoked))))
        found += [one for one in single if one[: len(KEY)] not in known]
        found.sort(key=lambda one: (_advised(one.ended), one[: len(KEY)]))
    return tuple(found[:limit])


def sum_up_items(connection: Connection, whose: Iterable[tuple[str, str, str]]) -> None:
    """Sum up the last intervals of items anew, named by maker, model and number."""
    for one in whose:
        its = [
            [column == value for column, value in zip(_whose(table), one, strict=True)]
            for table in (item_ends, ended_intervals)
        ]
        connection.execute(item_ends.delete().where(*its[0]))
        _keep(connection, *its[1])


def _keep(connection: Connection, *which: ColumnElement[bool]) -> None:
    """Keep what some intervals come to: of each item the last one, the last two, and so on.

    So many count as are of the time that is asked for: each sum says for which begins of that it holds.
    """
    width = len(KEY)
    further: dict[tuple[Any, ...], str] = {}
    for last in range(FEWEST_OF_ITEM, 0, -1):
        rows: list[dict[str, Any]] = []
        for row in connection.execute(told(last, *which)):
            numbers = dict(zip(NUMBERS, row[width + 1 :], strict=True))
            if numbers["intervals"] < last:
                continue
            numbers |= {"last_outside": bool(numbers["last_outside"]), "days": float(numbers["days"])}
            kept = {"advised": _advised(ended_of(row).ended), "earlier": further.get(tuple(row[:width]), "")}
            rows.append({**dict(zip(KEY, row, strict=False)), **numbers, **kept})
        if rows:
            connection.execute(item_ends.insert(), rows)
        further = {tuple(one[name] for name in KEY): one["first"] for one in rows}


def _advised(ended: Ended) -> int:
    return ORDER.index(of_item(ended).kind)


def _whose(table: Table) -> tuple[Column[str], ...]:
    return tuple(table.c[name] for name in ("maker", "model", "number"))


def _is_among(table: Table, which: Asked) -> ColumnElement[bool]:
    from sqlalchemy import tuple_

    return tuple_(*_whose(table)).in_(which)


def short(text: str) -> str:
    """Return a text as an index of several takes it: a long one's beginning, and a hash of all of it."""
    said = text.encode()
    if len(said) <= SHORT_BYTES:
        return text
    digest = sha256(said).hexdigest()[:HASH_KEPT]
    return f"{said[: SHORT_BYTES - HASH_KEPT - 4].decode(errors='ignore')}… {digest}"
