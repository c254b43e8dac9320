"""Draws loops at random: every systematic error consistent with what a certificate states."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from remotecal.model import Table, Text
from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.certificates import stated_column
from remotecal.sim.gas_loop.bank import draw_for
from remotecal.sim.gas_loop.gas import TrueGas
from remotecal.sim.gas_loop.heat import HeatSpec
from remotecal.sim.gas_loop.meter import MeterKind, ReynoldsCurve, draw_meters, width
from remotecal.sim.gas_loop.rig import LoopSpec
from remotecal.sim.instruments.meter import MeterSpec

REYNOLDS: Final = (5.0e3, 4.0e6)
"""Where a DN100 master was calibrated."""
PLACES: Final = (1e5, 5e5, 1e6, 2.6e6)
"""Where gauges were, in Pa; and their expanded uncertainty there."""
EXPANDED: Final = (30.0, 100.0, 200.0, 500.0)
SENSORS_COMMON: Final = 1.5e-4
"""What of that all gauges share, and all thermometers, for one calibrator was at them; relative to the
pressure, and to kelvins, k = 2."""
WELL: Final = 0.05
"""By how much at most the gas is warmer or colder than the well of a thermometer, in K."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is chosen of a loop."""

    highest: float
    """Of the meter under test, in m³/h."""
    masters: tuple[float, ...]
    """Highest flow of each master, in m³/h."""
    filling: TrueGas
    leak: float
    """In m³/h, as `branch_leak`."""
    branch_leak: float
    kinds: tuple[MeterKind, ...]
    """Of each master; turbines where none is given."""
    meter_lag: float
    """Of the thermometer at the meter, in s."""
    bank: tuple[float, ...] = ()
    """Pressures in kPa that a bank of nozzles is for; none where there is no bank."""
    calibrated_off: float = 0.0
    """What all masters and the check meter are off beyond what their certificates allow, relative."""
    check: MeterKind = "turbine"
    """What the check meter is."""
    denser: float = 0.0
    """What is true of the density less what the equation tells, relative, where no bank says it."""
    disturbed: float = 0.0
    """By how much more the meter under test shows for how the flow comes to it, relative."""
    zero: tuple[float, float] = (0.0, 0.0)
    """What it shows while the gas stands (`LoopSpec`)."""
    mass_zero: float = 0.0
    """The same of a Coriolis meter."""


def gauges(count: int) -> list[str]:
    """Return what the gauges of a loop with so many masters are called; thermometers go alike."""
    return [*(f"gauge_{n}" for n in range(1, count + 1)), "meter_gauge", "check_gauge"]


def thermometers(count: int) -> list[str]:
    """Return what the thermometers are called."""
    return [name.replace("gauge", "thermometer") for name in gauges(count)]


def of_bank(rng: Random) -> dict[str, Calibrated]:
    """Draw what is certified of gauge and thermometer at a bank of nozzles, which another laboratory saw."""
    return {
        "bank_gauge": draw(rng, "Pa", PLACES, spread=100.0, expanded=EXPANDED, digits=0),
        "bank_thermometer": draw(rng, "°C", (5.0, 20.0, 45.0), spread=0.05, expanded=(0.06,) * 3, digits=3),
    }


def volume_to_bank(rng: Random) -> Calibrated:
    """Draw what is stated of the volume between the meter under test and a bank, for one of 400 m³/h."""
    return Calibrated(Stated("m3", (0.0,), (0.5,), (0.02,)), rng.gauss(0.0, 1.0))


def certified(rng: Random, count: int) -> dict[str, Calibrated]:
    """Draw what is certified of the sensors of a loop with so many masters, and what is known of it."""
    together = {"Pa": rng.gauss(0.0, 1.0), "°C": rng.gauss(0.0, 1.0)}
    known = {
        name: _of_one_calibrator(
            rng, draw(rng, "Pa", PLACES, spread=100.0, expanded=EXPANDED, digits=0), together["Pa"]
        )
        for name in gauges(count)
    }
    known |= {
        name: _of_one_calibrator(
            rng,
            draw(rng, "°C", (5.0, 20.0, 45.0), spread=0.05, expanded=(0.06,) * 3, digits=3),
            together["°C"],
            zero=273.15,
        )
        for name in thermometers(count)
    }
    return known | {
        "barometer": draw(rng, "Pa", (95e3, 101e3, 106e3), spread=25.0, expanded=(15.0,) * 3, digits=0),
        "air_thermometer": draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
        "hygrometer": draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(2.0,) * 3, digits=1),
        "ammeter": draw(rng, "mA", (4.0, 12.0, 20.0), spread=0.001, expanded=(0.0006,) * 3, digits=5),
        "connecting_volume": Calibrated(Stated("m3", (0.0,), (0.8,), (0.03,)), rng.gauss(0.0, 1.0)),
    }


def of_dew_point(rng: Random) -> dict[str, Calibrated]:
    """Draw what is certified of the dew-point meter."""
    points, expanded = (-45.0, -20.0, 5.0, 25.0), (0.3,) * 4
    return {"dew_point_meter": draw(rng, "°C", points, spread=0.5, expanded=expanded, digits=2)}


