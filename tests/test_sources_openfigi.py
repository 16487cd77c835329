"""OpenFIGI over a real HTTP server: jobs, batches, limits, and what each kind of answer becomes."""

from __future__ import annotations

import logging
import pickle
import threading
import time
from contextlib import closing

import pytest
from support import fmp_server as fmp
from support import openfigi_server as figi
from support.clocks import FakeTime, FastTime, our_threads
from support.fmp_server import Reply

from sectypes.config import Secret, Settings
from sectypes.errors import ConfigError
from sectypes.sources import Identified, OpenFigiSource
from sectypes.taxonomy import AnswerStatus, Origin

FOUND, NOT_FOUND = AnswerStatus.FOUND, AnswerStatus.NOT_FOUND
REFUSED, THROTTLED, FAILED = AnswerStatus.REFUSED, AnswerStatus.THROTTLED, AnswerStatus.FAILED
CANARY = "canary-8c21d0e4"
KEYS = [f"S{number:03}" for number in range(230)]
# Invented, with the right check digits.
ISIN, OTHER_ISIN, UK_ISIN = "US00SAMP1019", "US00SAMP1027", "GB00SAMPL109"
CUSIP, CINS, FIGI = "00SAMP108", "G0SAMP101", "BBG000SMPL06"


@pytest.fixture
def server():
    with figi.OpenFigiServer() as one:
        yield one


def make_source(server, *, time=None, workers=4, timeout=20.0, **changes):
    """A source for `server` that waits in no time, unless a real clock is asked for."""
    fake = FakeTime() if time is None else time
    settings = server.settings(**changes)
    return OpenFigiSource(
        settings, workers=workers, timeout=timeout, clock=fake.clock, sleep=fake.sleep
    )


def ask(server, *keys, **options):
    with make_source(server, **options) as source:
        return dict(source.fetch(keys))


def ask_identified(server, *wanted, **options):
    with make_source(server, **options) as source:
        return dict(source.fetch_identified(wanted))


# -- what a row becomes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "meaning", "leverage", "raw_label"),
    [
        ("AAPL", "equity/common_stock", 1.0, "Common Stock"),
        ("BRK-B", "equity/common_stock", 1.0, "Common Stock"),
        ("SPY", "etf/etf", 1.0, "ETP"),
        ("TQQQ", "etf/etf", 3.0, "ETP"),
        ("DSU", "mutual_fund/closed_end_fund", 1.0, "Closed-End Fund"),
        ("VFIAX", "mutual_fund/open_end_fund", 1.0, "Open-End Fund"),
        ("VMFXX", "cash/money_market_fund", 1.0, "Open-End Fund"),
    ],
)
def test_sample_rows(server, key, meaning, leverage, raw_label):
    answer = ask(server, key)[key]
    fact = answer.classification
    assert (answer.status, answer.note, fact.leverage) == (FOUND, "", leverage)
    assert f"{fact.security_type}/{fact.subtype}" == meaning
    assert (fact.ticker, fact.origin, fact.observed_at) == (key, Origin.OPENFIGI, None)
    assert (fact.raw_label, fact.name) == (raw_label, answer.payload["name"])


