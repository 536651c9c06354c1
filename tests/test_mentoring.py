"""Mentors: who is found and why, who never is, and a request from the first word to its answer."""

from __future__ import annotations

from html import unescape
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from kb.desk.model import Handling
from kb.errors import NotAllowed, NotFound
from kb.mentoring import asking
from kb.mentoring.asking import AlreadyAsked, AnswerText, RequestText
from kb.mentoring.finding import Topic, find_mentors
from kb.model import Audience, Entry, Revision
from kb.notices.reading import list_notices
from kb.people.audit import Origin
from kb.people.errors import TooMany
from kb.people.model import User
from kb.people.reader import reader_of
from kb.people.roles import NOBODY
from kb.reading import ANONYMOUS, OPERATOR
from search.mentors import NEAR_ENOUGH, topic_of_entry
from search.results import Why
from tests.bench import mentors as bench
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.test_learning import put
from web.cli import precedent
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
SAID = RequestText(words="How did you find the slot?")
TOPIC = Topic(["L-0041", "L-0042", "H-0041", "M-0041"], "Night work. permits", "L-0041")


@pytest.fixture
def house(own_app):
    """Two lessons, a project and a piece of training on one topic, and their people."""
    database = own_app.extensions[EXTENSION].database
    people = {name: make_user(own_app, name) for name in ("anna", "bea", "cid", "dora")}
    lesson = {"kind": "lesson", "tags": ["night work"], "author": "Anna"}
    put(
        database,
        lesson | {"id": "L-0041", "title": "Night work needs permits"},
        lesson | {"id": "L-0042", "title": "Ask for night work early"},
        {"kind": "project", "id": "H-0041", "title": "Bridge by night", "owner": "bea@example.org"},
        {"kind": "training", "id": "M-0041", "title": "Permits", "owner": "Bea"},
    )
    with database.write_aside() as session:
        session.execute(update(User).where(User.id == people["cid"].id).values(skills=["Permits", "Rail"]))
    return own_app, people


def found(app, person, topic=TOPIC, reader=None):
    with app.extensions[EXTENSION].database.read() as session:
        mentors = find_mentors(session, person, reader or reader_of(person), topic)
        return {each.name: "; ".join(each.reasons) for each in mentors}


def entry_of(session, ref):
    return session.scalars(select(Entry).where(Entry.ref == ref)).one()


def database_of(app):
    return app.extensions[EXTENSION].database


def ask(app, person, name="Anna", topic=TOPIC):
    with database_of(app).read() as session:
        mentors = find_mentors(session, person, reader_of(person), topic)
    (mentor,) = [each for each in mentors if each.name == name]
    return asking.ask(database_of(app), Origin(person), mentor, topic, "", SAID)


def test_people_are_found_with_their_reasons(house):
    app, people = house
    assert found(app, people["dora"]) == {
        "Anna": "wrote 2 lessons on this: L-0041, L-0042",
        "Bea": "led H-0041; looks after the training M-0041",
        "Cid": "can be asked about Permits",
    }
    assert "Anna" not in found(app, people["anna"])  # nobody is told of themselves


def test_visitors_are_told_nobody(house):
    app, _ = house
    assert found(app, NOBODY, reader=ANONYMOUS) == {}
    client = app.test_client()
    assert client.get("/mentoring/ask?about=L-0041").status_code == 303
    assert client.get("/api/v1/mentors?about=L-0041").status_code == 401
    assert "Who can help" not in client.get("/entries/L-0041").text


@pytest.mark.parametrize("reader", ["reader", "operator"])
def test_anonymous_authors_are_never_named(house, reader):
    """Not by any revision: whoever wrote one anonymously and another under their name stays unnamed."""
    app, people = house
    with database_of(app).write() as session:
        session.execute(
            update(Revision).where(Revision.entry_id == entry_of(session, "L-0041").id).values(anonymous=True)
        )
    seen = found(app, people["dora"], reader=OPERATOR if reader == "operator" else None)
    assert seen["Anna"] == "wrote a lesson on this: L-0042"
    with database_of(app).write() as session:
        session.execute(update(Revision).values(anonymous=True))
    assert "Anna" not in found(app, people["dora"])


def test_masked_lessons_name_nobody(house):
    app, people = house
    with database_of(app).write() as session:
        session.execute(update(Entry).values(mask_source=True))
    assert "Anna" not in found(app, people["dora"])


def test_hidden_entries_are_no_reason(house):
    app, people = house
    with database_of(app).write() as session:
        for ref in ("L-0042", "H-0041", "M-0041"):
            entry = entry_of(session, ref)
            entry.visibility, entry.readers = "restricted", [Audience(principal="role:curator")]
    assert found(app, people["dora"]) == {
        "Anna": "wrote a lesson on this: L-0041", "Cid": "can be asked about Permits",
    }  # fmt: skip


def test_who_cannot_see_what_it_is_about_is_not_asked(house):
    app, people = house
    with database_of(app).write() as session:
        entry = entry_of(session, "L-0041")
        entry.visibility, entry.readers = "restricted", [Audience(principal=f"person:{people['dora'].id}")]
    assert found(app, people["dora"]) == {}


