"""Providers' words, FMP's flags and the provider-cash rule. All rows are invented samples."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sectypes.taxonomy import SECURITY_TYPES, Label, SecurityType, Subtype
from sectypes.vocab import (
    fmp_label,
    fmp_raw_label,
    is_account_type_column,
    is_asset_class,
    is_cash_word,
    openfigi_label,
    openfigi_raw_label,
    plaid_is_cash,
    plaid_label,
    provider_label,
    snaptrade_is_cash,
    table_is_cash,
    tri_state,
)


def rows(table: str) -> list[tuple[str, Label]]:
    """Lines of `words | type/subtype`; a `*` behind the type: not the listed security."""
    found = []
    for line in table.strip().splitlines():
        words, meaning = line.rsplit("|", 1)
        kind, _, subtype = meaning.strip().rstrip("*").partition("/")
        listed = not meaning.strip().endswith("*")
        label = Label(SecurityType(kind), Subtype(subtype) if subtype else None, listed)
        found += [(word.strip(), label) for word in words.split(",")]
    return found


# contracts.md 3: all types of Plaid.
PLAID_TYPES = rows("""
    cash                                                | cash*
    cryptocurrency                                      | crypto/cryptocurrency*
    derivative                                          | derivative*
    equity                                              | equity
    etf                                                 | etf
    fixed income                                        | bond
    loan                                                | other*
    mutual fund                                         | mutual_fund
    other                                               | other
""")
# contracts.md 3: all subtypes of Plaid, as they speak where the type is null.
PLAID_SUBTYPES = rows("""
    asset backed security, bond, bond with warrants     | bond
    bill, cash management bill                          | bond/bill
    cash                                                | cash*
    common stock                                        | equity/common_stock
    convertible bond                                    | bond/convertible
    convertible equity                                  | equity/convertible
    cryptocurrency                                      | crypto/cryptocurrency*
    depositary receipt                                  | equity/adr
    depositary receipt on debt, money market debt       | bond
    etf                                                 | etf/etf
    float rating note, medium term note, note           | bond/note
    fund of funds, mutual fund                          | mutual_fund
    hedge fund                                          | other/hedge_fund
    limited partnership unit                            | equity/partnership
    mortgage backed security                            | bond/mortgage_backed
    municipal bond                                      | bond/municipal
    option                                              | derivative/option*
    other                                               | other
    preferred convertible, preferred equity             | equity/preferred
    private equity fund                                 | other/private_equity_fund
    real estate investment trust                        | equity/reit
    structured equity product                           | other/structured_product
    treasury inflation protected securities             | bond
    unit                                                | equity/unit
    warrant                                             | equity/warrant
""")
# contracts.md 4.2 (type.code) and 4.3 (instrument.kind).
SNAPTRADE = rows("""
    ad, adr                                             | equity/adr
    bnd                                                 | bond
    cs                                                  | equity/common_stock
    cef                                                 | mutual_fund/closed_end_fund
    crypto                                              | crypto/cryptocurrency*
    et, etf                                             | etf
    oef                                                 | mutual_fund/open_end_fund
    pm                                                  | other/precious_metal*
    ps                                                  | equity/preferred
    rt                                                  | equity/right
    struct                                              | other/structured_product
    ut                                                  | equity/unit
    wi, stock                                           | equity
    wt                                                  | equity/warrant
    mutualfund                                          | mutual_fund
    other                                               | other
    option                                              | derivative/option*
    future                                              | derivative/future*
    cfd                                                 | derivative*
