"""`remotecal hub find`, `resting`, `due`, `reindex`: what runs are about, by the numbers of things."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from remotecal.cli.listing import add_form, catalogue, named, show, store_of, time_zone_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.cli.listing import Cell
    from remotecal.hub.due import FallingDue
    from remotecal.hub.reverse import Resting
    from remotecal.hub.settings import HubFolder
    from remotecal.pages.words import Catalogue
    from remotecal.store import Store

Add = Callable[..., argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Declare the commands of `remotecal hub` that look things up."""
    find = add("find", "find runs by the number of a meter, a standard, a certificate or an order", _find)
    find.add_argument("number", metavar="NUMBER", help="the whole number, as it is written on the thing")
    resting = add("resting", "list what rests on a standard: reverse traceability", _resting)
    resting.add_argument("number", metavar="NUMBER", help="serial number, or that of a certificate of it")
    resting.add_argument("--since", type=_day, metavar="DAY", help="only runs begun on this day or later")
    resting.add_argument("--until", type=_day, metavar="DAY", help="only runs begun on this day or earlier")
    resting.add_argument(
        "--depth",
        type=_depth,
        default=1,
        metavar="N",
        help="and on what rests on these, so far; 1 if not given",
    )
    due = add("due", "list what falls due: standards, items, persons, accreditation, stations", list_due)
    add_within(due)
    for listing in (resting, due):
        add_form(listing)
    numbers = add("numbers", "list the series of numbers, what was given, and what became of it", _numbers)
    numbers.add_argument("--limit", type=int, default=50, metavar="N", help="the latest ones; 50")
    add_form(numbers)
    reindex = add(
        "reindex", "make the index of runs anew from their journals; while the hub is not up", _reindex
    )
    reindex.add_argument(
        "--sealed",
        action="store_true",
        help="and hold what issued certificates stated against their sealed XML, which takes longer",
    )


def add_within(due: argparse.ArgumentParser) -> None:
    """Declare how far ahead is looked for what ends."""
    due.add_argument("--within", type=int, default=30, metavar="DAYS", help="within so many days; 30")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write it as 2026-05-31") from None


