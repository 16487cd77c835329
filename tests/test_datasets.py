"""The sample household: in the documented shapes, labelled, coherent, and the caller's own."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from collections import Counter
from datetime import date

import numpy as np
import pandas as pd
import pytest

from sectypes import datasets
from sectypes.errors import ConfigError
from sectypes.exposures import PortfolioExposures
from sectypes.frames import TYPE_DTYPE
from sectypes.tickers import canonical

NAMES = ("plaid", "snaptrade", "broker", "profiles", "second")
FOLDER = datasets.sample_path("plaid").parent
KNOWN = FOLDER / "known_types.csv"  # no sample: public knowledge
FILES = sorted(p for p in FOLDER.iterdir() if p.suffix != ".py" and p.is_file() and p != KNOWN)

PROFILE_KEYS = {
    *("symbol", "price", "beta", "lastDividend", "change", "changePercentage", "marketCap"),
    *("volume", "averageVolume", "range", "companyName", "currency", "cik", "isin", "cusip"),
    *("exchangeFullName", "exchange", "industry", "sector", "website", "description", "phone"),
    *("address", "city", "state", "zip", "ceo", "country", "fullTimeEmployees", "image"),
    *("ipoDate", "defaultImage", "isEtf", "isFund", "isAdr", "isActivelyTrading"),
}
PROFILE_KINDS = {
    float: ("price", "beta", "lastDividend", "change", "changePercentage", "volume"),
    str: ("symbol", "range", "companyName", "currency", "exchange", "exchangeFullName"),
    bool: ("isEtf", "isFund", "isAdr", "isActivelyTrading", "defaultImage"),
}
KNOWN_COLUMNS = ("symbol", "name", "exchange", "security_type", "subtype", "leverage")
PLAID_ACCOUNT = {"account_id", "balances", "mask", "name", "official_name", "subtype", "type"}
PLAID_BALANCES = {"available", "current", "limit", "margin_loan_amount"} | {
    "iso_currency_code",
    "unofficial_currency_code",
}
PLAID_HOLDING = {
    *("account_id", "security_id", "institution_price", "institution_value", "cost_basis"),
    *("quantity", "iso_currency_code", "unofficial_currency_code"),
}
PLAID_SECURITY = {
    *("security_id", "isin", "cusip", "sedol", "institution_security_id", "institution_id"),
    *("proxy_security_id", "name", "ticker_symbol", "is_cash_equivalent", "type", "close_price"),
    *("close_price_as_of", "iso_currency_code", "unofficial_currency_code", "sector", "industry"),
    *("market_identifier_code", "cfi_code", "option_contract", "fixed_income"),
}
OPENFIGI_ROW = {
    *("figi", "name", "ticker", "exchCode", "compositeFIGI", "securityType", "marketSector"),
    *("shareClassFIGI", "securityType2", "securityDescription"),
}
UNIVERSAL_SYMBOL = {"id", "symbol", "raw_symbol", "currency", "type", "currencies"}


def cusip_is_valid(cusip: str) -> bool:
    """The published check: every second character doubled, digits added, modulo 10."""
    values = [int(char, 36) for char in cusip[:8]]
    doubled = [value * (1 + place % 2) for place, value in enumerate(values)]
    return -sum(value // 10 + value % 10 for value in doubled) % 10 == int(cusip[8])


def plaid_rows() -> list[tuple[dict, dict]]:
    payload = datasets.sample_payload("plaid")
    securities = {security["security_id"]: security for security in payload["securities"]}
    return [(holding, securities[holding["security_id"]]) for holding in payload["holdings"]]


def plaid_security(ticker: str | None) -> dict:
    return next(sec for _, sec in plaid_rows() if sec["ticker_symbol"] == ticker)


def snaptrade_position(ticker: str) -> dict:
    positions = datasets.sample_payload("snaptrade")["positions"]
    return next(row for row in positions if row["symbol"]["symbol"]["symbol"] == ticker)


def broker_table() -> pd.DataFrame:
    lines = datasets.sample_payload("broker").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith('"Symbol"'))
    body = lines[start : lines.index("", start)]
    return pd.read_csv(io.StringIO("\n".join(body)), dtype=str, keep_default_na=False)


def amount(text: str) -> float:
    digits = float(text.strip("$()%").replace(",", "").removeprefix("$"))
    return -digits if text.startswith("(") else digits


def listed_tickers() -> set[str]:
    """Every ticker of the three files that names a listed security, in FMP's spelling."""
    unlisted = {"cash", "cryptocurrency", "derivative", "fixed income"}
    plaid = {
        sec["ticker_symbol"]
        for _, sec in plaid_rows()
        if sec["type"] not in unlisted or sec["ticker_symbol"] == "VMFXX"
    }
    positions = datasets.sample_payload("snaptrade")["positions"]
    snaptrade = {row["symbol"]["symbol"]["symbol"] for row in positions}
    table = broker_table()
    own = table.loc[table["Quantity"].ne("--") & table["Security Type"].ne("Option"), "Symbol"]
    return {canonical(ticker) for ticker in plaid | snaptrade | set(own)}


