"""The calls of the desk: writing and reviewing."""

from __future__ import annotations

from web.api import drafts, reviews
from web.api.desk_bodies import (
    AdviceBody,
    ArchiveBody,
    CommentBody,
    DraftBody,
    EditBody,
    JudgementBody,
    RestoreBody,
    ReviewerBody,
    SettledBody,
    SupersedeBody,
)
from web.api.desk_models import (
    AdviceAnswer,
    CommentPart,
    ComparisonAnswer,
    DueAnswer,
    QueueAnswer,
    SupersededPart,
    WorkAnswer,
)
from web.api.operations import Operation
from web.api.reviews import ComparisonParameters, QueueParameters
from web.parameters import EntryParameters

BUSY = "Somebody is at work on the entry that stands in its place."
TEND = "tend repository"
WRITE, REVIEW, VERIFY, ARCHIVE = "contribute", "review", "verify", "archive"
FIRST = "Somebody else was first: `conflict` has both texts, and what comes of them together."
LACKING = "It still lacks something, which `errors` names; or something else was published meanwhile."
OTHER = "Another text was published since it was begun."

DESK = (
    Operation("GET", "/drafts", drafts.drafts, QueueAnswer, "List one's own drafts and what became of them",
              own=True),
    Operation("POST", "/drafts", drafts.create_draft, WorkAnswer, "Write a new entry", body=DraftBody,
              action=WRITE),
    Operation("GET", "/drafts/<ref>", drafts.get_draft, WorkAnswer, "Read the text to go on from",
              EntryParameters, own=True, has_versions=True),
    Operation("PUT", "/drafts/<ref>", drafts.change_draft, WorkAnswer, "Save an edit as a draft",
              body=EditBody, action=WRITE, has_versions=True,
              conflict=f"{FIRST} Or the entry is of another kind."),
    Operation("DELETE", "/drafts/<ref>/<revision>", drafts.discard_draft, None, "Discard a draft",
              action=WRITE),
    Operation("PUT", "/drafts/<ref>/<revision>/submitted", drafts.submit_draft, WorkAnswer,
              "Submit a draft for review", action=WRITE, conflict=LACKING),
    Operation("DELETE", "/drafts/<ref>/<revision>/submitted", drafts.withdraw_draft, None,
              "Take back what is in review", action=WRITE),
    Operation("POST", "/advice", drafts.advice, AdviceAnswer, "Ask for advice on a lesson", body=AdviceBody,
              action=WRITE, makes=False),
    Operation("GET", "/reviews", reviews.reviews, QueueAnswer, "List what is in review", QueueParameters,
              action=REVIEW),
    Operation("GET", "/reviews/due", reviews.due_entries, DueAnswer, "List what is to be verified again",
              action=VERIFY),
    Operation("GET", "/reviews/<ref>/<revision>", reviews.get_review, WorkAnswer,
              "Read a revision for review", own=True),
    Operation("PUT", "/reviews/<ref>/<revision>/decision", reviews.decide_review, WorkAnswer,
              "Decide on what is in review", body=JudgementBody, action=REVIEW, conflict=OTHER),
    Operation("PUT", "/reviews/<ref>/<revision>/reviewer", reviews.assign_review, WorkAnswer,
              "Say who is to review it", body=ReviewerBody, action=REVIEW),
    Operation("POST", "/reviews/<ref>/<revision>/comments", reviews.comment_review, CommentPart,
              "Comment on a revision", body=CommentBody, action=WRITE),
    Operation("PUT", "/reviews/<ref>/<revision>/comments/<comment>", reviews.settle_comment, CommentPart,
              "Settle a comment", body=SettledBody, action=WRITE),
    Operation("GET", "/entries/<ref>/comparison", reviews.compare_revisions, ComparisonAnswer,
              "Compare two revisions", ComparisonParameters),
    Operation("PUT", "/entries/<ref>/verified", reviews.verify_entry, None, "Verify an entry", action=VERIFY),
    Operation("PUT", "/entries/<ref>/archived", reviews.archive_entry, WorkAnswer, "Archive an entry",
              body=ArchiveBody, action=ARCHIVE),
    Operation("PUT", "/entries/<ref>/superseded", reviews.supersede_entry, SupersededPart,
              "Supersede an entry", body=SupersedeBody, action=TEND, conflict=BUSY),
    Operation("DELETE", "/entries/<ref>/superseded/<other>", reviews.reinstate_entry, None,
              "Take superseding back", action=TEND, conflict=BUSY),
    Operation("PUT", "/entries/<ref>/published", reviews.restore_entry, WorkAnswer,
              "Publish an earlier text again", body=RestoreBody, action=ARCHIVE),
)  # fmt: skip
"""Writing, reviewing, and keeping true what is published."""
