"""The worked examples of master meters in a closed loop, to their digits, through what the procedure uses."""

from __future__ import annotations

import math
from datetime import date

import GTC
import pytest

from remotecal.errors import CertificateRefused, ParameterError
from remotecal.fluids.gas import AIR, NITROGEN
from remotecal.fluids.gas_equations import EQUATIONS, carried
from remotecal.fluids.iso6976 import relative_density, superior_calorific_value
from remotecal.model import Certificate, Column, Table, Text, Uncertainty
from remotecal.procedures.library.gas_loop.filling import LoopGas, reynolds
from remotecal.procedures.library.gas_loop.master import Master, Together, choose
from remotecal.procedures.library.gas_loop.parameters import LoopParameters
from remotecal.procedures.library.gas_loop.passing import passed_meter
from remotecal.procedures.library.gas_loop.reynolds import ReynoldsFit
from remotecal.sim.certificates import Certified, certificate
from remotecal.sim.gas_loop.gas import COMPOSITION
from remotecal.sim.paper import LABORATORY
from remotecal.uncertainty import Budget, Input

DRY = EQUATIONS["Lemmon 2000"]
TOLD = {
    "highest": 400.0,
    "lowest": 20.0,
    "pressures": (1000.0,),
    "diameter": 0.1,
    "capacity": 440.0,
    "loop_volume": 4.0,
    "accuracy_class": "1",
}
NATURAL = {
    **TOLD,
    "gas": "natural gas",
    "components": tuple(COMPOSITION),
    "fractions": tuple(COMPOSITION.values()),
}
SIMPLE = {"calorific_value": 39.995, "relative_density": 0.5752}


def state(kelvin, megapascal, gas=AIR, equation=DRY):
    return equation.state(gas, kelvin - 273.15, 1e6 * megapascal)


MASTER, METER = state(294.15, 1.0050), state(294.65, 1.0000)
BEFORE, AFTER = state(294.40, 1.0030), state(294.50, 1.0020)


def passed(pack=2.5 * (AFTER.density - BEFORE.density), error=0.0012, told=12.0, **x):
    return passed_meter([(told, error, MASTER)], METER, pack, **x)


def test_one_master_upstream():
    """§6: ratio of densities 1.006770887, line pack -0.0033847 m³, V_ref 12.070155 m³, E +0.2473 %."""
    assert MASTER.density / METER.density == pytest.approx(1.006770887, abs=1e-9)
    assert METER.z / MASTER.z == pytest.approx(1.000062157, abs=1e-9)
    assert passed(pack=0.0) == pytest.approx(12.066771, abs=5e-7)
    assert 2.5 * (AFTER.density - BEFORE.density) / METER.density == pytest.approx(-0.0033847, abs=5e-8)
    assert passed() == pytest.approx(12.070155, abs=5e-7)
    assert 100 * (12.1 / passed() - 1) == pytest.approx(0.2473, abs=5e-5)
    assert 100 * (12.1 / passed(pack=0.0) - 1) == pytest.approx(0.2754, abs=5e-5)


def test_masters_behind_the_meter_store_with_the_other_sign():
    behind = passed(masters_first=False)
    assert behind - passed(pack=0.0) == pytest.approx(passed(pack=0.0) - passed(), abs=1e-12)


def test_its_budget():
    """§6, relative to the volume: u_c 0.108 %, U 0.216 %."""

    def volume(e_m, p_m, p_d, t_m, t_d, rep, pack):
        ahead = DRY.state(AIR, 21.0 + t_m, 1.0050e6 * (1 + p_m))
        there = DRY.state(AIR, 21.5 + t_d, 1.0000e6 * (1 + p_d))
        stored = 2.5 * (AFTER.density - BEFORE.density)
        through = passed_meter([(12.0, 0.0012 + e_m, ahead)], there, stored)
        return 100 * through / 12.070155 * (1 + pack) * (1 + rep)

    found = Budget(
        volume,
        [
            Input.normal("e_m", 0.0, "1", 0.0010),
            Input.normal("p_m", 0.0, "1", 0.0002),
            Input.normal("p_d", 0.0, "1", 0.0002),
            Input.normal("t_m", 0.0, "K", 0.00017 * 294.15),
            Input.normal("t_d", 0.0, "K", 0.00017 * 294.65),
            Input.normal("rep", 0.0, "1", 0.000173),
            Input.normal("pack", 0.0, "1", 0.000025),
        ],
        "%",
    ).evaluate(k=2)
    assert found.value == pytest.approx(100.0, abs=5e-6)
    assert round(found.u, 3) == 0.108
    assert round(found.expanded, 3) == 0.216