# --- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_file_is_where_its_path_says(name):
    path = datasets.sample_path(name)
    assert path.is_file()
    assert path in FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_says_first_that_it_is_a_sample_and_from_when(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        label = json.loads(text)["_sample"]
        first = " ".join(label.values())
        assert next(iter(json.loads(text))) == "_sample"
    else:
        first = text.splitlines()[0]
    assert "SAMPLE DATA written for the sectypes project" in first
    assert "invented" in first
    assert datasets.SAMPLE_DATE in first


def test_the_files_are_small_and_plain_text():
    assert {path.suffix for path in FILES} == {".json", ".csv"}
    assert sum(path.stat().st_size for path in FILES) < 150_000
    assert all(path.read_text(encoding="utf-8").endswith("\n") for path in FILES)


def test_the_table_of_known_types_says_first_whose_it_is():
    first = KNOWN.read_text(encoding="utf-8").splitlines()[0]
    assert "written for the sectypes project from public knowledge" in first


def test_the_date_is_a_trading_day():
    assert date.fromisoformat(datasets.SAMPLE_DATE).weekday() < 5


@pytest.mark.parametrize("call", [datasets.sample_path, datasets.sample_payload])
@pytest.mark.parametrize("name", ["", "Plaid", "csv", "../secrets", "returns"])
def test_an_unknown_sample_is_named_with_the_known_ones(call, name):
    with pytest.raises(ConfigError, match="plaid, snaptrade, broker, profiles, second"):
        call(name)


@pytest.mark.parametrize("provider", ["csv", "profiles", "PLAID"])
def test_an_unknown_provider_is_named_with_the_known_ones(provider):
    with pytest.raises(ConfigError, match=f"{provider}.*choose from plaid, snaptrade, broker$"):
        datasets.sample_holdings(provider)


def test_importing_reads_nothing_and_loads_no_other_room():
    code = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda event, args: event == 'open' and opened.append(str(args[0])))\n"
        "import sectypes.datasets\n"
        "heavy = {'sqlalchemy', 'requests', 'matplotlib', 'typer'} & set(sys.modules)\n"
        "print(heavy, [name for name in opened if name.endswith(('.json', '.csv'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "set() []"


# --- Plaid -------------------------------------------------------------------------------------


def test_plaid_has_the_documented_required_keys():
    payload = datasets.sample_payload("plaid")
    assert {"accounts", "holdings", "securities", "item", "request_id"} <= set(payload)
    assert all(set(row) >= PLAID_ACCOUNT for row in payload["accounts"])
    assert all(set(row["balances"]) >= PLAID_BALANCES for row in payload["accounts"])
    assert all(set(row) >= PLAID_HOLDING for row in payload["holdings"])
    assert all(set(row) >= PLAID_SECURITY for row in payload["securities"])


def test_plaid_joins_completely():
    payload = datasets.sample_payload("plaid")
    accounts = [row["account_id"] for row in payload["accounts"]]
    securities = [row["security_id"] for row in payload["securities"]]
    held = Counter(row["security_id"] for row in payload["holdings"])
    assert len(set(accounts)) == len(accounts)
    assert len(set(securities)) == len(securities)
    assert held == Counter(securities)
    assert {row["account_id"] for row in payload["holdings"]} < set(accounts)


