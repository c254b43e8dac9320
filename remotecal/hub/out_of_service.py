"""Standards that are out of service now, and which of them are on a bench."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remotecal.model.identifiers import comparable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from remotecal.order import Order
    from remotecal.store import Store
    from remotecal.store.out_of_service import OutOfServiceRow
    from remotecal.transport.messages import BenchAnnounced


class OutOn(NamedTuple):
    """A standard of a bench that is out of service."""

    name: str
    """Its name on the bench."""
    row: OutOfServiceRow

    def told(self) -> str:
        """Return which it is, since when, why and by whom, in English."""
        return f"{self.name} ({self.row.number}) is {self.row.told()}"


class Out:
    """What is out of service now.

    Args:
        rows: which standards.
        certificates: number of a certificate → number of such a standard that took part in runs by it.
    """

    def __init__(
        self, rows: Iterable[OutOfServiceRow] = (), certificates: Mapping[str, str] | None = None
    ) -> None:
        self.rows = tuple(rows)
        self._by_number = {comparable(row.number): row for row in self.rows}
        self._by_certificate = {
            comparable(number): self._by_number[comparable(serial)]
            for number, serial in (certificates or {}).items()
        }

    @classmethod
    def of(cls, store: Store) -> Out:
        """Return what the database has as out of service."""
        rows = store.out_of_service.now()
        return cls(rows, store.standards.certificates([row.number for row in rows]) if rows else {})

    def find(self, number: str) -> OutOfServiceRow | None:
        """Return how a standard is out of service, by its serial number; None if it is not."""
        return self._by_number.get(comparable(number))

    def on(self, bench: BenchAnnounced, calibrated: Collection[str] = ()) -> tuple[OutOn, ...]:
        """Return what of a bench is out of service: a run there needs all of it, but what it calibrates.

        What is on a bench without a serial number, and a certificate that tells none, may be any standard
        that took part in runs by that certificate.

        Args:
            bench: the bench, with every number that its runs' journals will have.
            calibrated: numbers of what is to be calibrated there.
        """
        if not self.rows:
            return ()
        found: dict[str, OutOfServiceRow] = {}
        for one in bench.holds:
            row = self._called(one.serial, one.certificate)
            found |= {} if row is None else {one.name: row}
        for name, (serial, certificate) in bench.numbers.items():
            row = self._called(serial, certificate)
            found |= {} if row is None else {name: row}
        for name, numbers in bench.relies.items():
            for known in filter(None, map(self.find, numbers)):
                found[name] = known
        theirs = set(map(comparable, calibrated))
        return tuple(OutOn(name, row) for name, row in found.items() if comparable(row.number) not in theirs)

    def _called(self, serial: str, certificate: str) -> OutOfServiceRow | None:
        if serial:
            return self.find(serial)
        if not certificate:
            return None
        return self.find(certificate) or self._by_certificate.get(comparable(certificate))


def calibrated_by(order: Order) -> frozenset[str]:
    """Return the numbers of what an order is for."""
    return frozenset(
        number for dut in order.devices.values() for number in (dut.serial, dut.owner_number) if number
    )
