"""A process that carries a bench's order out, or takes it up again, and is answered by what it is sent.

`python carrying_out.py RUN ORDER BENCH`
"""

import sys
from pathlib import Path

from remotecal.bench import Bench
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, resume
from remotecal.runs.prompts import Terminal


def carry_out(run: Path, order: Path, bench: Path) -> None:
    company = Company(Terminal("en"))
    if run.exists():
        resume(run, company)
    else:
        asked = Order.load(order)
        execute(asked, find(asked.order.procedure), Bench.load(bench), run, company)


if __name__ == "__main__":
    carry_out(*map(Path, sys.argv[1:]))
