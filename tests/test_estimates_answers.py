"""Estimates over the repository: what counts, what is told, what is refused, and who sees what."""

from __future__ import annotations

import time

import numpy as np
import pytest

from kb.errors import InvalidRecord
from kb.reading import ANONYMOUS, OPERATOR, Reader
from kb.validation import validate
from search.estimates.answering import AFTERWARDS, NO_ENCODER, Estimates
from search.estimates.descriptions import Descriptions
from search.estimates.offering import estimate_fields
from search.estimates.request import EstimateRequest
from search.estimates.targets import Aim, UnknownTarget
from tests.estimating import by_letters
from tests.finished import finished, put

RAIL = {"type": "migration", "sector": "rail", "complexity": "medium", "size": 180.0, "size_unit": "points"}
LESSON = {
    "id": "L-0031", "kind": "lesson", "title": "Apply for permits early", "source": "H-0001",
    "causes": [{"code": "permits"}],
}  # fmt: skip


class Letters:
    """An encoder that counts letters."""

    fingerprint, dimension, note = "letters", 26, ""

    def embed_query(self, text):
        return by_letters([text])[0]

    def embed_passages(self, texts):
        return by_letters(texts)


def ask(estimates, reader=OPERATOR, **request):
    return estimates.answer(validate(EstimateRequest, request), reader)


def estimates_of(database, *records, encoder=None, measured=False):
    """Estimates over these projects. Measuring takes longest, so only those do who look at it."""
    with database.write() as session:
        put(session, *records)
    measuring = {} if measured else {"measure": lambda _: None}
    return Estimates(database, lambda: Descriptions(encoder), **measuring)


def measured_answer(estimates, **request):
    """Asks again while what is measured beside it is not ready, as people would."""
    deadline = time.monotonic() + 60
    while not (found := ask(estimates, **request)).measured:
        assert time.monotonic() < deadline
    return found


@pytest.fixture
def repository(database):
    """Forty finished projects, without an encoder."""
    return estimates_of(database, *finished(40))


def change(estimates, *records):
    with estimates.database.write() as session:
        put(session, *records)


def test_the_answer_shows_what_it_rests_on(database):
    found = measured_answer(estimates_of(database, *finished(40), measured=True), **RAIL)
    range_ = found.range
    assert 0 < range_.p10 < range_.p50 < range_.p80 < range_.p90
    assert found.unit == "EUR"
    assert found.n == 40
    assert 5 <= len(found.comparables) <= 10
    for each in found.comparables:
        assert each.implied == pytest.approx(each.actual * each.scale)
        assert sum(part.share for part in each.parts) == pytest.approx(1)
    assert [each.distance for each in found.comparables] == sorted(
        each.distance for each in found.comparables
    )
    assert found.measured.n == 40
    assert 0.6 < found.measured.inside_p10_p90 <= 1
    assert found.stated == {
        "size (points)": "180 points", "type": "migration", "sector": "rail", "complexity": "medium"
    }  # fmt: skip
    assert "EUR" in found.words
    assert "40 finished projects" in found.words


def test_an_exclusion_moves_the_answer_at_once_and_keeps_its_reason(repository):
    before = ask(repository, **RAIL)
    gone = before.comparables[0].id
    after = ask(repository, **RAIL, exclude=[{"id": gone, "reason": "Bought, not built"}])
    assert gone not in {each.id for each in after.comparables}
    assert after.n == 39
    assert after.range != before.range
    assert [(each.id, each.reason) for each in after.excluded] == [(gone, "Bought, not built")]
    (said,) = [each for each in before.sensitivity if each.id == gone]
    assert said.p50 == pytest.approx(after.range.p50)


def test_sensitivity_names_the_largest_project(repository):
    found = ask(repository, **RAIL)
    (largest,) = [each for each in found.sensitivity if each.is_largest]
    with repository.database.read() as session:
        rows = repository.projects(session, OPERATOR).rows
    assert largest.id == max(rows, key=lambda each: each.content["actuals"]["cost"]).ref


