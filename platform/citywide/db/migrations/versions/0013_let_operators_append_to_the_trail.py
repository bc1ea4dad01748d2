"""Let operators append to the audit trail."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("GRANT INSERT ON audit_entry, audit_subject TO citywide_operator")
    op.execute("GRANT INSERT, UPDATE ON audit_head TO citywide_operator")
