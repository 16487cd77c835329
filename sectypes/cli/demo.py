"""The demonstration: a sample household, classified and scored, with no key and no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sectypes.cli.common import (
    AsJson,
    app,
    comparison_text,
    plain,
    show,
    table_text,
    write_tables,
)

if TYPE_CHECKING:
    import pandas as pd

    from sectypes.comparison import Comparison

__all__ = ["demo"]


@app.command()
def demo(
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write tables, report and charts.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Classify a sample household end to end: no key, no network, nothing kept."""
    import pandas as pd

    from sectypes import datasets, frames
    from sectypes.columns import frame_columns

    holdings = datasets.sample_holdings()
    columns = frame_columns(holdings, {})
    with datasets.sample_service() as service:
        answers = frames.explain(columns, service=service, progress=None)
    says = frames.provider_says(columns)
    positions = pd.concat([holdings, says, answers.drop(columns="ticker")], axis="columns")
    wrong = says.notna() & (says != answers["security_type"])
    totals = _totals(positions)
    compared = _compared(positions)
    if out is not None:
        tables = {"positions": positions, "misread": positions[wrong], "totals": totals}
        write_tables(out, {name: plain(table) for name, table in tables.items()})
        _write_pictures(out, compared, positions)
    if as_json:
        show(plain(positions), as_json=True, as_csv=False)
        return
    providers = holdings["provider"].nunique()
    typer.echo(
        f"Sample household of {datasets.SAMPLE_DATE}: {len(holdings)} positions,"
        f" {providers} providers.\n\n{int(wrong.sum())} positions whose provider is wrong:\n"
    )
    shown = positions.loc[wrong, ["provider", "ticker", "name", "value", "provider_type"]].assign(
        **{"provider says": says[wrong], "it is": positions.loc[wrong, "security_type"]},
        **{"decided by": positions.loc[wrong, "origin"]},
    )
    typer.echo(table_text(plain(shown.rename(columns={"provider_type": "word"}))))
    typer.echo("\nValue by security type:\n")
    typer.echo(table_text(plain(totals)))
    typer.echo("\nRisk with one rate for everything (before) and with the true types (after):\n")
    typer.echo(comparison_text(compared))
    if out is not None:
        typer.echo(f"\nTables, report.html and charts written to {out}")


def _write_pictures(folder: Path, compared: Comparison, positions: pd.DataFrame) -> None:
    """The report, and each of its charts as a picture of its own."""
    from sectypes import charts

    compared.to_html(folder / "report.html")
    pictures = {
        "concentration": compared.plot(),
        "losses": charts.component_losses(compared),
        "scores": charts.component_scores(compared),
        "weight_by_type": charts.weight_by_type(compared),
        "weight_by_origin": charts.weight_by_origin(compared),
        "sensitivity": charts.sensitivity(compared, rescore=compared.rescored),
        "disagreement": charts.disagreement(positions),
    }
    for name, chart in pictures.items():
        chart.to_png(folder / f"{name}.png")


def _compared(positions: pd.DataFrame) -> Comparison:
    """The sample household scored, with the exposures of the sample returns."""
    from sectypes import datasets
    from sectypes.comparison import compare

    return compare(positions, exposures=datasets.sample_exposures())


def _totals(positions: pd.DataFrame) -> pd.DataFrame:
    """Value by type, as the providers say and as it is."""
    import pandas as pd

    by = {
        title: positions.groupby(column, observed=False)["value"].sum()
        for title, column in (("as providers say", "provider_says"), ("as it is", "security_type"))
    }
    totals = pd.DataFrame(by)
    totals = totals[(totals != 0).any(axis="columns")]
    totals.loc["total"] = totals.sum()
    return totals.rename_axis("security_type").reset_index()
