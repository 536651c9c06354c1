"""Badges of completed paths: issued once to who asks, checked by anybody, revoked by a trainer.

Source: 1EdTech, Open Badges Specification 3.0 (OpenBadgeCredential, Achievement, 1EdTechRevocationList).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kb.errors import InvalidRecord, NotAllowed, NotFound
from kb.learning.courses import Course, course_of, learner
from kb.learning.model import Credential, Enrolment
from kb.learning.signing import BadgeRefused
from kb.model import Entry
from kb.people.audit import audited
from kb.people.clock import now
from kb.people.model import User
from kb.people.roles import require
from kb.reading import get_entry
from kb.text import clean_text
from kb.validation import Problem

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.learning.signing import Signer
    from kb.people.audit import Origin
    from kb.people.roles import Person
    from kb.reading import Reader

CONTEXTS = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
LONGEST_REASON = 500


@dataclass(frozen=True)
class Badge:
    """A badge as anybody may see it who knows its address. What it says is what was signed."""

    id: int
    name: str
    signed: str
    holder: str
    title: str
    description: str
    criteria: str
    competencies: tuple[str, ...]
    issued_at: datetime
    valid_until: date | None
    revoked_at: datetime | None
    reason: str

    def has_lapsed(self, today: date) -> bool:
        """Whether it no longer counts."""
        return self.valid_until is not None and self.valid_until < today


def issue(database: Database, origin: Origin, ref: str, reader: Reader, signer: Signer) -> str:
    """The badge of the person's last completion of a path, made when there is none; its name.

    Raises NotFound, NotAllowed for a path that is not completed.
    """
    user_id = learner(origin)
    signer.key  # noqa: B018 - made before the transaction, so that no writer waits for it
    with audited(database, origin, "issue badge", ref) as act:
        query = select(Enrolment).join(Entry, Entry.id == Enrolment.path_id)
        query = query.where(Enrolment.user_id == user_id, Entry.ref == ref, Enrolment.state == "completed")
        enrolment = act.session.scalar(query.order_by(Enrolment.id.desc()).limit(1).with_for_update())
        if enrolment is None:
            get_entry(act.session, ref, reader)  # what is not there, or not for them, is not found
            raise NotAllowed(f"There is no badge for {ref} yet: complete the path first.")
        standing = act.session.scalar(select(Credential).where(Credential.enrolment_id == enrolment.id))
        if standing is not None:
            act.session.rollback()
            return standing.name
        course = course_of(act.session, enrolment, reader)
        if not isinstance(course, Course):
            raise NotFound(f"{ref} is no longer open to you.")
        user, name = act.session.get_one(User, user_id), secrets.token_urlsafe(16)
        signed = signer.sign(_claims(course, user, name, signer))
        act.session.add(
            Credential(enrolment_id=enrolment.id, name=name, signed=signed, issued_at=now(), reason="")
        )
        act.detail["badge"] = name[:6]
        return name


def find_badge(session: Session, name: str, signer: Signer) -> Badge:
    """The badge at this address. Raises NotFound, and BadgeRefused for one that was tampered with."""
    row = session.scalar(select(Credential).where(Credential.name == name))
    if row is None:
        raise NotFound("There is no such badge. Check the address: it has to be whole.")
    return _badge(row, signer.read(row.signed))


def check_badge(session: Session, signed: str, signer: Signer) -> Badge:
    """What stands here of a badge that somebody shows. Raises BadgeRefused, in words, for a forged one."""
    claims = signer.read(signed)
    name = str(claims.get("jti", "")).rpartition("/")[2]
    row = session.scalar(select(Credential).where(Credential.name == name))
    if row is None or row.signed != "".join(signed.split()):
        raise BadgeRefused("This badge is not in the register of those issued here. Do not rely on it.")
    return _badge(row, claims)


def badge_of(session: Session, enrolment_id: int) -> Credential | None:
    """The badge of a completion, if its holder has asked for one."""
    return session.scalar(select(Credential).where(Credential.enrolment_id == enrolment_id))


def all_badges(session: Session, person: Person, signer: Signer) -> list[Badge]:
    """Every badge that was issued, the newest first. Raises NotAllowed."""
    require(person, "train")
    rows = session.scalars(select(Credential).order_by(Credential.id.desc()))
    return [_badge(row, signer.read(row.signed)) for row in rows]


def revoke(database: Database, origin: Origin, number: int, reason: str) -> str:
    """From now on whoever checks the badge reads that it no longer counts, and why; its name.

    Raises NotAllowed, NotFound, InvalidRecord without a reason.
    """
    require(origin.person, "train")
    with audited(database, origin, "revoke badge", f"badge {number}") as act:
        row = act.session.get(Credential, number)
        if row is None:
            raise NotFound("There is no such badge.")
        said = clean_text(reason).strip()
        if not said or len(said) > LONGEST_REASON:
            words = f"is needed, in at most {LONGEST_REASON} characters: whoever checks the badge reads it"
            raise InvalidRecord([Problem("reason", words)])
        if row.revoked_at is None:
            row.revoked_at, row.revoked_by, row.reason = now(), origin.person.name, said
        act.detail |= {"badge": row.name[:6], "reason": row.reason}
        return row.name


def revocations(session: Session, signer: Signer) -> dict[str, Any]:
    """The public list of revoked badges."""
    rows = session.scalars(
        select(Credential).where(Credential.revoked_at.is_not(None)).order_by(Credential.id)
    )
    return {
        "id": f"{signer.base_url}/badges/revoked.json",
        "issuer": f"{signer.base_url}/badges/issuer",
        "revokedCredential": [
            {"id": f"{signer.base_url}/badges/{row.name}", "revoked": True, "revocationReason": row.reason}
            for row in rows
        ],
    }


def issuer(signer: Signer) -> dict[str, Any]:
    """Who issues, as an Open Badges profile."""
    return {
        "id": f"{signer.base_url}/badges/issuer", "type": ["Profile"], "name": "Precedent",
        "url": signer.base_url,
    }  # fmt: skip


def _claims(course: Course, user: User, name: str, signer: Signer) -> dict[str, Any]:
    """The credential with the claims that JWT adds to it."""
    here = f"{signer.base_url}/badges/{name}"
    begins = (course.completed_at or now()).astimezone(UTC)
    credential: dict[str, Any] = {
        "@context": list(CONTEXTS),
        "id": here,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": course.view.title,
        "issuer": issuer(signer),
        "validFrom": f"{begins:%Y-%m-%dT%H:%M:%SZ}",
        "credentialSubject": _subject(course, user, here, signer),
        "credentialStatus": {
            "id": f"{signer.base_url}/badges/revoked.json", "type": "1EdTechRevocationList",
        },
    }  # fmt: skip
    claims = {"iss": credential["issuer"]["id"], "jti": here, "sub": f"{here}#holder"}
    times = {"nbf": int(begins.timestamp())}
    if course.valid_until is not None:
        end = datetime.combine(course.valid_until, time(23, 59, 59), UTC)
        credential["validUntil"] = f"{end:%Y-%m-%dT%H:%M:%SZ}"
        times["exp"] = int(end.timestamp())
    return credential | claims | times


def _subject(course: Course, user: User, here: str, signer: Signer) -> dict[str, Any]:
    """Who completed what. The e-mail address is hashed: whoever knows it can compare."""
    summary, salt = course.view.content.summary, secrets.token_hex(8)
    goal = course.path.goal or summary or course.view.title
    email = hashlib.sha256(f"{user.email}{salt}".encode()).hexdigest()
    return {
        "id": f"{here}#holder",
        "type": ["AchievementSubject"],
        "identifier": [
            {"type": "IdentityObject", "identityHash": f"sha256${email}", "identityType": "emailAddress",
             "hashed": True, "salt": salt},
            {"type": "IdentityObject", "identityHash": user.name, "identityType": "name", "hashed": False},
        ],
        "achievement": {
            "id": f"{signer.base_url}/entries/{course.ref}?revision={course.view.number}",
            "type": ["Achievement"],
            "achievementType": "LearningProgram",
            "name": course.view.title,
            "description": summary or goal,
            "criteria": {"narrative": goal},
            "tag": list(course.path.competencies),
        },
    }  # fmt: skip


def _badge(row: Credential, claims: dict[str, Any]) -> Badge:
    subject = claims["credentialSubject"]
    achievement = subject["achievement"]
    names = [each for each in subject["identifier"] if each["identityType"] == "name"]
    until = claims.get("validUntil")
    return Badge(
        id=row.id, name=row.name, signed=row.signed, holder=names[0]["identityHash"],
        title=achievement["name"], description=achievement["description"],
        criteria=achievement["criteria"]["narrative"], competencies=tuple(achievement["tag"]),
        issued_at=datetime.fromisoformat(claims["validFrom"]),
        valid_until=datetime.fromisoformat(until).date() if until else None,
        revoked_at=row.revoked_at, reason=row.reason,
    )  # fmt: skip
