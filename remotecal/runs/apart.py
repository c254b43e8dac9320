"""The certificates of a run that measured several devices: one for all of them, or one for each.

A run has one record, which follows from its journal. Where the order asks for a certificate of each device,
that of one is the record as far as it speaks of this device, under a number of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.model.choice import of_items

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.model import Record
    from remotecal.order import Order


def certificates(record: Record, order: Order) -> dict[str, Record]:
    """Return the certificates of a run: id of the device → its own, or "" → that of all together.

    Args:
        record: the run's.
        order: what was ordered.
    """
    if not order.apart:
        return {"": record}
    items = {item.id: item for item in record.items}
    return {
        id_: of_items(record, (items[id_],)).model_copy(update={"number": number})
        for id_, number in order.numbers.items()
    }


def same_part(record: Record, of: Record, order: Order) -> Record:
    """Return what a run's record says of the devices that a certificate is for; all of it if they are others.

    Args:
        record: the run's.
        of: the certificate.
        order: what was ordered.
    """
    parts = certificates(record, order)
    ids = {item.id for item in of.items}
    return next((part for id_, part in parts.items() if ids == {id_}), record)


def write_certificates(
    record: Record, order: Order, directory: Path, *, printed: bool = True
) -> tuple[Path, ...]:
    """Write the certificates of a run: into the directory the one for all, or each into a folder of its own.

    Those for each go into `certificates/NUMBER/`, and the run's record stays where it is for all; otherwise
    as `write_certificate`.

    Returns:
        Where they are.
    """
    from remotecal.certificates import APART, JSON_NAME, folder_of, write_certificate
    from remotecal.certificates.keeping import write_new

    parts = certificates(record, order)
    if set(parts) == {""}:
        write_certificate(record, directory, printed=printed)
        return (directory,)
    folders = tuple(directory / APART / folder_of(part.number) for part in parts.values())
    for part, folder in zip(parts.values(), folders, strict=True):
        write_certificate(part, folder, printed=printed)
    write_new(directory / JSON_NAME, record.to_json().encode() + b"\n")
    return folders
