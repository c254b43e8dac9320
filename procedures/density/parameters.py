"""What calibrations of density are told."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from remotecal.procedures import In, Parameters

Material = Literal["steel", "brass", "aluminium", "silicon", "glass", "polymer"]
"""What a body is made of: decides how much it expands."""

Rule = Literal["verification", "guard band U", "simple acceptance"]
"""Decision rules."""


class DippingParameters(Parameters):
    """What every calibration of density by weighing is told."""

    temperature_change: Annotated[float, In("K", above=0, at_most=1)] = 0.02
    """By how much the liquid's temperature may change while a repeat lasts."""
    gradient: Annotated[float, In("K", at_least=0, at_most=1)] = 0.01
    """By how much the liquid may be warmer or colder at the body than at the thermometer."""
    bubble: Annotated[float, In("mm3", at_least=0, at_most=10)] = 0.1
    """Volume of air that may have stayed on a body although it was wetted and looked at."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor, where it shall be exactly this; the coverage probability then follows from it."""


class BalanceParameters(Parameters):
    """What every calibration that reads a balance of its own is told of it."""

    balance_step: Annotated[float, In("kg", above=0, at_most=1e-3)] = 1e-7
    """Smallest step of the balance."""
    eccentricity: Annotated[float, In("kg", at_least=0, at_most=1e-3)] = 1e-7
    """By how much its reading may depend on where a body stands or hangs (unverified)."""


class DensitometerParameters(DippingParameters):
    """What the verification of a solid densitometer is told."""

    densities: Annotated[tuple[float, ...], In("kg/m3", at_least=100, at_most=23_000)]
    """About what the standards' densities are, in the order in which the bench lists them."""
    materials: tuple[Material, ...]
    """What each of them is made of."""
    loads: Annotated[tuple[float, ...], In("kg", above=0)] = ()
    """About what the weights are by which its balance is looked at, in the order of the bench."""
    repeats: Annotated[int, In("1", at_least=6, at_most=50)] = 6
    """Readings of each standard, each after being taken out and put in again (unverified)."""
    weighings: Annotated[int, In("1", at_least=2, at_most=20)] = 3
    """Readings of each weight."""
    resolution: Annotated[float, In("kg/m3", above=0, at_most=10)]
    """Smallest step of the density it shows."""
    permissible: Annotated[float, In("kg/m3", above=0)] = 3.0
    """Maximum permissible error of density, ± (unverified: no national document is known)."""
    repeatability: Annotated[float, In("kg/m3", above=0)] = 1.0
    """Largest standard deviation of the readings of a standard (unverified)."""
    balance_error: Annotated[float, In("kg", above=0)] = 1e-6
    """Maximum permissible error of its balance, ± (unverified)."""
    balance_step: Annotated[float, In("kg", above=0)] = 1e-7
    """Smallest step of its balance."""
    compensation: Annotated[float, In("kg/m3", above=0)] = 0.1
    """By how much the density it uses for the liquid may differ from the liquid's (unverified)."""
    weighed_in: Literal["water", "another liquid"] = "water"
    """What its bodies are weighed in. Water's density is known here, and so the one it uses is looked at with
    water alone."""
    volume_dependence: Annotated[float | None, In("kg/m3", above=0)] = None
    """By how much its errors at a small and a large standard of one density may differ; not judged where none
    is given."""
    norm: str = "laboratory method for solid densitometers"
    """The regulation or method it is held against."""
    rule: Rule = "verification"
    """Decision rule of the statement of conformity."""

    @model_validator(mode="after")
    def _enough_standards(self) -> Self:
        if len(self.densities) < FEWEST:
            raise ValueError(f"{FEWEST} standards or more are needed, not {len(self.densities)}")
        if len(self.materials) != len(self.densities):
            raise ValueError(f"there are {len(self.materials)} materials for {len(self.densities)} standards")
        if max(self.densities) / min(self.densities) < APART:
            raise ValueError(
                "the standards are nearly of one density: take such as silicon, aluminium and steel"
            )
        return self


