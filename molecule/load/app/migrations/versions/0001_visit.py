"""Write the visits down"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "visit",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(16), nullable=False),
    )


def downgrade():
    op.drop_table("visit")
