"""Mail, by a real server on this machine: what goes, what is tried again, what is given up, and to whom."""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from kb.config import Settings
from kb.errors import NotAllowed, NotFound
from kb.notices import outbox
from kb.notices.due import tell_due
from kb.notices.letters import Letter, as_message
from kb.notices.model import Mail, Notice
from kb.notices.telling import next_digest, notify
from kb.outbox import put_row_off
from kb.people.accounts import new_user
from kb.people.audit import AuditFilter, Origin, find
from kb.people.clock import now
from kb.people.model import User
from kb.people.roles import OPERATOR, Person
from kb.records import apply_record, parse_record
from kb.visibility import set_visibility
from tests.fixtures.mail import HANG_UP, SECRET, USER, mail_settings_of
from tests.security.payloads import payloads
from web.mailing import link as mail_link
from web.mailing.link import MailServerDown
from web.mailing.sending import MailNotSetUp, send_due, send_now, send_test

pytest_plugins = ["tests.fixtures.mail"]
LATER = timedelta(days=30)


@pytest.fixture
def people(database):
    """Three lessons, and Ann and Bea who are told about them."""
    with database.write() as session:
        for number in (1, 2, 3):
            record = {"kind": "lesson", "id": f"L-000{number}", "title": f"Lesson {number}", "author": "Cid"}
            apply_record(session, parse_record(record))
    with database.write_aside() as session:
        return {
            name: new_user(session, f"{name}@example.org", name.title(), "active").id
            for name in ("ann", "bea")
        }


@pytest.fixture
def tell(database, people):
    """Tells people something, whose mail is due at once."""

    def tell(*names, event="comment", **said):
        with database.write_aside() as session:
            to = [people[name] for name in names or ("ann",)]
            notify(session, event, to, **({"ref": "L-0001", "by": Person(name="Dora")} | said))
            session.execute(update(Mail).where(Mail.attempts == 0).values(due_at=now()))

    return tell


@pytest.fixture
def server(mail_servers):
    return mail_servers()


@pytest.fixture
def settings(server, tmp_path):
    return mail_settings_of(server, tmp_path)


def states(database):
    with database.read() as session:
        return [
            (mail.state, mail.attempts, mail.problem)
            for mail in session.scalars(select(Mail).order_by(Mail.id))
        ]


def make_due(database):
    with database.write_aside() as session:
        session.execute(update(Mail).where(Mail.state == "waiting").values(due_at=now()))


def parts(message):
    return {
        part.get_content_type(): part.get_content().replace("\r\n", "\n")
        for part in message.walk()
        if not part.is_multipart()
    }


def test_a_mail_says_what_happened_and_where_to_see_it(database, tell, server, settings):
    tell(words="Which <b>supplier</b>?\nAnd when?", place="/review/L-0001/2")
    report = send_due(settings, database)
    assert (report.sent, states(database)) == (1, [("sent", 1, "")])
    (message,) = server.received
    assert server.to == [["ann@example.org"]]
    assert (message["From"], message["To"]) == ("Precedent <precedent@example.org>", "ann@example.org")
    assert message["Subject"] == "Lesson 1: Dora commented on it."
    assert message["Auto-Submitted"] == "auto-generated"
    leave = message["List-Unsubscribe"].strip("<>")
    assert re.fullmatch(r"https://lessons\.example\.org/unsubscribe\?link=\d+\.comment\.[\w-]{22}", leave)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<precedent\.\d+\.\d{14}@example\.org>", message["Message-ID"])
    said = parts(message)
    assert (
        "Lesson 1 (L-0001)\nDora commented on it.\n> Which <b>supplier</b>?\n> And when?\n"
        in said["text/plain"]
    )
    assert "https://lessons.example.org/review/L-0001/2" in said["text/plain"]
    assert 'href="https://lessons.example.org/review/L-0001/2"' in said["text/html"]
    assert "Which &lt;b&gt;supplier&lt;/b&gt;?" in said["text/html"]
    for text in said.values():
        assert "https://lessons.example.org/account#notices" in text
        assert leave in text
        assert "No more mails about comments" in text
    assert server.greeted == ["lessons.example.org"]


def test_one_mail_carries_all_that_waits_for_a_person(database, tell, server, settings):
    tell("ann", "bea")
    tell("ann", ref="L-0002")
    assert send_due(settings, database).sent == 2
    by_person = {message["To"]: parts(message)["text/plain"] for message in server.received}
    assert "Lesson 1" in by_person["ann@example.org"]
    assert "Lesson 2" in by_person["ann@example.org"]
    assert "Lesson 2" not in by_person["bea@example.org"]
    assert send_due(settings, database).sent == 0


