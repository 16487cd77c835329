"""The vocabulary of the name rules: which words are signs of what.

Every entry is a word of the trade, a form of law, a broker's usual abbreviation, or the brand under
which an issuer names its funds (issuers' own naming, public knowledge). None is the name of one
single security. An underscore joins the words of a phrase; a phrase uses up its words. Words are
written in full: custodians' short forms are in `abbreviations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntFlag, auto
from types import MappingProxyType

__all__ = ["CUT_SIGNS", "FUND_SIGNS", "LEXICON", "TAIL_SIGNS", "Sign"]


class Sign(IntFlag):
    """One thing that a name, a listing venue or a ticker's form is a sign of."""

    # What the name calls the thing.
    ETF = auto()
    ETC = auto()
    """Exchange-traded commodity; companies use the three letters as well."""
    ETN = auto()
    ETF_BRAND = auto()
    """Issuers name nothing but exchange-traded products so."""
    ETF_HOUSE = auto()
    """Brands of exchange-traded products that are, or could be, a company's name as well."""
    HOUSE = auto()
    """Fund managers whose own shares, banks or namesakes are listed too."""
    FUND_HOUSE = auto()
    """Managers under whose name next to nothing but funds is listed."""
    TRUST_HOUSE = auto()
    """Managers whose listed trusts are closed-end funds."""
    OPEN_HOUSE = auto()
    """Managers that list exchange-traded funds and no closed-end fund."""
    FUND = auto()
    OPEN_END = auto()
    CLOSED_END = auto()
    COMMON = auto()
    """Common shares of a fund: closed-end, as a rule."""
    EXCHANGE_MANAGED = auto()
    MONEY_MARKET = auto()
    MUNICIPAL = auto()
    MUNICIPAL_FUND = auto()
    SPLIT_CORP = auto()
    POOL_COMPANY = auto()
    """What registered funds that hold loan pools call themselves."""
    TRUST = auto()
    INVESTORS = auto()
    AIM = auto()
    """What a fund's trust says that it is for: income, bonds, a term."""
    ASSET = auto()
    STYLE = auto()
    MANNER = auto()
    """Adjectives of style that companies use as well."""
    BOX = auto()
    """Styles that open-end and exchange-traded funds have, and closed-end funds hardly ever."""
    INDEX = auto()
    INCOME = auto()
    METAL = auto()
    METAL_SHARES = auto()
    COIN = auto()
    COMMODITY = auto()
    MULTIPLE = auto()
    DIRECTION = auto()
    # What the issue is.
    WARRANT = auto()
    RIGHT = auto()
    UNIT = auto()
    PREFERRED = auto()
    TERMS = auto()
    NOTE = auto()
    DEBT = auto()
    """Words for notes that are short forms of nothing else."""
    RANK = auto()
    PERCENT = auto()
    REPACKAGED = auto()
    STRUCTURED = auto()
    """A bank's notes whose redemption hangs on shares or an index."""
    PUBLIC = auto()
    """Public borrowers, and what pays their bonds."""
    OPTION = auto()
    FUTURE = auto()
    DATED = auto()
    """A coupon with its maturity."""
    EXPIRY = auto()
    """A call or put with its expiry."""
    DELIVERY = auto()
    """A future with its month."""
    RECEIPT = auto()
    DEPOSITARY = auto()
    SHARE = auto()
    # What the issuer is.
    LEGAL = auto()
    INCORPORATED = auto()
    """The forms of law that are no word or abbreviation of anything else."""
    HOLDING = auto()
    TRADE = auto()
    PARTNERSHIP = auto()
    BANK = auto()
    PROPERTY = auto()
    REIT = auto()
    PRIVATE_REIT = auto()
    """What companies that hold property and are not listed call themselves, and some funds."""
    ROYALTY = auto()
    SHELL = auto()
    LENDER = auto()
    PRIVATE_LENDER = auto()
    """What lending companies do, and some exchange-traded funds."""
    TOKEN = auto()
    TREASURY = auto()
    MONEY = auto()
    ALONE = auto()
    """The name is this one word, or this one phrase."""
    CUT_OFF = auto()
    """As long as names that feeds cut, or ending in a number: an issue's terms may be missing."""
    # Where it is listed.
    ETF_VENUE = auto()
    ETF_TIER = auto()
    CRYPTO_VENUE = auto()
    CURRENCY_VENUE = auto()
    # What the ticker's form says.
    LISTED = auto()
    """One to four letters: no open-end fund has such a symbol."""
    UNLISTED = auto()
    """No exchange's symbol has this form: a custodian's or a fund network's number, or nothing."""
    TOKYO = auto()
    MARK_FUTURE = auto()
    MARK_PREFERRED = auto()
    MARK_WARRANT = auto()
    MARK_RIGHT = auto()
    MARK_UNIT = auto()
    MARK_TRUST_UNIT = auto()
    FIFTH_PREFERRED = auto()
    FIFTH_WARRANT = auto()
    FIFTH_RIGHT = auto()
    FIFTH_UNIT = auto()
    FIFTH_ADR = auto()
    FIFTH_FOREIGN = auto()


