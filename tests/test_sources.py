"""FMP over a real HTTP server: what each kind of answer becomes, and how it is asked."""

from __future__ import annotations

import logging
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing

import pytest
from support import fmp_server as fmp
from support.clocks import FakeTime, our_threads

from sectypes.config import Secret, Settings
from sectypes.errors import ConfigError
from sectypes.sources import FmpSource
from sectypes.taxonomy import AnswerStatus, Origin

FOUND, NOT_FOUND = AnswerStatus.FOUND, AnswerStatus.NOT_FOUND
SYMBOL, REFUSED = AnswerStatus.REFUSED_SYMBOL, AnswerStatus.REFUSED
THROTTLED, FAILED = AnswerStatus.THROTTLED, AnswerStatus.FAILED
CANARY = "canary-3f9a1c77"
KEYS = [f"S{number:03}" for number in range(300)]


def make_source(server, *, workers=8, time=None, **changes):
    """A source for `server` that waits in no time, unless a real clock is asked for."""
    fake = FakeTime() if time is None else time
    settings = server.settings(**changes)
    return FmpSource(settings, workers=workers, clock=fake.clock, sleep=fake.sleep)


def ask(server, *keys, **options):
    with make_source(server, **options) as source:
        return dict(source.fetch(keys))


# -- what a profile becomes -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "security_type", "subtype"),
    [
        ("AAPL", "equity", None),
        ("SPY", "etf", "etf"),
        ("VTSAX", "mutual_fund", "open_end_fund"),
        ("VMFXX", "cash", "money_market_fund"),
        ("BRK-B", "equity", None),
        ("DSU", "mutual_fund", "closed_end_fund"),
        ("BST", "equity", None),
    ],
)
def test_sample_profiles(fmp_server, key, security_type, subtype):
    answer = ask(fmp_server, key)[key]
    fact = answer.classification
    assert (answer.status, fact.security_type, fact.subtype) == (FOUND, security_type, subtype)
    assert (fact.ticker, fact.origin, fact.observed_at) == (key, Origin.FMP, None)
    assert answer.payload == fmp_server.profiles[key]


def test_profile_has_the_36_documented_keys():
    assert len(fmp.profile("AAPL")) == 36


# -- the error table (contracts.md 1.7) --------------------------------------------------------

