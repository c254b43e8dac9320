"""A customer's lot: many devices in one order, measured so many at a time as the bench has places.

A lot is written like a work order, with a table `lot` in place of the devices:

```toml
[lot]
devices = "meters.csv"  # its columns are called like the keys of a device: serial, owner_number …
places = ["meter_1", "meter_2", "meter_3", "meter_4", "meter_5"]
name = { zh = "冷水水表", en = "Cold water meter" }
class_scheme = "ISO 4064-1:2014"
class_name = "2"
```

It becomes an order for each mounting, and each device has a certificate of its own, numbered through the lot,
or by the laboratory's series where the lot has no number.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Final

from pydantic import Field

from remotecal.configuration import Written, checked, is_garbled, read_toml
from remotecal.errors import OrderError
from remotecal.model.base import Line
from remotecal.model.identifiers import comparable, disguise
from remotecal.numerals import SHORTENED
from remotecal.opening import read_whole
from remotecal.order import Dut, Order, Words

TABLE: Final = "lot"
"""What tells a lot from an order for devices that stand on the bench."""

LARGEST_LIST: Final = 2**20
"""Bytes of a list of devices."""
MARKED: Final = ("serial", "owner_number", "interface_serial")
"""Columns of numbers that a device is marked with, or tells: what is read there is what it says."""


class LotTable(Written):
    """The devices of a lot, and where they are mounted."""

    devices: Line | None = None
    """Path of a CSV file with a line for each device, from where the lot lies; its columns are called like
    the keys of a device."""
    serials: tuple[Line, ...] = ()
    """Their serial numbers, instead of a file."""
    places: tuple[Line, ...] = Field(min_length=1)
    """Names of what fills the role of the devices on the bench, in the order to mount."""
    name: Words
    """What they all are."""
    maker: Words | None = None
    """Who made them."""
    model: Line | None = None
    """Their type designation."""
    class_scheme: Line | None = None
    """Where their class is defined."""
    class_name: Line | None = None
    """Their class there."""


def read_orders(path: Path) -> tuple[Order, ...]:
    """Return the orders in a file: the one it is, or that for each mounting of a lot.

    Raises:
        OrderError: the file can't be read, or something in it is missing, unknown or wrong.
    """
    content = read_toml(path, OrderError)
    if TABLE not in content:
        return (Order.load(path),)
    lot = checked(LotTable, content.pop(TABLE), f"{path}, {TABLE}", OrderError)
    devices = _devices(lot, path)
    head = content.get("order")
    if not isinstance(head, dict) or "dut" in content or "duts" in content:
        raise OrderError(f"{path}: a lot has [order], and its devices under [lot] alone")
    number = str(head.get("number", ""))
    certificate, width = str(head.get("certificate") or number), len(str(len(devices)))
    duts = [
        ({"certificate": f"{certificate}-{place:0{width}}"} if certificate else {}) | device
        for place, device in enumerate(devices, 1)
    ]
    size = len(lot.places)
    mountings = [duts[begin : begin + size] for begin in range(0, len(duts), size)]
    orders = []
    for mounting, several in enumerate(mountings, 1):
        free, used = lot.places[: size - len(several)], lot.places[size - len(several) :]
        own = {
            **head,
            "number": f"{number}-{mounting}" if number and len(mountings) > 1 else number,
            "certificates": "each",
            "mount": True,
            "empty": list(free),
        }
        placed = [{**device, "on": place} for device, place in zip(several, used, strict=True)]
        said = {**content, "order": own, "duts": placed}
        orders.append(checked(Order, said, str(path), OrderError))
    if certificate:
        _differ([number for order in orders for number in order.numbers.values()], path)
    return tuple(orders)


def _differ(numbers: Sequence[str], path: Path) -> None:
    """Raise `OrderError` if two certificates of a lot, of whatever mounting, would have one number."""
    counted = Counter(map(comparable, numbers))
    if double := next((number for number in numbers if counted[comparable(number)] > 1), None):
        raise OrderError(f"{path}: two devices would have certificates numbered {double}: give each another")


def _devices(lot: LotTable, path: Path) -> list[dict[str, object]]:
    """Return what is said of each device: what all have in common, and its own."""
    if (lot.devices is None) is not bool(lot.serials):
        raise OrderError(f"{path}: give either lot.devices, the file that lists them, or lot.serials")
    common = lot.model_dump(mode="json", exclude={"devices", "serials", "places"}, exclude_none=True)
    own: list[dict[str, str]] = [{"serial": serial} for serial in lot.serials] or _listed(
        path.parent / str(lot.devices)
    )
    numbers = [device.get("serial") or device.get("owner_number") for device in own]
    counted = Counter(numbers)
    if double := next((number for number in numbers if counted[number] > 1), None):
        raise OrderError(f"{path}: the device {double} is listed twice: take one out")
    return [{**common, **device} for device in own]


def _text(path: Path) -> str:
    try:
        content = read_whole(path, LARGEST_LIST)
    except (OSError, ValueError) as error:
        raise OrderError(f"{path} can't be read: {error}") from None
    text = content.decode("utf-8-sig", "replace")
    if "\N{REPLACEMENT CHARACTER}" in text or is_garbled(text):
        raise OrderError(f"{path} is not in UTF-8, perhaps in GBK: save it as UTF-8")
    return text


def _listed(path: Path) -> list[dict[str, str]]:
    known = set(Dut.model_fields) - {"on"}
    try:
        names, *rows = list(csv.reader(StringIO(_text(path), newline=""), strict=True)) or [[]]
    except csv.Error as error:
        raise OrderError(f"{path} is no table: {error}") from None
    if unknown := [name for name in names if name not in known]:
        raise OrderError(f"{path}: the column {unknown[0]!r} is none of {', '.join(sorted(known))}")
    if len(set(names)) < len(names):
        raise OrderError(f"{path}: two columns are called alike, and which counts can't be told")
    devices = []
    for row in rows:
        if any(cell.strip() for cell in row[len(names) :]):
            raise OrderError(f"{path}: a line has more cells than there are columns: {', '.join(row)[:100]}")
        devices.append({name: cell.strip() for name, cell in zip(names, row, strict=False) if cell.strip()})
    found = [device for device in devices if device]
    if not found:
        raise OrderError(f"{path} lists no device: its first line names columns, such as serial")
    _see_marks(found, path)
    return found


def _see_marks(devices: Sequence[Mapping[str, str]], path: Path) -> None:
    """Raise `OrderError` if a number is another one than it shows."""
    for number in (device[name] for device in devices for name in MARKED if name in device):
        if why := disguise(number):
            raise OrderError(f"{path}: {why}")
        if SHORTENED.fullmatch(number):
            raise OrderError(
                f"{path}: a spreadsheet cut {number} short: make its cell a text, and type it anew"
            )
