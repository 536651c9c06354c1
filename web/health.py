"""Whether the process answers, for supervisors and load balancers."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """200 while the process answers; it says nothing of the database."""
    return {"status": "ok"}