def test_the_reference_class_is_actual_over_what_was_approved(database):
    records = finished(24)
    for row, record in enumerate(records):
        record["baselines"] = [{"stage": "business case", "cost": 1000.0}]
        record["actuals"] = {"cost": 1.2 * (1300.0 + row)}
        record["approved_scope_change"] = 300.0 + row
    estimates = estimates_of(database, *records)
    found = ask(estimates, **RAIL, plan=2000.0)
    assert found.reference.chosen.label == "migration"
    assert found.reference.chosen.n == 12
    assert found.reference.uplift_p50 == pytest.approx(0.2)
    assert found.reference.uplift_p80 == pytest.approx(0.2)
    assert found.plan.with_p80 == pytest.approx(2400)


def test_a_plan_is_given_its_chance(repository):
    found = ask(repository, **RAIL)
    chances = [ask(repository, **RAIL, plan=plan).plan.chance for plan in vars(found.range).values()]
    assert chances == pytest.approx([0.1, 0.5, 0.8, 0.9], abs=0.03)


def test_a_small_class_falls_back_to_all_and_says_so(repository):
    found = ask(repository, **RAIL | {"type": "research"})
    assert found.reference.chosen.label == "all projects"
    assert "too few of the type research" in found.reference.words


def test_causes_lead_to_lessons(repository):
    near = ask(repository, **RAIL).comparables[0].id
    change(repository, LESSON | {"source": near})
    (cause,) = ask(repository, **RAIL).causes
    assert cause.words.startswith("10 of 10 lost over 30 days to permits")
    assert [each.id for each in cause.entries] == ["L-0031"]


def test_a_masked_lesson_stays_out_of_the_bridge(repository):
    near = ask(repository, **RAIL).comparables[0].id
    change(repository, LESSON | {"source": near, "mask_source": True})
    assert ask(repository, Reader(mask_below=50), **RAIL).lessons == []
    assert [each.id for each in ask(repository, **RAIL).lessons] == ["L-0031"]


def test_hidden_projects_count_for_nothing(repository):
    hidden = [
        record | {"visibility": "restricted", "readers": ["role:estimator"]} for record in finished(40)[30:]
    ]
    change(repository, *hidden)
    seen, everything = ask(repository, ANONYMOUS, **RAIL), ask(repository, **RAIL)
    refs = {record["id"] for record in hidden}
    assert everything.n == 40
    assert seen.n == 30
    assert not refs & {each.id for each in (*seen.comparables, *seen.sensitivity)}
    alone = Estimates(repository.database, lambda: Descriptions(None), lambda _: None)
    assert ask(alone, ANONYMOUS, **RAIL) == seen
    named = ask(repository, ANONYMOUS, **RAIL, exclude=[{"id": "H-0035", "reason": "x"}])
    missing = ask(repository, ANONYMOUS, **RAIL, exclude=[{"id": "H-9999", "reason": "x"}])
    assert named.excluded[0].title == missing.excluded[0].title == ""
    assert named.range == missing.range


def test_what_is_learned_is_kept_while_the_projects_stay_the_same(repository):
    ask(repository, **RAIL)
    fits = repository._fits
    held = dict(fits._values)
    change(repository, LESSON)
    ask(repository, ANONYMOUS, **RAIL)
    assert dict(fits._values) == held
    change(repository, finished(40)[0] | {"size": 900.0})
    ask(repository, **RAIL)
    assert len(fits._values) == 2


def test_fewer_than_twenty_give_the_nearest_and_no_range(database):
    estimates = estimates_of(database, *finished(12))
    found = ask(estimates, **RAIL)
    assert found.range is None
    assert "12 finished projects are too few" in found.refusal
    assert len(found.comparables) == 10
    assert found.comparables[0].implied is None
    assert found.reference.chosen.n == 12


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_smallest_histories_are_refused_in_words(database, count):
    estimates = estimates_of(database, *finished(count))
    if count:
        found = ask(estimates, **RAIL)
        assert f"{count} finished projects are too few" in found.refusal
        assert len(found.comparables) == count
    else:
        found = ask(estimates, target="cost")
        assert found.comparables == []


def test_far_from_all_is_refused_with_the_nearest(repository):
    found = ask(repository, **RAIL | {"size": 9e6})
    assert found.range is None
    assert "no precedent" in found.refusal
    assert found.comparables
    assert found.measured is None


def test_nothing_known_is_refused(repository):
    found = ask(repository)
    assert "Nothing is known" in found.refusal
    assert "size (points)" in found.refusal


