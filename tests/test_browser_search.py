"""Searching in a real browser: as you type, by keys, with history."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.fixtures.browser import check_accessibility

pytestmark = pytest.mark.browser


def wait_for_address(page, part: str) -> None:
    """Waits until the address ends with `part`."""
    expect(page).to_have_url(re.compile(re.escape(part) + "$"))


def test_results_appear_while_typing_on_the_home_page(page, live_url):
    page.goto(live_url)
    box = page.get_by_role("searchbox")
    expect(box).to_be_focused()
    page.keyboard.type("cut-over", delay=20)
    expect(page.locator(".hit").first).to_be_visible()
    assert page.evaluate("location.search") == "?q=cut-over"
    expect(page.locator("#status")).to_have_text(re.compile(r"\d+ results?"))
    expect(page).to_have_title("cut-over · Precedent")
    expect(box).to_be_focused()
    page.keyboard.type(" payroll", delay=20)
    wait_for_address(page, "?q=cut-over+payroll")
    assert box.input_value() == "cut-over payroll"
    check_accessibility(page)


def test_back_leads_from_the_results_to_the_home_page(page, live_url):
    page.goto(live_url)
    page.keyboard.type("permits", delay=20)
    expect(page.locator(".hit").first).to_be_visible()
    page.evaluate("history.back()")
    expect(page.get_by_role("heading", name="What did we already learn?")).to_be_visible()


def test_back_from_an_entry_shows_the_results_again(page, live_url):
    page.goto(f"{live_url}/search?q=permits")
    page.get_by_role("searchbox").fill("supplier")
    wait_for_address(page, "?q=supplier")
    title = page.locator(".hit h2").first.inner_text()
    page.locator(".hit a").first.click()
    page.wait_for_url("**/entries/*")
    page.go_back()
    expect(page.locator(".hit h2").first).to_have_text(title)
    assert page.get_by_role("searchbox").input_value() == "supplier"


def test_a_stale_reply_is_dropped(page, live_url):
    def slow(route):
        if "q=a" in route.request.url and "q=ab" not in route.request.url:
            page.wait_for_timeout(600)
        route.continue_()

    page.goto(f"{live_url}/search")
    page.route("**/search?q=*", slow)
    box = page.get_by_role("searchbox")
    box.fill("a")
    page.wait_for_timeout(250)
    box.fill("absence")
    wait_for_address(page, "?q=absence")
    page.wait_for_timeout(900)
    assert page.evaluate("location.search") == "?q=absence"
    expect(page).to_have_title("absence · Precedent")


def test_a_filter_narrows_at_once_and_back_undoes_it(page, live_url):
    page.goto(f"{live_url}/search?q=cut-over")
    page.get_by_role("checkbox", name="Lesson").check()
    expect(page.locator(".chip").first).to_contain_text("Kind: Lesson")
    expect(page.get_by_role("checkbox", name="Lesson")).to_be_focused()
    assert page.evaluate("location.search") == "?q=cut-over&kind=lesson"
    page.evaluate("history.back()")
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.get_by_role("checkbox", name="Lesson")).not_to_be_checked()


def test_what_was_open_stays_open(page, live_url):
    page.goto(f"{live_url}/search?q=cut-over")
    page.locator("#facet-method summary").click()
    page.get_by_role("checkbox", name="waterfall").check()
    wait_for_address(page, "method=waterfall")
    page.locator("#facet-kind summary").click()
    page.get_by_label("Sort").select_option("newest")
    wait_for_address(page, "sort=newest")
    expect(page.locator("#facet-kind")).not_to_have_attribute("open", "")
    expect(page.locator("#facet-method")).to_have_attribute("open", "")


def test_keys_lead_from_the_box_through_the_hits_and_back(page, live_url):
    page.goto(f"{live_url}/search?q=cut-over")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".hit a").nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".hit a").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    address = page.locator(".hit a").nth(0).get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")


def test_a_wide_screen_shows_the_entry_beside_the_list(page, live_url):
    page.set_viewport_size({"width": 1400, "height": 900})
    page.goto(f"{live_url}/search?q=cut-over&kind=lesson")
    preview = page.locator("#preview")
    expect(preview).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(preview).to_contain_text(page.locator(".hit h2").nth(0).inner_text())
    page.keyboard.press("ArrowDown")
    expect(preview).to_contain_text(page.locator(".hit h2").nth(1).inner_text())
    check_accessibility(page)


def test_a_narrow_screen_does_not(page, live_url):
    page.set_viewport_size({"width": 1100, "height": 900})
    page.goto(f"{live_url}/search?q=cut-over")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".hit a").nth(0)).to_be_focused()
    page.wait_for_timeout(300)
    expect(page.locator("#preview")).to_be_hidden()


def test_the_shortcuts_open_and_close(page, live_url):
    page.goto(f"{live_url}/help")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_palette_goes_to_entries_and_pages(page, live_url):
    page.goto(f"{live_url}/help")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Go to")
    page.keyboard.type("L-0001")
    expect(palette.locator("#palette-hits a").first).to_contain_text("Rehearse the cut-over")
    check_accessibility(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/entries/L-0001")
    page.keyboard.press("Control+k")
    page.keyboard.type("browse temp")
    expect(palette.get_by_role("link", name="Browse templates")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/browse?kind=template")


def test_on_a_phone_the_filters_cover_the_page_while_they_are_chosen(page, live_url):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{live_url}/search?q=cut-over")
    page.get_by_role("link", name="Filters").click()
    page.get_by_role("checkbox", name="Lesson").check()
    wait_for_address(page, "kind=lesson")
    expect(page.get_by_role("checkbox", name="Lesson")).to_be_visible()
    check_accessibility(page)
    page.get_by_role("link", name="Show results").click()
    expect(page.get_by_role("checkbox", name="Lesson")).to_be_hidden()
    expect(page.get_by_role("link", name="Filters (1)")).to_be_visible()


def test_the_skip_link_does_not_reload(page, live_url):
    page.goto(f"{live_url}/search?q=cut-over")
    page.evaluate("window.kept = true")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    assert page.evaluate("[window.kept, location.hash]") == [True, "#main"]


def test_a_server_that_fails_is_said(page, live_url):
    page.goto(f"{live_url}/search?q=cut-over")
    page.route("**/search?q=*", lambda route: route.abort())
    page.get_by_role("searchbox").fill("supplier")
    expect(page.locator("#status")).to_contain_text("did not answer")
    expect(page.locator(".banner")).to_contain_text("Press Enter to try again")
    expect(page.locator(".hit").first).to_be_visible()


def test_a_limit_that_is_reached_is_said(page, live_url):
    page.goto(f"{live_url}/search?q=cut-over")
    page.route("**/search?q=*", lambda route: route.fulfill(status=429, headers={"Retry-After": "9"}))
    page.get_by_role("searchbox").fill("supplier")
    expect(page.locator("#status")).to_contain_text("Many searches came in a short time")
    expect(page.locator(".hit").first).to_be_visible()
