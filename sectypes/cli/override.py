"""Commands on overrides: a person's own decisions, which nothing else replaces."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from sectypes.cli.common import (
    AsCsv,
    AsJson,
    Table,
    Yes,
    a_time,
    app,
    confirm,
    print_json,
    records,
    show,
)
from sectypes.errors import InputError
from sectypes.moments import end_of
from sectypes.taxonomy import SecurityType

__all__ = ["override_app"]

override_app = typer.Typer(
    name="override",
    help="Your own decisions, which no refresh and no import replaces.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(override_app)

Ticker = Annotated[str, typer.Argument(help="In any spelling.")]


@override_app.command("set")
def set_(
    ticker: Ticker,
    security_type: Annotated[SecurityType, typer.Argument(help="What it is.")],
    note: Annotated[str, typer.Option(help="Why; shown with every answer.")],
    author: Annotated[str | None, typer.Option(help="Who says so; by default you.")] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(
            parser=a_time("--expires", read=end_of),
            metavar="TIME",
            help="Last day (UTC) on which it counts, or the time (with its zone) when it ends.",
        ),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Decide the type of a ticker yourself."""
    from sectypes.current import get_service
    from sectypes.tickers import canonical

    if not note.strip():
        raise typer.BadParameter("--note must say why")
    service = get_service()
    there = service.overrides().get(canonical(ticker))
    if there is not None:
        old = f"{there.security_type.value} ({there.raw_label})"
        confirm(f"{ticker} is overridden as {old} already. Replace that?", yes=yes)
    made = service.override(
        ticker,
        security_type,
        note=note,
        author=author or getpass.getuser(),
        expires=expires,
    )
    told: Table = {
        "ticker": [made.ticker],
        "security_type": [made.security_type.value],
        "expires": [made.expires_at],
    }
    if as_json:
        print_json(records(told)[0])
    else:
        until = "" if made.expires_at is None else f", until {records(told)[0]['expires']}"
        typer.echo(f"{made.ticker} is {made.security_type.value} from now on{until}")


@override_app.command("list")
def list_(as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """Show all overrides, expired ones too; each counts until the midnight or time it expires."""
    from sectypes.current import get_service

    entries = get_service().override_entries()
    made = [entry.made for entry in entries]
    now = datetime.now(UTC)
    table: Table = {
        "ticker": [one.ticker for one in made],
        "security_type": [one.security_type for one in made],
        "note": [one.raw_label for one in made],
        "author": [entry.author for entry in entries],
        "since": [one.observed_at for one in made],
        "expires": [one.expires_at for one in made],
        "in_force": [one.is_fresh(now) for one in made],
    }
    show(table, as_json=as_json, as_csv=as_csv)


@override_app.command()
def remove(ticker: Ticker, yes: Yes = False) -> None:
    """Take an override back."""
    from sectypes.current import get_service

    confirm(f"Take the override of {ticker} back?", yes=yes)
    if not get_service().remove_override(ticker):
        raise InputError(f"{ticker} has no override")
    typer.echo(f"{ticker} is no longer overridden")
