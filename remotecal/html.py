"""Plain HTML, as notebooks show it: tables whose every text is escaped, and nothing that runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Return a table; a line feed in a text is a new line."""
    title = f"<caption>{_text(caption)}</caption>" if caption else ""
    head = "".join(f"<th>{_text(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def facts(told: Mapping[str, str], caption: str = "") -> str:
    """Return a table of what is told of one thing; what is empty is left out."""
    title = f"<caption>{_text(caption)}</caption>" if caption else ""
    rows = "".join(
        f"<tr><th>{_text(name)}</th><td>{_text(said)}</td></tr>" for name, said in told.items() if said
    )
    return f"<table>{title}<tbody>{rows}</tbody></table>"


def _text(text: str) -> str:
    return escape(text).replace("\n", "<br>")
