"""Units in the short notation, in D-SI, and converted."""

import itertools
import re
from fractions import Fraction

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remotecal import unit_names, units
from remotecal.errors import UnitError
from remotecal.unit_names import OUTSIDE


@pytest.mark.parametrize(
    ("unit", "dsi"),
    [
        ("m3/h", r"\metre\tothe{3}\hour\tothe{-1}"),
        ("L/min", r"\litre\minute\tothe{-1}"),
        ("1/m3", r"\metre\tothe{-3}"),
        ("kg/m3", r"\kilogram\metre\tothe{-3}"),
        ("kPa", r"\kilo\pascal"),
        ("hPa", r"\hecto\pascal"),
        ("mA", r"\milli\ampere"),
        ("g", r"\gram"),
        ("Hz", r"\hertz"),
        ("°C", r"\degreecelsius"),
        ("K", r"\kelvin"),
        ("%", r"\percent"),
        ("1", r"\one"),
        ("V/Hz^1_2", r"\volt\hertz\tothe{-1_2}"),
        ("pF", r"\pico\farad"),
        ("daN", r"\deca\newton"),
        ("dB", r"\decibel"),
        ("Np/m", r"\neper\metre\tothe{-1}"),
        ("keV", r"\kilo\electronvolt"),
        ("″", r"\arcsecond"),
        ("mSv/h", r"\milli\sievert\hour\tothe{-1}"),
        ("MBq/g", r"\mega\becquerel\gram\tothe{-1}"),
        ("mmHg", r"\mmHg"),
        ("Kibyte", r"\kibi\byte"),
        ("W/m*K", r"\watt\metre\tothe{-1}\kelvin"),
    ],
)
def test_short_notation_and_dsi_translate_both_ways(unit: str, dsi: str) -> None:
    assert units.to_dsi(unit) == dsi
    assert units.from_dsi(dsi) == unit


@pytest.mark.parametrize(
    ("spelling", "unit"),
    [
        ("m³/h", "m3/h"),
        ("m^3/h", "m3/h"),
        ("l/min", "L/min"),
        ("m-3", "1/m3"),
        ("degC", "°C"),
        ("%RH", "%"),
        ("rpm", "1/min"),
        ("um", "µm"),
        ("kOhm", "kΩ"),
    ],
)
def test_other_spellings_are_brought_to_one(spelling: str, unit: str) -> None:
    assert units.normal(spelling) == unit


@pytest.mark.parametrize(
    ("dirty", "unit"),
    [
        (r"\degreeCelsius", "°C"),
        (r"\metre\tothe{3}\per\hour", "m3/h"),
        (r"\watt\per\metre\kelvin", "W/m/K"),
        (r"\metre\tothe{0.5}", "m^1_2"),
        (r"\kilo\gram", "kg"),
        (r"\deci\bel", "dB"),
        (r"\per\degreecelsius", "1/°C"),
        (r"\per\metre\tothe{3}", "1/m3"),
        (r" \one ", "1"),
        ("%", "%"),
        ("kN", "kN"),
    ],
)
def test_what_real_certificates_contain_is_read(dirty: str, unit: str) -> None:
    assert units.from_dsi(dirty) == unit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "|furlong",
        "|kPa",
        "|inH2O",
        "\\",
        r"\foo",
        r"\kilo",
        r"\kilo\percent",
        r"\per",
        r"\per\per\hour",
        r"\kilo\decibel",
        r"\kibi\metre",
        "ft",
        "PS",
        "pH",
        r"\metre\per",
        r"\metre\per\second\per\second",
        r"\metre\tothe{}",
        r"\metre\tothe{x}",
        r"\metre\tothe{0}",
        r"\metre\tothe{2}\tothe{2}",
        r"\metre\tothe{1_0}",
        r"\metre x",
        "furlong",
    ],
)
def test_a_unit_that_would_need_guessing_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        units.from_dsi(text)


def test_an_unknown_unit_gets_a_hint() -> None:
    with pytest.raises(UnitError, match="did you mean m3/h"):
        units.check("M3/h")
    with pytest.raises(UnitError, match="units are written like"):
        units.check("")


