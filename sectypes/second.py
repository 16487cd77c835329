"""The second source: asked where the first has no answer, or to verify a fact."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from sectypes.asking import Answered, Asker, Keeper, Order, Track
from sectypes.budget import Budget
from sectypes.config import Settings
from sectypes.likeness import contradiction, is_other_identifier
from sectypes.memory import Memory
from sectypes.metrics import Metrics
from sectypes.precedence import Held, Known, fact_of
from sectypes.resting import RestingStore
from sectypes.taxonomy import Classification, Query, TypeSource
from sectypes.tickers import Shape, shape
from sectypes.trails import Pending, as_known

__all__ = ["Second", "may_be_known", "subject", "unproven"]

_IDENTIFIERS = (Shape.ISIN, Shape.CUSIP, Shape.FIGI)


def may_be_known(key: str) -> bool:
    """Whether a key is a listed ticker, or an ISIN, CUSIP or FIGI in place of one."""
    form = shape(key)
    return form is Shape.LISTED or form in _IDENTIFIERS


def subject(row: Query, fact: Classification | None, isin: str | None) -> str:
    """Under what an opinion about a row is kept: its identifier, or its ticker.

    Others have the same ticker for other securities, so what an identifier was asked for is said
    of a ticker only where the fact under the ticker is known to be about the same security.

    Parameters
    ----------
    row : Query
        With its identifier.
    fact : Classification or None
        What is known under its ticker.
    isin : str or None
        The ISIN that the fact's origin has.

    Examples
    --------
    >>> row = Query("CASH", "CASH", identifier="US5949181045")
    >>> subject(row, None, None), subject(Query("CASH", "CASH"), None, None)
    ('US5949181045', 'CASH')
    """
    given = row.identifier
    if given is None or shape(given) not in _IDENTIFIERS:
        return row.key
    is_same = fact is not None and isin is not None and is_other_identifier(given, isin) is False
    return row.key if is_same else given


def unproven(
    rows: Iterable[Query], known: Mapping[str, Held], isins: Mapping[str, str]
) -> tuple[list[str], set[str]]:
    """Identifiers of rows that are not known to be about the security under the row's ticker.

    Parameters
    ----------
    rows : Iterable[Query]
        Rows with identifiers.
    known : Mapping[str, Held]
        What is known, by key.
    isins : Mapping[str, str]
        As in `precedence.decide`.

    Returns
    -------
    tuple[list[str], set[str]]
        Those of which nothing is known yet; those among them whose rows have a fact all the same,
        because nothing speaks against the one under their ticker.
    """
    found: dict[str, bool] = {}
    for row in rows:
        fact, isin = fact_of(known[row.key]), isins.get(row.key)
        under = subject(row, fact, isin)
        if under not in known:
            has_fact = fact is not None and contradiction(row, fact, isin) is None
            found[under] = found.get(under, True) and has_fact
    return list(found), {under for under, has_fact in found.items() if has_fact}


class Second:
    """What a second source says about keys, remembered as facts are.

    Parameters
    ----------
    source : TypeSource
        Who is asked.
    is_automatic : bool
        Whether it is asked wherever the first source has no answer, or only to verify.
    settings : Settings
        The life of an opinion.
    careful : RestingStore
        Access to the database.
    metrics : Metrics
        Counts the answers.
    clock : Callable[[], datetime]
        Aware UTC now.
    """

    def __init__(
        self,
        source: TypeSource,
        *,
        is_automatic: bool,
        settings: Settings,
        careful: RestingStore,
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self.source = source
        self.is_automatic = is_automatic
        self._careful = careful
        self._memory = Memory(settings.cache_size, clock=clock)
        # Its calls are free, and its own rate limit is the source's business.
        self._asker = Asker(source, settings, Budget(None, None, clock), metrics, clock)

    def ask(
        self,
        pending: Mapping[str, Pending],
        *,
        identifiers: Mapping[str, str],
        track: Track,
        stop: threading.Event,
    ) -> dict[str, Known]:
        """Ask about each key that it has not answered lately.

        Parameters
        ----------
        pending : Mapping[str, Pending]
            What was said about each key so far, by key.
        identifiers : Mapping[str, str]
            ISIN, CUSIP or FIGI of keys whose holdings carry one.
        track : Track
            Wraps the answers: the progress bar.
        stop : threading.Event
            When set, nothing more is started.

        Returns
        -------
        dict[str, Known]
            Its assertion about each key as a fact, behind what was said before.
        """
        held = self._memory.get_many(pending)
        # What it said before is said again, or has become another answer: one line either way.
        name = self.source.name
        before = {
            key: tuple(said for said in one.attempts if said.room != name)
            for key, one in pending.items()
        }
        known = {
            key: one._replace(attempts=(*before[key], *one.attempts[-1:]))
            for key, one in ((key, as_known(about)) for key, about in held.items())
        }
        rest = {key: Pending(None, said) for key, said in before.items() if key not in held}
        if rest:
            keeper = Keeper(self._memory, self._write, pending)
            order = Order(track, keeper, self._memory.peek, identifiers=identifiers, stop=stop)
            known |= self._asker.ask(rest, order)
        return known

    def _write(self, answers: Sequence[Answered]) -> None:
        opinions: list[Classification] = [one.fact for one in answers if one.fact]
        if opinions:
            self._careful.use("write", lambda store: store.put_opinions(opinions), None)
