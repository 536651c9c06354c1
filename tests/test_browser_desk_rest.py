"""Files that are brought back, and mails that are ended by their link, in a real browser."""

from __future__ import annotations

import os

import pytest

from kb.notices.leaving import leave_address
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import make_user
from web.services import EXTENSION

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]
SHOTS = os.environ.get("TEST_SHOTS", "")
"""Where pictures of the pages go, when somebody wants to look at them."""


def looked_at(page, name: str) -> None:
    """Accessible in both schemes, and no wider than a phone."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        check_accessibility(page)
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{scheme}.png", full_page=True)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}-phone.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_file_is_removed_and_brought_back(page, live):
    live.sign_in(page, make_user(live.app, "fay", "curator"))
    page.goto(f"{live.url}/entries/L-0002/files")
    notes = {"name": "notes.md", "mimeType": "text/markdown", "buffer": b"# Notes\n\nBy barge."}
    page.get_by_label("File to attach").set_input_files(notes)
    page.get_by_role("button", name="Attach it").click()
    page.get_by_role("status").filter(has_text="The file is attached.").wait_for()
    page.get_by_text("Remove notes.md").click()
    page.get_by_role("button", name="Remove it").click()
    page.get_by_role("heading", name="Removed").wait_for()
    looked_at(page, "removed")
    page.get_by_text("Delete for good notes.md").click()
    page.get_by_role("button", name="Delete it for good").wait_for()
    looked_at(page, "deleting")
    page.get_by_role("button", name="Bring back").click()
    page.get_by_role("status").filter(has_text="The file is back.").wait_for()
    assert page.get_by_role("heading", name="Removed").count() == 0
    page.get_by_role("link", name="notes.md").wait_for()


def test_mails_are_ended_and_come_again(page, live):
    person, settings = make_user(live.app, "una"), live.app.extensions[EXTENSION].settings
    address = leave_address(settings, person.id, person.email, ["comment"])
    page.goto(live.url + address.removeprefix(settings.base_url))
    looked_at(page, "unsubscribe")
    page.get_by_role("button", name="Send no more of them").click()
    page.get_by_role("status").filter(has_text="no more mails of this kind").wait_for()
    looked_at(page, "unsubscribed")
    page.get_by_role("button", name="Send them again").click()
    page.get_by_role("status").filter(has_text="They come again.").wait_for()
