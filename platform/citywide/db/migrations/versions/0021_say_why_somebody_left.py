"""Say why somebody left a project."""

import sqlalchemy as sa
from alembic import op

from citywide.db.revising import add_constraint

revision = "0021"
down_revision = "0020"

_REASONS = "'COMPLETED', 'OTHER_PROJECT', 'MOVED', 'DIED', 'DECLINED'"


def upgrade() -> None:
    # Once more where it was interrupted.
    op.execute("ALTER TABLE enrolment DROP COLUMN IF EXISTS leaving_reason")
    op.execute("ALTER TABLE enrolment DROP COLUMN IF EXISTS version")
    op.add_column("enrolment", sa.Column("leaving_reason", sa.Text(), nullable=True))
    op.add_column(
        "enrolment", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False)
    )
    add_constraint(
        "enrolment", "enrolment_leaving_reason_check", f"CHECK (leaving_reason IN ({_REASONS}))"
    )
    add_constraint(
        "enrolment",
        "enrolment_left_check",
        "CHECK (leaving_reason IS NULL OR valid_until IS NOT NULL)",
    )
