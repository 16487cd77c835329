"""The offline rules: forms of tickers, words of names, venues, leverage, and how they rank.

The securities are well-known ones, written down from public knowledge for this project; names are
spelled as feeds and brokers spell them. Made-up names are labelled as such by being silly.
"""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sectypes import heuristics
from sectypes.heuristics import RULES, Guess, guess, leverage_from_name
from sectypes.heuristics.by_ticker import VENUES, ticker_signs, venue_signs
from sectypes.heuristics.leverage import leverage_in
from sectypes.heuristics.lexicon import LEXICON, Sign
from sectypes.heuristics.rules import EVIDENCE_RULES, Rule, first_rule
from sectypes.heuristics.words import fold, read
from sectypes.risk.rates import position_rates, type_codes
from sectypes.scenarios import CrashScenarios
from sectypes.taxonomy import SecurityType, Subtype
from sectypes.tickers import canonical, is_isin

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import accuracy


def table(text: str) -> list[tuple[str, str, str, str]]:
    """Rows of "ticker | name | type | subtype"; "-" for nothing, # for a heading."""
    lines = [line.strip() for line in text.strip().splitlines()]
    rows = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    return [(row[0], "" if row[1] == "-" else row[1], row[2], row[3]) for row in rows]


def said(found: Guess | None) -> tuple[str, str]:
    """The type and subtype of a guess, "-" where there is none."""
    if found is None:
        return "-", "-"
    return found.security_type.value, found.subtype.value if found.subtype else "-"


FORMS = table("""
    # cash and coins
    CUR:USD | - | cash | currency
    CUR:EUR | - | cash | currency
    USD CASH | - | cash | currency
    CUR:BTC | - | crypto | cryptocurrency
    CUR:DOGE | - | crypto | cryptocurrency
    BTC-USD | - | crypto | cryptocurrency
    ETH/EUR | - | crypto | cryptocurrency
    EURUSD=X | - | cash | currency
    XAU/USD | - | other | precious_metal
    XPTUSD | Platinum | other | precious_metal
    ES=F | - | derivative | future
    /CLZ26 | Crude Oil | derivative | future
    EUR/USD | - | cash | currency
    JPY=X | - | cash | currency
    # options and debt
    AAPL250117C00155000 | - | derivative | option
    SPXW  241231P04500000 | - | derivative | option
    O:TSLA260116C00300000 | Tesla Inc | derivative | option
    912797HE0 | - | bond | -
    912828YK0 | UNITED STATES TREAS NTS | bond | -
    037833100 | Apple Inc | - | -
    NHX105509 | - | - | -
    # fund quotes
    VFIAX | - | mutual_fund | open_end_fund
    SILYX | Silly Growth Stock Fund, Inc. | mutual_fund | open_end_fund
    SILYX | Silly Corporate Bond Portfolio Inc | mutual_fund | open_end_fund
    SILYX | Vanguard Silly Corp | mutual_fund | open_end_fund
    SPACX | SPACE ACQUISITION CORP X | equity | -
    GRAQX | Silly Growth Acquisition Corp X | equity | -
    SILYX | Silly Mergers & Acquisitions Fund | mutual_fund | open_end_fund
    SILYX | Silly Sausage Corp | - | -
    SILLYX | Silly Industrial REIT IV Inc. | mutual_fund | -
    VTSAX | Vanguard Total Stock Market Index Admiral | mutual_fund | open_end_fund
    FXAIX | Fidelity 500 Index Fund | mutual_fund | open_end_fund
    VMFXX | - | cash | money_market_fund
    SPAXX** | Fidelity Government Money Market | cash | money_market_fund
    SWVXX | SCHWAB VALUE ADVANTAGE MONEY INV | cash | money_market_fund
    XDSUX | - | mutual_fund | -
    XDSUX | BlackRock Debt Strategies Fund, Inc. | mutual_fund | closed_end_fund
    XSILX | Silly Fund Investor Class | mutual_fund | -
    XSIXX | Silly Dynamic Income Trust | mutual_fund | closed_end_fund
    XSIXX | Silly Government Money Market Fund | cash | money_market_fund
    ARKVX | ARK Venture Fund | mutual_fund | open_end_fund
    TSLAX | Tesla xStock | - | -
    # marks of the issue
    BAC-PB | - | equity | preferred
    BAC.PRB | Bank of America Corp | equity | preferred
    ABC.WS | - | equity | warrant
    ABC-WT | - | equity | warrant
    ABC.U | - | equity | unit
    ABC-RT | - | equity | right
    BRK.B | Berkshire Hathaway Inc Class B | - | -
    HR.UN.TO | - | equity | -
    XYZ-UN.V | - | equity | -
    # Nasdaq's fifth letter
    ABCDW | - | equity | warrant
    ABCDR | - | equity | right
    ABCDU | - | equity | unit
    ABCDY | - | equity | adr
    ABCDF | - | equity | -
    ABCDP | Widget Bank Depositary Shares each representing 1/40th | equity | preferred
    GOOGL | Alphabet Inc Class A | - | -
    ABCDP | - | - | -
    # bare codes that are listed securities as well
    USD | - | - | -
    CASH | - | - | -
    BTC | - | - | -
    ETH | - | - | -
    COP | - | - | -
    ALL | - | - | -
    NA | - | - | -
    TRUE | - | - | -
""")

