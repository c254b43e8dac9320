"""What prefixes and units are called, in the short notation and in D-SI, and what each is worth."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

WHOLE_UNITS = {"%RH": "%", "%rh": "%", "% RH": "%", "rpm": "1/min", "r/min": "1/min"} | {
    prefix + written: prefix + meant
    for written, meant in (
        ("VA", "V*A"),
        ("VAh", "V*A*h"),
        ("varh", "var*h"),
        ("Wh", "W*h"),
        ("Ah", "A*h"),
        ("Nm", "N*m"),
    )
    for prefix in ("", "µ", "m", "k", "M", "G", "T")
}
"""Whole units under another spelling; a product of units is written with its sign."""

SYMBOLS = {
    "degC": "°C",
    "℃": "°C",
    "ºC": "°C",
    "l": "L",
    "Ohm": "Ω",
    "ohm": "Ω",
    "\u2126": "Ω",
    "torr": "Torr",
    "mmHg(0°C)": "mmHg",
    "inHg(0°C)": "inHg",
    "inHg(32°F)": "inHg",
    "inH2O(39°F)": "inH2O(4°C)",
}
"""Single symbols under another spelling."""

PREFIXES = {
    "q": "quecto",
    "r": "ronto",
    "y": "yocto",
    "z": "zepto",
    "a": "atto",
    "f": "femto",
    "p": "pico",
    "n": "nano",
    "u": "micro",
    "µ": "micro",
    "\u03bc": "micro",
    "m": "milli",
    "c": "centi",
    "d": "deci",
    "da": "deca",
    "h": "hecto",
    "k": "kilo",
    "M": "mega",
    "G": "giga",
    "T": "tera",
    "P": "peta",
    "E": "exa",
    "Z": "zetta",
    "Y": "yotta",
    "R": "ronna",
    "Q": "quetta",
}
"""Prefixes by symbol; micro is read in three spellings and written µ (U+00B5)."""

BINARY = {
    f"{symbol}i": f"{name}bi"
    for symbol, name in zip("KMGTPEZY", ("ki", "me", "gi", "te", "pe", "ex", "ze", "yo"), strict=True)
}
"""Prefixes of bits and bytes alone (IEC 80000-13)."""

_THOUSANDS = (
    *("quecto", "ronto", "yocto", "zepto", "atto", "femto", "pico", "nano", "micro", "milli"),
    *("", "kilo", "mega", "giga", "tera", "peta", "exa", "zetta", "yotta", "ronna", "quetta"),
)

MULTIPLES = (
    {name: Fraction(1000) ** n for n, name in enumerate(_THOUSANDS, -10)}
    | {"centi": Fraction(1, 100), "deci": Fraction(1, 10), "deca": Fraction(10), "hecto": Fraction(100)}
    | {name: Fraction(1024) ** n for n, name in enumerate(BINARY.values(), 1)}
)
"""How much each prefix is, by its name in D-SI; none is 1 (SI brochure, table 7)."""

ONE_WORD = {("kilo", "gram"): "kilogram", ("deci", "bel"): "decibel"}
"""Prefix and unit that D-SI has one word for, too."""

ANGLES = frozenset({"radian", "degree", "arcminute", "arcsecond"})
"""Units of plane angle, by their names in D-SI."""

AMBIGUOUS = frozenset({"ft", "pt", "at", "qt", "PS"})
"""Symbols that would be a prefix and a unit, and mean something else to whoever writes them."""

OUTSIDE = {
    "at": ("technical atmosphere", "98.0665 kPa"),
    "gpm": ("US gallon per minute", "3.785412 L/min"),
    "GPM": ("US gallon per minute", "3.785412 L/min"),
    "cfm": ("cubic foot per minute", "1.699011 m3/h"),
    "CFM": ("cubic foot per minute", "1.699011 m3/h"),
    "gal": ("US gallon", "3.785412 L"),
    "pt": ("US liquid pint", "0.4731765 L"),
    "qt": ("US liquid quart", "0.9463529 L"),
    "in": ("inch", "25.4 mm"),
    "ft": ("foot", "0.3048 m"),
    "yd": ("yard", "0.9144 m"),
    "mi": ("mile", "1.609344 km"),
    "lb": ("pound", "0.45359237 kg"),
    "lbs": ("pound", "0.45359237 kg"),
    "oz": ("ounce", "28.34952 g"),
    "BTU": ("British thermal unit (IT)", "1.055056 kJ"),
    "cal": ("calorie (IT)", "4.1868 J"),
    "hp": ("horsepower", "745.6999 W"),
    "PS": ("metric horsepower", "735.4988 W"),
    "cP": ("centipoise", "1 mPa*s"),
    "cSt": ("centistokes", "1 mm2/s"),
}
"""Symbols that are refused: name, and what one of them is (NIST SP 811, B.8)."""

IN_THE_NAME = {
    "psia": "the unit is psi; that it is absolute",
    "psig": "the unit is psi; that it is gauge pressure",
    "bara": "the unit is bar; that it is absolute",
    "barg": "the unit is bar; that it is gauge pressure",
    "slm": "the unit is L/min; that it is at standard conditions, and at which,",
    "slpm": "the unit is L/min; that it is at standard conditions, and at which,",
    "SLPM": "the unit is L/min; that it is at standard conditions, and at which,",
    "sccm": "the unit is mL/min; that it is at standard conditions, and at which,",
    "Nm": "the unit is m3; that it is at normal conditions, and at which,",
    "dBA": "the unit is dB(20µPa); the weighting",
    "dB(A)": "the unit is dB(20µPa); the weighting",
    "dB(C)": "the unit is dB(20µPa); the weighting",
    "dBc": "the unit is dB; that it is relative to the carrier",
    "dBFS": "the unit is dB; that it is relative to full scale",
}
"""What is no unit but says something of the quantity, which belongs into the quantity's name."""


