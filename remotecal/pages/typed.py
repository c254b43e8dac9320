"""Numbers as people type them into a page's field: what is wrong with one is said before it goes anywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from remotecal.drivers.guide import Guide

TYPED: Final = re.compile(r"[-+]?[0-9]{1,30}(?:\.[0-9]{0,30})?")
"""A finite decimal number in ASCII digits, as an indicator shows one."""


def check_typed(typed: str, guide: Guide) -> None:
    """Refuse a number that is not as the indicator shows it.

    Raises:
        ConfigurationError: it is none, or has other digits behind the point than can be read.
    """
    if not TYPED.fullmatch(typed):
        raise ConfigurationError(f"{typed} was not taken: write digits 0 to 9 and a point, nothing else")
    behind = len(typed.partition(".")[2])
    if guide.digits is not None and behind != guide.digits:
        raise ConfigurationError(
            f"{typed} was not taken: the indicator has {guide.digits} digits behind the point. Look again, "
            "and write them all"
        )