def test_who_opts_out_or_is_gone_appears_nowhere(house):
    app, people = house
    browser = browser_of(app, people["anna"])
    assert 'name="mentors" value="yes" checked' in browser.get("/account").text
    browser.send("/account/profile", name="Anna")
    assert browser.get("/api/v1/me").json["mentors"] is False
    with database_of(app).write_aside() as session:
        session.execute(update(User).where(User.id == people["bea"].id).values(status="disabled"))
    assert list(found(app, people["dora"])) == ["Cid"]


def test_people_who_share_a_name_are_not_named(house):
    app, people = house
    with database_of(app).write_aside() as session:
        session.execute(update(User).where(User.id == people["dora"].id).values(name="Anna"))
    assert "Anna" not in found(app, people["cid"])


def test_who_wrote_here_is_known_by_their_account(house):
    app, people = house
    with database_of(app).write() as session:
        revision = entry_of(session, "L-0041").revisions[-1]
        session.add(Handling(revision_id=revision.id, author_id=people["cid"].id, thread=1))
    seen = found(app, people["dora"])
    assert seen["Cid"] == "wrote a lesson on this: L-0041; can be asked about Permits"
    assert seen["Anna"] == "wrote a lesson on this: L-0042"


def test_a_request_is_told_accepted_and_seen_by_both(house):
    app, people = house
    number = ask(app, people["dora"])
    database, anna, dora = database_of(app), people["anna"], people["dora"]
    with database.read() as session:
        _, (notice,) = list_notices(session, anna.id, reader_of(anna))
        assert (notice.event, notice.actor, notice.words) == ("help asked", "Dora", SAID.words)
        (mine,) = asking.requests_of(session, dora)
        assert (mine.is_mine, mine.other, mine.email, mine.state) == (True, "Anna", "", "open")
        with pytest.raises(NotFound):
            asking.find_request(session, people["cid"], number)
    with pytest.raises(NotFound):
        asking.answer(database, Origin(dora), number, AnswerText(state="accepted"))
    asking.answer(database, Origin(anna), number, AnswerText(state="accepted", words="Gladly."))
    with database.read() as session:
        (mine,) = asking.requests_of(session, dora)
        assert (mine.email, mine.answer) == (anna.email, "Gladly.")
        (theirs,) = asking.requests_of(session, anna)
        assert (theirs.is_mine, theirs.other, theirs.email) == (False, "Dora", dora.email)
        _, (notice,) = list_notices(session, dora.id, reader_of(dora))
        assert notice.words == "Accepted. Gladly."
    with pytest.raises(AlreadyAsked):
        asking.answer(database, Origin(anna), number, AnswerText(state="declined"))
    with pytest.raises(AlreadyAsked):
        asking.withdraw(database, Origin(dora), number)


def test_the_same_is_asked_once_and_ten_requests_a_day_at_most(house):
    app, people = house
    number = ask(app, people["dora"])
    with pytest.raises(AlreadyAsked):
        ask(app, people["dora"])
    asking.withdraw(database_of(app), Origin(people["dora"]), number)
    for _ in range(9):
        asking.withdraw(database_of(app), Origin(people["dora"]), ask(app, people["dora"]))
    with pytest.raises(TooMany):
        ask(app, people["dora"])
    with pytest.raises(NotAllowed):
        asking.withdraw(database_of(app), Origin(NOBODY), number)


def test_who_opted_out_meanwhile_is_not_asked(house):
    app, people = house
    with database_of(app).read() as session:
        mentors = find_mentors(session, people["dora"], reader_of(people["dora"]), TOPIC)
    with database_of(app).write_aside() as session:
        session.execute(update(User).values(mentors=False))
    with pytest.raises(NotFound):
        asking.ask(database_of(app), Origin(people["dora"]), mentors[0], TOPIC, "", SAID)


def test_pages_lead_from_an_entry_to_an_answer(house):
    app, people = house
    dora, anna = browser_of(app, people["dora"]), browser_of(app, people["anna"])
    assert 'href="/mentoring/ask?about=L-0041"' in dora.get("/entries/L-0041").text
    page = unescape(dora.get("/mentoring/ask?about=L-0041").text)
    assert "wrote" in page
    assert "anna@example.org" not in page
    refused = dora.send("/mentoring/ask", about="L-0041", words="", person="")
    assert refused.status_code == 400
    assert "is not chosen yet" in refused.text
    kept = dora.send("/mentoring/ask", about="L-0041", words="How <was> it?", person="999999")
    assert "How &lt;was&gt; it?" in kept.text
    answer = dora.send("/mentoring/ask", about="L-0041", words="How <was> it?", person=str(people["anna"].id))
    assert "Your request is sent" in dora.get(answer.headers["Location"]).text
    assert dora.send(
        "/mentoring/ask", about="L-0041", words="How?", person=str(people["anna"].id)
    ).status_code == 409  # fmt: skip
    asked = anna.get("/mentoring").text
    assert "How &lt;was&gt; it?" in asked
    number = asked.partition('action="/mentoring/')[2].partition("/")[0]
    assert anna.send(f"/mentoring/{number}/answer", state="perhaps").status_code == 400
    assert dora.send(f"/mentoring/{number}/answer", state="accepted").status_code == 404
    accepted = anna.send(f"/mentoring/{number}/answer", state="accepted", words="Call me.")
    assert "dora@example.org" in anna.get(accepted.headers["Location"]).text
    assert "Call me." in dora.get("/mentoring").text
    assert dora.send(f"/mentoring/{number}/withdraw").status_code == 409


