"""List, show, write and delete notes."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from .. import jobs, services, uploads
from ..extensions import db
from ..forms import NoteForm, clean, split_tags
from ..models import Note, Tag, note_tags, utcnow

bp = Blueprint("notes", __name__)
NOTE = "/notes/<int(max=2147483647):note_id>"  # larger ones, databases refuse
PER_PAGE = 24
MAX_PAGE = 10_000


@bp.get("/")
def index() -> str:
    query, tag = clean(request.args.get("q")), clean(request.args.get("tag"))
    page = min(request.args.get("page", 1, type=int), MAX_PAGE)
    notes = db.paginate(services.find(query, tag), page=page, per_page=PER_PAGE)
    uses = func.count(note_tags.c.note_id)
    tags = db.session.execute(
        select(Tag.name, uses).join(note_tags).group_by(Tag.name).order_by(uses.desc(), Tag.name)
    )
    return render_template("index.html", notes=notes, tags=tags.all()[:20], query=query, tag=tag)


@bp.get(NOTE)
def show(note_id: int) -> str:
    return render_template("note.html", note=db.get_or_404(Note, note_id))


@bp.route("/notes/new", methods=["GET", "POST"])
def create() -> ResponseReturnValue:
    return edit_form(Note(title="", body="", pinned=False), "The note is on your board.")


@bp.route(f"{NOTE}/edit", methods=["GET", "POST"])
def edit(note_id: int) -> ResponseReturnValue:
    return edit_form(db.get_or_404(Note, note_id), "Saved.")


@bp.post(f"{NOTE}/pin")
def pin(note_id: int) -> ResponseReturnValue:
    note = db.get_or_404(Note, note_id)
    note.pinned = not note.pinned
    db.session.commit()
    flash("Pinned to the top." if note.pinned else "No longer pinned.", "success")
    return redirect(url_for(".show", note_id=note.id))


@bp.post(f"{NOTE}/delete")
def delete(note_id: int) -> ResponseReturnValue:
    note = db.get_or_404(Note, note_id)
    files = [attachment.stored_as for attachment in note.attachments]
    db.session.delete(note)
    db.session.commit()
    uploads.remove(files)
    flash(f"“{note.title}” is deleted.", "success")
    return redirect(url_for(".index"))


def edit_form(note: Note, message: str) -> ResponseReturnValue:
    """Show the form for ``note``, or save what came from it."""
    tags = ", ".join(tag.name for tag in note.tags)
    form = NoteForm(title=note.title, body=note.body, pinned=note.pinned, tags=tags)
    if not form.validate_on_submit():
        status = 422 if form.is_submitted() else 200
        return render_template("form.html", form=form, note=note), status
    note.title, note.body, note.pinned = form.title.data, form.body.data, form.pinned.data
    note.updated_at = utcnow()
    db.session.add(note)
    services.set_tags(note, split_tags(form.tags.data))
    db.session.flush()
    services.attach(note, form.files.data or [])
    jobs.enqueue("analyse", note.id)
    db.session.commit()
    flash(message, "success")
    return redirect(url_for(".show", note_id=note.id))
