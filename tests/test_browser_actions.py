"""What comes of lessons, and the outbox, in a real browser; light, dark and on a phone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kb.notices.model import Mail
from kb.people.clock import now
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import make_user
from web.services import EXTENSION

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]


def look(page, name, *, is_wide=True):
    """Checks the page in both schemes and on a phone; keeps pictures where SHOTS names a folder."""
    folder = os.environ.get("SHOTS")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.reload()
        check_accessibility(page)
        if folder:
            page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    if folder:
        page.screenshot(path=Path(folder) / f"{name}-phone.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})


def see(page, words):
    page.get_by_text(words).first.wait_for()


def test_a_lesson_changes_a_template(browser, page, live):
    curator, owner = make_user(live.app, "cleo", "curator"), make_user(live.app, "otto")
    live.sign_in(page, curator)
    page.goto(f"{live.url}/entries/L-0001")
    page.get_by_text("Note what should change").click()
    page.get_by_label("What should change because").fill("The cut-over template asks for two rehearsals")
    check_accessibility(page)
    page.get_by_role("button", name="Note it").click()
    see(page, "It is noted.")
    page.get_by_label("Owner").select_option("otto@example.org")
    page.get_by_label("Due").fill("2026-01-31")
    look(page, "action")
    page.get_by_label("Owner").select_option("otto@example.org")
    page.get_by_label("Due").fill("2026-01-31")
    page.get_by_role("button", name="Give it", exact=True).click()
    see(page, "the person is told")
    page.goto(f"{live.url}/actions?whose=all")
    see(page, "Overdue since")
    look(page, "actions")

    theirs = browser.new_context().new_page()
    live.sign_in(theirs, owner)
    theirs.goto(f"{live.url}/actions")
    theirs.get_by_role("link", name="two rehearsals").click()
    theirs.get_by_label("Entry that holds it now").fill("t-0001")
    theirs.get_by_role("button", name="It is built in").click()
    see(theirs, "waits to be checked")
    theirs.context.close()

    page.goto(f"{live.url}/actions?whose=all&which=to+check")
    page.get_by_role("link", name="two rehearsals").click()
    page.get_by_role("button", name="It does").click()
    see(page, "It is built in and checked.")
    page.goto(f"{live.url}/entries/L-0001")
    see(page, "Built in and checked")
    look(page, "lesson")


def test_a_refused_adoption_opens_where_it_is_wrong(page, live):
    live.sign_in(page, make_user(live.app, "rosa"))
    page.goto(f"{live.url}/entries/L-0001")
    for _ in range(2):
        page.get_by_text("We adopt this lesson").click()
        page.get_by_label("Project", exact=True).fill("Payroll")
        page.get_by_label("What you do because of it").fill("Two rehearsals")
        page.get_by_role("button", name="We adopt it").click()
    see(page, "is one for which you adopted L-0001 already")
    project = page.get_by_label("Project", exact=True)
    assert project.evaluate("it => it === document.activeElement")
    assert project.input_value() == "Payroll"
    assert page.get_by_label("What you do because of it").input_value() == "Two rehearsals"
    page.wait_for_function(
        "() => { const box = document.activeElement.getBoundingClientRect();"
        " return box.top >= 0 && box.bottom <= innerHeight }"
    )
    look(page, "refused")


def test_the_outbox(page, live):
    admin = make_user(live.app, "adam", "admin")
    with live.app.extensions[EXTENSION].database.write_aside() as session:
        for state, problem in (("given up", "The mail server refuses it: 550 5.1.1 No such mailbox."),
                               ("waiting", ""), ("sent", ""), ("needless", "")):  # fmt: skip
            session.add(
                Mail(user_id=admin.id, kind="at once", state=state, created_at=now(), due_at=now(),
                     attempts=int(state != "waiting"), problem=problem)
            )  # fmt: skip
    live.sign_in(page, admin)
    page.goto(f"{live.url}/mail")
    look(page, "mail")
    page.get_by_role("button", name="Drop").first.click()
    see(page, "The mail is given up.")
