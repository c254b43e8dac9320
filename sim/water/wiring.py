"""What stands on the water rig."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from remotecal.model import Text
from remotecal.sim import stands
from remotecal.sim.certificates import Certified
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.instruments.flow_meters import mag6000, promag, promass, tuf2000m
from remotecal.sim.water.rig_controller import rig_controller
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from remotecal.sim.water.outfit import Outfit
    from remotecal.sim.water.rig import Rig

Output = Literal[
    "pulses", "current", "mag6000", "promag53", "promass83", "tuf2000m", "mass_pulses", "mass_current", "mass"
]
"""How the meter under test is read: counted pulses, its 4–20 mA, or its total over Modbus; or a Coriolis
meter by the same of mass."""

OF_MASS: Final = ("mass_pulses", "mass_current", "mass")
"""Those by which a meter of mass is read."""

KILOGRAMS: Final = 1000.0
"""What a meter of mass has in place of a m³: so many kg to as many pulses, or as much current."""


def gravimetric(rig: Rig, drawn: Outfit, output: Output) -> dict[str, Wired]:
    """Return the instruments of a rig with weigh tank."""
    return {**_common(rig, drawn, output), "balance": stands.balance(rig.world, rig.balance)}


def master(rig: Rig, drawn: Outfit, output: Output) -> dict[str, Wired]:
    """Return the instruments of a line with a Coriolis reference meter."""
    reference = promass(rig.world, rig.reference, name="reference")
    certified = Certified(
        Text(zh="标准质量流量计", en="Reference Coriolis meter"),
        ((Text(zh="流量", en="flow"), drawn.certificates["reference"]),),
    )
    wired = Wired(reference, "serial", settings={"unit": reference.unit}, certified=certified)
    return {**_common(rig, drawn, output), "reference": wired}


def _common(rig: Rig, drawn: Outfit, output: Output) -> dict[str, Wired]:
    world, certificates = rig.world, drawn.certificates
    air = [certificates[name] for name in ("barometer", "air_thermometer", "hygrometer")]
    return {
        "pump": Wired(Drive(world, rig.pump), "serial", settings={"unit": 1}),
        "rig": Wired(rig_controller(rig), "socket", settings={"unit": 1}),
        "thermometer": stands.thermometer(
            world, certificates["line_thermometer"], lambda: rig.temperature, "line"
        ),
        "ambient": stands.ambient(world, rig.air, *air),
        "dut": _read_by(rig, drawn, output),
        **(_display(rig) if output in {"mass_pulses", "mass_current"} else {}),
    }


def _display(rig: Rig) -> dict[str, Wired]:
    """Return the interface of a Coriolis meter that is read by its pulses or its current."""
    own = promass(rig.world, rig.dut, name="zero_display")
    return {"zero_display": Wired(own, "serial", settings={"unit": own.unit})}


def _read_by(rig: Rig, drawn: Outfit, output: Output) -> Wired:
    """Return the instrument that reads the meter under test, or the meter itself."""
    if output == "pulses":
        error = -drawn.certificates["counter"].correction(0.0)
        return stands.counter(rig.world, lambda: rig.dut.cycles, rig.gate, timebase_error=error)
    if output == "current":
        return stands.multimeter(rig.world, lambda: rig.dut.current, drawn.certificates["ammeter"])
    if output == "mass_pulses":
        error = -drawn.certificates["counter"].correction(0.0)
        per = rig.dut.spec.pulses / KILOGRAMS
        return stands.counter(rig.world, lambda: rig.dut.mass * per, rig.gate, timebase_error=error)
    if output == "mass_current":
        return stands.multimeter(rig.world, lambda: rig.dut.mass_current, drawn.certificates["ammeter"])
    kind = {
        "mag6000": mag6000,
        "promag53": promag,
        "promass83": promass,
        "mass": promass,
        "tuf2000m": tuf2000m,
    }[output]
    simulated = kind(rig.world, rig.dut, name="dut")
    return Wired(simulated, "serial", settings={"unit": simulated.unit})