TABLE = [
    # (name, reply, status, words in the note, calls made)
    ("empty list", fmp.empty_list(), NOT_FOUND, "no profile", 1),
    ("empty object", fmp.empty_object(), NOT_FOUND, "no profile", 1),
    ("null", fmp.null_body(), NOT_FOUND, "no profile", 1),
    ("200 rate", fmp.rate_limit(status=200), THROTTLED, "call limit", 3),
    ("200 daily", fmp.daily_limit(status=200), THROTTLED, "for the day", 1),
    ("200 bandwidth", fmp.bandwidth_limit(status=200), THROTTLED, "bandwidth", 1),
    ("200 key", fmp.invalid_key(status=200), REFUSED, "FMP_API_KEY", 1),
    ("200 symbol", fmp.premium_symbol(status=200), SYMBOL, "outside the plan", 1),
    ("200 endpoint", fmp.special_endpoint(status=200), REFUSED, "endpoint", 1),
    ("200 other error", fmp.error_message("Odd."), FAILED, "reported an error: Odd.", 1),
    ("200 error key", fmp.Reply(200, {"error": "Odd."}), FAILED, "Odd.", 1),
    ("200 message key", fmp.Reply(200, {"message": "Odd."}), FAILED, "Odd.", 1),
    ("200 error in a list", fmp.Reply(200, [{"error": "Odd."}]), FAILED, "Odd.", 1),
    ("200 JSON text", fmp.Reply(200, b'"Odd."'), FAILED, "Odd.", 1),
    ("200 plain text", fmp.Reply(200, "Odd."), FAILED, "Odd.", 1),
    ("200 number", fmp.Reply(200, 5), FAILED, "not a profile", 1),
    ("200 nothing", fmp.Reply(200, b""), FAILED, "not JSON", 1),
    ("200 NaN", fmp.Reply(200, b"[NaN]"), FAILED, "not JSON", 1),
    ("200 nested too deep", fmp.Reply(200, b"[" * 200_000), FAILED, "not JSON", 1),
    ("200 not UTF-8", fmp.Reply(200, b'["\xff"]'), FAILED, "not JSON", 1),
    ("200 HTML", fmp.html_page(), FAILED, "not JSON", 1),
    ("200 truncated", fmp.truncated_json("SPY"), FAILED, "not JSON", 1),
    ("200 foreign", fmp.foreign_profile(), NOT_FOUND, "foreign", 1),
    ("200 no flags", fmp.missing_flags("SPY"), NOT_FOUND, "type flags", 1),
    ("204", fmp.Reply(204, b""), FAILED, "not JSON", 1),
    ("302", fmp.redirect("https://example.invalid/"), FAILED, "not followed", 1),
    ("400", fmp.Reply(400, "Bad parameter"), FAILED, "HTTP 400", 1),
    ("401", fmp.invalid_key(), REFUSED, "FMP_API_KEY", 1),
    ("401 without words", fmp.Reply(401, b""), REFUSED, "FMP_API_KEY", 1),
    ("402 symbol", fmp.premium_symbol(), SYMBOL, "outside the plan", 1),
    ("402 special", fmp.special_endpoint("Special"), REFUSED, "endpoint", 1),
    ("402 exclusive", fmp.special_endpoint("Exclusive"), REFUSED, "endpoint", 1),
    ("402 restricted", fmp.special_endpoint("Restricted"), REFUSED, "endpoint", 1),
    ("402 premium", fmp.special_endpoint("Premium"), REFUSED, "endpoint", 1),
    ("402 without words", fmp.Reply(402, b""), SYMBOL, "HTTP 402", 1),
    ("403 legacy", fmp.legacy_endpoint(), REFUSED, "stable API", 1),
    ("403 exclusive", fmp.exclusive_endpoint(), REFUSED, "endpoint", 1),
    ("403 suspended", fmp.suspended(), REFUSED, "suspended", 1),
    ("403 HTML", fmp.html_page(403), REFUSED, "forbidden", 1),
    ("404 text", fmp.Reply(404, "no such path"), FAILED, "FMP_BASE_URL", 1),
    ("404 []", fmp.Reply(404, []), FAILED, "FMP_BASE_URL", 1),
    ("408", fmp.Reply(408, b""), FAILED, "HTTP 408", 3),
    ("418", fmp.Reply(418, b""), FAILED, "HTTP 418", 1),
    ("429 rate", fmp.rate_limit(), THROTTLED, "call limit", 3),
    ("429 daily", fmp.daily_limit(), THROTTLED, "for the day", 1),
    ("429 bandwidth", fmp.bandwidth_limit(), THROTTLED, "bandwidth", 1),
    ("429 without words", fmp.Reply(429, b""), THROTTLED, "too many calls", 3),
    ("429 HTML", fmp.html_page(429), THROTTLED, "too many calls", 3),
    ("500", fmp.server_error(500), FAILED, "HTTP 500", 3),
    ("502", fmp.server_error(502), FAILED, "HTTP 502", 3),
    ("503", fmp.server_error(503), FAILED, "HTTP 503", 3),
    ("500 about a key", fmp.error_message("api key?", status=500), FAILED, "HTTP 500", 3),
    ("cut in the middle", fmp.cut_mid_body("SPY"), FAILED, "broke off", 3),
    ("reset", fmp.connection_reset(), FAILED, "broke off", 3),
    ("too large", fmp.huge_body(), FAILED, "more than 2 MiB", 1),
    ("too large, chunked", fmp.huge_body(chunked=True), FAILED, "more than 2 MiB", 1),
    (
        "not unpackable",
        fmp.Reply(200, b"[]", {"Content-Encoding": "gzip"}),
        FAILED,
        "cannot be read",
        1,
    ),
]


