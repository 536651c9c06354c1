"""Grades of a project's numbers, and overrun without approved scope change."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.content import make_content
from kb.overrun import last_overrun, overruns
from kb.quality import grade

FULL = {
    "title": "Depot", "type": "construction", "sector": "transport", "size": 3.0, "size_unit": "halls",
    "started_on": "2020-01-01", "finished_on": "2021-01-01", "currency": "EUR", "price_year": 2020,
    "baselines": [
        {"stage": "idea", "on": "2019-01-01", "cost": 80.0},
        {"stage": "contract", "on": "2019-12-01", "cost": 100.0, "duration_months": 10.0},
    ],
    "actuals": {"cost": 140.0, "duration_months": 12.0, "effort_hours": 500.0}, "outcome": "challenged",
    "source": "Finance",
}  # fmt: skip


def project(**changes):
    said = {name: value for name, value in (FULL | changes).items() if value is not None}
    return make_content("project", said)


def test_a_complete_and_plausible_record_is_graded_a():
    found = grade(project())
    assert (found.letter, found.completeness, found.reasons, found.is_stated) == ("A", 1.0, (), False)


def test_what_is_missing_is_named_the_weightiest_first():
    found = grade(project(size=None, type=None, currency=None))
    assert found.letter == "B"
    assert found.reasons == ("Not known: size with its unit, currency, type.",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"finished_on": "2019-01-01"}, "It finished before it started."),
        ({"finished_on": "2024-01-01"}, "It took 12 months as stated, and 48 from start to finish."),
        ({"actuals": {"cost": 900.0}}, "The cost is 9 times the plan of stage contract."),
        ({"price_year": 2001}, "Prices of 2001 are far from when it ran."),
        ({"team_size": 0.1}, "417 hours per person and month"),
        ({"variances": [{"cause": "permits", "cost": 400.0}]}, "The causes add up to 400, and"),
        ({"approved_scope_change": -100.0}, "takes away more than was planned"),
        ({"finished_on": "2019-11-01", "started_on": None}, "stage contract is dated after the finish"),
    ],
)
def test_what_is_hardly_right_costs_a_grade(changes, words):
    found = grade(project(**changes))
    assert found.letter != "A"
    assert any(words in each for each in found.doubts), found.doubts


def test_causes_may_explain_the_overrun_without_the_scope_change():
    found = grade(project(approved_scope_change=30.0, variances=[{"cause": "permits", "cost": 10.0}]))
    assert found.doubts == ()


def test_without_any_actual_it_is_d_and_a_stated_grade_stands():
    assert grade(project(actuals=None)).letter == "D"
    found = grade(project(actuals=None, data_quality="B"))
    assert (found.letter, found.computed, found.is_stated) == ("B", "D", True)


def test_scope_change_is_no_overrun():
    found = last_overrun(project(approved_scope_change=25.0))
    assert (found.stage, found.difference, found.scope_change, found.overrun) == ("contract", 40, 25, 15)
    assert found.ratio == pytest.approx(140 / 125)
    assert [each.stage for each in overruns(project())] == ["idea", "contract"]
    assert last_overrun(project(), "duration_months").overrun == 2
    assert last_overrun(project(approved_scope_change=25.0), "duration_months").scope_change == 0
    assert last_overrun(project(), "effort_hours") is None
    assert last_overrun(project(actuals=None)) is None


def test_the_last_plan_is_the_latest_where_all_are_dated():
    turned = [FULL["baselines"][1], FULL["baselines"][0]]
    assert last_overrun(project(baselines=turned)).stage == "contract"
    undated = [{**turned[0], "on": None}, turned[1]]
    undated[0].pop("on")
    assert last_overrun(project(baselines=undated)).stage == "idea"


PLANS = st.lists(st.floats(1, 1e9), min_size=1, max_size=4)


@given(PLANS, st.floats(1, 1e9), st.floats(-1e9, 1e9), st.dates(date(1990, 1, 1), date(2030, 1, 1)))
def test_the_parts_add_up_and_every_project_has_a_grade(plans, actual, change, on):
    baselines = [{"stage": str(place), "cost": cost} for place, cost in enumerate(plans)]
    found = project(
        baselines=baselines,
        actuals={"cost": actual},
        approved_scope_change=change,
        finished_on=on.isoformat(),
    )
    for each in overruns(found):
        assert each.overrun + each.scope_change == pytest.approx(each.difference, abs=1e-3)
    assert 0 <= grade(found).completeness <= 1


def test_the_page_shows_the_grade_and_the_split(own_app):
    from kb.records import apply_record, parse_record
    from web.services import EXTENSION

    said = FULL | {"kind": "project", "id": "H-0090", "approved_scope_change": 25.0, "size": 3.0,
                   "attributes": {"bugs": 7.0}, "known_after": ["bugs"], "outcome": "failed"}  # fmt: skip
    said.pop("type")
    with own_app.extensions[EXTENSION].database.write() as session:
        apply_record(session, parse_record(said))
    page = own_app.test_client().get("/entries/H-0090").text
    assert "Approved scope change and overrun" in page
    assert "+40" in page
    assert "+12 %" in page
    assert "grade A (A is best), worked out" in page
    assert "Not known: type." in page
    assert "known afterwards" in page


pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
