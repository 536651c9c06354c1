"""Who goes by a lesson: said, seen as visibility allows, taken back, and told when the lesson changes."""

from __future__ import annotations

from datetime import date

import pytest
from click.testing import CliRunner

from kb.adoptions.keeping import AdoptionText, abandon, adopt, count_adoptions, list_adoptions
from kb.adoptions.telling import tell_adopters
from kb.desk import reviewing, writing
from kb.desk.reviewing import Judgement
from kb.duplicates.deciding import Verdict, decide
from kb.errors import NotAllowed, NotFound, Taken
from kb.notices.reading import list_notices
from kb.people.accounts import as_person, new_user, put_roles
from kb.people.audit import Origin
from kb.people.reader import reader_of
from kb.people.roles import OPERATOR
from kb.people.secrets import derived
from kb.reading import ANONYMOUS
from kb.records import apply_record, parse_record
from kb.visibility import set_visibility
from tests.fixtures.people import make_user, sign_in
from web.cli import precedent

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
KINDS = (("lesson", "L-0001"), ("lesson", "L-0002"), ("template", "T-0001"), ("project", "H-0001"))
FOR = AdoptionText(project="Payroll", adopted_on=date(2026, 3, 1), note="Two rehearsals")


@pytest.fixture
def people(database):
    """Two lessons, a template and a project; Ann and Bob contribute, Cora and Carl curate."""
    with database.write() as session:
        for kind, ref in KINDS:
            said = {"title": f"The {kind} {ref}", "decided_at": "2026-01-01T00:00:00Z"}
            record = {"kind": kind, "id": ref} | said
            apply_record(session, parse_record(record))
    with database.write_aside() as session:
        found = {}
        for name, held in {"ann": (), "bob": (), "cora": ("curator",), "carl": ("curator",)}.items():
            user = new_user(session, f"{name}@example.org", name.title(), "active")
            put_roles(user, held, OPERATOR)
            session.flush()
            found[name] = as_person(user)
    return found


@pytest.fixture
def by(people):
    return {name: Origin(person) for name, person in people.items()}


def adopters(database, reader, **asked):
    with database.read() as session:
        return list_adoptions(session, reader, **asked)


def told(database, person):
    with database.write_aside() as session:
        tell_adopters(session)
    with database.read() as session:
        return [notice.event for notice in list_notices(session, person.id, reader_of(person))[1]][::-1]


def edit(database, by, judgement, title):
    """A new text of L-0001, published."""
    from kb.content import make_content
    from kb.desk.writing import Manner
    from kb.editing import find_entry

    with database.read() as session:
        base = max(revision.number for revision in find_entry(session, "L-0001").revisions)
        stored = next(r.content for r in find_entry(session, "L-0001").revisions if r.number == base)
    said = dict.fromkeys(("summary", "lesson", "recommendation", "happened"), "Something")
    said |= {"title": title, "applicability": {"project_types": ["migration"]}}
    content = make_content("lesson", stored | said)
    saved = writing.save(database, by["carl"], "L-0001", content, base=base, manner=Manner())
    writing.submit(database, by["carl"], "L-0001", saved.number)
    reviewing.publish(database, by["cora"], "L-0001", saved.number, judgement)


def test_a_lesson_is_adopted_and_taken_back(database, people, by):
    number = adopt(database, by["ann"], "L-0001", FOR)
    with pytest.raises(Taken, match="is one for which you adopted L-0001 already"):
        adopt(database, by["ann"], "L-0001", FOR)
    adopt(database, by["bob"], "L-0001", AdoptionText(project="H-0001"))
    bob, ann = adopters(database, reader_of(people["cora"]), ref="L-0001")
    assert (ann.person, ann.project, ann.adopted_on, ann.note) == ("Ann", "Payroll", FOR.adopted_on, FOR.note)
    assert (bob.project, bob.project_title) == ("H-0001", "The project H-0001")
    (mine,) = adopters(database, reader_of(people["ann"]), user_id=people["ann"].id)
    assert mine.ref == "L-0001"
    with pytest.raises(NotAllowed):
        abandon(database, by["bob"], number)
    assert abandon(database, by["ann"], number) == "L-0001"
    with pytest.raises(NotFound):
        abandon(database, by["ann"], number)
    with database.read() as session:
        assert count_adoptions(session, "L-0001") == 1
    abandon(database, by["cora"], bob.id)


def test_only_lessons_that_one_sees_are_adopted(database, people, by):
    for ref, error in (("T-0001", NotAllowed), ("L-0099", NotFound)):
        with pytest.raises(error):
            adopt(database, by["ann"], ref, FOR)
    with pytest.raises(NotAllowed):
        adopt(database, Origin(OPERATOR), "L-0001", FOR)
    number = adopt(database, by["ann"], "L-0001", FOR)
    assert adopters(database, ANONYMOUS, ref="L-0001") == []
    with database.write() as session:
        set_visibility(session, "L-0001", "restricted", ["role:curator"])
    assert adopters(database, reader_of(people["bob"]), ref="L-0001") == []
    with pytest.raises(NotFound):
        abandon(database, by["ann"], number)
    with pytest.raises(NotFound):
        adopt(database, by["bob"], "L-0001", FOR)
    with database.write() as session:
        set_visibility(session, "H-0001", "restricted", ["role:curator"])
    adopt(database, by["bob"], "L-0002", AdoptionText(project="H-0001"))
    assert adopters(database, reader_of(people["bob"]), ref="L-0002")[0].project_title == ""


