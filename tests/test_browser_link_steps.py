"""A path with a link in a real browser: a trainer builds it, a learner takes it to the certificate."""

from __future__ import annotations

import itertools

import pytest

from kb.desk import reviewing
from kb.people.audit import Origin
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import make_user
from tests.test_browser_builder import drag, wait_for_steps
from tests.test_browser_learning import check_in_every_light
from tests.test_learning import put
from tests.test_link_steps import ADDRESS, LINK, STEP, checked
from web.services import EXTENSION

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]
NUMBERS = itertools.count()
ROWS = """[...document.querySelectorAll('.build-steps')].map((list) =>
    [...list.querySelectorAll('[name$=".entry"], [name$=".link"]')].map((each) => each.value))"""


@pytest.fixture
def person(live):
    """Makes somebody new: what others typed and took is theirs."""
    return lambda name, *roles: make_user(live.app, f"{name}{next(NUMBERS)}", *roles)


def wait_for_rows(page, wanted):
    page.wait_for_function(f"wanted => JSON.stringify({ROWS}) === JSON.stringify(wanted)", arg=wanted)
    page.wait_for_function("!document.querySelector('#builder[aria-busy]')")


def test_a_trainer_builds_a_path_with_a_link_that_a_learner_takes_to_the_certificate(
    browser, page, live, person
):
    trainer, curator = person("theo", "trainer"), person("cleo", "curator")
    live.sign_in(page, trainer)
    page.set_viewport_size({"width": 1280, "height": 2400})
    page.goto(f"{live.url}/entries/new/path")
    page.locator("#rich-bar").wait_for()
    page.locator("[name='f.title']").fill("By the book")
    page.locator("[name='f.audience']").fill("Managers")
    page.evaluate(
        """() => { for (const [name, text] of [["f.summary", "In short."], ["f.goal", "By the standard."]])
            document.querySelector(`[name="${name}"]`).value = text; }"""
    )
    page.get_by_label("Find material to add").fill("L-0001")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add Rehearse the cut-over").press("Enter")
    wait_for_steps(page, [["L-0001"]])
    page.get_by_label("Its address").fill("www.example.org")
    page.get_by_label("Its title").fill(STEP["title"])
    page.keyboard.press("Enter")
    page.get_by_text("Its address must begin with https:// or http://.").wait_for()
    assert page.evaluate("document.activeElement.name") == "link_address"
    check_accessibility(page)
    page.get_by_label("Its address").fill(ADDRESS)
    page.keyboard.press("Enter")
    wait_for_rows(page, [["L-0001", ADDRESS]])
    assert page.evaluate("document.activeElement.name") == "link_address"
    page.locator("[name='f.stages.1.steps.2.minutes']").fill("30")
    page.locator("[name='f.stages.1.steps.2.note']").fill("Read chapter 4.")
    drag(page, "stages.1.steps.2", "stages.1.steps.1")
    wait_for_rows(page, [[ADDRESS, "L-0001"]])
    page.locator("#down-stages-1-steps-1").press("Enter")
    wait_for_rows(page, [["L-0001", ADDRESS]])
    assert page.evaluate("document.activeElement.id") == "up-stages-1-steps-2"
    page.get_by_role("button", name="As a learner").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("link", name=f"{STEP['title']} (opens in a new tab)").wait_for()
    page.get_by_role("button", name="Close the preview").click()
    page.get_by_role("button", name="Submit for review").click()
    page.wait_for_url("**/review/**")
    ref, number = page.url.partition("?")[0].split("/")[-2:]
    reviewing.publish(live.app.extensions[EXTENSION].database, Origin(curator), ref, int(number))
    take(browser, live, person("lena"), ref)


