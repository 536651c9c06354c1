"""Whether the process answers, whether it can serve, and figures for monitoring."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing

import pytest
from prometheus_client.parser import text_string_to_metric_families

from indexer.snapshot import IndexMissing
from kb.errors import DatabaseUnavailable
from kb.migrations import HEAD
from kb.reading import ANONYMOUS
from tests.fixtures.web import application

pytest_plugins = ["tests.fixtures.web"]


@pytest.fixture
def own_home(small_home, tmp_path):
    """A home that the test may break."""
    shutil.copy(small_home / "precedent.sqlite", tmp_path)
    return tmp_path


@pytest.fixture
def fresh(own_home):
    """A visitor of an application that has counted nothing yet."""
    with application(own_home) as app:
        yield app.test_client()


def checks(answer) -> dict[str, tuple[bool, str]]:
    return {check["name"]: (check["ok"], check["detail"]) for check in answer.json["checks"]}


def samples(client) -> dict[tuple[str, ...], float]:
    """(name, label values by name of label) -> value."""
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found[sample.name, *(value for _, value in sorted(sample.labels.items()))] = sample.value
    return found


def test_a_repository_that_serves_is_ready(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert checks(answer) == {
        "database": (True, f"answers, schema version {HEAD}"),
        "index": (True, "7 entries, 0 behind the repository"),
        "encoder": (True, "there"),
        "storage": (True, "takes what is written"),
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_an_index_it_serves_and_says_so(client, engine):
    def missing(reader):
        raise IndexMissing("The search index is missing.")

    engine.status = missing
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert checks(answer)["index"] == (
        False,
        "missing; until the index writer has made it, entries are found by plain comparison",
    )


def test_a_large_pass_and_how_far_it_is_behind_are_said(client, engine):
    status = engine.status(ANONYMOUS)
    engine.status = lambda reader: type(status)(3, 9, 4, behind=5, complete=False)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert checks(answer)["index"] == (False, "being made: 3 entries, 5 behind the repository")


def test_without_an_encoder_it_serves_by_words(client, engine):
    engine.knows_meaning = False
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert checks(answer)["encoder"] == (False, "missing or broken; searching by words only")


def test_a_database_that_is_gone_is_503_and_nothing_secret_is_told(own_home):
    with application(own_home) as app:
        (own_home / "precedent.sqlite").write_bytes(b"not a database at all" * 100)
        answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert checks(answer)["database"] == (False, "does not answer")
    assert str(own_home) not in answer.text


def test_a_database_of_another_schema_is_503(own_home):
    with application(own_home) as app:
        with closing(sqlite3.connect(own_home / "precedent.sqlite")) as other, other:
            other.execute("UPDATE alembic_version SET version_num = '9999'")
        answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert checks(answer)["database"] == (
        False,
        f"has schema version 9999, and this Precedent needs {HEAD}",
    )


def test_a_locked_database_is_not_waited_for_long(own_home, monkeypatch):
    monkeypatch.setattr("web.checks.PROBE_SECONDS", 0.05)
    with application(own_home) as app, closing(sqlite3.connect(own_home / "precedent.sqlite")) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert app.test_client().get("/readyz").status_code == 503
        other.execute("ROLLBACK")
        assert app.test_client().get("/readyz").status_code == 200


def test_requests_are_counted_by_endpoint_method_and_status(fresh):
    for address in ("/entries/L-0001", "/entries/L-0002", "/entries/L-9999", "/no/such/page"):
        fresh.get(address)
    fresh.open("/browse", method="BREW")
    found = samples(fresh)
    assert found["precedent_request_seconds_count", "entries.entry", "GET", "200"] == 2
    assert found["precedent_request_seconds_count", "entries.entry", "GET", "404"] == 1
    assert found["precedent_request_seconds_count", "none", "GET", "404"] == 1
    assert found["precedent_request_seconds_count", "none", "other", "405"] == 1
    assert found["precedent_request_seconds_bucket", "entries.entry", "+Inf", "GET", "200"] == 2


def test_what_a_client_sends_makes_no_new_figure(fresh):
    before = set(samples(fresh))
    for number in range(5):
        fresh.get(f"/made-up-{number}?x={number}", headers={"User-Agent": f"agent-{number}"})
        fresh.open(f"/made-up-{number}", method=f"METHOD{number}")
    text = fresh.get("/metrics").text
    assert "made-up" not in text
    assert "METHOD" not in text
    assert (
        len({name[1] for name in set(samples(fresh)) - before if len(name) > 2}) == 2
    )  # /metrics itself, none


def test_searches_are_counted_by_mode_and_by_what_was_missing(fresh):
    fresh.get("/search?q=cut-over")
    fresh.get("/api/v1/search?q=cut-over&mode=keyword")
    fresh.application.extensions["precedent"].engine.degraded = ("semantic", "keyword")
    fresh.get("/search?q=cut-over")
    found = samples(fresh)
    assert found["precedent_searches_total", "no", "hybrid"] == 1
    assert found["precedent_searches_total", "no", "keyword"] == 1
    assert found["precedent_searches_total", "keyword semantic", "hybrid"] == 1
    assert found["precedent_search_seconds_count", "hybrid"] == 2


def test_the_index_the_process_and_the_build_are_there(fresh):
    found = samples(fresh)
    assert found["precedent_index_up",] == 1
    assert found["precedent_encoder_up",] == 1
    assert found["precedent_index_documents",] == 8
    assert found["precedent_index_behind",] == 0
    assert [name for name in found if name[0] == "precedent_build_info" and HEAD in name]
    assert found["process_resident_memory_bytes",] > 10_000_000


def test_metrics_answer_while_the_database_does_not(fresh):
    def fail(reader):
        raise DatabaseUnavailable("The database did not answer: connection refused")

    fresh.application.extensions["precedent"].engine.status = fail
    answer = fresh.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    assert re.search(r"^precedent_index_up 0.0$", answer.text, re.MULTILINE)
    assert "precedent_index_documents" not in answer.text


@pytest.mark.parametrize(
    ("access", "address", "headers", "status"),
    [
        ("local", "127.0.0.1", {}, 200),
        ("local", "::1", {}, 200),
        ("local", "::ffff:127.0.0.1", {}, 200),
        ("local", "::ffff:10.0.0.1", {}, 404),
        ("local", "", {}, 404),
        ("local", "10.0.0.7", {}, 404),
        ("local", "127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}, 404),
        ("local", "127.0.0.1", {"Forwarded": "for=10.0.0.7"}, 404),
        ("yes", "10.0.0.7", {}, 200),
        ("no", "127.0.0.1", {}, 404),
    ],
)
def test_who_may_read_the_metrics(small_home, access, address, headers, status):
    with application(small_home, metrics=access) as app:
        answer = app.test_client().get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status
