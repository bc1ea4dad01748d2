"""The agency's files on the persons it serves, in the schema."""

from enum import Enum

import strawberry

from citywide.beneficiaries.models import (
    ASSESSMENT,
    BENEFICIARY,
    CONSENT,
    ENTITLEMENT,
    ENTITLEMENT_CATEGORY,
    SEGMENT,
    TYPOLOGY,
)
from citywide.graph.declare import (
    column,
    entity,
    few,
    hidden,
    itself,
    localised,
    many,
    one,
    own,
    sealed,
    surname,
    through,
)


@strawberry.enum(description="The gender in the person's ID number.")
class Gender(Enum):
    MALE = "MALE"
    FEMALE = "FEMALE"


@strawberry.enum(description="What a person consented to.")
class ConsentPurpose(Enum):
    SERVICE = "SERVICE"
    PHOTOGRAPH = "PHOTOGRAPH"
    SHARING = "SHARING"


@strawberry.enum(description="How much help an assessment calls for.")
class NeedBand(Enum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


_OF_BENEFICIARY = through("Beneficiary", {"id": "beneficiary_id"})


@entity(
    BENEFICIARY,
    tag="bene",
    root="beneficiaries",
    root_description="The files on the persons served.",
    caseload=own("worker_id"),
    person=True,
    about=itself(),
)
class Beneficiary:
    """A served person (优抚对象): the agency's file on them."""

    file_number = column("The agency's own number of the file.")
    name = column("The person's name; masked: the surname.", mask=surname)
    gender = column("The person's gender.", enum=Gender)
    born_on = column("The date of birth.", mask=hidden)
    id_number = sealed("The citizen identity number (GB 11643).", "id_number_sealed")
    phone = column("A telephone number.", mask=hidden)
    address = column("Where the person lives.", mask=hidden)
    opened_on = column("The day the file was opened.")
    closed_on = column("The day the file was closed; null while it is open.")
    segment_reason = column("Why the segment was chosen.", mask=hidden)
    segmented_on = column("The day the segment was chosen.", mask=hidden)
    agency = one("Agency", "The agency that serves them.", {"id": "tenant_id"})
    site = one("Site", "Where they are served.", {"id": "site_id"})
    worker = one("Member", "The assigned social worker.", {"id": "worker_id"})
    segment = one("Segment", "Their service type.", {"id": "segment_id"}, maskable=True)
    entitlements = many("Entitlement", "Their dated legal statuses.", {"beneficiary_id": "id"})
    consents = many("Consent", "What they consented to.", {"beneficiary_id": "id"})
    assessments = many("Assessment", "Needs assessments of them.", {"beneficiary_id": "id"})
    enrolments = many("Enrolment", "The projects they take part in.", {"beneficiary_id": "id"})
    attendances = many("Attendance", "The services they received.", {"beneficiary_id": "id"})
    cases = many("Case", "Casework with them.", {"beneficiary_id": "id"})


@entity(ENTITLEMENT_CATEGORY, tag="ecat")
class EntitlementCategory:
    """A category of entitled persons (优抚类别), from the state's dated code table."""

    code = column("The category's code.")
    label = localised("The category's name.", ZH_CN="label_zh", EN="label_en")
    valid_from = column("First day of the category; null when it is not known.")
    valid_until = column("First day on which it no longer exists; null while it does.")


@entity(ENTITLEMENT, tag="enti", caseload=_OF_BENEFICIARY)
class Entitlement:
    """A dated legal status of a beneficiary; several can hold at once."""

    valid_from = column("First day.")
    valid_until = column("First day on which it no longer holds; null while open.")
    category = one("EntitlementCategory", "The status.", {"id": "category_id"})
    beneficiary = one("Beneficiary", "Whose status.", {"id": "beneficiary_id"})


@entity(CONSENT, tag="cons", caseload=_OF_BENEFICIARY)
class Consent:
    """A beneficiary's consent to one purpose."""

    purpose = column("What was consented to.", enum=ConsentPurpose)
    given_on = column("The day consent was given.")
    withdrawn_on = column("The day it was withdrawn; null while it stands.")
    beneficiary = one("Beneficiary", "Whose consent.", {"id": "beneficiary_id"})


@entity(
    ASSESSMENT,
    tag="asse",
    root="assessments",
    root_description="Needs assessments of beneficiaries.",
    caseload=_OF_BENEFICIARY,
)
class Assessment:
    """A scored instrument filled in for one beneficiary (需求评估)."""

    instrument = column("The instrument's name.")
    instrument_version = column("The instrument's version.")
    assessed_on = column("The day of the assessment.")
    score = column("Points, 0 (no need) to 100.", mask=hidden)
    band = column("What the score means.", enum=NeedBand, mask=hidden)
    summary = column("The assessor's summary.", mask=hidden)
    beneficiary = one("Beneficiary", "The assessed person.", {"id": "beneficiary_id"})
    assessor = one("Member", "Who assessed.", {"id": "assessor_id"})


@entity(TYPOLOGY, tag="typo")
class Typology:
    """An agency's versioned set of service types (分类)."""

    name = column("The typology's name.")
    version = column("Its version; a change makes a new one.")
    valid_from = column("First day.")
    valid_until = column("First day on which it is no longer used; null while it is.")
    segments = few("Segment", "Its service types.", {"typology_id": "id"}, order=("code",))


@entity(SEGMENT, tag="segm")
class Segment:
    """A service type (服务类型) with the strategy for it."""

    code = column("Its code in the typology.")
    name = column("Its name.")
    strategy = column("How persons of this type are served.")
    sensitive = column("Whether it is a judgement that must not travel.")
    typology = one("Typology", "The typology it belongs to.", {"id": "typology_id"})
