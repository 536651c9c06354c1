"""The outbox on its page, in the API and on the command line; links that are mailed."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from kb.notices.model import Mail
from kb.notices.telling import notify
from kb.people.audit import AuditFilter, find
from kb.people.clock import now
from tests.fixtures.mail import mail_settings_of
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.fixtures.web import application
from web.cli import precedent
from web.diagnosis import examine
from web.mailing.sending import send_due
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.mail", "tests.fixtures.web", "tests.fixtures.people"]


@pytest.fixture
def server(mail_servers):
    return mail_servers()


@pytest.fixture
def settings(server, own_home):
    return mail_settings_of(server, own_home)


@pytest.fixture
def mailing(own_home, settings):
    """The application with a mail server."""
    said = {name: getattr(settings, name) for name in vars(settings) if name.startswith("smtp_")}
    with application(own_home, **said) as app:
        yield app


@pytest.fixture
def admin(mailing):
    return sign_in(mailing, "ada", "admin")


@pytest.fixture
def told(mailing):
    """Ann is told something; returns the number of the mail."""
    ann = make_user(mailing, "ann")
    with mailing.extensions[EXTENSION].database.write_aside() as session:
        notify(session, "comment", [ann.id], ref="L-0001")
        session.execute(update(Mail).values(due_at=now()))
        return session.scalars(select(Mail.id)).one()


def database_of(app):
    return app.extensions[EXTENSION].database


def test_only_who_may_sees_it_and_changes_it(mailing, told):
    assert browser_of(mailing).get("/mail").headers["Location"].startswith("/sign-in?")
    assert sign_in(mailing, "cora", "curator").get("/mail").status_code == 403
    auditor = sign_in(mailing, "amy", "auditor")
    page = auditor.get("/mail").text
    assert "Ann" in page
    assert "Send now" not in page
    assert auditor.send(f"/mail/{told}/drop").status_code == 403


def test_what_was_given_up_is_seen_and_sent_again(mailing, admin, told, server, settings):
    server.at_recipient = ["550 5.1.1 No <b>such</b> mailbox"]
    send_due(settings, database_of(mailing))
    page = admin.get("/mail?state=given+up").text
    assert "550 5.1.1 No &lt;b&gt;such&lt;/b&gt; mailbox" in page
    answer = admin.send(f"/mail/{told}/retry")
    assert answer.headers["Location"] == "/mail?done=retry"
    assert "The mail is sent as soon as may be." in admin.get("/mail?done=retry").text
    assert send_due(settings, database_of(mailing)).sent == 1
    assert "Sent" in admin.get("/mail").text
    assert admin.send(f"/mail/{told}/retry").status_code == 403
    assert admin.send("/mail/99/retry").status_code == 404
    assert "There is no page 9" in admin.get("/mail?page=9").text


def test_a_mail_is_dropped(mailing, admin, told, server, settings):
    admin.send(f"/mail/{told}/drop")
    assert "Dropped by Ada." in admin.get("/mail").text
    send_due(settings, database_of(mailing))
    assert server.received == []


def test_a_test_mail_from_the_page(admin, server):
    assert admin.send("/mail/test", email="zoe@example.org").headers["Location"] == "/mail?done=test"
    assert "Ada asked" in str(server.received[0])
    assert admin.send("/mail/test", email="zoe").status_code == 400
    server.at_recipient = ["451 Later"]
    failed = admin.send("/mail/test", email="zoe@example.org")
    assert (failed.status_code, "451 Later" in failed.text) == (502, True)


def test_without_a_server_the_page_says_what_to_do(own_app):
    admin = sign_in(own_app, "ada", "admin")
    assert "PRECEDENT_SMTP_HOST" in admin.get("/mail").text
    assert admin.send("/mail/test", email="zoe@example.org").status_code == 409
    assert "Also send" not in admin.get("/people/invite").text


@pytest.mark.parametrize("works", [True, False])
def test_an_invitation_is_mailed_and_still_shown(mailing, admin, server, works):
    server.at_recipient = [] if works else ["550 No such mailbox"]
    assert "Also send the link to them by mail" in admin.get("/people/invite").text
    page = admin.send("/people/invite", email="bea@example.org", name="Bea", mail="yes").text
    (link,) = set(re.findall(r"/welcome\?link=[\w-]+", page))
    if works:
        assert "on its way to bea@example.org" in page
        assert link in str(server.received[0]).replace("=\n", "").replace("=3D", "=")
    else:
        assert "could not be mailed to bea@example.org: The mail server refuses it: 550" in page
    with database_of(mailing).read() as session:
        assert session.scalars(select(Mail)).all() == []  # no secret stands in the outbox
        lines = [line.detail for line in find(session, AuditFilter(), 0, 50)[1]]
    assert link.partition("=")[2] not in str(lines)
    admin.send("/people/invite", email="cid@example.org")
    assert len(server.received) == works


def test_another_password_is_mailed(mailing, admin, server):
    ann = make_user(mailing, "ann")
    assert "on its way to ann@example.org" in admin.send(f"/people/{ann.id}/link", mail="yes").text
    assert server.received[0]["Subject"] == "Another password for Precedent"


def test_programs_see_and_change_the_outbox(mailing, admin, told):
    found = admin.get("/api/v1/mail?state=waiting").json
    assert (found["sends"], found["counts"]["waiting"]) == (True, 1)
    assert found["mails"][0]["email"] == "ann@example.org"
    header = {"X-Form-Token": ""}
    assert admin.put(f"/api/v1/mail/{told}", json={"state": "given up"}, headers=header).status_code == 403


def test_the_doctor_asks_the_mail_server(mailing, settings, server, own_home):
    (check,) = [each for each in examine(settings) if each.name == "mail"]
    assert check.ok, check.detail
    down = mail_settings_of(server, own_home, smtp_port=1)
    (check,) = [each for each in examine(down) if each.name == "mail"]
    assert (check.ok, "connection refused" in check.detail) == (False, True)


def test_the_operation_page_says_how_mail_does(admin, told, mailing, server, own_home):
    assert "1 wait, 0 given up" in admin.get("/operation").text
    send_due(mail_settings_of(server, own_home, smtp_port=1), database_of(mailing))
    assert "connection refused" in admin.get("/operation").text


def test_the_command_line(mailing, told, server, settings, monkeypatch):
    given = {
        "PRECEDENT_HOME": str(settings.home), "PRECEDENT_URL": settings.url,
        "PRECEDENT_SMTP_HOST": "127.0.0.1", "PRECEDENT_SMTP_PORT": str(server.port),
        "PRECEDENT_SMTP_SECURITY": "none", "PRECEDENT_SMTP_SENDER": settings.smtp_sender,
    }  # fmt: skip

    def run(*arguments, status=0):
        done = CliRunner(env=given).invoke(precedent, arguments)
        assert done.exit_code == status, (done.output, done.exception)
        return done.output

    assert "1 waiting" in run("mail", "status")
    assert run("mail", "drop", str(told)) == "1 dropped.\n"
    assert run("mail", "retry", "--all") == "1 is sent as soon as may be.\n"
    assert run("mail", "send") == "Sent 1, needless 0, put off 0, given up 0.\n"
    assert '"state": "sent"' in run("mail", "status", "--json")
    assert "has taken a mail to zoe@example.org" in run("mail", "test", "zoe@example.org")
    assert "It is on its way to eve@example.org." in run("user", "add", "eve@example.org", "--mail")
    assert "say --all" in run("mail", "retry", status=2)
    assert len(server.received) == 3
