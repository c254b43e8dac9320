"""A piston gauge: the fact sheet's worked example to its printed digits, and its certificate in a budget."""

from dataclasses import replace

import pytest
from papers import fact, hand_written, values

from remotecal.bench import CertificateUsed
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


def gauge(correlation="0"):
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
        },
    )
    repeats = Repeats(point, run, InAir.at(run, point))
    repeats.characteristic("g", "gravity", "m/s2")
    piston = PistonGauge(repeats, (1, 2), AirAround(repeats))
    return repeats.evaluate(lambda seen, x: piston.pressure(seen, x, 21.3), "Pa", scatter=(), k=2.0)


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
