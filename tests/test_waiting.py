"""One fetch for many waiters: threads and tasks that ask for the same ticker share one call."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pandas as pd
import pytest
from support.fmp_server import profile, server_error

from sectypes.columns import frame_columns, series_columns
from sectypes.errors import InputError, StaleAnswerWarning, UnresolvedWarning
from sectypes.frames import classify, classify_async
from sectypes.taxonomy import Answer, AnswerStatus, Classification, Origin, SecurityType, ServedBy
from sectypes.waiting import Flights

NOBODY = threading.Event()


class SlowSource:
    """A source that answers when it is told to, and counts."""

    name = "slow"
    origin = Origin.SNAPSHOT

    def __init__(self, *, fails: int = 0) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []
        self.fails = fails

    def fetch(self, keys):
        for key in keys:
            self.asked.append(key)
            self.go.wait(10)
            if len(self.asked) <= self.fails:
                raise KeyboardInterrupt
            found = Classification(key, SecurityType.ETF, self.origin, raw_label="told late")
            yield key, Answer(AnswerStatus.FOUND, found)


def wait_for(condition) -> None:
    """Wait until something is true, at most ten seconds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.005)


# -- flights ------------------------------------------------------------------------------------


def test_only_the_first_may_ask_until_it_has_landed():
    flights = Flights[str]()
    assert [flights.claim("A"), flights.claim("A"), flights.claim("B")] == [True, False, True]
    assert set(flights.find(["A", "B", "C"])) == {"A", "B"}
    flights.land("A", "told")
    assert flights.claim("A") is True


def test_all_waiters_are_told_the_same():
    flights = Flights[str]()
    flights.claim("A")
    flight = flights.find(["A"])["A"]
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(flight.wait, NOBODY) for _ in range(8)]
        flights.land("A", "told")
        assert {one.result(10) for one in waiting} == {"told"}


def test_a_flight_without_an_answer_wakes_its_waiters():
    flights = Flights[str]()
    flights.claim("A")
    flight = flights.find(["A"])["A"]
    flights.land("A", None)
    assert flight.wait(NOBODY) is None
    flights.land("A", "nobody waits, nobody is hurt")


def test_a_wait_can_be_cancelled():
    flights = Flights[str]()
    flights.claim("A")
    stop = threading.Event()
    stop.set()
    assert flights.find(["A"])["A"].wait(stop) is None


def test_a_forked_child_does_not_wait_for_its_parent_s_calls():
    flights = Flights[str]()
    flights.claim("A")
    receive, send = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(
        target=lambda: send.send(flights.claim("A"))
    )
    child.start()
    assert receive.poll(10)
    assert receive.recv() is True
    child.join(10)


# -- threads ------------------------------------------------------------------------------------


def test_a_hundred_threads_asking_one_cold_ticker_make_one_call(build, store, fmp_server):
    fmp_server.delay = 0.1
    service, together = build(store), threading.Barrier(100)

    def ask(_: int):
        together.wait(20)
        return service.resolve(["DSU"])[0]

    with ThreadPoolExecutor(100) as threads:
        answers = list(threads.map(ask, range(100)))
    assert {one.security_type for one in answers} == {SecurityType.MUTUAL_FUND}
    assert fmp_server.calls == ["DSU"]
    shared = [one for one in answers if "asked by another call" in one.reason]
    assert len(shared) >= 1
    assert {one.classification for one in answers} == {answers[0].classification}


def test_many_threads_with_the_same_book_make_one_call_a_ticker(build, store, fmp_server):
    keys = [f"T{number:02d}" for number in range(40)]
    fmp_server.profiles = {key: profile(key, is_etf=True) for key in keys}
    fmp_server.delay = 0.01
    service = build(store)
    with ThreadPoolExecutor(8) as threads:
        books = [keys[start:] + keys[:start] for start in range(0, 40, 5)]
        answers = list(threads.map(service.resolve, books))
    assert sorted(fmp_server.calls) == keys
    assert all(one.security_type == "etf" for book in answers for one in book)


def test_a_source_without_a_meter_is_asked_once_too(build):
    source = SlowSource()
    service = build(source=source)
    with ThreadPoolExecutor(10) as threads:
        waiting = [threads.submit(service.resolve, ["SPY"]) for _ in range(10)]
        wait_for(lambda: source.asked)
        time.sleep(0.1)
        source.go.set()
        kinds = {one.result(10)[0].security_type.value for one in waiting}
    assert (kinds, source.asked) == ({"etf"}, ["SPY"])


def test_an_interrupted_leader_leaves_nobody_hanging(build):
    source = SlowSource(fails=1)
    service = build(source=source)
    with ThreadPoolExecutor(2) as threads:
        leader = threads.submit(service.resolve, ["SPY"])
        wait_for(lambda: source.asked)
        waiter = threads.submit(service.resolve, ["SPY"])
        time.sleep(0.1)
        source.go.set()
        with pytest.raises(KeyboardInterrupt):
            leader.result(10)
        assert waiter.result(10)[0].security_type == "etf"
    assert source.asked == ["SPY", "SPY"]


