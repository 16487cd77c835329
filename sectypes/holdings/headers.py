"""Which column of a broker's table is which: by name, without regard to case and punctuation.

The names are those that the position exports of large brokers use (Fidelity, Schwab, Vanguard,
E*TRADE, Merrill, Interactive Brokers, Wealthsimple, M1 and others) and those of our own frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

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
                      "instrumenttype", "producttype", "type", "assetclass", "assetcategory"),
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
                   "fundaccountnumber",
                   "clientaccountid"),
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
    """

    names: tuple[str, ...]
    columns: Mapping[str, int]
    width: int
    is_trades: bool
    twice: tuple[str, ...] = ()

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
    def section(self) -> str | None:
        """The section that an Interactive Brokers statement writes before each row, else None."""
        marked = len(self.names) > 1 and self.names[1].lower() == "header"
        return self.names[0] if marked else None


def match_header(
    cells: Sequence[object], *, ticker_column: str | None = None, needs_identifier: bool = True
) -> Header | None:
    """Understand a row as column names; None where no cell names an identifier, if one is needed.

    Where several columns fit one role, the name that says it best wins ("Symbol" before "Symbol /
    CUSIP"), and the first of equals. `ticker_column` names the column of tickers outright.

    Examples
    --------
    >>> match_header(["Symbol", "Qty (Quantity)", "Mkt Val (Market Value)"]).columns
    {'ticker': 0, 'units': 1, 'value': 2}
    """
    names = tuple(cell.strip() if isinstance(cell, str) else "" for cell in cells)
    best: dict[str, tuple[int, int]] = {}
    twice: list[str] = []
    for place, name in enumerate(names):
        role, rank = ("ticker", -1) if name and name == ticker_column else _role(name)
        if role is None:
            continue
        if role in best and _plain(names[best[role][1]]) == _plain(name):
            twice.append(name)
        if role not in best or rank < best[role][0]:
            best[role] = (rank, place)
    needed = _IDENTIFIERS if ticker_column is None else ("ticker",)
    if not best or (needs_identifier and not any(role in best for role in needed)):
        return None
    if ticker_column is not None and best["ticker"][0] >= 0:
        return None
    width = max(place for place, name in enumerate(names) if name) + 1
    columns = {role: place for role, (_, place) in best.items()}
    return Header(names, columns, width, _is_trades(names, columns), tuple(twice))


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
    for candidate in (name, name.partition("(")[0]):
        found = _ROLES.get(_plain(candidate))
        if found is not None:
            return found
    return None, 0


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold()[:120])
