"""Numbers in, pictures out: each chart is a matplotlib Figure with its table and its sentence.

The only room that knows matplotlib. Nothing here touches pyplot or leaves a setting changed, and
nothing is computed that is not drawn.
"""

from __future__ import annotations

from sectypes.charts.compared import Compared, Rescore
from sectypes.charts.components import component_losses, component_scores
from sectypes.charts.figure import SHOWN_WIDTH, Chart
from sectypes.charts.positions import concentration_by_position
from sectypes.charts.providers import disagreement
from sectypes.charts.rates import sensitivity
from sectypes.charts.weights import weight_by_origin, weight_by_type

__all__ = [
    "SHOWN_WIDTH",
    "Chart",
    "Compared",
    "Rescore",
    "component_losses",
    "component_scores",
    "concentration_by_position",
    "disagreement",
    "sensitivity",
    "weight_by_origin",
    "weight_by_type",
]
