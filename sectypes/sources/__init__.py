"""Sources: who can be asked for a type over the wire, or from bundled profiles.

A source says what happened to each key, found or which kind of no, and nothing else: it keeps
nothing, decides no precedence and makes no guess. Importing this loads no HTTP library; the first
call does.
"""

from __future__ import annotations

from sectypes.sources.fmp import FmpSource
from sectypes.sources.openfigi import Identified, OpenFigiSource
from sectypes.sources.profiles import read_profile
from sectypes.sources.snapshot import SnapshotSource

__all__ = ["FmpSource", "Identified", "OpenFigiSource", "SnapshotSource", "read_profile"]
