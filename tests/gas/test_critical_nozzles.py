"""Critical nozzles by their certificates: figures that are known, what is shared, what is refused."""

from __future__ import annotations

import math
from datetime import date

import pytest

from remotecal.errors import CertificateRefused, ParameterError
from remotecal.fluids.air import vapour_fraction
from remotecal.fluids.gas_viscosity import viscosity
from remotecal.model import Certificate, Column, Contact, Table, Text, Uncertainty
from remotecal.procedures.library.evaluation.in_common import COMMON
from remotecal.procedures.library.evaluation.sources import NO_COMMON_PART
from remotecal.procedures.library.gas.critical import air_equation, drawn, inlet
from remotecal.procedures.library.meters.classes import CLASSES, test_flows, weighted_mean_error
from remotecal.procedures.library.meters.critical import at_rest, choose
from remotecal.procedures.library.meters.nozzle import (
    DISCHARGE,
    EFFECTIVE_AREA,
    LARGEST_RATIO,
    REYNOLDS,
    THROAT,
    Nozzle,
    Open,
    choked_to,
    require_choked,
)
from remotecal.sim.certificates import Certified, certificate
from remotecal.sim.paper import Standing
from remotecal.uncertainty import Budget

test_flows.__test__ = False

ROOM = (20.0, 100e3)


def column(ref_type, unit, values, expanded=()):
    known = Uncertainty(expanded=tuple(expanded), k=("2",), p=("0.95",)) if expanded else None
    return Column(ref_types=(ref_type,), unit=unit, values=tuple(values), uncertainty=known)


DIAMETER = Table(columns=(column(THROAT, "mm", ("10.0000",)),))
CURVE = Table(
    columns=(
        column(REYNOLDS, "1", ("80000", "120000", "160000")),
        column(DISCHARGE, "1", ("0.98630", "0.98805", "0.98910"), ("0.0022",) * 3),
    )
)


def shared(expanded):
    return Table(columns=(column(COMMON, "1", ("0",), (expanded,)),))


def one(ref_type, unit, value, expanded):
    return Table(columns=(column(ref_type, unit, (value,), (expanded,)),))


def stated(*tables, number="C-1", by="Institute"):
    about = Certified(Text.plain("nozzle"), tuple((Text.plain("what"), table) for table in tables))
    record = certificate(
        about, Standing("N-1", about, "10 mm"), "N-1", Text.plain("owner"), number, date(2026, 11, 1)
    )
    name = record.laboratory.model_copy(update={"contact": Contact(name=Text.plain(by))})
    return Certificate(record.model_copy(update={"laboratory": name}))


def test_the_mass_flow_is_that_of_the_standards_formula():
    """A·C_d·C*·p_0/√(R T_0/M) of dry air at 20 °C and 100 kPa, C* 0.68512, M 28.9655 g/mol."""
    ahead = inlet(air_equation("dry"), *ROOM, 0.0)
    assert ahead.c_star == pytest.approx(0.68512, abs=1e-5)
    assert ahead.c_star == pytest.approx(0.684731, rel=1e-3), "a perfect gas of 1.4 is near (NACA 1135)"
    area = math.pi * 0.01**2 / 4
    by_hand = area * 0.99 * 0.68512 * 1e5 / math.sqrt(8.314462618 / 28.9655e-3 * 293.15)
    assert area * 0.99 * ahead.flux == pytest.approx(by_hand, rel=2e-5)
    assert by_hand * 3600 == pytest.approx(66.11, abs=0.005)


def test_the_reynolds_number_is_that_of_what_passes():
    """C_d = a - b/√Re of a toroidal nozzle (ISO 9300: 0.9959, 2.720) is found together with Re."""
    ahead = inlet(air_equation("dry"), *ROOM, 0.0)
    area = math.pi * 0.01**2 / 4
    reynolds = ahead.reynolds(0.01, lambda re: area * (0.9959 - 2.720 / math.sqrt(re)))
    passes = area * (0.9959 - 2.720 / math.sqrt(reynolds)) * ahead.flux
    again = 4 * passes / (math.pi * 0.01 * viscosity(ahead.state))
    assert reynolds == pytest.approx(again, rel=1e-9)
    assert reynolds == pytest.approx(1.282e5, rel=2e-4)


def test_humid_air_passes_less():
    """50 % at 20 °C and 100 kPa: density -0.44 %, mass flow -0.25 %, C* -0.02 to -0.03 % of it."""
    dry, water = inlet(air_equation("of the room"), *ROOM, 0.0), vapour_fraction(20.0, 100e3, 0.5)
    moist = inlet(air_equation("of the room"), *ROOM, water)
    assert moist.state.density / dry.state.density - 1 == pytest.approx(-0.0044, abs=5e-5)
    assert moist.flux / dry.flux - 1 == pytest.approx(-0.0025, abs=1.5e-4)
    assert moist.c_star / dry.c_star - 1 == pytest.approx(-0.00025, abs=5e-5)


