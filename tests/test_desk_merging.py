"""Merging two edits, comparing two texts, counting working days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.desk.differences import differences, pieces
from kb.desk.merging import merge, merge_lines
from kb.desk.working_days import add_working_days, working_days_between

LINES = st.lists(st.sampled_from("abcd"), max_size=8)
VALUES = st.none() | st.text("ab\n", max_size=6) | st.lists(st.sampled_from("xyz"), max_size=3)
CONTENTS = st.dictionaries(st.sampled_from(["title", "body", "tags", "impact"]), VALUES.filter(bool))


@given(base=LINES, mine=LINES)
def test_what_only_one_changed_is_theirs(base, mine):
    assert merge_lines(base, mine, base) == mine
    assert merge_lines(base, base, mine) == mine
    assert merge_lines(base, mine, mine) == mine


@given(base=LINES, mine=LINES, theirs=LINES)
def test_merging_is_the_same_from_both_sides(base, mine, theirs):
    assert merge_lines(base, mine, theirs) == merge_lines(base, theirs, mine)


@given(base=CONTENTS, mine=CONTENTS, theirs=CONTENTS)
def test_no_change_of_mine_is_lost(base, mine, theirs):
    """A field that I changed holds my value, unless both edits went into it without a conflict."""
    merged = merge(base, mine, theirs)
    for name in {*base, *mine, *theirs}:
        if name in merged.conflicts or theirs.get(name) == base.get(name):
            assert merged.content.get(name) == mine.get(name)
        elif mine.get(name) == base.get(name):
            assert merged.content.get(name) == theirs.get(name)


def test_edits_of_different_paragraphs_go_together():
    base, mine, theirs = "One.\n\nTwo.\n\nThree.", "One!\n\nTwo.\n\nThree.", "One.\n\nTwo.\n\nThree, four."
    merged = merge({"body": base}, {"body": mine}, {"body": theirs})
    assert merged.content == {"body": "One!\n\nTwo.\n\nThree, four."}
    assert (merged.conflicts, merged.taken) == ([], ["body"])


def test_parts_of_a_group_are_merged_apart():
    mine, theirs = {"impact": {"cost": 2.0}}, {"impact": {"cost": 1.0, "days": 3.0}}
    merged = merge({"impact": {"cost": 1.0}}, mine, theirs)
    assert merged.content == {"impact": {"cost": 2.0, "days": 3.0}}


def test_the_same_place_changed_twice_is_a_conflict_and_mine_stays():
    merged = merge({"title": "A"}, {"title": "B"}, {"title": "C"})
    assert (merged.content, merged.conflicts) == ({"title": "B"}, ["title"])


@given(old=st.text("ab \n", max_size=30), new=st.text("ab \n", max_size=30))
def test_the_pieces_of_a_difference_give_both_texts_back(old, new):
    found = pieces(old, new)
    assert "".join(piece.text for piece in found if piece.change != "added") == old
    assert "".join(piece.text for piece in found if piece.change != "removed") == new


def test_typed_fields_are_read_as_sentences():
    clauses = [{"clause": "Section 4", "because": "L-0006"}, {"clause": "A\nB", "because": ""}]
    said = {
        "provenance": clauses, "impact": {"cost": -5.0, "is_rough": True, "safety": None},
        "applicability": {"project_types": ["a", "b"]},
    }  # fmt: skip
    assert {each.field: each.new for each in differences({}, said)} == {
        "provenance": "– Clause: Section 4\n  Because: L-0006\n– Clause:\n    A\n    B\n  Because: ",
        "impact": "Cost: -5.0\nIs rough: yes", "applicability": "Project types:\n  a\n  b",
    }  # fmt: skip


def test_differences_come_in_reading_order_and_name_typed_fields():
    old = {"title": "A", "body": "x", "impact": {"cost": -5.0}, "tags": ["a"]}
    found = differences(old, old | {"body": "y", "impact": {"cost": -6.0}, "title": "B"})
    assert [each.field for each in found] == ["title", "impact", "body"]
    assert "Cost: -6" in found[1].new
    assert [row.changed for row in found[0].rows] == [True]


@given(start=st.dates(date(2020, 1, 1), date(2030, 1, 1)), count=st.integers(0, 60))
def test_working_days_are_counted_as_they_are_added(start, count):
    end = add_working_days(start, count)
    assert working_days_between(start, end) == count
    days = (start + timedelta(days=each) for each in range(1, (end - start).days + 1))
    assert sum(day.weekday() < 5 for day in days) == count


@pytest.mark.parametrize(("day", "due"), [("2026-11-27", "2026-12-11"), ("2026-11-28", "2026-12-11")])
def test_ten_working_days_are_two_weeks(day, due):
    assert add_working_days(date.fromisoformat(day), 10).isoformat() == due


def test_two_edits_of_different_stages_fit_together():
    step = {"entry": "L-0001"}
    base = {"stages": [{"title": "A", "steps": [step]}, {"title": "B", "steps": [step]}]}
    mine = {"stages": [{"title": "A", "steps": [step | {"note": "x"}]}, {"title": "B", "steps": [step]}]}
    theirs = {"stages": [{"title": "Z", "steps": [step]}, {"title": "B", "steps": []}]}
    merged = merge(base, mine, theirs)
    assert merged.conflicts == []
    assert merged.content["stages"] == [{"title": "Z", "steps": [step | {"note": "x"}]},
                                        {"title": "B", "steps": []}]  # fmt: skip
    other = {"stages": [{"title": "A", "steps": [step | {"note": "y"}]}, {"title": "B", "steps": [step]}]}
    assert merge(base, mine, other).conflicts == ["stages"]
