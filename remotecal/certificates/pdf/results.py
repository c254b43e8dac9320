"""The results of the printed certificate: tables, error curve, uncertainty budgets."""

from __future__ import annotations

from copy import deepcopy
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.certificates.pdf.curve import error_curve
from remotecal.certificates.pdf.markup import aligned, both, in_unit, printed, row, said, tag
from remotecal.certificates.pdf.sections import VERDICTS, heading
from remotecal.model import Column, Words

if TYPE_CHECKING:
    from lxml.etree import _Element

    from remotecal.model import Conformity, Measurement, PointBudget, Quantity, Table, Uncertainty

Head = tuple["_Element", list["_Element"]]
"""One printed column: its heading and its cells."""

AGAINST = ("basic_referenceValue", "remotecal_nominalValue", "basic_nominalValue")
"""What an error is plotted over, the first that the table has."""

DISTRIBUTIONS = {
    "normal": "正态",
    "rectangular": "均匀",
    "triangular": "三角",
    "trapezoidal": "梯形",
    "arcsine": "反正弦",
    "t": "t",
}


def results(measurement: Measurement) -> list[_Element]:
    """Return the tables of results, each with its error curve where it has one."""
    found = [heading("校准结果", "Results")]
    for result in measurement.results:
        found.append(tag("h3", said(result.name)))
        if result.description is not None:
            found.append(tag("p", said(result.description)))
        for table in result.tables:
            found.append(_table(table))
            found += _remarks(table)
            found += _curve(table)
    return found


def _curve(table: Table) -> list[_Element]:
    errors = table.column("basic_measurementError")
    at = next((column for name in AGAINST if (column := table.column(name))), None)
    if errors is None or at is None or not len(at.values) == len(errors.values) > 1 or "NaN" in errors.values:
        return []
    return [error_curve(at, errors)]


def _table(table: Table) -> _Element:
    columns = [printed_column for quantity in table.columns for printed_column in _columns(quantity)]
    element = tag("table", tag("thead", row(*(head for head, _ in columns), head=True)), class_="grid")
    body = tag("tbody")
    for number in range(table.rows):
        # An element stands in one place only, so a value that holds for all rows is copied.
        body.append(row(*(cells[number] if len(cells) > 1 else deepcopy(cells[0]) for _, cells in columns)))
    element.append(body)
    return element


def _columns(quantity: Quantity) -> list[Head]:
    name = said(quantity.name, lines=True) if quantity.name else tag("span")
    if isinstance(quantity, Words):
        return [(name, [tag("span", word) for word in quantity.words])]
    if not isinstance(quantity, Column):
        return [(name, [said(quantity.text)])]
    found = [(_headed(name, quantity.unit), aligned(quantity.values))]
    if quantity.uncertainty is not None:
        found += _uncertainty(quantity.uncertainty, quantity.unit)
    if quantity.conformity is not None:
        found += _conformity(quantity.conformity, quantity.unit)
    return found


def _headed(name: _Element, unit: str) -> _Element:
    return tag("span", name, tag("br"), tag("span", in_unit(unit), class_="unit"))


def _uncertainty(stated: Uncertainty, unit: str) -> list[Head]:
    standard = stated.p is None
    label = both("标准不确定度", "u", lines=True) if standard else both("扩展不确定度", "U", lines=True)
    found = [(_headed(label, unit), aligned(stated.expanded))]
    if not standard and len(set(stated.k)) > 1:
        found.append((both("包含因子", "k", lines=True), aligned(stated.k)))
    return found


def _conformity(judged: Conformity, unit: str) -> list[Head]:
    verdicts = [both(*VERDICTS[verdict]) for verdict in judged.verdicts]
    found = [(both("符合性", "Conformity", lines=True), verdicts)]
    tolerance = judged.tolerance
    if tolerance is None:
        return found
    upper = set(tolerance.upper or ())
    if len(upper) == 1 and set(tolerance.lower or ()) == {f"-{limit}" for limit in upper}:
        limit = tag("span", f"±{upper.pop()}")
        return [(_headed(both("最大允许误差", "MPE", lines=True), unit), [limit]), *found]
    bounds = [
        (both("下限", "Lower limit", lines=True), tolerance.lower),
        (both("上限", "Upper limit", lines=True), tolerance.upper),
    ]
    return [*((_headed(name, unit), aligned(numbers)) for name, numbers in bounds if numbers), *found]


