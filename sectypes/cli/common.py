"""What all commands share: options, reading a file, and how results are shown."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sectypes.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from sectypes.comparison import Comparison

__all__ = [
    "AsCsv",
    "AsJson",
    "FromProvider",
    "HoldingsFile",
    "Provider",
    "app",
    "comparison_text",
    "print_json",
    "read",
    "records",
    "refuse_both",
    "show",
    "table_text",
    "write_tables",
]

app = typer.Typer(
    name="sectypes",
    help="The true security type of every holding, and who says so.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Provider(StrEnum):
    """Whose file it is, where that cannot be seen from the file itself."""

    PLAID = "plaid"
    SNAPTRADE = "snaptrade"
    CSV = "csv"
    YAML = "yaml"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: a list with one object a row.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
FromProvider = Annotated[
    Provider | None, typer.Option("--provider", help="Read the file as this provider's.")
]
HoldingsFile = Annotated[
    Path, typer.Argument(help="Plaid or SnapTrade JSON, a broker's CSV or Excel, portfolio.yaml.")
]


def read(file: Path, provider: Provider | None, column: str | None = None) -> pd.DataFrame:
    """Read holdings, or one column of tickers from any table."""
    from sectypes.holdings import read_holdings, read_ticker_column

    if column is not None:
        return read_ticker_column(file, column)
    return read_holdings(file, provider=provider.value if provider else None)


def print_json(value: object) -> None:
    """Print one JSON value."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def refuse_both(as_json: bool, as_csv: bool) -> None:
    """Refuse two formats at once, before any work is done."""
    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv")


def show(frame: pd.DataFrame, *, as_json: bool, as_csv: bool) -> None:
    """Print a result as the user wants it: for people, or as JSON or CSV."""
    refuse_both(as_json, as_csv)
    if as_json:
        print_json(records(frame))
    elif as_csv:
        typer.echo(_csv(frame), nl=False)
    elif frame.empty:
        typer.echo("none")
    else:
        typer.echo(table_text(frame))


def records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Rows as plain values for JSON: null for missing, ISO 8601 for times."""
    rows: list[dict[str, object]] = json.loads(
        frame.to_json(orient="records", date_format="iso", double_precision=15)
    )
    return rows


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ", lineterminator="\n")


def table_text(frame: pd.DataFrame) -> str:
    """A table for people: numbers to the right, the rest to the left, nothing for missing."""
    columns = []
    for name in frame:
        cells = [str(name), *_cells(frame[name])]
        width = max(map(len, cells))
        to_right = frame[name].dtype.kind in "fiu"
        columns.append([cell.rjust(width) if to_right else cell.ljust(width) for cell in cells])
    return "\n".join("  ".join(row).rstrip() for row in zip(*columns, strict=True))


def _cells(column: pd.Series) -> list[str]:
    """Amounts with thousands, times as dates, yes and no."""
    if column.dtype.kind == "f":
        form = "{:,.2f}" if column.abs().max() < 100 else "{:,.0f}"
    elif column.dtype.kind == "M":
        form = "{:%Y-%m-%d}"
    elif column.dtype.kind == "b":
        return ["yes" if value else "no" for value in column]
    else:
        form = "{}"
    return [
        form.format(value) if known else ""
        for value, known in zip(column, column.notna(), strict=True)
    ]


def comparison_text(compared: Comparison) -> str:
    """Risk before and after for people: losses in percent, then what to know about them."""
    import pandas as pd

    table = compared.table()
    scores = table.loc[table["loss_after"].notna() | (table.index == "overall")]
    shown = pd.DataFrame({"component": scores.index.str.replace("_", " ")})
    for title, name in (("loss before", "loss_before"), ("loss after", "loss_after")):
        shown[title] = [f"{v:.1%}" if v == v else "" for v in scores[name]]  # noqa: PLR0124  NaN
    for title, name in (("score before", "score_before"), ("score after", "score_after")):
        shown[title] = [f"{v:.0f}" if v == v else "" for v in scores[name]]  # noqa: PLR0124  NaN
    lines = [table_text(shown), ""]
    before, after = compared.before, compared.after
    if after.category is not None:
        lines.append(f"Overall: {before.category} -> {after.category}")
    else:
        lines.append(f"No overall score: {after.reason}")
    lines += [f"Note: {note}" for note in after.warnings]
    return "\n".join(lines)


def write_tables(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Write each table as a CSV file, whole or not at all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            target = folder / f"{name}.csv"
            unfinished = target.with_suffix(".csv.part")
            unfinished.write_text(_csv(table), encoding="utf-8")
            unfinished.replace(target)
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror or error}") from None
