"""Faults planted on purpose: with each safeguard switched off, at least one test must fail.

    python tests/planted.py [--only N]

copies the checkout to a temporary folder and, for each fault, replaces one text there, runs the
tests that are named beside it, and puts the text back. The same tests must pass without any fault.
Ends with 1 where a fault is not caught, or its text is not there exactly once.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

__all__ = ["FAULTS", "Fault", "planted"]

ROOT = Path(__file__).parent.parent
LONGEST_S = 90.0
"""Longest run for one fault."""


class Fault(NamedTuple):
    """One safeguard, and how it is switched off.

    Attributes
    ----------
    safeguard : str
        What is lost without it.
    file : str
        Path in the package.
    original, instead : str
        The text that is there exactly once, and what takes its place.
    tests : tuple[str, ...]
        What must notice, as arguments of pytest.
    """

    safeguard: str
    file: str
    original: str
    instead: str
    tests: tuple[str, ...]


FAULTS = (
    Fault(
        "redaction: a secret does not show itself",
        "config.py",
        "return \"Secret('***')\"",
        'return f"Secret({self.__value!r})"',
        ("tests/test_service.py::test_the_key_is_never_shown",),
    ),
    Fault(
        "redaction: the key goes into a header, never into a URL",
        "sources/http.py",
        "request.headers[self._header] = self._key.reveal()",
        "request.prepare_url(request.url, {self._header: self._key.reveal()})",
        ("tests/test_sources.py::test_the_key_goes_into_the_header_and_nowhere_else",),
    ),
    Fault(
        "stale-if-error: an older fact outlives a failing source",
        "trails.py",
        "return as_stale(fact, attempts, miss.expires_at)",
        "return Known(attempts=attempts, fresh_until=miss.expires_at)",
        ("tests/test_service.py::test_when_fmp_is_down_an_expired_fact_stays_and_says_so",),
    ),
    Fault(
        'typed outcomes: a failure is not a "not found"',
        "asking.py",
        "_LIVES = {AnswerStatus.NOT_FOUND: NOT_FOUND_LIFE,"
        " AnswerStatus.REFUSED_SYMBOL: NOT_FOUND_LIFE}",
        "_LIVES = dict.fromkeys(AnswerStatus, NOT_FOUND_LIFE)",
        ("tests/test_service.py::test_a_failure_is_remembered_for_minutes_and_never_written",),
    ),
    Fault(
        "the lock: one of many threads asks for a ticker",
        "waiting.py",
        "return self._running.setdefault(key, mine) is mine",
        "return self._running.update({key: mine}) is None",
        ("tests/test_waiting.py::test_only_the_first_may_ask_until_it_has_landed",),
    ),
    Fault(
        "bound parameters: no text from outside is part of a statement",
        "store/sql.py",
        "execute(connection, _listing, table, *kinds, keys=as_text(connection, some)).one()",
        """connection.execute(each_of(connection, select(*(listed(connection, table.c[name])"""
        """ for name in kinds)), table.c.ticker, __import__("sqlalchemy").literal_column("'" +"""
        """ as_text(connection, some) + "'"))).one()""",
        (
            "tests/test_hostile.py::test_no_text_from_outside_is_ever_part_of_a_statement",
            "-k",
            "sqlite",
        ),
    ),
    Fault(
        "transactions: a killed writer leaves all or nothing",
        "store/connect.py",
        "driver.autocommit = not writes",
        "driver.autocommit = True",
        (
            "tests/test_concurrency.py::test_a_writer_killed_between_two_statements_leaves_no_torn_rows",
            "-k",
            "postgresql",
        ),
    ),
    Fault(
        "the budget: no more calls a day than allowed",
        "store/sql.py",
        "granted = n if limit is None else max(0, min(n, limit - used))",
        "granted = n",
        ("tests/test_budget.py::test_a_limit_is_kept_in_the_database", "-k", "sqlite"),
    ),
    Fault(
        "private files: nobody else reads the database",
        "store/connect.py",
        "os.O_CREAT | os.O_RDWR, 0o600",
        "os.O_CREAT | os.O_RDWR, 0o666",
        (
            "tests/test_hostile.py::test_a_database_is_private_whatever_the_umask_and_however_it_is_named",
        ),
    ),
    Fault(
        "HTML: texts are escaped",
        "records.py",
        "escape(str(value))",
        "str(value)",
        ("tests/test_hostile.py::test_no_result_makes_an_element_or_attribute_of_a_text",),
    ),
    Fault(
        "formulas: no cell of a CSV file is executed",
        "files.py",
        "cell.startswith(_FORMULA_STARTS)",
        'cell.startswith("#")',
        ("tests/test_hostile.py::test_no_command_prints_a_formula_as_csv",),
    ),
    Fault(
        "lines: a carriage return begins no row with a formula",
        "files.py",
        'replace("\\r\\n", "\\n").replace("\\r", "\\n")',
        'replace("\\r\\n", "\\n")',
        ("tests/test_hostile.py::test_no_exporter_writes_a_formula",),
    ),
    Fault(
        "redirects: the key goes to no other host",
        "sources/http.py",
        "allow_redirects=False,",
        "allow_redirects=True,",
        ("tests/test_sources.py::test_a_redirect_does_not_take_the_key_elsewhere",),
    ),
    Fault(
        "size: an endless body is not read",
        "sources/http.py",
        "if len(body) > self._most_bytes:",
        "if len(body) < 0:",
        ("tests/test_sources.py::test_error_table",),
    ),
    Fault(
        "https: no key goes over the network in plain",
        "config.py",
        'if parts.scheme == "http" and not _is_this_machine(parts.hostname):',
        'if parts.scheme == "ftp":',
        ("tests/test_hostile_urls.py",),
    ),
    Fault(
        "https: only this machine is an exception, not its network",
        "config.py",
        "return ipaddress.ip_address(host).is_loopback",
        "return not ipaddress.ip_address(host).is_global",
        ("tests/test_hostile_urls.py",),
    ),
    Fault(
        "facts: a guess is never kept as one",
        "store/rows.py",
        "if fact.origin.value not in FACT_ORIGINS:",
        "if not fact.origin.value:",
        (
            "tests/test_store.py::test_what_is_no_fact_is_refused_with_its_row_and_nothing_is_written",
            "-k",
            "sqlite",
        ),
    ),
    Fault(
        "precedence: an override comes before every fact",
        "sorting.py",
        "found = overrides[key] if key in overrides else _own_label(queries[number])",
        "found = _own_label(queries[number])",
        (
            "tests/test_service.py::test_an_override_wins_until_it_is_removed_or_expires",
            "-k",
            "sqlite",
        ),
    ),
    Fault(
        "cash: a row of cash is never answered by its ticker",
        "sorting.py",
        "return None if tickers.shape(query.key) is tickers.Shape.CRYPTO else _CASH",
        "return None",
        (
            "tests/test_service.py::test_cash_is_answered_from_the_row_and_never_stored",
            "-k",
            "sqlite",
        ),
    ),
    Fault(
        "limits: OpenFIGI's size of a batch",
        "sources/openfigi.py",
        "WITHOUT_KEY = _Limits(5, 25, 60.0)",
        "WITHOUT_KEY = _Limits(50, 25, 60.0)",
        ("tests/test_sources_openfigi.py::test_batches_are_as_large_as_allowed",),
    ),
    Fault(
        "files: written whole or not at all, never through a link",
        "files.py",
        "unfinished.replace(target)",
        "target.write_bytes(content)",
        (
            "tests/test_hostile.py::test_what_is_written_replaces_a_link_and_leaves_alone_where_it_leads",
        ),
    ),
    Fault(
        "inputs: what is nested without end is refused",
        "holdings/inputs.py",
        "except RecursionError as error:",
        "except ZeroDivisionError as error:",
        ("tests/test_fuzz.py::test_what_is_nested_without_end_is_refused",),
    ),
    Fault(
        "inputs: aliases of YAML are refused",
        "plain_yaml.py",
        "if self.check_event(yaml.AliasEvent):",
        "if self.check_event(yaml.StreamStartEvent):",
        ("tests/test_fuzz_files.py::test_a_portfolio_with_tricks_is_refused[alias]",),
    ),
    Fault(
        "the chain: an unusable database costs a warning, not the answer",
        "resting.py",
        "except StoreUnavailable as error:",
        "except ZeroDivisionError as error:",
        ("tests/test_service.py::test_an_unusable_database_costs_a_warning_not_an_answer",),
    ),
    Fault(
        "the same list again: what memory has learned since ends it",
        "recent.py",
        "kept.state != state or now",
        "now",
        ("tests/test_recent.py::test_what_may_change_an_answer_ends_it",),
    ),
    Fault(
        "forks: none in the middle of a transaction of SQLite",
        "store/engine.py",
        "return fork_gate().entered() if is_sqlite(self._url) else nullcontext()",
        "return nullcontext()",
        ("tests/test_concurrency.py::test_a_fork_waits_for_the_transactions_of_other_threads",),
    ),
)


def planted(fault: Fault, package: Path) -> str:
    """The file's text with the fault in it.

    Raises
    ------
    ValueError
        The original is not there exactly once; the message names the fault.
    """
    text = (package / fault.file).read_text(encoding="utf-8")
    times = text.count(fault.original)
    if times != 1:
        raise ValueError(f"{fault.safeguard}: its text is in {fault.file} {times} times, not once")
    return text.replace(fault.original, fault.instead)


def copy_checkout(to: Path) -> None:
    """Lay the package out as its wheel does, so that nothing of the installed one is needed."""
    unwanted = shutil.ignore_patterns("__pycache__", ".hypothesis", ".pytest_cache")
    for folder in ("sectypes", "tests", "schema", "notebooks"):
        shutil.copytree(ROOT / folder, to / folder, ignore=unwanted)
    for inner in ("schema", "notebooks"):
        shutil.copytree(ROOT / inner, to / "sectypes" / inner, ignore=unwanted)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, to / name)


def run_in(copy: Path, arguments: list[str], seconds: float) -> int | None:
    """The exit code of Python in the copy; None where it does not end in time."""
    given = os.environ | {"PYTHONPATH": os.pathsep.join([str(copy), str(copy / "tests")])}
    try:
        done = subprocess.run(
            [sys.executable, "-B", *arguments],
            cwd=copy,
            env=given,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode


def pytest_in(copy: Path, tests: tuple[str, ...]) -> int | None:
    """The exit code of some tests: 0 all passed, 1 one failed, anything else is no verdict."""
    options = ["-o", "addopts=", "-p", "no:nbval", "-p", "no:cacheprovider", "-x", "-q", "--tb=no"]
    return run_in(copy, ["-m", "pytest", *options, *tests], LONGEST_S)


def verdict_of(fault: Fault, copy: Path) -> str:
    """What the tests say of the package with the fault in it, and of the one without."""
    file = copy / "sectypes" / fault.file
    whole = file.read_text(encoding="utf-8")
    if pytest_in(copy, fault.tests) != 0:
        return "NO VERDICT: its tests fail without the fault"
    file.write_text(planted(fault, copy / "sectypes"), encoding="utf-8")
    try:
        code = pytest_in(copy, fault.tests)
    finally:
        file.write_text(whole, encoding="utf-8")
    return {0: "NOT CAUGHT", 1: "caught"}.get(code, f"NO VERDICT: pytest ended with {code}")


def main() -> int:
    """Plant the faults one at a time; print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=int, metavar="N", help=f"1 to {len(FAULTS)}")
    only = parser.parse_args().only
    chosen = [(n, one) for n, one in enumerate(FAULTS, 1) if only in (None, n)]
    missed = 0 if chosen else 1
    with tempfile.TemporaryDirectory(prefix="planted") as folder:
        copy = Path(folder)
        copy_checkout(copy)
        is_copy = "import sys, sectypes; sys.exit(sectypes.__file__ != sys.argv[1])"
        if run_in(copy, ["-c", is_copy, str(copy / "sectypes" / "__init__.py")], LONGEST_S) != 0:
            raise RuntimeError(
                "the tests would not import the copy, so the faults would do nothing"
            )
        for number, fault in chosen:
            begun = time.monotonic()
            try:
                verdict = verdict_of(fault, copy)
            except ValueError as error:
                verdict = f"DOES NOT APPLY: {error}"
            missed += verdict != "caught"
            took = time.monotonic() - begun
            sys.stdout.write(f"{number:2} {verdict}: {fault.safeguard} ({took:.0f} s)\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - missed} of {len(chosen)} caught\n")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
