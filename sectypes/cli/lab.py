"""The reference notebooks, in a folder of the user's and in JupyterLab."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from sectypes.cli.common import app, flush, make_folder
from sectypes.errors import InputError, MissingExtraError
from sectypes.files import write_whole
from sectypes.shipped import shipped

__all__ = ["lab"]


@app.command()
def lab(
    folder: Annotated[Path, typer.Argument(help="Where the notebooks are copied to.")] = Path(
        "sectypes-notebooks"
    ),
    options: Annotated[
        list[str] | None, typer.Argument(help="Behind --: what JupyterLab is started with.")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only copy the notebooks.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also replace what was changed.")] = False,
) -> None:
    """Copy the reference notebooks and open them in JupyterLab; they need no key and no network."""
    if not no_open and importlib.util.find_spec("jupyterlab") is None:
        raise MissingExtraError(
            "opening the notebooks needs JupyterLab (--no-open only copies them):"
            " pip install 'sectypes[lab]'"
        )
    make_folder(folder)
    for name, content in _notebooks().items():
        target = folder / name
        if not target.exists() or force:
            write_whole(target, content)
        elif _content(target) != content:
            typer.echo(f"sectypes: {target} was changed and is kept; --force replaces it", err=True)
    typer.echo(f"{len(_notebooks())} notebooks in {folder}")
    if not no_open:
        flush()
        # In the place of this process, so that Ctrl-C reaches JupyterLab and nobody else.
        os.execv(  # noqa: S606  no shell is wanted
            sys.executable, [sys.executable, "-m", "jupyterlab", str(folder), *(options or ())]
        )


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from None


def _notebooks() -> dict[str, bytes]:
    """The notebooks that came with the package, by file name."""
    files = shipped("notebooks").iterdir()
    found = {file.name: file.read_bytes() for file in files if file.name.endswith(".ipynb")}
    return dict(sorted(found.items()))
