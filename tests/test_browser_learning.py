"""Learning in a real browser: light, dark, on a phone, and a path taken by the keyboard."""

from __future__ import annotations

import pytest

from kb.learning import assessing, enrolling, stepping
from kb.people.audit import Origin
from kb.people.reader import reader_of
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import make_user
from tests.test_learning import COURSE, QUIZ, RIGHT, put
from web.services import EXTENSION

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]
PATH = "P-0105"
QUESTIONS = QUIZ | {"id": "M-0105"}
STAGES = [
    {"title": "Read", "steps": [{"entry": "L-0001", "minutes": 10, "note": "Look at the hours."},
                                {"entry": "M-0105", "completion": "CompletedAndPassed"}]},
    {"title": "Keep", "ordered": False, "steps": [{"entry": "L-0002"},
                                                 {"entry": "L-0999", "required": False}]},
]  # fmt: skip


@pytest.fixture(scope="module")
def people(live):
    """A learner in the middle of a path with answers that wait, and a trainer."""
    database = live.app.extensions[EXTENSION].database
    put(database, QUESTIONS, COURSE | {"id": PATH, "stages": STAGES})
    found = {"learner": make_user(live.app, "lena"), "trainer": make_user(live.app, "tina", "trainer")}
    by, reader = Origin(found["learner"]), reader_of(found["learner"])
    enrolling.enrol(database, by, PATH, reader)
    stepping.do_step(database, by, PATH, "L-0001", reader)
    number = assessing.begin(database, by, PATH, "M-0105", reader)
    assessing.hand_in(database, by, PATH, number, RIGHT, reader)
    found["number"] = number
    return found


def test_long_titles_of_next_steps_wrap_on_a_phone(page, live):
    """One path has the button of the next step, the other a button on its card."""
    database, person = live.app.extensions[EXTENSION].database, make_user(live.app, "lars")
    lesson = "L-0107"
    title = "Vendor estimates run low: apply a reference class uplift before approval"
    put(database, {"id": lesson, "kind": "lesson", "title": title})
    for path in ("P-0107", "P-0108"):
        put(database, COURSE | {"id": path, "stages": [{"title": "All", "steps": [{"entry": lesson}]}]})
        enrolling.enrol(database, Origin(person), path, reader_of(person))
    live.sign_in(page, person)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{live.url}/learning")
    assert page.get_by_role("link", name=f"Begin: {title}").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def check_in_every_light(page, address):
    page.goto(address)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.reload()  # else what is drawn may still be half of the other scheme
        check_accessibility(page)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("place", ["", f"/{PATH}", f"/{PATH}/L-0001", f"/{PATH}/M-0105/questions"])
def test_pages_of_learners_are_accessible_light_dark_and_on_a_phone(page, live, people, place):
    live.sign_in(page, people["learner"])
    check_in_every_light(page, f"{live.url}/learning{place}")


@pytest.mark.parametrize("address", ["/teaching", "/teaching/marking/{number}", "/teaching/questions/M-0105"])
def test_pages_of_trainers_are_accessible_light_dark_and_on_a_phone(page, live, people, address):
    live.sign_in(page, people["trainer"])
    check_in_every_light(page, live.url + address.format(**people))


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_path_is_taken_by_the_keyboard_alone(browser, live, people, scripts):
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 360, "height": 740})
    page = context.new_page()
    live.sign_in(page, make_user(live.app, f"keyboard{scripts:d}"))
    page.goto(f"{live.url}/learning/{PATH}")
    page.get_by_role("button", name="Take this path").press("Enter")
    page.get_by_role("link", name="Begin: Rehearse the cut-over").press("Enter")
    page.get_by_label("Your notes on this step").fill("Ask the manager.")
    page.get_by_role("button", name="Done, go on").press("Enter")
    page.get_by_role("button", name="Done, to the questions").press("Enter")
    page.get_by_role("button", name="Begin").press("Enter")
    page.get_by_role("radio", name="That").press("Space")
    for name in ("A", "C"):
        page.get_by_role("checkbox", name=name, exact=True).press("Space")
    page.get_by_label("Last").select_option("2")
    page.get_by_label("First").select_option("1")
    page.get_by_label("The word?").fill("roll-back")
    page.get_by_label("What would you do?").fill("Start at 20:30.")
    page.get_by_role("button", name="Hand in").press("Enter")
    page.get_by_text("1 answer waits for a trainer").wait_for()
    page.get_by_role("link", name="Go on: Freeze changes").wait_for()
    page.goto(f"{live.url}/learning/{PATH}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_a_certificate_is_accessible_and_checked_by_a_visitor(page, live, people):
    database, by = live.app.extensions[EXTENSION].database, Origin(people["learner"])
    put(database, COURSE | {"id": "P-0106", "stages": [{"title": "All", "steps": [{"entry": "L-0001"}]}]})
    enrolling.enrol(database, by, "P-0106", reader_of(by.person))
    assert stepping.do_step(database, by, "P-0106", "L-0001", reader_of(by.person))
    live.sign_in(page, by.person)
    page.goto(f"{live.url}/learning/P-0106")
    page.get_by_role("button", name="Get the certificate").click()
    page.get_by_text("Issued here, and valid").wait_for()
    page.context.clear_cookies()
    check_in_every_light(page, page.url)
    page.goto(f"{live.url}/badges/check")
    page.get_by_label("The badge").fill("a.b.c")
    page.get_by_role("button", name="Check").click()
    page.get_by_role("alert").filter(has_text="Do not rely on it").wait_for()
    check_accessibility(page)
