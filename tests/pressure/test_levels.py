"""What a device higher than its standard has: absolute and gauge pressures, gases and oil, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from papers import certified, certified_air, elsewhere, evidence, fact

from remotecal.fluids.air import air_density
from remotecal.procedures.library.pressure.gauge import Gauge

PLACES = (50e3, 100e3, 120e3)
HEIGHT, GRAVITY, AIR = 1.0, 9.80122, 101_325.0


def gauge(**changes):
    told = {
        "span": (0.0, 120e3),
        "pressures": PLACES,
        "sequence": "DKD-R 6-1 C",
        "unit": "Pa",
        "resolution": 0.01,
        "accuracy_class": 0.1,
        **changes,
    }
    return Gauge(Gauge.accepts()(**told))


def nitrogen(pressure, temperature):
    """Return its density in kg/m³, by the gas law."""
    return 28.0134e-3 * pressure / (8.314462618 * (temperature + 273.15))


def perfect(procedure, device, standard, temperature=20.0, height=HEIGHT):
    """Return a run in which a device and a standard without errors stand `height` apart.

    At the standard's level there is a pressure, and the air's; at the device's there is less of both, by the
    columns of nitrogen and of air between them.
    """
    density = air_density(temperature, AIR, 0.5)
    read, shown = [], []
    for place in PLACES:
        there = place if device == "absolute" else place + AIR
        read.append(there if standard == "absolute" else there - AIR)
        up = there - nitrogen(there, temperature) * GRAVITY * height
        shown.append(up if device == "absolute" else up - (AIR - density * GRAVITY * height))
    known = certified("Pa", (-1e5, 60e3, 250e3), 0.5)
    run = evidence(procedure, (shown, shown), ("indicated", "Pa"), known, ambient=certified_air())
    observations = []
    for entry in run.observations:
        at = PLACES.index(entry.point.nominal["pressure"])
        (reading,) = entry.values["reference"]
        seen = {
            "reference": (reading._replace(value=read[at]),),
            "reference_kind": standard,
            "air_temperature": entry.values["air_temperature"]._replace(value=temperature),
        }
        observations.append(replace(entry, values={**entry.values, **seen}))
    facts = {"reference_height": fact(height, "m", 0.002), "gravity": fact(GRAVITY, "m/s2")}
    return elsewhere(replace(run, observations=tuple(observations)), **facts)


KINDS = [(device, standard) for device in ("gauge", "absolute") for standard in ("gauge", "absolute")]


@pytest.mark.parametrize("temperature", [16.0, 26.0])
@pytest.mark.parametrize(("device", "standard"), KINDS)
def test_a_perfect_device_on_a_perfect_standard_has_no_error_at_any_height(device, standard, temperature):
    """The air's column of 1 m is 11.8 Pa, and one at 20 °C would differ by 0.4 Pa from that at 26 °C."""
    procedure = gauge(absolute=device == "absolute", standard_kind=standard)
    run = perfect(procedure, device, standard, temperature)
    findings, _ = procedure.found(run)
    assert [one.evaluated.value for one in findings] == pytest.approx([0.0] * 3, abs=0.02)


@pytest.mark.parametrize(
    ("device", "standard", "equation"),
    [
        ("gauge", "gauge", "p_ref = p_std - (ρ_f - ρ_a)·g·l, ρ_f = M·p/(R·T)·(1 + δ_ρ)"),
        ("gauge", "absolute", "p_ref = p_std - p_a - (ρ_f - ρ_a)·g·l, "),
        ("absolute", "gauge", "p_ref = p_std + p_a - ρ_f·g·l, "),
        ("absolute", "absolute", "p_ref = p_std - ρ_f·g·l, "),
    ],
)
def test_the_certificate_says_what_was_done_about_the_levels(device, standard, equation):
    procedure = gauge(absolute=device == "absolute", standard_kind=standard)
    made = procedure.evaluate(perfect(procedure, device, standard))
    assert equation in made.methods[0].description.get("en")
    said = " ".join(one.declaration.get("en") for one in made.statements if one.declaration)
    mixed = device != standard
    assert ("the barometer is taken to stand at the reference level of the standard" in said) is mixed
    symbols = {line.symbol for line in made.budgets[0].lines}
    assert {"t_a", "h_a", "ρ_a"} <= symbols or device == "absolute"
    assert ("p_a" in symbols) is (mixed or device == "gauge")


def test_a_barometer_that_errs_is_corrected_in_the_airs_density_and_in_mixed_kinds():
    procedure = gauge(standard_kind="absolute")
    run = perfect(procedure, "gauge", "absolute")
    plain, _ = procedure.found(run)
    moved = tuple(
        replace(
            entry,
            values={
                **entry.values,
                "air_pressure": entry.values["air_pressure"]._replace(value=AIR + 50.0),
            },
        )
        for entry in run.observations
    )
    off, _ = procedure.found(replace(run, observations=moved))
    assert off[0].evaluated.value - plain[0].evaluated.value == pytest.approx(50.0, abs=0.01)


def test_oil_weighs_what_the_bench_says():
    """Oil of 860 kg/m³ over 0.1 m makes 842 Pa, less that of the air."""
    procedure = gauge(medium="oil")
    shown = tuple(place - 842.9 + 1.18 for place in PLACES)
    run = evidence(procedure, (shown, shown), ("indicated", "Pa"), certified("Pa", (0, 60e3, 120e3), 0.5))
    run = elsewhere(
        run,
        reference_height=fact(0.1, "m", 0.002),
        gravity=fact(GRAVITY, "m/s2"),
        fluid_density=fact(860.0, "kg/m3", 4.0),
    )
    findings, _ = procedure.found(run)
    assert [one.evaluated.value for one in findings] == pytest.approx([0.0] * 3, abs=0.02)
    lines = {line.symbol: line for line in findings[0].evaluated.lines}
    assert lines["ρ_f"].contribution == pytest.approx(2.0 * GRAVITY * 0.1)
    assert lines["l"].contribution == pytest.approx((860 - 1.2) * GRAVITY * 0.001, rel=1e-3)


def test_a_height_known_badly_in_oil_curves_the_model_and_the_certificate_says_so():
    procedure = gauge(medium="oil")
    run = evidence(procedure, (PLACES, PLACES), ("indicated", "Pa"), certified("Pa", (0, 60e3, 120e3), 0.5))
    run = elsewhere(
        run,
        reference_height=fact(0.0, "m", 1.0),
        gravity=fact(GRAVITY, "m/s2"),
        fluid_density=fact(860.0, "kg/m3", 400.0),
    )
    made = procedure.evaluate(run)
    assert "δ_curv" in {line.symbol for line in made.budgets[0].lines}
    assert any(
        "first order was not enough" in one.declaration.get("en")
        for one in made.statements
        if one.declaration
    )


def test_a_gas_beyond_what_is_known_of_it_is_refused():
    with pytest.raises(ValueError, match=r"nitrogen is taken as nearly ideal up to 1e\+07 Pa"):
        gauge(span=(0.0, 2e7), pressures=(0.0, 1.2e7))
    assert gauge(span=(0.0, 2e7), pressures=(0.0, 1.2e7), medium="oil")
