"""Commands: ``flask worker``, ``flask cleanup``, ``flask seed``."""

import signal
import time
from datetime import timedelta
from types import FrameType

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from . import jobs, uploads
from .extensions import change, db
from .models import Job, Note, Tag, note_tags, utcnow
from .seeds import EXAMPLES
from .services import set_tags


def init_app(app: Flask) -> None:
    for command in (worker, cleanup, seed):
        app.cli.add_command(command)


class Stop:
    """Set by SIGTERM and SIGINT. Only a flag: the job at hand is never interrupted."""

    def __init__(self) -> None:
        self.requested = False

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        self.requested = True

    def sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self.requested and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))


@click.command
@click.option("--interval", default=1.0, show_default=True, help="Seconds between two looks.")
@click.option("--drain", is_flag=True, help="Stop when nothing is left to do.")
@with_appcontext
def worker(interval: float, drain: bool) -> None:
    """Do background jobs until SIGTERM; the job at hand is finished first."""
    stop = Stop()
    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    click.echo(f"worker started, release {current_app.config['APP_RELEASE'] or 'unknown'}")
    try:
        while not stop.requested:
            try:
                line = jobs.run_next()
            except SQLAlchemyError as error:  # the database restarts, say: it will be back
                db.session.rollback()
                click.echo(f"database: {error}", err=True)
                stop.sleep(interval)
                continue
            if line:
                click.echo(line)
            elif drain:
                break
            else:
                stop.sleep(interval)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    click.echo("worker stopped")


@click.command
@click.option("--days", default=30, show_default=True, help="Keep finished jobs this long.")
@with_appcontext
def cleanup(days: int) -> None:
    """Remove uploads without a note, old finished jobs, and tags that no note has."""
    files = uploads.remove_orphans()
    before = utcnow() - timedelta(days=days)
    old_jobs = change(delete(Job).where(Job.state != "queued", Job.finished_at < before))
    tags = change(delete(Tag).where(Tag.id.not_in(select(note_tags.c.tag_id))))
    db.session.commit()
    click.echo(f"removed {files} files, {old_jobs} jobs, {tags} tags")


@click.command
@with_appcontext
def seed() -> None:
    """Add a few example notes; those that are there already stay as they are."""
    added = 0
    for example in EXAMPLES:
        if db.session.scalar(select(Note.id).where(Note.title == example.title).limit(1)):
            continue
        note = Note(title=example.title, body=example.body, pinned=example.pinned)
        db.session.add(note)
        set_tags(note, example.tags)
        db.session.flush()
        jobs.enqueue("analyse", note.id)
        added += 1
    db.session.commit()
    click.echo(f"added {added} notes")
