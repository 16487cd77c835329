"""Frames of more rows than one piece or one block holds: the cuts must not show."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest

from sectypes.comparison import compare
from sectypes.errors import InputError
from sectypes.risk.layout import Layout
from sectypes.risk.numbering import factorized, recode
from sectypes.taxonomy import SECURITY_TYPES

METHODS = ("largest_position", "worst_position", "single_issuer", "top_n")
ROWS = 300_000
"""More than one piece of a column, and several blocks."""


def books(portfolios: int, seed: int = 5) -> pd.DataFrame:
    """Invented books of 1 to 60 positions with shared tickers, shorts, guesses and gaps."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 61, portfolios)
    rows = int(sizes.sum())
    values = rng.choice([10.0, 20.0, 55.5, 1 / 3, -0.1], rows)
    values[np.cumsum(sizes) - sizes] = 90.0  # so that every net value is above zero
    return pd.DataFrame(
        {
            "portfolio": np.repeat([f"P{i}" for i in range(portfolios)], sizes),
            "ticker": rng.choice(["AA", "BB", "BRK.B", "BRK-B", "CC", "DD", None], rows),
            "value": values,
            "security_type": rng.choice([*SECURITY_TYPES, None], rows),
            "leverage": rng.choice([1.0, 1.0, 1.0, 3.0, np.nan], rows),
            "origin": rng.choice(["fmp", "heuristic", "default", None], rows),
            "stale": rng.choice([True, False], rows),
        }
    )


@pytest.mark.parametrize("dtype", ["str", "object", "category", "int64"])
def test_a_column_in_pieces_is_numbered_like_one_at_once(dtype):
    numbers = np.random.default_rng(1).integers(0, 40_000, ROWS)
    values = pd.Series(numbers if dtype == "int64" else numbers.astype(str)).astype(dtype)
    if dtype != "int64":
        values = values.mask(numbers < 5)
    codes, labels = factorized(values)
    expected, distinct = pd.factorize(values)
    np.testing.assert_array_equal(codes, expected)
    pd.testing.assert_index_equal(labels, distinct)


@pytest.mark.parametrize("dtype", ["string", "object", "category"])
def test_each_word_is_translated_once_in_all_pieces(dtype):
    asked: list[str] = []

    def code(word: str) -> int:
        asked.append(word)
        return len(word)

    values = pd.Series(["a", "bb", None] * (ROWS // 3)).astype(dtype)
    found = recode(values, code, -1, dtype=np.int8)
    assert (found.dtype, asked) == (np.int8, ["a", "bb"])
    np.testing.assert_array_equal(found, np.tile([1, 2, -1], ROWS // 3))


@pytest.mark.parametrize(
    "sizes", [[], [1], [70_000, 1, 1], [1, 200_000, 1], [65_536, 65_536], [3] * 60_000]
)
@pytest.mark.parametrize("is_mixed", [False, True])
def test_blocks_hold_each_portfolio_once_and_whole(sizes, is_mixed):
    codes = np.repeat(np.arange(len(sizes)), sizes)
    if is_mixed:
        codes = pd.factorize(np.random.default_rng(2).permutation(codes))[0]
    layout = Layout.of(codes, len(sizes))
    parts = list(layout)
    assert [part.start for part in parts[1:]] == [part.stop for part in parts[:-1]]
    assert (parts[0].start, parts[-1].stop) == (0, len(sizes))
    rows = np.concatenate([np.arange(len(codes))[layout.rows(part)] for part in parts])
    own = np.concatenate([layout.groups(part).codes + part.start for part in parts])
    np.testing.assert_array_equal(codes[rows], own)
    assert sorted(rows.tolist()) == list(range(len(codes)))


@pytest.mark.parametrize("method", METHODS)
def test_neither_blocks_nor_the_order_of_the_rows_show(method):
    frame = books(4_000)
    # The first block holds no guess.
    frame.loc[:80_000, ["security_type", "origin", "leverage"]] = ["etf", "fmp", 1.0]
    whole = compare(frame, by="portfolio", method=method)
    mixed = compare(frame.sample(frac=1.0, random_state=3), by="portfolio", method=method)
    pd.testing.assert_frame_equal(mixed.loc[whole.index], whole, check_exact=True)
    few = [f"P{i}" for i in range(0, 4_000, 40)]
    alone = compare(frame[frame["portfolio"].isin(few)], by="portfolio", method=method)
    pd.testing.assert_frame_equal(whole.loc[few], alone, check_exact=False, rtol=0, atol=1e-12)


def test_no_two_columns_of_the_result_share_their_memory():
    table = compare(books(50), by="portfolio")
    kept = table.copy(deep=True)
    table.loc["P3", "factor_loss_before"] = 7.0
    changed = (table != kept) & ~(table.isna() & kept.isna())
    assert changed.columns[changed.any()].tolist() == ["factor_loss_before"]


def test_a_column_of_currencies_must_name_currencies():
    frame = pd.DataFrame({"value": 1.0, "currency": [f"C{i}" for i in range(10_001)]})
    with pytest.raises(InputError, match=r"'currency' names more than 10,000 currencies"):
        compare(frame.assign(security_type="cash", portfolio="A"), by="portfolio")


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="only Unix forks")
def test_a_forked_child_has_a_result_of_its_own():
    compared = compare(books(20), by="portfolio")
    floats = compared["whole_book_loss_after"].to_numpy().base
    before = floats.copy()
    child = os.fork()
    if child == 0:
        floats[:] = -1.0
        os._exit(0 if (compared["whole_book_loss_after"] == -1.0).all() else 1)
    assert os.waitpid(child, 0)[1] == 0
    np.testing.assert_array_equal(floats, before)
