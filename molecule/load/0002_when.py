"""Write down when a visit was"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("visit", sa.Column("at", sa.DateTime, server_default=sa.func.now()))
    op.create_index("visit_at", "visit", ["at"])


def downgrade():
    op.drop_index("visit_at", "visit")
    op.drop_column("visit", "at")
