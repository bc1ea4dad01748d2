"""Use cases on an agency's volunteers, as mutations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, rows_with
from citywide.acts.problems import wrong_state
from citywide.authz.grants import Scope
from citywide.beneficiaries.models import BENEFICIARY
from citywide.errors import Fault, InvalidError, refuse
from citywide.graph.mutate import UNSET, mutation
from citywide.ids import new_id
from citywide.volunteers.commands import (
    area_faults,
    areas_of,
    offer_skills,
    offer_slots,
    register_volunteers,
    skill_faults,
    skills_of,
)
from citywide.volunteers.drafts import (
    NO_VOLUNTEER,
    LinkVolunteer,
    RecordLeaving,
    UnlinkVolunteer,
    UpdateVolunteer,
    VolunteerDraft,
    change_faults,
    leaving_faults,
)
from citywide.volunteers.models import VOLUNTEER, VOLUNTEER_LINK


@mutation(gives="Volunteer")
async def register_volunteer(act: Act, draft: VolunteerDraft) -> UUID:
    """Enter a volunteer on the agency's roll."""
    try:
        [volunteer_id] = await register_volunteers(act.transaction, desk=act.desk, drafts=[draft])
    except InvalidError as error:
        # The batch of one is the use case's, not the caller's.
        raise InvalidError(Fault(f.path[1:], f.message) for f in error.faults) from error
    act.persons.add(volunteer_id)
    act.tell("volunteerChanged", volunteer_id)
    return volunteer_id


@mutation(gives="Volunteer")
async def update_volunteer(act: Act, draft: UpdateVolunteer) -> UUID:
    """Change a volunteer's entry, what they offer or when they can come."""
    volunteer = await act.find(VOLUNTEER, draft.volunteer_id, "volunteer_id", NO_VOLUNTEER)
    faults = [*change_faults(draft)]
    area_id = None if draft.area_id is UNSET else draft.area_id
    skill_ids = () if draft.skill_ids is UNSET else draft.skill_ids or ()
    areas = await areas_of(act.transaction, [area_id])
    skills = await skills_of(act.transaction, skill_ids)
    faults += [*area_faults((), area_id, areas, act.desk)]
    faults += [*skill_faults((), skill_ids, skills, act.desk)]
    refuse(faults)
    if volunteer["left_on"] is not None:
        raise wrong_state("They have left: their entry stays as it is.", "volunteerId")
    given = {name: getattr(draft, name) for name in ("name", "phone", "skills", "area_id")}
    values: dict[str, Any] = {k: v for k, v in given.items() if v is not UNSET}
    # The entry's version covers what they offer as well.
    unchanged = {"name": volunteer["name"]}
    await act.update(VOLUNTEER, volunteer, values or unchanged, version=draft.version)
    if draft.skill_ids is not UNSET:
        await offer_skills(act, draft.volunteer_id, skill_ids)
    if draft.slots is not UNSET:
        await offer_slots(act, draft.volunteer_id, draft.slots or ())
    act.persons.add(draft.volunteer_id)
    act.tell("volunteerChanged", draft.volunteer_id)
    return draft.volunteer_id


@mutation(gives="Volunteer")
async def record_volunteer_leaving(act: Act, draft: RecordLeaving) -> UUID:
    """Note that a volunteer no longer helps; their entry and hours stay on record."""
    volunteer = await act.find(VOLUNTEER, draft.volunteer_id, "volunteer_id", NO_VOLUNTEER)
    if volunteer["left_on"] is not None:
        raise wrong_state(f"They left on {volunteer['left_on']} already.", "volunteerId")
    registered_on = volunteer["registered_on"]
    refuse(leaving_faults(draft, registered_on=registered_on, today=act.desk.today))
    values = {"left_on": draft.left_on, "leaving_reason": draft.reason}
    await act.update(VOLUNTEER, volunteer, values, version=draft.version)
    act.persons.add(draft.volunteer_id)
    act.tell("volunteerChanged", draft.volunteer_id)
    return draft.volunteer_id


@mutation(gives="VolunteerLink")
async def link_volunteer_to_beneficiary(act: Act, draft: LinkVolunteer) -> UUID:
    """Note that a volunteer and a beneficiary are the same person.

    Only who may know it may note it. A volunteer whom another worker has linked to another file
    is not refused: the refusal would tell that they are somebody's client.
    """
    beneficiary = await act.find(
        BENEFICIARY, draft.beneficiary_id, "beneficiary_id", "There is no Beneficiary with this id."
    )
    act.check_worker(beneficiary["worker_id"], "beneficiaryId")
    await act.find(VOLUNTEER, draft.volunteer_id, "volunteer_id", NO_VOLUNTEER)
    links = await rows_with(
        act.transaction,
        desk=act.desk,
        column=VOLUNTEER_LINK.c.beneficiary_id,
        values=[draft.beneficiary_id],
    )
    if any(link["is_current"] for link in links):
        raise wrong_state("The file is linked to a volunteer already.", "beneficiaryId")
    act.persons.update((draft.volunteer_id, draft.beneficiary_id))
    for link in links:
        if link["volunteer_id"] == draft.volunteer_id:
            again = {"is_current": True, "linked_on": act.desk.today}
            await act.update(VOLUNTEER_LINK, link, again)
            link_id: UUID = link["id"]
            return link_id
    row = act.desk.owned(
        id=new_id(),
        volunteer_id=draft.volunteer_id,
        beneficiary_id=draft.beneficiary_id,
        linked_on=act.desk.today,
        is_current=True,
    )
    [link_id] = await insert_rows(act.transaction, table=VOLUNTEER_LINK, rows=[row])
    return link_id


@mutation(gives="VolunteerLink")
async def unlink_volunteer(act: Act, draft: UnlinkVolunteer) -> UUID:
    """Take back that a volunteer and a beneficiary are the same person."""
    unknown = "There is no VolunteerLink with this id."
    link = await act.find(VOLUNTEER_LINK, draft.volunteer_link_id, "volunteer_link_id", unknown)
    beneficiary = await act.find(BENEFICIARY, link["beneficiary_id"], "volunteer_link_id", unknown)
    if act.scope is Scope.CASELOAD and beneficiary["worker_id"] != act.principal.member_id:
        # As unknown as one that never was: that there is a link is what may not be known.
        refuse([Fault(("volunteer_link_id",), unknown)])
    if not link["is_current"]:
        raise wrong_state("They are not linked any more.", "volunteerLinkId")
    await act.update(VOLUNTEER_LINK, link, {"is_current": False})
    act.persons.update((link["volunteer_id"], link["beneficiary_id"]))
    return draft.volunteer_link_id
