"""Spelling, shapes and identifiers. All securities here are samples of a form, not data."""

from __future__ import annotations

import pickle
from datetime import date
from decimal import Decimal
from enum import StrEnum

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sectypes.tickers import (
    ISO_4217,
    OccOption,
    Shape,
    canonical,
    canonical_many,
    exchange_suffix,
    is_cash_phrase,
    is_cusip,
    is_debt_cusip,
    is_figi,
    is_isin,
    parse_occ,
    shape,
    squeeze,
    to_fmp,
    to_openfigi,
)

# One key and the ways to write it (contracts.md 5.1 to 5.4 and 5.6).
SPELLINGS = {
    "AAPL": " aapl\t|AAPL |'AAPL'|NASDAQ:AAPL|NASDAQ: AAPL|XNAS:AAPL|US:AAPL|AAPL.US|AAPL US"
    '|AAPL US Equity|ＡＡＰＬ|ａａｐｌ|aapl|AAPL*|AAPL\u200b|\ufeffAAPL|"AAPL"|="AAPL"|AAPL¹'
    "|AAPL †",
    "BRK-B": "BRK.B|BRK-B|BRK/B|BRK B|brk.b|brk b|BRK_B|BRK–B|BRK‑B|BRK−B|BRK\u00a0B|ＢＲＫ．Ｂ"
    "|NYSE:BRK.B|BRK.B*|BRK/B US|BRK.B.US|BRK  B",
    "BAC-PB": "BAC.PRB|BAC PRB|BACpB|BAC/PB|BAC$B|BAC-PB|BAC.PB|BAC PB|BAC.PR.B|BAC PR B|BAC-PRB"
    "|BAC/PRB|BAC^B|BACprB|bac-pb",
    "BAC-P": "BAC.PR|BAC PR|BAC/PR|BACp|BAC-P|BAC.P",
    "BAC-PR": "BAC-PR|BAC.PRR|BACpR|BAC$R",
    "XYZ-WT": "XYZ.WS|XYZ/WS|XYZ+|XYZ-WT|XYZ-WS|XYZ WS|XYZ.WT|xyz+",
    "XYZ-WTA": "XYZ.WS.A|XYZ.WSA|XYZ+A|XYZ-WTA|XYZ/WS/A|XYZ WS A",
    "XYZ-UN": "XYZ.U|XYZ/U|XYZ=|XYZ-UN|XYZ-U|XYZ U|XYZ.UN",
    "XYZ-RT": "XYZ.RT|XYZ^|XYZ-RT|XYZ-RI|XYZ-R|XYZ.R|XYZ/R",
    "XYZ-WI": "XYZ.WI|XYZ#|XYZ WI|XYZ-WI",
    "VAB.TO": "VAB.TO|vab.to|TSE:VAB|TSX:VAB|TOR:VAB|TSX:VAB.TO|VAB．TO",
    "RCI-B.TO": "RCI.B.TO|RCI-B.TO|TSE:RCI.B|RCI/B.TO",
    "DLR-U.TO": "DLR.U.TO|DLR-U.TO",
    "REI-UN.TO": "REI.UN.TO|REI-UN.TO|TSX:REI.UN",
    "BCE-PA.TO": "BCE.PR.A.TO|BCE-PA.TO|BCE.PRA.TO|TSE:BCE.PR.A",
    "0700.HK": "0700.HK|HKG:0700|0700.hk",
    "7203.T": "7203.T|TSE:7203|TYO:7203",
    "BT-A.L": "BT.A.L|BT-A.L|LON:BT.A|LSE:BT-A",
    "BA.L": "BA.L|LON:BA.|LON:BA",
    "M&M.NS": "M&M.NS|NSE:M&M|m&m.ns",
    "AIR.PA": "AIR.PA|EPA:AIR",
    "SPAXX": "SPAXX**|SPAXX|spaxx **|MUTF:SPAXX|SPAXX***",
    "BTCUSD": "BTC-USD|BTC/USD|BTCUSD|X:BTCUSD|X:BTC-USD|btc-usd|BTC.USD|BTC USD|COINBASE:BTCUSD"
    "|BTC_USD",
    "MOAUSD": "MOA-USD|MOA/USD|MOAUSD",
    "OP-USD": "OP-USD|OP/USD|OP_USD|X:OP-USD",
    "EURUSD": "EUR/USD|EUR.USD|EURUSD=X|EURUSD|EUR USD|EUR-USD|C:EURUSD|OANDA:EUR_USD",
    "USDJPY": "JPY=X|USD/JPY|USDJPY=X",
    "CUR:USD": "CUR:USD|cur:usd|CUR: USD",
    "CUR:BTC": "CUR:BTC|X:BTC|CRYPTO:BTC",
    "AAPL250117C00155000": "AAPL  250117C00155000|AAPL250117C00155000|AAPL 250117C00155000"
    "|O:AAPL250117C00155000|-AAPL250117C00155000|.AAPL250117C00155000|-AAPL250117C155"
    "|.AAPL250117C155.0|AAPL250117C155|AAPL 01/17/2025 155.00 C|AAPL 01/17/25 C155"
    "|AAPL 1/17/25 C155|aapl250117c00155000|AAPL 250117 C 155|-AAPL250117C155.000",
    "XYZQ250620P00500000": "XYZQ 2025-06-20 500 P|XYZQ 20250620 500 P|XYZQ 20 JUN 25 500 PUT"
    "|XYZQ 20-Jun-2025 500 P|XYZQ 20JUN25 500 P|XYZQ Jun20'25 500 PUT|XYZQ Jun 20, 2025 $500 Put"
    "|XYZQ US 06/20/25 P500 Equity|PUT XYZQ 06/20/25 500|XYZQ Put 500 06/20/2025"
    "|XYZQ 500 P 6/20/2025|PUT (XYZQ) SAMPLE CORP JUN 20 25 $500 (100 SHS)",
    "BRKB250117P00412500": "BRK.B250117P412.5|BRKB  250117P00412500|BRK/B 01/17/2025 412.50 P",
    "CASH-USD": "CASH-USD|cash-usd",
    "USD CASH": "USD CASH|usd  cash",
    "CASH & CASH INVESTMENTS": "Cash & Cash Investments|CASH &  CASH INVESTMENTS",
}
PAIRS = [(key, text) for key, texts in SPELLINGS.items() for text in texts.split("|")]


