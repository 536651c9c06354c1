"""Where one comes back to, who is called by what name, and how much is read: all of it bounded."""

from __future__ import annotations

import io
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.content import make_content
from kb.errors import InvalidRecord
from tests.fixtures.people import sign_in
from tests.fixtures.web import application
from tests.security.addresses import address_of, rules
from web.bodies import MAX_DEPTH, read_object
from web.identity import LONGEST_NEXT, SAFE
from web.parameters import BadParameters
from web.security import MAX_BODY, MAX_PARTS, MAX_QUERY, TAKE_FILES
from web.signing import safe_next

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

LEADING_AWAY = [
    "https://evil.example", "//evil.example", "/\\evil.example", "\\/evil.example", "///evil.example",
    "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "javascript:alert(1)",
    "data:text/html,x", "/\r\nSet-Cookie: a=b", "evil.example", "http:/evil.example", "", "/\x00", "?x", "#x",
    "/" + "a" * LONGEST_NEXT, "/\u2028x", "\u202e/x", "/\\", "//", "/\u00a0/evil.example", "@evil.example",
]  # fmt: skip
STAYING = ["/", "/search?q=a+b&tag=x", "/entries/L-0001?revision=2", "/a//b", "/?next=//evil.example", "/æ"]


@pytest.mark.parametrize("address", LEADING_AWAY)
def test_point_11_the_address_to_come_back_to_stays_on_this_site(app, address):
    with app.test_request_context("/"):
        assert safe_next(address) == "/"


@pytest.mark.parametrize("address", STAYING)
def test_point_11_paths_of_this_site_are_kept(app, address):
    with app.test_request_context("/"):
        assert safe_next(address) == address


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="/\\:.@?#&=%\t\r\n\x00 evilxhtps\u2028\u202e", max_size=12))
def test_point_11_no_text_leads_to_another_host(address):
    """What a browser makes of an address: it drops tabs and line breaks, and takes \\ for /."""
    from urllib.parse import urljoin, urlsplit

    from flask import Flask

    app = Flask(__name__)
    app.add_url_rule("/", "home.home")
    with app.test_request_context("/"):
        kept = safe_next(address)
    seen = "".join(c for c in kept.strip() if c not in "\t\r\n").replace("\\", "/")
    assert kept.isprintable()
    assert urlsplit(urljoin("http://127.0.0.1/sign-in", seen)).netloc == "127.0.0.1"


def test_point_11_what_is_too_long_to_come_back_to_leads_home(small_home):
    with application(small_home, public_reading=False) as app:
        answer = app.test_client().get("/search?q=" + "permit+" * 1_000)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in?next=%2F&")
        assert app.test_client().get(answer.headers["Location"]).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:80", "",
     "pmo.example@evil.example", "127.0.0.1:8000@evil.example", "[::1]", "pmo.example.", "PMO.example.evil"],
)  # fmt: skip
def test_point_11_other_names_are_not_answered(small_home, host):
    with application(small_home, host="pmo.example") as app:
        for address in ("/", "/sign-in", "/api/v1/entries"):
            answer = app.test_client().get(address, headers={"Host": host})
            assert answer.status_code == 400, (host, address)
            assert "evil" not in answer.text


def test_point_11_headers_of_proxies_do_not_name_the_host(client):
    sent = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Host": "evil.example"}
    for address in ("/", "/entries/l-0001", "/sign-in", "/api/v1/openapi.json"):
        answer = client.get(address, headers=sent)
        assert "evil.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "text/csv", ""])
def test_point_11_large_bodies_are_not_read(own_app, kind):
    browser = sign_in(own_app, "ada", "admin")
    for address in ("/sign-in", "/account/profile", "/people/invite"):
        answer = browser.post(address, data=b"x" * (MAX_BODY + 1), content_type=kind)
        assert answer.status_code == 413 or (kind and "form" not in kind and answer.status_code == 403)


def test_point_11_forms_and_addresses_of_many_parts_are_refused(own_app):
    browser = sign_in(own_app, "ada", "admin")
    many = "&".join(["a=b"] * (MAX_PARTS + 1))
    answer = browser.post("/account/profile", data=many, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
    assert f"{MAX_PARTS:,} parts" in answer.text
    assert browser.get(f"/search?{many}").status_code == 400
    assert browser.get("/search?q=" + "x" * MAX_QUERY).status_code == 414


@pytest.mark.parametrize(
    "address", ["/people?q=%00", "/audit?object=a%00b", "/search?q=%00", "/sign-in?next=%00"]
)
def test_point_11_what_no_database_stores_is_refused_before_one_is_asked(own_app, address):
    answer = sign_in(own_app, "ada", "admin").get(address)
    assert answer.status_code == 400
    assert "U+0000" in answer.text


def test_point_11_files_go_only_where_a_form_takes_one(own_app):
    """Three forms take a table, two a document, one a path, and the editor of texts a picture."""
    tables = {"vocabulary_tables.load_now", "reference_files.load_now", "project_loading.send"}
    assert tables | {"importing.upload", "files.add", "paths.bring_now", "rich.take_picture"} == TAKE_FILES
    browser = sign_in(own_app, "ada", "admin")
    for rule in rules(own_app):
        for method in sorted((rule.methods or set()) - SAFE):
            sent = {"file": (io.BytesIO(b"x"), "a.csv"), "form_token": "x"}
            answer = browser.open(
                address_of(rule), method=method, data=sent, content_type="multipart/form-data"
            )
            assert answer.status_code == (403 if rule.endpoint in TAKE_FILES else 415), rule


@pytest.mark.parametrize(
    ("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('{"a":[', "]}"), ("[", ""), ('{"a":', "")]
)
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 1_000, 100_000])
def test_point_11_nested_bodies_are_refused(opening, closing, depth):
    with pytest.raises(BadParameters):
        read_object((opening * depth + "1" + closing * depth).encode())


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("training", "minutes", False), ("training", "minutes", True), ("training", "minutes", "3"),
        ("training", "minutes", 3.0), ("training", "pass_mark", False), ("project", "size", True),
        ("project", "team_size", "4"), ("project", "price_year", True), ("project", "completeness", False),
        ("project", "size", float("inf")), ("project", "size", float("nan")), ("lesson", "known_risk", 1),
        ("lesson", "known_risk", "yes"), ("lesson", "title", 1), ("lesson", "title", None),
        ("lesson", "phases", "planning"), ("lesson", "phases", {"a": 1}), ("template", "mandatory", 0),
        ("lesson", "impact", [1]), ("lesson", "nothing_of_ours", 1), ("path", "validity_months", True),
    ],
)  # fmt: skip
def test_point_11_types_are_strict(kind, field, value):
    with pytest.raises(InvalidRecord) as raised:
        make_content(kind, {"title": "A title"} | {field: value})
    assert {problem.field.partition(".")[0] for problem in raised.value.problems} == {field}


@pytest.mark.parametrize(
    "value", ["1.0", "1e1", "-1", "+1", "0x1", "１", "²", "1_0", " 1", "true", "", "9" * 30]
)
def test_point_11_numbers_in_addresses_are_whole_digits(client, value):
    assert client.get(f"/api/v1/entries?limit={value}").status_code == 400


def test_point_11_ids_in_addresses_are_bounded(own_app):
    browser = sign_in(own_app, "ada", "admin")
    for number in ("0", "99999999999999999999", "-1", "1e3", "%31%30%30%30%30%30"):
        assert browser.get(f"/people/{number}").status_code == 404, number
    for letters in string.punctuation.replace("/", "").replace("?", "").replace("#", ""):
        assert browser.get(f"/entries/{letters}").status_code == 404, letters
