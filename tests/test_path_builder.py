"""The builder of learning paths without scripts: steps are arranged, searched for, pinned and kept."""

from __future__ import annotations

import re
from html import unescape

import pytest

from kb.records import apply_record, parse_record
from tests.fixtures.people import sign_in
from web.desk.stages import arrange, put, stages_of
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
NEW = "/entries/new/path"
TYPED = {
    "f.title": "Going live", "f.goal": "Plan a cut-over.",
    "f.stages.1.title": "Read", "f.stages.1.ordered": "yes",
    "f.stages.1.steps.1.entry": "L-0001", "f.stages.1.steps.1.required": "yes",
    "f.stages.1.steps.2.entry": "L-0002", "f.stages.1.steps.2.revision": "1",
    "f.stages.2.title": "Do", "f.stages.2.steps.1.entry": "T-0001",
}  # fmt: skip


@pytest.fixture
def tina(own_app):
    return sign_in(own_app, "tina", "trainer")


def words(answer) -> str:
    return unescape(re.sub(r"(<[^>]+>|\s)+", " ", answer.text)).strip()


def steps_in(answer) -> list[list[str]]:
    """The entries of the steps of each stage, as the form would send them."""
    found: dict[str, list[str]] = {}
    pattern = r'name="f\.stages\.(\d+)\.steps\.(\d+)\.entry"[^>]*? value="([^"]*)"'
    for stage, _, ref in re.findall(pattern, answer.text):
        found.setdefault(stage, []).append(ref)
    return [found[key] for key in sorted(found)]


@pytest.mark.parametrize(
    ("do", "stands", "focused"),
    [
        ("down:stages.1.steps.1", [["L-0002", "L-0001"], ["T-0001"]], "down-stages-1-steps-2"),
        ("up:stages.1.steps.2", [["L-0002", "L-0001"], ["T-0001"]], "up-stages-1-steps-1"),
        ("down:stages.1.steps.2", [["L-0001"], ["L-0002", "T-0001"]], "down-stages-2-steps-1"),
        ("up:stages.2.steps.1", [["L-0001", "L-0002", "T-0001"]], "up-stages-1-steps-3"),
        ("down:stages.1", [["T-0001"], ["L-0001", "L-0002"]], "down-stages-2"),
        ("move:stages.2.steps.1>stages.1.steps.1", [["T-0001", "L-0001", "L-0002"]], "down-stages-1-steps-1"),
        ("move:stages.1.steps.1>stages.1.steps.3", [["L-0002", "L-0001"], ["T-0001"]],
         "down-stages-1-steps-2"),
        ("remove:stages.1.steps.1", [["L-0002"], ["T-0001"]], "remove-stages-1-steps-1"),
        ("remove:stages.2", [["L-0001", "L-0002"]], "add-stage"),
        ("up:stages.1.steps.1", [["L-0001", "L-0002"], ["T-0001"]], ""),
        ("move:stages.9.steps.1>stages.1.steps.1", [["L-0001", "L-0002"], ["T-0001"]], ""),
        ("down:stages.1.steps.0", [["L-0001", "L-0002"], ["T-0001"]], ""),
    ],
)  # fmt: skip
def test_steps_and_stages_are_moved_without_scripts_and_keep_the_focus(tina, do, stands, focused):
    answer = tina.send(NEW, do=do, **TYPED)
    assert answer.status_code == 200
    assert steps_in(answer) == stands
    found = re.findall(r'id="([^"]+)"[^>]* autofocus', answer.text)
    assert found == ([focused] if focused else [])
    assert ('role="status">Now s' in answer.text) == (do[:4] in ("down", "up:s", "move") and bool(focused))
    assert steps_in(tina.get(NEW)) == stands  # it is kept, as everything that is typed


def test_what_a_step_says_moves_with_it(tina):
    said = {"f.stages.1.steps.1.note": "Look at the hours.", "f.stages.1.steps.1.minutes": "15",
            "f.stages.1.steps.1.completion": "Passed"}  # fmt: skip
    page = tina.send(NEW, do="down:stages.1.steps.1", **TYPED | said).text
    assert 'name="f.stages.1.steps.2.note" type="text" value="Look at the hours."' in page
    assert 'name="f.stages.1.steps.2.minutes" type="text" value="15"' in page
    chosen = re.search(r'name="f.stages.1.steps.2.completion".*?</select>', page, re.DOTALL)[0]
    assert 'value="Passed" selected' in chosen


