"""Which rows are answered by what they are themselves, and which by asking others.

A row that says that it is cash, a coin or an option is not the listed security that shares its
letters; an overridden row is answered by the override. Pure functions, as in `precedence`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import compress
from typing import NamedTuple

from sectypes import heuristics, tickers, vocab
from sectypes.taxonomy import Classification, Label, Query, SecurityType, Subtype, questions_of

__all__ = [
    "Aside",
    "Sorted",
    "answers_itself",
    "as_rows",
    "guess_of",
    "label_of",
    "names_multiple",
    "sort_rows",
    "word_of",
]

_FUNDS = (SecurityType.ETF, SecurityType.MUTUAL_FUND)

Aside = Mapping[int, Classification | Label | None]
"""The rows that no fact answers, by position: their override, what the row says that it is
instead of a listed security, or None for a blank one."""


def answers_itself(query: Query, override: Classification | None = None) -> bool:
    """Whether nobody else is needed: the row is blank, overridden, or says that it is not listed.

    An override that only says "fund" still needs the fund's multiple.
    """
    if override is not None:
        return names_multiple(override)
    return not query.key or _own_label(query) is not None


class Sorted(NamedTuple):
    """Rows, sorted by who answers them.

    Attributes
    ----------
    aside : Aside
        The rows that no fact answers.
    keys : list[str]
        The distinct keys about which others are to be asked; see `answers_itself`.
    """

    aside: Aside
    keys: list[str]


def as_rows(given: Sequence[Query | str]) -> list[Query]:
    """Questions as they are, and bare tickers as questions."""
    bare = [one for one in given if isinstance(one, str)]
    made = questions_of(bare, tickers.canonical_many(bare))
    if len(made) == len(given):
        return made
    rest = iter(made)
    return [next(rest) if isinstance(one, str) else one for one in given]


def sort_rows(queries: Sequence[Query], overrides: Mapping[str, Classification]) -> Sorted:
    """Tell the rows that answer themselves, or are overridden, from those to ask others about.

    A book has few kinds of rows, so what the words of a row can tell is asked once a kind.
    """
    keys = [row.key for row in queries]
    says = [n for n, row in enumerate(queries) if row.name or row.provider_type or row.is_cash]
    kinds = [
        (row.provider_type, row.provider, row.is_cash, row.name is None)
        for row in map(queries.__getitem__, says)
    ]
    can_tell = {kind: _can_tell(*kind) for kind in set(kinds)}
    numbers = list(compress(says, map(can_tell.__getitem__, kinds)))
    distinct = dict.fromkeys(keys)
    marked = distinct.keys() & {"", *overrides}
    if marked:
        numbers += [number for number, key in enumerate(keys) if key in marked]
    aside: dict[int, Classification | Label | None] = {}
    for number in numbers:
        key = keys[number]
        found = overrides[key] if key in overrides else _own_label(queries[number])
        if found is not None or not key:
            aside[number] = found
    if aside:
        distinct = dict.fromkeys(
            key
            for number, key in enumerate(keys)
            if number not in aside or not _is_complete(aside[number])
        )
    return Sorted(aside, list(distinct))


def _is_complete(found: Classification | Label | None) -> bool:
    return not isinstance(found, Classification) or names_multiple(found)


def names_multiple(override: Classification) -> bool:
    """Whether an override leaves nothing open; one that only says "fund" leaves its multiple."""
    return override.leverage != 1.0 or override.security_type not in _FUNDS


def _own_label(query: Query) -> Label | None:
    """What the row says of itself, where it says that it is not a listed security.

    The provider's word decides; where it says nothing or cash, a name that is a coin's and nothing
    else ("Bitcoin") says that BTC is the coin, and one that states an expiry that SPY is the
    option. A cash flag alone does not make a coin cash: Plaid
    sets it on coins, and older payloads call CUR:BTC cash.
    """
    word = word_of(query)
    says_cash = query.is_cash or (word is not None and word.security_type is SecurityType.CASH)
    if word is not None and not says_cash:
        return None if word.listed else word
    if word is not None and not word.listed and word.security_type is not SecurityType.CASH:
        return word
    rule = guess_of(query.key, query.name) if query.name else None
    if rule is not None and rule.rule in _NOT_LISTED:
        return Label(rule.security_type, rule.subtype, listed=False)
    if says_cash and _is_bare_coin(query):
        return _COIN
    if says_cash:
        return None if tickers.shape(query.key) is tickers.Shape.CRYPTO else _CASH
    return _CASH if rule is not None and rule.rule == "name_cash" else None


def word_of(query: Query) -> Label | None:
    """What the row's word for the type means; None for an unknown one and for an asset class.

    Examples
    --------
    >>> row = Query("BILQ", "BILQ", name="Sample Bill ETF", provider_type="Cash Equivalents")
    >>> word_of(row), str(word_of(row.replace(name=None)).security_type)
    (None, 'cash')
    """
    word = label_of(query.provider_type, query.provider)
    if word is None or word.security_type is not SecurityType.CASH:
        return word
    only_class = vocab.is_asset_class(
        ticker=query.key,
        name=query.name,
        provider_type=query.provider_type,
        provider=query.provider,
    )
    return None if only_class else word


def _is_bare_coin(query: Query) -> bool:
    """Whether nothing but its code speaks for a coin: providers call coins cash or currency."""
    has_name = query.name is not None and tickers.canonical(query.name) not in ("", query.key)
    return not has_name and tickers.is_coin(query.key)


@lru_cache(maxsize=4096)
def _can_tell(
    provider_type: str | None, provider: str | None, is_cash: bool, is_nameless: bool
) -> bool:
    """Whether a row with such words may say that it is not a listed security."""
    word = label_of(provider_type, provider)
    if is_cash or word is None:
        return is_cash or not is_nameless
    return not word.listed or word.security_type is SecurityType.CASH


_NOT_LISTED = ("name_coin", "name_option", "name_future")
"""Rules on names that say what shares a listed security's letters."""
_CASH = Label(SecurityType.CASH, listed=False)
_COIN = Label(SecurityType.CRYPTO, Subtype.CRYPTOCURRENCY, listed=False)


@lru_cache(maxsize=4096)
def label_of(provider_type: str | None, provider: str | None) -> Label | None:
    """What a provider's word means; None for one that says nothing."""
    return vocab.provider_label(provider_type, provider) if provider_type else None


@lru_cache(maxsize=65_536)
def guess_of(key: str, name: str | None, exchange: str | None = None) -> heuristics.Guess | None:
    """The rules' guess; a book that is classified again is not read again."""
    return heuristics.guess(key, name=name, exchange=exchange)
