"""Commands on holdings files: conflicts, audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sectypes.choices import Baseline, Curve, Method
from sectypes.cli.common import (
    AsCsv,
    AsJson,
    FromProvider,
    HoldingsFile,
    Provider,
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
    file: HoldingsFile,
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
    provider: FromProvider = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write a report: .html, .xlsx or .md.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    r"""Show what wrong types do to the risk score: per position, per component and in total.

    A quoted pattern such as 'holdings/*.parquet', or a folder of Parquet files, is one book; its
    files are read side by side (this needs Dask: pip install 'sectypes\[dask]').
    """
    from sectypes.scenarios import CrashScenarios, RiskLimits

    refuse_both(as_json, as_csv)
    write = None if out is None else report_writer(out)
    holdings: Any = _collection(file, provider) if _is_collection(file) else read(file, provider)
    compared = holdings.sectype.compare(
        limits=RiskLimits.from_yaml(limits) if limits else None,
        scenarios=CrashScenarios.from_yaml(scenarios) if scenarios else None,
        baseline=baseline,
        method=method,
        curve=curve,
        leverage=leverage,
        fx=exchange_rates(fx or []) or None,
    )
    if write is not None:
        write(compared)
    if as_json:
        print_json(
            {
                "baseline": compared.baseline,
                "before": compared.before.to_dict(),
                "after": compared.after.to_dict(),
                "coverage": compared.coverage.to_dict(),
                "band": records(plain(compared.band.table().reset_index())),
                "positions": records(plain(compared.positions())),
            }
        )
    elif as_csv:
        show(plain(compared.positions()), as_json=as_json, as_csv=True)
    else:
        typer.echo(comparison_text(compared))


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
