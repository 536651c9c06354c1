"""Two people at one entry in a real browser: told of each other, both texts put together; a pair decided."""

from __future__ import annotations

import re

import pytest

from kb.content import make_content
from kb.desk import writing
from kb.duplicates.listing import Found, replace_pairs
from kb.editing import find_entry
from kb.people.audit import Origin
from tests.conforming import WHOLE
from tests.fixtures.people import make_user
from tests.test_browser_desk import checked, fill
from tests.test_overtaken import published
from web.services import EXTENSION

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]


@pytest.fixture(scope="module")
def people(live):
    roles = {"ulla": "contributor", "otis": "contributor", "cora": "curator"}
    return {name: make_user(live.app, name, role) for name, role in roles.items()}


@pytest.fixture
def pages(browser, live, people):
    opened = {}
    for name, person in people.items():
        opened[name] = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        live.sign_in(opened[name], person)
    yield opened
    for page in opened.values():
        page.context.close()


def test_two_people_change_one_lesson(live, people, pages):
    ulla, otis, cora = (pages[name] for name in ("ulla", "otis", "cora"))
    ref = published(live.app, people["ulla"], people["cora"], WHOLE | {"title": "Pour concrete in spring"})
    for page in (ulla, otis):
        page.goto(f"{live.url}/entries/{ref}/edit")
    fill(ulla, Title="Pour concrete in autumn", Recommendation="The site manager waits.")
    ulla.get_by_role("button", name="Submit for review").click()
    ulla.get_by_text("somebody else will review it").wait_for()
    fill(otis, Summary="Spring is wet.", Recommendation="The foreman waits.")
    otis.locator("#at-work").get_by_text("has a change in review").wait_for()
    otis.get_by_role("button", name="Submit for review").click()
    otis.get_by_text("somebody else will review it").wait_for()
    cora.goto(f"{live.url}/review/{ref}/2")
    checked(cora)
    cora.get_by_role("button", name="Publish").click()
    cora.get_by_role("status").filter(has_text="It is published.").wait_for()
    otis.goto(f"{live.url}/notices")
    otis.get_by_role("link", name="Pour concrete in").first.click()
    otis.get_by_text("was published since this was begun").wait_for()
    checked(otis)
    otis.get_by_role("button", name="Save the draft").last.click()
    otis.get_by_text("changed this entry while you did").wait_for()
    assert otis.locator("#field-title").input_value() == "Pour concrete in autumn"
    otis.get_by_text("Only they changed it: the form holds theirs.").wait_for()
    otis.get_by_role("button", name="Submit for review").click()
    otis.get_by_text("somebody else will review it").wait_for()
    cora.goto(otis.url)
    cora.get_by_role("button", name="Publish").click()
    cora.get_by_role("status").filter(has_text="It is published.").wait_for()
    otis.goto(f"{live.url}/entries/{ref}")
    for words in ("Pour concrete in autumn", "Spring is wet.", "The foreman waits."):
        otis.get_by_text(words).first.wait_for()


def test_a_pair_is_merged_and_the_merge_undone(live, people, pages):
    page = pages["cora"]
    texts = (WHOLE | {"title": "Test the siren"}, WHOLE | {"title": "Test the siren again"})
    refs = [published(live.app, people["ulla"], people["cora"], text) for text in texts]
    with live.app.extensions[EXTENSION].database.write_aside() as session:
        ids = [find_entry(session, ref).id for ref in refs]
        replace_pairs(session, [Found(*ids, 0.99, 0.9, 0.97)])
    page.goto(f"{live.url}/duplicates")
    checked(page)
    page.get_by_role("link", name=re.compile("^Compare")).click()
    page.get_by_text("The same in both").wait_for()
    checked(page)
    page.get_by_role("button", name=f"{refs[1]} is a recurrence of {refs[0]}").click()
    page.get_by_text("Merged: the one says that it happened again").wait_for()
    checked(page)
    page.goto(f"{live.url}/entries/{refs[0]}")
    page.get_by_role("link", name="When, where, at what cost").click()
    page.get_by_role("heading", name="Learned 2 times").wait_for()
    checked(page)
    page.goto(f"{live.url}/duplicates")
    page.get_by_role("button", name=re.compile("^Undo")).first.click()
    page.get_by_text("Taken back").wait_for()
    page.get_by_role("link", name=re.compile("^Compare")).wait_for()


def test_a_draft_is_discarded_on_its_page(live, people, pages):
    page, ulla = pages["ulla"], people["ulla"]
    database = live.app.extensions[EXTENSION].database
    content = make_content("lesson", {"title": "Never mind"})
    ref = writing.create(database, Origin(ulla), "lesson", content).ref
    page.goto(f"{live.url}/review/{ref}/1")
    page.get_by_text("Discard", exact=True).click()
    checked(page)
    page.get_by_text("Discard", exact=True).click()
    page.get_by_role("button", name="Discard it for good").click()
    page.get_by_text("The draft is discarded.").wait_for()
    assert "Never mind" not in page.content()
