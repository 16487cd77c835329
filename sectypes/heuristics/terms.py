"""The terms of an issue, as custodians write them behind its name: coupon, maturity, expiry."""

from __future__ import annotations

import re

from sectypes.heuristics.lexicon import Sign

__all__ = ["TERM_SIGNS", "terms_in"]

TERM_SIGNS = Sign.PERCENT | Sign.OPTION | Sign.FUTURE
"""Words without which a name is not searched for terms: few names have any."""

_YEAR = r"(?:(?:19|20)[0-9]{2}|[0-9]{2})"
_DAY = rf"(?:0?[1-9]|1[0-2])[/-](?:(?:0?[1-9]|[12][0-9]|3[01])[/-])?{_YEAR}(?![0-9/-]|TH|ND)"
_MONTH = (
    r"\b(?:JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?"
    r"|SEPT?(?:EMBER)?|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)\W{0,2}[0-9]{1,4}\b"
)
# "5% 06/15/2044", "7.35%27 DUE 11/04/27", "4.5%05/25", and a year where the name ends with it. A
# bare "%" is a fund's as well ("Asset Manager 70% Fund").
_COUPON = re.compile(
    rf"%\s*(?:[0-9]{{2}}\s+)?(?:DUE\s+|MATURES\s+)?(?:{_DAY}|{_MONTH}|(?:19|20)[0-9]{{2}}$)"
    rf"|\b{_DAY}\s+[0-9]+(?:\.[0-9]+)?\s*%"
)
_EXPIRY = re.compile(rf"\b{_DAY}|{_MONTH}|\b[0-9]{{1,2}}[A-Z]{{3}}[0-9]{{2,4}}\b")
_DELIVERY = re.compile(_MONTH)
# "CALL (XYZ) ...", "XYZ Jan 16 2026 500 Put", or anywhere beside a strike in money.
_OPTION = re.compile(r"^(?:CALL|PUT)S?\b|\b(?:CALL|PUT)S?$|\$ ?[0-9]")


def terms_in(name: str, signs: int) -> list[tuple[int, str]]:
    """Return the terms that a name states: the sign of each, and its text.

    Examples
    --------
    >>> terms_in("SILLY TURNPIKE 5% 06/15/2044", int(Sign.PERCENT))[0][1]
    '% 06/15/2044'
    >>> terms_in("Silly Asset Manager 70% Fund", int(Sign.PERCENT))
    []
    """
    text = name.upper().strip()
    if signs & Sign.PERCENT:
        coupon = _COUPON.search(text)
        return [(int(Sign.DATED), coupon[0])] if coupon else []
    found: list[tuple[int, str]] = []
    if signs & Sign.OPTION and _OPTION.search(text):
        expiry = _EXPIRY.search(text)
        found += [(int(Sign.EXPIRY), expiry[0])] if expiry else []
    if signs & Sign.FUTURE and (delivery := _DELIVERY.search(text)):
        found.append((int(Sign.DELIVERY), delivery[0]))
    return found
