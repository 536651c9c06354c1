"""The way through the outbox: each mail claimed, written for what its reader may see now, sent, settled."""

from __future__ import annotations

import logging
from email.errors import MessageError
from typing import TYPE_CHECKING

from kb.errors import KbError
from kb.notices.letters import as_message, link_letter, notices_letter, sample_letter
from kb.notices.model import Mail
from kb.notices.outbox import claim, give_up_stale
from kb.notices.reading import notices_of_mail
from kb.outbox import Report
from kb.people.accounts import as_person
from kb.people.audit import audited, note_refusal
from kb.people.clock import now
from kb.people.links import LASTS
from kb.people.model import User
from kb.people.reader import reader_of
from kb.people.roles import require
from kb.people.texts import WAYS, Email
from kb.strict import Strict
from kb.validation import validate
from web.mailing.link import MailLink, MailPutOff, MailRefused, MailServerDown

if TYPE_CHECKING:
    from email.message import EmailMessage

    from kb.config import Settings
    from kb.database import Database
    from kb.notices.letters import Letter
    from kb.notices.outbox import Claim
    from kb.people.audit import Origin

logger = logging.getLogger(__name__)
BATCH = 20
"""Mails that go over one connection."""


class MailNotSetUp(KbError):
    """No mail server is set."""


class Recipient(Strict):
    """Whom to send a mail."""

    email: Email


def require_mail(settings: Settings) -> None:
    """Raises MailNotSetUp, saying what is missing."""
    if not settings.sends_mail:
        raise MailNotSetUp(
            "No mail is sent: set PRECEDENT_SMTP_HOST, PRECEDENT_SMTP_SENDER and PRECEDENT_URL."
        )


def send_due(settings: Settings, database: Database) -> Report:
    """Sends every mail whose turn it is. Raises MailNotSetUp.

    Several may do so at a time: each mail goes from one of them. While the server cannot be used all
    that is due is put off, and the outbox is left alone.
    """
    require_mail(settings)
    report = Report()
    with database.write_aside() as session:
        report.given_up += give_up_stale(session)
    while not report.problem:
        with database.write_aside() as session:
            claimed = claim(session, BATCH)
        if not claimed:
            break
        _send_batch(settings, database, claimed, report)
    if report.problem:
        logger.warning("No mail can be sent: %s", report.problem)
    return report


def send_now(settings: Settings, letter: Letter) -> None:
    """Sends one letter at once. Raises MailNotSetUp, MailServerDown, MailRefused, MailPutOff."""
    require_mail(settings)
    message = _in_parts(settings, letter)
    with MailLink(settings) as link:
        link.send(message)


def send_test(settings: Settings, database: Database, origin: Origin, email: str) -> None:
    """Sends one mail to see whether it goes. Raises NotAllowed, InvalidRecord, and as `send_now`."""
    require(origin.person, "manage mail")
    to = validate(Recipient, {"email": email}).email
    try:
        send_now(settings, sample_letter(settings, to, origin.person.name))
    except KbError as error:
        note_refusal(database, origin, "send test mail", to, error)
        raise
    with audited(database, origin, "send test mail", to):
        """Only the line in the log: no transaction is open while the server is asked."""


def send_link(
    settings: Settings, database: Database, origin: Origin, email: str, link: str, *, is_invitation: bool
) -> str:
    """Sends a link that works once to whom it is for. Returns why it did not go; empty when it did.

    It goes at once and is kept nowhere: in the outbox stands no secret.
    """
    until = now() + LASTS["invitation" if is_invitation else "reset"]
    try:
        send_now(settings, link_letter(email, link, until, is_invitation=is_invitation))
    except KbError as error:
        note_refusal(database, origin, "mail link", email, error)
        return str(error)
    with audited(database, origin, "mail link", email):
        """Only the line in the log."""
    return ""


def _send_batch(settings: Settings, database: Database, claimed: list[Claim], report: Report) -> None:
    """Over one connection, or a few where the server hangs up."""
    link: MailLink | None = None
    try:
        for each in claimed:
            if report.problem:
                report.try_later(database, Mail, each, report.problem)
                continue
            try:
                message = _write(settings, database, each)
                if message is None:
                    report.settle(database, Mail, each, "needless")
                    continue
                if link is not None and not link.is_open:
                    link.close()
                    link = None
                link = link or MailLink(settings).open()
                link.send(message)
            except MailServerDown as error:
                report.problem = str(error)
                report.try_later(database, Mail, each, report.problem)
            except MailPutOff as error:
                report.try_later(database, Mail, each, str(error))
            except MailRefused as error:
                report.settle(database, Mail, each, "given up", str(error))
            else:
                report.settle(database, Mail, each, "sent")
    finally:
        if link is not None:
            link.close()


def _write(settings: Settings, database: Database, claimed: Claim) -> EmailMessage | None:
    """The message as its reader may see it now; None when nothing is left to say."""
    with database.read() as session:
        mail, user = session.get(Mail, claimed.id), session.get(User, claimed.user_id)
        if mail is None or user is None or user.status != "active":
            return None
        reader = reader_of(as_person(user), settings.mask_below)
        found = notices_of_mail(session, mail, reader)
        wanted = [each for each in found if user.notices.get(each.event, WAYS[0]) != "never"]
        if not wanted:
            return None
        try:
            letter = notices_letter(settings, user.email, user.name, claimed, wanted)
        except OSError as error:
            raise MailPutOff(f"The key of links in mails cannot be kept or read: {error}.") from None
    return _in_parts(settings, letter)


def _in_parts(settings: Settings, letter: Letter) -> EmailMessage:
    try:
        return as_message(settings, letter)
    except (ValueError, IndexError, MessageError) as error:
        raise MailRefused(f"No mail can be written to {letter.to}: {error}.") from None