def test_plaid_accounts_hold_what_they_say_and_one_is_empty():
    payload = datasets.sample_payload("plaid")
    sums: Counter[str] = Counter()
    for row in payload["holdings"]:
        sums[row["account_id"]] += row["institution_value"]
    for account in payload["accounts"]:
        if account["type"] == "investment":
            assert sums[account["account_id"]] == account["balances"]["current"]
    assert [row["name"] for row in payload["accounts"] if not sums[row["account_id"]]] == [
        "Savings"
    ]


def test_plaid_values_are_quantity_times_price_in_dollars():
    for holding, security in plaid_rows():
        value = holding["quantity"] * holding["institution_price"]
        assert holding["institution_value"] == pytest.approx(value)
        assert holding["iso_currency_code"] == security["iso_currency_code"] == "USD"
        assert holding["institution_price_as_of"] == datasets.SAMPLE_DATE


def test_plaid_shows_the_traps_it_is_there_for():
    flagged = {sec["ticker_symbol"] for _, sec in plaid_rows() if sec["is_cash_equivalent"]}
    assert flagged == {"SGOV", "CUR:USD", "USD", "VMFXX", "BTC", "ETH"}
    assert plaid_security("SGOV")["type"] == "etf"
    assert plaid_security("BTC")["type"] == "cryptocurrency"
    assert plaid_security("USD")["type"] == plaid_security("CUR:USD")["type"] == "cash"
    assert plaid_security("SPY261218P00600000")["option_contract"]["contract_type"] == "put"


def test_the_treasury_bill_has_a_valid_cusip_and_no_ticker():
    bill = plaid_security(None)
    assert bill["cusip"].startswith("912797")
    assert bill["fixed_income"]["maturity_date"] > datasets.SAMPLE_DATE
    assert bill["isin"] is None


def test_every_cusip_in_the_samples_passes_its_check():
    payload = json.dumps([datasets.sample_payload(name) for name in NAMES])
    found = [sec["cusip"] for _, sec in plaid_rows() if sec["cusip"]]
    assert len(found) == 1
    assert all(cusip_is_valid(cusip) for cusip in found)
    assert cusip_is_valid("037833100")  # the check itself, on a number that everyone knows
    assert not cusip_is_valid("037833101")
    assert all(profile["cusip"] is None for profile in datasets.sample_profiles().values())
    assert payload.count('"cusip": "') == len(found)


# --- SnapTrade ---------------------------------------------------------------------------------


def test_snaptrade_has_the_documented_keys():
    payload = datasets.sample_payload("snaptrade")
    assert {"account", "balances", "positions", "option_positions", "orders"} <= set(payload)
    assert set(payload["total_value"]) == {"value", "currency"}
    for row in payload["positions"]:
        assert {"symbol", "units", "price", "average_purchase_price", "currency"} <= set(row)
        universal = row["symbol"]["symbol"]
        assert set(universal) >= UNIVERSAL_SYMBOL
        assert set(universal["type"]) >= {"id", "code", "description"}
        assert set(universal["exchange"]) >= {"id", "code", "mic_code", "name", "suffix"}
        assert set(universal["currency"]) == set(row["currency"]) == {"id", "code", "name"}


def test_snaptrade_option_is_padded_and_counts_contracts():
    (option,) = datasets.sample_payload("snaptrade")["option_positions"]
    contract = option["symbol"]["option_symbol"]
    assert len(contract["ticker"]) == 21
    assert contract["ticker"].replace(" ", "") == "SPY261218P00600000"
    assert contract["ticker"].endswith(f"P{contract['strike_price'] * 1000:08d}")
    assert contract["expiration_date"] == "2026-12-18"
    assert option["units"] == 2
    assert set(contract["underlying_symbol"]) >= UNIVERSAL_SYMBOL


def test_snaptrade_money_market_fund_is_inside_the_cash_balance():
    payload = datasets.sample_payload("snaptrade")
    (balance,) = payload["balances"]
    (fund,) = [row for row in payload["positions"] if row["cash_equivalent"]]
    assert fund["symbol"]["symbol"]["symbol"] == "VMFXX"
    assert fund["units"] * fund["price"] < balance["cash"]
    assert balance["currency"]["code"] == "USD"


