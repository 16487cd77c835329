"""Settings: read from the environment in one place, frozen, with secrets that cannot be shown."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sectypes.errors import ConfigError

__all__ = ["Secret", "Settings"]

FMP_STABLE_URL = "https://financialmodelingprep.com/stable"
OPENFIGI_URL = "https://api.openfigi.com/v3"


class Secret:
    """A string that shows itself only to `reveal`: not to repr, str, format, pickle or a log.

    Parameters
    ----------
    value : str
        The secret.

    Examples
    --------
    >>> Secret("hunter2")
    Secret('***')
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The secret itself, for the one line that sends it."""
        return self.__value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self.__value

    def __hash__(self) -> int:
        return hash(("Secret", self.__value))

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Secret is not pickled: give the other process its own settings")


class _Given:
    """An environment whose repr does not tell it: tracebacks may show all local variables."""

    __slots__ = ("__environ",)

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.__environ = environ

    def text(self, name: str) -> str:
        return self.__environ.get(name, "").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can be set from outside; each default is written here and nowhere else.

    Attributes
    ----------
    fmp_api_key : Secret | None
        ``FMP_API_KEY``. Without it FMP is not asked.
    fmp_base_url : str
        ``FMP_BASE_URL``. Plain http is accepted for this machine only, so that the key never
        crosses a network unencrypted.
    fmp_rate_limit_delay : float
        ``FMP_RATE_LIMIT_DELAY``, seconds between the starts of two calls, across threads.
    fmp_daily_limit : int | None
        ``FMP_DAILY_LIMIT``, calls a day; None for no limit.
    fmp_timeout : float
        ``FMP_TIMEOUT``, seconds to wait for an answer.
    openfigi : bool
        ``SECTYPES_OPENFIGI``: OpenFIGI is asked of its own accord where FMP has no answer.
    openfigi_api_key : Secret | None
        ``OPENFIGI_API_KEY``. Without it OpenFIGI answers as well, only slower.
    openfigi_base_url : str
        ``OPENFIGI_BASE_URL``, under the same rule as ``FMP_BASE_URL``.
    database_url : Secret | None
        ``SECTYPES_DATABASE_URL``; None for an SQLite file in the user's data folder. Secret,
        because it may hold a password.
    cache_ttl : int
        ``SECURITY_TYPE_CACHE_TTL``, seconds that a fact counts as fresh (90 days).
    cache_size : int
        ``SECURITY_TYPE_CACHE_SIZE``, tickers kept in memory.
    offline : bool
        ``SECTYPES_OFFLINE``: no source is asked.
    type_aware : bool
        ``SECTYPES_TYPE_AWARE``: 0 brings back the old behaviour of the functions in
        `sectypes.compat`, one rate for everything; nothing else heeds it.

    Examples
    --------
    >>> Settings.from_env({"FMP_API_KEY": "abc", "FMP_RATE_LIMIT_DELAY": "0.5"})
    Settings(fmp_api_key=Secret('***'), fmp_base_url='https://financialmodelingprep.com/stable', \
fmp_rate_limit_delay=0.5, fmp_daily_limit=None, fmp_timeout=10.0, openfigi=False, \
openfigi_api_key=None, openfigi_base_url='https://api.openfigi.com/v3', database_url=None, \
cache_ttl=7776000, cache_size=10000, offline=False, type_aware=True)
    """

    fmp_api_key: Secret | None = None
    fmp_base_url: str = FMP_STABLE_URL
    fmp_rate_limit_delay: float = 0.1
    fmp_daily_limit: int | None = None
    fmp_timeout: float = 10.0
    openfigi: bool = False
    openfigi_api_key: Secret | None = None
    openfigi_base_url: str = OPENFIGI_URL
    database_url: Secret | None = None
    cache_ttl: int = 90 * 24 * 3600
    cache_size: int = 10_000
    offline: bool = False
    type_aware: bool = True

    def __post_init__(self) -> None:
        _check_range("FMP_RATE_LIMIT_DELAY", self.fmp_rate_limit_delay, lowest=0, highest=3600)
        _check_range("FMP_TIMEOUT", self.fmp_timeout, lowest=0.001, highest=3600)
        _check_range("SECURITY_TYPE_CACHE_TTL", self.cache_ttl, lowest=1, highest=10**9)
        _check_range("SECURITY_TYPE_CACHE_SIZE", self.cache_size, lowest=1, highest=10**8)
        if self.fmp_daily_limit is not None:
            _check_range("FMP_DAILY_LIMIT", self.fmp_daily_limit, lowest=0, highest=10**9)
        _check_base_url("FMP", self.fmp_base_url, FMP_STABLE_URL)
        _check_base_url("OPENFIGI", self.openfigi_base_url, OPENFIGI_URL)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from `environ` (default: this process's environment).

        An empty variable counts as unset.

        Raises
        ------
        ConfigError
            A value cannot be used; the message names the variable.
        """
        given = _Given(os.environ if environ is None else environ)
        del environ
        found = {
            field: _parse(name, given.text(name), parse)
            for field, (name, parse) in _VARIABLES.items()
            if given.text(name)
        }
        return cls(**found)

    def replace(self, **changes: Any) -> Settings:
        """A copy with some settings changed."""
        return replace(self, **changes)


def default_database_path() -> Path:
    """Where the embedded SQLite file lives when no database is configured."""
    from platformdirs import user_data_path

    return user_data_path("sectypes", appauthor=False) / "sectypes.sqlite"


def _parse(name: str, text: str, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(text.strip())
    except ValueError:
        shown = "" if parse is Secret else f" (it is {text.strip()!r})"
        raise ConfigError(f"{name} must be {_EXPECTED[parse]}{shown}") from None


def _parse_flag(text: str) -> bool:
    lowered = text.lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off"}:
        return False
    raise ValueError(text)


def _check_range(name: str, value: float, *, lowest: float, highest: float) -> None:
    # Written so that NaN fails as well.
    if not lowest <= value <= highest:
        raise ConfigError(f"{name} must be between {lowest} and {highest} (it is {value})")


def _check_base_url(service: str, url: str, example: str) -> None:
    name = f"{service}_BASE_URL"
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0  # which is read, and refused, only here
    except ValueError:  # whose message may hold a piece of a password
        parts, has_port = urlsplit(""), False
    if parts.scheme not in {"http", "https"} or not parts.hostname or not has_port:
        raise ConfigError(f"{name} must be an http(s) URL such as {example}")
    if parts.username or parts.password or parts.query:
        raise ConfigError(
            f"{name} must not carry a user, a password or a query;"
            f" the key goes into {service}_API_KEY"
        )
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise ConfigError(f"{name} must use https: over http the key could be read on the way")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_VARIABLES: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "fmp_api_key": ("FMP_API_KEY", Secret),
    "fmp_base_url": ("FMP_BASE_URL", str),
    "fmp_rate_limit_delay": ("FMP_RATE_LIMIT_DELAY", float),
    "fmp_daily_limit": ("FMP_DAILY_LIMIT", int),
    "fmp_timeout": ("FMP_TIMEOUT", float),
    "openfigi": ("SECTYPES_OPENFIGI", _parse_flag),
    "openfigi_api_key": ("OPENFIGI_API_KEY", Secret),
    "openfigi_base_url": ("OPENFIGI_BASE_URL", str),
    "database_url": ("SECTYPES_DATABASE_URL", Secret),
    "cache_ttl": ("SECURITY_TYPE_CACHE_TTL", int),
    "cache_size": ("SECURITY_TYPE_CACHE_SIZE", int),
    "offline": ("SECTYPES_OFFLINE", _parse_flag),
    "type_aware": ("SECTYPES_TYPE_AWARE", _parse_flag),
}
_EXPECTED = {
    Secret: "a text",
    str: "a text",
    float: "a number",
    int: "a whole number",
    _parse_flag: "0 or 1",
}