def test_material_is_searched_for_and_added_at_its_newest_revision(tina, own_app):
    answer = tina.send(NEW, do="find", find="freeze changes", **TYPED)
    assert "Found for “freeze changes”" in answer.text
    assert "In stage 1, step 2" in answer.text
    assert "Kept inside" not in sign_in(own_app, "anna").send(NEW, do="find", find="zzz", **TYPED).text
    answer = tina.send(NEW, do="find", find="cut-over", into="1", **TYPED)
    assert 'value="put:M-0001"' in answer.text
    answer = tina.send(NEW, do="put:M-0001", find="cut-over", into="1", **TYPED)
    assert steps_in(answer) == [["L-0001", "L-0002", "M-0001"], ["T-0001"]]
    assert "Added as step 3 of stage 1." in answer.text
    pins = re.search(r'name="f.stages.1.steps.3.revision".*?</select>', answer.text, re.DOTALL)[0]
    assert re.search(r'value="1" selected>1, of \d{4}-\d\d-\d\d \(newest\)', pins)
    assert "is in this path already" in tina.send(NEW, do="put:L-0001", **TYPED).text
    assert "no published entry L-0999 to add" in tina.send(NEW, do="put:L-0999", **TYPED).text
    assert steps_in(tina.send(NEW, do="put:l-0001", **{"f.title": "A"})) == [["L-0001"]]


def test_enter_searches_where_there_are_words_and_else_saves(tina):
    answer = tina.send(NEW, do="enter", find="freeze", **TYPED)
    assert (answer.status_code, "Found for “freeze”" in answer.text) == (200, True)
    assert tina.send(NEW, do="enter", find=" ", **TYPED).status_code == 303


def test_older_revisions_can_be_pinned_and_a_newer_one_is_told(tina):
    page = words(tina.send(NEW, do="find", **TYPED))
    assert "Revision 2 is the newest." in page
    saved = tina.send(NEW, do="save", **TYPED)
    assert saved.status_code == 303
    page = tina.get(saved.headers["Location"]).text
    pins = re.search(r'name="f.stages.1.steps.2.revision".*?</select>', page, re.DOTALL)[0]
    assert re.findall(r'<option value="(\d*)"( selected)?', pins) == [("", ""), ("2", ""), ("1", " selected")]


def test_entries_that_are_not_there_and_hidden_ones_read_the_same(own_app):
    with own_app.extensions[EXTENSION].database.write() as session:
        record = {"id": "L-0044", "kind": "lesson", "title": "A secret", "visibility": "restricted"}
        apply_record(session, parse_record(record | {"readers": ["role:estimator"]}))
    anna = sign_in(own_app, "anna")
    pages = [
        anna.send(NEW, do="find", find="secret", **TYPED | {"f.stages.2.steps.1.entry": ref})
        for ref in ("L-0044", "L-0999")
    ]
    first, second = (page.text.replace("L-0044", "L-0999") for page in pages)
    assert "There is no published entry L-0999 that you may see" in first
    tokens = re.compile(r'nonce="[^"]*"|name="form_token" value="[^"]*"|request [0-9a-f]+')
    assert tokens.sub("", first) == tokens.sub("", second)
    assert "A secret" not in first
    assert "no published entry L-0044 to add" in anna.send(NEW, do="put:L-0044", **TYPED).text


def test_the_script_gets_its_part_of_the_page_only(tina):
    data = TYPED | {"do": "down:stages.1.steps.1", "form_token": re.search(
        r'name="form_token" value="([^"]+)"', tina.get(NEW).text)[1]}  # fmt: skip
    answer = tina.post(NEW, data=data, headers={"X-Fragment": "builder"})
    assert answer.text.strip().startswith("<fieldset")
    assert steps_in(answer) == [["L-0002", "L-0001"], ["T-0001"]]


def test_a_path_that_is_found_can_come_before(tina):
    answer = tina.send(NEW, do="before:P-0001", **TYPED)
    assert ">\nP-0001</textarea>" in answer.text
    assert "Before it come: Going live safely" in words(answer)
    assert "cannot be added" in tina.send(NEW, do="before:L-0001", **TYPED).text


def test_arranging_takes_whatever_it_is_given():
    for data in ({}, {"stages": None}, {"stages": ["x", {"steps": "y"}]}, {"stages": [{"steps": [1, {}]}]}):
        for do in ("add", "remove", "up", "down", "move"):
            for place in ("", "stages", "stages.1", "stages.1.steps", "stages.1.steps.1", "stages.0", "title",
                          "stages.1.steps.1>stages.1.steps.9", "stages.1>stages.2", ">"):  # fmt: skip
                held = {"stages": [dict(each) if isinstance(each, dict) else each for each in data["stages"]]
                        } if isinstance(data.get("stages"), list) else dict(data)  # fmt: skip
                arrange(held, do, place)
                assert all(isinstance(each["steps"], list) for each in stages_of(held))
    full = {"stages": [{"title": "A", "steps": [{} for _ in range(200)]}]}
    assert "no more fit" in put(full, {"entry": "L-0001"}, 1).said


def put_in(app, *records):
    for record in records:
        with app.extensions[EXTENSION].database.write() as session:
            apply_record(session, parse_record(record))


COMPLETE = TYPED | {"f.summary": "In short.", "f.audience": "Managers"}


def test_a_path_without_steps_is_a_draft_and_its_submit_says_what_is_missing(tina):
    bare = {name: value for name, value in COMPLETE.items() if ".steps." not in name}
    saved = tina.send(NEW, do="save", **bare)
    assert saved.status_code == 303
    refused = tina.send(saved.headers["Location"].partition("?")[0], do="submit", base="1", **bare)
    assert refused.status_code == 400
    assert "The draft is saved, but not submitted yet" in words(refused)
    assert "Stages hold no step yet: add at least one" in words(refused)


