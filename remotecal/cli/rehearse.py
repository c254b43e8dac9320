"""`remotecal rehearse`: what a run would state and how long it would take, before anything moves."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.cli.commands import add_settings

if TYPE_CHECKING:
    from remotecal.order import Order
    from remotecal.rehearsal import RealBench, Rehearsal
    from remotecal.runs.catalogue import Found


LEAST = 1e-5
"""Probability below which no more is told."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.set_defaults(handler=main)
    parser.add_argument("order", type=Path, metavar="FILE", help="the work order (TOML)")
    bench = parser.add_mutually_exclusive_group()
    bench.add_argument(
        "--bench",
        type=Path,
        metavar="FILE",
        help="the bench file, if the order does not name it; nothing is opened",
    )
    bench.add_argument(
        "--like",
        type=Path,
        metavar="DIR",
        help="an earlier run on the bench, where the bench is far away (see `remotecal runs journal`)",
    )
    parser.add_argument(
        "--spread",
        type=float,
        default=0.5,
        metavar="SHARE",
        help="standard deviation of such devices' errors, as a share of the permissible error (0.5)",
    )
    parser.add_argument("--json", action="store_true", help="print it for programs")
    add_settings(parser)


def main(asked: argparse.Namespace) -> None:
    """Rehearse an order and print what it would state."""
    from remotecal.cli.progress import ProgressLine
    from remotecal.errors import OrderError
    from remotecal.order import Order
    from remotecal.rehearsal import rehearse
    from remotecal.runs.catalogue import find

    order = Order.load(asked.order)
    if not (math.isfinite(asked.spread) and asked.spread > 0):
        raise OrderError(f"--spread is a share above 0, such as 0.5, not {asked.spread:g}")
    found = find(order.order.procedure, asked.order.parent)
    with ProgressLine() as line:
        rehearsed = rehearse(
            order,
            found,
            _real(asked, order, found),
            choices=dict(asked.settings),
            spread=asked.spread,
            watchers=() if asked.json else (line,),
        )
    if asked.json:
        print(_for_programs(rehearsed))
    else:
        _show(rehearsed)


def _real(asked: argparse.Namespace, order: Order, found: Found) -> RealBench:
    """Return what is known of the bench: from the file of an earlier run, or from the bench's own."""
    from remotecal.bench import Bench
    from remotecal.errors import OrderError
    from remotecal.journal.gathering import read_evidence
    from remotecal.rehearsal import RealBench

    if asked.like:
        return RealBench.of_run(read_evidence(asked.like))
    path = asked.bench or (asked.order.parent / order.order.bench if order.order.bench else None)
    if path is None:
        raise OrderError(f"{asked.order} names no bench: give --bench, or --like with an earlier run")
    return RealBench.of_file(order, found, Bench.load(path))


def _for_programs(rehearsed: Rehearsal) -> str:
    said = {
        "bench": rehearsed.bench,
        "whole": rehearsed.whole,
        "duration": round(rehearsed.duration),
        "points": [asdict(point) | {"title": point.title.get("en")} for point in rehearsed.points],
        "assumed": rehearsed.assumed,
    }
    return json.dumps(said, ensure_ascii=False, indent=2)


def _show(rehearsed: Rehearsal) -> None:
    from remotecal import units
    from remotecal.cli.tables import plain, show_table
    from remotecal.cli.terminal import in_their_language, language, say

    headings = (
        say("point", "校准点"),
        "U",
        "k",
        say("contributes most", "主要分量"),
        say("conforming, not passed", "合格而未通过"),
        say("not conforming, passed", "不合格而通过"),
    )
    rows = [
        (
            point.title.get(language()),
            f"{point.expanded} {units.symbol(point.unit)}",
            point.k,
            ", ".join(f"{symbol} {share} %" for symbol, share in point.foremost if float(share)),
            _chance(point.conforming_refused),
            _chance(point.other_passed),
        )
        for point in rehearsed.points
    ]
    show_table(headings, rows)
    if any(not 0 <= float(share) <= 100 for point in rehearsed.points for _, share in point.foremost):
        print(
            say(
                "A share above 100 %: correlated inputs take part of it away again.",
                "占比大于 100 %：与之相关的其他分量将其部分抵消。",
            )
        )
    if rehearsed.whole is not None:
        least, most = (_chance(each) for each in rehearsed.whole)
        print(
            say(
                f"A conforming device would not pass at some point: {least} to {most}; what is allowed of "
                "hysteresis, repeatability and the like may refuse it beside.",
                f"合格器具在某一点未通过的概率：{least} 至 {most}；回差、重复性等要求未计入。",
            )
        )
    print(say("It would take ", "预计用时 ") + f"{timedelta(seconds=round(rehearsed.duration))}.")
    for said in rehearsed.assumed:
        print(plain(say("Simulated otherwise: ", "模拟中的差异：") + in_their_language(said)))


def _chance(probability: float | None) -> str:
    """Return a probability in per cent, to two digits from the first on that is not 0."""
    if probability is None:
        return ""
    if probability < LEAST:
        return f"< {100 * LEAST:g} %"
    return f"{100 * probability:.0f} %" if probability >= 0.0995 else f"{100 * probability:#.2g} %"
