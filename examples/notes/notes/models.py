"""The tables.

Times are in UTC, without a timezone: MariaDB and SQLite could not keep one. SQLite does not
enforce foreign keys here, since a migration that rebuilds a table would then delete what refers
to it; the cascades below do the same work on every database.
"""

from datetime import UTC, datetime

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, false
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARCHAR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .extensions import db

MYSQL = ("mysql", "mariadb")
# MariaDB's TEXT ends at 64 KiB; and to its usual collations "café" and "cafe" are the same.
LongText = Text().with_variant(MEDIUMTEXT(), *MYSQL)
TagName = String(40).with_variant(VARCHAR(40, charset="utf8mb4", collation="utf8mb4_bin"), *MYSQL)


def utcnow() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Record(db.Model):  # type: ignore[name-defined]
    """What every table has."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


note_tags = Table(
    "note_tags",
    db.metadata,
    Column("note_id", ForeignKey("notes.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Note(Record):
    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_pinned_updated_at", "pinned", "updated_at"),)

    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(LongText)
    pinned: Mapped[bool] = mapped_column(default=False, server_default=false())
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)
    # The worker fills these in, see jobs.analyse.
    words: Mapped[int | None]
    preview: Mapped[str | None] = mapped_column(String(300))

    tags: Mapped[list["Tag"]] = relationship(secondary=note_tags, order_by="Tag.name")
    attachments: Mapped[list["Attachment"]] = relationship(
        back_populates="note", cascade="all, delete-orphan", order_by="Attachment.id"
    )

    @property
    def reading_minutes(self) -> int | None:
        """At 220 words a minute, and never zero; None until the words are counted."""
        return None if self.words is None else max(1, round(self.words / 220))

    @property
    def cover(self) -> "Attachment | None":
        return next((file for file in self.attachments if file.is_image), None)


class Tag(Record):
    __tablename__ = "tags"

    name: Mapped[str] = mapped_column(TagName, unique=True)


class Attachment(Record):
    __tablename__ = "attachments"

    note_id: Mapped[int] = mapped_column(ForeignKey("notes.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))  # as the browser called it
    stored_as: Mapped[str] = mapped_column(String(64), unique=True)  # in the upload folder
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]  # bytes
    sha256: Mapped[str | None] = mapped_column(String(64))  # the worker's, see jobs.checksum

    note: Mapped[Note] = relationship(back_populates="attachments")

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")


class Job(Record):
    """Work for ``flask worker``: ``state`` is queued, done or failed."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state_attempts", "state", "attempts"),)

    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]  # the note's or the attachment's ID; it may be gone by now
    state: Mapped[str] = mapped_column(String(10), default="queued", server_default="queued")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    error: Mapped[str | None] = mapped_column(String(500))
    finished_at: Mapped[datetime | None]
