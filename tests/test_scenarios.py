"""Crash rates and limits: what is accepted, what is refused by name, and what a file says."""

from __future__ import annotations

import copy
import math
import pickle
from dataclasses import FrozenInstanceError
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sectypes.errors import ConfigError
from sectypes.scenarios import FACTORS, CrashScenarios, RiskLimits
from sectypes.taxonomy import SECURITY_TYPES, SecurityType

OLDER_LIMITS = """\
portfolio_limits:
  max_volatility: 0.40
  max_loss: -0.25
concentration_limits:
  max_single_stock_weight: 0.35
variance_limits:
  max_factor_contribution: 0.30
  max_market_contribution: 0.5
max_single_factor_loss: -0.12
"""
BAD_FRACTIONS = [0, 0.0, -0.1, 1.0001, 40, math.nan, math.inf, "0.4", True, False]
FIELDS = ("equity", "etf", "mutual_fund", "cash", "single_stock", *FACTORS, "sector")


@pytest.mark.parametrize(
    ("kind", "rate"),
    [
        ("equity", 0.80),
        ("etf", 0.35),
        ("mutual_fund", 0.40),
        ("cash", 0.05),
        (SecurityType.ETF, 0.35),
        ("bond", 0.80),
        ("crypto", 0.80),
        ("derivative", 0.80),
        ("other", 0.80),
        (None, 0.80),
        (math.nan, 0.80),
        (pd.NA, 0.80),
        ("mystery", 0.80),
        ("ETF", 0.35),
        (" Mutual_Fund ", 0.40),
    ],
)
def test_rate_of_each_type(kind, rate):
    assert CrashScenarios().rate(kind) == rate


@pytest.mark.parametrize("kind", SECURITY_TYPES)
def test_only_four_types_have_a_rate_of_their_own(kind):
    expected = kind in {"equity", "etf", "mutual_fund", "cash"}
    assert CrashScenarios().has_own_rate(kind) is expected
    assert CrashScenarios().has_own_rate(f" {kind.upper()}") is expected


def test_unknown_is_never_cheaper_than_the_worst_rate():
    scenarios = CrashScenarios(etf=0.9, crypto=0.95)
    assert scenarios.worst_rate == scenarios.rate(None) == scenarios.rate("mystery") == 0.95
    assert scenarios.rate("bond") == 0.80
    assert not scenarios.has_own_rate(None)
    assert scenarios.has_own_rate(pd.NA) is False
    assert not scenarios.has_own_rate("mystery")


@pytest.mark.parametrize("field", [*FIELDS, "max_volatility", "bond", "crypto"])
@pytest.mark.parametrize("value", BAD_FRACTIONS)
def test_a_rate_outside_the_unit_interval_is_refused_by_name(field, value):
    with pytest.raises(ConfigError, match=f"^{field} must be a fraction"):
        CrashScenarios(**{field: value})


@pytest.mark.parametrize("field", [*FIELDS, "max_volatility"])
def test_a_rate_that_is_needed_cannot_be_none(field):
    with pytest.raises(ConfigError, match=f"^{field} must be a fraction"):
        CrashScenarios(**{field: None})


@pytest.mark.parametrize("value", [1, np.float64(0.5), np.float32(0.5), 1e-9])
def test_any_real_number_in_the_interval_becomes_a_float(value):
    rate = CrashScenarios(etf=value).etf
    assert type(rate) is float
    assert rate == float(value)


def test_a_decimal_is_no_real_number():
    with pytest.raises(ConfigError, match="etf must be a fraction"):
        CrashScenarios(etf=Decimal("0.35"))


def test_scenarios_are_frozen_to_the_ground():
    scenarios = CrashScenarios()
    with pytest.raises(FrozenInstanceError, match="cannot assign"):
        scenarios.etf = 0.1
    with pytest.raises(TypeError, match="does not support item assignment"):
        scenarios.sources["etf"] = "none"


