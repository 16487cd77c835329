"""SnapTrade's holdings: the older holdings object, bare arrays, and the current ``results`` shape.

One row a position, one a contract of options, and one a currency of cash. `portfolio` is the
account's institution (else "snaptrade"), `account` its id (else its number, the institution's id
for it, its name). `provider_type` is ``type.code`` (``cs``) or ``instrument.kind`` (``cef``), and
``option`` for option positions. Units of options are contracts and prices are per share, so value
is units x price x multiplier; the value of a future is likewise its notional amount, and that of a
bond is left missing. Facts about the fields: SnapTrade's OpenAPI description of August 2026.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sectypes.errors import Failure, HoldingsWarning, InputError, warn
from sectypes.holdings.frame import Position
from sectypes.holdings.payload import Record
from sectypes.holdings.snaptrade_cash import cash_positions, currency_code
from sectypes.holdings.values import par_factor, warn_of_unvalued_bonds
from sectypes.vocab import snaptrade_is_cash

__all__ = ["is_snaptrade", "snaptrade_positions"]

_ARRAYS = ("positions", "option_positions", "results", "balances")
_POSITION_KEYS = frozenset({"symbol", "instrument", "option_symbol"})
_ERROR_KEYS = frozenset({"detail", "default_detail", "default_code"})
_ADVICE = {
    "3003": "the connection is disabled: the user must reconnect the brokerage",
    "3012": "SnapTrade is still collecting the holdings: try again in a few minutes",
    "401": "the signature or the keys are wrong",
    "403": "the keys may not read this account",
    "404": "there is no such account: list the user's accounts again",
    "410": "this endpoint is retired: ask /accounts/{id}/positions/all and /balances",
    "425": "SnapTrade is still collecting the holdings: try again in a few minutes",
    "429": "too many requests: wait as long as it says, then ask again",
    "0000": "too many requests: wait as long as it says, then ask again",
}
_ASK_AGAIN = "no holdings came with it: put it right at SnapTrade, then ask again"
_OPTION_MULTIPLIER, _MINI_MULTIPLIER = 100.0, 10.0


def is_snaptrade(data: Mapping[Any, Any]) -> bool:
    """Whether an object is a SnapTrade answer, one item of its arrays, or a SnapTrade error."""
    return _is_account(data) or _is_item(data) or _is_error(data) or _is_by_account(data)


def _is_account(data: Mapping[Any, Any]) -> bool:
    return any(name in data for name in _ARRAYS)


def _is_item(data: Mapping[Any, Any]) -> bool:
    is_balance = "cash" in data and "currency" in data
    return is_balance or ("units" in data and not _POSITION_KEYS.isdisjoint(data))


def _is_error(data: Mapping[Any, Any]) -> bool:
    return not _ERROR_KEYS.isdisjoint(data)


def _is_by_account(data: Mapping[Any, Any]) -> bool:
    """Whether the object maps account ids to holdings objects."""
    return bool(data) and all(
        isinstance(value, Mapping) and _is_account(value) for value in data.values()
    )


@dataclass(slots=True)
class _Account:
    """What one account says, whichever shape it came in."""

    about: Record
    key: str | None = None
    items: list[Record] = field(default_factory=list)
    balances: list[Record] = field(default_factory=list)


def snaptrade_positions(parsed: Any, *, portfolio: str | None = None) -> list[Position]:
    """Read one parsed answer, or several accounts as a list or as an object by account id.

    Raises
    ------
    InputError
        For an error object in place of an answer, for an account whose holdings are unavailable
        (empty arrays do not mean an empty account), for another shape, and for positions that
        cannot be read; all problems are collected first.

    Warns
    -----
    HoldingsWarning
        Where the answer contradicts SnapTrade's own rules, and for bonds: SnapTrade gives no
        values, and theirs are left missing.
    """
    problems: list[Failure] = []
    positions: list[Position] = []
    for account in _accounts(parsed, problems):
        _refuse_unavailable(account)
        positions += _account_positions(account, portfolio)
    if problems:
        raise InputError("the SnapTrade holdings cannot be read", problems)
    warn_of_unvalued_bonds(positions, "SnapTrade")
    return positions


def _accounts(parsed: Any, problems: list[Failure]) -> Iterator[_Account]:
    """Take each shape apart into accounts."""
    if isinstance(parsed, list | tuple):
        if any(isinstance(one, Mapping) and (_is_account(one) or _is_error(one)) for one in parsed):
            for number, one in enumerate(parsed):
                yield _holdings_object(_required(one, problems, f"[{number}]"))
            return
        bare = Record({"positions": parsed}, problems)
        yield _sorted_account(bare, bare.children("positions"))
    elif isinstance(parsed, Mapping) and not _is_account(parsed) and _is_by_account(parsed):
        for key, one in parsed.items():
            yield _holdings_object(_required(one, problems, str(key)), key=str(key))
    else:
        yield _holdings_object(_required(parsed, problems, ""))


def _required(data: Any, problems: list[Failure], path: str) -> Record:
    """The answer as a record, or the reason why it is none."""
    if not isinstance(data, Mapping) or not is_snaptrade(data):
        found = sorted(map(str, data))[:8] if isinstance(data, Mapping) else type(data).__name__
        raise InputError(
            f"this is no SnapTrade holdings answer: {path or 'it'} has none of "
            f"{', '.join(_ARRAYS)} (found: {found})"
        )
    record = Record(data, problems, path)
    if _is_error(data) and not _is_account(data):
        _raise_error(record)
    return record


def _raise_error(record: Record) -> None:
    codes = [text for key in ("code", "default_code", "status_code") if (text := record.text(key))]
    said = record.first_text("detail", "default_detail")
    advice = next((_ADVICE[code] for code in codes if code in _ADVICE), _ASK_AGAIN)
    code = codes[0] if codes else None
    raise InputError(
        f"SnapTrade answered with the error {code or '(no code)'}: {advice}",
        [Failure(None, f"{record.path}.code".lstrip("."), code, said or "SnapTrade's error code")],
    )


def _holdings_object(record: Record, *, key: str | None = None) -> _Account:
    if _is_item(record.data) and not _is_account(record.data):
        return _sorted_account(Record({}, record.problems), [record])
    items = [item for name in _ARRAYS for item in record.children(name)]
    account = _sorted_account(record.child("account"), items)
    account.key = key
    present = [name for name in _ARRAYS if record.data.get(name) is not None]
    if not present:
        record.problem("positions", "all arrays are null: the account is not synced yet; ask again")
    return account


def _sorted_account(about: Record, items: Iterable[Record]) -> _Account:
    """Tell balances from positions by their fields, so that either may stand in any array."""
    account = _Account(about)
    for item in items:
        if not _POSITION_KEYS.isdisjoint(item.data):
            account.items.append(item)
        elif "cash" in item.data:
            account.balances.append(item)
        else:
            item.problem("symbol", "is missing: this is neither a position nor a balance")
    return account


def _label(account: _Account) -> str | None:
    fields = ("id", "number", "institution_account_id", "name")
    return account.about.first_text(*fields) or account.key


def _refuse_unavailable(account: _Account) -> None:
    """Empty arrays of an account that could not be read are not an empty account."""
    sync = account.about.child("sync_status").child("holdings")
    unavailable = sync.flag("holdings_unavailable") is True
    if not unavailable and sync.flag("initial_sync_completed") is not False:
        return
    key = "holdings_unavailable" if unavailable else "initial_sync_completed"
    if not account.items:
        sync.problem(
            key,
            f"SnapTrade could not read the positions of account {_label(account)!r}: this is not "
            "an empty account; refresh the connection, or leave the account out",
        )
        return
    warn(
        f"SnapTrade marks the holdings of account {_label(account)!r} as "
        f"{key}={str(unavailable).lower()}: its positions may be old or incomplete",
        HoldingsWarning,
    )


def _account_positions(account: _Account, portfolio: str | None) -> list[Position]:
    about = account.about
    where = (
        portfolio
        or about.text("institution_name")
        or about.child("meta").text("institution_name")
        or "snaptrade"
    )
    label = _label(account)
    positions = [_position(item) for item in account.items]
    positions += cash_positions(account.balances, positions, account=label)
    return [one._replace(portfolio=where, account=label, provider="snaptrade") for one in positions]


def _position(item: Record) -> Position:
    if "instrument" in item.data:
        return _unified(item)
    if isinstance(item.data.get("symbol"), str):
        return _plain(item, item, Record({}))
    outer = item.child("symbol")
    if "option_symbol" in outer.data or "option_symbol" in item.data:
        return _old_option(item, outer)
    inner = outer if isinstance(outer.data.get("symbol"), str) else outer.child("symbol")
    return _plain(item, inner, outer)


def _plain(item: Record, symbol: Record, outer: Record) -> Position:
    """A position of the older shape; ``average_purchase_price`` is per unit."""
    kind = symbol.child("type").first_text("code", "description")
    return _valued(
        item,
        Position(
            ticker=symbol.first_text("symbol", "raw_symbol"),
            name=symbol.text("description") or outer.text("description"),
            provider_type=kind,
            currency=currency_code(item) or currency_code(symbol),
            identifier=_figi(symbol),
            exchange=_exchange(symbol),
        ),
        unit_cost=item.number("average_purchase_price"),
    )


def _old_option(item: Record, outer: Record) -> Position:
    """An option of the older shape; ``average_purchase_price`` is per contract."""
    option = (outer if "option_symbol" in outer.data else item).child("option_symbol")
    mini = option.flag("is_mini_option") is True
    return _valued(
        item,
        Position(
            ticker=option.text("ticker"),
            name=outer.text("description"),
            provider_type="option",
            currency=currency_code(item) or currency_code(option.child("underlying_symbol")),
        ),
        unit_cost=item.number("average_purchase_price"),
        multiplier=_MINI_MULTIPLIER if mini else _OPTION_MULTIPLIER,
    )


def _unified(item: Record) -> Position:
    """A position of the current shape; ``cost_basis`` is per unit (per share for options)."""
    instrument = item.child("instrument")
    kind = instrument.text("kind")
    multiplier = instrument.number("multiplier")
    if math.isnan(multiplier) and kind != "future":
        multiplier = _OPTION_MULTIPLIER if kind == "option" else 1.0
    return _valued(
        item,
        Position(
            ticker=instrument.first_text("symbol", "raw_symbol"),
            name=instrument.text("description"),
            provider_type=kind,
            currency=currency_code(item) or currency_code(instrument),
            identifier=_figi(instrument),
            exchange=_exchange(instrument),
        ),
        unit_cost=multiplier * item.number("cost_basis"),
        multiplier=multiplier,
    )


def _figi(symbol: Record) -> str | None:
    """The FIGI of the listing. Where two are given they can differ; the older field goes first."""
    return symbol.hint("figi_code") or symbol.hint("figi_instrument", "figi_code")


def _exchange(symbol: Record) -> str | None:
    """The code of the exchange: an object in the older shape, a text in the current one."""
    found = (symbol.hint("exchange", key) for key in ("mic_code", "code"))
    return next(filter(None, found), None) or symbol.hint("exchange")


def _valued(
    item: Record, position: Position, *, unit_cost: float, multiplier: float = 1.0
) -> Position:
    """Fill in the numbers. A null makes what depends on it missing, never 0.

    ``fractional_units`` is the older field for what brokers hold in parts of a unit; where units
    are given they are the whole.
    """
    units, price = item.number("units"), item.number("price")
    if math.isnan(units):
        units = item.number("fractional_units")
    is_cash = snaptrade_is_cash(cash_equivalent=item.flag("cash_equivalent"))
    position = position._replace(is_cash=is_cash, units=units, price=price)
    factor = par_factor(position, units * price)
    return position._replace(
        value=units * price * multiplier * factor,
        cost_basis=units * unit_cost * factor,
    )