class WeighingParameters(DippingParameters, BalanceParameters):
    """What weighing in air and in a liquid is told."""

    repeats: Annotated[int, In("1", at_least=3, at_most=30)] = 5
    """Repeats of the whole set of weighings."""
    rest: Annotated[float, In("s", at_least=5, at_most=600)] = 20.0
    """How long the balance must be at rest before it is read."""
    spread: Annotated[float, In("kg", above=0)] = 1e-6
    """By how much its readings may differ meanwhile."""
    drift: Annotated[float, In("kg/h", above=0)] = 3e-5
    """How fast they may drift meanwhile: evaporation, soaking, bubbles that grow or dissolve."""
    zero_change: Annotated[float, In("kg", above=0)] = 1e-6
    """By how much the empty carrier may change within a repeat."""
    wire: Annotated[float, In("m", above=0, at_most=0.01)] = 1e-4
    """Diameter of the wire at the surface."""
    surface_tension: Annotated[float, In("N/m", above=0, at_most=0.5)] = 0.0728
    """Of the liquid."""
    meniscus: Annotated[float, In("1", at_least=0, at_most=1)] = 0.2
    """By which share of it the wire's meniscus may differ with a body on the carrier and without."""
    water: Literal["Tanaka", "IAPWS-95"] = "Tanaka"
    """Formula of the water's density."""


class SolidParameters(WeighingParameters):
    """What finding the density of a solid is told."""

    density: Annotated[float, In("kg/m3", at_least=100, at_most=23_000)]
    """About what it is."""
    material: Material
    """What it is made of."""
    method: Literal["hydrostatic", "substitution"] = "hydrostatic"
    """Whether water by formula, or a solid standard tells the liquid's density."""
    standard_density: Annotated[float | None, In("kg/m3", at_least=100, at_most=23_000)] = None
    """About what the standard's density is."""
    standard_material: Material | None = None
    """What the standard is made of."""


