"""Progress of long work: a bar on a terminal and in a notebook, nothing in a pipe."""

from __future__ import annotations

import sys
from typing import Any

from sectypes.lookup import Track

__all__ = ["tracker"]

BAR_FROM = 10  # fewer calls than this are over before a bar is read
DELAY_S = 0.5  # nor does a bar come for what is over in a moment, such as the bundled sample


def tracker(progress: bool | None) -> Track:
    """Make the bar that wraps the answers of a source.

    Parameters
    ----------
    progress : bool | None
        True or False decide; None shows a bar where a person is looking and there is enough to do.
    """

    def track(answers: Any, total: int) -> Any:
        wanted = total >= BAR_FROM if progress is None else progress
        if not wanted:
            return answers
        from tqdm.auto import tqdm

        # None means "only on a terminal"; in a notebook tqdm shows its own bar.
        silent = None if progress is None and not _in_notebook() else False
        return tqdm(
            answers,
            total=total,
            desc="asking",
            unit="ticker",
            disable=silent,
            leave=False,
            delay=DELAY_S,
        )

    return track


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules
