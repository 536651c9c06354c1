"""The OpenID Connect provider: where it sends people, and what its answers prove.

Authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636, RFC 9207). One
secret in the browser's cookie stands behind state, nonce and verifier, so that nothing of a sign-in
under way is stored in the clear. Authlib is imported when somebody signs in so for the first time.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from kb.people.secrets import derived
from kb.validation import shorten
from web.id_tokens import (
    SIGNATURES,
    Expected,
    ProviderFailed,
    UnknownKey,
    claims_of,
    import_keys,
    read_token,
)
from web.outbound import Reach, fetch, origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from joserfc.jwk import KeySet

    from kb.config import Settings
    from kb.people.identities import Claims

CALLBACK = "/sign-in/callback"
SCOPE = "openid email profile"
FRESH_SECONDS = 3_600
"""For so long discovery document and keys are not asked for again."""
AGAIN_SECONDS = 60
"""Keys that were not known are asked for no more often than this: anybody can send an unknown one."""


OF_EMAIL = ("email", "email_verified", "xms_edov")


class Discovery(BaseModel):
    """What the provider says of itself."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    id_token_signing_alg_values_supported: list[str] = ["RS256"]
    authorization_response_iss_parameter_supported: bool = False

    @property
    def auth_method(self) -> str:
        """How the client proves itself. In the body no character of a secret is read in two ways."""
        by_post = "client_secret_post" in self.token_endpoint_auth_methods_supported
        return "client_secret_post" if by_post else "client_secret_basic"

    @property
    def algorithms(self) -> list[str]:
        """Those signatures of the provider's that prove something."""
        return [each for each in SIGNATURES if each in self.id_token_signing_alg_values_supported]