def test_snaptrade_adds_up_once_the_cash_is_counted_once():
    payload = datasets.sample_payload("snaptrade")
    shares = sum(r["units"] * r["price"] for r in payload["positions"] if not r["cash_equivalent"])
    options = sum(r["units"] * r["price"] * 100 for r in payload["option_positions"])
    total = shares + options + payload["balances"][0]["cash"]
    assert total == payload["account"]["balance"]["total"]["amount"] == 300_000
    assert payload["total_value"]["value"] == total + 14_000  # the deprecated double count


def test_snaptrade_calls_an_etf_an_adr_and_closed_end_funds_common_stock():
    profiles = datasets.sample_profiles()
    called = [t for t in profiles if t not in {"USD", "O", "JPM-PC", "VFIAX", "VTSAX"}]
    codes = {t: snaptrade_position(t)["symbol"]["symbol"]["type"]["code"] for t in called}
    assert codes["DSU"] == codes["SCHD"] == codes["TSM"] == codes["BST"] == "cs"
    assert codes["AAPL"] == codes["CASH"] == "cs"
    assert profiles["SCHD"]["isEtf"]
    assert profiles["TSM"]["isAdr"]


def test_snaptrade_foreign_listing_is_held_in_dollars():
    row = snaptrade_position("NA.TO")
    assert row["symbol"]["symbol"]["raw_symbol"] == "NA"
    assert row["symbol"]["symbol"]["currency"]["code"] == "CAD"
    assert row["symbol"]["symbol"]["exchange"]["suffix"] == ".TO"
    assert row["currency"]["code"] == "USD"


# --- broker CSV --------------------------------------------------------------------------------


def test_broker_export_has_titles_header_total_and_footer():
    lines = datasets.sample_payload("broker").splitlines()
    assert lines[1].startswith('"Positions for account')
    assert lines[3].startswith('"Symbol","Description","Quantity","Last Price"')
    assert lines[-4].startswith('"Account Total"')
    assert "disclaimer" in lines[-2]


@pytest.mark.parametrize("style", ['"$1,234.50"', '"(12.5)"', '"--"', '"($525.00)"', '"(1)"'])
def test_broker_export_writes_amounts_as_brokers_do(style):
    assert style in datasets.sample_payload("broker")


def test_broker_rows_add_up_to_the_totals_line():
    table = broker_table().set_index("Symbol")
    values = table["Market Value"].map(amount)
    total = values.pop("Account Total")
    assert values.sum() == total == 300_000
    shares = table["% of Account"].drop("Account Total").str.rstrip("%").astype(float)
    assert shares.sub(values / total * 100).abs().max() < 0.01


def test_broker_values_are_quantity_times_price():
    table = broker_table()
    table = table[table["Quantity"].ne("--")]
    size = np.where(table["Security Type"].eq("Option"), 100, 1)
    value = table["Quantity"].map(amount) * table["Last Price"].map(amount) * size
    assert value.tolist() == table["Market Value"].map(amount).tolist()


# --- profiles ----------------------------------------------------------------------------------


def test_every_profile_has_exactly_the_36_documented_keys():
    assert len(PROFILE_KEYS) == 36
    for symbol, profile in datasets.sample_profiles().items():
        assert set(profile) == PROFILE_KEYS, symbol
        assert profile["symbol"] == symbol


@pytest.mark.parametrize("kind", PROFILE_KINDS, ids=lambda kind: kind.__name__)
def test_profile_values_have_the_documented_types(kind):
    accepted = (int, float) if kind is float else kind
    for profile in datasets.sample_profiles().values():
        for key in PROFILE_KINDS[kind]:
            assert isinstance(profile[key], accepted), (profile["symbol"], key)
            assert isinstance(profile[key], bool) == (kind is bool)


@pytest.mark.parametrize(
    ("symbols", "flags"),
    [
        ("AAPL BRK-B CASH O JPM-PC NA.TO", (False, False, False)),
        ("TSM", (False, False, True)),
        ("SPY SCHD SGOV TQQQ USD", (True, False, False)),
        ("DSU VTSAX VFIAX VMFXX", (False, True, False)),
        ("BST", (False, False, False)),
    ],
)
def test_the_flags_are_as_fmp_sets_them(symbols, flags):
    profiles = datasets.sample_profiles()
    for symbol in symbols.split():
        profile = profiles[symbol]
        assert (profile["isEtf"], profile["isFund"], profile["isAdr"]) == flags, symbol