""")
BROKERS = rows("""
    Stock, Stocks, Equity, Equities, Shares             | equity
    Common Stock, Common Shares, Ordinary Shares        | equity/common_stock
    ADR, ADRs, American Depositary Receipt, GDR         | equity/adr
    REIT, REITs, Real Estate Investment Trust           | equity/reit
    Preferred Stock, Preferred, Preferred Securities    | equity/preferred
    MLP, Master Limited Partnership                     | equity/partnership
    Warrant, Warrants                                   | equity/warrant
    Rights                                              | equity/right
    Units                                               | equity/unit
    ETF, ETFs, Exchange-Traded Fund, Exchange Traded Funds, ETFs & Closed End Funds | etf
    ETN, Exchange-Traded Note                           | etf/etn
    Mutual Fund, Mutual Funds, Unit Investment Trust, UIT, Collective Investment Trust | mutual_fund
    Closed-End Fund, Closed End Funds, CEF              | mutual_fund/closed_end_fund
    Open-End Fund, Open End Funds                       | mutual_fund/open_end_fund
    Cash, Cash and Money Market, Cash & Cash Investments, Cash Equivalents, Sweep | cash*
    Cash & Cash Alternatives, Savings and Time Deposits, Cash and money balances | cash*
    Cash MMF and BDP, Bank Deposit Program              | cash*
    Money Market, Money Market Fund, Money Market Funds, MMF | cash/money_market_fund*
    Currency                                            | cash/currency*
    Fixed Income, Bond, Bonds, Treasury, Treasuries, CD, CDs, Certificate of Deposit | bond
    Corporate Bond, Government Bond, US Treasury, TIPS  | bond
    Treasury Bill, T-Bills                              | bond/bill
    Treasury Note, T-Note                               | bond/note
    Municipal Bond, Muni, Municipal Bonds               | bond/municipal
    MBS, Mortgage-Backed Securities                     | bond/mortgage_backed
    Option, Options, Call Option, Put                   | derivative/option*
    Future, Futures                                     | derivative/future*
    Derivative, CFD, CFDs                               | derivative*
    Crypto, Cryptocurrency, Digital Currency            | crypto/cryptocurrency*
    Precious Metals                                     | other/precious_metal*
    Structured Products                                 | other/structured_product
    STK                                                 | equity
    WAR                                                 | equity/warrant
    FUND                                                | mutual_fund
    BOND                                                | bond
    OPT, Equity and Index Options                       | derivative/option*
    FUT                                                 | derivative/future*
    FOP, Options On Futures                             | derivative*
    IOPT                                                | other/structured_product
    Forex                                               | cash/currency*
    Loan                                                | other*
    Other, Unknown                                      | other
