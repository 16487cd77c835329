"""The true security type of every holding, who says so, and what a wrong type costs.

Importing registers the accessor ``.sectype`` on Series and DataFrame and does nothing else: names
below are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import sectypes.accessor  # noqa: F401  registers `.sectype`

if TYPE_CHECKING:
    from sectypes import datasets as datasets
    from sectypes.config import Settings as Settings
    from sectypes.current import get_security_types as get_security_types
    from sectypes.current import get_service as get_service
    from sectypes.current import using as using
    from sectypes.holdings import read_holdings as read_holdings
    from sectypes.holdings import read_plaid as read_plaid
    from sectypes.holdings import read_portfolio_yaml as read_portfolio_yaml
    from sectypes.holdings import read_snaptrade as read_snaptrade
    from sectypes.holdings import to_portfolio_input as to_portfolio_input
    from sectypes.service import SecurityTypeService as SecurityTypeService
    from sectypes.taxonomy import SECURITY_TYPES as SECURITY_TYPES
    from sectypes.taxonomy import Origin as Origin
    from sectypes.taxonomy import SecurityType as SecurityType

__version__ = "0.1.0"

_ROOMS = {
    "SECURITY_TYPES": "taxonomy",
    "Origin": "taxonomy",
    "SecurityType": "taxonomy",
    "SecurityTypeService": "service",
    "Settings": "config",
    "get_security_types": "current",
    "get_service": "current",
    "read_holdings": "holdings",
    "read_plaid": "holdings",
    "read_portfolio_yaml": "holdings",
    "read_snaptrade": "holdings",
    "to_portfolio_input": "holdings",
    "using": "current",
}
_MODULES = ("datasets", "errors")

__all__ = [*_ROOMS, *_MODULES]  # noqa: PLE0604  all are strings


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