@pytest.mark.parametrize(
    ("row", "meaning", "leverage"),
    [
        (figi.row("SMP", "ETP", name="IPATH SAMPLE INDEX ETN"), "etf/etn", 1.0),
        (figi.row("SMP", "ETP", name="DIREXION DAILY SAMPLE BULL"), "etf/etf", 0.0),
        (figi.row("SMP", "ETP", name="PROSHARES SHORT SAMPLE"), "etf/etf", -1.0),
        (figi.row("SMP", "ETP", name="ZZ TOP"), "etf/None", 1.0),
        (figi.row("SMP", "Open-End Fund", name="SAMPLE MONEY MARKET FUND"), "cash", 1.0),
        (figi.row("SMP", "Closed-End Fund", name="SAMPLE MONEY MARKET FUND"), "mutual_fund", 1.0),
        (figi.row("SMP", name="2X LONG LTD"), "equity/common_stock", 1.0),
        (figi.row("SMP", "GLOBAL", marketSector="Corp"), "bond", 1.0),
        (figi.row("SMP", "PUBLIC", marketSector="Pfd"), "equity/preferred", 1.0),
        (figi.row("SMP", "Royalty Trst", name=None), "equity", 1.0),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else None,
)
def test_name_and_form_make_the_words_finer(server, row, meaning, leverage):
    server.add(row)
    fact = ask(server, "SMP")["SMP"].classification
    assert f"{fact.security_type}/{fact.subtype}".startswith(meaning)
    assert fact.leverage == leverage


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"securityType": "Gizmo"}, "Gizmo / Mutual Fund"),
        ({"securityType": None, "securityType2": None}, "no words"),
        ({"securityType": "Spot", "marketSector": "Curncy"}, r"Spot / Mutual Fund (Curncy)"),
        (
            {"securityType": None, "securityType2": None, "marketSector": None, "metadata": "Odd."},
            "Odd.",
        ),
    ],
)
def test_unknown_words_are_no_type(server, changes, words):
    if words == "no words":
        changes = {**changes, "marketSector": None}
    server.add(figi.row("SMP", "ETP", **changes))
    answer = ask(server, "SMP")["SMP"]
    assert (answer.status, answer.classification) == (NOT_FOUND, None)
    assert f"no meaning here for OpenFIGI's words: {words}" in answer.note
    assert answer.payload["ticker"] == "SMP"


# -- which row ------------------------------------------------------------------------------


def venue(code, kind="Common Stock", **changes):
    return figi.row("SMP", kind, **{"exchCode": code, "figi": f"BBG0-{code}", **changes})


def test_the_composite_row_of_the_us_decides(server):
    rows = [venue("LN"), venue("US", name="ONE VENUE"), figi.row("SMP", name="COMPOSITE")]
    server.add(*rows, isin=ISIN)
    answer = ask_identified(server, Identified("SMP", isin=ISIN))["SMP"]
    assert (answer.payload, answer.note) == (rows[2], "by ID_ISIN")


def test_without_a_us_row_the_first_decides(server):
    server.add(venue("LN", name="LONDON"), venue("GR", name="GERMANY"), isin=UK_ISIN)
    answer = ask_identified(server, Identified("SMP.L", isin=UK_ISIN))["SMP.L"]
    assert (answer.classification.name, answer.classification.ticker) == ("LONDON", "SMP.L")


@pytest.mark.parametrize("first", [0, 1])
def test_of_contradicting_rows_the_riskier_stands(server, first):
    rows = [figi.row("SMP", "Closed-End Fund"), venue("US")]
    server.add(*rows[first:], *rows[:first])
    answer = ask(server, "SMP")["SMP"]
    assert answer.classification.security_type == "equity"
    assert answer.note == (
        "rows contradict each other (Closed-End Fund, Common Stock): the riskier one stands"
    )


def test_an_unknown_word_beside_the_deciding_row_does_no_harm(server):
    server.add(venue("LN", "Gizmo"), figi.row("SMP", "ETP"), isin=ISIN)
    answer = ask_identified(server, Identified("SMP", isin=ISIN))["SMP"]
    assert (answer.classification.security_type, answer.note) == ("etf", "by ID_ISIN")


def test_an_unknown_word_in_the_deciding_row_is_no_answer(server):
    server.add(venue("LN", "ETP"), figi.row("SMP", "Gizmo"), isin=ISIN)
    assert ask_identified(server, Identified("SMP", isin=ISIN))["SMP"].status is NOT_FOUND


@pytest.mark.parametrize("rows", [[figi.row("OTHER")], [venue("LN")]], ids=["ticker", "exchange"])
def test_another_listing_is_no_answer(server, rows):
    server.answer("SMP", {"data": rows})
    answer = ask(server, "SMP")["SMP"]
    assert (answer.status, answer.note[:11]) == (NOT_FOUND, "foreign row")