class Worth(NamedTuple):
    """What a unit is called, and what one of it is."""

    name: str
    """In D-SI, or in words where D-SI has no notation for it."""
    factor: Fraction | int
    """How many `unit` one of it is, exactly."""
    unit: str
    """A unit that D-SI has; what nothing simpler is worth gives itself."""


_G = Fraction("9.80665")
"""Standard acceleration of gravity, m/s² (CGPM 1901)."""

_POUND_FORCE = Fraction("0.45359237") * _G
"""In newtons; the pound is exact since 1959."""

_INCH = Fraction("25.4")
"""In millimetres."""

_MERCURY = Fraction("13.5951") * _G
"""Of a millimetre of mercury, in pascals."""

_PI = Fraction("3.1415926535897932384626433832795028841971693993751")

CUSTOMARY = {
    "psi": Worth("pound-force per square inch", _POUND_FORCE / _INCH**2 * 1000, "kPa"),
    "inHg": Worth("conventional inch of mercury (0 °C)", _INCH * _MERCURY / 1000, "kPa"),
    "inHg(60°F)": Worth("inch of mercury at 60 °F", Fraction("3.37685"), "kPa"),
    "mmH2O": Worth("conventional millimetre of water", _G, "Pa"),
    "cmH2O": Worth("conventional centimetre of water", _G * 10, "Pa"),
    "mH2O": Worth("conventional metre of water", _G, "kPa"),
    "inH2O": Worth("conventional inch of water", _INCH * _G, "Pa"),
    "mmH2O(4°C)": Worth("millimetre of water at 4 °C", Fraction("0.999972") * _G, "Pa"),
    "cmH2O(4°C)": Worth("centimetre of water at 4 °C", Fraction("9.99972") * _G, "Pa"),
    "inH2O(4°C)": Worth("inch of water at 4 °C", _INCH * Fraction("0.999972") * _G, "Pa"),
    "inH2O(60°F)": Worth("inch of water at 60 °F", Fraction("248.84"), "Pa"),
    "Torr": Worth("torr, 1/760 of the standard atmosphere", Fraction(101325, 760), "Pa"),
    "atm": Worth("standard atmosphere", Fraction("101.325"), "kPa"),
    "kgf": Worth("kilogram-force", _G, "N"),
    "lbf": Worth("pound-force", _POUND_FORCE, "N"),
    "var": Worth("var, the volt ampere of reactive power", Fraction(1), "V*A"),
    "ppb": Worth("part per billion, 10⁻⁹", Fraction(1, 1000), "ppm"),
}
"""Units that gauges and meters show and D-SI has no notation for.

Factors by NIST SP 811 (2008), B.8: columns are of a conventional density, 13.5951 g/cm3 for mercury and
1 g/cm3 for water, unless a temperature is given; those at 60 °F are known to the digits printed there.
The var is IEC's (IEC 80000-6).
"""

CUSTOMARY_PREFIXED = frozenset({"Torr", "var"})
"""Those that take a prefix."""

ONE_UNIT = {"N/cm2": ("kPa", 10), "N/m2": ("Pa", 1), "N/mm2": ("MPa", 1)}
"""What a force over an area is in one unit, and how many of it."""

UNCERTAIN_COLUMNS = frozenset({"inHg", "mmH2O", "cmH2O", "mH2O", "inH2O"})
"""Columns that others may write for another temperature: up to 0.3 % apart."""

