"""The store on both databases it runs on."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import empty_postgres, postgres

from remotecal.store import Store

__all__ = ["empty_postgres", "postgres"]

sys.path.append(str(Path(__file__).parent.parent / "certificates"))  # records to keep


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/hub.sqlite"
    server: str = request.getfixturevalue("empty_postgres")
    return server


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    Store.migrate(url)
    with Store(url) as opened:
        yield opened


@pytest.fixture
def enrolled(store: Store) -> Store:
    """A store with the stations `here` and `there`."""
    for name in ("here", "there"):
        store.stations.enrol(store.stations.new_code(name, 100.0), "key", "print", 1000.0, 50.0)
    return store
