"""Signing in by a provider in a real browser: pages, policy and cookies have to agree."""

from __future__ import annotations

import os
import shutil

import pytest

from kb.database import open_database
from kb.people import accounts
from tests.fixtures.browser import check_accessibility
from tests.fixtures.provider import running
from tests.fixtures.served import free_port, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def joined(tmp_path_factory, sqlite_template):
    """(address of a real server, its provider). Dora is known."""
    home = tmp_path_factory.mktemp("joined")
    shutil.copy(sqlite_template, home / "precedent.sqlite")
    database = open_database(f"sqlite:///{home}/precedent.sqlite")
    with database.write_aside() as session:
        accounts.new_user(session, "dora@example.org", "Dora Dale", "active")
    database.dispose()
    port = free_port()
    with running(f"http://127.0.0.1:{port}/sign-in/callback") as provider:
        provider.asks = True
        with serving(home, port, oidc_name="Sign in with Ace", **provider.settings()) as url:
            yield url, provider


@pytest.mark.parametrize("scripts", [True, False])
def test_the_button_leads_to_the_provider_and_back(browser, joined, scripts):
    url, _ = joined
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{url}/sign-in?next=/help")
    page.get_by_role("button", name="Sign in with Ace").click()
    page.get_by_role("button", name="Go on as Dora Dale").click()
    page.wait_for_url(f"{url}/help")
    assert page.get_by_text("Dora Dale").is_visible()
    names = {cookie["name"]: cookie for cookie in context.cookies(url)}
    assert "precedent-sign-in" not in names
    assert names["precedent"]["httpOnly"]
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_pages_are_accessible(page, joined, scheme, width):
    url, _ = joined
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{url}/sign-in")
    check_accessibility(page)
    shot(page, f"sign-in-{scheme}-{width}")
    page.goto(f"{url}/sign-in/callback?code=x&state=y")
    check_accessibility(page)
    shot(page, f"refused-{scheme}-{width}")
    page.get_by_role("button", name="Sign in with Ace").click()
    page.get_by_role("button", name="Go on as Dora Dale").click()
    page.goto(f"{url}/account/single-sign-on")
    check_accessibility(page)
    shot(page, f"connected-{scheme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_between_is_accessible(page, joined):
    url, provider = joined

    def stay(route):
        answer = route.fetch()
        headers = {name: value for name, value in answer.headers.items() if name != "refresh"}
        route.fulfill(response=answer, headers=headers)

    page.route("**/sign-in/provider", stay)
    page.goto(f"{url}/sign-in")
    page.get_by_role("button", name="Sign in with Ace").click()
    link = page.get_by_role("link", name="Go to 127.0.0.1")
    assert link.get_attribute("href").startswith(f"{provider.issuer}/authorize?")
    check_accessibility(page)
    shot(page, "between")


def shot(page, name):
    if os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}.png")
