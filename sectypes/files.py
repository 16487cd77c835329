"""What leaves for a file: files written whole or not at all, cells that no spreadsheet executes."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from sectypes.checks import is_missing
from sectypes.errors import InputError

__all__ = ["neutralised", "readable", "write_whole"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Control characters but tab and line ends; lone surrogates, which no encoding can write.
_UNWRITABLE = dict.fromkeys(
    [*range(9), 11, 12, *range(14, 32), 127, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd"
)


def write_whole(path: str | Path, content: bytes) -> Path:
    """Write a file so that a reader finds the old content or the new one, never a part.

    Parameters
    ----------
    path : str | Path
        The file; its folder must exist. A file that is there is replaced.
    content : bytes
        All of it.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    InputError
        The file cannot be written; the message names the path and the reason.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "a.txt", b"all").read_bytes()
    b'all'
    """
    target = Path(path)
    # A name of its own in the same folder: a long file name must not get longer.
    unfinished = target.parent / f".{secrets.token_hex(8)}.part"
    try:
        try:
            unfinished.write_bytes(content)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot write {target}: {getattr(error, 'strerror', None) or error}"
        ) from None
    return target


def readable(value: Any) -> str:
    r"""A value as text that every file format can hold; "" for a missing one.

    Control characters other than tabs and line ends, and halves of characters, become U+FFFD.

    Examples
    --------
    >>> readable("a\x00b"), readable(None), readable(1.5)
    ('a\ufffdb', '', '1.5')
    """
    if not isinstance(value, str) and is_missing(value):
        return ""
    return str(value).translate(_UNWRITABLE)


def neutralised(cell: Any) -> Any:
    """A cell of a CSV file that is no formula to Excel, LibreOffice or Google Sheets.

    A text that begins with ``=``, ``+``, ``-``, ``@``, tab or carriage return gets an apostrophe
    in front (https://owasp.org/www-community/attacks/CSV_Injection), and every end of a line inside
    a text becomes a line feed. Numbers, times and missing values stay as they are.

    Examples
    --------
    >>> neutralised("=1+1"), neutralised("plain"), neutralised(-1.0)
    ("'=1+1", 'plain', -1.0)
    """
    if not isinstance(cell, str):
        return cell
    safe = f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
    # Python writes a bare carriage return without quotes, and a spreadsheet begins a row there.
    return safe.replace("\r\n", "\n").replace("\r", "\n")
