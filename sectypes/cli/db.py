"""Commands on the schema of the cache database."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from sectypes.cli.common import AsJson, DryRun, app, print_json
from sectypes.config import Settings

__all__ = ["db_app"]

db_app = typer.Typer(
    name="db",
    help="The schema of the cache database (SECTYPES_DATABASE_URL).",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(db_app)


class Dialect(StrEnum):
    """For which kind of database SQL is written."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"


@db_app.command()
def upgrade(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Bring the database to the schema that this version needs; every row is kept."""
    from sectypes.store import migrate

    url = Settings.from_env().database_url
    found = migrate.current(url)
    if not dry_run:
        migrate.upgrade(url)
    if as_json:
        print_json({"found": found, "needed": migrate.REVISION, "dry_run": dry_run})
    elif found == migrate.REVISION:
        typer.echo(f"schema {found}: nothing to do")
    else:
        verb = "would go" if dry_run else "went"
        typer.echo(f"schema {verb} from {found or 'none'} to {migrate.REVISION}")


@db_app.command()
def current(as_json: AsJson = False) -> None:
    """Show which schema the database has and which one is needed; exit code 1 if they differ."""
    from sectypes.store import migrate

    found = migrate.current(Settings.from_env().database_url)
    if as_json:
        print_json({"found": found, "needed": migrate.REVISION})
    else:
        typer.echo(f"schema {found or 'none'}, this version needs {migrate.REVISION}")
    if found != migrate.REVISION:
        raise typer.Exit(1)


@db_app.command()
def sql(
    dialect: Annotated[
        Dialect | None, typer.Option(help="By default that of the configured database.")
    ] = None,
) -> None:
    """Print the statements that make a new database, for those who run them themselves."""
    from sectypes.store import migrate

    chosen = dialect.value if dialect else migrate.dialect(Settings.from_env().database_url)
    typer.echo(migrate.render_sql(chosen), nl=False)
