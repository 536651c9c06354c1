"""Every id in a body is looked at, too: what is hidden is answered as if it were missing."""

from __future__ import annotations

import re

import pytest

from kb.people.secrets import derived
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.security.test_point_01_hidden import hide, told
from tests.test_desk_web import FULL
from web.api.examples import BODIES
from web.forms import TOKEN_HEADER

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

ROLES = ("contributor", "trainer", "verifier", "project manager")
LESSON = {
    "title": "Order cable early", "summary": "Cable takes long to come.", "happened": "It came late.",
    "lesson": "Lead times are not ours to decide.", "recommendation": "The buyer orders ten weeks before.",
    "applicability": {"conditions": "Always."},
}  # fmt: skip
PATH = {"title": "Cables", "summary": "How to order them.", "audience": "Buyers", "goal": "Order in time"}


def lesson(**more: object) -> dict[str, object]:
    return {"kind": "lesson", "content": LESSON | more}


def path_of(ref: str) -> dict[str, object]:
    return {"kind": "path", "content": PATH | {"stages": [{"title": "One", "steps": [{"entry": ref}]}]}}


PROGRAMS = {
    "a draft with a link": ("L", "POST", "/drafts", lambda ref: lesson(links=[{"to": ref}])),
    "a draft with a source": ("H", "POST", "/drafts", lambda ref: lesson(source=ref)),
    "a draft that names it": ("R", "POST", "/drafts", lambda ref: lesson(body=f"See [[{ref}]].")),
    "a draft of a path": ("M", "POST", "/drafts", path_of),
    "advice": ("L", "POST", "/advice", lambda ref: lesson(body=f"See [[{ref}]].", links=[{"to": ref}])),
    "an estimate": (
        "H", "POST", "/estimates", lambda ref: {"target": "cost", "exclude": [{"id": ref, "reason": "x"}]},
    ),
    "an assignment": ("P", "POST", "/assignments", lambda ref: BODIES["assign_path"] | {"path": ref}),
    "a mentor": ("L", "POST", "/mentoring", lambda ref: {"person": 1, "about": ref, "words": "How?"}),
    "many at once": ("L", "POST", "/bulk/plan", lambda ref: {"action": "verify", "entries": [ref]}),
    "what a lesson is built into": (
        "T", "PUT", "/actions/1", lambda ref: {"version": 2, "state": "embedded", "embedded_in": ref},
    ),
}  # fmt: skip
"""The kind of entry, and what a program sends that names one."""
STEP = "f.stages.1.steps.1.entry"
PAGES = {
    "a preview": ("L", "/entries/new/lesson", lambda ref: FULL | {"do": "preview", "f.body": f"[[{ref}]]"}),
    "a preview with a source": (
        "H", "/entries/new/lesson", lambda ref: FULL | {"do": "preview", "f.source": ref},
    ),
    "a path that is submitted": (
        "M", "/entries/new/path",
        lambda ref: {f"f.{name}": said for name, said in PATH.items()}
        | {"f.stages.1.title": "One", STEP: ref, "do": "submit"},
    ),
    "a preview of a path": (
        "M", "/entries/new/path",
        lambda ref: {f"f.{name}": said for name, said in PATH.items()}
        | {"f.stages.1.title": "One", STEP: ref, "do": "preview"},
    ),
    "somebody to ask": ("L", "/mentoring/ask", lambda ref: {"about": ref, "words": "How?"}),
}  # fmt: skip


def steady(answer) -> str:
    """The answer, without what differs each time and without ids."""
    text = re.sub(r"[LRTMPH]-\d{4}", "REF", told(answer))
    return re.sub(r'\d{4}-\d\d-\d\dT[\d:]+(Z|\+00:00)|"fingerprint":"\w+"', "", text)


@pytest.fixture
def dora(own_app):
    """A lesson has an action that Dora took on, so that there is one to be about."""
    ada, person = sign_in(own_app, "ada", "admin"), make_user(own_app, "dora", *ROLES)
    assert ada.send("/entries/L-0002/actions", what="Say it in the plan").status_code == 303
    browser = browser_of(own_app, person)
    taken = {"version": 1, "state": "assigned", "owner": person.email}
    headers = {TOKEN_HEADER: derived(browser.secret, "form")}
    assert browser.put("/api/v1/actions/1", json=taken, headers=headers).status_code == 200
    return browser


@pytest.mark.parametrize(("prefix", "method", "address", "body"), PROGRAMS.values(), ids=PROGRAMS)
def test_point_1_a_body_that_names_what_is_hidden_is_answered_as_if_it_were_missing(
    own_app, dora, prefix, method, address, body
):
    hide(own_app, f"{prefix}-0001")
    headers = {TOKEN_HEADER: derived(dora.secret, "form")}
    answers = [
        dora.open(f"/api/v1{address}", method=method, json=body(f"{prefix}-{number}"), headers=headers)
        for number in ("0001", "0999")
    ]
    assert steady(answers[0]) == steady(answers[1])
    assert answers[0].status_code != 500


@pytest.mark.parametrize(("prefix", "address", "form"), PAGES.values(), ids=PAGES)
def test_point_1_a_form_that_names_what_is_hidden_is_answered_as_if_it_were_missing(
    own_app, dora, prefix, address, form
):
    hide(own_app, f"{prefix}-0001")
    answers = [dora.send(address, **form(f"{prefix}-{number}")) for number in ("0001", "0999")]
    assert steady(answers[0]) == steady(answers[1])


def test_point_1_the_comparison_of_bodies_would_notice(own_app, dora):
    """Of what is not hidden, most are answered otherwise than of what is missing."""
    headers, noticed = {TOKEN_HEADER: derived(dora.secret, "form")}, set()
    for name, (prefix, method, address, body) in PROGRAMS.items():
        answers = {
            steady(
                dora.open(f"/api/v1{address}", method=method, json=body(f"{prefix}-{at}"), headers=headers)
            )
            for at in ("0001", "0999")
        }
        noticed |= {name} if len(answers) == 2 else set()
    for name, (prefix, address, form) in PAGES.items():
        answers = {steady(dora.send(address, **form(f"{prefix}-{at}"))) for at in ("0001", "0999")}
        noticed |= {name} if len(answers) == 2 else set()
    assert noticed >= {"a mentor", "an assignment", "an estimate", "what a lesson is built into"}
    assert noticed >= {"a path that is submitted", "a preview of a path", "somebody to ask"}