@pytest.mark.parametrize(("key", "text"), PAIRS)
def test_all_ways_to_write_a_ticker_have_one_key(key, text):
    assert canonical(text) == key


@pytest.mark.parametrize("key", SPELLINGS)
def test_a_key_is_its_own_key(key):
    assert canonical(key) == key


PLAIN = """
    NA NAN NULL NONE ON OFF YES NO TRUE FALSE 0005 1E5 USD CASH BTC COP ALL AMD TRY F T V L U PR
    BRKB TDB900 XDSUX 037833100 9127E90 NHX105509 GOOGL BACPB US
"""


@pytest.mark.parametrize("ticker", PLAIN.split())
def test_plain_tickers_stay_as_they_are(ticker):
    assert canonical(ticker) == ticker
    assert canonical(ticker.lower()) == ticker


MISSING = [None, float("nan"), pd.NA, pd.NaT, np.nan, np.datetime64("NaT")]
EMPTY = ["", " ", "\t\n", "--", "-", "**", "...", "N/A", "n/a", "#N/A", "\u200b", "\ufeff"]
NOT_TEXT = [5, 5.0, True, b"AAPL", ["AAPL"], {"AAPL": 1}, object()]


@pytest.mark.parametrize("nothing", [*MISSING, *EMPTY, *NOT_TEXT])
def test_what_is_blank_or_not_text_has_no_key(nothing):
    assert canonical(nothing) == ""
    assert shape(nothing) is Shape.BLANK


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("XYZ.V", "XYZ.V"),  # TSX Venture, not when issued
        ("XYZ.F", "XYZ.F"),  # Frankfurt
        ("XYZ.L", "XYZ.L"),  # London
        ("XYZ.T", "XYZ.T"),  # Tokyo
        ("XYZ-V", "XYZ-V"),  # behind a hyphen it is a class
        ("XYZ.A", "XYZ-A"),
        ("XYZ.K", "XYZ-K"),
        ("XYZ.PA", "XYZ.PA"),  # Paris, not preferred A
        ("XYZ-PA", "XYZ-PA"),  # preferred A
        ("XYZ PA", "XYZ-PA"),
        ("Xp", "XP"),  # a capital in front, not a preferred
        ("XYZ.QQ", "XYZ.QQ"),  # nobody's suffix: left alone
    ],
)
def test_ambiguous_suffixes_follow_the_documented_rule(text, key):
    assert canonical(text) == key


