"""The speed of sound that ultrasonic meters tell, held against the equation of state at p and T.

A meter that tells another one sees another gas, another temperature, or one of its paths is dirty, and its
volume is as doubtful. The run stops there; what was told and computed stands on the certificate.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.errors import RunError
from remotecal.model import Result, Statement, Table, Text, Words
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.library.gas_loop.seen import of_each
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.gas_loop.filling import LoopGas
    from remotecal.procedures.library.gas_loop.passing import LoopRepeats
    from remotecal.procedures.library.gas_loop.seen import LoopSeen

CALLED: Final = {"d": ("被检表", "the meter"), "c": ("核查表", "the check meter")}
"""What meters but masters are called; a master is called by its number."""
WORDS: Final = {"d": "被检表·DUT", "c": "核查表·check"}
"""The same in a column of words."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a meter told of the speed of sound at a point."""

    key: str
    """A master's number, `c` of the check meter, `d` of the meter under test."""
    point: Point
    told: float
    """In m/s, on the mean."""
    computed: float
    """By the equation of state, in m/s."""

    @property
    def off(self) -> float:
        """Difference in %."""
        return 100.0 * (self.told / self.computed - 1.0)

    @property
    def called(self) -> tuple[str, str]:
        """What the meter is called, in Chinese and in English."""
        return CALLED.get(self.key, (f"标准表 {self.key}", f"master {self.key}"))


def role(key: str) -> str:
    """Return the role of what tells a meter's speed of sound."""
    return {"c": "check_reader", "d": "dut"}.get(key, f"readers[{key}]")


def see_sound(
    point: Point, keys: Sequence[str], seen: LoopSeen, numbers: Sequence[int], filling: LoopGas, limit: float
) -> None:
    """Raise `RunError` if a meter tells another speed of sound than the gas has, by readings as they are.

    Args:
        point: where.
        keys: of the meters that tell one, in the order of the readings.
        seen: what the repeat yielded.
        numbers: of the masters that were open.
        filling: the gas.
        limit: in %.
    """
    for key, told in zip(keys, of_each(seen.sound or (), len(keys)), strict=True):
        place = filling.state(*_place(key, seen, numbers))
        heard = Heard(key, point, mean(told, "m/s"), estimate(place.sound))
        if abs(heard.off) > limit:
            raise RunError(
                f"{point.name}: {heard.called[1]} tells a speed of sound of {heard.told:.2f} m/s, and by the "
                f"equation of state it is {heard.computed:.2f} m/s, {heard.off:+.2f} %; {limit:g} % is "
                "allowed: look at its paths, at the composition, and at the thermometer beside it"
            )


def sounding(seen: LoopSeen, numbers: Sequence[int], evidence: Evidence) -> list[str]:
    """Return the keys of the meters that told a speed of sound in a repeat, in the readings' order."""
    names = {key: evidence.instruments.get(role(key)) for key in (*map(str, numbers), "c", "d")}
    return [key for key, one in names.items() if one is not None and _of(one.name, seen.sound or ())]


def _place(key: str, seen: LoopSeen, numbers: Sequence[int]) -> tuple[float, float]:
    """Return temperature in °C and pressure in Pa at a meter, by readings as they are."""
    place = {"c": "check", "d": "meter"}.get(key, "master")
    count, n = (len(numbers), list(numbers).index(int(key))) if place == "master" else (1, 0)
    t, p = (
        of_each(getattr(seen, f"{place}_{quantity}") or (), count)[n]
        for quantity in ("temperature", "pressure")
    )
    return mean(t, "°C"), mean(p, "Pa")


def heard(repeats: LoopRepeats, keys: Sequence[str]) -> list[Heard]:
    """Return what those of some meters that tell it told of the speed of sound at a point."""
    instruments = repeats.evidence.instruments
    names = {key: instruments[role(key)].name for key in keys if role(key) in instruments}
    known, found = repeats.estimates(), []
    for key, name in names.items():
        told = [(mean(one, "m/s"), seen) for seen in repeats.seen if (one := _of(name, seen.sound or ()))]
        if told:
            computed = (estimate(repeats.state(key, seen, known).sound) for _, seen in told)
            means = statistics.fmean(value for value, _ in told), statistics.fmean(computed)
            found.append(Heard(key, repeats.point, *means))
    return found


def _of(name: str, readings: Sequence[Measured]) -> list[Measured]:
    return [one for one in readings if one.source.rpartition(".")[0] == name]


def table(every: Sequence[Heard], limit: float) -> tuple[Result, ...]:
    """Return what meters told of the speed of sound, one row a meter and point; nothing if none tells it."""
    if not every:
        return ()
    columns = (
        column("压力", "Pressure", "remotecal_nominalPressure basic_tableIndex0", "kPa",
               [f"{one.point.nominal['pressure']:g}" for one in every]),
        column("标称流量", "Nominal flow", "remotecal_nominalValue", "m3/h",
               [f"{one.point.nominal['flow']:g}" for one in every]),
        Words(name=Text(zh="流量计", en="Meter"), ref_types=("remotecal_meter",),
              words=tuple(WORDS.get(one.key, one.key) for one in every)),
        column("声速示值", "Speed of sound told", "remotecal_soundTold", "m/s",
               [f"{one.told:.2f}" for one in every]),
        column("声速计算值", "Computed", "remotecal_soundComputed", "m/s",
               [f"{one.computed:.2f}" for one in every]),
        column("偏差", "Difference", "remotecal_soundDifference", "%", [f"{one.off:.2f}" for one in every]),
        column("允许偏差", "Allowed", "remotecal_soundAllowed", "%", [f"{limit:g}"] * len(every)),
    )  # fmt: skip
    name = Text(zh="声速核查（状态方程）", en="Speed of sound, against the equation of state")
    return (Result(name=name, ref_types=("remotecal_soundCheck",), tables=(Table(columns=columns),)),)


def remark(every: Sequence[Heard], limit: float) -> tuple[Statement, ...]:
    """Return what is to be said of meters that told another speed of sound than they may."""
    wrong = [one for one in every if abs(one.off) > limit]
    if not wrong:
        return ()
    zh = "、".join(f"{one.called[0]}（{one.point.name}）" for one in wrong)
    en = ", ".join(f"{one.called[1]} ({one.point.name})" for one in wrong)
    said = Text(
        zh=f"声速示值与计算值之差超过 {limit:g} %：{zh}。",
        en=f"The speed of sound differs from the computed one by more than {limit:g} %: {en}.",
    )
    return (Statement(ref_types=("remotecal_remark", "remotecal_soundCheck"), declaration=said),)
