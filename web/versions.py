"""Changes of what has versions: only of the version that the caller has read (RFC 9110, section 13)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from flask import request

from kb.errors import KbError

if TYPE_CHECKING:
    from datetime import datetime


class Versioned(Protocol):
    """What is changed only in the version that was read. Its representation says all that it says."""

    @property
    def version(self) -> int:
        """Counted up by every change."""

    @property
    def author(self) -> str:
        """Who changed it last."""

    @property
    def changed_at(self) -> datetime:
        """When."""


class VersionNeeded(KbError):
    """The call does not say which version it is about."""


class VersionGone(KbError):
    """What stands is not the version that If-Match names."""


def etag_of(thing: Versioned) -> str:
    """The version, and a hash of what it says: a number may come again after something was removed."""
    return f"{thing.version}-{hashlib.sha256(repr(thing).encode()).hexdigest()[:12]}"


def is_conditional() -> bool:
    """Whether the caller names a version by the header If-Match."""
    return bool(request.headers.get("If-Match", "").strip())


def version_to_change(thing: Versioned, stated: int | None) -> int:
    """The version that the caller means. Raises VersionNeeded, VersionGone."""
    if is_conditional():
        if not (request.if_match.star_tag or request.if_match.contains(etag_of(thing))):
            raise VersionGone(
                f"It is another version than If-Match names; it now is: {thing} (changed by "
                f"{thing.author or 'somebody unnamed'}). Nothing was changed; read it and try again."
            )
        return stated or thing.version
    if stated is None:
        raise VersionNeeded("Say which version you have read: its ETag in the header If-Match, or `version`.")
    return stated
