"""GET /search"""

from __future__ import annotations

import re

import pytest

pytest_plugins = ["tests.fixtures.web"]


def titles(page: str) -> list[str]:
    return re.findall(r'<h2><a href="/entries/[^"]+">([^<]+)</a></h2>', page)


def test_it_shows_the_hits_with_marks_reasons_and_trust(client):
    page = client.get("/search?q=sample").text
    assert titles(page)[0] == "Rehearse the cut-over with full volumes"
    assert "<mark>sample</mark>" in page
    assert "matched “sample”; similar in meaning; in Recommendation" in page
    assert "verified March 2026" in page


def test_without_anything_it_lists_everything(client):
    page = client.get("/search").text
    assert "All 7 entries" in page
    assert len(titles(page)) == 7


def test_filters_alone_list_entries(client):
    assert titles(client.get("/search?kind=path").text) == ["Going live safely"]


def test_a_chosen_filter_is_checked_and_can_be_removed(client):
    page = client.get("/search?q=cut-over&kind=lesson").text
    assert re.search(r'value="lesson"[^>]* checked', page)
    assert re.search(r'class="chip" href="/search\?q=cut-over"><span class="visually-hidden">Remove', page)


def test_a_filter_written_in_the_query_can_be_removed_too(client):
    page = client.get('/search?q=cut-over+sector:"financial+services"').text
    assert "Sector: financial services" in page
    assert 'class="chip" href="/search?q=cut-over"' in page


def test_a_chosen_value_without_hits_stays_choosable(client):
    page = client.get("/search?q=cut-over&tag=zeppelin").text
    assert re.search(r'name="tag" value="zeppelin"[^>]* checked', page)


def test_it_passes_the_whole_request_to_the_engine(client, engine):
    client.get("/search?q=x&tag=a&tag=b&year=2020&mode=semantic&sort=newest&page=3")
    request = engine.seen[-1]
    assert [(each.field, each.value) for each in request.filters] == [
        ("tag", "a"),
        ("tag", "b"),
        ("year", "2020"),
    ]
    assert (request.text, request.mode, request.sort, request.offset) == ("x", "semantic", "newest", 40)


def test_an_empty_result_says_what_was_searched_and_what_next(client):
    page = client.get("/search?q=zeppelin+mooring+mast+permits&kind=lesson&tag=x&mode=keyword").text
    assert "Nothing found for “zeppelin mooring mast permits”" in page
    assert "Searched 7 entries by words only, narrowed to Kind: Lesson and Tag: x" in page
    assert "Search without “Tag: x”" in page
    assert "Search without any filter" in page
    assert "Search by meaning as well" in page
    assert "Ask with fewer words: zeppelin mooring permits" in page
    assert 'href="/browse?kind=lesson"' in page


def test_an_empty_result_of_phrases_and_exclusions_offers_to_loosen_them(client):
    page = client.get('/search?q="zeppelin+mast"+-moor').text
    assert 'href="/search?q=zeppelin+mast+-moor"' in page
    assert "Do not leave out “moor”" in page


def test_an_empty_repository_says_so(empty_client):
    assert "The repository is empty" in empty_client.get("/search").text


def test_it_says_when_a_ranking_is_missing(client, engine):
    engine.degraded = ("semantic",)
    assert "ranking by meaning is missing" in client.get("/search?q=cut-over").text
    engine.degraded = ("keyword", "semantic")
    assert "ranking by words and ranking by meaning are missing" in client.get("/search?q=cut-over").text


def test_it_offers_the_corrected_query_and_the_notes(client, engine):
    engine.suggestion, engine.notes = "rehearsal", ("A quotation mark was ignored.",)
    page = client.get("/search?q=rehersal").text
    assert 'Did you mean <a href="/search?q=rehearsal">rehearsal</a>' in page
    assert "A quotation mark was ignored." in page


def test_a_page_beyond_the_last_offers_the_last(client):
    answer = client.get("/search?q=cut-over&page=40")
    assert answer.status_code == 200
    assert "There is no page 40" in answer.text


def test_pages_link_to_each_other(client, monkeypatch):
    monkeypatch.setattr("web.results.PAGE_SIZE", 3)
    page = client.get("/search?kind=lesson&kind=review&kind=path&kind=project&page=2").text
    assert 'rel="prev"' in page
    assert 'rel="next"' not in page
    assert "Page 2 of 2" in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("mode=fast", "mode"),
        ("sort=random", "sort"),
        ("page=0", "page"),
        ("page=99999999999999999999", "page"),
        ("page=two", "page"),
        ("page=1&page=2", "given more than once"),
        ("kind=poem", "kind"),
        ("year=MMXX", "year"),
        ("verified=maybe", "verified"),
        ("tag=a%00b", "U+0000"),
    ],
)
def test_wrong_values_are_named(client, query, words):
    answer = client.get(f"/search?{query}")
    assert answer.status_code == 400
    assert words in answer.text


def test_blank_and_unknown_parameters_are_passed_over(client):
    assert client.get("/search?q=&mode=&sort=&kind=&utm_source=mail").status_code == 200


def test_the_fragment_is_the_inside_of_the_page(client):
    answer = client.get("/search?q=cut-over", headers={"X-Fragment": "results"})
    assert "<html" not in answer.text
    assert 'data-status="' in answer.text
    assert "X-Fragment" in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_palette_gets_a_short_list(client):
    answer = client.get("/search?q=cut-over", headers={"X-Fragment": "palette"})
    assert answer.text.count("<li>") == len(titles(client.get("/search?q=cut-over").text))
    assert "<details" not in answer.text


def test_what_people_type_comes_back_as_text(client):
    page = client.get("/search?q=%3Cscript%3Ealert(1)%3C/script%3E&tag=%3Cb%3E").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<b>" not in page
