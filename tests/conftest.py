"""Fixtures that every room's tests share; the parts behind them live in `support/`."""

from __future__ import annotations

from support.databases import *  # noqa: F403
from support.fmp_server import *  # noqa: F403
from support.services import *  # noqa: F403
