import os
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from notes import jobs
from notes.extensions import db
from notes.models import Attachment, Job, Note, Tag, utcnow


@pytest.fixture
def run(app):
    """Run a command of the app; return what it prints."""

    def run(*command):
        result = app.test_cli_runner().invoke(args=command)
        assert result.exit_code == 0, result.output
        return result.output

    return run


def states(app):
    with app.app_context():
        rows = db.session.execute(select(Job.kind, Job.state, Job.attempts).order_by(Job.id))
        return [tuple(row) for row in rows]


def test_a_note_is_analysed(app, board, run):
    note = board.add("Long", "word " * 660)
    run("worker", "--drain")
    assert states(app) == [("analyse", "done", 1)]
    assert "660 words, 3 min" in board.page(f"/notes/{note}")
    with app.app_context():
        saved = db.session.get(Note, note)
        assert saved.preview.endswith("word …")
        assert len(saved.preview) <= 222


@pytest.mark.parametrize(
    ("text", "preview"),
    [
        ("", ""),
        ("- one\n\n\n  -  two \n", "- one\n- two"),
        ("one two three", "one two …"),
        ("x" * 20, "x" * 11 + " …"),
    ],
)
def test_preview(text, preview):
    assert jobs.shorten(text, 11) == preview


def test_analysis_is_no_edit(app, board, run):
    note = board.add()
    with app.app_context():
        before = db.session.get(Note, note).updated_at
    run("worker", "--drain")
    with app.app_context():
        assert db.session.get(Note, note).updated_at == before


def test_an_upload_gets_its_checksum(app, board, run):
    board.add(files=(BytesIO(b"abc"), "file.txt"))
    run("worker", "--drain")
    with app.app_context():
        sha256 = db.session.scalar(select(Attachment.sha256))
    assert sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_note_may_be_gone(app, board, client, run):
    client.post(f"/notes/{board.add()}/delete")
    run("worker", "--drain")
    assert states(app) == [("analyse", "done", 1)]


def test_a_job_that_fails_is_tried_three_times(app, board, run):
    board.add(files=(BytesIO(b"abc"), "file.txt"))
    for file in Path(app.config["UPLOAD_FOLDER"]).iterdir():
        file.unlink()
    output = run("worker", "--drain")
    done = re.findall(r"^job \d+, (\w+)", output, re.MULTILINE)
    assert done == ["checksum", "analyse", "checksum", "checksum"]  # nobody waits for it
    assert "FileNotFoundError" in output
    assert states(app) == [("checksum", "failed", 3), ("analyse", "done", 1)]


def test_a_failing_job_leaves_nothing_behind(app, board, run, monkeypatch):
    def half(note_id):
        db.session.get(Note, note_id).words = 99
        db.session.flush()
        raise ValueError("half way")

    monkeypatch.setitem(jobs.HANDLERS, "analyse", half)
    note = board.add()
    run("worker", "--drain")
    with app.app_context():
        assert db.session.get(Note, note).words is None


def test_jobs_of_a_newer_release_are_left_alone(app, run):
    with app.app_context():
        jobs.enqueue("translate", 1)
        db.session.commit()
    run("worker", "--drain")
    assert states(app) == [("translate", "queued", 0)]


def test_sigterm_finishes_the_job_at_hand(app, board, run, monkeypatch):
    def slow(note_id):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.05)

    monkeypatch.setitem(jobs.HANDLERS, "analyse", slow)
    board.add()
    board.add()
    assert "worker stopped" in run("worker")
    assert states(app) == [("analyse", "done", 1), ("analyse", "queued", 0)]


def test_an_idle_worker_stops_at_once(app, database_url):
    command = [sys.executable, "-m", "flask", "--app", "notes:create_app()", "worker"]
    environment = {**os.environ, "DATABASE_URL": database_url, "SECRET_KEY": "s3cret"}
    process = subprocess.Popen(
        [*command, "--interval", "60"],
        env=environment,
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline().startswith("worker started")
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=3)
    assert output == "worker stopped\n"
    assert process.returncode == 0


def test_two_workers_do_each_job_once(app, board, monkeypatch):
    done = []

    def note_it(note_id):
        done.append(note_id)
        time.sleep(0.01)

    monkeypatch.setitem(jobs.HANDLERS, "analyse", note_it)
    expected = [board.add(f"note {number}") for number in range(12)]

    def work():
        with app.app_context():
            while db.session.scalar(select(Job.id).where(Job.state == "queued").limit(1)):
                db.session.rollback()
                jobs.run_next()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert sorted(done) == expected


def test_workers_do_not_wait_for_each_other(app, board):
    if db_kind(app) == "sqlite":
        pytest.skip("SQLite has one writer")
    board.add()
    board.add()
    with app.app_context():
        first = jobs.claim()
        with app.app_context():  # a session of its own
            second = jobs.claim()
            board.add("and a new note while both are at work")
            assert second.id != first.id
            db.session.rollback()
        db.session.rollback()


def db_kind(app):
    with app.app_context():
        return db.engine.dialect.name


def test_a_lost_database_is_waited_for(app, run, monkeypatch):
    answers = [OperationalError("SELECT 1", {}, Exception("gone away")), "job 1", None]

    def run_next():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(jobs, "run_next", run_next)
    assert "job 1\n" in run("worker", "--interval", "0", "--drain")


def test_cleanup(app, board, client, run):
    kept = board.add("kept", tags="used", files=(BytesIO(b"abc"), "file.txt"))
    client.post(f"/notes/{board.add('deleted', tags='unused')}/delete")
    run("worker", "--drain")
    board.add("waits for the worker")
    folder = Path(app.config["UPLOAD_FOLDER"])
    for name in ("orphan", "being-uploaded"):
        (folder / name).write_bytes(b"x")
    for file in folder.iterdir():
        if file.name != "being-uploaded":
            os.utime(file, (0, 0))
    with app.app_context():
        db.session.execute(
            update(Job)
            .where(Job.kind == "analyse", Job.subject_id != kept)
            .values(finished_at=utcnow() - timedelta(days=31))
        )
        db.session.commit()

    assert run("cleanup") == "removed 1 files, 1 jobs, 1 tags\n"

    assert len(list(folder.iterdir())) == 2
    assert not (folder / "orphan").exists()
    assert sorted(states(app)) == [
        ("analyse", "done", 1),
        ("analyse", "queued", 0),
        ("checksum", "done", 1),
    ]
    with app.app_context():
        assert list(db.session.scalars(select(Tag.name))) == ["used"]
    assert run("cleanup") == "removed 0 files, 0 jobs, 0 tags\n"


def test_cleanup_of_nothing(run):
    assert run("cleanup") == "removed 0 files, 0 jobs, 0 tags\n"


def test_seed_adds_once(board, run):
    assert run("seed") == "added 4 notes\n"
    assert run("seed") == "added 0 notes\n"
    assert board.page().count('<li class="card') == 4