NUMBERS = (1.2e5, 2.5e5, 5e5, 1e6, 2e6, 4e6)
ERRORS = (-0.21, 0.02, 0.13, 0.18, 0.20, 0.19)


def test_errors_over_reynolds_numbers():
    """§3: a parabola in lg Re/10⁶."""
    fit = ReynoldsFit.through(NUMBERS, ERRORS, highest=2)
    assert fit.coefficients == pytest.approx((0.194865, 0.150879, -0.296597), abs=5e-7)
    assert round(fit.residual, 4) == 0.0213
    assert round(fit.value(7e5), 4) == 0.1644
    assert round(fit.u(7e5), 4) == 0.0133


def test_they_are_not_extrapolated():
    """At Re 8e6 the parabola would say 0.089 %, with the meter at 0.19 % and level."""
    fit = ReynoldsFit.through(NUMBERS, ERRORS, highest=2)
    for beyond in (8e6, 1.0e5):
        with pytest.raises(CertificateRefused, match=r"they are not extrapolated; take another master"):
            fit.value(beyond)
        with pytest.raises(CertificateRefused):
            fit.u(beyond)
    assert fit.curve.predict(math.log10(8.0), extrapolate=True).value == pytest.approx(0.089, abs=5e-4)


def test_a_higher_order_is_taken_where_it_helps_and_not_else():
    assert ReynoldsFit.through(NUMBERS, ERRORS).order == 3
    line = [0.1 + 0.05 * math.log10(each / 1e6) for each in NUMBERS]
    wiggling = [one + 0.01 * (-1) ** n for n, one in enumerate(line)]
    assert ReynoldsFit.through(NUMBERS, wiggling).order == 1
    with pytest.raises(CertificateRefused, match="2 errors are too few"):
        ReynoldsFit.through(NUMBERS[:2], ERRORS[:2])


@pytest.mark.parametrize(
    ("megapascal", "number"),
    [(0.101325, 9.36e4), (0.6, 5.53e5), (1.0, 9.20e5), (2.5, 2.28e6), (5.0, 4.45e6)],
)
def test_reynolds_numbers_of_air(megapascal, number):
    """§3: DN100, 400 m³/h, 20 °C."""
    found = reynolds(state(293.15, megapascal), 400 / 3600, 0.1)
    assert float(f"{found:.2e}") == pytest.approx(number, rel=0.0034)


@pytest.mark.parametrize(
    ("megapascal", "air", "nitrogen"),
    [
        (0.101325, 0.999624, 0.999757),
        (0.6, 0.997858, 0.998632),
        (1.0, 0.996543, 0.997815),
        (2.5, 0.992370, 0.995439),
    ],
)
def test_compression_factors(megapascal, air, nitrogen):
    assert round(state(293.15, megapascal).z, 6) == air
    assert round(state(293.15, megapascal, NITROGEN, EQUATIONS["Span 2000"]).z, 6) == nitrogen


def turbine(number, expanded, common=None, highest=100.0, at=NUMBERS):
    """Return a master's certificate: level errors, U in %, its common part."""
    known = Uncertainty(expanded=(f"{expanded:.9f}",), k=("2",), p=("0.95",))
    zeros = tuple("0" for _ in at)
    tables = [
        ("error", [
            Column(ref_types=("remotecal_reynoldsNumber",), unit="1", values=tuple(f"{one:g}" for one in at)),
            Column(ref_types=("basic_measurementError",), unit="%", values=zeros, uncertainty=known),
        ]),
        ("K", [Column(ref_types=("remotecal_kFactor",), unit="1/m3", values=("1000",))]),
        ("D", [Column(ref_types=("remotecal_pipeDiameter",), unit="mm", values=("100",))]),
        ("Q", [Column(ref_types=("remotecal_highestFlow",), unit="m3/h", values=(f"{highest:g}",))]),
    ]  # fmt: skip
    if common is not None:
        part = Uncertainty(expanded=(f"{common:.9f}",), k=("2",), p=("0.95",))
        column = Column(ref_types=("remotecal_commonDeviation",), unit="%", values=("0",), uncertainty=part)
        tables.append(("common", [column]))
    about = Certified(
        Text.plain("master"),
        tuple((Text.plain(name), Table(columns=tuple(columns))) for name, columns in tables),
    )

    class Made:
        maker, model = "Somebody", "G65"

    return Certificate(certificate(about, Made, f"T-{number}", LABORATORY, f"C-{number}", date(2026, 1, 1)))


