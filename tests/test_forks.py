"""The gate that forks wait at: who is inside, who has to wait, what a child begins with."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sectypes.forks import ForkGate, fork_gate


def test_a_fork_waits_until_nobody_is_inside():
    gate, inside, leave = ForkGate(), threading.Event(), threading.Event()

    def work() -> None:
        with gate.entered():
            inside.set()
            leave.wait(10)

    with ThreadPoolExecutor(2) as threads:
        threads.submit(work)
        assert inside.wait(10)
        fork = threads.submit(gate.before_fork)
        time.sleep(0.05)
        assert not fork.done()
        leave.set()
        fork.result(10)
    assert gate.inside == 0


def test_nobody_enters_while_a_fork_is_waiting_so_that_it_gets_its_turn():
    gate, entered = ForkGate(), threading.Event()

    def work() -> None:
        with gate.entered():
            entered.set()

    with ThreadPoolExecutor(1) as threads:
        gate.before_fork()
        late = threads.submit(work)
        assert not entered.wait(0.05)
        gate.after_in_parent()
        late.result(10)
    assert entered.is_set()


def test_one_that_is_inside_enters_again_and_may_fork():
    gate = ForkGate()
    with gate.entered(), gate.entered():
        gate.before_fork()
        gate.after_in_parent()
        assert gate.inside == 1
    assert gate.inside == 0


def test_a_child_begins_without_the_threads_of_its_parent():
    gate = ForkGate()
    with ThreadPoolExecutor(1) as threads:
        other = gate.entered()
        threads.submit(other.__enter__).result(10)
        with gate.entered():
            gate.after_in_child()
            assert gate.inside == 1
        gate.before_fork()  # would wait for the other, which is not here
        gate.after_in_child()
    assert gate.inside == 0


def test_a_process_has_one_gate():
    assert fork_gate() is fork_gate()
