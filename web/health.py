"""Whether the process answers, whether it can serve, and figures for monitoring. None needs signing in."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from kb.errors import NotFound
from kb.networks import is_loopback
from web.checks import readiness
from web.errors import RETRY_SECONDS
from web.metrics import CONTENT_TYPE, metrics_text
from web.services import services

if TYPE_CHECKING:
    from kb.config import Access

blueprint = Blueprint("health", __name__)
BY_PROXIES = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip")
"""Headers that proxies add: their requests come from a loopback address for people who do not."""


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """200 while the process answers; it says nothing of the database."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> Response:
    """200 when requests can be answered, else 503; each check with its verdict."""
    found = readiness(services())
    serves = found.status != "unavailable"
    body = json.dumps({"status": found.status, "checks": [asdict(check) for check in found.checks]})
    headers = {"Cache-Control": "no-store"} | ({} if serves else {"Retry-After": RETRY_SECONDS})
    return Response(body, status=200 if serves else 503, content_type="application/json", headers=headers)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures in Prometheus' text format, to those whom PRECEDENT_METRICS lets read them."""
    if not _may_read(services().settings.metrics):
        raise NotFound("There is no such page.")
    return Response(metrics_text(), content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def _may_read(access: Access) -> bool:
    if access == "local":
        passed_on = any(name in request.headers for name in BY_PROXIES)
        return is_loopback(request.remote_addr or "") and not passed_on
    return access == "yes"
