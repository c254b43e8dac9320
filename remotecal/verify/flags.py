"""What whoever reviews a certificate should look at first: nothing of it is wrong, all of it is unusual."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING, Final, Literal

from remotecal import units
from remotecal.clock import CLOCKS_AGREE
from remotecal.journal.events import seconds, timestamp
from remotecal.model import Column, Text
from remotecal.model.flat import flatten

if TYPE_CHECKING:
    from remotecal.journal.events import Event, Json
    from remotecal.model import PointBudget, Record

FEWEST: Final = 3
"""Points of a result from which a share of the variance can be told to be unlike the others'."""
UNLIKE: Final = 30.0
"""Percentage points from the median of the others at which it is."""
TELLING: Final = frozenset({"start", "prompt", "answer", "resume", "observation"})
"""Kinds of events from which something unusual is told."""
FINE: Final = 6
"""Digits of a reading from which on no two are the same by chance, with all others beside them."""
SHA256: Final = re.compile("[0-9a-f]{64}")
WHOLE: Final = 100.0
"""Share that is exceeded only where others are negative."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something unusual."""

    kind: Literal["limit", "share", "typed", "resumed", "repeated", "before_order"]
    """A value near a limit, a share of the variance unlike others', typed values, a run gone on with, repeats
    without any spread, a run from before its order."""
    said: Text
    """What, in Chinese and English."""
    place: str = ""
    """Of the number: measurement, result, table, row and plain column, `0/0/0/3/1`; "" for the whole run."""


def flagged(record: Record, journal: Iterable[Event], ordered: float | None = None) -> tuple[Flag, ...]:
    """Return what is unusual of a certificate and of the journal it rests on.

    Args:
        record: what the certificate says.
        journal: the journal.
        ordered: when the laboratory wrote the order, in seconds since 1970, where that is known.
    """
    events = [event for event in journal if event.kind in TELLING]
    return (
        *_near_limits(record),
        *_shares(record),
        *_conduct(events),
        *_too_alike(events),
        *_early(events, ordered),
    )


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


def _too_alike(journal: Iterable[Event]) -> Iterator[Flag]:
    """Give the points of which all repeats read the same to the last digit, where that can't be by chance.

    A coarse indication may well stand still; one of `FINE` digits does not, and least with all others.
    """
    repeats: dict[str, list[Mapping[str, Json]]] = {}
    for event in journal:
        if event.kind == "observation" and isinstance(values := event.data.get("values"), Mapping):
            repeats.setdefault(str(event.data.get("point")), []).append(values)
    for point, observed in repeats.items():
        first, *others = [list(_read(values)) for values in observed]
        if others and any(map(_fine, first)) and all(other == first for other in others):
            yield Flag(
                "repeated",
                Text(
                    zh=f"{point}：{len(observed)} 次重复的全部读数直到末位都相同",
                    en=f"{point}: all readings of {len(observed)} repeats are the same to the last digit",
                ),
            )


def _read(values: Mapping[str, Json]) -> Iterator[Json]:
    """Yield what was read in an observation, as a journal writes it, without when and by which exchange.

    What nobody read, such as how long it lasted by the computer's clock, is never the same.
    """
    for written in values.values():
        for one in written if isinstance(written, list) else (written,):
            if not isinstance(one, Mapping):
                continue
            if isinstance(waveform := one.get("waveform"), Mapping):
                yield waveform.get("sha256")
            else:
                yield one.get("value", one.get("file"))


def _fine(value: Json) -> bool:
    """Tell whether a number has so many digits that chance does not repeat it; samples have."""
    if isinstance(value, str):
        return SHA256.fullmatch(value) is not None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return len(Decimal(repr(value)).normalize().as_tuple().digits) >= FINE


def _early(journal: Sequence[Event], ordered: float | None) -> Iterator[Flag]:
    """Give a run that began before its order was written, by more than clocks may differ."""
    first = next(iter(journal), None)
    if ordered is None or first is None or first.data.get("clock") != "real":
        return
    if (began := seconds(first.at)) < ordered - CLOCKS_AGREE:
        written = timestamp(ordered)
        yield Flag(
            "before_order",
            Text(
                zh=f"运行开始于 {first.at}，早于委托下达（{written}）",
                en=f"begun at {timestamp(began)}, before its order was written ({written})",
            ),
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
