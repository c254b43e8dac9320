"""A run where the laboratory keeps it: its record as recomputed, its certificate as far as it is signed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused, NotOrdered
from remotecal.hub.stating import remote, with_address, with_face

if TYPE_CHECKING:
    from remotecal.hub.settings import HubFolder
    from remotecal.model import Record
    from remotecal.order import Order
    from remotecal.store import Store
    from remotecal.store.signings import SigningRow


def lacking(store: Store, station: str, run: str) -> str:
    """Return why there is no record of a run, as far as the laboratory knows."""
    known = store.journals.find(station, run)
    if known is not None and known.unordered:
        return f"there is no record of {run}, which was not ordered: {known.unordered}"
    if known is not None and known.state in ("aborted", "stopped"):
        return f"there is no record of {run}: it was {known.state} before its end"
    if known is not None and known.state == "signed" and not store.files.missing(station, run):
        return (
            f"the record of {run} can't be computed: {known.failed}; once the procedure is mended, "
            f"`remotecal runs evaluate {run}` evaluates it anew"
            if known.failed
            else f"the record of {run} is not computed yet"
        )
    return f"the record of {run} is not computed yet: its journal is not complete here"


@dataclass(frozen=True, slots=True)
class RunAt:
    """A run at a station, where the laboratory keeps it."""

    folder: HubFolder
    """The laboratory's settings."""
    store: Store
    """Its database."""
    station: str
    """Where the run was."""
    run: str
    """The run."""
    device: str = ""
    """Id of the device whose certificate it is, where each of the order has its own."""
    edition: int = 0
    """How often it was amended: 0 for the certificate that was issued first."""

    def each(self) -> tuple[RunAt, ...]:
        """Return the run's certificates as last amended, one for all devices or for each; as `record`."""
        return tuple(replace(self, device=device).newest() for device in self._certificates())

    def newest(self) -> RunAt:
        """Return the certificate as it was last amended, whether that is issued or not."""
        amended = self.store.amendments.of_run(self.station, self.run, self.device)
        return replace(self, edition=len(amended))

    def record(self, computed: Record | None = None) -> Record:
        """Return the record of the certificate, which says that the work was done remotely.

        Args:
            computed: what `computed` has returned, where that is known.

        Raises:
            CertificateRefused: each device has a certificate of its own, and none is named, or there is no
                such device; or as `whole`.
            JournalBroken: as `whole`.
        """
        from remotecal.model import Record

        if self.edition == 0:
            return with_address(self.folder, remote(computed or self.computed(), self.station))
        amended = self.store.amendments.find(self.station, self.run, self.device, self.edition)
        if amended is None:
            raise CertificateRefused(f"the certificate of {self.run} was never amended {self.edition} times")
        return Record.from_json(amended.record)

    def computed(self) -> Record:
        """Return the record of the certificate as its journal alone gives it; errors as `record`."""
        parts = self._certificates()
        if self.device not in parts:
            known = ", ".join(filter(None, parts)) or "none: it is one for all"
            raise CertificateRefused(
                f"{self.device or 'nobody'} has no certificate of its own in {self.run}; there are {known}"
            )
        return parts[self.device]

    def _certificates(self) -> dict[str, Record]:
        from remotecal.runs.apart import certificates

        return certificates(*self._computed())

    def whole(self) -> Record:
        """Return the record of the run, with all its devices; errors as `_computed`."""
        return remote(self._computed()[0], self.station)

    def _computed(self) -> tuple[Record, Order]:
        """Return the record of the run, and what was ordered.

        Raises:
            CertificateRefused: it was not computed here yet, or the station's is another one, or the
                journal is no longer the one it was computed from, or the run was not ordered so.
            JournalBroken: the journal is not what the station wrote and signed.
        """
        from remotecal.certificates.signing.seal import PublicKey, SealKey
        from remotecal.hub.ordered import check_record, check_start, claimed_order
        from remotecal.hub.recomputing import SignedJournal
        from remotecal.model import Record

        row = self.store.records.find(self.station, self.run)
        if row is None:
            raise CertificateRefused(lacking(self.store, self.station, self.run))
        if not row.agrees:
            raise CertificateRefused(
                f"station and laboratory computed different records of {self.run}: find out why"
            )
        journal = SignedJournal(self.store, self.station, self.run, PublicKey.from_text(row.key))
        if journal.head != row.head:
            raise CertificateRefused(
                f"the journal of {self.run} is no longer the one its record was computed from"
            )
        record = Record.from_json(row.record)
        try:
            laboratory = SealKey.read(self.folder.laboratory).public
            order = claimed_order(self.store, laboratory, self.station, self.run)
            check_start(order, journal.outline.first.data)
            check_record(order, record)
        except NotOrdered as error:
            raise CertificateRefused(f"there is no certificate of what was not ordered: {error}") from error
        return record, order.order

    def certificate(self, computed: Record | None = None) -> bytes:
        """Return the certificate (DCC) as far as it is signed; errors as `record` and `with_face`.

        Args:
            computed: what `computed` has returned, where that is known.
        """
        from remotecal.certificates.dcc import write

        signed = self._signed()
        if signed is not None:
            return signed.xml
        return write(with_face(self.folder, self.record(computed)))

    def _signed(self) -> SigningRow | None:
        return self.store.signings.latest(self.station, self.run, self.device, self.edition)

    def printed(self) -> bytes:
        """Return the certificate for people, with the XML inside; once it is issued, as it was signed.

        Raises:
            CertificateRefused, JournalBroken: as `record`.
            ConfigurationError: a font is missing.
        """
        from remotecal.certificates.pdf import print_certificate

        signed = self._signed()
        if signed is not None and signed.pdf is not None:
            return signed.pdf
        xml = self.certificate()
        return print_certificate(_signed_record(xml), xml)

    def drawn(self) -> tuple[bytes, ...]:
        """Return the certificate's pages as pictures (PNG), as they are printed now; errors as `printed`."""
        from remotecal.certificates.pdf import draw_certificate

        xml = self.certificate()
        return draw_certificate(_signed_record(xml), xml)


def _signed_record(xml: bytes) -> Record:
    """Return the record of a certificate: what its signatures are on, where it has some."""
    from remotecal.certificates.dcc import read
    from remotecal.certificates.signing.xml import read_signatures

    signatures = read_signatures(xml)
    return read(signatures[-1].content if signatures else xml)
