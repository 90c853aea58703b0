"""Background jobs in the database: no broker, no further service.

A worker locks a job's row and does the job in the same transaction. If it dies, the database
undoes all of it, and the job is free for the next worker: there is no state "running" in which a
job could be stuck, and no timeout to choose. Jobs are short, and may be done twice.
"""

import hashlib
from collections.abc import Callable

from flask import current_app
from sqlalchemy import select, update

from . import uploads
from .extensions import change, db
from .models import Attachment, Job, Note, utcnow

MAX_ATTEMPTS = 3
PREVIEW_LENGTH = 220


def enqueue(kind: str, subject_id: int) -> None:
    """Add a job to the current transaction, so that it is there exactly if its subject is."""
    db.session.add(Job(kind=kind, subject_id=subject_id))


def run_next() -> str | None:
    """Do the next job, if there is one, and return a line about it."""
    job = claim()
    if job is None:
        db.session.rollback()
        return None
    try:
        with db.session.begin_nested():
            HANDLERS[job.kind](job.subject_id)
        job.state, job.error = "done", None
    except Exception as error:
        current_app.logger.exception("job %s failed", job.id)
        job.state = "failed" if job.attempts >= MAX_ATTEMPTS else "queued"
        job.error = f"{type(error).__name__}: {error}"[:500]
    job.finished_at = utcnow()
    line = f"job {job.id}, {job.kind} {job.subject_id}: {job.error or job.state}"
    db.session.commit()
    return line


def claim() -> Job | None:
    """Lock the next job, those that failed before last; None if there is none to have.

    Only jobs of a known kind: while a new release comes up, the old one's worker may meet jobs
    that it cannot do yet.
    """
    job = db.session.scalar(
        select(Job)
        .where(Job.state == "queued", Job.kind.in_(HANDLERS))
        .order_by(Job.attempts, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if job is None:
        return None
    # SQLite knows no row locks. There, this write waits for its one lock, and finds no row where
    # another worker has done the job meanwhile.
    this = update(Job).where(Job.id == job.id, Job.state == "queued")
    return job if change(this.values(attempts=Job.attempts + 1)) else None


def analyse(note_id: int) -> None:
    """Count the words of a note, and make the preview for the list."""
    if note := db.session.get(Note, note_id):
        note.words = len(note.body.split())
        note.preview = shorten(note.body)


def shorten(text: str, length: int = PREVIEW_LENGTH) -> str:
    """The start of ``text`` without blank lines, cut between words, at most ``length`` and " …"."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    text = "\n".join(line for line in lines if line)
    return text if len(text) <= length else text[:length].rsplit(None, 1)[0] + " …"


def checksum(attachment_id: int) -> None:
    """Record the SHA-256 of an upload."""
    if attachment := db.session.get(Attachment, attachment_id):
        with uploads.path(attachment).open("rb") as file:
            attachment.sha256 = hashlib.file_digest(file, "sha256").hexdigest()


HANDLERS: dict[str, Callable[[int], None]] = {"analyse": analyse, "checksum": checksum}
