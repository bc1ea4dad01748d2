"""Fix where functions look for names."""

from alembic import op

from citywide.db.walls import ENTER_FUNCTION

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute(ENTER_FUNCTION)
