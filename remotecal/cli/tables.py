"""Tables and lines of text that came from elsewhere, fit for any terminal."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from unicodedata import category, east_asian_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table


def plain(text: str) -> str:
    """Return a text without what a terminal would obey instead of showing it; it shows any space."""
    return "".join(c if c.isprintable() or category(c) == "Zs" else "\N{REPLACEMENT CHARACTER}" for c in text)


def plain_lines(text: str) -> str:
    """Return a text of several lines, each of them `plain`."""
    return "\n".join(map(plain, text.split("\n")))


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; nothing in it is cut, and no word or number broken while another column can give way."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console, columns = terminal(), list(zip(headings, *rows, strict=True))
    widths = _widths(columns, console.width)
    edge = sum(widths) + len(widths) + 1 <= console.width
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0), pad_edge=False, show_edge=edge)
    for heading, width in zip(headings, widths, strict=True):
        table.add_column(_broken(heading, width), width=width)
    for row in rows:
        table.add_row(*(Text(_broken(plain(cell), width)) for cell, width in zip(row, widths, strict=True)))
    print_table(console, table)


def terminal() -> Console:
    """Return where tables and long sentences go: as wide as the terminal, and unwrapped where it is a file.

    `COLUMNS` says otherwise, as everywhere.
    """
    from rich.console import Console

    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=UNWRAPPED)


UNWRAPPED = 10_000
"""Places of a line that no terminal wraps."""


LONGEST_RULE = 100
"""Places of the rule below a table's headings, where lines are not wrapped and may be of any length."""


def print_table(console: Console, table: Table) -> None:
    """Print a table; where lines are not wrapped, without blanks and rule up to the longest."""
    if console.width < UNWRAPPED:
        console.print(table)
        return
    with console.capture() as printed:
        console.print(table)
    for line in printed.get().rstrip().splitlines():
        whole = line.rstrip()
        console.file.write(f"{whole[:LONGEST_RULE] if set(whole) <= {' ', '─'} else whole}\n")


def narrowest(columns: Sequence[Sequence[str]]) -> int:
    """Return the width a table of these columns, headings included, needs for each word to stay whole."""
    return sum(_words(columns)) + len(columns) + 1


def wide(text: str) -> int:
    """Return how many places a text takes in a terminal: a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


_CHINESE = "ᄀ-ᅟ⺀-꓏가-힣豈-﫿︰-﹏＀-｠￠-￦"
_WHOLE = re.compile(rf"\s+|[{_CHINESE}][，。、；：）》”]*|[^\s{_CHINESE}]+")
"""What is not broken: a word or a number; between Chinese characters a line may end anywhere."""


def _words(columns: Sequence[Sequence[str]]) -> list[int]:
    """Return the length of each column's longest word."""
    return [max(map(wide, _WHOLE.findall(" ".join(cells))), default=0) for cells in columns]


def _broken(text: str, width: int) -> str:
    """Return a text in lines of no more than `width`, broken between words, or within longer ones."""
    lines = [""]
    for part in _WHOLE.findall(text):
        if wide(lines[-1] + part.rstrip()) <= width:
            lines[-1] += part
            continue
        if part.isspace():
            continue
        lines.append("")
        for character in part:
            if wide(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return "\n".join(line.rstrip() for line in lines if line)


def first_line(text: str, width: int) -> str:
    """Return a text, or as many of its words as a line holds."""
    if wide(text) <= width:
        return text
    return _broken(" ".join(text.split()), width - 2).partition("\n")[0].rstrip(" ,;:，；：") + " …"


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return the columns' widths: cells are broken between words, and within the longest only at the last."""
    widths, words = [max(map(wide, cells)) for cells in columns], _words(columns)
    over = sum(widths) + len(widths) + 1 - room
    for number in reversed(range(len(widths))):
        cut = min(max(over, 0), widths[number] - words[number])
        widths[number], over = widths[number] - cut, over - cut
    for _ in range(over - 2):  # the table's edges give way first
        widths[widths.index(max(widths))] -= 1
    return [max(width, 2) for width in widths]
