"""What is written about a clamp-on meter and the customer's meter it was brought to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.certificates.trust import Capability
from remotecal.model import Table, Text
from remotecal.sim.certificates import Certified, stated_column
from remotecal.sim.clamp_on.site import COMMON

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from remotecal.sim.calibrated import Calibrated

CLAMP_ON: Final = "TUF-0417"
"""Serial number of the clamp-on meter."""
CUSTOMERS: Final = "SIM-0001"
"""That of the customer's meter."""
LABORATORY: Final = Text(zh="示范流量实验室", en="Demonstration Flow Laboratory")
READING_DELAY: Final = 0.001
"""Expanded uncertainty of the time between two readings of a total, in s: the world stands still."""
SCOPE: Final = (
    Capability(
        quantity="basic_measurementError",
        unit="%",
        cmc="0.3",
        against="basic_referenceValue",
        against_unit="m3/h",
        low="1",
        high="1000",
    ),
)
"""What the demonstration's laboratory may certify."""


def clamp_on(calibrated: Calibrated, age: timedelta) -> Certified:
    """Return what a certificate of the clamp-on meter states, and what of that is the laboratory's."""
    name = Text(zh="公共部分", en="Common part")
    shared = stated_column("remotecal_commonDeviation", "1", ("0",), f"{COMMON:g}", name=name)
    return Certified(
        Text(zh="外夹式超声流量计", en="Clamp-on ultrasonic meter"),
        ((Text(zh="流速", en="velocity"), calibrated), (name, Table(columns=(shared,)))),
        age=age,
    )


def customer_meter() -> Mapping[str, object]:
    """Return the customer's meter, as an order names it."""
    return {
        "name": Text(zh="电磁流量计", en="Electromagnetic flow meter"),
        "maker": "Simulated",
        "model": "class 2.5",
        "serial": CUSTOMERS,
        "class_scheme": "JJG 1033-2007",
        "class_name": "2.5",
    }