@pytest.mark.parametrize(
    ("reply", "status", "words", "calls"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_error_table(fmp_server, reply, status, words, calls):
    fmp_server.script("SPY", reply, forever=True)
    answer = ask(fmp_server, "SPY")["SPY"]
    assert (answer.status, answer.classification) == (status, None)
    assert words in answer.note
    assert fmp_server.calls == ["SPY"] * calls


@pytest.mark.parametrize(
    ("reply", "security_type"),
    [
        (fmp.both_flags("SPY"), "etf"),
        (fmp.string_flags("SPY"), "mutual_fund"),
        (fmp.Reply(200, fmp.profile("SPY", is_etf=True)), "etf"),
        (fmp.Reply(200, [fmp.profile("SPY", is_etf=True)], chunked=True), "etf"),
        (fmp.Reply(200, [fmp.profile("X"), fmp.profile("SPY", is_etf=True)]), "etf"),
    ],
    ids=["both flags", "flags as text", "no list", "chunked", "second in the list"],
)
def test_odd_but_usable_bodies(fmp_server, reply, security_type):
    fmp_server.script("SPY", reply)
    assert ask(fmp_server, "SPY")["SPY"].classification.security_type == security_type


@pytest.mark.parametrize(
    "reply",
    [
        fmp.slow(30),
        fmp.endless_body(),
        fmp.endless_body(chunked=True),
        fmp.endless_headers(),
        fmp.Reply(200, b" " * 9_000, {"Connection": "close"}, drip=0.02),
    ],
    ids=["silent", "body", "chunked body", "headers", "body of a closing connection"],
)
def test_time_bound(fmp_server, reply):
    fmp_server.script("SPY", reply, forever=True)
    started = time.monotonic()
    answer = ask(fmp_server, "SPY", fmp_timeout=0.2)["SPY"]
    assert time.monotonic() - started < 3
    assert (answer.status, len(fmp_server.calls)) == (FAILED, 3)
    assert answer.note == "127.0.0.1 gave no complete answer within 0.2 s; tried 3 times"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://no-such-host.invalid/stable", "could not be looked up"),
        ("http://127.0.0.1:9/stable", "refused the connection"),
        (f"https://{'a' * 70}.example/stable", "no usable answer"),
    ],
)
def test_nobody_there(fmp_server, url, words):
    answer = ask(fmp_server, "SPY", fmp_base_url=url)["SPY"]
    assert answer.status is FAILED
    assert words in answer.note


def test_tls_error(fmp_server):
    plain = fmp_server.url.replace("http:", "https:")
    answer = ask(fmp_server, "SPY", fmp_base_url=plain)["SPY"]
    assert (answer.status, answer.note) == (FAILED, "TLS error with 127.0.0.1")


# -- trying again ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble", [fmp.server_error(), fmp.rate_limit(), fmp.connection_reset()], ids=str
)
def test_recovers_on_the_third_try(fmp_server, trouble):
    fmp_server.script("SPY", trouble, trouble)
    fake = FakeTime()
    answer = ask(fmp_server, "SPY", time=fake)["SPY"]
    assert (answer.status, answer.note) == (FOUND, "tried 3 times")
    assert 0.75 <= fake.now <= 1.5


def test_retry_after_is_honoured(fmp_server):
    fmp_server.script("SPY", fmp.rate_limit(retry_after=7), fmp.server_error(retry_after=5))
    fake = FakeTime()
    assert ask(fmp_server, "SPY", time=fake)["SPY"].status is FOUND
    assert fake.slept == [7.0, 5.0]


def test_retry_after_date_is_measured_by_the_servers_clock(fmp_server):
    dates = {
        "Date": "Mon, 05 Jan 2026 10:00:00 GMT",
        "Retry-After": "Mon, 05 Jan 2026 10:00:09 GMT",
    }
    fmp_server.script("SPY", fmp.Reply(429, b"", dates))
    fake = FakeTime()
    assert ask(fmp_server, "SPY", time=fake)["SPY"].status is FOUND
    assert fake.slept == [9.0]


