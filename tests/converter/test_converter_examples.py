"""Worked examples of volume converters, to their digits, and how errors of parts and whole hang together."""

import math
from datetime import date

import pytest

from remotecal.drivers.druck.pace import DruckPace
from remotecal.errors import CertificateRefused, ParameterError
from remotecal.fluids.base_conditions import BASES
from remotecal.model import Certificate, Column, Table, Text, Uncertainty
from remotecal.procedures.library.converter.joined import joined, meter_error
from remotecal.procedures.library.converter.methods import Conversion, Programmed, ShownTogether, explained
from remotecal.sim.certificates import Certified, certificate
from remotecal.sim.converter.device import COMPOSITION, SIMPLE
from remotecal.uncertainty.coverage import region_factor
from remotecal.uncertainty.inputs import Input

CHINA = BASES["20 °C, 101.325 kPa"]
STATES = [(10.0, 0.4e6), (15.0, 1e6), (20.0, 4e6)]
AMARILLO = Programmed(COMPOSITION, *SIMPLE.values())


@pytest.mark.parametrize(
    ("method", "printed"),
    [
        ("AGA8 DETAIL", ["4.117194", "10.245553", "42.89777"]),
        ("GERG-2008", ["4.117067", "10.244821", "42.89058"]),
        ("ideal", ["4.087114", "10.040484", "39.47693"]),
        ("Lemmon 2000", ["4.093197", "10.076481"]),
    ],
)
def test_reference_factors_by_the_method_that_is_programmed(method, printed):
    """Amarillo gas of NIST, and dry air: base conditions 20 °C, 101.325 kPa."""
    conversion = Conversion(CHINA, AMARILLO.compression(method))
    for (t, p), each in zip(STATES, printed, strict=False):
        assert f"{conversion.factor(t, p):.{len(each.split('.')[1])}f}" == each


def test_methods_differ_at_4_mpa_by_1_7e_4():
    detail, gerg = (Conversion(CHINA, AMARILLO.compression(m)) for m in ("AGA8 DETAIL", "GERG-2008"))
    assert detail.factor(20.0, 4e6) / gerg.factor(20.0, 4e6) - 1 == pytest.approx(1.7e-4, abs=5e-6)


def test_sensitivities_of_a_converter():
    """1 K at 293 K is 0.34 %, 1 kPa at 101 kPa 1 %."""
    simple = Conversion(CHINA, AMARILLO.compression("ideal"))
    at = simple.factor(20.0, 101_325.0)
    assert 100 * (1 - simple.factor(21.0, 101_325.0) / at) == pytest.approx(0.34, abs=0.005)
    assert 100 * (simple.factor(20.0, 102_325.0) / at - 1) == pytest.approx(1.0, abs=0.02)


PARTS = [
    Input.normal("e_V", 0.1, "%", 0.30),
    Input.normal("e_p", 0.05, "%", 0.05),
    Input.normal("e_T", 0.02, "%", 0.05),
]


def test_a_device_of_three_outputs_is_no_better_known_than_its_meter():
    """u(q) 0.30, u(p) 0.05, u(T) 0.05 %, r(p, T) 0.3: u(q_n) 0.3058 %, r(q, q_n) 0.981."""
    found = joined(PARTS, {("e_p", "e_T"): 0.3})
    assert f"{found.results[0].u:.4f}" == "0.3058"
    assert f"{found.correlation(0, 1):.3f}" == "0.981"
    assert found.results[0].value == pytest.approx(0.1 + 0.05 - 0.02)
    assert f"{found.correlation(2, 3):.1f}" == "0.3"
    assert [one.u for one in found.results[1:]] == pytest.approx([0.30, 0.05, 0.05])


def test_what_p_and_t_share_takes_something_off_as_t_counts_against_p():
    apart, shared = joined(PARTS), joined(PARTS, {("e_p", "e_T"): 0.3})
    assert apart.results[0].u ** 2 - shared.results[0].u ** 2 == pytest.approx(2 * 0.3 * 0.05**2)


