"""Errors carry facts through pickling, and warnings point at the caller's own line."""

from __future__ import annotations

import pickle
import warnings

import pandas as pd
import pytest

import sectypes
from sectypes import errors
from sectypes.errors import Failure

MADE = [
    errors.SectypesError("a"),
    errors.ConfigError("a"),
    errors.InputError("a", [Failure(3, "Price", "x", "is no number")]),
    errors.SourceRefused("a", source="fmp"),
    errors.StoreUnavailable("a", source="database", retryable=False),
    errors.StoreSchemaError("a", found="0001", needed="0002"),
    errors.MissingExtraError("a"),
]


@pytest.mark.parametrize("error", MADE, ids=lambda e: type(e).__name__)
def test_every_error_survives_pickling_with_its_facts(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
    assert isinstance(again, errors.SectypesError)


def test_every_exception_of_the_room_is_tried_here():
    public = {getattr(errors, name) for name in errors.__all__}
    raised = {one for one in public if isinstance(one, type) and issubclass(one, Exception)}
    kinds = {one for one in raised if not issubclass(one, Warning)} - {errors.SourceError}
    assert kinds == {type(error) for error in MADE}


@pytest.mark.parametrize(
    ("kind", "also"),
    [
        (errors.ConfigError, ValueError),
        (errors.InputError, ValueError),
        (errors.MissingExtraError, ImportError),
        (errors.StoreUnavailable, errors.SourceError),
    ],
)
def test_errors_are_what_others_expect_to_catch(kind, also):
    assert issubclass(kind, also)


def test_retrying_helps_or_not():
    helps = {type(e).__name__: e.retryable for e in MADE if isinstance(e, errors.SourceError)}
    assert helps == {"SourceRefused": False, "StoreUnavailable": False}
    assert errors.StoreUnavailable("a", source="database").retryable


def test_failures_are_a_frame_and_the_first_five_are_told():
    problems = [Failure(n, "Price", "x" * 200, "is no number") for n in range(7)]
    error = errors.InputError("the file cannot be read", problems)
    expected = pd.DataFrame(problems, dtype=object)
    pd.testing.assert_frame_equal(error.failures, expected)
    lines = str(error).splitlines()
    assert lines[0] == "the file cannot be read"
    assert lines[1].startswith("  row 0, column 'Price', value 'xxx")
    assert len(lines[1]) < 150
    assert lines[-1] == "  ... and 2 more (see .failures)"
    assert errors.InputError("nothing more").failures.empty


def test_a_failure_of_the_whole_input_names_no_row():
    assert str(Failure(None, None, None, "is empty")) == "is empty"
    assert str(Failure(None, "a.b", 1, "is wrong")) == "column 'a.b', value 1: is wrong"


def test_a_warning_points_at_the_line_of_the_caller():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = pd.DataFrame({"ticker": [None]})
        frame.sectype.classify(sectypes.datasets.sample_service())
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        errors.warn("directly", errors.UnresolvedWarning)
    assert [warning.filename for warning in caught] == [__file__]
