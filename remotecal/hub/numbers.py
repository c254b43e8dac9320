"""Series of numbers: how the laboratory writes those of its orders and certificates.

A pattern such as `LNJL-{year}-{number:5}` gives LNJL-2026-00001 and on; with the year it begins anew. Two
series that are written alike count together, so no number is given twice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from remotecal.configuration import Written
from remotecal.errors import OrderError
from remotecal.model.base import Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.order import Order
    from remotecal.store.numbers import HeldRow

_PLACE = re.compile(r"\{number(?::([1-9]))?\}")
_YEAR = "{year}"
LIKE = "LNJL-{year}-{number:5}"
"""A pattern as an example."""


def _readable(pattern: str) -> str:
    bare = _PLACE.sub("", pattern).replace(_YEAR, "", 1)
    if len(_PLACE.findall(pattern)) != 1 or "{" in bare or "}" in bare:
        raise ValueError(
            f"{pattern!r} is no pattern of numbers: write one like {LIKE}, whose number has five digits, "
            f"with {_YEAR} once or not at all"
        )
    return pattern


Pattern = Annotated[Line, AfterValidator(_readable)]
"""How the numbers of a series are written."""


class NumberSettings(Written):
    """Series of numbers; without one, numbers are typed."""

    order: Pattern | None = None
    """Of orders that come without a number."""
    certificate: Pattern | None = None
    """Of certificates that come without a number; they have their order's if there is no series."""


def series_of(pattern: str, year: int) -> str:
    """Return what a pattern's numbers of a year are counted under, however many digits they have."""
    return _PLACE.sub("{number}", pattern).replace(_YEAR, str(year))


def written(pattern: str, year: int, count: int) -> str:
    """Return a number as a pattern writes it."""
    digits = _PLACE.search(pattern)
    width = int(digits[1] or 1) if digits else 1
    return _PLACE.sub(f"{count:0{width}}", pattern).replace(_YEAR, str(year))


def numbered(order: Order, settings: NumberSettings, give: Callable[[str], str]) -> Order:
    """Return an order with the numbers it came without.

    Args:
        order: as it was written.
        settings: the laboratory's series.
        give: returns the next number by a pattern.

    Raises:
        OrderError: it has no number, and there is no series.
    """
    head = order.order
    if not head.number and settings.order is None:
        raise OrderError(
            "the order has no number: give it one (`number` under [order]), or set a series (`order` under "
            "[numbers] in hub.toml)"
        )
    number = head.number or give(settings.order or "")
    duts, certificate = order.duts, head.certificate
    if settings.certificate is not None and certificate is None:
        pattern = settings.certificate
        if order.apart:
            own = (dut.certificate or give(pattern) for dut in duts)
            duts = tuple(
                dut.model_copy(update={"certificate": one}) for dut, one in zip(duts, own, strict=True)
            )
        else:
            certificate = give(pattern)
    changed = head.model_copy(update={"number": number, "certificate": certificate})
    return order.model_copy(update={"order": changed, "duts": duts})


def fate(held: HeldRow, now: float) -> str:
    """Return what became of a number: a gap in a series is one whose order or run came to nothing.

    It is one of `issued`, `withdrawn`, `refused`, `expired`, `aborted`, `stopped`, `waits` until its order is
    begun, or `on` until its certificate is issued.
    """
    if held.issued is not None:
        return "issued"
    if held.order in {"withdrawn", "refused"}:
        return held.order
    if held.run in {"aborted", "stopped"}:
        return held.run
    if held.order == "issued":
        return "expired" if held.expires is not None and held.expires < now else "waits"
    return "on"
