"""JSON bodies: what is strict about them, over a route that only echoes."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from web.bodies import MAX_DEPTH, json_body, read_object
from web.errors import install_errors
from web.parameters import BadParameters

LIMIT = 200_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.fixture
def client():
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    install_errors(app)
    app.add_url_rule("/api/echo", view_func=json_body, methods=["POST"])
    return app.test_client()


def post(client, data: bytes | str, content_type: str = "application/json"):
    return client.post("/api/echo", data=data, content_type=content_type)


def nested(depth: int) -> str:
    return '{"a": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


def test_an_object_is_read(client):
    assert post(client, '{"title": "Permits", "days": [1, 2.5], "known": null}').json == {
        "title": "Permits", "days": [1, 2.5], "known": None,
    }  # fmt: skip
    assert post(client, b"{}", "application/json; charset=UTF-8").json == {}


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_another_content_type_is_refused(client, kind):
    answer = post(client, "{}", kind)
    assert answer.status_code == 400
    assert "Content-Type: application/json" in answer.json["errors"][0]["message"]


def test_another_encoding_is_refused(client):
    assert post(client, "{}", "application/json; charset=utf-16").status_code == 400
    assert "UTF-8" in post(client, '{"a": "ä"}'.encode("latin-1")).json["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "is no JSON: line 1, column 1"),
        ('{"a": 1,}', "is no JSON: line 1"),
        ('{\n"a": 1} x', "is no JSON: line 2, column 9"),
        ("[1]", "must be an object"),
        ("null", "must be an object"),
        ('{"a": NaN}', "NaN"),
        ('{"a": [-Infinity]}', "-Infinity"),
        ('{"a": 1e999}', "too large"),
        ('{"a": ' + "9" * 5000 + "}", "too long"),
        ('{"a": "\\ud800"}', "half a character"),
        ('{"\\udc00": 1}', "half a character"),
    ],
)
def test_what_has_no_one_meaning_is_refused(client, body, words):
    answer = post(client, body)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert words in answer.json["detail"]


def test_a_name_given_twice_is_named(client):
    answer = post(client, '{"entry": {"title": "A", "title": "B"}}')
    assert answer.json["errors"] == [{"field": "title", "message": "is given more than once"}]


def test_depth_is_limited(client):
    assert post(client, nested(MAX_DEPTH)).status_code == 200
    answer = post(client, nested(MAX_DEPTH + 1))
    assert answer.status_code == 400
    assert f"more than {MAX_DEPTH} levels" in answer.json["detail"]


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_a_body_nested_100_000_deep_is_refused(opening):
    for body in (opening * 100_000, '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"):
        with pytest.raises(BadParameters, match="levels deep"):
            read_object(body.encode())


def test_a_body_that_is_too_long_is_refused_before_it_is_read(client):
    answer = post(client, json.dumps({"a": "x" * LIMIT}))
    assert answer.status_code == 413


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_json_can_say_comes_back_the_same(data):
    assert read_object(json.dumps(data).encode()) == data


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_raise_anything_else(data):
    with suppress(BadParameters):
        assert isinstance(read_object(data), dict)
