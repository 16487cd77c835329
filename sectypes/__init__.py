"""The true security type of every holding, who says so, and what a wrong type costs.

Importing registers the accessor ``.sectype`` on Series and DataFrame and does nothing else: names
below are loaded on first use. Where pandas is not imported yet, the accessor comes with it, so that
a command or a service that needs no frame does not wait for pandas.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType

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


class _WithPandas:
    """Imports pandas as usual and registers the accessor behind it: finder and loader in one.

    (The base classes of `importlib.abc` cost more to import than all this.)
    """

    _loader: Any
    _is_searching = False

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "pandas" or self._is_searching:
            return None
        self._is_searching = True  # another finder may ask all finders as well
        try:
            found = (finder.find_spec(name, path, target) for finder in sys.meta_path)
            spec = next((one for one in found if one is not None), None)
        finally:
            self._is_searching = False
        if spec is not None and spec.loader is not None:
            self._loader, spec.loader = spec.loader, cast("Loader", self)
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        sys.meta_path.remove(self)  # not before: an import that failed may be tried again
        import_module(f"{__name__}.accessor")


if "pandas" in sys.modules:
    import_module(f"{__name__}.accessor")
else:
    sys.meta_path.insert(0, _WithPandas())


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
