"""Numbers and names that say which one is meant: how they are compared, and which are refused.

Two that a person reads as one are one: they must not differ by case, blanks, width, the kind of dash
or digit, letters that look alike, or characters that nobody sees (Unicode UTS 39).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories without a glyph: controls, zero-width and bidirectional marks, what is unassigned."""

_IGNORED = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What is shown as nothing, and yet is a letter or a mark by its category."""

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Embeddings, overrides and isolates of the direction that is written in (Unicode UAX 9)."""

ALIKE = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "DESERET"})
"""Scripts that have letters in common, as far as eyes can tell."""


def comparable(text: str) -> str:
    """Return what an identifier is compared by; the same for all that look the same."""
    if text.isascii() and text.isprintable():
        return "".join(text.split()).casefold()
    plain = "".join(map(_plain, unicodedata.normalize("NFKC", text)))
    return "".join(unicodedata.normalize("NFKC", plain).split()).casefold()


def same(one: str, other: str) -> bool:
    """Tell whether two identifiers are one to whoever reads them."""
    return comparable(one) == comparable(other)


def among(one: str, others: Iterable[str]) -> bool:
    """Tell whether an identifier is one of others."""
    wanted = comparable(one)
    return any(comparable(other) == wanted for other in others)


def disguise(text: str) -> str | None:
    """Return why an identifier is not to be believed: it shows another one than it is. None if it may be."""
    if text.isascii() and text.isprintable():
        return None
    for letter in text:
        if _hidden(letter):
            return f"{text!r} has the character U+{ord(letter):04X}, which nobody sees"
    from confusable_homoglyphs.categories import unique_aliases

    scripts = unique_aliases(text) & ALIKE
    if len(scripts) > 1 and any(_look_alike(letter) for letter in text):
        return f"{text!a} mixes letters that look alike, of {', '.join(sorted(scripts)).title()}"
    return None


def turned(text: str) -> str | None:
    """Return why words are not to be believed: they are shown in another order than they stand in."""
    found = _TURNING.search(text)
    return found and f"{text!r} has the character U+{ord(found[0]):04X}, which nobody sees"


def _hidden(letter: str) -> bool:
    return unicodedata.category(letter) in HIDDEN or _IGNORED.match(letter) is not None


def _plain(letter: str) -> str:
    """Return a letter as it is compared; nothing for what nobody sees."""
    if letter.isascii() and letter.isprintable():
        return letter
    if _hidden(letter):
        return " " if letter in "\t\n\r" else ""
    category = unicodedata.category(letter)
    if category == "Nd":
        return str(unicodedata.digit(letter))
    return "-" if category == "Pd" else _look_alike(letter) or letter


def _look_alike(letter: str) -> str | None:
    """Return the Latin letter that one of another script looks like; None if it looks like none."""
    if letter.isascii():
        return None
    from confusable_homoglyphs.confusables import is_confusable

    for found in is_confusable(letter, greedy=True, preferred_aliases=["latin"]) or ():
        for other in found["homoglyphs"]:
            if len(other["c"]) == 1 and other["c"].isascii():
                return str(other["c"])
    return None
