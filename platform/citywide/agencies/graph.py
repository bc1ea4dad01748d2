"""The bureau, its agencies, their agreements and members in the schema; and who is asking."""

from citywide.graph.declare import Kind, column, either, entity, few, many, one, surname
from citywide.tenancy.models import (
    AGREEMENT,
    BUREAU,
    MEMBER,
    MEMBER_ROLE,
    OWN_ROLE,
    OWN_ROLE_RULE,
    SITE,
    TENANT,
)
from citywide.tenancy.words import TenantKind


@entity(BUREAU, tag="bure")
class Bureau:
    """The commissioning authority of a city (主管局)."""

    slug = column("Its short name in commands and manifests.")
    name = column("Its name.")
    office = column("The office in charge.")
    replay_date = column("The day as of which a past pilot is shown; null in a live city.")
    city = one("Area", "The city it serves.", {"id": "city_id"})
    agencies = many("Agency", "The agencies it contracts.", {"bureau_id": "id"})


@entity(
    TENANT,
    tag="agen",
    root="agencies",
    root_description="The agencies you may see: your own, or all of your bureau's city.",
    condition=lambda row: row.c.kind == TenantKind.AGENCY,
)
class Agency:
    """A contracted social-work organisation (承接机构); a tenant of its own."""

    slug = column("Its short name in commands and manifests.")
    name = column("Its name.")
    bureau = one("Bureau", "The bureau that contracts it.", {"id": "bureau_id"})
    agreements = many("Agreement", "Its agreements with the bureau.", {})
    members = many("Member", "Its staff.", {})
    projects = many("Project", "Its projects.", {})
    beneficiaries = many("Beneficiary", "The persons it serves.", {})
    volunteers = many("Volunteer", "Its volunteers.", {})
    service_records = many("ServiceRecord", "The services it delivered.", {})


@entity(
    AGREEMENT,
    tag="agre",
    root="agreements",
    root_description="Service agreements between the bureau and its agencies.",
)
class Agreement:
    """The contract of bureau and agency (服务协议): access begins and ends with it."""

    number = column("The agreement's number.")
    scope = column("What is contracted.")
    valid_from = column("First day.")
    valid_until = column("First day on which it is no longer in force.")
    amount = column("The agreed sum in yuan.", "amount_fen", kind=Kind.MONEY)
    agency = one("Agency", "The contracted agency.", {"id": "tenant_id"})
    sites = few("Site", "The communities it covers.", {"agreement_id": "id"}, order=())
    projects = many("Project", "What it pays for.", {"agreement_id": "id"})


@entity(SITE, tag="site")
class Site:
    """A community that an agreement covers (点)."""

    area = one("Area", "The community.", {"id": "area_id"})
    agreement = one("Agreement", "The agreement.", {"id": "agreement_id"})
    beneficiaries = many("Beneficiary", "The persons served there.", {"site_id": "id"})


@entity(MEMBER, tag="memb", person=True)
class Member:
    """A person who works for an agency or for the bureau."""

    subject = column("The user name that their tokens carry.")
    name = column("Their name; masked: the surname.", mask=surname)
    status = column("Whether they may sign in.")
    version = column("Counts its changes, for those who change it.")
    roles = few("MemberRole", "Their roles.", {"member_id": "id"}, order=("role", "valid_from"))
    caseload = many("Beneficiary", "The beneficiaries assigned to them.", {"worker_id": "id"})
    attendances = many("Attendance", "The services they turned out for.", {"member_id": "id"})


@entity(MEMBER_ROLE, tag="mrol")
class MemberRole:
    """A role that a member holds for a time."""

    role = column("The role's name in the policy.")
    valid_from = column("First day.")
    valid_until = column("First day on which it is no longer held; null while open.")


@entity(
    OWN_ROLE,
    tag="orol",
    root="ownRoles",
    root_description="The roles that your agency made for itself.",
)
class OwnRole:
    """A role that an agency made for itself, within what its director may hand on."""

    name = column("Its name; members hold it as own: and this.")
    label = column("What people call it.")
    status = column("Whether members can hold it.")
    version = column("Counts its changes, for those who change it.")
    rules = few(
        "OwnRoleRule",
        "What it may do now.",
        {"role_id": "id", "role_version": "version"},
        order=("object", "action", "scope"),
    )


@entity(OWN_ROLE_RULE, tag="orul")
class OwnRoleRule:
    """One thing that a role of an agency's own may do."""

    object = column("A coordinate, Type.*, or the name of a role of the policy.")
    action = column("What may be done with it.")
    scope = column("In which rows.")


@entity(MEMBER, tag="view")
class Viewer:
    """You: one member of one tenant."""

    subject = column("Your user name.")
    name = column("Your name.")
    roles = few("MemberRole", "Your roles.", {"member_id": "id"}, order=("role", "valid_from"))
    tenant = either(
        "Tenant",
        "Where a member belongs: the bureau or an agency.",
        "Where you belong.",
        {"Agency": {"id": "tenant_id"}, "Bureau": {"id": "tenant_id"}},
    )
