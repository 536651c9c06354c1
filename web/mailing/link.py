"""A connection to the mail server: to a checked address, encrypted as set, and under a clock."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from kb.errors import KbError
from kb.networks import private_networks, read_address
from web.outbound import OutboundFailed, Reach, dial, reason_of, resolve

if TYPE_CHECKING:
    from email.message import EmailMessage
    from types import TracebackType

    from kb.config import Settings
    from kb.networks import Address

WAIT_SECONDS = 20.0
"""For each answer of the server."""
TOTAL_SECONDS = 120.0
"""For all that goes over one connection, however slowly the other side drips."""
SETTING = "PRECEDENT_SMTP_NETWORKS"


class MailServerDown(KbError):
    """The server cannot be reached, is not trusted, or does not let us send: no mail can go."""


class MailPutOff(KbError):
    """The server does not take this mail at the moment."""


class MailRefused(KbError):
    """The server never takes this mail."""


class MailLink:
    """An open connection, as a context. Raises MailServerDown when there is none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = _Client(settings, _checked(settings))
        self._clock = threading.Timer(TOTAL_SECONDS, self._cut)
        self._clock.daemon = True
        self._is_late = False

    def __enter__(self) -> Self:
        return self.open()

    def open(self) -> Self:
        """Connects, encrypts and signs in. Raises MailServerDown."""
        self._clock.start()
        try:
            self._client.begin()
        except smtplib.SMTPAuthenticationError as error:
            self.close()
            raise MailServerDown(f"{self._name} does not accept user and password: {_said(error)}.") from None
        except ssl.SSLCertVerificationError as error:
            self.close()
            words = f"The certificate of {self._name} is not trusted: {error.verify_message}."
            raise MailServerDown(words) from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.close()
            raise MailServerDown(f"{self._name} cannot be used: {self._why(error)}.") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, message: EmailMessage) -> None:
        """Hands one message over. Raises MailRefused, MailPutOff, and MailServerDown when none can go."""
        sender, to = (message[name].addresses[0].addr_spec for name in ("From", "To"))
        try:
            self._client.sendmail(sender, [to], message.as_bytes())
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[to]
            raise _refusal(code, _text(code, said)) from None
        except smtplib.SMTPSenderRefused as error:
            words = f"{self._name} does not let {sender} send: {_said(error)}."
            raise MailServerDown(words) from None
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, _said(error)) from None
        except smtplib.SMTPHeloError as error:
            raise MailServerDown(f"{self._name} does not greet back: {_said(error)}.") from None
        except (OSError, smtplib.SMTPException) as error:
            raise MailPutOff(f"The connection to {self._name} broke: {self._why(error)}.") from None

    @property
    def is_open(self) -> bool:
        """Whether another message can go over it."""
        return self._client.sock is not None and not self._is_late

    def close(self) -> None:
        """Says goodbye, if the other side listens."""
        self._clock.cancel()
        try:
            if self.is_open:
                self._client.docmd("QUIT")
        except (OSError, smtplib.SMTPException, ValueError):
            pass
        finally:
            self._client.close()

    @property
    def _name(self) -> str:
        return f"{self._settings.smtp_host}:{self._settings.smtp_port}"

    def _why(self, error: Exception) -> str:
        if self._is_late:
            return "it takes too long"
        if isinstance(error, smtplib.SMTPResponseException):
            return _said(error)
        if isinstance(error, smtplib.SMTPServerDisconnected):
            return "it hung up"
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return str(error).rstrip(".")
        return reason_of(error)

    def _cut(self) -> None:
        self._is_late = True
        link = self._client.sock
        try:
            if link is not None:
                # Not the method of an SSLSocket, which would take the state of TLS from under the reader.
                socket.socket.shutdown(link, socket.SHUT_RDWR)
        except OSError:
            return


class _Client(smtplib.SMTP):
    """smtplib's client, which connects to the addresses that were checked and to no others."""

    def __init__(self, settings: Settings, found: list[Address]) -> None:
        super().__init__(local_hostname=_own_name(settings), timeout=WAIT_SECONDS)
        self._settings, self._found = settings, found
        self._host = settings.smtp_host  # the name that STARTTLS compares with the certificate

    def begin(self) -> None:
        """Connects, encrypts and signs in, as far as it is set."""
        settings = self._settings
        code, words = self.connect(settings.smtp_host, settings.smtp_port)
        if code != 220:
            raise smtplib.SMTPResponseException(code, words)
        if settings.smtp_security == "starttls":
            self._upgrade()
        self.ehlo_or_helo_if_needed()
        if settings.smtp_user:
            self.login(settings.smtp_user, settings.smtp_password)

    def _upgrade(self) -> None:
        """As smtplib's `starttls`, with a handshake that the clock can end. Never goes on in the clear."""
        self.ehlo_or_helo_if_needed()
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("it does not offer STARTTLS")
        code, words = self.docmd("STARTTLS")
        if code != 220 or self.sock is None:
            raise smtplib.SMTPResponseException(code, words)
        self._encrypt(self.sock)
        # What was said in the clear counts no more.
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features, self.does_esmtp = {}, False

    def _encrypt(self, link: socket.socket) -> socket.socket:
        context = ssl.create_default_context()
        secure = context.wrap_socket(link, server_hostname=self._host, do_handshake_on_connect=False)
        self.sock = secure
        secure.do_handshake()
        return secure

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        link = dial(self._found, port)
        link.settimeout(timeout)
        return self._encrypt(link) if self._settings.smtp_security == "tls" else link


def _checked(settings: Settings) -> list[Address]:
    """The addresses of the server, each of them allowed. Raises MailServerDown."""
    host = settings.smtp_host
    reach = Reach(frozenset(), (*settings.smtp_networks, *private_networks(host)), SETTING)
    try:
        found = resolve(host, settings.smtp_port)
        reach.check_host(host, found)
    except OutboundFailed as error:
        raise MailServerDown(str(error)) from None
    return found


def _own_name(settings: Settings) -> str:
    """How we greet: by the name under which people reach us."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    address = read_address(host)
    return host if address is None else f"[IPv6:{host}]" if ":" in host else f"[{host}]"


def _refusal(code: int, words: str) -> KbError:
    return MailRefused(f"The mail server refuses it: {words}.") if code >= 500 else MailPutOff(
        f"The mail server does not take it now: {words}."
    )  # fmt: skip


def _said(error: smtplib.SMTPResponseException) -> str:
    return _text(error.smtp_code, error.smtp_error)


def _text(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}".rstrip(".")[:250]
