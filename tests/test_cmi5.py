"""cmi5 packages: the rules of the specification, what is in them, and what must not be."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings

from kb.content import make_content
from kb.kinds import Path
from kb.learning.cmi5 import Block, Unit, course_structure
from kb.learning.packaging import make_package
from kb.learning.unit_pages import unit_page
from kb.reading import OPERATOR, EntryView
from kb.rendering import Renderer
from kb.steps import EntryStep
from tests.cmi5_rules import check_package, check_structure, named
from tests.fakes_web import SECOND_LESSON
from tests.fixtures.people import sign_in
from tests.strategies import contents
from tests.test_learning import COURSE, QUIZ, put
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
BASE = "https://lessons.example.org"
HOSTILE = "<img src=x onerror=alert(1)>]]>&</script>"
STAGES = [
    {"title": "Read", "steps": [{"entry": "L-0001", "note": HOSTILE},
                                {"entry": "M-0005", "completion": "Passed"}]},
    {"title": "Keep", "ordered": False, "steps": [
        {"entry": "L-0001", "required": False}, {"entry": "L-0999"},
        {"entry": "L-0002", "completion": "Passed"},
    ]},
    {"title": "Nothing here", "steps": [{"entry": "L-0998"}]},
]  # fmt: skip
PATH = COURSE | {
    "id": "P-0105",
    "title": f"Cut-over {HOSTILE}",
    "stages": STAGES,
    "competencies": ["One", HOSTILE],
}


def view_of(kind: str, content, ref: str) -> EntryView:
    told = dict.fromkeys(("key", "verified_on", "decided_at"))
    stored = content.model_dump(mode="json", exclude_defaults=True)
    words = {
        "owner": "",
        "visibility": "public",
        "verifier": "",
        "verify_months": 24,
        "author": "",
        "created_at": None,
    }
    return EntryView(1, ref, kind, 1, "published", content.title, stored, **told, **words)


@pytest.fixture
def school(own_app):
    database = own_app.extensions[EXTENSION].database
    put(database, QUIZ, PATH)
    return own_app


@pytest.fixture
def made(school):
    database = school.extensions[EXTENSION].database
    renderer = Renderer(database)
    yield make_package(database, renderer, "P-0105", OPERATOR, BASE)[1]
    renderer.close()


def test_the_package_keeps_the_rules(made):
    root, files = check_package(made.data)
    assert (made.units, made.left_out) == (4, 2)
    assert named(root, "course")[0].attrib["id"] == f"{BASE}/entries/P-0105"
    assert len(named(root, "objective")) == 2
    assert len(named(root, "block")) == 2  # one without any step that is there would break the schema
    units = {each.attrib["id"].partition("#")[2]: each.attrib for each in named(root, "au")}
    assert list(units) == ["step-L-0001", "step-M-0005", "step-L-0001-2", "step-L-0002"]
    assert units["step-M-0005"]["moveOn"] == "Passed"
    assert units["step-M-0005"]["masteryScore"] == "0.5"
    assert units["step-L-0001"]["moveOn"] == "Completed"
    assert units["step-L-0001-2"]["moveOn"] == "NotApplicable"  # optional
    assert units["step-L-0002"]["moveOn"] == "Completed"  # asks nothing, so there is nothing to pass
    assert {"index.html", "unit.css", "unit.js"} <= set(files)


def test_pages_stand_alone_and_say_that_they_report_nothing(made):
    _, files = check_package(made.data)
    pages = {name: data.decode() for name, data in files.items() if name.startswith("units/")}
    assert len(pages) == 4
    for page in pages.values():
        assert "This page reports nothing" in page
        assert re.findall(r"(?:src|href)=\"([^\"]*)\"", page.partition("<body>")[0]) == [
            "../unit.css",
            "../unit.js",
        ]
        assert re.findall(r"<img|<[^>]*\son\w+=|<[^>]*javascript:", page) == []
        assert page.count("<script") == page.count("</script>")
        links = re.findall(r'<a [^>]*href="([^"]*)"', page)
        assert all(link.startswith(("https://", "http://")) for link in links), links
    assert "Rehearse the cut-over" in pages["units/001-L-0001.html"]
    assert "2 steps were not open" in files["index.html"].decode()


def test_questions_that_only_a_person_can_judge_are_not_scored(made):
    _, files = check_package(made.data)
    page = files["units/002-M-0005.html"].decode()
    assert page.count("<fieldset>") == 4
    assert "What would you do?" in page.partition("To think about")[2]
    assert "Only a person can judge" in page
    assert "Check yourself" not in page


def test_the_same_path_gives_the_same_bytes(school):
    database = school.extensions[EXTENSION].database
    renderer = Renderer(database)
    first, second = (make_package(database, renderer, "P-0105", OPERATOR, BASE)[1].data for _ in range(2))
    renderer.close()
    assert first == second


def test_what_a_reader_may_not_see_is_in_no_package(school):
    database = school.extensions[EXTENSION].database
    put(
        database,
        SECOND_LESSON | {"visibility": "restricted", "readers": ["role:curator"], "title": "A secret title"},
    )
    answer = sign_in(school, "anna").get("/paths/P-0105.zip")
    assert answer.mimetype == "application/zip"
    _, files = check_package(answer.data)
    assert not any(b"secret title" in data for data in files.values())
    assert b"3 steps were not open" in files["index.html"]
    curator = check_package(sign_in(school, "cora", "curator").get("/paths/P-0105.zip").data)[1]
    assert any(b"A secret title" in data for data in curator.values())


def test_a_path_of_which_nothing_is_open_is_no_package(school):
    database = school.extensions[EXTENSION].database
    put(database, COURSE | {"id": "P-0106", "stages": [{"title": "A", "steps": [{"entry": "L-0999"}]}]})
    answer = sign_in(school, "anna").get("/paths/P-0106.zip")
    assert answer.status_code == 404
    assert "nothing to make a package of" in unescape(answer.text)


@settings(max_examples=150, deadline=None)
@given(path=contents("path"), training=contents("training"))
def test_any_path_and_any_questions_give_a_structure_that_keeps_the_rules(path, training):
    content, material = make_content("path", path), make_content("training", training)
    assert isinstance(content, Path)
    view, unit_view = view_of("path", content, "P-0001"), view_of("training", material, "M-0001")
    steps = [step for stage in content.stages for step in stage.steps] or [EntryStep(entry="M-0001")]
    units = [
        Unit(step, unit_view, f"units/{at}.html", f"M-0001-{at}", at % 2) for at, step in enumerate(steps)
    ]
    check_structure(course_structure(view, content, [Block("", ordered=True, units=units)], BASE))
    page = unit_page(units[0], "<p>Inner</p>")
    assert page.count("<script") == page.count("</script>")


def test_a_visitor_takes_what_is_public(school):
    assert check_package(school.test_client().get("/paths/P-0105.zip").data)
