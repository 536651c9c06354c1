"""Errors, limits and headers, on every address"""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import RequestEntityTooLarge, TooManyRequests

from kb.errors import DatabaseUnavailable
from tests.fixtures.web import application

pytest_plugins = ["tests.fixtures.web"]

ADDRESSES = [
    "/", "/search", "/browse", "/help", "/healthz", "/entries/L-0001", "/entries/L-0001/history",
    "/entries/T-0001.md", "/api/v1/search", "/api/v1/entries", "/api/v1/entries/L-0001",
    "/api/v1/entries/L-0001/similar", "/api/v1/entries/L-0001/history",
    "/api/v1/entries/L-0001/revisions/1", "/api/v1/openapi.json",
    "/vocabulary", "/api/v1/vocabulary",
]  # fmt: skip
TAKING_TEXT = [
    "/search?q=", "/search?tag=", "/search?mode=", "/browse?kind=", "/entries/L-0001?revision=",
    "/api/v1/search?q=", "/api/v1/search?sector=", "/api/v1/entries?limit=",
]  # fmt: skip
HOSTILE = [
    "%00", "%ED%A0%80", "%FF%FE", "%F0%9F%92%A5", "%E2%80%AE%D8%A7", "a" * 10_000, "%22" * 5000, "*+*",
    "%5B" * 5000,
    "'+OR+1=1--", "%3Cscript%3E", "kind:", ":::", "-", "%0D%0ASet-Cookie:x=1", "L-0001+L-0001", "after:99999",
]  # fmt: skip


def test_every_address_is_tested(app):
    rules = {
        re.sub(r"<number>", "1", str(rule)) for rule in app.url_map.iter_rules() if rule.endpoint != "static"
    }
    known = {re.sub(r"[LT]-0001", "<ref>", address) for address in ADDRESSES}
    assert rules == known


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_works(client, address):
    assert client.get(address).status_code == 200
    assert client.head(address).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_can_be_changed(client, address, method):
    answer = client.open(address, method=method)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "address", [*ADDRESSES, "/nowhere", "/search?page=x", "/api/v1/nothing", "/static/js/main.js"]
)
def test_every_answer_carries_the_headers(client, address):
    headers = client.get(address, buffered=True).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'; script-src 'self' 'nonce-" in policy
    assert "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert re.fullmatch(r"[0-9a-f]{12}", headers["X-Request-Id"])


def test_the_nonce_is_new_each_time_and_the_page_uses_it(client):
    first, second = client.get("/help"), client.get("/help")
    nonce = re.search(r"nonce-([^']+)'", first.headers["Content-Security-Policy"])[1]
    assert f'nonce="{nonce}"' in first.text
    assert nonce not in second.headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", ADDRESSES[:8])
def test_pages_hold_nothing_inline(client, address):
    page = client.get(address).text
    assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page) == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//(?!training\.example)[^\"]*", page) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_breaks_a_page(client, text):
    for address in TAKING_TEXT:
        assert client.get(address + text).status_code in {200, 400}, address
    for address in ("/entries/", "/api/v1/entries/", "/api/v1/entries/L-0001/revisions/", "/"):
        assert client.get(address + text).status_code == 404, address


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    address=st.sampled_from(ADDRESSES),
    name=st.sampled_from(
        ["q", "mode", "sort", "page", "kind", "tag", "year", "revision", "limit", "offset", "x"]
    ),
    value=st.text(max_size=40),
)
def test_no_parameter_breaks_an_address(client, address, name, value):
    assert client.get(address, query_string={name: value.encode("utf-8", "replace")}).status_code in {
        200,
        400,
    }


def test_an_unknown_address_helps(client):
    answer = client.get("/lessons")
    assert answer.status_code == 404
    assert 'name="q"' in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_fault_is_logged_and_named(client, engine, caplog):
    def fail(*_):
        raise RuntimeError("secret of the house")

    engine.search = fail
    answer = client.get("/search?q=x")
    assert answer.status_code == 500
    assert "secret of the house" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert answer.headers["X-Request-Id"] in caplog.text
    assert "secret of the house" in caplog.text


@pytest.mark.parametrize(
    ("address", "kind"), [("/search", "text/html"), ("/api/v1/search", "application/problem+json")]
)
def test_a_database_that_is_down_is_503(client, engine, address, kind):
    def fail(*_):
        raise DatabaseUnavailable("The database did not answer: connection refused")

    engine.search = fail
    answer = client.get(address)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.content_type.startswith(kind)
    assert "cannot be reached" in answer.text or "did not answer" in answer.text


@pytest.mark.parametrize(
    ("error", "words"), [(RequestEntityTooLarge, "too large"), (TooManyRequests, "Too many requests")]
)
def test_other_errors_have_their_own_words(client, engine, error, words):
    def fail(*_):
        raise error

    engine.search = fail
    answer = client.get("/search")
    assert answer.status_code == error.code
    assert words in answer.text


def test_only_known_hosts_are_answered(small_home):
    with application(small_home, host="pmo.example") as app:
        client = app.test_client()
        for host in ("pmo.example:8000", "localhost:8000", "127.0.0.1"):
            assert client.get("/", headers={"Host": host}).status_code == 200
        refused = client.get("/", headers={"Host": "other.example"})
        assert (refused.status_code, "other.example" in refused.text) == (400, False)
        assert client.get("/api/v1/search", headers={"Host": "other.example"}).json["status"] == 400


def test_where_reading_needs_signing_in_nothing_is_shown(small_home):
    with application(small_home, public_reading=False) as app:
        client = app.test_client()
        for address in ADDRESSES:
            if address != "/healthz":
                assert client.get(address).status_code == 403, address
        assert client.get("/healthz").status_code == 200
        assert client.get("/static/css/base.css", buffered=True).status_code == 200
        assert "only for people who have signed in" in client.get("/").text


def test_pages_work_without_icons(small_home, monkeypatch):
    monkeypatch.setattr("web.templating.ICONS", "build/none.svg")
    with application(small_home) as app:
        page = app.test_client().get("/entries/L-0001").text
    assert "<use" not in page
    assert "verified March 2026" in page
