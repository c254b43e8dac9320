"""What a number's readings lean on: the instruments, their certificates, and what was taken of these.

Nothing is computed here. What was taken of a certificate is what the number's budget says: the estimates of
the inputs whose source, as the record tells it, is that certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from remotecal.bench import CertificateUsed
    from remotecal.model import BudgetLine, PointBudget
    from remotecal.model.equipment import InputQuantity, Method


class Taken(NamedTuple):
    """What the evaluation took of a certificate, as an input of its model."""

    line: BudgetLine
    """Its estimate, such as an error of indication where the instrument was read."""
    known: InputQuantity
    """What it is."""
    of: tuple[str, ...]
    """Numbers of the certificates it is from; of several where the record does not tell which alone."""


@dataclass(slots=True)
class LeanedOn:
    """What some readings were made by: instruments with one certificate, or an instrument without."""

    names: list[str]
    """On the bench."""
    sources: list[str]
    """`instrument.quantity` of what was read; none for what has no interface, such as a weight."""
    used: CertificateUsed | None
    """The certificate; None where there is none."""
    taken: list[Taken]


def leaned_on(
    read: Iterable[str],
    certificates: Mapping[str, CertificateUsed],
    budget: PointBudget | None,
    methods: Sequence[Method],
) -> list[LeanedOn]:
    """Return what a number's readings lean on, in the order they were read; what was not read comes last.

    Of what was not read, that is told which the budget names; without a budget, all that took part.

    Args:
        read: `instrument.quantity` of the readings.
        certificates: name on the bench → certificate.
        budget: the number's; None where it has none.
        methods: of its measurement, which say what each symbol is.
    """
    found: dict[tuple[str, ...], LeanedOn] = {}

    def key(name: str) -> tuple[str, ...]:
        used = certificates.get(name)  # two laboratories may have given the same number
        return (name,) if used is None else (used.certificate.number, used.sha256)

    def of(name: str) -> LeanedOn:
        one = found.setdefault(key(name), LeanedOn([], [], certificates.get(name), []))
        if name not in one.names:
            one.names.append(name)
        return one

    for source in dict.fromkeys(read):
        of(source.rpartition(".")[0]).sources.append(source)
    every, theirs = {key(name): name for name in certificates}, set(found)
    known = {each.symbol: each for method in methods for each in method.inputs}
    for line in () if budget is None else budget.lines:
        if (each := known.get(line.symbol)) is None:
            continue
        named = [one for one in every if each.is_from(one[0])]
        # A source is told for all points of a run together: what was read at this one was used here.
        here = [one for one in named if one in theirs] or named
        for one in here:
            of(every[one]).taken.append(Taken(line, each, tuple(number for number, _ in here)))
    if budget is None:
        for name in certificates:
            of(name)
    return list(found.values())
