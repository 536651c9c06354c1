"""Paths as files, cmi5 pages, the record store and mentoring in a real browser."""

from __future__ import annotations

import json
import mimetypes
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode
from wsgiref.simple_server import make_server

import pytest
from sqlalchemy import select, update

from kb.learning import packaging
from kb.learning.model import Enrolment
from kb.people.clock import now
from kb.people.model import User
from kb.reading import OPERATOR
from kb.rendering import Renderer
from kb.statements.making import Happening, Teller
from kb.statements.model import Statement
from tests.cmi5_rules import check_package
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import make_user
from tests.fixtures.record_store import Quiet, check_statement
from tests.test_browser_learning import check_in_every_light
from tests.test_learning import COURSE, QUIZ, put
from tests.test_link_steps import ADDRESS, LINK
from web.services import EXTENSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]
PATH = COURSE | {"id": "P-0205", "title": "Cut-over", "stages": [{"title": "All", "steps": [
    {"entry": "L-0205"}, {"entry": "M-0205", "completion": "CompletedAndPassed"},
    {"link": ADDRESS, "title": "The standard", "required": False},
]}]}  # fmt: skip
UNITS = ["units/001-L-0205.html", "units/002-M-0205.html", f"units/003-{LINK}.html"]
LESSON = {
    "kind": "lesson", "id": "L-0205", "title": "Freeze the ledger early", "author": "Wilma",
    "tags": ["ledger"],
    "lesson": "A **frozen** ledger is calm.",
}  # fmt: skip
QUESTIONS = QUIZ | {"id": "M-0205", "title": "Questions"}
ACTOR = {"objectType": "Agent", "account": {"homePage": "https://lms.example.org", "name": "17"}}
REGISTRATION = "9c2d8f1e-7a3b-4f0d-9b1a-2f6e5d4c3b2a"
SESSION = "https://w3id.org/xapi/cmi5/context/extensions/sessionid"
ACTIVITY = "https://lms.example.org/activities/1"


@dataclass
class LearningSystem:
    """Serves a package, launches its units, and keeps what they say, as cmi5 asks of a learning system."""

    files: dict[str, bytes]
    port: int = 0
    mastery: float | None = 0.5
    mode: str = "Normal"
    kept: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuses: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def launch(self, unit: str) -> str:
        given = {
            "endpoint": f"{self.url}/xapi", "fetch": f"{self.url}/fetch", "actor": json.dumps(ACTOR),
            "registration": REGISTRATION, "activityId": ACTIVITY,
        }  # fmt: skip
        return f"{self.url}/{unit}?{urlencode(given)}"

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"].lstrip("/")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if path not in {*self.files, "favicon.ico"}:
            self.asked.append(f"{environ['REQUEST_METHOD']} {path}")
        status, kind, data = self._answer(environ, path, body)
        start(f"{status} x", [("Content-Type", kind), ("Content-Length", str(len(data)))])
        return [data]

    def _answer(self, environ: dict[str, Any], path: str, body: bytes) -> tuple[int, str, bytes]:
        if path in self.files:
            return 200, mimetypes.guess_type(path)[0] or "text/plain", self.files[path]
        if path == "fetch":
            return 200, "application/json", b'{"auth-token": "dG9rZW4="}'
        if path == "left":
            return 200, "text/html", b"<!doctype html><title>Left</title>"
        if environ.get("HTTP_AUTHORIZATION") != "Basic dG9rZW4=":
            return 401, "text/plain", b""
        assert environ["HTTP_X_EXPERIENCE_API_VERSION"] == "1.0.3"
        asked = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        if path == "xapi/activities/state":
            assert asked["stateId"] == "LMS.LaunchData"
            assert (asked["activityId"], asked["registration"]) == (ACTIVITY, REGISTRATION)
            return 200, "application/json", json.dumps(self._launch_data()).encode()
        if path == "xapi/statements":
            if self.refuses:
                return 500, "text/plain", b""
            for each in json.loads(body):
                check_statement(each)
                self.kept.append(each)
            return 200, "application/json", b"[]"
        return 404, "text/plain", b""  # no preferences of the learner

    def _launch_data(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "contextTemplate": {"extensions": {SESSION: "s1"}},
            "launchMode": self.mode, "moveOn": "CompletedAndPassed", "returnURL": f"{self.url}/left",
        }  # fmt: skip
        return data | ({"masteryScore": self.mastery} if self.mastery is not None else {})

    @property
    def verbs(self) -> list[str]:
        return [each["verb"]["id"].rpartition("/")[2] for each in self.kept]


