"""Who may see an entry: named readers, what is refused, and what a reader makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from kb import editing, published, reading
from kb.errors import InvalidRecord, NotFound
from kb.model import VISIBILITIES, Audience
from kb.people import accounts
from kb.people.reader import reader_of
from kb.people.roles import NOBODY, OPERATOR, PERMISSIONS, ROLES, Person
from kb.reading import ANONYMOUS, Reader
from kb.records import apply_record, export_record, parse_record
from kb.visibility import (
    all_stated_readers,
    principals_named,
    readers_in_words,
    set_visibility,
    stated_readers,
)

ESTIMATOR = Reader(signed_in=True, principals=frozenset({"role:estimator"}))
READERS = st.builds(
    Reader,
    signed_in=st.booleans(),
    principals=st.frozensets(st.sampled_from(["role:estimator", "role:trainer", "person:1", "person:2"])),
    sees_all=st.booleans(),
)


@pytest.fixture
def lessons(database):
    """Two lessons, and Anna who has an account."""
    with database.write() as session:
        for ref in ("L-0001", "L-0002"):
            apply_record(session, parse_record({"kind": "lesson", "id": ref, "title": f"About {ref}"}))
        anna = accounts.new_user(session, "anna@example.org", "Anna Berg").id
    return database, anna


def seen(database, reader) -> list[str]:
    with database.read() as session:
        return [view.ref for view in reading.list_entries(session, reader, None, 0, 10)]


def restrict(database, *readers, ref="L-0001", visibility="restricted"):
    with database.write() as session:
        set_visibility(session, ref, visibility, readers)


def test_a_restricted_entry_is_for_those_it_names(lessons):
    database, anna = lessons
    restrict(database, "role:estimator", "person:Anna@example.org")
    named = Reader(signed_in=True, principals=frozenset({f"person:{anna}"}))
    other = Reader(signed_in=True, principals=frozenset({"role:trainer", f"person:{anna + 1}"}))
    assert seen(database, ESTIMATOR) == seen(database, named) == ["L-0001", "L-0002"]
    assert seen(database, reading.OPERATOR) == ["L-0001", "L-0002"]
    assert seen(database, other) == seen(database, ANONYMOUS) == ["L-0002"]
    with database.read() as session:
        with pytest.raises(NotFound) as hidden:
            reading.get_entry(session, "L-0001", other)
        with pytest.raises(NotFound) as absent:
            reading.get_entry(session, "L-0009", other)
        assert str(hidden.value).replace("L-0001", "L-0009") == str(absent.value)


def test_who_may_see_it_is_told_to_those_who_see_everything(lessons):
    database, anna = lessons
    restrict(database, "role:project manager", "person:anna@example.org")
    pm = Reader(signed_in=True, principals=frozenset({"role:project manager"}))
    with database.read() as session:
        told = reading.get_entry(session, "L-0001", reading.OPERATOR).readers
        assert reading.get_entry(session, "L-0001", pm).readers == ()
        assert told == (f"person:{anna}", "role:project manager")
        assert readers_in_words(session, told) == ["project managers", "Anna Berg"]
        assert stated_readers(session, told) == ["person:anna@example.org", "role:project manager"]
        assert list(all_stated_readers(session).values()) == [
            ["person:anna@example.org", "role:project manager"]
        ]


def test_an_entry_that_is_no_longer_restricted_names_nobody(lessons):
    database, _ = lessons
    restrict(database, "role:estimator", "role:trainer")
    restrict(database, "role:trainer")
    with database.read() as session:
        assert principals_named(session) == {"role:trainer"}
    restrict(database, visibility="signed-in")
    with database.read() as session:
        assert session.scalars(select(Audience)).all() == []
    assert seen(database, ANONYMOUS) == ["L-0002"]
    assert seen(database, ESTIMATOR) == ["L-0001", "L-0002"]


@pytest.mark.parametrize(
    ("visibility", "readers", "message"),
    [
        ("restricted", [], "names who may see it, such as role:estimator"),
        ("public", ["role:estimator"], "restrict it or remove them"),
        ("signed-in", ["role:estimator"], "restrict it or remove them"),
        ("secret", [], "must be one of public, signed-in, restricted, not 'secret'"),
        ("restricted", ["role:estimator", "role:pilot"], r"readers\.2: is not a role: 'pilot'; roles are"),
        ("restricted", ["person:ben@example.org"], "nobody here has the account 'ben@example.org'; invite"),
        ("restricted", ["person:999"], "nobody here has the account '999'"),
        ("restricted", ["person:Anna"], "must be role:NAME or person:E-MAIL, not 'person:Anna'"),
        ("restricted", ["group:x"], "must be role:NAME or person:E-MAIL"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(lessons, visibility, readers, message):
    database, _ = lessons
    with pytest.raises(InvalidRecord, match=message), database.write() as session:
        set_visibility(session, "L-0001", visibility, readers)
    assert seen(database, ANONYMOUS) == ["L-0001", "L-0002"]


def test_an_unknown_entry_is_not_found(lessons):
    database, _ = lessons
    with pytest.raises(NotFound), database.write() as session:
        set_visibility(session, "L-0009", "public")


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"visibility": "restricted"}, "readers: a restricted entry names who may see it"),
        ({"readers": ["role:estimator"]}, "readers: only an entry with visibility restricted"),
        ({"visibility": "restricted", "readers": ["role:x"]}, r"readers\.1: is not a role: 'x'"),
        ({"visibility": "restricted", "readers": "role:estimator"}, "readers: must be a list"),
        ({"anonymous": "yes"}, "anonymous: must be true or false"),
    ],
)
def test_a_record_says_what_is_wrong_with_its_readers(stated, message):
    with pytest.raises(InvalidRecord, match=message):
        parse_record({"kind": "lesson", "title": "A"} | stated)


def test_a_record_states_the_whole_audience_and_leaves_it_alone_when_it_states_none(lessons):
    database, anna = lessons
    text = {"kind": "lesson", "id": "L-0001", "title": "About L-0001"}
    record = text | {"visibility": "restricted", "readers": ["role:trainer", "person:anna@example.org"]}
    for stated, outcome in ((record, "updated"), (record, "unchanged"), (text, "unchanged")):
        with database.write() as session:
            assert apply_record(session, parse_record(stated))[0] == outcome
    with database.read() as session:
        revision = editing.find_revision(session, "L-0001", 1)
        readers = all_stated_readers(session)[revision.entry_id]
        exported = export_record(revision, readers)
        assert exported["readers"] == ["person:anna@example.org", "role:trainer"]
        assert parse_record(exported).meta.readers == exported["readers"]
    with database.write() as session:
        stated = record | {"readers": [f"person:{anna}"]}
        assert apply_record(session, parse_record(stated))[0] == "updated"
        assert principals_named(session) == {f"person:{anna}"}
    with pytest.raises(InvalidRecord, match="nobody here has the account"), database.write() as session:
        apply_record(session, parse_record(record | {"readers": ["person:ben@example.org"]}))


@given(READERS, st.sampled_from(VISIBILITIES), st.frozensets(st.sampled_from(["role:estimator", "person:1"])))
def test_names_that_no_entry_mentions_make_no_difference(reader, visibility, named):
    readers = named if visibility == "restricted" else frozenset()
    assert reader.among(named).may_see(visibility, readers) == reader.may_see(visibility, readers)
    assert hash(reader.among(named)) == hash(reader.among(named))


@given(READERS)
def test_the_rule_and_its_condition_agree(lessons_by_visibility, reader):
    database, held = lessons_by_visibility
    expected = [ref for ref, (visibility, readers) in held.items() if reader.may_see(visibility, readers)]
    assert seen(database, reader) == expected
    with database.read() as session:
        revisions = {view.revision_id: view.ref for view in views_of(session)}
        found = published.get_revisions(session, revisions, reader)
        assert published.fetch_revisions(database, revisions, reader) == found  # within the transaction
        assert sorted(view.ref for view in found.values()) == expected
        hidden = reading.hidden_revisions(session, reader)
        assert sorted(revisions[number] for number in hidden) == sorted(set(held) - set(expected))
        assert sum(reading.counts(session, reader).values()) == len(expected)
    assert published.fetch_revisions(database, revisions, reader) == found


def views_of(session):
    return reading.list_entries(session, reading.OPERATOR, None, 0, 10)


@pytest.fixture(scope="module")
def lessons_by_visibility(sqlite_template, tmp_path_factory):
    import shutil

    from kb.database import open_database

    file = shutil.copy(sqlite_template, tmp_path_factory.mktemp("visibility") / "precedent.sqlite")
    database = open_database(f"sqlite:///{file}")
    held = {
        "L-0001": ("public", []),
        "L-0002": ("signed-in", []),
        "L-0003": ("restricted", ["role:estimator"]),
        "L-0004": ("restricted", ["person:1", "role:trainer"]),
        "L-0005": ("restricted", ["person:2"]),
    }
    with database.write() as session:
        for number in (1, 2):
            accounts.new_user(session, f"p{number}@example.org")
        for ref, (visibility, readers) in held.items():
            stated = {"visibility": visibility, "readers": readers}
            apply_record(session, parse_record({"kind": "lesson", "id": ref, "title": ref} | stated))
    yield database, held
    database.dispose()


def test_a_person_reads_by_roles_and_by_name():
    reader = reader_of(Person(id=17, roles=frozenset({"estimator", "project manager"})))
    assert reader.principals == {"role:estimator", "role:project manager", "person:17"}
    assert (reader.signed_in, reader.sees_all, reader.sees_authors) == (True, False, False)
    assert reader_of(NOBODY, 7) == Reader(mask_below=7)
    operator = reader_of(OPERATOR)
    assert (operator.sees_all, operator.sees_authors) == (True, True)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_what_its_permissions_say(role):
    reader = reader_of(Person(id=1, roles=frozenset({role})))
    assert (
        reader.sees_all
        == ("see restricted" in PERMISSIONS[role])
        == (role in {"curator", "admin", "auditor"})
    )
    assert reader.sees_authors == (role in {"curator", "admin"})


def test_who_looks_through_other_eyes_sees_no_more_than_they_do():
    curator = Person(id=17, roles=frozenset({"curator"}), view_as="trainer")
    assert reader_of(curator) == Reader(signed_in=True, principals=frozenset({"role:trainer"}))
    assert reader_of(Person(id=17, roles=frozenset({"curator"}), view_as="visitor")) == ANONYMOUS
