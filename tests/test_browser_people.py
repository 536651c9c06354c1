"""Journeys of people in a real browser: coming in, accounts, roles, the log; light, dark and on a phone."""

from __future__ import annotations

import csv
import re

import pytest

from kb.people import links
from kb.people.accounts import find_user
from kb.people.audit import Origin, note
from kb.people.passwords import hash_again
from kb.people.tokens import TokenText, issue_token
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import PASSWORD, make_user, serving, session_secret
from web.services import EXTENSION

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]


@pytest.fixture(scope="module")
def people(live):
    """An administrator and a curator, with something on every page that shows them."""
    found = {role: make_user(live.app, role, role) for role in ("admin", "curator")}
    session_secret(live.app, found["curator"], "Mozilla/5.0 (iPhone) Version/19.0 Safari/604.1")
    with live.app.extensions[EXTENSION].database.write_aside() as session:
        find_user(session, found["curator"].id).password = hash_again(PASSWORD)
        issue_token(session, found["curator"], TokenText(name="monthly report"))
    return found


@pytest.fixture
def admin(page, live, people):
    """A page of an administrator."""
    live.sign_in(page, people["admin"])
    return page


@pytest.fixture
def curator(page, live, people):
    """A page of a curator."""
    live.sign_in(page, people["curator"])
    return page


@pytest.fixture
def fresh(tmp_path, sqlite_template):
    """A server in whose repository nobody is known yet."""
    with serving(tmp_path, sqlite_template) as live:
        yield live


def see(page, words):
    """Waits until the page says it."""
    page.get_by_text(words).first.wait_for()


PAGES = {
    "account": "/account", "people": "/people", "nobody": "/people?q=zzz", "invite": "/people/invite",
    "person": "/people/{curator}", "roles": "/roles", "log": "/audit", "no line": "/audit?person=zzz",
    "wrong days": "/audit?since=2026-03-02&until=2026-03-01", "operation": "/operation",
}  # fmt: skip


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_pages_of_people_are_accessible_light_dark_and_on_a_phone(admin, live, people, address):
    admin.goto(live.url + address.format(curator=people["curator"].id))
    for scheme in ("light", "dark"):
        admin.emulate_media(color_scheme=scheme)
        admin.reload()  # else what is drawn may still be half of the other scheme
        check_accessibility(admin)
    admin.set_viewport_size({"width": 360, "height": 740})
    assert admin.evaluate("document.documentElement.scrollWidth") <= 360
    check_accessibility(admin)


def test_the_first_administrator_comes_in_invites_and_gives_a_role(browser, fresh):
    with fresh.app.extensions[EXTENSION].database.write_aside() as session:
        secret = links.make_link(session, "administrator", made_by="test")
    ada, bea = browser.new_context().new_page(), browser.new_context().new_page()
    ada.goto(f"{fresh.url}/welcome?link={secret}")
    ada.get_by_label("E-mail").fill("ada@example.org")
    ada.get_by_label("Name").fill("Ada")
    ada.get_by_label("Password").fill(PASSWORD)
    check_accessibility(ada)
    ada.get_by_role("button", name="Create the account").click()
    ada.locator(".person summary").click()
    ada.get_by_role("link", name="People").click()
    ada.get_by_role("link", name="Invite somebody").click()
    ada.get_by_label("E-mail").fill("bea@example.org")
    ada.get_by_role("checkbox", name="Trainer").check()
    ada.get_by_role("button", name="Make the invitation").click()
    see(ada, "This link is shown this once.")
    check_accessibility(ada)

    bea.goto(ada.get_by_label("The link").inner_text())
    bea.get_by_label("Name").fill("Bea")
    bea.get_by_label("Password").fill(PASSWORD)
    bea.get_by_role("button", name="Create the account").click()
    bea.locator(".person").wait_for()
    bea.goto(f"{fresh.url}/account")
    see(bea, "Your role: trainer.")

    ada.get_by_role("link", name="To the page of").click()
    ada.get_by_role("checkbox", name="Estimator").check()
    ada.get_by_role("button", name="Save the roles").click()
    see(ada, "The roles are saved")
    bea.reload()
    see(bea, "Your session has ended. Sign in again.")
    bea.get_by_label("E-mail").fill("bea@example.org")
    bea.get_by_label("Password").fill(PASSWORD)
    bea.get_by_role("button", name="Sign in").click()
    see(bea, "Your roles: estimator, trainer.")

    ada.get_by_text("Disable the account").click()
    check_accessibility(ada)
    ada.get_by_role("button", name="Disable it").click()
    see(ada, "The account is disabled.")
    bea.reload()
    see(bea, "Sign in again")
    for each in (ada, bea):
        each.context.close()


