"""What a procedure's evaluation yields: everything on a certificate that follows from evidence."""

from __future__ import annotations

from remotecal.model import Condition, Frozen, Method, PointBudget, Quantity, Result, Statement, Text


class Evaluation(Frozen):
    """One measurement: results with their budgets, conditions and statements."""

    results: tuple[Result, ...]
    """The results."""
    budgets: tuple[PointBudget, ...] = ()
    """The uncertainty budgets, one for each row of the first table of results."""
    conditions: tuple[Condition, ...] = ()
    """The conditions that influenced the measurement."""
    methods: tuple[Method, ...] = ()
    """Methods beside the procedure itself, such as that of the uncertainty's evaluation."""
    statements: tuple[Statement, ...] = ()
    """What is declared: the decision rule, conformity, remarks."""
    norms: tuple[str, ...] | None = None
    """The documents that were followed, where they are not all of the procedure's."""
    items: tuple[str, ...] = ()
    """Ids of the devices it is about (`Order.devices`); all of them where none is named."""
    item_quantities: tuple[Quantity, ...] = ()
    """Characteristics of these devices, such as their diameter."""
    libraries: tuple[str, ...] = ()
    """Installed packages beside this one whose numbers are in it, such as that of an equation of state: the
    certificate names them with the version that computed it."""
    heading: Text | None = None
    """Heading of the measurement; the procedure's title where none is given."""
