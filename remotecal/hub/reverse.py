"""Reverse traceability: which certificates rest on a standard, which on these in turn, and by how much."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import BaseModel, ValidationError

from remotecal.model.equipment import names

if TYPE_CHECKING:
    from remotecal.store import Store
    from remotecal.store.index import UseRow


class Resting(NamedTuple):
    """A certificate of a run whose result rests on a standard."""

    depth: int
    """1 for a run in which it took part; 2 for one with a standard calibrated in such a run, and so on."""
    use: UseRow
    """The run, and the standard through which."""


def resting_on(
    store: Store, number: str, *, since: float = -math.inf, until: float = math.inf, depth: int = 1
) -> Iterator[Resting]:
    """Yield what rests on a standard, the nearest first: each run once, with each of its certificates.

    A calibration is a standard's from the moment its certificate was issued, so from there on it counts for
    others; that one certificate's number leads to the next, and with it those it was amended by.

    Args:
        store: where the index is.
        number: serial number of the standard, or the number of a certificate of it.
        since: only runs begun from then on, in seconds since 1970, UTC; those beyond the first depth follow.
        until: only runs begun before, likewise.
        depth: how far to go.
    """
    seen: set[tuple[str, str]] = set()
    numbers = {number}
    for far in range(1, depth + 1):
        found = (
            store.about.uses(numbers, since, until)
            if far == 1
            else store.about.uses(numbers, since, math.inf)
        )
        new = _as_amended(store, [use for use in found if (use.station, use.run) not in seen])
        seen.update((use.station, use.run) for use in new)
        yield from (Resting(far, use) for use in new)
        numbers = {use.certificate for use in new if use.issued is not None}
        if not numbers:
            return


def _as_amended(store: Store, uses: list[UseRow]) -> list[UseRow]:
    """Return uses with the number and the customer of the certificate that counts: the last one issued."""
    newest = store.amendments.newest({use.certificate for use in uses if use.issued is not None})
    return [
        use
        if (row := newest.get(use.certificate)) is None
        else use._replace(certificate=row.number, customer=_customer_in(row.record))
        for use in uses
    ]


def _customer_in(record: str) -> str:
    """Return the customer's name of a record, both in JSON."""
    return json.dumps(json.loads(record)["customer"]["name"], ensure_ascii=False)


FINEST_SHARE: Final = Decimal("0.1")
"""What a record tells of shares at the least, in percent."""


class Portion(NamedTuple):
    """How much of the variance of a run's results is a certificate's, in percent."""

    least: Decimal
    """Of the result of which it is least."""
    most: Decimal
    """Of the result of which it is most."""

    @property
    def told(self) -> str:
        """How much it is, from least to most; what was rounded to nothing is less than its last digit."""
        least, most = (f"{one}" if one else f"< {FINEST_SHARE}" for one in self)
        return least if least == most else f"{least} … {most}"


class _Input(BaseModel):
    symbol: str
    source: dict[str, str] | None = None


class _Line(BaseModel):
    symbol: str
    share: Decimal


class _Method(BaseModel):
    inputs: tuple[_Input, ...] = ()


class _Budget(BaseModel):
    lines: tuple[_Line, ...]
    result: int = 0


class _Result(BaseModel):
    items: tuple[str, ...] = ()


class _Measurement(BaseModel):
    items: tuple[str, ...] = ()
    methods: tuple[_Method, ...] = ()
    results: tuple[_Result, ...] = ()
    budgets: tuple[_Budget, ...] = ()

    def of(self, device: str) -> Iterator[_Budget]:
        """Yield the budgets of results of a device, or of any that does not tell of which; "": all."""
        for budget in self.budgets:
            own = [result.items for result in self.results[budget.result : budget.result + 1]]
            items = next(filter(None, own), self.items)
            if not (device and items) or device in items:
                yield budget


class _Budgets(BaseModel):
    """What of a record tells shares; to read the whole of it takes many times as long."""

    measurements: tuple[_Measurement, ...]


def shares_in(record: str, certificate: str, device: str = "") -> Portion | None:
    """Return how much of a record's results is a certificate's, by the budget lines that name its number.

    A line that names several certificates counts whole for each; correlated inputs may exceed 100 together.

    Args:
        record: in JSON.
        certificate: its number.
        device: of which device's results, by its id in the record; "" for those of all.

    Returns:
        None where no line names it, or what is no record was given.
    """
    try:
        read = _Budgets.model_validate_json(record)
    except ValidationError:
        return None
    found = [share for one in read.measurements for share in _shares(one, certificate, device)]
    return Portion(min(found), max(found)) if found else None


def _shares(measurement: _Measurement, certificate: str, device: str) -> list[Decimal]:
    """Return the share in each budget of a measurement; none where no input of its model names it."""
    named = {
        each.symbol
        for method in measurement.methods
        for each in method.inputs
        if each.source and names(each.source.values(), certificate)
    }
    if not named:
        return []
    return [
        sum((line.share for line in budget.lines if line.symbol in named), Decimal())
        for budget in measurement.of(device)
    ]


def shares(store: Store, uses: Iterable[UseRow]) -> dict[tuple[str, str, str], Portion]:
    """Return how much of what certificates state is that of the standard told there.

    By station, run and device: each of several devices has its own results.
    """
    devices: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for use in uses:
        if use.by:
            devices[use.station, use.run][use.device] = use.by
    found = {}
    for station, run, record in store.records.each(devices):
        for device, by in devices[station, run].items():
            if (share := shares_in(record, by, device)) is not None:
                found[station, run, device] = share
    return found
