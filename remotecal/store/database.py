"""One database, whichever: SQLite for one machine, PostgreSQL beyond it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pkgutil import iter_modules
from threading import Lock, local
from typing import TYPE_CHECKING, TypeVar

from remotecal.errors import ConfigurationError, StoreError, StoreFull

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Column, ColumnElement, Connection, Engine, MetaData, Table
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
    from sqlalchemy.engine.interfaces import DBAPIConnection

READING = "remotecal_reading"
"""Marks a transaction that only reads."""
LAST_LETTER = "\U0010ffff"
"""What no letter comes after."""
VERSIONS = "alembic_version"
"""The table in which Alembic keeps the tables' version."""
PATIENCE = 30.0
"""Seconds to wait for another process that is writing to SQLite."""


IN_ONE_QUERY = 500
"""Things that are asked for in one query."""
T = TypeVar("T")


def in_parts(wanted: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield so many at a time as one query asks for (`IN_ONE_QUERY`)."""
    for begin in range(0, len(wanted), IN_ONE_QUERY):
        yield wanted[begin : begin + IN_ONE_QUERY]


NO_ROOM = frozenset({"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "53100"})
"""What SQLite and PostgreSQL call a full disk; SQLite, too, where it can't begin to look into its file."""


class Database:
    """Connections to a database, and its version.

    Args:
        url: `sqlite:///path` or `postgresql+psycopg://user@host/name`.
    """

    def __init__(self, url: str) -> None:
        from sqlalchemy import create_engine, event
        from sqlalchemy.exc import ArgumentError

        try:
            self._engine: Engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        except (ArgumentError, ImportError) as error:
            raise ConfigurationError(f"{url!r} names no database that can be used: {error}") from error
        self.revoked: frozenset[str] = frozenset()
        """Numbers of certificates that count no longer, as `identifiers.comparable` has them: what a hub of
        this process last read of its trust list (`Items.count_without`)."""
        self.full = False
        """Whether what was to be written last found no room."""
        self._in_thread = local()
        self._writing: AbstractContextManager[object] = nullcontext()
        if self._engine.dialect.name == "sqlite":
            # SQLite has one writer at a time, and who waits for it polls; threads of ours queue up here.
            self._writing = Lock()
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)

    @property
    def name(self) -> str:
        """Its URL without the password."""
        return self._engine.url.render_as_string()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Give a transaction, which is durable once the context is left without an error.

        Within another of the same thread it is that one: all of it is there, or nothing. An error that leaves
        the inner one undoes the outer one, even where it is caught between the two.

        Raises:
            StoreError: the database can't be reached, or does not do what it is asked.
        """
        if self._open is not None:
            try:
                yield self._open
            except BaseException:
                self._in_thread.failed = True
                raise
            return
        with self._writing, self._translated(), self._engine.begin() as connection:
            self._in_thread.open, self._in_thread.failed = connection, False
            try:
                yield connection
            finally:
                self._in_thread.open = None
            if self._in_thread.failed:
                raise RuntimeError("something within this transaction failed, so nothing of it is kept")
        self.full = False

    def has_room(self) -> bool:
        """Tell whether there is room; where what was to be written last found none, a row is written anew.

        Raises:
            StoreError: as `begin`.
        """
        if self.full:
            with suppress(StoreFull), self.begin() as connection:
                connection.exec_driver_sql(f"UPDATE {VERSIONS} SET version_num = version_num")  # noqa: S608
        return not self.full

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a transaction that only reads, and so waits for nobody; errors and within as `begin`."""
        if self._open is not None:
            yield self._open
            return
        with self._translated(), self._engine.connect() as connection:
            yield connection.execution_options(**{READING: True})

    @property
    def _open(self) -> Connection | None:
        """The transaction that this thread is in."""
        return getattr(self._in_thread, "open", None)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        from sqlalchemy.exc import DBAPIError
        from sqlalchemy.exc import TimeoutError as NoConnectionFree

        try:
            yield
        except (DBAPIError, NoConnectionFree) as error:
            why = error.orig if isinstance(error, DBAPIError) else error
            if getattr(why, "sqlite_errorname", getattr(why, "sqlstate", None)) in NO_ROOM:
                self.full = True
                raise StoreFull(
                    f"the disk of the database {self.name} is full: make room there; what was taken in is "
                    "kept, what comes meanwhile is not"
                ) from error
            raise StoreError(f"the database {self.name} can't be used: {why}") from error

    def insert(self, table: Table) -> SqliteInsert | PostgresInsert:
        """Return an insert that can say what to do if the row is there already."""
        if self._engine.dialect.name == "sqlite":
            from sqlalchemy.dialects import sqlite

            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)

    def alone(self, connection: Connection, table: Table) -> None:
        """Let nobody else write to a table until the transaction ends; SQLite has one writer anyway."""
        if self._engine.dialect.name != "sqlite":
            connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")

    def begins(self, column: Column[str], beginning: str) -> ColumnElement[bool]:
        """Return whether a text begins so, capitals and all, as an index on its column can tell."""
        if self._engine.dialect.name == "sqlite":  # whose LIKE takes a capital for a small letter
            return (column >= beginning) & (column < beginning + LAST_LETTER)
        return column.startswith(beginning, autoescape=True)

    def by_letters(self, text: ColumnElement[str]) -> ColumnElement[str]:
        """Return a text to be put in order as Python does, by the numbers of its letters."""
        from sqlalchemy import collate

        return text if self._engine.dialect.name == "sqlite" else collate(text, "C")

    def migrate(self, tables: MetaData) -> None:
        """Bring the tables to this program's version; what is in them stays.

        Where there are none, they are made as they are to be: the same as by all changes in their order, in a
        fifth of the time.
        """
        from sqlalchemy import inspect

        with self.begin() as connection:
            if inspect(connection).get_table_names():
                from alembic import command

                command.upgrade(_migrations(connection), "head")
            else:
                _make(connection, tables)
                _keep_version(connection, newest_version())

    def check(self) -> None:
        """Raise `StoreError` unless the tables are of this program's version.

        Asked by every command that opens the database, so Alembic is left alone.
        """
        from sqlalchemy import String, column, inspect, select, table

        with self.read() as connection:
            told = inspect(connection).has_table(VERSIONS)
            kept = select(column("version_num", String)).select_from(table(VERSIONS))
            found = connection.scalar(kept) if told else None
        wanted = newest_version()
        if found != wanted:
            raise StoreError(
                f"the database {self.name} has the version {found or 'none'}, this "
                f"program needs {wanted}: run `remotecal hub migrate`"
            )

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()