UNKNOWN = (
    "^GSPC|ES=F|$AAPL|SOME FUND CLASS I|LSE:|FOO:BAR|A:B:C|NYSE:NYSE:A|XYZ$|日本|AEDMYX=X|USD/USD"
    "|AAPL 13/45/2025 155.00 C|AAPL250230C00155000|XYZ-WTS|FOO/BAR|FOO.USD|FOO USD"
    "|XYZQ 2025-0620 500 P|XYZQ 4.5 05/15/38"
)


@pytest.mark.parametrize("text", UNKNOWN.split("|"))
def test_what_no_rule_knows_comes_back_in_upper_case(text):
    assert canonical(text) == text.upper()


def test_text_of_a_subclass_becomes_plain_text():
    class Held(StrEnum):
        APPLE = "AAPL"

    for ticker in (np.str_("AAPL"), Held.APPLE):
        assert type(canonical(ticker)) is str
        assert canonical(ticker) == "AAPL"


def test_an_exchange_in_front_of_a_lone_coin_does_not_make_it_a_fund():
    assert shape("BTC") is Shape.LISTED
    assert shape("X:BTC") is Shape.CRYPTO
    assert shape("C:EUR") is Shape.CASH


def test_many_tickers_keep_order_length_and_the_callers_list():
    tickers = ["brk b", None, "NA", "brk b"]
    assert canonical_many(tickers) == ["BRK-B", "", "NA", "BRK-B"]
    assert tickers == ["brk b", None, "NA", "brk b"]
    assert canonical_many(pd.Series(["spy", pd.NA], dtype="string")) == ["SPY", ""]
    assert canonical_many([]) == []


# --- properties ---------------------------------------------------------------------------------

# The machine may be busy: a slow example is no failure.
unhurried = settings(deadline=None)

MARKS = "A|B|P|PR|WS|WT|U|UN|R|RT|WI|=X|C|155|250117|00155000|0700|.TO|.L|.US|-|.|/|_|&|:|$|+|^|#|="
WORDS = "BRK|AAPL|BTC|USD|EUR|CASH|CUR:|O:|NYSE:|TSE:|LON:|X:|N/A|--|01/17/25|*|**|'|,|;|\"| |\t|\0"
ODD = "†|¹|™|\u200b|\u00a0|–|ａ|ß|İ|ı|ﷺ|é|\u0301|\u0345|\ud800|\u2028|\u00b4"
PIECES = st.sampled_from([*MARKS.split("|"), *WORDS.split("|"), *ODD.split("|")])
TEXTS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=8).map("".join))


@unhurried
@given(TEXTS)
@example("NYSE:NYSE:AAPL")
@example("AAPL†\u200b")
@example("'='AAPL'")
@example("i\u0307")
@example("US$.US")
@example("\ud800")
def test_canonical_of_a_key_is_the_key(text):
    key = canonical(text)
    assert canonical(key) == key
    assert key == key.strip()
    key.encode()  # can be written to any database


@unhurried
@given(TEXTS)
def test_shape_and_wire_spellings_take_any_text(text):
    key = canonical(text)
    assert shape(text) is shape(key)
    assert (shape(key) is Shape.BLANK) == (key == "")
    assert isinstance(to_fmp(key), str)
    assert isinstance(to_openfigi(key), str)
    assert (parse_occ(text) is not None) == (shape(key) is Shape.OPTION)


