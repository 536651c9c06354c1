"""ID tokens: whether one proves who has signed in (OpenID Connect Core 1.0, section 3.1.3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.people.identities import Claims
from kb.validation import shorten
from web.outbound import OutboundFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from joserfc.jwk import KeySet

SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key that only the provider has: neither `none` nor those made with our own secret."""
SKEW_SECONDS = 120
"""How far the provider's clock may differ from ours."""
MAX_SUBJECT = 255
"""Characters, all of them ASCII, by which a provider may call a person (Core 1.0, section 2)."""


class ProviderFailed(OutboundFailed):
    """The provider cannot be reached, or its answer proves nothing."""


class UnknownKey(ProviderFailed):
    """The token names a key that the provider did not show."""


@dataclass(frozen=True)
class Expected:
    """What a token has to say."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str | None
    """The one that came with it, if any: a token may hold its hash."""


def read_token(written: str, keys: KeySet, algorithms: Sequence[str], expected: Expected) -> dict[str, Any]:
    """What the token says, once everything about it holds. Raises ProviderFailed, UnknownKey."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import ClaimError, InvalidKeyIdError, JoseError
    from joserfc.jws import JWSRegistry

    rules = JWSRegistry(algorithms=algorithms, strict_check_header=False)
    options = {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
        "sub": {"essential": True},
    }
    params = {
        "nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token,
    }  # fmt: skip
    try:
        read = jwt.decode(written, keys, registry=rules)
        CodeIDToken(read.claims, read.header, options, params).validate(leeway=SKEW_SECONDS)
    except ClaimError as error:
        raise ProviderFailed(_wrong(error.claim)) from None
    except InvalidKeyIdError:
        raise UnknownKey("The provider's ID token is not signed as it must be (unknown key).") from None
    except (JoseError, TypeError, ValueError) as error:
        raise ProviderFailed(f"The provider's ID token is not signed as it must be ({error}).") from None
    return read.claims


def import_keys(found: Mapping[str, Any]) -> KeySet:
    """The keys for signatures; those of kinds that we do not know are passed over (RFC 7517, section 5)."""
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet, import_key

    listed, keys = found.get("keys"), []
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and each.get("kty") != "oct" and each.get("use", "sig") == "sig":
            try:
                keys.append(import_key(each))
            except (JoseError, ValueError, TypeError, KeyError):
                continue
    if not keys:
        raise ProviderFailed("The provider shows no key for its signatures.")
    return KeySet(keys)


def claims_of(said: Mapping[str, Any]) -> Claims:
    """Who that is. Raises ProviderFailed."""
    subject = said["sub"]
    if not (subject.isascii() and subject.isprintable() and len(subject) <= MAX_SUBJECT):
        raise ProviderFailed(_wrong("sub"))
    email, name = said.get("email"), said.get("name")
    # Entra never sends email_verified; xms_edov is its word for an address of a domain that it verified.
    is_verified = said.get("email_verified", said.get("xms_edov") in (True, "1", "true"))
    return Claims(
        issuer=said["iss"],
        subject=subject,
        email=email if isinstance(email, str) else "",
        is_verified=is_verified is True,
        name=name if isinstance(name, str) else "",
    )


def _wrong(claim: str) -> str:
    meant = {
        "iss": "was made by another provider (iss)",
        "aud": "is meant for another program (aud)",
        "azp": "is meant for another program (azp)",
        "exp": "has expired: if this stays, compare the clocks of both machines (exp)",
        "iat": "is from the future: compare the clocks of both machines (iat)",
        "nbf": "does not hold yet: compare the clocks of both machines (nbf)",
        "nonce": "belongs to another sign-in (nonce)",
        "sub": "does not say who has signed in (sub)",
    }
    return f"The provider's ID token {meant.get(claim, f'is wrong in {shorten(claim)}')}."
