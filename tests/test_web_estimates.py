"""The page of estimates: asking, leaving out, what if, scenarios, and what is wrong with a form."""

from __future__ import annotations

import html
import re
import shutil
import time

import pytest

from search.estimates.request import EstimateRequest
from tests.finished import finished, put
from tests.fixtures.people import browser_of, make_user
from tests.fixtures.web import application
from web.estimate_forms import fields_of
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
RAIL = "/estimates?type=migration&sector=rail&complexity=medium&size=180&size_unit=points"


@pytest.fixture(scope="module")
def projects(tmp_path_factory, sqlite_template):
    """The application over thirty finished projects; measuring is left to the tests of the answer."""
    home = tmp_path_factory.mktemp("estimates")
    shutil.copy(sqlite_template, home / "precedent.sqlite")
    with application(home) as app:
        services = app.extensions[EXTENSION]
        services.estimates._measure = lambda _: None
        with services.database.write() as session:
            put(session, *finished(30))
        yield app


@pytest.fixture
def browser(projects):
    """A visitor's browser."""
    return browser_of(projects)


def text_of(answer) -> str:
    return " ".join(re.sub("<[^>]+>", " ", answer.text).split())


def follow(browser, answer):
    assert answer.status_code == 303
    return browser.get(answer.headers["Location"])


def hidden_of(page: str) -> dict[str, list[str]]:
    """The first hidden form that carries the question."""
    form = re.search(r'<form id="asked".*?</form>', page, re.DOTALL)[0]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form):
        if name != "form_token":
            found.setdefault(name, []).append(value)
    return found


def test_the_form_offers_what_finished_projects_have(browser):
    page = browser.get("/estimates").text
    assert '<option value="cost" selected>Cost, EUR (30 finished projects)</option>' in page
    assert '<option value="sites">' in page
    assert 'name="attr:public"' in page
    assert '<option value="rail">' in page


def test_an_empty_repository_says_what_to_do_next(client):
    said = text_of(client.get("/estimates"))
    assert "Estimate" in said


def test_an_address_holds_the_question_and_the_page_the_answer(browser):
    answer = browser.get(RAIL)
    assert answer.status_code == 200
    said = text_of(answer)
    assert "Half of such projects stay under" in said
    assert "Based on 30 finished projects" in said
    assert "Of 15 projects of the type migration" in said
    assert "Range of the cost: P10" in answer.text
    assert "Lost over 30 days" not in said
    assert "10 of 10 lost over 30 days to permits" in said
    assert "Your figure" in said
    assert "As such plans fared" not in said


def test_the_top_says_what_was_read_and_leads_to_what_comes_next(browser):
    page = browser.get(f"{RAIL}&title=Northern+line").text
    assert re.search(r'<p class="muted">[^<]*size: 180 points', page)
    assert "size unit" not in page
    for place in re.findall(r'<li><a href="#([a-z-]+)">', page):
        assert f'id="{place}"' in page
    far = text_of(browser.get(RAIL.replace("size=180", "size=9000000")))
    assert "is 9,000,000" in far


def test_sending_the_form_leads_to_the_address(browser):
    answer = browser.send(
        "/estimates", target="cost", type="migration", sector="", size="1 180,5", size_unit="points"
    )
    assert answer.status_code == 303
    assert "size=1180.5" in answer.headers["Location"]
    assert "sector" not in answer.headers["Location"]


def test_a_long_description_is_answered_at_once(browser):
    answer = browser.send(
        "/estimates",
        description="signals and points " * 200,
        size="180",
        size_unit="points",
        type="migration",
    )
    assert answer.status_code == 200
    assert "Half of such projects" in text_of(answer)
    assert "The address of this page" not in answer.text


def test_leaving_out_needs_a_reason_and_can_be_taken_back(browser):
    page = browser.get(RAIL).text
    ref = re.search(r'name="leave_out" value="(H-\d+)"', page)[1]
    without = browser.send("/estimates", leave_out=ref, **hidden_of(page))
    assert without.status_code == 400
    assert "The reason is needed: say why it does not count." in text_of(without)
    left = follow(
        browser,
        browser.send(
            "/estimates", leave_out=ref, **{f"reason:{ref}": "Bought: not built"}, **hidden_of(page)
        ),
    )
    assert f"{ref} : Bought: not built" in text_of(left)
    assert f'value="{ref}"' not in re.findall(r'name="leave_out" [^>]*', left.text)
    wrong = browser.send("/estimates", **hidden_of(left.text) | {"take_in": ref, "size": "many"})
    assert wrong.status_code == 400
    assert "must be a number" in wrong.text
    back = follow(browser, browser.send("/estimates", take_in=ref, **hidden_of(left.text)))
    assert "Left out by you" not in back.text


def test_ones_own_figure_is_asked_for_after_the_outside_view(browser):
    assert 'name="plan"' not in browser.get("/estimates").text
    page = browser.get(RAIL).text
    assert page.index('id="outside"') < page.index('name="plan"')
    said = text_of(browser.get(f"{RAIL}&plan=200000"))
    assert "Your figure is 200,000 EUR." in said
    assert "of being enough" in said


