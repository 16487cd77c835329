"""The command line: the only room that prints.

Results go to standard output, everything else to standard error; the exit code is 0 only when all
went well.
"""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, Never, TextIO

import typer

from sectypes.cli import demo, holdings  # noqa: F401  each module adds its commands to the app
from sectypes.cli.common import app
from sectypes.errors import SectypesError

__all__ = ["app", "main", "run"]


def main() -> Never:
    """Run the command line and leave the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; every error becomes a line on standard error and an exit code.

    Parameters
    ----------
    arguments : list[str]
        What stands after ``sectypes`` on the command line.

    Returns
    -------
    int
        0 when all went well, 1 for an error, 2 for a command that is not understood.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show_warning
        try:
            app(args=arguments)
        except SectypesError as error:
            typer.echo(f"sectypes: {error}", err=True)
            return 1
        except SystemExit as done:  # typer leaves this way: 0, or 2 with the usage printed
            return done.code if isinstance(done.code, int) else int(done.code is not None)
    return 0


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    typer.echo(f"sectypes: warning: {message}", err=True)


def _version(wanted: bool) -> None:
    if wanted:
        from sectypes import __version__

        typer.echo(f"sectypes {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options that stand before the command."""