@unhurried
@given(
    st.from_regex(r"[A-Z]{1,5}", fullmatch=True), st.sampled_from(".-/ _"), st.sampled_from("BCK")
)
def test_the_separator_of_a_class_does_not_matter(root, separator, letter):
    assert canonical(f"{root}{separator}{letter}") == f"{root}-{letter}"
    assert canonical(f" {root.lower()}{separator}{letter.lower()}* ") == f"{root}-{letter}"


@unhurried
@given(
    st.from_regex(r"[A-Z]{1,5}[1-9]?", fullmatch=True),
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["call", "put"]),
    st.integers(1, 99_999_999),
)
def test_every_spelling_of_an_option_is_read_back(root, expiry, kind, thousandths):
    strike = Decimal(thousandths) / 1000
    option = OccOption(root, expiry, kind, strike)
    padded = option.occ_symbol
    assert len(padded) == 21
    letter = kind[0].upper()
    plain = f"{root}{expiry:%y%m%d}{letter}{strike.normalize():f}"
    written = f"{root} {expiry:%m/%d/%Y} {strike:.3f} {letter}"
    for text in (padded, padded.replace(" ", ""), f"O:{padded}", f"-{plain}", f".{plain}", written):
        assert parse_occ(text) == option
    assert to_openfigi(canonical(padded)) == padded


@pytest.mark.parametrize("char", ["A", "=", ":", "-", " ", "é", "ﷺ", "0", "'", "N/A ", "CASH "])
def test_long_text_is_bounded_and_no_ticker(char):
    text = char * 10_000
    key = canonical(text)
    assert canonical(key) == key
    assert len(key) <= 20 * len(text)
    assert shape(text) in (Shape.OTHER, Shape.BLANK)


# --- shapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        (
            Shape.LISTED,
            "AAPL|BRK.B|BAC-PB|XYZ-WTA|VAB.TO|0700.HK|RCI-B.TO|BAJAJ-AUTO.NS|0005|TDB900",
        ),
        (Shape.LISTED, "VFIAX|SPAXX**|XDSUX|A|M&M.NS|600519.SS"),
        # Collisions: currencies, cash and coins that are listed symbols as well.
        (Shape.LISTED, "USD|CASH|BTC|ETH|SOL|GOLD|COP|ALL|AMD|TRY|MXN|EUR|NA|NAN|TRUE|ON|NULL"),
        (Shape.CASH, "CUR:USD|CUR:EUR|CUR:CNH|USD CASH|CASH USD|CASH-USD|US DOLLAR|$$CASH|$CASH"),
        (
            Shape.CASH,
            "CASH & CASH INVESTMENTS|Cash and Cash Equivalents|US$|C$|CASH (USD)|EUR CASH",
        ),
        (Shape.CASH, "Money Market|Savings account|Settlement fund|Net Cash|Margin balance"),
        (
            Shape.CRYPTO,
            "CUR:BTC|CUR:DOGE|BTC-USD|BTCUSD|ETH/EUR|BTCUSDT|SHIB-USD|MOAUSD|OP-USD|1INCH-USD",
        ),
        (Shape.CRYPTO, "ETHBTC|X:BTCUSD|RLC-ETH"),
        (
            Shape.CURRENCY_PAIR,
            "EURUSD|EUR/USD|EUR.USD|EURUSD=X|JPY=X|USDCAD|AEDMYX=X|COPUSD",
        ),
        (Shape.METAL_PAIR, "XAUUSD|XAU/USD|XAUUSD=X|EUR/XAG|XAUXAG"),
        (Shape.FUTURE, "ES=F|6E=F|/ES|/ESM5|/ESM26|/CLZ26:XNYM|@ESM25"),
        (Shape.FUTURE, "./ESZ26C6000|./esz6p5950.5|./CLZ26C70:XNYM"),
        (
            Shape.OPTION,
            "NFLX180201C00355000|AAPL  250117C00155000|O:SPXW250117P05000000|AAPL1250117C155",
        ),
        (Shape.CUSIP, "912797HE0|037833100|38259P508"),
        (Shape.ISIN, "US0378331005|GB0002634946"),
        (Shape.FIGI, "BBG000B9XRY4"),
        (
            Shape.OTHER,
            "037833101|SOME INTERNAL FUND|^GSPC|@ES|/AAPLES|CUR:XAU|CUR:|12345678|XYZ$",
        ),
        (Shape.OTHER, "VANGUARD TARGET 2050|AAPL250230C00155000"),
        # longer than a US symbol, and no identifier: somebody may know it
        (Shape.LISTED, "NHX105509|US0378331004|BBG000B9XRY5|B0YBKJ7|TICKER001"),
        (Shape.LISTED, "COUNTRY|AMATEUR|MACBETH|HYUNDAI"),  # words that end like a quote
    ],
)
def test_shapes(form, texts):
    assert {text: shape(text) for text in texts.split("|")} == dict.fromkeys(texts.split("|"), form)


