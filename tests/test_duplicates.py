"""Entries that say the same: found, decided, remembered, undone, and only where somebody may see both."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner
from sqlalchemy import event

from indexer.sync import IndexWriter
from kb.content import make_content
from kb.duplicates.deciding import PairDecided, Verdict, decide, reconsider
from kb.duplicates.listing import Found, list_decisions, list_pairs, replace_pairs
from kb.editing import find_entry, latest_revision, published_revision, refuse, save_edit, submit
from kb.errors import EditConflict, NotAllowed, NotFound
from kb.people.audit import Origin
from kb.people.roles import OPERATOR, Person
from kb.reading import OPERATOR as READER
from kb.reading import Reader, get_entry
from kb.records import apply_record, parse_record
from kb.standing import standings
from search.duplicates import agreement
from tests.fakes import HashingEmbedder
from tests.fakes_web import FakeStatus
from tests.fixtures.people import sign_in
from tests.fixtures.served import make_settings
from web import chores
from web.cli import precedent
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
BY = Origin(Person(id=1, name="Bea", roles=frozenset({"curator"})))
TEXT = (
    "The contractor ordered the valves after the design freeze although they take forty weeks to arrive. "
    "The pumping station stood finished and waited for them until autumn."
)
OTHER = "Interviews with the users showed that nobody had read the training guide before the first day."


def lesson(number, text, **said):
    return {"kind": "lesson", "id": f"L-{number:04}", "title": f"Number {number}", "happened": text} | said


@pytest.fixture
def filled(database):
    """Lessons 1 and 2 say nearly the same, 3 another thing, and 4 the same for those who may see it."""
    records = [
        lesson(1, TEXT), lesson(2, TEXT.replace("autumn", "winter")), lesson(3, OTHER),
        lesson(4, TEXT.replace("forty", "thirty"), visibility="restricted", readers=["role:estimator"]),
        {"kind": "review", "id": "R-0001", "title": "Number 5", "went_badly": TEXT},
    ]  # fmt: skip
    with database.write() as session:
        for record in records:
            apply_record(session, parse_record(record))
    return database


@pytest.fixture
def settings(filled, tmp_path, monkeypatch):
    """Of a repository that is indexed."""
    monkeypatch.setattr(chores, "open_embedder_if_any", lambda _: HashingEmbedder())
    settings = make_settings(tmp_path / "home", database_url=str(filled.url))
    IndexWriter(settings, filled, HashingEmbedder()).sync()
    return settings


def pairs(database, reader=READER):
    with database.read() as session:
        return [(each.first.ref, each.second.ref) for each in list_pairs(session, reader)[1]]


def verdict(ref, other, decision):
    return Verdict(ref=ref, other=other, decision=decision)


def links(database, ref):
    with database.read() as session:
        return [(each.to, each.relation) for each in get_entry(session, ref, READER).content.links]


@pytest.fixture
def alike(filled):
    """Two pairs that were found."""
    with filled.write_aside() as session:
        ids = [find_entry(session, f"L-000{number}").id for number in (1, 2, 3)]
        replace_pairs(
            session, [Found(ids[0], ids[1], 0.99, 0.9, 0.97), Found(ids[0], ids[2], 0.8, 0.6, 0.78)]
        )
    return filled


def test_the_whole_repository_is_looked_through(filled, settings):
    assert chores.look_for_duplicates(settings, filled) == 3
    assert set(pairs(filled)) == {("L-0001", "L-0002"), ("L-0001", "L-0004"), ("L-0002", "L-0004")}
    assert pairs(filled, Reader()) == [("L-0001", "L-0002")]


def test_it_is_looked_again_when_something_has_changed_and_seldom(filled, settings):
    look = chores.DuplicateLook(settings, filled)
    assert (look.again(), look.again()) == (3, None)
    with filled.write():
        pass
    assert look.again() is None  # too soon
    look.next_at = 0
    assert look.again() == 3


def test_it_is_looked_again_when_the_index_has_come_after(filled, settings):
    look = chores.DuplicateLook(settings, filled)
    with filled.write() as session:
        apply_record(session, parse_record(lesson(5, TEXT.replace("autumn", "spring"))))
    assert look.again() == 3
    IndexWriter(settings, filled, HashingEmbedder()).sync()
    look.next_at = 0
    assert look.again() == 6
    look.next_at = 0
    assert look.again() is None


def test_without_an_index_nothing_is_found_yet(filled, tmp_path, monkeypatch):
    monkeypatch.setattr(chores, "open_embedder_if_any", lambda _: HashingEmbedder())
    settings = make_settings(tmp_path / "nowhere", database_url=str(filled.url))
    assert chores.DuplicateLook(settings, filled).again() is None


def test_agreement_is_the_weighted_share_of_common_terms():
    weights = {"valve": 2.0, "late": 1.0, "pump": 3.0}
    from collections import Counter

    one, other = Counter(valve=2, late=1), Counter(valve=1, pump=1)
    assert agreement(one, other, weights) == pytest.approx(2.0 / (4 + 1 + 3))
    assert agreement(one, one, weights) == 1.0
    assert agreement(Counter(), Counter(), weights) == 0.0


def test_what_is_kept_apart_is_remembered_until_it_is_taken_back(alike):
    decide(alike, BY, verdict("L-0001", "L-0002", "apart"))
    assert pairs(alike) == [("L-0001", "L-0003")]
    with alike.write_aside() as session:
        ids = [find_entry(session, f"L-000{number}").id for number in (1, 2)]
        replace_pairs(session, [Found(*ids, 0.99, 0.9, 0.97)])
    assert pairs(alike) == []
    with alike.read() as session:
        (known,) = list_decisions(session, READER)
        assert (known.decision, known.kept, known.author) == ("apart", None, "Bea")
    with pytest.raises(PairDecided):
        decide(alike, BY, verdict("L-0002", "L-0001", "recurrence"))
    reconsider(alike, BY, "L-0002", "L-0001")
    assert pairs(alike) == [("L-0001", "L-0002")]
    with pytest.raises(NotFound):
        reconsider(alike, BY, "L-0001", "L-0002")


@pytest.mark.parametrize(
    ("decision", "stating", "link"),
    [
        ("recurrence", "L-0002", ("L-0001", "recurrence of")),
        ("superseded", "L-0001", ("L-0002", "supersedes")),
    ],
)
def test_merging_links_and_deletes_nothing(alike, decision, stating, link):
    with alike.read() as session:
        before = get_entry(session, stating, READER)
    decide(alike, BY, verdict("L-0001", "L-0002", decision))
    assert pairs(alike) == [("L-0001", "L-0003")]
    with alike.read() as session:
        after = get_entry(session, stating, READER)
        assert (after.content.happened, after.author, after.number) == (
            before.content.happened,
            before.author,
            2,
        )
        standing = standings(session, READER)
    assert links(alike, stating) == [link]
    if decision == "recurrence":
        assert standing["L-0001"].recurrences == 1
    else:
        assert standing["L-0002"].superseded == 1
    reconsider(alike, BY, "L-0001", "L-0002")
    assert links(alike, stating) == []
    assert len(pairs(alike)) == 2


def test_what_already_says_so_is_no_pair(alike):
    with alike.write() as session:
        apply_record(
            session, parse_record(lesson(2, TEXT, links=[{"to": "L-0001", "relation": "recurrence of"}]))
        )
    assert pairs(alike) == [("L-0001", "L-0003")]
    decide(alike, BY, verdict("L-0001", "L-0002", "recurrence"))  # it says so already: no new revision
    with alike.read() as session:
        assert published_revision(session, find_entry(session, "L-0002")).number == 2


def test_an_entry_that_somebody_works_on_is_not_changed_under_their_hands(alike):
    with alike.write() as session:
        entry = find_entry(session, "L-0002")
        content = make_content("lesson", latest_revision(session, entry).content | {"title": "Better"})
        save_edit(session, "L-0002", content, base=1, author="Ann")
    with pytest.raises(EditConflict):
        decide(alike, BY, verdict("L-0001", "L-0002", "recurrence"))
    assert pairs(alike)[0] == ("L-0001", "L-0002")  # nothing half done
    decide(alike, BY, verdict("L-0001", "L-0002", "apart"))


@pytest.mark.parametrize(
    ("ref", "other", "decision", "by", "error"),
    [
        ("L-0001", "L-0001", "apart", BY, NotAllowed),
        ("L-0001", "R-0001", "recurrence", BY, NotAllowed),
        ("L-0001", "L-0099", "apart", BY, NotFound),
        ("L-0001", "L-0002", "apart", Origin(Person(id=2, roles=frozenset({"verifier"}))), NotAllowed),
    ],
)
def test_what_cannot_be_is_refused(alike, ref, other, decision, by, error):
    with pytest.raises(error):
        decide(alike, by, verdict(ref, other, decision))


def test_nobody_decides_about_what_they_may_not_see(alike):
    scoped = Origin(
        replace(OPERATOR, is_operator=False, id=3, roles=frozenset({"curator"}), scopes=frozenset({"curate"}))
    )
    with pytest.raises(NotFound):
        decide(alike, scoped, verdict("L-0001", "L-0004", "apart"))


def test_a_page_says_who_is_at_work_where_a_decision_has_to_be_written(own_app):
    database = own_app.extensions[EXTENSION].database
    with database.write() as session:
        standing = latest_revision(session, find_entry(session, "L-0002"))
        content = make_content("lesson", standing.content | {"title": "Better"})
        number = save_edit(session, "L-0002", content, base=standing.number, author="Ann").number
    browser = sign_in(own_app, "bea", "curator")
    said = {"ref": "L-0001", "other": "L-0002", "decision": "recurrence"}
    answer = browser.send("/duplicates/decide", **said)
    assert answer.status_code == 409
    assert f"somebody is at work on L-0002 (revision {number})" in answer.text
    with database.write() as session:
        submit(session, "L-0002", number)
        refuse(session, "L-0002", number, to="rejected", reviewer="Vic", reason="No.")
    assert browser.send("/duplicates/decide", **said).status_code == 303, "what was rejected is at rest"
    assert links(database, "L-0002") == [("L-0001", "recurrence of")]
    with database.read() as session:
        assert published_revision(session, find_entry(session, "L-0002")).number == number + 1


def test_a_list_without_pairs_says_what_is_still_to_come(own_app):
    engine = own_app.extensions[EXTENSION].engine
    browser = sign_in(own_app, "bea", "curator")
    assert "within a minute after they have changed" in browser.get("/duplicates").text
    engine.status = lambda reader: FakeStatus(3, 3, generation=1, behind=1204)
    page = browser.get("/duplicates").text
    assert "1,204 entries are still being indexed" in page
    assert "data-waits" in page


def test_pairs_are_listed_without_trying_each_entry_with_each(filled):
    """What readers may see is asked of the pairs; SQLite must not list all entries for it."""
    statements: list[tuple[str, object]] = []
    with filled.read() as session:
        event.listen(
            session.get_bind(), "before_cursor_execute",
            lambda c, cursor, statement, parameters, *_: statements.append((statement, parameters)),
        )  # fmt: skip
        list_pairs(session, Reader())
        if not filled.is_sqlite:
            return
        raw = session.connection().connection.dbapi_connection
        for statement, parameters in tuple(statements):
            plan = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            assert not [step for step in plan if step.startswith("SCAN entries")], plan


def test_pages_list_compare_and_decide(own_app):
    database = own_app.extensions[EXTENSION].database
    with database.write() as session:
        for number in (901, 902):
            apply_record(session, parse_record(lesson(number, TEXT + " <script>alert(1)</script>")))
    with database.write_aside() as session:
        ids = [find_entry(session, f"L-090{number}").id for number in (1, 2)]
        replace_pairs(session, [Found(*ids, 0.99, 0.9, 0.97)])
    browser = sign_in(own_app, "bea", "curator")
    assert "Compare" in browser.get("/duplicates").text
    page = browser.get("/duplicates/compare?first=L-0901&second=L-0902").text
    assert "L-0901 supersedes L-0902" in page
    assert "<del>901</del>" in page, "what differs is marked"
    assert "The same in both: What happened." in page
    assert "<script>alert" not in page
    assert browser.get("/duplicates/compare?first=L-0901&second=L-0999").status_code == 404
    said = {"ref": "L-0901", "other": "L-0902", "decision": "recurrence"}
    place = browser.send("/duplicates/decide", **said).headers["Location"]
    assert place == "/duplicates?done=recurrence&ref=L-0901&other=L-0902"
    page = browser.get(place).text
    assert "No pair waits" in page
    assert page.count("Undo<") == 2, "beside what was done, and in the list"
    again = browser.send("/duplicates/decide", **said)
    assert again.status_code == 409
    assert "Somebody has decided" in again.text
    assert "it happened again 1 time" in browser.get("/duplicates/compare?first=L-0901&second=L-0902").text
    assert browser.get("/api/v1/duplicates/decisions").json["decisions"][0]["kept"] == "L-0901"
    assert browser.send("/duplicates/reconsider", **said).status_code == 303
    assert browser.get("/api/v1/duplicates").json["total"] == 1


def test_the_command_line_does_the_same(filled, settings, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(settings.home))
    monkeypatch.setenv("PRECEDENT_DATABASE_URL", settings.database_url)

    def run(*words):
        done = CliRunner().invoke(precedent, ["duplicates", *words], catch_exceptions=False)
        assert done.exit_code == 0
        return done.output

    assert run("find") == "3 pairs look alike.\n"
    assert "L-0001  L-0002" in run("list")
    run("decide", "L-0001", "L-0002", "apart")
    assert "L-0001  L-0002" not in run("list", "--json").replace('", "', "  ")
    run("undo", "L-0001", "L-0002")
    assert "L-0001  L-0002" in run("list")
