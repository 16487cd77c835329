"""Whatever breaks, answers stay right or say that they are not: each cell of the table in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.faulty_databases import FAULTS

from faults import page
from faults.rules import RULES, broken_rules
from faults.running import Place, run_cell
from faults.table import CELLS, DATABASE_FAULTS, KEPT, KEY, SICK, Cell, Expected
from sectypes.store import SqlStore
from sectypes.taxonomy import Classification, Origin, SecurityType

ETF = SecurityType.ETF


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_cell(cell: Cell, place: Place, record_property: Callable[[str, object], None]) -> None:
    record_property("cell", str(cell))
    assert broken_rules(run_cell(cell, place)) == []


def test_each_rule_can_be_broken(place: Place) -> None:
    """A control: a run that is spoilt in one way at a time is told by the rule that is for it."""
    by_name = {str(cell): cell for cell in CELLS}
    run = run_cell(by_name["sqlite: FMP 500: nothing cached"], place)
    assert broken_rules(run) == []
    dumb = replace(run.first, warnings=(), warned="")
    guessed = dict.fromkeys(run.first.answers, run.first.answers[SICK])
    spoilt = (
        replace(run, cell=replace(run.cell, expected=Expected("etf", "fmp"))),
        replace(run, first=replace(run.first, answers=guessed)),
        replace(run, after=set()),
        replace(run, again=dumb),
        replace(run, cell=replace(run.cell, state="override")),
        replace(run, again=replace(run.again, calls=1)),
        replace(run, waited=31.0),
        replace(run, shown=(f"apikey: {KEY}",)),
    )
    for rule, one in zip(RULES, spoilt, strict=True):
        assert list(rule(one)), rule.__name__


def test_a_file_that_is_deleted_takes_no_new_fact_with_it(place: Place) -> None:
    """SQLite goes on writing into a file that has no name any more; whoever does loses it all."""
    database = place.make("sqlite")
    seen = place.clock()
    with SqlStore(database.url, clock=place.clock) as store:
        store.put_facts([(Classification(KEPT, ETF, Origin.FMP, observed_at=seen), None)])
        for file in database.folder.iterdir():
            file.unlink()
        store.put_facts([(Classification(SICK, ETF, Origin.FMP, observed_at=seen), None)])
        assert set(store.lookup([SICK, KEPT]).facts) == {SICK}
    assert database.rows("SELECT ticker FROM security_types") == [(SICK,)]
    assert database.path.stat().st_mode & 0o777 == 0o600


def test_the_page_shows_the_table() -> None:
    written = Path(__file__).with_name("MATRIX.md").read_text(encoding="utf-8")
    assert written == page.rendered(), "run: python -m faults.page (in tests/)"


def test_each_cell_has_a_name_of_its_own() -> None:
    assert len({str(cell) for cell in CELLS}) == len(CELLS) > 400


def test_each_fault_is_tried_wherever_it_can_be_made() -> None:
    made = {name: set(kinds) for name, kinds in FAULTS.items()}
    assert {fault.name: set(fault.databases) for fault in DATABASE_FAULTS} == made
