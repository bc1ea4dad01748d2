"""Projects, their implementation plan and enrolments in the schema."""

from citywide.graph.declare import column, entity, few, many, one, through
from citywide.projects.models import ENROLMENT, PLANNED_OUTPUT, PROJECT


@entity(
    PROJECT,
    tag="proj",
    root="projects",
    root_description="What the agreements pay for.",
)
class Project:
    """What an agreement pays for (项目), with an implementation plan."""

    name = column("The project's name.")
    goal = column("What it is to achieve.")
    valid_from = column("First day.")
    valid_until = column("First day after its end.")
    agency = one("Agency", "The agency that runs it.", {"id": "tenant_id"})
    agreement = one("Agreement", "The agreement that pays for it.", {"id": "agreement_id"})
    plan = few(
        "PlannedOutput",
        "The implementation plan.",
        {"project_id": "id"},
        order=("valid_from", "measure"),
    )
    enrolments = many("Enrolment", "Who takes part.", {"project_id": "id"})
    service_records = many("ServiceRecord", "What was delivered.", {"project_id": "id"})


@entity(PLANNED_OUTPUT, tag="plan")
class PlannedOutput:
    """One line of an implementation plan: so many of one measure within a period."""

    measure = column("What is counted.")
    quantity = column("How many, in the measure's unit.")
    valid_from = column("First day of the period.")
    valid_until = column("First day after the period.")


@entity(ENROLMENT, tag="enro", caseload=through("Beneficiary", {"id": "beneficiary_id"}))
class Enrolment:
    """A beneficiary's participation in a project (参与)."""

    valid_from = column("First day.")
    valid_until = column("First day on which they no longer take part; null while they do.")
    version = column("Counts the changes; send it with a change.")
    leaving_reason = column("Why they no longer take part, where it was said.")
    project = one("Project", "The project.", {"id": "project_id"})
    beneficiary = one("Beneficiary", "Who takes part.", {"id": "beneficiary_id"})