def test_every_listed_ticker_has_a_profile_and_only_the_dollar_fund_is_not_held():
    assert set(datasets.sample_profiles()) - {"USD"} == listed_tickers()


def test_profile_prices_are_those_of_the_holdings():
    profiles = datasets.sample_profiles()
    for holding, security in plaid_rows():
        key = canonical(security["ticker_symbol"] or "")
        if security["type"] != "cash" and key in profiles:
            assert holding["institution_price"] == profiles[key]["price"]
    for row in datasets.sample_payload("snaptrade")["positions"]:
        assert row["price"] == profiles[row["symbol"]["symbol"]["symbol"]]["price"]


# --- the household as one frame ----------------------------------------------------------------


def test_the_household_is_read_in_provider_order_on_one_index():
    held = datasets.sample_holdings()
    assert held["portfolio"].drop_duplicates().tolist() == ["plaid", "snaptrade", "broker"]
    assert held["provider"].drop_duplicates().tolist() == ["plaid", "snaptrade", "csv"]
    assert held.index.tolist() == list(range(len(held)))
    assert held["portfolio"].value_counts().to_dict() == {
        "plaid": 13,
        "snaptrade": 14,
        "broker": 10,
    }


@pytest.mark.parametrize("provider", ["plaid", "snaptrade", "broker"])
def test_one_provider_is_its_part_of_the_whole(provider):
    held = datasets.sample_holdings()
    part = datasets.sample_holdings(provider)
    expected = held[held["portfolio"].eq(provider)].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, expected, check_dtype=False)


def test_the_household_is_worth_a_million_dollars():
    held = datasets.sample_holdings()
    worth = held.groupby("portfolio")["value"].sum()
    assert worth.to_dict() == {"plaid": 400_000, "snaptrade": 300_000, "broker": 300_000}
    assert held["value"].notna().all()


def test_all_of_it_is_in_dollars_where_the_provider_says():
    held = datasets.sample_holdings()
    named = held.loc[held["portfolio"].ne("broker"), "currency"]
    assert named.unique().tolist() == ["USD"]
    assert "$" in datasets.sample_payload("broker")


def test_dsu_is_held_three_times_and_never_called_the_same():
    dsu = datasets.sample_holdings().query("ticker == 'DSU'").set_index("portfolio")
    assert dsu["provider_type"].to_dict() == {
        "plaid": "mutual fund",
        "snaptrade": "cs",
        "broker": "ETFs & Closed End Funds",
    }


def test_dsu_is_thirty_percent_of_the_household_and_the_largest_position_everywhere():
    held = datasets.sample_holdings()
    share = held["value"] / held.groupby("portfolio")["value"].transform("sum")
    largest = held.loc[share.groupby(held["portfolio"]).idxmax()]
    dsu = share[held["ticker"].eq("DSU")]
    assert largest["ticker"].tolist() == ["DSU"] * 3
    assert dsu.tolist() == pytest.approx([0.2625, 0.30, 0.35])
    assert held.loc[dsu.index, "value"].sum() / held["value"].sum() == pytest.approx(0.30)
    assert share.between(-0.01, 0.35 + 1e-9).all()


def test_the_cash_rows_are_cash_and_the_coins_are_not():
    held = datasets.sample_holdings()
    cash = held[held["is_cash"]]
    plaid = set(cash.loc[cash["portfolio"].eq("plaid"), "ticker"])
    snaptrade = cash[cash["portfolio"].eq("snaptrade")]
    broker = cash[cash["portfolio"].eq("broker")]
    assert plaid == {"CUR:USD", "USD", "VMFXX", "SGOV"}
    assert snaptrade["value"].sum() == 20_000
    assert broker["value"].sum() == 12_525


def test_one_share_is_spelled_three_ways():
    held = datasets.sample_holdings()
    spelled = held.loc[held["ticker"].map(canonical, na_action="ignore").eq("BRK-B"), "ticker"]
    assert spelled.tolist() == ["BRK.B", "BRK-B", "BRK/B"]


