"""Lists of what a laboratory, or a folder of this computer, has: for people or for programs."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from remotecal.pages.words import Catalogue
    from remotecal.store import Store
    from remotecal.store.journals import RunRow

    Cell = str | int


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


def add_procedures(parser: argparse.ArgumentParser) -> None:
    """Declare the files of procedures by which the runs in a folder are evaluated."""
    parser.add_argument(
        "--procedure",
        type=Path,
        action="append",
        default=[],
        dest="procedures",
        metavar="FILE",
        help="of a procedure that runs in a folder followed and that is not installed; may be given again",
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
def store_of(asked: argparse.Namespace, *, evaluated: bool = False) -> Iterator[Store]:
    """Give the database a list is made from: the hub's, or one of what lies in the folder that was named.

    Args:
        asked: the command line.
        evaluated: the records of the folder's runs are computed; a hub's always are.

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
    with shelf(folder, getattr(asked, "procedures", ())) as made:
        if evaluated:
            made.evaluate()
        for name, why in made.refused.items():
            print(f"{name}: {why}", file=sys.stderr)
        yield made.store


def catalogue() -> Catalogue:
    """Return the texts of whoever sits at this terminal."""
    from remotecal.cli.terminal import language
    from remotecal.pages.words import words

    return words(language())


def named(group: str, name: str) -> str:
    """Return what a state or a kind is called; in English as programs are told it, so it is found in both."""
    words = catalogue()
    return name if words.language == "en" else words.of(group, name)


def place(name: str) -> str:
    """Return what a point is called, with blanks that whoever searches a log types as well."""
    return catalogue().place(name).replace("\N{NO-BREAK SPACE}", " ")


def show(
    asked: argparse.Namespace,
    headings: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    nothing: str = "",
    told: Callable[[Sequence[Cell]], Sequence[Cell]] | None = None,
) -> None:
    """Print a list in the form that was asked for.

    Args:
        asked: the command line.
        headings: what the columns are called by programs; people read them in their language.
        rows: what stands in them; a number is one in JSON as well.
        nothing: what people are told where there are none.
        told: returns a row as people read it; as it is if not given.
    """
    from remotecal.cli.tables import show_table

    if getattr(asked, "json", False):
        entries = [dict(zip(headings, row, strict=True)) for row in rows]
        print(json.dumps(entries, ensure_ascii=False, indent=2))
    elif getattr(asked, "csv", False):
        _write_csv(headings, rows)
    elif not rows and nothing:
        print(nothing)
    else:
        words = catalogue()
        called = [
            words(f"listed.{key}") if words.has("listed", key := name.replace(" ", "_")) else name
            for name in headings
        ]
        show_table(called, [list(map(str, told(row) if told else row)) for row in rows])


def tell_failed(runs: Iterable[RunRow]) -> None:
    """Print of each run without a record why it has none, and which of its lines were refused."""
    from remotecal.cli.tables import plain

    t = catalogue()
    for run in runs:
        if run.conflict:
            print(plain(t("listed.refused_lines", run=run.run, why=t.refusal(run.conflict)[0])))
        if run.unordered:
            print(plain(t("listed.apart", run=run.run, why=t.refusal(run.unordered)[0])))
        elif run.failed:
            print(plain(t("listed.no_record", run=run.run, why=t.refusal(run.failed)[0])))


def _write_csv(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    import csv

    from remotecal.model.flat import as_text

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([as_text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
