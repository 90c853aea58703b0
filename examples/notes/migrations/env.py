"""How `flask db` runs the migrations: on the app's own engine, or as SQL text (`--sql`)."""

from logging.config import fileConfig

from alembic import context
from flask import current_app

fileConfig(context.config.config_file_name, disable_existing_loggers=False)
extension = current_app.extensions["migrate"]
engine = extension.db.engine
options = {"target_metadata": extension.db.metadata, **extension.configure_args}

if context.is_offline_mode():
    url = engine.url.render_as_string(hide_password=False)
    context.configure(url=url, literal_binds=True, **options)
    with context.begin_transaction():
        context.run_migrations()
else:
    with engine.connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
