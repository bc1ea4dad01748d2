"""What a city's folder declares: the bureau, its agencies and the shared code tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from citywide.ids import named_id
from citywide.rules.clock import business_day

# Names end up in lists and on labels, sentences in one paragraph of a page.
NAME_LENGTH = 80
SENTENCE_LENGTH = 500
# Agencies, members, sites: a hand-written file holds fewer, a generated one should be split.
MOST_ITEMS = 500
# An output of a million a period is a slip of the finger.
MOST_PLANNED = 1_000_000
# The highest answers of a form together: scores of all forms read as parts of it.
FULL_SCORE = 100
# A form that takes longer than one visit is not filled in; a longer scale of answers not read.
MOST_QUESTIONS = 100
MOST_OPTIONS = 10
# Nobody is asked to wait for an answer longer than a year.
MOST_DAYS = 366

# Written for every regular-expression engine: no control characters, no blank at either end.
_PRINTABLE = r"^[^\x00-\x20\x7f-\xa0]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0])?$"

Slug = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$",
        description="The name in addresses and on the command line; it never changes.",
    ),
]
Name = Annotated[str, Field(pattern=_PRINTABLE, max_length=NAME_LENGTH)]
Sentence = Annotated[str, Field(pattern=_PRINTABLE, max_length=SENTENCE_LENGTH)]
AreaCode = Annotated[
    str,
    Field(
        pattern=r"^([0-9]{6}|[0-9]{9}|[0-9]{12})$", description="A code of areas.csv, in quotes."
    ),
]
Subject = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9._@-]{1,78}[a-z0-9]$",
        description="The `sub` of the member's tokens, as the issuer writes it.",
    ),
]
Yuan = Annotated[
    str,
    Field(
        pattern=r"^(0|[1-9][0-9]{0,11})\.[0-9]{2}$",
        description="An exact amount in yuan with two decimals, in quotes.",
    ),
]
Phone = Annotated[
    str, Field(pattern=r"^[0-9+(][0-9+() -]{2,22}$", description="A public number, in quotes.")
]
BureauRole = Literal["officer", "budget_officer", "evaluator", "auditor", "analyst", "supervisor"]
AgencyRole = Literal["director", "social_worker", "volunteer_manager", "finance"]
Measure = Literal[
    "BENEFICIARIES_ON_FILE",
    "SOCIAL_WORKER_TURNOUTS",
    "VOLUNTEER_TURNOUTS",
    "CASE_COUNSELLING",
    "GROUP_ACTIVITIES",
    "HOME_HELP",
]


class Declaration(BaseModel):
    """Anything a manifest says: nothing is converted, unknown keys are refused."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Period(Declaration):
    """Days, half-open: `valid_until` is the first day that no longer counts."""

    valid_from: date
    valid_until: date


class OpenPeriod(Declaration):
    """Days that may have no end yet."""

    valid_from: date
    valid_until: date | None = None


class BureauRoleGrant(OpenPeriod):
    """A role in the bureau."""

    role: BureauRole


class AgencyRoleGrant(OpenPeriod):
    """A role in the agency; it counts only while an agreement is in force as well."""

    role: AgencyRole


class Assignment(OpenPeriod):
    """An agency that a supervisor looks after."""

    agency: Slug


class BureauMember(Declaration):
    """Somebody on the bureau's staff."""

    subject: Subject
    name: Name
    roles: tuple[BureauRoleGrant, ...] = Field(min_length=1, max_length=MOST_ITEMS)
    assigned: tuple[Assignment, ...] = Field((), max_length=MOST_ITEMS)


class AgencyMember(Declaration):
    """Somebody on an agency's staff."""

    subject: Subject
    name: Name
    roles: tuple[AgencyRoleGrant, ...] = Field(min_length=1, max_length=MOST_ITEMS)


class PlanLine(Period):
    """So many of one measure within a period."""

    measure: Measure
    quantity: int = Field(ge=0, le=MOST_PLANNED)


class Project(Period):
    """What an agreement pays for."""

    name: Name
    goal: Sentence
    plan: tuple[PlanLine, ...] = Field((), max_length=MOST_ITEMS)


class Agreement(Period):
    """The contract with an agency; its access begins and ends with it."""

    number: Name
    scope: Sentence
    amount: Yuan
    sites: tuple[AreaCode, ...] = Field(min_length=1, max_length=MOST_ITEMS)
    projects: tuple[Project, ...] = Field((), max_length=MOST_ITEMS)

    @property
    def amount_fen(self) -> int:
        """The amount in fen, exactly."""
        return int(self.amount.replace(".", ""))


