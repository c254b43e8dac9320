"""The fonts to print with: those that Typst brings, and a Chinese one of this computer's."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from typst import Fonts

FOLDERS_VARIABLE = "REMOTECAL_FONTS"
"""Environment variable: folders with more fonts, apart by `:`, on Windows by `;`."""

CHINESE_FONTS = (
    "WenQuanYi Micro Hei",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
)
"""Families that have the characters of a certificate; the first one found is used."""


def chinese_font() -> str:
    """Return the family to print with (`ConfigurationError` where there is none, with what to install)."""
    found = fonts().families()
    for family in CHINESE_FONTS:
        if family in found:
            return family
    raise ConfigurationError(
        f"no Chinese font was found, only {', '.join(found)}. Install one, on Debian: "
        f"apt install fonts-wqy-microhei; or put one of {', '.join(CHINESE_FONTS)} into a folder "
        f"and name that in {FOLDERS_VARIABLE}"
    )


def fonts() -> Fonts:
    """Return the fonts of the folders named, of the system and of Typst."""
    return _fonts(os.environ.get(FOLDERS_VARIABLE, ""))


@lru_cache(maxsize=1)
def _fonts(folders: str) -> Fonts:
    from typst import Fonts

    paths = [Path(folder) for folder in folders.split(os.pathsep) if folder]
    if missing := [path for path in paths if not path.is_dir()]:
        raise ConfigurationError(f"{FOLDERS_VARIABLE} names {missing[0]}, which is no folder")
    return Fonts(font_paths=paths)
