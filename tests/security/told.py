"""Which columns hold words of somebody, and why the others hold none."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, String, Text

from kb.model import Base

OF_LISTS = (
    "entries.kind", "entries.visibility", "revisions.state", "references.relation", "vocabulary_groups.kind",
    "actions.state", "users.status", "user_roles.role", "links.purpose", "pending_sign_ins.step",
    "sessions.method", "sessions.view_as", "audit.outcome", "notices.event", "mails.kind", "mails.state",
    "demands.state", "pair_decisions.decision", "assignment_targets.role", "assignments_told.what",
    "statements.state", "statements.verb", "mentor_requests.state", "bulk_changes.action",
    "attachments.role", "attachments.media", "removed_files.media", "brought_pictures.type",
    "incoming_documents.state", "enrolments.state",
    "attempts.state", "reference_rows.table_name", "taxonomy_values.dimension",
    "taxonomy_changes.dimension",
)  # fmt: skip
TOLD_BY_US: dict[str, str] = dict.fromkeys(OF_LISTS, "one of a list of ours") | {
    "files.digest": "a hash", "attachments.digest": "a hash", "brought_pictures.digest": "a hash",
    "removed_files.digest": "a hash",
    "incoming_documents.refs": "ids of entries", "credentials.name": "made by chance",
    "credentials.signed": "what other columns say, signed and encoded",
    "actions.embedded_in": "the id of an entry",
    "statements.name": "a hash", "statements.step": "the id of a step",
    "learner_names.name": "made by chance",
    "entries.ref": "made from the kind and a number", "references.target": "the id of an entry",
    "working_copies.place": "the id of an entry, or a kind",
    "attempts.step": "the id of an entry", "step_marks.step": "the id of a step",
    "link_checks.key": "a hash",
    "kept_steps.step": "the id of a step", "kept_steps.about": "words of ours, and a number or an id",
    "audiences.principal": "a role, or the number of a person", "revisions.digest": "a hash",
    "rendered.digest": "a hash", "users.password": "a hash", "links.secret": "a hash",
    "pending_sign_ins.secret": "a hash", "sessions.secret": "a hash", "tokens.secret": "a hash",
    "tokens.hint": "the beginning of a secret", "allowances.key": "a hash",
    "sent_forms.key": "a hash",
    "rendered.html": "made of the texts when they are first shown, as every page is",
    "vocabulary_terms.key": "the letters and digits of the term",
    "identities.issuer": "the address of the provider that the operator has set",
    "users.notices": "choices from lists of ours", "tokens.scopes": "choices from a list of ours",
    "taxonomy_changes.touched": "numbers of revisions",
    "bulk_changes.touched": "ids of entries, and what our own columns said",
}  # fmt: skip
"""Columns of text that hold no words of anybody, and why."""


def text_columns() -> list[Column[Any]]:
    """Every column that can hold a text."""
    kinds = (String, Text, JSON)
    tables = Base.metadata.sorted_tables
    return [each for table in tables for each in table.columns if isinstance(each.type, kinds)]
