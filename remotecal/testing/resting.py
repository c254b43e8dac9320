"""Whether a procedure's budgets name all points of a run that their numbers rest on (`PointBudget.points`).

What nobody names is found by trying: readings at one point are changed, and whatever changes with them rests
on them.

```python
def test_budgets_name_their_points(bench_of, run_on):
    ran = run_on(bench_of("master-line"))
    assert unnamed(ran) == []
```
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import RemotecalError
from remotecal.runs.catalogue import find_followed
from remotecal.runs.record import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotecal.journal.evidence import Evidence
    from remotecal.journal.observation import Observation, Value
    from remotecal.model import PointBudget, Record
    from remotecal.runs.catalogue import Found
    from remotecal.testing.benches import Ran

CHANGES: Final = (1e-2, 1e-3, 1e-4, 1e-5)
"""Shares by which readings are changed: the largest counts with which there still is a result."""


def unnamed(ran: Ran, found: Found | None = None) -> list[str]:
    """Return what a run's budgets don't name, each in a line; nothing where all is named.

    A budget without points, or that names one which is none of the run's, is told as well.

    Args:
        ran: the run.
        found: its procedure, where it is not an installed one.
    """
    used = ran.evidence.procedure
    found = found or find_followed(used.name, used.sha256, None)
    known = {point.name for point in ran.evidence.points}
    lacking = [
        f"{_called(one)} names {', '.join(one.points) or 'no point'}"
        for one in _budgets(ran.record)
        if not one.points or not known.issuperset(one.points)
    ]
    for name in sorted(known):
        changed = _evaluated_with(ran.evidence, name, found)
        if changed is not None:
            lacking += [
                f"{_called(one)} rests on {name}, and does not name it"
                for one, other in zip(_budgets(ran.record), _budgets(changed), strict=True)
                if name not in one.points and one != other
            ]
    return lacking


def _budgets(record: Record) -> list[PointBudget]:
    return [one for measurement in record.measurements for one in measurement.budgets]


def _called(budget: PointBudget) -> str:
    return f"the budget {budget.title.get('en')!r}"


def _evaluated_with(evidence: Evidence, point: str, found: Found) -> Record | None:
    """Return the record with other readings at a point; None where they give none, however little other."""
    for share in CHANGES:
        entries = tuple(_changed(evidence.observations, point, share))
        try:
            return evaluate(replace(evidence, observations=entries), found)
        except RemotecalError:
            continue
    return None


def _changed(entries: tuple[Observation, ...], point: str, share: float) -> Iterator[Observation]:
    """Yield observations, those at a point with other readings: each repeat by a little more."""
    for entry in entries:
        if entry.point.name != point:
            yield entry
            continue
        factor = 1.0 + share * (1.0 + 0.1 * entry.repeat)
        yield replace(entry, values={name: _other(value, factor) for name, value in entry.values.items()})


def _other(value: Value, factor: float) -> Value:
    if isinstance(value, Measured):
        return value._replace(value=value.value * factor)
    if isinstance(value, tuple):
        return tuple(each._replace(value=each.value * factor) for each in value if isinstance(each, Measured))
    return value * factor if isinstance(value, float) else value