def u_of_four(common):
    """Return u in % of what four equal masters tell together, whose parts are 0.09 % and 0.06 %."""
    whole = math.hypot(0.18, 0.12)
    masters = [Master(n, turbine(n, whole, common)) for n in (1, 2, 3, 4)]
    together = Together(masters, [5e5] * 4, ("Simulated Institute of Metrology (demonstration)",))

    def error(**x):
        volume = sum(25.0 / (1.0 + together.error(each.key, x)) for each in masters)
        return 100.0 * (100.0 / volume - 1.0)

    return Budget(error, together.inputs, "%").evaluate().u


def test_four_masters_in_parallel():
    """§5: 0.0949 %; independent they would claim 0.0541 %, wholly correlated 0.1082 %."""
    assert round(u_of_four(0.18), 4) == 0.0949
    assert round(u_of_four(0.0), 4) == 0.0541
    assert round(u_of_four(None), 4) == 0.1082, "what nobody says is independent is not"


def test_masters_are_chosen_by_flow_and_by_reynolds_number():
    told = LoopParameters(**TOLD)
    gas = LoopGas(told).state(20.0, 1e6)
    masters = [Master(n, turbine(n, 0.2, highest=q)) for n, q in enumerate((65.0, 160.0, 400.0), 1)]
    assert choose(masters, 300.0, gas, told, "p").numbers == (3,)
    assert choose(masters, 400.0, gas, told, "p").numbers == (1, 3), "two that are well loaded"
    assert choose(masters, 80.0, gas, told, "p").numbers == (2,), "not the largest, which would be idle"
    with pytest.raises(CertificateRefused, match=r"p: no masters of 65, 160, 400 m3/h .* 0\.2 to 0\.95"):
        choose(masters, 10.0, gas, told, "p")
    high = [*masters[:1], Master(2, turbine(2, 0.2, highest=160.0, at=(1e6, 2e6, 4e6))), *masters[2:]]
    assert choose(high, 80.0, gas, told, "p").numbers == (3,), "where it is not certified it is not used"
    with pytest.raises(CertificateRefused, match=r"p: master 2, .* they are not extrapolated"):
        choose(high[:2], 140.0, gas, told, "p")


def test_a_moist_filling_is_lighter():
    """§3: 50 % at 20 °C and 0.1 MPa, so dew point 9.3 °C: density -0.44 %; at -40 °C less than 0.01 %."""

    def lighter(dew_point):
        dry = LoopGas(LoopParameters(**TOLD, equation="GERG-2008"))
        moist = LoopGas(LoopParameters(**TOLD, dew_point=dew_point, dew_pressure=100.0))
        return 100 * (moist.density(20.0, 1e5) / dry.density(20.0, 1e5) - 1)

    assert lighter(9.27) == pytest.approx(-0.44, abs=0.005)
    assert -0.01 < lighter(-40.0) < 0.0


def test_a_filling_that_would_drip_is_refused():
    """Air of a room, pressed to 1 MPa, gives off most of its water."""
    filling = LoopGas(LoopParameters(**TOLD, dew_point=9.27))
    with pytest.raises(
        ParameterError, match=r"at 1000 kPa: .* stays vapour .* or fill the loop with a drier gas"
    ):
        filling.require(20.0, 1e6)


