"""What prefixes and units are called: in the short notation, in D-SI, and by pint."""

from __future__ import annotations

WHOLE_UNITS = {"%RH": "%", "%rh": "%", "% RH": "%", "rpm": "1/min"}
"""Whole units under another spelling."""

SYMBOLS = {"degC": "°C", "℃": "°C", "ºC": "°C", "l": "L", "Ohm": "Ω", "ohm": "Ω", "\u2126": "Ω"}
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

ONE_WORD = {("kilo", "gram"): "kilogram", ("deci", "bel"): "decibel"}
"""Prefix and unit that D-SI has one word for, too."""

LEVELS = (
    "level_decibel = [level]",
    "level_bel = 10 * level_decibel",
    "level_neper = 8.68588963806503655302 * level_decibel",
)
"""Levels are of a kind of their own, for the ratio behind one is not told by its unit (ISO 80000-3).

pint's own would turn a difference of levels into a ratio. One neper is 20 lg e decibels.
"""

AMBIGUOUS = {"ft": "foot", "pt": "pint", "at": "technical atmosphere", "qt": "quart", "PS": "horsepower"}
"""Symbols that would be a prefix and a unit, and mean something else to whoever writes them."""

UNPREFIXED = {
    "1": ("one", "dimensionless"),
    "%": ("percent", "percent"),
    "ppm": ("ppm", "ppm"),
    "kg": ("kilogram", "kilogram"),
    "min": ("minute", "minute"),
    "h": ("hour", "hour"),
    "d": ("day", "day"),
    "°C": ("degreecelsius", "degree_Celsius"),
    "°": ("degree", "degree"),
    "′": ("arcminute", "arcminute"),
    "″": ("arcsecond", "arcsecond"),
    "ha": ("hectare", "hectare"),
    "au": ("astronomicalunit", "astronomical_unit"),
    "dB": ("decibel", "level_decibel"),
    "B": ("bel", "level_bel"),
    "kn": ("knot", "knot"),
    "nmi": ("nauticalmile", "nautical_mile"),
    "Å": ("angstrom", "angstrom"),
    "mmHg": ("mmHg", "millimeter_Hg"),
}
"""Symbol → name in D-SI and name in pint, for the units D-SI allows no prefix."""

PREFIXED = {
    "m": ("metre", "meter"),
    "s": ("second", "second"),
    "g": ("gram", "gram"),
    "t": ("tonne", "metric_ton"),
    "L": ("litre", "liter"),
    "K": ("kelvin", "kelvin"),
    "A": ("ampere", "ampere"),
    "mol": ("mole", "mole"),
    "cd": ("candela", "candela"),
    "rad": ("radian", "radian"),
    "Pa": ("pascal", "pascal"),
    "bar": ("bar", "bar"),
    "N": ("newton", "newton"),
    "J": ("joule", "joule"),
    "W": ("watt", "watt"),
    "V": ("volt", "volt"),
    "Ω": ("ohm", "ohm"),
    "S": ("siemens", "siemens"),
    "C": ("coulomb", "coulomb"),
    "F": ("farad", "farad"),
    "H": ("henry", "henry"),
    "T": ("tesla", "tesla"),
    "Wb": ("weber", "weber"),
    "Hz": ("hertz", "hertz"),
    "lm": ("lumen", "lumen"),
    "lx": ("lux", "lux"),
    "sr": ("steradian", "steradian"),
    "Bq": ("becquerel", "becquerel"),
    "Gy": ("gray", "gray"),
    "Sv": ("sievert", "sievert"),
    "kat": ("katal", "katal"),
    "eV": ("electronvolt", "electron_volt"),
    "Da": ("dalton", "dalton"),
    "barn": ("barn", "barn"),
    "Np": ("neper", "level_neper"),
    "bit": ("bit", "bit"),
    "byte": ("byte", "byte"),
}
"""Symbol → name in D-SI and name in pint, for the units that take a prefix."""