def test_a_long_retry_after_is_handed_on_not_waited_for(fmp_server):
    fmp_server.script("SPY", fmp.rate_limit(retry_after=3600))
    fake = FakeTime()
    answer = ask(fmp_server, "SPY", time=fake)["SPY"]
    assert (answer.status, answer.retry_after, fake.slept) == (THROTTLED, 3600.0, [])
    assert fmp_server.calls == ["SPY"]


def test_a_request_to_wait_holds_every_ticker(fmp_server):
    fmp_server.script("AAPL", fmp.rate_limit(retry_after=1))
    fmp_server.delay = 0.05
    with FmpSource(fmp_server.settings(), workers=2) as source:
        answers = dict(source.fetch(["AAPL", *KEYS[:20]]))
    assert answers["AAPL"].status is FOUND
    started = fmp_server.requests[0].at
    early = [received.path for received in fmp_server.requests if received.at - started < 0.9]
    assert len(early) < 10
    assert len(fmp_server.requests) == 22


# -- what concerns all tickers ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (fmp.invalid_key(), REFUSED),
        (fmp.suspended(), REFUSED),
        (fmp.special_endpoint(), REFUSED),
        (fmp.rate_limit(retry_after=99), THROTTLED),
        (fmp.bandwidth_limit(), THROTTLED),
        (fmp.daily_limit(), THROTTLED),
    ],
)
def test_a_refusal_of_the_key_ends_the_batch(fmp_server, reply, status):
    fmp_server.script(None, reply, forever=True)
    answers = ask(fmp_server, *KEYS)
    assert {answer.status for answer in answers.values()} == {status}
    assert set(answers) == set(KEYS)
    assert len(fmp_server.calls) <= 8
    assert answers[KEYS[-1]].note.startswith("not asked any more: ")
    assert answers[KEYS[-1]].retry_after == answers[KEYS[0]].retry_after


def test_with_one_worker_a_refusal_costs_one_call(fmp_server):
    assert set(ask(fmp_server, *KEYS, workers=1, fmp_api_key=Secret("wrong"))) == set(KEYS)
    assert fmp_server.calls == [KEYS[0]]


def test_answers_in_flight_survive_a_refusal(fmp_server):
    fmp_server.script("SPY", fmp.slow(0.2, [fmp.profile("SPY", is_etf=True)]))
    fmp_server.script("AAPL", fmp.suspended())
    answers = ask(fmp_server, "SPY", "AAPL", workers=2)
    assert [answers[key].status for key in ("SPY", "AAPL")] == [FOUND, REFUSED]


@pytest.mark.parametrize(
    "reply", [fmp.premium_symbol(), fmp.server_error(), fmp.html_page(), fmp.connection_reset()]
)
def test_one_tickers_trouble_costs_no_other_answer(fmp_server, reply):
    fmp_server.script("AAPL", reply, forever=True)
    answers = ask(fmp_server, "AAPL", "SPY", "DSU", workers=1)
    assert answers.pop("AAPL").status in {SYMBOL, FAILED}
    assert {answer.status for answer in answers.values()} == {FOUND}


def test_an_outage_ends_the_batch(fmp_server):
    fmp_server.script(None, fmp.server_error(503), forever=True)
    answers = ask(fmp_server, *KEYS)
    assert {answer.status for answer in answers.values()} == {FAILED}
    assert len(fmp_server.calls) <= 3 * 16
    assert answers[KEYS[-1]].note == (
        "not asked any more: error on their side (HTTP 503); tried 3 times"
    )


def test_single_failures_are_no_outage(fmp_server):
    for key in KEYS[:40:2]:
        fmp_server.script(key, fmp.server_error(), forever=True)
    answers = ask(fmp_server, *KEYS[:40], workers=1)
    assert [answers[key].status for key in KEYS[:4]] == [FAILED, NOT_FOUND] * 2
    assert len(set(fmp_server.calls)) == 40