def test_cancelled_and_foreign_projects_are_left_out_aloud(repository):
    first, second, third, *_ = finished(40)
    change(
        repository,
        first | {"outcome": "cancelled"},
        second | {"currency": "XTS"},
        third | {"attributes": {"sites": 0.0}},
    )
    found = ask(repository, **RAIL)
    assert found.n == 38
    assert any("H-0001 (cancelled" in each for each in found.left_out)
    assert any("H-0002 (There is no exchange rate of XTS for 2020" in each for each in found.left_out)
    sites = ask(repository, **RAIL, target="sites")
    assert any("H-0003 (sites is not above 0)" in each for each in sites.left_out)


def test_a_currency_that_no_project_has_is_named(repository):
    with pytest.raises(UnknownTarget, match="currency: no finished project states its cost in XTS"):
        ask(repository, **RAIL, currency="XTS")


def test_amounts_are_in_one_currency_and_the_prices_of_one_year(repository):
    first, *_ = finished(40)
    change(repository, first | {"currency": "GBP", "price_year": 2016})
    now, then = ask(repository, **RAIL), ask(repository, **RAIL, price_year=2020)
    assert now.n == then.n == 40
    assert now.price_year > then.price_year == 2020
    assert f"in prices of {now.price_year}" in now.words
    with repository.database.read() as session:
        indices = repository.figures(session).money.indices
    risen = indices["EUR", "", now.price_year].index / indices["EUR", "", 2020].index
    assert now.range.p50 / then.range.p50 == pytest.approx(risen, rel=0.02)
    whole = ask(repository, **RAIL, exclude=[])
    told = {each.id: each.how for each in whole.comparables}
    assert all("index" in how for how in told.values())
    with pytest.raises(UnknownTarget, match="price_year: there is no price index of EUR for 1950"):
        ask(repository, **RAIL, price_year=1950)


def test_published_uplifts_stand_in_for_too_few_plans_of_ours(database):
    estimates = estimates_of(database, *finished(6))
    with database.read() as session:
        known = [each for each in estimates.figures(session).uplifts if each.measure == "cost"]
    found = ask(estimates, **RAIL | {"type": known[0].project_type}).reference
    assert found.chosen is None
    assert found.published[0].project_type == known[0].project_type
    assert found.uplift_p50 == (None if known[0].p50_percent is None else known[0].p50_percent / 100)
    assert "Published for" in found.words
    assert "of other types" in ask(estimates, **RAIL).reference.words


def test_a_column_that_is_the_answer_is_not_used(database):
    records = finished(40)
    for record in records:
        cost = record["actuals"]["cost"]
        record["attributes"] |= {"invoiced": cost * 1.1, "actual headcount": 3.0 + len(record["title"])}
    estimates = estimates_of(database, *records)
    found = ask(estimates, **RAIL, attributes={"invoiced": 5000.0})
    told = " ".join(found.left_out)
    assert "Not used: invoiced" in told
    assert "Not used: actual headcount" in told
    assert "invoiced was not read: it says what is to be estimated." in found.warnings
    assert found.range == ask(estimates, **RAIL).range


@pytest.mark.parametrize(
    ("same", "words"),
    [
        ({"actuals": {"cost": 5000.0}}, "cost is the same in all projects"),
        ({"type": "migration", "sector": "rail"}, ""),
    ],
)
def test_what_is_equal_everywhere_says_nothing(database, same, words):
    estimates = estimates_of(database, *finished(30, **same))
    found = ask(estimates, **RAIL)
    assert words in found.refusal
    assert (found.range is None) == bool(words)


def test_repeated_projects_and_more_attributes_than_projects_are_told(database):
    records = finished(22)
    records[1] = records[0] | {"id": "H-0002"}
    for row, record in enumerate(records):
        record["attributes"] = {f"a{place}": float((row * place) % 7) for place in range(30)}
    records[1]["attributes"] = records[0]["attributes"]
    estimates = estimates_of(database, *records)
    told = " ".join(ask(estimates, **RAIL).left_out)
    assert "H-0001, H-0002 say the same" in told
    assert "22 projects and" in told