ETFS = table("""
    SPY | SPDR S&P 500 ETF TR | etf | etf
    SPY | SPDR S&P 500 ETF Trust | etf | etf
    XLK | SELECT SECTOR SPDR TR | etf | etf
    XLK | Technology Select Sector SPDR Fund | etf | etf
    GLD | SPDR Gold Shares | etf | etf
    VTI | VANGUARD TOTAL STK MKT ETF | etf | etf
    IWF | ISHARES TR RUS 1000 GRW ETF | etf | etf
    IVV | iShares Core S&P 500 | etf | etf
    EWJ | iShares MSCI Japan Index Fund | etf | etf
    IAU | ISHARES GOLD TR | etf | etf
    QQQ | INVESCO QQQ TR UNIT SER 1 | etf | etf
    DBC | Invesco DB Commodity Index Tracking Fund | etf | etf
    USO | United States Oil Fund LP | etf | etf
    UNG | UNITED STATES NATURAL GAS FUND LP | etf | etf
    CORN | Teucrium Corn Fund | etf | etf
    DXJ | WisdomTree Japan Hedged Equity Fund | etf | etf
    FXE | Invesco CurrencyShares Euro Trust | etf | etf
    GDX | VanEck Gold Miners ETF | etf | etf
    GBTC | Grayscale Bitcoin Trust | etf | etf
    HODL | VanEck Bitcoin Trust | etf | etf
    IBIT | iShares Bitcoin Trust ETF | etf | etf
    BND | Vanguard Total Bond Market ETF | etf | etf
    MINT | PIMCO Enhanced Short Maturity Active Exchange-Traded Fund | etf | etf
    JPST | JPMorgan Ultra-Short Income ETF | etf | etf
    SGOV | iShares 0-3 Month Treasury Bond ETF | etf | etf
    MMKT | Silly Government Money Market ETF | etf | etf
    PFF | ISHARES TR PFD AND INCM SEC ETF | etf | etf
    PGX | Invesco Preferred ETF | etf | etf
    VRP | Invesco Variable Rate Preferred ETF | etf | etf
    SPAK | Defiance Next Gen SPAC ETF | etf | etf
    BIZD | VanEck BDC Income ETF | etf | etf
    VNQ | Vanguard Real Estate ETF | etf | etf
    KBWY | Invesco KBW Premium Yield Equity REIT ETF | etf | etf
    KRE | SPDR S&P Regional Banking ETF | etf | etf
    TQQQ | PROSHARES TR ULTRAPRO QQQ | etf | etf
    SOXL | Direxion Daily Semiconductor Bull 3X Shares | etf | etf
    NVDL | 2X Long NVDA Daily | etf | etf
    USD | ProShares Ultra Semiconductors | etf | etf
    BTC | Grayscale Bitcoin Mini Trust ETF | etf | etf
    AMJ | JPMorgan Alerian MLP Index ETN | etf | etn
    FNGU | MicroSectors FANG+ Index 3X Leveraged ETNs due 2038 | etf | etn
    SILN | iPath Silly Metals Exchange-Traded Notes | etf | etn
    BTCE.DE | ETC Group Physical Bitcoin | etf | etf
    SILV.L | WisdomTree Physical Silver ETC | etf | etf
    SILT | ETC Silly Target Sector | etf | etf
    QYLD | Global X NASDAQ 100 Covered Call ETF | etf | etf
    SIL-UN.TO | SILLY GOLD ETF | etf | etf
    QYLD | GLOBAL X FDS NASDAQ 100 COVER | etf | etf
    CSPX.L | iShares Core S&P 500 UCITS ETF USD (Acc) | etf | etf
    SILV | Silly & Sausage International Value Fund | etf | etf
    SILL | Invesco Silly S&P 500 Equal Weight Portfolio | etf | etf
    SILI | Silly Sausage Climate Index | etf | etf
""")

FUNDS = table("""
    DSU | BLACKROCK DEBT STRATEGIES FD INC | mutual_fund | closed_end_fund
    DSU | BlackRock Debt Strategies Fund, Inc. | mutual_fund | closed_end_fund
    BST | BlackRock Science and Technology Trust | mutual_fund | closed_end_fund
    BHK | BLACKROCK CORE BOND TRUST | mutual_fund | closed_end_fund
    BTT | BlackRock Municipal 2030 Target Term Trust | mutual_fund | closed_end_fund
    MYD | BLACKROCK MUNIYIELD FUND INC | mutual_fund | closed_end_fund
    PDI | PIMCO Dynamic Income Fund | mutual_fund | closed_end_fund
    PTY | PIMCO CORPORATE & INCM OPPTY FD | mutual_fund | closed_end_fund
    NEA | Nuveen AMT-Free Quality Municipal Income Fund | mutual_fund | closed_end_fund
    SILM | Silly Strategic Municipals, Inc. | mutual_fund | closed_end_fund
    GAB | Gabelli Equity Trust Inc | mutual_fund | closed_end_fund
    SILV | Gabelli Silly Income Trust | mutual_fund | closed_end_fund
    SILR | Royce Silly Trust, Inc. | mutual_fund | closed_end_fund
    SILI | Invesco Silly Income Trust | mutual_fund | closed_end_fund
    SILO | Invesco Municipal Silliness Trust | mutual_fund | closed_end_fund
    SILC | MFS Silly Income Trust | mutual_fund | closed_end_fund
    UTF | Cohen & Steers Infrastructure Fund Inc | mutual_fund | closed_end_fund
    ADX | Adams Diversified Equity Fund Inc | mutual_fund | closed_end_fund
    SILJ | John Hancock Silly Opportunities Fund | mutual_fund | closed_end_fund
    FFC | Flaherty & Crumrine Preferred & Income Securities Fund | mutual_fund | closed_end_fund
    CEF1 | SILLY CLOSED END BANK & THRIFT FD | mutual_fund | closed_end_fund
    DFN.TO | Silly Fifteen Split Corp | mutual_fund | closed_end_fund
    DFN-UN.TO | Silly Fifteen Split Corp | mutual_fund | closed_end_fund
    SILP | Silly Preferred Income Fund Inc | mutual_fund | closed_end_fund
    SILQ | GAMCO Silly Natural Gold & Income Trust | mutual_fund | closed_end_fund
    SILE | Silly Point Credit Company Inc. | mutual_fund | closed_end_fund
    SILT | Tortoise Silly Energy Infrastructure Corporation | mutual_fund | closed_end_fund
    SILU | NUVEEN SILLY QLTY MUN INC | mutual_fund | closed_end_fund
    SILNC | Silly Income NextShares | mutual_fund | open_end_fund
    401K1 | VANGUARD TARGET RETIREMENT ADMIRAL | mutual_fund | open_end_fund
    PLAN7 | Silly Growth Fund Investor Class | mutual_fund | open_end_fund
    PLAN8 | FIDELITY SMALL CAP INDEX | mutual_fund | -
    PLAN9 | Emerging Markets Bond Opportunities | mutual_fund | -
    PLAN2 | NUVEEN SELECT MATURITIES | mutual_fund | -
    PLAN3 | Silly Large Cap Value Fund | mutual_fund | closed_end_fund
    PLAN4 | VANGUARD TARGET RETIREMENT 2045 TR | mutual_fund | -
    SWEEP | FIDELITY GOVERNMENT CASH RESERVES | cash | money_market_fund
    SWEEP | VANGUARD FEDERAL MONEY MKT FD | cash | money_market_fund
    TMNY | Silly Tax-Exempt Money Fund, Inc. | cash | money_market_fund
    USD | US Dollar | cash | currency
    CASH | CASH & CASH INVESTMENTS | cash | currency
    BTC | Bitcoin | crypto | cryptocurrency
    SPOT | UNITED STATES TREAS BILLS 0.00% 10/02/2026 | bond | -
""")

