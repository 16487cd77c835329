"""The README's first example prints what the README says that it prints."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_first_example_prints_what_stands_below_it():
    code, printed = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", README, re.DOTALL).groups()
    seen = io.StringIO()
    with redirect_stdout(seen):
        exec(compile(code, "README.md", "exec"), {})
    assert [line.split() for line in seen.getvalue().splitlines()] == [
        line.split() for line in printed.splitlines()
    ]
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 6


def test_both_commands_stand_on_the_first_screen():
    screen = "\n".join(README.splitlines()[:45])
    assert ".venv/bin/pip install . && .venv/bin/sectypes demo" in screen
    assert ".venv/bin/pip install -e '.[test]' && .venv/bin/pytest" in screen


def test_each_promise_names_tests_that_are_there():
    section = README.split("## What it promises")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][2:]
    named = [set(re.findall(r"\]\((tests/[\w/]+\.py)\)", row.rsplit("|", 2)[1])) for row in rows]
    assert len(rows) > 10
    assert all(named)
    missing = [one for one in set().union(*named) if not (ROOT / one).is_file()]
    assert missing == []