LEVEL_REFERENCES = {
    "dBm": "dB(1mW)",
    "dBW": "dB(1W)",
    "dBV": "dB(1V)",
    "dBmV": "dB(1mV)",
    "dBµV": "dB(1µV)",
    "dBµV/m": "dB(1µV/m)",
}
"""Levels with a reference by their short names (IEC 60027-3, annex A)."""

OF_POWER = ("W", "W/m2", "J", "J/m2", "Pa2*s")
"""References of levels of a power quantity: L = 10 lg(P/P_0) dB (ISO 80000-1, annex C)."""

OF_ROOT_POWER = ("V", "A", "Pa", "m", "m/s", "m/s2", "N", "V/m", "A/m", "T")
"""References of levels of a root-power quantity, whose square is like a power: L = 20 lg(F/F_0) dB."""

UNPREFIXED = {
    "1": Worth("one", 1, "1"),
    "%": Worth("percent", Fraction(1, 100), "1"),
    "ppm": Worth("ppm", Fraction(1, 10**6), "1"),
    "kg": Worth("kilogram", 1, "kg"),
    "min": Worth("minute", 60, "s"),
    "h": Worth("hour", 3600, "s"),
    "d": Worth("day", 86400, "s"),
    "°C": Worth("degreecelsius", 1, "K"),
    "°": Worth("degree", _PI / 180, "rad"),
    "′": Worth("arcminute", _PI / 180 / 60, "rad"),
    "″": Worth("arcsecond", _PI / 180 / 3600, "rad"),
    "ha": Worth("hectare", 10**4, "m2"),
    "au": Worth("astronomicalunit", 149_597_870_700, "m"),
    "dB": Worth("decibel", 1, "dB"),
    "B": Worth("bel", 10, "dB"),
    "kn": Worth("knot", Fraction(1852, 3600), "m/s"),
    "nmi": Worth("nauticalmile", 1852, "m"),
    "Å": Worth("angstrom", Fraction(1, 10**10), "m"),
    "mmHg": Worth("mmHg", _MERCURY, "Pa"),
}
"""Symbol → what it is, for the units D-SI allows no prefix (SI brochure, tables 2, 4, 5 and 8)."""

PREFIXED = {
    "m": Worth("metre", 1, "m"),
    "s": Worth("second", 1, "s"),
    "g": Worth("gram", Fraction(1, 1000), "kg"),
    "t": Worth("tonne", 1000, "kg"),
    "L": Worth("litre", Fraction(1, 1000), "m3"),
    "K": Worth("kelvin", 1, "K"),
    "A": Worth("ampere", 1, "A"),
    "mol": Worth("mole", 1, "mol"),
    "cd": Worth("candela", 1, "cd"),
    "rad": Worth("radian", 1, "1"),
    "Pa": Worth("pascal", 1, "N/m2"),
    "bar": Worth("bar", 10**5, "Pa"),
    "N": Worth("newton", 1, "kg*m/s2"),
    "J": Worth("joule", 1, "N*m"),
    "W": Worth("watt", 1, "J/s"),
    "V": Worth("volt", 1, "W/A"),
    "Ω": Worth("ohm", 1, "V/A"),
    "S": Worth("siemens", 1, "A/V"),
    "C": Worth("coulomb", 1, "A*s"),
    "F": Worth("farad", 1, "C/V"),
    "H": Worth("henry", 1, "Wb/A"),
    "T": Worth("tesla", 1, "Wb/m2"),
    "Wb": Worth("weber", 1, "V*s"),
    "Hz": Worth("hertz", 1, "1/s"),
    "lm": Worth("lumen", 1, "cd*sr"),
    "lx": Worth("lux", 1, "lm/m2"),
    "sr": Worth("steradian", 1, "1"),
    "Bq": Worth("becquerel", 1, "1/s"),
    "Gy": Worth("gray", 1, "J/kg"),
    "Sv": Worth("sievert", 1, "J/kg"),
    "kat": Worth("katal", 1, "mol/s"),
    "eV": Worth("electronvolt", Fraction("1.602176634e-19"), "J"),
    "Da": Worth("dalton", Fraction("1.66053906892e-27"), "kg"),
    "barn": Worth("barn", Fraction(1, 10**28), "m2"),
    "Np": Worth("neper", Fraction("8.68588963806503655302"), "dB"),
    "bit": Worth("bit", 1, "1"),
    "byte": Worth("byte", 8, "bit"),
}
"""Symbol → what it is, for the units that take a prefix. The dalton is measured (CODATA 2022).

Levels are of a kind of their own, for the ratio behind one is not told by its unit (ISO 80000-3), and one
neper is 20 lg e decibels. An angle is a ratio of lengths, and a bit a number.
"""