@pytest.mark.parametrize(
    ("unit", "shown"),
    [("m3/h", "m³/h"), ("1/m3", "m⁻³"), ("W/m*K", "W/m·K"), ("kg/m3", "kg/m³"), ("°C", "°C"), ("1", "1")],
)
def test_units_are_printed_with_superscripts(unit: str, shown: str) -> None:
    assert units.symbol(unit) == shown


def test_values_and_differences_convert() -> None:
    assert units.convert(3.6, "m3/h", "L/min") == pytest.approx(60, rel=1e-15)
    assert units.convert(20.0, "°C", "K") == 293.15
    assert units.convert(1013.25, "hPa", "kPa") == pytest.approx(101.325, rel=1e-15)
    assert units.convert(50.0, "%", "1") == 0.5
    assert units.scale("°C", "K") == 1.0
    assert units.scale("1/°C", "1/K") == 1.0


def test_a_conversion_between_dimensions_is_refused() -> None:
    assert not units.same_dimension("kg", "m3")
    assert units.same_dimension("%", "1")
    with pytest.raises(UnitError, match="kg can't be converted to m3"):
        units.convert(1.0, "kg", "m3")
    with pytest.raises(UnitError):
        units.same_dimension("foo", "foo")


SYMBOLS = st.sampled_from(["m", "s", "kg", "mL", "K", "kPa", "µA", "Hz", "°C", "%", "min", "Ω"])
FACTORS = st.lists(
    st.tuples(st.sampled_from("*/"), SYMBOLS, st.sampled_from(["", "2", "3", "^1_2"])), min_size=1, max_size=4
)


@given(FACTORS)
def test_every_unit_survives_the_journey_through_dsi(factors: list[tuple[str, str, str]]) -> None:
    text = "1" + "".join(sign + symbol + power for sign, symbol, power in factors)
    unit = units.normal(text)
    assert units.normal(unit) == unit
    assert units.from_dsi(units.to_dsi(unit)) == unit


@given(st.text(alphabet=r"\{}_-10mkgtohepr/*^%°", max_size=24))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        unit = units.from_dsi(text)
    except UnitError:
        return
    assert units.from_dsi(units.to_dsi(unit)) == unit


PINT = {
    "1": "dimensionless",
    "%": "percent",
    "°C": "degree_Celsius",
    "′": "arcminute",
    "″": "arcsecond",
    "°": "degree",
    "ha": "hectare",
    "au": "astronomical_unit",
    "kn": "knot",
    "nmi": "nautical_mile",
    "Å": "angstrom",
    "mmHg": "millimeter_Hg",
    "t": "metric_ton",
    "dB": "level_decibel",
    "B": "level_bel",
    "Np": "level_neper",
}
"""What pint calls units whose symbols it does not take, or takes for something else."""

NAMED = [*unit_names.UNPREFIXED, *unit_names.PREFIXED]


@pytest.fixture(scope="module")
def registry():
    """pint, counting in exact fractions; its own decibels would turn a difference into a ratio."""
    made = pint.UnitRegistry(non_int_type=Fraction)
    for definition in (
        "level_decibel = [level]",
        "level_bel = 10 * level_decibel",
        "level_neper = 8.68588963806503655302 * level_decibel",
    ):
        made.define(definition)
    return made


def by_pint(registry, unit):
    """Return a unit of the short notation as pint has it; within a compound a °C is an interval."""
    if unit in PINT:
        return registry.Unit(PINT[unit])
    made = registry.Unit("dimensionless")
    for sign, symbol, power in re.findall(r"([*/]|^)([^\d*/]+|1)(\d?)", unit):
        name = "kelvin" if symbol == "°C" else PINT.get(symbol, symbol)
        made *= registry.Unit(name) ** (int(power or 1) * (-1 if sign == "/" else 1))
    return made