ISSUES = table("""
    SILLO | Silly Insurance Group - Depositary Shares 5.45% Preferred | equity | preferred
    BAC-PL | BANK AMERICA CORP 7.25%CNV PFD L | equity | preferred
    SIL-PA | Silly Opportunities Fund 6.00% Series A Preferred Stock | equity | preferred
    GAB-PG | Gabelli Equity Trust 5% Series G Cumulative Preferred | equity | preferred
    SOJE | Southern Co 4.2% Junior Subordinated Notes due 2060 | equity | note
    AFGE | American Financial Group 4.50% Subordinated Debentures due 2060 | equity | note
    SILLY | STRATS Trust for Silly Stores, Inc. Securities | equity | structured_product
    SILLW | Silly Aviation Inc. Redeemable Warrants | equity | warrant
    SPACW | Silly Acquisition Corp II - Warrant | equity | warrant
    SPACU | Silly Acquisition Corp II - Units | equity | unit
    SPACR | Silly Acquisition Corp II - Rights | equity | right
    SPAC | Silly Growth Acquisition Corp II Class A | equity | -
    TSM | Taiwan Semiconductor Manufacturing Co Ltd ADR | equity | adr
    BABA | Alibaba Group Holding Ltd Spon ADR | equity | adr
    EPD | Enterprise Products Partners LP Common Units | equity | partnership
    O | Realty Income Corp | equity | reit
    PLD2 | Silly Industrial Property Trust | equity | reit
    SILR | Silly Residential REIT, Inc. | equity | reit
    UHT | Universal Health Realty Income Trust | equity | reit
    PBT | Silly Basin Royalty Trust | equity | -
    BSM2 | Silly Royalty Income Fund | equity | -
    GBDC | Golub Capital BDC Inc | equity | -
    BXSL | Blackstone Secured Lending Fund | equity | -
    MSDL | MORGAN STANLEY DIRECT LNDNG FD | equity | -
    KFIT | KKR FS INCOME TRUST | equity | -
    FPC2 | FIDELITY PRIVATE CREDIT FUND | equity | -
    BCRE | BLACKSTONE PRIVATE CREDIT FUND | equity | -
    NCPC | NUVEEN CHURCHILL PRIVATE CAPITAL INCOME FUND | equity | -
    SILB | Silly Private Debt Fund | equity | -
    MSIF | MSC INCOME FD INC | equity | -
    SILN | Silly Haven Private Income Fund | equity | -
    SILE | Silly Point Credit Company Inc. 5.375% Notes due 2029 | equity | note
    SILR | UNIVERSAL SILLY RLTY INCM T | equity | reit
    CHE-UN.TO | CHEMTRADE LOGISTICS INCOME FUND | equity | -
    SIL-UN.TO | Silly Sausages Trust | equity | -
    REI-UN.TO | RioCan Real Estate Investment Trust | equity | reit
    ABCDF | Silly Ice Income Fund | equity | -
    MSFT | Microsoft Corp Common Stock | equity | common_stock
""")