class Segment(Declaration):
    """A service type; a sensitive one is a judgement that never appears on lists."""

    code: Slug
    name: Name
    strategy: Sentence
    sensitive: bool


class Typology(OpenPeriod):
    """An agency's set of service types; a change of the set makes a new version."""

    name: Name
    version: int = Field(ge=1, le=10_000)
    segments: tuple[Segment, ...] = Field(min_length=1, max_length=MOST_ITEMS)


class InstrumentOption(Declaration):
    """A possible answer and its points."""

    label: Name
    score: int = Field(ge=0, le=FULL_SCORE)


class InstrumentQuestion(Declaration):
    """A question; every one is answered with one of its options."""

    code: Slug
    text: Sentence
    options: tuple[InstrumentOption, ...] = Field(min_length=2, max_length=MOST_OPTIONS)


class InstrumentBand(Declaration):
    """What a score means, from so many points up to the next band."""

    band: Literal["LOW", "MEDIUM", "HIGH"]
    from_score: int = Field(ge=0, le=FULL_SCORE)
    advice: Sentence


class InstrumentManifest(OpenPeriod):
    """`instruments/<slug>.yaml`: a form that needs are assessed with, the same for all cities."""

    kind: Literal["instrument"]
    slug: Slug
    name: Name
    version: int = Field(ge=1, le=10_000)
    provenance: Sentence = Field(description="Whose wording it is, and what it may be used for.")
    questions: tuple[InstrumentQuestion, ...] = Field(min_length=1, max_length=MOST_QUESTIONS)
    bands: tuple[InstrumentBand, ...] = Field(min_length=1, max_length=3)


class Department(OpenPeriod):
    """Who answers the questions of one field."""

    code: Slug
    name: Name
    phone: Phone | None = None


class NeedKind(OpenPeriod):
    """What persons ask about, which department answers, and within how many calendar days."""

    code: Slug
    label_zh: Name
    label_en: Name
    department: Slug = Field(description="The code of one of the departments.")
    days_to_answer: int = Field(ge=1, le=MOST_DAYS)


class BureauManifest(Declaration):
    """`bureau.yaml`: the commissioning authority of a city."""

    kind: Literal["bureau"]
    slug: Slug
    name: Name
    office: Name
    city: AreaCode
    replay_date: date | None = Field(
        None, description="Show the city as of this past day; leave it out in a live city."
    )
    departments: tuple[Department, ...] = Field((), max_length=MOST_ITEMS)
    need_kinds: tuple[NeedKind, ...] = Field((), max_length=MOST_ITEMS)
    staff: tuple[BureauMember, ...] = Field((), max_length=MOST_ITEMS)


class AgencyManifest(Declaration):
    """`agencies/<slug>.yaml`: a contracted social-work organisation."""

    kind: Literal["agency"]
    slug: Slug
    name: Name
    agreements: tuple[Agreement, ...] = Field(min_length=1, max_length=MOST_ITEMS)
    typologies: tuple[Typology, ...] = Field((), max_length=MOST_ITEMS)
    staff: tuple[AgencyMember, ...] = Field((), max_length=MOST_ITEMS)


@dataclass(frozen=True, slots=True)
class Area:
    """A row of `areas.csv`."""

    code: str
    parent_code: str | None
    level: str
    name: str
    valid_from: date | None
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Code:
    """A row of a code table: `entitlement_categories.csv` or `skills.csv`."""

    code: str
    label_zh: str
    label_en: str
    valid_from: date | None
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class City:
    """Everything a city's folder declares, checked; agencies in the order of their slugs."""

    bureau: BureauManifest
    agencies: tuple[AgencyManifest, ...]
    areas: tuple[Area, ...]
    categories: tuple[Code, ...]
    skills: tuple[Code, ...] = ()
    instruments: tuple[InstrumentManifest, ...] = ()

    @property
    def bureau_id(self) -> UUID:
        """The bureau's id, which is its tenant's too."""
        return named_id("bureau", self.bureau.slug)

    def agency_id(self, slug: str) -> UUID:
        """The tenant id of the agency."""
        return named_id("agency", self.bureau.slug, slug)

    @property
    def today(self) -> date:
        """The city's business day."""
        return business_day(self.bureau.replay_date)


def manifest_schema() -> dict[str, object]:
    """The JSON Schema of every kind of manifest, as editors read it."""
    either = Annotated[
        BureauManifest | AgencyManifest | InstrumentManifest, Field(discriminator="kind")
    ]
    schema: dict[str, object] = TypeAdapter(either).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A city's manifests",
        **schema,
    }
