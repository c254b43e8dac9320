import GTC
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remotecal.errors import ParameterError
from remotecal.fluids.gas import AIR, CRITICAL, MOLAR_MASSES, NITROGEN, Gas
from remotecal.uncertainty import Budget

LEAN = {"methane": 0.95, "nitrogen": 0.03, "ethane": 0.02}
fractions = st.dictionaries(st.sampled_from(list(MOLAR_MASSES)), st.floats(1e-6, 1.0), min_size=1)


def scaled(parts):
    return {each: part / sum(parts.values()) for each, part in parts.items()}


def test_what_is_water_alone_can_not_be_made_moist():
    with pytest.raises(ParameterError, match="nothing but water"):
        Gas("steam", {"water": 1.0}).moist(0.1)


def test_critical_temperatures_are_known_of_all_components():
    assert set(CRITICAL) == set(MOLAR_MASSES)
    assert AIR.pseudocritical == pytest.approx(132.5, abs=0.5)


def test_air_has_the_molar_mass_of_cipm_2007():
    assert AIR.molar_mass == pytest.approx(28.96546e-3, rel=5e-6)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"methane": 0.9, "krypton": 0.1}, "'krypton' is no component"),
        ({"methane": 1.02, "nitrogen": -0.02}, "between 0 and 1"),
        ({"methane": float("nan")}, "between 0 and 1"),
        ({"methane": 0.95, "nitrogen": 0.049}, "sum up to 1, not 0.999"),
        ({}, "sum up to 1, not 0"),
    ],
)
def test_impossible_compositions_are_refused(parts, said):
    with pytest.raises(ParameterError, match=said):
        Gas("gas", parts)


@pytest.mark.parametrize("u", [{"ethane": -1e-4}, {"ethane": float("inf")}, {"propane": 1e-4}])
def test_impossible_uncertainties_are_refused(u):
    with pytest.raises(ParameterError, match="can't have the uncertainty"):
        Gas("gas", LEAN, u)


def test_an_analysis_is_scaled_if_it_is_nearly_complete():
    gas = Gas.analysed("gas", {"methane": 0.9505, "nitrogen": 0.05})
    assert gas.fractions["methane"] == 0.9505 / 1.0005
    with pytest.raises(ParameterError, match=r"not within 0\.001 of 1"):
        Gas.analysed("gas", {"methane": 95.0, "nitrogen": 5.0})
    assert Gas.analysed("gas", {"methane": 0.97, "nitrogen": 0.01}, sum_within=0.02).name == "gas"
    for methane in (0.949, 0.951):
        assert Gas.analysed("gas", {"methane": methane, "nitrogen": 0.05}).name == "gas"
    for methane in (0.948999, 0.951001):
        with pytest.raises(ParameterError, match="sum up to"):
            Gas.analysed("gas", {"methane": methane, "nitrogen": 0.05})


@given(fractions)
def test_what_sums_to_1_is_a_gas_lighter_than_its_heaviest_component(parts):
    gas = Gas.analysed("gas", scaled(parts))
    masses = [MOLAR_MASSES[each] for each in parts]
    assert min(masses) * (1 - 1e-9) <= gas.molar_mass <= max(masses) * (1 + 1e-9)


@given(fractions, st.floats(0, 0.5))
def test_water_leaves_the_rest_in_proportion(parts, water):
    dry = {each: part for each, part in parts.items() if each != "water"} or {"argon": 1.0}
    gas = Gas.analysed("gas", scaled(dry)).moist(0.1).moist(water)
    assert gas.fractions["water"] == water
    for each, part in scaled(dry).items():
        assert gas.fractions[each] == pytest.approx(part * (1 - water), rel=1e-12)


def test_water_is_a_fraction():
    for water in (-0.01, 1.0, float("nan")):
        with pytest.raises(ParameterError, match="fraction of water"):
            AIR.moist(water)


def test_an_uncertain_fraction_takes_from_the_others():
    gas = Gas("lean gas", LEAN, {"methane": 0.001, "nitrogen": 0.0})
    assert [(each.symbol, each.value, each.u, each.source) for each in gas.inputs()] == [
        ("x_methane", 0.95, 0.001, "lean gas")
    ]
    found = Budget(lambda **x: gas.given(x).molar_mass, gas.inputs(), "kg/mol").evaluate()

    def mass(methane):
        parts = LEAN | {"methane": methane}
        return Gas("gas", scaled(parts)).molar_mass

    assert found.value == pytest.approx(mass(0.95), rel=1e-14)
    assert found.lines[0].sensitivity == pytest.approx((mass(0.951) - mass(0.949)) / 0.002, rel=1e-5)


def test_fractions_may_be_uncertain_numbers_and_draws():
    water = GTC.ureal(0.01, 0.0005)
    assert GTC.uncertainty(AIR.moist(water).molar_mass) == pytest.approx(0.0005 * 10.95e-3, rel=1e-3)
    drawn = np.random.default_rng(1).normal(1e-4, 1e-4, 1000)
    assert np.std(NITROGEN.moist(drawn).molar_mass) > 0