# -- which job ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "job"),
    [
        (Identified("DSU"), {"idType": "TICKER", "idValue": "DSU", "exchCode": "US"}),
        (Identified("BRK-B"), {"idType": "TICKER", "idValue": "BRK/B", "exchCode": "US"}),
        (Identified("D", ISIN, CUSIP, FIGI), {"idType": "ID_ISIN", "idValue": ISIN}),
        (Identified("D", None, CUSIP, FIGI), {"idType": "ID_CUSIP", "idValue": CUSIP}),
        (Identified("D", None, CINS), {"idType": "ID_CINS", "idValue": CINS}),
        (Identified("D", None, None, FIGI), {"idType": "ID_BB_GLOBAL", "idValue": FIGI}),
        (Identified("D", f" {ISIN.lower()} "), {"idType": "ID_ISIN", "idValue": ISIN}),
        (Identified("D", "US00SAMP1018", CUSIP), {"idType": "ID_CUSIP", "idValue": CUSIP}),
        (Identified("D", ""), {"idType": "TICKER", "idValue": "D", "exchCode": "US"}),
        (Identified(CUSIP), {"idType": "ID_CUSIP", "idValue": CUSIP}),
        (Identified(ISIN), {"idType": "ID_ISIN", "idValue": ISIN}),
        (Identified("VAB.TO", ISIN), {"idType": "ID_ISIN", "idValue": ISIN}),
        (Identified("EUR/USD", ISIN), {"idType": "ID_ISIN", "idValue": ISIN}),
    ],
)
def test_the_best_identifier_is_asked_for(server, wanted, job):
    answers = ask_identified(server, wanted)
    assert (server.jobs, list(answers)) == ([job], [wanted.key])


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "not the form"),
        ("CUR:USD", "not the form"),
        ("EURUSD", "not the form"),
        ("AAPL250117C00155000", "not the form"),
        ("VAB.TO", "outside the US"),
        ("\ud800", "not the form"),
        ("X" * 10_000, "not the form"),
    ],
)
def test_what_openfigi_cannot_know_is_not_asked(server, key, words):
    answers = ask(server, key, "SPY")
    assert (answers[key].status, answers["SPY"].status) == (NOT_FOUND, FOUND)
    assert words in answers[key].note
    assert server.asked == ["SPY"]


def test_each_distinct_key_has_one_answer_by_its_identifier(server):
    server.add(figi.row("SMP", "ETP"), isin=ISIN)
    wanted = [Identified("SMP"), Identified("SMP", isin=ISIN), Identified("SMP", isin=OTHER_ISIN)]
    with make_source(server) as source:
        got = list(source.fetch_identified(wanted))
    assert [(key, answer.note) for key, answer in got] == [("SMP", "by ID_ISIN")]
    assert server.asked == [ISIN]


def test_a_reused_ticker_is_told(server):
    server.add(figi.row("NEW", "ETP"), isin=ISIN)
    answer = ask_identified(server, Identified("OLD", isin=ISIN))["OLD"]
    assert answer.classification.ticker == "OLD"
    assert answer.note == "by ID_ISIN; its ticker there is NEW"


def test_no_job_is_asked_twice(server):
    asked = ["SPY", "AAPL", "SPY", "DSU", "AAPL"]
    with make_source(server) as source:
        got = [key for key, _ in source.fetch(asked)]
    assert sorted(got) == sorted(server.asked) == ["AAPL", "DSU", "SPY"]
    assert asked == ["SPY", "AAPL", "SPY", "DSU", "AAPL"]


def test_nothing_asked_nothing_answered(server):
    assert ask(server) == {}
    assert server.requests == []


# -- single jobs, in one batch with good ones ------------------------------------------------

