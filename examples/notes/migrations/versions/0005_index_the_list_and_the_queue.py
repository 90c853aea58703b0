"""Index the list of notes and the queue of jobs"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_notes_pinned_updated_at", "notes", ["pinned", "updated_at"])
    # In the order in which workers take jobs: MariaDB locks every row that it has to sort.
    op.create_index("ix_jobs_state_attempts", "jobs", ["state", "attempts"])


def downgrade():
    op.drop_index("ix_jobs_state_attempts", table_name="jobs")
    op.drop_index("ix_notes_pinned_updated_at", table_name="notes")
