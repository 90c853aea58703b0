"""Add tags, and pinned notes"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import VARCHAR

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Byte for byte: to MariaDB's usual collations "café" and "cafe" are the same tag.
EXACT = VARCHAR(40, charset="utf8mb4", collation="utf8mb4_bin")


def upgrade():
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("name", sa.String(40).with_variant(EXACT, "mysql", "mariadb"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        sa.UniqueConstraint("name", name="uq_tags_name"),
    )
    op.create_table(
        "note_tags",
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["notes.id"], name="fk_note_tags_note_id_notes", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name="fk_note_tags_tag_id_tags", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("note_id", "tag_id", name="pk_note_tags"),
    )
    op.create_index("ix_note_tags_tag_id", "note_tags", ["tag_id"])
    with op.batch_alter_table("notes") as notes:
        notes.add_column(
            sa.Column("pinned", sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade():
    with op.batch_alter_table("notes") as notes:
        notes.drop_column("pinned")
    op.drop_table("note_tags")
    op.drop_table("tags")