def test_what_if_shows_both_side_by_side(browser):
    page = browser.get(RAIL).text
    fields = hidden_of(page)
    changed = {
        f"b:{name}": values for name, values in fields.items() if name not in {"asked", "exclude", "target"}
    }
    answer = browser.send("/estimates", **fields | changed | {"b:size": "360"})
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("b:size=360")
    said = text_of(browser.get(answer.headers["Location"]))
    assert "The second differs in size (180 → 360)." in said
    assert re.search(r"P50 [\d,]+ [\d,]+ \+\d\d", said)
    blank = browser.get(f"{RAIL}&b:sector=")
    assert "sector (rail → not known)" in text_of(blank)
    same = browser.send("/estimates", **fields | changed)
    assert "b:" not in same.headers["Location"]


def test_the_same_project_for_another_target(browser):
    page = browser.get(RAIL + "&plan=9").text
    answer = follow(browser, browser.send("/estimates", **hidden_of(page) | {"as": "duration"}))
    assert "Duration of the planned project" in text_of(answer)
    assert "months" in answer.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"size": "1.200"}, "Size can be read as 1.2 or as 1200; write 1.2 or 1200."),
        ({"size": "many"}, "Size must be a number such as 1200 or 3.5, not 'many'."),
        ({"size": "-3"}, "Size must be more than 0"),
        ({"attr:sites": "x"}, "Sites must be a number"),
        ({"target": "weight"}, "there is nothing of this name to estimate"),
        ({"currency": "XTS"}, "no finished project states its cost in XTS"),
        ({"currency": "euro"}, "Currency must match the pattern"),
        ({"price_year": "1950"}, "there is no price index of EUR for 1950"),
        ({"price_year": "soon"}, "must be a whole number"),
        ({"complexity": "huge"}, "Complexity must be one of"),
        ({"size": "180", "b:size": "1.200"}, "In the second scenario, size: can be read as"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(browser, fields, words):
    for answer in (
        browser.get("/estimates", query_string=fields),
        browser.send("/estimates", **fields | {"title": "Ours"}),
    ):
        shown = browser.get(answer.headers["Location"]) if answer.status_code == 303 else answer
        assert shown.status_code == 400
        assert words in html.unescape(text_of(shown))
    assert 'value="Ours"' in shown.text


def test_a_refusal_shows_the_nearest_without_a_range(browser):
    said = text_of(browser.get(RAIL.replace("size=180", "size=9000000")))
    assert "There is no range." in said
    assert "Leave it out" in said
    assert "Half of such projects" not in said


def test_the_back_test_shows_how_far_it_is_and_then_what_came_out(browser):
    page = browser.get("/estimates/history?target=duration")
    deadline = time.monotonic() + 120
    while "rounds are done" in page.text and time.monotonic() < deadline:
        assert 'http-equiv="refresh"' in page.text
        time.sleep(0.2)
        page = browser.get("/estimates/history?target=duration")
    said = text_of(page)
    assert "30 projects, each project estimated from all others" in said
    assert "Worst misses, months" in said
    assert "MMRE" not in said.replace("MdMRE", "")
    assert "Calibration: share of truths" in page.text
    told = browser.get("/api/v1/estimates/backtest?target=duration").json
    assert told["state"] == "done"
    assert told["result"]["n"] == 30
    assert "nothing of this name" in text_of(browser.get("/estimates/history?target=weight"))
    assert browser.get("/api/v1/estimates/backtest?target=weight").status_code == 409


def test_a_finished_project_leads_to_estimates_of_its_like(browser):
    page = browser.get("/entries/H-0003").text
    address = re.search(r'href="(/estimates\?[^"]+)"', page)[1].replace("&amp;", "&")
    said = text_of(browser.get(address))
    assert "H-0003 : It is the project itself" in said
    assert "Based on 29 finished projects" in said


def test_hidden_projects_are_in_no_answer(projects):
    with projects.extensions[EXTENSION].database.write() as session:
        for record in finished(30)[20:]:
            put(session, record | {"visibility": "restricted", "readers": ["role:estimator"]})
    try:
        visitor, estimator = (
            browser_of(projects),
            browser_of(projects, make_user(projects, "eva", "estimator")),
        )
        assert "Based on 20 finished" in text_of(visitor.get(RAIL))
        assert "Based on 30 finished" in text_of(estimator.get(RAIL))
        assert "(20 finished projects)" in text_of(visitor.get("/estimates"))
        asked = {"type": "migration", "size": 180.0, "size_unit": "points"}
        answer = visitor.post("/api/v1/estimates", json=asked)
        assert answer.json["n"] == 20
        assert visitor.get("/api/v1/estimates/fields").json["n"] == 20
    finally:
        with projects.extensions[EXTENSION].database.write() as session:
            put(session, *(record | {"visibility": "public"} for record in finished(30)[20:]))


def test_the_api_names_what_is_wrong(browser):
    answer = browser.post("/api/v1/estimates", json={"size": "big", "sise": 3})
    assert answer.status_code == 400
    assert {each["field"] for each in answer.json["errors"]} == {"size", "sise"}
    assert browser.post("/api/v1/estimates", json={"target": "weight"}).status_code == 409


def test_fields_and_request_say_the_same():
    request = EstimateRequest(
        target="duration", title="Ours", methods=["agile"], size=12.5,
        attributes={"sites": 3.0, "public": True},
        exclude=[{"id": "H-0001", "reason": "a: b"}],
    )  # fmt: skip
    assert fields_of(request) == [
        ("target", "duration"), ("title", "Ours"), ("size", "12.5"), ("method", "agile"), ("attr:sites", "3"),
        ("attr:public", "yes"), ("exclude", "H-0001:a: b"),
    ]  # fmt: skip