def test_a_hidden_entry_is_not_there(house):
    app, people = house
    with database_of(app).write() as session:
        entry = entry_of(session, "L-0041")
        entry.visibility, entry.readers = "restricted", [Audience(principal="role:curator")]
    dora = browser_of(app, people["dora"])
    for address in (
        "/mentoring/ask?about=L-0041",
        "/api/v1/mentors?about=L-0041",
        "/mentoring/ask?about=L-9999",
    ):
        assert dora.get(address).status_code == 404


def test_programs_find_and_ask(house):
    app, people = house
    dora = browser_of(app, people["dora"])
    found = dora.get("/api/v1/mentors?about=L-0041").json["mentors"]
    assert {"person": people["anna"].id, "name": "Anna"}.items() <= found[0].items()
    assert dora.get("/api/v1/mentors").status_code == 400
    assert dora.get("/api/v1/mentoring").json == {"requests": []}


def test_a_search_page_leads_to_people(house):
    app, people = house
    dora = browser_of(app, people["dora"])
    assert 'href="/mentoring/ask?q=permits"' in dora.get("/search?q=permits").text
    assert "Cid" in dora.get("/mentoring/ask?q=permits").text
    assert "What you need help with" in dora.get("/mentoring/ask").text
    assert "Nobody is known" in dora.get("/mentoring/ask?q=unheard-of").text
    assert sign_in(app, "eve").get("/mentoring").status_code == 200


def test_the_command_line_names_people(house, monkeypatch):
    app, _ = house
    settings = app.extensions[EXTENSION].settings
    monkeypatch.setenv("PRECEDENT_HOME", str(settings.home))
    monkeypatch.delenv("PRECEDENT_DATABASE_URL", raising=False)

    def run(*words: str) -> str:
        done = CliRunner().invoke(precedent, [*words])
        return f"{done.output}{done.exception or ''}"

    run("sync")
    assert "Anna: wrote" in run("mentors", "L-0041")
    assert "Cid: can be asked about Permits" in run("mentors", "--search", "permits")
    assert '"name": "Cid"' in run("mentors", "--search", "permits", "--json")
    assert "Nobody who may be named" in run("mentors", "--search", "kind:review zeppelin")
    assert "There is no published entry" in run("mentors", "L-0999")
    assert "not both" in run("mentors")


class NearEntries:
    """Finds entries at these cosines; None is that of a search by words alone."""

    def __init__(self, **cosines):
        self.hits = [
            SimpleNamespace(entry=SimpleNamespace(ref=ref.replace("_", "-")), why=Why(similarity=cosine))
            for ref, cosine in cosines.items()
        ]

    def similar(self, ref, reader, limit=6):
        return self.hits[:limit]


def test_only_entries_that_are_near_enough_speak_for_their_people(house):
    app, people = house
    finder = NearEntries(L_0042=NEAR_ENOUGH, H_0041=NEAR_ENOUGH - 0.01, M_0041=0.35)
    with database_of(app).read() as session:
        topic = topic_of_entry(session, finder, "L-0041", reader_of(people["dora"]))
    assert topic.refs == ["L-0041", "L-0042"]
    assert found(app, people["dora"], topic) == {
        "Anna": "wrote 2 lessons on this: L-0041, L-0042", "Cid": "can be asked about Permits",
    }  # fmt: skip


def test_the_measurement_tells_who_is_named_rightly():
    """Three lessons: the first asks, the second has its topic, the third is of another trade."""
    topics = {"L-1": frozenset({"valves", "pipes"}), "L-2": frozenset({"valves"}), "L-3": frozenset({"tax"})}
    near = {
        "L-1": [("L-2", 0.7), ("L-3", 0.4), ("X-1", 0.6)], "L-2": [("L-1", 0.7), ("L-3", 0.3)],
        "L-3": [("L-1", 0.4), ("L-2", 0.3)],
    }  # fmt: skip
    assert bench.writers_of(topics) == {"L-1": "pipes", "L-2": "valves", "L-3": "tax"}
    low, high = bench.Score(), bench.Score()
    bench.add_scores(low, topics, near, set(topics), 0.0)
    bench.add_scores(high, topics, near, set(topics), 0.5)
    assert (low.right, low.named, low.to_name, low.questions) == (1, 6, 1, 3)
    assert (high.right, high.named, high.precision, high.recall) == (1, 2, 0.5, 1.0)
    assert (high.f1, low.f1) == (pytest.approx(2 / 3), pytest.approx(2 / 7))
    assert [bench.strangers(topics, near, each) for each in (0.5, 0.65)] == [pytest.approx(1 / 3), 0.0]