@pytest.mark.parametrize("unit", NAMED)
def test_every_unit_is_worth_what_pint_knows(registry, unit):
    """To the last bit: pint counts in the same fractions, from definitions of its own."""
    one = by_pint(registry, unit)
    for other in NAMED:
        two = by_pint(registry, other)
        assert units.same_dimension(unit, other) == (one.dimensionality == two.dimensionality), other
        if units.same_dimension(unit, other):
            at_0, at_1 = (Fraction(registry.Quantity(Fraction(n), one).to(two).magnitude) for n in (0, 1))
            assert units.convert(0.0, unit, other) == float(at_0), other
            assert units.scale(unit, other) == float(at_1 - at_0), other


COMPOUNDS = ["m", "s", "kg", "mL", "K", "kPa", "µA", "Hz", "°C", "min", "kΩ", "mV", "J", "lm", "mT", "h", "N"]
PRODUCTS = st.lists(
    st.tuples(st.sampled_from("*/"), st.sampled_from(COMPOUNDS), st.sampled_from(["", "2", "3"])),
    min_size=2,
    max_size=4,
).map(lambda parts: "1" + "".join(map("".join, parts)))


@given(PRODUCTS)
def test_products_of_units_are_worth_what_pint_knows(registry, unit):
    one = by_pint(registry, unit)
    for other in ("kg*m2/s3/A2", "1/s", "Pa*s", "m3/h", f"{unit}*km/m", f"{unit}*µs/h"):
        two = by_pint(registry, other)
        assert units.same_dimension(unit, other) == (one.dimensionality == two.dimensionality)
        if units.same_dimension(unit, other):
            assert units.scale(unit, other) == float(registry.Quantity(Fraction(1), one).to(two).magnitude)


def test_roots_of_units_are_taken_to_the_last_digit():
    assert units.scale("m^1_2", "mm^1_2") == 1000**0.5
    assert units.scale("V/kHz^1_2", "mV/Hz^1_2") == 1000 / 1000**0.5
    assert units.scale("L^1_3", "dm") == 1.0
    assert units.scale("m^3_2", "cm^3_2") == 1000.0


def test_levels_are_no_ratios() -> None:
    assert units.convert(30.0, "dB", "B") == 3.0
    assert units.scale("Np", "dB") == pytest.approx(8.685889638, rel=1e-9)
    assert not units.same_dimension("dB", "1")
    with pytest.raises(UnitError, match="may be meant as the foot"):
        units.check("ft")


@pytest.mark.parametrize("prefix", unit_names.PREFIXES.values())
def test_every_prefix_is_its_power_of_ten(prefix: str) -> None:
    unit = units.from_dsi(f"\\{prefix}\\metre")
    powers = {"micro": -6, "deca": 1, "hecto": 2, "deci": -1, "centi": -2, "milli": -3, "kilo": 3}
    names = ["mega", "giga", "tera", "peta", "exa", "zetta", "yotta", "ronna", "quetta"]
    small = ["micro", "nano", "pico", "femto", "atto", "zepto", "yocto", "ronto", "quecto"]
    powers |= {name: 3 * n for n, name in enumerate(names, 2)} | {
        name: -3 * n for n, name in enumerate(small, 2)
    }
    assert units.scale(unit, "m") == float(f"1e{powers[prefix]}")


@pytest.mark.parametrize("symbol", NAMED)
def test_every_unit_is_known_to_both_notations(symbol: str) -> None:
    assert units.from_dsi(units.to_dsi(symbol)) == symbol
    assert units.same_dimension(f"{symbol}2", f"{symbol}*{symbol}")


BY_PINT = {
    "at": "technical_atmosphere",
    "gpm": "US_liquid_gallon / minute",
    "GPM": "US_liquid_gallon / minute",
    "cfm": "foot ** 3 / minute",
    "CFM": "foot ** 3 / minute",
    "gal": "US_liquid_gallon",
    "pt": "pint",
    "qt": "quart",
    "lb": "pound",
    "lbs": "pound",
    "oz": "ounce",
    "BTU": "british_thermal_unit",
    "cal": "international_calorie",
    "hp": "horsepower",
    "PS": "metric_horsepower",
    "cP": "centipoise",
    "cSt": "centistokes",
    "mi": "mile",
}
"""What pint calls the units outside the SI, where it does not take the symbol itself."""


