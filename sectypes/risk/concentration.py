"""The losses that come from single positions: the decisive one, and all of them at once.

The arithmetic works on many portfolios at once; one portfolio is the case of one group.
"""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np

from sectypes.checks import or_design
from sectypes.choices import Method
from sectypes.risk.book import Book, make_book
from sectypes.risk.curves import PLACES, check_choice
from sectypes.risk.groups import Groups
from sectypes.risk.losses import Loss, leverage_gap
from sectypes.risk.rates import BoolArray, FloatArray
from sectypes.scenarios import CrashScenarios

__all__ = ["ASKS_KIND", "Method", "concentration_by_group", "concentration_loss", "whole_book_loss"]

ASKS_KIND = ("single_issuer", "top_n")
"""Methods to which it matters what is a fund."""


def concentration_loss(
    weights: Any,
    types: Any,
    *,
    scenarios: CrashScenarios | None = None,
    leverage: float = 1.0,
    position_leverage: Any = None,
    method: Method = "largest_position",
) -> float:
    """Loss when the decisive position crashes (design 7).

    ======================  ================================================================
    ``largest_position``    abs(weight) x rate of the largest position; among positions that
                            are equally large to 9 places the one with the highest loss counts
    ``worst_position``      highest abs(weight) x rate of all positions
    ``single_issuer``       ``largest_position`` among positions that are neither etf nor
                            mutual fund; among all where none is left
    ``top_n``               on the same positions: the larger of that and half the summed
                            losses of the 3 largest
    ======================  ================================================================

    Each is multiplied by `leverage`. Rows with one ticker are one position, by absolute weight,
    however the ticker is spelled. Only ``worst_position`` promises that more weight or a
    riskier type never lowers the loss: with the others a safe position can grow into the largest.

    Parameters
    ----------
    weights : Series, mapping or array of float, shape (n,)
        Fractions of the book's net value; a short is negative and counts by its absolute value. A
        weight of zero is no position.
    types : Series, mapping or sequence of str, shape (n,)
        Security types. Two Series are matched by their labels. A missing or unknown type takes the
        worst rate of the scenario.
    scenarios : CrashScenarios | None
        The rates; None for the design's.
    leverage : float
        Of the portfolio; 1.0 when the weights already carry it.
    position_leverage : Series, mapping or sequence of float, shape (n,), or None
        Multiple of each position: it takes min(1, abs(multiple) x rate).
    method : str
        See above.

    Returns
    -------
    float
        Positive fraction of the net value; NaN where a weight or `leverage` is NaN or there is
        no position.

    Raises
    ------
    InputError
        Lengths or labels do not match, or the leverage is not above zero.
    ConfigError
        The method has another name.

    Examples
    --------
    >>> concentration_loss([0.5, 0.3, 0.2], ["cash", "equity", "etf"])
    0.025
    >>> concentration_loss([0.5, 0.3, 0.2], ["cash", "equity", "etf"], method="worst_position")
    0.24
    """
    book = make_book(
        weights,
        types,
        scenarios=or_design("scenarios", scenarios, CrashScenarios),
        multiples=position_leverage,
    )
    return concentration(book, leverage=leverage, method=method).value


def whole_book_loss(
    weights: Any,
    types: Any,
    *,
    scenarios: CrashScenarios | None = None,
    leverage: float = 1.0,
    position_leverage: Any = None,
) -> float:
    """Loss when every position crashes at once: sum of abs(weight) x rate x leverage.

    Parameters, missing values and errors are those of `concentration_loss`.

    Examples
    --------
    >>> round(whole_book_loss([0.5, 0.3, 0.2], ["cash", "equity", "etf"]), 9)
    0.335
    """
    book = make_book(
        weights,
        types,
        scenarios=or_design("scenarios", scenarios, CrashScenarios),
        multiples=position_leverage,
    )
    return whole_book(book, leverage=leverage).value


def concentration(book: Book, *, leverage: float, method: Method) -> Loss:
    """`concentration_loss` of a book, with the reason where it is missing."""
    if reason := book.missing or leverage_gap(leverage):
        return Loss(math.nan, reason)
    held = book.by_security()
    groups = Groups.one(len(held.weights))
    ranked = np.round(held.sizes, PLACES)
    per_book = concentration_by_group(ranked, held.losses, held.funds, groups, method)
    return Loss(float(per_book[0]) * leverage)


def whole_book(book: Book, *, leverage: float) -> Loss:
    """`whole_book_loss` of a book, with the reason where it is missing."""
    if reason := book.missing or leverage_gap(leverage):
        return Loss(math.nan, reason)
    # An exact sum does not depend on the order of the rows.
    return Loss(math.fsum(book.losses) * leverage)


def concentration_by_group(
    ranked: FloatArray,
    losses: FloatArray,
    funds: BoolArray | None,
    groups: Groups,
    method: Method,
) -> FloatArray:
    """Concentration loss of each group before the portfolio's leverage, shape (groups,).

    Parameters
    ----------
    ranked : array of float, shape (n,)
        Absolute weights, rounded to 9 places: what counts as equally large.
    losses : array of float, shape (n,)
        Absolute weight x rate. No NaN and no empty group may come in.
    funds : array of bool, shape (n,), or None
        Whether the position is an etf or a mutual fund; None where there is none, or the method
        (see `ASKS_KIND`) does not ask.
    groups : Groups
        The portfolio of each row.
    method : str
        As in `concentration_loss`.

    Raises
    ------
    ConfigError
        The method has another name.
    """
    check_choice("method", method, get_args(Method))
    if method == "worst_position":
        return groups.highest(losses)
    sizes = ranked
    if method in ASKS_KIND:
        counted = sizes > 0 if funds is None else ~funds & (sizes > 0)
        counted |= ~groups.any(counted)[groups.codes]
        sizes, losses = np.where(counted, sizes, 0.0), np.where(counted, losses, 0.0)
    is_largest = sizes == groups.highest(sizes)[groups.codes]
    largest = groups.highest(np.where(is_largest, losses, 0.0))
    if method != "top_n":
        return largest
    return np.maximum(largest, 0.5 * _sum_of_largest(sizes, losses, groups, 3))


def _sum_of_largest(
    sizes: FloatArray, losses: FloatArray, groups: Groups, count: int
) -> FloatArray:
    """Summed losses of the `count` largest rows of each group; the riskier of equals first."""
    order = np.lexsort((-losses, -sizes, groups.codes))
    rank = np.arange(len(order)) - groups.starts[groups.codes]
    summed: FloatArray = np.add.reduceat(np.where(rank < count, losses[order], 0.0), groups.starts)
    return summed
