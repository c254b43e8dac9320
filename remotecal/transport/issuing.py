"""A certificate from afar: of a run that was recomputed here, and says that it was done remotely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.model import Record
    from remotecal.store import Store
    from remotecal.transport.settings import HubFolder


def issue(folder: HubFolder, store: Store, station: str, run: str, out: Path) -> tuple[Path, ...]:
    """Write certificate and journal of a run into a directory, and return the paths.

    Raises:
        CertificateRefused: the record was not computed here yet, or the station's is another one.
        JournalBroken: the journal is not what the station wrote and signed.
    """
    from remotecal.certificates import write_certificate
    from remotecal.certificates.signing.seal import PublicKey
    from remotecal.transport.recomputing import signed_events, write_journal

    row = store.records.find(station, run)
    if row is None:
        raise CertificateRefused(
            f"the record of {run} was not computed yet: its journal is not complete here"
        )
    if not row.agrees:
        raise CertificateRefused(f"station and laboratory computed different records of {run}: find out why")
    events = signed_events(store, station, run, PublicKey.from_text(row.key))
    if events[-1].hash != row.head:
        raise CertificateRefused(f"the journal of {run} is no longer the one its record was computed from")
    paths = write_certificate(remote(_read(row.record), station, folder.settings.laboratory), out)
    return (write_journal(store, station, run, out), paths.xml, paths.pdf, paths.json)


def remote(record: Record, station: str, laboratory: str) -> Record:
    """Return a record that also says how the work was done."""
    from remotecal.model import Statement, Text

    said = Statement(
        ref_types=("remotecal_remoteOperation",),
        declaration=Text(
            zh=f"本次校准由{laboratory}通过现场站“{station}”远程实施；全部原始观测记录均由该站签名。",
            en=(
                f"The calibration was carried out remotely by {laboratory} through its station {station} "
                "beside the instruments, which signed the complete record of observations."
            ),
        ),
    )
    return record.model_copy(update={"statements": (*record.statements, said)})


def _read(text: str) -> Record:
    from remotecal.model import Record

    return Record.from_json(text)
