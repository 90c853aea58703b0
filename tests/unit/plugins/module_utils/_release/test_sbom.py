# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The SBOM of a release: from a venv's metadata and a lock file to a valid document."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from ansible_collections.pyhost.flask.plugins.module_utils._release import sbom
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import lock_hashes
from ansible_collections.pyhost.flask.plugins.module_utils._release.sbom import App, Package

SUM = "a" * 64
APP = App("notes", "b" * 40, "bbbbbbbbbbbb-0a1b2c3d", "3.13.5")


def install(venv: Path, folder: str, metadata: str, **files: str) -> None:
    """Put the metadata of an installed package into a venv."""
    place = venv / "lib/python3.13/site-packages" / f"{folder}.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(f"Metadata-Version: 2.4\n{metadata}", encoding="utf-8")
    for name, text in files.items():
        (place / name.replace("_json", ".json")).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("Requires-Dist: Click>=8\nRequires-Dist: a.b_c[x] ; extra == 'y'\n", ("click", "a-b-c")),
        ("License-Expression: MIT OR BSD-3-Clause\nLicense: MIT\n", "MIT OR BSD-3-Clause"),
        ("License: New BSD\nClassifier: License :: OSI Approved :: BSD License\n", ["New BSD"]),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\n", ["MIT License"]),
        ("License: Copyright A\n        all rights of its own\n", []),
        ("Name: x\n\nLicense: MIT\nof the long description\n", []),
        ("", []),
    ],
)
def test_what_a_package_says_of_itself(tmp_path: Path, metadata: str, expected: Any) -> None:
    install(tmp_path, "My_Package-1.0", metadata)
    (found,) = sbom.observe(tmp_path, {})
    assert (found.name, found.version, found.local) == ("my-package", "1.0", False)
    if isinstance(expected, tuple):
        assert found.requires == expected
    elif isinstance(expected, str):
        assert (found.expression, sbom.describe(APP, [found])["components"][1]["licenses"]) == (
            expected,
            [{"expression": expected}],
        )
    else:
        assert (found.expression, list(found.licences)) == ("", expected)


@pytest.mark.parametrize(
    ("origin", "local", "checksum"),
    [
        ({"url": "file:///srv/notes/releases/1", "dir_info": {"editable": True}}, True, ""),
        ({"url": "https://x.org/a.whl", "archive_info": {"hashes": {"sha256": SUM}}}, False, SUM),
        ({"url": "https://x.org/a.git", "vcs_info": {"commit_id": "c"}}, False, ""),
    ],
)
def test_what_came_from_elsewhere(tmp_path: Path, origin: Any, local: bool, checksum: str) -> None:
    wheel = "Wheel-Version: 1.0\nTag: py3-none-any\n"
    install(tmp_path, "notes-1.0+local", "", direct_url_json=json.dumps(origin), WHEEL=wheel)
    other = {lock_hashes.by_file("notes-1.0+local-py3-none-any.whl"): "of the one in an index"}
    (found,) = sbom.observe(tmp_path, other)
    assert (found.local, found.sha256) == (local, checksum)
    purl = sbom.describe(APP, [found])["components"][1].get("purl")
    assert purl == (None if local else "pkg:pypi/notes@1.0%2Blocal")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "uv.lock",
            '[[package]]\nname = "my-package"\n[[package.wheels]]\nurl = '
            f'"https://x.org/a/my_package-1.0-cp313-cp313-a_1.b_2.whl"\nhash = "sha256:{SUM}"\n'
            '[[package.wheels]]\nurl = "https://x.org/my_package-1.0-cp312-cp312-a_1.b_2.whl"\n'
            'hash = "sha256:of another Python"\n',
        ),
        (
            "pylock.toml",
            '[[packages]]\nname = "my-package"\n[[packages.wheels]]\n'
            'name = "my_package-1.0-7-cp313-cp313-a_1.b_2.whl"\nurl = "https://x.org/x"\n'
            f'hashes = {{sha256 = "{SUM}"}}\n',
        ),
        (
            "poetry.lock",
            '[[package]]\nname = "my-package"\nfiles = [\n'
            f'{{file = "my_package-1.0-cp313-cp313-a_1.b_2.whl", hash = "sha256:{SUM}"}},\n'
            '{file = "my_package-1.0.tar.gz", hash = "sha256:of the source"}]\n',
        ),
        ("requirements.txt", "my-package==1.0"),
    ],
)
def test_a_lock_file_knows_the_wheel(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    tags = "Wheel-Version: 1.0\nTag: cp313-cp313-a_1\nTag: cp313-cp313-b_2\n"
    install(tmp_path, "My_Package-1.0", "", WHEEL=tags)
    (found,) = sbom.observe(tmp_path, lock_hashes.hashes(tmp_path / "app", tmp_path))
    assert found.sha256 == ("" if name == "requirements.txt" else SUM)


def test_who_needs_whom() -> None:
    packages = [
        Package("flask", "3.1", requires=("click", "werkzeug", "asgiref", "flask")),
        Package("click", "8.5"),
        Package("werkzeug", "3.1", requires=("markupsafe",)),
        Package("gunicorn", "27.0"),
        Package("markupsafe", "3.0"),
    ]
    document = sbom.describe(APP, packages)
    graph = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    assert graph == {
        "app": ["python", "flask==3.1", "gunicorn==27.0"],
        "python": [],
        "flask==3.1": ["click==8.5", "werkzeug==3.1"],
        "click==8.5": [],
        "werkzeug==3.1": ["markupsafe==3.0"],
        "gunicorn==27.0": [],
        "markupsafe==3.0": [],
    }


@pytest.mark.parametrize(("revision", "hashed"), [("b" * 40, False), (SUM, True), ("1.2", False)])
def test_the_app_itself(revision: str, hashed: bool) -> None:
    component = sbom.describe(App("notes", revision, "id", "3.13.5"), [])["metadata"]["component"]
    assert (component["name"], component["version"]) == ("notes", revision)
    assert component.get("hashes") == ([{"alg": "SHA-256", "content": SUM}] if hashed else None)


def test_a_real_one_is_valid(tmp_path: Path) -> None:
    """Of the venv that the tests run in, by the specification's own schema."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("not ours", encoding="utf-8")
    (tmp_path / "sbom.json").symlink_to(elsewhere)
    app = App("notes", SUM, "id", sbom.interpreter(tmp_path / ".venv"))
    sbom.write(tmp_path, {}, app)
    text = (tmp_path / "sbom.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    versions = {one["name"]: one["version"] for one in document["components"]}
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert versions["pytest"] == pytest.__version__
    sbom.write(tmp_path, {}, app)
    assert (tmp_path / "sbom.json").read_text(encoding="utf-8") == text
    assert elsewhere.read_text(encoding="utf-8") == "not ours"
