"""Which column of a broker's table is which: by name, without regard to case and punctuation.

The names are those that the position exports of large brokers use (Fidelity, Schwab, Vanguard,
E*TRADE, Merrill, Interactive Brokers, Wealthsimple, M1 and others) and those of our own frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sectypes.holdings.money import unit_of

__all__ = ["ACCEPTED_TICKER_NAMES", "Header", "match_header"]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "ticker": ("ticker", "symbol", "tickersymbol", "symbolticker", "equitysymbol", "symbolcusip",
               "symbolisin", "cusipsymbol"),
    "cusip": ("cusip", "cusipnumber", "cusipno"),
    "isin": ("isin", "isinnumber"),
    "name": ("name", "description", "securityname", "securitydescription", "investmentname",
             "fundname", "holdingname", "instrumentname", "equitydescription", "holding",
             "investment", "security", "companyname", "company", "product"),
    "provider_type": ("providertype", "securitytype", "assettype", "investmenttype",
                      "instrumenttype", "producttype", "type", "assetclass", "assetcategory",
                      "financialinstrument"),
    "units": ("units", "quantity", "qty", "shares", "numberofshares", "sharequantity",
              "totalshares", "noofshares"),
    "price": ("price", "lastprice", "currentprice", "marketprice", "shareprice", "markprice",
              "closeprice", "closingprice", "unitprice", "recentprice", "mostrecentprice", "last",
              "nav", "mark"),
    "value": ("value", "marketvalue", "currentvalue", "totalvalue", "mktvalue", "mktval",
              "positionvalue", "currentbalance", "balance", "endingvalue", "totalmarketvalue",
              "markvalue"),
    "cost_basis": ("costbasis", "costbasistotal", "totalcostbasis", "totalcost", "costbasismoney",
                   "positioncost", "bookvaluemarket", "bookvalue", "bookcost", "cost"),
    "unit_cost": ("averagecost", "avgcost", "averageprice", "avgprice", "averagecostbasis",
                  "costbasispershare", "costpershare", "costshare", "unitcost", "costprice",
                  "costbasisprice", "pricepaid", "purchaseprice", "avgcostbasis",
                  "averagepurchaseprice", "averagecostpershare"),
    "multiplier": ("multiplier", "mult", "contractmultiplier"),
    "side": ("side", "positionside", "positiondirection", "longshort", "direction"),
    "currency": ("currency", "currencycode", "ccy", "currencyprimary", "marketvaluecurrency",
                 "marketpricecurrency", "tradingcurrency", "localcurrency"),
    "account_id": ("accountid", "accountnumber", "account", "acct", "accountno", "acctnumber",
                   "fundaccountnumber", "accountnumbername", "clientaccountid"),
    "account_name": ("accountname", "accountnickname", "accounttitle"),
    "portfolio": ("portfolio", "portfolioname"),
    "provider": ("provider", "dataprovider"),
    "is_cash": ("iscash",),
    "identifier": ("identifier", "figi"),
    "exchange": ("exchange", "exchangecode", "listingexchange", "mic"),
    "lot": ("datadiscriminator", "levelofdetail"),
}  # fmt: skip
_ROLES = {name: (role, rank) for role, names in _NAMES.items() for rank, name in enumerate(names)}
_IDENTIFIERS = ("ticker", "cusip", "isin")
_AMOUNTS = ("units", "value")
_MONEY = ("price", "value", "cost_basis", "unit_cost")
_DATES = frozenset((
    "date", "reportdate", "asofdate", "asof", "cobdate", "pricingdate", "valuationdate",
))  # fmt: skip

_ALWAYS_TRADES = frozenset((
    "transactiontype", "transactiondate", "transcode", "rundate", "settlementdate", "settledate",
    "activitydate", "action", "netamount", "timeplaced", "exectime", "poseffect", "tif",
))  # fmt: skip
_TRADES_WITHOUT_VALUE = frozenset({"tradedate", "datetime", "processdate", "exdate", "paydate"})

ACCEPTED_TICKER_NAMES = ("Symbol", "Ticker", "Ticker Symbol", "CUSIP", "ISIN")
"""The best-known names of a column that tells which security a row is."""


@dataclass(frozen=True, slots=True)
class Header:
    """One row of column names, understood.

    Attributes
    ----------
    names : tuple[str, ...]
        The cells as they are written.
    columns : Mapping[str, int]
        Which column plays which role.
    width : int
        Number of columns up to the last one with a name.
    is_trades : bool
        Whether the table lists transactions rather than positions.
    twice : tuple[str, ...]
        Names of needed columns that occur twice.
    money : Mapping[str, str]
        The unit that the name of a column of money gives ("Value (USD)", "Price (p)"), as
        `sectypes.holdings.money.unit_of` writes it.
    """

    names: tuple[str, ...]
    columns: Mapping[str, int]
    width: int
    is_trades: bool
    twice: tuple[str, ...] = ()
    money: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_identifier(self) -> bool:
        """Whether a column tells which security a row is, by more than its name."""
        return any(role in self.columns for role in _IDENTIFIERS)

    @property
    def has_amounts(self) -> bool:
        """Whether there is a column of quantities or values."""
        return any(role in self.columns for role in _AMOUNTS)

    @property
    def says_only_type(self) -> bool:
        """Whether types stand under "Type", which may as well be the account's."""
        place = self.columns.get("provider_type")
        return place is not None and self.names[place].lower() == "type"

    @property
    def dates(self) -> tuple[int, ...]:
        """Places of the columns that say which day a row shows; not those of purchases."""
        return tuple(place for place, name in enumerate(self.names) if _plain(name) in _DATES)

    @property
    def section(self) -> str | None:
        """The section that an Interactive Brokers statement writes before each row, else None."""
        marked = len(self.names) > 1 and self.names[1].lower() == "header"
        return self.names[0] if marked else None


