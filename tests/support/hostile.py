"""Hostile texts, and inputs derived from good ones by damage, as strategies for hypothesis."""

from __future__ import annotations

import copy
import io
import math
import zipfile
from typing import Any

import pandas as pd
from hypothesis import HealthCheck
from hypothesis import strategies as st

from sectypes.errors import InputError
from sectypes.holdings import COLUMNS, read_holdings

__all__ = [
    "ATTACKS",
    "ENOUGH",
    "FORMULA_STARTS",
    "JUNK",
    "TICKERS",
    "damaged",
    "damaged_bytes",
    "held",
    "nested",
    "sheet",
    "workbook",
]

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

ATTACKS = (
    "'; DROP TABLE overrides;--", '" OR "1"="1', "A') UNION SELECT 1--", "%s%n{0}$(id)`id`",
    "../../../../etc/passwd", "..\\..\\boot.ini", "/dev/zero", "C:\\CON", "file:///etc/passwd",
    "<script>alert(1)</script>", '" onload="alert(1)', "=HYPERLINK(A1)", "-1+1", "@SUM(A1)",
    "\t=1", "\r=1", "\x00", "A\x00B", "\x1b[31m", "\u202eLQA", "\ud800", "\udcff", "\ufeffAAPL",
    "e\u0301" * 5000, "\ufdfa" * 1000, "A" * 10_000, "." * 10_000, "A " * 5000, "1" * 10_000,
    "AAPL 260116C00150000 " * 400, "CUR:" * 2500, "\u0660" * 9, "\u01c5\u1e9e\ufb03", "--json",
    "-h",
)  # fmt: skip
"""Texts that broke programs elsewhere; each is a sample."""

TICKERS = (
    st.sampled_from(ATTACKS)
    | st.text(st.characters(codec=None), max_size=40)
    | st.text(alphabet="AZ09 .:-/^=+$*'\"%\x00\x1f\u2028\u202e\U0001f680", max_size=80)
    | st.builds(lambda part, times: part * times, st.text(min_size=1, max_size=4), st.just(2500))
)
"""Any text that somebody could hand over as a ticker."""

ENOUGH = {
    "derandomize": True,  # the same examples in every run
    "deadline": None,
    "suppress_health_check": [
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
}
"""Settings of every property here."""


def nested(depth: int, inner: Any = 1) -> Any:
    """Lists in lists."""
    built = inner
    for _ in range(depth):
        built = [built]
    return built


_NUMBERS = st.sampled_from(
    [10**400, -(10**30), 1e308, -1e308, float("nan"), float("inf"), 2**63, 1e-320, -0.0]
)
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    _NUMBERS,
    st.sampled_from(["9" * 400, "1e999", "NaN", "-Infinity", "0x1F", "1_0", "١٢", "1,2,3", ""]),
    st.sampled_from(ATTACKS),
    # A copy each time, because `damaged` may damage what it has just put in.
    st.sampled_from([[], {}, [[]], [None], {"": None}, {"a": {"a": {"a": {}}}}, {5: 1}, (1,)]).map(
        copy.deepcopy
    ),
    st.builds(nested, st.sampled_from([5, 400])),
)
"""What no field should hold."""


def held(source: Any, **keywords: Any) -> bool:
    """Whether it could be read; any error that is not the package's own fails the test."""
    try:
        frame = read_holdings(source, **keywords)
    except InputError:
        return False
    assert tuple(frame.columns) == COLUMNS
    for name in ("units", "price", "value", "cost_basis"):
        assert not frame[name].isin([math.inf, -math.inf]).any()
    return True


@st.composite
def damaged(draw: st.DrawFn, good: Any, most: int = 3) -> Any:
    """A payload with up to `most` places missing, doubled, buried deeper, or anything else."""
    made = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, most))):
        holder, key = draw(st.sampled_from(list(_places(made)) or [({"": made}, "")]))
        action = draw(st.sampled_from(["junk", "gone", "deeper", "twice", "extra", "other"]))
        if action == "gone":
            del holder[key]
        elif action == "deeper":
            holder[key] = draw(st.sampled_from([{"value": holder[key]}, [holder[key]]]))
        elif action == "twice" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        elif action == "extra" and isinstance(holder, dict):
            holder[draw(st.sampled_from(ATTACKS))] = draw(JUNK)
        elif action == "other":
            holder[key] = copy.deepcopy(draw(st.sampled_from(list(_places(good))))[0])
        else:
            holder[key] = draw(JUNK)
    return made


def _places(built: Any) -> Any:
    """Each place of a payload: what holds it, and its key."""
    if isinstance(built, dict | list):
        pairs = built.items() if isinstance(built, dict) else enumerate(built)
        for key, value in list(pairs):
            yield built, key
            yield from _places(value)


@st.composite
def damaged_bytes(draw: st.DrawFn, good: bytes) -> bytes:
    """A file with bytes changed, cut out, put in or said twice."""
    made = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(made) - 1)))
        length = draw(st.sampled_from([1, 1, 8, 200]))
        put = draw(st.sampled_from([b"", b"\x00", b"\xff\xfe", b'"', b"&a *a", bytes(made[:at])]))
        made[at : at + length] = put or draw(st.binary(max_size=8))
    return bytes(made)


def workbook(content: str) -> bytes:
    """An Excel file whose only sheet has this content, as XML."""
    plain, made = io.BytesIO(), io.BytesIO()
    pd.DataFrame({"Symbol": ["XYZQ"], "Shares": [1]}).to_excel(plain, index=False)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name.endswith("sheet1.xml") else old.read(name))
    return made.getvalue()


def sheet(*rows: str, before: str = "") -> str:
    """The XML of a sheet with a header and these rows."""
    names = "".join(_cell(place, text) for place, text in (("A1", "Symbol"), ("B1", "Shares")))
    return (
        f'<?xml version="1.0"?>{before}'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f'<row r="1">{names}</row>{"".join(rows)}</sheetData></worksheet>'
    )


def _cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'
