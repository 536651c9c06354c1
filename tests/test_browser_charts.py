"""Charts in a real browser: drawn with axes, read by keyboard and pointer, at any width, under the policy."""

from __future__ import annotations

import re

import pytest

from kb.learning.enrolling import enrol
from kb.people.audit import Origin
from kb.people.reader import reader_of
from tests.finished import put_finished
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import make_user, serving
from web.services import EXTENSION

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]
PATH = "P-0001"


@pytest.fixture(scope="module")
def charted(tmp_path_factory, sqlite_template):
    """A server over forty finished projects."""
    with serving(tmp_path_factory.mktemp("charted"), sqlite_template) as live:
        with live.app.extensions[EXTENSION].database.write() as session:
            put_finished(session, 40)
        yield live


@pytest.fixture
def said(page):
    """What the console says against the page."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    return found


def ticks(page, kind: str) -> list[str]:
    """What the axes of a chart say."""
    return page.locator(f".chart-{kind} svg text").all_text_contents()


def check(page, said) -> None:
    """The page in light and dark, and on a phone; nothing is wider than it, and nothing broke its policy."""
    check_accessibility(page)
    page.emulate_media(color_scheme="dark")
    check_accessibility(page)
    page.set_viewport_size({"width": 360, "height": 740})
    page.wait_for_function("[...document.querySelectorAll('.chart svg')].every(e => e.clientWidth < 360)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert said == []


def test_a_back_test_is_drawn_with_axes_and_read_by_keyboard(page, charted, said):
    page.goto(f"{charted.url}/estimates/history?target=cost")
    page.wait_for_selector("#ranges", timeout=120_000)  # the page looks again by itself
    for kind, label in (("calibration", "promised"), ("predicted", "P50, EUR"), ("misses", "ended")):
        page.wait_for_selector(f".chart-{kind} svg")
        words = " ".join(ticks(page, kind))
        assert label in words
        assert len(re.findall(r"\d", words)) > 6, "values stand on both axes"
    chart = page.get_by_role("application", name="Actual over P50 of ")
    told = page.locator(".chart-predicted .chart-line")
    chart.focus()
    page.keyboard.press("Home")
    first = told.inner_text()
    page.keyboard.press("End")
    assert first != told.inner_text()
    assert re.search(r"\(H-\d+\): actual [\d,]+ EUR, P50 [\d,]+ EUR, (in|out)side P10 to P90", first)
    assert chart.locator(".chart-here").count() == 1
    page.keyboard.press("Escape")
    assert chart.locator(".chart-here").count() == 0
    check(page, said)


def test_health_and_quarters_are_drawn(page, charted, said):
    charted.sign_in(page, make_user(charted.app, "cleo", "curator"))
    page.goto(f"{charted.url}/insight")
    page.wait_for_selector(".chart-shares svg")
    page.locator(".chart-shares svg").focus()
    page.keyboard.press("Home")
    row = r".+: \d+ of \d+ verified, \d+ overdue, \d+ never verified"
    assert re.fullmatch(row, page.locator(".chart-shares .chart-line").inner_text())
    page.locator(".chart-columns svg").hover(position={"x": 120, "y": 60})
    assert re.fullmatch(
        r"\d{4} Q\d: \d+ first published", page.locator(".chart-columns .chart-line").inner_text()
    )
    check(page, said)


def test_the_steps_of_a_path_are_drawn(page, charted, said):
    ann, tina = make_user(charted.app, "ann"), make_user(charted.app, "tina", "trainer")
    enrol(charted.app.extensions[EXTENSION].database, Origin(ann), PATH, reader_of(ann))
    charted.sign_in(page, tina)
    page.goto(f"{charted.url}/teaching/paths/{PATH}")
    page.wait_for_selector(".chart-shares svg")
    assert "1. L-0001" in ticks(page, "shares")
    page.locator(".chart-shares svg").focus()
    page.keyboard.press("ArrowRight")
    assert "done by 0 of 1" in page.locator(".chart-shares .chart-line").inner_text()
    check(page, said)
