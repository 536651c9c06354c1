"""Links of training on a path: asked when a trainer says so, at named hosts only, and told with the time."""

from __future__ import annotations

import http.server
import json
import re
import socket
import threading
from html import unescape

import pytest
from click.testing import CliRunner

from kb.errors import NotAllowed
from kb.learning.step_links import links_of
from kb.people.audit import AuditFilter, find
from kb.people.reader import reader_of
from tests.fakes_web import fill
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.test_learning import origin_of, put
from web import outbound
from web.link_checks import SETTING, check_links
from web.outbound import OutboundFailed, Reach
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    asked: list[str] = []
    sent: list[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        self.sent.append(list(self.headers))
        self.send_response(int(self.path[1:4]))
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Answers.asked.clear()
    Answers.sent.clear()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def course(site, *statuses):
    """A path whose steps are training with links that answer so."""
    records = [
        {"id": f"M-07{number:02d}", "kind": "training", "title": f"Course {number}",
         "url": f"http://{site}/{status}"}
        for number, status in enumerate(statuses)
    ]  # fmt: skip
    steps = [{"entry": each["id"]} for each in records]
    path = {"id": "P-0071", "kind": "path", "title": "Links", "stages": [{"title": "All", "steps": steps}]}
    return [*records, path], [each["id"] for each in records]


def steps_of(refs):
    return [{"entry": ref} for ref in refs]


def test_links_are_asked_and_what_they_said_is_kept(database, site):
    records, refs = course(site, 200, 404, 302, 401)
    put(database, *records)
    tom = origin_of(database, "tom", "trainer")
    found = check_links(database, tom, [site], steps_of(refs))
    assert [(each.is_reached, each.said) for each in found] == [
        (True, "It answers 200 OK."), (False, "It answers 404 Not Found."), (True, "It answers 302 Found."),
        (True, "It answers 401 Unauthorized."),
    ]  # fmt: skip
    assert sorted(Answers.asked) == ["/200", "/302", "/401", "/404"]  # and nobody went elsewhere
    with database.read() as session:
        assert links_of(session, steps_of(refs), reader_of(tom.person)) == found
        assert find(session, AuditFilter(action="check links"), 0, 9)[1][0].detail == {"failed": 1}
    with pytest.raises(NotAllowed):
        check_links(database, origin_of(database, "anna"), [site], steps_of(refs))


def test_steps_that_are_links_are_asked_as_links_of_training_are(database, site):
    put(database, *course(site, 200)[0])
    steps = [{"link": f"http://{site}/404", "title": "Gone"}, *steps_of(["M-0700", "L-0001"])]
    tom = origin_of(database, "tom", "trainer")
    found = check_links(database, tom, [site], steps)
    assert [(each.title, each.is_reached) for each in found] == [("Gone", False), ("Course 0", True)]
    assert sorted(Answers.asked) == ["/200", "/404"]
    for step in ("http://169.254.169.254/latest", "http://10.0.0.1/", "https://10.0.0.1/", "http://[::1]/",
                 "http://localhost/", "https://localhost/"):  # fmt: skip
        (refused,) = check_links(database, tom, ["*"], [{"link": step, "title": "Inside"}])
        assert refused.is_reached is False
    assert len(Answers.asked) == 2


def test_no_address_is_asked_that_is_not_named_or_is_private(database, site):
    records, refs = course(site, 200)
    put(database, *records)
    tom = origin_of(database, "tom", "trainer")
    for hosts in ([], ["training.example.org"], ["*"], ["10.0.0.0/8"]):
        (found,) = check_links(database, tom, hosts, steps_of(refs))
        assert (found.is_reached, SETTING in found.said) == (False, True)
    assert Answers.asked == []


def test_plain_http_is_asked_too_and_sends_nothing(database, site, monkeypatch):
    """As most old links are; the name is one of the open internet, which answers here."""
    port = int(site.rpartition(":")[2])
    found = [(2, 1, 6, "", ("93.184.216.34", 80))]
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *_, **__: found)
    dialled = []

    def dial(addresses, wanted):
        dialled.append((str(addresses[0]), wanted))
        link = socket.socket()
        link.connect(("127.0.0.1", port))
        return link

    monkeypatch.setattr(outbound, "dial", dial)
    tom = origin_of(database, "tom", "trainer")
    for hosts in (["*"], ["old.example.org"]):
        places = ("old.example.org/200?a=b", "old.example.org:22/200")
        usual, other = check_links(
            database, tom, hosts, [{"link": f"http://{each}", "title": each} for each in places]
        )
        assert (usual.is_reached, usual.said) == (True, "It answers 200 OK.")
        assert (other.is_reached, SETTING in other.said) == (False, True)
    assert dialled == [("93.184.216.34", 80)] * 2
    assert Answers.asked == ["/200?a=b"] * 2
    assert all(set(sent) == {"Host", "Accept-Encoding", "Connection"} for sent in Answers.sent)


