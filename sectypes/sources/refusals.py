"""Every kind of "no", for each service as one table of status and words.

Facts: contracts.md 1.7 for FMP, 2 for OpenFIGI. The words decide before the status, because FMP
sends refusals under status 200 as well, and the words for a spent quota decide before those for the
plan, because a spent quota also says "upgrade your plan".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sectypes.config import Secret
from sectypes.sources.calls import Reply
from sectypes.sources.pacing import parse_http_date, parse_retry_after
from sectypes.taxonomy import AnswerStatus

__all__ = [
    "FMP",
    "NOT_JSON",
    "OPENFIGI",
    "Refusal",
    "Service",
    "decode",
    "excerpt",
    "read_refusal",
    "retry_after",
    "why_unsendable",
]

NOT_JSON = object()
"""What `decode` gives for a body that is not JSON."""

_EXCERPT_CHARS = 120
_READ_CHARS = 2000
_ERROR_KEYS = ("Error Message", "error", "message")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a refused or failed call means.

    Attributes
    ----------
    status : AnswerStatus
        Which kind of no.
    note : str
        For the trail, in our own words.
    retryable : bool
        Whether the same call may succeed within seconds.
    """

    status: AnswerStatus
    note: str
    retryable: bool = False


_Row = tuple[range, str, Refusal]

_ANY = range(1000)
# What a server in trouble writes says nothing about a key or a plan.
_ANSWERED = range(500)
_SYMBOL = AnswerStatus.REFUSED_SYMBOL
_REFUSED = AnswerStatus.REFUSED
_THROTTLED = AnswerStatus.THROTTLED
_FAILED = AnswerStatus.FAILED
_TOO_FAST: _Row = (range(429, 430), "", Refusal(_THROTTLED, "too many calls", retryable=True))

# The first row that fits decides: (statuses, words in the message or "" for none, meaning).
_FMP_ROWS: tuple[_Row, ...] = (
    (_ANY, r"bandwidth limit", Refusal(_THROTTLED, "the plan's bandwidth for 30 days is spent")),
    (
        _ANY,
        r"(daily|per day|a day).{0,40}limit|limit.{0,40}(daily|per day|a day)",
        Refusal(_THROTTLED, "the plan's calls for the day are spent"),
    ),
    (
        _ANY,
        r"limit reach|rate limit|too many requests",
        Refusal(_THROTTLED, "the plan's call limit is reached", retryable=True),
    ),
    _TOO_FAST,
    (_ANSWERED, r"api.?key", Refusal(_REFUSED, "FMP_API_KEY is missing or not accepted")),
    (_ANSWERED, r"suspended", Refusal(_REFUSED, "the account is suspended")),
    (
        _ANSWERED,
        r"legacy endpoint",
        Refusal(_REFUSED, "FMP_BASE_URL names a legacy endpoint; use the stable API"),
    ),
    # Says "Special Endpoint" as well, so it stands before the endpoints.
    (
        _ANSWERED,
        r"premium query parameter|value set for|(this|the) symbol",
        Refusal(_SYMBOL, "this symbol is outside the plan"),
    ),
    (
        _ANSWERED,
        r"(exclusive|restricted|premium|special) endpoint",
        Refusal(_REFUSED, "the profile endpoint is outside the plan"),
    ),
    (range(402, 403), "", Refusal(_SYMBOL, "outside the plan (HTTP 402)")),
)
# What remains is told by the status alone, alike for every service.
_STATUS_ROWS: tuple[_Row, ...] = (
    _TOO_FAST,
    (range(401, 402), "", Refusal(_REFUSED, "{name}_API_KEY is missing or not accepted")),
    (range(403, 404), "", Refusal(_REFUSED, "access is forbidden (HTTP 403)")),
    (range(404, 405), "", Refusal(_FAILED, "no such path (HTTP 404): check {name}_BASE_URL")),
    (range(300, 400), "", Refusal(_FAILED, "redirected elsewhere; not followed")),
    (range(408, 409), "", Refusal(_FAILED, "timed out on their side (HTTP 408)", retryable=True)),
    (range(500, 600), "", Refusal(_FAILED, "error on their side (HTTP {status})", retryable=True)),
    (range(200, 300), "", Refusal(_FAILED, "{name} reported an error")),
    (_ANY, "", Refusal(_FAILED, "the call was not understood (HTTP {status})")),
)


