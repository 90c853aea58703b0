import flask_migrate
import pytest
from sqlalchemy import inspect, text

from notes.extensions import db
from notes.models import utcnow

REVISIONS = ["0001", "0002", "0003", "0004", "0005"]


@pytest.fixture
def database(app):
    """The app's database; at the newest revision again at the end."""
    with app.app_context():
        yield db
        db.session.remove()
        flask_migrate.upgrade()


def tables():
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_models_and_migrations_agree(database):
    flask_migrate.check()  # ends the test, where they do not


def test_down_and_up_again(database):
    for revision in reversed(["base", *REVISIONS[:-1]]):
        flask_migrate.downgrade(revision=revision)
    assert tables() == set()
    for revision in REVISIONS:
        flask_migrate.upgrade(revision=revision)
    assert tables() == set(db.metadata.tables)


def test_data_survives(database):
    """What the first release wrote goes up and down unharmed, and the jobs find it."""
    flask_migrate.downgrade(revision="0003")
    notes = "INSERT INTO notes (title, body, created_at, updated_at) VALUES ('a', 'b', :now, :now)"
    files = (
        "INSERT INTO attachments (note_id, name, stored_as, media_type, size, created_at)"
        " SELECT id, 'file.txt', 'f00', 'image/png', 3, :now FROM notes"
    )
    for statement in (notes, files):
        db.session.execute(text(statement), {"now": utcnow()})
    db.session.commit()

    flask_migrate.upgrade()
    jobs = db.session.execute(text("SELECT kind, state, attempts FROM jobs ORDER BY kind"))
    assert [tuple(job) for job in jobs] == [("analyse", "queued", 0), ("checksum", "queued", 0)]
    assert not db.session.scalar(text("SELECT pinned FROM notes"))
    db.session.rollback()

    flask_migrate.downgrade(revision="0003")
    assert db.session.scalar(text("SELECT count(*) FROM attachments")) == 1
    db.session.rollback()
    flask_migrate.downgrade(revision="0001")
    assert db.session.scalar(text("SELECT body FROM notes")) == "b"
