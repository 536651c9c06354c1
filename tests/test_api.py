"""The JSON API under /api/v1"""

from __future__ import annotations

from typing import get_args

import pytest
from openapi_spec_validator import validate

from kb.kinds import KINDS
from kb.records import apply_record, parse_record
from tests.fakes_web import REFS
from tests.fixtures.people import sign_in
from web.parameters import Kind

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

PROBLEM = "application/problem+json"


def test_search_answers_with_hits_and_reasons(client):
    answer = client.get("/api/v1/search?q=sample").json
    assert answer["total"] >= 1
    assert answer["degraded"] == []
    hit = answer["hits"][0]
    assert (hit["id"], hit["kind"], hit["title"]) == (
        "L-0001",
        "lesson",
        "Rehearse the cut-over with full volumes",
    )
    assert hit["snippet"] == "A sample load tells nothing about run time."
    assert hit["fragments"][1] == {"text": "sample", "marked": True}
    assert hit["why"] == "matched “sample”; similar in meaning; in Recommendation"
    assert hit["reasons"]["similarity"] == 0.5
    assert hit["verified_on"] == "2026-03-18"
    assert {"value": "lesson", "count": 1, "active": False} in answer["facets"]["kind"]
    assert (answer["searched"], answer["suggestion"], answer["notes"]) == (7, None, [])
    assert answer["took_ms"] == 4.2


def test_search_passes_the_whole_request_to_the_engine(client, engine):
    client.get("/api/v1/search?q=x&kind=lesson&tag=a&tag=b&mode=keyword&sort=oldest&offset=40&limit=5")
    request = engine.seen[-1]
    assert [(each.field, each.value) for each in request.filters] == [
        ("kind", "lesson"),
        ("tag", "a"),
        ("tag", "b"),
    ]
    assert (request.mode, request.sort, request.offset, request.limit) == ("keyword", "oldest", 40, 5)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"), ("limit=101", "limit"), ("limit=ten", "limit"), ("limit=1.0", "limit"),
        ("limit=%D9%A3", "limit"), ("offset=-1", "offset"), ("offset=1001", "offset"), ("mode=", "mode"),
        ("sort=best", "sort"), ("kind=poem", "kind.1"), ("year=x", "year.1"), ("tag=", "tag.1"),
        ("limit=5&limit=6", "limit"),
        ("page=2", "page"), ("Q=x", "Q"), ("tag=" + "a" * 301, "tag.1"),
    ],
)  # fmt: skip
def test_search_names_wrong_and_unknown_parameters(client, query, field):
    answer = client.get(f"/api/v1/search?{query}")
    assert answer.status_code == 400
    assert answer.content_type == PROBLEM
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_all_wrong_parameters_are_named_at_once(client):
    answer = client.get("/api/v1/search?limit=x&offset=y&foo=1").json
    assert {error["field"] for error in answer["errors"]} == {"limit", "offset", "foo"}
    assert answer["request_id"]


def test_entries_are_listed_page_by_page(client):
    answer = client.get("/api/v1/entries?limit=2&offset=1").json
    assert (answer["total"], answer["offset"]) == (7, 1)
    assert [entry["id"] for entry in answer["entries"]] == ["L-0002", "P-0001"]


def test_entries_of_one_kind(client):
    answer = client.get("/api/v1/entries?kind=lesson").json
    assert (answer["total"], [entry["id"] for entry in answer["entries"]]) == (2, ["L-0001", "L-0002"])


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_comes_whole(client, kind):
    from tests.fakes_web import RECORDS

    answer = client.get(f"/api/v1/entries/{REFS[kind]}").json
    record = next(record for record in RECORDS if record["id"] == REFS[kind])
    assert answer["kind"] == kind
    assert answer["content"]["title"] == record["title"]
    stated = {name: value for name, value in record.items() if name in answer["content"]}
    assert stated
    for name, value in stated.items():
        assert contains(answer["content"][name], value), name


def contains(found, stated) -> bool:
    """Whether `found` says what was stated; it may add defaults."""
    if isinstance(stated, dict):
        return all(contains(found[name], value) for name, value in stated.items())
    if isinstance(stated, list):
        return len(found) == len(stated) and all(map(contains, found, stated))
    return found == stated


def test_an_entry_has_its_links_both_ways(client):
    answer = client.get("/api/v1/entries/L-0001").json
    assert {
        "id": "H-0001",
        "relation": "source",
        "kind": "project",
        "title": "Core banking migration",
        "superseded_by": [],
    } in answer["links"]
    assert {"R-0001", "T-0001", "M-0001", "P-0001"} <= {link["id"] for link in answer["linked_from"]}
    assert (answer["revision"], answer["verification"], answer["verified_until"]) == (
        1,
        "verified",
        "2046-03-18",
    )


def test_a_link_to_nothing_has_no_title(client):
    links = client.get("/api/v1/entries/R-0001").json["links"]
    assert {"id": "L-0099", "relation": "related", "kind": None, "title": None, "superseded_by": []} in links


