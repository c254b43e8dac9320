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

AMBIGUOUS = frozenset({"ft", "pt", "at", "qt", "PS"})
"""Symbols that would be a prefix and a unit, and mean something else to whoever writes them."""

OUTSIDE = {
    "psi": ("pound-force per square inch", "6.894757 kPa"),
    "psia": ("pound-force per square inch, absolute", "6.894757 kPa"),
    "psig": ("pound-force per square inch, gauge", "6.894757 kPa"),
    "inHg": ("conventional inch of mercury", "3.386389 kPa"),
    "inH2O": ("conventional inch of water", "249.0889 Pa"),
    "mmH2O": ("conventional millimetre of water", "9.80665 Pa"),
    "torr": ("torr", "133.3224 Pa"),
    "Torr": ("torr", "133.3224 Pa"),
    "atm": ("standard atmosphere", "101.325 kPa"),
    "at": ("technical atmosphere", "98.0665 kPa"),
    "kgf": ("kilogram-force", "9.80665 N"),
    "lbf": ("pound-force", "4.448222 N"),
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
"""Symbols outside the SI that are met on gauges: name, and what one of them is (NIST SP 811, B.8)."""

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
