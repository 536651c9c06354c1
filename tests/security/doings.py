"""What people of the hostile repository have done, by the verbs that pages call: what was looked for in vain,
pairs that were decided about, badges, and estimates that were kept.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from sqlalchemy import select

from indexer.embedder import Embedder
from kb.dossiers import keeping
from kb.duplicates.deciding import Verdict, decide
from kb.duplicates.listing import Found, replace_pairs
from kb.learning import badges
from kb.learning.model import Credential, Enrolment
from kb.learning.signing import Signer
from kb.model import Entry
from kb.people.accounts import find_user
from kb.people.audit import Origin
from kb.people.clock import now
from kb.people.reader import reader_of
from kb.people.roles import Person
from kb.records import apply_record, parse_record
from kb.usage.counting import add_searches, normalised
from kb.usage.demand import give, list_demands, settle
from kb.validation import validate
from search.demand import gather_demand
from search.estimates.answering import Estimates
from search.estimates.request import EstimateRequest
from tests.fixtures.served import make_settings
from tests.security.filling import filled, record

if TYPE_CHECKING:
    from kb.database import Database
    from tests.security.world import World

FINISHED = 24
"""So many projects make a range."""
FITTED = {"target", "currency", "price_year", "size_unit", "exclude", "plan"}
"""Fields of a question that are no words of anybody, or that would leave no answer."""


def person_of(world: World, number: int, *roles: str) -> Person:
    """One of the people, under a hostile name, with these roles."""
    at = number % len(world.people)
    return Person(id=world.people[at], name=world.line(number), roles=frozenset(roles))


def look_in_vain(database: Database, world: World, embedder: Embedder) -> None:
    """Every text was searched for; of what came of it some is given to somebody, some settled."""
    texts = {normalised(text) for pack in world.packs for text in pack} - {""}
    with database.write_cache() as session:
        day = now().date()
        add_searches(session, day, {text: (3, 1 + len(text) % 3) for text in texts})
    gather_demand(database, embedder)
    with database.read() as session:
        wanted = [each.id for each in list_demands(session, limit=9)]
        email = find_user(session, world.people[0]).email
    for at, number in enumerate(wanted):
        origin = Origin(person_of(world, at, "curator"))
        if at % 3 == 0:
            give(database, origin, number, email)
        else:
            settle(database, origin, number, "answered" if at % 3 == 1 else "dismissed")


def decide_on_pairs(database: Database, world: World) -> None:
    """All lessons look alike. The last pairs are decided about; the first waits."""
    lessons = [ref for ref in world.refs if ref.startswith("L-")]
    with database.write() as session:
        numbers = dict(session.execute(select(Entry.ref, Entry.id).where(Entry.ref.in_(lessons))).all())
        pairs = [sorted((numbers[one], numbers[other])) for one, other in combinations(lessons[:9], 2)]
        replace_pairs(session, (Found(first, second, 0.9, 0.5, 0.8) for first, second in pairs))
    decisions = ("apart", "apart", "recurrence", "superseded")
    for at, (one, other) in enumerate(list(combinations(lessons[1:6], 2))[: len(decisions)]):
        said = Verdict(ref=one, other=other, decision=decisions[at])  # type: ignore[arg-type]
        decide(database, Origin(person_of(world, at, "curator")), said)
    world.pair = lessons[0], lessons[1]


def issue_badges(database: Database, world: World) -> None:
    """Some have completed the first path and asked for its badge; one was revoked."""
    settings = make_settings(world.home)
    signer = Signer(settings.home, settings.base_url)
    for number in range(3):
        person = person_of(world, number, "reader")
        with database.write_aside() as session:
            path = session.scalars(select(Entry.id).where(Entry.ref == "P-0001")).one()
            done = {"state": "completed", "enrolled_at": now(), "completed_at": now()}
            session.add(Enrolment(user_id=person.id, path_id=path, revision=2, **done))
        name = badges.issue(database, Origin(person), "P-0001", reader_of(person), signer)
        world.badges.append(name)
    with database.read() as session:
        numbers = session.scalars(select(Credential.id).order_by(Credential.id)).all()
    for at, number in enumerate(numbers[1:]):
        trainer = Origin(person_of(world, at + 3, "trainer"))
        badges.revoke(database, trainer, number, "\n".join(world.packs[at]))


def finish_projects(database: Database, world: World) -> None:
    """As many as an estimate needs, of different sizes; they are on no list of what is visited."""
    with database.write() as session:
        for number in range(1, FINISHED + 1):
            held = record("project", number % len(world.packs), world.packs)
            held |= {"id": f"H-{9_000 + number}", "key": f"finished {number} {world.line(number)}"[:300]}
            held |= {"size": 100 * number, "size_unit": "users", "outcome": "succeeded"}
            held |= {"currency": "EUR", "price_year": 2020, "completeness": 1.0, "known_after": []}
            held["actuals"] = {"cost": 10_000 * number + 977 * (number % 5), "duration_months": 3 + number}
            apply_record(session, parse_record(held))


def keep_estimates(database: Database, world: World) -> None:
    """Two dossiers; the first has another version and its outcome."""
    assert world.engine is not None
    engine = world.engine
    estimates = Estimates(database, lambda: engine.descriptions)
    for number in (0, 1):
        estimator = person_of(world, number + 2, "estimator")
        origin, reader = Origin(estimator), reader_of(estimator)
        asked = validate(EstimateRequest, question(world, number))
        answer = estimates.answer(asked, reader).model_dump(mode="json")
        request = asked.model_dump(mode="json")
        kept = keeping.keep(database, origin, world.line(number), request, answer, world.line(number + 1))
        world.dossiers.append(kept.ref)
        if number == 0:
            again = world.line(number + 3)
            keeping.continue_(database, origin, kept.ref, request, answer, again, after=1)
            keeping.close(database, origin, kept.ref, 123_456.0)


def question(world: World, number: int = 0) -> dict[str, object]:
    """A planned project with a hostile text in each of its words."""
    said = filled(EstimateRequest, world.supply(number), FITTED)
    return said | {
        "target": "cost", "size": 900.0, "size_unit": "users", "plan": 70_000.0,
        "exclude": [{"id": "H-9002", "reason": world.line(number)[:200]}],
    }  # fmt: skip
