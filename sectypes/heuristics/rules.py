"""The rules in their order, as tables: what makes a rule speak, what silences it, what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from operator import or_
from types import MappingProxyType
from typing import NamedTuple

from sectypes.heuristics.lexicon import Sign
from sectypes.taxonomy import SecurityType, Subtype

__all__ = ["EVIDENCE_RULES", "RULES", "Guess", "Rule", "first_rule"]


class Guess(NamedTuple):
    """What the rules make of a security, and which rule made it.

    Attributes
    ----------
    security_type : SecurityType
        The type that the rule names.
    subtype : Subtype | None
        The finer kind, where the rule tells.
    leverage : float
        Signed multiple of the underlying, read from the name; 1.0 where nothing is said, NaN
        where the name says leveraged and not how much.
    rule : str
        The rule's name, a key of `RULES`.
    note : str
        The evidence, for people: the words or the form that made the rule speak.
    """

    security_type: SecurityType
    subtype: Subtype | None
    leverage: float
    rule: str
    note: str


@dataclass(frozen=True)
class Rule:
    """One line of the table.

    Attributes
    ----------
    name : str
        The rule's name; several lines may share it.
    needs : tuple[Sign, ...]
        Each entry must be met; an entry of several signs is met by any one of them.
    unless : Sign
        Any one of these silences the line.
    security_type : SecurityType
        What the rule says.
    subtype : Subtype | None
        The finer kind, where the rule tells.
    """

    name: str
    needs: tuple[Sign, ...]
    unless: Sign
    security_type: SecurityType
    subtype: Subtype | None = None

    @cached_property
    def wanted(self) -> int:
        """All signs that the line looks for."""
        return int(reduce(or_, self.needs))

    def speaks(self, signs: int) -> bool:
        """Whether the signs found make this line speak."""
        return not signs & int(self.unless) and all(signs & int(need) for need in self.needs)


_S = Sign
_EQUITY, _ETF, _FUND = SecurityType.EQUITY, SecurityType.ETF, SecurityType.MUTUAL_FUND
_LISTED_FUND, _CLOSED, _OPEN = Subtype.ETF, Subtype.CLOSED_END_FUND, Subtype.OPEN_END_FUND
_NEVER = Sign(0)
_EXCHANGE_TRADED = _S.ETF | _S.ETN | _S.ETF_BRAND | _S.EXCHANGE_MANAGED
_OPERATING = _S.BANK | _S.PROPERTY | _S.REIT | _S.ROYALTY | _S.SHELL | _S.LENDER
_COMPANY = _S.LEGAL | _S.HOLDING | _S.TRADE | _S.PARTNERSHIP | _OPERATING
_FUND_WORD = _S.FUND | _S.MUNICIPAL_FUND | _S.CLOSED_END
_STYLE = _S.ASSET | _S.STYLE
_HOLDS = _S.METAL | _S.METAL_SHARES | _S.COIN | _S.COMMODITY
_ON_ETF_VENUE = _S.ETF_VENUE | _S.ETF_TIER
_NOT_TREASURY = _FUND_WORD | _S.HOUSE | _S.MONEY_MARKET | _ON_ETF_VENUE
_NO_STYLE = _COMPANY | _S.SHARE | _S.RECEIPT | _S.DEBT
_NO_DEBT = _S.PREFERRED | _S.STRUCTURED | _S.ETN | _S.MONEY_MARKET
_FIFTH = _S.FIFTH_PREFERRED | _S.FIFTH_WARRANT | _S.FIFTH_RIGHT | _S.FIFTH_UNIT
_NO_POOL = _OPERATING | _S.HOLDING | _S.TRADE | _S.PARTNERSHIP | _S.PERCENT | _S.RECEIPT | _FIFTH
_CLOSED_END_WORD = _S.LEGAL | _S.TRUST | _S.MUNICIPAL | _S.INCOME | _S.CLOSED_END | _S.COMMON

EVIDENCE_RULES: tuple[Rule, ...] = (
    # A contract or a bond is none of the things that its name goes on to name.
    Rule("name_option", (_S.EXPIRY,), _NEVER, SecurityType.DERIVATIVE, Subtype.OPTION),
    Rule(
        "name_future",
        (_S.FUTURE, _S.DELIVERY | _S.MARK_FUTURE),
        _EXCHANGE_TRADED | _FUND_WORD | _COMPANY,
        SecurityType.DERIVATIVE,
        Subtype.FUTURE,
    ),
    Rule("name_coupon", (_S.DATED, _S.UNLISTED), _NO_DEBT, SecurityType.BOND),
    Rule(
        "name_coupon",
        (_S.PUBLIC | _S.MUNICIPAL_FUND, _S.PERCENT, _S.UNLISTED),
        _NO_DEBT | _S.FUND | _S.ETF | _S.ETF_BRAND,
        SecurityType.BOND,
        Subtype.MUNICIPAL,
    ),
    Rule(
        "name_structured",
        (_S.STRUCTURED,),
        _S.ETN | _S.TREASURY,
        _EQUITY,
        Subtype.STRUCTURED_PRODUCT,
    ),
    # What calls itself exchange-traded is exchange-traded.
    Rule("name_exchange_managed", (_S.EXCHANGE_MANAGED,), _NEVER, _FUND, _OPEN),
    Rule("name_etn", (_S.ETN,), _S.SHELL, _ETF, Subtype.ETN),
    Rule("name_etf", (_S.ETF,), _NEVER, _ETF, _LISTED_FUND),
    Rule(
        "name_etf",
        (_S.ETC, _FUND_WORD | _HOLDS | _S.HOUSE | _S.ETF_HOUSE),
        _S.TRADE | _S.SHELL,
        _ETF,
        _LISTED_FUND,
    ),
    Rule("name_etf", (_S.ETC, _STYLE | _S.MANNER | _ON_ETF_VENUE), _COMPANY, _ETF, _LISTED_FUND),
    Rule(
        "name_leveraged", (_S.MULTIPLE, _S.DIRECTION | _S.ETF_BRAND), _COMPANY, _ETF, _LISTED_FUND
    ),
    # Brands under which issuers name nothing but exchange-traded products.
    Rule("name_etf_brand", (_S.ETF_BRAND,), _NEVER, _ETF, _LISTED_FUND),
    Rule("name_etf_brand", (_S.ETF_HOUSE,), _COMPANY | _S.ALONE, _ETF, _LISTED_FUND),
    Rule(
        "name_etf_brand",
        (_S.ETF_HOUSE, _FUND_WORD | _STYLE),
        _S.HOLDING | _S.SHELL,
        _ETF,
        _LISTED_FUND,
    ),
    # An issue's own terms: a fund's shares are one thing, its preferred shares another.
    Rule("name_warrant", (_S.WARRANT,), _NEVER, _EQUITY, Subtype.WARRANT),
    Rule("ticker_warrant", (_S.MARK_WARRANT,), _NEVER, _EQUITY, Subtype.WARRANT),
    Rule("name_right", (_S.RIGHT,), _NEVER, _EQUITY, Subtype.RIGHT),
    Rule("ticker_right", (_S.MARK_RIGHT,), _NEVER, _EQUITY, Subtype.RIGHT),
    Rule(
        "name_preferred", (_S.PREFERRED, _S.PERCENT | _S.TERMS), _NEVER, _EQUITY, Subtype.PREFERRED
    ),
    Rule("name_treasury", (_S.TREASURY, _S.PERCENT), _NOT_TREASURY, SecurityType.BOND),
    Rule("name_note", (_S.NOTE, _S.PERCENT | _S.RANK), _NEVER, _EQUITY, Subtype.NOTE),
    Rule("name_repackaged", (_S.REPACKAGED,), _NEVER, _EQUITY, Subtype.STRUCTURED_PRODUCT),
    Rule("ticker_preferred", (_S.MARK_PREFERRED,), _NEVER, _EQUITY, Subtype.PREFERRED),
    Rule(
        "fifth_letter_preferred",
        (_S.FIFTH_PREFERRED, _S.DEPOSITARY | _S.PREFERRED),
        _NEVER,
        _EQUITY,
        Subtype.PREFERRED,
    ),
    Rule("ticker_unit", (_S.MARK_UNIT,), _FUND_WORD, _EQUITY, Subtype.UNIT),
    Rule("name_shell", (_S.SHELL, _S.UNIT), _NEVER, _EQUITY, Subtype.UNIT),
    Rule("name_shell", (_S.SHELL,), _NEVER, _EQUITY),
    Rule(
        "name_money_market",
        (_S.MONEY_MARKET, _S.FUND | _S.TRUST),
        _S.HOLDING,
        SecurityType.CASH,
        Subtype.MONEY_MARKET_FUND,
    ),
    Rule(
        "name_money_market",
        (_S.MONEY_MARKET,),
        _COMPANY,
        SecurityType.CASH,
        Subtype.MONEY_MARKET_FUND,
    ),
    # Trusts and pools that hold coins, metal or futures.
    Rule("name_spot_trust", (_S.COIN, _S.TRUST | _S.FUND), _COMPANY | _S.AIM, _ETF, _LISTED_FUND),
    Rule(
        "name_spot_trust",
        (_S.METAL, _S.TRUST | _S.METAL_SHARES),
        _COMPANY | _S.AIM,
        _ETF,
        _LISTED_FUND,
    ),
    Rule(
        "name_commodity_pool",
        (_S.COMMODITY, _S.FUND),
        _S.LEGAL | _S.HOLDING | _S.TRADE | _OPERATING,
        _ETF,
        _LISTED_FUND,
    ),
    # Companies that call themselves trust or income fund. In Tokyo only property companies are
    # incorporated and call themselves fund.
    Rule("name_reit", (_S.TOKYO, _S.FUND, _S.INCORPORATED), _S.ETF, _EQUITY, Subtype.REIT),
    Rule("name_royalty", (_S.ROYALTY,), _NEVER, _EQUITY),
    Rule("name_reit", (_S.REIT,), _S.FUND, _EQUITY, Subtype.REIT),
    Rule(
        "name_reit",
        (_S.PRIVATE_REIT, _S.UNLISTED),
        _FUND_WORD | _EXCHANGE_TRADED,
        _EQUITY,
        Subtype.REIT,
    ),
    Rule("name_lender", (_S.LENDER,), _NEVER, _EQUITY),
    Rule("name_lender", (_S.PRIVATE_LENDER,), _S.ETF_VENUE, _EQUITY),
    Rule(
        "name_foreign_income_fund",
        (_S.FIFTH_FOREIGN, _S.INCOME, _S.FUND | _S.TRUST),
        _NEVER,
        _EQUITY,
    ),
    # Canadian income funds and trusts are companies as a rule. Closed-end funds carry the mark as
    # well, and no word tells them apart: in doubt a company.
    Rule("ticker_trust_unit", (_S.MARK_TRUST_UNIT,), _S.CLOSED_END | _S.SPLIT_CORP, _EQUITY),
    # Funds. The venue tells exchange-traded from closed-end.
    Rule("name_fund_on_etf_venue", (_FUND_WORD, _ON_ETF_VENUE), _NEVER, _ETF, _LISTED_FUND),
    Rule(
        "name_index_fund",
        (_S.INDEX, _S.FUND),
        _S.UNLISTED | _S.OPEN_END,
        _ETF,
        _LISTED_FUND,
    ),
    Rule("name_index_fund", (_S.INDEX, _S.FUND, _S.UNLISTED), _NEVER, _FUND, _OPEN),
    Rule("name_style_fund", (_S.BOX, _S.FUND, _S.LISTED), _CLOSED_END_WORD, _ETF, _LISTED_FUND),
    Rule("name_open_end_fund", (_S.OPEN_END, _S.FUND), _NEVER, _FUND, _OPEN),
    Rule(
        "name_open_house", (_S.OPEN_HOUSE, _FUND_WORD, _S.LISTED), _S.CLOSED_END, _ETF, _LISTED_FUND
    ),
    Rule("name_open_end_fund", (_S.OPEN_END, _S.HOUSE | _STYLE), _COMPANY, _FUND, _OPEN),
    Rule("name_fund", (_FUND_WORD,), _NEVER, _FUND, _CLOSED),
    Rule("name_split_corp", (_S.SPLIT_CORP,), _NEVER, _FUND, _CLOSED),
    Rule("name_pool_company", (_S.POOL_COMPANY,), _NO_POOL | _S.CUT_OFF, _FUND, _CLOSED),
    Rule(
        "name_style_on_etf_venue", (_STYLE | _S.MANNER, _S.ETF_VENUE), _NO_STYLE, _ETF, _LISTED_FUND
    ),
    Rule("name_house_trust", (_S.TRUST_HOUSE, _S.TRUST), _OPERATING | _S.PERCENT, _FUND, _CLOSED),
    Rule("name_house_trust", (_S.TRUST_HOUSE, _S.INVESTORS), _COMPANY, _FUND, _CLOSED),
    Rule(
        "name_income_trust",
        (_S.TRUST, _S.AIM | _S.MUNICIPAL),
        _OPERATING | _S.HOLDING | _S.PERCENT | _S.INCORPORATED,
        _FUND,
        _CLOSED,
    ),
    Rule(
        "name_house_and_style",
        (_S.HOUSE, _STYLE | _S.AIM | _S.MANNER, _ON_ETF_VENUE),
        _NO_STYLE,
        _ETF,
        _LISTED_FUND,
    ),
    Rule(
        "name_house_and_style",
        (_S.HOUSE, _S.STYLE, _S.LISTED),
        _NO_STYLE | _S.AIM,
        _ETF,
        _LISTED_FUND,
    ),
    Rule("name_house_and_style", (_S.HOUSE, _STYLE | _S.AIM), _NO_STYLE, _FUND),
    Rule(
        "name_style", (_S.ASSET, _S.STYLE | _S.MANNER, _ON_ETF_VENUE), _NO_STYLE, _ETF, _LISTED_FUND
    ),
    Rule("name_style", (_S.ASSET, _S.STYLE | _S.MANNER), _NO_STYLE, _FUND),
    Rule(
        "name_fund_house", (_S.FUND_HOUSE, _ON_ETF_VENUE), _NO_STYLE | _S.ALONE, _ETF, _LISTED_FUND
    ),
    Rule("name_fund_house", (_S.FUND_HOUSE,), _NO_STYLE | _S.ALONE, _FUND),
    Rule("name_fund_house", (_S.FUND_HOUSE, _STYLE | _S.AIM | _S.MANNER), _NO_POOL, _FUND, _CLOSED),
    Rule("name_index", (_S.INDEX, _S.LISTED), _NO_STYLE | _S.ALONE, _ETF, _LISTED_FUND),
    # Where nothing but exchange-traded products is listed.
    Rule("exchange_etf_venue", (_S.ETF_VENUE,), _COMPANY, _ETF, _LISTED_FUND),
    # A coin's name and nothing else.
    Rule("name_coin", (_S.COIN, _S.ALONE), _NEVER, SecurityType.CRYPTO, Subtype.CRYPTOCURRENCY),
    # Companies, for the finer kind.
    Rule("name_partnership", (_S.UNIT, _S.PARTNERSHIP), _NEVER, _EQUITY, Subtype.PARTNERSHIP),
    Rule("name_unit", (_S.UNIT,), _NEVER, _EQUITY, Subtype.UNIT),
    Rule("name_adr", (_S.RECEIPT,), _NEVER, _EQUITY, Subtype.ADR),
    Rule("name_common_share", (_S.SHARE,), _NEVER, _EQUITY, Subtype.COMMON_STOCK),
    Rule("fifth_letter_warrant", (_S.FIFTH_WARRANT,), _NEVER, _EQUITY, Subtype.WARRANT),
    Rule("fifth_letter_right", (_S.FIFTH_RIGHT,), _NEVER, _EQUITY, Subtype.RIGHT),
    Rule("fifth_letter_unit", (_S.FIFTH_UNIT,), _NEVER, _EQUITY, Subtype.UNIT),
    Rule("fifth_letter_adr", (_S.FIFTH_ADR,), _NEVER, _EQUITY, Subtype.ADR),
    Rule("fifth_letter_foreign", (_S.FIFTH_FOREIGN,), _NEVER, _EQUITY),
)


@lru_cache(maxsize=65536)
def first_rule(signs: int) -> Rule | None:
    """Return the first line of the table that speaks, or None."""
    return next((rule for rule in EVIDENCE_RULES if rule.speaks(signs)), None)


RULES: Mapping[str, str] = MappingProxyType(
    {
        "cash_code": "CUR: with an ISO 4217 code, or a ticker that is a way to say cash, is cash.",
        "coin_code": "CUR: with another code, or a coin against money or another coin, is crypto.",
        "currency_pair": "Two ISO 4217 codes joined are a currency pair, held as cash.",
        "metal_pair": "A metal's code against a currency is the metal, which is nobody's cash.",
        "future_code": "ES=F, /ESM26 and @ESM26 are ways to write a future.",
        "debt_cusip": "A valid CUSIP whose issue part has a letter is a bond.",
        "exchange_crypto": "What is quoted on a crypto venue is crypto.",
        "exchange_currency": "What is quoted on a currency venue is cash in a currency.",
        "exchange_etf_venue": "NYSE Arca and Cboe BZX list exchange-traded products.",
        "fifth_letter_adr": "On Nasdaq and over the counter a fifth letter Y marks an ADR.",
        "fifth_letter_foreign": "A fifth letter F marks a foreign company's ordinary share.",
        "fifth_letter_preferred": "A fifth letter L to P on depositary shares marks a preferred.",
        "fifth_letter_right": "A fifth letter R marks a right.",
        "fifth_letter_unit": "A fifth letter U marks a unit.",
        "fifth_letter_warrant": "A fifth letter W marks a warrant.",
        "fund_suffix_long": "Six or seven letters ending X are a unit or collective trust's quote.",
        "fund_suffix_x": "Five letters ending X are a fund quote on Nasdaq's fund network.",
        "fund_suffix_xx": "Five letters ending XX are a money market fund's quote.",
        "name_adr": "The name says ADR, ADS or depositary.",
        "name_cash": "The name as a whole is a way to say cash.",
        "name_coin": "The name is a coin's name and nothing else.",
        "name_commodity_pool": "A fund named after a commodity or futures is exchange-traded.",
        "name_common_share": "The name says common stock or ordinary shares.",
        "name_coupon": "A coupon with its maturity, or a public borrower's coupon, is a bond.",
        "name_etf": "The name says exchange-traded fund or product, or names a form of one.",
        "name_etf_brand": "The name carries a brand of exchange-traded products.",
        "name_etn": "The name says exchange-traded note.",
        "name_exchange_managed": "The name says exchange-managed fund (NextShares).",
        "name_foreign_income_fund": "Abroad an income fund or trust is a company as a rule.",
        "name_fund": "The name says fund and nothing says exchange-traded.",
        "name_fund_house": "A manager under whose name little but funds is listed names a fund.",
        "name_fund_on_etf_venue": "The name says fund, and the venue lists exchange-traded ones.",
        "name_future": "A future with its month of delivery, or a future's symbol.",
        "name_house_and_style": "A fund manager's brand with an investment style names a fund.",
        "name_house_trust": "A trust of a fund manager is a closed-end fund.",
        "name_index": "A listed symbol whose name ends as an index does is exchange-traded.",
        "name_income_trust": "A trust for income, bonds or a term is a closed-end fund.",
        "name_index_fund": "A listed index fund is exchange-traded, another one open-end.",
        "name_lender": "A business development or lending company is a company.",
        "name_leveraged": "A multiple with a direction (2X Long, Bull 3X) names a leveraged fund.",
        "name_money_market": "The name says money market, money fund or cash reserves.",
        "name_note": "Notes with a coupon or a rank are listed debt, counted as equity.",
        "name_open_end_fund": "The name carries a share class that only open-end funds have.",
        "name_open_house": "A listed fund of a manager that lists no closed-end fund.",
        "name_option": "A call or put with its expiry is an option.",
        "name_partnership": "Units of a partnership.",
        "name_pool_company": "A credit or income company by name is a closed-end fund of loans.",
        "name_preferred": "A preferred share with its terms, whoever issues it, is equity.",
        "name_reit": "The name says REIT, realty trust or property trust.",
        "name_repackaged": "A trust that repackages one company's bonds is no fund.",
        "name_right": "The name says right.",
        "name_royalty": "A royalty trust or company is a company.",
        "name_shell": "An acquisition corporation, and what it issues, is equity.",
        "name_split_corp": "A Canadian split-share corporation is a closed-end fund.",
        "name_spot_trust": "A trust that holds metal or coins is exchange-traded.",
        "name_structured": "A bank's note linked to shares or an index is no fund.",
        "name_style": "An asset class with a style, and no company's word, names a fund.",
        "name_style_fund": "A listed fund of a style box (Small Cap, Value) is exchange-traded.",
        "name_style_on_etf_venue": "An investment style on a venue of exchange-traded products.",
        "name_treasury": "A Treasury bill, note or bond with its coupon is a bond.",
        "name_unit": "The name says unit.",
        "name_warrant": "The name says warrant.",
        "nav_quote": "X, a ticker, X with a closed-end fund's name is its net asset value's quote.",
        "occ_option": "A root, an expiry, C or P and a strike are an option (OCC symbology).",
        "ticker_preferred": "The ticker carries the mark of a preferred share.",
        "ticker_right": "The ticker carries the mark of a right.",
        "ticker_trust_unit": "Units of a trust abroad (-UN.TO) are a company's as a rule.",
        "ticker_unit": "The ticker carries the mark of a unit.",
        "ticker_warrant": "The ticker carries the mark of a warrant.",
    }
)
"""Each rule's name and what it says, in one sentence."""
