"""The builder of learning paths in a real browser: by keyboard, by mouse, in every light, on a phone."""

from __future__ import annotations

import itertools
import re

import pytest

from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import make_user
from tests.test_learning import put
from tests.test_path_decisions import PINNED
from web.services import EXTENSION

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]


NUMBERS = itertools.count()


@pytest.fixture
def trainer(live):
    """Somebody new each time: what others typed is theirs."""
    return make_user(live.app, f"theo{next(NUMBERS)}", "trainer")


@pytest.fixture
def builder(page, live, trainer):
    """The form of a path with two stages and three steps, put in by searching."""
    live.sign_in(page, trainer)
    page.set_viewport_size({"width": 1280, "height": 3000})
    page.goto(f"{live.url}/entries/P-0001/edit")
    page.locator("#rich-bar").wait_for()
    page.locator("[data-rich=field-body]").wait_for()
    return page


STEPS = """[...document.querySelectorAll('.build-steps')].map(
    (list) => [...list.querySelectorAll('[name$=".entry"]')].map((each) => each.value))"""


def steps(page) -> list[list[str]]:
    return page.evaluate(STEPS)


def wait_for_steps(page, wanted):
    page.wait_for_function(f"wanted => JSON.stringify({STEPS}) === JSON.stringify(wanted)", arg=wanted)
    page.wait_for_function("!document.querySelector('#builder[aria-busy]')")


def drag(page, step, before):
    """Takes a step by its handle and lets it go over the upper edge of another."""
    handle = page.locator(f"[data-step='{step}'] .drag").bounding_box()
    goal = page.locator(f"[data-step='{before}']").bounding_box()
    page.mouse.move(handle["x"] + 12, handle["y"] + 12)
    page.mouse.down()
    page.mouse.move(handle["x"] + 22, handle["y"] + 2, steps=5)
    page.mouse.move(goal["x"] + 60, goal["y"] + 5, steps=5)
    page.mouse.up()


def test_steps_are_moved_by_keyboard_and_by_dragging(builder):
    assert steps(builder) == [["L-0001", "M-0001"], ["T-0001", "M-0099"]]
    builder.locator("#down-stages-1-steps-1").focus()
    builder.keyboard.press("Enter")
    wait_for_steps(builder, [["M-0001", "L-0001"], ["T-0001", "M-0099"]])
    assert builder.evaluate("document.activeElement.id") == "down-stages-1-steps-2"
    assert builder.locator("#status").text_content() == "Now step 2 of 2 in stage 1."
    builder.keyboard.press("Enter")
    wait_for_steps(builder, [["M-0001"], ["L-0001", "T-0001", "M-0099"]])
    assert builder.evaluate("document.activeElement.id") == "down-stages-2-steps-1"
    drag(builder, "stages.2.steps.2", "stages.1.steps.1")
    wait_for_steps(builder, [["T-0001", "M-0001"], ["L-0001", "M-0099"]])
    builder.get_by_text(re.compile("^Kept ")).wait_for()
    builder.get_by_role("button", name="Save the draft").last.click()
    builder.get_by_text("The draft is saved.").wait_for()
    assert steps(builder) == [["T-0001", "M-0001"], ["L-0001", "M-0099"]]


def test_material_is_found_and_added_without_leaving_the_page(page, live, trainer):
    live.sign_in(page, trainer)
    page.goto(f"{live.url}/entries/new/path")
    page.get_by_role("button", name="Add a stage").press("Enter")
    title = page.get_by_label("Title of the stage")
    title.wait_for()
    assert page.evaluate("document.activeElement.name") == "f.stages.1.title"
    title.fill("Understand")
    page.get_by_label("Find material to add").fill("rehearse the cut-over")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Found for").wait_for()
    check_accessibility(page)
    page.get_by_role("button", name="Add Rehearse the cut-over").press("Enter")
    wait_for_steps(page, [["L-0001"]])
    assert page.evaluate("document.activeElement.id") == "find"
    assert page.get_by_label("Title of the stage").input_value() == "Understand"
    page.get_by_text("In stage 1, step 1").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_decisions_about_steps_are_accessible_and_taken_on_a_phone(page, live, trainer, scheme):
    database, path = live.app.extensions[EXTENSION].database, f"P-07{scheme == 'dark':02d}"
    put(database, PINNED | {"id": path, "title": f"Kept {scheme}"})
    live.sign_in(page, trainer)
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live.url}/teaching")
    check_accessibility(page)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name=f"Adopt revision 2 for step L-0002 of {path}").press("Enter")
    page.get_by_text("The newer revision is adopted").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("link", name="look it over and submit it").click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="As a learner").click()
    page.get_by_role("dialog").get_by_role("heading", name=f"Kept {scheme}").wait_for()
    check_accessibility(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_builder_is_accessible_in_every_light_and_on_a_phone(builder, scheme):
    builder.emulate_media(color_scheme=scheme)
    builder.reload()
    builder.locator("#rich-bar").wait_for()
    check_accessibility(builder)
    builder.set_viewport_size({"width": 360, "height": 740})
    assert builder.evaluate("document.documentElement.scrollWidth") <= 360
