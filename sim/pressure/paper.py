"""What is written about a pressure bench, and the work order for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from remotecal.bench_file import Interlock, Safe
from remotecal.model import Text
from remotecal.sim.paper import Job, Paper, characteristic

if TYPE_CHECKING:
    from datetime import date

    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.pressure.device import DeviceSpec


def paper(spec: DeviceSpec, certificates: Mapping[str, Calibrated], today: date, *, current: bool) -> Paper:
    """Return what is written of a bench whose device is read by its `current`, or by its indication."""
    height, gravity = (certificates[name].stated for name in ("height", "gravity"))
    return Paper(
        name=f"simulated pressure bench, up to {spec.full / 100:g} bar",
        job=Job(
            "pressure.transmitter" if current else "pressure.gauge",
            "PRES",
            _parameters(spec, current=current),
            {**(TRANSMITTER if current else GAUGE), "model": f"0–{spec.full / 100:g} bar"},
        ),
        characteristics={
            name: characteristic(stated.corrections[0], stated.unit, stated.expanded[0], today)
            for name, stated in (("reference_height", height), ("gravity", gravity))
        },
        interlocks=(
            Interlock(watch="controller.pressure", above=round(1.1 * spec.full, 6), unit="kPa", every=5.0),
        ),
        safe=Safe(order=("controller",), within=120.0),
    )


def _parameters(spec: DeviceSpec, *, current: bool) -> dict[str, object]:
    full = 1000.0 * spec.full
    told: dict[str, object] = {
        "span": [0.0, full],
        "pressures": [full * share / 5 for share in range(6)],
        "accuracy_class": 0.1 if current else 0.05,
        "unit": "kPa",
    }
    return told if current else {**told, "resolution": 1000.0 * spec.step}


GAUGE = {
    "name": Text(zh="数字压力计", en="Digital pressure gauge"),
    "maker": "Simulated",
    "serial": "SIM-0001",
    "class_scheme": "JJG 875",
    "class_name": "0.05",
}
TRANSMITTER = {
    "name": Text(zh="压力变送器", en="Pressure transmitter"),
    "maker": "Simulated",
    "serial": "SIM-0001",
    "class_scheme": "JJG 882-2019",
    "class_name": "0.1",
}
