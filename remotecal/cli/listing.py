"""Lists of what a laboratory, or a folder of this computer, has: for people or for programs."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remotecal.store import Store


def add_form(listing: argparse.ArgumentParser) -> None:
    """Declare in which forms a list is printed."""
    form = listing.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="as CSV, for a spreadsheet")
    form.add_argument("--json", action="store_true", help="as JSON, for a program")


def add_folder(listing: argparse.ArgumentParser) -> None:
    """Declare that a list may be of the runs in a folder."""
    listing.add_argument(
        "--in",
        type=Path,
        dest="folder",
        metavar="DIR",
        help="of the runs in a folder, without a hub",
    )


def time_zone_of(asked: argparse.Namespace) -> str:
    """Return the time zone whose days a list is of: the laboratory's; of a folder the computer's.

    Raises:
        ConfigurationError: there is no such hub.
    """
    from remotecal.clock import local_zone
    from remotecal.hub.settings import HubFolder

    folder = getattr(asked, "folder", None)
    return HubFolder(asked.hub).time_zone if folder is None else local_zone()


@contextmanager
def store_of(asked: argparse.Namespace) -> Iterator[Store]:
    """Give the database a list is made from: the hub's, or one of what lies in the folder that was named.

    Raises:
        ConfigurationError: there is no such hub or folder.
    """
    from remotecal.hub.settings import HubFolder
    from remotecal.hub.shelf import shelf
    from remotecal.store import Store

    if (folder := getattr(asked, "folder", None)) is None:
        with Store(HubFolder(asked.hub).database) as store:
            yield store
        return
    with shelf(folder) as made:
        for name, why in made.refused.items():
            print(f"{name}: {why}", file=sys.stderr)
        yield made.store


def show(
    asked: argparse.Namespace, headings: Sequence[str], rows: Sequence[Sequence[str]], nothing: str = ""
) -> None:
    """Print a list in the form that was asked for; `nothing` where it is for people and empty."""
    from remotecal.cli.tables import show_table

    if getattr(asked, "json", False):
        entries = [dict(zip(headings, row, strict=True)) for row in rows]
        print(json.dumps(entries, ensure_ascii=False, indent=2))
    elif getattr(asked, "csv", False):
        _write_csv(headings, rows)
    elif not rows and nothing:
        print(nothing)
    else:
        show_table(headings, rows)


def _write_csv(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    import csv

    from remotecal.model.flat import as_text

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([as_text(cell) for cell in row] for row in rows)
