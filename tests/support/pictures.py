"""Whether two pictures show the same, on machines whose fonts are drawn a little differently."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.image import imread

__all__ = ["cell_pictures", "difference", "differences"]

BLOCKS = 70  # across the picture: a bar is wider than one of them, the edge of a letter is not
MOST = 0.25  # so much may the mean colour of a block change; where a bar ends elsewhere it is more
_IN_PAGE = re.compile(r"data:image/png;base64,([\w+/=]+)")


def cell_pictures(outputs: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """All pictures of a cell's outputs in order, those inside pages included."""
    found = []
    for output in outputs:
        data = output.get("data", {})
        codes = [data["image/png"]] if "image/png" in data else []
        codes += _IN_PAGE.findall(data.get("text/html", ""))
        found += [base64.b64decode(code) for code in codes]
    return found


def differences(stored: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is different in the pictures of two cells' outputs; empty where nothing is."""
    old_ones, new_ones = cell_pictures(stored), cell_pictures(new)
    if len(old_ones) != len(new_ones):
        return [f"{len(old_ones)} pictures are stored, {len(new_ones)} are drawn"]
    told = map(difference, old_ones, new_ones)
    return [f"picture {number}: {words}" for number, words in enumerate(told, 1) if words]


def difference(one: bytes, other: bytes) -> str | None:
    """What is different, in words; None where both pictures show the same."""
    if one == other:
        return None
    first, second = (imread(io.BytesIO(png))[..., :3] for png in (one, other))
    if first.shape != second.shape:
        (high, wide), (higher, wider) = first.shape[:2], second.shape[:2]
        return f"{wide} x {high} pixels became {wider} x {higher}"
    far = np.abs(_blocks(first) - _blocks(second)).max(axis=-1)
    if far.max() <= MOST:
        return None
    row, column = np.unravel_index(far.argmax(), far.shape)
    right, down = column / far.shape[1], row / far.shape[0]
    return f"it shows something else, {right:.0%} from the left and {down:.0%} from the top"


def _blocks(picture: np.ndarray) -> np.ndarray:
    """Mean colour of each square block."""
    side = max(picture.shape[1] // BLOCKS, 1)
    rows, columns = picture.shape[0] // side, picture.shape[1] // side
    cut = picture[: rows * side, : columns * side].reshape(rows, side, columns, side, 3)
    return cut.mean(axis=(1, 3))
