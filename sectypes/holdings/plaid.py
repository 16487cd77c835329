"""Plaid's answer to ``/investments/holdings/get``, and its processor variant.

One row a holding. `portfolio` is the institution's name (else its id, else the item's id, else
"plaid"), `account` Plaid's account_id, `provider_type` Plaid's own ``type`` (its ``subtype`` where
the type is null or ``other``). The ticker is ``ticker_symbol``, else the CUSIP, else the ISIN.
Facts about the fields: Plaid's OpenAPI description of 2020-09-14.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from sectypes.errors import Failure, HoldingsWarning, InputError, warn
from sectypes.heuristics import guess
from sectypes.holdings.frame import Position
from sectypes.holdings.payload import Record
from sectypes.holdings.values import par_factor, warn_of_unvalued_bonds
from sectypes.tickers import canonical
from sectypes.vocab import plaid_is_cash, plaid_label, provider_label

__all__ = ["is_plaid", "plaid_positions"]

_ADVICE = {
    "ITEM_LOGIN_REQUIRED": "the user must sign in again: reconnect the item in Plaid Link",
    "PRODUCT_NOT_READY": "Plaid is still collecting the holdings: try again in a few minutes",
    "PRODUCTS_NOT_SUPPORTED": "this institution gives no investments: use its CSV export",
    "NO_INVESTMENT_ACCOUNTS": "the item has no investment account: connect another one",
    "INVALID_ACCESS_TOKEN": "the access token is wrong or from another environment",
    "INSTITUTION_DOWN": "the institution does not answer: try again later",
    "INSTITUTION_NOT_RESPONDING": "the institution does not answer: try again later",
    "RATE_LIMIT_EXCEEDED": "too many requests: wait a minute and ask again",
    "RATE_LIMIT": "too many requests: wait a minute and ask again",
}
_ASK_AGAIN = "no holdings came with it: put it right at Plaid, then ask again"


def is_plaid(data: Mapping[Any, Any]) -> bool:
    """Whether an object is a Plaid answer or a Plaid error, or an envelope around such."""
    return _is_answer(data) or bool(_wrapped(data))


def _is_answer(data: object) -> bool:
    if not isinstance(data, Mapping):
        return False
    return "error_code" in data or ("holdings" in data and "securities" in data)


def _wrapped(data: Mapping[Any, Any]) -> dict[str, Any]:
    """The answers in an envelope such as ``{"data": {...}}`` or ``{"results": [...]}``, by path.

    Empty where an object or a list in it is anything else.
    """
    found: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, list | tuple):
            found |= {f"{key}[{number}]": one for number, one in enumerate(value)}
        elif isinstance(value, Mapping):
            found[str(key)] = value
    return found if all(map(_is_answer, found.values())) else {}


def _answers(parsed: Any) -> Iterator[tuple[str, Any]]:
    """Each answer with its path, taken out of lists and envelopes."""
    given = parsed if isinstance(parsed, list | tuple) else [parsed]
    for number, one in enumerate(given):
        path = f"[{number}]" if len(given) > 1 else ""
        wrapped = {} if _is_answer(one) or not isinstance(one, Mapping) else _wrapped(one)
        for inner, answer in wrapped.items():
            yield f"{path}.{inner}".lstrip("."), answer
        if not wrapped:
            yield path, one


def plaid_positions(parsed: Any, *, portfolio: str | None = None) -> list[Position]:
    """Read one parsed answer, a list of them (one for each item), or an envelope around such.

    Raises
    ------
    InputError
        For an error object in place of an answer, for another shape, and for holdings that
        cannot be read; all problems are collected first.
    """
    problems: list[Failure] = []
    positions: list[Position] = []
    for path, answer in _answers(parsed):
        if not _is_answer(answer):
            raise InputError(_not_plaid(answer, path))
        record = Record(answer, problems, path)
        _refuse_error(record)
        positions += _answer_positions(record, portfolio)
    if problems:
        raise InputError("the Plaid holdings cannot be read", problems)
    warn_of_unvalued_bonds(positions, "Plaid")
    return positions


def _not_plaid(answer: object, path: str) -> str:
    found = f"an object with {sorted(map(str, answer))[:8]}" if isinstance(answer, Mapping) else ""
    return (
        f"this is no answer of Plaid's /investments/holdings/get: {path}"
        f"{found or type(answer).__name__} has no 'holdings' with 'securities'"
    )


def _refuse_error(answer: Record) -> None:
    """Raise where the answer is one of Plaid's error objects, or its item has one and no holdings.

    An item's error beside holdings says that they may be old, as SnapTrade's marks do.
    """
    error = answer if "error_code" in answer.data else answer.child("item").child("error")
    code = error.first_text("error_code", "error_type")
    if code is None:
        return
    said = error.first_text("display_message", "error_message")
    advice = _ADVICE.get(code) or _ADVICE.get(error.text("error_type") or "", _ASK_AGAIN)
    message = f"Plaid answered with the error {code}: {advice}"
    if error is not answer and answer.data.get("holdings"):
        warn(f"{message}; its holdings may be old or incomplete", HoldingsWarning)
        return
    raise InputError(
        message,
        [Failure(None, f"{error.path}.error_code".lstrip("."), code, said or "Plaid's error code")],
    )


def _answer_positions(answer: Record, portfolio: str | None) -> list[Position]:
    item = answer.child("item")
    where = portfolio or item.first_text("institution_name", "institution_id", "item_id")
    account = answer.child("account").text("account_id")
    listed = answer.children("securities")
    securities = {key: one for one in listed if (key := one.text("security_id"))}
    positions = []
    for holding in answer.children("holdings"):
        security = securities.get(holding.text("security_id") or "")
        if security is None:
            reason = "names no entry of 'securities': ask Plaid for the whole answer again"
            holding.problem("security_id", reason)
            continue
        positions.append(_position(holding, security, where or "plaid", account))
    return positions


def _position(holding: Record, security: Record, portfolio: str, account: str | None) -> Position:
    """Join a holding to its security. Cost basis is Plaid's total, as given."""
    quantity = holding.number("quantity")
    sign = -1.0 if quantity > 0 and _is_short(holding) else 1.0
    units, value = sign * quantity, sign * holding.number("institution_value")
    if units < 0 < value:
        value = -value
    word = _word(security.text("type"), security.text("subtype"))
    ticker, name = security.text("ticker_symbol"), security.text("name")
    cash = plaid_is_cash(
        type=word, is_cash_equivalent=security.flag("is_cash_equivalent"), ticker=ticker
    )
    position = Position(
        portfolio=portfolio,
        account=holding.text("account_id") or account,
        provider="plaid",
        ticker=ticker or security.first_text("cusip", "isin"),
        name=name,
        provider_type=word,
        is_cash=cash and not _is_coin(ticker, name),
        units=units,
        price=holding.number("institution_price"),
        value=value,
        currency=_currency(holding) or _currency(security),
        cost_basis=sign * holding.number("cost_basis"),
        identifier=security.hint("isin") or security.hint("cusip"),
        exchange=security.hint("market_identifier_code"),
    )
    if math.isnan(value):
        product = position.units * position.price
        return position._replace(value=product * par_factor(position, product))
    return position


def _word(kind: str | None, subtype: str | None) -> str | None:
    """Plaid's word for the type: its ``type``, or its ``subtype`` where the type says nothing.

    Null says nothing, and neither does ``other``.
    """
    if kind is None or subtype is None:
        return kind or subtype
    alone, both = plaid_label(kind), plaid_label(kind, subtype)
    is_other = both is not None and (alone is None or alone.security_type != both.security_type)
    return subtype if is_other and provider_label(subtype, "plaid") == both else kind


def _is_coin(ticker: str | None, name: str | None) -> bool:
    """Whether the name is a coin's and nothing else: older payloads call coins cash."""
    found = guess(canonical(ticker), name=name)
    return found is not None and found.rule == "name_coin"


def _currency(record: Record) -> str | None:
    return record.first_text("iso_currency_code", "unofficial_currency_code")


def _is_short(holding: Record) -> bool:
    """Whether all tax lots are short. Plaid does not say which sign such a quantity carries."""
    sides = {(lot.text("position_type") or "").upper() for lot in holding.children("tax_lots")}
    return sides == {"SHORT"}
