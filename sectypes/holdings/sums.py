"""Rows that sum up others: the known forms, always as the whole text, and what they add up to.

"Total Bond Market Portfolio" is a fund, "Total Portfolio Value" a sum. A text that is no known
form and only starts or ends with "total" is a sum where its amount is that of rows above it.
"""

from __future__ import annotations

import math
import re
from collections import deque

from sectypes.tickers import is_cash_phrase

__all__ = ["Above", "cash_of_total", "is_sum", "is_total_of_something", "may_be_fund", "says_total"]

_KINDS = (
    "account|accounts|grand|portfolio|sub|overall|net|all|cash|equity|equities|etfs?|funds?|"
    "mutual|stocks?|bonds?|options?|positions?|holdings?|section|fixed|income"
)
_WHOSE = "net|account|portfolio|market|current|ending|cash|investment|position"
_VALUES = rf"(?:(?:{_WHOSE})\s)*(?:values?|balances?|worth|assets)"
_CASH = r"cash(?:\s(?:and|&)\s(?:cash\s)?(?:equivalents|investments|sweep|money\smarkets?))?"
# Asset classes in the plural: "Total Bond" and "Total Stock" begin the names of funds.
_CLASSES = (
    "accounts?|portfolio|holdings|positions|investments|securities|equity|equities|stocks|bonds|"
    rf"(?:mutual\s)?funds|etfs|options|fixed\sincome|{_CASH}"
)
_MONEY = r"\(.*\)|usd|us\sdollars?|cad|eur|gbp|chf|aud|jpy"
_TOTAL = (
    rf"(?:(?:{_KINDS})[\s-]*)*totals?"
    rf"(?:\s*:.*|\s[-–]\s.*|\s(?:for|of|in)\s.*|(?:\s(?:{_VALUES}|{_CLASSES}))?(?:\s(?:{_MONEY}))?)"
)
_WORTH = r"(?:net\s)?(?:account|portfolio|liquidati(?:on|ng))\svalue|net\s(?:worth|assets)|sum"
_SUM = re.compile(rf"(?:{_TOTAL}|{_WORTH}|sub[\s-]?totals?\s.*)\s?:?", re.IGNORECASE)
_OF_SOMETHING = re.compile(r".+\stotals?\s?:?", re.IGNORECASE)
_SAYS_TOTAL = re.compile(r"totals?\b.*|.*\b(?:sub-?)?totals?\s?:?", re.IGNORECASE)
_OF_CASH = re.compile(
    rf"(?:grand|overall|account|portfolio|sub)?[\s-]*"
    rf"(?:totals?\s({_CASH}(?:\s(?:balances?|value))?)|({_CASH})\s(?:sub-?)?totals?)\s?:?",
    re.IGNORECASE,
)
# Cash and all other investments, which is no cash.
_CASH_AND_ALL = re.compile(r"cash\s(?:and|&)\sinvestments", re.IGNORECASE)
_FUND = re.compile(
    r"\b(?:funds?|index|idx|trust|etf|returns?|bonds?|stocks?|stk|mkt|market|intl|international|"
    r"world|us|shares?|class|portfolio|sa|se|plc|inc|corp|co|ltd|adr)\b",
    re.IGNORECASE,
)
_MARKS = 100  # sums that are remembered; more would make a hostile file slow


def is_sum(text: str) -> bool:
    """Whether a text is, as a whole, a way to call the sum of other rows.

    Examples
    --------
    >>> is_sum("Grand Total"), is_sum("Total for account 1"), is_sum("Subtotal Main Street")
    (True, True, True)
    >>> is_sum("Total Return Portfolio"), is_sum("TOTAL SA"), is_sum("Total-Return Fund")
    (False, False, False)
    """
    return _SUM.fullmatch(" ".join(text.split())) is not None


def is_total_of_something(text: str) -> bool:
    """Whether a text ends with "total": enough in the place of a ticker, not of a name.

    Examples
    --------
    >>> is_total_of_something("My Roth Total"), is_total_of_something("Total Return")
    (True, False)
    """
    return _OF_SOMETHING.fullmatch(text) is not None


def says_total(text: str) -> bool:
    """Whether a text starts or ends with "total": a sum only where its amount says so too.

    Examples
    --------
    >>> [says_total(text) for text in ("Total Main Street", "Main Street Total", "TotalEnergies")]
    [True, True, False]
    """
    return _SAYS_TOTAL.fullmatch(" ".join(text.split())) is not None


def may_be_fund(text: str) -> bool:
    """Whether a text with "total" in it has the words of a fund's or a company's name.

    Examples
    --------
    >>> may_be_fund("Total Stock Market Index"), may_be_fund("Total Main Street")
    (True, False)
    """
    return _FUND.search(text) is not None


def cash_of_total(text: str) -> str | None:
    """The cash that a "Total Cash" speaks of, as a phrase that says cash; None for other texts.

    Examples
    --------
    >>> cash_of_total("Total Cash"), cash_of_total("Total Cash & Cash Equivalents:")
    ('Total Cash', 'Cash & Cash Equivalents')
    >>> cash_of_total("Total Cash & Investments"), cash_of_total("Total")
    (None, None)
    """
    match = _OF_CASH.fullmatch(" ".join(text.split()))
    if match is None:
        return None
    words = match[1] or match[2]
    if _CASH_AND_ALL.fullmatch(words):
        return None
    return next((said for said in (text, words) if is_cash_phrase(said)), None)


class Above:
    """The amounts of the rows above, and where sums stood between them.

    Examples
    --------
    >>> above = Above()
    >>> above.add(5), above.add(2), above.rows_in(7), above.rows_in(2)
    (None, None, 2, 0)
    >>> above.close(), above.add(3), above.rows_in(3), above.rows_in(10)
    (None, None, 1, 3)
    """

    def __init__(self, *, rounded: float = 0.0) -> None:
        self._rounded = rounded  # by how much each amount may be off
        self._sum, self._rows = 0.0, 0
        self._marks: deque[tuple[float, int]] = deque(maxlen=_MARKS)

    def add(self, amount: float) -> None:
        """Count one position; a missing amount counts nothing."""
        if not math.isnan(amount):
            self._sum += amount
            self._rows += 1

    def rows_in(self, amount: float) -> int:
        """How many of the last rows have this sum: all, or those since a sum above; else 0."""
        for at, before in ((0.0, 0), *self._marks):
            since, rows = self._sum - at, self._rows - before
            off = self._rounded * (rows + 1)
            if rows and since and math.isclose(amount, since, rel_tol=1e-9, abs_tol=off):
                return rows
        return 0

    def close(self) -> None:
        """Begin anew below a sum."""
        if not self._marks or self._marks[-1][1] != self._rows:
            self._marks.append((self._sum, self._rows))
