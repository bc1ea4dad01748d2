"""The CSV files of an agency's records: their columns, and the draft that a row of each makes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from citywide.assessments.paper import PaperForm
from citywide.beneficiaries.consents import PastConsent
from citywide.beneficiaries.entitlements import EntitlementDraft
from citywide.beneficiaries.registration import FileDraft
from citywide.beneficiaries.typologies import JudgementDraft
from citywide.beneficiaries.words import ConsentPurpose, Gender
from citywide.exchange.records import Cells
from citywide.projects.enrolments import EnrolmentDraft
from citywide.services.recording import ServiceDraft
from citywide.services.words import AttendanceRole, Medium, ServiceKind
from citywide.volunteers.roll import VolunteerDraft

# Each file's first line, in the order in which the files are loaded.
COLUMNS = {
    "beneficiaries": (
        "file_number",
        "name",
        "gender",
        "born_on",
        "id_number",
        "phone",
        "address",
        "site",
        "worker",
        "opened_on",
    ),
    "entitlements": ("file_number", "category", "valid_from", "valid_until"),
    "consents": ("file_number", "purpose", "given_on", "withdrawn_on"),
    "assessments": (
        "file_number",
        "assessor",
        "instrument",
        "instrument_version",
        "assessed_on",
        "score",
        "summary",
    ),
    "classifications": (
        "file_number",
        "typology",
        "typology_version",
        "segment",
        "segmented_on",
        "reason",
    ),
    "enrolments": ("file_number", "project", "valid_from", "valid_until"),
    "volunteers": ("number", "name", "phone", "skills", "registered_on"),
    "services": (
        "number",
        "project",
        "kind",
        "medium",
        "served_on",
        "duration_minutes",
        "area",
        "festival",
        "title",
        "note",
    ),
    "attendance": ("service", "role", "person"),
}


@dataclass(slots=True)
class Register:
    """The ids of what rows name: declared by the manifests, or loaded from an earlier file."""

    sites: dict[Hashable, UUID] = field(default_factory=dict)
    areas: dict[Hashable, UUID] = field(default_factory=dict)
    categories: dict[Hashable, UUID] = field(default_factory=dict)
    projects: dict[Hashable, UUID] = field(default_factory=dict)
    segments: dict[Hashable, UUID] = field(default_factory=dict)
    members: dict[Hashable, UUID] = field(default_factory=dict)
    beneficiaries: dict[Hashable, UUID] = field(default_factory=dict)
    volunteers: dict[Hashable, UUID] = field(default_factory=dict)
    # By the words that volunteers.csv has for them.
    skills: Mapping[str, UUID] = field(default_factory=dict)

    def beneficiary(self, cells: Cells) -> FileDraft:
        """A row of beneficiaries.csv; `site` is an area code, `worker` a member's subject."""
        return FileDraft(
            file_number=cells.text("file_number"),
            name=cells.text("name"),
            gender=cells.word("gender", Gender),
            born_on=cells.day("born_on"),
            id_number=cells.text("id_number"),
            phone=cells.optional("phone"),
            address=cells.optional("address"),
            site_id=cells.known("site", self.sites, "site"),
            worker_id=cells.known("worker", self.members, "member"),
            opened_on=cells.day("opened_on"),
        )

    def entitlement(self, cells: Cells) -> EntitlementDraft:
        """A row of entitlements.csv."""
        return EntitlementDraft(
            beneficiary_id=self._person(cells),
            category_id=cells.known("category", self.categories, "entitlement category"),
            valid_from=cells.day("valid_from"),
            valid_until=cells.optional_day("valid_until"),
        )

    def consent(self, cells: Cells) -> PastConsent:
        """A row of consents.csv."""
        return PastConsent(
            beneficiary_id=self._person(cells),
            purpose=cells.word("purpose", ConsentPurpose),
            given_on=cells.day("given_on"),
            withdrawn_on=cells.optional_day("withdrawn_on"),
        )

    def assessment(self, cells: Cells) -> PaperForm:
        """A row of assessments.csv."""
        return PaperForm(
            beneficiary_id=self._person(cells),
            assessor_id=cells.known("assessor", self.members, "member"),
            instrument=cells.text("instrument"),
            instrument_version=cells.number("instrument_version"),
            assessed_on=cells.day("assessed_on"),
            score=cells.number("score"),
            summary=cells.text("summary"),
        )

    def classification(self, cells: Cells) -> JudgementDraft:
        """A row of classifications.csv."""
        columns = "typology typology_version segment"
        return JudgementDraft(
            beneficiary_id=self._person(cells),
            segment_id=cells.known(columns, self.segments, "service type"),
            segmented_on=cells.day("segmented_on"),
            reason=cells.text("reason"),
        )

    def enrolment(self, cells: Cells) -> EnrolmentDraft:
        """A row of enrolments.csv."""
        return EnrolmentDraft(
            project_id=cells.known("project", self.projects, "project"),
            beneficiary_id=self._person(cells),
            valid_from=cells.day("valid_from"),
            valid_until=cells.optional_day("valid_until"),
        )

    def volunteer(self, cells: Cells) -> VolunteerDraft:
        """A row of volunteers.csv."""
        skills = cells.optional("skills")
        return VolunteerDraft(
            number=cells.text("number"),
            name=cells.text("name"),
            phone=cells.optional("phone"),
            skills=skills,
            registered_on=cells.day("registered_on"),
            skill_ids=(self.skills[skills],) if skills and skills in self.skills else (),
        )

    def service(
        self, cells: Cells, persons: Mapping[AttendanceRole, Sequence[UUID]]
    ) -> ServiceDraft:
        """A row of services.csv; `persons` are the attendances by role."""
        return ServiceDraft(
            number=cells.text("number"),
            project_id=cells.known("project", self.projects, "project"),
            kind=cells.word("kind", ServiceKind),
            medium=cells.word("medium", Medium),
            served_on=cells.day("served_on"),
            duration_minutes=cells.number("duration_minutes"),
            area_id=cells.known("area", self.areas, "area"),
            festival=cells.optional("festival"),
            title=cells.text("title"),
            note=cells.optional("note"),
            beneficiary_ids=tuple(persons[AttendanceRole.BENEFICIARY]),
            worker_ids=tuple(persons[AttendanceRole.WORKER]),
            volunteer_ids=tuple(persons[AttendanceRole.VOLUNTEER]),
        )

    def _person(self, cells: Cells) -> UUID:
        return cells.known("file_number", self.beneficiaries, "file")
