"""What holds in every cell: each rule tells what is wrong with a run, one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from faults.running import Run, Seen
from faults.secrets import found_in
from faults.table import HEALTHY, KEPT, KEY, PASSWORD, RETRIED, SICK, WAITS_S
from sectypes.store.tables import FACT_ORIGINS

__all__ = ["RULES", "broken_rules"]

SLACK_S = 10.0
"""For the database's own bounds, and for a machine that is busy with other things."""

Rule = Callable[[Run], Iterator[str]]


def outcome_is_the_one_of_the_table(run: Run) -> Iterator[str]:
    """Type, origin, stale, warnings, what is written, calls, and what the trail says of FMP."""
    expected, first = run.cell.expected, run.first
    error = type(first.error).__name__ if first.error else ""
    yield from _differs("error", error, expected.error)
    yield from _differs("written", run.written, expected.written)
    yield from _differs("calls", first.calls, expected.calls)
    if error or expected.error:
        return
    wanted = (expected.type, expected.origin, expected.stale)
    yield from _differs("answer", first.brief(SICK), wanted)
    yield from _differs("warnings", first.warnings, expected.warnings)
    said = {one.outcome.value for one in first.from_fmp(SICK)}
    yield from _differs("said of FMP", said, {expected.fmp_says} - {""})


def failure_costs_nobody_else_an_answer(run: Run) -> Iterator[str]:
    """The other tickers of the call are answered by a fresh fact."""
    if not run.cell.database_fault:
        for ticker in [HEALTHY, KEPT] if run.cell.fmp.one_ticker else [KEPT]:
            yield from _differs(ticker, run.first.brief(ticker), ("etf", "fmp", False))


def nothing_is_lost_and_no_guess_is_kept(run: Run) -> Iterator[str]:
    """What stood in the database stands there still, or something newer of the same kind."""
    gone = {row[:2] for row in run.before} - {row[:2] for row in run.after}
    changed = {row for row in run.before - run.after if row[1] != SICK}
    yield from _differs("lost", gone | changed, set())
    yield from _differs("guesses kept", run.origins - set(FACT_ORIGINS), set())


def guess_is_never_silent(run: Run) -> Iterator[str]:
    """Whoever gets a guess is warned, each time, and the trail says why."""
    for seen in _calls(run):
        for answer in seen.answers.values():
            if answer.classification is None or answer.classification.origin.is_guess:
                if "UnresolvedWarning" not in seen.warnings:
                    yield f"{answer.query.ticker} is a guess without a warning"
                if not answer.reason:
                    yield f"{answer.query.ticker} is a guess without a reason"


def unread_database_is_not_called_harmless(run: Run) -> Iterator[str]:
    """Where an override or a fact there cannot be read, each call says so and none denies it."""
    expected = run.cell.expected
    is_overridden = run.cell.state == "override" and expected.origin in ("fmp", "default")
    became_guess = run.cell.state == "fresh fact" and expected.origin == "default"
    for number, seen in enumerate(_calls(run), 1):
        if is_overridden or became_guess:
            if "overrides" not in seen.warned:
                yield f"call {number} does not say that overrides are not known: {seen.warned!r}"
            if "not affected" in seen.warned:
                yield f"call {number} says that answers are not affected"


def next_call_says_the_same_and_bothers_nobody(run: Run) -> Iterator[str]:
    """A "no" is not asked again before its time, and answers do not flip."""
    yield from _differs("error of the next call", type(run.again.error), type(run.first.error))
    yield from _differs("calls of the next call", run.again.calls, 0)
    if run.first.error is None and run.again.error is None:
        yield from _differs("next answer", run.again.brief(SICK), run.first.brief(SICK))


def it_takes_no_longer_than_it_may(run: Run) -> Iterator[str]:
    """Each try has its bound, and so have all waits between the tries."""
    if run.waited > WAITS_S:
        yield f"waited {run.waited:.1f} s between tries"
    if run.seconds > RETRIED * run.cell.fmp.timeout_s + SLACK_S:
        yield f"took {run.seconds:.1f} s"


def secrets_are_not_shown(run: Run) -> Iterator[str]:
    """Neither key nor password is in anything to be seen, and no other host gets a request."""
    yield from found_in(run.shown, KEY, PASSWORD)
    yield from _differs("requests elsewhere", run.requests_elsewhere, 0)


RULES: tuple[Rule, ...] = (
    outcome_is_the_one_of_the_table,
    failure_costs_nobody_else_an_answer,
    nothing_is_lost_and_no_guess_is_kept,
    guess_is_never_silent,
    unread_database_is_not_called_harmless,
    next_call_says_the_same_and_bothers_nobody,
    it_takes_no_longer_than_it_may,
    secrets_are_not_shown,
)


def broken_rules(run: Run) -> list[str]:
    """What is wrong with a run, each line with its rule."""
    return [f"{rule.__name__}: {told}" for rule in RULES for told in rule(run)]


def _calls(run: Run) -> tuple[Seen, ...]:
    return (run.first, run.again)


def _differs(what: str, found: object, wanted: object) -> Iterator[str]:
    if found != wanted:
        yield f"{what}: {found!r}, not {wanted!r}"
