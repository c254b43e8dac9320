"""What is written about the water rig: its facts, its safeguards, and a work order for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.bench_file import Characteristic, Heartbeat, Interlock, Safe
from remotecal.model import Text
from remotecal.sim.paper import Job, Paper, characteristic
from remotecal.sim.water.outfit import STABILITY
from remotecal.sim.water.wiring import KILOGRAMS, OF_MASS

if TYPE_CHECKING:
    from datetime import date

    from remotecal.sim.water.outfit import Outfit
    from remotecal.sim.water.wiring import Output

INTERLOCKS: Final = (
    Interlock(watch="rig.level", above=95.0, unit="%", every=5.0),
    Interlock(watch="rig.pressure", above=550.0, unit="kPa", every=5.0),
    Interlock(watch="thermometer.temperature", above=35.0, unit="°C", every=5.0),
)

CORIOLIS: Final = {
    "name": Text(zh="科里奥利质量流量计", en="Coriolis mass flow meter"),
    "maker": "Simulated",
    "model": "class 0.5",
    "serial": "SIM-0001",
    "class_scheme": "JJG 1038-2008",
    "class_name": "0.5",
}

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
    set_in = _set_for_mass(drawn, output)
    kind = "water rig with weigh tank" if gravimetric else "water line with master meter"
    return Paper(
        name=f"simulated {kind}, up to {drawn.size.highest:g} m³/h",
        job=Job(
            "water_gravimetric" if gravimetric else "water_master_meter",
            "FLOW",
            _parameters(drawn, output, gravimetric=gravimetric),
            CORIOLIS if output in OF_MASS else DUT,
            customer=Text(zh="示范水务有限公司", en="Example Water Co. Ltd"),
            laboratory=Text(zh="示范流量实验室", en="Demonstration Flow Laboratory"),
        ),
        characteristics={
            **_characteristics(drawn, today, gravimetric=gravimetric),
            **{name: characteristic(value, MASS_UNITS[name], 0.0, today) for name, value in set_in.items()},
        },
        interlocks=INTERLOCKS,
        heartbeat=Heartbeat(quantity="rig.heartbeat", every=2.0),
        safe=Safe(order=("pump", "rig"), within=20.0),
    )


READING_DELAY: Final = 0.001
"""Expanded uncertainty of the time between reading the two meters of a line, in s: the world stands still
meanwhile, so that they are read at one instant."""


FLYING: Final = ("pulses", "current", "mass_pulses", "mass_current")
"""Outputs that the diverter can gate."""


MASS_UNITS: Final = {"pulses_per_mass": "1/kg", "mass_full_scale": "kg/h"}
"""What is set in a meter of mass: name → unit."""


def _set_for_mass(drawn: Outfit, output: Output) -> dict[str, float]:
    """Return what a meter of mass is set to, which bench and order both state."""
    dut = drawn.spec.dut
    if output == "mass_pulses":
        return {"pulses_per_mass": dut.pulses / KILOGRAMS}
    return {"mass_full_scale": 3600.0 * KILOGRAMS * dut.highest} if output == "mass_current" else {}


def _of_mass(drawn: Outfit, output: Output) -> dict[str, object]:
    """Return what an order tells of a Coriolis meter: that it indicates mass, and its zero."""
    stability = round(STABILITY * KILOGRAMS * drawn.size.highest, 4)
    total = {"mass_resolution": 5e-5 * drawn.size.tank} if output == "mass" else {}
    return {
        "indicates": "mass",
        "kind": "Coriolis",
        **_set_for_mass(drawn, output),
        **total,
        "zero_readings": 20,
        "zero_limit": 2.0 * stability,
        "zero_drift": stability,
        "zero_stability": stability,
    }


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
    if output in OF_MASS:
        parameters |= _of_mass(drawn, output)
    if output == "pulses":
        parameters["pulses_per_volume"] = drawn.spec.dut.pulses
    if output == "current":
        parameters["full_scale"] = 3600.0 * drawn.spec.dut.highest
    if gravimetric:
        parameters["method"] = "flying" if output in FLYING else "standing"
        parameters["smallest_mass"] = 0.8 * size.tank
        parameters["largest_mass"] = 0.9 * size.tank
        parameters["empty"] = 0.001 * size.tank
    elif output in {"current", "mass_current"}:
        parameters["method"] = "flying"
    return parameters