LEXICON: Mapping[Sign, str] = MappingProxyType(
    {
        Sign.ETF: """
            ETF ETFS ETP ETPS ETCS ETV ETVS UCITS ADRHEDGED EXCHANGE_TRADED EXCHANGE_TRADED_FUND
            EXCHANGE_TRADED_FUNDS""",
        Sign.ETC: "ETC",
        Sign.ETN: "ETN ETNS EXCHANGE_TRADED_NOTE EXCHANGE_TRADED_NOTES",
        Sign.ETF_BRAND: """
            ISHARES ISHS PROSHARES PROSHS PSHS SPDR SPDRS DIREXION GRANITESHARES YIELDMAX
            YIELDBOOST XTRACKERS POWERSHARES MICROSECTORS IPATH ETRACS FLEXSHARES ALPHADEX
            ADVISORSHARES KRANESHARES VISTASHARES VICTORYSHARES TRUESHARES VELOCITYSHARES
            CURRENCYSHARES COMSTAGE ETFMG BETABUILDERS BULLETSHARES IBONDS
            BONDBLOXX ALLIANZIM 21SHARES SELECT_SECTOR SELECT_SECTOR_SPDR SEL_SECTOR
            SEL_SECTOR_SPDR LEVERAGE_SHARES FT_VEST FT_CBOE_VEST INVESCO_DB INVESCO_QQQ
            MARKET_VECTORS ELEMENTS_LINKED RETURN_STACKED TRADR SCHWAB_STRATEGIC_TRUST
            JANUS_DETROIT FIDELITY_COVINGTON FIDELITY_MERRIMACK""",
        Sign.ETF_HOUSE: """
            VANECK WISDOMTREE GRAYSCALE BITWISE GLOBAL_X ROUNDHILL TEUCRIUM T_REX USCF LIFEX
            NEOS UNITED_STATES_COMMODITY""",
        Sign.HOUSE: """
            INVESCO VANGUARD FIDELITY SCHWAB CHARLES_SCHWAB JPMORGAN JP_MORGAN J_P_MORGAN
            GOLDMAN_SACHS FIRST_TRUST STATE_STREET PGIM PIMCO FRANKLIN T_ROWE_PRICE DIMENSIONAL
            AVANTIS CAPITAL_GROUP AMERICAN_CENTURY JOHN_HANCOCK HANCOCK_JOHN JANUS_HENDERSON
            NUVEEN BLACKROCK BLACKSTONE COLUMBIA HARTFORD HARBOR CALAMOS PACER INNOVATOR
            DEFIANCE SIMPLIFY AMPLIFY CAMBRIA STRIVE ALPS TCW VIRTUS PRINCIPAL DOUBLELINE LAZARD
            MATTHEWS EATON_VANCE PUTNAM ABRDN ABERDEEN NOMURA TOUCHSTONE GMO NYLI SEI ALLSPRING
            FEDERATED FEDERATED_HERMES NEUBERGER NEUBERGER_BERMAN THRIVENT NORTHERN_TRUST
            BNY_MELLON GUGGENHEIM RYDEX PROFUND PROFUNDS GABELLI GAMCO ROYCE DWS MFS
            WESTERN_ASSET VOYA MORGAN_STANLEY BARON ARK ALPHA_ARCHITECT DORSEY_WRIGHT
            BRANDYWINEGLOBAL SPROTT ALLIANCEBERNSTEIN HORIZON_KINETICS DREYFUS LEGG_MASON
            CLEARBRIDGE TORTOISE COHEN_&_STEERS KAYNE_ANDERSON RIVERNORTH BARINGS MOTLEY_FOOL
            BAILLIE_GIFFORD BROWN_ADVISORY HOTCHKIS_&_WILEY DODGE_&_COX OPPENHEIMER
            AMERICAN_FUNDS WELLINGTON FLAHERTY_&_CRUMRINE TEMPLETON LORD_ABBETT REX_OSPREY
            DUFF_&_PHELPS CLOUGH TEKLA REAVES CREDIT_SUISSE""",
        Sign.FUND_HOUSE: """
            NUVEEN PIMCO EATON_VANCE WESTERN_ASSET RIVERNORTH NEUBERGER NEUBERGER_BERMAN
            TEMPLETON DOUBLELINE GABELLI ABRDN CALAMOS KAYNE_ANDERSON TORTOISE FLAHERTY_&_CRUMRINE
            TEKLA CLOUGH COHEN_&_STEERS GUGGENHEIM PROFUNDS""",
        Sign.TRUST_HOUSE: """
            BLACKROCK GABELLI ROYCE NUVEEN EATON_VANCE PIMCO PUTNAM MFS DWS ABRDN ABERDEEN
            CALAMOS WESTERN_ASSET JOHN_HANCOCK HANCOCK_JOHN INVESCO FRANKLIN SPROTT BNY_MELLON
            DREYFUS VIRTUS NEUBERGER NEUBERGER_BERMAN LEGG_MASON BARINGS TEMPLETON
            COHEN_&_STEERS VAN_KAMPEN PIONEER TEKLA""",
        Sign.OPEN_HOUSE: "VANGUARD PACER",
        # A fund's servants are companies; so is a name that only begins with the word.
        Sign.FUND: "FUND FUNDS FUND_COM FUNDS_COM PROFUND PROFUNDS MUTUAL_FUND MONEY_FUND",
        Sign.OPEN_END: """
            ADMIRAL INVESTOR_CLASS INVESTOR_SHARES CLASS_I INSTITUTIONAL INSTITUTIONAL_CLASS
            OPEN_END CLASS_R6 CLASS_Z ADVISOR_CLASS MUTUAL_FUND RETIREMENT_CLASS LIFEPATH
            NON_LENDING SECURITIES_LENDING""",
        Sign.CLOSED_END: "CLOSED_END",
        # Filings and custodians say "COM" behind common shares.
        Sign.COMMON: "FUND_COM FUNDS_COM",
        Sign.EXCHANGE_MANAGED: "NEXTSHARES",
        Sign.MONEY_MARKET: """
            MONEY_MARKET MONEY_MARKETS MMKT MONEY_FUND MONEY_PORTFOLIO CASH_RESERVES CASH_RESERVE
            CASH_MANAGEMENT LIQUID_ASSETS LIQUID_RESERVES TREASURY_OBLIGATIONS
            GOVERNMENT_OBLIGATIONS""",
        Sign.MUNICIPAL: "MUNICIPAL TAX_FREE TAX_EXEMPT",
        Sign.MUNICIPAL_FUND: """
            MUNICIPALS MUNIYIELD MUNIYLD MUNIHOLDINGS MUNIHLDGS MUNIVEST MUNIASSETS MUNIENHANCED
            MUNICIPAL_INCOME MUNICIPAL_BOND MUNICIPAL_OPPORTUNITY MUNICIPAL_OPPORTUNITIES""",
        Sign.SPLIT_CORP: "SPLIT_CORP SPLIT_SHARE SPLIT_SHARES",
        Sign.POOL_COMPANY: "CREDIT_COMPANY INCOME_COMPANY",
        # "TRUST INCO", cut, is an incorporated trust: a fund's income stands before its trust.
        Sign.TRUST: "TRUST TRUST_INCO",
        Sign.INVESTORS: "INVESTORS",
        # "& INC" behind an investment's word is "and income".
        Sign.AIM: """
            INCOME &_INC BOND BONDS TERM DURATION HIGH_YIELD SENIOR_LOAN FLOATING_RATE TOTAL_RETURN
            REAL_ESTATE_INCOME TAX_ADVANTAGED INVESTMENT_GRADE CONVERTIBLE DEBT_STRATEGIES
            DEFINED_OPPORTUNITY MULTI_SECTOR MULTISECTOR LIMITED_DURATION TAX_FREE TAX_EXEMPT
            ENERGY_INFRASTRUCTURE ENERGY_&_INFRASTRUCTURE""",
        Sign.ASSET: """
            BOND BONDS DIVIDEND DIVIDENDS INCOME &_INC EQUITY TREASURY CREDIT LOAN YIELD
            HIGH_YIELD MARKETS SENIOR_LOAN FLOATING_RATE FIXED_INCOME TIPS MUNICIPAL TAX_FREE
            TAX_EXEMPT CONVERTIBLE INVESTMENT_GRADE PREFERRED MATURITY DURATION INFLATION
            STOCK_MARKET STOCK_INDEX REAL_ESTATE_INCOME""",
        Sign.STYLE: """
            GROWTH VALUE LARGE_CAP SMALL_CAP MID_CAP MULTI_CAP ALL_CAP MICRO_CAP SMALL_MID_CAP
            LARGECAP SMALLCAP MIDCAP SMID MSCI RUSSELL S&P S&P_500 NASDAQ NASDAQ_100 FTSE
            DOW_JONES BUFFER BUFFER10 BUFFER20 MOMENTUM HEDGED INDEX ULTRA_SHORT SHORT_DURATION
            SHORT_TERM LONG_TERM AGGREGATE ALLOCATION EQUAL_WEIGHT LOW_VOLATILITY LONG_SHORT
            LADDERED ARISTOCRATS EX_CHINA STOCK_MARKET STOCK_INDEX EMERGING_MARKETS
            EMERGING_MARKET TARGET_MATURITY TARGET_RETIREMENT TARGET_DATE""",
        Sign.MANNER: """
            SECTOR STRATEGY STRATEGIES CORE FACTOR TARGET ACTIVE ENHANCED DYNAMIC INTERMEDIATE
            FIXED OPPORTUNITIES EMERGING INTERNATIONAL QUALITY SUSTAINABLE STRATEGIC
            DIVERSIFIED TACTICAL TOTAL DEVELOPED ESG FLEXIBLE OPPORTUNISTIC THEMATIC DISRUPTIVE""",
        Sign.BOX: """
            LARGE_CAP SMALL_CAP MID_CAP MULTI_CAP ALL_CAP MICRO_CAP SMALL_MID_CAP LARGECAP
            SMALLCAP MIDCAP SMID VALUE ACTIVE""",
        Sign.INDEX: "INDEX",
        Sign.INCOME: "INCOME &_INC REAL_ESTATE_INCOME",
        Sign.METAL: """
            GOLD SILVER PLATINUM PALLADIUM BULLION PRECIOUS_METALS GOLD_SHARES SILVER_SHARES""",
        Sign.METAL_SHARES: "PHYSICAL GOLD_SHARES SILVER_SHARES",
        Sign.COIN: """
            BITCOIN ETHEREUM ETHER SOLANA XRP DOGECOIN LITECOIN CARDANO AVALANCHE CHAINLINK
            POLKADOT HEDERA HBAR STELLAR ZCASH""",
        Sign.COMMODITY: """
            COMMODITY COMMODITIES OIL NATURAL_GAS GASOLINE CORN WHEAT SUGAR SOYBEAN AGRICULTURE
            BASE_METALS PRECIOUS_METALS VIX FUTURES""",
        Sign.MULTIPLE: """
            1X 2X 3X 4X 5X 15X 125X 175X 2XLEVERAGED 2XMONTHLY BULL1X BULL2X BULL3X BEAR1X BEAR2X
            BEAR3X 2XBU 2XBR 3XBU 3XBR X2 X3 ULTRAPRO ULTRASHORT ULTRASHRT ULTSHRT ULTRASHT ULTSHT
            ULTRPRO""",
        Sign.DIRECTION: """
            LONG SHORT ULTRA_SHORT BULL BEAR BEARISH INVERSE DAILY LEVERAGED LEVERAGE ULTRA
            LONG_SHORT PROFUND PROFUNDS ULTRAPRO ULTRPRO GEARED LEVDAX SHORTDAX WEEKLYPAY
            MONTHLY MICROSECTORS""",
        Sign.WARRANT: "WARRANT WARRANTS WTS WRT WRTS",
        Sign.RIGHT: "RIGHT RIGHTS RTS",
        Sign.UNIT: "UNIT UNITS",
        Sign.PREFERRED: """
            PREFERRED PREFERENCE PREFERRED_STOCK PREFERRED_SHARE PREFERRED_SHARES
            PREFERRED_SERIES PREFERENCE_SHARE PREFERENCE_SHARES PREFERRED_UNITS""",
        Sign.TERMS: """
            CUMULATIVE CUM CUMUL NONCUMULATIVE NONCUM REDEEMABLE PERPETUAL PERP SERIES
            PREFERRED_STOCK PREFERRED_SHARE PREFERRED_SHARES PREFERRED_SERIES PREFERENCE_SHARE
            PREFERENCE_SHARES PREFERRED_UNITS LIQUIDATION DEPOSITARY DEPOSITORY""",
        Sign.NOTE: """
            NOTE NOTES DEBENTURE DEBENTURES DEB DEBS MORTGAGE_BONDS MORTGAGE_BOND
            FIRST_MORTGAGE_BONDS""",
        Sign.DEBT: "NOTE NOTES DEBENTURE DEBENTURES",
        Sign.RANK: "DUE SENIOR SUBORDINATED JUNIOR SUB SUBORD JR",
        Sign.PERCENT: "%",
        Sign.TREASURY: """
            US_TREASURY UNITED_STATES_TREASURY UNITED_STATES_TREASURY_NOTES
            UNITED_STATES_TREASURY_BILLS UNITED_STATES_TREASURY_BONDS T_BILL TREASURY_BILL
            TREASURY_NOTE TREASURY_NOTES TREASURY_BOND TREASURY_BILLS""",
        # Brands of trusts that repackage one company's bonds for the stock exchange.
        Sign.REPACKAGED: """
            STRATS CORTS PPLUS SATURNS CABCO TRUST_CERTIFICATES BACKED_TRUST
            CORPORATE_BACKED""",
        Sign.STRUCTURED: """
            LINKED_NOTE LINKED_NOTES LINKED_SECURITIES LINKED_INVESTMENT LINKED_INVESTMENTS
            BUFFER_NOTES BUFFERED_NOTES PARTICIPATION_SECURITIES AUTOCALLABLE_NOTES
            AUTOCALLABLE_SECURITIES REVERSE_CONVERTIBLE REVERSE_CONVERTIBLES""",
        Sign.PUBLIC: """
            AUTHORITY AUTH REVENUE REV FUND_AUTHORITY FUND_AUTH FUND_REVENUE FUND_REV
            GENERAL_OBLIGATION""",
        Sign.OPTION: "CALL CALLS PUT PUTS",
        Sign.FUTURE: "FUTURE FUTURES",
        Sign.RECEIPT: """
            ADR ADRS ADS AMERICAN_DEPOSITARY AMERICAN_DEPOSITORY SPONSORED_ADR
            SPON_ADR GLOBAL_DEPOSITARY""",
        Sign.DEPOSITARY: "DEPOSITARY DEPOSITORY",
        Sign.SHARE: """
            COMMON_STOCK ORDINARY_SHARES ORDINARY_SHARE COMMON_SHARES COM_STK VOTING_SHARES
            REGISTRY_SHARES""",
        Sign.LEGAL: """
            INC INCORPORATED TRUST_INCO CORP CORPORATION CO COMPANY COMPANIES COS PLC LTD LIMITED
            LLC NV SA AG SE AB ASA OYJ SPA KK BHD TBK KGAA BV GMBH SAB""",
        Sign.INCORPORATED: "INC INCORPORATED CORP CORPORATION",
        Sign.HOLDING: """
            HOLDING HOLDINGS GROUP GRP WISDOMTREE_INVESTMENTS GRAYSCALE_INVESTMENTS
            NUVEEN_INVESTMENTS FUND_HOLDINGS FUND_HOLDING FUND_MANAGEMENT
            FUND_GROUP FUND_SERVICES FUND_ADVISORS FUND_MANAGERS FUND_SOLUTIONS
            FUND_TECHNOLOGIES""",
        Sign.TRADE: """
            TECHNOLOGIES SOLUTIONS SYSTEMS INDUSTRIES SERVICES ENTERPRISES ASSOCIATES RESOURCES
            MINING MINES MINERALS EXPLORATION PHARMACEUTICALS THERAPEUTICS MANAGEMENT GUARANTY
            INSURANCE ADVISORS EXPRESS BRANDS LABORATORIES MOTOR MOTORS FOODS STORES""",
        Sign.PARTNERSHIP: "LP PARTNERS PARTNERSHIP",
        Sign.BANK: """
            BANK BANCORP BANCORPORATION BANCSHARES BANKSHARES BANC SAVINGS TRUST_CO
            TRUST_COMPANY TRUST_CORP TRUST_CORPORATION TRUST_FINANCIAL TRUST_BANCORP
            TRUST_BANCSHARES BANK_TRUST BANK_&_TRUST NATIONAL_FINANCIAL TRUST_HOLDING
            TRUST_HOLDINGS""",
        Sign.PROPERTY: """
            REALTY PROPERTY PROPERTIES MORTGAGE HOTEL HOTELS HOSPITALITY LODGING APARTMENT
            APARTMENTS RESIDENTIAL REAL_ESTATE_FINANCE COMMERCIAL_REAL_ESTATE""",
        Sign.PRIVATE_REIT: "REAL_ESTATE_INCOME",
        Sign.REIT: """
            REIT REAL_ESTATE_INVESTMENT_TRUST REALTY_TRUST REALTY_INCOME REALTY_INCOME_TRUST
            REALTY_INVESTMENT_TRUST PROPERTY_TRUST PROPERTIES_TRUST HOTEL_TRUST HOSPITALITY_TRUST
            LODGING_TRUST RESIDENTIAL_TRUST APARTMENT_TRUST MORTGAGE_TRUST
            REAL_ESTATE_INCOME_TRUST""",
        Sign.ROYALTY: "ROYALTY ROYALTIES ROYALITY ROYALTY_TRUST",
        Sign.SHELL: """
            ACQUISITION ACQUISITIONS ACQ ACQUISTION BLANK_CHECK BLANK_CHEQUE SPAC MERGER_CORP
            MERGER_SUB""",
        # Tokens of shares, named after the share with an X behind it (TSLAX): not a fund's quote.
        Sign.TOKEN: "XSTOCK XSTOCKS TOKENIZED TOKENISED",
        Sign.MONEY: """
            CASH DOLLAR DOLLARS CURRENCY EURO EUROS POUND POUNDS STERLING YEN FRANC FRANCS
            DEPOSIT DEPOSITS SWEEP FCASH US USD EUR GBP""",
        # Also sponsors that call their business development companies fund or trust.
        Sign.LENDER: """
            BDC BUSINESS_DEVELOPMENT LENDING DIRECT_LENDING SECURED_LENDING SPECIALTY_FINANCE
            SPECIALTY_LENDING KKR_FS FS_KKR MSC_INCOME HMS_INCOME NUVEEN_CHURCHILL""",
        Sign.PRIVATE_LENDER: """
            PRIVATE_CREDIT PRIVATE_CAPITAL PRIVATE_DEBT PRIVATE_INCOME MIDDLE_MARKET""",
    }
)

TAIL_SIGNS = Sign.ETN | Sign.FUND | Sign.RIGHT | Sign.UNIT | Sign.NOTE | Sign.RANK | Sign.INDEX
"""Words that name the thing only behind an issuer's name: "Etn. Fr. ..." is a French company."""

FUND_SIGNS = (
    Sign.FUND
    | Sign.MUNICIPAL_FUND
    | Sign.MUNICIPAL
    | Sign.CLOSED_END
    | Sign.OPEN_END
    | Sign.MONEY_MARKET
    | Sign.ETF_BRAND
    | Sign.ETF_HOUSE
    | Sign.HOUSE
    | Sign.TRUST
    | Sign.AIM
    | Sign.ASSET
    | Sign.STYLE
    | Sign.MANNER
)
"""Words of a fund's name; behind a fund's ticker, one of them outweighs a form of law."""

CUT_SIGNS = (
    Sign.TRUST
    | Sign.AIM
    | Sign.ASSET
    | Sign.STYLE
    | Sign.MANNER
    | Sign.MUNICIPAL
    | Sign.LEGAL
    | Sign.HOLDING
    | Sign.SHELL
    | Sign.LENDER
    | Sign.PREFERRED
)
"""Signs that are recognised in a last word which a feed has cut off."""
