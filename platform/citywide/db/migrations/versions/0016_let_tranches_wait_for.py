"""Let tranches wait for a grade."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("tranche", sa.Column("least_grade", sa.Text(), nullable=True))
    op.add_column("tranche", sa.Column("scorecard_day", sa.Date(), nullable=True))
    op.create_check_constraint(
        op.f("tranche_least_grade_check"),
        "tranche",
        "least_grade IN ('EXCELLENT', 'GOOD', 'PASS', 'FAIL')",
    )
    op.create_check_constraint(
        op.f("tranche_scorecard_day_check"),
        "tranche",
        "(least_grade IS NULL) = (scorecard_day IS NULL)",
    )
