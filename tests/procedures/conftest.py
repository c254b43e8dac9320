from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tiny_bench import tiny_bench


@pytest.fixture
def tiny(tmp_path):
    with tiny_bench(tmp_path) as bench:
        yield bench
