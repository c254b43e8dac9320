"""Which document's sequence was followed, in words, and in what it was not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.model import Text
from remotecal.procedures.library.pressure.parameters import SEQUENCES
from remotecal.units import convert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.procedures.library.pressure.parameters import PressureParameters

REMOUNTED = "DKD-R 6-1 A"
"""The sequence whose last cycle follows after the device was mounted anew."""


def sequence(parameters: PressureParameters) -> Text:
    """Return how the device was led: by which sequence, and what was otherwise in this run."""
    sweep, unit = parameters.sweep(), parameters.unit
    told = Text(
        zh=f"测量程序：{parameters.sequence}；预压次数：{sweep.preloads}；循环次数：{sweep.cycles}；"
        f"读数前停留：{sweep.dwell:g} s，两端 {sweep.dwell_at_ends:g} s。",
        en=f"Sequence: {parameters.sequence}; preloads: {sweep.preloads}; cycles: {sweep.cycles}; before a "
        f"reading it was waited {sweep.dwell:g} s, at both ends {sweep.dwell_at_ends:g} s.",
    )
    further = []
    if sweep.again:
        places = ", ".join(f"{convert(each, 'Pa', unit):.6g}" for each in sorted(sweep.again)) + f" {unit}"
        further.append(
            Text(
                zh=f"重复性测量点（再升压 {sweep.times} 次）：{places}。",
                en=f"Come to from below {sweep.times} times more: {places}.",
            )
        )
    if otherwise := departures(parameters):
        chinese, english = (
            joint.join(each.get(language) for each in otherwise)
            for joint, language in (("、", "zh"), (", ", "en"))
        )
        further.append(
            Text(
                zh=f"与该程序的通常形式不同：{chinese}。",
                en=f"Not in the usual form of that sequence: {english}.",
            )
        )
    if parameters.sequence == REMOUNTED and sweep.cycles >= SEQUENCES[REMOUNTED].cycles:
        further.append(
            Text(
                zh="末次循环前未重新安装被检表，未评定复现性。",
                en="The device was not mounted anew before the last cycle: its reproducibility is unknown.",
            )
        )
    return _joined([told, *further])


def departures(parameters: PressureParameters) -> Sequence[Text]:
    """Return in what the set points, cycles and preloads are not those of the sequence."""
    sweep, usual = parameters.sweep(), SEQUENCES[parameters.sequence]
    given = (
        (parameters.pressures not in ((), parameters.steps), Text(zh="压力点", en="set points")),
        (sweep.cycles != usual.cycles, Text(zh="循环次数", en="cycles")),
        (sweep.preloads != usual.preloads, Text(zh="预压次数", en="preloads")),
    )
    return tuple(name for differs, name in given if differs)


def _joined(texts: Sequence[Text]) -> Text:
    return Text(zh="".join(each.get("zh") for each in texts), en=" ".join(each.get("en") for each in texts))
