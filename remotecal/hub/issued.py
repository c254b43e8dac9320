"""The certificates this hub has issued, as files beside its database: what was sealed is never sealed anew.

A certificate is written here, durably, before the database hears of it. So a hub that is killed in
between, or whose database is an older copy, finds here what it had issued, and takes that.
"""

from __future__ import annotations

import hmac
import logging
import os
from base64 import urlsafe_b64encode
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused, ConfigurationError, RemotecalError
from remotecal.opening import make_durable
from remotecal.private_files import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.certificates.signing.signature import Signature
    from remotecal.hub.settings import HubFolder
    from remotecal.model import Record
    from remotecal.store import Store
    from remotecal.store.signings import SigningRow

TOKEN_BYTES = 16
"""Of the token in the address of a public page."""

log = logging.getLogger(__name__)


def enter_signed(store: Store, row: SigningRow, signature: Signature) -> None:
    """Enter a certificate with a further signature, and who filed it (`CertificateRefused`: it is there)."""
    from remotecal.certificates.signing.keys import fingerprint

    said: dict[str, str | int | float | None] = {
        "station": row.station,
        "run": row.run,
        "duty": row.duty,
        "signer": signature.name,
        "certificate": fingerprint(signature.chain[0]),
    }
    if signature.in_browser:
        said["kept"] = "browser"
    with store.transaction():
        store.signings.add(row)
        store.note(row.by, "sign", said)


def file_issued(folder: HubFolder, store: Store, row: SigningRow, signature: Signature) -> None:
    """Keep a sealed certificate: as a file first, then in the database.

    Raises:
        CertificateRefused: the run's certificate was issued already, or another has its number.
    """
    if row.pdf is None:
        raise CertificateRefused("a sealed certificate is a signed PDF")
    path = _path(folder, row)
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
        enter_signed(store, replace(row, token=token_of(folder, row.number or "")), signature)
    except CertificateRefused:
        path.unlink()
        raise


def enter_issued(folder: HubFolder, store: Store, now: float) -> tuple[str, ...]:
    """Enter the certificates that were issued and that the database does not know; returns their runs.

    Before anyone issues: what a killed hub left half written is taken away.
    """
    for draft in folder.issued.glob("*/.*.pdf.new*"):
        draft.unlink()
    store.signings.give_tokens(partial(token_of, folder))
    entered = []
    for path in sorted(folder.issued.glob("*/*.pdf")):
        station, (run, device, edition) = path.parent.name, _named(path)
        latest = store.signings.latest(station, run, device, edition)
        if latest is not None and latest.duty == "issued":
            continue
        try:
            row, record = _row(station, run, device, edition, path.read_bytes(), now)
            _enter_number(store, row, record)
            with store.transaction():
                store.signings.add(replace(row, token=token_of(folder, record.number)))
                store.note("hub", "certificate entered again", {"station": station, "run": run})
        except RemotecalError as error:
            log.error("%s can't be entered: %s", path, error)  # noqa: TRY400
            store.note("hub", "not entered again", {"station": station, "run": run, "reason": str(error)})
            continue
        log.warning("the database did not know that %s was issued: it was entered again", path)
        entered.append(run)
    return tuple(entered)


def token_of(folder: HubFolder, number: str) -> str:
    """Return the token of a certificate's public page.

    It is made of the number with the laboratory's key: nobody else can make it up, and a hub whose database
    is an older copy makes the same again.
    """
    from remotecal.certificates.signing.seal import SealKey

    key = SealKey.read(folder.laboratory).sign(b"tokens of certificates").encode()
    made = hmac.new(key, number.encode(), sha256).digest()[:TOKEN_BYTES]
    return urlsafe_b64encode(made).decode().rstrip("=")


def _enter_number(store: Store, row: SigningRow, record: Record) -> None:
    """Enter the number of a certificate, and what it takes the place of, where the database knows neither."""
    from remotecal.store.amendments import AmendmentRow

    with store.numbers.giving() as giving:
        giving.hold([record.number], row.run, row.at, pretended=True)
        known = store.amendments.numbered(record.number)
        if row.edition == 0 or record.replaces is None or known is not None:
            return
        before, said = record.replaces.number, record.to_json()
        amended = AmendmentRow(
            row.station, row.run, row.device, row.edition, record.number, before, said, row.by, row.at
        )
        store.amendments.add(amended)


def _row(
    station: str, run: str, device: str, edition: int, pdf: bytes, now: float
) -> tuple[SigningRow, Record]:
    from remotecal.certificates.dcc import read
    from remotecal.certificates.signing.pdf import embedded_xml, read_pdf_signature
    from remotecal.certificates.signing.xml import read_signatures
    from remotecal.store.signings import SigningRow

    xml = embedded_xml(pdf)
    newest, printed = read_signatures(xml)[-1], read_pdf_signature(pdf)
    if newest.duty != "issued" or newest.chain[0] != printed.chain[0]:
        raise CertificateRefused("it does not bear the laboratory's seal")
    record = read(newest.content)
    row = SigningRow(station, run, "issued", "the hub", now, xml, pdf, record.number, device, edition=edition)
    return row, record


OF = "~"
"""Between a run's name, which has none, the device whose certificate it is, and how often it was amended."""


def _path(folder: HubFolder, row: SigningRow) -> Path:
    parts = (row.run, row.device, str(row.edition)) if row.edition else (row.run, row.device)
    return folder.issued / row.station / f"{OF.join(parts).rstrip(OF)}.pdf"


def _named(path: Path) -> tuple[str, str, int]:
    """Return the run, the device and the edition that a file is called by."""
    run, device, edition = f"{path.stem}{OF}{OF}".split(OF)[:3]
    return run, device, int(edition) if edition.isdecimal() else 0
