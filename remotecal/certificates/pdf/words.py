"""Whether two prints say the same in words, however they are laid out.

Another version of the printer breaks lines and pages elsewhere, and words its labels otherwise. What
the record gives, numbers above all, must stand on both.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.certificates.pdf.content import margins
from remotecal.certificates.pdf.joint import coefficients, padded, parts, shown
from remotecal.certificates.pdf.numbers import full_width, printed, with_exponent
from remotecal.certificates.pdf.wording import label
from remotecal.model import Column, Complex, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remotecal.certificates.pdf.compare import Print
    from remotecal.model import Correlation, PointBudget, Quantity, Record, Table, Text

_PAGE = re.compile(r"第\d+页共\d+页Page\d+of\d+")
_WORD = re.compile(r"[−±]?[^\W_\u2e80-\uffef]+(?:[.-][^\W_\u2e80-\uffef]+)*|[\u2e80-\uffef]")
_APART = re.compile(r"([−±]|\w-)\n(?=\w)")
"""A sign that comes from another font than its number; a line that is broken behind a hyphen."""


def same_words(stated: Print, again: Print, record: Record) -> bool:
    """Tell whether two prints of a record say the same, character by character, pages and lines apart."""
    return _text(stated, record) == _text(again, record)


def missing_facts(stated: Print, again: Print, record: Record) -> list[str]:
    """Return the words of names, results and budgets that are printed now and lack in `stated`.

    A number counts with its sign, and as often as the record gives it.
    """
    there = _words(stated)
    facts = _counted(_facts(record)) & _words(again)
    # Earlier versions wrote small numbers of a budget out: 0.000000000050 for 5.0 × 10⁻¹¹.
    lacking = [facts + _counted(_of_lines(record, form)) - there for form in (with_exponent, str)]
    return sorted(lacking[0].elements()) if all(lacking) else []


def _counted(facts: Iterable[str]) -> Counter[str]:
    return Counter(word for fact in facts for word in _WORD.findall(fact))


def _text(print_: Print, record: Record) -> str:
    bodies = []
    for page in print_.words:
        body = _PAGE.sub("", page, count=1)
        for margin in margins(record):
            body = body.replace(margin, "", 1) if margin in body else f"{body} without {margin}"
        bodies.append(body)
    return "".join(bodies)


def _words(print_: Print) -> Counter[str]:
    pages = (_APART.sub(r"\1", "\n".join(page)) for page in print_.runs)
    return Counter(word for page in pages for word in _WORD.findall(page))


def _facts(record: Record) -> Iterator[str]:
    """Yield what no print may lack: its names and numbers."""
    yield record.number
    for party in (record.laboratory.contact, record.customer):
        yield from _said(party.name)
    for person in record.persons:
        yield from _said(person.name)
    for item in record.items:
        yield from (*_said(item.name), *item.serials)
    for standard in record.standards:
        yield from (*_said(standard.name), *standard.serials)
        if standard.certificate is not None:
            yield standard.certificate.number
    for approval in record.approvals:
        yield from (*_said(approval.name), *approval.references, str(approval.day))
    for table in record.tables:
        yield from _of_table(table)
    for measurement in record.measurements:
        for budget in measurement.budgets:
            yield from _of_budget(budget)


def _of_table(table: Table) -> Iterator[str]:
    for column in table.columns:
        yield from _of_column(column)
    for joint in table.joint:
        yield from _of_correlation(joint.correlation)


def _of_column(column: Quantity) -> Iterator[str]:
    yield from _said(column.name)
    if isinstance(column, Words):
        yield from column.words
    if isinstance(column, Complex):
        for _, part in parts(column):
            yield from _of_column(part)
        yield from map(printed, coefficients(column))
    if isinstance(column, Column):
        for stated in (column, *column.in_other_units):
            yield units.symbol(stated.unit)
            yield from map(printed, stated.values)
            if stated.uncertainty is not None:
                yield from map(printed, stated.uncertainty.expanded)
        if column.conformity is not None:
            for verdict in column.conformity.verdicts:
                yield from (text for _, text in label("verdicts", verdict))
        if column.correlation is not None:
            yield from _of_correlation(column.correlation)


def _of_correlation(correlation: Correlation) -> Iterator[str]:
    yield from (printed(entry) for entry in padded(shown(correlation)))


def _of_budget(budget: PointBudget) -> Iterator[str]:
    yield from map(printed, (budget.value, budget.u, budget.k, budget.expanded))
    yield units.symbol(budget.unit)
    for line in budget.lines:
        yield line.symbol
        yield from map(printed, (line.contribution, line.share))


def _of_lines(record: Record, form: Callable[[str], str]) -> Iterator[str]:
    """Yield the numbers of budgets that may have an exponent, in a form."""
    for measurement in record.measurements:
        for budget in measurement.budgets:
            for line in budget.lines:
                yield from (printed(form(number)) for number in (line.value, line.u, line.sensitivity))


def _said(text: Text | None) -> Iterator[str]:
    if text is not None:
        yield from map(full_width, text.root.values())
