"""What the risk arithmetic assumes: crash rates for each security type, and the limits of a book.

Both are frozen and checked when they are made, so no later formula meets a percentage written as
40, a NaN or a limit of zero. Scores carry the name and version of the scenario they were made with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sectypes.checks import (
    fraction,
    is_number,
    label,
    refuse_missing,
    refuse_unknown,
    section,
    type_named,
)
from sectypes.errors import ConfigError, shown
from sectypes.taxonomy import SECURITY_TYPES

__all__ = ["FACTORS", "CrashScenarios", "RiskLimits"]

FACTORS: tuple[str, ...] = ("market", "momentum", "value")
"""The factors whose crashes are scored."""

_RATES = (*SECURITY_TYPES, "single_stock")
_OTHERS = ("sector", "max_volatility")
_OPTIONAL = frozenset({"bond", "crypto", "derivative", "other"})

_SOURCES: Mapping[str, str] = {
    "equity": "the older system's single-stock crash",
    "etf": "a broad index fund falls with the market: -34% in 2020, -37% in 2008, -49% in 2000-02",
    "mutual_fund": "design rate; above etf because closed-end funds borrow and trade at a discount",
    "cash": "design rate; a prime money fund fell to 0.97 and was frozen in 2008",
    "single_stock": "the older system's rate for everything; stands in where a type has no rate",
    "market": "the older system's market crash",
    "momentum": "the older system's momentum crash",
    "value": "the older system's value crash",
    "sector": "the older system's sector crash",
    "max_volatility": "the older system's cap on a year's volatility",
}
_HOMES: Mapping[str, str] = {
    "max_loss": "portfolio_limits",
    "max_volatility": "portfolio_limits",
    "max_single_stock_weight": "concentration_limits",
    "max_single_factor_loss": "",
}
"""The section of the older file that holds each limit; "" is beside the sections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashScenarios:
    """A named set of crash rates, one for each security type. All are fractions in (0, 1].

    Parameters
    ----------
    equity, etf, mutual_fund, cash : float
        Loss of a position of this type in its crash.
    bond, crypto, derivative, other : float | None
        None: the type has no rate of its own, takes `single_stock`, and is listed as doing so.
    single_stock : float
        Rate for types without one of their own, and for everything in the ``generic`` baseline.
    market, momentum, value : float
        Crashes of the factors.
    sector : float
        Crash of an industry.
    max_volatility : float
        The annual volatility above which more is not counted.
    leveraged_funds : bool
        Whether positions take min(1, abs(multiple) x rate); off, the plain rate of their type.
    name, version : str
        Carried by every score that is made with these rates.
    sources : Mapping[str, str]
        Where a rate comes from, or the reason for it, by the name of the rate. Read-only.

    Raises
    ------
    ConfigError
        A rate is not a number in (0, 1], or a source names no rate; the message says which.

    Examples
    --------
    >>> scenarios = CrashScenarios()
    >>> scenarios.rate("etf"), scenarios.rate("crypto"), scenarios.has_own_rate("crypto")
    (0.35, 0.8, False)
    >>> milder = scenarios.with_rates(cash=0.01)
    >>> milder.cash, milder.version
    (0.01, '1+cash=0.01')
    """

    equity: float = 0.80
    etf: float = 0.35
    mutual_fund: float = 0.40
    cash: float = 0.05
    bond: float | None = None
    crypto: float | None = None
    derivative: float | None = None
    other: float | None = None
    single_stock: float = 0.80
    market: float = 0.35
    momentum: float = 0.50
    value: float = 0.40
    sector: float = 0.50
    max_volatility: float = 0.40
    leveraged_funds: bool = True
    name: str = "design"
    version: str = "1"
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for rate, value in self._named_rates():
            if value is not None or rate not in _OPTIONAL:
                object.__setattr__(self, rate, fraction(rate, value))
        if not isinstance(self.leveraged_funds, bool):
            raise ConfigError(
                f"leveraged_funds is true or false, not {shown(self.leveraged_funds)}"
            )
        for text in ("name", "version"):
            object.__setattr__(self, text, label(text, getattr(self, text)))
        given = section(self.sources, "sources")
        refuse_unknown(given, _ALL_RATES, "sources")
        own = {rate for rate, value in self._named_rates() if value is not None}
        merged = {**{k: v for k, v in _SOURCES.items() if self._is_default(k)}, **given}
        sources = {k: str(merged.get(k, "set without a source")) for k in _ALL_RATES if k in own}
        object.__setattr__(self, "sources", MappingProxyType(sources))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by plain values, because a read-only mapping cannot be pickled."""
        return CrashScenarios.from_dict, (self.to_dict(),)

    @property
    def worst_rate(self) -> float:
        """The highest rate of the table: what a position of unknown type takes."""
        own = (getattr(self, rate) for rate in _RATES)
        return max(float(value) for value in own if value is not None)

    def has_own_rate(self, security_type: str | None) -> bool:
        """Whether the type has a rate of its own; False for a missing or unknown one."""
        name = type_named(security_type)
        return name is not None and getattr(self, name) is not None

    def rate(self, security_type: str | None) -> float:
        """Crash rate of a type.

        A type without a rate of its own takes `single_stock`. A missing type, or a word that is
        no type, takes the worst rate of the table, so that not knowing never pays. Case and
        padding do not matter.
        """
        name = type_named(security_type)
        if name is None:
            return self.worst_rate
        own: float | None = getattr(self, name)
        return self.single_stock if own is None else own

    def with_rates(
        self,
        *,
        name: str | None = None,
        version: str | None = None,
        sources: Mapping[str, str] | None = None,
        **rates: float | None,
    ) -> CrashScenarios:
        """A copy with some rates changed; its version says so unless another one is given.

        Parameters
        ----------
        name, version : str | None
            Of the copy.
        sources : Mapping[str, str] | None
            Reasons for the changed rates.
        **rates : float | None
            New rates by name.

        Raises
        ------
        ConfigError
            A name is no rate, or a value is not in (0, 1].
        """
        refuse_unknown(rates, _ALL_RATES, "rates")
        changes = ",".join(f"{rate}={value}" for rate, value in rates.items())
        kept = {k: v for k, v in self.sources.items() if k not in rates}
        changed: dict[str, Any] = {
            **rates,
            "name": name or self.name,
            "version": version or (f"{self.version}+{changes}" if changes else self.version),
            "sources": {**kept, **(sources or {})},
        }
        return replace(self, **changed)

    def to_dict(self) -> dict[str, Any]:
        """Plain values in the layout of the YAML file."""
        own = {rate: getattr(self, rate) for rate in _RATES}
        return {
            "name": self.name,
            "version": self.version,
            "rates": {rate: value for rate, value in own.items() if value is not None},
            "factors": {factor: getattr(self, factor) for factor in FACTORS},
            **{rate: getattr(self, rate) for rate in _OTHERS},
            "leveraged_funds": self.leveraged_funds,
            "sources": dict(self.sources),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> CrashScenarios:
        """The scenarios of a mapping in the layout of `to_dict`.

        Raises
        ------
        ConfigError
            A field is missing, unknown or not in (0, 1]. Nothing but the optional rates is filled
            in by default (leverage counts): a forgotten line must not choose a rate.
        """
        given = section(given, "scenarios")
        needed = ("name", "version", "rates", "factors", *_OTHERS)
        refuse_unknown(given, (*needed, "leveraged_funds", "sources"), "scenarios")
        refuse_missing(given, needed, "")
        rates, factors = section(given["rates"], "rates"), section(given["factors"], "factors")
        refuse_unknown(rates, _RATES, "rates")
        refuse_missing(rates, [rate for rate in _RATES if rate not in _OPTIONAL], "rates.")
        refuse_unknown(factors, FACTORS, "factors")
        refuse_missing(factors, FACTORS, "factors.")
        plain = {"leveraged_funds": True, **given}
        plain = {key: plain[key] for key in ("name", "version", "leveraged_funds", *_OTHERS)}
        return cls(**plain, **rates, **factors, sources=section(given.get("sources"), "sources"))

    @classmethod
    def from_yaml(cls, path: str | Path) -> CrashScenarios:
        """Read a scenario file as `to_yaml` writes it.

        Raises
        ------
        ConfigError
            The file cannot be opened or is no YAML mapping, or a field of it cannot be used.
        """
        from sectypes.plain_yaml import read_mapping

        return cls.from_dict(read_mapping(path))

    def to_yaml(self, path: str | Path | None = None) -> str:
        """The scenarios as YAML text, written to `path` where one is given."""
        import yaml  # only for those who read or write files

        text = yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def _named_rates(self) -> Iterator[tuple[str, Any]]:
        return ((rate, getattr(self, rate)) for rate in _ALL_RATES)

    def _is_default(self, rate: str) -> bool:
        return bool(getattr(self, rate) == _DEFAULTS[rate])


_ALL_RATES = (*_RATES, *FACTORS, *_OTHERS)
_DEFAULTS = {item.name: item.default for item in fields(CrashScenarios)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """What a book may lose. All are positive fractions in (0, 1].

    Parameters
    ----------
    max_loss : float
        The loss that each component is measured against.
    max_single_factor_loss : float
        The loss in one factor that historical maximum betas were worked out for.
    max_volatility : float | None
        Of the older file. It is carried along and shown; no loss or score applies it.
    max_single_stock_weight : float | None
        Of the older file. It is carried along and shown; no loss or score applies it.
    variance_limits : Mapping[str, float]
        The older file's ``variance_limits``, by name. Read-only.

    Raises
    ------
    ConfigError
        A limit is missing, NaN, zero or outside (0, 1]; the message names it.

    Examples
    --------
    >>> RiskLimits(max_loss=0.2).max_loss
    0.2
    >>> RiskLimits.from_dict({
    ...     "portfolio_limits": {"max_volatility": 0.4, "max_loss": -0.25},
    ...     "concentration_limits": {"max_single_stock_weight": 0.4},
    ... }).max_loss
    0.25
    """

    max_loss: float = 0.25
    max_single_factor_loss: float = 0.10
    max_volatility: float | None = None
    max_single_stock_weight: float | None = None
    variance_limits: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for limit in ("max_loss", "max_single_factor_loss"):
            object.__setattr__(self, limit, fraction(limit, getattr(self, limit)))
        for limit in ("max_volatility", "max_single_stock_weight"):
            if (value := getattr(self, limit)) is not None:
                object.__setattr__(self, limit, fraction(limit, value))
        given = section(self.variance_limits, "variance_limits")
        checked = {k: fraction(f"variance_limits.{k}", v) for k, v in given.items()}
        object.__setattr__(self, "variance_limits", MappingProxyType(checked))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by plain values, because a read-only mapping cannot be pickled."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        return _limits_from_plain, ({**plain, "variance_limits": dict(self.variance_limits)},)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> RiskLimits:
        """Read the sections of the older ``risk_limits.yaml``.

        ``portfolio_limits.max_loss`` and ``max_single_factor_loss`` are negative there (-0.25) and
        become positive here; a positive one is accepted too. Sections that this package does not
        use are left alone.

        Raises
        ------
        ConfigError
            ``portfolio_limits.max_loss``, ``portfolio_limits.max_volatility`` or
            ``concentration_limits.max_single_stock_weight`` is missing, a limit is not a fraction,
            or one of these or ``max_single_factor_loss`` stands in another section.
        """
        given = section(given, "risk limits")
        portfolio = section(given.get("portfolio_limits"), "portfolio_limits")
        concentration = section(given.get("concentration_limits"), "concentration_limits")
        variance = section(given.get("variance_limits"), "variance_limits")
        sections = {"portfolio_limits": portfolio, "concentration_limits": concentration}
        _refuse_misplaced({"": given, **sections, "variance_limits": variance})
        refuse_missing(portfolio, ("max_loss", "max_volatility"), "portfolio_limits.")
        refuse_missing(concentration, ("max_single_stock_weight",), "concentration_limits.")
        volatility, weight = portfolio["max_volatility"], concentration["max_single_stock_weight"]
        limits: dict[str, Any] = {
            "max_loss": _loss("portfolio_limits.max_loss", portfolio["max_loss"]),
            "max_volatility": fraction("portfolio_limits.max_volatility", volatility),
            "max_single_stock_weight": fraction(
                "concentration_limits.max_single_stock_weight", weight
            ),
            "variance_limits": variance,
        }
        if "max_single_factor_loss" in given:
            name = "max_single_factor_loss"
            limits[name] = _loss(name, given[name])
        return cls(**limits)

    @classmethod
    def from_yaml(cls, path: str | Path) -> RiskLimits:
        """Read the older ``risk_limits.yaml``; see `from_dict`.

        Raises
        ------
        ConfigError
            The file cannot be opened or is no YAML mapping, or a limit in it is missing or no
            fraction.
        """
        from sectypes.plain_yaml import read_mapping

        return cls.from_dict(read_mapping(path))


def _refuse_misplaced(sections: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse a limit in a section where nobody looks for it."""
    for where, held in sections.items():
        for name, home in _HOMES.items():
            if name in held and home != where:
                belongs = f"inside {home}" if home else "beside the sections, not inside one"
                found = f"inside {where}" if where else "beside the sections"
                raise ConfigError(f"{name} is written {found}: it belongs {belongs}")


def _limits_from_plain(plain: Mapping[str, Any]) -> RiskLimits:
    return RiskLimits(**plain)


def _loss(name: str, value: Any) -> float:
    return fraction(name, abs(value) if is_number(value) else value)