# Companies whose names have fund words, brands or styles in them: no rule may call them a fund.
COMPANIES = """
    BLK BlackRock Inc
    IVZ Invesco Ltd.
    IVZ INVESCO
    WT WisdomTree, Inc.
    WT WISDOMTREE
    NTRS Northern Trust Corp
    STT State Street Corp
    SCHW SCHWAB CHARLES CORP
    JPM JPMorgan Chase & Co.
    GS Goldman Sachs Group Inc
    BEN Franklin Resources Inc
    TROW T. Rowe Price Group Inc
    CNS Cohen & Steers Inc
    VRTS Virtus Investment Partners Inc
    AB AllianceBernstein Holding L.P.
    BX Blackstone Inc
    GAMI GAMCO Investors Inc
    GAMI GAMCO INVESTORS
    ETCG ETC Silly Systems
    BTCG ETC GROUP
    SPACX Space Acquisition Corp X
    SILYX Silly Sausage Inc
    FNF Fidelity National Financial Inc
    HIG Hartford Financial Services Group
    PFG Principal Financial Group Inc
    COLM Columbia Sportswear Company
    AMPY Amplify Energy Corp
    TREX T-Rex Oil Inc
    IVR Invesco Mortgage Capital Inc.
    TCPC BlackRock TCP Capital Corp
    BXMT Blackstone Mortgage Trust Inc
    SPGI S&P Global Inc
    NDAQ Nasdaq, Inc.
    MSCI MSCI Inc
    SILB Silly Trust Bancorp Inc
    FTCO First Trust Corp
    SILC Silly Trust Construction Co Ltd
    SILO Silly Iron Trust
    TPL Texas Pacific Land Corp
    EQR Equity Residential
    ELS Equity LifeStyle Properties Inc
    SILA Silly Credit Corporation
    CASH Pathward Financial Inc
    CASH Meta Financial Group
    GOLD Barrick Gold Corp
    SILG Silly Gold Mines Ltd
    SILN Silly Bitcoin Corp.
    MGI MoneyGram International Inc
    SILX Silly International Money Express, Inc.
    CDE2 Digital Cash Management Solutions Inc
    BOND2 Bond Street Holdings Inc
    PRAA PRA Portfolio Recovery Associates Inc
    SILF Fundsilly.com Inc.
    SILH Silly Billiards Fund Holdings, Inc.
    SILE Etn. Silly Freres NV
    SILM Silly Municipal Guaranty Holdings Inc.
    BBW Build-A-Bear Workshop Inc
    TXG 10x Genomics Inc
    ULTA Ulta Beauty Inc
    UCTT Ultra Clean Holdings Inc
    IP International Paper Company Common Stock
    VALU Value Line Inc Common Stock
    SILZ Silly Holdings Inc
    SILK Silly Stores Capital Trust I
    FMC2 Silly Motor Credit Company
    CNS COHEN & STEERS
    WETF WisdomTree Investments
    SILI Index Silly Oil & Gas
    NCDL Nuveen Churchill Direct Lendin
    NCDL Nuveen Churchill Direct
    CHCT COMMUNITY SILLY CARE TR INCO
    AGM Federal Agricultural Mortgage Corp
    FMCC Federal Home Loan Mortgage Corp
    SILD Silly Daily and General Trust plc
    ECH General Electric Capital Trust
"""


@pytest.mark.parametrize(("ticker", "name", "kind", "subtype"), FORMS)
def test_forms_of_tickers(ticker: str, name: str, kind: str, subtype: str) -> None:
    assert said(guess(canonical(ticker), name=name)) == (kind, subtype)


@pytest.mark.parametrize(("ticker", "name", "kind", "subtype"), ETFS + FUNDS + ISSUES)
def test_words_of_names(ticker: str, name: str, kind: str, subtype: str) -> None:
    assert said(guess(canonical(ticker), name=name)) == (kind, subtype)


@pytest.mark.parametrize(("ticker", "name", "kind", "subtype"), ETFS + FUNDS + ISSUES)
def test_case_and_punctuation_change_nothing(
    ticker: str, name: str, kind: str, subtype: str
) -> None:
    shouted = name.upper().replace(",", " ").replace("-", " ")
    assert said(guess(canonical(ticker), name=shouted)) == (kind, subtype)


@pytest.mark.parametrize("line", COMPANIES.strip().splitlines())
@pytest.mark.parametrize("exchange", [None, "NYQ", "NGM", "NASDAQ"])
def test_a_company_is_never_called_a_fund(line: str, exchange: str | None) -> None:
    ticker, _, name = line.strip().partition(" ")
    found = guess(canonical(ticker), name=name, exchange=exchange)
    assert found is None or found.security_type is SecurityType.EQUITY


@pytest.mark.parametrize("line", COMPANIES.strip().splitlines())
def test_a_form_of_law_beats_a_venue_of_funds(line: str) -> None:
    ticker, _, name = line.strip().partition(" ")
    found = guess(canonical(ticker), name=f"{name} Inc", exchange="PCX")
    assert found is None or found.security_type is SecurityType.EQUITY


@pytest.mark.parametrize(
    ("name", "exchange", "kind", "subtype"),
    [
        ("Silly Global Growth Fund", None, "mutual_fund", "closed_end_fund"),
        ("Silly Global Growth Fund", "NYQ", "mutual_fund", "closed_end_fund"),
        ("Silly Global Growth Fund", "PCX", "etf", "etf"),
        ("Silly Global Growth Fund", "ARCX", "etf", "etf"),
        ("Silly Global Growth Fund", "bats", "etf", "etf"),
        ("Silly Global Growth Fund", "NGM", "etf", "etf"),
        ("Silly Global Growth Fund", "AMEX", "mutual_fund", "closed_end_fund"),
        ("Silly Global Growth Fund", "no such code", "mutual_fund", "closed_end_fund"),
        ("Silly Dynamic Corporate Bo", "PCX", "etf", "etf"),
        ("Vanguard Target Maturity 2028 C", "NGM", "etf", "etf"),
        ("Virtus Silly Private Credit Strategy", "PCX", "etf", "etf"),
        ("Virtus Silly Private Credit Strategy", "NYQ", "equity", "-"),
        ("WisdomTree Private Credit and Al", "BTS", "etf", "etf"),
        ("Silly", "PCX", "etf", "etf"),
        ("Silly Widgets Inc", "PCX", "-", "-"),
        ("", "PCX", "etf", "etf"),
        ("", "NYQ", "-", "-"),
        ("Silly", "CCC", "crypto", "cryptocurrency"),
        ("EUR/USD", "CCY", "cash", "currency"),
    ],
)
def test_the_venue_tells_kinds_of_funds_apart(
    name: str, exchange: str | None, kind: str, subtype: str
) -> None:
    assert said(guess("SILL", name=name, exchange=exchange)) == (kind, subtype)


