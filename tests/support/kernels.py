"""What other kernels do in the tests of concurrency, and readers that notice a torn entry."""

from __future__ import annotations

import os
import signal
import warnings
from datetime import timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Engine, event

import sectypes  # noqa: F401  registers the accessor
from sectypes.store import SqlStore
from sectypes.taxonomy import Classification, Origin, Resolution, SecurityType
from support.fmp_server import profile
from support.processes import SEEN, child_service

__all__ = ["classify_frame", "die_within", "is_whole", "one_kernel", "versions"]


def versions(key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two profiles of one ticker in which nothing is the same; samples."""
    return (
        profile(key, is_etf=True, companyName=f"{key} Daily 3X Shares"),
        profile(key, is_fund=True, companyName=f"{key} Municipal Income Fund"),
    )


def is_whole(answer: Resolution) -> bool:
    """Whether all of an answer comes from one of the two profiles, or from one override."""
    fact = answer.classification
    if fact is None:
        return False
    if fact.origin is Origin.OVERRIDE:
        return fact.security_type is SecurityType.CRYPTO and str(fact.raw_label).startswith(
            f"by {fact.ticker}"
        )
    told = (fact.origin, fact.security_type, fact.leverage, fact.name)
    return told in {
        (Origin.FMP, SecurityType.ETF, 3.0, f"{fact.ticker} Daily 3X Shares"),
        (Origin.FMP, SecurityType.MUTUAL_FUND, 1.0, f"{fact.ticker} Municipal Income Fund"),
    }


def classify_frame(frame: pd.DataFrame, database: str, url: str, key: str) -> pd.Series:
    """Classify a frame that came from another process, with a service of this one."""
    with child_service(database, url, key) as service:
        found: pd.Series = frame.sectype.classify(service=service)
    return found


def one_kernel(database: str, url: str, key: str, number: int, tickers: list[str]) -> list[str]:
    """Use the shared file as an analyst would; the warnings that came, and doubtful answers."""
    with warnings.catch_warnings(record=True) as caught, child_service(database, url, key) as one:
        warnings.simplefilter("always")
        doubtful = [str(answer) for answer in one.resolve(tickers) if not is_whole(answer)]
        for step in range(5):
            mine = f"OWN{number}N{step}"
            one.override(mine, "crypto", note=f"by {mine}", author=f"kernel {number}")
            one.bulk_refresh(tickers[step::5], accept=True, progress=False)
            answers = one.resolve([mine, *tickers])
            doubtful += [str(answer) for answer in answers if not is_whole(answer)]
    return [*doubtful, *(str(one.message) for one in caught)]


def die_within(database: str, statements: int) -> None:
    """Begin to write, and die right after so many statements of that transaction."""
    with SqlStore(database, batch=1) as store:
        store.overrides()  # the schema is looked at before the counting begins
        left = [statements]

        def count(*_: object) -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "after_cursor_execute", count)
        seen = SEEN + timedelta(days=1)
        facts = [Classification(f"T{n}", SecurityType.ETF, Origin.FMP) for n in range(30)]
        store.put_facts([(one.replace(observed_at=seen), None) for one in facts])
