"""Memory: which values stay, which go, and that no thread or fork ever sees half a change."""

from __future__ import annotations

import os
import random
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sectypes.cache import AGEING, GHOSTS, TOP, CacheStats, MemoryCache, _Put
from sectypes.taxonomy import AnswerStatus, Classification, Miss, Origin, SecurityType

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Value:
    """A value that is fresh before noon, or for ever."""

    name: str
    expires_at: datetime | None = None

    def is_fresh(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at


def book(name: str, size: int) -> list[str]:
    return [f"{name}{number}" for number in range(size)]


def resolve(cache: MemoryCache[Value], keys: list[str]) -> int:
    """Ask and fill as the service does; the number of hits."""
    found = cache.get_many(keys)
    cache.put_many({key: Value(key) for key in keys if key not in found})
    return len(found)


def held(cache: MemoryCache[Value], keys: list[str]) -> int:
    return len(cache.get_many(keys))


@pytest.fixture
def warm_cache() -> MemoryCache[Value]:
    """A cache of 1,000 in which a book of 800 was hot."""
    cache: MemoryCache[Value] = MemoryCache(1_000)
    for _ in range(20):
        resolve(cache, book("OLD", 800))
    return cache


# -- the two traces of the acceptance ---------------------------------------------------------


def test_a_new_book_takes_over_from_a_hot_one(warm_cache):
    hits = [resolve(warm_cache, book("NEW", 800)) for _ in range(10)]
    assert hits[-1] >= 720
    assert len(warm_cache) == 1_000


def test_a_call_with_100_000_tickers_leaves_the_hot_book_in_place(warm_cache):
    assert resolve(warm_cache, book("ONCE", 100_000)) == 0
    assert held(warm_cache, book("OLD", 800)) >= 720


def test_several_such_calls_leave_it_in_place_too(warm_cache):
    for round_ in range(5):
        resolve(warm_cache, book(f"R{round_}-", 20_000))
    assert held(warm_cache, book("OLD", 800)) >= 720


def test_a_book_that_is_asked_for_ticker_by_ticker_takes_over_too(warm_cache):
    for _ in range(9):
        for key in book("NEW", 800):
            resolve(warm_cache, [key])
    assert held(warm_cache, book("NEW", 800)) >= 720


def test_an_abandoned_book_gives_way_to_one_that_is_asked_for_less():
    cache: MemoryCache[Value] = MemoryCache(100)
    for _ in range(TOP):
        resolve(cache, book("OLD", 100))
    for number in range(AGEING * 3):  # time passes with other questions
        resolve(cache, book(f"R{number}-", 100))
    for _ in range(2):
        resolve(cache, book("NEW", 100))
    assert held(cache, book("NEW", 100)) == 100


def test_a_mix_of_a_book_and_passers_by_keeps_the_book():
    cache: MemoryCache[Value] = MemoryCache(100)
    for number in range(300):
        resolve(cache, [*book("BOOK", 60), *book(f"R{number}-", 60)])
    assert held(cache, book("BOOK", 60)) == 60


# -- single rules -----------------------------------------------------------------------------


def test_of_equals_the_longest_unused_makes_room():
    cache: MemoryCache[Value] = MemoryCache(3)
    for key in "ABC":
        resolve(cache, [key])
    resolve(cache, ["A"])
    resolve(cache, ["A"])
    resolve(cache, ["D"])
    assert sorted(cache.get_many("ABCD")) == ["A", "C", "D"]


def test_among_the_most_used_the_longest_unused_makes_room():
    cache: MemoryCache[Value] = MemoryCache(2)
    for key in "ABABABABA":
        resolve(cache, [key])
    for _ in range(TOP):
        cache.get_many(["C"])
    cache.put_many({"C": Value("C")})
    assert sorted(cache.get_many("ABC")) == ["A", "C"]


def test_a_bulk_put_fills_free_room_and_declines_the_rest():
    cache: MemoryCache[Value] = MemoryCache(10)
    assert resolve(cache, book("A", 25)) == 0
    assert held(cache, book("A", 25)) == 10
    assert cache.stats.evictions == 0


def test_the_most_used_of_a_bulk_put_come_in():
    cache: MemoryCache[Value] = MemoryCache(2)
    cache.get_many(["HOT"])
    cache.put_many({key: Value(key) for key in ("A", "B", "HOT")})
    assert "HOT" in cache.get_many(["A", "B", "HOT"])


def test_a_key_twice_in_one_call_counts_once():
    cache: MemoryCache[Value] = MemoryCache(1)
    resolve(cache, ["A"])
    resolve(cache, ["A"])
    cache.get_many(["B"] * 50)
    cache.put_many({"B": Value("B")})
    assert list(cache.get_many(["A", "B"])) == ["A"]


def test_values_are_handed_out_as_they_were_put_and_replaced():
    cache: MemoryCache[Value] = MemoryCache(1)
    first, second = Value("first"), Value("second")
    cache.put_many({"A": first})
    assert cache.get_many(["A"])["A"] is first
    cache.put_many({"A": second})
    assert cache.get_many(["A"])["A"] is second
    assert len(cache) == 1


def test_each_value_has_its_own_expiry_and_a_hit_does_not_extend_it():
    now = [NOON]
    cache: MemoryCache[Value] = MemoryCache(clock=lambda: now[0])
    short, long = Value("short", NOON + timedelta(hours=1)), Value("long", NOON + timedelta(days=9))
    cache.put_many({"S": short, "L": long})
    for minute in range(0, 60, 10):
        now[0] = NOON + timedelta(minutes=minute)
        assert len(cache.get_many("SL")) == 2
    now[0] = NOON + timedelta(hours=1)
    assert cache.get_many("SL") == {"L": long}
    assert cache.stale_many("SLX") == {"S": short}
    assert cache.stats == CacheStats(hits=13, misses=1, entries=2, evictions=0)


@pytest.mark.parametrize(
    "value",
    [
        Classification("DSU", SecurityType.MUTUAL_FUND, Origin.FMP, expires_at=NOON),
        Miss("DSU", AnswerStatus.NOT_FOUND, "unknown", NOON - timedelta(days=1), NOON),
    ],
    ids=["classification", "miss"],
)
def test_the_package_s_records_can_be_kept(value):
    now = [NOON - timedelta(seconds=1)]
    cache: MemoryCache[Classification | Miss] = MemoryCache(clock=lambda: now[0])
    cache.put_many({"DSU": value})
    assert cache.get_many(["DSU"]) == {"DSU": value}
    now[0] = NOON
    assert cache.get_many(["DSU"]) == {}
    assert cache.stale_many(["DSU"]) == {"DSU": value}


def test_discard_and_clear():
    cache: MemoryCache[Value] = MemoryCache(5)
    resolve(cache, ["A", "B", "C"])
    cache.discard("A")
    cache.discard("NEVER SEEN")
    assert sorted(cache.get_many("ABC")) == ["B", "C"]
    cache.clear()
    assert len(cache) == 0
    assert cache.get_many("ABC") == {}
    assert resolve(cache, ["A"]) == 0
    assert resolve(cache, ["A"]) == 1


def test_clearing_right_after_a_call_still_counts_that_call():
    cache: MemoryCache[Value] = MemoryCache(5)
    resolve(cache, ["A", "B"])
    cache.get_many(["A", "B", "C", "C"])
    cache.clear()
    assert cache.stats == CacheStats(hits=2, misses=3, entries=0, evictions=0)


def test_stale_reads_are_no_use_and_no_miss():
    cache: MemoryCache[Value] = MemoryCache(5)
    cache.stale_many(["A"])
    assert cache.stats == CacheStats(0, 0, 0, 0)


def test_inputs_are_not_changed():
    keys, values = ["A", "B", "A"], {"A": Value("A")}
    cache: MemoryCache[Value] = MemoryCache(1)
    cache.get_many(keys)
    cache.put_many(values)
    found = cache.get_many(keys)
    found.clear()
    assert keys == ["A", "B", "A"]
    assert values == {"A": Value("A")}
    assert cache.get_many(keys) == values


def test_an_empty_call():
    cache: MemoryCache[Value] = MemoryCache(1)
    cache.put_many({})
    assert cache.get_many([]) == cache.stale_many([]) == {}
    assert repr(cache) == "MemoryCache(0 of 1)"


@pytest.mark.parametrize("maxsize", [0, -1])
def test_a_cache_needs_room(maxsize):
    with pytest.raises(ValueError, match="maxsize must be at least 1"):
        MemoryCache(maxsize)


def test_what_is_known_about_absent_keys_is_bounded():
    cache: MemoryCache[Value] = MemoryCache(10)
    for round_ in range(50):
        cache.get_many(book(f"R{round_}-", 1_000))
        assert len(cache._ghosts) <= GHOSTS * 10
        assert cache._notes == []


calls = st.lists(
    st.tuples(st.sampled_from(["resolve", "get", "put", "discard"]), st.sets(st.integers(0, 12))),
    max_size=60,
)


@given(calls, st.integers(1, 6))
def test_whatever_is_called_the_books_agree(steps, maxsize):
    cache: MemoryCache[Value] = MemoryCache(maxsize)
    for action, numbers in steps:
        keys = [f"K{number}" for number in numbers]
        if action == "resolve":
            resolve(cache, keys)
        elif action == "get":
            assert all(key == value.name for key, value in cache.get_many(keys).items())
        elif action == "put":
            cache.put_many({key: Value(key) for key in keys})
        for key in keys if action == "discard" else ():
            cache.discard(key)
        waiting = sum(len(note.values) for note in cache._notes if isinstance(note, _Put))
        assert len(cache._held) + waiting <= maxsize
        assert len(cache) <= maxsize
        filed = [key for level in cache._levels for key in level]
        assert sorted(filed) == sorted(cache._held) == sorted(cache._uses)
        assert not cache._ghosts.keys() & cache._held.keys()
        assert all(key in cache._levels[use] for key, use in cache._uses.items())


# -- threads and forks ------------------------------------------------------------------------


def test_threads_never_see_another_key_s_value_nor_an_error():
    cache: MemoryCache[Value] = MemoryCache(50)

    def work(seed: int) -> list[str]:
        pick, wrong = random.Random(seed), []
        for _ in range(150):
            keys = [f"K{pick.randrange(120)}" for _ in range(20)]
            found = cache.get_many(keys)
            wrong += [key for key, value in found.items() if value.name != key]
            cache.put_many({key: Value(key) for key in keys})
            cache.discard(keys[0])
        return wrong

    with ThreadPoolExecutor(8) as threads:
        wrong = [key for keys in threads.map(work, range(8)) for key in keys]
    assert wrong == []
    assert len(cache) <= 50


def test_a_forked_child_keeps_the_values_and_can_use_them():
    cache: MemoryCache[Value] = MemoryCache(50)
    resolve(cache, book("A", 50))
    stop = threading.Event()

    def keep_busy() -> None:
        while not stop.is_set():
            resolve(cache, book("A", 50))

    thread = threading.Thread(target=keep_busy)
    thread.start()
    try:
        for _ in range(10):
            child = _fork(lambda: 0 if resolve(cache, book("A", 50)) == 50 else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        stop.set()
        thread.join()


def _fork(work) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from 3.12: threads are running
        child = os.fork()
    if child == 0:
        os._exit(work())
    return child