@pytest.mark.parametrize("symbol", sorted(OUTSIDE))
def test_a_unit_outside_the_si_is_refused_with_its_factor(registry, symbol):
    name, worth = OUTSIDE[symbol]
    with pytest.raises(
        UnitError, match=rf"{re.escape(name)}, .*convert it, by 1 {symbol} = {re.escape(worth)}$"
    ):
        units.check(symbol)
    value, unit = worth.split()
    one = registry.Quantity(Fraction(1), BY_PINT.get(symbol, symbol))
    theirs = one.to(re.sub(r"m([23])", r"m**\1", unit)).magnitude
    assert float(theirs) == pytest.approx(float(value), rel=2e-6)


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("lb/in2", "1 lb = 0.45359237 kg"),
        ("ft3/min", "1 ft = 0.3048 m"),
        ("lb/min", "1 lb = 0.45359237 kg"),
        ("°F", r"to °C, by \(t - 32\)/1.8"),
    ],
)
def test_a_unit_that_holds_one_outside_the_si_says_which(unit, said):
    with pytest.raises(UnitError, match=said):
        units.check(unit)


PUBLISHED = {
    "psi": "6.894757e3 Pa",
    "inHg": "3.386389e3 Pa",
    "inHg(60°F)": "3.37685e3 Pa",
    "mmHg": "1.333224e2 Pa",
    "mmH2O": "9.80665 Pa",
    "cmH2O": "9.80665e1 Pa",
    "mH2O": "9.80665e3 Pa",
    "inH2O": "2.490889e2 Pa",
    "mmH2O(4°C)": "9.80638 Pa",
    "cmH2O(4°C)": "9.80638e1 Pa",
    "inH2O(4°C)": "2.49082e2 Pa",
    "inH2O(60°F)": "2.4884e2 Pa",
    "Torr": "1.333224e2 Pa",
    "atm": "1.01325e5 Pa",
    "kgf/cm2": "9.80665e4 Pa",
    "kgf": "9.80665 N",
    "lbf": "4.448222 N",
    "var": "1 V*A",
    "ppb": "1e-9 1",
}
"""NIST SP 811 (2008), B.8, to the digits printed there; the metre of water follows from the centimetre."""


@pytest.mark.parametrize("unit", PUBLISHED)
def test_units_outside_dsi_are_worth_what_is_published(unit: str) -> None:
    number, si = PUBLISHED[unit].split()
    digits = len(number.partition("e")[0].replace(".", ""))
    assert f"{units.scale(unit, si):.{digits}g}" == f"{float(number):.{digits}g}"


def test_every_unit_outside_dsi_is_published_somewhere() -> None:
    assert {symbol for symbol in unit_names.CUSTOMARY if symbol != "kgf"} <= set(PUBLISHED)


FURTHER = ("mTorr", "kvar", "Mvar*h", "psi/min", "dBm", "dBµV/m", "dB(20µPa)")


@pytest.mark.parametrize("unit", [*PUBLISHED, *FURTHER])
def test_a_unit_outside_dsi_is_stated_beside_one_that_d_si_has(unit: str) -> None:
    meant, factor = units.in_dsi(unit)
    if unit == "mmHg":
        assert (units.to_dsi(unit), meant, factor) == (r"\mmHg", "mmHg", 1)
        return
    assert not units.outside_dsi(meant)
    assert units.scale(unit, meant) == float(factor)
    assert units.marked(unit) == f"|{unit}"
    assert units.from_dsi(f"|{unit}", alone=False) == unit
    with pytest.raises(UnitError, match=re.escape(f"no notation for {unit}: state the value in {meant}")):
        units.to_dsi(unit)