def test_a_nozzle_draws_by_volume_as_it_is_in_the_meter():
    """Warmer and thinner air in the meter is more of it: by T and 1/p, and Z hardly counts."""
    equation = air_equation("dry")
    same = drawn(equation, ROOM, ROOM, 0.0)
    assert same == pytest.approx(inlet(equation, *ROOM, 0.0).volume)
    assert drawn(equation, ROOM, (23.0, 100e3), 0.0) / same == pytest.approx(296.15 / 293.15, rel=4e-5)
    assert drawn(equation, ROOM, (20.0, 101e3), 0.0) / same == pytest.approx(100 / 101, rel=4e-5)
    assert drawn(equation, (20.0, 101e3), (20.0, 101e3), 0.0) == pytest.approx(same, rel=1e-4)
    assert drawn(equation, (23.0, 100e3), ROOM, 0.0) < same, "warmer air ahead of the nozzle is less mass"


def test_a_stream_that_is_brought_to_rest_gains():
    state = inlet(air_equation("dry"), *ROOM, 0.0).state
    factor, warmer = at_rest(state, 0.03 * state.sound)
    assert factor == pytest.approx((1 + 0.2 * 0.03**2) ** 3.5, rel=2e-6)
    assert warmer == pytest.approx(0.25 * (0.03 * 343.2) ** 2 / 2 / 1006, rel=5e-3)
    assert at_rest(state, 0.0) == (1.0, 0.0)


def together(count, *tables, by=("Institute",)):
    """Return the relative standard uncertainty in % of so many equal nozzles together, and their inputs."""
    nozzles = [Nozzle(n, stated(*tables, number=f"C-{n}", by=by[n % len(by)])) for n in range(1, count + 1)]
    opened = Open(nozzles, [120_000.0] * count, tuple(dict.fromkeys(each.laboratory for each in nozzles)))
    found = Budget(lambda **x: opened.effective_area(x), opened.inputs, "m2").evaluate()
    return 100 * found.u / found.value, opened.inputs


CONSTANT = one(DISCHARGE, "1", "0.98805", f"{2 * 0.98805 * math.hypot(0.0009, 0.0006):.9f}")
"""One C_d with u = 0.108 %, of which 0.09 % are common and 0.06 % its own."""


def test_what_nozzles_share_does_not_average_out():
    """Four equal ones: 0.0949 %; 0.0541 % if all were their own, 0.1082 % if all were shared."""
    found, inputs = together(4, DIAMETER, CONSTANT, shared("0.0018"))
    assert found == pytest.approx(0.0949, abs=5e-5)
    assert [each.symbol for each in inputs] == ["δ_C1", "C_1", "C_2", "C_3", "C_4"]
    assert together(4, DIAMETER, CONSTANT, shared("0.0000000001"))[0] == pytest.approx(0.0541, abs=5e-5)
    whole, untold = together(4, DIAMETER, CONSTANT)
    assert whole == pytest.approx(0.1082, abs=5e-5)
    assert [each.symbol for each in untold] == ["δ_C1"]
    assert NO_COMMON_PART.get("zh") in untold[0].source.get("zh")


def test_laboratories_share_nothing():
    found, inputs = together(4, DIAMETER, CONSTANT, by=("Institute", "Bureau"))
    assert found == pytest.approx(0.1082 / math.sqrt(2), abs=5e-5)
    assert [each.symbol for each in inputs] == ["δ_C1", "δ_C2"]


def test_all_three_forms_of_a_certificate_say_the_same():
    area = math.pi * 0.01**2 / 4 * 0.98805
    by_curve = Nozzle(1, stated(DIAMETER, CURVE))
    by_one = Nozzle(1, stated(DIAMETER, CONSTANT))
    by_area = Nozzle(1, stated(DIAMETER, one(EFFECTIVE_AREA, "mm2", f"{area * 1e6:.6f}", "0.16")))
    for nozzle in (by_curve, by_one, by_area):
        assert nozzle.effective(120_000.0) == pytest.approx(area, rel=1e-6)
    assert by_curve.effective(140_000.0) == pytest.approx(area * (0.98805 + 0.98910) / 2 / 0.98805, rel=1e-6)