class Service:
    """Whose refusals are read: its name in settings and notes, and its own rows of the table."""

    def __init__(self, name: str, rows: tuple[_Row, ...] = ()) -> None:
        self.name = name
        self.rows = tuple(
            (codes, re.compile(words, re.I | re.S), no) for codes, words, no in rows + _STATUS_ROWS
        )


FMP = Service("FMP", _FMP_ROWS)
# Each of its refusals has a status of its own; the words beside it are for people.
OPENFIGI = Service(
    "OPENFIGI", ((range(413, 414), "", Refusal(_FAILED, "too many jobs at once (HTTP 413)")),)
)


def decode(body: bytes) -> object:
    """The JSON value of a body, or `NOT_JSON`.

    Examples
    --------
    >>> decode(b"[]"), decode(b"<html>") is NOT_JSON
    ([], True)
    """
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return NOT_JSON


def read_refusal(
    reply: Reply, decoded: object, *, secret: Secret | None, service: Service = FMP
) -> Refusal | None:
    """Say what a reply refuses; None for one that carries data.

    Parameters
    ----------
    reply : Reply
        As it came.
    decoded : object
        Its body, from `decode`.
    secret : Secret | None
        Never shown, should the server repeat it.
    service : Service
        Whose reply it is.

    Returns
    -------
    Refusal | None
        The first row of the table that fits.

    Examples
    --------
    >>> text = b'{"Error Message": "Limit Reach . Please upgrade your plan"}'
    >>> no = read_refusal(Reply(200, {}, text), decode(text), secret=Secret("k"))
    >>> no.status.value, no.note
    ('throttled', "the plan's call limit is reached")
    """
    message = _error_message(reply.body, decoded)
    if message is None and 200 <= reply.status < 300:
        return None
    text = (message or "")[:_READ_CHARS]
    for statuses, words, refusal in service.rows:
        if reply.status in statuses and words.search(text):
            note = refusal.note.format(status=reply.status, name=service.name)
            return _with_excerpt(replace(refusal, note=note), message, secret)
    raise AssertionError("the last row of the table fits everything")


def _error_message(body: bytes, decoded: object) -> str | None:
    """The text of an error body; None where the body is data, or a page, or broken data."""
    if decoded is NOT_JSON:
        text = body[:_READ_CHARS].decode("utf-8", errors="replace").strip()
        # A page for people or half a profile may hold any words; only plain text is a message.
        return None if not text or text[0] in "<[{" else text
    if isinstance(decoded, list) and len(decoded) == 1:
        [decoded] = decoded
    if isinstance(decoded, str):
        return decoded
    if not isinstance(decoded, Mapping) or "symbol" in decoded or "ticker" in decoded:
        return None
    for key in _ERROR_KEYS:
        if decoded.get(key):
            return str(decoded[key])
    return None


def _with_excerpt(refusal: Refusal, message: str | None, secret: Secret | None) -> Refusal:
    if not message or refusal.status is not AnswerStatus.FAILED:
        return refusal
    return replace(refusal, note=f"{refusal.note}: {excerpt(message, secret)}")


def excerpt(message: str, secret: Secret | None) -> str:
    """The start of a server's own words, without line breaks and without the key."""
    shown = message[: _READ_CHARS * 2]
    if secret:
        shown = shown.replace(secret.reveal(), "***")
    words = " ".join("".join(c if c.isprintable() else " " for c in shown).split())
    return words if len(words) <= _EXCERPT_CHARS else words[: _EXCERPT_CHARS - 3] + "..."


def retry_after(reply: Reply, *headers: str) -> float | None:
    """Seconds that a reply asks to wait, by the first of these headers that says so."""
    # A date is measured from the server's own clock, where it tells that.
    now = parse_http_date(reply.headers.get("Date", ""))
    told = (parse_retry_after(reply.headers.get(header), now=now) for header in headers)
    return next((seconds for seconds in told if seconds is not None), None)


def why_unsendable(key: Secret, service: Service) -> str:
    """Say why a header cannot carry this key; "" where it can."""
    shown = key.reveal()
    if shown.isascii() and shown.isprintable() and " " not in shown:
        return ""
    # The HTTP library's error about it would show it.
    return f"{service.name}_API_KEY holds spaces or characters that no key has"


def _no_constant(name: str) -> object:
    # Python reads NaN and Infinity, which are not JSON and which no database column for JSON takes.
    raise ValueError(f"{name} is not JSON")
