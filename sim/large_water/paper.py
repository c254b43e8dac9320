"""What is written about a large water rig: its facts, its safeguards, and a work order for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.bench_file import Characteristic, Heartbeat, Interlock, Safe
from remotecal.model import Text
from remotecal.sim.large_water.rig import WidePack
from remotecal.sim.paper import Job, Paper, characteristic

if TYPE_CHECKING:
    from datetime import date

    from remotecal.sim.large_water.outfit import LargeOutfit

INTERLOCKS: Final = (
    Interlock(watch="rig.header_pressure", above=700.0, unit="kPa", every=5.0),
    Interlock(watch="thermometer.temperature", above=35.0, unit="°C", every=5.0),
)

SHARES: Final = (1.0, 0.7, 0.4, 0.2, 0.05)
"""Flows to calibrate at, as shares of the meter's highest one."""

READING_DELAY: Final = 0.001
"""Expanded uncertainty of the time between two readings of a total, in s: the world stands still."""


def paper(drawn: LargeOutfit, output: str, today: date) -> Paper:
    """Return what is written of a rig whose meter under test is read by its `output`."""
    names = tuple(f"master_{number}" for number in range(1, len(drawn.masters) + 1))
    return Paper(
        name=f"simulated large water rig, DN{drawn.dn}, up to {drawn.highest:g} m³/h",
        job=Job(
            "flow.water_parallel_masters",
            "LARGE",
            _parameters(drawn, output),
            {
                "name": Text(zh=f"电磁流量计 DN{drawn.dn}", en=f"Electromagnetic flow meter, DN{drawn.dn}"),
                "maker": "Simulated",
                "model": "class 0.5",
                "serial": "SIM-0001",
                "class_scheme": "JJG 1033-2007",
                "class_name": "0.5",
            },
            customer=Text(zh="示范水务有限公司", en="Example Water Co. Ltd"),
            laboratory=Text(zh="示范流量实验室", en="Demonstration Flow Laboratory"),
        ),
        roles={"masters": names},
        characteristics=_characteristics(drawn, today),
        interlocks=INTERLOCKS,
        heartbeat=Heartbeat(quantity="rig.heartbeat", every=2.0),
        safe=Safe(order=("pump", "rig"), within=30.0),
    )


def _characteristics(drawn: LargeOutfit, today: date) -> dict[str, Characteristic]:
    """Return the facts of the rig; their true values lie within what is stated here."""
    facts = {
        name: characteristic(each.corrections[0], each.unit, each.expanded[0], today, k=each.k)
        for name in ("connecting_volume", "water_density")
        for each in (drawn.certificates[name].stated,)
    }
    stretch = WidePack.STRETCH
    return {
        **facts,
        "pipe_stretch": characteristic(stretch, "1/Pa", 0.2 * stretch, today),
        "pipe_expansion": characteristic(WidePack.EXPANSION, "1/K", 1e-6, today),
        "reading_delay": characteristic(0.0, "s", READING_DELAY, today),
    }


def _parameters(drawn: LargeOutfit, output: str) -> dict[str, object]:
    parameters: dict[str, object] = {
        "flows": [float(f"{share * drawn.highest:.3g}") for share in SHARES],
        "master_flows": list(drawn.master_flows),
        "header_capacity": drawn.spec.header_capacity,
        "duration": 60.0,
        "accuracy_class": 0.5,
    }
    if output == "pulses":
        parameters["pulses_per_volume"] = drawn.spec.dut.pulses
    if output == "current":
        parameters["full_scale"] = drawn.highest
    return parameters