# -- the key --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, Secret("")])
def test_without_a_key_no_call(fmp_server, key):
    answers = ask(fmp_server, "SPY", "AAPL", fmp_api_key=key)
    assert [(one.status, one.note) for one in answers.values()] == [(REFUSED, "no FMP_API_KEY")] * 2
    assert fmp_server.requests == []


@pytest.mark.parametrize("key", ["with space", "line\nbreak", "schlüssel", "\x00"])
def test_a_key_that_no_header_can_carry_is_not_sent(fmp_server, key):
    answer = ask(fmp_server, "SPY", fmp_api_key=Secret(key))["SPY"]
    assert (answer.status, fmp_server.requests) == (REFUSED, [])
    assert "FMP_API_KEY holds" in answer.note
    assert key not in answer.note


def test_the_key_goes_into_the_header_and_nowhere_else(caplog):
    caplog.set_level(logging.DEBUG)
    echo = fmp.Reply(200, f"Who is {CANARY}?\n" * 5, {"Set-Cookie": f"k={CANARY}"})
    with fmp.FmpServer(key=CANARY) as server, make_source(server) as source:
        server.script("AAPL", echo)
        for row in TABLE:
            server.script("SPY", row[1])
        answers = [answer for key in ["AAPL", "SPY", "DSU"] for _, answer in source.fetch([key])]
        shown = repr([source, vars(source), answers, server.calls])
        assert all(received.headers["apikey"] == CANARY for received in server.requests)
        assert CANARY not in str([received.path for received in server.requests])
        assert all("Cookie" not in received.headers for received in server.requests)
    assert "Who is ***?" in answers[0].note
    assert CANARY not in shown
    assert CANARY not in caplog.text
    assert all(len(answer.note) < 200 for answer in answers)


def test_a_redirect_does_not_take_the_key_elsewhere(fmp_server):
    with fmp.FmpServer() as other:
        fmp_server.script("SPY", fmp.redirect(f"{other.url}/profile?symbol=SPY"))
        assert ask(fmp_server, "SPY")["SPY"].status is FAILED
        assert other.requests == []


def test_a_proxy_from_the_environment_gets_no_plain_http(fmp_server, monkeypatch):
    with fmp.FmpServer() as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        assert ask(fmp_server, "SPY")["SPY"].status is FOUND
        assert proxy.requests == []


def test_a_source_with_a_key_is_not_pickled(fmp_server):
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(make_source(fmp_server))


# -- how many, how fast -----------------------------------------------------------------------


def test_each_distinct_key_is_asked_once(fmp_server):
    asked = ["SPY", "AAPL", "SPY", "DSU", "AAPL"]
    with make_source(fmp_server) as source:
        got = [key for key, _ in source.fetch(asked)]
    assert sorted(got) == sorted(fmp_server.calls) == ["AAPL", "DSU", "SPY"]
    assert asked == ["SPY", "AAPL", "SPY", "DSU", "AAPL"]


@pytest.mark.parametrize(
    "key", ["", "A,B", "912797HE0", "CUR:USD", "a/../b c", "Ü" * 50, "\ud800", "X" * 10_000]
)
def test_what_no_listed_ticker_looks_like_is_not_asked(fmp_server, key):
    answers = ask(fmp_server, key, "SPY")
    assert (answers[key].status, answers["SPY"].status) == (NOT_FOUND, FOUND)
    assert fmp_server.calls == ["SPY"]


def test_nothing_asked_nothing_answered(fmp_server):
    assert ask(fmp_server) == {}


def test_eight_at_a_time(fmp_server):
    fmp_server.delay = 0.2
    answers = ask(fmp_server, *KEYS[:16])
    assert len(answers) == len(fmp_server.calls) == 16
    assert fmp_server.most_in_flight == 8


def test_answers_come_as_they_arrive(fmp_server):
    fmp_server.script("SPY", fmp.slow(0.3))
    with make_source(fmp_server) as source:
        assert [key for key, _ in source.fetch(["SPY", "AAPL", "DSU"])][-1] == "SPY"


def test_one_connection_serves_many_calls(fmp_server):
    with make_source(fmp_server, workers=1) as source:
        list(source.fetch(KEYS[:5]))
        list(source.fetch(KEYS[5:10]))
        assert fmp_server.connections == 1


