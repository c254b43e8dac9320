"""What is written about a gas loop, and the work order for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, cast

from remotecal.bench_file import Heartbeat, Interlock, Safe
from remotecal.drivers.rig.gas_loop import longest_relief
from remotecal.made_safe import STEPS
from remotecal.model import Text
from remotecal.sim.paper import Job, Paper, Standing, characteristic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from remotecal.bench_file import Characteristic
    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.gas_loop.rig import LoopSpec

READING_DELAY: Final = 0.001
"""Expanded uncertainty of the time between two readings of the counters, in s."""
WITHIN: Final = 3600.0
"""Seconds the loop may take to be safe, at least: it lets the gas out at 0.1 MPa a minute."""


def paper(
    spec: LoopSpec,
    told: Mapping[str, object],
    certificates: Mapping[str, Calibrated],
    today: date,
    *,
    gate: bool,
) -> Paper:
    """Return what is written of a loop.

    Args:
        spec: what it is made of.
        told: the order's parameters beside those that follow from the loop.
        certificates: what is certified of it.
        today: the day it is there.
        gate: whether its controller opens all counters by one signal.
    """
    highest = 3600.0 * spec.dut.highest
    numbers = range(1, len(spec.masters) + 1)
    names = {"masters": "master", "readers": "reader", "gauges": "gauge", "thermometers": "thermometer"}
    return Paper(
        name=f"simulated gas loop, up to {highest:g} m³/h",
        job=Job("gas_loop.meter_by_masters", "LOOP", {**_parameters(spec), **told}, DUT),
        artefacts={
            **{f"master_{n}": _standing(spec, n) for n in numbers},
            "check_meter": Standing("T-00", spec.check.certified(), model=f"{spec.check.highest:g} m³/h"),
            **_bank(spec),
        },
        roles={
            **{role: tuple(f"{name}_{n}" for n in numbers) for role, name in names.items()},
            **({"gate": "loop"} if gate else {}),
            **({"nozzles": tuple(_bank(spec)), "bank": "loop"} if spec.bank is not None else {}),
        },
        characteristics=_facts(spec, certificates, today),
        interlocks=_interlocks(told),
        heartbeat=Heartbeat(quantity="loop.heartbeat", every=2.0),
        safe=Safe(order=("blower", "loop"), within=_within(told)),
    )


def _standing(spec: LoopSpec, number: int) -> Standing:
    master = spec.masters[number - 1]
    return Standing(f"T-{number:02}", master.certified(), model=f"{master.highest:g} m³/h")


def _bank(spec: LoopSpec) -> dict[str, Standing]:
    """Return the nozzles of the bank by their names, in the order of its valves."""
    nozzles = () if spec.bank is None else spec.bank.nozzles
    return {
        f"nozzle_{n}": Standing(f"N-{n:02}", each.certified(), model=f"{1000 * each.diameter:.2f} mm")
        for n, each in enumerate(nozzles, 1)
    }


def _facts(spec: LoopSpec, certificates: Mapping[str, Calibrated], today: date) -> dict[str, Characteristic]:
    size = 3600.0 * spec.dut.highest / 400.0
    volumes = {}
    for name in ("connecting_volume", *(("bank_volume",) if spec.bank is not None else ())):
        stated = certificates[name].stated
        volume, expanded = stated.corrections[0] * size, stated.expanded[0] * size
        volumes[name] = characteristic(round(volume, 9), "m3", round(expanded, 9), today)
    return {**volumes, "reading_delay": characteristic(0.0, "s", READING_DELAY, today)}


def _within(told: Mapping[str, object]) -> float:
    """Return the seconds in which it is made safe: the loop's half must do for the interlock's pressure."""
    highest = 1.05 * max(cast("list[float]", told["pressures"]))
    return max(WITHIN, 2.0 * math.ceil(longest_relief(highest) + STEPS))


def _interlocks(told: Mapping[str, object]) -> tuple[Interlock, ...]:
    levels = cast("list[float]", told["pressures"])
    return (
        Interlock(watch="meter_gauge.pressure", above=1.05 * max(levels), unit="kPa", every=5.0),
        Interlock(watch="meter_thermometer.temperature", above=45.0, unit="°C", every=5.0),
    )


def _parameters(spec: LoopSpec) -> dict[str, object]:
    highest = round(3600.0 * spec.dut.highest, 9)
    return {
        "highest": highest,
        "lowest": round(0.05 * highest, 9),
        "diameter": spec.dut_diameter,
        "capacity": round(3600.0 * spec.capacity, 6),
        "loop_volume": round(spec.volume, 6),
        "fewest_pulses": 3000,
        "accuracy_class": "1",
    }


DUT: Final = {
    "name": Text(zh="气体涡轮流量计", en="Turbine gas meter"),
    "maker": "Simulated",
    "model": "class 1",
    "serial": "SIM-0001",
    "class_scheme": "OIML R 137",
    "class_name": "1",
}
"""The meter under test."""