# --- the service -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ticker", "expected"),
    [
        ("DSU", "mutual_fund"),
        ("SCHD", "etf"),
        ("SPY", "etf"),
        ("VFIAX", "mutual_fund"),
        ("VMFXX", "cash"),
        ("BRK.B", "equity"),
        ("brk/b", "equity"),
        ("TSM", "equity"),
        ("NA.TO", "equity"),
    ],
)
def test_the_sample_service_answers_from_the_profiles(ticker, expected):
    assert datasets.sample_service().get_security_types([ticker]) == {ticker: expected}


def test_a_sample_service_with_a_database_keeps_overrides_there(tmp_path):
    url = f"sqlite:///{tmp_path}/mine.db"
    with datasets.sample_service(database=url) as service:
        service.override("BST", "mutual_fund", note="closed-end fund", author="ana")
    with datasets.sample_service(database=url) as service:
        [bst, dsu] = service.resolve(["BST", "DSU"])
    assert (bst.security_type, bst.classification.origin) == ("mutual_fund", "override")
    assert (dsu.security_type, dsu.classification.origin) == ("mutual_fund", "snapshot")


def test_the_sample_service_is_verified_by_samples_and_says_so():
    service = datasets.sample_service()
    held = datasets.sample_holdings()
    assert held.sectype.compare(service).coverage.guessed == pytest.approx(0.0358, abs=1e-4)
    lines = held.sectype.verify(service).set_index("ticker")
    assert lines["second"].to_dict() == {
        "912797ZQ3": "US GOVERNMENT (Govt) (sample)",
        "BST": "Closed-End Fund (sample)",
    }
    assert lines["security_type"].to_dict() == {"912797ZQ3": "bond", "BST": "mutual_fund"}
    assert lines["is_settled"].all()
    assert held.sectype.compare(service).coverage.guessed == 0


def test_the_sample_service_asks_its_second_source_only_to_verify():
    with datasets.sample_service() as service:
        [before] = service.resolve(["BST"])
        [line] = service.verify(["BST"])
        [after] = service.resolve(["BST"])
    assert (before.classification.origin, after.classification.origin) == ("heuristic", "openfigi")
    assert line.note.startswith("snapshot: equity; OpenFIGI: Closed-End Fund (sample); the name: ")
    assert after.reason == line.note


def test_second_opinions_have_the_documented_keys_and_are_about_holdings():
    results = datasets.sample_payload("second")["results"]
    held = {canonical(ticker) for ticker in datasets.sample_holdings()["ticker"].dropna()}
    assert results.keys() <= held
    rows = [row for result in results.values() for row in result["data"]]
    assert all(row.keys() == OPENFIGI_ROW for row in rows)
    assert all("SAMPLE" in row["figi"] for row in rows)


def test_known_types_are_typed_and_only_blanks_are_missing():
    known = datasets.known_types()
    assert known.columns.tolist() == list(KNOWN_COLUMNS)
    assert len(known) == len(KNOWN.read_text(encoding="utf-8").splitlines()) - 2
    assert known["security_type"].dtype == TYPE_DTYPE
    assert known["leverage"].dtype == float
    assert known[["symbol", "security_type"]].notna().all(axis=None)
    by_symbol = known.set_index("symbol")
    assert by_symbol.loc["BST", ["security_type", "subtype"]].tolist() == [
        "mutual_fund",
        "closed_end_fund",
    ]
    assert by_symbol.loc[["TQQQ", "SH"], "leverage"].tolist() == [3.0, -1.0]
    assert math.isnan(by_symbol.loc["JNJ", "leverage"])


def test_the_sample_service_ignores_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SECTYPES_OFFLINE", "1")
    monkeypatch.setenv("SECTYPES_DATABASE_URL", f"sqlite:///{tmp_path}/never.sqlite")
    assert datasets.sample_service().get_security_types(["DSU"]) == {"DSU": "mutual_fund"}
    assert list(tmp_path.iterdir()) == []


# --- returns -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "load", [datasets.sample_returns, datasets.sample_factors, datasets.sample_industries]
)
def test_returns_are_sixty_whole_months_of_fractions(load):
    table = load()
    ends = pd.date_range("2021-11-30", periods=60, freq="ME")
    assert table.index.tolist() == ends.tolist()
    assert set(map(str, table.dtypes)) == {"float64"}
    assert np.isfinite(table.to_numpy()).all()
    assert table.min().min() > -1


