"""Assignments, the learner’s page and how paths go in a real browser: in every light, and by the keyboard."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from kb.assigning.cohorts import add_cohort
from kb.assigning.keeping import assign
from kb.assigning.texts import AssignmentText, CohortText
from kb.learning import enrolling, rating, stepping
from kb.learning.rating import RatingText
from kb.people.audit import Origin
from kb.people.reader import reader_of
from tests.fixtures.people import make_user, serving
from tests.test_assigning import complete, deadline, made_on, today
from tests.test_browser_learning import check_in_every_light
from tests.test_learning import COURSE, QUIZ, put
from tests.test_progress import lesson
from web.services import EXTENSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.people import Live

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]
PATH = "P-0005"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Live]:
    """A server of its own, so that no other test finds what is assigned here."""
    with serving(tmp_path_factory.mktemp("assigned"), sqlite_template) as live:
        yield live


@pytest.fixture(scope="module")
def people(school):
    """A trainer who has assigned two paths, and learners who are somewhere on them."""
    database = school.app.extensions[EXTENSION].database
    put(database, QUIZ, COURSE, *(lesson(number, "permits") for number in range(1, 6)))
    found = {name: make_user(school.app, name) for name in ("lena", "max", "nils", "olga", "pia")}
    found["tina"] = make_user(school.app, "tina", "trainer")
    by = Origin(found["tina"])
    members = ["lena@example.org", "max@example.org", "nils@example.org", "olga@example.org"]
    cohort = add_cohort(database, by, CohortText(name="New project managers", people=members))
    said = {"due_on": deadline(), "cohorts": [cohort], "note": "Before the cut-over in spring."}
    found["number"] = assign(database, by, AssignmentText(path=PATH, **said), today())
    said = {"due_on": today(), "people": ["lena@example.org"]}
    late = assign(database, by, AssignmentText(path="P-0001", **said), today())
    made_on(database, late, today() - timedelta(days=9))
    for name in ("lena", "nils"):
        enrolling.enrol(database, Origin(found[name]), PATH, reader_of(found[name]))
        stepping.do_step(database, Origin(found[name]), PATH, "L-0001", reader_of(found[name]))
    for name, stars in (("max", 4), ("olga", 5)):
        complete(database, Origin(found[name]), today() - timedelta(days=320 if name == "max" else 0))
        said = RatingText(stars=stars, words="The second exercise helps.")
        rating.rate(database, Origin(found[name]), PATH, said, reader_of(found[name]))
    return found


@pytest.mark.parametrize(
    "address",
    [
        "/teaching", "/teaching/assignments", "/teaching/assignments/new", "/teaching/assignments/{number}",
        "/teaching/cohorts", "/teaching/cohorts/1", f"/teaching/paths/{PATH}", "/teaching/coverage",
    ],
)  # fmt: skip
def test_pages_of_trainers_are_accessible_light_dark_and_on_a_phone(page, school, people, address):
    school.sign_in(page, people["tina"])
    check_in_every_light(page, school.url + address.format(**people))


@pytest.mark.parametrize("name", ["lena", "max", "pia"])
def test_the_learners_page_is_accessible_light_dark_and_on_a_phone(page, school, people, name):
    school.sign_in(page, people[name])
    check_in_every_light(page, f"{school.url}/learning")


def test_the_page_that_asks_how_it_was_is_accessible(page, school, people):
    school.sign_in(page, people["olga"])
    check_in_every_light(page, f"{school.url}/learning/{PATH}")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_path_is_assigned_and_taken_back_by_the_keyboard(browser, school, people, scripts):
    name = f"ken{scripts:d}"
    make_user(school.app, name)
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 360, "height": 740})
    page = context.new_page()
    school.sign_in(page, people["tina"])
    page.goto(f"{school.url}/teaching/assignments")
    page.get_by_role("link", name="Assign a path").press("Enter")
    page.get_by_label("Path").select_option(PATH)
    page.get_by_label("Due on").fill((today() + timedelta(days=3)).isoformat())
    page.get_by_label("People", exact=True).fill(f"{name}@example.org")
    page.get_by_role("button", name="Assign it").press("Enter")
    page.get_by_text("It is assigned, and those whom it asks are told.").wait_for()
    page.get_by_role("row", name="Not begun").wait_for()
    place = page.url
    page.get_by_label("Due on").fill((today() + timedelta(days=4)).isoformat())
    page.get_by_role("button", name="Change it").press("Enter")
    page.get_by_text("It is changed, and those whom that concerns are told.").wait_for()
    page.goto(f"{school.url}/teaching/assignments")
    listed = page.locator(f'a[href="{urlsplit(place).path}"]')
    assert listed.count() == 1
    page.goto(place)
    page.locator("summary", has_text="Take it back").press("Enter")
    page.get_by_role("button", name="Take this assignment back").press("Enter")
    page.get_by_text("It is taken back").wait_for()
    page.goto(f"{school.url}/teaching/assignments")
    assert listed.count() == 0
    context.close()


def test_a_learner_begins_with_what_is_due_and_says_how_it_was(page, school, people):
    school.sign_in(page, people["lena"])
    page.goto(f"{school.url}/learning")
    page.get_by_role("heading", name="Your next step").wait_for()
    page.get_by_text("due today").wait_for()
    page.get_by_role("link", name="Go on: Roll-back").press("Enter")
    page.get_by_role("heading", name="Roll-back").wait_for()
    school.sign_in(page, people["olga"])
    page.goto(f"{school.url}/learning/{PATH}")
    page.get_by_role("radio", name="3", exact=True).press("Space")
    page.get_by_label("In words").fill("Short, and to the point.")
    page.get_by_role("button", name="Change what you said").press("Enter")
    page.get_by_text("What you said is kept").wait_for()
    assert page.get_by_role("radio", name="3", exact=True).is_checked()
    assert page.get_by_label("In words").input_value() == "Short, and to the point."
