"""Commands for those who look after the cache: lists, numbers, health, refresh, backup."""

from __future__ import annotations

import re
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from sectypes.cli.common import (
    AsCsv,
    AsJson,
    DryRun,
    FromProvider,
    Table,
    Yes,
    app,
    confirm,
    print_json,
    read,
    show,
)
from sectypes.errors import SectypesError
from sectypes.taxonomy import SecurityType

if TYPE_CHECKING:
    from sectypes.refresh import RefreshSummary

__all__ = ["cache_app"]

cache_app = typer.Typer(
    name="cache",
    help="What is known, how it fares, and how it is renewed.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cache_app)

MaxCalls = Annotated[
    int | None, typer.Option("--max-calls", min=0, help="At most so many calls in this run.")
]
Accept = Annotated[
    bool, typer.Option("--accept", help="Write changed types, however many they are.")
]
BackupFile = Annotated[Path, typer.Argument(help="A .yaml, .json or .parquet file.")]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@cache_app.command("list")
def list_(
    kind: Annotated[SecurityType | None, typer.Option("--type", help="Only this type.")] = None,
    stale: Annotated[
        bool, typer.Option("--stale", help="Only facts that are out of date.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="After so many others.")] = 0,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show FMP's facts in the database, in the order of their tickers; not OpenFIGI's."""
    from sectypes.current import get_service

    facts = get_service().list_facts(security_type=kind, is_stale=stale, limit=limit, offset=offset)
    now = datetime.now(UTC)
    table: Table = {
        "ticker": [fact.ticker for fact in facts],
        "security_type": [fact.security_type for fact in facts],
        "subtype": [fact.subtype for fact in facts],
        "leverage": [fact.leverage for fact in facts],
        "origin": [fact.origin for fact in facts],
        "name": [fact.name for fact in facts],
        "as_of": [fact.observed_at for fact in facts],
        "expires": [fact.expires_at for fact in facts],
        "stale": [not fact.is_fresh(now) for fact in facts],
    }
    show(table, as_json=as_json, as_csv=as_csv)


@cache_app.command()
def history(
    ticker: Annotated[str, typer.Argument(help="In any spelling.")], as_json: AsJson = False
) -> None:
    """Show how the fact about a ticker has changed."""
    from sectypes.current import get_service

    changes = get_service().history(ticker)
    table: Table = {
        "changed_at": [one.changed_at for one in changes],
        "ticker": [one.ticker for one in changes],
        "old_type": [one.old_type for one in changes],
        "new_type": [one.new_type for one in changes],
        "origin": [one.origin for one in changes],
        "words": [one.raw_label for one in changes],
    }
    show(table, as_json=as_json, as_csv=False)


@cache_app.command()
def stats(as_json: AsJson = False) -> None:
    """Show what the cache holds and today's calls; exit code 1 if it cannot be read."""
    from sectypes.current import get_service

    numbers = get_service().cache_stats()
    print_json(numbers.to_dict()) if as_json else typer.echo(str(numbers))
    if not numbers.is_complete:
        raise typer.Exit(1)


@cache_app.command()
def health(as_json: AsJson = False) -> None:
    """Try database, schema, disk and FMP out with at most one call; exit code 1 if one fails."""
    from sectypes.current import get_service

    found = get_service().health_check()
    if as_json:
        print_json(found.to_dict())
    else:
        typer.echo(str(found))
    if not found.is_healthy:
        raise typer.Exit(1)


# -- refresh --------------------------------------------------------------------------------


@cache_app.command()
def refresh(
    tickers: Annotated[list[str], typer.Argument(help="In any spelling.")],
    max_calls: MaxCalls = None,
    accept: Accept = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Ask FMP for tickers anew, whatever is known about them."""
    from sectypes.current import get_service

    service = get_service()
    _run(
        lambda planned: service.bulk_refresh(
            tickers, max_calls=max_calls, accept=accept, dry_run=planned
        ),
        dry_run=dry_run,
        as_json=as_json,
    )


@cache_app.command("refresh-stale")
def refresh_stale(
    days: Annotated[float, typer.Option(min=0, help="Facts older than this, or expired.")] = 90,
    max_calls: MaxCalls = None,
    every: Annotated[
        str | None, typer.Option(help="Again and again, after so long: 24h, 30m, 45s, 7d.")
    ] = None,
    accept: Accept = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Renew facts that are out of date, the oldest and most used first. Fit for cron."""
    from sectypes.current import get_service

    pause_s = None if every is None else _seconds(every)
    service = get_service()

    def once() -> None:
        _run(
            lambda planned: service.refresh_stale(
                days, max_calls=max_calls, accept=accept, dry_run=planned
            ),
            dry_run=dry_run,
            as_json=as_json,
        )

    if pause_s is None:
        once()
        return
    with _until_stopped() as stopped:
        while not stopped.is_set():
            try:
                once()
            except (SectypesError, typer.Exit) as error:
                # One bad run does not end the watch; the next one may find things better.
                if isinstance(error, SectypesError):
                    typer.echo(f"sectypes: {error}", err=True)
            stopped.wait(pause_s)


@cache_app.command()
def warm(
    files: Annotated[list[Path], typer.Argument(help="Holdings files.")],
    provider: FromProvider = None,
    max_calls: MaxCalls = None,
    accept: Accept = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Fill the cache with what holdings files need and nobody knows yet, within the budget."""
    from sectypes.columns import frame_columns, questions
    from sectypes.current import get_service
    from sectypes.sorting import answers_itself

    tickers = []
    for file in files:
        _, queries = questions(frame_columns(read(file, provider), {}))
        tickers += [query.ticker for query in queries if not answers_itself(query)]
    service = get_service()
    _run(
        lambda planned: service.warm(tickers, max_calls=max_calls, accept=accept, dry_run=planned),
        dry_run=dry_run,
        as_json=as_json,
    )


def _run(work: Callable[[bool], RefreshSummary], *, dry_run: bool, as_json: bool) -> None:
    """Show the bill, do the work, show what was done; exit code 1 if not all went well."""
    summary = work(True)
    if not dry_run:
        typer.echo(f"sectypes: {summary.bill}", err=True)
        summary = work(False)
    if as_json:
        print_json(summary.to_dict())
    else:
        typer.echo(str(summary))
    if summary.is_held_back:
        typer.echo("sectypes: held back; run again with --accept to write it", err=True)
    if summary.is_held_back or summary.failed or summary.is_cut_short:
        raise typer.Exit(1)


@contextmanager
def _until_stopped() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set; while work is done they break it off as usual."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()
        raise KeyboardInterrupt

    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    except KeyboardInterrupt:
        typer.echo("sectypes: stopped; what was answered is kept", err=True)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smhd])", text.strip())
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0 < seconds <= threading.TIMEOUT_MAX:
        raise typer.BadParameter("write a number and its unit, like 24h, 30m, 45s or 7d")
    return seconds


# -- backup ---------------------------------------------------------------------------------


@cache_app.command("export")
def export_(file: BackupFile, yes: Yes = False, as_json: AsJson = False) -> None:
    """Write all facts and overrides to a file; exit code 1 if one of them cannot be read."""
    from sectypes.current import get_service

    if file.exists():
        confirm(f"{file} is there already. Replace it?", yes=yes)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        written = get_service().export_cache(file)
    if as_json:
        print_json({"file": str(file), "records": written})
    else:
        typer.echo(f"{written:,} records written to {file}")
    for one in told:
        typer.echo(f"sectypes: {one.message}", err=True)
    if told:  # it is no backup of everything
        raise typer.Exit(1)


@cache_app.command("import")
def import_(
    file: BackupFile,
    force: Annotated[
        bool, typer.Option("--force", help="Replace newer facts by the file's older ones, too.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Read what export wrote, all of it or nothing; the newer fact wins."""
    from sectypes.current import get_service

    service = get_service()
    if force and not dry_run:
        planned = service.import_cache(file, force=True, dry_run=True)
        confirm(f"{planned.replaced:,} facts will be replaced. Go on?", yes=yes)
    summary = service.import_cache(file, force=force, dry_run=dry_run)
    if as_json:
        print_json(summary.to_dict())
    else:
        typer.echo(str(summary))
