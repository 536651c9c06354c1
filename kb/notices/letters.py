"""What a mail says: made when it goes, of what its reader may see by then, as text and as HTML.

The HTML passes the policy of every page. Nothing that somebody wrote can begin a header: what stands in
one is on a line, and the library encodes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from secrets import token_hex
from typing import TYPE_CHECKING

from kb.html import sanitise
from kb.notices import wording
from kb.notices.leaving import leave_address
from kb.people.clock import now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from kb.config import Settings
    from kb.notices.outbox import Claim
    from kb.notices.reading import NoticeView

MOST_NOTICES = 50
MOST_SUBJECT = 120
MOST_HEADER = 990
"""Characters of a line of the header; a mail's lines have 998 at most (RFC 5322, section 2.1.1)."""
SETTINGS_PATH, NOTICES_PATH = "/account#notices", "/notices"


@dataclass(frozen=True)
class Letter:
    """A mail before it is put into headers and parts."""

    to: str
    subject: str
    text: str
    html: str
    name: str
    """What tells it from all other mails; the same whenever it is tried again."""
    leave: str = ""
    """Where one asks for no more mails of its kinds; empty: it is a mail that somebody asked for."""


def notices_letter(
    settings: Settings, email: str, name: str, claimed: Claim, notices: Sequence[NoticeView]
) -> Letter:
    """Tells a person of these notices."""
    base, shown, more = settings.base_url, notices[:MOST_NOTICES], len(notices) - MOST_NOTICES
    rest = [f"{more:,} more stand on {base}{NOTICES_PATH}"] if more > 0 else []
    first = notices[0]
    one = f"{wording.heading(first)}: {wording.sentence(first)}".rstrip(": ")
    subject = (
        one if len(notices) == 1 else f"{len(notices):,} notifications, the first: {wording.heading(first)}"
    )
    events = list(dict.fromkeys(each.event for each in shown))
    stops = {each: leave_address(settings, claimed.user_id, email, [each]) for each in events}
    all_of_it = leave_address(settings, claimed.user_id, email, events)
    foot = _foot(base, stops)
    text = "\n\n".join([f"Hello {name},", *(_as_text(base, each) for each in shown), *rest, foot])
    items = "".join(f"<li>{_as_html(base, each)}</li>" for each in shown)
    html = f"<p>Hello {escape(name)},</p><ul>{items}</ul>" + "".join(
        f"<p>{escape(each)}</p>" for each in rest
    )
    name_of_mail = mail_name(claimed.id, claimed.created_at)
    return Letter(email, subject, text, html + _html_foot(base, stops), name_of_mail, all_of_it)


def link_letter(email: str, link: str, until: datetime, *, is_invitation: bool) -> Letter:
    """A link that works once: to come in, or to choose another password."""
    what = "You are invited to Precedent" if is_invitation else "Another password for Precedent"
    end = f"{until:%d %B %Y, %H:%M} UTC"
    does = "come in and choose a password" if is_invitation else "choose another password"
    why = f"With this link you {does}. It works once, until {end}. Whoever has it can do so in your place."
    text = f"{what}.\n\n{why}\n\n{link}\n\nIf you do not know why you get this, do nothing."
    html = (
        f"<p>{escape(what)}.</p><p>{escape(why)}</p><p><a href='{escape(link)}'>{escape(link)}</a></p>"
        "<p>If you do not know why you get this, do nothing.</p>"
    )
    return Letter(email, what, text, html, _new_name())


def sample_letter(settings: Settings, email: str, by: str) -> Letter:
    """Says that sending works."""
    said = f"Sending works: {by} asked {settings.base_url} for this mail."
    return Letter(email, "A test of Precedent's mail", said, f"<p>{escape(said)}</p>", _new_name())


def as_message(settings: Settings, letter: Letter) -> EmailMessage:
    """The letter with its headers and both parts."""
    sender = parseaddr(settings.smtp_sender)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = on_a_line(letter.subject, MOST_SUBJECT)
    message["From"] = Address(sender[0], addr_spec=sender[1])
    message["To"] = Address(addr_spec=letter.to)
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{letter.name}@{sender[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.leave:
        message["List-Unsubscribe"] = f"<{letter.leave}>"
        if letter.leave.startswith("https:"):  # RFC 8058 asks for it
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_printable(letter.text), cte="quoted-printable")
    html = f"<!doctype html><html><body>{sanitise(_printable(letter.html))}</body></html>"
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    # An address that is folded or encoded is none any more.
    message.policy = SMTP.clone(max_line_length=MOST_HEADER)
    return message


def mail_name(number: int, made_at: datetime) -> str:
    """The left part of a Message-ID: of a row of the outbox always the same."""
    return f"precedent.{number}.{made_at:%Y%m%d%H%M%S}"


def _new_name() -> str:
    return f"precedent.{token_hex(12)}"


def on_a_line(text: str, most: int) -> str:
    """The text without line breaks and what cannot be seen, cut where it is too long."""
    flat = " ".join(_printable(text).split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


def address_of(base: str, notice: NoticeView) -> str:
    """The address of the page that a notice leads to."""
    return base + (notice.place or (f"/entries/{notice.ref}" if notice.ref else NOTICES_PATH))


def _as_text(base: str, notice: NoticeView) -> str:
    ref = f" ({notice.ref})" if notice.ref and notice.title else ""
    lines = [
        on_a_line(wording.heading(notice), 500) + ref, wording.sentence(notice),
        *(f"> {line}" for line in wording.details(notice).splitlines()), address_of(base, notice),
    ]  # fmt: skip
    return "\n".join(line for line in lines if line)


def _as_html(base: str, notice: NoticeView) -> str:
    address, ref = escape(address_of(base, notice)), f" ({escape(notice.ref)})" if notice.ref else ""
    parts = [f"<p><a href='{address}'>{escape(wording.heading(notice))}</a>{ref}</p>"]
    parts += [f"<p>{escape(said)}</p>"] if (said := wording.sentence(notice)) else []
    words = escape(wording.details(notice)).replace("\n", "<br>")
    parts += [f"<blockquote>{words}</blockquote>"] if words else []
    return "".join(parts)


def _foot(base: str, stops: Mapping[str, str]) -> str:
    ends = "".join(f"No more mails about {wording.KINDS[event]}: {to}\n" for event, to in stops.items())
    return (
        f"-- \n{ends}Choose what comes by mail, or nothing: {base}{SETTINGS_PATH}\n"
        f"All of it: {base}{NOTICES_PATH}"
    )


def _html_foot(base: str, stops: Mapping[str, str]) -> str:
    ends = "".join(
        f"<a href='{escape(to)}'>No more mails about {escape(wording.KINDS[event])}</a> · "
        for event, to in stops.items()
    )
    return (
        f"<hr><p><small>{ends}<a href='{escape(base + SETTINGS_PATH)}'>Choose what comes by mail, or nothing"
        f"</a> · <a href='{escape(base + NOTICES_PATH)}'>All notifications</a></small></p>"
    )


def _printable(text: str) -> str:
    """Without control characters and halves of pairs, which no mail can carry."""
    return "".join(char if char.isprintable() or char in "\n\t" else " " for char in text)
