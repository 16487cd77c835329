"""Finding a secret in anything that a person or a file may get to see, however it is written."""

from __future__ import annotations

import base64
import io
import logging
import pickle
import traceback
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, quote_plus

import pandas as pd

from faults.table import KEY, PASSWORD

__all__ = [
    "LOGGERS",
    "error_texts",
    "file_texts",
    "forms",
    "found_in",
    "leaks",
    "object_texts",
    "recorded_logs",
]

LOGGERS = ("", "sectypes", "sqlalchemy", "urllib3", "requests", "alembic")
"""Loggers that are made to tell everything; "" is the root."""


def forms(secret: str) -> list[str]:
    """A secret as it is, quoted for an URL, escaped, in hexadecimal, and in base64.

    Base64 of a text that holds the secret depends on where it begins: three ways, each without the
    characters that its neighbours share in.
    """
    data = secret.encode()
    found = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), data.hex()}
    found.add(repr(secret)[1:-1])
    for before in range(3):
        code = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        inner = code[-(-before * 8 // 6) : len(code) - 1]
        found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return sorted(found)


def found_in(texts: Iterable[str], *secrets: str) -> list[str]:
    """Those texts, shortened to the place, in which a secret stands in any form."""
    wanted = [form for secret in secrets for form in forms(secret)]
    found = []
    for text in texts:
        for form in wanted:
            place = text.find(form)
            if place >= 0:
                found.append(text[max(place - 60, 0) : place + len(form)])
                break
    return found


def leaks(texts: str | Iterable[str]) -> list[str]:
    """Where the key or the password of the tests is shown; there must be something to look at."""
    shown = [texts] if isinstance(texts, str) else list(texts)
    assert shown
    return found_in(shown, KEY, PASSWORD)


# -- channels -------------------------------------------------------------------------------


def object_texts(thing: object) -> Iterator[str]:
    """What an object shows of itself: repr, str, format, its attributes, its pickle."""
    yield repr(thing)
    yield str(thing)
    yield f"{thing}"
    yield repr([thing])
    for kind in type(thing).__mro__:
        for name in getattr(kind, "__slots__", ()):
            if not name.startswith("__"):
                yield repr(getattr(thing, name, None))
    yield repr(getattr(thing, "__dict__", None))
    try:
        code = pickle.dumps(thing)
    except (TypeError, AttributeError, pickle.PicklingError) as refusal:
        yield repr(refusal)
    else:
        yield code.decode("latin-1")


def error_texts(error: BaseException) -> Iterator[str]:
    """What an error shows: its texts, and tracebacks with the values of all local variables."""
    from IPython.core.ultratb import VerboseTB

    yield from object_texts(error)
    one: BaseException | None = error
    while one is not None:
        yield f"{one!r} {one.args!r} {vars(one)!r}"
        one = one.__cause__ or one.__context__
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    # Not the frames of the test: what they hold is the test's own.
    for told in _chain(whole):
        for frame in told.stack:
            if "/tests/" not in frame.filename:
                yield f"{frame.name}: {frame.locals}"
    yield from traceback.format_exception(error)
    verbose = VerboseTB(theme_name="nocolor", include_vars=True)
    ours = _without_tests(error)
    if ours is not None:
        yield verbose.text(type(error), error, ours)


def _chain(told: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    one: traceback.TracebackException | None = told
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__


def _without_tests(error: BaseException) -> object:
    trace = error.__traceback__
    while trace is not None and "/tests/" in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    return trace


class _Keeper(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.texts: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{self.format(record)} {record.args!r}")


@contextmanager
def recorded_logs() -> Iterator[list[str]]:
    """Everything that is logged inside, from DEBUG on, with the arguments of each record."""
    keeper = _Keeper()
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    root = logging.getLogger()
    root.addHandler(keeper)
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield keeper.texts
    finally:
        root.removeHandler(keeper)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def file_texts(folder: Path) -> Iterator[str]:
    """The names and the contents of all files in a folder, unpacked where they are packed."""
    for path in sorted(folder.rglob("*")):
        yield str(path.relative_to(folder))
        if path.is_file():
            yield from _unpacked(path.name, path.read_bytes())


def _unpacked(name: str, content: bytes) -> Iterator[str]:
    yield content.decode("latin-1")
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for member in packed.namelist():
                yield from _unpacked(member, packed.read(member))
    if name.endswith(".parquet"):
        frame = pd.read_parquet(io.BytesIO(content))
        yield frame.to_csv()
        yield repr(frame.attrs)
