"""A row's bureau is its tenant's: the key to the tenant carries it."""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = (
    "agreement",
    "site",
    "member",
    "member_role",
    "assignment",
    "typology",
    "segment",
    "volunteer",
    "project",
    "planned_output",
    "beneficiary",
    "entitlement",
    "consent",
    "enrolment",
    "assessment",
    "service_record",
    "attendance",
)


def upgrade() -> None:
    op.create_unique_constraint(
        op.f("tenant_tenant_id_bureau_id_key"), "tenant", ["tenant_id", "bureau_id"]
    )
    for table in TABLES:
        op.drop_constraint(op.f(f"{table}_tenant_id_fkey"), table, type_="foreignkey")
        op.drop_constraint(op.f(f"{table}_bureau_id_fkey"), table, type_="foreignkey")
        op.create_foreign_key(
            op.f(f"{table}_tenant_id_bureau_id_fkey"),
            table,
            "tenant",
            ["tenant_id", "bureau_id"],
            ["tenant_id", "bureau_id"],
        )
