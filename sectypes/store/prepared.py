"""Statements whose text is made once: making it takes longer than what many of them do."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, CursorResult, Select

__all__ = ["execute"]


class _Made(NamedTuple):
    """A statement as the driver takes it.

    Attributes
    ----------
    text : str
        With the driver's marks for parameters.
    parameters : Mapping[str, Any]
        By name, what the statement itself sets; None for what is given each time.
    order : tuple[str, ...] | None
        The names in the order of the marks; None where the marks have names.
    """

    text: str
    parameters: Mapping[str, Any]
    order: tuple[str, ...] | None


_made: dict[tuple[Hashable, ...], _Made] = {}


def execute(
    connection: Connection, make: Callable[..., Select[Any]], *about: Hashable, **given: Any
) -> CursorResult[Any]:
    """Execute what `make(connection, *about)` makes, once for each kind of database.

    Parameters
    ----------
    connection : Connection
        Inside a transaction.
    make : Callable[..., Select]
        The same statement whenever it is called with the same `about` on the same kind of database.
    *about : Hashable
        What the statement is about: tables, names of columns.
    **given
        Values of its named parameters, as the driver takes them.
    """
    key = (connection.dialect.name, make, *about)
    if key not in _made:
        compiled: Any = make(connection, *about).compile(dialect=connection.dialect)
        order = compiled.positiontup
        _made[key] = _Made(str(compiled), compiled.params, None if order is None else tuple(order))
    text, parameters, order = _made[key]
    named = {**parameters, **given}
    return connection.exec_driver_sql(
        text, named if order is None else tuple(named[name] for name in order)
    )