def test_every_holding_has_returns_and_all_returns_are_held():
    tickers = datasets.sample_holdings()["ticker"]
    keys = {canonical(ticker) for ticker in tickers.dropna() if ticker}
    columns = set(datasets.sample_returns().columns)
    assert columns - keys == set()
    assert keys - columns == set()


def test_the_sample_market_behaves_like_one():
    market = datasets.sample_factors()["market"]
    returns = datasets.sample_returns()
    slope = returns.apply(lambda column: column.cov(market)) / market.var()
    assert slope["SPY"] == pytest.approx(1, abs=0.05)
    assert slope["TQQQ"] > 2.5
    assert 0.2 < slope["DSU"] < 0.8
    assert slope["SGOV"] == pytest.approx(0, abs=0.05)
    assert slope["SPY261218P00600000"] < 0
    assert 0.08 < market.std() * math.sqrt(12) < 0.25


def test_coins_and_cash_stand_apart():
    returns = datasets.sample_returns()
    assert returns[["USD", "CUR:USD"]].eq(0).all(axis=None)
    assert returns[["BTC", "ETH"]].std().min() > 2 * returns["SPY"].std()


def test_industries_belong_to_tickers_and_proxies_that_exist():
    mapping = datasets.sample_industry_map()
    assert list(mapping) == list(datasets.sample_returns().columns)
    assert set(filter(None, mapping.values())) == set(datasets.sample_industries().columns)
    broad = {"SPY", "VTSAX", "VFIAX", "SCHD", "SGOV", "USD", "BTC"}
    assert {mapping[ticker] for ticker in broad} == {None}


def test_every_exposure_of_the_household_can_be_worked_out():
    held = datasets.sample_holdings()
    weights = held["value"].set_axis(held["ticker"].map(canonical)) / held["value"].sum()
    found = PortfolioExposures.from_returns(
        weights,
        datasets.sample_returns(),
        factors=datasets.sample_factors(),
        industries=datasets.sample_industries(),
        industry_of=datasets.sample_industry_map(),
    )
    assert found.reasons == {}
    assert 0.03 < found.volatility_annual < 0.25
    assert 0.3 < found.factor_betas["market"] < 1.2


@pytest.mark.parametrize("provider", [None, "plaid", "snaptrade", "broker"])
def test_sample_exposures_are_those_of_the_holdings(provider):
    held = datasets.sample_holdings(provider)
    found = datasets.sample_exposures(provider)
    keys = held["ticker"].map(canonical)
    weights = (held["value"] / held["value"].sum()).groupby(keys).sum()
    moving = weights[weights.index.isin(datasets.sample_returns().columns)]
    market = datasets.sample_factors()["market"]
    slopes = datasets.sample_returns()[moving.index].apply(
        lambda returns: returns.cov(market) / market.var()
    )
    assert found.factor_betas["market"] == pytest.approx((moving * slopes).sum(), abs=0.01)
    assert dict(found.reasons) == {}


def test_sample_exposures_of_an_unknown_provider_are_refused():
    with pytest.raises(ConfigError, match="'fidelity'"):
        datasets.sample_exposures("fidelity")


# --- whoever loads, owns -----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_payload_is_the_callers_own(name):
    first, second = datasets.sample_payload(name), datasets.sample_payload(name)
    assert first == second
    if isinstance(first, dict):
        first.clear()
        assert datasets.sample_payload(name) == second


def test_changing_a_profile_does_not_change_the_next():
    first = datasets.sample_profiles()
    first["DSU"]["isFund"] = False
    del first["SPY"]
    assert datasets.sample_profiles()["DSU"]["isFund"] is True
    assert "SPY" in datasets.sample_profiles()


def test_changing_the_industry_map_does_not_change_the_next():
    datasets.sample_industry_map().clear()
    assert datasets.sample_industry_map()["AAPL"] == "technology"


@pytest.mark.parametrize(
    "load",
    [
        datasets.sample_holdings,
        datasets.sample_returns,
        datasets.sample_factors,
        datasets.sample_industries,
        datasets.known_types,
    ],
)
def test_changing_a_frame_does_not_change_the_next(load):
    first, second = load(), load()
    pd.testing.assert_frame_equal(first, second)
    first.iloc[0, -1] = np.nan
    del first[first.columns[0]]
    pd.testing.assert_frame_equal(load(), second)