def test_every_rate_has_a_source():
    sources = CrashScenarios(crypto=0.9).sources
    assert set(sources) == {*FIELDS, "max_volatility", "crypto"}
    assert all(sources.values())
    assert sources["crypto"] == "set without a source"


def test_a_changed_rate_does_not_keep_the_old_source_or_version():
    scenarios = CrashScenarios().with_rates(etf=0.5, bond=0.2, sources={"bond": "our own study"})
    assert (scenarios.etf, scenarios.bond, scenarios.version) == (0.5, 0.2, "1+etf=0.5,bond=0.2")
    assert scenarios.sources["etf"] == "set without a source"
    assert scenarios.sources["bond"] == "our own study"
    assert scenarios.sources["cash"] == CrashScenarios().sources["cash"]
    assert CrashScenarios().etf == 0.35


def test_with_rates_takes_a_name_and_a_version():
    scenarios = CrashScenarios().with_rates(name="house", version="2026-03", cash=0.01)
    assert (scenarios.name, scenarios.version) == ("house", "2026-03")
    assert CrashScenarios().with_rates() == CrashScenarios()


@pytest.mark.parametrize("wrong", [{"eft": 0.5}, {"stock": 0.1}])
def test_with_rates_refuses_a_rate_that_does_not_exist(wrong):
    with pytest.raises(ConfigError, match=f"rates has no {next(iter(wrong))}; it has equity"):
        CrashScenarios().with_rates(**wrong)


def test_a_source_for_no_rate_is_refused():
    with pytest.raises(ConfigError, match="sources has no eft"):
        CrashScenarios(sources={"eft": "typo"})


@pytest.mark.parametrize("version", ["", 1.1, None, True])
def test_a_version_is_a_text(version):
    with pytest.raises(ConfigError, match="version must be a text in quotes"):
        CrashScenarios(version=version)


@pytest.mark.parametrize("scenarios", [CrashScenarios(), CrashScenarios(crypto=0.9, name="a: b")])
def test_yaml_gives_the_same_scenarios_back(tmp_path, scenarios):
    path = tmp_path / "scenarios.yaml"
    text = scenarios.to_yaml(path)
    assert path.read_text(encoding="utf-8") == text == scenarios.to_yaml()
    assert CrashScenarios.from_yaml(path) == scenarios
    assert CrashScenarios.from_yaml(str(path)).sources == scenarios.sources


@pytest.mark.parametrize("made", [CrashScenarios(crypto=0.9), RiskLimits(max_loss=0.2)])
def test_pickle_copy_and_hash(made):
    assert pickle.loads(pickle.dumps(made)) == made
    assert copy.deepcopy(made) == made
    assert hash(made) == hash(copy.copy(made))


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "given.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  etf: 0.35\n", "", r"rates\.etf must be given"),
        ("  etf: 0.35\n", "  etf: 35\n", "etf must be a fraction"),
        ("  etf: 0.35\n", "  eft: 0.35\n", "rates has no eft"),
        ("  market: 0.35\n", "", r"factors\.market must be given"),
        ("  market: 0.35\n", "  markt: 0.35\n", "factors has no markt"),
        ("sector: 0.5\n", "", "sector must be given"),
        ("sector: 0.5\n", "sectors: 0.5\n", "scenarios has no sectors"),
        ("version: '1'\n", "version: 1.10\n", "version must be a text in quotes"),
        ("name: design\n", "", "name must be given"),
        ("rates:\n", "rates: 5\nrest:\n", "scenarios has no rest"),
    ],
)
def test_a_scenario_file_with_a_gap_or_a_typo_is_refused(tmp_path, old, new, message):
    text = CrashScenarios().to_yaml()
    assert old in text
    with pytest.raises(ConfigError, match=message):
        CrashScenarios.from_yaml(_written(tmp_path, text.replace(old, new)))


