"""What is written about a nozzle bench, and the work order for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.bench_file import Heartbeat, Interlock, Safe
from remotecal.model import Text
from remotecal.sim.paper import Job, Paper, Standing, characteristic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.gas.rig import NozzleRigSpec

READING_DELAY: Final = 0.001
"""Expanded uncertainty of the time between two readings of the meter, in s."""

INTERLOCKS: Final = (
    Interlock(watch="inlet_gauge.pressure", below=80.0, unit="kPa", every=5.0),
    Interlock(watch="meter_thermometer.temperature", above=35.0, unit="°C", every=5.0),
)
"""A blocked filter would have the pump draw the meter empty; equations and certificates hold for a room."""


def paper(
    spec: NozzleRigSpec,
    flows: tuple[float, ...],
    certificates: Mapping[str, Calibrated],
    today: date,
    *,
    current: bool,
) -> Paper:
    """Return what is written of a bench whose meter is read by its `current`, or by its pulses."""
    highest = 3600.0 * spec.meter.highest
    volume = certificates["connecting_volume"].stated
    return Paper(
        name=f"simulated nozzle bench, up to {highest:g} m³/h",
        job=Job("gas.meter_by_nozzles", "GAS", _parameters(spec, flows, current=current), DUT),
        artefacts={
            name: Standing(f"N-{number:02}", each.certified(), model=f"{1000 * each.diameter:.2f} mm")
            for number, (name, each) in enumerate(zip(names(flows), spec.nozzles, strict=True), 1)
        },
        roles={"nozzles": names(flows)},
        characteristics={
            "connecting_volume": characteristic(volume.corrections[0], "m3", volume.expanded[0], today),
            "reading_delay": characteristic(0.0, "s", READING_DELAY, today),
        },
        interlocks=INTERLOCKS,
        heartbeat=Heartbeat(quantity="bank.heartbeat", every=2.0),
        safe=Safe(order=("pump", "bank"), within=20.0),
    )


def names(flows: tuple[float, ...]) -> tuple[str, ...]:
    """Return what nozzles for so many flows are called on the bench."""
    return tuple(f"nozzle_{number}" for number in range(1, len(flows) + 1))


def _parameters(spec: NozzleRigSpec, flows: tuple[float, ...], *, current: bool) -> dict[str, object]:
    highest = round(3600.0 * spec.meter.highest, 9)
    told = {"full_scale": highest} if current else {"pulses_per_volume": spec.meter.pulses}
    return {
        "highest": highest,
        "lowest": round(0.02 * highest, 9),
        "nozzle_flows": list(flows),
        "duration": 60.0,
        "fewest_pulses": 3000,
        "back_volume": round(spec.back_volume, 6),
        "accuracy_class": "1",
        **told,
    }


DUT: Final = {
    "name": Text(zh="气体腰轮流量计", en="Rotary gas meter"),
    "maker": "Simulated",
    "model": "class 1",
    "serial": "SIM-0001",
    "class_scheme": "OIML R 137",
    "class_name": "1",
}
