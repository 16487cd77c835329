"""A second source for the sample household: a few answers as OpenFIGI would give them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sectypes.sources.openfigi_rows import Job, read_result
from sectypes.taxonomy import Answer, Origin
from sectypes.tickers import canonical, is_cusip, to_openfigi

__all__ = ["SampleSecondSource"]

_UNKNOWN = {"warning": "No identifier found."}


class SampleSecondSource:
    """Answers of OpenFIGI's mapping endpoint that are already here, read as real ones are.

    Trails say "(sample)" behind its words, so that nobody takes them for OpenFIGI's own.

    Parameters
    ----------
    results : Mapping[str, Mapping[str, Any]]
        OpenFIGI's answer to one job (``data`` or ``warning``), by ticker or CUSIP. Not changed.

    Examples
    --------
    >>> source = SampleSecondSource({"BST": {"data": [{"ticker": "BST", "exchCode": "US",
    ...     "securityType": "Closed-End Fund", "marketSector": "Equity"}]}})
    >>> [(key, answer.status.value) for key, answer in source.fetch(["BST", "NOPE"])]
    [('BST', 'found'), ('NOPE', 'not_found')]
    """

    name = "openfigi sample"
    origin = Origin.OPENFIGI

    def __init__(self, results: Mapping[str, Mapping[str, Any]]) -> None:
        self._results = {canonical(key): result for key, result in results.items()}

    def fetch(self, keys: Sequence[str]) -> Generator[tuple[str, Answer], None, None]:
        """Answer each distinct key at once; see `TypeSource.fetch`."""
        for key in dict.fromkeys(keys):
            by_cusip = Job("ID_CUSIP", key)
            job = by_cusip if is_cusip(key) else Job("TICKER", to_openfigi(key), "US")
            answer = read_result(self._results.get(key, _UNKNOWN), key=key, job=job)
            made = answer.classification
            if made is not None:
                made = made.replace(raw_label=f"{made.raw_label} (sample)")
            yield key, replace(answer, classification=made)