def test_units_of_size_are_not_mixed(database):
    records = finished(40)
    for record in records[:20]:
        record |= {"size": record["size"] * 1000, "size_unit": "users"}
    estimates = estimates_of(database, *records)
    points = ask(estimates, **RAIL)
    users = ask(estimates, **RAIL | {"size": 180_000.0, "size_unit": "users"})
    assert points.stated["size (1 is usual for its unit)"] == "180 points"
    assert users.range is not None
    without = ask(estimates, **RAIL | {"size_unit": "km"})
    assert any("The size in km was not read" in each for each in without.warnings)


def test_values_that_do_not_fit_are_told(repository):
    found = ask(repository, **RAIL, attributes={"sites": "many", "colour": "red", "public": True})
    assert "sites is 'many', and a number in finished projects: not read." in found.warnings
    assert "No finished project states colour: not read." in found.warnings
    assert found.stated["public"] == "yes"


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({"size": "1,200"}, "size: must be a number"),
        ({"size": -1.0}, "size: must be more than 0"),
        ({"size": 0.0}, "size: must be more than 0"),
        ({"plan": float("nan")}, "plan"),
        ({"size": False}, "size: must be a number"),
        ({"colour": "red"}, "colour: is not a known field"),
        ({"exclude": [{"id": "H-0001", "reason": " "}]}, "exclude.1.reason: must not be empty"),
        ({"exclude": [{"id": "first", "reason": "x"}]}, "exclude.1.id: must be an entry id"),
        ({"currency": "euro"}, "currency"),
    ],
)
def test_bad_requests_name_the_field(request_, problem):
    with pytest.raises(InvalidRecord, match=problem):
        validate(EstimateRequest, request_)


def test_an_unknown_target_names_those_that_there_are(repository):
    with pytest.raises(UnknownTarget, match="there is cost, duration, sites"):
        ask(repository, target="weight")


def test_a_back_test_of_the_live_history_is_made_once_and_kept(repository):
    aim = Aim("duration")
    first = repository.backtest(aim, OPERATOR)
    assert first.state == "running"
    deadline = time.monotonic() + 120
    while (found := repository.backtest(aim, OPERATOR)).state == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
    result = found.result
    assert result.n == 40
    assert [each.name for each in result.methods][:2] == ["Precedent", "median"]
    assert {"ATLM", "LP4EE", "random forest"} <= {each.name for each in result.methods}
    assert [each.promised for each in result.levels] == [0.1, 0.5, 0.8, 0.9]
    misses = [abs(each.actual - each.p50) for each in result.worst]
    assert misses == sorted(misses, reverse=True)
    assert repository.backtest(aim, OPERATOR).result is result
    change(repository, LESSON)
    assert repository.backtest(aim, OPERATOR).result is result


def test_a_back_test_of_too_few_is_refused_in_words(database):
    estimates = estimates_of(database, *finished(8))
    deadline = time.monotonic() + 30
    while (
        found := estimates.backtest(Aim("cost"), OPERATOR)
    ).state == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found.state == "refused"
    assert "8 finished projects are too few" in found.why


def test_any_numeric_attribute_can_be_the_target(repository):
    found = ask(repository, **RAIL, target="sites")
    assert found.target == "sites"
    assert found.range.p50 > 0
    assert not any("sites" in part.attribute for each in found.comparables for part in each.parts)


def test_a_description_alone_is_enough(database):
    estimates = estimates_of(database, *finished(40), encoder=Letters(), measured=True)
    found = measured_answer(estimates, description="A hospital: wards, nurses and patient records.")
    assert found.reads_text
    assert found.range is not None
    assert AFTERWARDS in found.warnings
    assert found.comparables[0].similarity > 0.9
    assert found.comparables[0].title.startswith("Health")
    assert not ask(
        estimates, **RAIL, attributes={"sites": 2.0, "public": True}, title="A hospital"
    ).reads_text


def test_without_an_encoder_a_description_is_told_to_be_unread(repository):
    found = ask(repository, description="A hospital.")
    assert found.range is None
    assert NO_ENCODER in found.warnings


def test_the_fields_are_those_that_the_projects_have(repository):
    with repository.database.read() as session:
        offered = estimate_fields(repository.projects(session, OPERATOR), repository.figures(session).money)
    assert [each.name for each in offered.targets] == ["cost", "duration", "sites"]
    assert offered.size_units == ["points"]
    assert offered.stages == ["business case"]
    assert {each.name: each.kind for each in offered.attributes} == {
        "sites": "number", "public": "category", "firm": "category"
    }  # fmt: skip
    assert {each.name for each in offered.fields} == {"type", "sector", "complexity"}