@pytest.fixture(scope="module")
def package(live) -> dict[str, bytes]:
    database = live.app.extensions[EXTENSION].database
    put(database, LESSON, QUESTIONS, PATH)
    renderer = Renderer(database)
    made = packaging.make_package(database, renderer, "P-0205", OPERATOR, "https://lessons.example.org")[1]
    renderer.close()
    return check_package(made.data)[1]


@pytest.fixture
def system(package) -> Iterator[LearningSystem]:
    found = LearningSystem(package)
    server = make_server("127.0.0.1", 0, found, handler_class=Quiet)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def answer_rightly(page) -> None:
    page.get_by_role("radio", name="That").check()
    for name in ("A", "C"):
        page.get_by_role("checkbox", name=name, exact=True).check()
    page.get_by_label("Last").select_option("2")
    page.get_by_label("First").select_option("1")
    page.get_by_label("Your answer").fill("roll back")


def test_a_unit_that_nobody_launched_reports_nothing(page, system):
    for unit in UNITS:
        check_in_every_light(page, f"{system.url}/{unit}")
        assert page.get_by_text("This page reports nothing").is_visible()
    page.goto(f"{system.url}/{UNITS[1]}")
    answer_rightly(page)
    page.get_by_role("button", name="Hand in").click()
    page.get_by_text("4 of 4 right, 100 %. Passed.").wait_for()
    check_in_every_light(page, f"{system.url}/index.html")
    assert system.asked == []


@pytest.mark.parametrize("unit", [UNITS[0], UNITS[2]], ids=["an entry", "a link"])
def test_a_unit_that_is_read_is_completed(page, system, unit):
    page.goto(system.launch(unit))
    page.get_by_text("What you do here is reported").wait_for()
    check_accessibility(page)
    page.get_by_role("button", name="Done").click()
    page.wait_for_url(f"{system.url}/left")
    assert system.verbs == ["initialized", "completed", "terminated"]
    assert system.asked[:3] == ["POST fetch", "GET xapi/activities/state", "GET xapi/agents/profile"]
    for each in system.kept:
        assert each["object"]["id"] == ACTIVITY
        assert each["actor"] == ACTOR
        assert each["context"]["registration"] == REGISTRATION
        assert each["context"]["extensions"][SESSION] == "s1"
    kinds = [[one["id"].rpartition("/")[2] for one in each["context"]["contextActivities"]["category"]]
             for each in system.kept]  # fmt: skip
    assert kinds == [["cmi5"], ["cmi5", "moveon"], ["cmi5"]]
    assert len({each["id"] for each in system.kept}) == 3


@pytest.mark.parametrize(
    ("mastery", "right", "verbs"),
    [(0.5, True, ["passed", "completed"]), (1.0, False, ["failed"]), (None, True, ["passed", "completed"])],
)
def test_questions_are_passed_or_failed_with_the_score(page, system, mastery, right, verbs):
    system.mastery = mastery
    page.goto(system.launch("units/002-M-0205.html"))
    page.get_by_text("What you do here is reported").wait_for()
    answer_rightly(page)
    if not right:
        page.get_by_role("radio", name="This").check()
    page.get_by_role("button", name="Hand in").click()
    page.wait_for_url(f"{system.url}/left")
    assert system.verbs == ["initialized", *verbs, "terminated"]
    result = system.kept[1]["result"]
    assert result["score"]["raw"] == (100 if right else 75)
    assert result["success"] is right
    extensions = system.kept[1]["context"]["extensions"]
    assert extensions.get("https://w3id.org/xapi/cmi5/context/extensions/masteryscore") == mastery


def test_who_only_looks_completes_nothing(page, system):
    system.mode = "Browse"
    page.goto(system.launch("units/001-L-0205.html"))
    page.get_by_text("You only look at this page").wait_for()
    page.get_by_role("button", name="Done").click()
    page.wait_for_url(f"{system.url}/left")
    assert system.verbs == ["initialized", "terminated"]