class PycnometerParameters(BalanceParameters):
    """What finding a density by a gas pycnometer is told."""

    density: Annotated[float, In("kg/m3", at_least=100, at_most=23_000)]
    """About what the solid's density is."""
    material: Material
    """What it is made of."""
    sphere: Annotated[float, In("m3", above=0, at_most=1)]
    """About what the sphere's volume is."""
    sphere_material: Material = "steel"
    """What it is made of."""
    gas: Literal["helium", "nitrogen"] = "helium"
    """What is filled in."""
    pressure: Annotated[float, In("Pa", at_least=2e4, at_most=1e6)] = 134_500.0
    """Gauge pressure to fill the cell to, about."""
    repeats: Annotated[int, In("1", at_least=3, at_most=30)] = 5
    """Repeats, each with the cell empty, with the sphere, and with the sample."""
    rest: Annotated[float, In("s", at_least=10, at_most=600)] = 60.0
    """How long a pressure must be at rest before it is read."""
    equilibrium: Annotated[float, In("Pa/min", above=0)] = 5.0
    """How fast it may change meanwhile: gas that settles within 25 s is then within 0.5 Pa of its end.

    The usual limit of 30 Pa/min leaves it some 3 Pa off, the same way each time, so that no repeat shows it.
    """
    isothermal: Annotated[float, In("K", at_least=0, at_most=1)] = 0.01
    """What the gas may lack of its temperature after it was expanded, with the sample more than without.

    Less is more probable: it was waited for.
    """
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor, where it shall be exactly this; the coverage probability then follows from it."""


class TubeParameters(Parameters):
    """What the calibration of an oscillating tube is told."""

    densities: Annotated[tuple[float, ...], In("kg/m3", at_least=500, at_most=3000)]
    """About what the liquids' densities are, in the order in which the bench lists them."""
    viscosities: Annotated[tuple[float, ...], In("mPa*s", at_least=0, at_most=1e5)] = ()
    """Their viscosities; none are corrected for where none are given."""
    temperatures: Annotated[tuple[float, ...], In("°C", at_least=5, at_most=40)] = (20.0,)
    """Temperatures to calibrate at."""
    repeats: Annotated[int, In("1", at_least=2, at_most=20)] = 3
    """Repeats of each liquid, without filling it anew."""
    readings: Annotated[int, In("1", at_least=2, at_most=100)] = 10
    """Readings in one repeat."""
    every: Annotated[float, In("s", above=0)] = 2.0
    """Time from one of them to the next."""
    rest: Annotated[float, In("s", at_least=12, at_most=3600)] = 60.0
    """How long the temperature must be steady before."""
    drift: Annotated[float, In("K/h", above=0)] = 0.6
    """How fast it may change meanwhile."""
    near: Annotated[float, In("K", above=0, at_most=2)] = 0.2
    """How far from the temperature asked for it may come to rest."""
    damping: Annotated[float, In("1", at_least=0, at_most=1e-3)] = 7.5e-5
    """c: by which share of it a density seems larger for √η = 1, η in mPa·s (unverified)."""
    dryness: Annotated[float, In("1", at_least=0, at_most=0.02)] = 1e-3
    """By which share the air in the tube may differ from dry air: moisture is left (unverified)."""
    permissible: Annotated[float, In("kg/m3", above=0)] = 0.5
    """Maximum permissible error, ± (unverified)."""
    norm: str = "laboratory method for oscillating tubes"
    """The regulation or method it is held against."""
    rule: Rule = "verification"
    """Decision rule of the statement of conformity."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor, where it shall be exactly this; the coverage probability then follows from it."""

    def viscosity(self, number: int) -> float:
        """Return the viscosity of a liquid, counted from 1, in mPa·s; 0 where none is given."""
        return self.viscosities[number - 1] if self.viscosities else 0.0

    @model_validator(mode="after")
    def _enough_liquids(self) -> Self:
        if len(self.densities) < FEWEST:
            raise ValueError(f"{FEWEST} liquids or more are needed, not {len(self.densities)}")
        if self.viscosities and len(self.viscosities) != len(self.densities):
            raise ValueError(f"{len(self.viscosities)} viscosities for {len(self.densities)} liquids")
        return self


class OnLineParameters(Parameters):
    """What the calibration of a density meter on line is told."""

    densities: Annotated[tuple[float, ...], In("kg/m3", at_least=500, at_most=3000)]
    """About what the liquids' densities are, in the order in which the bench lists them."""
    temperatures: Annotated[tuple[float, ...], In("°C", at_least=5, at_most=40)] = (20.0,)
    """Temperatures of the line; K₀ to K₂ are told at the first, near 20 °C, K₁₈ and K₁₉ by the others."""
    pressures: Annotated[tuple[float, ...], In("Pa", at_least=1e5, at_most=1e7)] = ()
    """Pressures from that of the air to which the liquids are brought at the first temperature."""
    compressibilities: Annotated[tuple[float, ...], In("1/Pa", at_least=0, at_most=1e-8)] = ()
    """Of the liquids, where there are pressures."""
    compressibility_spread: Annotated[float, In("1", at_least=0, at_most=0.5)] = 0.05
    """By which share they may be wrong (unverified)."""
    repeats: Annotated[int, In("1", at_least=2, at_most=20)] = 3
    """Repeats of each point, without filling anew."""
    readings: Annotated[int, In("1", at_least=2, at_most=100)] = 5
    """Readings in one repeat."""
    every: Annotated[float, In("s", above=0)] = 2.0
    """Time from one of them to the next."""
    rest: Annotated[float, In("s", at_least=12, at_most=3600)] = 60.0
    """How long temperature and pressure must be steady before."""
    drift: Annotated[float, In("K/h", above=0)] = 0.6
    """How fast the temperature may change meanwhile."""
    pressure_change: Annotated[float, In("Pa", above=0)] = 500.0
    """By how much the pressure may change meanwhile."""
    near: Annotated[float, In("K", above=0, at_most=2)] = 0.2
    """How far from the temperature asked for it may come to rest."""
    slew: Annotated[float, In("Pa/s", above=0, at_most=1e6)] = 2e4
    """How fast the pressure is changed."""
    dryness: Annotated[float, In("1", at_least=0, at_most=0.02)] = 1e-3
    """By which share the air in the meter may differ from dry air: moisture is left (unverified)."""
    permissible: Annotated[float, In("kg/m3", above=0)] = 0.5
    """Maximum permissible error with the constants that were found, ± (unverified)."""
    norm: str = "JJG 370"
    """The regulation it is held against."""
    rule: Rule = "verification"
    """Decision rule of the statement of conformity."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor, where it shall be exactly this; the coverage probability then follows from it."""

    @model_validator(mode="after")
    def _enough_fluids(self) -> Self:
        if len(self.densities) < FEWEST:
            raise ValueError(
                f"{FEWEST} liquids or more are needed beside air, not {len(self.densities)}: three constants "
                "through three points would leave no error"
            )
        if abs(self.temperatures[0] - 20.0) > NEAR_20:
            raise ValueError("the first of temperatures must be near 20 °C, where K0, K1 and K2 are told")
        if self.pressures and len(self.compressibilities) != len(self.densities):
            raise ValueError(
                f"{len(self.compressibilities)} compressibilities for {len(self.densities)} liquids: state "
                "that of each, by which its density under pressure is known"
            )
        return self


