"""GET /"""

from __future__ import annotations

pytest_plugins = ["tests.fixtures.web"]


def forget_questions(app):
    app.extensions["precedent"].examples.__init__()


def test_it_counts_what_is_here(client):
    page = client.get("/").text
    assert '<span class="kinds-count">2</span> <span class="kinds-name">lessons</span>' in page
    assert '<span class="kinds-count">1</span> <span class="kinds-name">template</span>' in page


def test_it_does_not_count_what_is_hidden(client):
    assert "Kept inside" not in client.get("/").text


def test_it_shows_the_newest_entries_and_the_first_path(client):
    page = client.get("/").text
    assert "Freeze changes around the close" in page
    assert 'href="/entries/P-0001"' in page


def test_it_links_sectors_to_filtered_searches(client):
    assert 'href="/search?sector=financial+services"' in client.get("/").text


def test_it_offers_only_questions_that_find_something(client, app):
    forget_questions(app)
    assert "For example" not in client.get("/").text  # the small repository answers none of them


def test_it_offers_questions_that_do(client, app, engine, monkeypatch):
    forget_questions(app)
    monkeypatch.setattr("web.examples.QUESTIONS", ("rehearses twice", "zeppelin", "cut-over"))
    page = client.get("/").text
    assert 'href="/search?q=rehearses+twice"' in page
    assert "zeppelin" not in page
    forget_questions(app)


def test_an_empty_repository_says_what_to_do(empty_client):
    page = empty_client.get("/").text
    assert "The repository is empty" in page
    assert "precedent load" in page


def test_a_missing_index_is_said(client, engine):
    from indexer.snapshot import IndexMissing

    def missing(reader):
        raise IndexMissing("The search index is missing.")

    engine.status = missing
    answer = client.get("/")
    assert answer.status_code == 200
    assert "The search index is being built" in answer.text


def test_an_index_that_is_behind_is_said(client, engine):
    from tests.fakes_web import FakeStatus

    engine.status = lambda reader: FakeStatus(7, 7, 1, behind=3)
    assert "3 changes are on the way" in client.get("/").text
