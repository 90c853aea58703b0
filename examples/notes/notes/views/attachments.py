"""Hand out and delete uploaded files."""

from flask import Blueprint, Response, flash, redirect, send_from_directory, url_for
from flask.typing import ResponseReturnValue

from .. import uploads
from ..extensions import db
from ..models import Attachment

bp = Blueprint("attachments", __name__)
ATTACHMENT = "/attachments/<int(max=2147483647):attachment_id>"


@bp.get(ATTACHMENT)
def download(attachment_id: int) -> Response:
    """The file: pictures for the page, all else only to be saved, and nothing that could run."""
    attachment = db.get_or_404(Attachment, attachment_id)
    response = send_from_directory(
        uploads.folder(),
        attachment.stored_as,
        mimetype=attachment.media_type,
        as_attachment=not attachment.is_image,
        download_name=attachment.name,
        max_age=86400,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@bp.post(f"{ATTACHMENT}/delete")
def delete(attachment_id: int) -> ResponseReturnValue:
    attachment = db.get_or_404(Attachment, attachment_id)
    note_id, name, stored_as = attachment.note_id, attachment.name, attachment.stored_as
    db.session.delete(attachment)
    db.session.commit()
    uploads.remove([stored_as])
    flash(f"“{name}” is deleted.", "success")
    return redirect(url_for("notes.show", note_id=note_id))
