"""The Flask extensions, without an app: ``create_app`` binds them."""

from pathlib import Path
from typing import Any, cast

from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import CursorResult, Delete, MetaData, Update
from sqlalchemy.orm import DeclarativeBase

MIGRATIONS = Path(__file__).parent.parent / "migrations"


class Base(DeclarativeBase):
    # Every constraint has a name, so that a migration can drop it again on every database.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
migrate = Migrate()
csrf = CSRFProtect()


def change(statement: Update | Delete) -> int:
    """Run ``statement`` in the current transaction; return how many rows it found."""
    return cast(CursorResult[Any], db.session.execute(statement)).rowcount
