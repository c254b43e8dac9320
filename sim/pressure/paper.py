"""What is written about benches of pressure, and the work orders for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from remotecal.bench_file import Interlock, Safe
from remotecal.model import Text
from remotecal.sim.paper import Job, Paper, Standing, characteristic

if TYPE_CHECKING:
    from datetime import date

    from remotecal.sim.calibrated import Calibrated, Stated
    from remotecal.sim.pressure.device import DeviceSpec
    from remotecal.sim.pressure.piston import PistonSpec, PistonWeight


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


def piston(
    spec: DeviceSpec,
    gauge: PistonSpec,
    weights: Sequence[PistonWeight],
    facts: Mapping[str, Stated],
    today: date,
    *,
    oil: bool,
) -> Paper:
    """Return what is written of a piston gauge with a gauge on its line, which oil fills or nitrogen."""
    medium = "oil" if oil else "nitrogen"
    known = {
        name: characteristic(stated.corrections[0], stated.unit, stated.expanded[0], today)
        for name, stated in facts.items()
    }
    if oil:
        around = gauge.circumference
        known["piston_circumference"] = characteristic(round(around, 6), "m", round(0.005 * around, 6), today)
    return Paper(
        name=f"simulated piston gauge, {medium}, up to {spec.full / 100:g} bar",
        job=Job(
            "pressure.dead_weight",
            "PISTON",
            {**_loaded(spec, weights), "medium": medium},
            {**GAUGE, "model": f"0–{spec.full / 100:g} bar"},
        ),
        artefacts={
            "piston": Standing("A-1", gauge.certified(), model=f"{1e6 * gauge.stated:.3g} mm²"),
            **{
                each.serial: Standing(each.serial, each.certified(), model=f"{each.stated:.3g} kg")
                for each in weights
            },
        },
        roles={"weights": tuple(each.serial for each in weights)},
        characteristics=known,
        interlocks=(Interlock(watch="dut.pressure", above=round(1.1 * spec.full, 6), unit="kPa", every=5.0),),
    )


def _loaded(spec: DeviceSpec, weights: Sequence[PistonWeight]) -> dict[str, object]:
    """Return set points as weights make them one after the other, beginning with the piston and the first."""
    full, whole = 1000.0 * spec.full, sum(each.stated for each in weights)
    counts = range(2, len(weights) + 1)
    on = [sum(each.stated for each in weights[:count]) for count in counts]
    return {
        "span": [0.0, full],
        "pressures": [0.0, *(float(f"{full * mass / whole:.4g}") for mass in on)],
        "loads": [[], *(list(range(1, count + 1)) for count in counts)],
        "resolution": 1000.0 * spec.step,
        "accuracy_class": 0.05,
        "unit": "kPa",
    }


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
