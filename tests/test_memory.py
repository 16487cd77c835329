"""Memory: what the rooms said, held alone where a fact says it all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sectypes.memory import Memory
from sectypes.precedence import Known
from sectypes.taxonomy import Attempt, Classification, Origin, Outcome, SecurityType, ServedBy
from sectypes.trails import as_remembered, from_cache


@pytest.fixture
def memory(clock) -> Memory:
    return Memory(10, clock=clock)


def fact(clock, **changes) -> Classification:
    until = clock.now + timedelta(days=1)
    made = Classification("DSU", SecurityType.MUTUAL_FUND, Origin.FMP, expires_at=until)
    return made.replace(**changes)


def test_a_fresh_fact_is_held_alone_and_told_with_its_trail(memory, clock):
    made = fact(clock)
    memory.put_many({"DSU": as_remembered(from_cache(made, ServedBy.DATABASE))})
    assert memory.get_many(["DSU", "SPY"]) == {"DSU": made}
    assert memory.peek("DSU") == from_cache(made, ServedBy.MEMORY)
    assert (memory.peek("SPY"), len(memory)) == (None, 1)


def test_what_is_no_fact_is_held_as_it_was_told(memory, clock):
    said = (Attempt("memory", Outcome.MISS), Attempt("database", Outcome.MISS, "unknown"))
    known = Known(attempts=said, fresh_until=clock.now + timedelta(days=1))
    memory.put_many({"NOPE": as_remembered(known)})
    assert memory.peek("NOPE") == known._replace(attempts=said[1:])


def test_an_expired_fact_is_told_as_such_and_forgotten_on_request(memory, clock):
    memory.put_many({"DSU": fact(clock)})
    clock.advance(days=2)
    assert (memory.get_many(["DSU"]), memory.peek("DSU")) == ({}, None)
    assert memory.stale_many(["DSU", "SPY"])["DSU"].fact == fact(
        clock, expires_at=clock.now - timedelta(days=1)
    )
    memory.discard("DSU")
    assert memory.stale_many(["DSU"]) == {}


def test_a_fact_without_an_end_is_asked_for_again_each_time(memory, clock):
    memory.put_many({"DSU": fact(clock, expires_at=None)})
    assert memory.get_many(["DSU"]) == {}
