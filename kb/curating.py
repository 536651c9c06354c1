"""Changes of the vocabulary by somebody: allowed, done and noted in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kb.people.audit import note
from kb.people.roles import require
from kb.vocabulary import add_group, change_group, get_group, list_groups, remove_group
from kb.vocabulary_loading import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.database import Database
    from kb.formats.vocabulary import RawGroup
    from kb.people.audit import Origin
    from kb.vocabulary import Changes, Group
    from kb.vocabulary_text import GroupText

EDIT = "edit vocabulary"


def add(database: Database, origin: Origin, text: GroupText, *, author: str = "") -> Group:
    """A new group. Raises NotAllowed, and what `add_group` raises."""
    require(origin.person, EDIT)
    with database.write() as session:
        group = add_group(session, text, author=author or origin.person.name)
        note(session, origin, "add vocabulary group", str(group), kind=group.kind, **_by(origin, author))
    return group


def change(
    database: Database, origin: Origin, number: int, text: GroupText, *, version: int, author: str = ""
) -> Group:
    """The group says something else; what says the same is no change. Raises NotAllowed, NotFound, and
    what `change_group` raises.
    """
    require(origin.person, EDIT)
    with database.write() as session:
        before = get_group(session, number)
        group = change_group(session, number, text, version=version, author=author or origin.person.name)
        if group == before:
            session.rollback()
        else:
            said = {"before": str(before), "kind": group.kind}
            note(session, origin, "change vocabulary group", str(group), **said | _by(origin, author))
    return group


def remove(database: Database, origin: Origin, number: int, *, version: int, author: str = "") -> Group:
    """The group as it was; it is gone. Raises NotAllowed, NotFound, and what `remove_group` raises."""
    require(origin.person, EDIT)
    with database.write() as session:
        group = get_group(session, number)
        remove_group(session, number, version=version)
        note(session, origin, "remove vocabulary group", str(group), **_by(origin, author))
    return group


def load(
    database: Database,
    origin: Origin,
    groups: Sequence[RawGroup],
    *,
    removing: Sequence[str],
    author: str = "",
) -> Changes:
    """The vocabulary is what the table says, if that removes just the groups that somebody agreed to.

    Raises NotAllowed, and what `replace` raises.
    """
    require(origin.person, EDIT)
    with database.write() as session:
        changes = replace(session, groups, author=author or origin.person.name, removing=removing)
        if not changes:
            session.rollback()  # no new change stamp either
        else:
            note(
                session, origin, "load vocabulary", f"{len(groups):,} groups", added=len(changes.created),
                changed=len(changes.updated), removed=[str(each.before) for each in changes.removed],
                **_by(origin, author),
            )  # fmt: skip
    return changes


def preview(database: Database, origin: Origin, groups: Sequence[RawGroup]) -> Changes:
    """What `load` would change: done, and taken back. Raises NotAllowed, BadVocabulary."""
    require(origin.person, EDIT)
    with database.write() as session:
        changes = replace(session, groups, author=origin.person.name)
        session.rollback()
    return changes


def tried(
    database: Database, origin: Origin, text: GroupText, *, number: int | None = None, version: int = 0
) -> tuple[list[Group], list[Group]]:
    """The vocabulary as it stands, and as it would be with the group changed, or added without a number.

    Nothing is changed. Raises what `add` and `change` raise.
    """
    require(origin.person, EDIT)
    with database.write() as session:
        before = list_groups(session)
        if number is None:
            add_group(session, text, author=origin.person.name)
        else:
            change_group(session, number, text, version=version, author=origin.person.name)
        after = list_groups(session)
        session.rollback()
    return before, after


def _by(origin: Origin, author: str) -> dict[str, Any]:
    """Whom the group names as its author, where that is not who acts."""
    return {"author": author} if author and author != origin.person.name else {}
