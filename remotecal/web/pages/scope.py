"""The laboratory's scope beside what its certificates stated: each CMC, and the smallest U of all results."""

from __future__ import annotations

from decimal import ROUND_DOWN, Context, Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.certificates.trust import Capability
from remotecal.hub.scope import hash_of, key_of
from remotecal.store.stated import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from remotecal.store.stated import StatedResult, StatedSum
    from remotecal.web.pages.frame import Visitor

COLUMNS = {
    "scope": (
        "quantity", "cmc", "unit", "against", "range_low", "range_high", "range_unit", "results", "smallest",
        "at", "of_cmc", "below",
    ),
    "below": (
        "finished", "certificate", "station", "run", "quantity", "at", "range_unit", "expanded", "unit", "k",
        "compared", "cmc", "cmc_unit", "of_cmc", "mark",
    ),
}  # fmt: skip
"""Table → the names of its columns, in the file."""
DOWN: Final = Context(prec=400, rounding=ROUND_DOWN)
"""Rounds any float down, to whatever place."""
FAR_ABOVE: Final = 10
"""Times a CMC from which its thousandths tell nothing."""


TOGETHER = 1000
"""Results that are asked for at once for the file."""


class Able(NamedTuple):
    """A capability, and what was stated by it."""

    capability: Capability
    sum: StatedSum | None
    """None where nothing was."""


class BesideStated(NamedTuple):
    """A scope beside what was stated in a time."""

    able: tuple[Able, ...]
    others: tuple[StatedSum, ...]
    """Of quantities, or at places, that no capability is for."""
    below: tuple[tuple[StatedResult, Capability | None], ...]
    """What is not within the scope, the latest first, with the capability that is for it; of certificates
    that are compared with this scope alone."""
    further: bool
    """Whether there is more of that."""
    behind: int
    """Certificates that are not compared with this scope yet."""


def beside(visitor: Visitor, scope: Sequence[Capability], first: date, last: date) -> BesideStated:
    """Return a scope beside what was stated from a day to another."""
    known, stated = _known(scope), visitor.office.store.stated
    since, until = first.isoformat(), last.isoformat()
    sums = stated.sums(since, until)
    now = hash_of(scope)
    wanting = stated.wanting(since, until, SHOWN + 1, scope=now)
    told = [(one, known.get(one.capability)) for one in wanting]
    return BesideStated(
        tuple(Able(one, sums.get((key_of(one), one.quantity))) for one in scope),
        tuple(one for (key, _), one in sorted(sums.items()) if not key),
        tuple(told[:SHOWN]),
        len(told) > SHOWN,
        stated.count_behind(now),
    )


def scope_rows(
    visitor: Visitor, scope: Sequence[Capability], first: date, last: date
) -> Iterator[Sequence[str]]:
    """Yield the rows of the file of a scope."""
    sums = visitor.office.store.stated.sums(first.isoformat(), last.isoformat())
    for able in scope:
        told = sums.get((key_of(able), able.quantity))
        where = (able.quantity, able.cmc, able.unit, able.against, able.low, able.high, able.against_unit)
        if told is None:
            yield (*where, "0", "", "", "", "0")
        else:
            least = told.smallest
            yield (*where, str(told.results), least.compared, least.at, ratio(least), str(told.wanting))


def below_rows(
    visitor: Visitor, scope: Sequence[Capability], first: date, last: date
) -> Iterator[Sequence[str]]:
    """Yield the rows of the file of what is not within the scope."""
    known = _known(scope)
    for one in _all_wanting(visitor, first.isoformat(), last.isoformat(), hash_of(scope)):
        able = known.get(one.capability)
        cmc = ("", "", "") if able is None else (able.against_unit, able.cmc, able.unit)
        of = (one.day, one.number, one.station, one.run, one.quantity, one.at, cmc[0])
        marked = visitor.words("people.marked" if one.marked else "people.unmarked")
        yield (*of, one.expanded, one.unit, one.k, one.compared, *cmc[1:], ratio(one), marked)


def _all_wanting(visitor: Visitor, since: str, until: str, scope: str) -> Iterator[StatedResult]:
    last: StatedResult | None = None
    while part := visitor.office.store.stated.wanting(since, until, TOGETHER, last, scope=scope):
        yield from part
        last = part[-1]


def ratio(one: StatedResult) -> str:
    """Return which part of the CMC a U is, rounded down, so that none below it is told as 1; "" for none."""
    told = Decimal("NaN") if one.ratio is None else Decimal(repr(one.ratio))
    if not told.is_finite():
        return ""
    return str(told.quantize(Decimal("0.001" if told < FAR_ABOVE else "0.1"), context=DOWN))


def _known(scope: Sequence[Capability]) -> Mapping[str, Capability]:
    return {key_of(able): able for able in scope}
