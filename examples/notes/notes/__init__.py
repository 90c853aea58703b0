"""Notes: a pinboard for notes, pictures and files."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, flash, redirect, render_template, request, url_for
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from . import cli, config, views
from .extensions import MIGRATIONS, csrf, db, migrate

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """The app, configured by the environment; ``overrides`` go before it (the tests use them).

    Nothing is opened or written here, so the app can be imported from a read-only folder, before
    the database is there, and in a server's master process that forks its workers later.
    """
    app = Flask(__name__)
    app.config.from_mapping(config.from_environment(app))
    app.config.from_mapping(overrides or {})
    config.finish(app)

    db.init_app(app)
    migrate.init_app(app, db, directory=MIGRATIONS, render_as_batch=True)
    csrf.init_app(app)
    views.init_app(app)
    cli.init_app(app)

    app.session_interface = Sessions()
    app.after_request(add_security_headers)
    app.register_error_handler(HTTPException, error_page)
    app.register_error_handler(StaleDataError, note_is_gone)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app


class Sessions(SecureCookieSessionInterface):
    """Session cookies that are ``Secure`` wherever the browser came over HTTPS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def add_security_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def error_page(error: HTTPException) -> ResponseReturnValue:
    """One page for every error. It asks the database nothing: that may be what is broken."""
    if error.code is None or error.code < 400:  # a redirect that was raised
        return error
    return render_template("error.html", error=error), error.code


def note_is_gone(error: StaleDataError) -> ResponseReturnValue:
    """Somebody else deleted what this request was about to change."""
    db.session.rollback()
    flash("Somebody has deleted this note in the meantime.", "error")
    return redirect(url_for("notes.index"))
