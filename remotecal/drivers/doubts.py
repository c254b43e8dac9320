"""Whether a number that a person read can well be: by the span, and by what was expected or read before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal import units
from remotecal.model import Text

if TYPE_CHECKING:
    from remotecal.drivers.quantity import Quantity
    from remotecal.drivers.shown import Shown

ROUNDING = 1e-6
"""Part of a step by which a number may miss it, for it may have been converted."""


def beyond(item: Quantity, value: float, over: float = 0.0) -> Text | None:
    """Return in words that a value lies outside a quantity's span by more than `over`; None where not."""
    low, high = item.span
    if low - over <= value <= high + over:
        return None
    span, said = f"{low:g} – {high:g} {_symbol(item)}".strip(), _with_unit(item, value)
    return Text(zh=f"{said} 超出量程 {span}", en=f"{said} lies outside its span, {span}")


def doubt(
    item: Quantity, place: Shown, value: float, expected: float | None, before: float | None
) -> Text | None:
    """Return why a number that was read is not believed at once, and that it be looked at again.

    Args:
        item: the quantity.
        place: where it is read, with the limits its driver states.
        value: what was read, in the quantity's unit.
        expected: what is expected of it; None where nothing is.
        before: what was read there last; None where nothing was.
    """
    said = _with_unit(item, value)
    if outside := beyond(item, value):
        why = outside
    elif place.near is not None and expected is not None and abs(value - expected) > place.near:
        there = _with_unit(item, expected)
        why = Text(
            zh=f"{said} 与此处预期的 {there} 相差较大",
            en=f"{said} is far from {there}, which is expected here",
        )
    elif place.leap is not None and before is not None and abs(value - before) > place.leap:
        there = _with_unit(item, before)
        why = Text(
            zh=f"{said} 与上一次的 {there} 相差较大", en=f"{said} is far from {there}, the number before"
        )
    elif place.step is not None and abs(value / place.step - round(value / place.step)) > ROUNDING:
        step = _with_unit(item, place.step)
        why = Text(
            zh=f"{said} 比可读到的 {step} 还细", en=f"{said} is finer than {step}, to which it can be read"
        )
    else:
        return None
    return Text(zh=f"{why.get('zh')}，请再看一次。", en=f"{why.get('en')}; please look again.")


def likely(
    item: Quantity, place: Shown, expected: float | None, before: float | None
) -> tuple[float, float] | None:
    """Return between which numbers one is believed at once, but for its digits; see `doubt`.

    None where no number is: what is expected here is further from the number before than that may leap.
    """
    low, high = item.span
    for width, about in ((place.near, expected), (place.leap, before)):
        if width is not None and about is not None:
            low, high = max(low, about - width), min(high, about + width)
    return (low, high) if low <= high else None


def _with_unit(item: Quantity, value: float) -> str:
    return f"{value:.10g} {_symbol(item)}".strip()


def _symbol(item: Quantity) -> str:
    return "" if item.unit == "1" else units.symbol(item.unit)
