"""What readings are held against: by whom, how often, when and in which order an observation says."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from remotecal.drivers.measured import Measured
from remotecal.errors import ParameterError
from remotecal.journal.values import indicated

if TYPE_CHECKING:
    from remotecal.journal.observation import Value
    from remotecal.procedures.observed import Observed

SAME_TIME = 0.001
"""Seconds by which times that were rounded, or read from a clock that is put right, may differ."""

NAME = re.compile(r"[^\W\d]\w*")
"""A part's name, in what is said of an order."""


class InOrder(NamedTuple):
    """How readings of one quantity follow one another, as an observation says by `in_order`."""

    said: str
    """A regular expression in which a name stands for one reading of that part."""

    @property
    def names(self) -> frozenset[str]:
        """The parts it is about."""
        return frozenset(NAME.findall(self.said))

    def pattern(self, kind: type[Observed]) -> re.Pattern[str]:
        """Return the expression for names with a blank behind each (`ParameterError` if it is none)."""
        if unknown := sorted(self.names - kind.parts().keys()):
            raise ParameterError(f"{kind.__name__}.in_order names {unknown[0]}, which is no part of it")
        try:
            return re.compile(NAME.sub(r"(?:\g<0>\\ )", self.said), re.VERBOSE)
        except re.error as error:
            raise ParameterError(f"{kind.__name__}.in_order: {self.said!r}: {error}") from None


def orders_of(kind: type[Observed]) -> Iterator[InOrder]:
    """Yield what a class, and those it is made of, say of the order of readings."""
    for cls in kind.__mro__:
        yield from map(InOrder, vars(cls).get("in_order", ()))


def disordered(
    kind: type[Observed], values: Mapping[str, Value | None], roles: Mapping[str, str]
) -> list[str]:
    """Return which parts hold readings in another order than they were taken in, or is declared, in words.

    The number of an exchange tells when it was; so a reading that stands in the place of another one of the
    same quantity is found, such as that of the full pan in the place of the empty one's. Of every series an
    evaluation may take the first reading and the last one, so each stands as it was taken.

    Args:
        kind: what a repeat yields.
        values: name → value of what one yielded; what names no exchange is not held.
        roles: role → name of what fills it; one that fills several may be read for each.
    """
    found = list(_exchanged(kind, values, roles))
    for told in orders_of(kind):
        if any(values.get(name) is None and not kind.parts()[name].optional for name in told.names):
            continue  # what is missing is told as such
        by_source: defaultdict[str, list[tuple[int | None, str]]] = defaultdict(list)
        for name, one in indicated({name: value for name in told.names if (value := values.get(name))}):
            by_source[one.source].append((one.exchange, name))
        for source, several in by_source.items():
            numbers = [(number, name) for number, name in several if number is not None]
            if len(numbers) == len(several) and (fault := _fault(numbers, told.pattern(kind))):
                found.append(f"{source} {fault}, and must in the order {told.said!r}")
    return found


def _fault(numbers: Sequence[tuple[int, str]], due: re.Pattern[str]) -> str:
    """Return why readings, each by its exchange and its part, are not in order; "" if they are."""
    taken = [name for _, name in sorted(numbers)]
    if not due.fullmatch("".join(f"{name} " for name in taken)):
        return f"was read for {', '.join(name for name, _ in groupby(taken))}"
    if len({number for number, _ in numbers}) < len(numbers):
        return "was read once for two"
    return ""


def _exchanged(
    kind: type[Observed], values: Mapping[str, Value | None], roles: Mapping[str, str]
) -> Iterator[str]:
    """Yield which series do not stand as they were taken, of each source apart."""
    taken: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for name, one in indicated({name: value for name, value in values.items() if value is not None}):
        if one.exchange is not None:
            taken[name, one.source].append(one.exchange)
    for (name, source), numbers in taken.items():
        back = sum(later < earlier for earlier, later in pairwise(numbers))
        if name in kind.parts() and back >= kind.parts()[name].filled_by(source, roles):
            yield f"{source} was read for {name} later and earlier than stands there"


def _times(values: Mapping[str, Value | None], name: str) -> list[float]:
    """Return when the readings of a part were taken; none where it is missing."""
    value = values.get(name)
    return [] if value is None else [one.at for _, one in indicated({name: value})]


def strays(
    kind: type[Observed],
    read: Iterable[tuple[str, str]],
    roles: Mapping[str, str],
    declared: Mapping[str, tuple[type, ...]],
) -> list[str]:
    """Return which parts were made of readings that are not theirs, in words.

    Args:
        kind: what a repeat yields.
        read: name of a part, and source of a reading in it.
        roles: role → name of what fills it.
        declared: role → its capabilities, of the procedure.
    """
    parts = {name: part.among(declared) for name, part in kind.parts().items()}
    return [
        f"{name} was read by {source or 'nobody'}, and must be by {parts[name].whose(roles)}"
        for name, source in read
        if name in parts and not parts[name].may_be_of(source, roles)
    ]


def check_declared(kind: type[Observed], parameters: object) -> None:
    """Raise `ParameterError` if parts do not say how often, or in which order, they are read in a run."""
    for order in orders_of(kind):
        order.pattern(kind)
    for name, part in kind.parts().items():
        for told in (part.waited, part.often):
            if told is not None:
                try:
                    told.due(parameters)
                except ParameterError as error:
                    raise ParameterError(f"{kind.__name__}.{name}: {error}") from None


def hurried(
    kind: type[Observed], values: Mapping[str, Value | None], parameters: object, began: float
) -> list[str]:
    """Return which parts were read sooner than what they had to wait for allows, in words.

    Args:
        kind: what a repeat yields.
        values: name → value of what one yielded.
        parameters: of the run.
        began: when the repeat began, in seconds since 1970, UTC.
    """
    found = []
    for name, part in kind.parts().items():
        if (told := part.waited) is None:
            continue
        read, since = _times(values, name), _times(values, told.since) if told.since else [began]
        if not (read and since):
            continue
        due, passed = told.due(parameters), min(read) - max(since)
        if passed < due - SAME_TIME:
            after = f"the last reading of {told.since}" if told.since else "the repeat began"
            found.append(f"{name} was read {passed:.4g} s after {after}, and {due:g} s are due ({told.time})")
    return found


def miscounted(
    kind: type[Observed], values: Mapping[str, object], parameters: object, roles: Mapping[str, str]
) -> list[str]:
    """Return which parts hold more or fewer readings than are due, in words; one left out moves a mean.

    Args:
        kind: what a repeat yields.
        values: name → value of what one yielded.
        parameters: of the run.
        roles: role → name of what fills it; one that fills several may be read for each.
    """
    found = []
    for name, part in kind.parts().items():
        value = values.get(name)
        if part.often is None or not isinstance(value, tuple):
            continue
        due = part.often.due(parameters)
        counts = Counter(one.source for one in value if isinstance(one, Measured))
        found += [
            f"{name} holds {count} readings of {source}, and {due} are due"
            for source, count in counts.items()
            if count not in {due * times for times in range(1, 1 + part.filled_by(source, roles))}
        ]
    return [*found[:-1], f"{found[-1]}: {HOW_OFTEN}"] if found else []


HOW_OFTEN = "read as often, or declare the part anew in your class with how often it is read"
"""What to do where a procedure reads a part of a shared observation otherwise than that says."""
