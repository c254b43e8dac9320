"""What a water flow meter's certificate says of the water."""

from __future__ import annotations

from remotecal.model import Condition, Note, Text


def water(formula: str) -> Condition:
    """Return the condition that names the fluid and the formula of its density."""
    note = Note(
        name=Text(zh="介质名称", en="Name"),
        ref_types=("remotecal_fluidName",),
        text=Text(zh=f"水（密度公式：{formula}）", en=f"water (density by {formula})"),
    )
    return Condition(name=Text(zh="介质", en="Fluid"), ref_types=("remotecal_fluid",), quantities=(note,))
