"""The results of the printed certificate as data: tables, error curves, uncertainty budgets."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.certificates.pdf.curve import picture
from remotecal.certificates.pdf.items import called
from remotecal.certificates.pdf.joint import coefficients, correlations, covered, parts
from remotecal.certificates.pdf.numbers import (
    Cell,
    aligned,
    full_width,
    in_unit,
    printed,
    said,
    symbol,
    told,
    with_exponent,
)
from remotecal.certificates.pdf.wording import Said, has, label
from remotecal.model import Column, Complex, Words
from remotecal.model.base import NOT_STATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.certificates.pdf.face import Design
    from remotecal.model import (
        BudgetLine,
        Conformity,
        InputQuantity,
        Measurement,
        PointBudget,
        Quantity,
        Record,
        Table,
        Uncertainty,
    )

Head = dict[str, object]
"""One printed column: `{"name": Said, "unit": str, "cells": [Cell, …], "whole": bool}`.

It has a cell for each row, or one for all; `whole` says that no word in it may be wider than the column.
"""

LONGEST_WHOLE = 20
"""Characters of a word that a column is made as wide as; a longer one, such as a hash, is broken."""


def results(record: Record, measurement: Measurement, face: Design, font: str) -> list[dict[str, object]]:
    """Return the results with their tables, each table with its error curve where it has one.

    `face` says which columns stand in which order; `font` is the family to letter the curves with.
    """
    return [
        {
            "name": told(result.name),
            "items": called(record, result.items),
            "description": told(result.description) if result.description else None,
            "tables": [
                {
                    "name": told(table.name) if table.name else [],
                    "rows": table.rows,
                    "columns": [printed for quantity in standing for printed in _columns(quantity)],
                    "remarks": _remarks(table, left_out=len(standing) < len(table.columns)),
                    "correlations": correlations(table),
                    "curve": picture(table, font),
                }
                for table in result.tables
                for standing in (face.results.arranged(table),)
            ],
        }
        for result in measurement.results
    ]


def _columns(quantity: Quantity) -> list[Head]:
    name = said(quantity.name) if quantity.name else []
    if isinstance(quantity, Complex):
        return _complex(quantity)
    if isinstance(quantity, Words):
        whole = max(map(len, quantity.words)) <= LONGEST_WHOLE
        return [_column(name, [{"text": word} for word in quantity.words], whole=whole)]
    if not isinstance(quantity, Column):
        return [_column(name, [{"said": told(quantity.text)}])]
    found = []
    for stated in (quantity, *quantity.in_other_units):
        found.append(_column(name, aligned(stated.values), stated.unit))
        if stated.uncertainty is not None:
            found += _uncertainty(stated.uncertainty, units.difference(stated.unit))
    if quantity.conformity is not None:
        found += _conformity(quantity.conformity, quantity.unit)
    return found


def _complex(entry: Complex) -> list[Head]:
    """Return both parts with their uncertainties, and how they depend on each other where they do."""
    found = []
    for name, part in parts(entry):
        found.append(_column(name, aligned(part.values), part.unit))
        if part.uncertainty is not None:
            found += _uncertainty(part.uncertainty, part.unit)
    between = coefficients(entry)
    return [*found, _column(label("columns", "correlation"), aligned(between))] if between else found


def _column(name: Said, cells: list[Cell], unit: str = "1", *, whole: bool = False) -> Head:
    return {"name": name, "unit": in_unit(unit), "cells": cells, "whole": whole}


def _uncertainty(stated: Uncertainty, unit: str) -> list[Head]:
    name = "standard_uncertainty" if stated.p is None else "expanded_uncertainty"
    found = [_column(label("columns", name), aligned(stated.expanded), unit)]
    if stated.p is not None and len(set(stated.k)) > 1:
        found.append(_column(label("columns", "coverage_factor"), aligned(stated.k)))
    return found


def _conformity(judged: Conformity, unit: str) -> list[Head]:
    verdicts: list[Cell] = [{"said": label("verdicts", verdict)} for verdict in judged.verdicts]
    found = [_column(label("columns", "conformity"), verdicts)]
    tolerance = judged.tolerance
    if tolerance is None:
        return found
    upper = set(tolerance.upper or ())
    if len(upper) == 1 and set(tolerance.lower or ()) == {f"-{limit}" for limit in upper}:
        limit: Cell = {"text": f"±{upper.pop()}"}
        return [_column(label("columns", "mpe"), [limit], unit), *found]
    bounds = (("lower", tolerance.lower), ("upper", tolerance.upper))
    return [
        *(_column(label("columns", name), aligned(numbers), unit) for name, numbers in bounds if numbers),
        *found,
    ]


def _remarks(table: Table, *, left_out: bool) -> list[Said]:
    """Return what U and the marks of the table mean, each once; and that columns of it are left out here."""
    found: list[Said] = []
    for column in table.columns:
        if isinstance(column, Complex) and column.uncertainty is not None:
            found += covered(column.uncertainty.region, "parts")
        if isinstance(column, Complex) and column.in_cmc is not None:
            found.append(_scope(column.in_cmc.valid))
        if not isinstance(column, Column):
            continue
        stated = column.uncertainty
        if stated is not None and stated.p is not None:
            factor = f"k = {stated.k[0]}" if len(set(stated.k)) == 1 else "k"
            if set(stated.p) == {NOT_STATED}:
                found.append(label("remarks", "expanded_alone", k=factor))
            else:
                found.append(label("remarks", "expanded", k=factor, p=_percent(stated.p)))
        if column.in_cmc is not None:
            found.append(_scope(column.in_cmc.valid))
    if left_out:
        found.append(label("remarks", "left_out"))
    return [remark for number, remark in enumerate(found) if remark not in found[:number]]


def _percent(probabilities: tuple[str, ...]) -> str:
    """Return the coverage probability of a table's rows; its ends where it differs from row to row."""
    stated = [float(each) * 100 for each in probabilities if each != NOT_STATED]
    return " ~ ".join(dict.fromkeys(f"{end:.4g} %" for end in (min(stated), max(stated))))


