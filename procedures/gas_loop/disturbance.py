"""What pulsation of the flow, swirl, and how the meter is installed may change of what it shows.

A loop sees none of them: masters and check meter have their own pipes, and a reading tells of no profile. How
much it may be is stated, as a fact of bench and order; each is a rectangle about nothing. What is not stated
is not charged, and the certificate says that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from remotecal.model import Condition, Note, Text
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.uncertainty.inputs import Input

if TYPE_CHECKING:
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.uncertainty.number import Number, Numbers

INPUTS: Final[Mapping[str, Text]] = {
    "δ_pul": Text(zh="流量脉动", en="pulsation of the flow"),
    "δ_ins": Text(zh="旋涡流和安装条件", en="swirl and installation"),
}
"""The inputs of the measurement model, by symbol."""


def stated(parameters: LoopParameters) -> dict[str, float]:
    """Return by how much each may change what the meter shows, ± in %, by symbol; 0 is not charged."""
    return dict(zip(INPUTS, (parameters.pulsation, parameters.installation), strict=True))


def inputs(parameters: LoopParameters) -> list[Input]:
    """Return those that are stated, relative."""
    return [
        Input.from_limits(symbol, 0.0, "1", most / 100.0, source=ORDER)
        for symbol, most in stated(parameters).items()
        if most
    ]


def applied(volume: Number, x: Numbers) -> Number:
    """Return the volume that stands against what the meter shows, with what is stated."""
    found: Number = volume * (1.0 + sum(x.get(symbol, 0.0) for symbol in INPUTS))
    return found


def term(parameters: LoopParameters) -> str:
    """Return the factor that it is in the measurement model; nothing where none is stated."""
    there = [symbol for symbol, most in stated(parameters).items() if most]
    return f"·({' + '.join(('1', *there))})" if there else ""


def condition(parameters: LoopParameters) -> Condition:
    """Return what is said of both: how much is in the uncertainty, or that it is not."""
    told = [(INPUTS[symbol], f"±{most:g} %" if most else "") for symbol, most in stated(parameters).items()]
    without = "not stated, not in the uncertainty"
    zh = "；".join(
        f"{name.get('zh')}：" + (f"{most}，已计入不确定度" if most else "未给出，未计入不确定度")
        for name, most in told
    )
    en = "; ".join(
        f"{name.get('en')}: " + (f"{most}, in the uncertainty" if most else without) for name, most in told
    )
    note = Note(
        name=Text(zh="影响", en="Effects"), ref_types=("remotecal_flowDisturbance",), text=Text(zh=zh, en=en)
    )
    return Condition(
        name=Text(zh="流动影响", en="Disturbances of the flow"),
        ref_types=("remotecal_flowDisturbances",),
        quantities=(note,),
    )
