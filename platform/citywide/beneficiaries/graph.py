"""The agency's files on the persons it serves, in the schema."""

from citywide.beneficiaries.models import (
    BENEFICIARY,
    CLASSIFICATION,
    CONSENT,
    ENTITLEMENT,
    ENTITLEMENT_CATEGORY,
    FILE_MERGE,
    LIKENESS,
    SEGMENT,
    TYPOLOGY,
    WORKER_TERM,
)
from citywide.graph.declare import (
    About,
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

OF_BENEFICIARY = through("Beneficiary", {"id": "beneficiary_id"})


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
    gender = column("The person's gender.")
    born_on = column("The date of birth.", mask=hidden)
    id_number = sealed("The citizen identity number (GB 11643).", "id_number_sealed")
    phone = column("A telephone number.", mask=hidden)
    address = column("Where the person lives.", mask=hidden)
    opened_on = column("The day the file was opened.")
    closed_on = column("The day the file was closed; null while it is open.")
    closing_reason = column("Why the file was closed; null while it is open.")
    version = column("Counts the changes of the file; send it with a change.")
    segment_reason = column("Why the segment was chosen.", mask=hidden)
    segmented_on = column("The day the segment was chosen.", mask=hidden)
    agency = one("Agency", "The agency that serves them.", {"id": "tenant_id"})
    site = one("Site", "Where they are served.", {"id": "site_id"})
    worker = one("Member", "The assigned social worker.", {"id": "worker_id"})
    segment = one("Segment", "Their service type.", {"id": "segment_id"}, maskable=True)
    entitlements = many("Entitlement", "Their dated legal statuses.", {"beneficiary_id": "id"})
    consents = many("Consent", "What they consented to.", {"beneficiary_id": "id"})
    assessments = many(
        "Assessment",
        "Needs assessments of them; order by ASSESSED_ON for the trend.",
        {"beneficiary_id": "id"},
    )
    enrolments = many("Enrolment", "The projects they take part in.", {"beneficiary_id": "id"})
    needs = many("Need", "The questions they raised.", {"beneficiary_id": "id"})
    attendances = many("Attendance", "The services they received.", {"beneficiary_id": "id"})
    volunteer_links = many(
        "VolunteerLink", "Whom they are as a volunteer.", {"beneficiary_id": "id"}
    )
    cases = many("Case", "Casework with them.", {"beneficiary_id": "id"})
    worker_terms = many("WorkerTerm", "Who kept the file, and when.", {"beneficiary_id": "id"})
    classifications = many(
        "Classification", "Every judgement of their service type.", {"beneficiary_id": "id"}
    )
    merged_into = one(
        "Beneficiary",
        "The file that this one is continued in.",
        {"id": "merged_into_id"},
        nullable=True,
    )
    merged_files = many(
        "Beneficiary", "The files that are continued in this one.", {"merged_into_id": "id"}
    )
    merges = many("FileMerge", "Merges of other files into this one.", {"survivor_id": "id"})
    likenesses = many(
        "Likeness", "Older files that may be about the same person.", {"beneficiary_id": "id"}
    )
    likened_by = many(
        "Likeness", "Newer files that may be about the same person.", {"other_id": "id"}
    )


@entity(ENTITLEMENT_CATEGORY, tag="ecat")
class EntitlementCategory:
    """A category of entitled persons (优抚类别), from the state's dated code table."""

    code = column("The category's code.")
    label = localised("The category's name.", ZH_CN="label_zh", EN="label_en")
    valid_from = column("First day of the category; null when it is not known.")
    valid_until = column("First day on which it no longer exists; null while it does.")


@entity(ENTITLEMENT, tag="enti", caseload=OF_BENEFICIARY)
class Entitlement:
    """A dated legal status of a beneficiary; several can hold at once."""

    valid_from = column("First day.")
    valid_until = column("First day on which it no longer holds; null while open.")
    version = column("Counts the changes; send it with a change.")
    category = one("EntitlementCategory", "The status.", {"id": "category_id"})
    beneficiary = one("Beneficiary", "Whose status.", {"id": "beneficiary_id"})


@entity(CONSENT, tag="cons", caseload=OF_BENEFICIARY)
class Consent:
    """A beneficiary's consent to one purpose."""

    purpose = column("What was consented to.")
    given_on = column("The day consent was given.")
    withdrawn_on = column("The day it was withdrawn; null while it stands.")
    version = column("Counts the changes; send it with a change.")
    beneficiary = one("Beneficiary", "Whose consent.", {"id": "beneficiary_id"})


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


@entity(WORKER_TERM, tag="term", caseload=OF_BENEFICIARY)
class WorkerTerm:
    """A time in which a worker kept a file."""

    valid_from = column("First day.")
    valid_until = column("First day on which another worker kept it; null for who keeps it now.")
    member = one("Member", "The worker.", {"id": "member_id"})
    beneficiary = one("Beneficiary", "Whose file.", {"id": "beneficiary_id"})


@entity(CLASSIFICATION, tag="clas", caseload=OF_BENEFICIARY)
class Classification:
    """A judgement that a person was of a service type."""

    classified_on = column("The day of the judgement.")
    reason = column("What it rested on.")
    segment = one("Segment", "The service type.", {"id": "segment_id"})
    judge = one(
        "Member", "Who judged; null where it is not known.", {"id": "judge_id"}, nullable=True
    )
    beneficiary = one("Beneficiary", "Who was judged.", {"id": "beneficiary_id"})


@entity(
    LIKENESS,
    tag="like",
    caseload=OF_BENEFICIARY,
    about=About(columns=("beneficiary_id", "other_id")),
)
class Likeness:
    """Two files that may be about one person, noted when the newer one was opened or changed."""

    basis = column("What they have in common.")
    noted_on = column("The day it was noted.")
    beneficiary = one("Beneficiary", "The newer file.", {"id": "beneficiary_id"})
    other = one("Beneficiary", "The older file.", {"id": "other_id"})


@entity(FILE_MERGE, tag="merg", about=About(columns=("survivor_id", "merged_id")))
class FileMerge:
    """Two files about one person: one of them is continued in the other."""

    merged_on = column("The day of the merge.")
    merge_reason = column("How it was known that both are about one person.")
    split_on = column("The day it was undone; null while it stands.")
    split_reason = column("How it was known that they are two persons.")
    version = column("Counts the changes; send it with a change.")
    survivor = one("Beneficiary", "The file that goes on.", {"id": "survivor_id"})
    merged = one("Beneficiary", "The file that ended.", {"id": "merged_id"})
    merged_by = one("Member", "Who merged them.", {"id": "merged_by_id"})
    split_by = one("Member", "Who split them.", {"id": "split_by_id"}, nullable=True)