def test_starts_are_apart_across_threads_and_calls(fmp_server):
    with FmpSource(fmp_server.settings(fmp_rate_limit_delay=0.02)) as source:
        started = time.monotonic()
        batches = [KEYS[:8], KEYS[8:16]]
        threads = [threading.Thread(target=lambda b=b: list(source.fetch(b))) for b in batches]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        list(source.fetch(KEYS[16:20]))
        assert time.monotonic() - started >= 19 * 0.02
    assert sorted(fmp_server.calls) == KEYS[:20]


# -- stopping -------------------------------------------------------------------------------


def test_closing_the_iterator_stops_the_rest_at_once(fmp_server):
    fmp_server.script(None, fmp.Reply(200, []))
    fmp_server.script(None, fmp.slow(30), forever=True)
    with FmpSource(fmp_server.settings(), workers=4) as source:
        with closing(source.fetch(KEYS)) as answers:
            next(answers)
            started = time.monotonic()
        assert time.monotonic() - started < 3
        assert our_threads() == []
        assert len(fmp_server.calls) <= 6


def test_closing_the_iterator_ends_the_waits(fmp_server):
    with FmpSource(fmp_server.settings(fmp_rate_limit_delay=30), workers=4) as source:
        with closing(source.fetch(KEYS)) as answers:
            next(answers)
        assert (len(fmp_server.calls), our_threads()) == (1, [])


def test_no_thread_stays_behind(fmp_server):
    ask(fmp_server, *KEYS[:20])
    assert our_threads() == []


def test_a_closed_source_opens_again(fmp_server):
    source = make_source(fmp_server)
    source.close()
    assert dict(source.fetch(["SPY"]))["SPY"].status is FOUND
    source.close()
    source.close()
    assert dict(source.fetch(["SPY"]))["SPY"].status is FOUND
    source.close()


SCRIPT = """
    import os, signal, sys
    # What a shell starts in the background ignores Ctrl-C, and so do its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from sectypes.config import Secret, Settings
    from sectypes.sources import FmpSource
    assert "requests" not in sys.modules, "naming a source must not load requests"
    url, key = sys.argv[1:]
    settings = Settings(fmp_base_url=url, fmp_api_key=Secret(key), fmp_rate_limit_delay=0)
    source = FmpSource(settings)
"""


def run(server, code):
    text = textwrap.dedent(SCRIPT) + textwrap.dedent(code)
    return subprocess.Popen(
        [sys.executable, "-c", text, server.url, server.key],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_ends_calls_in_flight(fmp_server):
    fmp_server.script(None, fmp.slow(60), forever=True)
    process = run(fmp_server, "list(source.fetch(['SPY', 'AAPL']))")
    while len(fmp_server.calls) < 2:
        time.sleep(0.02)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - started < 5
    assert process.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in errors
    assert fmp_server.key not in errors


def test_a_forked_child_makes_its_own_session(fmp_server):
    process = run(
        fmp_server,
        """
        print(dict(source.fetch(["SPY"]))["SPY"].status.value, flush=True)
        child = os.fork()
        status = dict(source.fetch(["DSU"]))["DSU"].status.value
        if child:
            os.waitpid(child, 0)
        print(status, flush=True)
        """,
    )
    output, errors = process.communicate(timeout=20)
    assert (output.split(), errors) == (["found"] * 3, "")
    # The parent goes on with its connection, the child opens one of its own.
    assert fmp_server.connections == 2


def test_many_threads_share_a_source(fmp_server):
    results = []
    with make_source(fmp_server) as source:
        threads = [
            threading.Thread(target=lambda: results.append(dict(source.fetch(["SPY", "DSU"]))))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    statuses = {answer.status for result in results for answer in result.values()}
    assert (len(results), statuses) == (20, {FOUND})


def test_workers_must_be_positive():
    with pytest.raises(ConfigError, match="at least 1"):
        FmpSource(Settings(), workers=0)