def test_natural_gas_goes_by_one_equation_at_both_ends_whichever_is_chosen():
    """Densities by SGERG-88 and DETAIL are GERG-2008's within what they state, and the ratio is the same."""
    told = NATURAL
    gerg = LoopGas(LoopParameters(**told))
    simple = {
        "calorific_value": superior_calorific_value(gerg.gas()),
        "relative_density": relative_density(gerg.gas()),
    }
    ends = (20.0, 4e6), (20.5, 3.98e6)
    for equation in ("SGERG-88", "AGA8 DETAIL"):
        gas = LoopGas(LoopParameters(**told, **simple, equation=equation))
        assert gas.equation.name == equation
        for t, p in ends:
            assert gas.density(t, p) == pytest.approx(gerg.density(t, p), rel=1e-3)
        ratios = [one.density(*ends[0]) / one.density(*ends[1]) for one in (gas, gerg)]
        assert ratios[0] == pytest.approx(ratios[1], rel=5e-6)
    sgerg = LoopGas(LoopParameters(**told, **simple, equation="SGERG-88"))
    assert sgerg.density(20.0, 4e6) != gerg.density(20.0, 4e6)
    with pytest.raises(ParameterError, match="one equation of state"):
        carried(1.0, sgerg.state(20.0, 1e6), gerg.state(20.0, 1e6))
    with pytest.raises(ParameterError, match=r"gas pressure .* SGERG-88"):
        sgerg.state(20.0, 13e6)
    programmed = LoopGas(LoopParameters(**told, calorific_value=47.0, relative_density=0.75))
    with pytest.raises(ParameterError, match="they are of different gases"):
        programmed.equation_by("SGERG-88").state(programmed.gas(), 20.0, 4e6)
    for without in ({}, {"calorific_value": 40.0}):
        with pytest.raises(ValueError, match="by calorific_value and relative_density: give both"):
            LoopParameters(**told, **without, equation="SGERG-88")
    with pytest.raises(ValueError, match="SGERG-88 tells no critical flow"):
        LoopParameters(**told, **simple, equation="SGERG-88", by_nozzles=True, back_pressure=0.95)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"relative_density": 0.61}, r"relative_density = 0\.61 is 6\.1 % off"),
        ({"calorific_value": 38.0}, r"calorific_value = 38 is 5 % off"),
        ({"relative_density": 0.5806}, r"relative_density = 0\.5806 is 0\.94 % off"),
    ],
)
def test_what_sgerg_88_is_told_is_held_against_the_composition(other, said):
    simple = {**SIMPLE, **other}
    with pytest.raises(ParameterError, match=said + r".* write calorific_value = 39\.995 and .* = 0\.5752,"):
        LoopGas(LoopParameters(**NATURAL, **simple, equation="SGERG-88"))


def test_what_sgerg_88_is_told_is_uncertain():
    """At 4 MPa 0.06 MJ/m³ and 0.0013 are 0.01 % to 0.04 % of the density each, as expanded uncertainties."""
    at, told = (20.0, 4e6), {**NATURAL, **SIMPLE, "equation": "SGERG-88"}
    gas = LoopGas(LoopParameters(**told))
    inputs = {each.symbol: each for each in gas.inputs()}
    assert [inputs[each].u for each in ("H_s", "d_r")] == pytest.approx([0.03, 0.00065])
    stated = LoopParameters(**told, calorific_uncertainty=0.2, relative_density_uncertainty=0.002)
    assert [each.u for each in LoopGas(stated).inputs()] == pytest.approx([0.1, 0.001])
    x = {symbol: GTC.ureal(each.value, each.u) for symbol, each in inputs.items()}
    density = gas.state(*at, x).density
    assert density.x == pytest.approx(gas.density(*at), rel=1e-12)
    for symbol, name, off in (("H_s", "calorific_value", 0.02), ("d_r", "relative_density", 0.0005)):
        moved = LoopGas(LoopParameters(**{**told, name: told[name] + off}))
        slope = (moved.density(*at) - gas.density(*at)) / off
        assert density.sensitivity(x[symbol]) == pytest.approx(slope, rel=0.02)
        assert 5e-5 < abs(slope) * inputs[symbol].u / density.x < 2e-4
    assert not LoopGas(LoopParameters(**NATURAL, **SIMPLE)).inputs(), "GERG-2008 goes by the composition"


def test_what_is_stated_of_the_filling_is_uncertain():
    moist = {"dew_point": -20.0}
    for told, symbol, u in (
        ({**moist, "dew_uncertainty": 0.8}, "t_dp", 0.4),
        (
            {
                "gas": "natural gas",
                "components": ("methane", "ethane"),
                "fractions": (0.9, 0.1),
                "fraction_uncertainties": (0.001, 0.002),
            },
            "x_ethane",
            0.002,
        ),
    ):
        known = {each.symbol: each.u for each in LoopGas(LoopParameters(**TOLD, **told)).inputs()}
        assert known[symbol] == u
    near, far = (LoopGas(LoopParameters(**TOLD, **moist, dew_pressure=p)).gas() for p in (101.325, 400.0))
    assert near.fraction("water") > 3 * far.fraction("water")
