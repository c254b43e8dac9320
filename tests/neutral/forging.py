"""What the key of a station could write of a run, each reply as it was, and what no evaluation takes."""

from dataclasses import replace
from itertools import combinations

import pytest
from short_runs import record

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.procedures.parameters import read_parameters
from remotecal.runs.catalogue import find

SOONER = 1.0
"""Seconds by which a reading is said to have been taken too early."""


def see_forgeries_refused(evidence):
    """See that readings of one quantity can't be exchanged, nor come before what they had to wait for."""
    kind = find(evidence.procedure.name).procedure
    told = read_parameters(kind.accepts(), evidence.parameters, "the run's parameters")
    for entry in {frozenset(one.values): one for one in evidence.observations}.values():
        for pair in exchangeable(entry.values):
            one, other = pair
            exchanged = {**entry.values, one: entry.values[other], other: entry.values[one]}
            refused(evidence, entry, exchanged, r"was read for .*, and must in the order")
        for part in kind.yields().parts().values():
            if part.waited is None or not (due := part.waited.due(told)) or part.name not in entry.values:
                continue
            since = of(entry.values[part.waited.since])[-1].at if part.waited.since else entry.began
            hurried = tuple(one._replace(at=since + due - SOONER) for one in of(entry.values[part.name]))
            value = hurried[0] if isinstance(entry.values[part.name], Measured) else hurried
            refused(evidence, entry, {**entry.values, part.name: value}, f"{part.name} was read .* are due")


def of(value):
    """Return the readings of a part."""
    return (value,) if isinstance(value, Measured) else value


def exchangeable(values):
    """Yield pairs of parts, of each of which a reading was made of the same quantity of one instrument."""
    by_source = {
        name: {one.source for one in of(value)} for name, value in values.items() if isinstance(value, tuple)
    }
    yield from (pair for pair in combinations(by_source, 2) if by_source[pair[0]] & by_source[pair[1]])


def refused(evidence, entry, values, said):
    observations = [replace(one, values=values) if one is entry else one for one in evidence.observations]
    with pytest.raises(EvidenceError, match=said):
        record(replace(evidence, observations=tuple(observations)))