JOB_ERRORS = [
    ("unknown", figi.NOT_FOUND, NOT_FOUND, "No identifier found. (TICKER)"),
    ("unknown, as v2 says it", {"error": "No identifier found."}, NOT_FOUND, "No identifier"),
    ("bad job", figi.BAD_VALUE, FAILED, "Invalid idValue format. (TICKER)"),
    ("long error", {"error": "x" * 9_000}, FAILED, "xxx..."),
    ("no rows", {"data": []}, NOT_FOUND, "nothing found"),
    ("nothing", {}, FAILED, "no data and no reason"),
    ("null data", {"data": None}, FAILED, "no data and no reason"),
    ("odd data", {"data": "Odd."}, FAILED, "no data and no reason"),
    ("odd rows", {"data": [1, None]}, FAILED, "not objects"),
    ("odd words", {"data": [{**figi.row("BAD"), "securityType2": 5, "ticker": 7}]}, NOT_FOUND, ""),
]


@pytest.mark.parametrize(
    ("result", "status", "words"), [row[1:] for row in JOB_ERRORS], ids=[r[0] for r in JOB_ERRORS]
)
@pytest.mark.parametrize("others", [[], ["SPY", "DSU"]], ids=["alone", "among others"])
def test_one_bad_job_costs_no_other_answer(server, others, result, status, words):
    server.answer("BAD", result)
    answers = ask(server, *others[:1], "BAD", *others[1:])
    bad = answers.pop("BAD")
    assert (bad.status, bad.classification) == (status, None)
    assert words in bad.note
    assert len(bad.note) < 200
    assert {key: answer.status for key, answer in answers.items()} == dict.fromkeys(others, FOUND)
    assert len(server.requests) == 1


def test_answers_keep_to_their_jobs(server):
    keys = KEYS[:100]
    for key in keys[::2]:
        server.add(figi.row(key, "Closed-End Fund", name=key))
    server.answer(keys[51], figi.BAD_VALUE)
    answers = ask(server, *keys)
    names = {key: one.classification.name for key, one in answers.items() if one.status is FOUND}
    assert names == {key: key for key in keys[::2]}
    assert [key for key, one in answers.items() if one.status is FAILED] == [keys[51]]


# -- whole requests (contracts.md 2) -----------------------------------------------------------

TABLE = [
    # (name, reply, status, words in the note, requests made)
    ("not JSON", Reply(200, b"<html>"), FAILED, "not a list", 1),
    ("broken JSON", Reply(200, b'[{"data": ['), FAILED, "not a list", 1),
    ("NaN", Reply(200, b"[NaN]"), FAILED, "not a list", 1),
    ("nothing", Reply(200, b""), FAILED, "not a list", 1),
    ("an object", Reply(200, {"data": []}), FAILED, "not a list", 1),
    ("an error", Reply(200, {"error": "Odd."}), FAILED, "OPENFIGI reported an error: Odd.", 1),
    ("too few", Reply(200, [figi.NOT_FOUND]), FAILED, "1 answers to 2 jobs", 1),
    ("too many", Reply(200, [figi.NOT_FOUND] * 3), FAILED, "3 answers to 2 jobs", 1),
    ("no objects", Reply(200, [None, 5]), FAILED, "not an object", 1),
    ("302", fmp.redirect("https://example.invalid/"), FAILED, "not followed", 1),
    ("400", Reply(400, {"error": "Bad body."}), FAILED, "not understood (HTTP 400): Bad body.", 1),
    ("401", Reply(401, {"error": "Invalid API key."}), REFUSED, "OPENFIGI_API_KEY", 1),
    ("403", Reply(403, b""), REFUSED, "forbidden", 1),
    ("404", Reply(404, b""), FAILED, "OPENFIGI_BASE_URL", 1),
    ("408", Reply(408, b""), FAILED, "HTTP 408", 3),
    ("429", Reply(429, b""), THROTTLED, "too many calls; tried 3 times", 3),
    ("429, long", Reply(429, b"", {"ratelimit-reset": "90"}), THROTTLED, "too many calls", 1),
    ("500", fmp.server_error(500), FAILED, "HTTP 500", 3),
    ("503", fmp.server_error(503), FAILED, "HTTP 503", 3),
    ("cut in the middle", Reply(200, [{}] * 99, cut_after=50), FAILED, "broke off", 3),
    ("reset", fmp.connection_reset(), FAILED, "broke off", 3),
    ("too large", fmp.huge_body(40), FAILED, "more than 32 MiB", 1),
]


