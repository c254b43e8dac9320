"""The tiny bench and the links' peers, for what is tested with them here."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "procedures"))
sys.path.insert(0, str(Path(__file__).parent.parent / "links"))

from tiny_bench import Tiny, tiny_bench


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Tiny]:
    with tiny_bench(tmp_path) as bench:
        yield bench
