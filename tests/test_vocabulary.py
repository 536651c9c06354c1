"""The verbs of the vocabulary, on both databases."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy.exc import IntegrityError

from kb.database import Database, open_database
from kb.errors import InvalidRecord, NotFound
from kb.migrations import HEAD, alembic_config
from kb.model import VocabularyGroup, VocabularyTerm
from kb.validation import validate
from kb.vocabulary import (
    MAX_GROUPS,
    Changes,
    GroupChanged,
    add_group,
    change_group,
    find_group,
    list_groups,
    matching,
    put_group,
    remove_group,
    replace_all,
)
from kb.vocabulary_text import GroupRecord, GroupText, term_key


def text(*terms: str, kind: str = "synonyms", note: str = "") -> GroupText:
    return validate(GroupText, {"kind": kind, "terms": list(terms), "note": note})


def record(*terms: str, **stated) -> GroupRecord:
    return validate(GroupRecord, {"kind": "synonyms", "terms": list(terms)} | stated)


def add(database: Database, *terms: str, author: str = "ann", **said):
    with database.write() as session:
        return add_group(session, text(*terms, **said), author=author)


def listed(database: Database) -> list[tuple[str, ...]]:
    with database.read() as session:
        return [group.terms for group in list_groups(session)]


def test_groups_are_listed_by_their_first_terms(database: Database):
    add(database, "vendor", "supplier")
    add(database, "Éclair", "cream bun")
    add(database, "UAT", "user acceptance testing", kind="acronym", note="By the business")
    assert listed(database) == [
        ("Éclair", "cream bun"), ("UAT", "user acceptance testing"), ("vendor", "supplier"),
    ]  # fmt: skip


def test_a_group_says_who_wrote_it_when(database: Database):
    group = add(database, " vendor ", "the   supplier", author=" ann ")
    assert (group.terms, group.author, group.version) == (("vendor", "the supplier"), "ann", 1)
    with database.read() as session:
        assert find_group(session, "THE-SUPPLIER") == group
        assert group.changed_at.tzinfo is not None


def test_a_change_is_seen_by_the_change_stamp_and_counts_the_version(database: Database):
    group = add(database, "vendor", "supplier")
    stamp = database.change_stamp()
    with database.write() as session:
        changed = change_group(session, group.id, text("supplier", "provider"), version=1, author="bea")
    assert database.change_stamp() == stamp + 1
    assert (changed.version, changed.author, listed(database)) == (2, "bea", [("supplier", "provider")])


def test_saving_what_stands_changes_nothing(database: Database):
    group = add(database, "vendor", "supplier")
    with database.write() as session:
        assert change_group(session, group.id, text("vendor", "supplier"), version=1, author="bea") == group


def test_the_second_of_two_changes_is_refused(database: Database):
    group = add(database, "vendor", "supplier")
    with database.write() as session:
        change_group(session, group.id, text("vendor", "seller"), version=1, author="bea")
    with database.write() as session:
        with pytest.raises(GroupChanged, match=r"bea.*vendor \| seller"):
            change_group(session, group.id, text("vendor", "trader"), version=1, author="cal")
        with pytest.raises(GroupChanged, match="changed by somebody else"):
            remove_group(session, group.id, version=1)
        remove_group(session, group.id, version=2)
        with pytest.raises(GroupChanged, match="removed by somebody else"):
            remove_group(session, group.id, version=2)
    assert listed(database) == []


def test_a_removed_term_is_free_again(database: Database):
    group = add(database, "vendor", "supplier")
    with database.write() as session:
        remove_group(session, group.id, version=1)
        add_group(session, text("supplier", "trader"), author="ann")
    assert listed(database) == [("supplier", "trader")]
    with database.read() as session, pytest.raises(NotFound, match="'vendor'"):
        find_group(session, "vendor")


@pytest.mark.parametrize("term", ["supplier", "SUPPLIER", "Süpplier"])
def test_a_term_belongs_to_one_group(database: Database, term: str):
    add(database, "vendor", "supplier")
    with pytest.raises(InvalidRecord) as caught:
        add(database, "seller", term)
    assert str(caught.value) == f"terms.2: “{term}” is in the group of “vendor” already"
    other = add(database, "seller", "trader")
    with database.write() as session, pytest.raises(InvalidRecord, match="is in the group of “vendor”"):
        change_group(session, other.id, text("seller", term), version=1, author="ann")


def test_the_database_itself_refuses_a_term_in_two_groups(database: Database):
    add(database, "vendor", "supplier")
    group = add(database, "seller", "trader")
    with database.write() as session:
        session.add(VocabularyTerm(group_id=group.id, position=2, term="Vendor", key=term_key("Vendor")))
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (["vendor"], "terms: must be 2 to 12 terms, not 1"),
        ([f"term {number}" for number in range(13)], "terms: must be 2 to 12 terms, not 13"),
        (["go-live", "Go  Live"], "terms: “go-live” and “Go Live” are one term"),
        (["same", "same"], "terms: “same” and “same” are one term"),
        (["vendor", "x"], "terms.2: must have at least two letters or digits"),
        (["vendor", "…!…"], "terms.2: must have at least two letters or digits"),
        (["vendor", "a b | c d"], r"terms.2: must not hold \|"),
        (["vendor", "one two three four five-six seven"], "terms.2: has 7 words; at most 6 make a term"),
        (["vendor", "v" * 101], "terms.2: is too long"),
        (["vendor", "ﷺ" * 60], "terms.2: is too long"),
        (["vendor", "l-0042"], "terms.2: is the id of an entry"),
        (["vendor", "two\nlines"], "terms.2: must be one line"),
        (["vendor", "a\0b"], r"terms.2: contains the character U\+0000"),
        (["vendor", 7], "terms.2: must be text, not 7"),
    ],
)
def test_what_cannot_be_a_group_is_named(terms, message):
    with pytest.raises(InvalidRecord, match=message):
        text(*terms)


@pytest.mark.parametrize("short", ["user acceptance", "unabbreviated"])
def test_an_acronym_begins_with_its_short_form(short: str):
    with pytest.raises(InvalidRecord, match="terms: of an acronym begin with the short form"):
        text(short, "UAT", kind="acronym")


def test_there_is_an_end_to_the_vocabulary(sqlite_database: Database):
    groups = [record(f"term {number}", f"word {number}") for number in range(MAX_GROUPS)]
    with sqlite_database.write() as session:
        replace_all(session, groups, author="ann")
        with pytest.raises(InvalidRecord, match="there is no room"):
            add_group(session, text("vendor", "supplier"), author="ann")
        with pytest.raises(InvalidRecord, match="at most 2,000 fit"):
            replace_all(session, [*groups, record("vendor", "supplier")], author="ann")


def names(changes: Changes) -> tuple[list[str], ...]:
    kinds = (changes.created, changes.updated, changes.removed, changes.unchanged)
    return tuple([change.name for change in kind] for kind in kinds)


def test_replacing_all_keeps_what_is_the_same(database: Database):
    for terms in (("stay", "remain"), ("vendor", "supplier"), ("gone", "lost")):
        add(database, *terms)
    new = [record("remain", "abide"), record("supplier", "gone"), record("fresh", "new")]
    with database.write() as session:
        changes = replace_all(
            session, [record("stay", "other"), *new[1:], record("remain", "last")], author="bea"
        )
    assert names(changes) == (["fresh", "remain"], ["stay", "supplier"], ["gone"], [])
    was = {change.name: change.before for change in changes.updated}
    assert (was["stay"].terms, was["supplier"].version) == (("stay", "remain"), 1)
    assert listed(database) == [("fresh", "new"), ("remain", "last"), ("stay", "other"), ("supplier", "gone")]
    with database.write() as session:
        kept = [record(*group.terms) for group in list_groups(session)]
        assert not replace_all(session, kept, author="cal")
        assert {group.author for group in list_groups(session)} == {"bea"}


def test_replacing_by_groups_that_share_a_term_changes_nothing(database: Database):
    add(database, "vendor", "supplier")
    with database.write() as session, pytest.raises(InvalidRecord) as caught:
        replace_all(session, [record("RAID", "log"), record("list", "raid")], author="ann")
    assert str(caught.value) == "2.terms.2: “raid” is in the group of “RAID” already"
    assert listed(database) == [("vendor", "supplier")]


def test_putting_adds_changes_and_leaves_what_people_changed(database: Database):
    with database.write() as session:

        def put(*terms: str, **stated) -> str:
            return put_group(session, record(*terms, **stated), author="import")

        assert put("vendor", "supplier") == "created"
        assert put("vendor", "supplier") == "unchanged"
        assert put("supplier", "trader") == "updated"
        group = find_group(session, "trader")
        assert (group.terms, group.version) == (("supplier", "trader"), 2)
        change_group(session, group.id, text("supplier", "seller"), version=2, author="ann")
        assert put("supplier", "trader") == "kept"
        assert put("supplier", "trader", version=2) == "kept"
        assert put("supplier", "trader", version=4, author="bea") == "updated"
        assert put("gone", "lost") == "created"
        with pytest.raises(InvalidRecord, match=r"terms.2: “lost” is in the group of “gone” already"):
            put("trader", "lost", version=9)


def test_the_filter_takes_beginnings_of_words_in_terms_and_notes(database: Database):
    add(database, "UAT", "user acceptance testing", kind="acronym", note="By the business")
    add(database, "vendor", "supplier")
    with database.read() as session:
        groups = list_groups(session)
    found = {
        words: [group.terms[0] for group in matching(groups, words)]
        for words in ("ACCEPT", "busi uat", "ept")
    }
    assert found == {"ACCEPT": ["UAT"], "busi uat": ["UAT"], "ept": []}
    assert matching(groups, "") == groups


def test_a_repository_of_the_version_before_gets_an_empty_vocabulary(empty_url: str):
    database = Database(empty_url)
    config = alembic_config()
    with database.engine.execution_options(begin="BEGIN IMMEDIATE").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with database.write():
        pass
    database.dispose()
    migrated = open_database(empty_url)
    assert (migrated.version(), migrated.change_stamp(), listed(migrated)) == (HEAD, 1, [])
    add(migrated, "vendor", "supplier")
    with migrated.read() as session:
        assert session.query(VocabularyGroup).count() == 1
    migrated.dispose()
