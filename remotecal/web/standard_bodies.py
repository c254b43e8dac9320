"""What is sent about standards."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from remotecal.web.bodies import Line


class _OfStandard(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class TakenOut(_OfStandard):
    """That a standard shall be out of service."""

    number: Line
    """Its serial number, or its certificate's where nobody tells that."""
    reason: Line
    """Why."""
    since: date | None = None
    """The day from which on it is in doubt; None: today."""


class PutBack(_OfStandard):
    """That a standard shall be in service again."""

    number: Line
    """Its serial number, or its certificate's where nobody tells that."""
    reason: Line
    """What was found, and done."""