@pytest.mark.parametrize("kind", [CrashScenarios, RiskLimits])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must hold a mapping"),
        ("- 1\n- 2\n", "must hold a mapping"),
        ("a: [1", "not readable as YAML"),
        ("!!python/object/apply:os.getcwd []\n", "not readable as YAML"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path, kind, text, message):
    with pytest.raises(ConfigError, match=message):
        kind.from_yaml(_written(tmp_path, text))


@pytest.mark.parametrize("kind", [CrashScenarios, RiskLimits])
def test_a_file_that_is_not_there_or_not_text(tmp_path, kind):
    with pytest.raises(ConfigError, match=r"nowhere.*No such file"):
        kind.from_yaml(tmp_path / "nowhere.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not readable as YAML"):
        kind.from_yaml(tmp_path / "bytes.yaml")


def test_limits_of_the_older_file(tmp_path):
    limits = RiskLimits.from_yaml(_written(tmp_path, OLDER_LIMITS))
    assert (limits.max_loss, limits.max_volatility) == (0.25, 0.40)
    assert limits.max_single_stock_weight == 0.35
    assert limits.max_single_factor_loss == 0.12
    assert dict(limits.variance_limits) == {
        "max_factor_contribution": 0.30,
        "max_market_contribution": 0.5,
    }


def test_other_sections_of_the_older_file_are_left_alone(tmp_path):
    text = OLDER_LIMITS + "alerts: {mail: me}\n"
    assert RiskLimits.from_yaml(_written(tmp_path, text)).max_loss == 0.25


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  max_loss: -0.25\n", "", r"portfolio_limits\.max_loss must be given"),
        ("  max_loss: -0.25\n", "  max_loss:\n", r"portfolio_limits\.max_loss must be given"),
        ("  max_loss: -0.25\n", "  max_loss: 0\n", r"portfolio_limits\.max_loss must be a fract"),
        ("  max_loss: -0.25\n", "  max_loss: -25\n", r"max_loss must be a fraction.*\(it is 25\)"),
        ("  max_loss: -0.25\n", "  max_loss: .nan\n", r"portfolio_limits\.max_loss must be"),
        ("  max_loss: -0.25\n", "  max_loss: yes\n", r"portfolio_limits\.max_loss must be"),
        ("  max_volatility: 0.40\n", "", r"portfolio_limits\.max_volatility must be given"),
        ("max_volatility: 0.40", "max_volatility: -0.4", r"max_volatility must be a fraction"),
        ("weight: 0.35", "weight: 35", r"concentration_limits\.max_single_stock_weight must be"),
        ("max_single_stock_weight: 0.35", "other: 1", r"max_single_stock_weight must be given"),
        ("contribution: 0.30", "contribution: 30", r"variance_limits\.max_factor_contribution"),
        ("contribution: 0.30", "contribution:", r"variance_limits\.max_factor_contribution"),
        ("factor_loss: -0.12", "factor_loss: 0", "max_single_factor_loss must be a fraction"),
        ("portfolio_limits:\n", "portfolio_limits: 5\nx:\n", "portfolio_limits must be a mapping"),
        (
            "portfolio_limits:\n",
            "portfolio_limits:\n  max_single_factor_loss: -0.2\n",
            "max_single_factor_loss is written inside portfolio_limits: it belongs beside the sec",
        ),
        (
            "variance_limits:\n",
            "variance_limits:\n  max_loss: 0.2\n",
            "max_loss is written inside variance_limits: it belongs inside portfolio_limits",
        ),
        (
            "max_single_factor_loss:",
            "max_single_stock_weight: 0.2\nmax_single_factor_loss:",
            "weight is written beside the sections: it belongs inside concentration_limits",
        ),
    ],
)
def test_a_limit_that_is_missing_or_no_fraction_is_refused_by_name(tmp_path, old, new, message):
    assert old in OLDER_LIMITS
    with pytest.raises(ConfigError, match=message):
        RiskLimits.from_yaml(_written(tmp_path, OLDER_LIMITS.replace(old, new)))


