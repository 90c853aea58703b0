"""Add jobs, and what they find out: words, previews, checksums"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), server_default="queued", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.String(500), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    with op.batch_alter_table("notes") as notes:
        notes.add_column(sa.Column("words", sa.Integer(), nullable=True))
        notes.add_column(sa.Column("preview", sa.String(300), nullable=True))
    with op.batch_alter_table("attachments") as attachments:
        attachments.add_column(sa.Column("sha256", sa.String(64), nullable=True))
    # What is there already is analysed as well.
    for kind, table in (("analyse", "notes"), ("checksum", "attachments")):
        op.execute(
            "INSERT INTO jobs (kind, subject_id, created_at)"
            f" SELECT '{kind}', id, created_at FROM {table}"
        )


def downgrade():
    with op.batch_alter_table("attachments") as attachments:
        attachments.drop_column("sha256")
    with op.batch_alter_table("notes") as notes:
        notes.drop_column("preview")
        notes.drop_column("words")
    op.drop_table("jobs")
