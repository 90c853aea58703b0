"""Add a table. Where a file says so, wait first: a moment to be killed in."""

from __future__ import annotations

import os
import time
from pathlib import Path

from alembic import op

revision = "NUMBER"
down_revision = "BEFORE"


def upgrade() -> None:
    hold, held = "instance/hold", "instance/held"
    if os.path.exists(hold) and Path(hold).read_text() == revision:
        Path(held + ".new").write_text(f"{os.getppid()} {os.getpid()}")
        os.rename(held + ".new", held)
        for _attempt in range(600):
            if not os.path.exists(hold):
                break
            time.sleep(0.1)
    op.execute(f"CREATE TABLE IF NOT EXISTS page_{revision} (id INTEGER PRIMARY KEY)")


def downgrade() -> None:
    op.execute(f"DROP TABLE IF EXISTS page_{revision}")
