"""Draws nozzle benches at random: every systematic error consistent with what a certificate states."""

from __future__ import annotations

from random import Random

from remotecal.fluids.gas_equations import EQUATIONS
from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.gas.rig import NozzleRigSpec
from remotecal.sim.instruments.meter import MeterSpec, Shape
from remotecal.sim.instruments.nozzle import draw_bank

SHARES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
"""What the nozzles pass, as shares of the meter's highest flow."""

PULSES = 1.3e6
"""Pulses an hour of the meter at its highest flow."""


def certified(rng: Random) -> dict[str, Calibrated]:
    """Draw what is certified of the sensors, and what is known of the bench."""
    room = (85e3, 95e3, 106e3)
    return {
        "inlet_gauge": draw(rng, "Pa", room, spread=40.0, expanded=(30.0,) * 3, digits=0),
        "meter_gauge": draw(rng, "Pa", room, spread=40.0, expanded=(30.0,) * 3, digits=0),
        "back_gauge": draw(rng, "Pa", (1e3, 5e4, 1.06e5), spread=60.0, expanded=(60.0,) * 3, digits=0),
        "inlet_thermometer": draw(rng, "°C", (10.0, 20.0, 30.0), spread=0.05, expanded=(0.06,) * 3, digits=3),
        "meter_thermometer": draw(rng, "°C", (10.0, 20.0, 30.0), spread=0.05, expanded=(0.06,) * 3, digits=3),
        "barometer": draw(rng, "Pa", (95e3, 101e3, 106e3), spread=25.0, expanded=(15.0,) * 3, digits=0),
        "air_thermometer": draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
        "hygrometer": draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(2.0,) * 3, digits=1),
        "ammeter": draw(rng, "mA", (4.0, 12.0, 20.0), spread=0.001, expanded=(0.0006,) * 3, digits=5),
        "connecting_volume": Calibrated(Stated("m3", (0.0,), (0.05,), (0.005,)), rng.gauss(0.0, 1.0)),
    }


def drawn(
    rng: Random,
    highest: float,
    flows: tuple[float, ...],
    known: dict[str, Calibrated],
    *,
    leak: float,
    pump: float,
) -> NozzleRigSpec:
    """Draw a bench.

    Args:
        rng: what it is drawn by.
        highest: Q_max of the meter under test in m³/h.
        flows: what the nozzles pass, in m³/h.
        known: what is certified.
        leak: through shut nozzles, in m³/h.
        pump: what the pump draws, in times of Q_max.
    """
    equation = EQUATIONS["GERG-2008"].ranges[0]
    return NozzleRigSpec(
        nozzles=tuple(draw_bank(rng, flows)),
        meter=meter(rng, highest),
        capacity=pump * highest / 3600.0,
        connecting_volume=known["connecting_volume"].correction(0.0),
        back_volume=0.8 * highest / 1000.0,
        leak=leak / 3600.0,
        c_star=rng.gauss(0.0, equation.u_critical_flow),
        denser=rng.gauss(0.0, equation.u_density),
    )


def meter(rng: Random, highest: float) -> MeterSpec:
    """Draw a rotary meter of class 1."""
    largest = highest / 3600.0
    curve = Shape(
        largest,
        level=rng.gauss(0.0, 0.002),
        rise=rng.gauss(-0.001, 0.0008),
        slope=rng.gauss(0.0, 0.001),
        bend=rng.gauss(0.0, 0.001),
    )
    return MeterSpec(
        largest,
        round(PULSES / highest),
        curve,
        noise=rng.uniform(1.0e-4, 3.0e-4),
        low_cutoff=0.002,
        output_error=rng.uniform(-2.0e-4, 2.0e-4),
    )
