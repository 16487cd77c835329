"""The command on tickers, or on the positions of a file: classify."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from sectypes.cli.common import (
    AsCsv,
    AsJson,
    FromProvider,
    Provider,
    Table,
    a_time,
    app,
    plain,
    read,
    refuse_both,
    show,
)

__all__ = ["classify"]


@app.command()
def classify(
    tickers: Annotated[list[str] | None, typer.Argument(help="Tickers in any spelling.")] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Holdings to classify.")] = None,
    column: Annotated[
        str | None, typer.Option("--column", "-c", help="The file's column with the tickers.")
    ] = None,
    provider: FromProvider = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of",
            parser=a_time("--as-of"),
            metavar="TIME",
            help="As it was known then: the end of a day (UTC), or a time with its zone.",
        ),
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show what tickers, or the positions of a file, really are, and who says so."""
    refuse_both(as_json, as_csv)
    if bool(tickers) == (file is not None):
        raise typer.BadParameter("give tickers, or a file with --file")
    if file is None and (column is not None or provider is not None):
        raise typer.BadParameter("--column and --provider are for a file (--file)")
    if file is None:
        answers = _tickers(tickers or [], as_of)
    else:
        answers = _positions(file, provider, column, as_of)
    show(answers, as_json=as_json, as_csv=as_csv)


def _tickers(tickers: Sequence[str], as_of: datetime | None) -> Table:
    """The columns of `frames.explain` for bare tickers, without a frame."""
    from sectypes.current import get_service

    distinct = list(dict.fromkeys(tickers))
    found = dict(zip(distinct, get_service().resolve(distinct, as_of=as_of), strict=True))
    answers = [found[ticker] for ticker in tickers]
    facts = [answer.classification for answer in answers]
    return {
        "ticker": tickers,
        "security_type": [fact and fact.security_type for fact in facts],
        "subtype": [fact and fact.subtype for fact in facts],
        "leverage": [fact and fact.leverage for fact in facts],
        "origin": [fact and fact.origin for fact in facts],
        "served_by": [answer.served_by for answer in answers],
        "as_of": [fact and fact.observed_at for fact in facts],
        "stale": [answer.stale for answer in answers],
        "reason": [answer.reason for answer in answers],
    }


def _positions(
    file: Path, provider: Provider | None, column: str | None, as_of: datetime | None
) -> Table:
    """Where each position of a file is held, and what `frames.explain` says about it."""
    from sectypes import frames
    from sectypes.columns import frame_columns

    holdings = read(file, provider, column)
    answers = frames.explain(frame_columns(holdings, {}), service=None, progress=None, as_of=as_of)
    place = [name for name in ("portfolio", "account", "provider") if name in holdings]
    return {**plain(holdings[place]), **plain(answers)}
