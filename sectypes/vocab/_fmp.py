"""FMP's flags, as one table. A missing flag is unknown, which is not False."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sectypes.taxonomy import Label, SecurityType, Subtype
from sectypes.vocab._cash import tri_state

__all__ = ["fmp_industry", "fmp_label", "fmp_raw_label"]

# (isEtf, isFund) -> type. An ETF is sometimes flagged as a fund too; an ETF it stays.
_FLAGS = {
    (True, True): SecurityType.ETF,
    (True, False): SecurityType.ETF,
    (True, None): SecurityType.ETF,
    (False, True): SecurityType.MUTUAL_FUND,
    (None, True): SecurityType.MUTUAL_FUND,
    (False, False): SecurityType.EQUITY,
}
_WRITTEN = {True: "true", False: "false", None: "null"}
# The industry of funds and of those who manage them; no other says anything about the type.
_MANAGERS = "Asset Management"
_INDUSTRY = " industry="


def fmp_label(profile: Mapping[str, Any]) -> Label | None:
    """Return what the flags of an FMP profile say, and nothing but the flags.

    Parameters
    ----------
    profile : Mapping
        A profile of the API or a row of the bulk file. `isEtf`, `isFund` and `isAdr` may be
        booleans, 0 and 1, or text; missing, null and "" are unknown.

    Returns
    -------
    Label or None
        None where the flags give no answer: an unknown flag is not False.

    Examples
    --------
    >>> str(fmp_label({"isEtf": "false", "isFund": "TRUE"}).security_type)
    'mutual_fund'
    >>> fmp_label({"isEtf": False}) is None
    True
    """
    kind = _FLAGS.get((tri_state(profile.get("isEtf")), tri_state(profile.get("isFund"))))
    if kind is None:
        return None
    is_adr = kind is SecurityType.EQUITY and tri_state(profile.get("isAdr")) is True
    return Label(kind, Subtype.ADR if is_adr else None)


def fmp_raw_label(profile: Mapping[str, Any]) -> str:
    """Return what of an FMP profile bears on the type as text, to be kept with the answer.

    Parameters
    ----------
    profile : Mapping
        As for `fmp_label`.

    Returns
    -------
    str
        The flags behind `fmp_label`; `null` stands for an unknown one. isAdr is named only where
        it is true, the industry only where it is that of funds and their managers.

    Examples
    --------
    >>> fmp_raw_label({"isEtf": True, "isFund": "false"}), fmp_raw_label({})
    ('isEtf=true isFund=false', 'isEtf=null isFund=null')
    """
    flags = [f"{name}={_WRITTEN[tri_state(profile.get(name))]}" for name in ("isEtf", "isFund")]
    if tri_state(profile.get("isAdr")):
        flags.append("isAdr=true")
    industry = profile.get("industry")
    is_told = isinstance(industry, str) and industry.startswith(_MANAGERS)
    return " ".join(flags) + (f"{_INDUSTRY}{industry}" if is_told else "")


def fmp_industry(raw_label: str | None) -> str | None:
    """Return the industry in what `fmp_raw_label` made; None where there is none.

    Examples
    --------
    >>> fmp_industry("isEtf=false isFund=false industry=Asset Management - Income")
    'Asset Management - Income'
    """
    if raw_label is None or _INDUSTRY not in raw_label:
        return None
    return raw_label.partition(_INDUSTRY)[2]
