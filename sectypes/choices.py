"""What one chooses by name where risk is compared; who only offers the names loads no arithmetic.

`Baseline`: what "before" means, one rate for everything or the provider's types. `Method`: which
position decides the concentration loss. `Curve`: how a loss becomes a score.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["Baseline", "Curve", "Method"]

Baseline: TypeAlias = Literal["generic", "provider"]
Method: TypeAlias = Literal["largest_position", "worst_position", "single_issuer", "top_n"]
Curve: TypeAlias = Literal["linear", "step"]
