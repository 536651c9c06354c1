"""/api/v1/dossiers: estimates that are kept, and how they turned out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from kb.dossiers import keeping
from search.estimates.dossiers import (
    DossierList,
    DossierText,
    DossierWhole,
    LedgerAnswer,
    OutcomeText,
    VersionText,
    ledger_of,
    part_of,
    whole_of,
)
from web.api.operations import Operation, Reply
from web.context import current
from web.identity import origin
from web.parameters import Parameters, Whole
from web.searches import count_one
from web.services import services

if TYPE_CHECKING:
    from kb.dossiers.keeping import Dossier
    from search.estimates.request import EstimateRequest
    from web.parameters import NoParameters

NOT_NOW = (
    "Finished projects have no such target, the dossier has another newest version, or its outcome is known."
)


class DossierParameters(Parameters):
    """A stretch of the dossiers."""

    offset: Annotated[Whole, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[Whole, Field(ge=1, le=200)] = 50


class DossierVersionParameters(Parameters):
    """Which version of a dossier."""

    version: Annotated[Whole, Field(ge=1, le=999_999)] | None = None


def dossiers(parameters: DossierParameters) -> DossierList:
    """One's own, and those of others for whoever may see them; the newest first."""
    with services().database.read() as session:
        total, found = keeping.every(session, current().person, parameters.offset, parameters.limit)
    return DossierList(total=total, offset=parameters.offset, dossiers=[part_of(each) for each in found])


def keep_estimate(_: NoParameters, body: DossierText) -> Reply:
    """The project is estimated, and question and answer are kept under an id that can be cited."""
    request, answer = answered(body.request)
    kept = keeping.keep(services().database, origin(), body.title, request, answer, body.note)
    return Reply(_whole(kept), location=f"/dossiers/{kept.ref}")


def get_dossier(parameters: DossierVersionParameters, dossier: str) -> DossierWhole:
    """A version with every input, exclusion, precedent and figure; the newest unless another is named."""
    with services().database.read() as session:
        found = keeping.find(session, current().person, dossier)
    return _whole(found, parameters.version)


def add_dossier_version(_: NoParameters, body: VersionText, dossier: str) -> Reply:
    """The project is estimated anew, beside the versions before."""
    request, answer = answered(body.request)
    kept = keeping.continue_(
        services().database, origin(), dossier, request, answer, body.note, after=body.after
    )
    return Reply(_whole(kept), location=f"/dossiers/{kept.ref}")


def close_dossier(_: NoParameters, body: OutcomeText, dossier: str) -> DossierWhole:
    """What it really was: the newest version is held against it, and the ledger grows."""
    return _whole(keeping.close(services().database, origin(), dossier, body.actual))


def estimate_ledger(_: NoParameters) -> LedgerAnswer:
    """How often the ranges of dossiers held whose outcome is known: by estimator, by method, by year."""
    with services().database.read() as session:
        _total, found = keeping.every(session, current().person, limit=10_000)
    return ledger_of(found)


def answered(request: EstimateRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """Question and answer as they are kept. Raises UnknownTarget."""
    count_one()
    answer = services().estimates.answer(request, current().reader)
    return request.model_dump(mode="json"), answer.model_dump(mode="json")


def _whole(dossier: Dossier, version: int | None = None) -> DossierWhole:
    with services().database.read() as session:
        return whole_of(session, dossier, version, current().person, current().reader)


DOSSIERS = (
    Operation("GET", "/estimates/ledger", estimate_ledger, LedgerAnswer,
              "How kept estimates turned out", own=True),
    Operation("GET", "/dossiers", dossiers, DossierList, "List kept estimates", DossierParameters, own=True),
    Operation("POST", "/dossiers", keep_estimate, DossierWhole, "Keep an estimate", body=DossierText,
              action=keeping.KEEP, conflict=NOT_NOW),
    Operation("GET", "/dossiers/<dossier>", get_dossier, DossierWhole, "Read a kept estimate",
              DossierVersionParameters, own=True),
    Operation("POST", "/dossiers/<dossier>/versions", add_dossier_version, DossierWhole,
              "Estimate anew in a dossier", body=VersionText, action=keeping.KEEP, conflict=NOT_NOW),
    Operation("PUT", "/dossiers/<dossier>/outcome", close_dossier, DossierWhole, "Enter what it really was",
              body=OutcomeText, action=keeping.KEEP),
)  # fmt: skip
