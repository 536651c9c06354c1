"""Settings of single sign-on: all of them or none, and each that makes no sense by its name."""

from __future__ import annotations

import pytest

from kb.config import Settings
from kb.errors import SettingsError

SET = {
    "PRECEDENT_OIDC_ISSUER": "https://sso.example.org/realms/staff",
    "PRECEDENT_OIDC_CLIENT_ID": "precedent",
    "PRECEDENT_OIDC_CLIENT_SECRET": "hush",
}


def test_settings_are_read():
    settings = Settings.from_env(
        SET
        | {"PRECEDENT_OIDC_CREATE": "yes", "PRECEDENT_OIDC_HOSTS": "keys.example.org, 10.0.0.0/8,[fd00::1]"}
    )
    assert settings.oidc_create is True
    assert settings.oidc_hosts == ("keys.example.org", "10.0.0.0/8", "[fd00::1]")
    assert "hush" not in repr(settings)


@pytest.mark.parametrize("missing", SET)
def test_half_of_the_settings_is_refused_by_name(missing):
    with pytest.raises(SettingsError, match=missing):
        Settings.from_env({name: value for name, value in SET.items() if name != missing})
    for alone in ("CREATE", "NAME", "HOSTS"):
        with pytest.raises(SettingsError, match=f"PRECEDENT_OIDC_{alone}.*ISSUER.*CLIENT_ID.*CLIENT_SECRET"):
            Settings.from_env({f"PRECEDENT_OIDC_{alone}": "yes"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "sso.example.org"), ("ISSUER", "http://sso.example.org"), ("ISSUER", "https://a@b.example"),
        ("ISSUER", "https://sso.example.org?x=1"), ("ISSUER", "https://sso.example.org:x"),
        ("ISSUER", "https://[x"), ("ISSUER", f"https://sso.example.org/{'x' * 300}"),
        ("CREATE", "perhaps"), ("NAME", "x" * 61), ("NAME", "two\nlines"),
        ("HOSTS", "https://keys.example.org"), ("HOSTS", "a b"), ("HOSTS", "keys.example.org:0"),
        ("HOSTS", "10.0.0.0/33"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_named(name, value):
    with pytest.raises(SettingsError, match=f"PRECEDENT_OIDC_{name}"):
        Settings.from_env(SET | {f"PRECEDENT_OIDC_{name}": value})


def test_only_this_machine_is_asked_without_tls():
    for issuer in ("http://127.0.0.1:9000", "http://localhost/realm", "http://[::1]:80"):
        assert Settings.from_env(SET | {"PRECEDENT_OIDC_ISSUER": issuer}).oidc_issuer == issuer