def test_submit_refuses_steps_that_nobody_could_take(own_app, tina):
    put_in(own_app, {"id": "L-0044", "kind": "lesson", "title": "A secret", "visibility": "restricted",
                     "readers": ["role:estimator"]})  # fmt: skip
    for ref in ("L-0044", "L-0999"):
        refused = tina.send(NEW, do="submit", **COMPLETE | {"f.stages.2.steps.1.entry": ref})
        assert refused.status_code == 400
        assert f"names no published entry that you may see ({ref}); name another" in words(refused)
        assert "A secret" not in refused.text
    refused = tina.send(NEW, do="submit", **COMPLETE | {"f.stages.1.steps.2.revision": "9"})
    assert "names revision 9 of L-0002, which never was published" in words(refused)
    refused = tina.send(NEW, do="submit", **COMPLETE | {"f.stages.2.steps.1.entry": "L-0001"})
    assert "stands in stage 1, step 1 already" in words(refused)
    assert tina.send(NEW, do="submit", **COMPLETE).status_code == 303


def test_submit_names_the_paths_that_go_round_in_a_circle(own_app, tina):
    path = {"kind": "path", "stages": [{"title": "All", "steps": [{"entry": "L-0001"}]}]}
    put_in(
        own_app,
        path | {"id": "P-0011", "title": "First"},
        path | {"id": "P-0012", "title": "Second", "prerequisites": ["P-0011"], "visibility": "restricted",
                "readers": ["role:estimator"]},
        path | {"id": "P-0013", "title": "Third", "prerequisites": ["P-0012"]},
    )  # fmt: skip
    ask = {"f.prerequisites": "P-0013", "base": "1", "do": "submit"}
    refused = tina.send("/entries/P-0011/edit", **COMPLETE | ask)
    assert refused.status_code == 400
    assert "P-0011 needs P-0013 needs a path that is not open to you needs P-0011" in words(refused)
    assert "P-0012" not in refused.text
    refused = tina.send("/entries/P-0013/edit", **COMPLETE | ask)
    assert "P-0013 needs P-0013" in words(refused)


def test_two_trainers_who_edit_one_path_read_both_in_words(own_app, tina):
    put_in(own_app, {"id": "P-0021", "kind": "path", "title": "Shared", "stages": [
        {"title": "Read", "steps": [{"entry": "L-0001"}, {"entry": "L-0002", "revision": 1}]},
        {"title": "Do", "steps": [{"entry": "T-0001"}]}]})  # fmt: skip
    cleo = sign_in(own_app, "cleo", "curator")
    typed = COMPLETE | {"f.stages.1.steps.1.minutes": "15"}
    address = cleo.send("/entries/P-0021/edit", base="1", do="submit", **typed).headers["Location"]
    carl = sign_in(own_app, "carl", "curator")
    assert carl.send(f"{address.partition('?')[0]}/decide", do="publish").status_code == 303
    clash = tina.send("/entries/P-0021/edit", base="1", **COMPLETE | {"f.stages.2.title": "Practise"})
    assert clash.status_code == 409
    page = unescape(re.sub(r"<[^>]+>", "", clash.text))
    assert "Both edits fit together" in page
    assert "1.1 Rehearse the cut-over with full volumes (L-0001), always the newest revision" in page
    assert "Stage 2: Practise (in any order)" in page
    assert 'name="f.stages.1.steps.1.minutes" type="text" value="15"' in clash.text
    assert 'value="Practise"' in clash.text


def test_the_preview_is_what_learners_will_find(own_app, tina):
    typed = COMPLETE | {"f.stages.1.steps.1.minutes": "15", "f.prerequisites": "P-0001"}
    page = tina.send(NEW, do="learn", **typed)
    assert page.status_code == 200
    preview = re.search(r'<section id="preview-part".*?</article>', page.text, re.DOTALL)[0]
    assert "Plan a cut-over." in preview
    assert "Complete first:" in preview
    assert "15 min" in preview
    assert "<form" not in preview
    token = re.search(r'name="form_token" value="([^"]+)"', page.text)[1]
    part = tina.post(
        NEW, data=typed | {"do": "learn", "form_token": token}, headers={"X-Fragment": "preview"}
    )
    assert part.text.strip().startswith("<article")
    put_in(own_app, {"id": "P-0051", "kind": "path", "title": "Going live", "goal": "Plan a cut-over.",
                     "stages": [{"title": "Read", "steps": [{"entry": "L-0001", "minutes": 15},
                                                            {"entry": "L-0002", "revision": 1,
                                                             "required": False}]},
                                {"title": "Do", "ordered": False,
                                 "steps": [{"entry": "T-0001", "required": False}]}]})  # fmt: skip
    real = tina.get("/learning/P-0051").text
    steps = r'<ol class="journey">.*?</ol>'
    assert re.search(steps, real, re.DOTALL)[0] == re.search(steps, part.text, re.DOTALL)[0]
    assert tina.send("/entries/new/lesson", do="learn", **{"f.title": "No path"}).status_code == 303