@pytest.mark.parametrize("field", ["max_loss", "max_single_factor_loss", "max_volatility"])
@pytest.mark.parametrize("value", BAD_FRACTIONS)
def test_limits_are_checked_when_they_are_made(field, value):
    with pytest.raises(ConfigError, match=f"^{field} must be a fraction"):
        RiskLimits(**{field: value})


def test_max_loss_cannot_be_left_out_on_purpose():
    with pytest.raises(ConfigError, match="max_loss must be a fraction"):
        RiskLimits(max_loss=None)


def test_the_given_mapping_is_not_changed_or_kept():
    given = {
        "portfolio_limits": {"max_volatility": 0.4, "max_loss": -0.25},
        "concentration_limits": {"max_single_stock_weight": 0.4},
        "variance_limits": {"max_factor_contribution": 0.3},
    }
    before = copy.deepcopy(given)
    limits = RiskLimits.from_dict(given)
    assert given == before
    given["variance_limits"]["max_factor_contribution"] = 0.9
    assert limits.variance_limits["max_factor_contribution"] == 0.3


CHANGED = CrashScenarios(
    crypto=0.9, market=0.45, momentum=0.55, value=0.33, name="Größe", sources={"crypto": "a desk"}
)


def test_each_rate_factor_and_source_comes_back_from_its_mapping():
    again = CrashScenarios.from_dict(CHANGED.to_dict())
    assert again == CHANGED
    assert dict(again.sources) == dict(CHANGED.sources)
    assert again.sources["crypto"] == "a desk"
    assert again.sources["market"] == "set without a source"


def test_a_scenario_file_is_read_by_people(tmp_path):
    text = CHANGED.to_yaml(tmp_path / "a.yaml")
    assert text.startswith("name: Größe\n")  # in the order of the layout, in plain letters
    assert (tmp_path / "a.yaml").read_bytes() == text.encode("utf-8")


@pytest.mark.parametrize(
    ("make", "given", "message"),
    [
        (CrashScenarios.from_dict, 5, "^scenarios must be a mapping"),
        (CrashScenarios.from_dict, {}, "^name, version, rates, factors, "),
        (CrashScenarios.from_dict, {"rates": 5}, "^rates must be a mapping"),
        (CrashScenarios.from_dict, {"factors": 5}, "^factors must be a mapping"),
        (CrashScenarios.from_dict, {"sources": 5}, "^sources must be a mapping"),
        (CrashScenarios.from_dict, {"a": 1, "b": 2}, "^scenarios has no a, b; it has name, versi"),
        (lambda sources: CrashScenarios(sources=sources), 5, "^sources must be a mapping"),
        (RiskLimits.from_dict, 5, "^risk limits must be a mapping"),
        (RiskLimits.from_dict, {"concentration_limits": 5}, "^concentration_limits must be a map"),
        (RiskLimits.from_dict, {"concentration_limits": {}}, r"^concentration_limits\.max_single"),
        (RiskLimits.from_dict, {"variance_limits": 5}, "^variance_limits must be a mapping"),
        (lambda limits: RiskLimits(variance_limits=limits), 5, "^variance_limits must be a map"),
    ],
)
def test_what_is_no_mapping_is_refused_by_the_name_of_its_section(make, given, message):
    whole = CrashScenarios().to_dict() if make == CrashScenarios.from_dict else LIMITS
    if isinstance(given, dict) and given:
        given = {**whole, **given}
    with pytest.raises(ConfigError, match=message):
        make(given)


LIMITS = {
    "portfolio_limits": {"max_volatility": 0.4, "max_loss": -0.25},
    "concentration_limits": {"max_single_stock_weight": 0.4},
    "variance_limits": {"max_factor_contribution": 0.3},
    "max_single_factor_loss": -0.12,
}
