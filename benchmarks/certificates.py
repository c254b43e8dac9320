"""Price of reading a certificate into the record over what lxml alone takes.

Run it as `python benchmarks/certificates.py`. lxml alone parses and validates: once with nothing read, and
once, as who reads must look at what is there, handing out the name, text and attributes of each element
(docs/decisions/dcc-reading.md). The certificates are the tests' sample without its annex of budgets, 35 kB,
and one of 21 kB, with a single standard, no inputs of the uncertainty and no ambient conditions.
"""

from __future__ import annotations

import sys
from pathlib import Path

from compare import Bound, show, take_turns, verdict
from lxml import etree
from lxml.etree import _Element

from remotecal.certificates.dcc import read, validate, write
from remotecal.certificates.dcc.validate import schema
from remotecal.certificates.pdf import print_certificate
from remotecal.model import Record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "certificates"))
from sample import record

LIMITS = {"parse, validate": 4.5, "parse, validate, look at each": 3.0}
"""Times that reading and validating may take what lxml alone takes to do this."""
ROUNDS = 300


def main() -> int:
    whole = record()
    measurement = whole.measurements[0].model_copy(update={"budgets": ()})
    plain = whole.model_copy(update={"measurements": (measurement,)})
    xml = write(plain)
    bounds = [*compare("35 kB", xml), *compare("21 kB", write(shorter(plain)))]
    tasks = {
        "read and validate": lambda: read(xml, valid=True),
        "schema and schematron": lambda: validate(xml),
        "write": lambda: write(plain),
        "print, with the annex": lambda: print_certificate(whole, xml),
    }
    show("Other tasks, 35 kB", take_turns(tasks, rounds=ROUNDS // 10), "read and validate")
    return verdict(bounds)


def shorter(whole: Record) -> Record:
    """Return the record as a laboratory would write it that says what it must and no more."""
    measurement = whole.measurements[0]
    less = {
        "methods": tuple(method.model_copy(update={"inputs": ()}) for method in measurement.methods),
        "standards": measurement.standards[:1],
        "conditions": (),
    }
    found = {"measurements": (measurement.model_copy(update=less),), "persons": whole.persons[:2]}
    return whole.model_copy(update=found)


def compare(size: str, xml: bytes) -> list[Bound]:
    official = schema("3.3.0")

    def valid() -> _Element:
        root = etree.fromstring(xml)
        official.assertValid(root)
        return root

    def look() -> None:
        for element in valid().iter():
            element.tag, element.text, element.items()

    costs = take_turns(
        {
            "parse, validate": valid,
            "parse, validate, look at each": look,
            "read and validate": lambda: read(xml, valid=True),
        },
        rounds=ROUNDS,
    )
    show(f"A certificate of {size}", costs, "parse, validate")
    read_in = costs["read and validate"]
    return [Bound(f"read {size} / {name}", read_in / costs[name], most) for name, most in LIMITS.items()]


if __name__ == "__main__":
    sys.exit(main())
