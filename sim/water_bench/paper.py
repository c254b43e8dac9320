"""What is written about the bench of water meters: its facts, its safeguards, and a work order for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.bench_file import Characteristic, Heartbeat, Interlock, Safe
from remotecal.model import Text
from remotecal.sim.paper import Job, Paper, characteristic

if TYPE_CHECKING:
    from datetime import date

    from remotecal.sim.water_bench.options import MetersOptions
    from remotecal.sim.water_bench.outfit import BenchOutfit

INTERLOCKS: Final = (
    Interlock(watch="rig.level", above=95.0, unit="%", every=5.0),
    Interlock(watch="rig.pressure", above=550.0, unit="kPa", every=5.0),
    Interlock(watch="thermometer.temperature", above=45.0, unit="°C", every=5.0),
)

METER: Final = {
    "name": Text(zh="冷水水表", en="Cold water meter"),
    "maker": "Simulated",
    "model": "DN20",
    "class_scheme": "ISO 4064-1:2014",
    "class_name": "2",
}
"""What all meters of the order are."""


def paper(drawn: BenchOutfit, chosen: MetersOptions, today: date) -> Paper:
    """Return what is written of the bench."""
    names = tuple(f"meter_{number}" for number in range(1, chosen.meters + 1))
    return Paper(
        name=f"simulated bench of {chosen.meters} water meters, Q3 = {chosen.permanent:g} m3/h",
        job=Job(
            "water_bench",
            "METERS",
            _parameters(drawn, chosen),
            {},
            customer=Text(zh="示范水务有限公司", en="Example Water Co. Ltd"),
            laboratory=Text(zh="示范流量实验室", en="Demonstration Flow Laboratory"),
            duts=tuple(
                {**METER, "serial": f"WM-{number:04}", "on": name} for number, name in enumerate(names, 1)
            ),
        ),
        roles={"meters": names},
        characteristics=_characteristics(drawn, today),
        interlocks=INTERLOCKS,
        heartbeat=Heartbeat(quantity="rig.heartbeat", every=2.0),
        safe=Safe(order=("pump", "rig"), within=20.0),
    )


def _characteristics(drawn: BenchOutfit, today: date) -> dict[str, Characteristic]:
    """Return the facts of the bench; their true values lie within what is stated here."""
    parts = {
        "connecting_volume": "connecting_volume",
        "meter_spacing": "spacing",
        "water_density": "water",
    }
    stated = {name: drawn.certificates[part].stated for name, part in parts.items()}
    facts = {
        name: characteristic(each.corrections[0], each.unit, each.expanded[0], today, k=each.k)
        for name, each in stated.items()
    }
    return {**facts, "balance_resolution": characteristic(drawn.size.resolution, "kg", 0.0, today)}


def _parameters(drawn: BenchOutfit, chosen: MetersOptions) -> dict[str, object]:
    parameters: dict[str, object] = {
        "permanent": chosen.permanent,
        "ratio": chosen.ratio,
        "accuracy_class": 2,
        "repeats": 3,
        "duration": 40.0,
        "smallest_mass": 10.0,
        "largest_mass": 0.9 * drawn.size.tank,
        "empty": 0.001 * drawn.size.tank,
    }
    if chosen.output == "pulses":
        parameters |= {"pulses_per_volume": drawn.spec.rig.dut.pulses, "fewest_pulses": 1000}
    return parameters
