"""The label on a calibrated item, 50 mm × 30 mm: which certificate, when, when next, and a QR code."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from remotecal.certificates.added import address_in
from remotecal.certificates.pdf.fonts import chinese_font
from remotecal.certificates.pdf.numbers import said
from remotecal.certificates.pdf.qr import qr_code
from remotecal.certificates.pdf.wording import kind, label_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from remotecal.model import Item, Record, Text

MUCH = 110
"""Characters from which on a label beside a QR code is set in smaller letters on a page; the PDF measures."""
LONGEST_REASON = 90
"""Characters of why something may not be used, on its label."""
TEMPLATE, DATA = "label.typ", "label.json"


class ItemLabel(NamedTuple):
    """What the label of an item says."""

    title: str
    """What it is for: the item's name and model."""
    lines: tuple[tuple[str, str], ...]
    """Heading and what stands beside it."""
    laboratory: str
    """Who calibrated it."""
    warning: str
    """That it is a demonstration; "" if it is none."""
    address: str
    """Where anybody is told whether the certificate counts; "" if that is told nowhere."""
    qr: str
    """That as a QR code in SVG; "" without."""
    alert: bool = False
    """Whether the title is to be seen from afar."""

    @property
    def much(self) -> bool:
        """Whether it says so much that a page has to set it in smaller letters; one of the PDF measures."""
        said = (self.title, *(text for line in self.lines for text in line), self.laboratory, self.warning)
        return bool(self.qr) and sum(map(len, said)) > MUCH


def labels(record: Record, due: date | None) -> tuple[ItemLabel, ...]:
    """Return the labels of a certificate's items.

    Args:
        record: the issued certificate.
        due: when the items are due next, where laboratory and customer agreed on it.
    """
    address = address_in(record) or ""
    return tuple(_label(record, item, due, address) for item in record.items)


def arrival_label(
    name: Text, model: str, order: str, serial: str, customer: Text, laboratory: Text, address: str
) -> ItemLabel:
    """Return the label of an item that has arrived, which goes with it until it is calibrated.

    Args:
        name: what it is.
        model: its type designation.
        order: number of the order.
        serial: its number.
        customer: whose it is.
        laboratory: where it is.
        address: of the order's page.
    """
    told = {"order": order, "serial": serial, "customer": _once(customer)}
    return ItemLabel(
        " ".join(filter(None, (_once(name), model))),
        tuple((_both(one, "arrival"), value) for one, value in told.items()),
        _once(laboratory),
        "",
        address,
        qr_code(address),
    )


def blocked_label(number: str, name: str, since: str, reason: str, laboratory: str) -> ItemLabel:
    """Return the label that says that something may not be used.

    Args:
        number: its serial number.
        name: what it is.
        since: the day from which on, ISO 8601.
        reason: why, in the words of who took it out of service; cut off where it would fill the label.
        laboratory: whose it is.
    """
    short = reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 1]}…"
    told = {"serial": number, "what": name, "blocked_since": since, "reason": short}
    lines = tuple((_both(key, ""), value) for key, value in told.items() if value)
    return ItemLabel(_both("blocked", ""), lines, laboratory, "", "", "", alert=True)


def print_labels(made: Sequence[ItemLabel]) -> bytes:
    """Return labels as a PDF, one on each page of 50 mm × 30 mm.

    Raises:
        ConfigurationError: no font of this computer has their characters.
    """
    from remotecal.certificates.pdf import typeset

    data = {"font": chinese_font(), "labels": [one._asdict() for one in made]}
    with TemporaryDirectory(prefix="remotecal-print-") as folder:
        root = Path(folder)
        text = Path(__file__).with_name(TEMPLATE).read_text(encoding="utf-8")
        (root / TEMPLATE).write_text(text, encoding="utf-8")
        (root / DATA).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        return typeset(root, TEMPLATE)


def _label(record: Record, item: Item, due: date | None, address: str) -> ItemLabel:
    number = next(iter((*item.serials, *(entry.value for entry in item.identifications))), "")
    of = kind(record)
    told = {
        "serial": number,
        "number": record.number,
        "day": record.finished.isoformat(),
        "due": "" if due is None or of == "notice" else due.isoformat(),
    }
    return ItemLabel(
        " ".join(filter(None, (_once(item.name), item.model))),
        tuple((_both(name, of), value) for name, value in told.items() if value),
        _once(record.laboratory.contact.name),
        _both("demonstration", of) if record.demonstration else "",
        address,
        qr_code(address) if address else "",
    )


def _once(text: Text) -> str:
    """Return a text in its languages, Chinese first, each once."""
    return " ".join(dict.fromkeys(content for _, content in said(text)))


def _both(name: str, of: str) -> str:
    return " ".join(content for _, content in label_of(of, "label", name))
