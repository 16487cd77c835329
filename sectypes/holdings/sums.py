"""Rows that sum up others: the known forms, always as the whole text.

"Total Bond Market Portfolio" is a fund, "Total Portfolio Value" a sum. What is no known form stays
a position: a sum too many can be seen in the result, a lost position cannot.
"""

from __future__ import annotations

import re

__all__ = ["is_sum", "is_total_of_something"]

_KINDS = (
    "account|accounts|grand|portfolio|sub|overall|net|all|cash|equity|equities|etfs?|funds?|"
    "mutual|stocks?|bonds?|options?|positions?|holdings?|section|fixed|income"
)
_WHOSE = "net|account|portfolio|market|current|ending|cash|investment|position"
_VALUES = rf"(?:(?:{_WHOSE})\s)*(?:values?|balances?|worth|assets)"
# Asset classes in the plural: "Total Bond" and "Total Stock" begin the names of funds.
_CLASSES = (
    "accounts?|portfolio|holdings|positions|investments|securities|equity|equities|stocks|bonds|"
    r"(?:mutual\s)?funds|etfs|options|fixed\sincome|"
    r"cash(?:\s(?:and|&)\s(?:cash\s)?(?:equivalents|investments|sweep|money\smarkets?))?"
)
_MONEY = r"\(.*\)|usd|us\sdollars?|cad|eur|gbp|chf|aud|jpy"
_TOTAL = (
    rf"(?:(?:{_KINDS})[\s-]*)*totals?"
    rf"(?:\s*:.*|\s[-–]\s.*|\s(?:for|of|in)\s.*|(?:\s(?:{_VALUES}|{_CLASSES}))?(?:\s(?:{_MONEY}))?)"
)
_WORTH = r"(?:net\s)?(?:account|portfolio|liquidati(?:on|ng))\svalue|net\s(?:worth|assets)|sum"
_SUM = re.compile(rf"(?:{_TOTAL}|{_WORTH})\s?:?", re.IGNORECASE)
_OF_SOMETHING = re.compile(r".+\stotals?\s?:?", re.IGNORECASE)


def is_sum(text: str) -> bool:
    """Whether a text is, as a whole, a way to call the sum of other rows.

    Examples
    --------
    >>> is_sum("Grand Total"), is_sum("Total for account 1"), is_sum("Net Account Value:")
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
