"""How the pages are used: which keys there are, for whom scripts run, and what is done without them."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Response

from remotecal.web.pages.frame import Visiting

router = APIRouter(include_in_schema=False)

KEYS: Final = (("/", "find"), ("j", "down"), ("k", "up"), ("Enter", "open"), ("?", "help"), ("Tab", "next"))
"""Key → what it does, in the catalogues; those of `console.js` and of every browser."""


@router.get("/help")
def show_help(visitor: Visiting) -> Response:
    """Return which keys there are."""
    return visitor.page("help.html", keys=KEYS)
