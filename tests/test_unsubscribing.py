"""Links in mails that end mails of a kind: without signing in, of that kind alone, and taken back."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from kb.config import Settings
from kb.notices.leaving import FILE, leave_address
from kb.notices.letters import Letter, as_message
from kb.notices.model import Mail
from kb.notices.telling import notify
from kb.people.audit import AuditFilter, find
from kb.people.clock import now
from kb.people.model import User
from tests.fixtures.mail import mail_settings_of
from tests.fixtures.people import make_user
from tests.fixtures.web import application
from web.mailing.sending import send_due
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.mail", "tests.fixtures.web", "tests.fixtures.people"]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def server(mail_servers):
    return mail_servers()


@pytest.fixture
def mailing(server, own_home):
    """An application with a mail server, where only people who have signed in may read."""
    settings = mail_settings_of(server, own_home)
    said = {name: getattr(settings, name) for name in vars(settings) if name.startswith("smtp_")}
    with application(own_home, url=settings.url, public_reading=False, **said) as app:
        yield app


@pytest.fixture
def ann(mailing):
    return make_user(mailing, "ann")


def database_of(app):
    return app.extensions[EXTENSION].database


def mailed(app, server, person, *events):
    """The mail that tells the person of these, as it came."""
    with database_of(app).write_aside() as session:
        for event in events:
            notify(session, event, [person.id], ref="L-0001")
        session.execute(update(Mail).values(due_at=now()))
    server.received.clear()
    send_due(app.extensions[EXTENSION].settings, database_of(app))
    return server.received[0] if server.received else None


def way_out(message):
    """Path and query of the link in the header."""
    parts = urlsplit(message["List-Unsubscribe"].strip("<>"))
    return f"{parts.path}?{parts.query}"


def chosen(app, person):
    with database_of(app).read() as session:
        return session.get_one(User, person.id).notices


def as_mail_program(app, address):
    """As RFC 8058 has it: neither cookies nor a form of ours."""
    return app.test_client().post(address, data=ONE_CLICK, headers={"Origin": "https://mail.example"})


def test_one_click_ends_mails_of_that_kind_alone(mailing, server, ann):
    message = mailed(mailing, server, ann, "comment")
    address = way_out(message)
    answer = as_mail_program(mailing, address)
    assert answer.status_code == 200
    assert "no more mails of this kind" in answer.text
    assert chosen(mailing, ann) == {"comment": "never"}
    assert mailed(mailing, server, ann, "comment") is None
    assert "task" in str(mailed(mailing, server, ann, "task given")).lower()
    with database_of(mailing).read() as session:
        line = find(session, AuditFilter(action="choose mails by link"), 0, 1)[1][0]
        assert line.detail["comment"] == "never"


def test_asking_for_the_page_changes_nothing(mailing, server, ann):
    address = way_out(mailed(mailing, server, ann, "comment"))
    for method in ("GET", "HEAD", "OPTIONS"):
        assert mailing.test_client().open(address, method=method).status_code == 200
    page = mailing.test_client().get(address).text
    assert "Somebody comments on an entry of yours" in page
    assert "ann@example.org" not in page
    assert chosen(mailing, ann) == {}


def test_it_is_undone_where_it_was_done(mailing, server, ann):
    with database_of(mailing).write_aside() as session:
        session.get_one(User, ann.id).notices = {"comment": "weekly", "entry due": "daily"}
    with database_of(mailing).read() as session:
        user = session.get_one(User, ann.id)
        settings = mailing.extensions[EXTENSION].settings
        address = leave_address(settings, user.id, user.email, ["comment"]).removeprefix(settings.base_url)
    client = mailing.test_client()
    page = client.post(address, data=ONE_CLICK).text
    fields = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page))
    assert chosen(mailing, ann) == {"comment": "never", "entry due": "daily"}
    secure = {"base_url": settings.base_url}
    page = client.get(address, **secure).text
    token = re.search(r'name="form_token" value="(\w+)"', page)[1]
    said = {name: unescape(value) for name, value in fields.items()} | {"form_token": token}
    answer = client.post("/unsubscribe/undo", data=said, **secure)
    assert "They come again." in client.get(answer.headers["Location"], **secure).text
    assert chosen(mailing, ann) == {"comment": "weekly", "entry due": "daily"}
    assert client.post("/unsubscribe/undo", data=said | {"form_token": ""}, **secure).status_code == 403
    client.post("/unsubscribe/undo", data=said | {"comment": "hourly"}, **secure)
    assert chosen(mailing, ann)["comment"] == "at once"


def test_a_mail_of_several_kinds_has_a_link_for_each_and_one_for_all(mailing, server, ann):
    message = mailed(mailing, server, ann, "comment", "task given")
    text = message.get_body(("plain",)).get_content()
    links = re.findall(r"https://lessons\.example\.org(/unsubscribe\?link=\S+)", text)
    assert len(links) == 2
    as_mail_program(mailing, links[0])
    assert chosen(mailing, ann) == {"comment": "never"}
    as_mail_program(mailing, way_out(message))
    assert chosen(mailing, ann) == {"comment": "never", "task given": "never"}


@pytest.mark.parametrize("change", ["proof", "kind", "person", "nothing", "number", "cut"])
def test_a_link_that_we_did_not_write_is_refused(mailing, server, ann, change):
    bea = make_user(mailing, "bea")
    link = way_out(mailed(mailing, server, ann, "comment")).partition("link=")[2]
    number, named, proof = link.split(".")
    wrong = {
        "proof": f"{number}.{named}.{proof[:-1]}{'A' if proof[-1] != 'A' else 'B'}",
        "kind": f"{number}.task-given.{proof}", "person": f"{bea.id}.{named}.{proof}", "nothing": "",
        "number": f"{'9' * 40}.{named}.{proof}", "cut": link[:-3],
    }[change]  # fmt: skip
    assert as_mail_program(mailing, f"/unsubscribe?link={wrong}").status_code == 403
    assert mailing.test_client().get(f"/unsubscribe?link={wrong}").status_code == 403
    with database_of(mailing).read() as session:
        lines = find(session, AuditFilter(action="use link of a mail"), 0, 9)[1]
        assert [(line.outcome, proof in repr(line.detail)) for line in lines] == [("refused", False)] * 2
    assert chosen(mailing, ann) == chosen(mailing, bea) == {}


def test_an_old_address_ends_no_mails(mailing, server, ann):
    address = way_out(mailed(mailing, server, ann, "comment"))
    with database_of(mailing).write_aside() as session:
        session.get_one(User, ann.id).email = "anna@example.org"
    assert as_mail_program(mailing, address).status_code == 403
    with database_of(mailing).write_aside() as session:
        session.get_one(User, ann.id).email = "ann@example.org"
        session.get_one(User, ann.id).status = "disabled"
    assert as_mail_program(mailing, address).status_code == 403


def test_the_key_is_kept_for_its_owner_alone(tmp_path):
    settings = Settings(tmp_path, "sqlite:///x", url="https://lessons.example.org")
    first = leave_address(settings, 1, "ann@example.org", ["comment"])
    assert first == leave_address(settings, 1, "ann@example.org", ["comment"])
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir()] == [FILE]


def test_a_long_link_stays_whole_in_the_header(tmp_path):
    host = ".".join(["lessons" * 8] * 4) + ".example.org"
    settings = Settings(tmp_path, "sqlite:///x", url=f"https://{host}", smtp_sender="P <p@example.org>")
    link = leave_address(settings, 123456, "ann@example.org", ["comment", "task given", "action due"])
    sent = as_message(settings, Letter("ann@example.org", "Ünï " * 20, "x " * 900, "<p>x</p>", "n", link))
    raw = sent.as_bytes()
    assert f"List-Unsubscribe: <{link}>\r\n".encode() in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_without_https_it_is_no_one_click(tmp_path):
    settings = Settings(tmp_path, "sqlite:///x", url="http://localhost:8000", smtp_sender="P <p@example.org>")
    link = leave_address(settings, 1, "ann@example.org", ["comment"])
    sent = as_message(settings, Letter("ann@example.org", "x", "x", "<p>x</p>", "n", link))
    assert sent["List-Unsubscribe"] == f"<{link}>"
    assert sent["List-Unsubscribe-Post"] is None
