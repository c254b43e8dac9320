"""`remotecal certificates` and `due`: what a laboratory, or a folder of this computer, has."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from remotecal.cli.commands import HUB, add_directory
from remotecal.cli.hub_index import add_within, list_due, words
from remotecal.cli.listing import (
    add_folder,
    add_form,
    add_procedures,
    catalogue,
    named,
    show,
    store_of,
    tell_failed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remotecal.cli.listing import Cell
    from remotecal.store import Store

LISTED = 500
"""How many runs are looked at: the latest."""


def certificates(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the list of certificates."""
    _declare(parser)
    add_procedures(parser)
    parser.set_defaults(handler=_certificates)


def due(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the list of what ends."""
    _declare(parser)
    add_within(parser)
    parser.set_defaults(handler=list_due)


def _declare(parser: argparse.ArgumentParser) -> None:
    add_directory(parser, *HUB)
    add_folder(parser)
    add_form(parser)


def _certificates(asked: argparse.Namespace) -> None:
    t = catalogue()
    people = not (asked.csv or asked.json)
    with store_of(asked, evaluated=True) as store:
        rows = list(_rows(store, t.language if people else "en"))
        runs = store.pages.runs(LISTED)

    def told(row: Sequence[Cell]) -> Sequence[Cell]:
        *before, duty, on, run, station = row
        return *before, named("signed", str(duty)), on, run, station

    headings = ("certificate", "item", "customer", "signed as", "on", "run", "station")
    show(asked, headings, rows, t("listed.no_certificates"), told)
    if people:
        tell_failed(runs)


def _rows(store: Store, language: str) -> Iterator[tuple[str, ...]]:
    """Yield the certificates of the latest runs that have a record or a signature."""
    from remotecal.cli.service import moment
    from remotecal.order import DUT

    runs = {(row.station, row.run): row for row in store.pages.runs(LISTED)}
    items, signed = store.about.items_of(set(runs)), store.signings.of_runs(set(runs))
    numbers = {(item.station, item.run, item.certificate): item for item in reversed(items)}
    for (station, run, number), item in sorted(numbers.items(), key=lambda each: -each[1].at):
        apart = len({one.certificate for one in items if (one.station, one.run) == (station, run)}) > 1
        device = f"{DUT}-{item.place + 1}" if apart else ""
        theirs = [
            one for one in signed if (one.station, one.run) == (station, run) and device in ("", one.device)
        ]
        if not theirs and not runs[station, run].record:
            continue
        last = theirs[-1] if theirs else None
        about = f"{words(item.name, language)} {item.model} {item.serial or item.owner_number}"
        duty, on = (last.duty, moment(last.at)) if last else ("draft", "")
        yield number, about, words(item.customer, language), duty, on, run, station