def test_excluding_from_a_long_history_leaves_the_slopes():
    from search.estimates.estimator import fit
    from tests.estimating import made

    history = made(400)
    blend = fit(history).blend
    out = np.arange(0, 400, 40)
    planned = history.profile(0)
    left = blend.without(out)
    near = left.predict(left.read([planned]))
    anew = fit(history.subset(np.setdiff1d(np.arange(400), out))).blend
    assert 0 not in {int(np.setdiff1d(np.arange(400), out)[row]) for row in near.near.rows[0]}
    assert left.quantiles(near)[0] == pytest.approx(
        anew.quantiles(anew.predict(anew.read([planned])))[0], abs=0.1
    )


LATE = {"known_after": ["size"]}


def test_a_size_that_is_known_only_afterwards_predicts_nothing_and_that_is_said(database):
    late = [each | LATE for each in finished(40)]
    estimates = estimates_of(database, *late)
    found = ask(estimates, **RAIL)
    assert "The size was not read: that of finished projects is known only afterwards." in found.warnings
    assert any(words.startswith("Not used: the size of H-0001, H-0002") for words in found.left_out)
    assert not any(name.startswith("size") for name in found.stated)
    assert not any(part.attribute.startswith("size") for each in found.comparables for part in each.parts)
    assert found.comparables[0].size.endswith(" points, known only afterwards")
    with database.read() as session:
        projects = estimates.projects(session, OPERATOR)
        offered = estimates.offered(projects, estimates.figures(session))
    assert (offered.late_sizes, offered.size_units) == (40, [])
    fitted = estimates.fitted(projects, estimates.figures(session), Aim("cost"))
    assert not any(name.startswith("size") for name in fitted.history.numbers)
    known = ask(estimates_of(database, *finished(40)), **RAIL)
    assert known.range.p90 / known.range.p10 < found.range.p90 / found.range.p10, "size says much here"


def test_of_mixed_sizes_those_known_before_are_used(database):
    records = [each | (LATE if row < 5 else {}) for row, each in enumerate(finished(40))]
    estimates = estimates_of(database, *records)
    found = ask(estimates, **RAIL)
    assert "size (points)" in found.stated
    assert "Not used: the size of H-0001, H-0002, H-0003, H-0004, H-0005, because it is known only " in (
        " ".join(found.left_out)
    )
    with database.read() as session:
        projects = estimates.projects(session, OPERATOR)
        fitted = estimates.fitted(projects, estimates.figures(session), Aim("cost"))
    assert np.isnan(fitted.history.numbers["size (points)"]).sum() == 5


def test_the_back_test_says_that_sizes_known_afterwards_do_not_count(database):
    estimates = estimates_of(database, *(each | LATE for each in finished(30)))
    deadline = time.monotonic() + 60
    while (found := estimates.backtest(Aim("cost"), OPERATOR)).state == "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert any("known only afterwards" in words for words in found.result.left_out)


def test_a_rating_that_is_known_only_afterwards_is_not_used_either(database):
    estimates = estimates_of(database, *(each | {"known_after": ["complexity"]} for each in finished(40)))
    found = ask(estimates, **RAIL)
    assert not any(part.attribute == "complexity" for each in found.comparables for part in each.parts)
    assert any(words.startswith("Not used: the complexity of") for words in found.left_out)


def test_comparables_have_their_grades_and_low_ones_can_be_left_out(database):
    records = [each | ({"data_quality": "D"} if row < 6 else {}) for row, each in enumerate(finished(40))]
    estimates = estimates_of(database, *records)
    whole, better = ask(estimates, **RAIL), ask(estimates, **RAIL, least_grade="C")
    assert (whole.n, better.n) == (40, 34)
    assert {each.grade for each in whole.comparables} <= set("ABCD")
    assert all(each.grade and each.grade <= "C" for each in better.comparables)
    assert any(
        words.startswith("Left out: H-0001") and "grade D, and C or better is to count" in words
        for words in better.left_out
    )
    assert not any("grade" in words for words in whole.left_out)
    refused = ask(estimates, **RAIL, least_grade="A")
    assert refused.range is None
    assert "20" in refused.refusal