def zero_of(rng: Random, highest: float) -> tuple[float, float]:
    """Draw what an ultrasonic meter shows while the gas stands (`LoopSpec`)."""
    size = highest / 400.0 / 3600.0
    return rng.uniform(-0.03, 0.03) * size, rng.choice((-1, 1)) * rng.uniform(0.02, 0.06) * size / 1e6


def mass_zero_of(rng: Random, highest: float) -> float:
    """Draw what a Coriolis meter shows while the gas stands, in kg/s: as much in air of 500 kPa."""
    return rng.choice((-1, 1)) * rng.uniform(0.02, 0.05) * highest / 400.0 / 3600.0 * 6.0


def sensors_share() -> tuple[Text, Table]:
    """Return what a sensor's certificate states of the part it has in common with the others."""
    part = stated_column("remotecal_commonDeviation", "1", ("0",), f"{SENSORS_COMMON:.6f}")
    return Text(zh="公共部分", en="common part"), Table(columns=(part,))


def _of_one_calibrator(rng: Random, known: Calibrated, together: float, zero: float = 0.0) -> Calibrated:
    """Return a sensor whose true corrections are off by what it shares with others, and by its own part.

    Args:
        rng: draws its own part.
        known: what it states.
        together: by how many standard uncertainties of the common part all of them are off.
        zero: what makes of its readings what the common part is relative to.
    """
    stated, alone = known.stated, rng.gauss(0.0, 1.0)
    found = []
    for at, correction, expanded in zip(stated.points, stated.corrections, stated.expanded, strict=True):
        common = SENSORS_COMMON * (at + zero)
        own = math.sqrt(expanded**2 - common**2)
        found.append(correction + (common * together + own * alone) / stated.k)
    known.true = tuple(found)
    return known


def wells(rng: Random, count: int) -> dict[str, float]:
    """Draw by how many kelvin each thermometer's well is off the gas."""
    return {name: rng.uniform(-WELL, WELL) for name in thermometers(count)}


def _cooler_of_bank(size: float, pressures: tuple[float, ...]) -> float:
    """Return the conductance in W/K of a cooler that takes what a blower spends on nozzles at these kPa."""
    return 4000.0 * size * max(1.0, max(pressures) / 1000.0)


def drawn(rng: Random, wanted: Wanted, known: dict[str, Calibrated]) -> LoopSpec:
    """Draw a loop with what is certified of it."""
    usual: MeterKind = "turbine"
    flows, kinds = (*wanted.masters, wanted.highest), wanted.kinds or (usual,) * len(wanted.masters)
    meters = draw_meters(rng, flows, REYNOLDS, (*kinds, wanted.check))
    *masters, check = (replace(each, off=each.off + wanted.calibrated_off) for each in meters)
    size = wanted.highest / 400.0
    return _with_bank(
        LoopSpec(
            masters=tuple(masters),
            check=check,
            dut=meter(rng, wanted.highest),
            dut_curve=ReynoldsCurve(
                (rng.gauss(0.001, 0.0025), rng.gauss(0.001, 0.001), rng.gauss(-0.001, 0.0007))
            ),
            dut_diameter=width(wanted.highest),
            capacity=(1.25 if wanted.bank else 1.1) * wanted.highest / 3600.0,
            volume=4.0 * size,
            connecting_volume=known["connecting_volume"].correction(0.0) * size,
            filling=wanted.filling,
            heat=HeatSpec(
                walls=4e5 * size,
                cooler=_cooler_of_bank(size, wanted.bank) if wanted.bank else 500.0,
                meter_lag=wanted.meter_lag,
            ),
            leak=wanted.leak / 3600.0,
            branch_leak=wanted.branch_leak / 3600.0,
            unequal=tuple(rng.uniform(-0.02, 0.02) for _ in masters),
            denser=wanted.denser,
            disturbed=wanted.disturbed,
            zero=wanted.zero,
            mass_zero=wanted.mass_zero,
        ),
        rng,
        wanted,
        known,
    )


def _with_bank(spec: LoopSpec, rng: Random, wanted: Wanted, known: dict[str, Calibrated]) -> LoopSpec:
    """Return a loop with its bank of nozzles, if one is wanted."""
    if not wanted.bank:
        return spec
    bank = draw_for(rng, wanted.highest, wanted.filling, wanted.bank)
    volume = known["bank_volume"].correction(0.0) * wanted.highest / 400.0
    return replace(spec, bank=bank, bank_volume=volume, denser=bank.denser)


def meter(rng: Random, highest: float) -> MeterSpec:
    """Draw a turbine meter, but for its error curve."""
    largest = highest / 3600.0
    return MeterSpec(
        largest,
        float(round(2.4e6 / highest)),
        lambda _: 0.0,
        noise=rng.uniform(1.0e-4, 2.0e-4),
        low_cutoff=0.002,
        output_error=rng.uniform(-2.0e-4, 2.0e-4),
    )
