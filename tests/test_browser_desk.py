"""The desk in a real browser: a lesson from its first word to being found, and what may go wrong."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from kb.model import Revision
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import make_user
from web.services import EXTENSION

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]


@pytest.fixture(scope="module")
def people(live):
    return {
        name: make_user(live.app, name, role)
        for name, role in (("wanda", "contributor"), ("carla", "curator"))
    }


@pytest.fixture
def writer(page, live, people):
    live.sign_in(page, people["wanda"])
    return page


def checked(page):
    """Accessible in both schemes and on a phone, and no wider than it."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.reload()
        check_accessibility(page)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    check_accessibility(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def fill(page, **fields):
    page.locator("#field-title").wait_for()
    if page.locator("html.js #rich-bar").count():
        page.locator("#rich-bar").wait_for()
    for label, words in fields.items():
        page.get_by_label(re.compile(f"^{label.replace('_', ' ')}")).locator("visible=true").first.fill(words)


def typed(page, name):
    """The Markdown in a text's field."""
    return page.locator(f"#field-{name}").input_value()


def test_a_lesson_is_written_sent_back_mended_published_and_found(browser, live, people):
    wanda, carla = (browser.new_context(viewport={"width": 1280, "height": 900}).new_page() for _ in range(2))
    live.sign_in(wanda, people["wanda"])
    live.sign_in(carla, people["carla"])
    wanda.goto(live.url)
    wanda.get_by_role("link", name="Write").click()
    wanda.get_by_role("link", name="Lesson").click()
    fill(wanda, Title="Book the crane before the permit", Summary="Cranes are scarce.",
         What_happened="We waited six weeks.", What_we_learned="Cranes are booked months ahead.",
         Recommendation="The site manager books it.", It_holds_when="Any lift above 50 t.")  # fmt: skip
    wanda.get_by_text("More about it").click()
    wanda.get_by_role("button", name="Add to Root causes").click()
    wanda.get_by_label("Cause", exact=True).select_option("planning")
    wanda.get_by_label("In words").fill("Nobody asked the hire firm")
    wanda.get_by_text(re.compile("^Kept .* not saved as a draft yet")).wait_for()
    checked(wanda)
    assert wanda.get_by_label("In words").input_value() == "Nobody asked the hire firm", "it came back"
    wanda.get_by_role("button", name="Preview").click()
    wanda.get_by_role("dialog", name="Preview").get_by_text("Cranes are booked months ahead.").wait_for()
    check_accessibility(wanda)
    wanda.keyboard.press("Escape")
    wanda.keyboard.press("Control+s")
    wanda.get_by_text("The draft is saved.").wait_for()
    wanda.wait_for_load_state("load")  # the keys are the script's
    wanda.keyboard.press("Control+Enter")
    wanda.get_by_text("somebody else will review it").wait_for()

    carla.goto(live.url)
    carla.get_by_role("link", name="Curate").click()
    checked(carla)
    carla.get_by_role("link", name="Book the crane").click()
    checked(carla)
    carla.get_by_label("Or say why not").fill("When does the manager book it?")
    carla.get_by_role("button", name="Ask for changes").click()
    carla.get_by_text("It went back to its author.").wait_for()

    wanda.goto(f"{live.url}/drafts")
    checked(wanda)
    wanda.get_by_role("link", name="Edit").click()
    wanda.get_by_text("When does the manager book it?").wait_for()
    fill(wanda, Recommendation="The site manager books it twelve weeks before the lift.")
    wanda.get_by_role("button", name="Submit for review").click()
    wanda.get_by_text("somebody else will review it").wait_for()
    address = wanda.url.partition("?")[0]

    carla.goto(address)
    carla.get_by_text("twelve weeks before the lift").first.wait_for()
    carla.get_by_role("link", name="side by side").click()
    checked(carla)
    carla.get_by_role("button", name="Publish").click()
    carla.get_by_role("status").filter(has_text="It is published.").wait_for()
    checked(carla)

    reader = browser.new_context().new_page()
    reader.goto(f"{live.url}/search?q=crane")
    reader.get_by_role("link", name="Book the crane before the permit").first.click()
    reader.get_by_text("twelve weeks before the lift").wait_for()
    for each in (wanda, carla, reader):
        each.context.close()


def test_pages_of_the_desk_are_accessible(browser, live, people):
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    live.sign_in(page, people["carla"])
    for address in ("/entries/new", "/entries/new/path", "/entries/P-0001/edit", "/review/due",
                    "/entries/L-0002/compare?look=beside"):  # fmt: skip
        page.goto(live.url + address)
        checked(page)
    page.context.close()


def test_rows_are_added_and_removed_by_keyboard(writer, live):
    writer.goto(f"{live.url}/entries/new/lesson")
    writer.get_by_text("More about it").click()
    adds = writer.get_by_role("button", name="Add to Root causes")
    adds.press("Enter")
    adds.press("Enter")
    assert writer.evaluate("document.activeElement.name") == "f.causes.2.code"
    writer.locator("[name='f.causes.2.code']").select_option("supplier")
    writer.locator("[name='f.causes.2.words']").fill("none asked")
    writer.get_by_role("button", name="Remove this one of Root causes").first.click()
    fill(writer, Title="Order cable early")
    writer.get_by_role("button", name="Save the draft").last.click()
    writer.get_by_text("The draft is saved.").wait_for()
    assert writer.locator("[name='f.causes.1.words']").input_value() == "none asked"


def test_steps_are_named_by_their_ids_by_keyboard(writer, live):
    writer.goto(f"{live.url}/entries/new/path")
    writer.get_by_role("button", name="Add a stage").press("Enter")
    writer.get_by_label("Title of the stage").fill("First")
    writer.get_by_role("button", name="Add a step by its id").focus()
    writer.keyboard.press("Enter")
    writer.get_by_label("Entry", exact=True).wait_for()
    assert writer.evaluate("document.activeElement.name") == "f.stages.1.steps.1.entry"
    writer.keyboard.type("L-0001")
    fill(writer, Title="A path")
    writer.get_by_role("button", name="Save the draft").last.click()
    writer.get_by_text("The draft is saved.").wait_for()
    writer.get_by_role("link", name="Rehearse the cut-over").first.wait_for()


def test_links_to_entries_are_completed(writer, live):
    writer.goto(f"{live.url}/entries/new/lesson")
    writer.locator("#rich-bar").wait_for()
    box = writer.locator("[data-rich=field-happened]")
    box.press_sequentially("As in [[rehearse")
    option = writer.get_by_role("option", name=re.compile("L-0001"))
    option.wait_for()
    check_accessibility(writer)
    box.press("Enter")
    assert typed(writer, "happened") == "As in [[L-0001]]"
    box.press_sequentially(" and @freeze")
    writer.get_by_role("option", name=re.compile("L-0002")).click()
    assert typed(writer, "happened") == "As in [[L-0001]] and [[L-0002]]"
    writer.get_by_text(re.compile("^Kept ")).wait_for()


def test_a_stale_save_shows_both_texts_in_the_browser(writer, live, people):
    writer.goto(f"{live.url}/entries/L-0001/edit")
    other = writer.context.new_page()
    other.goto(f"{live.url}/entries/L-0001/edit")
    fill(other, Recommendation="The other window was first.")
    other.keyboard.press("Control+s")
    other.get_by_text("The draft is saved.").wait_for()
    fill(writer, Recommendation="This window came second.")
    writer.keyboard.press("Control+s")
    writer.get_by_text("changed this entry while you did").wait_for()
    writer.wait_for_load_state("load")
    assert typed(writer, "recommendation") == "This window came second."
    check_accessibility(writer)
    writer.keyboard.press("Control+s")
    writer.get_by_text("The draft is saved.").wait_for()


def test_without_scripts_a_lesson_is_written_and_submitted(browser, live, people):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    live.sign_in(page, people["wanda"])
    page.goto(f"{live.url}/entries/new/lesson")
    fill(page, Title="Written without scripts", Summary="s", What_happened="h", What_we_learned="l",
         Recommendation="r", It_holds_when="w")  # fmt: skip
    page.get_by_text("More about it").click()
    page.get_by_role("button", name="Add to Root causes").click()
    page.get_by_label("Cause", exact=True).select_option("planning")
    page.get_by_label("In words").fill("cause")
    page.get_by_role("button", name="Preview").click()
    page.get_by_label("Preview").get_by_text("Written without scripts").wait_for()
    page.get_by_role("button", name="Submit for review").click()
    page.get_by_text("somebody else will review it").wait_for()
    with live.app.extensions[EXTENSION].database.read() as session:
        written = select(Revision.state).where(Revision.title == "Written without scripts")
        assert session.scalars(written).all() == ["submitted"]
    context.close()


def test_what_was_known_only_afterwards_is_ticked_as_attributes_are_typed(writer, live):
    writer.goto(f"{live.url}/entries/new/project")
    fill(writer, Title="Depot roof")
    writer.get_by_text("More about it").click()
    late = writer.get_by_role("group", name="Known only afterwards")
    assert late.get_by_role("checkbox").count() == 5, "the fields that every project may have"
    writer.get_by_label("Further attributes").fill("sites: 3\ndefects found: 7")
    late.get_by_label("defects found").check()
    late.get_by_label("Size", exact=True).check()
    writer.get_by_text(re.compile("^Kept .* not saved as a draft yet")).wait_for()
    checked(writer)
    writer.get_by_label("Further attributes").fill("sites: 3\ndefects: 7")
    late.get_by_label("defects", exact=True).wait_for()
    assert late.get_by_label("defects found").is_checked(), "a tick outlives its line"
    writer.keyboard.press("Control+s")
    writer.get_by_text("Nothing was saved.").wait_for()
    writer.get_by_role("link", name="Known only afterwards").click()
    writer.get_by_text("did you mean defects?").last.wait_for()
    checked(writer)
    late.get_by_label("defects found").uncheck()
    late.get_by_label("defects", exact=True).check()
    writer.get_by_role("button", name="Save the draft").last.click()
    writer.get_by_text("The draft is saved.").wait_for()
    assert late.get_by_role("checkbox", checked=True).evaluate_all("all => all.map(each => each.value)") == [
        "size", "defects",
    ]  # fmt: skip


def test_without_scripts_the_attributes_are_offered_by_a_button(browser, live, people):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    live.sign_in(page, people["carla"])
    page.goto(f"{live.url}/entries/new/project")
    fill(page, Title="Depot floor")
    page.get_by_text("More about it").click()
    page.get_by_label("Further attributes").fill("sites: 3\ndefects found: 7")
    page.get_by_role("button", name="Offer the further attributes too").click()
    assert page.url.endswith("#field-known_after"), "it goes on where one was"
    page.get_by_label("defects found").check()
    page.get_by_role("button", name="Save the draft").last.click()
    page.get_by_text("The draft is saved.").wait_for()
    assert page.get_by_label("defects found").is_checked()
    context.close()


def test_a_title_is_enough_to_hear_of_its_like(writer, live, monkeypatch):
    monkeypatch.setattr("search.alike.ALIKE_BY_TITLE", 0.4)  # the encoder of the tests knows no meaning
    writer.goto(f"{live.url}/entries/new/lesson")
    fill(writer, Title="Rehearse the cut-over twice")
    advice = writer.get_by_role("complementary", name="Advice")
    advice.get_by_text(re.compile("It looks like (this|these) lesson")).wait_for()
    assert advice.get_by_text("Applies to").count() == 0, "there is nothing yet that could apply"
    check_accessibility(writer)
    advice.get_by_role("button", name="The same happened again as L-0001").click()
    writer.locator("[name='f.links.1.to'][value='L-0001']").wait_for(state="attached")