def match_header(
    cells: Sequence[object], *, ticker_column: str | None = None, needs_identifier: bool = True
) -> Header | None:
    """Understand a row as column names; None where no cell names an identifier, if one is needed.

    Where several columns fit one role, the name that says it best wins ("Symbol" before "Symbol /
    CUSIP"). Of equals, one that names a currency goes first where there is no column of
    currencies, and last where there is one; then the first. `ticker_column` names the column of
    tickers outright.

    Examples
    --------
    >>> match_header(["Symbol", "Qty (Quantity)", "Mkt Val (Market Value)"]).columns
    {'ticker': 0, 'units': 1, 'value': 2}
    >>> match_header(["Symbol", "Price (p)", "Value", "Value £"]).money
    {'price': 'GBp', 'value': 'GBP'}
    """
    names = tuple(cell.strip() if isinstance(cell, str) else "" for cell in cells)
    roles = [("ticker", -1) if name and name == ticker_column else _role(name) for name in names]
    has_currency = any(role == "currency" for role, _ in roles)
    best: dict[str, tuple[int, bool, int]] = {}
    seen: dict[tuple[str, str, str | None], int] = {}
    twice: list[tuple[int, str]] = []
    for place, (role, rank) in enumerate(roles):
        if role is None:
            continue
        unit = _unit(names[place], role)
        first = seen.setdefault((role, _plain(names[place]), unit), place)
        if first != place:
            twice.append((first, names[place]))
        choice = (rank, (unit is None) is not has_currency, place)
        best[role] = min(best.get(role, choice), choice)
    needed = _IDENTIFIERS if ticker_column is None else ("ticker",)
    if not best or (needs_identifier and not any(role in best for role in needed)):
        return None
    if ticker_column is not None and best["ticker"][0] >= 0:
        return None
    width = max(place for place, name in enumerate(names) if name) + 1
    columns = {role: place for role, (_, _, place) in best.items()}
    repeated = tuple(name for first, name in twice if first in columns.values())
    units = {role: _unit(names[place], role) for role, place in columns.items()}
    money = {role: unit for role, unit in units.items() if unit is not None}
    return Header(names, columns, width, _is_trades(names, columns), repeated, money)


def _is_trades(names: Iterable[str], columns: Mapping[str, int]) -> bool:
    plain = {_plain(name) for name in names}
    if not plain.isdisjoint(_ALWAYS_TRADES):
        return True
    quoted = "value" in columns or not plain.isdisjoint({"currentprice", "lastprice", "markprice"})
    return not quoted and not plain.isdisjoint(_TRADES_WITHOUT_VALUE)


@lru_cache(maxsize=4096)
def _role(name: str) -> tuple[str | None, int]:
    """The role that a name stands for, and how well it says so (0 is best)."""
    if not name or "%" in name or len(name) > 60:
        return None, 0
    for candidate in (name, re.split(r"[(\[]", name, maxsplit=1)[0]):
        found = _ROLES.get(_plain(candidate))
        if found is not None:
            return found
    return None, 0


@lru_cache(maxsize=4096)
def _unit(name: str, role: str) -> str | None:
    """The unit of money that a column's name gives; None for columns of anything else."""
    return unit_of(name) if role in _MONEY else None


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold()[:120])
