# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that an action plugin sends with its module: as one opaque argument, so that no content is
shown where the arguments are (-vvv, syslog)."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping


def pack(contents: Mapping[str, bytes]) -> str:
    """One argument out of the contents of files, by names."""
    texts = {name: base64.b64encode(content).decode() for name, content in contents.items()}
    return base64.b64encode(zlib.compress(json.dumps(texts).encode())).decode()


def unpack(packed: str) -> dict[str, bytes]:
    """What ``pack`` has packed."""
    texts = json.loads(zlib.decompress(base64.b64decode(packed)))
    return {name: base64.b64decode(text) for name, text in texts.items()}
