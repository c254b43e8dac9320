"""Draws rigs at random: every systematic error consistent with what a certificate states of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from remotecal.errors import ConfigurationError
from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.chance import chance
from remotecal.sim.instruments.meter import MeterSpec, Shape, certified
from remotecal.sim.instruments.weighing import PlatformSpec
from remotecal.sim.water.diverter import DiverterSpec
from remotecal.sim.water.line import PipeworkSpec
from remotecal.sim.water.rig import RigSpec
from remotecal.sim.water.weighed import Losses, WeighTankOptions


@dataclass(frozen=True, slots=True)
class Size:
    """A meter line of one nominal diameter."""

    highest: float
    """Highest flow in m³/h (about 5 m/s)."""
    tank: float
    """Capacity of the weigh tank in kg."""
    resolution: float
    """Scale interval of the balance in kg."""
    pulses: float
    """Pulses per m³ of the meter under test."""
    connecting_volume: float
    """In m³."""


SIZES = {
    25: Size(8.8, 150.0, 0.002, 2.0e6, 0.004),
    40: Size(22.0, 300.0, 0.005, 1.0e6, 0.010),
    50: Size(35.0, 600.0, 0.01, 5.0e5, 0.016),
    80: Size(90.0, 1500.0, 0.02, 2.0e5, 0.040),
    100: Size(140.0, 3000.0, 0.05, 1.0e5, 0.063),
}
"""Lines by nominal diameter in mm."""

CERTIFIED = {
    "balance": "kg",
    "diverter": "s",
    "timer": "1",
    "line_thermometer": "°C",
    "air_thermometer": "°C",
    "barometer": "Pa",
    "hygrometer": "%",
    "reference": "1",
    "ammeter": "mA",
    "counter": "1",
    "water": "1",
    "connecting_volume": "m3",
    "meter_spacing": "m3",
}
"""What has a certificate or a characterisation, and the unit of its corrections.

