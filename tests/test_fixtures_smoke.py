"""The fixtures themselves: a server and a browser that really run."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import psycopg
import pytest

from kb.database import open_database
from kb.migrations import HEAD
from tests.fixtures.browser import check_accessibility, foreign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

GOOD = (
    "<!doctype html><html lang=en><title>Search</title><main><h1>Search</h1>"
    "<form><label for=q>Words</label> <input id=q></form></main>"
)
BAD = "<!doctype html><html><title>Search</title><main><h1>Search</h1><input><img src=data:,></main>"
STRICT = "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'"


@pytest.fixture
def site() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (BAD if self.path == "/bad" else GOOD).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", STRICT)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.postgres
def test_postgres_answers(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        (version,) = connection.execute("SELECT current_setting('server_version_num')::int").fetchone() or (
            0,
        )

    assert version >= 130000


@pytest.mark.postgres
def test_every_test_has_a_database_of_its_own(empty_postgres: str, migrated_postgres: str) -> None:
    empty, migrated = (url.replace("+psycopg", "") for url in (empty_postgres, migrated_postgres))
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    with psycopg.connect(empty) as one, psycopg.connect(migrated) as two:
        assert one.execute(tables).fetchone() == (0,)
        assert (two.execute(tables).fetchone() or (0,))[0] > 5

    database = open_database(migrated_postgres)
    assert database.version() == HEAD
    database.dispose()


@pytest.mark.browser
def test_the_browser_runs_scripts_under_a_strict_policy(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_label("Words").fill("permit")

    assert page.evaluate("document.querySelector('#q').value") == "permit"
    check_accessibility(page)


@pytest.mark.browser
def test_the_accessibility_check_names_what_is_wrong(page: Page, site: str) -> None:
    page.goto(f"{site}/bad")

    with pytest.raises(pytest.fail.Exception) as caught:
        check_accessibility(page)

    for rule in ("html-has-lang", "label", "image-alt"):
        assert f"\n{rule} (" in str(caught.value)
    check_accessibility(page, ignore=["html-has-lang", "label", "image-alt"])


def test_requests_to_other_hosts_are_noticed() -> None:
    assert foreign("http://127.0.0.1:8000/x") == foreign("data:,") == foreign("http://localhost/") == []
    assert foreign("https://example.org/x.js") == ["it asked another host: https://example.org/x.js"]