def test_parts_of_another_name_or_unit_are_refused():
    with pytest.raises(ParameterError, match="the parts are e_V, e_p, e_T, e_Z"):
        joined([Input.normal("e_q", 0.0, "%", 0.1)])
    with pytest.raises(ParameterError, match="all in one unit"):
        joined([PARTS[0], Input.normal("e_p", 0.0, "1", 0.1)])


def test_factors_of_joint_regions():
    """χ² at 95 %: 1.960, 2.448, 2.795, 3.080."""
    assert [f"{region_factor(n, math.inf, 0.95):.3f}" for n in (1, 2, 3, 4)] == [
        "1.960",
        "2.448",
        "2.795",
        "3.080",
    ]


def meter(*errors):
    flows = tuple(f"{10 * n}" for n in range(1, len(errors) + 1))
    table = Table(
        columns=(
            Column(ref_types=("basic_referenceValue",), unit="m3/h", values=flows),
            Column(
                ref_types=("basic_measurementError",),
                unit="%",
                values=errors,
                uncertainty=Uncertainty(expanded=("0.6",), k=("2",), p=("0.95",)),
            ),
        )
    )
    told = Certified(Text.plain("gas meter"), ((Text.plain("error"), table),))
    return Certificate(certificate(told, DruckPace, "M-1", Text.plain("owner"), "M-1", date(2026, 1, 1)))


def test_a_meters_error_comes_from_its_certificate():
    part = meter_error(meter("0.2", "-0.4"), 20.0)
    assert (part.symbol, part.value, part.unit) == ("e_V", -0.4, "%")
    assert part.u == pytest.approx(0.3)
    assert joined([part, *PARTS[1:]], {("e_p", "e_T"): 0.3}).results[0].u == pytest.approx(0.3058, abs=5e-5)
    with pytest.raises(CertificateRefused):
        meter_error(meter("0.2", "-0.4"), 40.0)


def shown(conversion, digits=None):
    for t, p in [(-10.0, 2e5), (20.0, 6e5), (50.0, 1e6)]:
        c = conversion.factor(t, p)
        yield ShownTogether(t, p, float(f"{c:.{digits - 1}e}") if digits else c)


@pytest.mark.parametrize(
    ("conversion", "digits", "said"),
    [
        (Conversion(CHINA, AMARILLO.compression("ideal")), None, "as if it computed by ideal"),
        (Conversion(CHINA, AMARILLO.compression("AGA8 DETAIL")), 4, "rounded to 4 significant digits"),
        (
            Conversion(BASES["15 °C, 101.325 kPa"], AMARILLO.compression("AGA8 DETAIL")),
            None,
            "base conditions were 15 °C, 101.325 kPa",
        ),
        (
            Conversion(BASES["0 °C, 101.325 kPa"], AMARILLO.compression("AGA8 DETAIL")),
            None,
            "base conditions were 0 °C",
        ),
    ],
    ids=["another method", "rounding", "15 °C", "0 °C"],
)
def test_what_is_wrong_with_a_calculator_is_named(conversion, digits, said):
    why = explained(list(shown(conversion, digits)), AMARILLO, "AGA8 DETAIL", CHINA, 2e-4)
    assert why is not None
    assert said in why.get("en")


def test_what_nothing_explains_is_left_unexplained():
    crooked = [ShownTogether(one.t, one.p, 1.004 * one.factor) for one in
               shown(Conversion(CHINA, AMARILLO.compression("AGA8 DETAIL")))]  # fmt: skip
    assert explained(crooked, AMARILLO, "AGA8 DETAIL", CHINA, 2e-4) is None


def test_a_method_without_what_it_takes_is_refused():
    with pytest.raises(ParameterError, match="takes the gas's composition"):
        Programmed({}).compression("GERG-2008")
    with pytest.raises(ParameterError, match="SGERG-88 takes calorific_value"):
        Programmed(COMPOSITION).compression("SGERG-88")
