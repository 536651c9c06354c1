"""The table of all calls: the routes and the OpenAPI description are made from it."""

from __future__ import annotations

from kb.people.texts import Invitation, Profile
from kb.people.tokens import TokenText
from kb.vocabulary_text import GroupText
from search.estimates.answers import EstimateAnswer
from search.estimates.checked import BacktestAnswer
from search.estimates.offering import EstimateFields
from web.api import (
    account,
    audit,
    documents,
    entries,
    estimates,
    notices,
    people,
    reference,
    roles,
    search,
    showing,
    taxonomy,
    vocabulary,
)
from web.api.actions import ACTIONS
from web.api.adoptions import ADOPTIONS
from web.api.assignments import ASSIGNING
from web.api.audit import FILES as LOG_FILES
from web.api.audit import AuditAnswer, AuditParameters, LogFileParameters
from web.api.bulk import BULK
from web.api.copies import COPIES
from web.api.desk_table import DESK
from web.api.documents import DOCUMENTS, FILES, FillBody
from web.api.dossiers import DOSSIERS as KEPT
from web.api.estimates import BacktestParameters, EstimateBody
from web.api.files import FILES as ENTRY_FILES
from web.api.imports import IMPORTS
from web.api.learning_table import LEARNING
from web.api.mail import OUTBOX
from web.api.mentoring import MENTORING
from web.api.models import EntryAnswer, EntryList, HistoryAnswer, RevisionAnswer, SearchAnswer, SimilarAnswer
from web.api.notices import NoticeParameters, NoticePart, NoticesAnswer, ReadBody, ReadUpTo
from web.api.operations import Operation
from web.api.paths import PATHS
from web.api.people import IdentityParameters, PeopleParameters
from web.api.people_models import (
    IdentitiesAnswer,
    LinkAnswer,
    MeAnswer,
    NewTokenAnswer,
    PeopleAnswer,
    PersonPart,
    RolesBody,
    SessionsAnswer,
    StatusBody,
    TokensAnswer,
)
from web.api.progress import PROGRESS
from web.api.project_tables import PROJECT_TABLES
from web.api.roles import RolesAnswer
from web.api.showing import VisibilityBody, VisibilityPart
from web.api.statements import STATEMENTS
from web.api.taxonomy import (
    ChangePart,
    ChangesAnswer,
    MergeBody,
    PlanAnswer,
    PlanParameters,
    TaxonomyAnswer,
)
from web.api.tending import TENDING
from web.api.vocabulary import GroupBody, GroupPart, VersionParameters, VocabularyAnswer
from web.documents import DocumentParameters
from web.parameters import ListParameters, SearchParameters, SimilarParameters
from web.vocabulary import GroupParameters

SHOW = "set visibility"
EDIT, INVITE, MANAGE, TEND = "edit vocabulary", "invite", "manage people", "tend repository"
TAKEN = "Another group has one of the terms, or there is no room for more groups."
STALE = "The group is no longer of that `version`, or another group has one of the terms."
OTHER = "The group is no longer of that `version`."
SAME = "A value would become itself, or one that stands for another."
NOT_THERE = "Finished projects have no such target, or nothing converts amounts to this currency and year."
LAST = "Nobody would be left who can manage people."

READING = (
    Operation("GET", "/search", search.search, SearchAnswer, "Search entries", SearchParameters),
    Operation("GET", "/entries", entries.list_entries, EntryList, "List entries", ListParameters),
    Operation("GET", "/entries/<ref>", entries.get_entry, EntryAnswer, "Read an entry"),
    Operation("GET", "/entries/<ref>/similar", entries.similar, SimilarAnswer, "Entries nearest in meaning",
              SimilarParameters),
    Operation("GET", "/entries/<ref>/history", entries.history, HistoryAnswer,
              "Revisions that are or were published"),
    Operation("GET", "/entries/<ref>/revisions/<number>", entries.get_revision, RevisionAnswer,
              "Read one revision"),
    Operation("GET", "/entries/<ref>/visibility", showing.entry_visibility, VisibilityPart,
              "Read who may see an entry", action=SHOW),
    Operation("PUT", "/entries/<ref>/visibility", showing.set_entry_visibility, VisibilityPart,
              "Set who may see an entry", body=VisibilityBody, action=SHOW),
    Operation("POST", "/entries/<ref>/filled", documents.fill_template, None, "Fill in a template",
              body=FillBody, makes_files=True, media=DOCUMENTS, makes=False),
    Operation("GET", "/documents", documents.take_document, None, "Take entries away as a file",
              DocumentParameters, makes_files=True, media=FILES),
)  # fmt: skip

