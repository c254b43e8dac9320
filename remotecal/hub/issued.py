"""The certificates this hub has issued, as files beside its database: what was sealed is never sealed anew.

A certificate is written here, durably, before the database hears of it. So a hub that is killed in
between, or whose database is an older copy, finds here what it had issued, and takes that.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused, ConfigurationError, RemotecalError
from remotecal.opening import make_durable
from remotecal.private_files import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.hub.settings import HubFolder
    from remotecal.store import Store
    from remotecal.store.signings import SigningRow

log = logging.getLogger(__name__)


def file_issued(folder: HubFolder, store: Store, row: SigningRow) -> None:
    """Keep a sealed certificate: as a file first, then in the database.

    Raises:
        CertificateRefused: the run's certificate was issued already, or another has its number.
    """
    if row.pdf is None:
        raise CertificateRefused("a sealed certificate is a signed PDF")
    path = _path(folder, row.station, row.run, row.device)
    draft = path.with_name(f".{path.name}.new")
    write_private(draft, row.pdf)
    try:
        os.link(draft, path)  # never over another one
        for place in (path.parent, folder.issued, folder.path):
            make_durable(place)
    except FileExistsError:
        raise CertificateRefused(
            f"the certificate of {row.run} was issued already, it is {path}: start the hub anew, and it is "
            "entered"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    try:
        store.signings.add(row)
    except CertificateRefused:
        path.unlink()
        raise


def enter_issued(folder: HubFolder, store: Store, now: float) -> tuple[str, ...]:
    """Enter the certificates that were issued and that the database does not know; returns their runs.

    Before anyone issues: what a killed hub left half written is taken away.
    """
    for draft in folder.issued.glob("*/.*.pdf.new*"):
        draft.unlink()
    entered = []
    for path in sorted(folder.issued.glob("*/*.pdf")):
        station, (run, _, device) = path.parent.name, path.stem.partition(OF)
        latest = store.signings.latest(station, run, device)
        if latest is not None and latest.duty == "issued":
            continue
        try:
            store.signings.add(_row(station, run, device, path.read_bytes(), now))
        except RemotecalError as error:
            log.error("%s can't be entered: %s", path, error)  # noqa: TRY400
            store.note("hub", "not entered again", {"station": station, "run": run, "reason": str(error)})
            continue
        store.note("hub", "certificate entered again", {"station": station, "run": run})
        log.warning("the database did not know that %s was issued: it was entered again", path)
        entered.append(run)
    return tuple(entered)


def _row(station: str, run: str, device: str, pdf: bytes, now: float) -> SigningRow:
    from remotecal.certificates.dcc import read
    from remotecal.certificates.signing.pdf import embedded_xml, read_pdf_signature
    from remotecal.certificates.signing.xml import read_signatures
    from remotecal.store.signings import SigningRow

    xml = embedded_xml(pdf)
    newest, printed = read_signatures(xml)[-1], read_pdf_signature(pdf)
    if newest.duty != "issued" or newest.chain[0] != printed.chain[0]:
        raise CertificateRefused("it does not bear the laboratory's seal")
    number = read(newest.content).number
    return SigningRow(station, run, "issued", "the hub", now, xml, pdf, number, device)


OF = "~"
"""Between a run's name, which has none, and the device whose certificate it is."""


def _path(folder: HubFolder, station: str, run: str, device: str) -> Path:
    return folder.issued / station / f"{run}{OF if device else ''}{device}.pdf"
