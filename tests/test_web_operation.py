"""How the repository runs, for those who may see it: nothing secret, and what is wrong."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest

from indexer.snapshot import IndexMissing
from kb.config import Settings
from kb.migrations import HEAD
from kb.people.audit import AuditFilter, find
from kb.version import product_version
from tests.fixtures.people import browser_of, sign_in
from web import operation
from web.operation import settings_in_force, without_password
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


@pytest.fixture
def auditor(own_app):
    return sign_in(own_app, "amy", "auditor")


def rows(page: str) -> dict[str, str]:
    found = re.findall(r'<th scope="row">(.*?)</th>\s*<td[^>]*>(.*?)</td>', page, re.DOTALL)
    return {re.sub(r"<[^>]+>", "", name): re.sub(r"<[^>]+>|\s+", " ", value).strip() for name, value in found}


def test_only_who_may_sees_it(own_app):
    assert browser_of(own_app).get("/operation").headers["Location"].startswith("/sign-in?")
    curator = sign_in(own_app, "cora", "curator")
    assert curator.get("/operation").status_code == 403
    assert curator.send("/operation/check").status_code == 403
    assert "/operation" not in curator.get("/help").text
    assert 'href="/operation"' in sign_in(own_app, "ada", "admin").get("/help").text


def test_health_versions_and_numbers(auditor):
    found = rows(auditor.get("/operation").text)
    assert found["Index"] == found["Encoder"] == found["Database"] == "well"
    assert {"Home", "Disk", "Privacy", "Database server"} <= set(found)
    assert (found["Precedent"], found["Schema"]) == (product_version(), HEAD)
    assert {"flask", "whoosh-reloaded", "faiss-cpu"} <= set(found)
    assert (found["People, active"], found["People, invited"], found["Sessions open"]) == ("1", "0", "1")
    assert found["Entries published"] == found["Entries in the index"] == "8"


def test_what_is_wrong_is_said(auditor, own_app):
    engine = own_app.extensions[EXTENSION].engine
    engine.knows_meaning = False

    def missing(reader):
        raise IndexMissing("no index")

    engine.status = missing
    page = auditor.get("/operation").text
    assert "of 8 checks found something" in page
    assert (rows(page)["Index"], rows(page)["Encoder"]) == ("wrong", "wrong")
    assert "Entries in the index" not in page


def test_everything_is_checked_on_demand_and_stands_in_the_log(auditor, own_app):
    page = auditor.send("/operation/check").text
    found = rows(page)
    assert {"Integrity", "Schema", "Encoder", "Home"} <= set(found)
    assert found["Index"] == "wrong"  # this repository was never indexed
    assert "Check everything" not in page
    with own_app.extensions[EXTENSION].database.read() as session:
        (line,) = find(session, AuditFilter(action="check everything"), 0, 9)[1]
        assert "index" in line.detail["wrong"]


def test_one_check_at_a_time(auditor):
    with operation._one_at_a_time:
        answer = auditor.send("/operation/check")
    assert answer.status_code == 429
    assert "being checked already" in answer.text
    assert auditor.get("/operation/check").status_code == 405


def test_every_setting_is_shown_and_no_secret(auditor, own_app, monkeypatch):
    given = {each.name: f"words of {each.name}" for each in fields(Settings)}
    secrets = [each.name for each in fields(Settings) if not each.repr]
    assert "oidc_client_secret" in secrets
    url = "postgresql+psycopg://me:hush@db/precedent?sslpassword=hush&sslmode=require"
    shown = {each.name: each.value for each in settings_in_force(Settings(**(given | {"database_url": url})))}
    assert set(shown) == {f"PRECEDENT_{name.upper()}" for name in given}
    for name in secrets:
        assert shown[f"PRECEDENT_{name.upper()}"] == "set, not shown"
    assert "hush" not in str(shown)
    assert "sslmode=require" in shown["PRECEDENT_DATABASE_URL"]
    found = rows(auditor.get("/operation").text)
    assert (found["PRECEDENT_PUBLIC_READING"], found["PRECEDENT_OIDC_CLIENT_SECRET"]) == ("yes", "not set")


def test_fields_that_hold_secrets_are_named_like_it():
    named = {
        each.name for each in fields(Settings) if re.search("secret|password|token|key", each.name)
    }  # fmt: skip
    assert named == {each.name for each in fields(Settings) if not each.repr}


def test_where_a_setting_comes_from_is_said(own_app, monkeypatch):
    monkeypatch.setenv("PRECEDENT_THREADS", "4")
    settings = replace(own_app.extensions[EXTENSION].settings, threads=4)
    by_name = {each.name: each for each in settings_in_force(settings)}
    assert (by_name["PRECEDENT_THREADS"].value, by_name["PRECEDENT_THREADS"].is_given) == ("4", True)
    assert not by_name["PRECEDENT_IDLE_HOURS"].is_given


@pytest.mark.parametrize(
    ("address", "shown"),
    [("sqlite:////srv/p.sqlite", "sqlite:////srv/p.sqlite"),
     ("postgresql+psycopg://db/p", "postgresql+psycopg://db/p"),
     ("postgresql+psycopg://me:p%40ss@db/p", "postgresql+psycopg://me:***@db/p"),
     ("postgresql+psycopg://db/p?user=me&password=x", "postgresql+psycopg://db/p?password=%2A%2A%2A&user=me")],
)  # fmt: skip
def test_passwords_of_databases_are_hidden(address, shown):
    assert without_password(address) == shown
