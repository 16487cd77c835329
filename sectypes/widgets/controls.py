"""The controls of the panel of scenarios, and the state that they spell."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeAlias, get_args

import ipywidgets
import pandas as pd

from sectypes.risk.concentration import Method
from sectypes.risk.curves import Curve
from sectypes.risk.lots import security_codes
from sectypes.risk.positions import Baseline
from sectypes.scenarios import FACTORS
from sectypes.taxonomy import SECURITY_TYPES
from sectypes.widgets.pages import plain
from sectypes.widgets.parts import button, choice, slider
from sectypes.widgets.state import State

__all__ = ["Controls", "Values"]

Values: TypeAlias = tuple[tuple[str, Any], ...]
"""What all controls say at one moment, as it can be compared."""

_NUMBERS = ("leverage", "max_loss")
_CHOICES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "baseline": (get_args(Baseline), "What before means: one rate for all, or the provider's type"),
    "method": (get_args(Method), "Which position decides the concentration loss"),
    "curve": (get_args(Curve), "How a loss becomes a score"),
}


class Controls:
    """Sliders, dropdowns and buttons that start where `start` says.

    Parameters
    ----------
    start : State
        Also what a reset goes back to.
    positions : DataFrame
        The rows whose types can be set by hand, as `sectypes.risk.audit` describes them.
    """

    def __init__(self, start: State, positions: pd.DataFrame) -> None:
        self._start, self._quiet = start, False
        self._types = dict(start.types)
        self._inputs = MappingProxyType({**_rates(start), **_numbers(start), **_choices(start)})
        self._securities = _securities(positions)
        self.position = _position(positions, self._securities)
        self.type = _type(self._types.get(self.position.value, ""))
        self.reset = button("Reset", tip="Put every control back to where it stood at first")
        self.export = button("Export scenario", tip="Write these crash rates as YAML")
        self.yaml = _yaml_area()

    def listen(self, moved: Callable[[], None]) -> None:
        """Call `moved` after each move from now on; a reset is one move."""
        self._moved = moved
        for control in self._inputs.values():
            control.observe(self._report, "value")
        self.position.observe(self._show_type, "value")
        self.type.observe(self._set_type, "value")
        self.reset.on_click(self._go_back)

    @property
    def inputs(self) -> tuple[Any, ...]:
        """Everything that stands for one number or word of the state."""
        return tuple(self._inputs.values())

    @property
    def by_name(self) -> dict[str, Any]:
        """All controls: the inputs by their name in the state, then the others."""
        others = ("position", "type", "reset", "export", "yaml")
        return {**self._inputs, **{name: getattr(self, name) for name in others}}

    def values(self) -> Values:
        """What the controls say now."""
        said = [(name, control.value) for name, control in self._inputs.items()]
        return (*said, ("types", tuple(sorted(self._types.items()))))

    def state(self) -> State:
        """What the controls say now, as a state.

        Raises
        ------
        SectypesError
            A control says what no state can be, such as NaN.
        """
        said, start = dict(self.values()), self._start
        rates = {
            rate: _number(said[rate], getattr(start.scenarios, rate)) for rate in _names(start)
        }
        return replace(
            start.with_rates(rates),
            limits=replace(start.limits, max_loss=_number(said["max_loss"], start.limits.max_loss)),
            leverage=_number(said["leverage"], start.leverage),
            types=said["types"],
            **{name: said[name] for name in _CHOICES},
        )

    def by_hand(self) -> list[str]:
        """The types that were set by hand, one line each."""
        return [
            f"{name}: {', '.join(kinds)}"
            for name, first in self.position.options
            if (kinds := {self._types[r]: 0 for r in self._securities[first] if r in self._types})
        ]

    def _report(self, _change: object = None) -> None:
        if not self._quiet:
            self._moved()

    def _show_type(self, _change: object = None) -> None:
        with self._one_move():
            self.type.value = self._types.get(self.position.value, "")

    def _set_type(self, change: Any) -> None:
        if self._quiet:
            # Another position was chosen, and the dropdown follows.
            return
        for row in self._securities.get(self.position.value, ()):
            self._types.pop(row, None)
            if change["new"]:
                self._types[row] = change["new"]
        self._report()

    def _go_back(self, _button: object = None) -> None:
        start = self._start
        with self._one_move():
            for rate in _names(start):
                self._inputs[rate].value = getattr(start.scenarios, rate)
            self._inputs["leverage"].value = start.leverage
            self._inputs["max_loss"].value = start.limits.max_loss
            for name in _CHOICES:
                self._inputs[name].value = getattr(start, name)
            self._types = dict(start.types)
            self._show_type()

    @contextmanager
    def _one_move(self) -> Iterator[None]:
        """Report once, at the end, what is moved inside."""
        outer, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = outer
        self._report()


def _names(start: State) -> tuple[str, ...]:
    """Every rate that has a value, in the order of the scenario file."""
    return tuple(start.scenarios.sources)


def _rates(start: State) -> dict[str, Any]:
    labels = {f: f"{f} factor" for f in FACTORS} | {"max_volatility": "volatility cap"}
    return {
        rate: slider(
            labels.get(rate, rate.replace("_", " ")),
            getattr(start.scenarios, rate),
            top=1.0,
            shown=".1%",
            tip=f"Crash rate: {source}",
        )
        for rate, source in start.scenarios.sources.items()
    }


def _numbers(start: State) -> dict[str, Any]:
    return {
        "leverage": slider(
            "leverage", start.leverage, top=4.0, shown=".2f", tip="Of the whole portfolio"
        ),
        "max_loss": slider(
            "max loss",
            start.limits.max_loss,
            top=1.0,
            shown=".1%",
            tip="What each loss is measured against",
        ),
    }


def _choices(start: State) -> dict[str, Any]:
    return {
        name: choice(name, options, value=getattr(start, name), tip=tip)
        for name, (options, tip) in _CHOICES.items()
    }


def _securities(positions: pd.DataFrame) -> dict[int, list[int]]:
    """The rows of each security, by its first row, the largest first; as risk counts them."""
    tickers = positions["ticker"] if "ticker" in positions else [""] * len(positions)
    found: dict[int, list[int]] = {}
    for row, code in enumerate(security_codes(tickers).tolist()):
        # Without a ticker each row is a security of its own.
        found.setdefault(code if code >= 0 else -1 - row, []).append(row)
    sizes = positions["weight"].abs().fillna(0.0).to_numpy()
    ordered = sorted(found.values(), key=lambda rows: -float(sizes[rows].sum()))
    return {rows[0]: rows for rows in ordered}


def _position(positions: pd.DataFrame, securities: Mapping[int, list[int]]) -> Any:
    described = positions.astype(object).to_dict("records")
    options = [(_label(rows, described), first) for first, rows in securities.items()]
    return choice(
        "position",
        options,
        value=next(iter(securities), None),
        tip="Whose type to set by hand, in all rows that hold it",
    )


def _label(rows: Sequence[int], described: Sequence[Mapping[Any, Any]]) -> str:
    first = described[rows[0]]
    ticker, name = (first.get(key) for key in ("ticker", "name"))
    weight = math.fsum(abs(described[row]["weight"]) for row in rows)
    if _text(ticker):
        told = f"{plain(ticker)}, {len(rows)} rows" if len(rows) > 1 else plain(ticker)
    else:
        told = f"{plain(name) if _text(name) else 'no ticker'}, row {rows[0] + 1}"
    return f"{told}, {weight:.1%}"


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _type(value: str) -> Any:
    options = [("as classified", ""), *((kind, kind) for kind in SECURITY_TYPES)]
    return choice("type of it", options, value=value, tip="Another type for the chosen position")


def _yaml_area() -> Any:
    return ipywidgets.Textarea(
        description="scenario YAML",
        tooltip="The exported scenario; emptied by the next move",
        placeholder="Export scenario writes it here.",
        rows=4,
        style={"description_width": "9em"},
        layout=ipywidgets.Layout(width="100%", max_width="700px"),
    )


def _number(said: float, start: float) -> float:
    """The number of a slider, without the dust of its steps; where it was not moved, the start."""
    return start if math.isclose(said, start, abs_tol=1e-9) else round(said, 6)
