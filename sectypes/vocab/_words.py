"""Providers' words for a security's type, as tables.

Every word is written once, in the provider's own spelling; look-ups ignore case, spaces,
underscores, hyphens and other punctuation. Sources: Plaid OpenAPI 2020-09-14, SnapTrade OpenAPI of
August 2026, column contents of US brokers' exports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sectypes.taxonomy import Label, SecurityType, Subtype
from sectypes.tickers import squeeze

__all__ = ["plaid_label", "provider_label", "word_key"]

_EQUITY = Label(SecurityType.EQUITY)
_ETF = Label(SecurityType.ETF)
_FUND = Label(SecurityType.MUTUAL_FUND)
_BOND = Label(SecurityType.BOND)
_OTHER = Label(SecurityType.OTHER)
# A row that says one of these is not the listed security that shares its letters.
_CASH = Label(SecurityType.CASH, listed=False)
_COIN = Label(SecurityType.CRYPTO, Subtype.CRYPTOCURRENCY, listed=False)
_DERIVATIVE = Label(SecurityType.DERIVATIVE, listed=False)
_LOAN = Label(SecurityType.OTHER, listed=False)
_MONEY_FUND = replace(_CASH, subtype=Subtype.MONEY_MARKET_FUND)
_OPTION = replace(_DERIVATIVE, subtype=Subtype.OPTION)
_FUTURE = replace(_DERIVATIVE, subtype=Subtype.FUTURE)
_METAL = replace(_LOAN, subtype=Subtype.PRECIOUS_METAL)
_ADR = replace(_EQUITY, subtype=Subtype.ADR)
_COMMON = replace(_EQUITY, subtype=Subtype.COMMON_STOCK)
_PARTNERSHIP = replace(_EQUITY, subtype=Subtype.PARTNERSHIP)
_PREFERRED = replace(_EQUITY, subtype=Subtype.PREFERRED)
_REIT = replace(_EQUITY, subtype=Subtype.REIT)
_RIGHT = replace(_EQUITY, subtype=Subtype.RIGHT)
_UNIT = replace(_EQUITY, subtype=Subtype.UNIT)
_WARRANT = replace(_EQUITY, subtype=Subtype.WARRANT)
_ETN = replace(_ETF, subtype=Subtype.ETN)
_CLOSED_END = replace(_FUND, subtype=Subtype.CLOSED_END_FUND)
_OPEN_END = replace(_FUND, subtype=Subtype.OPEN_END_FUND)
_BILL = replace(_BOND, subtype=Subtype.BILL)
_MUNI = replace(_BOND, subtype=Subtype.MUNICIPAL)
_MORTGAGE = replace(_BOND, subtype=Subtype.MORTGAGE_BACKED)
_NOTE = replace(_BOND, subtype=Subtype.NOTE)
_HEDGE = replace(_OTHER, subtype=Subtype.HEDGE_FUND)
_PRIVATE = replace(_OTHER, subtype=Subtype.PRIVATE_EQUITY_FUND)
_STRUCTURED = replace(_OTHER, subtype=Subtype.STRUCTURED_PRODUCT)


def word_key(word: object) -> str:
    """Return what is compared of a word: its letters and digits in upper case; "" for no text."""
    return squeeze(word) if isinstance(word, str) else ""


def _table(rows: Iterable[tuple[Label, str]]) -> Mapping[str, Label]:
    """Turn rows of (label, words split by commas) into a look-up."""
    return {word_key(word): label for label, words in rows for word in words.split(",")}


# "mutual fund" holds open- and closed-end funds here, hence no subtype.
_PLAID_TYPES = _table(
    [
        (_CASH, "cash"),
        (_COIN, "cryptocurrency"),
        (_DERIVATIVE, "derivative"),
        (_EQUITY, "equity"),
        (_ETF, "etf"),
        (_BOND, "fixed income"),
        (_LOAN, "loan"),
        (_FUND, "mutual fund"),
        (_OTHER, "other"),
    ]
)
_PLAID_SUBTYPES = _table(
    [
        (_BOND, "asset backed security,bond,bond with warrants,depositary receipt on debt"),
        (_BOND, "money market debt,treasury inflation protected securities"),
        (_BILL, "bill,cash management bill"),
        (_NOTE, "float rating note,medium term note,note"),
        (_MORTGAGE, "mortgage backed security"),
        (_MUNI, "municipal bond"),
        (replace(_BOND, subtype=Subtype.CONVERTIBLE), "convertible bond"),
        (_CASH, "cash"),
        (_COMMON, "common stock"),
        (replace(_EQUITY, subtype=Subtype.CONVERTIBLE), "convertible equity"),
        (_COIN, "cryptocurrency"),
        (_ADR, "depositary receipt"),
        (replace(_ETF, subtype=Subtype.ETF), "etf"),
        (_FUND, "fund of funds,mutual fund"),
        (_HEDGE, "hedge fund"),
        (_PARTNERSHIP, "limited partnership unit"),
        (_OPTION, "option"),
        (_OTHER, "other"),
        (_PREFERRED, "preferred convertible,preferred equity"),
        (_PRIVATE, "private equity fund"),
        (_REIT, "real estate investment trust"),
        (_STRUCTURED, "structured equity product"),
        (_UNIT, "unit"),
        (_WARRANT, "warrant"),
    ]
)
# `type.code` of the holdings object, `instrument.kind` of the unified positions.
_SNAPTRADE = _table(
    [
        (_ADR, "ad,adr"),
        (_BOND, "bnd"),
        (_COMMON, "cs"),
        (_EQUITY, "stock,wi"),
        (_CLOSED_END, "cef"),
        (_COIN, "crypto"),
        (_ETF, "et,etf"),
        (_OPEN_END, "oef"),
        (_FUND, "mutualfund"),
        (_METAL, "pm"),
        (_PREFERRED, "ps"),
        (_RIGHT, "rt"),
        (_STRUCTURED, "struct"),
        (_UNIT, "ut"),
        (_WARRANT, "wt"),
        (_OPTION, "option"),
        (_FUTURE, "future"),
        (_DERIVATIVE, "cfd"),
        (_OTHER, "other"),
    ]
)
# What brokers' exports, spreadsheets and the package itself say.
_GENERIC = _table(
    [
        (_EQUITY, "stock,stocks,equity,equities,share,shares,us stock,us stocks,us equity"),
        (_EQUITY, "foreign stock,international stock,listed equity,when issued"),
        (_COMMON, "common stock,common stocks,common share,common shares,common"),
        (_COMMON, "ordinary share,ordinary shares"),
        (_ADR, "adr,adrs,adr/gdr,american depositary receipt,american depositary receipts"),
        (_ADR, "american depositary share,american depositary shares,ads,gdr,gdrs"),
        (
            _ADR,
            "depositary receipt,depositary receipts,depository receipt,global depositary receipt",
        ),
        (_REIT, "reit,reits,real estate investment trust,real estate investment trusts"),
        (_PREFERRED, "preferred,preferreds,preferred stock,preferred stocks,preferred share"),
        (_PREFERRED, "preferred shares,preferred equity,preferred security,preferred securities"),
        (_PREFERRED, "pfd,preference share,preference shares"),
        (_PARTNERSHIP, "mlp,mlps,master limited partnership,limited partnership,lp,partnership"),
        (_PARTNERSHIP, "limited partnership unit"),
        (_RIGHT, "right,rights"),
        (_UNIT, "unit,units"),
        (_WARRANT, "warrant,warrants,equity warrant"),
        (_ETF, "etf,etfs,exchange traded fund,exchange traded funds,etp,etps,etc"),
        (_ETF, "exchange traded product,exchange traded products,etfs & closed end funds"),
        (_ETF, "etf/closed end funds,etfs/etns,exchange traded funds & closed end funds"),
        (_ETN, "etn,etns,exchange traded note,exchange traded notes"),
        (_FUND, "mutual fund,mutual funds,mf,fund,funds,fund of funds,target date fund"),
        (_FUND, "unit investment trust,unit investment trusts,uit,uits,unit trust,unit trusts"),
        (_FUND, "collective investment trust,collective trust,cit"),
        (_CLOSED_END, "closed end fund,closed end funds,closed ended fund,cef,cefs,interval fund"),
        (_OPEN_END, "open end fund,open end funds,open ended fund,open ended funds,oef"),
        (_OPEN_END, "open end mutual fund"),
        (_CASH, "cash,cash and money market,cash & money market,cash and equivalents"),
        (_CASH, "cash & equivalents,cash equivalent,cash equivalents,cash and cash equivalents"),
        (_CASH, "cash & cash equivalents,cash and cash investments,cash & cash investments"),
        (_CASH, "cash investments,cash alternatives,cash balance,cash sweep,sweep,bank sweep"),
        (_CASH, "bank deposit,bank deposits,deposit,deposits,short term reserves"),
        (_CASH, "cash & cash alternatives,cash and cash alternatives,savings and time deposits"),
        (_CASH, "savings & time deposits,cash and money balances,cash & money balances"),
        (_CASH, "cash mmf and bdp,bank deposit program"),
        (replace(_CASH, subtype=Subtype.CURRENCY), "currency,currencies,foreign currency"),
        (_MONEY_FUND, "money market,money markets,money market fund,money market funds,mmf,mmfs"),
        (_MONEY_FUND, "money market mutual fund,money market mutual funds,money fund,money funds"),
        (_MONEY_FUND, "money mkt,money mkt fund,sweep fund,cash fund"),
        (_BOND, "bond,bonds,fixed income,debt,debt security,debt securities,corporate bond"),
        (_BOND, "corporate bonds,corporates,government bond,government bonds,agency,agencies"),
        (_BOND, "agency bond,agency bonds,treasury,treasuries,us treasury,us treasuries"),
        (_BOND, "treasury bond,treasury bonds,treasury security,treasury securities,tips"),
        (_BOND, "us treasury bond,us treasury security,us treasury securities,savings bond"),
        (_BOND, "cd,cds,brokered cd,brokered cds,certificate of deposit,certificates of deposit"),
        (_BOND, "corporate debt,government debt,commercial paper,asset backed,bonds & cds"),
        (_BILL, "treasury bill,treasury bills,t-bill,t-bills,us treasury bill,us treasury bills"),
        (_NOTE, "treasury note,treasury notes,t-note,t-notes,us treasury note,us treasury notes"),
        (_NOTE, "corporate note,corporate notes"),
        (_MUNI, "municipal,municipals,municipal bond,municipal bonds,muni,munis,muni bond"),
        (_MUNI, "muni bonds"),
        (_MORTGAGE, "mortgage backed,mortgage backed security,mortgage backed securities,mbs"),
        (_COIN, "crypto,cryptos,cryptocurrency,cryptocurrencies,coin,token,digital asset"),
        (_COIN, "digital assets,digital currency,virtual currency"),
        (_OPTION, "option,options,call,put,calls,puts,call option,put option,equity option"),
        (_OPTION, "equity options,index option,index options,stock option,stock options"),
        (_FUTURE, "future,futures,futures contract,futures contracts"),
        (_DERIVATIVE, "derivative,derivatives,cfd,cfds,contract for difference,swap,swaps,forward"),
        # Interactive Brokers' asset classes. Options on futures have no subtype here: a contract is
        # not 100 units, as it is of every other option.
        (_EQUITY, "stk"),
        (_OPTION, "opt,equity and index options,equity & index options"),
        (_FUTURE, "fut"),
        (_DERIVATIVE, "fop,options on futures,futures options,future options"),
        (_WARRANT, "war"),
        (_STRUCTURED, "iopt"),
        (replace(_CASH, subtype=Subtype.CURRENCY), "forex,foreign exchange"),
        (_LOAN, "loan,loans"),
        (_METAL, "precious metal,precious metals,bullion,physical metal"),
        (_HEDGE, "hedge fund,hedge funds"),
        (_PRIVATE, "private equity,private equity fund,private equity funds"),
        (_STRUCTURED, "structured product,structured products,structured note,structured notes"),
        (_OTHER, "other,others,unknown"),
        (replace(_EQUITY, subtype=Subtype.CONVERTIBLE), "convertible preferred"),
        (replace(_BOND, subtype=Subtype.CONVERTIBLE), "convertible bond,convertible bonds"),
    ]
)
_TABLES: Mapping[str, tuple[Mapping[str, Label], ...]] = {
    "plaid": (_PLAID_TYPES, _PLAID_SUBTYPES, _GENERIC),
    "snaptrade": (_SNAPTRADE, _GENERIC),
    "": (_GENERIC, _PLAID_TYPES, _PLAID_SUBTYPES, _SNAPTRADE),
}


def provider_label(word: object, provider: str | None = None) -> Label | None:
    """Return what a provider's word for a type means.

    Parameters
    ----------
    word : object
        The provider's word in any case and with any spaces, underscores or hyphens; for Plaid also
        `type/subtype`. What is not text has no meaning.
    provider : str, optional
        `plaid` or `snaptrade`: its own words come first. Anything else: all words, the brokers'
        first.

    Returns
    -------
    Label or None
        None for an unknown word; it is never taken for a type. `listed` is False for cash, coins,
        options, futures, loans and bullion: such a row is not the listed security of its ticker.

    Examples
    --------
    >>> provider_label("Closed-End Fund").subtype
    <Subtype.CLOSED_END_FUND: 'closed_end_fund'>
    >>> provider_label("cs", "snaptrade").security_type, provider_label("gizmo")
    (<SecurityType.EQUITY: 'equity'>, None)
    """
    key = word_key(word)
    said_by = provider.strip().lower() if isinstance(provider, str) else ""
    tables = _TABLES.get(said_by, _TABLES[""])
    for table in tables:
        if key in table:
            return table[key]
    if isinstance(word, str) and word.count("/") == 1:
        kind, subtype = word.split("/")
        return plaid_label(kind, subtype) if word_key(kind) in _PLAID_TYPES else None
    return None


def plaid_label(type: object, subtype: object = None) -> Label | None:  # noqa: A002 - Plaid's name
    """Return what a Plaid security's `type` and `subtype` mean together.

    Parameters
    ----------
    type : object
        Plaid's type; null and `other` say nothing, so that the subtype speaks alone.
    subtype : object
        Plaid's subtype. It makes the type finer where it agrees; it never contradicts the type.

    Returns
    -------
    Label or None
        None where neither says anything. Plaid counts warrants as derivatives: the type stays, the
        subtype is warrant, and the row is listed. Its type cash includes money market funds: cash
        of subtype `mutual fund` is one.

    Examples
    --------
    >>> label = plaid_label("fixed income", "municipal bond")
    >>> str(label.security_type), str(label.subtype)
    ('bond', 'municipal')
    >>> str(plaid_label("equity", "mutual fund").security_type)
    'equity'
    """
    base = _PLAID_TYPES.get(word_key(type))
    finer = _PLAID_SUBTYPES.get(word_key(subtype))
    if base is None or base == _OTHER:
        return finer or base
    if (base, finer) == (_CASH, _FUND):
        return _MONEY_FUND
    if (base, finer) == (_DERIVATIVE, _WARRANT):
        return replace(base, subtype=Subtype.WARRANT, listed=True)
    if finer is None or finer.subtype is None:
        return base
    # Hedge and private equity funds and structured products come under several types.
    is_neutral = finer.security_type is SecurityType.OTHER and base not in (_CASH, _COIN)
    agrees = finer.security_type is base.security_type or is_neutral
    return replace(base, subtype=finer.subtype) if agrees else base
