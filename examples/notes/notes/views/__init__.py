"""The pages, one blueprint a file."""

from flask import Flask, current_app

from . import attachments, notes, service


def init_app(app: Flask) -> None:
    for module in (notes, attachments, service):
        app.register_blueprint(module.bp)
    app.context_processor(lambda: {"release": current_app.config["APP_RELEASE"]})
