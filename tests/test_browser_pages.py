"""Every page in a real browser: accessible in light, dark and on a phone, and without scripts."""

from __future__ import annotations

import pytest

from tests.fixtures.browser import check_accessibility

pytestmark = pytest.mark.browser

PAGES = {
    "home": "/",
    "results": "/search?q=cut-over&kind=lesson",
    "empty result": "/search?q=%22zeppelin+mooring%22&tag=airship",
    "browse": "/browse?kind=project",
    "help": "/help",
    "api": "/api",
    "lesson": "/entries/L-0001",
    "review": "/entries/R-0004",
    "template": "/entries/T-0002",
    "training": "/entries/M-0004",
    "path": "/entries/P-0003",
    "project": "/entries/H-0001",
    "history": "/entries/L-0001/history",
    "missing entry": "/entries/L-9999",
}


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible(page, live_url, address, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(live_url + address)
    check_accessibility(page)


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_pages_fit_a_phone(page, live_url, address):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(live_url + address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    check_accessibility(page)


def test_targets_are_large_enough(page, live_url):
    page.goto(f"{live_url}/search?q=cut-over")
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, summary, select, .choice, .button, .chip, .jobs a")]
            .map((each) => [each.textContent.trim(), each.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.height < 24 || box.width < 24))
            .map(([text]) => text)"""
    )
    assert small == []


def test_without_scripts_everything_can_be_reached(browser, live_url):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(live_url)
    page.get_by_role("searchbox").fill("cut-over")
    page.get_by_role("button", name="Search").click()
    assert page.locator(".hit").count() == 20
    page.get_by_role("checkbox", name="Lesson").check()
    page.get_by_role("button", name="Apply filters").click()
    assert "kind=lesson" in page.url
    page.get_by_label("Sort").select_option("newest")
    page.get_by_role("button", name="Apply", exact=True).click()
    assert "sort=newest" in page.url
    page.locator(".hit a").first.click()
    page.wait_for_url("**/entries/L-*")
    assert page.get_by_role("button", name="Print").count() == 0
    context.close()


def test_on_a_phone_without_scripts_the_filters_open(browser, live_url):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{live_url}/search?q=cut-over")
    assert not page.get_by_role("checkbox", name="Lesson").is_visible()
    page.get_by_role("link", name="Filters").click()
    assert page.get_by_role("checkbox", name="Lesson").is_visible()
    page.get_by_role("link", name="Show results").click()
    assert not page.get_by_role("checkbox", name="Lesson").is_visible()
    context.close()


def test_printing_leaves_out_the_frame_and_adds_the_id(page, live_url):
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(f"{live_url}/entries/L-0001")
    assert not page.locator(".bar").is_visible()
    assert page.get_by_text("L-0001, revision 1, printed").is_visible()
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == "rgb(255, 255, 255)"


def test_the_theme_is_chosen_and_kept(page, live_url):
    page.emulate_media(color_scheme="light")
    page.goto(live_url)
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(colour)
    button = page.get_by_role("button", name="Colour theme")
    button.click()
    assert "Light" in button.inner_text()
    button.click()
    assert "Dark" in button.inner_text()
    assert page.evaluate(colour) != light
    page.reload()
    assert page.evaluate(colour) != light
    check_accessibility(page)


def test_answers_of_a_quiz_open(page, live_url):
    page.goto(f"{live_url}/entries/M-0004")
    answer = page.get_by_text("(2.7 - 0.3) / 2.0 = 1.20. The value")
    assert not answer.is_visible()
    page.get_by_text("Answer", exact=True).first.click()
    assert answer.is_visible()
    check_accessibility(page)


@pytest.mark.parametrize("address", ["/search?q=cut-over", "/entries/L-0001", "/browse?kind=lesson"])
def test_what_can_be_taken_away_is_a_menu_for_keyboards_too(page, live_url, address):
    page.goto(live_url + address)
    page.locator(".menu > summary").focus()
    page.keyboard.press("Enter")
    assert page.locator(".menu a").first.is_visible()
    check_accessibility(page)
    with page.expect_download() as download:
        page.locator(".menu a").first.click()
    assert download.value.suggested_filename.endswith((".xlsx", ".docx"))
    page.locator(".menu > summary").focus()
    page.keyboard.press("Escape")
    assert not page.locator(".menu a").first.is_visible()