def take(browser, live, learner, ref):
    """Enrols, reads the lesson, follows the link, says so, and asks for the certificate."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    context.route("https://www.example.org/**", lambda route: route.fulfill(body="The standard"))
    page = context.new_page()
    live.sign_in(page, learner)
    page.goto(f"{live.url}/learning/{ref}")
    page.get_by_role("button", name="Take this path").press("Enter")
    page.get_by_role("link", name="Begin: Rehearse the cut-over").press("Enter")
    page.get_by_role("button", name="Done, go on").press("Enter")
    page.get_by_role("heading", name=STEP["title"]).wait_for()
    assert page.get_by_text("Read chapter 4.").is_visible()
    assert page.get_by_text("30 min").is_visible()
    link = page.get_by_role("link", name="Open www.example.org (opens in a new tab)")
    assert link.get_attribute("rel") == "noopener noreferrer"
    assert link.get_attribute("target") == "_blank"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    check_accessibility(page)
    with page.expect_popup() as opened:
        link.press("Enter")
    opened.value.get_by_text("The standard").wait_for()
    assert opened.value.evaluate("[window.opener, document.referrer]") == [None, ""]
    opened.value.close()
    page.get_by_role("button", name="Done, go on").press("Enter")
    page.get_by_text("You have completed this path.").wait_for()
    page.get_by_role("button", name="Get the certificate").press("Enter")
    page.get_by_text("Issued here, and valid").wait_for()
    context.close()


PATH = {
    "kind": "path", "summary": "In short.", "audience": "Managers", "goal": "Work by the standard.",
    "stages": [{"title": "Read", "steps": [STEP, {"entry": "L-0001"}]}],
}  # fmt: skip


def test_a_link_is_taken_without_scripts(browser, live, person):
    put(live.app.extensions[EXTENSION].database, PATH | {"id": "P-0301", "title": "Without scripts"})
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    live.sign_in(page, person("nora"))
    page.goto(f"{live.url}/learning/P-0301")
    page.get_by_role("button", name="Take this path").press("Enter")
    page.get_by_role("link", name=f"Begin: {STEP['title']}").press("Enter")
    page.get_by_label("Your notes on this step").fill("Ask for a copy.")
    page.get_by_role("button", name="Done, go on").press("Enter")
    page.get_by_role("heading", name="Rehearse the cut-over").wait_for()
    page.goto(f"{live.url}/learning/P-0301/{LINK}")
    assert page.get_by_label("Your notes on this step").input_value() == "Ask for a copy."
    context.close()


def test_a_link_is_added_without_scripts(browser, live, person):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    live.sign_in(page, person("theo", "trainer"))
    page.goto(f"{live.url}/entries/new/path")
    page.get_by_label("Its address").fill(ADDRESS)
    page.get_by_label("Its title").fill("The standard")
    page.keyboard.press("Enter")
    page.get_by_text("Added as step 1 of stage 1.").wait_for()
    assert page.locator("[name='f.stages.1.steps.1.link']").input_value() == ADDRESS
    assert page.get_by_label("Its address").input_value() == ""
    context.close()


@pytest.mark.parametrize("place", ["learning/{path}/{link}", "learning/{path}", "entries/{path}"])
def test_pages_with_a_link_are_accessible_light_dark_and_on_a_phone(page, live, person, place):
    path = f"P-031{next(NUMBERS) % 10}"
    put(live.app.extensions[EXTENSION].database, PATH | {"id": path, "title": "Accessible"})
    live.sign_in(page, person("lena"))
    page.goto(f"{live.url}/learning/{path}")
    page.get_by_role("button", name="Take this path").click()
    check_in_every_light(page, f"{live.url}/{place.format(path=path, link=LINK)}")


@pytest.mark.parametrize("place", ["entries/P-0320/edit", "teaching", "teaching/paths/P-0320"])
def test_trainers_pages_with_a_link_are_accessible_light_dark_and_on_a_phone(page, live, person, place):
    database = live.app.extensions[EXTENSION].database
    put(database, PATH | {"id": "P-0320", "title": "A broken link"})
    checked(database, is_reached=False)
    live.sign_in(page, person("lena"))
    page.goto(f"{live.url}/learning/P-0320")
    page.get_by_role("button", name="Take this path").click()
    page.context.clear_cookies()
    live.sign_in(page, person("theo", "trainer"))
    check_in_every_light(page, f"{live.url}/{place}")