@pytest.mark.parametrize("where", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1"])
def test_an_open_reach_never_leads_to_a_private_address(monkeypatch, where):
    reach = Reach.among(["*"], SETTING)
    reach.check("https://anything.example/x?y=1")
    reach.check("http://anything.example/x?y=1", may_be_plain=True)
    for address in ("http://anything.example:8080/", "https://a@anything.example/", "https://anything.example:22/",
                    "ftp://anything.example/", "https:///x", "javascript:alert(1)"):  # fmt: skip
        with pytest.raises(OutboundFailed):
            reach.check(address, may_be_plain=True)
    found = [(2, 1, 6, "", (where, 443))]
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(outbound, "dial", lambda *_: pytest.fail("it was asked"))
    for scheme in ("http", "https"):
        with pytest.raises(OutboundFailed, match="no public address"):
            outbound.status_of(reach, f"{scheme}://anything.example/")


@pytest.fixture
def app(own_app, site):
    records, _ = course(site, 200, 404)
    put(own_app.extensions[EXTENSION].database, *records)
    return own_app


def test_the_builder_says_which_links_were_reached_and_when(app):
    tina = sign_in(app, "tina", "trainer")
    page = tina.get("/entries/P-0071/edit")
    assert page.text.count("Link: not checked yet") == 2
    assert Answers.asked == []
    typed = {"f.title": "Links", "f.stages.1.title": "All", "f.stages.1.steps.1.entry": "M-0700",
             "f.stages.1.steps.2.entry": "M-0701", "base": "1"}  # fmt: skip
    saved = tina.send("/entries/P-0071/edit", do="save", **typed)
    assert (saved.status_code, Answers.asked) == (303, [])
    page = tina.send("/entries/P-0071/edit", do="check", **typed | {"base": "2"})
    words = unescape(re.sub(r"(<[^>]+>|\s)+", " ", page.text))
    assert "2 checked, 2 not reached." in words
    assert f"is not where Precedent may ask. If it should, add {'127.0.0.1'}" in words
    anna = sign_in(app, "anna")
    assert "Check links" not in anna.get("/entries/P-0071/edit").text
    assert anna.send("/entries/P-0071/edit", do="check", **typed).status_code == 403


def test_programs_read_and_check_links(app):
    tina = browser_of(app, make_user(app, "tina", "trainer"))
    place = "/api/v1/teaching/paths/P-0071/links"
    assert [each["is_reached"] for each in tina.get(place).json["links"]] == [None, None]
    assert tina.get("/api/v1/teaching/paths/L-0001/links").status_code == 404
    assert sign_in(app, "anna").get(place).status_code == 403


def test_the_command_line_checks_links(database, site, monkeypatch, tmp_path):
    from web.cli import precedent

    fill(database)
    put(database, *course(site, 200, 404)[0])
    monkeypatch.setenv("PRECEDENT_DATABASE_URL", database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    monkeypatch.setenv("PRECEDENT_LINK_HOSTS", site)

    def run(*said):
        return CliRunner().invoke(precedent, ["path", "links", *said], catch_exceptions=False).output

    assert "not checked" in run("P-0071")
    found = json.loads(run("P-0071", "--check", "--json"))["links"]
    assert [each["is_reached"] for each in found] == [True, False]
    assert "It answers 404 Not Found." in run("P-0071")
    assert "None of its steps has a link." not in run("P-0001")
