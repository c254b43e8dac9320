"""What the components of a gas are called on a certificate, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from remotecal.model import Text

_NAMES: Final[Mapping[str, str]] = {
    "methane": "甲烷",
    "nitrogen": "氮气",
    "carbon_dioxide": "二氧化碳",
    "ethane": "乙烷",
    "propane": "丙烷",
    "isobutane": "异丁烷",
    "n_butane": "正丁烷",
    "isopentane": "异戊烷",
    "n_pentane": "正戊烷",
    "hexane": "正己烷",
    "heptane": "正庚烷",
    "octane": "正辛烷",
    "nonane": "正壬烷",
    "decane": "正癸烷",
    "hydrogen": "氢气",
    "oxygen": "氧气",
    "carbon_monoxide": "一氧化碳",
    "water": "水",
    "hydrogen_sulfide": "硫化氢",
    "helium": "氦气",
    "argon": "氩气",
}
"""Components by the names of `remotecal.fluids.gas`, in Chinese."""
_ENGLISH: Final[Mapping[str, str]] = {"n_butane": "n-butane", "n_pentane": "n-pentane"}
"""Those whose English name is not the same with spaces."""


def component(name: str) -> Text:
    """Return what a component is called; a name nobody knows stands as it is."""
    english = _ENGLISH.get(name, name.replace("_", " "))
    return Text(zh=_NAMES.get(name, english), en=english)


def composition(fractions: Mapping[str, float]) -> Text:
    """Return mole fractions in words, the largest first."""
    ordered = sorted(fractions.items(), key=lambda each: -each[1])
    zh, en = (
        joint.join(f"{component(name).get(language)} {100 * share:.6g} %" for name, share in ordered)
        for language, joint in (("zh", "，"), ("en", ", "))
    )
    return Text(zh=f"{zh}（摩尔分数）", en=f"{en} (mole fractions)")