@pytest.mark.parametrize(
    ("ticker", "name", "kind"),
    [
        ("SILE", "Silly Point Credit Company Inc.", "mutual_fund"),
        ("SILE", "Silly Point Credit Company Inc", "-"),  # 30 letters: "5% Notes" may be cut off
        ("SILEP", "Silly Point Credit Company Inc.", "-"),
        ("SILE", "Silly Point Credit Company Inc. 5% Notes", "equity"),
        ("SILE", "Silly Motor Credit Company", "-"),
    ],
)
def test_a_credit_company_is_a_fund_and_its_issues_are_not(
    ticker: str, name: str, kind: str
) -> None:
    assert said(guess(ticker, name=name))[0] == kind


@pytest.mark.parametrize(
    ("key", "exchange", "kind"),
    [
        ("ABCDEX", "NAS", "mutual_fund"),
        ("ABCDEX", None, "mutual_fund"),
        ("ABCDEFX", "NAS", "mutual_fund"),
        ("ABCDEX", "CCC", "crypto"),
        ("ABCDEX", "NYQ", "-"),
        ("ABCX", "NAS", "-"),
        ("BHDUSD", "CCC", "crypto"),
        ("BHDUSD", None, "cash"),
    ],
)
def test_long_quotes_and_the_venue(key: str, exchange: str | None, kind: str) -> None:
    assert said(guess(key, exchange=exchange))[0] == kind


LEVERAGE = [
    ("Direxion Daily Semiconductor Bull 3X Shares", 3.0),
    ("DIREXION SHS ETF TR DAILY SM CAP BEAR 3X", -3.0),
    ("Direxion Daily S&P 500 Bear 1X Shares", -1.0),
    ("Direxion Daily Silly Treasury Bull 3x Shrs", 3.0),
    ("DIREXION DAILY SMALL CAP BULL 3 X", 3.0),
    ("DIREXION DAILY HEALTHCARE BULL 3XSHS", 3.0),
    ("DIREXION DAILY HEALTHCARE BEAR 3XSHARES", -3.0),
    ("PROSHARES ULTR S&P500", 2.0),
    ("PROSHARES ULTR SHT QQQ", -2.0),
    ("PROSHARES TR ULTRPRO QQQ", 3.0),
    ("PROSHARES ULTRPRO SHT QQQ", -3.0),
    ("PROSHARES ULTRAPRO SHT QQQ", -3.0),
    ("ProShares UltraPro QQQ", 3.0),
    ("ProShares UltraPro Short QQQ", -3.0),
    ("PROSHARES TR ULTRAPRO SHT QQQ", -3.0),
    ("ProShares Ultra S&P500", 2.0),
    ("ProShares UltraShort 20+ Year Treasury", -2.0),
    ("PROSHARES TR PSHS ULTSHRT QQQ", -2.0),
    ("PROSHARES ULTRA SHORT DOW30", -2.0),
    ("ProShares Short QQQ", -1.0),
    ("ProShares Short 7-10 Year Treasury", -1.0),
    ("ProShares Short High Yield", -1.0),
    ("PROSHARES TR II ULTRA VIX SHORT TERM FUTURES ETF", 1.5),
    ("ProShares Short VIX Short-Term Futures ETF", -0.5),
    ("ProShares VIX Short-Term Futures ETF", 1.0),
    ("ProShares Long Online/Short Stores ETF", 1.0),
    ("ProFunds UltraNASDAQ-100 Fund", 2.0),
    ("UltraBear ProFund", -2.0),
    ("Bear ProFund", -1.0),
    ("GraniteShares 2x Long NVDA Daily ETF", 2.0),
    ("GraniteShares 1.25x Long Silly Daily ETF", 1.25),
    ("Tradr 2X Short TSLA Daily ETF", -2.0),
    ("T-REX 2X Inverse NVIDIA Daily Target ETF", -2.0),
    ("Defiance Daily Target 2X Short MSTR ETF", -2.0),
    ("-1x Short VIX Futures ETF", -1.0),
    ("MicroSectors FANG+ Index -3X Inverse Leveraged ETNs", -3.0),
    ("MicroSectors FANG+ Index 3× Leveraged ETNs", 3.0),
    ("MicroSectors Silly Oil -3 Inverse Leveraged ETNs", -3.0),
    ("MicroSectors Silly Banks 3 Leveraged ETNs", 3.0),
    ("ETRACS Monthly Pay 1.5X Leveraged Mortgage REIT ETN", 1.5),
    ("ETRACS 2xMonthly Leveraged ETN", 2.0),
    ("Rydex Inverse S&P 500 2x Strategy Fund", -2.0),
    ("Rydex Inverse Government Long Bond Strategy Fund", -1.0),
    ("Silly Gold Double Long ETN", 2.0),
    ("Silly Gold Triple Short ETN", -3.0),
    ("AXS Short Innovation Daily ETF", -1.0),
    ("AdvisorShares Ranger Equity Bear ETF", -1.0),
    ("DIREXION SHS ETF TR DLY SMCAP BULL3X", 3.0),
    ("DIREXION SHS ETF TR DLY SCOND 3XBR", -3.0),
    ("DIREXION SHS ETF TR DLY S&P500 BR 3X", -3.0),
    ("PROSHARES TR ULTSHT 20YR", -2.0),
    ("PROSHARES TR II ULT VIX S TRM ETF", 1.5),
    ("DB Gold Short ETN due February 15, 2038", -1.0),
    ("Invesco DB US Dollar Index Bearish Fund", -1.0),
    # time, buffers, stocks and stories: not leverage
    ("JPMorgan Ultra-Short Income ETF", 1.0),
    ("PGIM Ultra Short Bond ETF", 1.0),
    ("SILLY ULTRASHORT INCOME FUND", 1.0),
    ("Vanguard Short-Term Bond ETF", 1.0),
    ("iShares Ultra Short Duration Bond Active ETF", 1.0),
    ("First Trust Short Duration High Income Fund", 1.0),
    ("Vanguard Long-Term Treasury ETF", 1.0),
    ("Silly Long/Short Equity ETF", 1.0),
    ("Invesco Senior Leveraged Loan ETF", 1.0),
    ("Innovator Silly Equity Ultra Buffer ETF", 1.0),
    ("American Century Ultra Fund", 1.0),
    ("Global X NASDAQ 100 Covered Call ETF", 1.0),
    ("SPDR S&P 500 ETF Trust", 1.0),
    # companies
    ("10x Genomics Inc", 1.0),
    ("Build-A-Bear Workshop Inc", 1.0),
    ("Ultra Clean Holdings Inc", 1.0),
    ("", 1.0),
]


