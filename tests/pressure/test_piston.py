"""A piston gauge: the fact sheet's worked example to its printed digits, and its certificate in a budget."""

from dataclasses import replace

import pytest
from papers import fact, hand_written, values

from remotecal.bench import CertificateUsed
from remotecal.errors import EvidenceError
from remotecal.journal.evidence import ArtefactUsed
from remotecal.journal.observation import Observation, Point
from remotecal.model import Column, Correlation, JointResult, Table, Text, Uncertainty
from remotecal.procedures.library.evaluation.air import AirAround
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.procedures.library.pressure.piston import (
    AREA,
    DISTORTION,
    MASS,
    PistonGauge,
    effective_area,
    force,
    piston_pressure,
)
from remotecal.sim.certificates import Certified, certificate

EXAMPLE = {
    "mass": 10.0,
    "gravity": 9.80122,
    "air": 1.2,
    "density": 7920.0,
    "area": 9.80500e-5,
    "distortion": 4e-12,
    "expansion": 9.1e-6,
    "temperature": 21.3,
}


def pressure(**changes):
    told = {**EXAMPLE, **changes}
    load = force([(told["mass"], told["density"])], told["gravity"], told["air"])
    return piston_pressure(
        load,
        lambda p: effective_area(told["area"], told["distortion"], p),
        told["expansion"],
        told["temperature"] - 20,
    )


def test_the_example_to_its_printed_digits():
    assert f"{pressure():.2f}" == "999447.21"


@pytest.mark.parametrize(
    ("left_out", "relative"),
    [
        ({"distortion": 0.0}, "4.0e-06"),
        ({"expansion": 0.0}, "1.18e-05"),
        ({"air": 0.0}, "1.52e-04"),
        ({"gravity": 9.80665}, "5.54e-04"),
    ],
)
def test_what_is_left_out_of_the_formula_changes_it_as_printed(left_out, relative):
    digits = len(relative.partition("e")[0].partition(".")[2])
    assert f"{pressure(**left_out) / pressure() - 1:.{digits}e}" == relative


def test_surface_tension_adds_its_force():
    """Oil of 0.031 N/m about a piston of 35.1 mm: 1.09 mN, 11.1 Pa on this area."""
    circumference = 35.1e-3
    more = force([], 9.8, 1.2, surface=0.031 * circumference)
    assert more / EXAMPLE["area"] == pytest.approx(11.1, abs=0.05)


def test_two_passes_are_enough():
    high = pressure(mass=1000.0)
    area = effective_area(EXAMPLE["area"], EXAMPLE["distortion"], high)
    load = force([(1000.0, EXAMPLE["density"])], EXAMPLE["gravity"], EXAMPLE["air"])
    warm = load / (1 + EXAMPLE["expansion"] * (EXAMPLE["temperature"] - 20))
    assert warm / area == pytest.approx(high, rel=1e-10)


def column(ref_type, unit, value, expanded):
    stated = Uncertainty(expanded=(expanded,), k=("2",), p=("0.95",))
    return Column(ref_types=(ref_type,), unit=unit, values=(value,), uncertainty=stated)


def used(number, table):
    from remotecal.drivers.druck.pace import DruckPace

    about = Certified(Text.plain("standard"), ((Text.plain("quantity"), table),))
    record = certificate(about, DruckPace, number, Text.plain("owner"), number, fact(0, "m").valid_until)
    return CertificateUsed(file=f"{number}.xml", sha256="0" * 64, record=record)


def gauge(correlation="0", liquid=False, temperature=21.3, together=None, **facts):
    """Return what a piston gauge with two weights makes of one point, and its uncertainty."""
    joint = Correlation(matrix=(("1", correlation), (correlation, "1")))
    area = Table(
        columns=(column(AREA, "mm2", "98.05", "0.002"), column(DISTORTION, "1/MPa", "4E-6", "2E-6")),
        joint=(JointResult(columns=(0, 1), correlation=joint),),
    )
    certificates = {
        "piston": used("P-1", area),
        "weights[1]": used("W-1", Table(columns=(column(MASS, "kg", "1.000012", "0.000005"),))),
        "weights[2]": used("W-2", Table(columns=(column(MASS, "g", "9000.03", "0.04"),))),
    }
    if together is not None:
        for role in ("weights[1]", "weights[2]"):
            beside = {"sha256": "1" * 64, "correlation": together or None}
            certificates[role] = certificates[role].model_copy(update=beside)
    point = Point("1 MPa", {"pressure": 1e6})
    air = {name: value for name, value in values(1e6, {}).items() if not name.startswith("reference")}
    run = replace(
        hand_written((point,), (Observation(point, 1, air, 0.0, 1.0),)),
        artefacts={role: ArtefactUsed(name=role, serial="1") for role in certificates},
        certificates=certificates,
        characteristics={
            "piston_expansion": fact(9.1e-6, "1/K", 4e-7),
            "gravity": fact(9.80122, "m/s2", 2e-6),
            "weight_density": fact(7920.0, "kg/m3", 20.0),
            **facts,
        },
    )
    repeats = Repeats(point, run, InAir.at(run, point))
    repeats.characteristic("g", "gravity", "m/s2")
    piston = PistonGauge(repeats, (1, 2), AirAround(repeats), liquid=liquid)
    return repeats.evaluate(lambda seen, x: piston.pressure(seen, x, temperature), "Pa", scatter=(), k=2.0)


