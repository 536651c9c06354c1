"""Checking the links of a path's steps: only when somebody asks, and only places that are named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import responses
from typing import TYPE_CHECKING, Any

from kb.learning.step_links import keep_checks, links_of
from kb.people.audit import note
from kb.people.clock import now
from kb.people.reader import reader_of
from kb.people.roles import require
from web.outbound import OutboundFailed, Reach, status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kb.database import Database
    from kb.learning.step_links import StepLink
    from kb.people.audit import Origin

SETTING = "PRECEDENT_LINK_HOSTS"
AT_ONCE = 8
MOST = 40
"""Links of one check: each may take some seconds."""
LONGEST = 300


def check_links(
    database: Database, origin: Origin, hosts: Sequence[str], steps: Iterable[Mapping[str, Any]]
) -> list[StepLink]:
    """The links of steps as they are stored, asked now, at most MOST; what comes of it is kept.

    `hosts` are those that may be asked, `*` for every public one. Raises NotAllowed.
    """
    require(origin.person, "train")
    reach = Reach.among(hosts, SETTING)
    with database.read() as session:
        links = links_of(session, steps, reader_of(origin.person))[:MOST]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        checked = list(pool.map(lambda link: _checked(reach, link), links))
    if checked:
        with database.write_aside() as session:
            keep_checks(session, checked, origin.person.name)
            failed = sum(not each.is_reached for each in checked)
            note(session, origin, "check links", f"{len(checked)} links", failed=failed)
    return checked


def _checked(reach: Reach, link: StepLink) -> StepLink:
    try:
        status = status_of(reach, link.address)
    except OutboundFailed as error:
        return replace(link, is_reached=False, said=str(error)[:LONGEST], checked_at=now())
    words = f"It answers {status} {responses.get(status, '')}".rstrip() + "."
    return replace(link, is_reached=status < 400 or status in {401, 403}, said=words, checked_at=now())
