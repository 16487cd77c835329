"""The second opinion: where FMP is known to err, what others say against it, and who is believed.

FMP's flags err by omission: some closed-end funds and many new ETFs carry neither flag, which
reads as a share. So a flag that is set is believed, and two that are not set are doubted where
others say fund:

1. OpenFIGI says fund: it is a fund. OpenFIGI agrees: that settles it.
2. Two witnesses say fund (the name by a named rule, FMP's own industry, the ticker's form, a
   provider's word): it is one, but called a guess, because nobody asserts it.
3. In any other disagreement the riskier type stands, and it is unsettled: the analyst decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sectypes import heuristics, vocab
from sectypes.sorting import guess_of, label_of
from sectypes.taxonomy import Classification, Label, Origin, Query, SecurityType, Subtype

__all__ = [
    "RISKIEST_FIRST",
    "Verdict",
    "Witness",
    "is_doubtful",
    "riskiest",
    "safety",
    "spoken",
    "weigh",
    "witnesses",
]

# The type with the higher crash rate first: where two contradict each other and nothing else is
# known, the riskier word stands.
RISKIEST_FIRST = (
    SecurityType.EQUITY,
    SecurityType.DERIVATIVE,
    SecurityType.CRYPTO,
    SecurityType.OTHER,
    SecurityType.BOND,
    SecurityType.MUTUAL_FUND,
    SecurityType.ETF,
    SecurityType.CASH,
)
_POOLED = (SecurityType.ETF, SecurityType.MUTUAL_FUND)
_FUNDS = (*_POOLED, SecurityType.CASH)
_FLAGGED = (Origin.FMP, Origin.SNAPSHOT)
"""Whose facts rest on FMP's flags."""
ENOUGH = 2
"""So many witnesses outweigh two flags that are not set."""


class Witness(NamedTuple):
    """One who says that a security is a fund.

    Attributes
    ----------
    who : str
        The name, the ticker's form, FMP's industry, or a provider.
    says : str
        In its own words.
    label : Label | None
        The type; None where it says fund and not which kind.
    leverage : float
        Signed multiple; NaN for "leveraged", and not how much.
    """

    who: str
    says: str
    label: Label | None
    leverage: float = 1.0


class Verdict(NamedTuple):
    """What comes of a fact and what was said against it.

    Attributes
    ----------
    classification : Classification
        The answer; its origin is whose assertion stands.
    note : str
        Who says what, and what follows; "" where only the fact speaks.
    is_settled : bool
        False where the riskier type stands because no rule decides.
    """

    classification: Classification
    note: str
    is_settled: bool


def is_doubtful(fact: Classification, query: Query) -> bool:
    """Whether witnesses are to be heard: flags that are not set, and a first sign of a fund.

    This is asked about every row, so it reads no names.
    """
    if fact.security_type is not SecurityType.EQUITY or fact.origin not in _FLAGGED:
        return False
    if fact.raw_label is not None and vocab.fmp_industry(fact.raw_label):
        return True
    ticker = fact.ticker
    if len(ticker) == 5 and ticker[4] == "X":
        return True
    if query.provider_type is None:
        return False
    word = label_of(query.provider_type, query.provider)
    return word is not None and word.security_type in _POOLED


def witnesses(fact: Classification, queries: Sequence[Query]) -> list[Witness]:
    """Who says that something is a fund: at most one of a kind, and each provider.

    Parameters
    ----------
    fact : Classification
        What FMP says.
    queries : Sequence[Query]
        The rows about it.

    Examples
    --------
    >>> fact = Classification("BST", SecurityType.EQUITY, Origin.FMP, name="A Science Fund",
    ...                       raw_label="isEtf=false isFund=false industry=Asset Management")
    >>> [one.who for one in witnesses(fact, [Query("BST", "BST", provider_type="cef")])]
    ['the name', 'its industry', 'the provider']
    """
    found = []
    names = dict.fromkeys([fact.name, *(query.name for query in queries)])
    by_name = [w for name in names if name and (w := _by_name(name))]
    if by_name:
        found.append(min(by_name, key=_safety))
    industry = vocab.fmp_industry(fact.raw_label)
    if industry is not None:
        found.append(Witness("its industry", industry, None))
    form = guess_of(fact.ticker, None)
    if form is not None and _is_fund(form):
        label = Label(form.security_type, form.subtype)
        found.append(Witness("the ticker's form", form.note, label))
    said = dict.fromkeys((q.provider, q.provider_type) for q in queries if q.provider_type)
    for provider, word in said:
        label_said = label_of(word, provider)
        if word and label_said is not None and label_said.security_type in _POOLED:
            found.append(Witness(spoken(provider), word, label_said))
    return found


