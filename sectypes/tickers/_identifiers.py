"""Identifiers with a check digit that stand where a ticker is expected: CUSIP, ISIN, FIGI.

The check digit is what tells an identifier from an internal number of the same length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["is_cusip", "is_debt", "is_debt_cusip", "is_figi", "is_isin"]

_CUSIP = re.compile(r"[0-9A-Z*@#]{8}[0-9]")
_ISIN = re.compile(r"[A-Z]{2}[0-9A-Z]{9}[0-9]")
_FIGI = re.compile(r"[B-DF-HJ-NP-TV-Z]{2}G[0-9B-DF-HJ-NP-TV-Z]{8}[0-9]")
# Country codes that a FIGI may not start with, so that it is never mistaken for an ISIN.
_NOT_FIGI = frozenset({"BS", "BM", "GG", "GB", "GH", "KY", "VG"})
_VALUES = {char: value for value, char in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*@#")}
# Bills, notes and bonds of the US Treasury: some of their issue numbers have no letter.
_TREASURY_ISSUERS = frozenset({"912796", "912797", "912828", "91282C", "912810"})


def is_cusip(text: str) -> bool:
    """Whether `text` is a CUSIP (or CINS) whose check digit is right.

    Parameters
    ----------
    text : str
        Nine characters in upper case; anything else is not a CUSIP.

    Returns
    -------
    bool
        True where form and check digit agree.

    Notes
    -----
    Modulus 10, every second value doubled, digits added (ANSI X9.6).

    Examples
    --------
    >>> is_cusip("912797HE0"), is_cusip("NHX105509")
    (True, False)
    """
    if not _CUSIP.fullmatch(text):
        return False
    return _check_digit(_VALUES[char] for char in text[:8]) == int(text[8])


def is_debt_cusip(text: str) -> bool:
    """Whether `text` is a valid CUSIP of a bond, bill, note or certificate of deposit.

    Parameters
    ----------
    text : str
        Nine characters in upper case.

    Returns
    -------
    bool
        True for a valid CUSIP whose issue part (characters 7 and 8) has a letter, or whose
        issuer is the US Treasury. Two digits there mean a share or a fund.

    Examples
    --------
    >>> is_debt_cusip("912797HE0"), is_debt_cusip("037833100")
    (True, False)
    """
    return is_cusip(text) and (
        text[:6] in _TREASURY_ISSUERS or any("A" <= char <= "Z" for char in text[6:8])
    )


def is_debt(text: str) -> bool:
    """Whether `text` is a debt CUSIP, alone or inside a US or Canadian ISIN.

    Examples
    --------
    >>> is_debt("912797HE0"), is_debt("US912797HE00"), is_debt("US0378331005")
    (True, True, False)
    """
    is_north_american = len(text) == 12 and text[:2] in ("US", "CA")
    return is_debt_cusip(text[2:11] if is_north_american else text)


def is_isin(text: str) -> bool:
    """Whether `text` is an ISIN whose check digit is right.

    Parameters
    ----------
    text : str
        Twelve characters in upper case; anything else is not an ISIN.

    Returns
    -------
    bool
        True where form and check digit agree (Luhn on the letters expanded, A = 10; ISO 6166).

    Examples
    --------
    >>> is_isin("US0378331005"), is_isin("US0378331004")
    (True, False)
    """
    if not _ISIN.fullmatch(text):
        return False
    digits = "".join(str(_VALUES[char]) for char in text)
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(int(digit) for digit in digits[-1::-2])) % 10 == 0


def is_figi(text: str) -> bool:
    """Whether `text` is a FIGI whose check digit is right.

    Parameters
    ----------
    text : str
        Twelve characters in upper case; anything else is not a FIGI.

    Returns
    -------
    bool
        True where form and check digit agree (modulus 10, every second value doubled).

    Examples
    --------
    >>> is_figi("BBG000B9XRY4"), is_figi("BBG000B9XRY5")
    (True, False)
    """
    if not _FIGI.fullmatch(text) or text[:2] in _NOT_FIGI:
        return False
    return _check_digit(_VALUES[char] for char in text[:11]) == int(text[11])


def _check_digit(values: Iterable[int]) -> int:
    """Modulus 10 over the digits of the values, every second value doubled."""
    doubled = (value * (1 + position % 2) for position, value in enumerate(values))
    return -sum(sum(divmod(value, 10)) for value in doubled) % 10
