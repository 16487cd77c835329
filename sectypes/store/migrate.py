"""Making and changing the schema, with the Alembic scripts that travel in the package."""

from __future__ import annotations

import io
import threading
from typing import Literal

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from sectypes.config import Secret
from sectypes.shipped import shipped
from sectypes.store.connect import as_secret, is_sqlite, parse_url
from sectypes.store.engine import Database, read_revision, wrong_schema
from sectypes.store.tables import REVISION

__all__ = [
    "REVISION",
    "current",
    "dialect",
    "render_sql",
    "script_config",
    "upgrade",
    "upgrade_connection",
]


# Alembic keeps what it works on in globals: two threads, even on two databases, would mix it up.
_ALEMBIC = threading.Lock()


def upgrade(url: Secret | str | None = None) -> None:
    """Bring a database to the schema that this version needs; a new one gets its tables.

    A table ``security_types`` of the older system is adopted: its rows are copied, and it stays
    under the name ``security_types_older_system``.

    Parameters
    ----------
    url : Secret | str | None
        The database; None for the SQLite file in the user's data folder.

    Raises
    ------
    StoreSchemaError
        A newer version made the database.
    StoreUnavailable
        The database cannot be used.

    Examples
    --------
    >>> upgrade("sqlite:///:memory:")
    """
    database = Database(as_secret(url))
    try:
        database.write(upgrade_connection, checked=False)
    finally:
        database.close()


def current(url: Secret | str | None = None) -> str | None:
    """The revision of a database's schema; None where there is none.

    Raises
    ------
    StoreUnavailable
        The database cannot be used.

    Examples
    --------
    >>> current("sqlite:///:memory:") is None
    True
    """
    database = Database(as_secret(url))
    try:
        return database.read(read_revision, checked=False)
    finally:
        database.close()


def dialect(url: Secret | str | None = None) -> Literal["postgresql", "sqlite"]:
    """Which kind of database an URL names.

    Raises
    ------
    ConfigError
        The URL cannot be read, or names another kind of database.

    Examples
    --------
    >>> dialect("postgresql://ada@host/cache"), dialect()
    ('postgresql', 'sqlite')
    """
    return "sqlite" if is_sqlite(parse_url(as_secret(url))) else "postgresql"


def render_sql(dialect: Literal["postgresql", "sqlite"]) -> str:
    """The statements that make a new database, for those who run them themselves.

    Examples
    --------
    >>> "CREATE TABLE security_types" in render_sql("postgresql")
    True
    """
    text = io.StringIO()
    config = script_config()
    config.output_buffer = text
    config.attributes["dialect"] = dialect
    with _ALEMBIC:
        command.upgrade(config, "head", sql=True)
    return text.getvalue().strip() + "\n"


def script_config() -> Config:
    """Where Alembic finds the scripts."""
    config = Config()
    folder = str(shipped("schema"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade_connection(connection: Connection) -> None:
    """Upgrade inside the caller's transaction, which keeps others out until it ends."""
    # Read again, because another process may have been faster.
    found = read_revision(connection)
    if found == REVISION:
        return
    if found is not None and found > REVISION:
        raise wrong_schema("the database", found)
    config = script_config()
    config.attributes["connection"] = connection
    with _ALEMBIC:
        command.upgrade(config, "head")
