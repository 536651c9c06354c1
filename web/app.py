"""The composition root of the pages and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from kb.config import Settings
from web import api, browse, entries, health, help_page, home, results, vocabulary
from web.context import install_context
from web.errors import install_errors
from web.security import install_security
from web.services import EXTENSION, Services
from web.templating import install_templating

if TYPE_CHECKING:
    from web.services import Finder


def create_app(settings: Settings, engine: Finder | None = None) -> Flask:
    """The application over the repository that `settings` name; tests may bring their own engine.

    Raises DatabaseUnavailable or DatabaseTooNew when the records cannot be opened.
    """
    app = Flask(__name__)
    app.extensions[EXTENSION] = Services.open(settings, engine)
    install_context(app)
    install_security(app, settings)
    install_errors(app)
    install_templating(app)
    app.register_blueprint(home.blueprint)
    app.register_blueprint(results.blueprint)
    app.register_blueprint(entries.blueprint)
    app.register_blueprint(browse.blueprint)
    app.register_blueprint(vocabulary.blueprint)
    app.register_blueprint(help_page.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(api.make_blueprint())
    return app


def from_env() -> Flask:
    """The application of the environment's settings: what the web server loads."""
    return create_app(Settings.from_env())