def _scope(valid: tuple[bool, ...]) -> Said:
    if all(valid):
        return label("remarks", "within")
    outside = [str(number) for number, covered in enumerate(valid, 1) if not covered]
    return label("remarks", "outside", rows=", ".join(outside) if len(valid) > 1 else "1…")


def annexes(record: Record) -> list[dict[str, object]]:
    """Return the annexes: of each measurement the inputs of its model, once told, and its budgets."""
    found: list[dict[str, object]] = []
    told: list[InputQuantity] = []
    for measurement in record.measurements:
        if measurement.budgets:
            inputs = [entry for method in measurement.methods for entry in method.inputs if entry not in told]
            told += inputs
            found.append(_annex(record, measurement, inputs))
    return found


def _annex(record: Record, measurement: Measurement, inputs: list[InputQuantity]) -> dict[str, object]:
    several = len(record.measurements) > 1
    every = [budget.lines for budget in measurement.budgets]
    return {
        "name": told(measurement.name) if several else None,
        "items": called(record, measurement.items) if several else "",
        "head": [label("budget", name) for name in ("symbol", "input", "source")],
        "remark": label("budget", "correlated") if any(map(_between, every)) else [],
        "inputs": [
            [
                symbol(entry.symbol),
                {"said": told(entry.name)},
                {"said": told(entry.source)} if entry.source else {"text": ""},
            ]
            for entry in inputs
        ],
        "budgets": [
            _budget(budget) | {"items": called(record, measurement.results[budget.result].items)}
            for budget in measurement.budgets
        ],
    }


def _budget(budget: PointBudget) -> dict[str, object]:
    lines = budget.lines
    # One digit more than u_c has: what a contribution has behind it is in no sum.
    last = Decimal(budget.u).as_tuple().exponent
    place = last - 1 if isinstance(last, int) else FINEST - 1
    contributions = tuple(_to_place(line.contribution, _known(line.contribution, place)) for line in lines)
    shares = tuple(_to_place(line.share, -1, line.contribution) for line in lines)
    columns: list[tuple[str, str, list[Cell]]] = [
        ("symbol", "1", [symbol(line.symbol) for line in lines]),
        ("estimate", "1", aligned(tuple(with_exponent(line.value) for line in lines))),
        ("u", "1", aligned(tuple(with_exponent(line.u) for line in lines))),
        ("unit", "1", [{"text": units.symbol(line.unit)} for line in lines]),
        ("distribution", "1", [_distribution(line.distribution) for line in lines]),
        ("dof", "1", [{"text": line.dof} for line in lines]),
        ("sensitivity", "1", aligned(tuple(with_exponent(line.sensitivity) for line in lines))),
        ("contribution", budget.unit, aligned(contributions)),
        ("share", "1", aligned(shares)),
    ]
    shown = units.symbol(budget.unit)
    between = _between(lines)
    return {
        "covariances": {"name": label("budget", "covariances"), "share": printed(between)}
        if between
        else None,
        "title": told(budget.title),
        "rows": len(lines),
        "columns": [_column(label("budget", name), cells, unit) for name, unit, cells in columns],
        "summary": [
            [symbol(name), f" = {text}"]
            for name, text in (
                ("y", f"{printed(budget.value)} {shown}"),
                ("u_c", f"{printed(budget.u)} {shown}"),
                ("ν_eff", budget.dof),
                ("p", budget.p),
                ("k", budget.k),
                ("U", f"{printed(budget.expanded)} {shown}"),
            )
        ],
    }


def _between(lines: Sequence[BudgetLine]) -> str:
    """Return what covariances have of the variance, in percent: what shares lack of 100; "" for nothing.

    A share is 100·(c·u)²/u_c²; of correlated inputs 2·c_i·c_j·u(x_i, x_j) is in u_c², too (GUM 5.2.2).
    """
    shares = [Decimal(line.share) for line in lines]
    if not all(share.is_finite() for share in shares):
        return ""
    lacking = 100 - sum(shares, Decimal(0))
    rounding = ROUNDED * (len(lines) + 1)
    return f"{lacking:.1f}" if abs(lacking) > rounding else ""


ROUNDED = Decimal("0.05")
"""By how much a printed share may be off, in percent."""


FINEST, LONGEST = -9, 12
"""Decimal place to which contributions are written out, and digits; what goes beyond stays as it is."""


def _known(number: str, place: int) -> int:
    """Return a decimal place no finer than a number was given to: a zero behind it would be a claim."""
    exact = Decimal(number)
    given = exact.as_tuple().exponent
    return max(place, min(given, 0)) if exact and isinstance(given, int) else place


def _to_place(number: str, place: int, of: str = "") -> str:
    """Return a number to a decimal place, and what is smaller but not nothing as `< 0.1`.

    `of` is the number it was computed from, where it may have been rounded to nothing itself.
    """
    exact = Decimal(number)
    if not exact.is_finite() or place < FINEST or exact.adjusted() - place > LONGEST:
        return number
    step = Decimal(1).scaleb(place)
    rounded = exact.quantize(step, ROUND_HALF_UP)
    return f"{rounded:f}" if rounded or not Decimal(of or number) else f"< {step:f}"


def _distribution(word: str) -> Cell:
    known = has("distributions", word)
    return {"said": label("distributions", word)} if known else {"text": full_width(word)}
