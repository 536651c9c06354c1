"""Several entries at once, and one in the place of another, in a real browser."""

from __future__ import annotations

import os
import re

import pytest

from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import make_user, serving

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]
SHOTS = os.environ.get("TEST_SHOTS", "")
"""Where pictures of the pages go, when somebody wants to look at them."""


@pytest.fixture(scope="module")
def own_live(tmp_path_factory, sqlite_template):
    """Entries are archived here, which others look for."""
    with serving(tmp_path_factory.mktemp("bulk"), sqlite_template) as live:
        yield live


def looked_at(page, name: str) -> None:
    """Accessible, and no wider than a phone."""
    check_accessibility(page)
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}-phone.png", full_page=True)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 1280, "height": 900})
        page.screenshot(path=f"{SHOTS}/{name}-dark.png", full_page=True)
        page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_hits_are_archived_together_and_brought_back(page, own_live):
    own_live.sign_in(page, make_user(own_live.app, "carla", "curator"))
    page.goto(f"{own_live.url}/search?q=cut-over")
    page.get_by_text("Change several").click()
    page.get_by_label("Choose L-0001").check()
    page.get_by_role("button", name="Choose all").click()
    chosen = page.locator("input.pick:checked").count()
    assert chosen > 1
    looked_at(page, "results")
    page.get_by_label("With those chosen").select_option("archive")
    page.get_by_role("button", name="See what changes").click()
    page.get_by_role("button", name="Do it").wait_for()
    looked_at(page, "look")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="See what changes").wait_for()
    assert page.locator("input.pick:checked").count() == chosen
    assert page.get_by_label("With those chosen").input_value() == "archive"
    looked_at(page, "cancelled")
    page.get_by_role("button", name="See what changes").click()
    page.get_by_label("Why").fill("A test")
    page.get_by_role("button", name="Do it").click()
    page.get_by_role("heading", name=re.compile("entries archived")).wait_for()
    looked_at(page, "done")
    page.goto(f"{own_live.url}/entries/L-0001")
    assert "nothing at this address" in page.locator("h1").inner_text()
    page.goto(f"{own_live.url}/bulk")
    looked_at(page, "changes")
    page.get_by_role("link", name="Archived").first.click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("status").filter(has_text="It is undone").wait_for()
    page.goto(f"{own_live.url}/entries/L-0001")
    page.get_by_role("link", name="Supersede").click()
    page.get_by_label("Id of the entry").fill("L-0002")
    looked_at(page, "supersede")
    page.get_by_role("button", name="Supersede it").click()
    page.get_by_role("link", name="To the entry").wait_for()
    looked_at(page, "superseded")
    page.get_by_role("link", name="To the entry").click()
    page.locator(".banner", has_text="Superseded by").wait_for()
    looked_at(page, "entry")
    page.goto(f"{own_live.url}/search?q=sample")
    looked_at(page, "badge")
