"""The command line: the only room that prints.

Results go to standard output, everything else to standard error; the exit code is 0 only when all
went well.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any, Never, TextIO

import typer

from sectypes.cli import common
from sectypes.errors import SectypesError

__all__ = ["app", "main", "run"]

_ROOMS = {
    "cache": "cache",
    "db": "db",
    "demo": "demo",
    "classify": "classifying",
    "conflicts": "holdings",
    "audit": "holdings",
    "lab": "lab",
    "override": "override",
}
"""The module of each command, which adds it to the application when it is imported."""


def main() -> Never:
    """Run the command line and leave the process with its exit code."""
    if isinstance(sys.stdout, TextIOWrapper):  # a name need not be of the output's character set
        sys.stdout.reconfigure(errors="backslashreplace")
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
    with warnings.catch_warnings(), _shown_log():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show_warning
        try:
            code = _exit_code(arguments)
            common.flush()
        except OSError as error:  # of files nobody lets one out: the output is not taken
            typer.echo(f"sectypes: cannot write the output: {error.strerror}", err=True)
            return 1
        except SectypesError as error:
            typer.echo(f"sectypes: {error}", err=True)
            return 1
        finally:
            _close_service()
    return code


def _exit_code(arguments: list[str]) -> int:
    named = arguments[0] if arguments else ""
    if named in _ROOMS:  # nobody waits for what the other commands need
        import_module(f"{__name__}.{_ROOMS[named]}")
        app = common.app
    else:  # help, completion, a word that may be meant for a command
        app = _whole()
    try:
        app(args=arguments)
    except SystemExit as done:  # typer leaves this way: 0, or 2 with the usage printed
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    return 0


def _close_service() -> None:
    """Let the service write down what it counted; most commands have not built one."""
    current = sys.modules.get("sectypes.current")
    if current is not None:
        current.close_service()


class _Shown(logging.Handler):
    """Shows what the package logs, but for what it also warns of."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "sectypes.resting":
            typer.echo(f"sectypes: {record.getMessage()}", err=True)


@contextmanager
def _shown_log() -> Iterator[None]:
    """Show what somebody should know from the log; without this Python prints it as it is."""
    log, handler = logging.getLogger("sectypes"), _Shown(logging.WARNING)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


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


@common.app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options that stand before the command."""


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _whole()


def _whole() -> typer.Typer:
    """Return the application with all of its commands."""
    for room in _ROOMS.values():
        import_module(f"{__name__}.{room}")
    return common.app
