"""What a project knew only afterwards: named from what it has, refused where it is not there, shown in the
difference of two revisions
"""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from kb.content import make_content
from kb.errors import InvalidRecord
from kb.formats import LoadOptions
from kb.formats.markdown import read
from kb.records import parse_record
from tests.fixtures.people import sign_in
from tests.fixtures.programs import program

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
DEPOT = {"title": "Depot", "attributes": {"defects": 7.0, "sites": 3.0}}
TYPED = {"f.title": "Depot", "f.attributes": "defects: 7\nsites: 3"}
NEW = "/entries/new/project"


@pytest.fixture
def anna(own_app):
    return sign_in(own_app, "anna", "contributor")


def ticks(page: str) -> dict[str, bool]:
    """What the form offers, and what of it is ticked; not the pattern of a tick to come."""
    found = re.findall(r'<input type="checkbox" name="f.known_after" value="([^"]*)"( checked)?>', page)
    return {unescape(value): bool(ticked) for value, ticked in found if value}


def test_a_name_that_misses_is_refused_with_what_was_meant():
    with pytest.raises(InvalidRecord) as error:
        parse_record({"kind": "project", **DEPOT, "known_after": ["defcts", "weather", "size", "sites"]})
    assert [each.field for each in error.value.problems] == ["known_after", "known_after"]
    assert "'defcts', which is no attribute of this project; did you mean defects?" in str(error.value)
    assert "'weather', which is no attribute of this project; add it to the attributes" in str(error.value)


def test_what_is_stored_with_such_a_name_is_still_read():
    assert make_content("project", DEPOT | {"known_after": ["gone"]}).known_after == ["gone"]


def test_a_markdown_file_names_them(tmp_path):
    file = tmp_path / "depot.md"
    file.write_text(
        "---\nkind: project\ntitle: Depot\nattributes: {defects: 7}\nknown_after: [defects, size]\n---\n"
    )
    (found,) = read(file, LoadOptions(), "x")
    assert parse_record(found.data).content.known_after == ["defects", "size"]


def test_the_form_offers_the_attributes_that_are_typed_without_scripts(anna):
    page = anna.get(NEW).text
    assert ticks(page) == dict.fromkeys(["size", "size_unit", "team_size", "novelty", "complexity"], False)
    assert "Such as: the number of defects found" in unescape(page)
    page = anna.send(NEW, do="offer:known_after", **TYPED, **{"f.known_after": "size"}).text
    assert ticks(page) | {"size": True, "defects": False, "sites": False} == ticks(page)
    assert 'value="size" checked' in page
    saved = anna.send(NEW, **TYPED, **{"f.known_after": ["defects", "size"]})
    assert saved.status_code == 303, saved.text
    page = anna.get(saved.headers["Location"]).text
    assert [name for name, ticked in ticks(page).items() if ticked] == ["size", "defects"]


def test_the_form_refuses_an_attribute_that_is_gone_and_still_shows_its_tick(anna):
    answer = anna.send(NEW, **TYPED | {"f.attributes": "sites: 3", "f.known_after": "defects"})
    assert answer.status_code == 400
    page = unescape(answer.text)
    assert "href=\"#field-known_after\">Known only afterwards</a> names 'defects'" in page
    assert 'id="field-known_after" aria-describedby="wrong-known_after help-known_after"' in page
    assert "Nothing was saved" in page
    assert ticks(page)["defects"]


def test_the_difference_of_two_revisions_says_it(anna):
    address = anna.send(NEW, **TYPED).headers["Location"].partition("?")[0]
    anna.send(address, base="1", **TYPED, **{"f.known_after": "defects"})
    ref = address.split("/")[2]
    page = anna.get(f"/entries/{ref}/compare?old=1&new=2").text
    assert "<h3>Known only afterwards</h3>" in page
    assert "<ins>defects</ins>" in page
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", anna.get(f"/review/{ref}/2").text))
    assert "Defects (known afterwards) 7" in shown


def test_programs_write_and_read_it_and_are_told_the_field(own_app):
    anna = program(own_app, "anna", "contributor")
    body = {"kind": "project", "content": DEPOT | {"known_after": ["defects", "team_size"]}}
    made = anna("POST", "/drafts", body)
    assert made.status_code == 201, made.text
    assert made.json["content"]["known_after"] == ["defects", "team_size"]
    body["content"]["known_after"] = ["Defects"]
    for answer in (
        anna("POST", "/drafts", body),
        anna("PUT", f"/drafts/{made.json['id']}", body | {"base": 1}),
    ):
        assert answer.status_code == 400
        assert [each["field"] for each in answer.json["errors"]] == ["content.known_after"]
        assert "did you mean defects?" in json.dumps(answer.json["errors"])