@pytest.mark.parametrize(
    ("reply", "status", "words", "requests"), [r[1:] for r in TABLE], ids=[r[0] for r in TABLE]
)
def test_error_table(server, reply, status, words, requests):
    server.script(None, reply, forever=True)
    answers = ask(server, "SPY", "DSU")
    assert set(answers) == {"SPY", "DSU"}
    for answer in answers.values():
        assert (answer.status, answer.classification) == (status, None)
        assert words in answer.note
    assert len(server.requests) == requests


@pytest.mark.parametrize("trouble", [fmp.server_error(), Reply(429), fmp.connection_reset()])
def test_recovers_on_the_third_try(server, trouble):
    server.script(None, trouble, trouble)
    fake = FakeTime()
    answer = ask(server, "SPY", time=fake)["SPY"]
    assert (answer.status, answer.note) == (FOUND, "tried 3 times")
    assert 0.75 <= fake.now <= 1.5


@pytest.mark.parametrize("header", ["Retry-After", "ratelimit-reset"])
def test_the_wait_that_is_asked_for_is_kept(server, header):
    server.script(None, Reply(429, b"", {header: "7"}))
    fake = FakeTime()
    assert ask(server, "SPY", time=fake)["SPY"].status is FOUND
    assert fake.slept == [7.0]


def test_the_windows_reset_says_nothing_about_an_error(server):
    server.script(None, Reply(500, b"", {"ratelimit-reset": "25"}))
    fake = FakeTime()
    assert ask(server, "SPY", time=fake)["SPY"].status is FOUND
    assert fake.now < 1


def test_a_long_wait_is_handed_on(server):
    server.script(None, Reply(429, b"", {"ratelimit-reset": "45"}), forever=True)
    answers = ask(server, *KEYS, workers=1)
    assert {(one.status, one.retry_after) for one in answers.values()} == {(THROTTLED, 45.0)}
    assert (len(answers), len(server.requests)) == (len(KEYS), 1)
    assert answers[KEYS[-1]].note == "not asked any more: too many calls"


def test_a_wrong_key_ends_the_batch(server):
    answers = ask(server, *KEYS, openfigi_api_key=Secret("wrong"), workers=1)
    assert {one.status for one in answers.values()} == {REFUSED}
    assert (len(answers), len(server.requests)) == (len(KEYS), 1)


def test_an_outage_ends_the_batch(server):
    server.script(None, fmp.server_error(503), forever=True)
    answers = ask(server, *KEYS, openfigi_api_key=None)
    assert {one.status for one in answers.values()} == {FAILED}
    assert (len(answers), answers[KEYS[-1]].note) == (
        len(KEYS),
        "not asked any more: error on their side (HTTP 503); tried 3 times",
    )
    assert len(server.requests) <= 3 * 12


def test_time_bound(server):
    server.script(None, fmp.endless_body(), forever=True)
    started = time.monotonic()
    answer = ask(server, "SPY", timeout=0.2)["SPY"]
    assert time.monotonic() - started < 3
    assert answer.note == "127.0.0.1 gave no complete answer within 0.2 s; tried 3 times"


def test_a_body_of_many_venues_is_no_trouble(server):
    rows = [venue(f"X{number}", securityDescription="x" * 400) for number in range(8_000)]
    server.add(figi.row("SMP"), *rows, isin=ISIN)
    assert ask_identified(server, Identified("SMP", isin=ISIN))["SMP"].status is FOUND


