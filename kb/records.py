"""Whole records: what a file or an API body says of an entry, and how it enters the repository."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select

from kb import editing
from kb.content import CONTENT, Content, digest, make_content
from kb.errors import InvalidRecord
from kb.hindsight import check_hindsight
from kb.kinds import KIND_OF_PREFIX
from kb.meta import IMPORTER, Meta
from kb.model import JUDGED, Entry, Revision
from kb.prerequisites import refuse_cycle
from kb.strict import Strict
from kb.taxonomy.spelling import curated
from kb.validation import Problem, shorten, validate
from kb.visibility import mismatch, take_visibility

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

Outcome = Literal["created", "updated", "unchanged", "kept"]
"""`kept`: the source has not changed, and what was edited here since stands."""
REFUSED = ("rejected", "changes requested")


class Record(Strict):
    """A checked record: kind, meta and content."""

    kind: str
    meta: Meta
    content: Content


def parse_record(data: Mapping[str, Any]) -> Record:
    """A flat mapping (front matter and body, a JSON object, a CSV row) as a Record.

    Raises InvalidRecord with one Problem per fault, over meta and content together.
    """
    kind = _kind(data)
    meta_data = {name: value for name, value in data.items() if name in Meta.model_fields}
    content_data = {name: value for name, value in data.items() if name not in {*meta_data, "kind"}}
    problems: list[Problem] = []
    meta, content = None, None
    try:
        meta = validate(Meta, meta_data)
    except InvalidRecord as error:
        problems += error.problems
    try:
        content = make_content(kind, content_data)
        check_hindsight(content)
    except InvalidRecord as error:
        problems += error.problems
    if meta and meta.id and KIND_OF_PREFIX[meta.id[0]] != kind:
        problems.append(Problem("id", f"{meta.id} is not an id of a {kind}"))
    if meta and (wrong := mismatch(meta.visibility, meta.readers)):
        problems.append(wrong)
    if meta and meta.state not in JUDGED and (meta.reviewer is not None or meta.decided_at):
        named = "decided_at" if meta.reviewer is None else "reviewer"
        problems.append(Problem(named, f"a revision in state {meta.state} is not judged yet; remove it"))
    if problems or meta is None or content is None:
        raise InvalidRecord(problems)
    return Record.model_construct(kind=kind, meta=meta, content=content)


def _kind(data: Mapping[str, Any]) -> str:
    kind = data.get("kind")
    ref = data.get("id")
    if kind is None and isinstance(ref, str) and ref[:1] in KIND_OF_PREFIX:
        return KIND_OF_PREFIX[ref[0]]
    if not isinstance(kind, str) or kind not in CONTENT:
        found = "is required" if kind is None else f"is {shorten(kind)}"
        raise InvalidRecord([Problem("kind", f"{found}; it must be one of {', '.join(CONTENT)}")])
    return kind


def apply_record(
    session: Session, record: Record, new_ref: Callable[[str], str] | None = None
) -> tuple[Outcome, str]:
    """Brings the repository to what the record says; returns what happened and the entry's id.

    A record that names its `revision` was exported. New text on top of the latest revision is an
    edit; new text for an older one is refused (InvalidRecord), because history is not rewritten and
    later edits are not undone. A record without a revision comes from a source elsewhere: where
    only the repository's text has changed since it was loaded, that stands ("kept"); where both
    have, it is refused. `new_ref` gives a free id of a kind; `editing.next_ref` unless set.
    """
    entry = _find(session, record)
    if entry is None:
        return "created", _create(session, record, new_ref).ref
    if entry.kind != record.kind:
        raise InvalidRecord([Problem("kind", f"{entry.ref} is a {entry.kind}, not a {record.kind}")])
    latest = editing.latest_revision(session, entry)
    number, text = record.meta.revision, digest(record.content)
    named = _revision(session, entry, number) if number else None
    if named is not None and named.digest == text:
        changed = named is latest and _apply_meta(session, entry, named, record.meta)
        return ("updated" if changed else "unchanged"), entry.ref
    content = curated(session, record.kind, record.content)
    record, text = record.model_copy(update={"content": content}), digest(content)
    if latest.digest == text and (number is None or number < latest.number):
        # What it states of its own revision is not about this one, if somebody else wrote this one.
        same = number is None and latest.author == record.meta.author
        changed = _apply_meta(session, entry, latest if same else None, record.meta)
    elif number is None and _stands(session, entry, latest, record.meta.author, text):
        return "kept", entry.ref
    else:
        changed = _edit(session, entry, latest, named, record)
    return ("updated" if changed else "unchanged"), entry.ref


def _find(session: Session, record: Record) -> Entry | None:
    ref, key = record.meta.id, record.meta.key
    holder = session.scalar(select(Entry).where(Entry.key == key)) if key else None
    if ref is None:
        return holder
    if holder is not None and holder.ref != ref:
        message = f"{key} already belongs to {holder.ref}; state that id or another key"
        raise InvalidRecord([Problem("key", message)])
    entry = holder or session.scalar(select(Entry).where(Entry.ref == ref))
    if entry is not None and entry.key and entry.key != key:
        message = f"{ref} already belongs to {entry.key}; leave the id out and a free one is given"
        raise InvalidRecord([Problem("id", message)])
    return entry


def _create(session: Session, record: Record, new_ref: Callable[[str], str] | None) -> Entry:
    meta = record.meta
    ref = meta.id or (new_ref(record.kind) if new_ref else None)
    revision = editing.create_entry(
        session, record.kind, record.content, author=meta.author, ref=ref, key=meta.key
    )
    revision.number = meta.revision or 1
    _apply_meta(session, revision.entry, revision, meta, fresh=True)
    return revision.entry


def _stands(session: Session, entry: Entry, latest: Revision, author: str, text: str) -> bool:
    """Whether the latest revision stands against `text` from a source that writes as `author`.

    Raises InvalidRecord when both the source and somebody here changed it.
    """
    if latest.author == author:
        return False
    query = select(Revision.digest).where(Revision.entry_id == entry.id, Revision.author == author)
    if session.scalar(query.order_by(Revision.number.desc()).limit(1)) == text:
        return True
    by = "a contributor" if latest.anonymous else latest.author
    found = f"{entry.ref} was edited here by {by}, and the file says something else"
    raise InvalidRecord([Problem("", f"{found}; to replace the edit, state `revision: {latest.number}`")])


def _edit(session: Session, entry: Entry, latest: Revision, named: Revision | None, record: Record) -> bool:
    meta = record.meta
    if meta.revision and meta.revision < latest.number:
        found = f"{entry.ref} is at revision {latest.number}; the text of {meta.revision} cannot change"
        raise InvalidRecord([Problem("revision", f"{found}: export it again and edit that")])
    if named is not None:
        meta = _without_inherited(meta, named)
    number = max(latest.number + 1, meta.revision or 0)
    revision = editing.add_revision(session, entry, record.content, number=number, author=meta.author)
    return _apply_meta(session, entry, revision, meta, fresh=True)


def _without_inherited(meta: Meta, named: Revision) -> Meta:
    """What is said of an edit: who wrote the revision it started from, and when, is not."""
    names = ("author", "anonymous", "note", "reviewer", "reason", "created_at", "decided_at")
    inherited = {name for name in names if getattr(meta, name) == getattr(named, name)}
    return Meta.model_validate(meta.model_dump(exclude_unset=True, exclude=inherited))


def _revision(session: Session, entry: Entry, number: int) -> Revision | None:
    return session.scalar(select(Revision).where(Revision.entry_id == entry.id, Revision.number == number))


def _apply_meta(
    session: Session, entry: Entry, revision: Revision | None, meta: Meta, *, fresh: bool = False
) -> bool:
    """Sets what is stated of the entry and, if given, of the revision; says whether anything changed.

    A `fresh` revision also takes the defaults of what is not stated.
    """
    changed = fresh
    if revision is not None:
        changed |= _judge(session, entry, revision, meta, fresh=fresh)
        changed |= _take(revision, meta, {"author", "anonymous", "note", "created_at"})
        if changed and "created_at" in meta.model_fields_set and _is_first(session, revision):
            entry.created_at = revision.created_at
    changed |= take_visibility(session, entry, meta)
    changed |= _take(entry, meta, {"key", "owner", "verified_on", "verifier", "verify_months", "mask_source"})
    session.flush()
    return changed


def _is_first(session: Session, revision: Revision) -> bool:
    siblings = select(Revision.id).where(Revision.entry_id == revision.entry_id)
    earlier = siblings.where(Revision.number < revision.number).limit(1)
    return revision.number == 1 or session.scalar(earlier) is None


def _take(target: Entry | Revision, meta: Meta, names: set[str]) -> bool:
    stated = {name: getattr(meta, name) for name in names & meta.model_fields_set}
    changes = {name: value for name, value in stated.items() if value not in (None, getattr(target, name))}
    for name, value in changes.items():
        setattr(target, name, value)
    return bool(changes)


def _judge(session: Session, entry: Entry, revision: Revision, meta: Meta, *, fresh: bool) -> bool:
    """Sets state and judgement as stated; says whether anything changed."""
    before = (revision.state, revision.reviewer, revision.decided_at, revision.reason)
    stated = meta.model_fields_set
    state = meta.state if fresh or "state" in stated else revision.state
    if state == revision.state:
        reviewer, decided_at, reason = before[1:]
    else:
        reviewer, decided_at, reason = IMPORTER, editing.now(), ""
    if state in JUDGED:
        reviewer = reviewer if meta.reviewer is None else meta.reviewer
        decided_at = meta.decided_at or decided_at
    else:
        reviewer = decided_at = None
    reason = meta.reason if "reason" in stated else reason
    if state in REFUSED and not reason:
        reason = "imported"
    after = (state, reviewer, decided_at, reason)
    if before == after:
        return False
    if state == "published":
        refuse_cycle(session, revision)
    if state == "published" and not (fresh and revision.number == 1):
        _make_room(session, entry, revision)
    revision.state, revision.reviewer, revision.decided_at, revision.reason = after
    return True


def _make_room(session: Session, entry: Entry, revision: Revision) -> None:
    """Supersedes the standing revision: only one is published at a time."""
    standing = editing.published_revision(session, entry)
    if standing is not None and standing is not revision:
        standing.state = "superseded"
        session.flush()


def export_record(revision: Revision, readers: Sequence[str] = ()) -> dict[str, Any]:
    """The flat mapping of a revision: `parse_record` of it gives an equal record.

    `readers` are those of a restricted entry, as files state them.
    """
    entry = revision.entry
    meta = {
        "id": entry.ref,
        "kind": entry.kind,
        "key": entry.key,
        "revision": revision.number,
        "state": revision.state,
        "author": revision.author,
        "anonymous": revision.anonymous or None,
        "note": revision.note,
        "reviewer": revision.reviewer,
        "reason": revision.reason,
        "created_at": _iso(revision.created_at),
        "decided_at": _iso(revision.decided_at),
        "owner": entry.owner,
        "visibility": entry.visibility,
        "readers": list(readers) or None,
        "mask_source": entry.mask_source or None,
        "verified_on": entry.verified_on.isoformat() if entry.verified_on else None,
        "verifier": entry.verifier,
        "verify_months": entry.verify_months,
    }
    # An empty author or reviewer is somebody other than the importer: it must be said.
    said = {"author", "reviewer"}
    return {
        name: value for name, value in meta.items() if value is not None and (value != "" or name in said)
    } | revision.content


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
