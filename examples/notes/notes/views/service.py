"""For machines: health, and an export of everything."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, current_app, stream_with_context
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import selectinload

from ..extensions import db
from ..models import Note

bp = Blueprint("service", __name__)
BATCH = 200


@bp.get("/health")
def health() -> ResponseReturnValue:
    """Whether this process can serve: its release, and that its tables can be read."""
    try:
        db.session.execute(select(Note.id, Note.words).limit(1))
        database = "ok"
    except SQLAlchemyError as error:
        current_app.logger.error("health: %s", error)
        database = type(error).__name__  # the text could name hosts and users
    healthy = database == "ok"
    answer = {
        "status": "ok" if healthy else "error",
        "release": current_app.config["APP_RELEASE"],
        "database": database,
    }
    return answer, 200 if healthy else 503, {"Cache-Control": "no-store"}


@bp.get("/export")
def export() -> Response:
    """All notes as JSON lines, the oldest first, however many there are."""
    return Response(
        stream_with_context(export_batches()),
        mimetype="application/x-ndjson",
        headers={
            "Content-Disposition": "attachment; filename=notes.jsonl",
            "X-Accel-Buffering": "no",  # nginx passes each batch on at once
        },
    )


def export_batches() -> Iterator[str]:
    """Some hundred lines at a time; a slow reader holds no connection to the database."""
    last = 0
    while True:
        notes = db.session.scalars(
            select(Note)
            .options(selectinload(Note.tags), selectinload(Note.attachments))
            .where(Note.id > last)
            .order_by(Note.id)
            .limit(BATCH)
        ).all()
        if not notes:
            return
        last = notes[-1].id
        lines = "".join(json.dumps(as_dict(note), ensure_ascii=False) + "\n" for note in notes)
        db.session.remove()
        yield lines


def as_dict(note: Note) -> dict[str, Any]:
    return {
        "id": note.id,
        "title": note.title,
        "body": note.body,
        "tags": [tag.name for tag in note.tags],
        "pinned": note.pinned,
        "words": note.words,
        "created_at": note.created_at.isoformat() + "Z",
        "updated_at": note.updated_at.isoformat() + "Z",
        "attachments": [
            {"name": file.name, "size": file.size, "sha256": file.sha256}
            for file in note.attachments
        ],
    }
