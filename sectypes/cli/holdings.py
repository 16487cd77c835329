"""Commands on holdings files: conflicts, audit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sectypes.choices import Baseline, Curve, Method
from sectypes.cli.common import (
    AsCsv,
    AsJson,
    FromProvider,
    HoldingsFile,
    HoldingsFiles,
    Provider,
    Table,
    app,
    comparison_text,
    exchange_rates,
    plain,
    print_json,
    read,
    records,
    refuse_both,
    report_writer,
    show,
)

if TYPE_CHECKING:
    import pandas as pd

    from sectypes.comparison import Comparison

__all__ = ["audit", "conflicts"]


@app.command()
def conflicts(
    file: HoldingsFile,
    provider: FromProvider = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the positions of a file whose provider is contradicted, and by whom."""
    from sectypes import frames
    from sectypes.columns import frame_columns

    refuse_both(as_json, as_csv)
    holdings = read(file, provider)
    found = frames.conflicts(frame_columns(holdings, {}), service=None, progress=None)
    show(plain(found[_CONFLICT_COLUMNS]), as_json=as_json, as_csv=as_csv)


_CONFLICT_COLUMNS = [
    "provider",
    "account",
    "ticker",
    "name",
    "provider_type",
    "value",
    "provider_says",
    "security_type",
    "origin",
    "conflict",
]


@app.command()
def audit(
    file: HoldingsFiles,
    limits: Annotated[
        Path | None, typer.Option(help="risk_limits.yaml, in the older form too.")
    ] = None,
    scenarios: Annotated[Path | None, typer.Option(help="Crash scenarios as YAML.")] = None,
    baseline: Annotated[
        Baseline, typer.Option(help="The 'before': one rate for all, or the provider's types.")
    ] = "generic",
    method: Annotated[
        Method, typer.Option(help="How the concentration loss is measured.")
    ] = "largest_position",
    curve: Annotated[Curve, typer.Option(help="How a loss becomes a score.")] = "linear",
    leverage: Annotated[float, typer.Option(help="Leverage ratio of the portfolio.")] = 1.0,
    fx: Annotated[
        list[str] | None,
        typer.Option(help="Value of one unit of a currency, such as EUR=1.08; may be repeated."),
    ] = None,
    fund_leverage: Annotated[
        bool, typer.Option(help="Whether a fund's multiple counts in its crash rate.")
    ] = True,
    verify: Annotated[
        bool, typer.Option("--verify", help="First ask OpenFIGI about what FMP may have wrong.")
    ] = False,
    provider: FromProvider = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write a report: .html, .xlsx or .md.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show what wrong types do to the risk score: per component and in total.

    The positions, each with its effect, are in --csv, --json and in a report
    (--out).

    A quoted pattern such as 'holdings/*.parquet', or a folder of Parquet
    files, is one book; its files are read side by side, for which Dask is
    needed.
    """
    from sectypes.scenarios import CrashScenarios, RiskLimits

    refuse_both(as_json, as_csv)
    rates_of_exchange = exchange_rates(fx or [])
    write = None if out is None else report_writer(out)
    holdings: Any = _collection(file, provider) if _is_collection(file) else read(file, provider)
    verified = plain(_verified(holdings)) if verify else None
    rates = CrashScenarios.from_yaml(scenarios) if scenarios else CrashScenarios()
    compared = holdings.sectype.compare(
        limits=RiskLimits.from_yaml(limits) if limits else None,
        scenarios=rates if fund_leverage else replace(rates, leveraged_funds=False),
        baseline=baseline,
        method=method,
        curve=curve,
        leverage=leverage,
        fx=rates_of_exchange or None,
    )
    if write is not None:
        write(compared)
    if as_json:
        told = {} if verified is None else {"verified": records(verified)}
        print_json({**told, **_described(compared)})
    elif as_csv:
        show(plain(compared.positions()), as_json=as_json, as_csv=True)
    else:
        if verified is not None:
            show(verified, as_json=False, as_csv=False)
            typer.echo("")
        typer.echo(comparison_text(compared))
    _refuse_unasked({} if verified is None else verified)


def _described(compared: Comparison) -> dict[str, object]:
    return {
        "baseline": compared.baseline,
        "before": compared.before.to_dict(),
        "after": compared.after.to_dict(),
        "coverage": compared.coverage.to_dict(),
        "band": records(plain(compared.band.table().reset_index())),
        "positions": records(plain(compared.positions())),
    }


def _verified(holdings: Any) -> pd.DataFrame:
    """What a second source says about doubtful tickers; in all answers from now on."""
    import pandas as pd

    if not isinstance(holdings, pd.DataFrame):
        raise typer.BadParameter("--verify is for one file")
    found: pd.DataFrame = holdings.sectype.verify()
    return found


def _refuse_unasked(verified: Table) -> None:
    """End with 1 where the second source could not be asked, and say so."""
    failures = [why for why in verified.get("failure", ()) if why is not None]
    if failures:
        typer.echo(f"sectypes: {len(failures):,} not verified: {failures[0]}", err=True)
        raise typer.Exit(1)


def _is_collection(file: Path) -> bool:
    """Whether a path stands for many files, or for one of the kind that many come in."""
    named = file.is_file()
    return file.is_dir() or file.suffix.lower() == ".parquet" or (not named and _is_pattern(file))


def _is_pattern(file: Path) -> bool:
    return any(mark in str(file) for mark in "*?[")


def _collection(pattern: Path, provider: Provider | None) -> Any:
    from sectypes.dask import read_files

    if provider is not None:
        raise typer.BadParameter("--provider is for one file that is no Parquet")
    return read_files(pattern)
