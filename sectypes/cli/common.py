"""What all commands share: options, reading a file, and how results are shown."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from sectypes.errors import InputError
from sectypes.files import neutralised, write_whole
from sectypes.moments import moment

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from sectypes.comparison import Comparison

__all__ = [
    "AsCsv",
    "AsJson",
    "DryRun",
    "FromProvider",
    "HoldingsFile",
    "HoldingsFiles",
    "Provider",
    "Table",
    "Yes",
    "a_time",
    "app",
    "comparison_text",
    "confirm",
    "exchange_rates",
    "flush",
    "make_folder",
    "plain",
    "print_json",
    "read",
    "records",
    "refuse_both",
    "report_writer",
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
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only show what would be done, and what it costs.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
FromProvider = Annotated[
    Provider | None, typer.Option("--provider", help="Read the file as this provider's.")
]
KINDS_OF_FILES = "Plaid or SnapTrade JSON, a broker's CSV or Excel, portfolio.yaml"
HoldingsFile = Annotated[Path, typer.Argument(help=f"{KINDS_OF_FILES}.")]
HoldingsFiles = Annotated[
    Path,
    typer.Argument(help=f"{KINDS_OF_FILES}, or a quoted pattern of Parquet or CSV files."),
]

Table: TypeAlias = Mapping[str, Sequence[Any]]
"""What is shown: values by column, all of one length, None for missing. No frame: answers to bare
tickers need none, and who asks for them does not wait for pandas."""


def read(file: Path, provider: Provider | None, column: str | None = None) -> pd.DataFrame:
    """Read holdings, or one column of tickers from any table."""
    from sectypes.holdings import read_holdings, read_ticker_column

    if column is not None:
        return read_ticker_column(file, column)
    return read_holdings(file, provider=provider.value if provider else None)


def a_time(name: str, read: Callable[..., datetime] = moment) -> Callable[[str], datetime]:
    """What reads a day or a time from an option."""

    def read_time(text: str) -> datetime:
        try:
            return read(text, name=name)
        except InputError as error:
            raise typer.BadParameter(str(error)) from None

    return read_time


def flush() -> None:
    """Hand over all that was printed.

    Raises
    ------
    OSError
        Nobody takes it.
    """
    if sys.stdout is None:  # as Python begins where it is closed; `typer` prints nothing then
        raise OSError(errno.EBADF, "standard output is closed")
    sys.stdout.flush()


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is lost; whoever does not say yes leaves the command."""
    if not yes:
        typer.confirm(question, abort=True, err=True)


def print_json(value: object) -> None:
    """Print one JSON value."""
    # As text, where a caller's Parquet file holds dates or decimals.
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def refuse_both(as_json: bool, as_csv: bool) -> None:
    """Refuse two formats at once, before any work is done."""
    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv")


def plain(frame: pd.DataFrame) -> Table:
    """The columns of a frame as plain values."""
    return {
        str(name): [
            value if known else None for value, known in zip(column, column.notna(), strict=True)
        ]
        for name, column in frame.items()
    }


def show(table: Table, *, as_json: bool, as_csv: bool) -> None:
    """Print a result as the user wants it: for people, or as JSON or CSV."""
    refuse_both(as_json, as_csv)
    if as_json:
        print_json(records(table))
    elif as_csv:
        typer.echo(_csv(table), nl=False)
    elif not any(table.values()):
        typer.echo("none")
    else:
        typer.echo(table_text(table))


def records(table: Table) -> list[dict[str, object]]:
    """Rows as values for JSON: null for missing, ISO 8601 for times, 15 decimal places."""
    rows = zip(*table.values(), strict=True)
    return [dict(zip(table, map(_json_value, row), strict=True)) for row in rows]


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        return _in_utc(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, float):
        return round(value, 15) if math.isfinite(value) else None
    return value


