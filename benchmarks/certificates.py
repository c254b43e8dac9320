"""Price of reading a certificate into the record over what lxml alone takes, measured in one run.

Run `python benchmarks/certificates.py`; it fails if a limit is passed. lxml alone parses and validates:
once with nothing read, and once, as who reads must look at what is there, handing out the name, text and
attributes of each element (docs/decisions/dcc-reading.md). The certificates are the tests' sample without
its annex of budgets, 35 kB, and one of 21 kB, with a single standard, no inputs of the uncertainty and no
ambient conditions. All take turns, and the fastest rounds are compared, since whatever else the machine does
only ever adds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree
from lxml.etree import _Element

from remotecal.certificates.dcc import read, validate, write
from remotecal.certificates.dcc.validate import schema
from remotecal.certificates.pdf import print_certificate
from remotecal.model import Record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "certificates"))
from sample import record

LIMITS = {"parse, validate": 4.5, "parse, validate, look at each element": 3.0}
"""Times that reading and validating may take what lxml alone takes to do this."""
ROUNDS = 1000


def main() -> int:
    whole = record()
    measurement = whole.measurements[0].model_copy(update={"budgets": ()})
    plain = whole.model_copy(update={"measurements": (measurement,)})
    xml = write(plain)
    within = [compare(xml), compare(write(shorter(plain)))]
    for name, task in (
        ("schema and schematron", lambda: validate(xml)),
        ("write", lambda: write(plain)),
        ("print, with the annex", lambda: print_certificate(whole, xml)),
    ):
        timed(task)
        print(f"{name:45} {timed(task) * 1e3:8.3f} ms")
    return int(not all(within))


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


def compare(xml: bytes) -> bool:
    """Print how many times as long reading takes as lxml alone; tell whether that is within the limits."""
    official = schema("3.3.0")

    def valid() -> _Element:
        root = etree.fromstring(xml)
        official.assertValid(root)
        return root

    def look() -> None:
        for element in valid().iter():
            element.tag, element.text, element.items()

    tasks: dict[str, Callable[[], object]] = {
        "parse, validate": valid,
        "parse, validate, look at each element": look,
        "read and validate": lambda: read(xml, valid=True),
    }
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            taken[name].append(timed(task))
    least = {name: min(times) for name, times in taken.items()}
    print(f"certificate of {len(xml)} bytes")
    for name, seconds in least.items():
        print(f"  {name:43} {seconds * 1e3:8.3f} ms")
    ratios = {name: least["read and validate"] / least[name] for name in LIMITS}
    for name, ratio in ratios.items():
        print(f"  times {name:37} {ratio:8.2f}    (limit {LIMITS[name]})")
    return all(ratio <= LIMITS[name] for name, ratio in ratios.items())


def timed(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