ESTIMATES = (
    Operation("GET", "/estimates/fields", estimates.estimate_options, EstimateFields,
              "What can be estimated, and by what"),
    Operation("GET", "/estimates/backtest", estimates.estimate_backtest, BacktestAnswer,
              "How good estimates from this history have been", BacktestParameters, conflict=NOT_THERE),
    Operation("POST", "/estimates", estimates.estimate, EstimateAnswer, "Estimate a planned project",
              body=EstimateBody, makes=False, conflict=NOT_THERE),
)  # fmt: skip

VOCABULARY = (
    Operation("GET", "/vocabulary", vocabulary.vocabulary, VocabularyAnswer, "List terms that mean the same",
              GroupParameters),
    Operation("POST", "/vocabulary", vocabulary.add_vocabulary_group, GroupPart, "Add a group of terms",
              body=GroupText, action=EDIT, conflict=TAKEN),
    Operation("GET", "/vocabulary/<group>", vocabulary.get_vocabulary_group, GroupPart, "Read a group",
              has_versions=True),
    Operation("PUT", "/vocabulary/<group>", vocabulary.change_vocabulary_group, GroupPart, "Change a group",
              body=GroupBody, action=EDIT, has_versions=True, conflict=STALE),
    Operation("DELETE", "/vocabulary/<group>", vocabulary.remove_vocabulary_group, None, "Remove a group",
              VersionParameters, action=EDIT, has_versions=True, conflict=OTHER),
)  # fmt: skip

TAXONOMY = (
    Operation("GET", "/taxonomy/<name>", taxonomy.taxonomy, TaxonomyAnswer, "Read a list of values"),
    Operation("GET", "/taxonomy/plan", taxonomy.taxonomy_plan, PlanAnswer, "See what a merge would change",
              PlanParameters, action=TEND, conflict=SAME),
    Operation("GET", "/taxonomy/changes", taxonomy.taxonomy_changes, ChangesAnswer, "List changes of lists",
              action=TEND),
    Operation("POST", "/taxonomy/changes", taxonomy.merge_taxonomy_values, ChangePart,
              "Rename or merge values", body=MergeBody, action=TEND,
              conflict=f"Entries or lists have changed since the plan was made. {SAME}"),
    Operation("PUT", "/taxonomy/changes/<number>/undo", taxonomy.undo_taxonomy_change, ChangePart,
              "Take a change back", action=TEND, conflict="It was undone, or a later change builds on it."),
)  # fmt: skip

PEOPLE = (
    Operation("GET", "/people", people.people, PeopleAnswer, "List people", PeopleParameters, action=INVITE),
    Operation("POST", "/people", people.invite_person, LinkAnswer, "Invite somebody", body=Invitation,
              action=INVITE, conflict="Somebody with this e-mail has an account already."),
    Operation("GET", "/people/<person>", people.get_person, PersonPart, "Read a person", action=INVITE),
    Operation("PUT", "/people/<person>/roles", people.set_person_roles, PersonPart, "Set a person's roles",
              body=RolesBody, action=MANAGE, conflict=LAST),
    Operation("PUT", "/people/<person>/status", people.set_person_status, PersonPart,
              "Close or open an account", body=StatusBody, action=MANAGE, conflict=LAST),
    Operation("POST", "/people/<person>/link", people.make_person_link, LinkAnswer,
              "Make a link to come in by", action=INVITE),
    Operation("GET", "/people/<person>/sessions", people.person_sessions, SessionsAnswer,
              "List a person's sessions", action=MANAGE),
    Operation("DELETE", "/people/<person>/sessions", people.end_person_sessions, None,
              "Sign a person out everywhere", action=MANAGE),
    Operation("DELETE", "/people/<person>/sessions/<number>", people.end_person_session, None,
              "End a person's session", action=MANAGE),
    Operation("GET", "/people/<person>/tokens", people.person_tokens, TokensAnswer, "List a person's tokens",
              action=MANAGE),
    Operation("DELETE", "/people/<person>/tokens", people.revoke_person_tokens, None,
              "Revoke a person's tokens", action=MANAGE),
    Operation("DELETE", "/people/<person>/tokens/<number>", people.revoke_person_token, None,
              "Revoke a person's token", action=MANAGE),
    Operation("GET", "/people/<person>/identities", people.person_identities, IdentitiesAnswer,
              "List who a person is to providers", action=MANAGE),
    Operation("DELETE", "/people/<person>/identities", people.disconnect_person, None,
              "Disconnect a person's single sign-on", IdentityParameters, action=MANAGE),
)  # fmt: skip

