"""What the views and the commands do with notes."""

from collections.abc import Iterable

from sqlalchemy import Select, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload
from werkzeug.datastructures import FileStorage

from . import jobs, uploads
from .extensions import db
from .models import Note, Tag


def find(query: str = "", tag: str = "") -> Select[tuple[Note]]:
    """The notes with all words of ``query`` in title, text or tags: pinned first, then newest."""
    notes = select(Note).options(selectinload(Note.tags), selectinload(Note.attachments))
    for word in query.split():
        notes = notes.where(
            or_(
                Note.title.icontains(word, autoescape=True),
                Note.body.icontains(word, autoescape=True),
                Note.tags.any(Tag.name.icontains(word, autoescape=True)),
            )
        )
    if tag:
        notes = notes.where(Note.tags.any(Tag.name == tag))
    return notes.order_by(Note.pinned.desc(), Note.updated_at.desc(), Note.id.desc())


def set_tags(note: Note, names: Iterable[str]) -> None:
    """Give ``note`` exactly these tags. In order of name: two requests never wait in a circle."""
    with db.session.no_autoflush:
        note.tags = [get_tag(name) for name in sorted(names)]


def get_tag(name: str) -> Tag:
    """The tag of this name, new if need be; another request may make it at the same moment."""
    wanted = select(Tag).where(Tag.name == name)
    tag: Tag | None = db.session.scalar(wanted)
    if tag:
        return tag
    try:
        with db.session.begin_nested():
            tag = Tag(name=name)
            db.session.add(tag)
    except IntegrityError:
        tag = db.session.scalars(wanted).one()
    return tag


def attach(note: Note, files: Iterable[FileStorage]) -> None:
    """Store uploads with a note that has its ID already, and have the worker check them."""
    added = [uploads.save(file) for file in files if file.filename]
    note.attachments.extend(added)
    db.session.flush()
    for attachment in added:
        jobs.enqueue("checksum", attachment.id)
