"""That a certificate has a number, and one that no other run beside it has."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from remotecal.certificates import certificate_in
from remotecal.errors import JournalBroken, OrderError
from remotecal.journal.events import JournalReader
from remotecal.journal.evidence import read_start
from remotecal.model.identifiers import comparable

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.order import Order


def check_number(order: Order) -> None:
    """Raise `OrderError` if an order has no number yet."""
    if not order.order.number:
        raise OrderError(
            "the order has no number: write `number` under [order]; only a hub gives the next of a series"
        )


def check_unused(order: Order, directory: Path) -> None:
    """Raise `OrderError` if a run in a folder beside has a certificate with one of the order's numbers.

    Folders beside each other are taken for one laboratory's. Demonstrations and training may be repeated.
    """
    if order.order.demonstration or order.order.training:
        return
    wanted = {comparable(number): number for number in order.numbers.values()}
    for there in sorted(directory.resolve().parent.glob("*/")):
        if there == directory.resolve() or not certificate_in(there):
            continue
        with suppress(JournalBroken, OSError):
            others = read_start(JournalReader.at(there, torn=True)).order.numbers.values()
            if double := wanted.keys() & set(map(comparable, others)):
                number = wanted[min(double)]
                raise OrderError(
                    f"the number {number} is that of the certificate in {there}, and a number is used once: "
                    "give another"
                )