def of_runs(table: Table, wanted: Collection[tuple[str, str]]) -> ColumnElement[bool]:
    """Return whether a row of a table is of one of these runs, named by station and name.

    Each station's are looked up by themselves: for a list of pairs SQLite goes through the whole table. The
    last is named so often that their number is a power of two: each length is a statement that is kept.
    """
    from sqlalchemy import false, or_

    each: dict[str, list[str]] = {}
    for station, run in sorted(wanted):
        each.setdefault(station, []).append(run)
    named = list(each.items())
    named += named[-1:] * (2 ** (len(named) - 1).bit_length() - len(named))
    return or_(false(), *((table.c.station == station) & table.c.run.in_(runs) for station, runs in named))


def newest_version() -> str:
    """Return the version this program's tables have: that of the last change, by its file's name."""
    from remotecal.store.migrations import versions

    last = max(module.name for module in iter_modules(versions.__path__))
    return last.removeprefix("v").partition("_")[0]


def _make(connection: Connection, tables: MetaData) -> None:
    """Make tables, and indexes in the order of their names: of two that serve alike SQLite goes by that."""
    from sqlalchemy.schema import CreateIndex, CreateTable, SetColumnComment, SetTableComment

    apart = connection.dialect.supports_comments and not connection.dialect.inline_comments
    for table in tables.sorted_tables:
        connection.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            connection.execute(CreateIndex(index))
        if apart and table.comment:
            connection.execute(SetTableComment(table))
        for column in table.columns if apart else ():
            if column.comment:
                connection.execute(SetColumnComment(column))


def _keep_version(connection: Connection, version: str) -> None:
    """Make the table in which Alembic keeps the version, as Alembic does."""
    from sqlalchemy import Column, MetaData, String, Table

    kept = Table(VERSIONS, MetaData(), Column("version_num", String(32), primary_key=True, nullable=False))
    kept.primary_key.name = f"{VERSIONS}_pkc"
    kept.create(connection)
    connection.execute(kept.insert().values(version_num=version))


def _migrations(connection: Connection) -> Config:
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", "remotecal.store:migrations")
    configuration.attributes["connection"] = connection
    return configuration


def _prepare_sqlite(connection: DBAPIConnection, _: object) -> None:
    # The transaction begins where we say, see _begin_sqlite, not where the driver guesses.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000:.0f}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # Taking the write lock at once avoids the deadlock of two readers that both want to write.
    reading = connection.get_execution_options().get(READING)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