def test_what_may_not_be_seen_any_more_is_not_said(database, tell, server, settings):
    tell("ann", words="The price was 40 000.")
    tell("ann", ref="L-0002")
    tell("bea")
    with database.write() as session:
        set_visibility(session, "L-0001", "restricted", ["role:curator"])
    report = send_due(settings, database)
    assert (report.sent, report.needless) == (1, 1)
    assert "Lesson 1" not in str(server.received[0])
    assert "40 000" not in str(server.received[0])


@pytest.mark.parametrize("change", ["read", "disabled", "unwanted"])
def test_what_is_needless_by_now_is_not_sent(database, people, tell, server, settings, change):
    tell()
    with database.write_aside() as session:
        if change == "read":
            session.execute(update(Notice).values(read_at=now()))
        elif change == "disabled":
            session.execute(update(User).values(status="disabled"))
        else:
            session.execute(update(User).values(notices={"comment": "never"}))
    assert send_due(settings, database).needless == 1
    assert (server.received, states(database)) == ([], [("needless", 1, "")])


def test_daily_and_weekly_mails_wait_for_their_hour():
    wednesday, monday = datetime(2026, 11, 25, 14, tzinfo=UTC), datetime(2026, 11, 30, 5, tzinfo=UTC)
    assert next_digest(wednesday, "daily") == datetime(2026, 11, 26, 6, tzinfo=UTC)
    assert next_digest(wednesday, "weekly") == datetime(2026, 11, 30, 6, tzinfo=UTC)
    assert next_digest(monday, "weekly") == datetime(2026, 11, 30, 6, tzinfo=UTC)
    assert next_digest(monday + timedelta(hours=1), "weekly") == datetime(2026, 12, 7, 6, tzinfo=UTC)


def test_a_weekly_mail_gathers_as_its_person_wishes(database, people, tell, server, settings):
    with database.write_aside() as session:
        session.execute(update(User).values(notices={"comment": "weekly"}))
    for ref in ("L-0001", "L-0002", "L-0003"):
        tell(ref=ref)
    assert send_due(settings, database).sent == 1
    assert server.received[0]["Subject"] == "3 notifications, the first: Lesson 1"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encrypted_with_a_password(
    database, tell, mail_servers, mail_certificate, monkeypatch, tmp_path, security
):
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_certificate))
    server = mail_servers(security, asks_password=True)
    known = {"smtp_security": security, "smtp_user": USER, "smtp_password": SECRET, "smtp_host": "localhost"}
    tell()
    assert send_due(mail_settings_of(server, tmp_path, **known), database).sent == 1
    tell()
    wrong = mail_settings_of(server, tmp_path, **known | {"smtp_password": "another"})
    report = send_due(wrong, database)
    assert "does not accept user and password: 535" in report.problem
    assert SECRET not in report.problem
    assert len(server.received) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_nobody_vouches_for_gets_nothing(database, tell, mail_servers, tmp_path, security):
    server = mail_servers(security)
    tell()
    report = send_due(mail_settings_of(server, tmp_path, smtp_security=security), database)
    assert "The certificate of 127.0.0.1" in report.problem
    assert "is not trusted" in report.problem
    assert (server.received, server.to) == ([], [])


def test_without_starttls_nothing_goes_in_the_clear(database, tell, server, tmp_path):
    tell()
    report = send_due(mail_settings_of(server, tmp_path, smtp_security="starttls"), database)
    assert "it does not offer STARTTLS" in report.problem
    assert server.received == []


def test_what_is_not_taken_now_is_taken_later_as_the_same_mail(database, tell, server, settings):
    server.at_text = ["451 4.3.0 Try again", HANG_UP]
    server.at_recipient = []
    tell()
    assert send_due(settings, database).put_off == 1
    ((state, attempts, problem),) = states(database)
    assert (state, attempts) == ("waiting", 1)
    assert problem == "The mail server does not take it now: 451 4.3.0 Try again."
    assert send_due(settings, database).put_off == 0  # its pause is not over
    make_due(database)
    assert send_due(settings, database).put_off == 1
    assert "broke: it hung up" in states(database)[0][2]
    make_due(database)
    assert send_due(settings, database).sent == 1
    assert states(database) == [("sent", 3, "")]


def test_a_retry_is_no_duplicate(database, tell, server, settings):
    tell()
    assert send_due(settings, database).sent == 1
    with database.write_aside() as session:  # as when the answer was lost
        session.execute(update(Mail).values(state="waiting", due_at=now()))
    assert send_due(settings, database).sent == 1
    first, second = server.received
    assert first["Message-ID"] == second["Message-ID"]


