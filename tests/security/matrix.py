"""Who may ask for what: a row for each endpoint and method, in words.

A row says what asking needs, and what somebody gets who may ask in the way that the test does: with a body
that is empty, of things that the test has made or that are missing. What all others get follows from that,
from `PERMISSIONS` and from `SCOPES`; nothing here is taken from the application.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.people.roles import ACTIONS, EVERYBODY, PERMISSIONS, SCOPES

if TYPE_CHECKING:
    from collections.abc import Mapping

NEVER_ASKED = "nothing: who asks is not even looked at"
OPEN = "nothing"
READING = "reading: all where it is public, else people who have signed in"
SIGNED_IN = "an account"
BROWSER = "an account, in a browser"
OWN = "an account; a token, the scope for people"
LEARNING = "an account; a token, the scope for learning"
SCOPE_FOR = {
    OPEN: "read", READING: "read", SIGNED_IN: "read", LEARNING: "learn", OWN: "people", BROWSER: None,
}  # fmt: skip
"""What a token must be for; every token is for reading."""
SIGN_IN = "to the door"
"""Sent to sign in."""
SOMEBODY, NEWCOMER = "somebody", "newcomer"
"""People that the test makes: one whose account is open, one who was invited."""
TEMPLATE, NO_ENTRY = "T-0001", "L-9999"
A_PATH, A_STEP = {"path": "P-0001"}, {"step": "L-0001"}
NO_STEP = {"step": "R-0001"}
"""Of an entry that is on no path: what is on one is named by the path itself."""


@dataclass(frozen=True)
class Row:
    """What an endpoint needs, and what it gives to those who may ask."""

    endpoint: str
    method: str
    needs: str
    """One of the words above, or of ACTIONS."""
    gives: int
    to_tokens: int | None = None
    """What it gives to a program that may ask, where that differs."""
    to_known: int | None = None
    """What it gives to people who have signed in, where that differs."""
    of: Mapping[str, str] = field(default_factory=dict)
    """Parts of the address that stand for somebody or something; other numbers name what is missing."""

    @property
    def is_api(self) -> bool:
        return self.endpoint.startswith("api.")


@dataclass(frozen=True)
class Actor:
    """Somebody who asks for everything."""

    name: str
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] | None = None
    """Those of the token that they ask with; None: with a cookie."""
    is_known: bool = True
    is_disabled: bool = False
    is_expired: bool = False
    looks_as: str | None = None

    @property
    def permissions(self) -> frozenset[str]:
        """What they may do, as the tables of roles and scopes say."""
        held = frozenset[str]().union(*(PERMISSIONS[role] for role in self.roles))
        if self.looks_as is not None:
            held &= PERMISSIONS[self.looks_as]
        if self.is_known:
            held |= EVERYBODY
        if self.scopes is not None:
            held &= frozenset[str]().union(*(SCOPES[scope] for scope in self.scopes))
        return held

    def may(self, needs: str, *, is_public: bool) -> bool:
        """Whether somebody like this may ask for what needs that."""
        if not self.is_known:
            return needs == OPEN or (needs == READING and is_public)
        if needs in ACTIONS:
            return needs in self.permissions
        return self.scopes is None or SCOPE_FOR[needs] in self.scopes


def outcome(row: Row, actor: Actor, *, is_public: bool) -> int | str:
    """What the actor gets: a status, or SIGN_IN."""
    if row.needs == NEVER_ASKED:
        return row.gives
    if actor.is_expired:
        return 401
    if not actor.may(row.needs, is_public=is_public):
        if actor.is_known:
            return 403
        return 401 if row.is_api else SIGN_IN
    if actor.scopes is not None and row.to_tokens is not None:
        return row.to_tokens
    return row.to_known if actor.is_known and row.to_known is not None else row.gives


def made(*roles: str) -> Actor:
    """Somebody with these roles, in a browser."""
    return Actor(" and ".join(roles) or "no roles", roles)


VISITOR = Actor("visitor", is_known=False)
DISABLED = Actor("disabled", ("admin",), is_known=False, is_disabled=True)
EXPIRED = Actor("expired token", ("admin",), ("read", *SCOPES), is_expired=True)
ACTORS = (
    VISITOR, DISABLED, EXPIRED, made(), *(made(role) for role in PERMISSIONS),
    *(Actor(f"token to {scope}", ("admin",), ("read", scope)) for scope in SCOPES),
    Actor("token of a reader", ("reader",), tuple(SCOPES)),
    Actor("curator who looks as a reader", ("curator",), looks_as="reader"),
)  # fmt: skip
BEHIND_THE_DOOR = (VISITOR, DISABLED, EXPIRED, made(), made("reader"), made("admin"), made("auditor"))
"""Those who are tried where reading needs signing in: it makes no difference to the others."""

VOCABULARY, PEOPLE, INVITE, CONTRIBUTE = "edit vocabulary", "manage people", "invite", "contribute"
TEND = "tend repository"
FIGURES, PROJECTS = "edit figures", "load projects"
ROWS = (
    Row("static", "GET", NEVER_ASKED, 200),
    Row("health.healthz", "GET", NEVER_ASKED, 200),
    Row("health.readyz", "GET", NEVER_ASKED, 200),
    Row("health.metrics", "GET", NEVER_ASKED, 200),

    Row("signing.sign_in", "GET", OPEN, 200, to_known=303),
    Row("signing.sign_in_now", "POST", OPEN, 401),
    Row("signing.welcome", "GET", OPEN, 410, to_tokens=401),
    Row("signing.welcome_now", "POST", OPEN, 410, to_tokens=401),
    Row("unsubscribing.look", "GET", OPEN, 403),
    Row("unsubscribing.stop", "POST", OPEN, 403),
    Row("unsubscribing.undo", "POST", OPEN, 403),
    Row("signing.sign_out", "POST", SIGNED_IN, 303, to_tokens=404),
    Row("single_sign_on.begin", "POST", OPEN, 404),
    Row("single_sign_on.callback", "GET", OPEN, 404),

    Row("home.home", "GET", READING, 200),
    Row("help.help_page", "GET", READING, 200),
    Row("api_page.api_page", "GET", READING, 200),
    Row("results.results", "GET", READING, 200),
    Row("browse.browse", "GET", READING, 200),
    Row("entries.entry", "GET", READING, 200),
    Row("entries.history", "GET", READING, 200),
    Row("showing.look", "GET", "set visibility", 200),
    Row("showing.decide", "POST", "set visibility", 400),
    Row("entries.download", "GET", READING, 200, of={"ref": TEMPLATE}),
    Row("documents.document", "GET", READING, 400),
    Row("documents.entry_file", "GET", READING, 200, of={"form": "docx"}),
    Row("estimates.estimates", "GET", READING, 200),
    Row("filling.form", "GET", READING, 200, of={"ref": TEMPLATE}),
    Row("filling.document", "POST", READING, 400, of={"ref": TEMPLATE}),
    Row("attachments.attachment", "GET", READING, 404),
    Row("estimates.ask", "POST", READING, 303),
    Row("estimates.history", "GET", READING, 200),
    Row("dossiers.dossiers", "GET", SIGNED_IN, 200),
    Row("dossiers.keep", "POST", "save estimates", 400),
    Row("dossiers.dossier", "GET", SIGNED_IN, 404),
    Row("dossiers.close", "POST", "save estimates", 404),
    Row("dossiers.dossier_file", "GET", SIGNED_IN, 404, of={"form": "xlsx"}),
    Row("roles.roles", "GET", READING, 200),
    Row("vocabulary.vocabulary", "GET", READING, 200),
    Row("vocabulary_tables.download", "GET", READING, 200),

    Row("reference.money", "GET", READING, 200),
    Row("reference.uplifts", "GET", READING, 200),
    Row("reference_files.download", "GET", READING, 200),

    Row("account.account", "GET", BROWSER, 200),
    Row("account.save_profile", "POST", BROWSER, 400),
    Row("account.save_notices", "POST", BROWSER, 303),
    Row("account.change_password", "POST", BROWSER, 400),
    Row("account.end_session", "POST", BROWSER, 404),
    Row("account.end_others", "POST", BROWSER, 303),
    Row("account.make_token", "POST", BROWSER, 400),
    Row("account.revoke_token", "POST", BROWSER, 404),
    Row("importing.start", "GET", BROWSER, 200),
    Row("importing.upload", "POST", BROWSER, 400),
    Row("importing.preview", "GET", BROWSER, 404),
    Row("importing.decide", "POST", BROWSER, 404),
    Row("importing.again", "POST", BROWSER, 404),
    Row("importing.drop", "POST", BROWSER, 404),
    Row("notices.notices", "GET", BROWSER, 200),
    Row("notices.read_all", "POST", BROWSER, 303),
    Row("notices.read", "POST", BROWSER, 404),
    Row("single_sign_on.connections", "GET", BROWSER, 404),
    Row("single_sign_on.connect", "POST", BROWSER, 404),
    Row("single_sign_on.disconnect", "POST", BROWSER, 404),
    Row("roles.view_as", "POST", SIGNED_IN, 303),

    Row("writing.choose", "GET", CONTRIBUTE, 200),
    Row("writing.drafts", "GET", CONTRIBUTE, 200),
    Row("advising.advice", "POST", CONTRIBUTE, 200, of={"kind": "lesson"}),
    Row("writing.new", "GET", CONTRIBUTE, 200, of={"kind": "lesson"}),
    Row("writing.create", "POST", CONTRIBUTE, 400, of={"kind": "lesson"}),
    Row("writing.keep_new", "POST", CONTRIBUTE, 200, of={"kind": "lesson"}),
    Row("writing.edit", "GET", CONTRIBUTE, 200),
    Row("writing.change", "POST", CONTRIBUTE, 400),
    Row("writing.keep", "POST", CONTRIBUTE, 200),
    Row("files.files", "GET", CONTRIBUTE, 404, of={"ref": NO_ENTRY}),
    Row("files.add", "POST", CONTRIBUTE, 404, of={"ref": NO_ENTRY}),
    Row("files.remove", "POST", CONTRIBUTE, 404, of={"ref": NO_ENTRY}),
    Row("files.restore", "POST", CONTRIBUTE, 404, of={"ref": NO_ENTRY}),
    Row("files.delete", "POST", CONTRIBUTE, 404, of={"ref": NO_ENTRY}),
    Row("rich.rendered", "POST", CONTRIBUTE, 400),
    Row("rich.take_picture", "POST", CONTRIBUTE, 400),
    Row("reviewing.review", "GET", "review", 200),
    Row("reviewing.due_list", "GET", "verify", 200),
    Row("reviewing.revision", "GET", SIGNED_IN, 404),
    Row("reviewing.decide", "POST", SIGNED_IN, 400),
    Row("reviewing.assign", "POST", "review", 404),
    Row("reviewing.add_comment", "POST", CONTRIBUTE, 404),
    Row("tending.compare", "GET", READING, 200),
    Row("tending.verify", "POST", "verify", 404, of={"ref": NO_ENTRY}),
    Row("tending.archive", "POST", "archive", 404, of={"ref": NO_ENTRY}),
    Row("bulk.look", "GET", "review", 200),
    Row("bulk.do", "POST", "review", 400),
    Row("bulk.change", "GET", "review", 404),
    Row("bulk.undo", "POST", "review", 404),
    Row("superseding.look", "GET", TEND, 200),
    Row("superseding.decide", "POST", TEND, 400),
    Row("superseding.reinstate", "POST", TEND, 404),
    Row("tending.restore", "POST", "archive", 404, of={"ref": NO_ENTRY}),

    Row("vocabulary_editing.new", "GET", VOCABULARY, 200),
    Row("vocabulary_editing.create", "POST", VOCABULARY, 400),
    Row("vocabulary_editing.edit", "GET", VOCABULARY, 404),
    Row("vocabulary_editing.change", "POST", VOCABULARY, 400),
    Row("vocabulary_editing.ask_to_remove", "GET", VOCABULARY, 404),
    Row("vocabulary_editing.remove", "POST", VOCABULARY, 404),
    Row("vocabulary_tables.load", "GET", VOCABULARY, 200),
    Row("vocabulary_tables.load_now", "POST", VOCABULARY, 400),

    Row("insight.insight", "GET", TEND, 200),
    Row("insight.entries", "GET", TEND, 200),
    Row("insight.export", "POST", TEND, 200),
    Row("actions.actions", "GET", SIGNED_IN, 200),
    Row("actions.add", "POST", CONTRIBUTE, 400),
    Row("actions.action", "GET", SIGNED_IN, 404),
    Row("actions.change", "POST", CONTRIBUTE, 404),
    Row("adoptions.add", "POST", CONTRIBUTE, 400),
    Row("adoptions.undo", "POST", CONTRIBUTE, 404),
    Row("demand.demand", "GET", TEND, 200),
    Row("demand.give_now", "POST", TEND, 404),
    Row("demand.settle_now", "POST", TEND, 404),
    Row("duplicates.duplicates", "GET", TEND, 200),
    Row("duplicates.compare", "GET", TEND, 400),
    Row("duplicates.decide_now", "POST", TEND, 400),
    Row("duplicates.reconsider_now", "POST", TEND, 404),
    Row("taxonomy.taxonomy", "GET", TEND, 200),
    Row("taxonomy.add", "POST", TEND, 404),
    Row("taxonomy.remove", "POST", TEND, 404),
    Row("taxonomy.merge", "GET", TEND, 200),
    Row("taxonomy.merge_now", "POST", TEND, 404),
    Row("taxonomy.undo_now", "POST", TEND, 404),
    Row("learning.home", "GET", SIGNED_IN, 200),
    Row("learning.course", "GET", SIGNED_IN, 200, of=A_PATH),
    Row("learning.enrol", "POST", LEARNING, 404, of={"path": "P-0099"}),
    Row("learning.leave", "POST", LEARNING, 404, of=A_PATH),
    Row("learning.move", "POST", LEARNING, 404, of=A_PATH),
    Row("learning.rate", "POST", LEARNING, 400, of=A_PATH),
    Row("learning.step", "GET", SIGNED_IN, 404, of=A_PATH | A_STEP),
    Row("learning.do_step", "POST", LEARNING, 404, of=A_PATH | A_STEP),
    Row("assessment.questions", "GET", SIGNED_IN, 404, of=A_PATH | A_STEP),
    Row("assessment.begin", "POST", LEARNING, 404, of=A_PATH | A_STEP),
    Row("assessment.hand_in", "POST", LEARNING, 404, of=A_PATH | A_STEP),
    Row("mentoring.requests", "GET", SIGNED_IN, 200),
    Row("mentoring.look", "GET", SIGNED_IN, 200),
    Row("mentoring.ask", "POST", CONTRIBUTE, 400),
    Row("mentoring.answer", "POST", CONTRIBUTE, 404),
    Row("mentoring.withdraw", "POST", CONTRIBUTE, 404),
    Row("paths.text", "GET", READING, 200, of={"ref": "P-0001"}),
    Row("paths.package", "GET", READING, 200, of={"ref": "P-0001"}),
    Row("paths.bring", "GET", CONTRIBUTE, 200),
    Row("paths.bring_now", "POST", CONTRIBUTE, 400),
    Row("badges.badge", "GET", OPEN, 404),
    Row("badges.download", "GET", OPEN, 404),
    Row("badges.key", "GET", OPEN, 200),
    Row("badges.keys", "GET", OPEN, 200),
    Row("badges.issuer", "GET", OPEN, 200),
    Row("badges.revoked", "GET", OPEN, 200),
    Row("badges.check", "GET", OPEN, 200),
    Row("badges.check_now", "POST", OPEN, 400),
    Row("badges.issue", "POST", LEARNING, 403, of=A_PATH),
    Row("badges.list_badges", "GET", "train", 200),
    Row("badges.revoke", "POST", "train", 404),
    Row("teaching.home", "GET", "train", 200),
    Row("progress.look", "GET", "train", 200, of=A_PATH),
    Row("progress.export", "POST", "train", 200, of=A_PATH),
    Row("coverage.look", "GET", "train", 200),
    Row("coverage.export", "POST", "train", 200),
    Row("assignments.assignments", "GET", "train", 200),
    Row("assignments.new", "GET", "train", 200),
    Row("assignments.assign", "POST", "train", 400),
    Row("assignments.assignment", "GET", "train", 404),
    Row("assignments.change", "POST", "train", 404),
    Row("assignments.withdraw", "POST", "train", 404),
    Row("cohorts.cohorts", "GET", "train", 200),
    Row("cohorts.add", "POST", "train", 400),
    Row("cohorts.cohort", "GET", "train", 404),
    Row("cohorts.change", "POST", "train", 404),
    Row("cohorts.remove", "POST", "train", 404),
    Row("teaching.attempt", "GET", "train", 404),
    Row("teaching.mark", "POST", "train", 404),
    Row("teaching.results", "GET", "train", 200, of={"ref": "M-0001"}),
    Row("teaching.decide_step", "POST", "train", 400, of=A_PATH | NO_STEP),

    Row("reference_editing.new", "GET", FIGURES, 200),
    Row("reference_editing.create", "POST", FIGURES, 400),
    Row("reference_editing.edit", "GET", FIGURES, 404),
    Row("reference_editing.change", "POST", FIGURES, 400),
    Row("reference_editing.ask_to_remove", "GET", FIGURES, 404),
    Row("reference_editing.remove", "POST", FIGURES, 404),
    Row("reference_files.load", "GET", FIGURES, 200),
    Row("reference_files.load_now", "POST", FIGURES, 400),

    Row("project_loading.load", "GET", PROJECTS, 200),
    Row("project_loading.send", "POST", PROJECTS, 400),
    Row("project_loading.mapping", "GET", PROJECTS, 404),
    Row("project_loading.decide", "POST", PROJECTS, 404),
    Row("project_loading.progress", "GET", PROJECTS, 404),
    Row("project_loading.remove_mapping", "POST", PROJECTS, 404),

    Row("people.people", "GET", INVITE, 200),
    Row("people.invite", "GET", INVITE, 200),
    Row("people.invite_now", "POST", INVITE, 400),
    Row("people.person", "GET", INVITE, 200, of={"number": SOMEBODY}),
    Row("people.make_link", "POST", INVITE, 200, of={"number": NEWCOMER}),
    Row("people.set_roles", "POST", PEOPLE, 303, of={"number": SOMEBODY}),
    Row("people.disable", "POST", PEOPLE, 303, of={"number": SOMEBODY}),
    Row("people.enable", "POST", PEOPLE, 303, of={"number": SOMEBODY}),
    Row("people.end_sessions", "POST", PEOPLE, 303, of={"number": SOMEBODY}),
    Row("people.revoke_tokens", "POST", PEOPLE, 303, of={"number": SOMEBODY}),
    Row("people.disconnect", "POST", PEOPLE, 303, of={"number": SOMEBODY}),
    Row("audit.audit", "GET", "see audit", 200),
    Row("audit.export", "POST", "see audit", 200),
    Row("operation.operation", "GET", "see operation", 200),
    Row("operation.check", "POST", "see operation", 200),
    Row("mail.mail", "GET", "see operation", 200),
    Row("mail.test", "POST", "manage mail", 400),
    Row("mail.retry", "POST", "manage mail", 404),
    Row("mail.drop", "POST", "manage mail", 404),
    Row("statements.statements", "GET", "see operation", 200),
    Row("statements.retry", "POST", "manage statements", 404),
    Row("statements.drop", "POST", "manage statements", 404),

    Row("api.openapi", "GET", READING, 200),
    Row("api.search", "GET", READING, 200),
    Row("api.list_entries", "GET", READING, 200),
    Row("api.get_entry", "GET", READING, 200),
    Row("api.similar", "GET", READING, 200),
    Row("api.history", "GET", READING, 200),
    Row("api.entry_visibility", "GET", "set visibility", 200),
    Row("api.set_entry_visibility", "PUT", "set visibility", 400),
    Row("api.entry_files", "GET", CONTRIBUTE, 404, of={"ref": NO_ENTRY}),
    Row("api.attach_file", "POST", CONTRIBUTE, 400, of={"ref": NO_ENTRY}),
    Row("api.remove_file", "DELETE", CONTRIBUTE, 404, of={"ref": NO_ENTRY}),
    Row("api.entry_removed_files", "GET", CONTRIBUTE, 404, of={"ref": NO_ENTRY}),
    Row("api.restore_file", "PUT", CONTRIBUTE, 404, of={"ref": NO_ENTRY}),
    Row("api.delete_removed_file", "DELETE", CONTRIBUTE, 404, of={"ref": NO_ENTRY}),
    Row("api.get_revision", "GET", READING, 404),
    Row("api.take_document", "GET", READING, 400),
    Row("api.estimate_options", "GET", READING, 200),
    Row("api.estimate_backtest", "GET", READING, 200),
    Row("api.estimate", "POST", READING, 400),
    Row("api.estimate_ledger", "GET", SIGNED_IN, 200),
    Row("api.dossiers", "GET", SIGNED_IN, 200),
    Row("api.keep_estimate", "POST", "save estimates", 400),
    Row("api.get_dossier", "GET", SIGNED_IN, 404),
    Row("api.add_dossier_version", "POST", "save estimates", 400),
    Row("api.close_dossier", "PUT", "save estimates", 400),
    Row("api.fill_template", "POST", READING, 400, of={"ref": TEMPLATE}),
    Row("api.roles", "GET", READING, 200),
    Row("api.vocabulary", "GET", READING, 200),
    Row("api.get_vocabulary_group", "GET", READING, 404),
    Row("api.add_vocabulary_group", "POST", VOCABULARY, 400),
    Row("api.change_vocabulary_group", "PUT", VOCABULARY, 400),
    Row("api.remove_vocabulary_group", "DELETE", VOCABULARY, 404),

    Row("api.working_copies", "GET", SIGNED_IN, 200),
    Row("api.get_working_copy", "GET", SIGNED_IN, 404),
    Row("api.put_working_copy", "PUT", CONTRIBUTE, 400),
    Row("api.drop_working_copy", "DELETE", CONTRIBUTE, 404),
    Row("api.drafts", "GET", SIGNED_IN, 200),
    Row("api.create_draft", "POST", CONTRIBUTE, 400),
    Row("api.get_draft", "GET", SIGNED_IN, 200),
    Row("api.change_draft", "PUT", CONTRIBUTE, 400),
    Row("api.discard_draft", "DELETE", CONTRIBUTE, 404),
    Row("api.submit_draft", "PUT", CONTRIBUTE, 404),
    Row("api.withdraw_draft", "DELETE", CONTRIBUTE, 404),
    Row("api.advice", "POST", CONTRIBUTE, 400),
    Row("api.reviews", "GET", "review", 200),
    Row("api.due_entries", "GET", "verify", 200),
    Row("api.get_review", "GET", SIGNED_IN, 404),
    Row("api.decide_review", "PUT", "review", 400),
    Row("api.assign_review", "PUT", "review", 400),
    Row("api.comment_review", "POST", CONTRIBUTE, 400),
    Row("api.settle_comment", "PUT", CONTRIBUTE, 400),
    Row("api.compare_revisions", "GET", READING, 200),
    Row("api.verify_entry", "PUT", "verify", 404, of={"ref": NO_ENTRY}),
    Row("api.archive_entry", "PUT", "archive", 400),
    Row("api.supersede_entry", "PUT", TEND, 400),
    Row("api.reinstate_entry", "DELETE", TEND, 404, of={"other": TEMPLATE}),
    Row("api.restore_entry", "PUT", "archive", 400),
    Row("api.bulk_changes", "GET", "review", 200),
    Row("api.bulk_plan", "POST", "review", 400),
    Row("api.change_in_bulk", "POST", "review", 400),
    Row("api.get_bulk_change", "GET", "review", 404),
    Row("api.undo_bulk_change", "PUT", "review", 404),
    Row("api.imports", "GET", SIGNED_IN, 200),
    Row("api.bring_document", "POST", CONTRIBUTE, 400),
    Row("api.get_import", "GET", SIGNED_IN, 404),
    Row("api.plan_import", "PUT", CONTRIBUTE, 400),
    Row("api.save_import", "POST", CONTRIBUTE, 404),
    Row("api.read_import_again", "PUT", CONTRIBUTE, 404),
    Row("api.drop_import", "DELETE", CONTRIBUTE, 404),
    Row("api.project_tables", "GET", PROJECTS, 200),
    Row("api.bring_project_table", "POST", PROJECTS, 400),
    Row("api.get_project_table", "GET", PROJECTS, 404),
    Row("api.map_project_table", "PUT", PROJECTS, 400),
    Row("api.load_project_table", "POST", PROJECTS, 400),
    Row("api.drop_project_table", "DELETE", PROJECTS, 404),
    Row("api.project_mappings", "GET", PROJECTS, 200),
    Row("api.keep_project_mapping", "PUT", PROJECTS, 400),
    Row("api.remove_project_mapping", "DELETE", PROJECTS, 400),

    Row("api.insight", "GET", TEND, 200),
    Row("api.actions", "GET", SIGNED_IN, 200),
    Row("api.get_lesson_action", "GET", SIGNED_IN, 404),
    Row("api.change_lesson_action", "PUT", CONTRIBUTE, 400),
    Row("api.note_action", "POST", CONTRIBUTE, 400),
    Row("api.adoptions", "GET", READING, 200),
    Row("api.adopt_lesson", "POST", CONTRIBUTE, 400),
    Row("api.abandon_lesson", "DELETE", CONTRIBUTE, 404),
    Row("api.demand", "GET", TEND, 200),
    Row("api.set_demand", "PUT", TEND, 400),
    Row("api.give_demand", "PUT", TEND, 400),
    Row("api.duplicates", "GET", TEND, 200),
    Row("api.duplicate_decisions", "GET", TEND, 200),
    Row("api.decide_on_duplicates", "PUT", TEND, 400, of={"other": TEMPLATE}),
    Row("api.reconsider_duplicates", "DELETE", TEND, 404, of={"other": TEMPLATE}),
    Row("api.taxonomy", "GET", READING, 200, of={"name": "tag"}),
    Row("api.taxonomy_plan", "GET", TEND, 400),
    Row("api.taxonomy_changes", "GET", TEND, 200),
    Row("api.merge_taxonomy_values", "POST", TEND, 400),
    Row("api.undo_taxonomy_change", "PUT", TEND, 404),
    Row("api.my_learning", "GET", LEARNING, 200),
    Row("api.enrol", "POST", LEARNING, 404, of={"path": "P-0099"}),
    Row("api.my_course", "GET", LEARNING, 404, of=A_PATH),
    Row("api.leave", "DELETE", LEARNING, 404, of=A_PATH),
    Row("api.change_step", "PUT", LEARNING, 400, of=A_PATH | A_STEP),
    Row("api.begin_attempt", "POST", LEARNING, 404, of=A_PATH | {"training": "M-0001"}),
    Row("api.hand_in", "PUT", LEARNING, 400, of=A_PATH),
    Row("api.rate_path", "PUT", LEARNING, 400, of=A_PATH),
    Row("api.path_progress", "GET", "train", 200, of=A_PATH),
    Row("api.coverage", "GET", "train", 200),
    Row("api.assignments", "GET", "train", 200),
    Row("api.assign_path", "POST", "train", 400),
    Row("api.get_path_assignment", "GET", "train", 404),
    Row("api.change_path_assignment", "PUT", "train", 400),
    Row("api.withdraw_assignment", "DELETE", "train", 404),
    Row("api.cohorts", "GET", "train", 200),
    Row("api.add_cohort", "POST", "train", 400),
    Row("api.get_cohort", "GET", "train", 404),
    Row("api.change_cohort", "PUT", "train", 400),
    Row("api.remove_cohort", "DELETE", "train", 404),
    Row("api.mentors", "GET", SIGNED_IN, 400),
    Row("api.mentor_requests", "GET", SIGNED_IN, 200),
    Row("api.ask_mentor", "POST", CONTRIBUTE, 400),
    Row("api.answer_mentor_request", "PUT", CONTRIBUTE, 400),
    Row("api.path_text", "GET", READING, 200, of=A_PATH),
    Row("api.path_package", "GET", READING, 200, of=A_PATH),
    Row("api.bring_path", "POST", CONTRIBUTE, 400),
    Row("api.waiting_attempts", "GET", "train", 200),
    Row("api.mark_attempt", "PUT", "train", 400),
    Row("api.question_results", "GET", "train", 200, of={"training": "M-0001"}),
    Row("api.worn_steps", "GET", "train", 200),
    Row("api.decide_on_step", "PUT", "train", 400, of=A_PATH | NO_STEP),
    Row("api.suggest_material", "GET", "train", 200, of=A_PATH),
    Row("api.step_links", "GET", "train", 200, of=A_PATH),
    Row("api.check_step_links", "POST", "train", 200, of=A_PATH),

    Row("api.money", "GET", READING, 400),
    *(
        row
        for one, several in (("rate", "rates"), ("index", "indices"), ("uplift", "uplifts"))
        for row in (
            Row(f"api.{several}", "GET", READING, 200),
            Row(f"api.get_{one}", "GET", READING, 404),
            Row(f"api.add_{one}", "POST", FIGURES, 400),
            Row(f"api.change_{one}", "PUT", FIGURES, 400),
            Row(f"api.remove_{one}", "DELETE", FIGURES, 404),
        )
    ),

    Row("api.people", "GET", INVITE, 200),
    Row("api.invite_person", "POST", INVITE, 400),
    Row("api.get_person", "GET", INVITE, 200, of={"person": SOMEBODY}),
    Row("api.make_person_link", "POST", INVITE, 201, of={"person": NEWCOMER}),
    Row("api.set_person_roles", "PUT", PEOPLE, 400, of={"person": SOMEBODY}),
    Row("api.set_person_status", "PUT", PEOPLE, 400, of={"person": SOMEBODY}),
    Row("api.person_sessions", "GET", PEOPLE, 200, of={"person": SOMEBODY}),
    Row("api.end_person_sessions", "DELETE", PEOPLE, 204, of={"person": SOMEBODY}),
    Row("api.end_person_session", "DELETE", PEOPLE, 404, of={"person": SOMEBODY}),
    Row("api.person_tokens", "GET", PEOPLE, 200, of={"person": SOMEBODY}),
    Row("api.revoke_person_tokens", "DELETE", PEOPLE, 204, of={"person": SOMEBODY}),
    Row("api.revoke_person_token", "DELETE", PEOPLE, 404, of={"person": SOMEBODY}),
    Row("api.person_identities", "GET", PEOPLE, 200, of={"person": SOMEBODY}),
    Row("api.disconnect_person", "DELETE", PEOPLE, 204, of={"person": SOMEBODY}),
    Row("api.audit_log", "GET", "see audit", 200),
    Row("api.take_audit_log", "GET", "see audit", 200),
    Row("api.mails", "GET", "see operation", 200),
    Row("api.set_mail", "PUT", "manage mail", 400),
    Row("api.statements", "GET", "see operation", 200),
    Row("api.set_statement", "PUT", "manage statements", 400),

    Row("api.me", "GET", SIGNED_IN, 200),
    Row("api.change_profile", "PUT", OWN, 400),
    Row("api.my_sessions", "GET", OWN, 200),
    Row("api.end_my_sessions", "DELETE", OWN, 204),
    Row("api.end_my_session", "DELETE", OWN, 404),
    Row("api.my_tokens", "GET", OWN, 200),
    Row("api.my_identities", "GET", OWN, 200),
    Row("api.disconnect_me", "DELETE", OWN, 204),
    Row("api.my_notices", "GET", SIGNED_IN, 200),
    Row("api.read_my_notices", "PUT", OWN, 400),
    Row("api.read_my_notice", "PUT", OWN, 400),
    Row("api.make_token", "POST", BROWSER, 400),
    Row("api.revoke_my_token", "DELETE", OWN, 404),
)  # fmt: skip