def test_those_who_wait_for_each_other_do_not_block(build, fmp_server):
    fmp_server.delay = 0.02
    service = build()
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(service.resolve, ["AAPL", "SPY", "VTSAX", "DSU"])
        other = threads.submit(service.resolve, ["DSU", "VTSAX", "SPY", "AAPL"])
        assert [a.security_type for a in one.result(10)] == [
            a.security_type for a in reversed(other.result(10))
        ]
    assert sorted(fmp_server.calls) == ["AAPL", "DSU", "SPY", "VTSAX"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_failure_is_shared_as_a_failure(build, fmp_server):
    fmp_server.delay = 0.05
    fmp_server.script("DSU", server_error(404), forever=True)
    service, together = build(), threading.Barrier(6)

    def ask(_: int):
        together.wait(20)
        return service.resolve(["DSU"])[0]

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(ask, range(6)))
    assert {one.classification.origin for one in answers} == {Origin.DEFAULT}
    assert all("HTTP 404" in one.reason for one in answers)
    assert fmp_server.calls == ["DSU"]


# -- tasks --------------------------------------------------------------------------------------


def test_resolve_async_answers_as_resolve_does(build, store):
    service, other = build(store), build()
    answers = asyncio.run(service.resolve_async(["DSU", "BRK.B", "SPY"]))
    assert [one.security_type for one in answers] == ["mutual_fund", "equity", "etf"]
    assert [one.trail[-1].room for one in answers] == ["fmp"] * 3
    assert answers[0].query == other.resolve(["DSU"])[0].query


def test_a_hundred_tasks_asking_one_cold_ticker_make_one_call(build, store, fmp_server):
    fmp_server.delay = 0.05
    service = build(store)

    async def all_at_once():
        return await asyncio.gather(*(service.resolve_async(["DSU"]) for _ in range(100)))

    answers = asyncio.run(all_at_once())
    assert {one.security_type for [one] in answers} == {SecurityType.MUTUAL_FUND}
    assert fmp_server.calls == ["DSU"]


def test_the_loop_goes_on_while_a_source_is_asked(build, fmp_server):
    fmp_server.delay = 0.3
    service, ticks = build(), []

    async def tick():
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)

    async def both():
        clockwork = asyncio.create_task(tick())
        await service.resolve_async(["DSU"])
        clockwork.cancel()

    asyncio.run(both())
    assert len(ticks) > 10


def test_cancelling_stops_what_has_not_started(build, store, fmp_server):
    keys = [f"T{number:03d}" for number in range(200)]
    fmp_server.profiles = {key: profile(key) for key in keys}
    fmp_server.delay = 0.05
    service = build(store)

    async def give_up():
        task = asyncio.create_task(service.resolve_async(keys))
        await asyncio.to_thread(wait_for, lambda: len(fmp_server.calls) >= 8)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())  # ends when the thread has ended
    made = len(fmp_server.calls)
    assert made < 60
    assert len(store.lookup(keys).facts) == made
    time.sleep(0.1)
    assert len(fmp_server.calls) == made
    assert service.resolve(keys[-1:])[0].security_type == "equity"


def test_cancelling_a_waiter_leaves_the_leader_alone(build):
    source = SlowSource()
    service = build(source=source)

    async def one_gives_up():
        leader = asyncio.create_task(service.resolve_async(["SPY"]))
        await asyncio.to_thread(wait_for, lambda: source.asked)
        waiter = asyncio.create_task(service.resolve_async(["SPY"]))
        await asyncio.sleep(0.1)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        source.go.set()
        return await leader

    assert asyncio.run(one_gives_up())[0].security_type == "etf"
    assert source.asked == ["SPY"]


def test_warnings_come_at_the_line_that_awaits(build, clock, store, fmp_server):
    service = build(store)
    asyncio.run(service.resolve_async(["DSU"]))
    clock.advance(days=91)
    fmp_server.script(None, server_error(404), forever=True)

    async def ask():
        return await service.resolve_async(["DSU", "NOPE"])

    with pytest.warns((StaleAnswerWarning, UnresolvedWarning)) as caught:
        asyncio.run(ask())
    assert {one.category for one in caught} == {StaleAnswerWarning, UnresolvedWarning}
    assert {one.filename for one in caught} == {__file__}


def test_errors_come_through(build):
    with pytest.raises(InputError, match="is naive"):
        asyncio.run(build().resolve_async(["DSU"], as_of=datetime(2026, 1, 1)))


def test_frames_classify_in_a_running_loop_and_leave_their_input_alone(build):
    frame = pd.DataFrame({"symbol": ["DSU", None, "spy", "DSU"]}, index=[3, 3, 1, 0])
    before, service = frame.copy(), build()

    async def ask():
        columns = frame_columns(frame, {})
        return await classify_async(columns, service=service, progress=None)

    with pytest.warns(UnresolvedWarning, match="blank"):
        types = asyncio.run(ask())
    with pytest.warns(UnresolvedWarning, match="blank"):
        expected = classify(frame_columns(frame, {}), service=service, progress=None)
    pd.testing.assert_series_equal(types, expected)
    pd.testing.assert_frame_equal(frame, before)


def test_a_series_is_classified_too(build):
    series, service = pd.Series(["SPY"], dtype="str"), build()
    types = asyncio.run(classify_async(series_columns(series), service=service, progress=None))
    assert types.tolist() == ["etf"]
    assert service.resolve(["SPY"])[0].served_by is ServedBy.MEMORY
