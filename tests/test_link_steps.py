"""Steps of learning paths that are links: what they may be, and how they are taken, checked and told of."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from indexer.documents import make_document
from kb.content import make_content, references, to_json
from kb.desk.differences import differences
from kb.desk.lines import start_of_edit
from kb.errors import InvalidRecord, NotAllowed
from kb.formats.cells import column_order, flatten, shape_of
from kb.learning import badges, enrolling, keeping, progress, stepping
from kb.learning.coverage import coverage
from kb.learning.deciding import Decision, decide
from kb.learning.packaging import make_package
from kb.learning.path_reading import read_path
from kb.learning.path_text import path_text
from kb.learning.signing import Signer
from kb.learning.step_links import StepLink, keep_checks
from kb.people.clock import now
from kb.people.reader import reader_of
from kb.reading import ANONYMOUS, OPERATOR, get_entry
from kb.rendering import Renderer
from kb.statements.model import Statement
from kb.steps import EntryStep, LinkStep, link_id
from kb.text import MAX_ADDRESS
from kb.visibility import set_visibility
from tests.cmi5_rules import check_package, named
from tests.fakes_web import fill
from tests.test_learning import course_of, do, origin_of, put
from tests.test_statements import BASE, settings
from web.cli import precedent
from web.record_store import tell_due

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people", "tests.fixtures.record_store"]
__all__ = ["settings"]
ADDRESS = "https://www.example.org/standards/21502?edition=1#scope"
STEP = {"link": ADDRESS, "title": "What the [standard] says", "minutes": 30, "note": "Read chapter 4."}
LINK = link_id(ADDRESS)
STAGES = [
    {"title": "Read", "steps": [{"entry": "L-0001", "minutes": 10}, STEP, {"entry": "L-0002"}]},
    {"title": "More", "ordered": False, "steps": [
        {"link": "https://films.example.org/(1)", "title": "A film", "required": False,
         "completion": "NotApplicable"}]},
]  # fmt: skip
PATH = {
    "id": "P-0041", "kind": "path", "title": "By the book", "summary": "In short.", "audience": "Managers",
    "goal": "Work by the standard.", "stages": STAGES,
}  # fmt: skip


def content_with(*steps):
    return make_content("path", {"title": "A path", "stages": [{"title": "All", "steps": list(steps)}]})


def fault_of(step) -> str:
    with pytest.raises(InvalidRecord) as refused:
        content_with({"entry": "L-0001"}, step)
    (problem,) = refused.value.problems
    return str(problem)


# What a step may be.


def test_a_step_is_an_entry_or_a_link():
    content = content_with({"entry": "L-0001", "revision": 2}, STEP)
    entry, link = content.steps
    assert isinstance(entry, EntryStep)
    assert isinstance(link, LinkStep)
    assert (entry.id, link.id, link.host) == ("L-0001", LINK, "www.example.org")
    assert len(LINK) <= 12  # what tables of learning hold
    assert to_json(content)["stages"][0]["steps"] == [{"entry": "L-0001", "revision": 2}, STEP]
    assert [each.to for each in references(content)] == ["L-0001"]
    assert link_id(ADDRESS) != link_id(f"{ADDRESS}x")


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("ftp://example.org/x", "must begin with https:// or http://"),
        ("javascript:alert(1)", "must begin with https:// or http://"),
        ("www.example.org", "must begin with https:// or http://"),
        ("https://anna:secret@example.org/", "holds a name or password before the @"),
        ("https://anna@example.org", "holds a name or password before the @"),
        ("https://", "names no host"),
        ("https:///etc/passwd", "names no host"),
        ("https://[::1]/", "names no host"),
        ("https://good.example\\@evil.example/", "holds '\\\\', which an address may not"),
        ("https://exämple.org/", "holds 'ä', which an address may not"),
        ("https://example.org/a b", "holds ' ', which an address may not"),
        ('https://example.org/"><script>', "holds '\"', which an address may not"),
        (
            f"https://example.org/{'x' * MAX_ADDRESS}",
            f"is too long: it has {MAX_ADDRESS + 20:}, at most 2000",
        ),
    ],
)
def test_addresses_that_lead_nowhere_or_elsewhere_than_they_say_are_refused_by_their_step(address, fault):
    said = fault_of({"link": address, "title": "A"})
    assert said.startswith("stages.1.steps.2.link: ")
    assert fault in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("step", "said"),
    [
        *(({"link": ADDRESS, "title": "A", "completion": rule},
           "stages.1.steps.2.completion: must be Completed or NotApplicable: nothing is scored behind a link")
          for rule in ("Passed", "CompletedAndPassed", "CompletedOrPassed")),
        ({"link": ADDRESS, "title": "A", "completion": "Done"}, "must be one of 'Completed' or 'NotAppl"),
        ({"link": ADDRESS, "title": " "}, "stages.1.steps.2.title: must not be empty"),
        ({"link": ADDRESS}, "stages.1.steps.2.title: is required"),
        ({"title": "A"}, "stages.1.steps.2.link: is required"),
        ({"minutes": 3}, "stages.1.steps.2.entry: is required"),
        ({"link": ADDRESS, "title": "A", "minuts": 3}, "steps.2.minuts: is not a known field; did you mean"),
        ({"link": ADDRESS, "title": "A", "variant link": 3}, "steps.2.variant link: is not a known field"),
        ({"link": ADDRESS, "title": "A", "entry": "L-0001"}, "stages.1.steps.2: names an entry and a link"),
        ({"link": ADDRESS, "title": "A", "revision": 1}, "stages.1.steps.2: pins a revision, and a link has"),
        ("https://www.example.org", "stages.1.steps.2: must be a group of named values"),
    ],
)  # fmt: skip
def test_what_a_link_cannot_be_is_said_in_words_that_name_the_field(step, said):
    assert said in fault_of(step)


@given(st.text(max_size=40), st.sampled_from(["https://", "http://", "https://a.example/", ""]))
def test_whatever_is_typed_the_host_that_is_shown_is_where_browsers_go(text, start):
    try:
        step = content_with({"link": start + text, "title": "A"}).link_steps[0]
    except InvalidRecord:
        return
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*(:[0-9]{1,5})?", step.host)
    assert step.link.partition("://")[2].startswith(step.host)


# Taking it.


@pytest.fixture
def school(database):
    fill(database)
    put(database, PATH)
    return database


def test_a_learner_goes_through_a_link_to_the_badge(school, tmp_path):
    anna = origin_of(school, "anna")
    reader = reader_of(anna.person)
    enrolling.enrol(school, anna, "P-0041", reader)
    walk = course_of(school, anna, "P-0041").walk
    assert [(each.step.id, each.state) for each in walk.places][:3] == [
        ("L-0001", "open"), (LINK, "locked"), ("L-0002", "locked"),
    ]  # fmt: skip
    assert (walk.total, walk.minutes_left) == (3, 40)
    with pytest.raises(NotAllowed, match="comes later"):
        do(school, anna, LINK, "P-0041")
    do(school, anna, "L-0001", "P-0041")
    course = course_of(school, anna, "P-0041")
    assert (course.walk.next.step.id, course.walk.next.title) == (LINK, STEP["title"])
    assert not do(school, anna, LINK, "P-0041")
    stepping.note_step(school, anna, "P-0041", LINK, reader, "Chapter 5 too.")
    place = course_of(school, anna, "P-0041").walk.find(LINK)
    assert (place.state, place.mark.note, place.mark.revision) == ("done", "Chapter 5 too.", None)
    assert (place.changed_since, course_of(school, anna, "P-0041").walk.minutes_left) == (None, 0)
    enrolling.leave(school, anna, "P-0041")
    enrolling.enrol(school, anna, "P-0041", reader)
    assert course_of(school, anna, "P-0041").walk.next.step.id == "L-0002"
    assert do(school, anna, "L-0002", "P-0041")
    assert course_of(school, anna, "P-0041").walk.is_complete
    assert badges.issue(school, anna, "P-0041", reader, Signer(tmp_path, BASE))


def test_what_was_done_counts_wherever_a_later_revision_puts_the_link(school):
    anna = origin_of(school, "anna")
    enrolling.enrol(school, anna, "P-0041", reader_of(anna.person))
    do(school, anna, "L-0001", "P-0041")
    do(school, anna, LINK, "P-0041")
    put(school, PATH | {"stages": [{"title": "All", "steps": [STEP | {"title": "Under a new name"},
                                                               {"entry": "L-0002"}]}]})  # fmt: skip
    enrolling.move(school, anna, "P-0041", reader_of(anna.person))
    course = course_of(school, anna, "P-0041")
    assert [(each.title, each.state) for each in course.walk.places] == [
        ("Under a new name", "done"), ("Freeze changes around the close", "open"),
    ]  # fmt: skip


# Keeping it alive.


def worn(database, by) -> dict[str, keeping.Worn]:
    with database.read() as session:
        found = keeping.worn_steps(session, by.person, reader_of(by.person))
    return {each.step: each for each in found if each.path == "P-0041"}


def checked(database, *, is_reached) -> None:
    link = StepLink(LINK, STEP["title"], ADDRESS, is_reached, "It answers 404 Not Found.", now())
    with database.write_aside() as session:
        keep_checks(session, [link], "Tom")


def steps_of_draft(database, by):
    with database.read() as session:
        return start_of_edit(session, by.person, "P-0041").revision.content["stages"][0]["steps"]


def test_a_link_that_was_not_reached_is_the_trainers_to_decide_about(school):
    tom = origin_of(school, "tom", "trainer")
    assert LINK not in worn(school, tom)
    checked(school, is_reached=True)
    assert LINK not in worn(school, tom)
    checked(school, is_reached=False)
    found = worn(school, tom)[LINK]
    assert (found.why, found.title, found.address) == ("unreached", STEP["title"], ADDRESS)
    assert found.said == "It answers 404 Not Found."
    decide(school, tom, "P-0041", LINK, Decision(decision="keep"))
    assert LINK not in worn(school, tom)


def test_a_link_that_fails_again_is_asked_about_again(school, monkeypatch):
    tom = origin_of(school, "tom", "trainer")
    checked(school, is_reached=False)
    decide(school, tom, "P-0041", LINK, Decision(decision="keep"))
    late = now().replace(year=now().year + 1)
    monkeypatch.setattr("tests.test_link_steps.now", lambda: late)
    checked(school, is_reached=False)
    assert worn(school, tom)[LINK].checked_at == late


@pytest.mark.parametrize(
    ("by", "becomes"),
    [
        ("https://www.example.org/moved", STEP | {"link": "https://www.example.org/moved"}),
        ("T-0001", {"entry": "T-0001", "revision": 1, "minutes": 30, "note": "Read chapter 4."}),
    ],
)
def test_it_is_replaced_by_another_address_or_by_an_entry_in_a_draft(school, by, becomes):
    tom = origin_of(school, "tom", "trainer")
    checked(school, is_reached=False)
    done = decide(school, tom, "P-0041", LINK, Decision(decision="replace", by=by))
    assert steps_of_draft(school, tom)[1] == becomes
    assert worn(school, tom)[LINK].draft == done.draft


def test_replacements_that_cannot_be_say_why(school):
    tom = origin_of(school, "tom", "trainer")
    put(school, PATH | {"stages": [{"title": "All", "steps": [{"entry": "L-0002", "revision": 1}, STEP]}]})
    checked(school, is_reached=False)
    for step, said, kind, fault in [
        (LINK, {"decision": "replace"}, InvalidRecord, "or another address"),
        (LINK, {"decision": "replace", "by": "L-0002"}, InvalidRecord, "is a step of P-0041 already"),
        (LINK, {"decision": "replace", "by": ADDRESS}, InvalidRecord, "is a step of P-0041 already"),
        (LINK, {"decision": "adopt"}, NotAllowed, "no newer revision"),
        ("L-0002", {"decision": "replace", "by": ADDRESS}, InvalidRecord, "the place of a link only"),
    ]:
        with pytest.raises(kind, match=fault):
            decide(school, tom, "P-0041", step, Decision.model_validate(said))


def test_insight_names_links_by_their_address_in_pages_and_tables(school):
    anna, tom = origin_of(school, "anna"), origin_of(school, "tom", "trainer")
    reader = reader_of(anna.person)
    enrolling.enrol(school, anna, "P-0041", reader)
    do(school, anna, "L-0001", "P-0041")
    with school.read() as session:
        found = progress.progress(session, tom.person, reader_of(tom.person), "P-0041")
        lines = coverage(session, tom.person, reader_of(tom.person))
    line = next(each for each in found.steps if each.step == LINK)
    assert (line.title, line.address, line.counts, line.done, line.here) == (
        STEP["title"],
        ADDRESS,
        True,
        0,
        1,
    )
    assert lines  # a path with links is looked at as every other


# Telling it, taking it away.


def test_a_record_store_is_told_of_the_step_and_where_it_leads(school, settings, record_store):
    anna = origin_of(school, "anna")
    reader = reader_of(anna.person)
    enrolling.enrol(school, anna, "P-0041", reader)
    for step in ("L-0001", LINK):
        stepping.open_step(school, anna, "P-0041", step, reader)
        do(school, anna, step, "P-0041")
    tell_due(settings, school)
    assert record_store.broken == []
    objects = {each["object"]["id"]: each["object"] for each in record_store.kept.values()}
    assert objects[f"{BASE}/entries/P-0041#step-{LINK}"]["definition"] == {
        "type": "http://adlnet.gov/expapi/activities/link",
        "name": {"en": STEP["title"]},
        "moreInfo": ADDRESS,
    }
    with school.read() as session:
        assert set(session.scalars(select(Statement.step))) == {"", "L-0001", LINK}


def test_of_a_restricted_path_not_even_the_link_is_told(school, settings, record_store):
    anna = origin_of(school, "anna", "curator")
    with school.write() as session:
        set_visibility(session, "P-0041", "restricted", ["role:curator"])
    enrolling.enrol(school, anna, "P-0041", reader_of(anna.person))
    do(school, anna, "L-0001", "P-0041")
    do(school, anna, LINK, "P-0041")
    tell_due(settings, school)
    assert f"#step-{LINK}" in str(record_store.kept)
    assert "example.org/standards" not in str(record_store.kept)
    assert "standard]" not in str(record_store.kept)


def test_a_package_presents_the_link_on_a_page_that_completes(school):
    renderer = Renderer(school)
    made = make_package(school, renderer, "P-0041", OPERATOR, BASE)[1]
    renderer.close()
    root, files = check_package(made.data)
    assert (made.units, made.left_out) == (4, 0)
    units = {each.attrib["id"]: each for each in named(root, "au")}
    unit = units[f"{BASE}/entries/P-0041#step-{LINK}"]
    assert (unit.attrib["moveOn"], "masteryScore" in unit.attrib) == ("Completed", False)
    page = files[f"units/002-{LINK}.html"].decode()
    assert f'href="{ADDRESS}" target="_blank" rel="noopener noreferrer">Open www.example.org</a>' in page
    assert "in a new tab" in page
    assert 'id="done"' in page
    assert "Read chapter 4." in page


def test_markdown_says_a_link_as_markdown_does_and_is_read_again(school):
    content = make_content("path", {name: PATH[name] for name in PATH if name not in ("id", "kind")})
    text = path_text(content, {})
    assert f"2. [What the \\[standard\\] says]({ADDRESS})\n   - Minutes: 30\n" in text
    assert "1. [A film](<https://films.example.org/(1)>)\n   - Rule: NotApplicable\n   - Optional\n" in text
    assert to_json(read_path(text.encode()).content) == to_json(content)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1. [A](ftp://example.org)", "line 9: stages.1.steps.1.link must begin with https:// or http://"),
        ("1. [](https://example.org)", "line 9: stages.1.steps.1.title must not be empty"),
        (
            "1. [A](https://example.org)\n   - Rule: Passed",
            "stages.1.steps.1.completion must be Completed or",
        ),
        ("1. [A](https://example.org)\n   - Revision: 2", "line 9: stages.1.steps.1 pins a revision"),
        ("1. https://example.org", "is no step; one begins with its id, 1. [[L-0042]], or is a link"),
    ],
)
def test_links_that_a_file_says_wrongly_are_named_by_their_line(line, said):
    text = f"---\nkind: path\n---\n\n# A path\n\n## Stages\n### All\n{line}\n"
    with pytest.raises(InvalidRecord) as refused:
        read_path(text.encode())
    assert said in "; ".join(str(each) for each in refused.value.problems)


def test_files_that_people_write_may_have_parentheses_in_addresses():
    steps = "1. [B](https://example.org/b_(c))\n- [D]( <https://example.org/(d> )\n"
    text = f"# A\n\n## Stages\n\n### All\n\n{steps}"
    found = read_path(text.encode()).content
    assert [each.link for each in found.link_steps] == ["https://example.org/b_(c)", "https://example.org/(d"]


def test_two_revisions_are_compared_in_words():
    before = {"stages": [{"title": "All", "steps": [STEP]}]}
    after = {"stages": [{"title": "All", "steps": [STEP | {"link": "https://www.example.org/moved"}]}]}
    (found,) = differences(before, after)
    assert f"1.1 {STEP['title']}, a link to {ADDRESS}, required, Completed, 30 minutes" in found.old
    assert "a link to https://www.example.org/moved" in found.new


def test_tables_have_columns_for_links():
    cells = flatten(to_json(content_with({"entry": "L-0001"}, STEP)))
    assert cells["stages.1.steps.2.link"] == ADDRESS
    assert shape_of("path", "stages.1.steps.2.link") == "text"
    assert shape_of("path", "stages.1.steps.2.minutes") == "whole"
    assert shape_of("path", "stages.1.steps.2.address") is None
    ordered = sorted(cells, key=lambda name: column_order("path", name))
    assert ordered[-2:] == ["stages.1.steps.2.link", "stages.1.steps.2.title"]


def test_title_and_note_of_a_link_are_found_its_address_is_not(school):
    with school.read() as session:
        text = make_document(get_entry(session, "P-0041", ANONYMOUS), "1").text
    assert "What the [standard] says; Read chapter 4." in text
    assert "www.example.org" not in text


def test_documents_name_where_it_leads(school, monkeypatch, tmp_path):
    from docx import Document

    monkeypatch.setenv("PRECEDENT_DATABASE_URL", school.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    for name in ("path.md", "path.docx", "path.pdf"):
        place = tmp_path / name
        done = CliRunner().invoke(precedent, ["document", str(place), "P-0041"], catch_exceptions=False)
        assert done.exit_code == 0
    assert ADDRESS in (tmp_path / "path.md").read_text()
    parts = Document(tmp_path / "path.docx").part.rels.values()
    assert ADDRESS in {each.target_ref for each in parts if each.is_external}
    assert (tmp_path / "path.pdf").read_bytes().startswith(b"%PDF")
