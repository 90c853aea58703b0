# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an app's source must satisfy: which of its options go together. No input, no output."""

from __future__ import annotations

from typing import Any

# (the option that names a source, those that go with it)
KINDS: dict[str, tuple[str, ...]] = {
    "git": ("version", "subdir"),
    "path": ("exclude", "subdir"),
    "archive": ("checksum", "subdir"),
}


def check_source(source: dict[str, Any], path: str, mistakes: list[str]) -> None:
    """One app's source, at ``path``. One that is missing was reported already."""
    if not source:
        return
    named = [kind for kind in KINDS if source[kind]]
    if len(named) != 1:
        there = f"has {' and '.join(named)}, and may have" if named else "needs"
        mistakes.append(f"{path}: {there} only one of {', '.join(KINDS)}")
        return
    kind = named[0]
    for option in sorted({option for options in KINDS.values() for option in options}):
        if source[option] and option not in KINDS[kind]:
            others = " or ".join(other for other in KINDS if option in KINDS[other])
            mistakes.append(
                f"{path}.{option}: goes with {others}, and not with {kind}; leave it out"
            )
    if source["archive"] and is_web_address(source["archive"]) and not source["checksum"]:
        mistakes.append(
            f"{path}.checksum: is missing; an archive at a web address needs one, as in"
            " sha256:9f86d0..., so that what is served is what you have seen"
        )


def is_web_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))
