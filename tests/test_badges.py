"""Badges: checked by a library of others, against what Open Badges 3.0 requires; forged ones are refused."""

from __future__ import annotations

import base64
import json
import re
import stat
import threading
from datetime import UTC, datetime

import jsonschema
import jwt
import pytest
from joserfc import jwt as jose
from joserfc.jwk import RSAKey
from sqlalchemy import delete, update

from kb.learning.model import Credential, Enrolment
from kb.learning.signing import FILE, Signer
from kb.people.audit import AuditFilter, find
from tests.fixtures.people import sign_in
from tests.fixtures.web import application
from tests.test_learning import COURSE, put
from tests.test_web_learning import database_of, follow, words

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
TEXT = {"type": "string", "minLength": 1}
URL = {"type": "string", "format": "uri", "pattern": "^https?://"}
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
REQUIRED = {
    "type": "object",
    "required": ["@context", "id", "type", "credentialSubject", "issuer", "validFrom"],
    "properties": {
        "@context": {
            "type": "array", "minItems": 2,
            "prefixItems": [
                {"const": "https://www.w3.org/ns/credentials/v2"},
                {"pattern": r"^https://purl\.imsglobal\.org/spec/ob/v3p0/context-3\.\d\.\d\.json$"},
            ],
        },
        "id": URL,
        "type": {"allOf": [{"contains": {"const": "VerifiableCredential"}},
                           {"contains": {"enum": ["OpenBadgeCredential", "AchievementCredential"]}}]},
        "issuer": {"type": "object", "required": ["id", "type"],
                   "properties": {"id": URL, "type": {"contains": {"const": "Profile"}}}},
        "validFrom": MOMENT,
        "validUntil": MOMENT,
        "credentialSubject": {
            "type": "object", "required": ["type", "achievement"],
            "properties": {
                "type": {"contains": {"const": "AchievementSubject"}},
                "identifier": {"type": "array", "items": {
                    "required": ["type", "identityHash", "identityType", "hashed"],
                    "properties": {"type": {"const": "IdentityObject"}, "hashed": {"type": "boolean"}}}},
                "achievement": {
                    "type": "object", "required": ["id", "type", "name", "description", "criteria"],
                    "properties": {"id": URL, "type": {"contains": {"const": "Achievement"}}, "name": TEXT,
                                   "description": TEXT, "criteria": {"required": ["narrative"]}},
                },
            },
        },
        "credentialStatus": {"required": ["id", "type"],
                             "properties": {"id": URL, "type": {"const": "1EdTechRevocationList"}}},
    },
}  # fmt: skip
"""What the published JSON schema of an AchievementCredential requires (1EdTech, Open Badges 3.0)."""
SHORT = COURSE | {
    "goal": "Read **one** lesson.", "competencies": ["going back"], "summary": "Short.",
    "stages": [{"title": "All", "steps": [{"entry": "L-0001"}]}],
}  # fmt: skip


@pytest.fixture
def school(own_app):
    put(database_of(own_app), SHORT)
    return own_app


def complete(browser) -> str:
    """The address of the badge."""
    browser.send("/learning/P-0005/enrol")
    browser.send("/learning/P-0005/L-0001", do="done", note="")
    page = browser.get("/learning/P-0005")
    assert "Get the certificate" in page.text
    return browser.send("/learning/P-0005/badge").headers["Location"]


def public_key(visitor):
    (key,) = visitor.get("/.well-known/jwks.json").json["keys"]
    assert key == visitor.get("/badges/key").json
    assert not {"d", "p", "q", "dp", "dq", "qi"} & set(key)
    return jwt.PyJWK(key)


def test_a_badge_is_what_the_standard_asks_and_checked_by_another_library(school):
    anna, visitor = sign_in(school, "anna"), school.test_client()
    address = complete(anna)
    answer = visitor.get(f"{address}.jwt")
    assert answer.content_type == "application/vc+jwt"
    header = jwt.get_unverified_header(answer.text)
    assert (header["alg"], header["typ"], header["kid"]) == (
        "RS256",
        "JWT",
        "http://127.0.0.1:8000/badges/key",
    )
    claims = jwt.decode(answer.text, public_key(visitor), algorithms=["RS256"])
    jsonschema.Draft202012Validator(REQUIRED).validate(claims)
    assert claims["iss"] == claims["issuer"]["id"] == visitor.get("/badges/issuer").json["id"]
    assert claims["jti"] == claims["id"] == f"http://127.0.0.1:8000{address}"
    assert claims["sub"] == claims["credentialSubject"]["id"]
    assert claims["exp"] > claims["nbf"]
    assert "anna@example.org" not in json.dumps(claims)
    achievement = claims["credentialSubject"]["achievement"]
    assert (achievement["name"], achievement["tag"]) == ("Going back", ["going back"])


