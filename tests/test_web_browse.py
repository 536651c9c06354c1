"""GET /browse, /help and /healthz"""

from __future__ import annotations

import re

import pytest

from web.help_page import FIELDS, QUERIES

pytest_plugins = ["tests.fixtures.web"]


def test_browse_lists_everything_readable(client):
    page = client.get("/browse").text
    assert len(re.findall(r'<h2><a href="/entries/', page)) == 7
    assert "Kept inside" not in page


def test_browse_lists_one_kind(client):
    page = client.get("/browse?kind=lesson").text
    assert re.findall(r'<h2><a href="/entries/([^"]+)"', page) == ["L-0001", "L-0002"]


def test_browse_has_pages(client, monkeypatch):
    monkeypatch.setattr("web.browse.BROWSE_SIZE", 3)
    page = client.get("/browse?page=2").text
    assert "Page 2 of 3" in page
    assert 'rel="prev" href="/browse"' in page
    assert 'rel="next" href="/browse?page=3"' in page
    assert "There is no page 9" in client.get("/browse?page=9").text


@pytest.mark.parametrize("query", ["kind=poem", "page=0", "page=1e3", "page=99999999999"])
def test_browse_names_wrong_values(client, query):
    answer = client.get(f"/browse?{query}")
    assert answer.status_code == 400
    assert query.split("=")[0] in answer.text


def test_browse_of_an_empty_repository_says_what_to_do(empty_client):
    assert "precedent load" in empty_client.get("/browse?kind=path").text


def test_every_example_of_the_help_is_a_working_link(client):
    page = client.get("/help").text
    links = re.findall(r'<a href="(/search\?q=[^"]+)"><code>', page)
    assert len(links) == len(QUERIES)
    assert {client.get(link).status_code for link in links} == {200}


def test_the_help_names_every_field_of_the_query_language():
    from search.query import FILTER_FIELDS

    assert set(FILTER_FIELDS) <= set(FIELDS)


def test_no_example_of_the_help_leaves_a_note():
    from search.query import parse

    assert [parse(query).notes for query, _ in QUERIES if parse(query).notes] == []


def test_healthz_answers_without_the_database(client, monkeypatch):
    monkeypatch.setattr("kb.database.Database.read", None)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