def test_a_check_digit_beats_a_lucky_option_spelling():
    texts = [f"A250117C{digit}" for digit in range(10)]
    cins = [text for text in texts if is_cusip(text)]
    assert [shape(text) for text in cins] == [Shape.CUSIP]
    assert canonical(cins[0]) == cins[0]
    assert {shape(text) for text in texts if text not in cins} == {Shape.OPTION}


def test_cash_phrases_are_whole_phrases():
    assert is_cash_phrase("  cash balance ")
    for text in ("CASH", "USD", "CASH AMERICA INTL", "US DOLLAR INDEX BULLISH FUND", ""):
        assert not is_cash_phrase(text)


def test_iso_codes_are_money_only():
    assert {"USD", "EUR", "JPY", "COP", "ALL", "AMD", "TRY"} <= ISO_4217
    assert not {"BTC", "ETH", "XAU", "XXX", "XTS"} & ISO_4217
    assert all(len(code) == 3 and code.isupper() for code in ISO_4217)


# --- options ------------------------------------------------------------------------------------


def test_the_parts_of_an_option():
    option = parse_occ("NFLX180201C00355000")
    assert option == OccOption("NFLX", date(2018, 2, 1), "call", Decimal(355))
    assert option.occ_symbol == "NFLX  180201C00355000"
    assert parse_occ("AAPL1 250117P00002500").root == "AAPL1"
    assert pickle.loads(pickle.dumps(option)) == option


@pytest.mark.parametrize(
    "text",
    [
        "AAPL Jan 17 '25 $230 Call",
        "AAPL Jan 17 ’25 $230.00 Call",
        "AAPL JAN 17 2025 $230 CALL",
        "AAPL 17JAN25 230 C",
        "AAPL_011725C230",
        "AAPL 1/17/2025 Call $230.00",
        "CALL (AAPL) APPLE INC JAN 17 25 $230 (100 SHS)",
        "call (aapl) JAN 17 25 $230",
    ],
)
def test_brokers_written_options_have_the_compact_key(text):
    assert canonical(text) == "AAPL250117C00230000"
    assert shape(text) is Shape.OPTION
    put = text.upper().replace("CALL", "PUT").replace(" C", " P").replace("C230", "P230")
    assert parse_occ(put.replace("APPLE INC", "CORP")).kind == "put"


def test_an_option_is_frozen():
    with pytest.raises(AttributeError, match="strike"):
        parse_occ("NFLX180201C00355000").strike = Decimal(1)


NO_OPTIONS = (
    "AAPL||AAPL250230C00155000|AAPL251317C00155000|AAPL250117X00155000|TOOLONG250117C00155000"
    "|AAPL250117C|AAPL250117C123456|912797HE0|AAPL 31FEB25 230 C|AAPL_131725C230"
    "|AAPL JAN 17 25 $230|CALL (AAPL) APPLE INC JAN 17 25 $230 (10 SHS)|CALL (AAPL) XJAN 17 25 $1"
)


@pytest.mark.parametrize("text", [*NO_OPTIONS.split("|"), None])
def test_what_is_no_option(text):
    assert parse_occ(text) is None


