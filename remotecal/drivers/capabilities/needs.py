"""What a capability asks of a driver, read from its members."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cache
from typing import Annotated, ClassVar, NamedTuple, get_args, get_origin, get_type_hints


class Need(NamedTuple):
    """A quantity, a state or conditions that a capability has."""

    kind: type
    """Of which kind of statement it is, such as `Reading`."""
    unit: str
    """A unit of the dimension it must have; "" where there is none."""
    states: type | None
    """The states of a choice."""


@cache
def needs(capability: type) -> dict[str, Need]:
    """Return what a driver must declare to have a capability, by name."""
    found = {}
    for name, hint in get_type_hints(capability, include_extras=True).items():
        if get_origin(hint) is ClassVar:
            (inner,) = get_args(hint)
            unit = ""
            if get_origin(inner) is Annotated:
                inner, unit = get_args(inner)
            states = next(iter(get_args(inner)), None)
            found[name] = Need(get_origin(inner) or inner, str(unit), states)
    return found


def deeds(capability: type) -> Iterator[tuple[str, bool]]:
    """Yield what a driver must be able to do: its name, and whether that is done by a bare command."""
    for base in capability.__mro__:
        if not vars(base).get("_is_protocol"):
            continue
        for name, member in vars(base).items():
            if inspect.isfunction(member) and not name.startswith("_"):
                signature = inspect.signature(member)
                bare = signature.return_annotation in {None, "None"} and len(signature.parameters) == 1
                yield name, bare
