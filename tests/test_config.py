"""Settings of the second source: read, checked, and never shown."""

from __future__ import annotations

import pytest

from sectypes.config import Secret, Settings
from sectypes.errors import ConfigError

CANARY = "canary-51b7"


def test_openfigi_is_off_and_without_a_key_by_default():
    settings = Settings.from_env({})
    assert (settings.openfigi, settings.openfigi_api_key) == (False, None)
    assert settings.openfigi_base_url == "https://api.openfigi.com/v3"


def test_openfigi_is_read_from_the_environment():
    settings = Settings.from_env(
        {
            "SECTYPES_OPENFIGI": "1",
            "OPENFIGI_API_KEY": CANARY,
            "OPENFIGI_BASE_URL": "http://localhost:8080/v3",
        }
    )
    assert (settings.openfigi, settings.openfigi_api_key) == (True, Secret(CANARY))
    assert settings.openfigi_base_url == "http://localhost:8080/v3"
    assert CANARY not in f"{settings!r} {settings} {settings.openfigi_api_key}"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("SECTYPES_OPENFIGI", "maybe", "0 or 1"),
        ("OPENFIGI_BASE_URL", "http://example.com/v3", "must use https"),
        ("OPENFIGI_BASE_URL", "http://127.example.com", "must use https"),
        ("OPENFIGI_BASE_URL", f"https://u:{CANARY}@example.com", "goes into OPENFIGI_API_KEY"),
        ("OPENFIGI_BASE_URL", f"https://example.com/?key={CANARY}", "goes into OPENFIGI_API_KEY"),
        ("OPENFIGI_BASE_URL", "ftp://example.com", "such as https://api.openfigi.com/v3"),
        ("OPENFIGI_BASE_URL", "api.openfigi.com", "such as https://api.openfigi.com/v3"),
        ("FMP_BASE_URL", "http://[::1", "such as https://financialmodelingprep.com/stable"),
        ("FMP_BASE_URL", "http://127.0.0.1:notaport", "such as https://financialmodel"),
        ("FMP_BASE_URL", "http://127.0.0.1:99999/stable", "such as https://financialmodel"),
        ("FMP_BASE_URL", f"https://u:{CANARY}/x@example.com", "such as https://financialmodel"),
        ("FMP_BASE_URL", "https://u:p@example.com", "goes into FMP_API_KEY"),
    ],
)
def test_a_bad_setting_is_named_and_no_secret_shown(variable, value, says):
    with pytest.raises(ConfigError, match=f"{variable}.*{says}") as caught:
        Settings.from_env({variable: value})
    assert CANARY not in str(caught.value)
