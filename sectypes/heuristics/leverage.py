"""Leverage and direction, read from a fund's name; the name is taken to be a fund's."""

from __future__ import annotations

import math
import re

__all__ = ["leverage_in"]

_BLANKS = {ord(char): " " for char in '/,;:()[]"*_+!?|=<>#@~'} | {
    ord("−"): "-",
    ord("–"): "-",
    ord("×"): "X",
}

# "2X", "1.5 X", "-1X", "2xLeveraged", custodians' "BULL3X" and "3XBR", and "3 Leveraged" where a
# feed has lost the sign "×". A hyphen behind a word joins ("S&P-2X"), it is no minus.
_TIMES = re.compile(
    r"(?:(?<!\w)(?P<minus>-))?(?:(?<![\w.])|(?<=BULL)|(?<=BEAR))(?P<times>[0-5](?:\.[0-9]+)?)"
    r"(?: ?X(?=LEVERAGED|MONTHLY|LONG|SHORT|INVERSE|SHS|SHARES|BU|BR|\b)"
    r"| (?=(?:INVERSE )?LEVERAGED\b))"
    r"(?: ?-?(?P<way>LONG|BULL))?"
)
# The factor behind the word, as index providers write it: "ShortDAX x2".
_TIMES_BEHIND = re.compile(r"(?<=[A-Z] )X(?P<times>[2-5](?:\.[0-9]+)?)\b")
_MULTIPLE_WORD = re.compile(r"\b(?P<word>DOUBLE|TRIPLE) (?P<way>LONG|SHORT|INVERSE)\b")
_WORD_TIMES = {"DOUBLE": 2.0, "TRIPLE": 3.0}

# Short in time is not short in direction: "Ultra-Short Bond", "Short Duration", "Short-Term".
_IN_TIME = r"(?:TERM|TRM|DUR|DURATION|MAT|MATURITY|DATED|HORIZON)"
_CALM = (
    rf"(?:{_IN_TIME}|BOND|BD|INCOME|INCM|GOVERNMENT|GOVT|GOV|CREDIT|MUNI|MUNICIPAL|MUN|CORPORATE|CORP"
    r"|FIXED|OBLIGATIONS|TREASURY|TREAS|CASH|MONEY|TAX|STRATEGY|STRATEGIC|ETF|FUND)"
)
_SHORT = r"(?:SHORT|SHRT|SHT)"
_AGAINST = re.compile(
    rf"\b(?:BEAR|INVERSE|{_SHORT}(?![ -]*{_IN_TIME}\b))\b|\bBEAR[0-5]X|[0-5]XBR\b|\bBR [0-5]X\b"
    r"|\bSHORTDAX\b"
)
# Leveraged by its making, and only the number says how much: "Daily ... Bull", what Direxion sets
# back daily or monthly (1X, 2X or 3X), what calls itself leveraged or geared, and MicroSectors'
# name where a feed has cut off that it is a note, and the number with it. Borrowers and shares can
# be leveraged as well.
_NOT_ITSELF = r"LOANS?|LN|SHARES|SHS|COM(?:PANY|PANIES)?|CO|STOCK|STK|CREDIT|CR|FINANCE|BUYOUTS?"
_UNTOLD = re.compile(
    r"\bDIREXION\b.*\b(?:BULL|BEAR|DAILY|DLY|MONTHLY)\b|\b(?:DAILY|DLY)\b.*\bBULL\b"
    rf"|(?<!NON[ -])(?<!\bUN-)\b(?:LEVERAGED?|GEARED|LEVDAX)\b(?! (?:{_NOT_ITSELF})\b)"
    r"|\bMICROSECTORS\b(?!.*\bETNS?\b)"
)
_LONG_AND_SHORT = re.compile(rf"\bLONG\b.*\b{_SHORT}\b")
_PRO = re.compile(r"\b(?:PROSHARES|PROSHS|PSHS|PROFUNDS?)\b")

# Names without a number, in order; the first that matches counts. ProShares and ProFunds state
# these multiples for their series; the two VIX funds have their own since 2018.
_PRO_SERIES: tuple[tuple[re.Pattern[str], float], ...] = tuple(
    (re.compile(pattern), times)
    for pattern, times in (
        (r"\bULTR?A? VIX\b", 1.5),
        (rf"\b{_SHORT} VIX\b", -0.5),
        (rf"\bULTRA?PRO {_SHORT}\b", -3.0),
        (r"\bULTRA?PRO\b", 3.0),
        (r"\bULTRABEAR\b", -2.0),
        (rf"\bULT(?:RA?)?[ -]?{_SHORT}\b(?![ -]*{_IN_TIME}\b)", -2.0),
        (rf"\bULTR(?:A|\b)(?!-?{_SHORT})", 2.0),
        (r"\bBEAR\b", -1.0),
        (rf"\b{_SHORT}\b(?![ -]*{_IN_TIME}\b)", -1.0),
    )
)
_ANY_SERIES: tuple[tuple[re.Pattern[str], float], ...] = tuple(
    (re.compile(pattern), times)
    for pattern, times in (
        (rf"\bULTRA?PRO {_SHORT}\b", -3.0),
        (r"\bULTRA?PRO\b", 3.0),
        (rf"\bULTRASHORT\b(?!.*\b{_CALM}\b)", -2.0),
        # Roundhill states 1.2 for the whole series.
        (r"\bROUNDHILL\b.*\bWEEKLYPAY\b", 1.2),
        (r"\b(?:INVERSE|SHORTDAX)\b", -1.0),
        (r"\bBEAR(?:ISH)?\b", -1.0),
        (rf"\b{_SHORT}\b(?![ -]*{_CALM}\b).*\b(?:ETN|EXCHANGE[ -]TRADED NOTE)S?\b", -1.0),
        (rf"\b{_SHORT}\b(?![ -]*{_CALM}\b).*\bDAILY\b|\bDAILY {_SHORT}\b(?![ -]*{_CALM}\b)", -1.0),
    )
)


def leverage_in(name: str) -> float:
    """Return the signed multiple that a fund's name states; 1.0 where it states none.

    NaN for a name that says leveraged and not how much ("Direxion Daily ... Bull").

    Examples
    --------
    >>> leverage_in("Daily Bull 3X Shares"), leverage_in("-1x Short VIX"), leverage_in("Short-Term")
    (3.0, -1.0, 1.0)
    """
    text = " ".join(name.upper().translate(_BLANKS).split())
    if match := _TIMES.search(text):
        against = not match["way"] and _AGAINST.search(text) and not _LONG_AND_SHORT.search(text)
        times = float(match["times"])
        return -times if match["minus"] or against else times
    if match := _TIMES_BEHIND.search(text):
        times = float(match["times"])
        return -times if _AGAINST.search(text) else times
    if match := _MULTIPLE_WORD.search(text):
        times = _WORD_TIMES[match["word"]]
        return times if match["way"] == "LONG" else -times
    if _UNTOLD.search(text):
        return math.nan
    if _LONG_AND_SHORT.search(text):
        return 1.0
    series = _PRO_SERIES if _PRO.search(text) else _ANY_SERIES
    return next((times for pattern, times in series if pattern.search(text)), 1.0)