def test_who_adopted_it_hears_that_it_says_something_else(database, people, by):
    adopt(database, by["ann"], "L-0001", FOR)
    adopt(database, by["ann"], "L-0002", FOR)
    assert told(database, people["ann"]) == []
    edit(database, by, Judgement(typographic=True), "The lesson, spelled right")
    assert told(database, people["ann"]) == []
    edit(database, by, Judgement(), "Another lesson")
    assert told(database, people["ann"]) == ["lesson changed"]
    assert told(database, people["ann"]) == ["lesson changed"]
    assert told(database, people["bob"]) == []
    adopt(database, by["bob"], "L-0001", FOR)  # as it is now
    assert told(database, people["bob"]) == []


def test_who_adopted_it_hears_that_it_is_superseded_or_archived(database, people, by):
    adopt(database, by["ann"], "L-0001", FOR)
    adopt(database, by["bob"], "L-0002", FOR)
    decide(database, by["cora"], Verdict(ref="L-0002", other="L-0001", decision="superseded"))
    with database.read() as session:  # at once, and with the way on
        (notice,) = list_notices(session, people["ann"].id, reader_of(people["ann"]))[1]
    assert notice.words == "L-0002 stands in its place."
    assert told(database, people["ann"]) == ["lesson superseded"]
    assert told(database, people["bob"]) == []  # the link in it changes nothing of what it says
    reviewing.archive(database, by["cora"], "L-0002")
    assert told(database, people["bob"]) == ["lesson superseded"]


def test_in_the_browser(own_app):
    ann, rita = sign_in(own_app, "ann"), sign_in(own_app, "rita")
    assert "Who goes by it" not in own_app.test_client().get("/entries/L-0001").text
    sent = {"project": "Payroll <b>2</b>", "adopted_on": "2026-03-01", "note": "Two rehearsals"}
    answer = ann.send("/entries/L-0001/adoptions", **sent)
    assert answer.headers["Location"] == "/entries/L-0001#adoptions"
    assert ann.send("/entries/L-0001/adoptions", **sent).status_code == 409
    assert ann.send("/entries/L-0001/adoptions", project=" ").status_code == 400
    again = ann.send("/entries/L-0001/adoptions", **sent | {"adopted_on": "soon"})
    assert again.status_code == 400
    assert 'value="Payroll &lt;b&gt;2&lt;/b&gt;"' in again.text
    assert 'value="Two rehearsals"' in again.text
    assert 'id="wrong-adopted_on"' in again.text
    assert 'id="wrong-what"' not in again.text
    visitor = own_app.test_client().get("/entries/L-0001").text
    assert "Adopted once. Sign in to see by whom." in visitor
    assert "Payroll" not in visitor
    page = rita.get("/entries/L-0001").text
    assert "Payroll &lt;b&gt;2&lt;/b&gt;" in page
    assert "Take back" not in page
    assert "Lessons that you adopted" in ann.get("/actions").text
    assert rita.send("/adoptions/1/undo").status_code == 403
    assert ann.send("/adoptions/1/undo", **{"from": "mine"}).headers["Location"] == "/actions"
    assert "Lessons that you adopted" not in ann.get("/actions").text


def test_what_was_adopted_before_is_seen_where_its_successor_is_read(own_app):
    ann, cora = sign_in(own_app, "ann"), sign_in(own_app, "cora", "curator")
    ann.send("/entries/L-0001/adoptions", project="Payroll")
    assert cora.send("/entries/L-0001/supersede", by="L-0002").status_code < 400
    new, old = cora.get("/entries/L-0002").text, cora.get("/entries/L-0001").text
    assert "L-0001</a>, in whose place it stands, was adopted once." in new
    assert "Nobody has said so yet." not in new
    assert "Payroll" in old
    assert '"/entries/L-0002#adoptions">L-0002</a> instead' in old
    assert "We adopt this lesson" not in old


def test_for_programs(own_app):
    ann = sign_in(own_app, "ann")
    header = {"X-Form-Token": derived(ann.secret, "form")}
    made = ann.post("/api/v1/entries/L-0001/adoptions", json={"project": "Payroll"}, headers=header)
    assert (made.status_code, made.json["person"]) == (201, "Ann")
    assert own_app.test_client().get("/api/v1/entries/L-0001/adoptions").json == {"total": 1, "adoptions": []}
    assert ann.get("/api/v1/entries/L-0001/adoptions").json["adoptions"][0]["project"] == "Payroll"
    assert ann.delete(made.headers["Location"], headers=header).status_code == 204
    assert ann.delete(made.headers["Location"], headers=header).status_code == 404


def test_on_the_command_line(own_app, own_home):
    make_user(own_app, "ann")

    def run(*arguments, status=0):
        done = CliRunner(env={"PRECEDENT_HOME": str(own_home)}).invoke(precedent, ["adoptions", *arguments])
        assert done.exit_code == status, (done.output, done.exception)
        return done.output

    assert run("list", "l-0001") == "There is none.\n"
    said = run("add", "l-0001", "Payroll", "--as", "ann@example.org", "--on", "2026-03-01")
    assert said == "Adoption 1: Ann adopts L-0001 for Payroll.\n"
    assert "2026-03-01" in run("list", "--person", "ann@example.org")
    assert '"project": "Payroll"' in run("list", "L-0001", "--json")
    assert run("undo", "1") == "Adoption 1 of L-0001 is taken back.\n"