def test_a_profile_a_token_and_a_session(curator, live, people):
    curator.context.grant_permissions(["clipboard-read", "clipboard-write"])
    curator.goto(f"{live.url}/account")
    curator.get_by_label("Skills").fill("permits\nmigration")
    curator.get_by_role("button", name="Save the profile").click()
    see(curator, "Your profile is saved.")
    curator.get_by_label("Name", exact=True).last.fill("nightly script")
    curator.get_by_role("button", name="Make the token").click()
    token = curator.get_by_label("The new token").inner_text()
    curator.wait_for_load_state()
    curator.get_by_role("button", name="Copy").click()
    # A browser without the focus gives no clipboard; then the text is selected instead.
    curator.get_by_role("button", name=re.compile("Copied|Selected")).wait_for()
    assert curator.evaluate("navigator.clipboard.readText()") == token
    check_accessibility(curator)
    curator.reload()  # asks nothing, and shows what was made without its secret
    assert curator.locator("li", has_text="nightly script").count() == 1
    assert token not in curator.content()
    ask = curator.locator("li", has_text="nightly script").locator("summary")
    ask.click()
    curator.locator(".confirm[open]").get_by_text("cannot be brought back").wait_for()
    curator.keyboard.press("Escape")
    assert curator.locator(".confirm[open]").count() == 0
    ask.click()
    curator.locator(".confirm[open]").get_by_role("button").click()
    see(curator, "The token is revoked.")
    curator.locator("li", has_text="Safari on iPhone").locator("summary").first.click()
    curator.get_by_role("button", name="Sign it out").first.click()
    see(curator, "That browser is signed out.")
    assert curator.get_by_text("Safari on iPhone").count() == 0


def test_the_menu_opens_by_keyboard_and_closes_by_escape_and_elsewhere(admin, live):
    admin.goto(f"{live.url}/help")
    summary = admin.locator(".person summary")
    menu = admin.locator(".person-menu")
    summary.focus()
    admin.keyboard.press("Enter")
    assert menu.is_visible()
    check_accessibility(admin)
    admin.keyboard.press("Tab")
    assert admin.evaluate("document.activeElement.textContent").strip() == "Your account"
    admin.keyboard.press("Escape")
    assert not menu.is_visible()
    assert summary.evaluate("each => each === document.activeElement")
    summary.click()
    admin.get_by_role("heading", name="Help").click()
    assert not menu.is_visible()
    admin.set_viewport_size({"width": 360, "height": 740})
    summary.click()
    box = menu.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    check_accessibility(admin)


def test_one_looks_through_other_eyes_and_stays_on_the_page(curator, live):
    curator.goto(f"{live.url}/browse?kind=lesson")
    curator.locator(".person summary").click()
    curator.get_by_label("Look at these pages as").select_option("visitor")
    curator.get_by_role("button", name="Look", exact=True).click()
    bar = curator.get_by_role("complementary", name="Looking as another")
    bar.get_by_text("a visitor who has not signed in").wait_for()
    assert curator.url == f"{live.url}/browse?kind=lesson"
    assert curator.get_by_text("Kept inside").count() == 0
    for scheme in ("light", "dark"):
        curator.emulate_media(color_scheme=scheme)
        curator.reload()
        check_accessibility(curator)
    bar.get_by_role("button", name="Stop").click()
    see(curator, "Kept inside")
    assert curator.url == f"{live.url}/browse?kind=lesson"


def test_the_log_is_narrowed_and_taken_away(admin, live, tmp_path):
    with live.app.extensions[EXTENSION].database.write_aside() as session:
        note(
            session,
            Origin(),
            "sign in",
            "nobody@example.org",
            refused=True,
            why="E-mail and password do not fit.",
        )
    admin.goto(f"{live.url}/audit")
    admin.get_by_label("Outcome").select_option("refused")
    admin.get_by_role("button", name="Filter").click()
    admin.wait_for_url(re.compile("outcome=refused"))
    see(admin, "1 line, narrowed")
    assert admin.get_by_role("row", name="Sign in").get_by_text("refused").is_visible()
    with admin.expect_download() as download:
        admin.get_by_role("button", name="Export as CSV").click()
    download.value.save_as(tmp_path / "audit.csv")
    with (tmp_path / "audit.csv").open(newline="", encoding="utf-8") as file:
        header, line = csv.reader(file)
    assert dict(zip(header, line, strict=True))["details"] == "why: E-mail and password do not fit."
    admin.goto(f"{live.url}/audit?action=export+audit+log")
    assert admin.get_by_role("row", name="Export audit log").first.is_visible()


def test_without_scripts_everything_of_people_works(browser, live, people):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    live.sign_in(page, people["admin"])
    page.goto(f"{live.url}/help")
    page.locator(".person summary").click()
    page.get_by_role("link", name="People").click()
    page.get_by_label("Name or e-mail").fill("curator")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="Curator", exact=True).click()
    page.get_by_text("Revoke all tokens").click()
    page.get_by_role("button", name="Revoke them").click()
    see(page, "All tokens are revoked.")
    assert page.get_by_role("button", name="Copy").count() == 0
    context.close()