def _remarks(table: Table) -> list[_Element]:
    """Return what U and the marks of the table mean."""
    found = []
    for column in table.columns:
        if not isinstance(column, Column):
            continue
        stated = column.uncertainty
        if stated is not None and stated.p is not None:
            factor = f"k = {stated.k[0]}" if len(set(stated.k)) == 1 else "k"
            share = f"{float(stated.p[0]) * 100:.4g} %"
            found.append(
                both(
                    f"U：扩展不确定度，包含因子 {factor}，包含概率约 {share}。",
                    f"U is the expanded uncertainty with the coverage factor {factor}, "
                    f"for a coverage probability of about {share}.",
                    lines=True,
                )
            )
        if column.in_cmc is not None:
            found.append(_scope(column.in_cmc.valid))
    return [tag("p", remark, class_="small") for remark in found]


def _scope(valid: tuple[bool, ...]) -> _Element:
    if all(valid):
        return both(
            "全部结果在认可的 CMC 范围内。", "All results are covered by the accredited CMC.", lines=True
        )
    rows = (
        ", ".join(str(number) for number, covered in enumerate(valid, 1) if not covered)
        if len(valid) > 1
        else "1…"
    )
    return both(
        f"以下各行的结果不在认可的 CMC 范围内：{rows}。",
        f"Not covered by the accredited CMC: rows {rows}.",
        lines=True,
    )


def budgets(measurement: Measurement) -> list[_Element]:
    """Return the annex: the inputs of the model, and the budget of every point."""
    if not measurement.budgets:
        return []
    found = [heading("附录 测量不确定度评定", "Annex: evaluation of the measurement uncertainty")]
    inputs = [entry for method in measurement.methods for entry in method.inputs]
    if inputs:
        kinds = ("text",) * 3
        head = (
            both("符号", "Symbol", lines=True),
            both("输入量", "Input", lines=True),
            both("来源", "Source", lines=True),
        )
        table = tag("table", tag("thead", row(*head, head=True, classes=kinds)), class_="grid budget")
        body = tag("tbody")
        for entry in inputs:
            source = said(entry.source) if entry.source else None
            body.append(row(symbol(entry.symbol), said(entry.name), source, classes=kinds))
        table.append(body)
        found.append(table)
    for budget in measurement.budgets:
        found += [tag("h3", said(budget.title)), _budget(budget)]
    return [tag("section", *found, class_="annex")]


def symbol(name: str) -> _Element:
    """Return a symbol in italics, with what follows an underscore as its index."""
    main, _, index = name.partition("_")
    return tag("span", tag("i", main), tag("sub", index) if index else None)


def _budget(budget: PointBudget) -> _Element:
    lines = budget.lines
    unit = in_unit(budget.unit)
    # One digit more than u_c has: what a contribution has behind it is in no sum.
    last = Decimal(budget.u).as_tuple().exponent
    place = last - 1 if isinstance(last, int) else FINEST - 1
    columns: list[Head] = [
        (both("符号", "Symbol", lines=True), [symbol(line.symbol) for line in lines]),
        (both("估计值", "Estimate", lines=True), aligned(tuple(line.value for line in lines))),
        (both("标准不确定度", "u", lines=True), aligned(tuple(line.u for line in lines))),
        (both("单位", "Unit", lines=True), [tag("span", units.symbol(line.unit)) for line in lines]),
        (both("分布", "Distribution", lines=True), [_distribution(line.distribution) for line in lines]),
        (both("自由度", "ν", lines=True), [tag("span", line.dof) for line in lines]),
        (both("灵敏系数", "c", lines=True), aligned(tuple(line.sensitivity for line in lines))),
        (
            both("不确定度分量", f"|c|·u {unit}", lines=True),
            aligned(tuple(_to_place(line.contribution, place) for line in lines)),
        ),
        (
            both("方差占比", "Share / %", lines=True),
            aligned(tuple(_to_place(line.share, -1, line.contribution) for line in lines)),
        ),
    ]
    table = tag(
        "table", tag("thead", row(*(head for head, _ in columns), head=True)), class_="grid budget even"
    )
    table.append(
        tag("tbody", *(row(*(cells[number] for _, cells in columns)) for number in range(len(lines))))
    )
    shown = units.symbol(budget.unit)
    summary = tag("td", colspan=str(len(columns)))
    for name, content in (
        ("y", f"{printed(budget.value)} {shown}"),
        ("u_c", f"{printed(budget.u)} {shown}"),
        ("ν_eff", budget.dof),
        ("p", budget.p),
        ("k", budget.k),
        ("U", f"{printed(budget.expanded)} {shown}"),
    ):
        summary.append(tag("span", symbol(name), f" = {content}", class_="summary"))
    table.append(tag("tfoot", tag("tr", summary)))
    return table


FINEST, LONGEST = -9, 12
"""Decimal place to which contributions are written out, and digits; what goes beyond stays as it is."""


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


def _distribution(word: str) -> _Element:
    known = DISTRIBUTIONS.get(word)
    return both(known, word) if known and known != word else tag("span", word)
