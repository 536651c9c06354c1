"""Settings of the mail server: whole, or an error that names what is wrong."""

from __future__ import annotations

import pytest

from kb.config import Settings
from kb.errors import SettingsError
from web.operation import settings_in_force

GIVEN = {
    "PRECEDENT_URL": "https://lessons.example.org", "PRECEDENT_SMTP_HOST": "mail.example.org",
    "PRECEDENT_SMTP_SENDER": "Precedent <precedent@example.org>",
}  # fmt: skip


def read(**changes: str) -> Settings:
    named = {f"PRECEDENT_{name}": value for name, value in changes.items()}
    return Settings.from_env({name: value for name, value in (GIVEN | named).items() if value})


def test_nothing_is_sent_unless_it_is_set():
    assert not Settings.from_env({}).sends_mail
    assert read().sends_mail


@pytest.mark.parametrize(("security", "port"), [("", 587), ("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_from_the_security(security, port):
    assert read(SMTP_SECURITY=security).smtp_port == port
    assert read(SMTP_SECURITY=security, SMTP_PORT="2525").smtp_port == 2525


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"SMTP_HOST": ""}, "PRECEDENT_SMTP_SENDER is set, and sending mail also needs PRECEDENT_SMTP_HOST"),
        ({"SMTP_SENDER": ""}, "also needs PRECEDENT_SMTP_SENDER"),
        ({"URL": ""}, "also needs PRECEDENT_URL"),
        ({"SMTP_HOST": "mail.example.org:25"}, "its port is PRECEDENT_SMTP_PORT"),
        ({"SMTP_HOST": "smtp://mail.example.org"}, "PRECEDENT_SMTP_HOST must name the mail server alone"),
        ({"SMTP_PORT": "70000"}, "PRECEDENT_SMTP_PORT must be a whole number from 1 to 65535"),
        ({"SMTP_SECURITY": "ssl"}, "PRECEDENT_SMTP_SECURITY must be starttls, tls, none, not 'ssl'"),
        ({"SMTP_SENDER": "precedent"}, "PRECEDENT_SMTP_SENDER must be an address"),
        ({"SMTP_SENDER": "a@x.org\r\nBcc: b@x.org"}, "PRECEDENT_SMTP_SENDER must be an address"),
        ({"SMTP_SENDER": "ä@x.org"}, "PRECEDENT_SMTP_SENDER must be an address"),
        ({"SMTP_NETWORKS": "10.0.0.0/33"}, "PRECEDENT_SMTP_NETWORKS must list"),
        ({"SMTP_USER": "precedent"}, "needs a user and a password, or neither"),
        ({"SMTP_PASSWORD": "tulip"}, "needs a user and a password, or neither"),
        ({"SMTP_USER": "u", "SMTP_PASSWORD": "p", "SMTP_PASSWORD_FILE": "f"}, "not both"),
        ({"SMTP_USER": "u", "SMTP_PASSWORD": "p\n"}, "PRECEDENT_SMTP_PASSWORD must be at most"),
        ({"SMTP_USER": "u", "SMTP_PASSWORD_FILE": "/not/there"}, "/not/there cannot be read: No such file"),
        ({"SMTP_USER": "u", "SMTP_PASSWORD": "p", "SMTP_SECURITY": "none"}, "not sent in the clear"),
    ],
)  # fmt: skip
def test_nonsense_is_named(changes, why):
    with pytest.raises(SettingsError) as error:
        read(**changes)
    assert why in str(error.value)
    assert "tulip" not in str(error.value)


def test_a_password_may_be_in_a_file(tmp_path):
    file = tmp_path / "smtp"
    file.write_text("tulip carriage\n")
    settings = read(SMTP_USER="precedent", SMTP_PASSWORD_FILE=str(file))
    assert settings.smtp_password == "tulip carriage"
    assert "tulip" not in repr(settings)
    assert "tulip" not in str(settings_in_force(settings))
    file.write_text("\n")
    with pytest.raises(SettingsError, match="is empty"):
        read(SMTP_USER="precedent", SMTP_PASSWORD_FILE=str(file))


def test_this_machine_may_be_told_in_the_clear():
    assert (
        read(SMTP_HOST="localhost", SMTP_SECURITY="none", SMTP_USER="u", SMTP_PASSWORD="p").smtp_user == "u"
    )