"water" is the relative excess of the rig water's density over that of pure air-free water, the
volumes are those of the pipe between meter and diverter and between the two meters.
"""


@dataclass(frozen=True, slots=True)
class Outfit:
    """A rig and the certificates of what stands on it."""

    spec: RigSpec
    size: Size
    certificates: dict[str, Calibrated]
    """By the names in `CERTIFIED`: what each certificate states, and what is true."""


def outfit(
    seed: int,
    dn: int = 50,
    *,
    gravimetric: bool = True,
    dut: MeterSpec | None = None,
    pulses: float | None = None,
    full_scale: float | None = None,
    meter: int = 1,
    reference_drift: float = 0.0,
    weighing: WeighTankOptions | None = None,
    temperature: float = 20.0,
    coriolis: bool = False,
    cutoff: float = 0.0005,
) -> Outfit:
    """Draw a water rig of nominal diameter `dn`.

    Args:
        seed: the same seed gives the same rig.
        dn: nominal diameter in mm, one of `SIZES`.
        gravimetric: False for a master-meter line; a leak then sits between the two meters.
        dut: the meter under test; drawn if not given.
        pulses: its K factor in 1/m³, where it shall be this one.
        full_scale: its flow at 20 mA in m³/h, where it shall be this one.
        meter: which one is drawn; all else stays as it is.
        reference_drift: how far the master meter may have drifted since its certificate, relative.
        weighing: what is stated of the weigh tank; nothing if not given.
        temperature: of the water in °C, about which it swings.
        coriolis: whether a Coriolis meter is under test.
        cutoff: share of its highest flow below which the meter under test counts nothing.

    Raises:
        ConfigurationError: there is no such line.
    """
    if dn not in SIZES:
        raise ConfigurationError(f"there is no DN{dn} line; there are {sorted(SIZES)}")
    size = SIZES[dn]
    rng = chance(seed, "outfit")
    certificates = _certificates(rng, size, reference_drift)
    highest = size.highest / 3600.0
    losses = Losses.drawn(seed, size.tank, size.resolution, weighing, temperature) if weighing else Losses()
    late = rng.uniform(-0.004, 0.004)
    under_test = dut or _meter(rng, size)
    if dut is None and meter != 1:
        under_test = _meter(chance(seed, f"meter {meter}"), size)
    if coriolis:
        under_test = _coriolis(chance(seed, f"coriolis {meter}"), size)
    spec = RigSpec(
        line=PipeworkSpec(1.15 * highest),
        dut=replace(_set(under_test, pulses, full_scale), low_cutoff=cutoff),
        reference=MeterSpec(
            1.2 * highest,
            size.pulses,
            certified(certificates["reference"]),
            noise=1.0e-4,
            density_error=rng.uniform(-2.0e-4, 2.0e-4),
            temperature_error=rng.uniform(-0.3, 0.3),
        ),
        diverter=DiverterSpec(
            late_to_tank=late, late_to_bypass=late + certificates["diverter"].correction(0.0)
        ),
        balance=PlatformSpec(
            capacity=size.tank,
            resolution=size.resolution,
            calibration=certificates["balance"],
            repeatability=0.4 * size.resolution,
            zero_drift=rng.uniform(-1.0, 1.0) * size.resolution,
            off_centre=losses.off_centre,
        ),
        tank=size.tank,
        connecting_volume=certificates["connecting_volume"].correction(0.0),
        meter_spacing=certificates["meter_spacing"].correction(0.0),
        water_excess=certificates["water"].correction(0.0),
        water_temperature=temperature,
        losses=losses,
        timer_error=-certificates["timer"].correction(0.0),
        leak_before_dut=not gravimetric,
    )
    return Outfit(spec, size, certificates)


def _set(meter: MeterSpec, pulses: float | None, full_scale: float | None) -> MeterSpec:
    highest = meter.highest if full_scale is None else full_scale / 3600.0
    return replace(meter, pulses=pulses or meter.pulses, highest=highest)


def _certificates(rng: Random, size: Size, reference_drift: float) -> dict[str, Calibrated]:
    d = size.resolution
    loads = tuple(share * size.tank for share in (0.0, 0.1, 0.25, 0.5, 0.75, 1.0))
    flows = tuple(round(share * size.highest, 2) for share in (0.05, 0.1, 0.25, 0.5, 0.75, 1.0))
    return {
        "balance": draw(
            rng, "kg", loads, spread=1.5 * d,
            expanded=tuple(d * (2 + 6 * load / size.tank) for load in loads),
            of="kg", digits=4, correlation=0.9,
        ),
        "diverter": draw(rng, "s", (0.0,), spread=0.010, expanded=(0.006,), digits=4),
        "timer": draw(rng, "1", (0.0,), spread=5.0e-6, expanded=(2.0e-6,)),
        "line_thermometer": draw(rng, "°C", (10.0, 20.0, 30.0), spread=0.05, expanded=(0.02,) * 3, digits=3),
        "air_thermometer": draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
        "barometer": draw(
            rng, "Pa", (95_000.0, 101_000.0, 106_000.0), spread=25.0, expanded=(15.0,) * 3, digits=0
        ),
        "hygrometer": draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(1.5,) * 3, digits=1),
        "reference": draw(
            rng, "1", flows, spread=8.0e-4, expanded=(5.0e-4,) * len(flows), of="m3/h", digits=5,
            drift=reference_drift,
        ),
        "ammeter": draw(rng, "mA", (4.0, 12.0, 20.0), spread=0.001, expanded=(0.0006,) * 3, digits=5),
        "counter": draw(rng, "1", (0.0,), spread=1.0e-6, expanded=(4.0e-7,)),
        "water": draw(rng, "1", (0.0,), spread=3.0e-5, expanded=(1.2e-5,), digits=6),
        "connecting_volume": _volume(rng, size.connecting_volume),
        "meter_spacing": _volume(rng, 1.5 * size.connecting_volume),
    }  # fmt: skip


def _volume(rng: Random, nominal: float) -> Calibrated:
    """Draw a pipe volume known to 10 %, as one gets it from the drawings."""
    return Calibrated(Stated("m3", (0.0,), (round(nominal, 6),), (0.1 * nominal,)), rng.gauss(0.0, 1.0))


STABILITY = 5.0e-5
"""Zero stability of a Coriolis meter, ±, as a share of its highest flow."""


def _coriolis(rng: Random, size: Size) -> MeterSpec:
    """Draw a Coriolis meter, its zero as it happens to be within its stability."""
    highest = size.highest / 3600.0
    return MeterSpec(
        highest,
        size.pulses,
        Shape(highest, level=rng.gauss(0.0, 5.0e-4), slope=rng.gauss(0.0, 2.0e-4)),
        noise=rng.uniform(0.5e-4, 1.5e-4),
        zero=rng.uniform(-1.0, 1.0) * STABILITY * highest,
        output_error=rng.uniform(-2.0e-4, 2.0e-4),
        density_error=rng.uniform(-2.0e-4, 2.0e-4),
        temperature_error=rng.uniform(-0.3, 0.3),
    )


def _meter(rng: Random, size: Size) -> MeterSpec:
    """Draw an electromagnetic meter of class 0.5."""
    highest = size.highest / 3600.0
    curve = Shape(
        highest,
        level=rng.gauss(0.0, 0.0012),
        rise=rng.gauss(0.0, 0.0006),
        slope=rng.gauss(0.0, 0.0006),
        bend=rng.gauss(0.0, 0.0008),
    )
    return MeterSpec(
        highest,
        size.pulses,
        curve,
        temperature_coefficient=rng.uniform(-2.0e-5, 2.0e-5),
        noise=rng.uniform(1.0e-4, 3.0e-4),
        output_error=rng.uniform(-2.0e-4, 2.0e-4),
    )