def _by_name(name: str) -> Witness | None:
    guess = guess_of("", name)  # without the ticker's form, which is a witness of its own
    if guess is None or not _is_fund(guess):
        return None
    label = Label(guess.security_type, guess.subtype)
    return Witness("the name", f"{name!r}, rule {guess.rule}", label, guess.leverage)


def _is_fund(guess: heuristics.Guess) -> bool:
    """Whether a rule says fund; of cash only a money market fund is one."""
    return guess.security_type in _POOLED or guess.subtype is Subtype.MONEY_MARKET_FUND


def weigh(
    fact: Classification | None, opinion: Classification | None, queries: Sequence[Query]
) -> Verdict | None:
    """Decide between FMP's fact, OpenFIGI's opinion and the witnesses.

    Parameters
    ----------
    fact, opinion : Classification | None
        What FMP and OpenFIGI say; None for nothing.
    queries : Sequence[Query]
        All rows about this security.

    Returns
    -------
    Verdict | None
        None where there is neither fact nor opinion.

    Examples
    --------
    >>> from sectypes.taxonomy import Subtype
    >>> fact = Classification("BST", SecurityType.EQUITY, Origin.FMP)
    >>> figi = Classification("BST", SecurityType.MUTUAL_FUND, Origin.OPENFIGI,
    ...                       Subtype.CLOSED_END_FUND, raw_label="Closed-End Fund")
    >>> verdict = weigh(fact, figi, [Query("BST", "BST", provider="plaid", provider_type="etf")])
    >>> verdict.note
    'FMP: equity; OpenFIGI: Closed-End Fund; Plaid: etf -> mutual_fund, closed_end_fund'
    """
    if fact is None:
        return None if opinion is None else Verdict(opinion, _describe(opinion), True)
    is_heard = any(is_doubtful(fact, query) for query in queries)
    said = witnesses(fact, queries) if is_heard else []
    made, is_settled = _believed(fact, opinion, said)
    if opinion is None and not said:
        return Verdict(made, "", is_settled)
    parts = [f"{spoken(fact.origin)}: {fact.security_type}"]
    if opinion is not None:
        parts.append(_describe(opinion))
    parts += [f"{one.who}: {one.says}" for one in said]
    outcome = ", ".join(filter(None, [made.security_type.value, made.subtype]))
    end = "" if is_settled else " (unsettled: the riskier stands)"
    return Verdict(made, f"{'; '.join(parts)} -> {outcome}{end}", is_settled)


def _believed(
    fact: Classification, opinion: Classification | None, said: Sequence[Witness]
) -> tuple[Classification, bool]:
    """Whose assertion stands, and whether a rule says so."""
    if opinion is not None:
        if opinion.security_type is fact.security_type:
            return fact.replace(subtype=fact.subtype or opinion.subtype), True
        if fact.security_type is SecurityType.EQUITY and opinion.security_type in _FUNDS:
            return opinion, True
        return riskiest([fact, opinion]), False
    named = [one for one in said if one.label is not None]
    if named and len(said) >= ENOUGH:
        return _as_guess(fact, named), True
    return fact, not said


def _as_guess(fact: Classification, said: Sequence[Witness]) -> Classification:
    """What the witnesses say: of several kinds the riskier one, with the largest multiple."""
    told = min(said, key=_safety)
    kind = told.label.security_type if told.label else fact.security_type
    subtypes = (w.label.subtype for w in said if w.label and w.label.security_type is kind)
    return Classification(
        fact.ticker,
        kind,
        Origin.HEURISTIC,
        next(filter(None, subtypes), None),
        told.leverage,
        raw_label="witnesses",
        name=fact.name,
        observed_at=fact.observed_at,
    )


def riskiest(made: Iterable[Classification]) -> Classification:
    """The one of the riskiest type; the first of several."""
    return min(made, key=lambda one: RISKIEST_FIRST.index(one.security_type))


def safety(kind: SecurityType, leverage: float) -> tuple[float, int]:
    """Sorts from the riskiest to the safest; an unknown multiple is the largest."""
    multiple = abs(leverage)
    size = math.inf if math.isnan(multiple) else max(multiple, 1.0)
    return -size, RISKIEST_FIRST.index(kind)


def _safety(witness: Witness) -> tuple[float, int]:
    kind = witness.label.security_type if witness.label else SecurityType.EQUITY
    return safety(kind, witness.leverage)


def _describe(opinion: Classification) -> str:
    return f"{spoken(opinion.origin)}: {opinion.raw_label or opinion.security_type}"


def spoken(who: str | None) -> str:
    """How people write the name of an origin or a provider."""
    return _SPOKEN.get(who, who) if who else "the provider"


_SPOKEN = {"fmp": "FMP", "openfigi": "OpenFIGI", "plaid": "Plaid", "snaptrade": "SnapTrade"}
