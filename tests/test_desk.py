"""The verbs of the desk on each database: the whole way once, at once, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from kb.content import make_content
from kb.desk import comments, copies, reviewing, writing
from kb.desk.comments import CommentText
from kb.desk.copies import Typed
from kb.desk.lists import due, own_work, queue
from kb.errors import EditConflict, NotAllowed, NotFound
from kb.model import Entry, Revision
from kb.people import accounts
from kb.people.audit import Origin
from kb.people.roles import OPERATOR, Person
from kb.reading import OPERATOR as ALL
from kb.reading import get_entry
from kb.usage.counting import add_uses
from kb.visibility import set_visibility
from tests.security.races import at_once


def content(words: str):
    said = dict.fromkeys(("summary", "happened", "lesson", "recommendation"), words)
    return make_content("lesson", said | {"title": words, "applicability": {"conditions": "Always."}})


@pytest.fixture
def people(database):
    found = {}
    for name, roles in {"anna": (), "bea": (), "cleo": ("curator",), "vic": ("verifier",)}.items():
        with database.write_aside() as session:
            user = accounts.new_user(session, f"{name}@example.org", name.title(), "active")
            accounts.put_roles(user, roles, OPERATOR)
            session.flush()
            found[name] = Person(id=user.id, name=user.name, email=user.email, roles=frozenset(roles))
    return found


def test_the_whole_way_on_each_database(database, people):
    anna, cleo, vic = (Origin(people[name]) for name in ("anna", "cleo", "vic"))
    ref = writing.create(database, anna, "lesson", content("first")).ref
    second = writing.save(database, anna, ref, content("second"), base=1)
    assert writing.save(database, anna, ref, content("second"), base=2).is_new is False
    with pytest.raises(EditConflict):
        writing.save(database, anna, ref, content("third"), base=1)
    writing.submit(database, anna, ref, second.number)
    reviewing.assign(database, cleo, ref, 2, people["vic"].id)
    number = comments.comment(database, vic, ref, 2, CommentText(field="lesson", text="Why?"))
    comments.settle(database, anna, ref, 2, number, settled=True)
    today = reviewing.today()
    with database.read() as session:
        (item,) = queue(session, vic.person, today)
        assert (item.assignee, item.comments, item.replaces, item.is_mine) == ("Vic", 0, None, False)
        (mine,) = own_work(session, anna.person, today)
        assert mine.view.number == 2
    reviewing.publish(database, vic, ref, 2, reviewing.Judgement(verify=True))
    copies.keep(database, anna.person, ref, Typed({"title": "T"}))
    copies.keep(database, anna.person, ref, Typed({"title": "U"}))
    with database.read() as session:
        assert copies.find(session, anna.person, ref).typed == Typed({"title": "U"})
        assert due(session, vic.person, today) == []
        assert get_entry(session, ref, ALL).verifier == "Vic"
    reviewing.archive(database, cleo, ref)
    reviewing.restore(database, cleo, ref, 2)
    draft = writing.save(database, anna, ref, content("third"), base=2)
    writing.discard(database, anna, ref, draft.number)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Revision)) == 2


def test_what_is_due_is_ordered_by_use(database, people):
    anna, cleo = Origin(people["anna"]), Origin(people["cleo"])
    today = reviewing.today()
    ages = {"seldom": 900, "often": 800, "soon": 720, "fresh": 10}
    refs = {}
    for words, age in ages.items():
        refs[words] = writing.create(database, anna, "lesson", content(words)).ref
        writing.submit(database, anna, refs[words], 1)
        reviewing.publish(database, cleo, refs[words], 1)
        reviewing.verify(database, cleo, refs[words], today - timedelta(days=age))
    with database.write_aside() as session:
        add_uses(session, today, {refs["often"]: (9, 7), refs["soon"]: (9, 8)})
        add_uses(session, today - timedelta(days=400), {refs["seldom"]: (99, 99)})
    with database.read() as session:
        found = due(session, people["cleo"], today)
    assert [(each.view.title, each.opened) for each in found] == [("often", 7), ("seldom", 0), ("soon", 8)]


def test_two_people_save_and_write_at_once(database, people):
    names = ("anna", "bea")
    made = at_once(2, lambda i: writing.create(database, Origin(people[names[i]]), "lesson", content("x")))
    assert sorted(each.ref for each in made) == ["L-0001", "L-0002"]
    cleo = Origin(people["cleo"])
    mine = next(each.ref for each, name in zip(made, names, strict=True) if name == "anna")
    saved = at_once(2, lambda i: writing.save(database, cleo, mine, content(f"edit {i}"), base=1))
    assert sum(isinstance(each, EditConflict) for each in saved) == 1


def test_what_is_refused_is_refused_in_words(database, people):
    anna, bea, cleo = (Origin(people[name]) for name in ("anna", "bea", "cleo"))
    ref = writing.create(database, anna, "lesson", content("first")).ref
    with pytest.raises(NotFound):
        writing.save(database, bea, ref, content("hers"), base=1)
    with pytest.raises(NotAllowed, match="roles"):
        reviewing.publish(database, anna, ref, 1)
    with pytest.raises(NotAllowed, match="draft"):
        reviewing.publish(database, cleo, ref, 1)
    writing.submit(database, anna, ref, 1)
    with pytest.raises(NotAllowed, match="may not review"):
        reviewing.assign(database, cleo, ref, 1, anna.person.id)
    with pytest.raises(NotAllowed, match="not published yet"):
        reviewing.publish(database, cleo, ref, 1, reviewing.Judgement(typographic=True))
    with pytest.raises(NotAllowed, match="once can be restored"):
        reviewing.restore(database, cleo, ref, 1)
    with database.read() as session:
        assert session.scalar(select(Entry.verified_on)) is None


def test_nobody_vouches_for_what_is_hidden_from_them(database, people):
    cleo, vic = Origin(people["cleo"]), Origin(people["vic"])
    ref = writing.create(database, vic, "lesson", content("first")).ref
    writing.submit(database, vic, ref, 1)
    reviewing.publish(database, cleo, ref, 1)
    with database.write() as session:
        set_visibility(session, ref, "restricted", ["role:estimator"])
    for hidden in (ref, "L-0999"):
        with pytest.raises(NotFound, match=f"There is no entry {hidden}"):
            reviewing.verify(database, vic, hidden)
    reviewing.verify(database, cleo, ref)
    with database.read() as session:
        assert get_entry(session, ref, ALL).verifier == "Cleo"
