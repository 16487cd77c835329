"""The true security type of every holding, who says so, and what a wrong type costs.

Importing registers the accessor ``.sectype`` on Series and DataFrame and does nothing else: names
below are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import sectypes.accessor  # noqa: F401  registers `.sectype`

if TYPE_CHECKING:
    from sectypes import compat as compat
    from sectypes import datasets as datasets
    from sectypes import errors as errors
    from sectypes.comparison import Comparison as Comparison
    from sectypes.comparison import compare as compare
    from sectypes.config import Settings as Settings
    from sectypes.current import get_security_types as get_security_types
    from sectypes.current import get_service as get_service
    from sectypes.current import using as using
    from sectypes.exposures import PortfolioExposures as PortfolioExposures
    from sectypes.holdings import read_holdings as read_holdings
    from sectypes.holdings import read_plaid as read_plaid
    from sectypes.holdings import read_portfolio_yaml as read_portfolio_yaml
    from sectypes.holdings import read_snaptrade as read_snaptrade
    from sectypes.holdings import to_portfolio_input as to_portfolio_input
    from sectypes.risk import concentration_loss as concentration_loss
    from sectypes.risk import factor_loss as factor_loss
    from sectypes.risk import risk_score as risk_score
    from sectypes.risk import score_excess_ratio as score_excess_ratio
    from sectypes.risk import sector_loss as sector_loss
    from sectypes.risk import suggested_limits as suggested_limits
    from sectypes.risk import volatility_loss as volatility_loss
    from sectypes.scenarios import CrashScenarios as CrashScenarios
    from sectypes.scenarios import RiskLimits as RiskLimits
    from sectypes.service import SecurityTypeService as SecurityTypeService
    from sectypes.taxonomy import SECURITY_TYPES as SECURITY_TYPES
    from sectypes.taxonomy import Origin as Origin
    from sectypes.taxonomy import SecurityType as SecurityType

__version__ = "0.1.0"

_ROOMS = {
    "SECURITY_TYPES": "taxonomy",
    "Comparison": "comparison",
    "CrashScenarios": "scenarios",
    "Origin": "taxonomy",
    "PortfolioExposures": "exposures",
    "RiskLimits": "scenarios",
    "SecurityType": "taxonomy",
    "SecurityTypeService": "service",
    "Settings": "config",
    "compare": "comparison",
    "concentration_loss": "risk",
    "factor_loss": "risk",
    "get_security_types": "current",
    "get_service": "current",
    "read_holdings": "holdings",
    "read_plaid": "holdings",
    "read_portfolio_yaml": "holdings",
    "read_snaptrade": "holdings",
    "risk_score": "risk",
    "score_excess_ratio": "risk",
    "sector_loss": "risk",
    "suggested_limits": "risk",
    "to_portfolio_input": "holdings",
    "using": "current",
    "volatility_loss": "risk",
}
_MODULES = ("compat", "datasets", "errors")

__all__ = [*_ROOMS, *_MODULES]  # noqa: PLE0604  all are strings


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
