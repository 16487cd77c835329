"""The folders that stand at the top of the repository and travel inside the wheel."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

__all__ = ["shipped"]


def shipped(name: str) -> Traversable:
    """The folder ``schema`` or ``notebooks``.

    A Python that is started in a checkout finds the package there, before an installed one: there
    the folders stand beside the package, not within it.

    Raises
    ------
    ModuleNotFoundError
        It is in neither place.

    Examples
    --------
    >>> any(file.name == "postgresql.sql" for file in shipped("schema").iterdir())
    True
    """
    try:
        return resources.files(f"sectypes.{name}")
    except ModuleNotFoundError:
        beside = Path(__file__).parent.parent / name
        if not beside.is_dir():
            raise
        return beside
