"""Where a key may be sent: over https, or to this machine, however an address is written."""

from __future__ import annotations

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile import ENOUGH
from urllib3.util import parse_url

from sectypes.config import Settings
from sectypes.errors import ConfigError

HOSTS = st.sampled_from(
    ["127.0.0.1", "localhost", "[::1]", "example.com", "10.0.0.1", "0.0.0.0", "127.1", "2130706433",
     "127.0.0.1.example.com", "localhost.example.com", "[::ffff:10.0.0.1]", "LOCALHOST",
     "①27.0.0.1", "0x7f000001", "localhost.", "[::]"]
)  # fmt: skip
GLUE = st.sampled_from(
    ["", "@", "\\", "#", "?", ";", "\t", " ", "%00", "\\@", ":80@", "/@", "%2f", "\n"]
)


@settings(max_examples=400, **ENOUGH)
@given(
    st.sampled_from(["FMP", "OPENFIGI"]),
    st.sampled_from(["http://", "HTTP://", "http:\\\\", "http:/", "http:////", "//", "ftp://"]),
    st.lists(HOSTS | GLUE, min_size=1, max_size=4).map("".join),
)
def test_a_key_never_leaves_this_machine_over_http(service, scheme, rest):
    try:
        found = Settings.from_env({f"{service}_BASE_URL": f"{scheme}{rest}/stable"})
    except ConfigError:
        return
    url = found.fmp_base_url if service == "FMP" else found.openfigi_base_url
    try:
        sent = requests.Request("GET", f"{url}/profile").prepare().url
    except requests.RequestException:
        return
    assert parse_url(sent).host in {"127.0.0.1", "localhost", "[::1]"}


@pytest.mark.parametrize("service", ["fmp", "openfigi"])
@pytest.mark.parametrize(
    "url",
    ["http://example.com/x", "http://10.0.0.1", "http://localhost.example.com", "http://0.0.0.0"],
)
def test_settings_made_by_hand_obey_the_same_rule(service, url):
    with pytest.raises(ConfigError, match=f"{service.upper()}_BASE_URL must use https"):
        Settings(**{f"{service}_base_url": url})
    assert Settings(**{f"{service}_base_url": "https://example.com"})