# --- identifiers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (is_cusip, "037833100", "037833101"),
        (is_cusip, "912797HE0", "NHX105509"),
        (is_cusip, "38259P508", "38259P50"),
        (is_cusip, "G0177J108", "g0177j108"),
        (is_isin, "US0378331005", "US0378331015"),
        (is_isin, "GB0002634946", "GB0002634945"),
        (is_isin, "AU0000XVGZA3", "AU0000XVGZ"),
        (is_figi, "BBG000B9XRY4", "BBG000B9XRY3"),
        (is_figi, "BBG000BLNNH6", "BBA000BLNNH6"),
    ],
)
def test_check_digits(check, right, wrong):
    assert check(right)
    assert not check(wrong)


@unhurried
@given(st.from_regex(r"[0-9A-Z*@#]{8}", fullmatch=True))
def test_exactly_one_check_digit_makes_a_cusip(body):
    assert sum(is_cusip(f"{body}{digit}") for digit in range(10)) == 1


@unhurried
@given(st.from_regex(r"[A-Z]{2}[0-9A-Z]{9}", fullmatch=True))
def test_exactly_one_check_digit_makes_an_isin(body):
    assert sum(is_isin(f"{body}{digit}") for digit in range(10)) == 1


@unhurried
@given(st.from_regex(r"BBG[0-9BCDFGHJKLMNPQRSTVWXYZ]{8}", fullmatch=True))
def test_exactly_one_check_digit_makes_a_figi(body):
    assert sum(is_figi(f"{body}{digit}") for digit in range(10)) == 1


def test_no_figi_starts_like_the_isin_of_a_country():
    assert not any(is_figi(f"GBG000BLNNH{digit}") for digit in range(10))


DEBT = "037833AB|912797HE|91282C00|91281010|91279612|91282812"
NOT_DEBT = "03783310|92290830"


@pytest.mark.parametrize(
    ("issuer_and_issue", "is_debt"),
    [(text, True) for text in DEBT.split("|")] + [(text, False) for text in NOT_DEBT.split("|")],
)
def test_letters_in_the_issue_or_the_treasury_mean_debt(issuer_and_issue, is_debt):
    cusip = next(f"{issuer_and_issue}{d}" for d in range(10) if is_cusip(f"{issuer_and_issue}{d}"))
    assert is_debt_cusip(cusip) is is_debt
    wrong = f"{issuer_and_issue}{(int(cusip[-1]) + 1) % 10}"
    assert not is_debt_cusip(wrong)


# --- the wire -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "fmp", "openfigi", "suffix"),
    [
        ("AAPL", "AAPL", "AAPL", None),
        ("BRK-B", "BRK-B", "BRK/B", None),
        ("BAC-PB", "BAC-PB", "BAC/PB", None),
        ("XYZ-WT", "XYZ-WT", "XYZ/WS", None),
        ("XYZ-UN", "XYZ-UN", "XYZ/U", None),
        ("XYZ-RT", "XYZ-R", "XYZ/RT", None),
        ("VAB.TO", "VAB.TO", "VAB", "TO"),
        ("RCI-B.TO", "RCI-B.TO", "RCI/B", "TO"),
        ("XYZ.QQ", "XYZ.QQ", "XYZ.QQ", None),
        ("BTCUSD", "BTCUSD", "BTCUSD", None),
        ("OP-USD", "OPUSD", "OP/USD", None),
        ("AAPL250117C00155000", "AAPL250117C00155000", "AAPL  250117C00155000", None),
    ],
)
def test_each_service_has_its_own_spelling(key, fmp, openfigi, suffix):
    assert canonical(key) == key
    assert to_fmp(key) == fmp
    assert to_openfigi(key) == openfigi
    assert exchange_suffix(key) == suffix


@pytest.mark.parametrize("key", [key for key in SPELLINGS if shape(key) is Shape.LISTED])
def test_what_fmp_answers_with_leads_back_to_the_key(key):
    assert canonical(to_fmp(key)) == key


def test_squeeze_compares_words():
    assert squeeze("Closed-End_Fund") == squeeze("closed end fund") == "CLOSEDENDFUND"