@dataclass
class Provider:
    """The provider that the settings name. What it says of itself is kept for an hour."""

    settings: Settings
    reach: Reach = field(init=False)
    _discovery: tuple[float, Discovery] | None = None
    _keys: tuple[float, KeySet] | None = None

    def __post_init__(self) -> None:
        issuer, hosts = self.settings.oidc_issuer, self.settings.oidc_hosts
        self.reach = Reach.around(issuer, hosts, "PRECEDENT_OIDC_HOSTS")

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends people back to: it has to be registered there."""
        return self.settings.base_url + CALLBACK

    def address(self, secret: str) -> str:
        """Where the browser that holds the secret goes to sign in. Raises OutboundFailed."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        address: str = prepare_grant_uri(
            self.discover().authorization_endpoint,
            self.settings.oidc_client_id,
            "code",
            redirect_uri=self.redirect_uri,
            scope=SCOPE,
            state=state_of(secret),
            nonce=derived(secret, "nonce"),
            code_challenge=create_s256_code_challenge(derived(secret, "verifier")),
            code_challenge_method="S256",
        )
        return address

    def claims(self, secret: str, answer: Mapping[str, str]) -> Claims:
        """Who has signed in, by what the provider sent back. Raises OutboundFailed."""
        discovery = self.discover()
        self._check_sender(discovery, answer)
        if "error" in answer:
            raise ProviderFailed(_refusal(answer["error"]))
        token = self._redeem(discovery, secret, answer.get("code", ""))
        said = self._read_token(discovery, token, derived(secret, "nonce"))
        if not said.get("email") and discovery.userinfo_endpoint:
            # An address and whether it is verified count only when they come together.
            apart = {name: value for name, value in said.items() if name not in OF_EMAIL}
            said = self._user_info(discovery.userinfo_endpoint, token, said) | apart
        return claims_of(said)

    def discover(self) -> Discovery:
        """What the provider says of itself. Raises OutboundFailed."""
        if self._discovery is None or time.monotonic() - self._discovery[0] > FRESH_SECONDS:
            address = self.settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration"
            self._discovery = (time.monotonic(), self._checked(_read(self.reach, address)))
        return self._discovery[1]

    def forget(self) -> None:
        """Discovery document and keys are asked for again."""
        self._discovery = self._keys = None

    def _checked(self, found: dict[str, Any]) -> Discovery:
        try:
            discovery = Discovery.model_validate(found)
        except ValidationError as error:
            name = ".".join(map(str, error.errors()[0]["loc"]))
            raise ProviderFailed(f"The provider's discovery document has no usable {name}.") from None
        if discovery.issuer != self.settings.oidc_issuer:
            raise ProviderFailed(
                f"The provider calls itself {shorten(discovery.issuer, 120)}: write PRECEDENT_OIDC_ISSUER so."
            )
        if not discovery.algorithms:
            raise ProviderFailed("The provider signs with nothing that proves anything, such as RS256.")
        for each in (discovery.authorization_endpoint, discovery.token_endpoint, discovery.jwks_uri):
            self.reach.check(each)
        return discovery

    def _check_sender(self, discovery: Discovery, answer: Mapping[str, str]) -> None:
        """That the answer is this provider's and no other's (RFC 9207)."""
        said = answer.get("iss")
        is_needed = discovery.authorization_response_iss_parameter_supported
        if said != discovery.issuer and (is_needed or said is not None):
            raise ProviderFailed("The answer comes from another provider than the one that was asked.")

    def _redeem(self, discovery: Discovery, secret: str, code: str) -> dict[str, Any]:
        from authlib.oauth2.auth import ClientAuth
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        if not code:
            raise ProviderFailed("The provider sent no code.")
        settings = self.settings
        body = prepare_token_request(
            "authorization_code",
            redirect_uri=self.redirect_uri,
            code=code,
            code_verifier=derived(secret, "verifier"),
        )
        client = ClientAuth(settings.oidc_client_id, settings.oidc_client_secret, discovery.auth_method)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        address, headers, body = client.prepare("POST", discovery.token_endpoint, headers, body)
        return _read(self.reach, address, "POST", headers, body)

    def _read_token(self, discovery: Discovery, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """What the ID token says, once everything about it holds. Raises ProviderFailed."""
        written, access = token.get("id_token"), token.get("access_token")
        if not isinstance(written, str):
            raise ProviderFailed("The provider sent no ID token.")
        access = access if isinstance(access, str) else None
        expected = Expected(discovery.issuer, self.settings.oidc_client_id, nonce, access)
        try:
            return read_token(written, self._key_set(), discovery.algorithms, expected)
        except UnknownKey:
            return read_token(written, self._key_set(again=True), discovery.algorithms, expected)

    def _key_set(self, *, again: bool = False) -> KeySet:
        """The provider's keys; asked for again when they are old, or one is not among them."""
        age = time.monotonic() - self._keys[0] if self._keys else FRESH_SECONDS + 1
        if self._keys is None or age > (AGAIN_SECONDS if again else FRESH_SECONDS):
            self._keys = (time.monotonic(), self.fetch_keys())
        return self._keys[1]

    def fetch_keys(self) -> KeySet:
        """The keys as the provider shows them now. Raises OutboundFailed."""
        return import_keys(_read(self.reach, self.discover().jwks_uri))

    def _user_info(self, address: str, token: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
        """What the provider says of the person elsewhere than in the ID token, if it may be asked."""
        access = token.get("access_token")
        if not isinstance(access, str) or origin_of(urlsplit(address)) not in self.reach.origins:
            return {}
        found = _read(self.reach, address, headers={"Authorization": f"Bearer {access}"})
        if found.get("sub") != said["sub"]:
            raise ProviderFailed("The provider speaks of two different people in one answer.")
        return found


def state_of(secret: str) -> str:
    """What the provider hands back, so that its answer fits the browser that asked."""
    return derived(secret, "state")


def _read(
    reach: Reach, address: str, method: str = "GET", headers: Mapping[str, str] | None = None,
    body: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The JSON object that the provider answers with. Raises OutboundFailed."""
    answer = fetch(reach, address, method, {"Accept": "application/json", **(headers or {})}, body)
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and 200 <= answer.status < 300:
        return found
    host = urlsplit(address).netloc
    if isinstance(found, dict) and isinstance(found.get("error"), str):
        raise ProviderFailed(f"{host} refuses: {shorten(found['error'], 80)} (status {answer.status}).")
    raise ProviderFailed(f"{host} answers with no JSON object (status {answer.status}).")


def _refusal(error: str) -> str:
    """What an error of the provider means (RFC 6749, section 4.1.2.1)."""
    match error:
        case "access_denied":
            return "The provider did not let you in, or you turned back there."
        case "temporarily_unavailable" | "server_error":
            return "The provider has a fault at the moment. Try again in some minutes."
        case _:
            return f"The provider refuses to sign anybody in here: {shorten(error, 80)}."
