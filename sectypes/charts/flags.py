"""Reading the flags of a position table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sectypes.risk.positions import Flag

__all__ = ["flagged"]


def flagged(positions: pd.DataFrame, flag: Flag) -> npt.NDArray[np.bool_]:
    """Which positions carry a flag, shape (n,).

    Examples
    --------
    >>> flagged(pd.DataFrame({"flags": ["guess, stale", "", "guess"]}), Flag.STALE).tolist()
    [True, False, False]
    """
    return np.array([flag in str(text).split(", ") for text in positions["flags"]], dtype=bool)
