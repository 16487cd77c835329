"""The panel of scenarios: move a crash rate, see both scores."""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets
import pandas as pd

from sectypes.charts import Chart, Compared, concentration_by_position
from sectypes.widgets import pages
from sectypes.widgets.controls import Controls, Values
from sectypes.widgets.parts import Panel, Static, row
from sectypes.widgets.state import Compare, State

__all__ = ["ExplorePanel", "explore"]

_BARS = 8
_PIXELS = 700


def explore(
    holdings: pd.DataFrame, *, compare: Compare, start: State | None = None
) -> ExplorePanel:
    """Open the panel of scenarios on a book.

    Parameters
    ----------
    holdings : DataFrame
        The holdings frame with the answers of ``.sectype.explain()``. The panel keeps a copy.
    compare : Compare
        Works out both scores, such as ``partial(sectypes.comparison.compare, exposures=...)``.
    start : State | None
        What the panel is set to at first and after a reset; None for the design's numbers. A type
        without a rate of its own gets no slider; give it one with
        ``CrashScenarios().with_rates(bond=0.2)``.

    Returns
    -------
    ExplorePanel
        Shows itself as the last line of a cell.

    Raises
    ------
    SectypesError
        Whatever `compare` refuses at the start.

    Examples
    --------
    >>> from sectypes.comparison import compare
    >>> book = pd.DataFrame({"ticker": ["DSU", "AAPL"], "value": [60.0, 40.0],
    ...                      "security_type": ["mutual_fund", "equity"]})
    >>> panel = explore(book, compare=compare)
    >>> panel.compared.after.concentration.loss
    0.24
    >>> panel.controls["mutual_fund"].value = 0.5
    >>> panel.compared.after.concentration.loss, panel.error
    (0.3, '')
    """
    return ExplorePanel(holdings, compare=compare, start=start or State())


class ExplorePanel(Panel):
    """Controls, picture and table around the pure function `State.compared`; made by `explore`.

    A move is worked out before the next one is taken, and always for what the controls say at
    that moment: of the moves that arrive meanwhile, from a callback or from another thread, only
    the last one is worked out. A browser, for its part, holds back what it would send to a control
    until the kernel is done with the last message, and then sends the newest.
    """

    def __init__(self, holdings: pd.DataFrame, *, compare: Compare, start: State) -> None:
        self._holdings, self._compare = holdings.copy(), compare
        self._lock, self._busy = threading.RLock(), False
        self._shown: tuple[Compared, Chart] | None = None
        self._seen: Values = ()
        first = start.compared(self._holdings, compare=compare)
        self._controls = Controls(start, first.positions())
        html = ipywidgets.HTML
        outputs = {"headline": html(), "picture": _picture(), "alt": html(), "table": html()}
        outputs["link"] = html()
        rows = [
            outputs["headline"],
            row(*self._controls.inputs),
            row(self._controls.position, self._controls.type),
            row(self._controls.reset, self._controls.export, outputs["link"]),
            self._controls.yaml,
            *(outputs[name] for name in ("picture", "alt", "table")),
        ]
        super().__init__(self._controls.by_name, outputs, rows)
        self._controls.export.on_click(self._write)
        self._seen = self._controls.values()
        self._show(first)
        self._controls.listen(self._moved)

    def __repr__(self) -> str:
        return f"<ExplorePanel: {len(self._holdings)} positions>"

    @property
    def state(self) -> State:
        """What the controls say; raises where they say what no state can be."""
        return self._controls.state()

    @property
    def compared(self) -> Compared:
        """The comparison that belongs to `state`.

        Raises
        ------
        Exception
            What kept it from being worked out: a failure never passes for an older result.
        """
        return self._result()[0]

    @property
    def chart(self) -> Chart:
        """The chart that is shown; raises as `compared` does."""
        return self._result()[1]

    def static(self) -> Static:
        """Score, picture and tables as they stand, for readers of a saved notebook."""
        with self._lock:
            shown = {name: str(self.outputs[name].value) for name in ("headline", "table", "error")}
            drawn = ""
            if self._shown is not None:
                drawn = pages.picture(self.outputs["picture"].value, self._shown[1].alt)
        return Static(shown["headline"] + drawn + shown["table"] + shown["error"])

    def _result(self) -> tuple[Compared, Chart]:
        with self._lock:
            if self._shown is None:
                self._error.raise_again()
            return self._shown

    def _moved(self) -> None:
        with self._lock:
            if self._busy:
                # Whoever is at it looks at the controls again when it is done.
                return
            self._busy = True
            try:
                while (values := self._controls.values()) != self._seen:
                    self._seen = values
                    self._update()
            finally:
                self._busy = False

    def _update(self) -> None:
        self._shown = None
        # What was exported belongs to the state before.
        self._controls.yaml.value = self.outputs["link"].value = ""
        try:
            with self._error:
                self._show(self.state.compared(self._holdings, compare=self._compare))
        finally:
            if self._shown is None:
                self._blank()

    def _show(self, compared: Compared) -> None:
        chart = concentration_by_position(compared, most=_BARS)
        out = self.outputs
        out["picture"].value = chart.to_png(width=_PIXELS)
        out["picture"].layout.display = None
        out["headline"].value = pages.paragraph(pages.score_line(compared), role="status")
        out["alt"].value = pages.paragraph(f"The picture in words: {chart.alt}")
        out["table"].value = (
            pages.score_table(compared)
            + pages.bullets("Types set by hand", self._controls.by_hand())
            + pages.bullets("To be known before trusting the numbers", compared.after.warnings)
            + pages.data_table("The picture in numbers", chart.data)
        )
        self._shown = compared, chart
        self._error.clear()

    def _blank(self) -> None:
        """Show nothing rather than the numbers of other settings."""
        for name in ("alt", "table"):
            self.outputs[name].value = ""
        self.outputs["headline"].value = pages.paragraph("No result for these settings.")
        self.outputs["picture"].layout.display = "none"
        self.outputs["picture"].value = b""

    def _write(self, _button: object = None) -> None:
        with self._error:
            text = self.state.scenarios.to_yaml()
            self._controls.yaml.value = text
            self.outputs["link"].value = pages.download(text, "scenario.yaml")


def _picture() -> Any:
    return ipywidgets.Image(
        format="png", layout=ipywidgets.Layout(width="100%", max_width=f"{_PIXELS}px")
    )
