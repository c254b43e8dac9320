"""What `benchmarks/truth.py` chooses of benches in turn can be chosen of them."""

import pytest
from domains import DOMAINS

from benchmarks.truth import VARIETY
from remotecal.sim.catalogue import benches

SHIPPED = {bench for domain in DOMAINS.values() for bench in domain.benches}


def test_only_shipped_benches_vary() -> None:
    assert set(VARIETY) <= SHIPPED


@pytest.mark.parametrize("name", sorted(VARIETY.keys() & benches().keys()))
def test_every_choice_is_one(name: str) -> None:
    options = benches()[name].Options
    for option, values in VARIETY[name].items():
        for value in values:
            assert getattr(options(**{option: value}), option) == value
