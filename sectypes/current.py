"""Which service answers when none is named: the one of `using`, else one built on first use."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sectypes.service import SecurityTypeService

__all__ = ["close_service", "get_security_types", "get_service", "using"]

_chosen: ContextVar[SecurityTypeService | None] = ContextVar("sectypes_service", default=None)
_lock = threading.Lock()
_shared: list[SecurityTypeService] = []


def get_service() -> SecurityTypeService:
    """The service that answers when none is named: that of `using`, else one built on first use."""
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    with _lock:
        if not _shared:
            _shared.append(SecurityTypeService())
        return _shared[0]


def close_service() -> None:
    """Close the service that was built on first use, if one was; the next use builds another."""
    with _lock:
        while _shared:
            _shared.pop().close()


@contextmanager
def using(service: SecurityTypeService) -> Iterator[SecurityTypeService]:
    """Let `service` answer inside the block, wherever none is named.

    It holds for the thread or task that enters the block, and for tasks that this one starts;
    threads that are started inside ask the default service, unless the service is named to them.

    Examples
    --------
    >>> with using(SecurityTypeService(source=None, store=None)) as service:
    ...     get_service() is service
    True
    """
    token = _chosen.set(service)
    try:
        yield service
    finally:
        _chosen.reset(token)


def get_security_types(tickers: Iterable[str], portfolio_data: object = None) -> dict[str, str]:
    """`SecurityTypeService.get_security_types` of the current service."""
    return get_service().get_security_types(tickers, portfolio_data)
