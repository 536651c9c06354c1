"""Where sections and columns of documents go: guessed, changed by name, made into entries."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.content import make_content
from kb.errors import InvalidRecord
from kb.importing.document import Document, Section, Table
from kb.importing.guessing import guess, split_labels
from kb.importing.making import make
from kb.importing.plans import SHAPES, options
from kb.importing.stating import stated
from kb.importing.values import value_of
from kb.importing.words import LESSON, REVIEW, lesson_field, lesson_title, plain, review_field

TABLE = "| Item | EUR |\n| --- | --- |\n| a \\| b | 1<br>2 |"


def h(level: int, heading: str, text: str = "", place: str = "") -> Section:
    return Section(heading, level, place, text)


def table(*rows: list[str], heading: str = "", level: int = 0) -> Section:
    return Section(heading, level, "", table=Table(rows[0], list(rows[1:])))


def planned(*sections: Section, form="docx", name="a.docx"):
    document = split_labels(Document(form, sections=list(sections)))
    return document, guess(document, name)


def made(*sections: Section, **more):
    document, plan = planned(*sections, **more)
    return [(draft.kind, draft.data) for draft in make(document, plan)]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Driving Event", "happened"),
        ("3.2 Lesson(s) Learned:", "lesson"),
        ("RECOMMENDATIONS", "recommendation"),
        ("Observation", "happened"),
        ("Discussion", "context"),
        ("Conclusion", "lesson"),
        ("Event description", "happened"),
        ("Recommended Action", "recommendation"),
        ("Early warnings", "warning_signs"),
        ("Root Cause(s)", "causes"),
        ("What we’d do differently", None),
        ("Lessons learned (what we learned)", "lesson"),
        ("Budget", None),
        ("iv) What happened?", "happened"),
        ("Date logged", "occurred_on"),
        ("Effect", "impact"),
    ],
)
def test_the_words_of_the_practice_are_known(heading, field):
    assert lesson_field(heading) == field


def test_headings_of_reviews_and_numbers_of_lessons():
    assert review_field("2. What didn't go well") == "went_badly"
    assert review_field("Executive Summary") == "summary"
    assert lesson_title("Lesson 3: Ask early") == "Ask early"
    assert lesson_title("LL-12 – Ask early") == "Ask early"
    assert lesson_title("Lesson 3") == "Lesson 3"
    assert all(
        plain(name) == name for words in (*LESSON.values(), *REVIEW.values()) for name in words.split("; ")
    )


def test_lessons_below_a_heading_each_have_their_own():
    found = made(
        h(1, "Successes", "Good team."), h(1, "Lessons Identified"),
        h(2, "Permits", "They were late."), h(3, "Recommendation", "Ask early."),
        h(2, "Cables", "Too short."), h(1, "Annex", "More."),
    )  # fmt: skip
    assert found == [
        ("review", {"went_well": "Good team.", "body": "## Annex\n\nMore.", "title": "a"}),
        ("lesson", {"happened": "They were late.", "recommendation": "Ask early.", "title": "Permits"}),
        ("lesson", {"happened": "Too short.", "title": "Cables"}),
    ]


def test_headings_with_fields_below_them_are_lessons_anywhere():
    found = made(
        h(1, "Ask early"),
        h(2, "Observation", "Late."),
        h(2, "Discussion", "Because."),
        h(2, "Recommendation", "Ask."),
    )
    assert found == [
        (
            "lesson",
            {"happened": "Late.", "context": "Because.", "recommendation": "Ask.", "title": "Ask early"},
        )
    ]


@pytest.mark.parametrize("parts", [["Summary", "Lessons learned"], ["What went well", "Recommendations"]])
def test_a_report_that_stands_under_its_title_is_no_lesson(parts):
    found = made(h(1, "Closing report: crane"), *(h(2, part, "Two gearboxes failed.") for part in parts))
    assert [(kind, data["title"]) for kind, data in found] == [("review", "Closing report: crane")]


def test_a_presentation_is_called_like_its_first_slide():
    slides = h(1, "Ferry timetable"), h(1, "What went well", "Paper tickets")
    assert planned(*slides, form="pptx", name="v3_final.pptx")[1].title == "Ferry timetable"
    assert planned(*slides[::-1], form="pptx", name="v3_final.pptx")[1].title == "v3 final"
    assert planned(*slides, name="v3_final.docx")[1].title == "v3 final"


def test_what_stands_under_a_part_of_a_review_keeps_its_heading():
    found = made(
        h(1, "What went well"), h(2, "Walks with drivers", "Every Friday."), h(3, "In winter", "Twice."),
        h(1, "What went badly", "Printers."), h(0, "", "Late."), h(2, "Fare tables", "Frozen too late."),
    )  # fmt: skip
    assert found[0][1] == {
        "title": "a", "went_well": "### Walks with drivers\n\nEvery Friday.\n\n### In winter\n\nTwice.",
        "went_badly": "Printers.\n\nLate.\n\n### Fare tables\n\nFrozen too late.",
    }  # fmt: skip


def test_labels_in_bold_or_before_a_colon_are_fields():
    text = "Some words.\n\n**Observation:** Late.\nIndeed.\n\nRecommendation: Ask.\n\nNote: no field."
    assert made(h(1, "Lesson 1: Permits", text)) == [
        (
            "lesson",
            {
                "happened": "Some words.\n\nLate.\nIndeed.",
                "recommendation": "Ask.\n\nNote: no field.",
                "title": "Permits",
            },
        )
    ]


def test_items_of_a_list_are_lessons():
    found = made(
        h(1, "What went well", "All."),
        h(1, "Lessons learned", "- Ask early. Then wait.\n    More.\n- Ask twice"),
    )
    assert found[1:] == [
        ("lesson", {"lesson": "Ask early. Then wait.\nMore.", "title": "Ask early"}),
        ("lesson", {"lesson": "Ask twice", "title": "Ask twice"}),
    ]


def test_a_table_of_two_columns_with_labels_is_one_lesson():
    form = table(
        ["Title", "Ask early"], ["Observation", "Late."], ["Recommendation", "Ask."], ["Raised by", "Max"]
    )
    assert made(h(1, "Summary", "S."), form)[1:] == [
        ("lesson", {"title": "Ask early", "happened": "Late.", "recommendation": "Ask."})
    ]


def test_a_log_gives_a_lesson_for_each_row_and_loses_no_column():
    log = table(
        ["ID", "Category", "Date", "Event", "Recommendation", "Priority", "Budget code"],
        ["1", "Permits; Law", "3 March 2025", "Late.", "Ask.", "HIGH", "X7"],
        ["2", "", "03/04/2025", "Lost.", "Look.", "someday", ""],
    )
    assert made(log, form="csv", name="log.csv") == [
        ("lesson", {"tags": ["permits", "law"], "occurred_on": "2025-03-03", "happened": "Late.",
                    "recommendation": "Ask.", "priority": "high", "title": "Ask",
                    "body": "**Budget code:** X7"}),
        ("lesson", {"happened": "Lost.", "recommendation": "Look.", "title": "Look",
                    "body": "**Date:** 03/04/2025\n\n**Priority:** someday"}),
    ]  # fmt: skip


def test_tables_that_name_no_fields_stay_in_the_text():
    found = made(h(1, "Costs", "See:"), table(["Item", "EUR"], ["a | b", "1\n2"], heading="Costs"))
    assert found == [
        (
            "review",
            {
                "title": "Costs",
                "body": "## Costs\n\nSee:\n\n| Item | EUR |\n| --- | --- |\n| a \\| b | 1<br>2 |",
            },
        )
    ]


@pytest.mark.parametrize(
    ("name", "form", "headings", "shape"),
    [
        ("Closing report.docx", "docx", ["Scope", "Budget"], "review"),
        ("Risk template.docx", "docx", ["Scope"], "template"),
        ("Onboarding guide.pdf", "pdf", ["Scope"], "training"),
        ("talk.pptx", "pptx", ["Start"], "training"),
        ("talk.pptx", "pptx", ["What went well"], "review"),
    ],
)
def test_what_a_document_becomes_is_told_by_headings_then_by_its_name(name, form, headings, shape):
    document, plan = planned(*(h(1, each, "Text.") for each in headings), form=form, name=name)
    assert plan.shape == shape
    assert make(document, plan)[0].kind == shape


def test_what_is_left_out_takes_its_fields_along():
    sections = [h(1, "Lessons"), h(2, "A", "a"), h(2, "B"), h(3, "Recommendation", "of b")]
    document, plan = planned(*sections)
    plan = plan.changed(stated(plan, document, {"B": "skip"}), document)
    assert [draft.data for draft in make(document, plan)] == [{"title": "A", "happened": "a"}]


def test_choices_are_stated_by_name_or_number():
    log = table(["Thema", "Text"], ["a", "b"])
    document, plan = planned(log, form="csv", name="x.csv")
    said = stated(plan, document, {"thema": "title", "#1.2": "lesson"}, title="T")
    assert said["columns"] == {"0": ["title", "lesson"]}
    assert make(document, plan.changed(said, document))[0].data == {"title": "a", "lesson": "b"}
    wrong = (
        ({"x": "skip"}, "nothing in the document"),
        ({"#1": "lesson"}, "cannot go to 'lesson'"),
        ({"Text": "rows"}, "cannot go to 'rows'"),
        ({"#9": "skip"}, "nothing"),
    )
    for mapping, words in wrong:
        with pytest.raises(InvalidRecord, match=words):
            stated(plan, document, mapping)
    with pytest.raises(InvalidRecord, match="shape"):
        stated(plan, document, {}, shape="poem")


def test_pictures_come_with_the_entry_whose_text_shows_them():
    document, plan = planned(
        h(1, "What went well", "![x](picture:3)"), h(1, "Lessons"), h(2, "A", "![](picture:1)")
    )
    drafts = make(document, plan)
    assert [draft.pictures for draft in drafts] == [{3}, {1}]
    assert drafts[0].content({3: "/attachments/abc.png"}).went_well == "![x](/attachments/abc.png)"


def test_values_that_fit_no_field_are_told():
    assert value_of("sector", "x" * 301) is None
    assert value_of("tags", "A, b; C") == ["a", "b", "c"]
    assert value_of("type", "Positive") == "good practice"
    assert value_of("type", "Negative") == "problem"
    assert value_of("occurred_on", "2025-03-01 00:00") == "2025-03-01"
    assert value_of("occurred_on", "1.3.2025") == "2025-03-01"
    assert value_of("causes", "Supplier went bankrupt") == [
        {"code": "supplier", "words": "Supplier went bankrupt"}
    ]
    assert value_of("causes", "Bad luck") is None


TEXT = st.text(
    st.one_of(st.sampled_from("ab *_#|-\n\t[]()<>:1.\\\x00\ud800\x0b\u2028é"), st.characters()), max_size=60
)
WORDS = st.one_of(
    TEXT, st.sampled_from(["Observation", "Lessons learned", "Recommendation", "What went well", "Lesson 1"])
)
SECTIONS = st.builds(
    Section, WORDS, st.integers(0, 4), st.sampled_from(["", "page 1"]), TEXT,
    st.none() | st.integers(1, 4).flatmap(
        lambda width: st.builds(
            Table, st.lists(WORDS, min_size=width, max_size=width),
            st.lists(st.lists(TEXT, min_size=width, max_size=width), min_size=1, max_size=3),
        )
    ),
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sections=st.lists(SECTIONS, max_size=6),
    title=TEXT,
    form=st.sampled_from(["docx", "csv", "pptx"]),
    shape=st.sampled_from([*SHAPES, None]),
    targets=st.lists(st.sampled_from([*options(), "nonsense"]), max_size=6),
)
def test_whatever_a_document_and_a_plan_say_entries_come_out_or_problems(
    sections, title, form, shape, targets
):
    """And what is made without a problem can be stored."""
    document = split_labels(Document(form, title, list(sections)))
    plan = guess(document, "a.docx").changed({"shape": shape, "targets": targets}, document)
    for draft in make(document, plan):
        assert draft.title
        if not draft.problems:
            make_content(draft.kind, draft.content({}).model_dump(mode="json", exclude_defaults=True))
