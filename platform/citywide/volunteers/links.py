"""Use cases on who is volunteer and beneficiary at once: known to those who keep the file."""

from __future__ import annotations

from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.acts.workspace import nothing
from citywide.authz.grants import Scope
from citywide.beneficiaries.files import find_file
from citywide.beneficiaries.models import BENEFICIARY
from citywide.errors import refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import draft, id_of
from citywide.volunteers.models import VOLUNTEER, VOLUNTEER_LINK


@draft
class LinkDraft:
    """A volunteer and a beneficiary who are the same person."""

    volunteer_id: UUID = id_of("Volunteer", "The person as a volunteer.")
    beneficiary_id: UUID = id_of("Beneficiary", "The person as a beneficiary.")


@mutation(gives="VolunteerLink")
async def link_volunteer_to_beneficiary(act: Act, draft: LinkDraft) -> UUID:
    """Note that a volunteer and a beneficiary are the same person.

    Only who may know it may note it. A volunteer whom another worker has linked to another file
    is not refused: the refusal would tell that they are somebody's client.
    """
    file = await find_file(act, draft.beneficiary_id)
    await act.find(VOLUNTEER, draft.volunteer_id, "volunteer_id")
    links = await act.rows(VOLUNTEER_LINK, beneficiary_id=file["id"])
    if any(link["is_current"] for link in links):
        raise wrong_state("The file is linked to a volunteer already.", "beneficiary_id")
    act.persons.add(draft.volunteer_id)
    for link in links:
        if link["volunteer_id"] == draft.volunteer_id:
            await act.update(VOLUNTEER_LINK, link, is_current=True, linked_on=act.today)
            return link["id"]
    return await act.insert(VOLUNTEER_LINK, draft, is_current=True, linked_on=act.today)


@draft
class LinkEnd:
    """A link that was a mistake."""

    volunteer_link_id: UUID = id_of("VolunteerLink", "Which link.")


@mutation(gives="VolunteerLink")
async def unlink_volunteer(act: Act, draft: LinkEnd) -> UUID:
    """Take back that a volunteer and a beneficiary are the same person."""
    link = await act.find(VOLUNTEER_LINK, draft.volunteer_link_id, "volunteer_link_id")
    beneficiary = await act.find(
        BENEFICIARY, link["beneficiary_id"], "volunteer_link_id", anybodys=True
    )
    if act.scope is Scope.CASELOAD and beneficiary["worker_id"] != act.member_id:
        # As unknown as one that never was: that there is a link is what may not be known.
        refuse([nothing(VOLUNTEER_LINK, "volunteer_link_id")])
    if not link["is_current"]:
        raise wrong_state("They are not linked any more.", "volunteer_link_id")
    await act.update(VOLUNTEER_LINK, link, is_current=False)
    act.persons.update((link["volunteer_id"], link["beneficiary_id"]))
    return link["id"]