ACCOUNT = (
    Operation("GET", "/me", account.me, MeAnswer, "Read one's own account", own=True),
    Operation("PUT", "/me/profile", account.change_profile, MeAnswer, "Change one's own profile",
              body=Profile, own=True, own_scope="people"),
    Operation("GET", "/me/sessions", account.my_sessions, SessionsAnswer, "List one's own sessions", own=True,
              own_scope="people"),
    Operation("DELETE", "/me/sessions", account.end_my_sessions, None, "Sign out everywhere else", own=True,
              own_scope="people"),
    Operation("DELETE", "/me/sessions/<number>", account.end_my_session, None, "End one's own session",
              own=True, own_scope="people"),
    Operation("GET", "/me/tokens", account.my_tokens, TokensAnswer, "List one's own tokens", own=True,
              own_scope="people"),
    Operation("POST", "/me/tokens", account.make_token, NewTokenAnswer, "Make a token", body=TokenText,
              own=True, is_browsers=True),
    Operation("DELETE", "/me/tokens/<number>", account.revoke_my_token, None, "Revoke one's own token",
              own=True, own_scope="people"),
    Operation("GET", "/me/identities", account.my_identities, IdentitiesAnswer,
              "List who one is to providers", own=True, own_scope="people"),
    Operation("DELETE", "/me/identities", account.disconnect_me, None, "Disconnect one's own single sign-on",
              IdentityParameters, own=True, own_scope="people", may_miss=True),
    Operation("GET", "/me/notices", notices.my_notices, NoticesAnswer, "List one's own notifications",
              NoticeParameters, own=True),
    Operation("PUT", "/me/notices", notices.read_my_notices, None, "Mark notifications as read",
              body=ReadUpTo, own=True, own_scope="people"),
    Operation("PUT", "/me/notices/<number>", notices.read_my_notice, NoticePart,
              "Mark a notification as read or unread", body=ReadBody, own=True, own_scope="people"),
)  # fmt: skip

LOOKING_AFTER = (
    Operation("GET", "/roles", roles.roles, RolesAnswer, "List roles and what they permit"),
    Operation("GET", "/audit", audit.audit_log, AuditAnswer, "Read the audit log", AuditParameters,
              action="see audit"),
    Operation("GET", "/audit/file", audit.take_audit_log, None, "Take the audit log away as a file",
              LogFileParameters, action="see audit", media=LOG_FILES),
)  # fmt: skip

OPERATIONS = (
    *READING,
    *DESK,
    *BULK,
    *IMPORTS,
    *PROJECT_TABLES,
    *ENTRY_FILES,
    *COPIES,
    *ESTIMATES,
    *KEPT,
    *VOCABULARY,
    *TAXONOMY,
    *LEARNING,
    *ASSIGNING,
    *PROGRESS,
    *PATHS,
    *MENTORING,
    *reference.operations(),
    *TENDING,
    *ACTIONS,
    *ADOPTIONS,
    *PEOPLE,
    *ACCOUNT,
    *LOOKING_AFTER,
    *OUTBOX,
    *STATEMENTS,
)
TAGS = {
    "search": "Search", "entries": "Entries", "drafts": "Writing", "advice": "Writing",
    "working-copies": "Writing", "reviews": "Reviewing", "bulk": "Many entries at once",
    "imports": "Documents on their way in", "documents": "Documents",
    "project-tables": "Tables of projects", "project-mappings": "Tables of projects",
    "estimates": "Estimates",
    "dossiers": "Estimates kept", "vocabulary": "Vocabulary", "taxonomy": "Lists", "learning": "Learning",
    "paths": "Learning paths as files", "mentors": "Mentoring", "mentoring": "Mentoring",
    "teaching": "Teaching",
    "assignments": "Assignments", "cohorts": "Cohorts",
    "money": "Money", "rates": "Exchange rates", "indices": "Price indices",
    "uplifts": "Published uplifts", "people": "People", "me": "One's own account", "roles": "Roles",
    "audit": "Audit log", "mail": "Mail", "statements": "Record store",
    "actions": "Actions", "adoptions": "Adoptions", "duplicates": "Duplicates", "demand": "Demand",
    "insight": "Insight",
}  # fmt: skip
"""What the calls are about, by the first part of the path."""
