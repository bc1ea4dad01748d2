"""Who is on the deployment: bureaus, tenants, the agreements that let agencies in, members."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
)

from citywide.db.tables import catalogue_table, one_of, period, reference, tenant_table

BUREAU = catalogue_table(
    "bureau",
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("city_id", Uuid, ForeignKey("area.id"), nullable=False),
    # A past pilot is replayed as of this day; NULL in a live city: today.
    Column("replay_date", Date),
)

# The registry of tenants: the bureau itself (id = bureau_id) and every agency.
TENANT = tenant_table(
    "tenant",
    Column("kind", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("tenant_id"),
    # What the key of every tenant's table points at.
    UniqueConstraint("tenant_id", "bureau_id"),
    CheckConstraint("id = tenant_id", name="id"),
    one_of("kind", "BUREAU", "AGENCY"),
)

AGREEMENT = tenant_table(
    "agreement",
    Column("number", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "number"),
    period(),
    CheckConstraint("amount_fen >= 0", name="amount_fen"),
)

# A community that an agreement covers.
SITE = tenant_table(
    "site",
    Column("agreement_id", Uuid, nullable=False),
    Column("area_id", Uuid, ForeignKey("area.id"), nullable=False),
    UniqueConstraint("tenant_id", "agreement_id", "area_id"),
    reference("agreement_id", "agreement"),
)

MEMBER = tenant_table(
    "member",
    Column("subject", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    # Set while somebody of the tenant itself has suspended them: a manifest lets them in no more.
    Column("suspended_on", Date),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "subject"),
    Index(None, "subject"),
    one_of("status", "ACTIVE", "INVITED", "SUSPENDED"),
)

MEMBER_ROLE = tenant_table(
    "member_role",
    Column("member_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    # Set when somebody of the tenant itself has ended the role: a manifest gives it no more.
    Column("revoked_on", Date),
    UniqueConstraint("tenant_id", "member_id", "role", "valid_from"),
    reference("member_id", "member"),
    period(),
)

# A role that an agency made for itself; members hold it as `own:` and its name.
OWN_ROLE = tenant_table(
    "own_role",
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "name"),
    one_of("status", "IN_USE", "RETIRED"),
    writers=("agency",),
)

# One thing that a version of such a role may do: all that the policy's role `object` may, or
# `action` on the coordinate `object`. Those of the role's own version are in force.
OWN_ROLE_RULE = tenant_table(
    "own_role_rule",
    Column("role_id", Uuid, nullable=False),
    Column("role_version", BigInteger, nullable=False),
    Column("object", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("scope", Text, nullable=False),
    UniqueConstraint(
        "tenant_id",
        "role_id",
        "role_version",
        "object",
        "action",
        "scope",
        # The name that follows from the columns is longer than PostgreSQL keeps.
        name="own_role_rule_once_key",
    ),
    reference("role_id", "own_role"),
    one_of("action", "INHERIT", "READ", "READ_MASKED", "EXECUTE"),
    one_of("scope", "CASELOAD", "TENANT"),
    writers=("agency",),
    is_append_only=True,
)

# A supervisor of the bureau looks after an agency. The row lies in the bureau's tenant, so
# `agency_id` cannot be a foreign key: it names another tenant. The use case checks it.
ASSIGNMENT = tenant_table(
    "assignment",
    Column("member_id", Uuid, nullable=False),
    Column("agency_id", Uuid, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    UniqueConstraint("tenant_id", "member_id", "agency_id", "valid_from"),
    reference("member_id", "member"),
    period(),
)

# Rises with every change of who may do what in a bureau's city; every process polls it.
ACCESS_VERSION = catalogue_table(
    "access_version",
    Column("version", BigInteger, nullable=False),
    # The row's id is the bureau's.
    ForeignKeyConstraint(["id"], ["bureau.id"]),
)
