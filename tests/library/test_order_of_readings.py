"""Readings of one quantity in each other's places: refused in whatever procedure that ships."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations

import pytest

from remotecal.drivers.measured import Measured
from remotecal.procedures import Observed
from remotecal.procedures.held import disordered
from remotecal.procedures.observed import SEVERAL
from remotecal.runs.catalogue import find, names

SHIPPED = "remotecal.procedures.library."
MOST = 9
"""Readings of which every order is looked at, as many as the longest declared order has."""


def of_one_quantity() -> dict[str, tuple[type[Observed], tuple[str, ...]]]:
    """Return name → observation, and those of its parts that some procedure reads of one role's quantity."""
    found = {}
    for name in names():
        procedure = find(name).procedure
        if not procedure.__module__.startswith(SHIPPED):
            continue
        kind, declared = procedure.yields(), {role.name: role.capabilities for role in procedure.roles()}
        groups = defaultdict(list)
        for part in kind.parts().values():
            for by in part.among(declared).by:
                groups[by].append(part.name)
        for by, parts in groups.items():
            if by.quantity and len(parts) > 1:
                found[f"{kind.__name__}, {by}"] = kind, tuple(parts)
    return found


OF_ONE_QUANTITY = of_one_quantity()


def orders(counts: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    """Yield all orders in which parts can be read so often."""
    if not any(counts.values()):
        yield ()
    for name, count in counts.items():
        if count:
            yield from ((name, *rest) for rest in orders({**counts, name: count - 1}))


def taken(order: tuple[str, ...]) -> dict[str, tuple[Measured, ...]]:
    """Return what was read one after another for each part."""
    found: dict[str, tuple[Measured, ...]] = {}
    for number, name in enumerate(order, 7):
        found[name] = *found.get(name, ()), Measured(1.0, "kg", None, "box.value", 1.0, number)
    return found


@pytest.mark.parametrize(("kind", "parts"), OF_ONE_QUANTITY.values(), ids=OF_ONE_QUANTITY)
def test_what_was_read_of_one_quantity_can_not_be_exchanged(
    kind: type[Observed], parts: tuple[str, ...]
) -> None:
    """Of all orders in which such parts can have been read one alone is right, and each stands in one."""
    several = {name for name in parts if kind.parts()[name].kind == SEVERAL}
    always = {name for name in parts if not kind.parts()[name].optional}
    right: set[tuple[str, ...]] = set()
    for count in (1, 2, 3):
        for size in range(1, len(parts) + 1):
            for some in combinations(parts, size):
                counts = {name: count if name in several else 1 for name in some}
                if always <= counts.keys() and sum(counts.values()) <= MOST:
                    held = [order for order in orders(counts) if not disordered(kind, taken(order), {})]
                    assert len(held) <= 1, held
                    right.update(held)
    assert {name for order in right for name in order} == set(parts)
    for order in right:
        for place in range(len(order) - 1):
            exchanged = taken(order)
            first, second = order[place : place + 2]
            if first != second:
                exchanged[first], exchanged[second] = exchanged[second], exchanged[first]
                assert disordered(kind, exchanged, {})
