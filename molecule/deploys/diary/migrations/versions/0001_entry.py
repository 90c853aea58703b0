"""Make the table of entries."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.execute("CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")


def downgrade():
    op.execute("DROP TABLE IF EXISTS entry")
