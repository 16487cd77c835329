"""The second source: asked where the first has no answer, or to verify a fact."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sectypes.asking import Answered, Asker, Keeper, Order, Track
from sectypes.budget import Budget
from sectypes.config import Settings
from sectypes.memory import Memory
from sectypes.metrics import Metrics
from sectypes.precedence import Known
from sectypes.resting import RestingStore
from sectypes.taxonomy import Classification, TypeSource
from sectypes.tickers import Shape, shape
from sectypes.trails import Pending, as_known

__all__ = ["Second", "may_be_known"]

_ASKABLE = (Shape.LISTED, Shape.ISIN, Shape.CUSIP, Shape.FIGI)


def may_be_known(key: str) -> bool:
    """Whether a key is a listed ticker, or an ISIN, CUSIP or FIGI in place of one."""
    return shape(key) in _ASKABLE


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
        known = {
            key: one._replace(attempts=(*pending[key].attempts, *one.attempts))
            for key, one in ((key, as_known(about)) for key, about in held.items())
        }
        rest = {key: Pending(None, one.attempts) for key, one in pending.items() if key not in held}
        if rest:
            keeper = Keeper(self._memory, self._write, pending)
            order = Order(track, keeper, self._memory.peek, identifiers=identifiers, stop=stop)
            known |= self._asker.ask(rest, order)
        return known

    def _write(self, answers: Sequence[Answered]) -> None:
        opinions: list[Classification] = [one.fact for one in answers if one.fact]
        if opinions:
            self._careful.use("write", lambda store: store.put_opinions(opinions), None)
