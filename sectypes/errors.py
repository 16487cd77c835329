"""Every exception and warning of the package.

An error carries facts, not only prose: who failed, whether trying again can help, which row and
column of the input is wrong. All of them survive pickling, because holdings are often classified
in worker processes.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ConfigError",
    "Failure",
    "HoldingsWarning",
    "InputError",
    "MissingExtraError",
    "SectypesError",
    "SourceError",
    "SourceRefused",
    "StaleAnswerWarning",
    "StoreSchemaError",
    "StoreUnavailable",
    "StoreWarning",
    "UnresolvedWarning",
    "first_of",
    "shown",
    "warn",
]


class SectypesError(Exception):
    """Base of everything that the package raises on purpose."""


class ConfigError(SectypesError, ValueError):
    """A setting, in the environment or an argument, cannot be used."""


def first_of(words: Sequence[str], most: int) -> str:
    """The first of many words, and how many others there are.

    Examples
    --------
    >>> first_of(["DSU", "SPY", "AAPL"], 2), first_of(["DSU"], 2)
    ('DSU, SPY and 1 more', 'DSU')
    """
    named = ", ".join(words[:most])
    return named if len(words) <= most else f"{named} and {len(words) - most:,} more"


def shown(value: object) -> str:
    """A value as messages show it: its repr, of at most 80 characters.

    Examples
    --------
    >>> shown("AAPL"), shown({}), len(shown("A" * 10_000))
    ("'AAPL'", '{}', 80)
    """
    try:
        text = repr(value)
    except RecursionError:
        return f"a deeply nested {type(value).__name__}"
    except ValueError:  # an integer of more digits than Python writes
        return f"a {type(value).__name__} that is too long to show"
    return text if len(text) <= 80 else text[:77] + "..."


class Failure(NamedTuple):
    """One thing that is wrong with an input.

    Attributes
    ----------
    row : int | str | None
        Position of the row in the input, counted as the reader of the file would (line numbers
        for text files, list positions for JSON); None where the whole input is meant.
    column : str | None
        Name of the column, field or path; None where the whole row is meant.
    value : object
        The offending value as read.
    reason : str
        What is wrong and what to do.
    """

    row: int | str | None
    column: str | None
    value: Any
    reason: str

    def __str__(self) -> str:
        """Say where, what and why on one line."""
        place = [f"row {self.row}"] if self.row is not None else []
        if self.column is not None:
            place.append(f"column {self.column!r}")
        if self.value is not None:
            place.append(f"value {shown(self.value)}")
        return ": ".join(filter(None, [", ".join(place), self.reason]))


class InputError(SectypesError, ValueError):
    """Holdings, a file or an argument cannot be read as what it should be.

    Parameters
    ----------
    message : str
        What is wrong with the input as a whole.
    problems : Sequence[Failure]
        Each single problem, all of them collected before the error is raised.
    """

    def __init__(self, message: str, problems: Sequence[Failure] = ()) -> None:
        self.message = message
        self.problems = tuple(problems)
        shown = [f"  {problem}" for problem in self.problems[:5]]
        if len(self.problems) > len(shown):
            shown.append(f"  ... and {len(self.problems) - len(shown)} more (see .failures)")
        super().__init__("\n".join([message, *shown]))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the arguments, not by the composed message."""
        return type(self), (self.message, self.problems)

    @property
    def failures(self) -> pd.DataFrame:
        """The problems as a frame with the columns row, column, value, reason."""
        import pandas as pd

        return pd.DataFrame(list(self.problems), columns=list(Failure._fields), dtype=object)


class SourceError(SectypesError):
    """A source of types (a web service, a database) gave no answer.

    Parameters
    ----------
    message : str
        What happened, without any secret.
    source : str
        Name of the source.
    retryable : bool
        Whether the same call may succeed later without anybody changing anything.
    """

    retryable_by_default = False

    def __init__(self, message: str, *, source: str, retryable: bool | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.retryable = self.retryable_by_default if retryable is None else retryable

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle through a function, because the arguments are keyword-only."""
        return _rebuild, (
            type(self),
            self.message,
            {k: v for k, v in vars(self).items() if k != "message"},
        )


def _rebuild(kind: type[SectypesError], message: str, facts: dict[str, Any]) -> SectypesError:
    return kind(message, **facts)


class SourceRefused(SourceError):
    """The source refuses: a wrong key, or something outside the plan."""


class StoreUnavailable(SourceError):
    """The cache database cannot be used; the chain goes on without it."""

    retryable_by_default = True


class StoreSchemaError(SectypesError):
    """The cache database has another schema than this version needs; a person must migrate it.

    Parameters
    ----------
    message : str
        What to run.
    found, needed : str | None
        Schema revisions; None for a database without one.
    """

    def __init__(self, message: str, *, found: str | None, needed: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.found = found
        self.needed = needed

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle through a function, because the arguments are keyword-only."""
        return _rebuild, (type(self), self.message, {"found": self.found, "needed": self.needed})


class MissingExtraError(SectypesError, ImportError):
    """An optional library is not installed; the message ends in the line that installs it."""


class UnresolvedWarning(UserWarning):
    """Some positions have no type, or only the conservative default."""


class StaleAnswerWarning(UserWarning):
    """Some answers are older than they should be, because their source could not be asked."""


class StoreWarning(UserWarning):
    """The cache database could not be used; answers are right but will be asked for again."""


class HoldingsWarning(UserWarning):
    """A holdings file was read, but something in it contradicts the provider's own rules."""


_PACKAGE = str(Path(__file__).parent)


def warn(message: str, category: type[UserWarning]) -> None:
    """Warn at the line of the caller's own code, however deep in the package this happens.

    Parameters
    ----------
    message : str
        What the analyst should know.
    category : type[UserWarning]
        One of the package's warnings.
    """
    depth, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(message, category, stacklevel=depth)