@pytest.mark.parametrize(("name", "multiple"), LEVERAGE)
def test_leverage_and_direction(name: str, multiple: float) -> None:
    assert leverage_from_name(name) == multiple
    assert leverage_from_name(name.upper()) == multiple


@pytest.mark.parametrize(
    "name",
    [
        "DIREXION SHS ETF TR DLY FTSE CHIN BULL",
        "Direxion Daily Semiconductor Bull",
        "DIREXION DAILY SEMICONDUCTOR BEAR",
        "Silly Daily Widgets Bull ETF",
    ],
)
def test_leverage_said_without_a_number_is_nan(name: str) -> None:
    assert math.isnan(leverage_from_name(name))
    assert math.isnan(guess("SILL", name=name).leverage)
    assert math.isnan(guess("SILYX", name=name).leverage)


def test_an_unknown_multiple_is_rated_like_a_single_stock_at_least() -> None:
    unknown = guess("SILL", name="DIREXION DAILY SEMICONDUCTOR BULL")
    codes = type_codes([unknown.security_type.value, "etf"])
    scenarios = CrashScenarios()
    rates = position_rates(codes, np.array([unknown.leverage, 1.0]), scenarios)
    assert rates.tolist() == [scenarios.single_stock, scenarios.rate("etf")]


def test_bulls_and_bears_of_other_trades_are_no_leverage() -> None:
    assert leverage_from_name("Direxion Auspice Broad Commodity ETF") == 1.0
    assert leverage_from_name("Silver Bull Resources, Inc.") == 1.0
    assert leverage_from_name("ProFunds Bull Fund Service Class") == 1.0


def test_a_guess_carries_the_leverage_of_a_fund_only() -> None:
    assert guess("TQQQ", name="ProShares UltraPro QQQ").leverage == 3.0
    assert guess("UOPIX", name="ProFunds UltraNASDAQ-100 Fund").leverage == 2.0
    assert guess("UOPIX").leverage == 1.0
    preferred = guess("SILL", name="Silly Long Bull Fund 6.5% Series A Preferred Stock")
    assert preferred.security_type is SecurityType.EQUITY
    assert preferred.leverage == 1.0


def test_a_hyphen_behind_a_word_is_no_minus() -> None:
    assert leverage_in("SILLY S&P-2X") == 2.0
    assert leverage_in("SILLY (-2X)") == -2.0


@pytest.mark.parametrize(
    ("name", "etf", "fund", "money"),
    [
        ("SPDR S&P 500 ETF Trust", True, True, False),
        ("BlackRock Debt Strategies Fund", False, True, False),
        ("Vanguard Federal Money Market Fund", False, True, True),
        ("Silly Government Money Market ETF", True, True, False),
        ("Microsoft Corp", False, False, False),
        ("Invesco Ltd.", False, False, False),
        ("Gabelli Equity Trust 5% Series G Cumulative Preferred", False, False, False),
        ("", False, False, False),
        (None, False, False, False),
    ],
)
def test_predicates(name: str | None, etf: bool, fund: bool, money: bool) -> None:
    assert heuristics.says_etf(name) is etf
    assert heuristics.says_fund(name) is fund
    assert heuristics.says_money_market(name) is money


def test_every_rule_has_a_name_and_a_sentence() -> None:
    assert {rule.name for rule in EVIDENCE_RULES} <= set(RULES)
    for name, sentence in RULES.items():
        assert name == name.lower().strip()
        assert sentence.endswith(".")
        assert len(sentence) <= 100


def test_every_rule_of_the_catalogue_speaks_somewhere() -> None:
    rows = [(canonical(row[0]), row[1], None) for row in FORMS + ETFS + FUNDS + ISSUES]
    rows += [(f"SIL{letter}", name, venue) for letter, name, venue in _VENUE_SAMPLES]
    heard = {found.rule for key, name, venue in rows if (found := _guess(key, name, venue))}
    assert set(RULES) - heard == set()


