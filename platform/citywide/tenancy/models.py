"""Who is on the deployment: bureaus, tenants, the agreements that let agencies in, members."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint

from citywide.db.tables import (
    CatalogueRow,
    TenantRow,
    Version,
    catalogue_reference,
    catalogue_table,
    period,
    reference,
    tenant_table,
)
from citywide.tenancy.words import (
    MemberStatus,
    OwnRoleStatus,
    RuleAction,
    RuleScope,
    TenantKind,
)


class BureauRow(CatalogueRow):
    slug: str
    name: str
    office: str
    city_id: UUID
    # A past pilot is replayed as of this day; NULL in a live city: today.
    replay_date: date | None


BUREAU = catalogue_table(
    "bureau",
    BureauRow,
    UniqueConstraint("slug"),
    catalogue_reference("city_id", "area"),
)


class RegistryRow(TenantRow):
    """The registry of tenants: the bureau itself (id = bureau_id) and every agency."""

    kind: TenantKind
    slug: str
    name: str


TENANT = tenant_table(
    "tenant",
    RegistryRow,
    UniqueConstraint("tenant_id"),
    # What the key of every tenant's table points at.
    UniqueConstraint("tenant_id", "bureau_id"),
    CheckConstraint("id = tenant_id", name="id"),
)


class AgreementRow(TenantRow):
    number: str
    scope: str
    valid_from: date
    valid_until: date
    amount_fen: int


AGREEMENT = tenant_table(
    "agreement",
    AgreementRow,
    UniqueConstraint("tenant_id", "number"),
    period(),
    CheckConstraint("amount_fen >= 0", name="amount_fen"),
)


class SiteRow(TenantRow):
    """A community that an agreement covers."""

    agreement_id: UUID
    area_id: UUID


SITE = tenant_table(
    "site",
    SiteRow,
    UniqueConstraint("tenant_id", "agreement_id", "area_id"),
    reference("agreement_id", "agreement"),
    catalogue_reference("area_id", "area"),
)


class MemberRow(TenantRow):
    subject: str
    name: str
    status: MemberStatus
    # Set while somebody of the tenant itself has suspended them: a manifest lets them in no more.
    suspended_on: date | None
    version: Version


MEMBER = tenant_table(
    "member",
    MemberRow,
    UniqueConstraint("tenant_id", "subject"),
    Index(None, "subject"),
    names="name",
)


class MemberRoleRow(TenantRow):
    member_id: UUID
    role: str
    valid_from: date
    valid_until: date | None
    # Set when somebody of the tenant itself has ended the role: a manifest gives it no more.
    revoked_on: date | None


MEMBER_ROLE = tenant_table(
    "member_role",
    MemberRoleRow,
    UniqueConstraint("tenant_id", "member_id", "role", "valid_from"),
    reference("member_id", "member"),
    period(),
)


class OwnRoleRow(TenantRow):
    """A role that an agency made for itself; members hold it as `own:` and its name."""

    name: str
    label: str
    status: OwnRoleStatus
    version: Version


OWN_ROLE = tenant_table(
    "own_role",
    OwnRoleRow,
    UniqueConstraint("tenant_id", "name"),
    writers=("agency",),
)


class OwnRoleRuleRow(TenantRow):
    """One thing that a version of such a role may do.

    It is all that the policy's role `object` may, or `action` on the coordinate `object`. Those of
    the role's own version are in force.
    """

    role_id: UUID
    role_version: int
    object: str
    action: RuleAction
    scope: RuleScope


OWN_ROLE_RULE = tenant_table(
    "own_role_rule",
    OwnRoleRuleRow,
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
    writers=("agency",),
    is_append_only=True,
)


class AssignmentRow(TenantRow):
    """A supervisor of the bureau looks after an agency.

    The row lies in the bureau's tenant, so `agency_id` cannot be a foreign key: it names another
    tenant. The use case checks it.
    """

    member_id: UUID
    agency_id: UUID
    valid_from: date
    valid_until: date | None


ASSIGNMENT = tenant_table(
    "assignment",
    AssignmentRow,
    UniqueConstraint("tenant_id", "member_id", "agency_id", "valid_from"),
    reference("member_id", "member"),
    period(),
)


class AccessVersionRow(CatalogueRow):
    """Rises with every change of who may do what in a bureau's city; every process polls it."""

    version: int


ACCESS_VERSION = catalogue_table(
    "access_version",
    AccessVersionRow,
    # The row's id is the bureau's.
    ForeignKeyConstraint(["id"], ["bureau.id"]),
)
