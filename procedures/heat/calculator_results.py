"""From what was found of a calculator to the table, conditions and remarks of its certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from remotecal.fluids.heat_coefficient import Side, heat_coefficient
from remotecal.model import Column, Condition, Note, Text

CALCULATOR: Final = Text(en="the calculator")
"""What the item is called in its verdict."""
DEVICE: Final = Text(zh="被检计算器", en="The calculator")
"""What it is called where it is said that it did not answer."""

SIDES: Final[Mapping[Side, Text]] = {
    "forward": Text(zh="供水管", en="the flow pipe"),
    "return": Text(zh="回水管", en="the return pipe"),
}
"""Where a flow sensor stands."""


def meant_for(flow_sensor: Side, pascals: float) -> tuple[Condition, ...]:
    """Return what a meter is meant for: the side of its flow sensor, the water's pressure in Pa."""
    side = Text(zh="流量传感器位置", en="Place of the flow sensor")
    pressure = Text(zh="热系数所用压力（绝压）", en="Pressure of the heat coefficient (absolute)")
    told = Column(
        name=pressure, ref_types=("remotecal_waterPressure",), unit="MPa", values=(f"{pascals / 1e6:g}",)
    )
    note = Note(name=side, ref_types=("remotecal_flowSensorSide",), text=SIDES[flow_sensor])
    return (
        Condition(name=side, ref_types=("remotecal_flowSensorSide",), quantities=(note,)),
        Condition(name=pressure, ref_types=("remotecal_waterPressure",), quantities=(told,)),
    )


def other_side_said(side: Side) -> Text:
    """Return what is to be said of a calculator that is set for the other side than declared."""
    other: Side = "return" if side == "forward" else "forward"
    k = {one: heat_coefficient(70.0, 50.0, 1.6e6, one) for one in SIDES}
    apart = 100.0 * (k["return"] / k["forward"] - 1.0)
    return Text(
        zh=f"误差与流量传感器装于{SIDES[other].get('zh')}的计算器相符，而申报为{SIDES[side].get('zh')}："
        f"请检查计算器的设置（70 °C/50 °C 时两者相差 {apart:.2f} %）。",
        en=f"The errors are those of a calculator that is set for a flow sensor in {SIDES[other].get('en')}, "
        f"and it was declared to be in {SIDES[side].get('en')}: look at its settings (at 70 °C/50 °C both "
        f"differ by {apart:.2f} %).",
    )
