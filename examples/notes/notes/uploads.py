"""Uploaded files: on the disk under random names, in the database under their own.

A file is written before its row is committed, and deleted after its row is. So what can be left
over is a file without a row, never a row without its file; ``flask cleanup`` sweeps those up.
"""

import time
import uuid
from pathlib import Path, PurePosixPath

from flask import current_app
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from .extensions import db
from .models import Attachment

SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


def folder() -> Path:
    return Path(current_app.config["UPLOAD_FOLDER"])


def path(attachment: Attachment) -> Path:
    return folder() / attachment.stored_as


def save(upload: FileStorage) -> Attachment:
    """Write ``upload`` to the disk; return its attachment, which the caller adds to a note."""
    attachment = Attachment(
        name=display_name(upload.filename),
        stored_as=uuid.uuid4().hex,
        media_type=media_type(upload.stream.read(16)),
    )
    upload.stream.seek(0)
    folder().mkdir(parents=True, exist_ok=True)
    upload.save(path(attachment))
    attachment.size = path(attachment).stat().st_size
    return attachment


def media_type(head: bytes) -> str:
    """The type that the first bytes of a file show; what a browser claims is not asked.

    Only these pictures are ever shown in the page. All else, SVG and HTML with their scripts
    included, is a plain download.
    """
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    known = (kind for magic, kind in SIGNATURES.items() if head.startswith(magic))
    return next(known, "application/octet-stream")


def display_name(filename: str | None) -> str:
    """The last part of a path, without control characters, at most 200 characters with its end."""
    name = PurePosixPath((filename or "").replace("\\", "/")).name
    name = "".join(letter for letter in name if letter.isprintable()).strip() or "file"
    return name if len(name) <= 200 else name[:180] + name[-20:]


def remove(names: list[str]) -> None:
    """Delete stored files whose rows are gone."""
    for name in names:
        (folder() / name).unlink(missing_ok=True)


def remove_orphans(min_age: float = 3600) -> int:
    """Delete files without a row; return how many.

    ``min_age`` is in seconds: a younger file may belong to a request that is still at work.
    """
    if not folder().is_dir():
        return 0
    before = time.time() - min_age
    old = {file.name for file in folder().iterdir() if file.stat().st_mtime < before}
    orphans = old - set(db.session.scalars(select(Attachment.stored_as)))
    remove(sorted(orphans))
    return len(orphans)
