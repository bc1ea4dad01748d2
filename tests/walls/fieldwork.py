"""Work that the pilot's records do not hold, done in two agencies, so that every table has rows."""

from __future__ import annotations

from cases.story import Story
from walls.bookkeeping import ask_and_celebrate, done, fund, inspect, judge, keep_books
from walls.house import House

AGENCIES = ("yijiaqin", "shouqianshou")


async def do_fieldwork(house: House) -> None:
    """One case with all that belongs to it, its supervision, a salon and a shared library entry.

    A volunteer who is a client too, their hours, a role of the agency's own, a budget with what was
    spent of it and a finding in it, a question, a campaign, a group.
    """
    for slug in AGENCIES:
        story = await Story.of(house, slug)
        await _casework(story)
        await _supervision(story)
        await _salon(story)
        await _library(story)
        await _volunteering(story)
        await keep_books(story, slug)
        await judge(story, slug)
        await ask_and_celebrate(story)
    await fund(story)
    await inspect(story)


async def _casework(story: Story) -> None:
    await story.approved()
    worker, case_id = story.worker, story.case_id
    await done(
        story, worker, "scoreGoal", "caseGoal", goalId=story.goal_id, scoredOn="2015-11-10", score=4
    )
    session_id = await done(
        story,
        worker,
        "recordService",
        "serviceRecord",
        number="F-1",
        projectId=story.project_id,
        kind="CASE_SESSION",
        medium="IN_PERSON",
        servedOn="2015-11-10",
        durationMinutes=60,
        areaId=story.area_id,
        title="个案辅导",
        beneficiaryIds=[story.person["id"]],
        workerIds=[story.members[worker]],
        volunteerIds=[],
    )
    await done(
        story,
        worker,
        "linkCaseSession",
        "caseSession",
        caseId=case_id,
        serviceRecordId=session_id,
    )
    await done(
        story,
        worker,
        "recordConference",
        "caseConference",
        caseId=case_id,
        heldOn="2015-11-09",
        topic="怎样讲清政策",
        conclusions="下周上门。",
        memberIds=[story.members[worker]],
        volunteerIds=[story.volunteer["id"]],
    )
    await done(
        story,
        worker,
        "pairCase",
        "casePairing",
        caseId=case_id,
        role="LAWYER",
        purpose="讲解政策",
        pairedOn="2015-11-01",
        outsider={"name": "陈律", "profession": "律师"},
    )


async def _supervision(story: Story) -> None:
    await done(
        story,
        "supervisor.lead",
        "recordSupervision",
        "supervision",
        caseId=story.case_id,
        heldOn="2015-11-11",
        durationMinutes=60,
        observations="目标清楚。",
        participantIds=[story.members[story.worker]],
        advice=[{"advice": "请家人参与。", "dueOn": "2015-11-20"}],
    )


async def _salon(story: Story) -> None:
    salon_id = await done(
        story, story.director, "planSalon", "salon", topic="怎样开口", heldOn="2015-11-10"
    )
    await done(
        story,
        story.director,
        "holdSalon",
        "salon",
        salonId=salon_id,
        version=1,
        summary="先听，再讲。",
        attendeeIds=[story.members[story.director]],
    )


async def _library(story: Story) -> None:
    draft_id = await done(
        story,
        story.worker,
        "draftLibraryText",
        "libraryDraft",
        title="从怨气到春联",
        topic="政策讲解",
        text="一位复员军人误读了政策。",
    )
    await done(
        story, story.worker, "submitLibraryText", "libraryDraft", draftId=draft_id, version=1
    )
    await done(
        story,
        story.director,
        "approveLibraryText",
        "libraryDraft",
        draftId=draft_id,
        version=2,
        note="可用。",
    )
    found = await story.house.data(
        story.director, "{ library(where: {isOrigin: {eq: true}}) { nodes { id } } }"
    )
    [entry] = found["library"]["nodes"]
    await done(story, "bureau.officer", "publishLibraryEntry", "libraryEntry", entryId=entry["id"])


async def _volunteering(story: Story) -> None:
    volunteer_id = story.volunteer["id"]
    await done(
        story,
        story.worker,
        "linkVolunteerToBeneficiary",
        "volunteerLink",
        volunteerId=volunteer_id,
        beneficiaryId=story.person["id"],
    )
    await done(
        story,
        story.director,
        "recordVolunteerHours",
        "volunteerHours",
        volunteerId=volunteer_id,
        servedOn="2015-11-10",
        minutes=60,
        activity="写春联",
    )
    await done(
        story,
        story.director,
        "defineRole",
        "ownRole",
        name="bookkeeper",
        label="记账",
        blocks=["finance"],
        rules=[],
    )
