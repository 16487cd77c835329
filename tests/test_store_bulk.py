"""Many facts at once: the way for thousands keeps what the way for a few keeps."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sectypes.store import SqlStore
from sectypes.store.dialects import COPY_FROM
from sectypes.store.rows import is_key, usable_keys
from sectypes.taxonomy import AnswerStatus, Classification, Miss, Origin, SecurityType, Subtype

SEEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
MANY = COPY_FROM + 7
TEXTS = (
    "plain",
    "",
    r"\N",
    "\\",
    "tab\there",
    "two\r\nlines",
    "quote'\"",
    "na\u00efve \U0001f4b6",
    None,
)


def samples(count: int, kind: SecurityType = SecurityType.ETF, *, days: int = 0):
    """Made-up facts and payloads, with every kind of text that a file format could stumble over."""
    for number in range(count):
        text = TEXTS[number % len(TEXTS)]
        yield (
            Classification(
                f"Q{number}",
                kind,
                Origin.FMP,
                Subtype.ETF if number % 2 else None,
                number / 7,
                text or None,
                text or None,
                SEEN + timedelta(days=days, microseconds=number),
                None if number % 3 else SEEN + timedelta(days=90),
            ),
            {"text": text, "number": number} if number % 5 else None,
        )


def test_many_facts_come_back_as_they_were_given(store):
    given_facts = list(samples(MANY))
    assert store.put_facts(given_facts) == MANY
    found = store.lookup([made.ticker for made, _ in given_facts]).facts
    assert found == {made.ticker: made for made, _ in given_facts}
    payloads = {one.fact.ticker: json.loads(one.payload or "null") for one in store.dump()[0]}
    assert payloads == {made.ticker: payload for made, payload in given_facts}


def test_of_many_facts_only_the_newer_replace_and_leave_their_history(store):
    store.put_facts(samples(MANY))
    newer = list(samples(MANY, SecurityType.EQUITY, days=1))
    older = [(made._replace(observed_at=SEEN - timedelta(days=1)), None) for made, _ in newer]
    assert store.put_facts([*newer[:5], *older[5:]]) == 5
    kinds = {made.security_type for made in store.lookup(["Q0", "Q4"]).facts.values()}
    assert (kinds, len(store.history("Q4"))) == ({SecurityType.EQUITY}, 1)
    assert store.lookup(["Q5"]).facts["Q5"].security_type is SecurityType.ETF


def test_many_misses_are_kept_and_go_when_facts_come(store):
    until = SEEN + timedelta(days=1)
    names = [f"Q{number}" for number in range(MANY)]
    note = TEXTS[4]
    store.put_misses(Miss(name, AnswerStatus.NOT_FOUND, note, SEEN, until) for name in names)
    assert store.lookup(names).misses["Q7"].note == note
    store.put_facts(samples(MANY, days=1))
    assert (store.contents().negative, store.lookup(names).misses) == (0, {})


def test_a_user_who_may_not_make_tables_writes_many_facts_too(postgres_server, postgres_url):
    database = postgres_url.split("@/")[1].split("?")[0]
    postgres_server.run(f"CREATE ROLE {database}_writer LOGIN")
    postgres_server.run(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
    for what in ("TABLES", "SEQUENCES"):
        grant = f"GRANT ALL ON ALL {what} IN SCHEMA public TO {database}_writer"
        postgres_server.run(grant, database)
    try:
        with SqlStore(postgres_server.url(database, user=f"{database}_writer")) as store:
            assert store.put_facts(samples(MANY)) == len(store.list_facts()) == MANY
    finally:
        postgres_server.run(f"DROP OWNED BY {database}_writer", database)
        postgres_server.run(f"DROP ROLE {database}_writer")


@given(st.lists(st.text(max_size=70) | st.sampled_from(["", "DSU", "A" * 64, "A" * 65, "A\0B"])))
def test_usable_keys_are_those_that_fit_alone(tickers):
    assert usable_keys(tickers) == [key for key in dict.fromkeys(tickers) if is_key(key)]
