"""Option symbols: every way to write an OCC symbol becomes the unpadded one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import chain
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
_DAY, _YEAR = r"(?P<d>[0-9]{1,2})", r"(?P<y>[0-9]{2})"
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
_LONG_DATE = rf"{_MONTH} ?{_DAY}(?:,? (?:['’]|20)?|['’]){_YEAR}"
_DATES = (
    rf"(?P<m>[0-9]{{1,2}})/{_DAY}/(?:20)?{_YEAR}",  # 1/17/2025, as in the United States
    rf"20{_YEAR}(?P<hyphen>-?)(?P<m>[0-9]{{2}})(?P=hyphen)(?P<d>[0-9]{{2}})",  # ISO
    _LONG_DATE,  # Jan 17 '25, Jan 17, 2025, Jan17'25
    rf"{_DAY}(?P<between>[ -]?){_MONTH}(?P=between)(?:20)?{_YEAR}",  # 17JAN25, 17-Jan-2025
)
_ORDERS = (
    "{root} {date} {kind} ?{strike}",  # AAPL 01/17/25 C155
    "{root} {date} {strike} {kind}",  # AAPL 17JAN25 155 C
    "{kind} {root} {date} {strike}",  # Call AAPL 2025-01-17 155
    "{root} {kind} {strike} {date}",  # AAPL Call 155 01/17/2025
    "{root} {strike} {kind} {date}",  # AAPL 155 C 01/17/2025
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


@cache
def _dated() -> tuple[re.Pattern[str], ...]:
    """Spellings of brokers with a written date; made when the first odd ticker comes."""
    # Bloomberg names the market behind the root, and the kind of security at the end.
    root = f"{_ROOT}(?: US)?"
    forms = [
        order.format(root=root, date=written, kind=_KIND, strike=_STRIKE)
        for order in _ORDERS
        for written in _DATES
    ]
    forms += [
        rf"{_ROOT}_(?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}}){_YEAR}(?P<kind>[CP]){_STRIKE}",
        # CALL (AAPL) APPLE INC JAN 17 25 $155 (100 SHS)
        rf"(?P<kind>CALL|PUT) \({_ROOT}\) (?:.* )?{_LONG_DATE} {_STRIKE}(?: \(100 SHS\))?",
    ]
    return tuple(map(re.compile, forms))


def compact_occ(text: str) -> str | None:
    """Return the unpadded OCC symbol that `text` is a spelling of, or None.

    `text` is trimmed, in upper case, with single spaces.
    """
    if len(text) < _SHORTEST:
        return None
    text = text.removesuffix(" EQUITY")
    match = next(filter(None, (form.fullmatch(text) for form in chain([_OCC], _dated()))), None)
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
