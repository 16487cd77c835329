"""Option symbols: every way to write an OCC symbol becomes the unpadded one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from sectypes.tickers._identifiers import is_cusip, is_isin

__all__ = ["OccOption", "compact_occ", "read_occ"]

_ROOT = r"(?P<root>[A-Z][A-Z0-9]{0,5}|[A-Z]{1,4}[./-][A-Z])"
_STRIKE = r"\$?(?P<strike>[0-9]{8}|[0-9]{1,5}(?:\.[0-9]{1,3})?)"
# OCC order: root, date, kind, strike. The strike has eight digits (thousandths) or, in some
# brokers' files, is a plain number.
_OCC = re.compile(
    rf"(?:O:)? ?[-.]? ?{_ROOT} ?(?P<y>[0-9]{{2}})(?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}}) ?"
    rf"(?P<kind>[CP]) ?{_STRIKE}"
)
_KIND = r"(?P<kind>C(?:ALL)?|P(?:UT)?)"
_DATE = r"(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})/(?:20)?(?P<y>[0-9]{2})"
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
_LONG_DATE = rf"{_MONTH} (?P<d>[0-9]{{1,2}}),? (?:['’]|20)?(?P<y>[0-9]{{2}})"
# Spellings of brokers with a written date.
_DATED = tuple(
    re.compile(form)
    for form in (
        rf"{_ROOT} {_DATE} {_KIND} ?{_STRIKE}",  # AAPL 01/17/25 C155, AAPL 1/17/2025 Call $155
        rf"{_ROOT} {_DATE} {_STRIKE} {_KIND}",  # AAPL 01/17/2025 155.00 C
        rf"{_ROOT} {_LONG_DATE} {_STRIKE} {_KIND}",  # AAPL Jan 17 '25 $155 Call
        rf"{_ROOT} (?P<d>[0-9]{{1,2}}){_MONTH}(?P<y>[0-9]{{2}}) {_STRIKE} {_KIND}",  # 17JAN25 155 C
        rf"{_ROOT}_(?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}})(?P<y>[0-9]{{2}})(?P<kind>[CP]){_STRIKE}",
        # CALL (AAPL) APPLE INC JAN 17 25 $155 (100 SHS)
        rf"(?P<kind>CALL|PUT) \({_ROOT}\) (?:.* )?{_LONG_DATE} {_STRIKE}(?: \(100 SHS\))?",
    )
)
_SHORTEST = len("A250117C1")
_COMPACT = re.compile(r"([A-Z][A-Z0-9]{0,5})([0-9]{2})([0-9]{2})([0-9]{2})([CP])([0-9]{8})")


@dataclass(frozen=True, slots=True)
class OccOption:
    """The parts of a listed option's symbol.

    Attributes
    ----------
    root : str
        The option's root: the underlying in most, not all, cases (SPXW stands for SPX).
    expiry : date
        Last day of the contract.
    kind : {"call", "put"}
        The right that it gives.
    strike : Decimal
        Price for one unit of the underlying.
    """

    root: str
    expiry: date
    kind: Literal["call", "put"]
    strike: Decimal

    @property
    def occ_symbol(self) -> str:
        """The standard form: 21 characters, the root padded to six."""
        thousandths = int(self.strike * 1000)
        return f"{self.root:<6}{self.expiry:%y%m%d}{self.kind[0].upper()}{thousandths:08d}"


def read_occ(key: str) -> OccOption | None:
    """Take an unpadded OCC symbol apart; None for anything else, an impossible date included."""
    match = _COMPACT.fullmatch(key)
    if match is None:
        return None
    root, year, month, day, kind, strike = match.groups()
    try:
        expiry = date(2000 + int(year), int(month), int(day))
    except ValueError:
        return None
    return OccOption(root, expiry, "call" if kind == "C" else "put", Decimal(strike) / 1000)


def compact_occ(text: str) -> str | None:
    """Return the unpadded OCC symbol that `text` is a spelling of, or None.

    `text` is trimmed, in upper case, with single spaces.
    """
    if len(text) < _SHORTEST:
        return None
    match = next(filter(None, (form.fullmatch(text) for form in (_OCC, *_DATED))), None)
    # A CINS or ISIN may look like a one-letter root with a plain strike; its check digit decides.
    if match is None or is_cusip(text) or is_isin(text):
        return None
    strike = match["strike"]
    if len(strike) < 8 or "." in strike:
        strike = f"{int(Decimal(strike) * 1000):08d}"
    root = re.sub(r"[./-]", "", match["root"])
    parts = match.groupdict()
    month = parts.get("m") or _MONTHS.index(parts["month"]) + 1
    day = f"{parts['y']}{month:0>2}{parts['d']:0>2}"
    key = f"{root}{day}{parts['kind'][0]}{strike}"
    return key if read_occ(key) else None
