"""The composition root of the pages and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from kb.config import Settings
from web import (
    account,
    actions,
    adoptions,
    api,
    api_page,
    assessment,
    assignments,
    attachments,
    audit,
    badges,
    browse,
    cohorts,
    coverage,
    demand,
    documents,
    dossiers,
    duplicates,
    entries,
    estimates,
    filling,
    health,
    help_page,
    home,
    importing,
    insight,
    learning,
    mail,
    mentoring,
    notices,
    operation,
    paths,
    people,
    progress,
    project_loading,
    reference,
    reference_editing,
    reference_files,
    results,
    roles,
    showing,
    signing,
    single_sign_on,
    statements,
    taxonomy,
    teaching,
    unsubscribing,
    vocabulary,
    vocabulary_editing,
    vocabulary_tables,
)
from web.access import install_access
from web.desk import advice, bulk, files, reviewing, rich, superseding, tending, writing
from web.errors import install_errors
from web.forms import install_forms
from web.identity import install_identity
from web.metrics import install_metrics
from web.security import install_security
from web.services import EXTENSION, Services
from web.templating import install_templating
from web.turns import install_turns

if TYPE_CHECKING:
    from web.services import Finder

PAGES = (
    home,
    results,
    entries,
    showing,
    documents,
    dossiers,
    filling,
    writing,
    rich,
    files,
    advice,
    reviewing,
    tending,
    superseding,
    bulk,
    attachments,
    importing,
    browse,
    estimates,
    learning,
    assessment,
    teaching,
    assignments,
    cohorts,
    progress,
    coverage,
    badges,
    paths,
    mentoring,
    vocabulary,
    vocabulary_editing,
    vocabulary_tables,
    taxonomy,
    reference,
    reference_editing,
    reference_files,
    project_loading,
    duplicates,
    actions,
    adoptions,
    demand,
    insight,
    help_page,
    api_page,
    signing,
    account,
    notices,
    unsubscribing,
    people,
    roles,
    single_sign_on,
    audit,
    operation,
    mail,
    statements,
    health,
)
"""What answers pages, in the order of the address map."""


def create_app(settings: Settings, engine: Finder | None = None) -> Flask:
    """The application over the repository that `settings` name; tests may bring their own engine.

    Raises DatabaseUnavailable or DatabaseTooNew when the records cannot be opened.
    """
    app = Flask(__name__)
    app.extensions[EXTENSION] = Services.open(settings, engine)
    install_metrics(app)
    install_access(app)
    install_turns(app)
    install_security(app, settings)
    install_identity(app)
    install_forms(app)
    install_errors(app)
    install_templating(app)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    app.register_blueprint(api.make_blueprint())
    return app


def from_env() -> Flask:
    """The application of the environment's settings: what the web server loads."""
    return create_app(Settings.from_env())
