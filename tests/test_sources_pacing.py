"""The pauses between calls, and the reading of refusals, each on its own."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sectypes.config import Secret
from sectypes.sources.calls import Calls, Reply
from sectypes.sources.pacing import (
    RateLimiter,
    WindowLimiter,
    backoff,
    parse_http_date,
    parse_retry_after,
    sleep_until_stopped,
)
from sectypes.sources.refusals import NOT_JSON, decode, read_refusal
from sectypes.taxonomy import AnswerStatus

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
SECRET = Secret("canary-77")


class Limited:
    """A limiter on a clock that only its own sleeping moves."""

    def __init__(self, delay):
        self.now = 100.0
        self.slept = []
        self.stop = threading.Event()
        self.limiter = RateLimiter(delay, clock=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds, stop):
        self.slept.append(seconds)
        self.now += seconds
        return stop.is_set()

    def start(self):
        assert self.limiter.wait(self.stop)
        return self.now


def test_the_first_call_does_not_wait():
    limited = Limited(5.0)
    assert (limited.start(), limited.slept) == (100.0, [])


def test_starts_are_one_delay_apart():
    limited = Limited(0.5)
    starts = [limited.start() for _ in range(5)]
    assert [later - earlier for earlier, later in pairwise(starts)] == [0.5] * 4


def test_time_spent_elsewhere_counts():
    limited = Limited(0.5)
    limited.start()
    limited.now += 0.4
    limited.start()
    assert limited.slept == pytest.approx([0.1])


def test_an_idle_time_is_no_credit():
    limited = Limited(0.5)
    limited.start()
    limited.now += 60
    assert [limited.start() for _ in range(3)] == [160.0, 160.5, 161.0]


def test_hold_puts_everybody_off():
    limited = Limited(0.5)
    limited.limiter.hold(20)
    assert (limited.start(), limited.slept) == (120.0, [20.0])


def test_hold_never_shortens_a_wait():
    limited = Limited(30)
    limited.start()
    limited.limiter.hold(1)
    assert limited.start() == 130.0


def test_a_stopped_wait_takes_no_turn():
    limited = Limited(0.5)
    limited.start()
    limited.stop.set()
    assert limited.limiter.wait(limited.stop) is False
    limited.stop.clear()
    assert limited.start() == 100.5


def test_a_wait_ends_when_it_is_stopped():
    limiter, stop = RateLimiter(60), threading.Event()
    assert limiter.wait(stop)
    threading.Timer(0.05, stop.set).start()
    assert limiter.wait(stop) is False


class Windowed:
    """A limiter of three calls in ten seconds, on a clock that only its own sleeping moves."""

    def __init__(self):
        self.now = 100.0
        self.stop = threading.Event()
        self.limiter = WindowLimiter(3, 10.0, clock=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds, stop):
        self.now += seconds
        return stop.is_set()

    def call(self, seconds=0.0):
        assert self.limiter.wait(self.stop)
        started = self.now
        self.now += seconds
        self.limiter.ended()
        return started


def test_a_window_takes_its_calls_at_once_and_then_waits():
    windowed = Windowed()
    assert [windowed.call() for _ in range(7)] == [100.0] * 3 + [110.0] * 3 + [120.0]


def test_a_window_counts_from_the_end_of_a_call():
    windowed = Windowed()
    assert [windowed.call(seconds=2) for _ in range(5)] == [100, 102, 104, 112, 114]


def test_a_window_that_is_full_of_unfinished_calls_waits_a_whole_one():
    windowed = Windowed()
    for _ in range(3):
        assert windowed.limiter.wait(windowed.stop)
    slept = []

    def sleep(seconds, stop):
        slept.append(seconds)
        stop.set()
        return True

    windowed.limiter._sleep = sleep
    assert (windowed.limiter.wait(windowed.stop), slept) == (False, [10.0])


def test_a_window_holds_everybody_off():
    windowed = Windowed()
    windowed.call()
    windowed.limiter.hold(25)
    windowed.limiter.hold(1)
    assert windowed.call() == 125.0


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.floats(0, 8), min_size=1, max_size=30))
def test_no_window_ever_sees_more(durations):
    windowed = Windowed()
    calls = [(windowed.call(seconds), windowed.now) for seconds in durations]
    # Whenever a call arrives between its start and its end: the fourth after it comes later.
    pairs = zip(calls, calls[3:], strict=False)
    assert all(later[0] >= earlier[1] + 10 for earlier, later in pairs)


def test_threads_share_one_pace():
    limiter, stop, starts = RateLimiter(0.01), threading.Event(), []
    clock = RateLimiter(0)._clock

    def work():
        for _ in range(5):
            limiter.wait(stop)
            starts.append(clock())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(starts) - min(starts) >= 19 * 0.01 - 0.005


def test_sleep_says_whether_it_was_stopped():
    stop = threading.Event()
    assert sleep_until_stopped(0.001, stop) is False
    stop.set()
    assert sleep_until_stopped(60, stop) is True


@pytest.mark.parametrize("failures", [1, 2, 3, 4])
def test_backoff_doubles_with_jitter(failures):
    waits = {backoff(failures) for _ in range(50)}
    longest = 0.5 * 2 ** (failures - 1)
    assert longest / 2 <= min(waits) < max(waits) <= longest


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("999999999", 86_400.0),
        ("9" * 5000, 86_400.0),
        ("Mon, 05 Jan 2026 10:01:30 GMT", 90.0),
        ("Mon, 05 Jan 2026 10:01:30", 90.0),
        ("Mon, 05 Jan 2026 12:01:30 +0200", 90.0),
        ("Mon, 05 Jan 2026 09:00:00 GMT", 0.0),
        ("Wed, 05 Jan 2028 09:00:00 GMT", 86_400.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("inf", None),
        ("٣", None),
        ("Mon, 99 Jan 2026 10:00:00 GMT", None),
    ],
)
def test_retry_after(value, seconds):
    assert parse_retry_after(value, now=NOW) == seconds


def test_a_date_without_a_servers_clock_is_measured_by_ours():
    seconds = parse_retry_after("Fri, 31 Dec 2100 23:59:59 GMT")
    assert seconds == 86_400.0


@given(st.text(max_size=60) | st.none())
def test_any_header_is_survived(value):
    seconds = parse_retry_after(value, now=NOW)
    assert seconds is None or 0 <= seconds <= 86_400


@given(st.text(max_size=60))
def test_a_date_is_aware_or_none(text):
    date = parse_http_date(text)
    assert date is None or date.utcoffset() is not None


# -- refusals -------------------------------------------------------------------------------


def refuse(status, body):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_refusal(Reply(status, {}, data), decode(data), secret=SECRET)


def test_data_is_no_refusal():
    for body in ([], {}, None, [{"symbol": "A", "message": "hello"}], [{"ticker": "A"}], b"<html>"):
        assert refuse(200, body) is None


def test_quota_words_go_before_plan_words():
    text = "Limit Reach . Special Endpoint: please upgrade your plan"
    assert refuse(403, {"Error Message": text}).status is AnswerStatus.THROTTLED


def test_half_a_profile_is_not_searched_for_words():
    half = b'[{"symbol": "A", "description": "We sell rate limit and api key products"'
    assert refuse(200, half) is None
    assert refuse(500, half).note == "error on their side (HTTP 500)"


def test_an_error_without_words_is_an_error():
    refusal = refuse(200, {"Error Message": {"code": 5}})
    assert (refusal.status, refusal.retryable) == (AnswerStatus.FAILED, False)


@pytest.mark.parametrize(
    "text", ["canary-77", "x" * 110 + " canary-77 tail", "canary-77" * 400, "a\ncanary-77\x00\t"]
)
def test_an_excerpt_is_short_clean_and_without_the_key(text):
    note = refuse(200, {"error": text}).note
    assert SECRET.reveal() not in note
    assert len(note) < 200
    assert note.isprintable()


@given(status=st.integers(100, 599), body=st.binary(max_size=80) | st.text().map(str.encode))
def test_any_reply_is_survived(status, body):
    refusal = read_refusal(Reply(status, {}, body), decode(body), secret=SECRET)
    if refusal is None:
        assert 200 <= status < 300
    else:
        assert refusal.status not in {AnswerStatus.FOUND, AnswerStatus.NOT_FOUND}
        assert refusal.note


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1", b"NaN", b"[" * 100_000, b"\xff\xfe\xfd"])
def test_what_is_not_json(body):
    assert decode(body) is NOT_JSON


# -- cutting calls off ------------------------------------------------------------------------


def test_a_call_is_cut_after_its_time():
    with Calls().call(0.01) as call:
        threading.Event().wait(0.2)
        assert call.is_cut


def test_a_call_that_starts_after_the_end_is_cut_at_once():
    calls = Calls()
    calls.cut_off()
    with calls.call(60) as call:
        assert call.is_cut


def test_a_finished_call_is_left_alone():
    calls = Calls()
    with calls.call(60) as call:
        assert not call.is_cut
    calls.cut_off()
    assert not call.is_cut
