"""Make a table."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.execute("CREATE TABLE entry (text TEXT NOT NULL)")


def downgrade():
    op.execute("DROP TABLE entry")
