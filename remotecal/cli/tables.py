"""Tables and lines of text that came from elsewhere, fit for any terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from collections.abc import Sequence


def plain(text: str) -> str:
    """Return a text without what a terminal would obey instead of showing it."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def plain_lines(text: str) -> str:
    """Return a text of several lines, each of them `plain`."""
    return "\n".join(map(plain, text.split("\n")))


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; nothing in it is cut, and names in its first column stay whole while there is room."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console, table = Console(), Table(box=box.SIMPLE_HEAD, padding=(0, 0), pad_edge=False)
    columns = list(zip(headings, *rows, strict=True))
    for heading, width in zip(headings, _widths(columns, console.width), strict=True):
        table.add_column(heading, overflow="fold", width=width)
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    console.print(table)


def narrowest(columns: Sequence[Sequence[str]]) -> int:
    """Return the width a table of these columns, headings included, needs for each word to stay whole."""
    return sum(_words(columns)) + len(columns) + 1


def _wide(text: str) -> int:
    """Return how many places a text takes in a terminal: a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _words(columns: Sequence[Sequence[str]]) -> list[int]:
    """Return the length of each column's longest word."""
    return [max(map(_wide, " ".join(cells).split()), default=0) for cells in columns]


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return the columns' widths: cells are broken between words where they must be, names last of all."""
    widths = [max(map(_wide, cells)) for cells in columns]
    words = _words(columns)
    over = sum(widths) + len(widths) + 1 - room
    for number in reversed(range(len(widths))):
        least = words[number] if number else 1
        cut = min(max(over, 0), widths[number] - least)
        widths[number], over = widths[number] - cut, over - cut
    return widths
