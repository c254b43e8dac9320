from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from examining import examine_course, examine_shapes, examine_supervision, examine_times

sys.path.insert(0, str(Path(__file__).parent))

from tiny_bench import tiny_bench

from remotecal.errors import JournalBroken
from remotecal.journal.events import FILE, read_journal


@pytest.fixture
def tiny(tmp_path):
    with tiny_bench(tmp_path) as bench:
        yield bench
        whatever_a_run_writes_is_believed(bench)


def whatever_a_run_writes_is_believed(bench):
    """However a run ended, `verify` takes its journal for one that a run wrote."""
    try:
        events = read_journal(bench.out / FILE, torn=True)
    except JournalBroken:  # there is none, or the test broke it
        return
    if events:
        examine_shapes(events)
        examine_course(events)
        examine_supervision(events)
        examine_times(events, datetime.now(UTC) + timedelta(days=1))
