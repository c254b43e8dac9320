"""What a verification found, in Chinese as far as its sentences are known; what is quoted stays as it is."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from remotecal.sayings import Sayings

if TYPE_CHECKING:
    from remotecal.verify.report import Check

Language = Literal["zh", "en"]
CATALOGUE: Final = Path(__file__).parent / "said_zh.toml"
WORDS: Final = Path(__file__).parents[1] / "pages" / "words" / "zh.toml"
"""What facts of a rig are called, under `fact`."""
FACT: Final = "{name} {value}, U = {u} ({why})"
"""What is said of one, whatever it is called."""


class CheckShown(NamedTuple):
    """A check as it is shown."""

    name: str
    """What was examined."""
    found: str
    """What was found, or why it failed or could not be done."""
    name_in: Language
    """The language of the name."""
    found_in: Language
    """The language of what was found."""


def said(check: Check, language: Language) -> CheckShown:
    """Return a check in a language, or in English where nobody put it otherwise."""
    if language == "en":
        return CheckShown(check.name, check.said, "en", "en")
    names, sentences = catalogue()
    called = check.name.lstrip(" ")  # how far down the chain it is
    name, found = names.of(called), sentences.of(check.said)
    return CheckShown(
        check.name if name is None else check.name.removesuffix(called) + name,
        check.said if found is None else found,
        "en" if name is None else language,
        "en" if found is None else language,
    )


@cache
def catalogue() -> tuple[Sayings, Sayings]:
    """Return the names of checks, and what they find, by what both are in English."""
    told = _told()
    return Sayings(told["names"]), Sayings(told["found"])


def checks_and_findings() -> dict[str, str]:
    """Return names of checks and what they find, by what both are in English: a refusal may quote them."""
    told = _told()
    return told["names"] | told["found"]


def _told() -> dict[str, dict[str, str]]:
    told = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    for fact, called in tomllib.loads(WORDS.read_text(encoding="utf-8"))["fact"].items():
        sentence = FACT.replace("{name}", fact.replace("_", " "))
        told["found"][sentence] = told["found"][FACT].replace("{name}", called)
    return told
