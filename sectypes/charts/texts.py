"""Texts that fit: what the chart's font can draw, no longer than the room there is for it."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import TextToPath

__all__ = ["FONT", "drawable", "fitted", "listed", "percent", "width_of", "wrapped"]

FONT = "DejaVu Sans"
"""Comes with matplotlib, so a chart looks the same on every machine."""

_UNKNOWN = "\u25a1"


@cache
def _glyphs() -> frozenset[int]:
    """Characters that the font has in both weights."""
    weights = (FontProperties(family=FONT, weight=weight) for weight in ("normal", "bold"))
    regular, bold = (frozenset(get_font(findfont(font)).get_charmap()) for font in weights)
    return regular & bold


def drawable(text: object) -> str:
    r"""`text` on one line, with a small square for what the font cannot draw.

    Marks that only steer the direction of writing are dropped, so a name cannot turn around
    what stands beside it.

    Examples
    --------
    >>> drawable("Gold\u202e \U0001f680\U0001f680\nFund")
    'Gold \u25a1 Fund'
    """
    kept = []
    for letter in unicodedata.normalize("NFC", str(text)):
        kind = unicodedata.category(letter)
        if letter.isspace() or kind == "Cc":
            kept.append(" ")
        elif kind == "Cf":
            continue
        elif ord(letter) in _glyphs():
            kept.append(letter)
        elif not kind.startswith("M"):
            kept.append(_UNKNOWN)
    return re.sub(f"{_UNKNOWN}+", _UNKNOWN, " ".join("".join(kept).split()))


@lru_cache(4096)
def width_of(text: str, *, size: float, bold: bool = False) -> float:
    """Width in inches of a text at `size` points."""
    font = FontProperties(family=FONT, size=size, weight="bold" if bold else "normal")
    return float(TextToPath().get_text_width_height_descent(text, font, ismath=False)[0]) / 72


def fitted(text: object, *, inches: float, size: float, bold: bool = False) -> str:
    """`text` as it can be drawn, cut with an ellipsis to at most `inches`."""
    whole = drawable(text)
    # No letter that is drawn often is narrower than a fortieth of an inch at these sizes.
    most = int(40 * inches)
    if len(whole) <= most and width_of(whole, size=size, bold=bold) <= inches:
        return whole
    for end in range(min(len(whole) - 1, most), 0, -1):
        shown = whole[:end].rstrip() + "\u2026"
        if width_of(shown, size=size, bold=bold) <= inches:
            return shown
    return "\u2026"


def wrapped(text: str, *, inches: float, size: float) -> list[str]:
    """`text` in lines of at most `inches`, broken between words."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size=size) <= inches:
            lines[-1] = longer
        else:
            lines.append(fitted(word, inches=inches, size=size))
    return lines


def percent(fraction: float) -> str:
    """A fraction for people, with one decimal."""
    return f"{fraction:.1%}"


def listed(parts: list[str]) -> str:
    """Parts as a person would list them.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
