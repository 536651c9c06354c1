"""The page of the API says what the description says, and its examples work."""

from __future__ import annotations

import html
import json
import re
import shlex
from urllib.parse import urlsplit

import pytest

from kb.people.roles import SCOPES
from tests.fixtures.people import browser_of, make_user, sign_in
from web.api_page import _lines, view_of
from web.api_shapes import kind_of

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


@pytest.fixture(scope="module")
def page(app):
    return app.test_client().get("/api").text


@pytest.fixture(scope="module")
def document(app):
    return app.test_client().get("/api/v1/openapi.json").json


def calls(document):
    return [
        (path, method, call) for path, found in document["paths"].items() for method, call in found.items()
    ]


def section(page: str, name: str) -> str:
    return html.unescape(page.partition(f'id="call-{name}"')[2].partition("</article>")[0])


def test_every_operation_stands_on_the_page_with_all_it_takes_and_answers(page, document):
    assert len(re.findall(r'<article class="call"', page)) == len(calls(document)) > 20
    for path, method, call in calls(document):
        part = section(page, call["operationId"])
        assert f"<code>{method.upper()} {path}</code>" in part
        assert call["summary"] in part
        for each in call["parameters"]:
            assert f"<code>{each['name']}</code>" in part, call["operationId"]
        for status in call["responses"]:
            assert f"<dt>{status}</dt>" in part
        assert "<code>curl" in part
        for scope in next((way["token"] for way in call["security"] if "token" in way), []):
            assert f"<code>{scope}</code>" in part


def test_bodies_and_shapes_name_every_field(page, document):
    for name, schema in document["components"]["schemas"].items():
        part = page.partition(f'id="shape-{name}"')[2].partition("</section>")[0]
        for field in schema.get("properties", {}):
            assert f"<code>{field}</code>" in part, (name, field)
    for _, _, call in calls(document):
        for content in call.get("requestBody", {}).get("content", {}).values():
            if "example" in content:
                example = json.dumps(content["example"], indent=2, ensure_ascii=False)
                assert example in section(page, call["operationId"])


def test_every_link_on_the_page_leads_somewhere(page):
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_the_raw_description_and_the_way_to_a_token_are_linked(page, own_app):
    assert 'href="/api/v1/openapi.json"' in page
    assert 'href="/sign-in?next=/account"' in page
    assert 'href="/account#tokens"' in sign_in(own_app, "dora").get("/api").text
    assert 'href="/api"' in own_app.test_client().get("/help").text


def test_every_example_is_a_request_that_is_understood(own_app, document):
    """Sent as it stands, by somebody who may: nothing of it is refused as malformed."""
    make_user(own_app, "eve", "admin")  # the person whom the examples sign out and disable
    browser = sign_in(own_app, "ada", "admin", "curator")
    body, headers = {"name": "script", "scopes": [*SCOPES]}, {"X-Form-Token": form_token(browser)}
    # The examples revoke the first.
    _, made = (browser.post("/api/v1/me/tokens", json=body, headers=headers) for _ in range(2))
    client = browser_of(own_app)
    for group in view_of(document, "http://localhost").groups.values():
        for call in group:
            words = shlex.split(call.curl.replace("$TOKEN", made.json["secret"]).replace("\\\n", " "))
            if "-b" in words or "--data-binary" in words:
                continue
            headers = dict(
                words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H"
            )
            body = words[words.index("-d") + 1] if "-d" in words else None
            address = urlsplit(words[-1])
            answer = client.open(
                f"{address.path}?{address.query}", method=call.method, headers=headers, data=body
            )
            assert answer.status_code not in {400, 405, 415, 428, 500}, (call.curl, answer.text)
            assert answer.status_code != 401 or "Authorization" not in headers, (call.curl, answer.text)


def form_token(browser) -> str:
    return re.search(r'name="form_token" value="(\w+)"', browser.get("/account").text)[1]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/components/schemas/Hit"}, "Hit"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text or null"),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 3}, "list of at most 3: whole number"),
        (
            {"type": "integer", "minimum": 1, "maximum": 50, "default": 20},
            "whole number, 1 to 50; 20 unless given",
        ),
        ({"enum": ["read", "curate"]}, "one of read, curate"),
        ({"type": "string", "format": "date-time"}, "moment"),
        ({"type": "string", "minLength": 1}, "text, at least 1 characters"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "object of number by name"),
        ({"const": True}, "always true"),
        ({"type": ["string", "null"]}, "text or null"),
        ({"allOf": [{"$ref": "#/components/schemas/Hit"}]}, "Hit"),
        ({"enum": list(range(15))}, "one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 3 more"),
        ({}, "any value"),
    ],
)
def test_a_schema_is_said_in_words(schema, words):
    assert "".join(text for text, _ in kind_of(schema)) == words


def test_long_commands_are_broken_between_their_options():
    lines = _lines(["curl", "-X POST", "-H 'A: b'", "x" * 80])
    assert lines == "curl -X POST -H 'A: b' \\\n  " + "x" * 80
