"""The first tables: catalogues, tenants, files, projects, services, and both walls."""

import sqlalchemy as sa
from alembic import op

from citywide.db.walls import ENTER_FUNCTION, protect_statements

revision = "0001"
down_revision = None


def upgrade() -> None:
    area = op.create_table(
        "area",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint("level IN ('CITY', 'TOWN', 'COMMUNITY')", name=op.f("area_level_check")),
        sa.CheckConstraint(
            "valid_from < valid_until", name=op.f("area_valid_from_valid_until_check")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"], name=op.f("area_parent_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("area_pkey")),
        sa.UniqueConstraint("code", name=op.f("area_code_key")),
    )
    op.create_index(op.f("area_parent_id_idx"), "area", ["parent_id"], unique=False)
    entitlement_category = op.create_table(
        "entitlement_category",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label_zh", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_from < valid_until",
            name=op.f("entitlement_category_valid_from_valid_until_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("entitlement_category_pkey")),
        sa.UniqueConstraint("code", name=op.f("entitlement_category_code_key")),
    )
    bureau = op.create_table(
        "bureau",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("city_id", sa.Uuid(), nullable=False),
        sa.Column("replay_date", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["city_id"], ["area.id"], name=op.f("bureau_city_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("bureau_pkey")),
        sa.UniqueConstraint("slug", name=op.f("bureau_slug_key")),
    )
    access_version = op.create_table(
        "access_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["bureau.id"], name=op.f("access_version_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("access_version_pkey")),
    )
    tenant = op.create_table(
        "tenant",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('BUREAU', 'AGENCY')", name=op.f("tenant_kind_check")),
        sa.CheckConstraint("id = tenant_id", name=op.f("tenant_id_check")),
        sa.ForeignKeyConstraint(["bureau_id"], ["bureau.id"], name=op.f("tenant_bureau_id_fkey")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("tenant_pkey")),
        sa.UniqueConstraint("tenant_id", name=op.f("tenant_tenant_id_key")),
        info={"tenant": True},
    )
    agreement = op.create_table(
        "agreement",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("agreement_amount_fen_check")),
        sa.CheckConstraint(
            "valid_from < valid_until", name=op.f("agreement_valid_from_valid_until_check")
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureau.id"], name=op.f("agreement_bureau_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("agreement_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("agreement_pkey")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("agreement_tenant_id_number_key")),
        info={"tenant": True},
    )
    member = op.create_table(
        "member",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('ACTIVE', 'SUSPENDED')", name=op.f("member_status_check")),
        sa.ForeignKeyConstraint(["bureau_id"], ["bureau.id"], name=op.f("member_bureau_id_fkey")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("member_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("member_pkey")),
        sa.UniqueConstraint("tenant_id", "subject", name=op.f("member_tenant_id_subject_key")),
        info={"tenant": True},
    )
    op.create_index(op.f("member_subject_idx"), "member", ["subject"], unique=False)
    typology = op.create_table(
        "typology",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_from < valid_until", name=op.f("typology_valid_from_valid_until_check")
        ),
        sa.ForeignKeyConstraint(["bureau_id"], ["bureau.id"], name=op.f("typology_bureau_id_fkey")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("typology_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("typology_pkey")),
        sa.UniqueConstraint(
            "tenant_id", "name", "version", name=op.f("typology_tenant_id_name_version_key")
        ),
        info={"tenant": True},
    )
    volunteer = op.create_table(
        "volunteer",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("skills", sa.Text(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureau.id"], name=op.f("volunteer_bureau_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("volunteer_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("volunteer_pkey")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("volunteer_tenant_id_number_key")),
        info={"tenant": True},
    )
    op.create_index(
        op.f("volunteer_tenant_id_registered_on_id_idx"),
        "volunteer",
        ["tenant_id", "registered_on", "id"],
        unique=False,
    )
    assignment = op.create_table(
        "assignment",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_from < valid_until", name=op.f("assignment_valid_from_valid_until_check")
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureau.id"], name=op.f("assignment_bureau_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["member.tenant_id", "member.id"],
            name=op.f("assignment_tenant_id_member_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("assignment_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("assignment_pkey")),
        sa.UniqueConstraint(
            "tenant_id",
            "member_id",
            "agency_id",
            "valid_from",
            name=op.f("assignment_tenant_id_member_id_agency_id_valid_from_key"),
        ),
        info={"tenant": True},
    )
    member_role = op.create_table(
        "member_role",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_from < valid_until", name=op.f("member_role_valid_from_valid_until_check")
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureau.id"], name=op.f("member_role_bureau_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["member.tenant_id", "member.id"],
            name=op.f("member_role_tenant_id_member_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("member_role_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("member_role_pkey")),
        sa.UniqueConstraint(
            "tenant_id",
            "member_id",
            "role",
            "valid_from",
            name=op.f("member_role_tenant_id_member_id_role_valid_from_key"),
        ),
        info={"tenant": True},
    )
    project = op.create_table(
        "project",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "valid_from < valid_until", name=op.f("project_valid_from_valid_until_check")
        ),
        sa.ForeignKeyConstraint(["bureau_id"], ["bureau.id"], name=op.f("project_bureau_id_fkey")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agreement_id"],
            ["agreement.tenant_id", "agreement.id"],
            name=op.f("project_tenant_id_agreement_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("project_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("project_pkey")),
        sa.UniqueConstraint(
            "tenant_id",
            "agreement_id",
            "name",
            name=op.f("project_tenant_id_agreement_id_name_key"),
        ),
        info={"tenant": True},
    )
    segment = op.create_table(
        "segment",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("typology_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["bureau_id"], ["bureau.id"], name=op.f("segment_bureau_id_fkey")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "typology_id"],
            ["typology.tenant_id", "typology.id"],
            name=op.f("segment_tenant_id_typology_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("segment_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("segment_pkey")),
        sa.UniqueConstraint(
            "tenant_id", "typology_id", "code", name=op.f("segment_tenant_id_typology_id_code_key")
        ),
        info={"tenant": True},
    )
    site = op.create_table(
        "site",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("site_area_id_fkey")),
        sa.ForeignKeyConstraint(["bureau_id"], ["bureau.id"], name=op.f("site_bureau_id_fkey")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agreement_id"],
            ["agreement.tenant_id", "agreement.id"],
            name=op.f("site_tenant_id_agreement_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("site_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("site_pkey")),
        sa.UniqueConstraint(
            "tenant_id",
            "agreement_id",
            "area_id",
            name=op.f("site_tenant_id_agreement_id_area_id_key"),
        ),
        info={"tenant": True},
    )
    beneficiary = op.create_table(
        "beneficiary",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("id_number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_number_digest", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("segment_id", sa.Uuid(), nullable=True),
        sa.Column("segment_reason", sa.Text(), nullable=True),
        sa.Column("segmented_on", sa.Date(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("gender IN ('MALE', 'FEMALE')", name=op.f("beneficiary_gender_check")),
        sa.CheckConstraint(
            "(segment_id IS NULL) = (segment_reason IS NULL) AND (segment_id IS NULL) = (segmented_on IS NULL)",
            name=op.f("beneficiary_segment_check"),
        ),
        sa.CheckConstraint(
            "opened_on < closed_on", name=op.f("beneficiary_opened_on_closed_on_check")
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureau.id"], name=op.f("beneficiary_bureau_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "segment_id"],
            ["segment.tenant_id", "segment.id"],
            name=op.f("beneficiary_tenant_id_segment_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"],
            ["site.tenant_id", "site.id"],
            name=op.f("beneficiary_tenant_id_site_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "worker_id"],
            ["member.tenant_id", "member.id"],
            name=op.f("beneficiary_tenant_id_worker_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("beneficiary_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("beneficiary_pkey")),
        sa.UniqueConstraint(
            "tenant_id", "file_number", name=op.f("beneficiary_tenant_id_file_number_key")
        ),
        sa.UniqueConstraint(
            "tenant_id", "id_number_digest", name=op.f("beneficiary_tenant_id_id_number_digest_key")
        ),
        info={"tenant": True},
    )
    op.create_index(
        op.f("beneficiary_tenant_id_opened_on_id_idx"),
        "beneficiary",
        ["tenant_id", "opened_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("beneficiary_tenant_id_segment_id_idx"),
        "beneficiary",
        ["tenant_id", "segment_id"],
        unique=False,
    )
    op.create_index(
        op.f("beneficiary_tenant_id_site_id_idx"),
        "beneficiary",
        ["tenant_id", "site_id"],
        unique=False,
    )
    op.create_index(
        op.f("beneficiary_tenant_id_worker_id_idx"),
        "beneficiary",
        ["tenant_id", "worker_id"],
        unique=False,
    )
    planned_output = op.create_table(
        "planned_output",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "measure IN ('BENEFICIARIES_ON_FILE', 'SOCIAL_WORKER_TURNOUTS', 'VOLUNTEER_TURNOUTS', 'CASE_COUNSELLING', 'GROUP_ACTIVITIES', 'HOME_HELP')",
            name=op.f("planned_output_measure_check"),
        ),
        sa.CheckConstraint("quantity >= 0", name=op.f("planned_output_quantity_check")),
        sa.CheckConstraint(
            "valid_from < valid_until", name=op.f("planned_output_valid_from_valid_until_check")
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureau.id"], name=op.f("planned_output_bureau_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["project.tenant_id", "project.id"],
            name=op.f("planned_output_tenant_id_project_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("planned_output_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("planned_output_pkey")),
        sa.UniqueConstraint(
            "tenant_id",
            "project_id",
            "measure",
            "valid_from",
            name=op.f("planned_output_tenant_id_project_id_measure_valid_from_key"),
        ),
        info={"tenant": True},
    )
    service_record = op.create_table(
        "service_record",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("duration_minutes", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("festival", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('VISIT', 'HOME_HELP', 'CASE_SESSION', 'GROUP_SESSION')",
            name=op.f("service_record_kind_check"),
        ),
        sa.CheckConstraint(
            "medium IN ('IN_PERSON', 'PHONE', 'ONLINE')", name=op.f("service_record_medium_check")
        ),
        sa.CheckConstraint(
            "duration_minutes > 0", name=op.f("service_record_duration_minutes_check")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("service_record_area_id_fkey")),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureau.id"], name=op.f("service_record_bureau_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["project.tenant_id", "project.id"],
            name=op.f("service_record_tenant_id_project_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("service_record_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("service_record_pkey")),
        sa.UniqueConstraint(
            "tenant_id", "number", name=op.f("service_record_tenant_id_number_key")
        ),
        info={"tenant": True},
    )
    op.create_index(
        op.f("service_record_tenant_id_project_id_served_on_idx"),
        "service_record",
        ["tenant_id", "project_id", "served_on"],
        unique=False,
    )
    op.create_index(
        op.f("service_record_tenant_id_served_on_id_idx"),
        "service_record",
        ["tenant_id", "served_on", "id"],
        unique=False,
    )
    assessment = op.create_table(
        "assessment",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=False),
        sa.Column("assessor_id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("instrument_version", sa.BigInteger(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.CheckConstraint("band IN ('LOW', 'MEDIUM', 'HIGH')", name=op.f("assessment_band_check")),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("assessment_score_check")),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureau.id"], name=op.f("assessment_bureau_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "assessor_id"],
            ["member.tenant_id", "member.id"],
            name=op.f("assessment_tenant_id_assessor_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "beneficiary_id"],
            ["beneficiary.tenant_id", "beneficiary.id"],
            name=op.f("assessment_tenant_id_beneficiary_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("assessment_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("assessment_pkey")),
        sa.UniqueConstraint(
            "tenant_id",
            "beneficiary_id",
            "instrument",
            "assessed_on",
            name=op.f("assessment_tenant_id_beneficiary_id_instrument_assessed_on_key"),
        ),
        info={"tenant": True},
    )
    op.create_index(
        op.f("assessment_tenant_id_assessed_on_id_idx"),
        "assessment",
        ["tenant_id", "assessed_on", "id"],
        unique=False,
    )
    attendance = op.create_table(
        "attendance",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_record_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=True),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("volunteer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(role = 'BENEFICIARY') = (beneficiary_id IS NOT NULL) AND (role = 'WORKER') = (member_id IS NOT NULL) AND (role = 'VOLUNTEER') = (volunteer_id IS NOT NULL)",
            name=op.f("attendance_person_check"),
        ),
        sa.CheckConstraint(
            "role IN ('BENEFICIARY', 'WORKER', 'VOLUNTEER')", name=op.f("attendance_role_check")
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureau.id"], name=op.f("attendance_bureau_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "beneficiary_id"],
            ["beneficiary.tenant_id", "beneficiary.id"],
            name=op.f("attendance_tenant_id_beneficiary_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["member.tenant_id", "member.id"],
            name=op.f("attendance_tenant_id_member_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "service_record_id"],
            ["service_record.tenant_id", "service_record.id"],
            name=op.f("attendance_tenant_id_service_record_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "volunteer_id"],
            ["volunteer.tenant_id", "volunteer.id"],
            name=op.f("attendance_tenant_id_volunteer_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("attendance_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("attendance_pkey")),
        sa.UniqueConstraint(
            "tenant_id",
            "service_record_id",
            "beneficiary_id",
            name=op.f("attendance_tenant_id_service_record_id_beneficiary_id_key"),
        ),
        sa.UniqueConstraint(
            "tenant_id",
            "service_record_id",
            "member_id",
            name=op.f("attendance_tenant_id_service_record_id_member_id_key"),
        ),
        sa.UniqueConstraint(
            "tenant_id",
            "service_record_id",
            "volunteer_id",
            name=op.f("attendance_tenant_id_service_record_id_volunteer_id_key"),
        ),
        info={"tenant": True},
    )
    op.create_index(
        op.f("attendance_tenant_id_beneficiary_id_idx"),
        "attendance",
        ["tenant_id", "beneficiary_id"],
        unique=False,
    )
    op.create_index(
        op.f("attendance_tenant_id_member_id_idx"),
        "attendance",
        ["tenant_id", "member_id"],
        unique=False,
    )
    op.create_index(
        op.f("attendance_tenant_id_volunteer_id_idx"),
        "attendance",
        ["tenant_id", "volunteer_id"],
        unique=False,
    )
    consent = op.create_table(
        "consent",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('SERVICE', 'PHOTOGRAPH', 'SHARING')", name=op.f("consent_purpose_check")
        ),
        sa.CheckConstraint("given_on <= withdrawn_on", name=op.f("consent_withdrawn_on_check")),
        sa.ForeignKeyConstraint(["bureau_id"], ["bureau.id"], name=op.f("consent_bureau_id_fkey")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "beneficiary_id"],
            ["beneficiary.tenant_id", "beneficiary.id"],
            name=op.f("consent_tenant_id_beneficiary_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("consent_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("consent_pkey")),
        sa.UniqueConstraint(
            "tenant_id",
            "beneficiary_id",
            "purpose",
            "given_on",
            name=op.f("consent_tenant_id_beneficiary_id_purpose_given_on_key"),
        ),
        info={"tenant": True},
    )
    enrolment = op.create_table(
        "enrolment",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_from < valid_until", name=op.f("enrolment_valid_from_valid_until_check")
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureau.id"], name=op.f("enrolment_bureau_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "beneficiary_id"],
            ["beneficiary.tenant_id", "beneficiary.id"],
            name=op.f("enrolment_tenant_id_beneficiary_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["project.tenant_id", "project.id"],
            name=op.f("enrolment_tenant_id_project_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("enrolment_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("enrolment_pkey")),
        sa.UniqueConstraint(
            "tenant_id",
            "project_id",
            "beneficiary_id",
            "valid_from",
            name=op.f("enrolment_tenant_id_project_id_beneficiary_id_valid_from_key"),
        ),
        info={"tenant": True},
    )
    op.create_index(
        op.f("enrolment_tenant_id_beneficiary_id_idx"),
        "enrolment",
        ["tenant_id", "beneficiary_id"],
        unique=False,
    )
    entitlement = op.create_table(
        "entitlement",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bureau_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_from < valid_until", name=op.f("entitlement_valid_from_valid_until_check")
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureau.id"], name=op.f("entitlement_bureau_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["category_id"], ["entitlement_category.id"], name=op.f("entitlement_category_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "beneficiary_id"],
            ["beneficiary.tenant_id", "beneficiary.id"],
            name=op.f("entitlement_tenant_id_beneficiary_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("entitlement_tenant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("entitlement_pkey")),
        sa.UniqueConstraint(
            "tenant_id",
            "beneficiary_id",
            "category_id",
            "valid_from",
            name=op.f("entitlement_tenant_id_beneficiary_id_category_id_valid_from_key"),
        ),
        info={"tenant": True},
    )
    tables = (
        area,
        entitlement_category,
        bureau,
        access_version,
        tenant,
        agreement,
        member,
        typology,
        volunteer,
        assignment,
        member_role,
        project,
        segment,
        site,
        beneficiary,
        planned_output,
        service_record,
        assessment,
        attendance,
        consent,
        enrolment,
        entitlement,
    )
    op.execute(ENTER_FUNCTION)
    for statement in protect_statements(tables):
        op.execute(statement)