def test_a_refused_recipient_is_given_up_and_holds_nobody_up(database, tell, server, settings):
    server.at_recipient = ["550 5.1.1 No such mailbox"]
    tell("ann", "bea")
    report = send_due(settings, database)
    assert (report.sent, report.given_up, report.problem) == (1, 1, "")
    refused, sent = states(database)
    assert refused == ("given up", 1, "The mail server refuses it: 550 5.1.1 No such mailbox.")
    assert sent == ("sent", 1, "")
    server.at_recipient = ["450 4.2.1 Busy"]
    tell()
    assert send_due(settings, database).put_off == 1


def test_a_text_that_is_never_taken_is_given_up(database, tell, server, settings):
    server.at_text = ["554 5.7.1 No\r\n"]
    tell()
    assert send_due(settings, database).given_up == 1
    assert states(database)[0][2].endswith("554 5.7.1 No.")


def test_a_connection_that_breaks_costs_only_that_mail(database, tell, server, settings):
    server.at_text = [HANG_UP]
    tell("ann", "bea")
    report = send_due(settings, database)
    assert (report.sent, report.put_off, report.problem) == (1, 1, "")


def test_a_server_that_is_down_puts_all_off_until_it_is_given_up(database, tell, tmp_path, server, settings):
    down = mail_settings_of(server, tmp_path, smtp_port=1)
    tell("ann", "bea")
    report = send_due(down, database)
    assert report.problem == "127.0.0.1:1 cannot be used: connection refused."
    assert (report.put_off, [state for state, _, _ in states(database)]) == (2, ["waiting"] * 2)
    for _ in outbox.PAUSES:
        make_due(database)
        send_due(down, database)
    assert {(state, attempts) for state, attempts, _ in states(database)} == {
        ("given up", len(outbox.PAUSES) + 1)
    }
    assert states(database)[0][2] == f"Given up after 11 attempts. {report.problem}"
    with database.write_aside() as session:
        for number in outbox.numbers_of(session, "given up"):
            outbox.retry(session, Origin(OPERATOR), number)
    assert send_due(settings, database).sent == 2


def test_pauses_grow_and_end_within_days():
    assert list(outbox.PAUSES) == sorted(outbox.PAUSES)
    assert timedelta(days=3) < sum(outbox.PAUSES, timedelta()) < timedelta(days=4)


def test_what_waited_before_mail_was_set_up_is_no_flood(database, tell, server, settings):
    tell("ann")
    with database.write_aside() as session:
        session.execute(update(Mail).values(due_at=now() - timedelta(days=1, minutes=1)))
    tell("bea")
    with database.write_aside() as session:
        session.execute(update(Mail).where(Mail.id == 1).values(due_at=now() - timedelta(days=2)))
        first = session.scalars(select(Mail.id).order_by(Mail.id)).first()
        session.execute(update(Mail).where(Mail.id == first).values(due_at=now() - timedelta(days=2)))
    report = send_due(settings, database)
    assert (report.sent, report.given_up) == (1, 1)
    assert states(database)[0] == ("given up", 0, outbox.TOO_OLD)


