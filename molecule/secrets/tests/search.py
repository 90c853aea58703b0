"""The search for secrets: what they look like, and where somebody could come across them."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import urllib.parse
import zlib
from pathlib import Path
from typing import Any

PROJECT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
SCENARIO = PROJECT / "molecule" / "secrets"
PREFIX = os.environ["BED_NAME"] + "-secrets-"
HOST, SERVICES = PREFIX + "deb13", PREFIX + "services"
GIVEN: dict[str, str] = json.loads((SCENARIO / "secrets.json").read_text())
PACKED = re.compile(rb"[A-Za-z0-9+/]{64,}={0,2}")
# What nobody looks for: the words around a key, and what is too short to be one.
SHORTEST = 8
SPOKEN = re.compile("-----(BEGIN|END)")


# What to look for


def forms(secret: str) -> set[bytes]:
    """Each way in which a text would tell the secret."""
    found = set()
    for line in secret.splitlines():
        if len(line) < SHORTEST or SPOKEN.match(line):
            continue
        quoted = urllib.parse.quote(line), urllib.parse.quote(line, safe=""), shlex.quote(line)
        dumped = json.dumps(line)[1:-1], repr(line)[1:-1], json.dumps(json.dumps(line))[3:-3]
        found |= {text.encode() for text in (line, *quoted, *dumped)}
        found |= encoded(line.encode())
    return found


def encoded(secret: bytes) -> set[bytes]:
    """The secret in base64, wherever in a longer text it begins, and in hexadecimal digits."""
    found = {secret.hex().encode()}
    for before in range(3):
        text = base64.b64encode(b" " * before + secret)
        # A letter holds six bits; those that hold some of the neighbours' are left out.
        inner = text[(before * 8 + 5) // 6 : (before + len(secret)) * 8 // 6]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def found_in(text: bytes | str, secrets: dict[str, str]) -> list[str]:
    """The names of the secrets that a text tells, with what stands around them."""
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    # What was packed for a module's arguments counts as well.
    for packed in set(PACKED.findall(data)):
        with contextlib.suppress(ValueError, zlib.error):
            data += zlib.decompress(base64.b64decode(packed))
    told = []
    for name, secret in secrets.items():
        places = [data.find(form) for form in forms(secret)]
        for place in [place for place in places if place >= 0][:1]:
            told.append(f"{name}: ...{data[max(place - 300, 0) : place + 80].decode('latin-1')}...")
    return told


# Where to look


class Watch:
    """Looks at all processes, on the host as nobody and here, and at our temporary folder, as long
    as the block lasts. Here, we may be root: then environments can be read, and mean nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told = ""
        self._end = threading.Event()

    def __enter__(self) -> Watch:
        code = (SCENARIO / "watch.py").read_text()
        program = ["python3", "-c", code]
        here = [*program, "0.02", "cmdline"]
        there = [
            "docker",
            "exec",
            "-i",
            "-u",
            "nobody",
            HOST,
            *program,
            "0.005",
            "cmdline",
            "environ",
        ]
        self._watchers = [
            subprocess.Popen(command, stdin=-1, stdout=-1, text=True) for command in (here, there)
        ]
        for watcher in self._watchers:
            assert watcher.stdout
            assert watcher.stdout.readline() == "watching\n"
        self._thread = threading.Thread(target=self._watch_files)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()
        self.told += "".join(watcher.communicate()[0] for watcher in self._watchers)

    def _watch_files(self) -> None:
        while not self._end.wait(0.05):
            for path in visible(self.folder):
                with contextlib.suppress(OSError):
                    text = path.read_text(errors="replace")
                    if text not in self.told:
                        self.told += text


def visible(folder: Path) -> list[Path]:
    """The files below that anybody can read."""
    found = []
    for path, folders, files in os.walk(folder):
        with contextlib.suppress(FileNotFoundError):
            folders[:] = [name for name in folders if os.stat(f"{path}/{name}").st_mode & 0o001]
            found += [
                Path(path, file) for file in files if os.stat(f"{path}/{file}").st_mode & 0o004
            ]
    return found


def run(*command: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command; its output as text that keeps every byte."""
    options: dict[str, Any] = {"text": True, "capture_output": True, **more}
    return subprocess.run(command, errors="surrogateescape", check=False, **options)


def on_host(script: str, secrets: dict[str, str] | None = None) -> str:
    """Run a script on the host; the secrets' forms, a line each, are its standard input."""
    lines = b"\n".join(
        sorted(form for secret in (secrets or {}).values() for form in forms(secret))
    )
    done = run("docker", "exec", "-i", HOST, "sh", "-c", script, input=lines.decode())
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def made() -> dict[str, str]:
    """The secrets that are made on the host, by the files that keep them."""
    names = on_host("ls /var/lib/pyhost-flask/secrets").split()
    return {name: on_host(f"cat /var/lib/pyhost-flask/secrets/{name}") for name in names}


def files_with(secrets: dict[str, str]) -> list[str]:
    """All files on the host that hold a secret."""
    return on_host(
        "cat >/run/patterns; chmod 600 /run/patterns;"
        "find / /run /tmp /dev/shm -xdev -type f -not -path /run/patterns -print0"
        " | xargs -0 grep -laF -f /run/patterns; rm /run/patterns",
        secrets,
    ).split("\n")[:-1]


def readable(path: str, user: str) -> bool:
    """Whether a user of the host can read a file."""
    return run("docker", "exec", "-u", user, HOST, "test", "-r", path).returncode == 0


# What is done meanwhile


def publish(tells: str) -> None:
    """Publish a version of the app safe that tells all it knows in a certain moment."""
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder) / "app"
        shutil.copytree(SCENARIO / "safe", app)
        code = (app / "safe.py").read_text()
        (app / "safe.py").write_text(code.replace('TELLS = ""', f'TELLS = "{tells}"'))
        done = run(str(PROJECT / "tests/bed/publish"), SERVICES, "safe", str(app))
        assert done.returncode == 0, done.stderr


def play(folder: Path, *command: str) -> tuple[int, str, str]:
    """Run a playbook and watch it: its status, its output, and all that could be come across."""
    log = folder / "ansible.log"
    inner = folder / "tmp"
    inner.mkdir(exist_ok=True)
    variables = {
        "ANSIBLE_LOG_PATH": str(log),
        "ANSIBLE_LOCAL_TEMP": str(inner),
        "TMPDIR": str(inner),
    }
    inventory = ["-i", os.environ["MOLECULE_INVENTORY_FILE"]]
    log.unlink(missing_ok=True)
    with Watch(inner) as watch:
        done = run(*command, *inventory, env={**os.environ, **variables})
    output = done.stdout + done.stderr
    return done.returncode, output, output + log.read_text() + watch.told
