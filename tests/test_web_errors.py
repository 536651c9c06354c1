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
    "/", "/search", "/browse", "/help", "/api", "/healthz", "/entries/L-0001", "/entries/L-0001/history",
    "/entries/T-0001.md", "/api/v1/search", "/api/v1/entries", "/api/v1/entries/L-0001",
    "/api/v1/entries/L-0001/similar", "/api/v1/entries/L-0001/history",
    "/api/v1/entries/L-0001/revisions/1", "/api/v1/openapi.json",
    "/vocabulary", "/api/v1/vocabulary", "/readyz", "/metrics", "/sign-in", "/vocabulary.csv", "/roles",
    "/api/v1/roles", "/api/v1/estimates/fields", "/estimates", "/entries/L-0001/compare",
    "/badges/key", "/badges/issuer", "/badges/revoked.json", "/.well-known/jwks.json",
    "/estimates/history", "/api/v1/estimates/backtest",
    "/money", "/uplifts", "/tables/rates.csv", "/api/v1/rates", "/api/v1/indices", "/api/v1/uplifts",
]  # fmt: skip
OPEN_TO_ALL = {
    "/healthz", "/readyz", "/metrics", "/sign-in", "/badges/key", "/badges/issuer", "/badges/revoked.json",
    "/.well-known/jwks.json",
}  # fmt: skip
OTHERWISE = {
    "/sign-out", "/welcome", "/unsubscribe", "/unsubscribe/undo",
    "/account", "/account/profile", "/account/notices", "/account/password",
    "/account/sessions/end", "/account/sessions/<int:number>/end", "/account/tokens",
    "/account/tokens/<int:number>/revoke", "/vocabulary/new", "/vocabulary/<int:number>",
    "/vocabulary/<int:number>/remove", "/vocabulary/load",
    "/entries/new", "/entries/new/<kind>", "/entries/new/<kind>/copy", "/entries/<ref>/edit", "/drafts",
    "/entries/<ref>/edit/copy", "/texts/html", "/pictures", "/entries/<ref>/files",
    "/entries/<ref>/files/<digest>/remove", "/api/v1/entries/<ref>/files",
    "/entries/<ref>/files/<digest>/restore", "/entries/<ref>/files/<digest>/delete",
    "/api/v1/entries/<ref>/files/<digest>", "/api/v1/entries/<ref>/removed-files",
    "/api/v1/entries/<ref>/removed-files/<digest>", "/api/v1/entries/<ref>/removed-files/<digest>/restored",
    "/advice/<kind>", "/review", "/review/due", "/review/<ref>/<int:number>",
    "/review/<ref>/<int:number>/decide", "/review/<ref>/<int:number>/assign",
    "/review/<ref>/<int:number>/comments", "/entries/<ref>/verify", "/entries/<ref>/archive",
    "/entries/<ref>/restore",
    "/view-as", "/people", "/people/invite", "/people/<int:number>",
    "/people/<int:number>/roles", "/people/<int:number>/link", "/people/<int:number>/disable",
    "/people/<int:number>/enable", "/people/<int:number>/sessions/end", "/people/<int:number>/tokens/revoke",
    "/people/<int:number>/identities/disconnect", "/api/v1/people/<person>/identities",
    "/api/v1/me/identities", "/api/v1/audit/file",
    "/sign-in/provider", "/sign-in/callback", "/account/single-sign-on", "/account/single-sign-on/connect",
    "/account/single-sign-on/disconnect", "/notices", "/notices/read", "/notices/<int:number>/read",
    "/badges/<name>", "/badges/<name>.jwt", "/badges/check", "/learning/<path>/badge", "/teaching/badges",
    "/teaching/badges/<int:number>/revoke",
    "/learning", "/learning/<path>", "/learning/<path>/enrol", "/learning/<path>/leave",
    "/learning/<path>/move", "/learning/<path>/<step>", "/learning/<path>/<step>/questions",
    "/learning/<path>/<step>/questions/<int:number>", "/teaching", "/teaching/marking/<int:number>",
    "/teaching/questions/<ref>", "/teaching/paths/<path>/steps/<step>", "/api/v1/teaching/steps",
    "/api/v1/teaching/paths/<path>/steps/<step>", "/api/v1/teaching/paths/<path>/suggestions",
    "/api/v1/teaching/paths/<path>/links",
    "/api/v1/learning", "/api/v1/learning/<path>",
    "/learning/<path>/rating", "/api/v1/learning/<path>/rating", "/teaching/paths/<path>",
    "/teaching/paths/<path>/export", "/teaching/coverage", "/teaching/coverage/export",
    "/api/v1/teaching/paths/<path>", "/api/v1/teaching/coverage",
    "/teaching/assignments", "/teaching/assignments/new", "/teaching/assignments/<int:number>",
    "/teaching/assignments/<int:number>/withdraw", "/teaching/cohorts", "/teaching/cohorts/<int:number>",
    "/teaching/cohorts/<int:number>/remove", "/api/v1/assignments", "/api/v1/assignments/<assignment>",
    "/api/v1/cohorts", "/api/v1/cohorts/<cohort>",
    "/api/v1/learning/<path>/steps/<step>", "/api/v1/learning/<path>/steps/<training>/attempts",
    "/api/v1/learning/<path>/attempts/<attempt>", "/api/v1/teaching/attempts",
    "/api/v1/teaching/attempts/<waiting>", "/api/v1/teaching/questions/<training>",
    "/mentoring", "/mentoring/ask", "/mentoring/<int:number>/answer", "/mentoring/<int:number>/withdraw",
    "/api/v1/mentors", "/api/v1/mentoring", "/api/v1/mentoring/<request>",
    "/paths/<ref>.md", "/paths/<ref>.zip", "/paths/import", "/api/v1/paths", "/api/v1/paths/<path>/text",
    "/api/v1/paths/<path>/package",
    "/audit", "/audit/export", "/operation", "/operation/check",
    "/mail", "/mail/test", "/mail/<int:number>/retry", "/mail/<int:number>/drop", "/api/v1/mail",
    "/statements", "/statements/<int:number>/retry", "/statements/<int:number>/drop", "/api/v1/statements",
    "/api/v1/statements/1",
    "/api/v1/mail/1",
    "/api/v1/vocabulary/<group>", "/api/v1/people", "/api/v1/people/<person>",
    "/api/v1/people/<person>/roles", "/api/v1/people/<person>/status", "/api/v1/people/<person>/link",
    "/api/v1/people/<person>/sessions", "/api/v1/people/<person>/sessions/1",
    "/api/v1/people/<person>/tokens", "/api/v1/people/<person>/tokens/1", "/api/v1/me", "/api/v1/me/profile",
    "/api/v1/me/sessions", "/api/v1/me/sessions/1", "/api/v1/me/tokens", "/api/v1/me/tokens/1",
    "/api/v1/audit", "/import", "/import/<int:number>", "/import/<int:number>/again",
    "/import/<int:number>/drop", "/api/v1/imports", "/api/v1/imports/1", "/api/v1/imports/1/plan",
    "/api/v1/imports/1/saved", "/api/v1/imports/1/reading",
    "/attachments/<file>", "/documents", "/entries/<ref>/fill",
    "/api/v1/working-copies", "/api/v1/working-copies/<place>",
    "/api/v1/drafts", "/api/v1/drafts/<ref>", "/api/v1/drafts/<ref>/<revision>",
    "/api/v1/drafts/<ref>/<revision>/submitted", "/api/v1/advice", "/api/v1/reviews", "/api/v1/reviews/due",
    "/api/v1/reviews/<ref>/<revision>", "/api/v1/reviews/<ref>/<revision>/decision",
    "/api/v1/reviews/<ref>/<revision>/reviewer", "/api/v1/reviews/<ref>/<revision>/comments",
    "/api/v1/reviews/<ref>/<revision>/comments/<comment>", "/api/v1/entries/<ref>/comparison",
    "/api/v1/entries/<ref>/verified", "/api/v1/entries/<ref>/archived",
    "/api/v1/entries/<ref>/superseded", "/api/v1/entries/<ref>/superseded/<other>",
    "/bulk", "/bulk/<int:number>", "/bulk/<int:number>/undo", "/api/v1/bulk", "/api/v1/bulk/plan",
    "/api/v1/bulk/1", "/api/v1/bulk/1/undo", "/entries/<ref>/supersede", "/entries/<ref>/reinstate",
    "/api/v1/entries/<ref>/published",
    "/api/v1/entries/<ref>/filled", "/entries/<ref>/visibility", "/api/v1/entries/<ref>/visibility",
    "/entries/<ref>.<any(docx, pdf):form>", "/api/v1/documents",
    "/api/v1/me/notices", "/api/v1/me/notices/1",
    "/insight", "/insight/entries", "/insight/export", "/api/v1/insight",
    "/demand", "/demand/<int:number>/give", "/demand/<int:number>/settle", "/api/v1/demand",
    "/api/v1/demand/1", "/api/v1/demand/1/writer",
    "/entries/<ref>/adoptions", "/adoptions/<int:number>/undo", "/api/v1/adoptions/<adoption>",
    "/api/v1/entries/<ref>/adoptions",
    "/actions", "/actions/<int:number>", "/entries/<ref>/actions", "/api/v1/actions",
    "/api/v1/actions/<action>", "/api/v1/entries/<ref>/actions",
    "/duplicates", "/duplicates/compare", "/duplicates/decide", "/duplicates/reconsider",
    "/api/v1/duplicates", "/api/v1/duplicates/decisions", "/api/v1/duplicates/<ref>/<other>",
    "/taxonomy", "/taxonomy/values", "/taxonomy/values/remove", "/taxonomy/merge",
    "/taxonomy/changes/<int:number>/undo", "/api/v1/taxonomy/<name>", "/api/v1/taxonomy/plan",
    "/api/v1/taxonomy/changes", "/api/v1/taxonomy/changes/1/undo",
    "/api/v1/estimates", "/dossiers", "/dossiers/<ref>", "/dossiers/<ref>/outcome",
    "/dossiers/<ref>.<any(docx, pdf, xlsx):form>", "/api/v1/estimates/ledger", "/api/v1/dossiers",
    "/api/v1/dossiers/<dossier>", "/api/v1/dossiers/<dossier>/versions", "/api/v1/dossiers/<dossier>/outcome",
    "/tables/<sheet>/new", "/tables/<sheet>/<int:number>", "/tables/<sheet>/<int:number>/remove",
    "/projects/load", "/projects/load/<int:number>", "/projects/load/<int:number>/progress",
    "/api/v1/project-tables", "/api/v1/project-tables/1", "/api/v1/project-tables/1/mapping",
    "/api/v1/project-tables/1/loaded", "/api/v1/project-mappings",
    "/projects/load/mappings/remove", "/tables/<sheet>/load", "/api/v1/money", "/api/v1/rates/1",
    "/api/v1/indices/1", "/api/v1/uplifts/1",
}  # fmt: skip
"""Addresses that change something, need a link, an account or a parameter, or take long: tested elsewhere."""
POSTED = {"/sign-in": 403, "/estimates": 403} | {
    f"/api/v1/{name}": 401 for name in ("vocabulary", "rates", "indices", "uplifts")
}
"""What a POST without a form of ours gets, where one is taken."""
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
    known = {
        re.sub(r"[LT]-0001", "<ref>", address).replace("tables/rates", "tables/<sheet>")
        for address in ADDRESSES
    }
    assert rules == known | OTHERWISE


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_works(client, address):
    assert client.get(address).status_code == 200
    assert client.head(address).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_can_be_changed_without_a_form_of_ours(client, address, method):
    answer = client.open(address, method=method)
    taken = POSTED.get(address, 405) if method == "POST" else 405
    assert answer.status_code == taken
    assert taken != 405 or "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "address", [*ADDRESSES, "/nowhere", "/search?page=x", "/api/v1/nothing", "/static/js/main.js"]
)
def test_every_answer_carries_the_headers(client, address):
    headers = client.get(address, buffered=True).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'; script-src 'nonce-" in policy
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
            if address not in OPEN_TO_ALL:
                answer = client.get(address)
                if address.startswith("/api/"):
                    assert answer.status_code == 401, address
                    assert answer.headers["WWW-Authenticate"] == "Bearer"
                else:
                    assert answer.status_code == 303, address
                    assert answer.headers["Location"].startswith("/sign-in?"), address
        for address in OPEN_TO_ALL:
            assert client.get(address).status_code == 200, address
        assert client.get("/static/css/base.css", buffered=True).status_code == 200
        page = client.get("/", follow_redirects=True).text
        assert "only for people who have signed in" in page


def test_pages_work_without_icons(small_home, monkeypatch):
    monkeypatch.setattr("web.templating.ICONS", "build/none.svg")
    with application(small_home) as app:
        page = app.test_client().get("/entries/L-0001").text
    assert "<use" not in page
    assert "verified March 2026" in page