def test_two_senders_at_once_send_each_mail_once(database, people, tell, server, settings):
    with database.write_aside() as session:
        for number in range(30):
            user = new_user(session, f"p{number}@example.org", f"P{number}", "active")
            notify(session, "comment", [user.id], ref="L-0001")
        session.execute(update(Mail).values(due_at=now()))
    reports = []
    senders = [
        threading.Thread(target=lambda: reports.append(send_due(settings, database))) for _ in range(2)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sum(report.sent for report in reports) == 30
    assert len({message["To"] for message in server.received}) == len(server.received) == 30


def test_a_mail_of_a_sender_that_died_is_sent_by_the_next(database, tell, server, settings):
    tell()
    with database.write_aside() as session:
        (claimed,) = outbox.claim(session, 5)
    assert send_due(settings, database).sent == 0
    with database.write_aside() as session:
        due = session.scalars(select(Mail.due_at)).one()
        assert due - now() <= outbox.LEASE
        session.execute(update(Mail).values(due_at=now()))
    assert send_due(settings, database).sent == 1
    with database.write_aside() as session:  # the first comes to life again: it settles nothing
        assert put_row_off(session, Mail, claimed, "late") is True
    assert states(database)[0][0] == "sent"


def test_a_server_that_drips_is_left(database, tell, monkeypatch, tmp_path, server):
    monkeypatch.setattr(mail_link, "TOTAL_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as slow:

        def drip():
            with suppress(OSError):
                link = slow.accept()[0]
                with link:
                    while True:
                        link.sendall(b"2")
                        time.sleep(0.05)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        began = time.monotonic()
        port = slow.getsockname()[1]
        with pytest.raises(MailServerDown, match="it takes too long"):
            send_now(
                mail_settings_of(server, tmp_path, smtp_port=port),
                Letter("a@example.org", "s", "t", "h", "n"),
            )
        assert time.monotonic() - began < 5
        thread.join(2)


@pytest.mark.parametrize(
    ("found", "named"), [("10.1.2.3", ""), ("169.254.169.254", ""), ("10.1.2.3", "10.9.0.0/16")]
)
def test_a_private_address_has_to_be_named(monkeypatch, tmp_path, server, found, named):
    from kb.networks import read_network

    monkeypatch.setattr("web.outbound.socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (found, 25))])
    networks = (read_network(named),) if named else ()
    settings = mail_settings_of(server, tmp_path, smtp_host="mail.example.org", smtp_networks=networks)
    with pytest.raises(MailServerDown, match=f"{found}, which is no public address.*PRECEDENT_SMTP_NETWORKS"):
        send_now(settings, Letter("a@example.org", "s", "t", "h", "n"))


def test_without_a_server_nothing_is_sent(database, tell, tmp_path):
    tell()
    settings = Settings(tmp_path, f"sqlite:///{tmp_path}/x")
    with pytest.raises(MailNotSetUp, match="PRECEDENT_SMTP_HOST"):
        send_due(settings, database)
    assert states(database) == [("waiting", 0, "")]


def test_a_test_mail_stands_in_the_log(database, server, settings):
    send_test(settings, database, Origin(OPERATOR), "Zoe@example.org")
    assert server.to == [["zoe@example.org"]]
    server.at_recipient = ["550 No"]
    with pytest.raises(Exception, match="550 No"):
        send_test(settings, database, Origin(OPERATOR), "zoe@example.org")
    with pytest.raises(NotAllowed):
        send_test(settings, database, Origin(Person(id=1, roles=frozenset({"curator"}))), "zoe@example.org")
    with database.read() as session:
        lines = find(session, AuditFilter(action="send test mail", object="zoe@example.org"), 0, 2)[1]
        assert [line.outcome for line in lines] == ["refused", "done"]


def test_only_who_may_tries_again_or_drops(database, tell):
    tell()
    with database.write_aside() as session:
        curator = Origin(Person(id=1, name="c", roles=frozenset({"curator"})))
        number = session.scalars(select(Mail.id)).one()
        with pytest.raises(NotAllowed):
            outbox.drop(session, curator, number)
        with pytest.raises(NotFound):
            outbox.drop(session, Origin(OPERATOR), number + 999)
        view = outbox.drop(session, Origin(OPERATOR), number)
        assert (view.state, view.problem) == ("given up", "Dropped by command line.")
        with pytest.raises(NotAllowed, match="given up"):
            outbox.drop(session, Origin(OPERATOR), number)
        assert outbox.retry(session, Origin(OPERATOR), number).state == "waiting"
        found = outbox.look(session)
        assert (found.counts["waiting"], found.overdue, found.last_sent) == (1, 1, None)


HOSTILE = st.sampled_from([each.text for each in payloads()]) | st.text(max_size=80)


@given(
    subject=HOSTILE, text=HOSTILE, to=st.sampled_from(["a@example.org", "a..b@x.org", "=?x?=@example.org"])
)
def test_no_text_begins_a_header_or_a_script(subject, text, to):
    settings = Settings(
        "/x", "sqlite:///x", url="https://lessons.example.org", smtp_sender="Präzedenz <p@example.org>"
    )
    letter = Letter(
        to, f"{subject}\r\nBcc: evil@example.org", text, f"<p>{text}</p><svg><script>x</script>", "n"
    )
    with suppress(ValueError, IndexError):
        sent = message_from_bytes(as_message(settings, letter).as_bytes(), policy=policy.default)
        assert sent["Bcc"] is None
        assert set(sent.keys()) == {
            "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted",
            "MIME-Version", "Content-Type",
        }  # fmt: skip
        assert not re.search(r"<(script|svg|style|form|iframe)", parts(sent)["text/html"], re.IGNORECASE)


def test_what_is_due_comes_by_mail_too(database, people, server, settings):
    with database.write() as session:
        record = {
            "kind": "lesson",
            "id": "L-0009",
            "title": "Old",
            "verified_on": "2020-01-01",
            "verifier": "ann",
        }
        apply_record(session, parse_record(record))
    with database.write_aside() as session:
        assert tell_due(session, date(2026, 11, 27)) == 1
    make_due(database)
    assert send_due(settings, database).sent == 1
    assert server.received[0]["Subject"] == "Old: It is due for verification: does it still hold?"
