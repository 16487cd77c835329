"""From whatever the caller has (a path, bytes, text, an open file) to bytes, text and JSON.

Nothing here knows a provider. What cannot be read is an `InputError` that says what to do.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from sectypes.errors import Failure, InputError

__all__ = ["MAX_BYTES", "Raw", "Readable", "Source", "decode", "parse_json", "read_raw"]

MAX_BYTES = 50 * 2**20
"""Largest input that is read: far above any export of holdings, far below a machine's memory."""

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@runtime_checkable
class Readable(Protocol):
    """An open file, in text or binary mode."""

    def read(self, size: int = -1, /) -> bytes | str:
        """Up to `size` bytes or characters."""


Source: TypeAlias = "str | PathLike[str] | bytes | bytearray | Readable"
"""A path, the content itself, or an open file."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes with what is known about where they came from.

    Attributes
    ----------
    data : bytes
        The content.
    label : str
        What error messages call it: the file's name, or "the given text".
    stem : str | None
        The file's name without its suffix.
    suffix : str
        The file's suffix in lower case, "" where there is none. Only a hint.
    """

    data: bytes
    label: str
    stem: str | None = None
    suffix: str = ""


def read_raw(source: Source) -> Raw:
    """Read a path, content or open file into memory.

    A text counts as content where it has more than one line or starts with ``{``, ``[`` or ``<``;
    any other text is a path. An open file is read from where it stands and left open.

    Raises
    ------
    InputError
        For a file that cannot be read, that is empty, or that is larger than `MAX_BYTES`.
    """
    if isinstance(source, bytes | bytearray):
        return _checked(bytes(source), Path("the given data"), named=False)
    if isinstance(source, str) and (not source.strip() or _is_content(source)):
        return _checked(_encoded(source), Path("the given text"), named=False)
    if isinstance(source, str | PathLike):
        return _read_path(Path(source))
    if isinstance(source, Readable):
        name = getattr(source, "name", None)
        content = source.read(MAX_BYTES + 1)
        data = _encoded(content) if isinstance(content, str) else content
        path = Path(name) if isinstance(name, str) else Path("the given file")
        return _checked(data, path, named=isinstance(name, str))
    raise InputError(
        f"cannot read holdings from {type(source).__name__}: "
        "give a path, the content, an open file, parsed JSON or a DataFrame"
    )


def _is_content(text: str) -> bool:
    return "\n" in text or "\r" in text or text.lstrip()[:1] in ("{", "[", "<")


def _encoded(text: str) -> bytes:
    """Text as UTF-8 bytes."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"the given text is not valid Unicode: {error.reason}") from error


def _read_path(path: Path) -> Raw:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot read {str(path)[:200]!r}: {reason}") from error
    return _checked(data, path, named=True)


def _checked(data: bytes, path: Path, *, named: bool) -> Raw:
    """Refuse what is empty or too large."""
    label = path.name
    if len(data) > MAX_BYTES:
        raise InputError(f"{label} is larger than {MAX_BYTES // 2**20} MB; split it")
    if not data.strip():
        raise InputError(f"{label} is empty")
    if not named:
        return Raw(data, label)
    return Raw(data, label, stem=path.stem, suffix=path.suffix.lower())


def decode(raw: Raw) -> str:
    """Turn bytes into text: by the byte order mark, else UTF-8, else Windows-1252.

    Raises
    ------
    InputError
        For content that is no text in any of these, and for an HTML or XML page: a log-in or
        error page saved in place of the data.
    """
    encodings = [name for mark, name in _BOMS.items() if raw.data.startswith(mark)]
    if raw.data.startswith(b"PAR1"):
        raise InputError(
            f"{raw.label} is a Parquet file: read it with pd.read_parquet(path) and give the frame"
        )
    if not encodings and b"\0" in raw.data:
        raise InputError(f"{raw.label} is not a text file (it holds zero bytes)")
    text = _decoded(raw, encodings[:1] or ["utf-8", "cp1252"])
    if text.lstrip()[:1] == "<":
        start = " ".join(text.split())[:60]
        raise InputError(
            f"{raw.label} looks like an HTML page, not like holdings; open it in a browser to see "
            "what it says, then download the data again",
            [Failure(1, None, start, "starts like a page")],
        )
    return text


def _decoded(raw: Raw, encodings: Sequence[str]) -> str:
    for encoding in encodings:
        try:
            return raw.data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(
        f"{raw.label} is not text in any encoding that is tried ({', '.join(encodings)}); "
        "save it as UTF-8"
    )


def parse_json(text: str, *, label: str) -> Any:
    """Parse JSON strictly: no NaN or Infinity, no key twice in one object.

    Raises
    ------
    InputError
        With line and column of what is malformed.

    Examples
    --------
    >>> parse_json('{"a": [1, null]}', label="x.json")
    {'a': [1, None]}
    """
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(
            f"{label} is not valid JSON: {error.msg} at {place}",
            [Failure(error.lineno, str(error.colno), _context(text, error.pos), error.msg)],
        ) from error
    except RecursionError as error:
        raise InputError(f"{label} is not valid holdings: JSON nested too deeply") from error
    except ValueError as error:
        raise InputError(f"{label} is not valid JSON: {error}") from error


def _context(text: str, position: int) -> str | None:
    return text[position : position + 20] or None


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object as a dict; a repeated key would lose a value in silence."""
    record = dict(pairs)
    if len(record) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise ValueError(f"the key {twice[:60]!r} occurs twice in one object")
    return record
