"""Everything that a provider may do wrong is refused: with words, an audit line, and no session."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fixtures.people import browser_of, make_user
from tests.fixtures.provider import again, go, new_key, refused, shared_secret
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people", "tests.fixtures.provider"]


@pytest.fixture
def app(provided_app):
    return provided_app


TOKENS = {
    "another nonce": ({"nonce": "x"}, "another sign-in (nonce)"),
    "no nonce": ({"nonce": None}, "another sign-in (nonce)"),
    "another audience": ({"aud": ["other"]}, "another program (aud)"),
    "no audience": ({"aud": None}, "another program (aud)"),
    "another party": ({"aud": ["precedent", "other"], "azp": "other"}, "another program (azp)"),
    "many audiences and no party": ({"aud": ["precedent", "other"]}, "another program (azp)"),
    "another issuer": ({"iss": "https://evil.example"}, "another provider (iss)"),
    "expired": ({"exp": timedelta(seconds=-300)}, "has expired"),
    "never expires": ({"exp": None}, "has expired"),
    "expiry that is none": ({"exp": "tomorrow"}, "has expired"),
    "from the future": ({"iat": timedelta(seconds=600)}, "from the future"),
    "not yet": ({"nbf": timedelta(seconds=600)}, "does not hold yet"),
    "nobody": ({"sub": None}, "does not say who"),
    "empty subject": ({"sub": ""}, "does not say who"),
    "subject that is a number": ({"sub": 17}, "does not say who"),
    "endless subject": ({"sub": "x" * 256}, "does not say who"),
    "subject that cannot be stored": ({"sub": "a\x00b"}, "does not say who"),
    "another access token": ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "wrong in 'at_hash'"),
}


@pytest.mark.parametrize(("changes", "words"), TOKENS.values(), ids=TOKENS)
def test_a_token_that_proves_nothing_is_refused(app, provider, changes, words):
    make_user(app, "dora")
    provider.changed_token = changes
    browser = browser_of(app)
    assert words in refused(app, browser, go(browser), 502)


def test_clocks_may_differ_a_little(app, provider):
    make_user(app, "dora")
    provider.changed_token = {"iat": timedelta(seconds=60), "exp": timedelta(seconds=-60)}
    assert go(browser_of(app)).status_code == 303


def test_an_unsigned_token_is_refused(app, provider):
    make_user(app, "dora")
    provider.client.algorithm = "none"
    browser = browser_of(app)
    assert "not signed as it must be" in refused(app, browser, go(browser), 502)


def test_a_token_signed_with_our_own_secret_is_refused(app, provider):
    make_user(app, "dora")
    provider.client.algorithm, provider.signing = "HS256", shared_secret()
    browser = browser_of(app)
    assert "not signed as it must be" in refused(app, browser, go(browser), 502)


def test_a_token_signed_by_another_key_is_refused(app, provider):
    make_user(app, "dora")
    other, known = new_key(), provider.signing
    provider.signing = other
    browser = browser_of(app)
    assert "not signed as it must be" in refused(app, browser, go(browser), 502)
    provider.signing = type(other).import_key(other.as_dict(private=True) | {"kid": known.kid})
    assert "bad_signature" in refused(app, browser, go(browser), 502)


def test_a_new_key_is_asked_for(app, provider):
    make_user(app, "dora")
    go(browser_of(app))
    provider.signing = new_key()
    provider.keys.append(provider.signing)
    services = app.extensions[EXTENSION]
    asked_at, keys = services.provider._keys
    assert go(browser_of(app)).status_code == 502
    services.provider._keys = (asked_at - 61, keys)
    assert go(browser_of(app)).status_code == 303


def test_other_kinds_of_signature_are_read(app, provider):
    make_user(app, "dora")
    provider.client.algorithm, provider.signing = "ES256", provider.keys[0]
    assert go(browser_of(app)).status_code == 303


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_either_way_of_showing_the_secret_works(app, provider, method):
    make_user(app, "dora")
    provider.client.auth_methods = [method]
    assert go(browser_of(app)).status_code == 303


FAULTS = {
    "slow": "takes too long",
    "dripping": "takes too long",
    "redirecting": "redirects are not followed",
    "huge": "more than 1,000,000 bytes",
    "broken": "no JSON object (status 200)",
    "listing": "no JSON object (status 200)",
    "failing": "refuses: 'server_error' (status 500)",
}


@pytest.mark.parametrize("path", ["/token", "/keys"])
@pytest.mark.parametrize(("fault", "words"), FAULTS.items())
def test_an_endpoint_that_misbehaves_is_named(app, provider, monkeypatch, path, fault, words):
    monkeypatch.setattr("web.outbound.TOTAL_SECONDS", 0.5)
    make_user(app, "dora")
    browser = browser_of(app)
    provider.faults[path] = fault
    assert words in refused(app, browser, go(browser), 502)


@pytest.mark.parametrize(("fault", "words"), FAULTS.items())
def test_a_provider_that_misbehaves_from_the_start_is_named(app, provider, monkeypatch, fault, words):
    monkeypatch.setattr("web.outbound.TOTAL_SECONDS", 0.5)
    browser = browser_of(app)
    provider.faults["/.well-known/openid-configuration"] = fault
    assert words in refused(app, browser, browser.send("/sign-in/provider"), 502)


DISCOVERIES = {
    "another issuer": ({"issuer": "https://other.example"}, "calls itself 'https://other.example'"),
    "no token endpoint": ({"token_endpoint": None}, "no usable token_endpoint"),
    "keys elsewhere": ({"jwks_uri": "https://keys.example/jwks"}, "add keys.example to PRECEDENT_OIDC_HOSTS"),
    "another port": ({"token_endpoint": "http://127.0.0.1:9/token"}, "add 127.0.0.1:9 to"),
    "no TLS": ({"token_endpoint": "http://sso.example/token"}, "is not an https address"),
    "no address": ({"jwks_uri": "file:///etc/passwd"}, "is not an https address"),
    "broken address": ({"jwks_uri": "https://[x/"}, "is no address"),
    "shared secrets only": (
        {"id_token_signing_alg_values_supported": ["HS256", "none"]},
        "signs with nothing",
    ),
}


@pytest.mark.parametrize(("changes", "words"), DISCOVERIES.values(), ids=DISCOVERIES)
def test_a_discovery_document_that_leads_astray_is_refused(app, provider, changes, words):
    provider.changed_discovery = changes
    browser = browser_of(app)
    assert words in refused(app, browser, browser.send("/sign-in/provider"), 502)


def test_a_provider_that_is_not_there_is_named(app, provider):
    with again(app, provider, oidc_issuer="http://127.0.0.1:9") as other:
        browser = browser_of(other)
        assert "cannot be reached" in refused(other, browser, browser.send("/sign-in/provider"), 502)
