"""What answers have in common: pages of lists, files, and how refusals are described."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Query
from starlette.responses import Response

from remotecal.web.shown import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

Limit = Annotated[int, Query(ge=1, le=1000, description="How many, at most.")]
"""How long a page may be."""

NEXT = {
    "Link": {
        "description": 'Address of the next page, `rel="next"`, if there is one.',
        "schema": {"type": "string"},
    }
}
"""The header of a page, as it is described."""
PROBLEM = "application/problem+json"
REFUSED: Mapping[int | str, dict[str, object]] = {
    "default": {
        "description": "Refused; `detail` says why, and what to do.",
        "content": {PROBLEM: {"schema": Problem.model_json_schema()}},
    }
}
"""How refusals are described."""

T = TypeVar("T")


def page(
    request: Request, response: Response, rows: Sequence[T], limit: int, key: Callable[[T], str]
) -> Sequence[T]:
    """Return the rows of a page, and say in a header where the next one is.

    Args:
        request: what was asked.
        response: where the header goes.
        rows: one more than the page holds, if there are more.
        limit: how many it holds.
        key: by what `before` names a row.
    """
    shown = rows[:limit]
    if len(rows) > limit:
        following = request.url.include_query_params(before=key(shown[-1]))
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return shown


def file(request: Request, content: bytes, media_type: str, name: str) -> Response:
    """Return a file with its SHA-256 as entity tag, or 304 to a client that has it (RFC 9110, 13.1.2)."""
    tag = f'"{sha256(content).hexdigest()}"'
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    headers = {"ETag": tag, "Content-Disposition": f'attachment; filename="{name}"'}
    if tag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def described(*media_types: str) -> dict[int | str, dict[str, object]]:
    """Return how a file that is answered is described."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media_types}
    return {
        200: {"description": "The file; its entity tag is its SHA-256.", "content": content},
        304: {"description": "The client has it (`If-None-Match`)."},
    }
