"""Canonical JSON (RFC 8785): members sorted, no blanks, one way to write each number and each letter.

The standard library's encoder writes the same, in C, but for three things: a float that is whole, very small
or very large, the order of names beyond U+FFFF, and whole numbers that no double holds. Each is looked for in
what it wrote, and put right there. `rfc8785` says in a test what is right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from json import JSONEncoder
from json.encoder import encode_basestring

_IN_ORDER = JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)
_AS_GIVEN = JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))

_BEYOND = re.compile("[\U00010000-\U0010ffff]")
"""What UTF-16, by which RFC 8785 sorts, puts before U+E000 to U+FFFF."""
_WHOLE, _POWER, _LONG = (
    re.compile(pattern) for pattern in (rb"\.0[,\]}]", rb"e[+-][0-9]", rb"[:,[]-?[0-9]{16}")
)
"""Stand wherever a number may have to be written otherwise, and hardly ever elsewhere."""
_AS_ZEROS, _ZEROS = bytes.maketrans(b"123456789", b"0" * 9), b"0" * 16
"""Tell sooner than an expression that there is no long number."""
_NUMBER = r"-?[0-9.]+e[+-][0-9]+|-?[0-9]+\.0(?![0-9])|(?<![0-9.])-?[0-9]{16,}(?![0-9.e])"
_NUMBERS = re.compile(_NUMBER)
_TEXTS_OR_NUMBERS = re.compile(rf'"(?:[^"\\]|\\.)*"|{_NUMBER}')
_EXACT = 2**53 - 1
"""The largest whole number up to which doubles hold every one."""
_MANY = len("-999999999999999999999")
"""Signs of the longest whole number that ECMAScript writes without a power of ten."""


def canonical(content: Mapping[str, object] | Sequence[object]) -> bytes:
    """Return an object or an array in canonical JSON.

    Raises:
        ValueError: it holds a number that JSON can't tell exactly, or a text that is no Unicode.
        TypeError: it holds something JSON has no form for, or a name that is no text.
    """
    check_names(content)
    return as_named(content)


def as_named(content: Mapping[str, object] | Sequence[object]) -> bytes:
    """Return what is known to have texts as names, such as what was read from JSON; as `canonical`."""
    text = _IN_ORDER.encode(content)
    if not text.isascii() and _BEYOND.search(text):
        text = _AS_GIVEN.encode(_sorted(content))
    written = text.encode()
    if _ZEROS in written.translate(_AS_ZEROS) and _LONG.search(written):
        return _one_by_one(text).encode()
    return _put_right(text).encode() if _WHOLE.search(written) or _POWER.search(written) else written


def quoted(text: str) -> bytes:
    """Return a text as canonical JSON writes it (`ValueError` where it is no Unicode)."""
    return encode_basestring(text).encode()


def _put_right(text: str) -> str:
    """Return JSON without long numbers, its floats written as ECMAScript does, and its texts as they are."""
    if "\\" in text:  # it may stand before a quotation mark, which then ends no text
        return _one_by_one(text)
    parts = text.split('"')
    for place in range(0, len(parts), 2):
        between = parts[place]
        if "e" in between or ".0," in between or ".0}" in between or ".0]" in between:
            parts[place] = _NUMBERS.sub(_written, between)
    return '"'.join(parts)


def _one_by_one(text: str) -> str:
    """Return JSON with all its numbers written as ECMAScript does."""
    return _TEXTS_OR_NUMBERS.sub(_written, text)


def check_names(content: object) -> None:
    """Raise `TypeError` for names that are no texts: the encoder would write them, in another order."""
    if isinstance(content, dict):
        for name, value in content.items():
            if type(name) is not str and not isinstance(name, str):
                raise TypeError(f"{name!r} is the name of a member, and no text")
            if isinstance(value, dict | list | tuple):
                check_names(value)
    elif isinstance(content, list | tuple):
        for value in content:
            if isinstance(value, dict | list | tuple):
                check_names(value)


def _sorted(content: object) -> object:
    """Return the same with all names in the order of their UTF-16."""
    if isinstance(content, Mapping):
        in_order = sorted(content.items(), key=lambda member: str(member[0]).encode("utf-16-be"))
        return {name: _sorted(value) for name, value in in_order}
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [_sorted(value) for value in content]
    return content


def _written(found: re.Match[str]) -> str:
    """Return a number as ECMAScript writes it; a text as it is."""
    token = found[0]
    if token[0] == '"':
        return token
    digits, _, exponent = token.partition("e")
    if exponent:
        power = int(exponent)
        return f"{Decimal(token):f}" if -7 < power < 21 else f"{digits}e{power:+d}"
    if digits.endswith(".0"):
        return "0" if float(digits) == 0 else digits.removesuffix(".0")
    return _whole(token)


def _whole(token: str) -> str:
    """Return a whole number of many digits, if a double holds it and is written so (`ValueError` if not)."""
    number = int(token)
    if abs(number) <= _EXACT:
        return token
    if len(token) > _MANY or canonical([float(number)]) != f"[{token}]".encode():
        raise ValueError(f"{number} is more than a double holds exactly")
    return token
