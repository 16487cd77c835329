"""What both panels are made of: labelled controls, the error line, and the page without widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any, NoReturn

import ipywidgets

from sectypes.errors import SectypesError
from sectypes.widgets.pages import paragraph

__all__ = ["ErrorLine", "Panel", "Static", "button", "choice", "row", "slider", "text_field"]

_LABEL = {"description_width": "9em"}
_WIDE = "330px"


def slider(label: str, value: float, *, top: float, shown: str, tip: str) -> Any:
    """A slider from a hundredth to `top`; it reports where it was let go, not every step."""
    # A start outside of the usual range widens it: a slider must not change what it was given.
    return ipywidgets.FloatSlider(
        value=value,
        min=min(0.01, value),
        max=max(top, value),
        step=0.01,
        description=label,
        tooltip=tip,
        readout_format=shown,
        continuous_update=False,
        style=_LABEL,
        layout=ipywidgets.Layout(width=_WIDE),
    )


def choice(label: str, options: Sequence[Any], *, value: Any = None, tip: str) -> Any:
    """A dropdown."""
    return ipywidgets.Dropdown(
        options=options,
        value=value,
        description=label,
        tooltip=tip,
        style=_LABEL,
        layout=ipywidgets.Layout(width=_WIDE),
    )


def text_field(label: str, *, tip: str, placeholder: str = "") -> Any:
    """A line to write in."""
    return ipywidgets.Text(
        description=label,
        tooltip=tip,
        placeholder=placeholder,
        continuous_update=False,
        style=_LABEL,
        layout=ipywidgets.Layout(width=_WIDE),
    )


def button(label: str, *, tip: str) -> Any:
    """A button."""
    return ipywidgets.Button(description=label, tooltip=tip)


def row(*widgets: Any) -> Any:
    """Widgets beside each other, on further lines where there is no room."""
    return ipywidgets.Box(widgets, layout=ipywidgets.Layout(display="flex", flex_flow="row wrap"))


class ErrorLine:
    """The line under a panel; as a context it shows what is raised inside.

    A refusal of this package is for the person at the panel and ends there. Anything else is a
    fault: it is shown and goes on, so that a notebook's test sees it.

    Examples
    --------
    >>> from sectypes.errors import InputError
    >>> line = ErrorLine()
    >>> with line:
    ...     raise InputError("no such row")
    >>> line.text, line.widget.value
    ('no such row', '<p role="alert">no such row</p>')
    """

    def __init__(self) -> None:
        self.widget = ipywidgets.HTML()
        self.raised: BaseException | None = None

    @property
    def text(self) -> str:
        """What is shown; empty where nothing is wrong."""
        if isinstance(self.raised, SectypesError):
            return str(self.raised)
        return f"{type(self.raised).__name__}: {self.raised}" if self.raised else ""

    def clear(self) -> None:
        """Show nothing."""
        self.raised = None
        self.widget.value = ""

    def raise_again(self) -> NoReturn:
        """Raise what is shown, without the trail of the callback in which it was raised first."""
        if self.raised is None:
            raise LookupError("nothing was raised")
        raise self.raised.with_traceback(None)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if error is not None:
            self.raised = error
            self.widget.value = paragraph(self.text, role="alert")
        return isinstance(error, SectypesError)


@dataclass(frozen=True, slots=True)
class Static:
    """What a panel shows, as a page for readers who have no kernel.

    Attributes
    ----------
    html : str
        Picture and tables in one piece; nothing is loaded from elsewhere.
    """

    html: str

    def _repr_html_(self) -> str:
        return self.html


class Panel:
    """A panel in a notebook: controls to set, outputs to read, and an error line under them.

    Attributes
    ----------
    controls : Mapping[str, Widget]
        By name; setting ``.value`` does what moving the control in a browser does.
    outputs : Mapping[str, Widget]
        By name, in the order in which they are shown.
    """

    def __init__(
        self, controls: Mapping[str, Any], outputs: Mapping[str, Any], rows: Sequence[Any]
    ) -> None:
        self._error = ErrorLine()
        self.controls: Mapping[str, Any] = MappingProxyType(dict(controls))
        self.outputs: Mapping[str, Any] = MappingProxyType({**outputs, "error": self._error.widget})
        self._box = ipywidgets.VBox([*rows, self._error.widget])

    @property
    def error(self) -> str:
        """The text of the error line; empty where nothing is wrong."""
        return self._error.text

    def static(self) -> Static:
        """What is shown, for readers of a saved notebook."""
        raise NotImplementedError

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        # A notebook shows the widgets; a saved one without a kernel falls back on the page.
        view = self._box._repr_mimebundle_()
        return {**view, "text/plain": repr(self), "text/html": self.static().html}
