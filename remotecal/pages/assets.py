"""The style and the script of the pages: under names that tell their content, to be kept for ever."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from remotecal.errors import NotThere
from remotecal.pages.words import A_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter(include_in_schema=False)

FOLDER: Final = Path(__file__).parent / "static"
TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
STYLE: Final = "console.css"
STYLED: Final = "remotecal_style"
"""The cookie that tells which style a browser was sent last: of nobody, for it is the same for all."""


@cache
def assets() -> Mapping[str, Path]:
    """Return the files by the name under which they are served: `console.1a2b3c4d5e6f.css`."""
    return {_named(path): path for path in sorted(FOLDER.iterdir()) if path.suffix in TYPES}


@cache
def address(name: str) -> str:
    """Return where a file is served, which is another place once its content is another."""
    return f"/static/{_named(FOLDER / name)}"


def is_styled(request: Request) -> bool:
    """Tell whether a browser has the style, as far as is known: its pages are then drawn with it at once."""
    return f"/static/{request.cookies.get(STYLED)}" == address(STYLE)


@router.get("/static/{name}")
def send_asset(name: str, request: Request) -> Response:
    """Return a file as `get_asset`; with the style comes a cookie that says so."""
    answer, secure = get_asset(name), request.url.scheme == "https"
    if assets()[name].name == STYLE:
        answer.set_cookie(STYLED, name, A_YEAR, secure=secure, httponly=True, samesite="lax")
    return answer


def get_asset(name: str) -> Response:
    """Return the style, the script or the mark."""
    path = assets().get(name)
    if path is None:
        raise NotThere(f"there is no {re.sub(r'[^A-Za-z0-9._-]', '?', name)[:80]} here")
    return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers=FOR_EVER)


def _named(path: Path) -> str:
    return f"{path.stem}.{sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}"
