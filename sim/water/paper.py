"""What is written about the water rig: its facts, its safeguards, and a work order for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.bench_file import Characteristic, Heartbeat, Interlock, Safe
from remotecal.model import Text
from remotecal.sim.paper import Job, Paper, characteristic

if TYPE_CHECKING:
    from datetime import date

    from remotecal.sim.water.outfit import Outfit
    from remotecal.sim.water.wiring import Output

INTERLOCKS: Final = (
    Interlock(watch="rig.level", above=95.0, unit="%", every=5.0),
    Interlock(watch="rig.pressure", above=550.0, unit="kPa", every=5.0),
    Interlock(watch="thermometer.temperature", above=35.0, unit="°C", every=5.0),
)

DUT: Final = {
    "name": Text(zh="电磁流量计", en="Electromagnetic flow meter"),
    "maker": "Simulated",
    "model": "class 0.5",
    "serial": "SIM-0001",
    "class_scheme": "JJG 1033-2007",
    "class_name": "0.5",
}


def paper(drawn: Outfit, output: Output, today: date, *, gravimetric: bool) -> Paper:
    """Return what is written of a rig with weigh tank, or of a line with a master meter."""
    kind = "water rig with weigh tank" if gravimetric else "water line with master meter"
    return Paper(
        name=f"simulated {kind}, up to {drawn.size.highest:g} m³/h",
        job=Job(
            "water_gravimetric" if gravimetric else "water_master_meter",
            "FLOW",
            _parameters(drawn, output, gravimetric=gravimetric),
            DUT,
            customer=Text(zh="示范水务有限公司", en="Example Water Co. Ltd"),
            laboratory=Text(zh="示范流量实验室", en="Demonstration Flow Laboratory"),
        ),
        characteristics=_characteristics(drawn, today, gravimetric=gravimetric),
        interlocks=INTERLOCKS,
        heartbeat=Heartbeat(quantity="rig.heartbeat", every=2.0),
        safe=Safe(order=("pump", "rig"), within=20.0),
    )


READING_DELAY: Final = 0.001
"""Expanded uncertainty of the time between reading the two meters of a line, in s: the world stands still
meanwhile, so that they are read at one instant."""


def _characteristics(drawn: Outfit, today: date, *, gravimetric: bool) -> dict[str, Characteristic]:
    """Return the facts of the rig; their true values lie within what is stated here."""
    parts = {
        "connecting_volume": "connecting_volume" if gravimetric else "meter_spacing",
        "water_density": "water",
    }
    if gravimetric:
        parts["diverter_correction"] = "diverter"
    stated = {name: drawn.certificates[part].stated for name, part in parts.items()}
    facts = {
        name: characteristic(each.corrections[0], each.unit, each.expanded[0], today, k=each.k)
        for name, each in stated.items()
    }
    if gravimetric:
        facts["balance_resolution"] = characteristic(drawn.size.resolution, "kg", 0.0, today)
        facts |= drawn.spec.losses.facts(today)
    else:
        facts["reading_delay"] = characteristic(0.0, "s", READING_DELAY, today)
    return facts


def _parameters(drawn: Outfit, output: Output, *, gravimetric: bool) -> dict[str, object]:
    size = drawn.size
    parameters: dict[str, object] = {
        "flows": [round(share * size.highest, 2) for share in (0.9, 0.7, 0.4, 0.2, 0.1, 0.06)],
        "repeats": 3,
        "duration": 40.0,
        "accuracy_class": 0.5,
    }
    if output == "pulses":
        parameters["pulses_per_volume"] = drawn.spec.dut.pulses
    if output == "current":
        parameters["full_scale"] = 3600.0 * drawn.spec.dut.highest
    if gravimetric:
        parameters["method"] = "flying" if output in {"pulses", "current"} else "standing"
        parameters["smallest_mass"] = 0.8 * size.tank
        parameters["largest_mass"] = 0.9 * size.tank
        parameters["empty"] = 0.001 * size.tank
    elif output == "current":
        parameters["method"] = "flying"
    return parameters