""")


# --- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "label"), PLAID_TYPES)
def test_every_type_of_plaid(word, label):
    assert provider_label(word, "plaid") == label
    assert plaid_label(word) == plaid_label(word, None) == plaid_label(word, "gizmo") == label


@pytest.mark.parametrize(("word", "label"), PLAID_SUBTYPES)
def test_every_subtype_of_plaid_speaks_where_the_type_says_nothing(word, label):
    for says_nothing in (None, "", "other", "gizmo", float("nan")):
        assert plaid_label(says_nothing, word) == label


@pytest.mark.parametrize(("kind", "base"), PLAID_TYPES)
@pytest.mark.parametrize(("subtype", "finer"), PLAID_SUBTYPES)
def test_a_subtype_of_plaid_never_contradicts_the_type(kind, base, subtype, finer):
    label = plaid_label(kind, subtype)
    if kind == "other":
        assert label == finer
    else:
        assert label.security_type is base.security_type
        assert label.listed is base.listed or subtype == "warrant"


@pytest.mark.parametrize(
    ("kind", "subtype", "label"),
    [
        ("derivative", "warrant", Label(SecurityType.DERIVATIVE, Subtype.WARRANT)),
        ("derivative", "option", Label(SecurityType.DERIVATIVE, Subtype.OPTION, listed=False)),
        ("equity", "warrant", Label(SecurityType.EQUITY, Subtype.WARRANT)),
        ("equity", "preferred equity", Label(SecurityType.EQUITY, Subtype.PREFERRED)),
        ("equity", "mutual fund", Label(SecurityType.EQUITY)),
        ("equity", "private equity fund", Label(SecurityType.EQUITY, Subtype.PRIVATE_EQUITY_FUND)),
        ("fixed income", "municipal bond", Label(SecurityType.BOND, Subtype.MUNICIPAL)),
        ("mutual fund", "etf", Label(SecurityType.MUTUAL_FUND)),
        ("mutual fund", "hedge fund", Label(SecurityType.MUTUAL_FUND, Subtype.HEDGE_FUND)),
        ("etf", "etf", Label(SecurityType.ETF, Subtype.ETF)),
        ("cash", "cash", Label(SecurityType.CASH, listed=False)),
        ("cash", "hedge fund", Label(SecurityType.CASH, listed=False)),
        # Plaid's cash includes money market funds: cash that is a fund is one.
        ("cash", "mutual fund", Label(SecurityType.CASH, Subtype.MONEY_MARKET_FUND, listed=False)),
        ("cryptocurrency", "other", Label(SecurityType.CRYPTO, Subtype.CRYPTOCURRENCY, False)),
    ],
)
def test_type_and_subtype_of_plaid_together(kind, subtype, label):
    assert plaid_label(kind, subtype) == label
    assert provider_label(f"{kind}/{subtype}", "plaid") == label
    assert provider_label(f"{kind} / {subtype}") == label


def test_plaid_has_no_label_where_neither_word_is_known():
    assert plaid_label(None) is None
    assert plaid_label("gizmo", "gadget") is None
    assert provider_label("gizmo/bond", "plaid") is None


@pytest.mark.parametrize(("word", "label"), SNAPTRADE)
def test_every_code_and_kind_of_snaptrade(word, label):
    assert provider_label(word, "snaptrade") == label
    assert provider_label(word.upper(), "SnapTrade ") == label


@pytest.mark.parametrize(("word", "label"), BROKERS)
def test_words_of_brokers(word, label):
    assert provider_label(word) == provider_label(word, "csv") == label


SPELL = {
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "underscores": lambda word: word.replace(" ", "_"),
    "hyphens": lambda word: word.replace(" ", "-"),
    "spaces": lambda word: f"  {word.replace(' ', '  ')} ",
}


@pytest.mark.parametrize("spell", SPELL.values(), ids=SPELL)
@pytest.mark.parametrize(("word", "label"), [*BROKERS, *PLAID_TYPES])
def test_case_spaces_underscores_and_hyphens_do_not_matter(word, label, spell):
    assert provider_label(spell(word)) == label


@pytest.mark.parametrize("kind", SECURITY_TYPES)
@pytest.mark.parametrize("provider", [None, "plaid", "snaptrade", "csv", "yaml", "openfigi"])
def test_the_packages_own_types_are_words_everywhere(kind, provider):
    assert provider_label(kind, provider).security_type == kind


@pytest.mark.parametrize("subtype", sorted(set(Subtype) - {Subtype.CONVERTIBLE, Subtype.ETF}))
def test_the_packages_own_subtypes_are_words(subtype):
    assert provider_label(subtype).subtype is subtype


@pytest.mark.parametrize(
    "word", ["gizmo", "", "  ", "///", None, float("nan"), pd.NA, 5, True, ["etf"]]
)
@pytest.mark.parametrize("provider", [None, "plaid", "snaptrade", float("nan")])
def test_an_unknown_word_is_never_a_type(word, provider):
    assert provider_label(word, provider) is None


def test_only_listed_kinds_are_looked_up_by_ticker():
    unlisted = {label.security_type for _, label in [*BROKERS, *SNAPTRADE] if not label.listed}
    assert unlisted == {SecurityType.CASH, SecurityType.CRYPTO, SecurityType.DERIVATIVE, "other"}
    assert provider_label("bond").listed  # a provider may call a bond ETF a bond


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=30), st.sampled_from(["plaid", "snaptrade", None]))
def test_any_text_is_a_known_word_or_none(word, provider):
    label = provider_label(word, provider)
    assert label is None or isinstance(label, Label)
    assert is_cash_word(word) in (True, False)


# --- FMP ----------------------------------------------------------------------------------------

YES, NO, UNKNOWN = True, False, None


@pytest.mark.parametrize(
    ("is_etf", "is_fund", "kind"),
    [
        (YES, YES, "etf"),
        (YES, NO, "etf"),
        (YES, UNKNOWN, "etf"),
        (NO, YES, "mutual_fund"),
        (UNKNOWN, YES, "mutual_fund"),
        (NO, NO, "equity"),
        (NO, UNKNOWN, None),
        (UNKNOWN, NO, None),
        (UNKNOWN, UNKNOWN, None),
    ],
)
@pytest.mark.parametrize(
    ("yes", "no", "unknown"),
    [
        (True, False, None),
        ("true", "false", ""),
        ("TRUE", "FALSE", "null"),
        (" True ", "False", float("nan")),
        (1, 0, pd.NA),
        (1.0, 0.0, "maybe"),
        ("1", "0", []),
        (np.True_, np.False_, np.nan),
    ],
)
def test_flags_of_fmp_in_every_writing(is_etf, is_fund, kind, yes, no, unknown):
    writing = {YES: yes, NO: no, UNKNOWN: unknown}
    profile = {"symbol": "SMPL", "isEtf": writing[is_etf], "isFund": writing[is_fund]}
    label = fmp_label(profile)
    assert (label and str(label.security_type)) == kind
    words = {YES: "true", NO: "false", UNKNOWN: "null"}
    assert fmp_raw_label(profile) == f"isEtf={words[is_etf]} isFund={words[is_fund]}"


@pytest.mark.parametrize("profile", [{}, {"isEtf": False}, {"isFund": False}, {"isAdr": True}])
def test_missing_flags_are_not_false(profile):
    assert fmp_label(profile) is None
    assert "null" in fmp_raw_label(profile)


@pytest.mark.parametrize(
    ("is_etf", "is_adr", "subtype"),
    [(False, True, "adr"), (False, "TRUE", "adr"), (False, None, None), (True, True, None)],
)
def test_an_adr_is_a_share_with_the_flag(is_etf, is_adr, subtype):
    profile = {"isEtf": is_etf, "isFund": False, "isAdr": is_adr}
    assert fmp_label(profile).subtype == subtype
    assert fmp_label(profile).listed
    assert fmp_raw_label(profile).endswith("isAdr=true") is bool(is_adr)


def test_fmp_flags_do_not_change_the_profile():
    profile = {"isEtf": "false", "isFund": None}
    fmp_label(profile)
    assert profile == {"isEtf": "false", "isFund": None}


@settings(deadline=None)  # the machine may be busy
@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8))
def test_a_flag_is_true_false_or_unknown(value):
    state = tri_state(value)
    assert state in (True, False, None)
    if isinstance(value, bool):
        assert state is value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        assert state is None


# --- cash ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "flag", "ticker", "expected"),
    [
        ("cash", True, "CUR:USD", True),
        ("cash", False, "USD", True),
        ("cash", None, None, True),
        ("Cash", None, "VMFXX", True),
        ("cash", True, "CUR:BTC", False),
        ("cash", True, "BTC-USD", False),
        ("cryptocurrency", True, "BTC", False),
        ("equity", True, "CASH", False),
        ("derivative", True, None, False),
        ("loan", True, None, False),
        ("mutual fund", True, "VMFXX", True),
        ("mutual fund", False, "VFIAX", False),
        ("mutual fund", None, "VMFXX", False),
        ("etf", True, "SGOV", True),
        ("etf", False, "USD", False),
        ("fixed income", True, None, True),
        ("fixed income", False, None, False),
        ("other", True, "SWEEP", True),
        (None, True, None, True),
        (None, "true", None, True),
        (None, None, None, False),
        (None, None, "USD", False),
        (None, None, "CUR:USD", True),
        ("other", None, "US DOLLAR", True),
        ("gizmo", True, None, True),
        ("common stock", True, None, False),
        (float("nan"), float("nan"), float("nan"), False),
        ("mutual fund", None, "CUR:USD", False),
    ],
)
def test_cash_of_plaid(kind, flag, ticker, expected):
    assert plaid_is_cash(type=kind, is_cash_equivalent=flag, ticker=ticker) is expected


@pytest.mark.parametrize(
    ("flag", "expected"),
    [(True, True), ("true", True), (False, False), (None, False), (np.nan, False), ("", False)],
)
def test_cash_of_snaptrade(flag, expected):
    assert snaptrade_is_cash(cash_equivalent=flag) is expected


@pytest.mark.parametrize(
    ("ticker", "name", "kind", "expected"),
    [
        ("CUR:USD", None, None, True),
        ("USD CASH", "anything", "Equity", True),
        ("$$CASH", None, None, True),
        ("CUR:BTC", "Cash", "Cash", False),
        ("Cash & Cash Investments", "--", "--", True),
        # Listed securities whose letters mean money elsewhere: only the row can say cash.
        ("USD", None, None, False),
        ("USD", "US DOLLAR", None, True),
        ("USD", "US DOLLAR", "Other", True),
        ("USD", "Sample 2x Chip Fund", "ETF", False),
        ("USD", "US DOLLAR", "ETF", False),
        ("USD", None, "Cash", True),
        ("CASH", None, None, False),
        ("CASH", "CASH", None, False),
        ("CASH", "Cash & Cash Investments", None, True),
        ("CASH", "Sample Financial Inc", "Equity", False),
        ("CASH", "Sample Financial Inc", None, False),
        ("CASH", None, "Cash and Money Market", True),
        ("COP", "COP", None, False),
        ("ALL", None, None, False),
        ("BTC", "Cash", "Cryptocurrency", False),
        ("TRY", "Sample Corp", None, False),
        # Money market funds.
        ("ABCXX", "Sample Government Money Market", None, True),
        ("ABCXX**", "HELD IN MONEY MARKET", None, True),
        ("ABCXX", "Sample Fund", None, False),
        ("ABCXX", "Sample Fund", "Money Market Fund", True),
        ("ABCD", "Sample Money Market ETF", None, False),
        ("ABCD", "Sample Money Market ETF", "ETF", False),
        (None, "Sample Money Market Fund", None, True),
        (None, "Cash", None, True),
        (None, None, "cash", True),
        (None, None, None, False),
        (np.nan, np.nan, np.nan, False),
        ("AAPL", "Sample Inc", "Equity", False),
        ("AAPL250117C00155000", None, "Cash", False),
    ],
)
def test_cash_of_a_table(ticker, name, kind, expected):
    assert table_is_cash(ticker=ticker, name=name, provider_type=kind) is expected


@pytest.mark.parametrize(
    ("ticker", "name", "kind", "provider", "price", "expected"),
    [
        ("ABCQ", "Sample Bill ETF", "Cash", None, math.nan, True),
        ("ABCQ", "Sample Bill ETF", "Cash", "csv", 1.0, True),
        ("ABCQ", "Sample Bill ETF", "cash", " Plaid", 100.0, False),
        ("ABCQ", "Sample Bill ETF", "ETF", None, 100.0, False),
        ("ABCQ", None, "Cash", None, 100.0, True),
        ("ABCQ", None, "Cash", None, math.nan, False),
        ("ABCQ", None, "Currency", None, math.nan, True),
        ("ABCQ", "Sample Fund", "Cash", None, 1.0, False),
        ("ABCXX", "Sample Fund", "Cash", None, 100.0, False),
        ("CAD", "Sample dollars", "Currency", None, 0.73, False),
        (None, "Sample Bank N.A.", "Cash", None, 100.0, False),
        (None, "SAMPLE BANK USA CD 4.5% 2031", "Cash", None, 100.0, True),
        (np.nan, np.nan, np.nan, np.nan, math.nan, False),
    ],
)
def test_words_for_cash_that_are_asset_classes(ticker, name, kind, provider, price, expected):
    row = {"ticker": ticker, "name": name, "provider_type": kind, "provider": provider}
    assert is_asset_class(**row, price=price) is expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("cash", True),
        ("Cash & Cash Investments", True),
        ("US DOLLAR", True),
        ("Money Market", True),
        ("Bank Deposit Program", True),
        ("FDIC-Insured Deposit Sweep", True),
        ("SAMPLE BK CD FDIC INSURED DEPOSIT", False),
        ("USD", False),
        ("currency", False),  # a row of a currency pair may say so
        ("equity", False),
        ("gizmo", False),
        (None, False),
        (np.nan, False),
    ],
)
def test_words_for_cash(word, expected):
    assert is_cash_word(word) is expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["Cash", "Margin", ""], True),
        (["Cash", "cash", None, np.nan], True),
        (["Margin", "Short"], True),
        (["Cash", "ETF"], False),
        (["", None], False),
        ([], False),
    ],
)
def test_a_column_of_account_types_is_no_column_of_security_types(words, expected):
    assert is_account_type_column(words) is expected
    assert is_account_type_column(pd.Series(words, dtype=object)) is expected


# contracts.md 2: `securityType | securityType2 | marketSector` of an instrument; "-" is null.
OPENFIGI = [
    ("Common Stock", "Common Stock", "Equity", "equity/common_stock"),
    ("ETP", "Mutual Fund", "Equity", "etf"),
    ("Open-End Fund", "Mutual Fund", "Equity", "mutual_fund/open_end_fund"),
    ("Closed-End Fund", "Mutual Fund", "Equity", "mutual_fund/closed_end_fund"),
    ("Fund of Funds", "Mutual Fund", "Equity", "mutual_fund"),
    ("UIT", "Unit Investment Trust", "Equity", "mutual_fund"),
    ("Unit Inv Tst", "Unit Investment Trust", "Equity", "mutual_fund"),
    ("Hedge Fund", "Mutual Fund", "Equity", "other/hedge_fund"),
    ("REIT", "REIT", "Equity", "equity/reit"),
    *((word, "Depositary Receipt", "Equity", "equity/adr") for word in ("ADR", "GDR", "NVDR")),
    *((word, "-", "Equity", "equity/adr") for word in ("BDR", "CDR", "SDR", "EDR", "Receipt")),
    *((word, "Common Stock", "Equity", "equity") for word in ("NY Reg Shrs", "Foreign Sh.")),
    *((word, "Common Stock", "Equity", "equity") for word in ("Dutch Cert", "Tracking Stk")),
    *((word, "Common Stock", "Equity", "equity") for word in ("Stapled Security", "Savings Share")),
    ("MLP", "Partnership Shares", "Equity", "equity/partnership"),
    ("Ltd Part", "Partnership Shares", "Equity", "equity/partnership"),
    ("Royalty Trst", "-", "Equity", "equity"),
    ("Preference", "Preference", "Equity", "equity/preferred"),
    ("Preferred", "Preferred Stock", "Equity", "equity/preferred"),
    ("Conv Prfd", "Preferred Stock", "Equity", "equity/preferred"),
    ("PUBLIC", "Preferred Stock", "Pfd", "equity/preferred"),
    ("PUBLIC", "-", "Pfd", "equity/preferred"),
    ("Unit", "Unit", "Equity", "equity/unit"),
    ("Right", "Right", "Equity", "equity/right"),
    ("Equity WRT", "Warrant", "Equity", "equity/warrant"),
    ("Warrant", "Warrant", "Equity", "equity/warrant"),
    ("Equity Option", "Option", "Equity", "derivative/option*"),
    ("Index Option", "Option", "Index", "derivative/option*"),
    ("Crypto", "CRYPTO", "Curncy", "crypto/cryptocurrency*"),
    ("US GOVERNMENT", "Bond", "Govt", "bond"),
    ("US GOVERNMENT", "Bill", "Govt", "bond/bill"),
    ("UK GILT STOCK", "Note", "Govt", "bond/note"),
    ("GLOBAL", "Corp", "Corp", "bond"),
    ("PRIV PLACEMENT", "Corp", "Corp", "bond"),
    ("Odd word", "Muni", "Muni", "bond/municipal"),
    ("Odd word", "CMO", "Mtge", "bond/mortgage_backed"),
    ("Odd word", "CD", "M-Mkt", "bond"),
    ("-", "-", "Corp", "bond"),
    # An unknown first word: the coarse one speaks, but never for a fund.
    ("Gizmo", "Common Stock", "Equity", "equity/common_stock"),
    ("-", "Depositary Receipt", "-", "equity/adr"),
    ("Gizmo", "Mutual Fund", "Equity", ""),
    ("-", "Unit Investment Trust", "Equity", ""),
    # Unknown altogether; sold in public is no type.
    ("PUBLIC", "-", "Equity", ""),
    ("Gizmo", "Gadget", "Comdty", ""),
    ("-", "-", "Equity", ""),
    ("-", "-", "-", ""),
]


JUNK = st.none() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=3))


def openfigi_row(*words: str) -> dict[str, str | None]:
    fields = ("securityType", "securityType2", "marketSector")
    return {field: None if word == "-" else word for field, word in zip(fields, words, strict=True)}


@pytest.mark.parametrize(("kind", "coarse", "sector", "meaning"), OPENFIGI)
@pytest.mark.parametrize("spell", [str, str.upper, lambda word: f" {word.lower()} "])
def test_openfigi_words(kind, coarse, sector, meaning, spell):
    given = {key: word and spell(word) for key, word in openfigi_row(kind, coarse, sector).items()}
    [(_, label)] = rows(f"word | {meaning}") if meaning else [("", None)]
    assert openfigi_label(given) == label


@pytest.mark.parametrize(
    ("words", "raw"),
    [
        (("Closed-End Fund", "Mutual Fund", "Equity"), "Closed-End Fund"),
        (("GLOBAL", "Corp", "Corp"), "GLOBAL (Corp)"),
        (("PUBLIC", "Preferred Stock", "Pfd"), "PUBLIC (Pfd)"),
        (("Gizmo", "Common Stock", "Equity"), "Gizmo / Common Stock"),
        (("-", "Depositary Receipt", "-"), "Depositary Receipt"),
        (("-", "-", "Muni"), "Muni"),
        (("-", "-", "Equity"), ""),
        (("-", "-", "-"), ""),
    ],
)
def test_openfigi_words_are_kept(words, raw):
    assert openfigi_raw_label(openfigi_row(*words)) == raw


@settings(deadline=None)  # the machine may be busy
@given(st.dictionaries(st.sampled_from(["securityType", "securityType2", "marketSector"]), JUNK))
def test_any_openfigi_row_is_read_and_left_alone(row):
    before = repr(row)
    label = openfigi_label(row)
    assert label is None or label.security_type in SECURITY_TYPES
    assert isinstance(openfigi_raw_label(row), str)
    assert repr(row) == before
