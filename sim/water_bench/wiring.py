"""What stands on the bench of water meters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from remotecal.model import Text
from remotecal.sim import stands
from remotecal.sim.certificates import Certified
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.instruments.flow_meters import mag6000
from remotecal.sim.instruments.thermometers import MilliK, probe
from remotecal.sim.water.rig_controller import rig_controller
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.instruments.meter import Meter
    from remotecal.sim.water_bench.outfit import BenchOutfit
    from remotecal.sim.water_bench.series import SeriesRig

SERIALS = "21-P2460", "21-P2461"
"""Serial numbers of the thermometers at the beginning and at the end of the line."""


def wire_up(rig: SeriesRig, drawn: BenchOutfit, output: Literal["total", "pulses"]) -> dict[str, Wired]:
    """Return the instruments: those of the rig, and each meter by its number in the line."""
    world, certificates = rig.world, drawn.certificates
    air = [certificates[name] for name in ("barometer", "air_thermometer", "hygrometer")]
    read_by = _by_total if output == "total" else _by_pulses
    return {
        "pump": Wired(Drive(world, rig.pump), "serial", settings={"unit": 1}),
        "rig": Wired(rig_controller(rig), "socket", settings={"unit": 1}),
        "thermometer": _thermometer(
            rig, certificates["line_thermometer"], lambda: rig.temperature_at(0.0), SERIALS[0]
        ),
        "outlet_thermometer": _thermometer(
            rig, certificates["outlet_thermometer"], lambda: rig.temperature_at(1.0), SERIALS[1]
        ),
        "ambient": stands.ambient(world, rig.air, *air),
        "balance": stands.balance(world, rig.balance),
        **{
            f"meter_{number}": read_by(rig, meter, number, certificates["counter"])
            for number, meter in enumerate(rig.meters, 1)
        },
    }


def _thermometer(
    rig: SeriesRig, calibration: Calibrated, temperature: Callable[[], float], serial: str
) -> Wired:
    readout = MilliK(rig.world, {1: probe(rig.world, calibration, temperature, serial)}, serial=serial)
    certified = Certified(
        Text(zh="铂电阻测温仪", en="Platinum resistance thermometer"),
        ((Text(zh="温度", en="temperature"), calibration),),
    )
    return Wired(readout, "serial", serial, {"channel": 1, "largest_resistance": 460}, certified)


def _by_total(rig: SeriesRig, meter: Meter, number: int, _: Calibrated) -> Wired:
    simulated = mag6000(rig.world, meter, name=f"meter_{number}", bore=0.02)
    return Wired(simulated, "serial", settings={"unit": simulated.unit})


def _by_pulses(rig: SeriesRig, meter: Meter, _: int, counter: Calibrated) -> Wired:
    error = -counter.correction(0.0)
    return stands.counter(rig.world, lambda: meter.cycles, rig.gate, timebase_error=error)
