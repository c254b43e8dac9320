"""What the laboratory states in a certificate beside what the run gives, in fixed words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.added import public_address, remote_operation
from remotecal.errors import CertificateRefused, ConfigurationError
from remotecal.hub.issued import token_of

if TYPE_CHECKING:
    from remotecal.hub.settings import HubFolder
    from remotecal.model import Record


def remote(record: Record, station: str) -> Record:
    """Return a record that also says how the work was done."""
    said = remote_operation(record.laboratory.contact.name, station, verified=record.is_verification)
    return record.model_copy(update={"statements": (*record.statements, said)})


def with_address(folder: HubFolder, record: Record) -> Record:
    """Return a record that also says where anybody is told whether it counts, if anybody is."""
    base = folder.settings.public.address
    if base is None:
        return record
    said = public_address(f"{base}/v/{token_of(folder, record.number)}")
    return record.model_copy(update={"statements": (*record.statements, said)})


def with_face(folder: HubFolder, record: Record) -> Record:
    """Return a record that is printed with the laboratory's own face, if it has one.

    Raises:
        CertificateRefused: the face that `hub.toml` names can't be used.
    """
    from remotecal.certificates.pdf.face import read_face

    named = folder.settings.issuing.face
    if named is None:
        return record
    try:
        face = read_face(folder.path / named)
    except ConfigurationError as error:
        raise CertificateRefused(
            f"the laboratory's face, `face` under [issuing] in hub.toml, can't be used: {error}"
        ) from error
    return record.model_copy(update={"face": face})
