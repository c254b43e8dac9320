"""GTC, without what it loads and we never ask of it.

GTC loads `scipy.optimize`, a third of a second of every process that evaluates, for one function that finds
degrees of freedom from a coverage factor. It is loaded here where somebody asks it for something.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import scipy

LATER = "scipy.optimize"


class _LoadedWhenAsked(ModuleType):
    """Stands for a module until something is asked of it."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  what the module holds
        return getattr(importlib.import_module(self.__name__), name)


if LATER not in sys.modules:
    # Once the module itself is imported, it takes this place.
    setattr(scipy, "optimize", _LoadedWhenAsked(LATER))  # noqa: B010  scipy does not state the attribute

import GTC  # noqa: E402  it finds the above

__all__ = ["GTC"]
