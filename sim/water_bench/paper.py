"""What is written about the bench of meters in series: its facts, its safeguards, and a work order for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.bench_file import Characteristic, Heartbeat, Interlock, Safe
from remotecal.model import Text
from remotecal.sim.paper import Job, Paper, characteristic
from remotecal.sim.water_bench.outfit import LARGEST_LOSS

if TYPE_CHECKING:
    from datetime import date

    from remotecal.sim.water_bench.options import MetersOptions
    from remotecal.sim.water_bench.outfit import BenchOutfit


@dataclass(frozen=True, slots=True)
class BenchKind:
    """What is calibrated on the bench."""

    procedure: str
    """Name in the catalogue."""
    subject: str
    """What the certificates' numbers tell of it."""
    called: str
    """What the bench is one of, with the symbol of their permanent flow."""
    device: Mapping[str, object]
    """What all of the order are."""
    serial: str
    """What their serial numbers begin with."""
    warmest: float
    """Temperature in °C above which the water trips the rig."""

    def of(self, chosen: MetersOptions) -> dict[str, object]:
        """Return the parameters that say what they are."""
        rated = {"permanent": chosen.permanent, "pressure_loss": LARGEST_LOSS / 1000.0, "accuracy_class": 2}
        if self is SENSORS:
            return {**rated, "smallest_flow": float(f"{chosen.permanent / chosen.ratio:.6g}")}
        return {**rated, "ratio": chosen.ratio}


METERS: Final = BenchKind(
    "water_bench",
    "METERS",
    "water meters, Q3",
    {
        "name": Text(zh="冷水水表", en="Cold water meter"),
        "maker": "Simulated",
        "model": "DN20",
        "class_scheme": "ISO 4064-1:2014",
        "class_name": "2",
    },
    "WM",
    45.0,
)
"""Water meters."""

SENSORS: Final = BenchKind(
    "heat_flow_sensors",
    "SENSORS",
    "flow sensors, q_p",
    {
        "name": Text(zh="热量表流量传感器", en="Flow sensor of a heat meter"),
        "maker": "Simulated",
        "model": "DN20",
        "class_scheme": "EN 1434-1:2022",
        "class_name": "2",
    },
    "FS",
    70.0,
)
"""Flow sensors of heat meters."""


BENCH: Final = BenchKind(
    "bench_qualification",
    "BENCH",
    "water meters, Q3",
    {
        "name": Text(zh="水表检定装置", en="Bench of water meters"),
        "maker": "Simulated",
        "model": "DN20",
        "serial": "BENCH-20",
    },
    "BENCH",
    45.0,
)
"""The bench itself."""


def paper(drawn: BenchOutfit, chosen: MetersOptions, today: date, kind: BenchKind = METERS) -> Paper:
    """Return what is written of the bench."""
    names = tuple(f"meter_{number}" for number in range(1, chosen.meters + 1))
    return Paper(
        name=f"simulated bench of {chosen.meters} {kind.called} = {chosen.permanent:g} m³/h",
        job=Job(
            kind.procedure,
            kind.subject,
            _parameters(drawn, chosen, kind),
            kind.device if kind is BENCH else {},
            customer=Text(zh="示范水务有限公司", en="Example Water Co. Ltd"),
            laboratory=Text(zh="示范流量实验室", en="Demonstration Flow Laboratory"),
            duts=tuple(
                {**kind.device, "serial": f"{kind.serial}-{number:04}", "on": name}
                for number, name in enumerate(names, 1)
                if kind is not BENCH
            ),
        ),
        roles={"meters": names},
        characteristics=_characteristics(drawn, today),
        interlocks=_interlocks(kind.warmest),
        heartbeat=Heartbeat(quantity="rig.heartbeat", every=2.0),
        safe=Safe(order=("pump", "rig"), within=20.0),
    )


def _interlocks(warmest: float) -> tuple[Interlock, ...]:
    return (
        Interlock(watch="rig.level", above=95.0, unit="%", every=5.0),
        Interlock(watch="rig.pressure", above=550.0, unit="kPa", every=5.0),
        Interlock(watch="thermometer.temperature", above=warmest, unit="°C", every=5.0),
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
    resolution = characteristic(drawn.size.resolution, "kg", 0.0, today)
    return {**facts, "balance_resolution": resolution, **drawn.spec.rig.losses.facts(today)}


def _parameters(drawn: BenchOutfit, chosen: MetersOptions, kind: BenchKind) -> dict[str, object]:
    parameters: dict[str, object] = {
        **kind.of(chosen),
        "repeats": 3,
        "duration": 40.0,
        "smallest_mass": 10.0,
        "largest_mass": 0.9 * drawn.size.tank,
        "empty": 0.001 * drawn.size.tank,
    }
    if chosen.output == "pulses":
        parameters |= {"pulses_per_volume": drawn.spec.rig.dut.pulses, "fewest_pulses": 1000}
    return parameters
