"""Where inputs of a budget come from, as its Source column says in the reader's language."""

from __future__ import annotations

from typing import Final

from remotecal.model import Text

ORDER: Final = Text(zh="委托单", en="the order")
"""What a work order states."""
LEAK_TEST: Final = Text(zh="检漏限值", en="limit of the leak test")
RISING_AND_FALLING: Final = Text(zh="正、反行程读数", en="rising and falling readings")
NORM_FORMULA: Final = Text(zh="标准给出的公式；未核实", en="the norm's formula; unverified")
AS_MEASURED: Final = Text(zh="现场测量", en="as measured on site")
AS_READ: Final = Text(zh="读数时刻之差", en="the readings' times")
ONE_GATE: Final = Text(zh="同一门控", en="one gate")
COUNTED: Final = Text(zh="计数 ±1", en="counting, ±1")
ZEROS: Final = Text(zh="零点读数", en="readings of the zero")
STARTS: Final = Text(zh="启停测量", en="starts and stops that were measured")
AMONG_FLOWS: Final = Text(zh="各流量点之差", en="differences between the flows")
CLOCK: Final = Text(zh="计时脉冲周期", en="period of the clock")
IN_SCATTER: Final = Text(zh="已含于较大的重复性", en="in the repeatability, which is larger")
"""Of steps that the repeats scatter by."""
NO_COMMON_PART: Final = Text(zh="未声明公共部分：全部计入", en="no common part stated: all of it")
"""Of certificates that do not tell what they have in common."""
NOT_STATED: Final = Text(zh="台架未声明：未计入", en="not stated by the bench: not charged")
"""Of what a bench may state and does not."""


def repeated(times: int) -> Text:
    """Return the source of what is known by repeating a measurement."""
    return Text(zh=f"{times} 次重复测量", en=f"{times} repeats")
