"""The rows that a city's manifests ask for, each under an id that follows from its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from citywide.db.tables import METADATA
from citywide.ids import named_id
from citywide.tenancy.manifests import (
    AgencyManifest,
    AgencyMember,
    Agreement,
    BureauMember,
    City,
    InstrumentManifest,
    Project,
    Typology,
)
from citywide.tenancy.words import MemberStatus, TenantKind

# In the order in which they are written: what is referred to comes first.
TABLE_NAMES = (
    "area",
    "entitlement_category",
    "instrument",
    "instrument_question",
    "instrument_option",
    "instrument_band",
    "skill",
    "bureau",
    "department",
    "need_kind",
    "tenant",
    "agreement",
    "site",
    "project",
    "planned_output",
    "typology",
    "segment",
    "member",
    "member_role",
    "assignment",
)


@dataclass(frozen=True, slots=True)
class Desired:
    """A row as the manifests want it; `name` is how a person recognises it."""

    table: str
    name: str
    row: dict[str, Any]


def table_named(name: str) -> Table:
    """The table of `TABLE_NAMES`.

    Looked up, not imported: projects and typologies belong to folders that build on this one,
    and name this folder's tables in their foreign keys just so.
    """
    return METADATA.tables[name]


def desired_rows(city: City) -> list[Desired]:
    """Every row of the city, in an order in which they can be inserted."""
    found = [*_catalogue_rows(city), *_city_rows(city), *_bureau_rows(city)]
    for agency in city.agencies:
        found += _agency_rows(city, agency)
    order = {name: place for place, name in enumerate(TABLE_NAMES)}
    return sorted(found, key=lambda desired: order[desired.table])


def _catalogue_rows(city: City) -> Iterator[Desired]:
    # Parents have shorter codes than their children.
    for area in sorted(city.areas, key=lambda area: len(area.code)):
        row = {
            "id": named_id("area", area.code),
            "code": area.code,
            "parent_id": named_id("area", area.parent_code) if area.parent_code else None,
            "level": area.level,
            "name": area.name,
            "valid_from": area.valid_from,
            "valid_until": area.valid_until,
        }
        yield Desired("area", f"{area.code} {area.name}", row)
    for instrument in city.instruments:
        yield from _instrument_rows(instrument)
    for table, codes in (("entitlement_category", city.categories), ("skill", city.skills)):
        for entry in codes:
            row = {
                "id": named_id(table, entry.code),
                "code": entry.code,
                "label_zh": entry.label_zh,
                "label_en": entry.label_en,
                "valid_from": entry.valid_from,
                "valid_until": entry.valid_until,
            }
            yield Desired(table, f"{entry.code} {entry.label_zh}", row)
    row = {
        "id": city.bureau_id,
        "slug": city.bureau.slug,
        "name": city.bureau.name,
        "office": city.bureau.office,
        "city_id": named_id("area", city.bureau.city),
        "replay_date": city.bureau.replay_date,
    }
    yield Desired("bureau", city.bureau.slug, row)


def _instrument_rows(manifest: InstrumentManifest) -> Iterator[Desired]:
    version = str(manifest.version)
    instrument_id = named_id("instrument", manifest.slug, version)
    title = f"{manifest.slug} version {version}"
    row = {
        "id": instrument_id,
        "slug": manifest.slug,
        "name": manifest.name,
        "version": manifest.version,
        "provenance": manifest.provenance,
        "valid_from": manifest.valid_from,
        "valid_until": manifest.valid_until,
    }
    yield Desired("instrument", title, row)
    for place, question in enumerate(manifest.questions, 1):
        question_id = named_id("instrument_question", str(instrument_id), question.code)
        row = {
            "id": question_id,
            "instrument_id": instrument_id,
            "position": place,
            "code": question.code,
            "text": question.text,
        }
        yield Desired("instrument_question", f"{title} {question.code}", row)
        for number, option in enumerate(question.options, 1):
            row = {
                "id": named_id("instrument_option", str(question_id), str(number)),
                "question_id": question_id,
                "position": number,
                "label": option.label,
                "score": option.score,
            }
            yield Desired("instrument_option", f"{title} {question.code} {number}", row)
    for band in manifest.bands:
        row = {
            "id": named_id("instrument_band", str(instrument_id), band.band),
            "instrument_id": instrument_id,
            "band": band.band,
            "from_score": band.from_score,
            "advice": band.advice,
        }
        yield Desired("instrument_band", f"{title} {band.band}", row)


def _city_rows(city: City) -> Iterator[Desired]:
    """What the bureau keeps for all its agencies."""
    slug, bureau_id = city.bureau.slug, city.bureau_id
    for department in city.bureau.departments:
        row = {
            "bureau_id": bureau_id,
            "id": named_id("department", slug, department.code),
            "code": department.code,
            "name": department.name,
            "phone": department.phone,
            "valid_from": department.valid_from,
            "valid_until": department.valid_until,
        }
        yield Desired("department", f"{slug}: {department.code} {department.name}", row)
    for kind in city.bureau.need_kinds:
        row = {
            "bureau_id": bureau_id,
            "id": named_id("need_kind", slug, kind.code),
            "code": kind.code,
            "label_zh": kind.label_zh,
            "label_en": kind.label_en,
            "department_id": named_id("department", slug, kind.department),
            "days_to_answer": kind.days_to_answer,
            "valid_from": kind.valid_from,
            "valid_until": kind.valid_until,
        }
        yield Desired("need_kind", f"{slug}: {kind.code} {kind.label_zh}", row)


@dataclass(frozen=True, slots=True)
class _Owner:
    """The tenant that rows are declared for."""

    tenant_id: UUID
    bureau_id: UUID
    slug: str

    def desired(self, table: str, row_id: UUID, label: str, /, **columns: object) -> Desired:
        keys = {"tenant_id": self.tenant_id, "bureau_id": self.bureau_id, "id": row_id}
        return Desired(table, f"{self.slug}: {label}", {**keys, **columns})


def _bureau_rows(city: City) -> Iterator[Desired]:
    manifest = city.bureau
    owner = _Owner(city.bureau_id, city.bureau_id, manifest.slug)
    yield owner.desired(
        "tenant",
        owner.tenant_id,
        manifest.name,
        kind=TenantKind.BUREAU,
        slug=manifest.slug,
        name=manifest.name,
    )
    yield from _member_rows(owner, manifest.staff)
    for member in manifest.staff:
        member_id = _member_id(owner, member)
        for assignment in member.assigned:
            agency_id = city.agency_id(assignment.agency)
            since = assignment.valid_from.isoformat()
            yield owner.desired(
                "assignment",
                named_id("assignment", str(member_id), str(agency_id), since),
                f"{member.subject} at {assignment.agency}",
                member_id=member_id,
                agency_id=agency_id,
                valid_from=assignment.valid_from,
                valid_until=assignment.valid_until,
            )


def _agency_rows(city: City, manifest: AgencyManifest) -> Iterator[Desired]:
    owner = _Owner(city.agency_id(manifest.slug), city.bureau_id, manifest.slug)
    yield owner.desired(
        "tenant",
        owner.tenant_id,
        manifest.name,
        kind=TenantKind.AGENCY,
        slug=manifest.slug,
        name=manifest.name,
    )
    for agreement in manifest.agreements:
        yield from _agreement_rows(owner, agreement)
    for typology in manifest.typologies:
        yield from _typology_rows(owner, typology)
    yield from _member_rows(owner, manifest.staff)


def _agreement_rows(owner: _Owner, agreement: Agreement) -> Iterator[Desired]:
    agreement_id = named_id("agreement", str(owner.tenant_id), agreement.number)
    yield owner.desired(
        "agreement",
        agreement_id,
        agreement.number,
        number=agreement.number,
        scope=agreement.scope,
        valid_from=agreement.valid_from,
        valid_until=agreement.valid_until,
        amount_fen=agreement.amount_fen,
    )
    for code in agreement.sites:
        yield owner.desired(
            "site",
            named_id("site", str(agreement_id), code),
            code,
            agreement_id=agreement_id,
            area_id=named_id("area", code),
        )
    for project in agreement.projects:
        yield from _project_rows(owner, agreement_id, project)


def _project_rows(owner: _Owner, agreement_id: UUID, project: Project) -> Iterator[Desired]:
    project_id = named_id("project", str(agreement_id), project.name)
    yield owner.desired(
        "project",
        project_id,
        project.name,
        agreement_id=agreement_id,
        name=project.name,
        goal=project.goal,
        valid_from=project.valid_from,
        valid_until=project.valid_until,
    )
    for line in project.plan:
        since = line.valid_from.isoformat()
        yield owner.desired(
            "planned_output",
            named_id("planned_output", str(project_id), line.measure, since),
            f"{project.name} {line.measure} from {since}",
            project_id=project_id,
            measure=line.measure,
            valid_from=line.valid_from,
            valid_until=line.valid_until,
            quantity=line.quantity,
        )


def _typology_rows(owner: _Owner, typology: Typology) -> Iterator[Desired]:
    version = str(typology.version)
    typology_id = named_id("typology", str(owner.tenant_id), typology.name, version)
    yield owner.desired(
        "typology",
        typology_id,
        f"{typology.name} version {version}",
        name=typology.name,
        version=typology.version,
        valid_from=typology.valid_from,
        valid_until=typology.valid_until,
    )
    for segment in typology.segments:
        yield owner.desired(
            "segment",
            named_id("segment", str(typology_id), segment.code),
            f"{typology.name} version {version} {segment.code}",
            typology_id=typology_id,
            code=segment.code,
            name=segment.name,
            strategy=segment.strategy,
            sensitive=segment.sensitive,
        )


def _member_rows(
    owner: _Owner, staff: Sequence[BureauMember] | Sequence[AgencyMember]
) -> Iterator[Desired]:
    for member in staff:
        member_id = _member_id(owner, member)
        yield owner.desired(
            "member",
            member_id,
            f"{member.subject} {member.name}",
            subject=member.subject,
            name=member.name,
            status=MemberStatus.ACTIVE,
        )
        for grant in member.roles:
            since = grant.valid_from.isoformat()
            yield owner.desired(
                "member_role",
                named_id("member_role", str(member_id), grant.role, since),
                f"{member.subject} as {grant.role} from {since}",
                member_id=member_id,
                role=grant.role,
                valid_from=grant.valid_from,
                valid_until=grant.valid_until,
            )


def _member_id(owner: _Owner, member: BureauMember | AgencyMember) -> UUID:
    return named_id("member", str(owner.tenant_id), member.subject)
