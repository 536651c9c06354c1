"""Steps that are links, by page, API and command line: built, taken, decided about, taken away."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from click.testing import CliRunner

from kb.reading import OPERATOR, get_entry
from kb.visibility import set_visibility
from tests.fakes_web import fill
from tests.fixtures.people import sign_in
from tests.fixtures.programs import program
from tests.test_learning import QUIZ, origin_of, put
from tests.test_link_steps import ADDRESS, LINK, PATH, STEP, checked
from web.cli import precedent
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


def words(answer) -> str:
    return unescape(re.sub(r"(<[^>]+>|\s)+", " ", answer.text)).strip()


@pytest.fixture
def app(own_app):
    put(own_app.extensions[EXTENSION].database, PATH)
    return own_app


NEW = "/entries/new/path"
TYPED = {"f.title": "By the book", "f.stages.1.title": "Read", "f.stages.1.steps.1.entry": "L-0001",
         "f.stages.2.title": "Do"}  # fmt: skip
ROW = {"f.stages.1.steps.2.link": ADDRESS, "f.stages.1.steps.2.title": "The standard",
       "f.stages.1.steps.2.required": "yes"}  # fmt: skip


@pytest.fixture
def tina(app):
    return sign_in(app, "tina", "trainer")


def links_in(answer) -> list[tuple[str, str]]:
    """(name, value) of the inputs of links."""
    return re.findall(r'name="(f\.stages\.[\d.]+steps\.\d+\.link)" type="text" value="([^"]*)"', answer.text)


def test_the_builder_adds_a_link_to_the_stage_that_was_chosen(tina):
    asked = {"link_address": f" {ADDRESS} ", "link_title": "The standard", "into": "1"}
    answer = tina.send(NEW, do="link", **TYPED | asked)
    assert answer.status_code == 200
    assert links_in(answer) == [("f.stages.1.steps.2.link", ADDRESS)]
    assert "Added as step 2 of stage 1." in answer.text
    assert 'name="link_address" type="text" value=""' in answer.text
    assert "Link: not checked yet" in words(answer)
    rules = re.search(r'name="f.stages.1.steps.2.completion".*?</select>', answer.text, re.DOTALL)[0]
    assert re.findall(r'option value="(\w+)"', rules) == ["Completed", "NotApplicable"]
    assert links_in(tina.get(NEW)) == links_in(answer)  # it is kept, as everything that is typed


def test_what_is_wrong_with_a_typed_link_is_said_beside_it_and_nothing_is_lost(tina):
    asked = {"link_address": "www.example.org", "link_title": ""}
    answer = tina.send(NEW, do="link", **TYPED | asked)
    assert "Its address must begin with https:// or http://." in words(answer)
    assert "Its title must not be empty." in words(answer)
    assert 'value="www.example.org"' in answer.text
    assert re.findall(r'id="([^"]+)"[^>]* autofocus', answer.text) == ["field-link_address"]
    again = {"link_address": ADDRESS, "link_title": "Again"}
    answer = tina.send(NEW, do="link", **TYPED | ROW | again)
    assert "Its address is in this path already: stage 1, step 2." in words(answer)


def test_a_link_that_does_not_fit_into_its_stage_stays_typed(tina):
    full = {f"f.stages.1.steps.{number}.entry": "L-0001" for number in range(1, 201)}
    asked = {"link_address": ADDRESS, "link_title": "The standard", "into": "1"}
    answer = tina.send(NEW, do="save", **TYPED | full | asked)
    assert answer.status_code == 400
    assert "Its address cannot be added: Stage 1 holds 200 steps, and no more fit." in words(answer)
    assert f'name="link_address" type="text" value="{ADDRESS}"' in answer.text


def test_a_link_is_moved_and_kept_like_every_other_step(tina):
    answer = tina.send(NEW, do="down:stages.1.steps.2", **TYPED | ROW)
    assert links_in(answer) == [("f.stages.2.steps.1.link", ADDRESS)]
    assert 'name="f.stages.2.steps.1.title" type="text" value="The standard"' in answer.text
    answer = tina.send(NEW, do="move:stages.1.steps.2>stages.1.steps.1", **TYPED | ROW)
    assert links_in(answer) == [("f.stages.1.steps.1.link", ADDRESS)]


def test_enter_adds_a_link_and_saving_takes_one_that_was_typed(tina):
    asked = {"link_address": ADDRESS, "link_title": "The standard", "into": "1"}
    assert len(links_in(tina.send(NEW, do="enter", find="freeze", **TYPED | asked))) == 1
    saved = tina.send(NEW, do="save", **TYPED | asked)
    assert saved.status_code == 303
    assert links_in(tina.get(saved.headers["Location"])) == [("f.stages.1.steps.2.link", ADDRESS)]
    refused = tina.send(NEW, do="save", **TYPED | asked | {"link_title": ""})
    assert refused.status_code == 400
    assert "Nothing was saved." in words(refused)
    assert "Its title must not be empty." in words(refused)


def test_submit_names_the_step_whose_link_is_wrong(tina):
    whole = TYPED | {"f.summary": "In short.", "f.audience": "All", "f.goal": "Work by it."}
    for changed, said in [
        ({"f.stages.1.steps.2.link": "ftp://example.org"}, "Address of the link must begin with https:// or"),
        ({"f.stages.1.steps.2.completion": "Passed"}, "Done when must be Completed or NotApplicable: "),
        ({"f.stages.2.steps.1.link": ADDRESS, "f.stages.2.steps.1.title": "B"},
         "Address of the link stands in stage 1, step 2 already; remove one of the two"),
    ]:  # fmt: skip
        refused = tina.send(NEW, do="submit", **whole | ROW | changed)
        assert refused.status_code == 400
        assert said in words(refused)


def test_the_preview_and_the_page_of_the_path_lead_there_in_a_new_tab(tina):
    outward = f'href="{ADDRESS}" target="_blank" rel="noopener noreferrer"'
    preview = tina.send(NEW, do="learn", **TYPED | ROW).text
    for page in (preview, tina.get("/entries/P-0041").text, tina.get("/learning/P-0041").text):
        assert outward in page
    told = words(tina.get("/entries/P-0041"))
    assert "(opens in a new tab)" in told
    assert "Link www.example.org" in told


def test_a_learner_takes_it_on_the_page(app):
    anna = sign_in(app, "anna")
    anna.send("/learning/P-0041/enrol")
    locked = words(anna.get(f"/learning/P-0041/{LINK}"))
    assert "This step comes later" in locked
    assert "Open www.example.org" not in locked
    onward = anna.send("/learning/P-0041/L-0001", do="done").headers["Location"]
    assert onward == f"/learning/P-0041/{LINK}"
    page = anna.get(onward)
    told = words(page)
    for each in ("What the [standard] says", "Link www.example.org", "30 min", "Read chapter 4.",
                 "Open www.example.org", "It opens in a new tab", "Done, go on"):  # fmt: skip
        assert each in told
    assert f'href="{ADDRESS}" class="button" target="_blank" rel="noopener noreferrer"' in page.text
    assert "/mentors?about=P-0041" in page.text or "about=P-0041" in page.text
    assert anna.send(onward.lower(), do="done").headers["Location"] == "/learning/P-0041/L-0002"
    assert anna.get("/learning/P-0041/W-0000000000").status_code == 404
    assert anna.get("/learning/P-0041/W-00").status_code == 404


def test_trainers_decide_about_it_and_take_the_tables_away(app):
    database = app.extensions[EXTENSION].database
    checked(database, is_reached=False)
    tina = sign_in(app, "tina", "trainer")
    told = words(tina.get("/teaching"))
    assert f"{ADDRESS} (opens in a new tab) was not reached" in told
    assert "It answers 404 Not Found." in told
    place = f"/teaching/paths/P-0041/steps/{LINK}"
    refused = tina.send(place, do="replace", current="", by="ftp://example.org")
    assert (refused.status_code, "must begin with https:// or http://" in words(refused)) == (400, True)
    done = tina.send(place, do="replace", current="", by="https://www.example.org/Moved")
    assert done.headers["Location"] == "/teaching?done=replace#worn"
    assert "https://www.example.org/Moved" in tina.get("/entries/P-0041/edit").text
    sign_in(app, "anna").send("/learning/P-0041/enrol")
    assert ADDRESS in tina.get("/teaching/paths/P-0041").text
    table = tina.send("/teaching/paths/P-0041/export", table="steps", format="csv").text
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert (rows[1]["step"], rows[1]["title"], rows[1]["address"]) == (LINK, STEP["title"], ADDRESS)
    assert rows[0]["address"] == ""


def test_programs_read_write_take_and_check_links(app):
    tina = program(app, "tina", "trainer", scopes=("read", "write", "learn"))
    body = {"kind": "path", "content": {"title": "Sent", "stages": [{"title": "All", "steps": [STEP]}]}}
    made = tina("POST", "/drafts", body)
    assert made.status_code == 201
    assert made.json["content"]["stages"][0]["steps"] == [
        STEP | {"required": True, "completion": "Completed"}
    ]
    body["content"]["stages"][0]["steps"] = [STEP | {"completion": "Passed"}]
    refused = tina("POST", "/drafts", body)
    assert refused.status_code == 400
    assert "stages.1.steps.1.completion" in refused.text
    (first, _) = tina("GET", "/teaching/paths/P-0041/links").json["links"]
    assert (first["step"], first["address"], first["is_reached"]) == (LINK, ADDRESS, None)
    checked(app.extensions[EXTENSION].database, is_reached=False)
    found = {each["step"]: each for each in tina("GET", "/teaching/steps").json["steps"]}
    assert (found[LINK]["why"], found[LINK]["address"]) == ("unreached", ADDRESS)
    place = f"/teaching/paths/P-0041/steps/{LINK}"
    assert tina("PUT", place, {"decision": "keep"}).status_code == 200
    assert tina("POST", "/learning/P-0041").status_code == 201
    tina("PUT", "/learning/P-0041/steps/L-0001", {"done": True})
    course = tina("PUT", f"/learning/P-0041/steps/{LINK}", {"done": True, "note": "Read."}).json
    step = course["stages"][0]["steps"][1]
    assert (step["step"], step["entry"], step["link"], step["kind"]) == (LINK, None, ADDRESS, "link")
    assert (step["state"], step["own_note"], step["revision"]) == ("done", "Read.", None)
    assert course["next"] == "L-0002"


def test_a_link_is_there_for_whoever_sees_the_path_and_for_nobody_else(app):
    anna = sign_in(app, "anna")
    anna.send("/learning/P-0041/enrol")
    with app.extensions[EXTENSION].database.write() as session:
        set_visibility(session, "P-0041", "restricted", ["role:curator"])
    answer = anna.get(f"/learning/P-0041/{LINK}")
    assert (answer.status_code, "standards" in answer.text) == (404, False)
    assert anna.send(f"/learning/P-0041/{LINK}", do="done").status_code == 404


def test_the_command_line_loads_exports_and_decides(database, monkeypatch, tmp_path):
    fill(database)
    put(database, PATH)
    monkeypatch.setenv("PRECEDENT_DATABASE_URL", database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    origin_of(database, "tom", "trainer")

    def run(*said):
        return CliRunner().invoke(precedent, ["path", *said], catch_exceptions=False).output

    file = tmp_path / "path.md"
    run("export", "P-0041", str(file))
    assert f"]({ADDRESS})" in file.read_text()
    assert "is a draft" in run("import", str(file), "--as", "tom@example.org")
    assert ADDRESS in run("links", "P-0041")
    checked(database, is_reached=False)
    assert f"{ADDRESS} not reached" in run("steps")
    moved = "https://www.example.org/moved"
    done = run("decide", "P-0041", LINK.lower(), "replace", "--by", moved, "--as", "tom@example.org")
    assert "a draft, says so" in done
    with database.read() as session:
        view = get_entry(session, "P-0041", OPERATOR)
    assert view.content.link_steps[0].link == ADDRESS  # as published, until the draft is reviewed


def test_whoever_has_passed_the_questions_goes_on_to_the_link(app):
    database = app.extensions[EXTENSION].database
    quiz = QUIZ | {"id": "M-0041", "assessment": QUIZ["assessment"][:1]}
    steps = [{"entry": "M-0041", "completion": "Passed"}, STEP]
    put(database, quiz, PATH | {"id": "P-0042", "stages": [{"title": "All", "steps": steps}]})
    anna = sign_in(app, "anna")
    anna.send("/learning/P-0042/enrol")
    begun = anna.send("/learning/P-0042/M-0041/questions").headers["Location"]
    number = re.search(r"/questions/(\d+)", anna.get(begun).text)[1]
    anna.send(f"/learning/P-0042/M-0041/questions/{number}", q0="1")
    assert f'href="/learning/P-0042/{LINK}">Go on: What the [standard] says' in anna.get(begun).text
