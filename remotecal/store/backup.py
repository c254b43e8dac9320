"""A copy of the database as it is at one moment, while others work with it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from shutil import which

from remotecal.errors import ConfigurationError, StoreError

DUMP = "hub.dump"
"""Name of PostgreSQL's copy."""


def copy_database(url: str, folder: Path) -> Path:
    """Write a copy of a database into a directory, and return its path.

    SQLite's is a database of the same name; PostgreSQL's is what `pg_restore` takes.

    Raises:
        StoreError: it can't be read, or the copy is not sound.
        ConfigurationError: `pg_dump` is not installed.
    """
    from sqlalchemy import make_url

    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _copy_sqlite(Path(parsed.database or ""), folder)
    if which("pg_dump") is None:
        raise ConfigurationError("pg_dump is not installed here: install PostgreSQL's client programs")
    copy = folder / DUMP
    # The password is told by the environment, for everybody can see a command line.
    plain = parsed.set(drivername="postgresql", password=None).render_as_string()
    environment = os.environ | ({"PGPASSWORD": str(parsed.password)} if parsed.password else {})
    line = ["pg_dump", "--format=custom", "--no-owner", f"--file={copy}", f"--dbname={plain}"]
    done = subprocess.run(  # noqa: S603  PostgreSQL's own program
        line, capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        raise StoreError(f"the database {plain} can't be copied: {done.stderr.strip()}")
    return copy


def _copy_sqlite(database: Path, folder: Path) -> Path:
    copy = folder / database.name
    try:
        there = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
        with closing(there), closing(sqlite3.connect(copy)) as here:
            there.backup(here)
            (sound,) = here.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"the database {database} can't be copied: {error}") from error
    if sound != "ok":
        raise StoreError(f"the copy of {database} is not sound: {sound}")
    copy.chmod(0o600)
    return copy
