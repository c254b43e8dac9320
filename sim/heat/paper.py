"""What is written about a bench for heat meters, and the work order for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.bench_file import Heartbeat, Interlock, Safe
from remotecal.model import Text
from remotecal.sim.heat.devices import names, ordered
from remotecal.sim.heat.outfit import FACTS, STEM, UNIFORMITY, WARMER
from remotecal.sim.paper import Job, Paper, characteristic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

RANGE: Final = {"lowest": 5.0, "highest": 130.0, "smallest_difference": 3.0, "largest_difference": 100.0}
"""What the meters are for, in °C and K."""

MEASURED: Final = {"medium": "oil", "immersion": 150.0, "current": 1.0, "wires": 4}
"""How the thermometers of pairs are measured."""

HOTTEST: Final = 145.0
"""Temperature of the bath in °C at which a run is stopped: the thermometers bear no more."""
HEARTBEAT: Final = Heartbeat(quantity="guard.heartbeat", every=20.0)
"""Of the guard that supplies baths and pump; it waits for three."""


CALCULATOR: Final = {
    "name": Text(zh="热量表计算器", en="Calculator of a heat meter"),
    "maker": "Simulated",
    "model": "Pt100",
}
METER: Final = {
    "name": Text(zh="热量表", en="Heat meter"),
    "maker": "Simulated",
    "class_scheme": "EN 1434-1",
    "class_name": "2",
}
"""What the devices are."""


def pair_paper(pairs: int, today: date) -> Paper:
    """Return what is written of a bath with so many pairs in it."""
    duts = tuple(
        {
            "name": Text(zh="热量表配对温度传感器", en="Pair of thermometers of a heat meter"),
            "maker": "Simulated",
            "model": "Pt100, DS",
            "serial": f"SIM-{number:04}",
            "class_scheme": "EN 60751",
            "class_name": "B",
            **({"on": f"pair_{number}"} if pairs > 1 else {}),
        }
        for number in range(1, pairs + 1)
    )
    one = duts[0] if pairs == 1 else {}
    return Paper(
        name=f"simulated bath with {pairs} pairs of thermometers",
        job=Job("heat.pair", "HEAT", {**RANGE, **MEASURED}, one, duts=duts if pairs > 1 else ()),
        roles={"pairs": tuple(f"pair_{number}" for number in range(1, pairs + 1))},
        characteristics={
            name: characteristic(fact.corrections[0], fact.unit, fact.expanded[0], today)
            for name, fact in FACTS.items()
        },
        interlocks=(Interlock(watch="reference.temperature", above=HOTTEST, unit="°C", every=5.0),),
        heartbeat=HEARTBEAT,
        safe=Safe(order=("bath", "guard"), within=20.0),
    )


def calculator_paper(side: str, count: int, pulses: float, leads: float, today: date) -> Paper:
    """Return what is written of a bench with calculators.

    Args:
        side: where the flow sensor is said to stand.
        count: how many calculators there are.
        pulses: for a cubic metre, and for a kilowatt hour.
        leads: expanded uncertainty of the resistance of leads, in Ω.
        today: the day.
    """
    told = {"side": side, "pulses_per_volume": pulses, "pulses_per_energy": pulses}
    return Paper(
        name="simulated bench for calculators of heat meters",
        job=ordered(Job("heat.calculator", "HEAT", {**RANGE, **told}, {}), CALCULATOR, "calculator", count),
        roles={"dut": names("calculator", count)},
        characteristics={"lead_resistance": characteristic(0.0, "Ω", leads, today)},
        safe=Safe(order=("sender", "forward", "back"), within=20.0),
    )


def complete_paper(
    count: int,
    permanent: float,
    smallest: float,
    full: float,
    pulses: float,
    pipes: Mapping[str, float],
    today: date,
) -> Paper:
    """Return what is written of a bench with complete meters.

    Args:
        count: how many meters there are.
        permanent: their permanent flow in m³/h.
        smallest: their smallest one.
        full: flow with the pump at full speed.
        pulses: of their outputs for a kilowatt hour.
        pipes: volumes of the pipes by name, in L, each known to 5 %.
        today: the day.
    """
    facts = {
        "uniformity": ("K", UNIFORMITY),
        "stem_conduction": ("1", STEM),
        "warmer_at_meter": ("K", WARMER),
    }
    told = {
        "accuracy_class": 2,
        "permanent": permanent,
        "smallest_flow": smallest,
        "full_flow": full,
        "side": "return",
        "pulses_per_energy": pulses,
    }
    meter = {**METER, "model": f"qp {permanent:g}"}
    return Paper(
        name=f"simulated bench for complete heat meters, up to {full:g} m³/h",
        job=ordered(Job("heat.complete", "HEAT", {**RANGE, **told}, {}), meter, "meter", count),
        roles={"dut": names("meter", count)},
        characteristics={
            name: characteristic(0.0, unit, expanded, today) for name, (unit, expanded) in facts.items()
        }
        | {name: characteristic(pipe, "L", 0.05 * pipe, today) for name, pipe in pipes.items()},
        interlocks=(
            Interlock(watch="forward_reference.temperature", above=HOTTEST, unit="°C", every=5.0),
            Interlock(watch="water_thermometer.temperature", above=35.0, unit="°C", every=5.0),
        ),
        heartbeat=HEARTBEAT,
        safe=Safe(order=("pump", "forward_bath", "return_bath", "guard"), within=30.0),
    )