def test_a_diameter_that_was_measured_by_itself_counts_twice_over():
    measured = Table(columns=(column(THROAT, "mm", ("10.0000",), ("0.0100",)),))
    found, inputs = together(1, measured, CONSTANT, shared("0.0018"))
    assert [each.symbol for each in inputs] == ["δ_C1", "C_1", "d_1"]
    assert found == pytest.approx(math.hypot(0.1082, 2 * 0.05), abs=1e-3)


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ((CURVE,), "must state one remotecal_throatDiameter, not 0"),
        ((DIAMETER, one(THROAT, "mm", "9.9", "0.1"), CURVE), "throatDiameter, not 2"),
        ((DIAMETER,), "has no table of remotecal_dischargeCoefficient"),
    ],
)
def test_a_certificate_that_does_not_tell_is_refused(tables, said):
    with pytest.raises(CertificateRefused, match=said):
        Nozzle(1, stated(*tables)).at(120_000.0)


def test_a_nozzle_is_not_used_beyond_its_reynolds_numbers():
    nozzle = Nozzle(3, stated(DIAMETER, CURVE))
    nozzle.require(80_000.0, 160_000.0)
    with pytest.raises(CertificateRefused, match="holds from 80000 to 160000, but nozzle 3 is to work at Re"):
        nozzle.require(60_000.0, 120_000.0)
    with pytest.raises(CertificateRefused, match="but 200000 was read"):
        nozzle.at(200_000.0)


def test_a_common_part_larger_than_the_whole_is_refused():
    with pytest.raises(CertificateRefused, match=r"states 0\.0015 as the part it has in common"):
        Nozzle(1, stated(DIAMETER, CURVE, shared("0.003"))).parts(120_000.0)


def choked(number, *column_of):
    """Return a nozzle whose certificate states such a column of largest ratios, if any."""
    tables = [Table(columns=(column(LARGEST_RATIO, *column_of),))] if column_of else []
    return Nozzle(number, stated(DIAMETER, CURVE, *tables))


def test_of_open_nozzles_the_least_ratio_that_is_stated_decides():
    told = choked(1, "1", ("0.83",)), choked(2, "%", ("91", "76", "88")), choked(3)
    surely = choked(4, "1", ("0.80", "0.70"), ("0.01", "0.02"))
    assert [each.choked_to for each in told] == [0.83, pytest.approx(0.76), None]
    assert surely.choked_to == pytest.approx(0.68), "each less its U"
    assert choked_to(0.9, told) == pytest.approx(0.76)
    assert choked_to(0.9, told[2:]) == 0.9, "as older certificates have it, which state none"
    assert choked_to(0.5, told) == 0.5, "an order may ask for more than nozzles need"
    with pytest.raises(CertificateRefused, match=r"states 83 as the ratio of pressures"):
        choked(5, "1", ("83",)).choked_to  # noqa: B018


def test_an_order_beyond_a_bare_throat_is_refused_where_a_certificate_states_no_ratio():
    """0.528282 of a gas of 1.4 (NACA 1135); air at 20 °C and 100 kPa has an isentropic exponent of 1.401."""
    air = inlet(air_equation("dry"), *ROOM, 0.0).state
    require_choked(0.527, [choked(1)], air)
    require_choked(0.9, [choked(1, "1", ("0.6",))], air)
    with pytest.raises(
        ParameterError,
        match=r"0\.9, .* up to 0\.528 \(isentropic exponent 1\.40\d\): .* nozzle 2, 3 states no",
    ):
        require_choked(0.9, [choked(3), choked(1, "1", ("0.6",)), choked(2)], air)


def test_nozzles_are_chosen_that_come_nearest_and_the_fewest_of_these():
    bank = (0.65, 1.3, 2.6, 5.2, 10.4, 20.8, 41.6)
    assert choose(bank, 65.0) == (3, 6, 7)
    assert choose(bank, 1.3) == (2,)
    assert choose((1.0, 2.0, 3.0), 3.0) == (3,)
    assert choose((2.0, 2.0, 5.0), 2.1) == (1,), "the first of equal ones"


def test_the_weighted_mean_error_counts_the_middle_most():
    """k is Q/Q_max up to 0.7, and 1.4 - Q/Q_max beyond: 0.4 at Q_max, 0.7, 0.4, 0.1."""
    found = weighted_mean_error((100.0, 70.0, 40.0, 10.0), (0.5, 0.2, -0.1, -1.0), 100.0)
    assert found == pytest.approx((0.4 * 0.5 + 0.7 * 0.2 - 0.4 * 0.1 - 0.1 * 1.0) / 1.6)


def test_flows_go_from_the_highest_to_the_lowest():
    assert test_flows(1.3, 65.0) == pytest.approx((65.0, 45.5, 26.0, 16.25, 6.5, 3.25, 1.3))
    assert test_flows(6.5, 65.0) == pytest.approx((65.0, 45.5, 26.0, 16.25, 6.5))
    assert {name: each.below / each.above for name, each in CLASSES.items()} == dict.fromkeys(CLASSES, 2.0)