def test_anybody_sees_at_its_address_whether_a_badge_counts(school):
    anna, visitor = sign_in(school, "anna"), school.test_client()
    address = complete(anna)
    assert anna.send("/learning/P-0005/badge").headers["Location"] == address  # once, however often asked
    page = words(visitor.get(address))
    assert "Anna has completed the learning path Going back on" in page
    assert "Issued here, and valid until" in page
    assert len(address) > len("/badges/") + 20
    assert visitor.get("/badges/nobodysbadge").status_code == 404
    assert "Certificate and badge" in anna.get("/learning/P-0005").text
    with application(school.extensions["precedent"].settings.home, public_reading=False) as closed:
        assert closed.test_client().get(address).status_code == 200


def test_a_trainer_revokes_with_a_reason_that_everybody_reads(school):
    anna, tom, visitor = sign_in(school, "anna"), sign_in(school, "tom", "trainer"), school.test_client()
    address = complete(anna)
    number = re.search(r"/teaching/badges/(\d+)/revoke", tom.get("/teaching/badges").text)[1]
    refused = tom.send(f"/teaching/badges/{number}/revoke", reason="  ")
    assert (refused.status_code, "Nothing was revoked" in refused.text) == (400, True)
    assert anna.send(f"/teaching/badges/{number}/revoke", reason="Mine").status_code == 403
    follow(tom, tom.send(f"/teaching/badges/{number}/revoke", reason="Taken by <somebody> else."))
    page = words(visitor.get(address))
    assert "It no longer counts: Taken by <somebody> else." in page
    listed = visitor.get("/badges/revoked.json").json
    assert listed["revokedCredential"] == [
        {"id": f"http://127.0.0.1:8000{address}", "revoked": True,
         "revocationReason": "Taken by <somebody> else."}
    ]  # fmt: skip
    with database_of(school).read() as session:
        actions = [line.action for line in find(session, AuditFilter(), 0, 5)[1]]
    assert {"revoke badge", "issue badge"} <= set(actions)


def forged(signed: str) -> dict[str, str]:
    """Badges that are none, by how they were made."""
    header, payload, signature = signed.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["credentialSubject"]["achievement"]["name"] = "Everything"
    other = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    mine = RSAKey.generate_key(2048)
    return {
        "changed": f"{header}.{other}.{signature}",
        "unsigned": f"{none}.{other}.",
        "signed by another": jose.encode(
            {"alg": "RS256", "kid": "http://x"}, claims, mine, algorithms=["RS256"]
        ),
        "cut": signed[:-9],
        "empty": "",
        "words": "I have passed, honestly.",
        "dots": "..",
        "long": "a.b." + "c" * 200_000,
    }


def test_forged_badges_are_refused_in_words(school):
    anna, visitor = sign_in(school, "anna"), sign_in(school, "vera")
    signed = anna.get(f"{complete(anna)}.jwt").text
    page = visitor.send("/badges/check", badge=f"{signed[:50]}\n{signed[50:]}  ")
    assert (page.status_code, "Issued here, and valid" in page.text) == (200, True)
    for how, badge in forged(signed).items():
        page = visitor.send("/badges/check", badge=badge)
        assert page.status_code == 400, how
        assert re.search("Do not rely on it|no signed badge", page.text), how
    with database_of(school).write_aside() as session:
        session.execute(update(Credential).values(name="anothername"))
    page = visitor.send("/badges/check", badge=signed)
    assert "not in the register" in page.text
    with database_of(school).write_aside() as session:
        session.execute(update(Credential).values(signed=forged(signed)["changed"]))
    assert visitor.get("/badges/anothername").status_code == 409


def test_who_has_not_completed_gets_none_and_renewal_gives_another(school):
    anna = sign_in(school, "anna")
    refused = anna.send("/learning/P-0005/badge")
    assert (refused.status_code, "complete the path first" in refused.text) == (403, True)
    first = complete(anna)
    before = datetime(2020, 2, 29, 10, tzinfo=UTC)
    with database_of(school).write_aside() as session:
        session.execute(delete(Credential))
        session.execute(update(Enrolment).values(completed_at=before))
    lapsed = anna.send("/learning/P-0005/badge").headers["Location"]
    assert lapsed != first
    assert "It was issued here and counted until 28 February 2021" in words(anna.get(lapsed))
    assert "take it anew to renew it" in anna.get("/learning/P-0005").text
    renewed = complete(anna)
    assert renewed != lapsed
    assert "Issued here, and valid" in words(anna.get(renewed))
    assert "lapsed" in anna.get("/learning").text  # the history is kept
    assert anna.get(first).status_code == 404


def test_the_key_is_made_once_and_its_owners_alone(tmp_path):
    signers = [Signer(tmp_path, "https://lessons.example.org") for _ in range(4)]
    made = []
    threads = [
        threading.Thread(target=lambda each=each: made.append(each.public_key["n"])) for each in signers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