def _csv(table: Table) -> str:
    """No cell begins a formula: the file may be opened in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(neutralised, table))
    rows = zip(*table.values(), strict=True)
    writer.writerows([_csv_value(value) for value in row] for row in rows)
    return text.getvalue()


def _csv_value(value: object) -> object:
    if isinstance(value, datetime):
        return f"{_in_utc(value):%Y-%m-%dT%H:%M:%SZ}"
    return neutralised(value)


def table_text(table: Table) -> str:
    """A table for people: numbers to the right, the rest to the left, nothing for missing."""
    columns = []
    for name, values in table.items():
        is_number = _are(values, (int, float)) and not _are(values, bool)
        cells = [name, *_cells(values)]
        width = max(map(len, cells))
        columns.append([cell.rjust(width) if is_number else cell.ljust(width) for cell in cells])
    return "\n".join("  ".join(row).rstrip() for row in zip(*columns, strict=True))


def _cells(values: Sequence[Any]) -> list[str]:
    """Amounts with thousands, times as dates, yes and no."""
    form = "{}"
    if _are(values, bool):
        values = [None if value is None else "yes" if value else "no" for value in values]
    elif _are(values, datetime):
        values = [None if value is None else _in_utc(value) for value in values]
        form = "{:%Y-%m-%d}"
    elif _are(values, (int, float)) and not _are(values, int):
        most = max(abs(value) for value in values if value is not None)
        form = "{:,.2f}" if most < 100 else "{:,.0f}"
    return ["" if value is None else form.format(value) for value in values]


def _are(values: Sequence[Any], kind: type | tuple[type, ...]) -> bool:
    """Whether all values of a column are of one kind, as far as there are any."""
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, kind) for value in known)


def _in_utc(time: datetime) -> datetime:
    """The same time in UTC; one without a zone stays as it is."""
    return time if time.tzinfo is None else time.astimezone(UTC)


def comparison_text(compared: Comparison) -> str:
    """Risk before and after for people: losses in percent, then what to know about them."""
    table = compared.table()
    scores = table.loc[table["loss_after"].notna() | (table.index == "overall")]
    shown: dict[str, list[str]] = {"component": [name.replace("_", " ") for name in scores.index]}
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
    lines += [f"Rests on: {compared.coverage}", f"Band: {compared.band}"]
    return "\n".join(lines)


def exchange_rates(given: Sequence[str]) -> dict[str, float]:
    """Read ``EUR=1.08`` and the like; two rates for one currency are refused."""
    from sectypes.risk.currencies import rates_by_currency

    try:
        return rates_by_currency(map(_exchange_rate, given))
    except InputError as error:
        raise typer.BadParameter(f"--{error}") from None


def _exchange_rate(text: str) -> tuple[str, float]:
    code, _, number = text.partition("=")
    try:
        currency, rate = code.strip(), float(number)
    except ValueError:
        currency, rate = "", 0.0
    if not currency or not 0 < rate < math.inf:
        raise typer.BadParameter(f"--fx takes EUR=1.08 and the like, not {text!r}")
    return currency, rate


def report_writer(path: Path) -> Callable[[Comparison], object]:
    """What writes a comparison to a file of this suffix; refused before any work is done."""
    writers: dict[str, Callable[[Comparison], object]] = {
        ".html": lambda compared: compared.to_html(path),
        ".xlsx": lambda compared: compared.to_excel(path),
        ".md": lambda compared: write_whole(path, compared.to_markdown().encode()),
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise typer.BadParameter(f"a report ends in {', '.join(writers)}, not {path.suffix!r}")
    return writer


def write_tables(folder: Path, tables: Mapping[str, Table]) -> None:
    """Write each table as a CSV file, whole or not at all."""
    make_folder(folder)
    for name, table in tables.items():
        write_whole(folder / f"{name}.csv", _csv(table).encode())


def make_folder(folder: Path) -> None:
    """Make a folder for results where there is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror or error}") from None
