"""The verb: an answer for a planned project from the finished ones that somebody may see."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kb.reference.money import read_money
from kb.reference.rows import list_rows
from kb.reference.texts import TABLES, Uplift
from search.caching import Cache
from search.estimates import bridge
from search.estimates.answers import EstimateAnswer, Measured, Range
from search.estimates.checking import Checks
from search.estimates.fitted import REFITTED, Fitted, measure
from search.estimates.offering import EstimateFields, estimate_fields
from search.estimates.reference import plan_part, reference_class
from search.estimates.repository import Projects, prepare, projects_digest, read_projects
from search.estimates.request import Stated, stated
from search.estimates.showing import (
    chance,
    comparable_part,
    currency_of,
    excluded_parts,
    read_in_words,
    sensitivity,
)
from search.estimates.targets import Aim
from search.estimates.wording import range_words

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.reading import Reader
    from kb.reference.money import Money
    from search.estimates.checked import BacktestAnswer
    from search.estimates.descriptions import Descriptions
    from search.estimates.estimator import Estimate
    from search.estimates.fitted import Measure
    from search.estimates.request import EstimateRequest

METHOD = "0.6 log-linear regression + 0.4 size-scaled analogy; conformal range"
TEXT_METHOD = f"{METHOD}; descriptions read"
AFTERWARDS = (
    "Descriptions of finished projects were written afterwards: with them the measured hit rate may look "
    "better than it is for a plan."
)
STILL_IN = "Excluded projects do not count as comparables or for the range; slopes learned with them stay."
NOT_MEASURED = "The hit rate on this history is being measured; ask again in a minute."
NO_ENCODER = "The description was not read: there is no text encoder, or no index yet."
CACHED_READERS, CACHED_SIGHTS, CACHED_FITS = 64, 8, 24


@dataclass(frozen=True)
class Figures:
    """What curators keep to convert money and to compare plans with."""

    money: Money
    uplifts: tuple[Uplift, ...]
    digest: str
    """Equal for the same rates and indices."""


def read_figures(session: Session) -> Figures:
    """The figures as they stand."""
    money = read_money(session)
    uplifts = (row.text for row in list_rows(session, TABLES["uplifts"]))
    made = hashlib.sha256(repr((sorted(money.rates.items()), sorted(money.indices.items()))).encode())
    return Figures(money, tuple(each for each in uplifts if isinstance(each, Uplift)), made.hexdigest())


@dataclass(frozen=True)
class _Asked:
    """A request with what it is answered from."""

    request: EstimateRequest
    projects: Projects
    figures: Figures
    fitted: Fitted
    stated: Stated
    vector: NDArray[np.float32] | None


class Estimates:
    """Estimates over one repository; what was learned stays while the projects do. Thread safe."""

    def __init__(
        self, database: Database, descriptions: Callable[[], Descriptions], measure: Measure = measure
    ) -> None:
        self.database, self._descriptions, self._measure = database, descriptions, measure
        self._digests: Cache[Reader, str] = Cache(CACHED_READERS)
        self._projects: Cache[str, Projects] = Cache(CACHED_SIGHTS)
        self._figures: Cache[str, Figures] = Cache(1)
        self._offered: Cache[tuple[str, str], EstimateFields] = Cache(CACHED_SIGHTS)
        self._fits: Cache[tuple[object, ...], Fitted] = Cache(CACHED_FITS)
        self._checks = Checks()

    def answer(self, request: EstimateRequest, reader: Reader) -> EstimateAnswer:
        """The answer from what the reader may see. Raises UnknownTarget."""
        with self.database.read() as session:
            asked = self._asked(session, request, reader)
            return _answer(session, asked, reader)

    def projects(self, session: Session, reader: Reader) -> Projects:
        """The finished projects that the reader may see."""
        stamp = self.database.change_stamp()  # before the session reads: what is kept is never older
        digest = self._digests.recall(reader, lambda: projects_digest(session, reader)[0], stamp)
        return self._projects.recall(digest, lambda: read_projects(session, reader, digest))

    def backtest(self, aim: Aim, reader: Reader) -> BacktestAnswer:
        """The back-test of what the reader may see, or how far it has come. Raises UnknownTarget."""
        with self.database.read() as session:
            projects, figures = self.projects(session, reader), self.figures(session)
        fitted = self.fitted(projects, figures, aim)
        digest = figures.digest if aim.target == "cost" else ""
        return self._checks.of((projects.digest, digest, aim), fitted)

    def offered(self, projects: Projects, figures: Figures) -> EstimateFields:
        """What can be asked of these projects."""
        key = (projects.digest, figures.digest)
        return self._offered.recall(key, lambda: estimate_fields(projects, figures.money))

    def figures(self, session: Session) -> Figures:
        """Rates, indices and published uplifts as they stand."""
        stamp = self.database.change_stamp()
        return self._figures.recall("", lambda: read_figures(session), stamp)

    def fitted(self, projects: Projects, figures: Figures, aim: Aim, *, reads: bool = False) -> Fitted:
        """What is learned from them for a target. Raises UnknownTarget."""
        digest = figures.digest if aim.target == "cost" else ""
        return self._fits.recall(
            (projects.digest, digest, aim, reads), lambda: self._fit(projects, figures, aim, reads=reads)
        )

    def _fit(self, projects: Projects, figures: Figures, aim: Aim, *, reads: bool) -> Fitted:
        prepared = prepare(projects, aim, figures.money)
        history = replace(prepared.history, texts=())
        if reads:
            texts = {each.revision_id: each.text for each in prepared.projects}
            vectors = self._descriptions().vectors_of(texts)
            history = replace(prepared.history, vectors=vectors) if vectors is not None else history
        return Fitted(prepared, history, self._measure)

    def _asked(self, session: Session, request: EstimateRequest, reader: Reader) -> _Asked:
        projects, figures = self.projects(session, reader), self.figures(session)
        aim = Aim(request.target, request.currency or "", request.price_year, request.least_grade)
        fitted = self.fitted(projects, figures, aim)
        said = stated(request, projects, fitted.prepared)
        if not request.text or not _is_little(said, fitted):
            return _Asked(request, projects, figures, fitted, said, None)
        vector = self._descriptions().vector(request.text)
        reading = self.fitted(projects, figures, aim, reads=True) if vector is not None else None
        if reading is None or reading.history.vectors is None:
            unread = Stated(said.profile, (*said.unread, NO_ENCODER))
            return _Asked(request, projects, figures, fitted, unread, None)
        return _Asked(request, projects, figures, reading, said, vector)


def _is_little(said: Stated, fitted: Fitted) -> bool:
    """Whether so little is stated that the description says more: no size, or under half the attributes."""
    blend = fitted.estimator.blend
    if blend is None:
        return True
    known = {*said.profile.numbers, *said.profile.categories} & set(blend.design.names)
    lacks_size = blend.design.size is not None and blend.design.size.name not in known
    return lacks_size or 2 * len(known) < len(blend.design.names)


def _answer(session: Session, asked: _Asked, reader: Reader) -> EstimateAnswer:
    request, fitted, prepared = asked.request, asked.fitted, asked.fitted.prepared
    profile = replace(asked.stated.profile, vector=asked.vector)
    out = {row for row, ref in enumerate(fitted.history.ids) if ref in request.excluded}
    estimator = fitted.without(out)
    found = estimator.estimate(profile)
    range_ = _range(found)
    measured = fitted.measured() if range_ else None
    reference = reference_class(prepared, out, request, asked.figures.uplifts)
    reads = asked.vector is not None
    return EstimateAnswer(
        target=found.target,
        unit=found.unit,
        price_year=prepared.target.price_year,
        n=found.n,
        refusal=found.refusal,
        range=range_,
        words=range_words(
            found.target, found.unit, prepared.target.price_year, range_, found.n, measured
        )
        if range_
        else found.refusal,
        measured=measured,
        method=TEXT_METHOD if reads else METHOD,
        regression=found.parts.get("regression"),
        analogy=found.parts.get("analogy"),
        reads_text=reads,
        stated=read_in_words(request, profile),
        excluded=excluded_parts(request, asked.projects),
        reference=reference,
        plan=plan_part(request.plan, reference, chance(estimator, found, request.plan), found.unit),
        sensitivity=sensitivity(fitted, out, profile, found),
        warnings=[*asked.stated.unread, *found.warnings, *_limits(asked, out, range_, measured)],
        left_out=list(prepared.notices),
        **_taught(session, asked, found, reader),
    )  # fmt: skip


def _taught(session: Session, asked: _Asked, found: Estimate, reader: Reader) -> dict[str, Any]:
    """The comparables, and what they name and teach."""
    prepared = asked.fitted.prepared
    place = {project.ref: project for project in prepared.projects}
    near = [place[each.id] for each in found.comparables]
    links = bridge.linked(session, [each.ref for each in near], reader)
    pairs = zip(found.comparables, near, strict=True)
    return {
        "comparables": [
            comparable_part(asked.request, each, project, prepared.how.get(project.ref, ""))
            for each, project in pairs
        ],
        "causes": bridge.causes(near, links, currency_of(near, found.unit)),
        "lessons": list({entry.id: entry for _, entry, _ in links}.values()),
        "team": bridge.team(near),
    }


def _limits(asked: _Asked, out: set[int], found: Range | None, measured: Measured | None) -> list[str]:
    """What else limits the answer."""
    if found is None:
        return []
    told = []
    if measured is None:
        told.append(NOT_MEASURED)
    if asked.vector is not None:
        told.append(AFTERWARDS)
    if out and len(asked.fitted.history) - len(out) > REFITTED:
        told.append(STILL_IN)
    return told


def _range(found: Estimate) -> Range | None:
    if found.p10 is None or found.p50 is None or found.p80 is None or found.p90 is None:
        return None
    return Range(p10=found.p10, p50=found.p50, p80=found.p80, p90=found.p90)