_VENUE_SAMPLES = [
    ("A", "", "PCX"),
    ("B", "Silly Fund", "PCX"),
    ("C", "Silly Dynamic Value", "BTS"),
    ("D", "Silly", "CCC"),
    ("E", "Silly", "CCY"),
    ("FGHX", "", "NAS"),
    ("F", "Silly Index Fund", None),
    ("G", "Silly Limited Common Units", None),
    ("H", "2X Long Silly Daily", None),
    ("I", "Silly Bitcoin Trust", None),
    ("J", "Silly Income Trust", None),
    ("1Y7", "Silly Port Authority 5% 06/15/2044", None),
    ("1Y8", "Silly Bank Linked Notes", None),
    ("1Y9", "CALL SILLY ETF JUN 20 25 $500", None),
    ("1Y0", "Silly Index Future Jun 26", None),
    ("K", "Pacer Silly Funds", None),
]


def _guess(key: str, name: str, venue: str | None) -> Guess | None:
    return guess(key, name=name, exchange=venue)


@pytest.mark.parametrize("rule", EVIDENCE_RULES, ids=lambda rule: rule.name)
def test_no_line_of_the_table_is_hidden_by_the_lines_above(rule: Rule) -> None:
    totals = [0]
    for need in rule.needs:
        totals = [total | int(sign) for total in totals for sign in need]
    with_one_more = [total | int(sign) for total in totals for sign in (Sign(0), *Sign)]
    assert any(first_rule(total) is rule for total in with_one_more)


def test_a_note_shows_the_words_that_decided() -> None:
    found = guess("DSU", name="BlackRock Debt Strategies Fund, Inc.")
    assert (found.rule, found.note) == ("name_fund", "name: FUND")
    assert guess("XLK", name="Select Sector SPDR Trust").note == "name: SELECT SECTOR SPDR"
    assert guess("SILL", exchange="PCX").note == "form of the ticker, or listing venue"
    assert guess("AAPL250117C00155000").note == "call on AAPL, 2025-01-17"


def test_a_us_isin_of_a_debt_cusip_is_a_bond() -> None:
    isin = next(f"US912797HE0{digit}" for digit in range(10) if is_isin(f"US912797HE0{digit}"))
    assert said(guess(isin)) == ("bond", "-")
    assert guess("US0378331005") is None
    assert guess("DE0007164600") is None


def test_a_guess_cannot_be_changed() -> None:
    found = guess("VFIAX")
    with pytest.raises(AttributeError, match="can't set attribute"):
        found.security_type = SecurityType.EQUITY


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("U.S. Ultra-Short Bond Fund (The)", ["US", "ULTRA", "SHORT", "BOND", "FUND", "THE"]),
        ("S&P 500® 6.375%", ["S&P", "500", "6375", "%"]),
        ("  Société   Générale\tSA ", ["SOCIETE", "GENERALE", "SA"]),
        ("Moody’s–Fund", ["MOODY", "S", "FUND"]),
        ("ＥＴＦ", ["ETF"]),
        ("", []),
    ],
)
def test_folding(name: str, words: list[str]) -> None:
    assert fold(name) == words


@pytest.mark.parametrize(
    ("name", "has", "lacks"),
    [
        ("First Trust Senior Loan", Sign.HOUSE, Sign.TRUST),
        ("Silly Fund Holdings", Sign.HOLDING, Sign.FUND),
        ("Fund Silly", Sign(0), Sign.FUND),
        ("Silly Fund", Sign.FUND, Sign.ALONE),
        ("Etn. Fr. Silly", Sign(0), Sign.ETN),
        ("Silly Exchange-Traded Fund", Sign.ETF, Sign.FUND),
        ("Silly Capital Group Corporat", Sign.LEGAL, Sign.FUND),
        ("Capital Group Growth", Sign.HOUSE | Sign.STYLE, Sign.HOLDING),
        ("Bitcoin", Sign.COIN | Sign.ALONE, Sign.TRUST),
        ("Silly Muni", Sign.MUNICIPAL, Sign.MUNICIPAL_FUND),
    ],
)
def test_phrases_use_up_their_words(name: str, has: Sign, lacks: Sign) -> None:
    signs = read(name).signs
    assert signs & has == has
    assert not signs & lacks


def test_signs_of_forms_and_venues() -> None:
    assert ticker_signs("BAC-PB") == Sign.MARK_PREFERRED
    assert ticker_signs("ABC-WTA") == Sign.MARK_WARRANT
    assert ticker_signs("ABC-PA.TO") == Sign.MARK_PREFERRED
    assert ticker_signs("HR-UN.TO") == Sign.MARK_TRUST_UNIT
    assert ticker_signs("ABC-UN") == Sign.MARK_UNIT
    assert ticker_signs("ABC-RW") == Sign.MARK_RIGHT
    assert ticker_signs("AAPL") == Sign.LISTED
    assert ticker_signs("BRK-B") == ticker_signs("PLAN7") == ticker_signs("") == 0
    assert venue_signs(" pcx ") == Sign.ETF_VENUE
    assert venue_signs("AMEX") == venue_signs("NASDAQ") == venue_signs(None) == 0
    codes = [code for codes in VENUES.values() for code in codes.split()]
    assert len(codes) == len(set(codes))


def test_the_lexicon_is_folded_and_has_no_word_twice_under_one_sign() -> None:
    for sign, entries in LEXICON.items():
        words = entries.split()
        assert len(words) == len(set(words)), sign
        for entry in words:
            assert fold(entry.replace("_", " ")) == entry.split("_"), entry


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=6))
def test_any_text_gets_an_answer_or_none(ticker: str, name: str, exchange: str) -> None:
    found = guess(canonical(ticker), name=name, exchange=exchange)
    assert found is None or found.rule in RULES
    assert found is None or math.isnan(found.leverage) or abs(found.leverage) <= 6.0