# -- how many -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "sizes"),
    [(Secret(figi.SAMPLE_KEY), [100, 100, 30]), (None, [5] * 46), (Secret(""), [5] * 46)],
    ids=["key", "no key", "empty key"],
)
def test_batches_are_as_large_as_allowed(server, key, sizes):
    fast = FastTime()
    server.clock = fast.clock
    answers = ask(server, *KEYS, openfigi_api_key=key, workers=1, time=fast)
    assert [len(batch) for batch in server.batches] == sizes
    assert list(answers) == server.asked == KEYS
    assert set(server.statuses) == {200}


@pytest.mark.parametrize("most", [1, 3, 7])
def test_too_many_jobs_are_asked_in_smaller_parts(server, most):
    server.jobs_with_key = most
    fast = FastTime()
    server.clock = fast.clock
    with make_source(server, workers=2, time=fast) as source:
        first = dict(source.fetch([*KEYS[:10], "SPY"]))
        refused = server.statuses.count(413)
        second = dict(source.fetch(["DSU", *KEYS[10:18]]))
    assert (len(first), len(second)) == (11, 9)
    assert (first["SPY"].status, second["DSU"].status) == (FOUND, FOUND)
    assert sorted(server.asked) == sorted([*first, *second])
    # It remembers what was too many.
    assert 0 < refused == server.statuses.count(413)


def test_one_job_that_is_too_many_has_failed(server):
    server.jobs_with_key = 0
    answers = ask(server, "SPY", "DSU", "AAPL")
    assert [one.status for one in answers.values()] == [FAILED] * 3
    assert "too many jobs at once (HTTP 413): Payload" in answers["SPY"].note


@pytest.mark.parametrize(
    ("with_key", "keys", "speed"), [(False, 15, 100), (True, 250, 10)], ids=["no key", "key"]
)
def test_the_limits_are_never_exceeded(server, with_key, keys, speed):
    fast = FastTime(speed)
    server.clock = fast.clock
    # Held up so long that calls of one window may arrive in the next.
    server.late = 0.02
    changes = {} if with_key else {"openfigi_api_key": None}
    results = []
    with make_source(server, time=fast, workers=3, **changes) as source:

        def work(number):
            results.append(dict(source.fetch([f"T{number}Q{one}" for one in range(keys)])))

        running = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
    assert sum(map(len, results)) == 20 * keys == len(set(server.asked))
    assert {one.status for result in results for one in result.values()} == {NOT_FOUND}
    assert (len(server.requests), set(server.statuses)) == (60, {200})
    assert server.most_in_a_window <= 25
    assert max(map(len, server.batches)) == (100 if with_key else 5)


@pytest.mark.parametrize(("key", "size", "window"), [(figi.SAMPLE_KEY, 100, 6.0), (None, 5, 60.0)])
def test_the_limits_are_used_to_the_full(server, key, size, window):
    fake = FakeTime()
    server.clock = fake.clock
    secret = None if key is None else Secret(key)
    keys = [f"N{number}" for number in range(51 * size)]
    answers = ask(server, *keys, openfigi_api_key=secret, workers=1, time=fake)
    assert (len(answers), set(server.statuses)) == (len(keys), {200})
    assert fake.slept == [window, window]


def test_the_server_does_refuse_what_is_too_fast(server):
    fast = FastTime()
    server.clock = fast.clock
    sources = [make_source(server, time=fast, openfigi_api_key=None) for _ in range(3)]
    for number, source in enumerate(sources):
        with source:
            answers = dict(source.fetch([f"T{number}Q{one}" for one in range(60)]))
            assert len(answers) == 60
    assert 429 in server.statuses
    assert server.most_in_a_window > 25


# -- the key --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["with space", "line\nbreak", "schlüssel", "\x00"])
def test_a_key_that_no_header_can_carry_is_not_sent(server, key):
    answer = ask(server, "SPY", openfigi_api_key=Secret(key))["SPY"]
    assert (answer.status, server.requests) == (REFUSED, [])
    assert "OPENFIGI_API_KEY holds" in answer.note
    assert key not in answer.note


