"""The panel of answers: look a holding up, see who says what it is, and decide otherwise."""

from __future__ import annotations

from typing import Any

import ipywidgets
import pandas as pd

from sectypes.columns import frame_columns, questions, series_columns
from sectypes.current import get_service
from sectypes.errors import InputError
from sectypes.service import SecurityTypeService
from sectypes.taxonomy import SECURITY_TYPES, Origin, Resolution
from sectypes.widgets.answers import Search, answer_page, answer_table, label
from sectypes.widgets.pages import paragraph
from sectypes.widgets.parts import Panel, Static, button, choice, row, text_field

__all__ = ["ClassificationPanel", "classification"]


def classification(
    holdings: pd.DataFrame | pd.Series, *, service: SecurityTypeService | None = None
) -> ClassificationPanel:
    """Open the panel of answers on some holdings.

    Parameters
    ----------
    holdings : DataFrame | Series
        A frame of holdings, whose columns are found by their usual names, or a Series of tickers.
        It is not changed.
    service : SecurityTypeService | None
        Who answers, now and after every override; None for the current service.

    Returns
    -------
    ClassificationPanel
        Shows itself as the last line of a cell.

    Raises
    ------
    InputError
        There is no ticker column, or its values are no text.

    Examples
    --------
    >>> from sectypes.datasets import sample_service
    >>> panel = classification(pd.Series(["DSU", "SPY"]), service=sample_service())
    >>> panel.controls["search"].value = "spy"
    >>> panel.selected.security_type.value, panel.selected.trail[-1].room
    ('etf', 'snapshot')
    """
    return ClassificationPanel(holdings, service=service or get_service())


class ClassificationPanel(Panel):
    """A list of holdings with the trail of the chosen one; made by `classification`."""

    def __init__(self, holdings: pd.DataFrame | pd.Series, *, service: SecurityTypeService) -> None:
        self._service = service
        columns = (
            series_columns(holdings)
            if isinstance(holdings, pd.Series)
            else frame_columns(holdings, {})
        )
        # One answer for each distinct row.
        self._answers = service.resolve(questions(columns)[1])
        controls = _controls()
        self._list, self._detail = controls["list"], ipywidgets.HTML()
        rows = [
            row(controls["search"], controls["origin"]),
            self._list,
            self._detail,
            row(controls["type"], controls["note"], controls["author"]),
            row(controls["override"], controls["remove"]),
        ]
        super().__init__(controls, {"detail": self._detail}, rows)
        self._refresh()
        for name in ("search", "origin"):
            controls[name].observe(self._refresh, "value")
        self._list.observe(self._choose, "value")
        controls["override"].on_click(self._override)
        controls["remove"].on_click(self._remove)

    def __repr__(self) -> str:
        return f"<ClassificationPanel: {len(self._answers)} answers>"

    @property
    def state(self) -> Search:
        """What is looked for."""
        return Search(text=self.controls["search"].value, origin=self.controls["origin"].value)

    @property
    def answers(self) -> tuple[Resolution, ...]:
        """All answers, one for each distinct row of the holdings."""
        return tuple(self._answers)

    @property
    def listed(self) -> tuple[Resolution, ...]:
        """The answers that fit `state`."""
        return tuple(self._answers[number] for number in self.state.among(self._answers))

    @property
    def selected(self) -> Resolution | None:
        """The answer whose trail is shown; None where none fits."""
        return None if self._list.value is None else self._answers[self._list.value]

    def static(self) -> Static:
        """The listed answers and the trail of the chosen one."""
        return Static(answer_table(self.listed) + self._detail.value + self.outputs["error"].value)

    def _refresh(self, _change: object = None) -> None:
        """Fill the list anew; what was chosen stays chosen where it still fits."""
        with self._error:
            chosen, found = self._list.value, self.state.among(self._answers)
            self._list.options = [(label(self._answers[number]), number) for number in found]
            # A new list of options chooses the first by itself.
            self._list.value = chosen if chosen in found else next(iter(found), None)
            self._choose()

    def _choose(self, _change: object = None) -> None:
        self._error.clear()
        answer = self.selected
        self.controls["override"].disabled = self.controls["remove"].disabled = answer is None
        if answer is None:
            self._detail.value = paragraph("No holding fits.")
            return
        self._detail.value = answer_page(answer)
        self.controls["type"].value = answer.security_type or SECURITY_TYPES[0]

    def _override(self, _button: object = None) -> None:
        with self._error:
            said = {name: self.controls[name].value for name in ("type", "note", "author")}
            missing = [name for name in ("note", "author") if not said[name].strip()]
            if missing:
                raise InputError(f"an override needs its {' and '.join(missing)}")
            self._service.override(
                self._chosen().query.ticker,
                said["type"],
                note=said["note"].strip(),
                author=said["author"].strip(),
            )
            self._ask_again()
            self.controls["note"].value = ""

    def _remove(self, _button: object = None) -> None:
        with self._error:
            ticker = self._chosen().query.ticker
            if not self._service.remove_override(ticker):
                raise InputError(f"there is no override on {ticker}")
            self._ask_again()

    def _chosen(self) -> Resolution:
        answer = self.selected
        if answer is None:
            raise InputError("choose a holding first")
        return answer

    def _ask_again(self) -> None:
        """Answer anew whatever shares the chosen row's key: an override concerns nobody else."""
        key = self._chosen().query.key
        numbers = [n for n, answer in enumerate(self._answers) if answer.query.key == key]
        answers = self._service.resolve([self._answers[number].query for number in numbers])
        for number, answer in zip(numbers, answers, strict=True):
            self._answers[number] = answer
        if self._list.value not in self.state.among(self._answers):
            # The new answer has another origin; it must be seen all the same.
            self.controls["origin"].value = ""
        self._refresh()


def _controls() -> dict[str, Any]:
    origins = [("anybody", ""), *((origin.value, origin.value) for origin in Origin)]
    return {
        "search": text_field(
            "search", tip="Part of a ticker, a name or a provider", placeholder="ticker or name"
        ),
        "origin": choice("asserted by", origins, value="", tip="Only answers of this origin"),
        "list": ipywidgets.Select(
            options=[],
            rows=10,
            description="holdings",
            tooltip="Choose one to see who says what it is",
            style={"description_width": "9em"},
            layout=ipywidgets.Layout(width="100%", max_width="700px"),
        ),
        "type": choice("override with", SECURITY_TYPES, tip="What the chosen holding is"),
        "note": text_field("note", tip="Why; shown with every answer"),
        "author": text_field("author", tip="Who decides"),
        "override": button("Override", tip="Decide the type of the chosen holding"),
        "remove": button("Remove override", tip="Take the override back"),
    }
