"""What whoever reviews a certificate should look at first: nothing of it is wrong, all of it is unusual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING, Final, Literal

from remotecal import units
from remotecal.model import Column, Text
from remotecal.model.flat import flatten

if TYPE_CHECKING:
    from remotecal.journal.events import Event
    from remotecal.model import PointBudget, Record

FEWEST: Final = 3
"""Points of a result from which a share of the variance can be told to be unlike the others'."""
UNLIKE: Final = 30.0
"""Percentage points from the median of the others at which it is."""
WHOLE: Final = 100.0
"""Share that is exceeded only where others are negative."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something unusual."""

    kind: Literal["limit", "share", "typed", "resumed"]
    """A value near a limit, a share of the variance unlike others', typed values, a run gone on with."""
    said: Text
    """What, in Chinese and English."""
    place: str = ""
    """Of the number: measurement, result, table, row and plain column, `0/0/0/3/1`; "" for the whole run."""


def flagged(record: Record, journal: Iterable[Event]) -> tuple[Flag, ...]:
    """Return what is unusual of a certificate and of the journal it rests on."""
    return (*_near_limits(record), *_shares(record), *_conduct(journal))


def _near_limits(record: Record) -> Iterator[Flag]:
    """Give the values that are no further from a limit than their expanded uncertainty."""
    for m, measurement in enumerate(record.measurements):
        for r, result in enumerate(measurement.results):
            for t, table in enumerate(result.tables):
                before = 0
                for column in table.columns:
                    if isinstance(column, Column):
                        for row in range(table.rows):
                            yield from _near_limit(column, row, f"{m}/{r}/{t}/{row}/{before}")
                    before += len(flatten((column,)))


def _near_limit(column: Column, row: int, place: str) -> Iterator[Flag]:
    judged, stated = column.conformity, column.uncertainty
    if judged is None or judged.tolerance is None or stated is None:
        return
    value, expanded = _at(column.values, row), _at(stated.expanded, row)
    limits = [_at(each, row) for each in (judged.tolerance.lower, judged.tolerance.upper) if each]
    if not any(abs(Decimal(value) - Decimal(limit)) <= Decimal(expanded) for limit in limits):
        return
    unit = "" if column.unit == "1" else f" {units.symbol(column.unit)}"
    between = " … ".join(limits)
    yield Flag(
        "limit",
        Text(
            zh=f"{value}{unit}：距限值 {between} 不超过其 U = {expanded}",
            en=f"{value}{unit} is no further from the limit {between} than its U = {expanded}",
        ),
        place,
    )


def _at(cells: tuple[str, ...], row: int) -> str:
    return cells[row if len(cells) > 1 else 0]


def _shares(record: Record) -> Iterator[Flag]:
    """Give the budgets in which a contribution weighs otherwise than at the other points of its result."""
    for m, measurement in enumerate(record.measurements):
        for r in range(len(measurement.results)):
            budgets = [budget for budget in measurement.budgets if budget.result == r]
            if len(budgets) >= FEWEST:
                for budget in budgets:
                    others = [other for other in budgets if other is not budget]
                    yield from _share(budget, others, f"{m}/{r}/0/{budget.row}/0")


def _share(budget: PointBudget, others: list[PointBudget], place: str) -> Iterator[Flag]:
    """Give the contribution of a budget that is most unlike the others', if any is unlike them."""
    found: list[tuple[float, float, float, str]] = []
    for line in budget.lines:
        elsewhere = [float(one.share) for other in others for one in other.lines if one.symbol == line.symbol]
        if len(elsewhere) >= FEWEST - 1:
            usual, share = median(elsewhere), float(line.share)
            found.append((abs(share - usual), share, usual, line.symbol))
    if not found or (most := max(found))[0] < UNLIKE:
        return
    _, share, usual, symbol = most
    title, why = budget.title, {"zh": "", "en": ""}
    if max(share, usual) > WHOLE:
        why = {
            "zh": "；超过 100 % 是因为相关的输入量相互部分抵消",
            "en": "; more than 100 %, for inputs that are correlated cancel in part",
        }
    yield Flag(
        "share",
        Text(
            zh=f"{title.get('zh')}：{symbol} 占方差的 {share:.0f} %，其他点处为 {usual:.0f} %{why['zh']}",
            en=f"{title.get('en')}: {symbol} has {share:.0f} % of the variance, {usual:.0f} % elsewhere"
            f"{why['en']}",
        ),
        place,
    )


def _conduct(journal: Iterable[Event]) -> Iterator[Flag]:
    """Give how often a run was gone on with, and who typed how many numbers."""
    numbers: set[object] = set()
    typed: Counter[str] = Counter()
    resumed: list[str] = []
    for event in journal:
        if event.kind == "prompt" and event.data.get("kind") == "number":
            numbers.add(event.seq)
        elif event.kind == "answer" and event.data.get("prompt") in numbers:
            typed[str(event.data["by"])] += 1
        elif event.kind == "resume":
            resumed.append(str(event.seq))
    for who, count in sorted(typed.items()):
        yield Flag("typed", Text(zh=f"{who} 输入了 {count} 个数值", en=f"{who} typed {count} numbers"))
    if resumed:
        lines = ", ".join(resumed)
        yield Flag(
            "resumed",
            Text(zh=f"运行中断后继续，见日志第 {lines} 行", en=f"gone on with after a stop, line {lines}"),
        )