def test_who_may_see_it_and_who_wrote_it_are_told_to_curators(own_app):
    from tests.fakes_web import LESSON

    candid = {"anonymous": True, "author": "Anna Berg", "mask_source": True, "revision": 2, "context": ""}
    restricted = {"visibility": "restricted", "readers": ["role:estimator"]}
    with own_app.extensions["precedent"].database.write() as session:
        apply_record(session, parse_record(LESSON | candid | restricted))
    estimator, curator = sign_in(own_app, "ed", "estimator"), sign_in(own_app, "cleo", "curator")
    answer = estimator.get("/api/v1/entries/L-0001").json
    assert (answer["author"], answer["anonymous"], answer["readers"]) == ("A contributor", True, [])
    assert (answer["source_withheld"], answer["content"]["source"]) == (True, None)
    assert "H-0001" not in {link["id"] for link in answer["links"]}
    answer = curator.get("/api/v1/entries/L-0001").json
    assert (answer["author"], answer["readers"]) == ("Anna Berg", ["role:estimator"])
    assert (answer["source_withheld"], answer["content"]["source"]) == (False, "H-0001")
    history = estimator.get("/api/v1/entries/L-0001/history").json["revisions"]
    assert [each["author"] for each in history] == ["A contributor", "import"]
    assert own_app.test_client().get("/api/v1/entries/L-0001").status_code == 404


def test_similar_entries(client):
    answer = client.get("/api/v1/entries/L-0001/similar?limit=2").json
    assert len(answer["hits"]) == 2
    assert "L-0001" not in {hit["id"] for hit in answer["hits"]}


def test_history_and_revisions(client):
    history = client.get("/api/v1/entries/L-0002/history").json
    assert [(each["revision"], each["state"]) for each in history["revisions"]] == [
        (2, "published"),
        (1, "superseded"),
    ]
    first = client.get("/api/v1/entries/L-0002/revisions/1").json
    assert first["content"]["title"] == "Freeze changes around the year-end close"
    assert first["author"] == "contributor"


@pytest.mark.parametrize(
    "path",
    [
        "L-0044", "L-0003", "nonsense", "L-0003/similar", "L-0044/similar", "L-0003/history",
        "L-0003/revisions/1",
        "L-0001/revisions/2", "L-0001/revisions/0", "L-0001/revisions/x", "L-0001/revisions/99999999999",
    ],
)  # fmt: skip
def test_what_is_missing_or_hidden_is_404(client, path):
    answer = client.get(f"/api/v1/entries/{path}")
    assert answer.status_code == 404
    assert answer.content_type == PROBLEM
    assert answer.json["title"] == "Not Found"


@pytest.mark.parametrize(
    "path", ["search", "entries", "entries/L-0001", "entries/L-0001/similar", "openapi.json"]
)
def test_wrong_methods_and_unknown_parameters_are_problems(client, path):
    wrong = client.post(f"/api/v1/{path}", json={})
    assert (wrong.status_code, wrong.content_type) == (405, PROBLEM)
    unknown = client.get(f"/api/v1/{path}?colour=red")
    assert (unknown.status_code, unknown.json["errors"][0]["field"]) == (400, "colour")


@pytest.mark.parametrize("name", ["variant ", "variant link", "variant", "0", " "])
def test_a_parameter_is_unknown_whatever_its_name(client, name):
    answer = client.get("/api/v1/entries", query_string={name: "red"})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, name)


def test_an_unknown_path_is_a_problem(client):
    answer = client.get("/api/v1/lessons")
    assert (answer.status_code, answer.content_type) == (404, PROBLEM)


def test_the_description_is_valid_openapi(client):
    description = client.get("/api/v1/openapi.json").json
    assert description["openapi"].startswith("3.1")
    validate(description)


def test_the_description_covers_every_route(client, app):
    paths = client.get("/api/v1/openapi.json").json["paths"]
    described = {(path, method.upper()) for path, calls in paths.items() for method in calls}
    routes = {
        (str(rule).removeprefix("/api/v1").replace("<", "{").replace(">", "}"), method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes - described == {("/openapi.json", "GET")}
    assert described <= routes


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/search", "/search?q=cut-over"),
        ("/entries", "/entries"),
        *(("/entries/{ref}", f"/entries/{ref}") for ref in REFS.values()),
        ("/entries/{ref}/similar", "/entries/L-0001/similar"),
        ("/entries/{ref}/history", "/entries/L-0002/history"),
        ("/entries/{ref}/revisions/{number}", "/entries/L-0002/revisions/1"),
    ],
)
def test_answers_are_as_described(client, path, address):
    from jsonschema import Draft202012Validator

    description = client.get("/api/v1/openapi.json").json
    schema = description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator(schema | {"components": description["components"]})
    assert [error.message for error in validator.iter_errors(client.get(f"/api/v1{address}").json)] == []


def test_the_kinds_of_the_parameters_are_the_kinds_of_the_records():
    assert get_args(Kind) == tuple(KINDS)
