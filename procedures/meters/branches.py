"""Branches that are open or shut, as a controller tells them: a bit each, the first one's counts 1."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 16
"""How many branches a controller's word holds."""


def numbers_in(bits: float, most: int = MOST) -> tuple[int, ...]:
    """Return the numbers of the branches that bits stand for, counted from 1, up to `most`."""
    return tuple(number for number in range(1, most + 1) if round(bits) >> (number - 1) & 1)


def bits_of(numbers: Iterable[int]) -> int:
    """Return a bit for each branch of these numbers, counted from 1."""
    return sum(1 << (number - 1) for number in numbers)