@pytest.mark.parametrize(
    ("spelling", "unit", "shown"),
    [
        ("torr", "Torr", "Torr"),
        ("mtorr", "mTorr", "mTorr"),
        ("mmH₂O", "mmH2O", "mmH₂O"),
        ("inH2O(4°C)", "inH2O(4°C)", "inH₂O (4 °C)"),
        ("mmHg(0°C)", "mmHg", "mmHg"),
        ("kVA", "kV*A", "kV·A"),
        ("kWh", "kW*h", "kW·h"),
        ("kvarh", "kvar*h", "kvar·h"),
        ("dB re 20 µPa", "dB(20µPa)", "dB (20 µPa)"),
        ("dB (20 uPa)", "dB(20µPa)", "dB (20 µPa)"),
        ("dB(1mW)", "dBm", "dBm"),
        ("dBuV", "dBµV", "dBµV"),
        ("%*%", "%2", "%²"),
    ],
)
def test_spellings_of_units_outside_the_si(spelling: str, unit: str, shown: str) -> None:
    assert units.normal(spelling) == units.normal(unit) == unit
    assert units.symbol(unit) == shown


def test_percent_squared_needs_no_exponent_which_d_si_gives_it_none() -> None:
    assert units.to_dsi("%2") == r"\percent\percent"
    assert units.from_dsi(r"\percent\percent") == "%2"


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("psia", "the unit is psi; that it is absolute belongs into the quantity's name"),
        ("bara", "the unit is bar"),
        ("dB(A)", r"dB\(20µPa\); the weighting belongs"),
        ("SLPM", "the unit is L/min"),
        ("Nm3/h", "at normal conditions"),
        ("dBm/K", "which stands alone: its changes and differences are in dB"),
        ("dB(0Pa)", "give its reference in SI units"),
        ("dB(1psi)", "give its reference in SI units"),
        ("dB(1furlong)", "unknown"),
    ],
)
def test_what_belongs_into_a_quantitys_name_is_no_unit(unit: str, said: str) -> None:
    with pytest.raises(UnitError, match=said):
        units.check(unit)


def test_a_level_is_converted_by_its_logarithm_or_not_at_all() -> None:
    """94 dB are 1.00237 Pa and 1 Pa is 93.979 dB; 0 dBm is 1 mW, 13.0103 dBm are 20 mW."""
    assert f"{units.from_level(94.0, 'dB(20µPa)', 'Pa'):.5f}" == "1.00237"
    assert f"{units.level(1.0, 'Pa', 'dB(20µPa)'):.3f}" == "93.979"
    assert units.from_level(0.0, "dBm", "mW") == pytest.approx(1.0, rel=1e-15)
    assert f"{units.level(20.0, 'mW', 'dBm'):.4f}" == "13.0103"
    assert units.convert(13.0, "dBm", "dBW") == pytest.approx(-17.0, abs=1e-12)
    assert units.convert(0.0, "dBV", "dBµV") == pytest.approx(120.0, abs=1e-12)
    for unit, to in itertools.permutations(["dBm", "mW", "dB", "dBV", "1"], 2):
        assert not units.same_dimension(unit, to)
        with pytest.raises(UnitError, match="can't be converted"):
            units.convert(1.0, unit, to)


def test_an_uncertainty_of_a_level_is_in_decibels() -> None:
    assert units.difference("dBm") == "dB"
    assert units.scale("dBm", "dBW") == units.scale("dBm", "dB") == 1.0
    assert units.scale("dB(20µPa)", "Np") == pytest.approx(0.1151293, rel=1e-6)
    assert units.product("dBm", "dBm") == "dB2"
    with pytest.raises(UnitError):
        units.scale("dBm", "mW")


def test_a_level_of_nothing_is_refused() -> None:
    for wrong in (0.0, -1.0):
        with pytest.raises(UnitError, match="has no level"):
            units.level(wrong, "mW", "dBm")
    with pytest.raises(UnitError, match="beyond all numbers"):
        units.from_level(1e6, "dBm", "mW")
    with pytest.raises(UnitError, match="power or of its root"):
        units.level(1.0, "kg", "dB(1kg)")
    with pytest.raises(UnitError, match="no level with a reference"):
        units.from_level(1.0, "dB", "1")


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("Ω", "Ω", "Ω2"),
        ("m/s", "s", "m"),
        ("1/°C", "1/°C", "1/K2"),
        ("°C", "V", "K*V"),
        ("1", "V", "V"),
        ("psi", "psi", "psi2"),
    ],
)
def test_the_unit_of_a_covariance_is_the_product(one: str, other: str, together: str) -> None:
    assert units.product(one, other) == together