NEAR_20 = 2.0
"""How far from 20 °C the constants of a meter on line may be told, in K."""


class HydrometerParameters(BalanceParameters):
    """What the calibration of a hydrometer is told."""

    marks: Annotated[tuple[float, ...], In("kg/m3", at_least=500, at_most=3000)]
    """Marks to calibrate."""
    stem: Annotated[float, In("m", above=0, at_most=0.05)]
    """Diameter of the stem at the marks."""
    stem_spread: Annotated[float, In("m", at_least=0)] = 2e-5
    """By how much it may be wrong."""
    surface_tension: Annotated[float, In("N/m", above=0, at_most=0.5)] = 0.0725
    """Of the liquid it is sunk in."""
    tension_spread: Annotated[float, In("1", at_least=0, at_most=0.5)] = 0.03
    """By which share that may be wrong: a surface is soon soiled (unverified)."""
    meant_tension: Annotated[float, In("N/m", above=0, at_most=0.5)]
    """Surface tension of the liquids that its scale is meant for."""
    alignment: Annotated[float, In("kg/m3", at_least=0)]
    """By how much the surface may stand beside the mark, a tenth of a division; less is likelier."""
    expansion: Annotated[float, In("1/K", at_least=0, at_most=1e-3)] = 1.0e-5
    """Its cubic thermal expansion: that of glass, of which some sorts have 2.5e-5 (unverified)."""
    expansion_spread: Annotated[float, In("1/K", at_least=0, at_most=1e-3)] = 1.0e-6
    """By how much that may be wrong."""
    repeats: Annotated[int, In("1", at_least=2, at_most=20)] = 3
    """Repeats at each mark."""
    temperature_change: Annotated[float, In("K", above=0, at_most=1)] = 0.02
    """By how much the liquid's temperature may change while a repeat lasts."""
    gradient: Annotated[float, In("K", at_least=0, at_most=1)] = 0.01
    """By how much the liquid may be warmer or colder at the hydrometer than at the thermometer."""
    permissible: Annotated[float, In("kg/m3", above=0)]
    """Maximum permissible error, ±: a division of working hydrometers (unverified)."""
    norm: str = "JJG 42"
    """The regulation it is held against."""
    rule: Rule = "verification"
    """Decision rule of the statement of conformity."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor, where it shall be exactly this; the coverage probability then follows from it."""


FEWEST = 3
"""Standards a densitometer is verified by (unverified)."""
APART = 1.5
"""How far apart the lightest and the densest of them must be."""