def test_the_key_goes_into_the_header_and_nowhere_else(caplog):
    caplog.set_level(logging.DEBUG)
    echo = {"error": f"Who is {CANARY}?"}
    with figi.OpenFigiServer(key=CANARY) as server, make_source(server) as source:
        server.answer("AAPL", echo)
        replies = [Reply(400, echo), Reply(500, f"<{CANARY}>"), *(row[1] for row in TABLE[:-1])]
        notes = []
        for reply in replies:
            server.script(None, reply)
            notes += [answer.note for _, answer in source.fetch(["SPY", "AAPL"])]
            server.unscript()
        shown = repr([source, vars(source), notes, source._settings])
        assert all(one.headers["X-OPENFIGI-APIKEY"] == CANARY for one in server.requests)
        assert CANARY not in str([(one.path, one.body) for one in server.requests])
    assert "Who is ***?" in shown
    assert CANARY not in shown
    assert CANARY not in caplog.text


def test_without_a_key_no_header(server):
    assert ask(server, "SPY", openfigi_api_key=None)["SPY"].status is FOUND
    [received] = server.requests
    assert {"X-OPENFIGI-APIKEY", "Authorization"}.isdisjoint(received.headers)


def test_a_password_from_netrc_is_not_sent(server, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login someone password {CANARY}")
    monkeypatch.setenv("NETRC", str(netrc))
    assert ask(server, "SPY", openfigi_api_key=None)["SPY"].status is FOUND
    assert "Authorization" not in server.requests[0].headers


def test_a_redirect_does_not_take_the_key_elsewhere(server):
    with figi.OpenFigiServer() as other:
        server.script(None, fmp.redirect(f"{other.url}/mapping", 307))
        assert ask(server, "SPY")["SPY"].status is FAILED
        assert other.requests == []


def test_a_source_with_a_key_is_not_pickled(server):
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(make_source(server))


# -- stopping -------------------------------------------------------------------------------


def test_closing_the_iterator_stops_the_rest_at_once(server):
    server.script(None, Reply(200, [figi.NOT_FOUND] * 5))
    server.script(None, fmp.slow(30), forever=True)
    with OpenFigiSource(server.settings(openfigi_api_key=None), workers=2) as source:
        with closing(source.fetch(KEYS)) as answers:
            next(answers)
            started = time.monotonic()
        assert time.monotonic() - started < 3
        assert our_threads() == []
        assert len(server.requests) <= 4


def test_closing_the_iterator_ends_the_waits(server):
    with OpenFigiSource(server.settings(openfigi_api_key=None)) as source:
        with closing(source.fetch(KEYS)) as answers:
            for _ in range(125):
                next(answers)
            started = time.monotonic()
        assert time.monotonic() - started < 3
    assert (len(server.requests), our_threads()) == (25, [])


def test_a_closed_source_opens_again(server):
    source = make_source(server)
    source.close()
    assert dict(source.fetch(["SPY"]))["SPY"].status is FOUND
    source.close()
    assert dict(source.fetch(["SPY"]))["SPY"].status is FOUND
    source.close()
    assert our_threads() == []


def test_one_connection_serves_many_calls(server):
    with make_source(server, workers=1) as source:
        list(source.fetch(["SPY"]))
        list(source.fetch(["DSU"]))
        assert server.connections == 1


def test_workers_must_be_positive():
    with pytest.raises(ConfigError, match="at least 1"):
        OpenFigiSource(Settings(), workers=0)


# -- the server itself ------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"{}", b"[", b"[1]", b'[{"idType": "TICKER"}]'])
def test_the_server_refuses_a_bad_body(server, body):
    received = figi.Posted("POST", "/v3/mapping", {"Content-Type": "application/json"}, body=body)
    assert server.reply_to(received).status == 400