def test_area_and_weights_come_from_their_certificates():
    found = gauge()
    assert found.value == pytest.approx(pressure(mass=10.000042, air=1.1992), rel=1e-7)
    lines = {line.symbol: line for line in found.lines}
    assert set(lines) == {"A_0", "λ", "m_1", "m_2", "α", "g", "ρ_m", "p_a", "t_a", "h_a", "ρ_a"}
    assert lines["A_0"].contribution == pytest.approx(-found.value * 0.001 / 98.05, rel=1e-4)
    assert lines["λ"].contribution == pytest.approx(-found.value * 1e-12 * found.value, rel=1e-4)
    assert lines["m_2"].contribution == pytest.approx(found.value * 2e-5 / 10, rel=1e-3)
    assert lines["λ"].source == "P-1"


def test_what_area_and_distortion_were_fitted_together_for_counts():
    """A larger area with a smaller distortion describes the same readings: much of both cancels."""
    independent, correlated = gauge(), gauge("-0.9")
    a, b = (
        next(line.contribution for line in independent.lines if line.symbol == symbol)
        for symbol in ("A_0", "λ")
    )
    assert independent.u**2 - correlated.u**2 == pytest.approx(2 * 0.9 * a * b, rel=1e-3)


LIQUID = {"surface_tension": fact(0.031, "N/m", 0.003), "piston_circumference": fact(35.1, "mm", 0.1)}


def test_the_surface_of_a_liquid_pulls_at_the_piston():
    """1.09 mN on 98.05 mm² are 11.1 Pa."""
    in_gas, in_oil = gauge(), gauge(liquid=True, **LIQUID)
    assert in_oil.value - in_gas.value == pytest.approx(0.031 * 35.1e-3 / 98.05e-6, rel=1e-3)
    lines = {line.symbol: line for line in in_oil.lines}
    assert lines["Γ"].contribution == pytest.approx(0.0015 * 35.1e-3 / 98.05e-6, rel=1e-3)
    assert "Γ" not in {line.symbol for line in in_gas.lines}
    with pytest.raises(EvidenceError, match=r"no \[characteristics.surface_tension\]"):
        gauge(liquid=True)


def test_a_piston_of_tungsten_carbide_displaces_less_air_than_its_weights():
    """Of 1 kg of it 1.2 kg/m³ bear 80 ppm where they bear 151 ppm of steel: 7 ppm of 10 kg."""
    steel, carbide = gauge(), gauge(piston_density=fact(14_900.0, "kg/m3", 50.0))
    air = 1.1992
    assert carbide.value / steel.value - 1 == pytest.approx(0.1 * air * (1 / 7920 - 1 / 14_900), rel=1e-3)


def test_an_area_stated_for_another_temperature_is_used_at_it():
    at_20, at_23 = gauge(), gauge(piston_reference_temperature=fact(296.15, "K"))
    assert at_23.value / at_20.value - 1 == pytest.approx(3 * 9.1e-6, rel=1e-3)
    assert gauge(temperature=23.0).value / at_20.value - 1 == pytest.approx(-1.7 * 9.1e-6, rel=1e-3)


@pytest.mark.parametrize(("stated", "said"), [(1.0, "r = 1"), (0.5, "r = 0.5"), (0.0, "r = 0 (not stated")])
def test_weights_of_one_certificate_are_correlated_as_the_bench_says(stated, said):
    apart, together = gauge(), gauge(together=stated)
    lines = {line.symbol: line for line in together.lines}
    one, other = (lines[symbol].contribution for symbol in ("m_1", "m_2"))
    assert together.u**2 - apart.u**2 == pytest.approx(2 * stated * one * other, rel=1e-3)
    assert said in lines["m_1"].source.get("en")
    assert said in lines["m_2"].source.get("en")


def test_inputs_stand_in_the_order_of_the_equation():
    symbols = [line.symbol for line in gauge(liquid=True, **LIQUID).lines]
    kept = [symbol for symbol in symbols if symbol in {"m_1", "m_2", "ρ_m", "Γ", "C", "A_0", "λ", "α"}]
    assert kept == ["m_1", "m_2", "ρ_m", "Γ", "C", "A_0", "λ", "α"]
