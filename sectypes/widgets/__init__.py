"""Panels for a notebook: move the scenarios, and see who says what a holding is.

Built of plain controls with plain functions behind them; nothing is computed here. A panel
captures what it works on when it is made, and can be driven and read without a browser.
"""

from __future__ import annotations

from sectypes.errors import MissingExtraError
from sectypes.widgets.state import Compare, State

try:
    from sectypes.widgets.classifying import ClassificationPanel, classification
    from sectypes.widgets.exploring import ExplorePanel, explore
except ModuleNotFoundError as error:
    if error.name != "ipywidgets":
        raise
    raise MissingExtraError("panels need ipywidgets: pip install 'ipywidgets>=8.1'") from error

__all__ = [
    "ClassificationPanel",
    "Compare",
    "ExplorePanel",
    "State",
    "classification",
    "explore",
]