def _depth(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 20:
        raise argparse.ArgumentTypeError(f"{text!r} is no depth: write a number from 1 to 20")
    return int(text)


def _numbers(asked: argparse.Namespace) -> None:
    import time

    from remotecal.cli.service import moment
    from remotecal.hub.numbers import fate

    with store_of(asked) as store:
        series, held = store.numbers.next(), store.numbers.held(asked.limit)
    if not (asked.csv or asked.json):
        for name, count in series.items():
            print(f"{name}: next {count}")
    now = time.time()
    rows = [(row.number, row.holder, moment(row.at), fate(row, now)) for row in held]
    show(asked, ("number", "order", "given", "what became of it"), rows)


def _find(asked: argparse.Namespace) -> None:
    from remotecal.errors import ConfigurationError

    with store_of(asked) as store:
        rows = list(_found(store, asked.number))
    if not rows:
        raise ConfigurationError(
            f"nothing here has the number {asked.number!r}: a number is looked for whole, as it is written"
        )
    show(asked, ("what", "run", "station", "began", "about"), rows)


def _found(store: Store, number: str) -> Iterator[tuple[str, ...]]:
    from remotecal.cli.service import moment

    for item in store.about.numbered(number):
        said = f"{words(item.name)} {item.model}, certificate {item.certificate}, {words(item.customer)}"
        yield "item", item.run, item.station, moment(item.at), said
    for used in store.about.took_part(number):
        until = f", valid until {used.valid_until}" if used.valid_until else ""
        certificate = f"certificate {used.certificate}{until}" if used.certificate else "without certificate"
        said = f"{used.name}: {used.maker} {used.model} {used.serial}, {certificate}"
        yield "standard", used.run, used.station, moment(used.at), said
    for order in store.pages.orders(100, number=number):
        yield "order", order.id, order.station, moment(order.issued), order.state


def _resting(asked: argparse.Namespace) -> None:
    import math

    from remotecal.cli.service import moment
    from remotecal.clock import begin_of
    from remotecal.errors import ConfigurationError
    from remotecal.hub.reverse import resting_on

    zone = time_zone_of(asked)
    since = -math.inf if asked.since is None else begin_of(asked.since, zone)
    until = math.inf if asked.until is None else begin_of(asked.until + timedelta(days=1), zone)
    with store_of(asked) as store:
        found = list(resting_on(store, asked.number, since=since, until=until, depth=asked.depth))
    if not found and not (asked.csv or asked.json):
        raise ConfigurationError(
            f"no run here rests on {asked.number!r}, in these days: a number is looked for whole"
        )

    def row(one: Resting) -> tuple[str, ...]:
        use = one.use
        issued = "not issued" if use.issued is None else moment(use.issued)
        through = use.by or use.serial
        return (
            use.certificate,
            words(use.customer),
            issued,
            use.run,
            use.station,
            moment(use.at),
            str(one.depth),
            through,
        )

    headings = ("certificate", "customer", "issued", "run", "station", "began", "depth", "through")
    show(asked, headings, [row(one) for one in found])


def list_due(asked: argparse.Namespace) -> None:
    """Print what falls due, the first to end first; of runs in a folder the standards that took part."""
    import time

    from remotecal.clock import civil_day
    from remotecal.hub.due import falling_due, standards_due
    from remotecal.hub.settings import HubFolder
    from remotecal.pages.words import words as told_in

    now = time.time()
    today = civil_day(now, time_zone_of(asked))
    in_folder = getattr(asked, "folder", None) is not None
    with store_of(asked) as store:
        if in_folder:
            found = standards_due(store, today + timedelta(days=asked.within))
        else:
            found = falling_due(store, HubFolder(asked.hub), now, asked.within)
    t = catalogue()
    people = not (asked.csv or asked.json)
    headings = ["valid until", "left", "kind", "what", "number", "certificate", "customer", "station"]
    rows: list[tuple[Cell, ...]]
    if people:
        rows = [_due_row(one, (one.day - today).days, t) for one in found]
    else:  # two customers may have one name
        headings, english = [*headings, "account"], told_in("en")
        rows = [(*_due_row(one, (one.day - today).days, english), one.account) for one in found]

    def told(row: Sequence[Cell]) -> Sequence[Cell]:
        until, left, kind, *others = row
        days = t("listed.days_left", count=left) if int(left) >= 0 else t("listed.ended", count=-int(left))
        return until, days, named("due_kind", str(kind)), *others

    nothing = t("listed.no_standards_due" if in_folder else "listed.no_due", days=asked.within)
    show(asked, headings, rows, nothing, told)


def _due_row(one: FallingDue, left: int, t: Catalogue) -> tuple[Cell, ...]:
    return one.day.isoformat(), left, one.kind, one.called(t), *one.numbers, one.whose(t), one.where


def _reindex(asked: argparse.Namespace) -> None:
    from remotecal.certificates.signing.seal import SealKey
    from remotecal.hub.order_index import rebuild
    from remotecal.hub.scope import compare_if_possible
    from remotecal.hub.settings import HubFolder

    folder = HubFolder(asked.hub)
    with store_of(asked) as store:
        print(f"The index is made anew, of {store.about.rebuild()} runs.")
        key = SealKey.read(folder.laboratory).public
        print(f"What {rebuild(store, key)} signed orders say is copied anew.")
        print(f"How long steps took is summed up anew, of {store.work.rebuild()} runs.")
        print(f"How repeats scatter is looked for anew, in {store.spreads.rebuild()} records.")
        print(f"What {store.stated.rebuild()} issued certificates stated is held against the scope anew.")
        while compare_if_possible(folder, store, time.time()):
            pass
        print(f"The ends of {store.interval_ends.rebuild()} intervals are found anew.")
        print(f"The last certificates of {store.items.rebuild()} items are looked for anew.")
        if asked.sealed:  # last: where the trust list can't be used it is refused, and the rest is done
            _hold_against_sealed(folder, store)


def _hold_against_sealed(folder: HubFolder, store: Store) -> None:
    """Print of which certificates the sealed XML states other results than the index of what was stated."""
    from remotecal.hub.scope import unlike_sealed

    unlike = list(unlike_sealed(folder, store, time.time()))
    print(f"The sealed XML of issued certificates states what the index has, but of {len(unlike)} of them.")
    for run, device in unlike:
        print(f"! {run}{f' {device}' if device else ''}: look at its record, and evaluate the run anew")


def words(text: str, language: str = "en") -> str:
    """Return a text by language, kept as JSON, in one of them where there is any, or in English."""
    words = json.loads(text)
    return str(words.get(language) or words.get("en") or next(iter(words.values()), ""))