def test_a_learning_system_that_takes_nothing_is_said(page, system):
    system.refuses = True
    page.goto(system.launch("units/001-L-0205.html"))
    page.get_by_text(
        "Nothing is reported: the learning system that opened this page cannot be used"
    ).wait_for()
    assert system.verbs == []


@pytest.fixture(scope="module")
def people(live, package):
    """A trainer; an administrator who sees statements; Wilma, who wrote the lesson, and Xaver, who asks."""
    found = {name: make_user(live.app, name, *roles) for name, roles in {
        "theo": ["trainer"], "ines": ["admin"], "wilma": [], "xaver": [],
    }.items()}  # fmt: skip
    database = live.app.extensions[EXTENSION].database
    with database.write_aside() as session:
        session.execute(update(User).where(User.id == found["wilma"].id).values(skills=["ledger"]))
    from kb.learning import enrolling
    from kb.people.audit import Origin
    from kb.people.reader import reader_of

    enrolling.enrol(database, Origin(found["xaver"]), "P-0205", reader_of(found["xaver"]))
    with database.write_aside() as session:
        enrolment = session.scalars(select(Enrolment).where(Enrolment.user_id == found["xaver"].id)).one()
        teller = Teller("https://lessons.example.org", {})
        for number, state in enumerate(("waiting", "sent", "given up")):
            made = Happening(
                "registered", enrolment.id, enrolment.user_id, "P-0205", 1, now(), now(), number=number
            )
            row = Statement(
                name=made.name(teller.base), user_id=enrolment.user_id, enrolment_id=enrolment.id,
                verb="registered", step="", number=number, body=teller.statement(made, {}), state=state,
                created_at=now(), due_at=now(), attempts=number,
                problem="https://records.example.org/xapi/ refuses it (400)." if state == "given up" else "",
            )  # fmt: skip
            session.add(row)
    return found


def test_a_path_is_brought_and_what_is_wrong_is_put_right_on_the_page(page, live, people):
    live.sign_in(page, people["theo"])
    page.goto(f"{live.url}/learning")
    page.get_by_role("link", name="Bring a path").click()
    page.get_by_label("Or its text").fill("# Night work\n\n## Stages\n\n### Read\n\n1. the lesson\n")
    page.get_by_role("button", name="Make a draft").click()
    page.get_by_text("line 7").wait_for()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        check_accessibility(page)
    text = page.get_by_label("Or its text")
    text.fill(text.input_value().replace("the lesson", "[[L-0205]]"))
    page.get_by_role("button", name="Make a draft").press("Enter")
    page.wait_for_url("**/edit?done=saved")


@pytest.mark.parametrize(
    ("who", "address"),
    [("theo", "/paths/import"), ("theo", "/learning/P-0205"), ("ines", "/statements"),
     ("xaver", "/mentoring"),
     ("xaver", "/mentoring/ask?about=L-0205"), ("xaver", "/mentoring/ask"), ("xaver", "/account"),
     ("xaver", "/learning/P-0205/L-0205")],
)  # fmt: skip
def test_pages_are_accessible_light_dark_and_on_a_phone(page, live, people, who, address):
    live.sign_in(page, people[who])
    check_in_every_light(page, live.url + address)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_somebody_asks_and_is_answered(browser, live, people, scripts):
    asker = make_user(live.app, f"asker{scripts:d}")
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 360, "height": 740})
    page = context.new_page()
    live.sign_in(page, asker)
    page.goto(f"{live.url}/entries/L-0205")
    page.get_by_role("link", name="Who can help with this").click()
    page.get_by_role("radio", name="Wilma").press("Space")
    page.get_by_label("What you would like to know").fill("How early is early?")
    page.get_by_role("button", name="Ask").press("Enter")
    page.get_by_text("Your request is sent").wait_for()
    context.clear_cookies()
    live.sign_in(page, people["wilma"])
    page.goto(f"{live.url}/mentoring")
    if scripts:
        check_accessibility(page)
    page.get_by_label(f"Your answer to {asker.name}").fill("Six weeks.")
    page.get_by_role("button", name=f"Accept the request of {asker.name}").press("Enter")
    page.get_by_text("You have accepted").wait_for()
    page.get_by_role("link", name=asker.email).wait_for()
    context.close()
