"""The chart itself: a matplotlib Figure that knows its numbers, its words and its picture."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib.style
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sectypes.charts.texts import FONT
from sectypes.errors import ConfigError
from sectypes.files import write_whole

__all__ = ["SHOWN_WIDTH", "WIDTH", "Chart", "styled"]

WIDTH = 7.0
"""Inches. All charts are equally wide, so that they stand well below each other."""

SHOWN_WIDTH = 700
"""Pixels that a notebook shows the picture at."""

_PIXELS = 1400
_NARROWEST, _WIDEST = 200, 10_000
_STYLE: dict[str, Any] = {
    "font.family": [FONT],
    "font.size": 8.0,
    # A dollar sign in a name is a dollar sign.
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "grid.color": "#E2E2E2",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.8,
}


def styled() -> AbstractContextManager[None]:
    """Matplotlib's own defaults with ours on top, whatever the caller has set; undone on exit."""
    return matplotlib.style.context(["default", _STYLE])


class Chart(Figure):
    r"""A matplotlib Figure that carries its table and its sentence; pyplot never hears of it.

    In a notebook it shows as one picture with alternative text. Everything that a Figure can do
    it can do: ``chart.axes[0].set_title("...")``, ``chart.savefig("book.pdf")``.

    Parameters
    ----------
    data : DataFrame
        The numbers that are drawn.
    alt : str
        One sentence with the main numbers, for those who do not see the picture.
    height : float
        Inches.

    Examples
    --------
    >>> chart = Chart(data=pd.DataFrame({"loss": [0.1]}), alt="The loss is 10%.", height=2.0)
    >>> chart.alt, chart.data["loss"].tolist(), chart.to_png()[:4]
    ('The loss is 10%.', [0.1], b'\x89PNG')
    """

    def __init__(self, *, data: pd.DataFrame, alt: str, height: float) -> None:
        super().__init__(figsize=(WIDTH, height), dpi=SHOWN_WIDTH / WIDTH)
        FigureCanvasAgg(self)
        self._data = data.copy()
        self._alt = alt

    @property
    def data(self) -> pd.DataFrame:
        """The table twin: exactly the numbers that are drawn."""
        return self._data.copy()

    @property
    def alt(self) -> str:
        """One plain sentence with the main numbers."""
        return self._alt

    def to_png(self, path: str | Path | None = None, *, width: int = _PIXELS) -> bytes:
        """The picture as PNG: the same bytes for the same chart, with no date in them.

        Parameters
        ----------
        path : str | Path | None
            Also write it there, whole or not at all.
        width : int
            Pixels, 200 to 10000. Texts grow with it.

        Returns
        -------
        bytes
            The content of the file.

        Raises
        ------
        ConfigError
            The width cannot be drawn.
        InputError
            The file cannot be written.
        """
        if not _NARROWEST <= width <= _WIDEST:
            raise ConfigError(
                f"width must be {_NARROWEST} to {_WIDEST} pixels for a chart (it is {width!r})"
            )
        buffer = io.BytesIO()
        # A hundredth of a pixel more, because the canvas cuts fractions off.
        dots = (width + 0.01) / float(self.get_figwidth())
        with styled():
            self.savefig(
                buffer,
                format="png",
                dpi=dots,
                metadata={"Software": None},
                # A quarter faster than the default, for 7% more bytes.
                pil_kwargs={"compress_level": 3},
            )
        content = buffer.getvalue()
        if path is not None:
            write_whole(path, content)
        return content

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """One picture with its alternative text; the text alone where no picture can be shown."""
        high = round(SHOWN_WIDTH * float(self.get_figheight()) / float(self.get_figwidth()))
        shown = {"alt": self.alt, "width": SHOWN_WIDTH, "height": high}
        return {"text/plain": self.alt, "image/png": self.to_png()}, {"image/png": shown}