@given(st.sampled_from([row for row in ETFS + FUNDS if row[1]]), st.text("-_.,*()", max_size=5))
def test_punctuation_around_a_name_changes_nothing(
    row: tuple[str, str, str, str], noise: str
) -> None:
    assert said(guess("SILL", name=f"{noise} {row[1]} {noise}")) == said(guess("SILL", name=row[1]))


@given(st.from_regex("[A-Z]{3}XX", fullmatch=True))
def test_five_letters_ending_xx_are_money(key: str) -> None:
    assert said(guess(key)) == ("cash", "money_market_fund")


@given(st.from_regex("[A-Z]{1,4}", fullmatch=True))
def test_a_short_ticker_alone_says_nothing(key: str) -> None:
    assert guess(key) is None


# The benchmark: its arithmetic on a table of our own.

TRUTH = """symbol,name,truth,subtype,exchange,live
NA,Silly Bank of Nowhere,equity,,NYQ,1
TRUE,Silly Truth ETF,etf,,PCX,1
SILL,Silly Sausage Fund,equity,,NYQ,1
SILT,Silly Securities Corp,closed_end_fund,,NYQ,1
SILLX,,mutual_fund,open_end,NAS,0
SILXX,,money_market,,NAS,0
BTC-USD,Bitcoin USD,crypto,,CCC,1
EURUSD=X,EUR/USD,currency,,CCY,1
"""


def write_truth(folder: Path, text: str = TRUTH) -> Path:
    path = folder / "truth.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_benchmark_counts_both_kinds_of_error(tmp_path: Path) -> None:
    figures = accuracy.report(accuracy.read_truth(write_truth(tmp_path)))
    live = figures["sections"][0]
    assert live["symbols"] == 4
    assert live["accuracy"] == 0.5
    assert live["dangerous"] == {"count": 1, "share": 0.5}
    assert live["alarming"] == {"count": 1, "share": 0.5}
    assert live["classes"]["equity"] == {"symbols": 2, "precision": 0.5, "recall": 0.5}
    assert live["confusion"]["equity -> mutual_fund"] == 1
    assert [error["symbol"] for error in live["wrong"]] == ["SILL", "SILT"]
    assert {row["figure"]: row["kept"] for row in figures["bounds"]} == {
        "live, exchange-traded: full name: accuracy": False,
        "live, exchange-traded: full name: dangerous": False,
        "live, exchange-traded: full name: alarming": False,
        "all listed, funds included: full name: accuracy": False,
        "live, exchange-traded: name cut to 30, exchange: alarming": False,
        "ticker alone, fund suffix: precision": True,
        "ticker alone, fund suffix: recall": True,
        "names a second, processor time": figures["names_per_second"]["processor"] >= 100_000,
    }
    assert figures["suffixes"]["precision"] == figures["suffixes"]["recall"] == 1.0
    assert figures["suffixes"]["money_market_recall"] == 1.0
    assert figures["names_per_second"]["processor"] > 0


def test_the_benchmark_prints_a_table_or_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(write_truth(tmp_path))
    assert accuracy.main(["--truth", path, "--wrong", "1"]) == 0
    text = capsys.readouterr().out
    assert "full name: dangerous                  50.000%   at most 0.100%    NOT KEPT" in text
    assert "dangerous      1   50.000% of companies" in text
    assert (
        "dangerous: SILL 'Silly Sausage Fund' (NYQ) is equity, name_fund says mutual_fund" in text
    )
    assert "names a second" in text
    assert accuracy.main(["--truth", path, "--json"]) == 0
    assert len(json.load(io.StringIO(capsys.readouterr().out))["sections"]) == len(
        accuracy.SECTIONS
    )


def test_a_share_of_nothing_keeps_no_bound(tmp_path: Path) -> None:
    companies = "\n".join(TRUTH.splitlines()[:2]) + "\n"
    figures = accuracy.report(accuracy.read_truth(write_truth(tmp_path, companies)))
    kept = {row["figure"]: row["kept"] for row in figures["bounds"]}
    assert kept["live, exchange-traded: full name: alarming"] is None
    assert kept["live, exchange-traded: full name: dangerous"] is True
    line = next(line for line in accuracy.lines(figures) if "full name: alarming" in line)
    assert line.endswith("nothing to measure")


def test_the_benchmark_reads_tickers_as_text(tmp_path: Path) -> None:
    rows = accuracy.read_truth(write_truth(tmp_path))
    assert [row.symbol for row in rows[:2]] == ["NA", "TRUE"]
    assert len(rows) == len(list(csv.DictReader(io.StringIO(TRUTH))))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("symbol,name\nA,B\n", "no column exchange, live, subtype, truth"),
        (TRUTH.replace(",etf,", ",teapot,"), "row 3: unknown truth 'teapot'"),
    ],
)
def test_the_benchmark_refuses_a_wrong_table(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        accuracy.read_truth(write_truth(tmp_path, text))


def test_subtypes_and_types_of_the_table_agree() -> None:
    closed = {rule.security_type for rule in EVIDENCE_RULES if rule.subtype is Subtype.ETF}
    assert closed == {SecurityType.ETF}
    open_end = {
        rule.security_type
        for rule in EVIDENCE_RULES
        if rule.subtype in (Subtype.OPEN_END_FUND, Subtype.CLOSED_END_FUND)
    }
    assert open_end == {SecurityType.MUTUAL_FUND}
