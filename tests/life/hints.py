"""What makes a drawn input plausible, kept as data; a mutation is drawn without it as well.

A mutation without a hint is drawn from its declaration alone. When the table at the end of a long
run says that it hardly ever succeeds, say here what its rows have to be like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# In a hint: the column has a value, whichever.
SET = object()
Like = Mapping[str, Any]

_DRAFTING = {"status": ("DRAFT", "RETURNED")}
_SUBMITTED = {"status": ("SUBMITTED",)}
_RUNNING = {"closed_on": (None,), "awaiting": (None,)}
_KEPT = {"closed_on": (None,)}

# What the row named in a field is like, by mutation and field: a column and its possible values.
STATES: Mapping[tuple[str, str], Like] = {
    ("acceptDeliverables", "trancheId"): {"status": ("PLANNED",)},
    ("advanceGroupSeries", "seriesId"): {
        "stage": ("PREPARATION", "FORMATION", "TRANSITION", "MATURITY")
    },
    ("answerFinding", "findingId"): {"status": ("OPEN", "ANSWERED")},
    ("answerNeed", "needId"): {"status": ("REFERRED",)},
    ("answerNeed", "clauseId"): {},
    ("approveAssessment", "assessmentId"): _SUBMITTED,
    ("approveBudget", "budgetId"): _SUBMITTED,
    ("approveBudgetChange", "changeId"): {"status": ("REQUESTED",)},
    ("approveCasePlan", "caseId"): {"awaiting": ("PLAN",)},
    ("approveClosure", "caseId"): {"awaiting": ("CLOSURE",)},
    ("approveExpense", "expenseId"): _SUBMITTED,
    ("approveLibraryText", "draftId"): _SUBMITTED,
    ("approvePeriod", "periodId"): _SUBMITTED,
    ("assignBeneficiary", "beneficiaryId"): _KEPT,
    ("assignCase", "caseId"): _KEPT,
    ("beginCaseEvaluation", "caseId"): {**_RUNNING, "stage": ("INTERVENTION",)},
    ("cancelSalon", "salonId"): {"status": ("PLANNED",)},
    ("cancelServiceRecord", "recordId"): {"status": ("CURRENT",)},
    ("certifyVolunteerHours", "hoursId"): {"status": ("RECORDED",)},
    ("changeRole", "ownRoleId"): {"status": ("IN_USE",)},
    ("classifyBeneficiary", "beneficiaryId"): _KEPT,
    ("closeBeneficiary", "beneficiaryId"): _KEPT,
    ("closeCampaign", "campaignId"): {"status": ("OPEN",)},
    ("closeCommitment", "commitmentId"): {"status": ("OPEN",)},
    ("closeFinding", "findingId"): {"status": ("OPEN", "ANSWERED")},
    ("closeNeed", "needId"): {"status": ("DELIVERED", "RATED")},
    ("completeAction", "actionId"): {"done_on": (None,), "dropped_on": (None,)},
    ("completeCaseAssessment", "caseId"): {**_RUNNING, "stage": ("ASSESSMENT",)},
    ("completeIntake", "caseId"): {**_RUNNING, "stage": ("INTAKE",)},
    ("correctServiceRecord", "recordId"): {"status": ("CURRENT",)},
    ("declineAdvice", "adviceId"): {"status": ("OPEN",)},
    ("deliverAnswer", "needId"): {"status": ("PRINTED",)},
    ("draftAssessment", "beneficiaryId"): _KEPT,
    ("dropAction", "actionId"): {"done_on": (None,), "dropped_on": (None,)},
    ("dropGoal", "goalId"): {"dropped_on": (None,)},
    ("endEnrolment", "enrolmentId"): {"valid_until": (None,)},
    ("endEntitlement", "entitlementId"): {"valid_until": (None,)},
    ("moveEnrolment", "enrolmentId"): {"valid_until": (None,)},
    ("endPairing", "pairingId"): {"ended_on": (None,)},
    ("enterExpense", "commitmentId"): {"status": ("OPEN",)},
    ("explainCampaignGap", "dueId"): {"gap_reason": (None,)},
    ("extendCampaign", "campaignId"): {"status": ("OPEN",)},
    ("freezeScorecard", "scorecardId"): {"stage": ("GRADED",)},
    ("giveConsent", "beneficiaryId"): _KEPT,
    ("gradeScorecard", "scorecardId"): {"stage": ("SELF_EVALUATED", "GRADED")},
    ("enrolBeneficiary", "beneficiaryId"): _KEPT,
    ("grantEntitlement", "beneficiaryId"): _KEPT,
    ("holdSalon", "salonId"): {"status": ("PLANNED",)},
    ("linkCaseSession", "caseId"): _KEPT,
    ("linkVolunteerToBeneficiary", "beneficiaryId"): _KEPT,
    ("mendExpense", "expenseId"): {"status": ("RETURNED",)},
    ("mergeBeneficiaries", "mergedId"): _KEPT,
    ("mergeBeneficiaries", "survivorId"): _KEPT,
    ("openCase", "beneficiaryId"): _KEPT,
    ("pairCase", "caseId"): _KEPT,
    ("payExpense", "expenseId"): {"status": ("APPROVED",)},
    ("planAction", "goalId"): {"dropped_on": (None,)},
    ("printAnswer", "needId"): {"status": ("ANSWERED",)},
    ("proposeClosure", "caseId"): {**_RUNNING, "stage": ("EVALUATION", "INTERVENTION")},
    ("publishLibraryEntry", "entryId"): {"withdrawn_on": (None,), "is_origin": (True,)},
    ("raiseNeed", "beneficiaryId"): _KEPT,
    ("raiseNeed", "followsId"): {"status": ("DELIVERED", "RATED", "CLOSED")},
    ("rateCaseRisk", "caseId"): _KEPT,
    ("rateNeed", "needId"): {"status": ("DELIVERED",)},
    ("rateScorecard", "figureId"): {"measure": (None,)},
    ("recordConference", "caseId"): _KEPT,
    ("referNeed", "needId"): {"status": ("RAISED", "RETURNED")},
    ("refuseBudgetChange", "changeId"): {"status": ("REQUESTED",)},
    ("refuseVolunteerHours", "hoursId"): {"status": ("RECORDED",)},
    ("reinstateMember", "memberId"): {"status": ("SUSPENDED",)},
    ("releaseTranche", "trancheId"): {"status": ("ACCEPTED",)},
    ("reopenBeneficiary", "beneficiaryId"): {"closed_on": (SET,), "merged_into_id": (None,)},
    ("reopenCase", "caseId"): {"closed_on": (SET,)},
    ("retireRole", "ownRoleId"): {"status": ("IN_USE",)},
    ("returnAssessment", "assessmentId"): _SUBMITTED,
    ("returnBudget", "budgetId"): _SUBMITTED,
    ("returnCasePlan", "caseId"): {"awaiting": ("PLAN",)},
    ("returnClosure", "caseId"): {"awaiting": ("CLOSURE",)},
    ("returnExpense", "expenseId"): _SUBMITTED,
    ("returnLibraryText", "draftId"): _SUBMITTED,
    ("returnNeed", "needId"): {"status": ("REFERRED",)},
    ("returnPeriod", "periodId"): _SUBMITTED,
    ("reverseExpense", "expenseId"): {"status": ("APPROVED", "PAID")},
    ("reviseCasePlan", "caseId"): {**_RUNNING, "stage": ("INTERVENTION", "EVALUATION")},
    ("reviseLibraryText", "draftId"): {"status": ("DRAFT",)},
    ("revokeRole", "memberRoleId"): {"revoked_on": (None,)},
    ("scoreGoal", "goalId"): {"dropped_on": (None,)},
    ("selfEvaluateScorecard", "scorecardId"): {"stage": ("OPEN", "SELF_EVALUATED")},
    ("setGoal", "caseId"): {**_RUNNING, "stage": ("PLANNING",)},
    ("splitBeneficiary", "mergeId"): {"split_on": (None,)},
    ("submitAssessment", "assessmentId"): _DRAFTING,
    ("submitBudget", "budgetId"): _DRAFTING,
    ("submitCasePlan", "caseId"): {**_RUNNING, "stage": ("PLANNING",)},
    ("submitLibraryText", "draftId"): {"status": ("DRAFT",)},
    ("suspendMember", "memberId"): {"status": ("ACTIVE",)},
    ("takeUpAdvice", "adviceId"): {"status": ("OPEN",)},
    ("unlinkVolunteer", "volunteerLinkId"): {"is_current": (True,)},
    ("updateAssessment", "assessmentId"): _DRAFTING,
    ("updateBeneficiary", "beneficiaryId"): _KEPT,
    ("withdrawConsent", "consentId"): {"withdrawn_on": (None,)},
    ("withdrawLibraryEntry", "entryId"): {"withdrawn_on": (None,)},
    ("withdrawNeed", "needId"): {
        "status": ("RAISED", "REFERRED", "RETURNED", "ANSWERED", "PRINTED")
    },
}

# The row that a row hangs on and what that has to be like: column, its table, and the state.
ABOVE: Mapping[tuple[str, str], tuple[str, str, Like]] = {
    ("dropGoal", "goalId"): ("case_id", "case_file", {**_RUNNING, "stage": ("PLANNING",)}),
    ("planAction", "goalId"): ("case_id", "case_file", {**_RUNNING, "stage": ("PLANNING",)}),
    ("dropAction", "actionId"): ("case_id", "case_file", _RUNNING),
    ("completeAction", "actionId"): (
        "case_id",
        "case_file",
        {**_RUNNING, "stage": ("INTERVENTION",)},
    ),
    ("scoreGoal", "goalId"): (
        "case_id",
        "case_file",
        {**_RUNNING, "stage": ("INTERVENTION", "EVALUATION")},
    ),
    ("endPairing", "pairingId"): ("case_id", "case_file", _KEPT),
    ("rateScorecard", "figureId"): ("scorecard_id", "scorecard", {"stage": ("SELF_EVALUATED",)}),
    ("commitMoney", "budgetLineId"): ("budget_id", "budget", {"status": ("APPROVED",)}),
    ("commitBeyondBudget", "budgetLineId"): ("budget_id", "budget", {"status": ("APPROVED",)}),
    ("requestBudgetChange", "fromLineId"): ("budget_id", "budget", {"status": ("APPROVED",)}),
    ("explainCampaignGap", "dueId"): ("campaign_id", "campaign", {"status": ("OPEN",)}),
}

# A table and its column that names the row: there has to be such a row.
BELOW: Mapping[tuple[str, str], tuple[str, str]] = {
    ("beginCaseEvaluation", "caseId"): ("case_action", "case_id"),
    ("submitAssessment", "assessmentId"): ("assessment_answer", "assessment_id"),
    ("submitBudget", "budgetId"): ("budget_line", "budget_id"),
    ("submitCasePlan", "caseId"): ("case_action", "case_id"),
}

# Who decides is somebody else than the row names, and who goes on with it is who it names.
DECIDED_BY_OTHERS = frozenset(
    {
        "approveAssessment",
        "approveCasePlan",
        "approveClosure",
        "approveExpense",
        "approveLibraryText",
        "certifyVolunteerHours",
        "refuseVolunteerHours",
        "returnAssessment",
        "returnCasePlan",
        "returnClosure",
        "returnExpense",
        "returnLibraryText",
        "reverseExpense",
    }
)

# How often a mutation should succeed, where it is not as often as any other: what much hangs on is
# done more often, what ends things less.
FREQUENCY: Mapping[str, float] = {
    "answerNeed": 2,
    "cancelSalon": 0.3,
    "closeBeneficiary": 0.5,
    "commitMoney": 2,
    "completeCaseAssessment": 2,
    "completeIntake": 2,
    "deliverAnswer": 2,
    "draftAssessment": 2,
    "dropAction": 0.2,
    "dropGoal": 0.2,
    "enterExpense": 3,
    "mergeBeneficiaries": 0.5,
    "openCase": 2,
    "planAction": 4,
    "printAnswer": 2,
    "raiseNeed": 3,
    "recordService": 5,
    "recordVolunteerHours": 2,
    "recordVolunteerLeaving": 0.3,
    "referNeed": 3,
    "retireRole": 0.5,
    "returnBudget": 0.5,
    "reverseExpense": 0.5,
    "revokeRole": 0.4,
    "scoreGoal": 3,
    "setGoal": 2,
    "submitCasePlan": 2,
    "suspendMember": 0.4,
    "withdrawLibraryEntry": 0.5,
    "withdrawNeed": 0.2,
}

# Who asks, where it is nobody who is at work.
MEMBER_STATUS: Mapping[str, str] = {"acceptInvitation": "INVITED"}

# Least and most of a number, by field.
RANGES: Mapping[str, tuple[int, int]] = {
    "durationMinutes": (1, 240),
    "fiscalYear": (2015, 2016),
    "minutes": (1, 300),
    "number": (1, 20),
    "points": (0, 100),
    "quantity": (1, 5),
    "satisfaction": (1, 5),
    "score": (0, 10),
    "startingScore": (0, 5),
    "targetScore": (5, 10),
    "weight": (1, 100),
    "year": (2015, 2015),
    "baselineThousandths": (0, 1_000),
    "targetThousandths": (2_000, 90_000),
}

# Days that lie ahead; any other has been.
AHEAD = frozenset({"dueOn", "plannedOn", "rectifyBy", "reviewOn", "validUntil"})

# Texts that a field is about; `{}` stands for a number that is given once.
TEXTS: Mapping[str, tuple[str, ...]] = {
    "code": ("type-{}",),
    "coordinate": ("Need.*", "Salon.id", "Salon.topic", "Mutation.planSalon", "Fund.*"),
    "document": ("乐财〔2015〕{}号",),
    "fileNumber": ("L-{}",),
    "festival": ("春节", "元宵", "端午", "建军节", "重阳", "国庆"),
    "name": ("甲乙{}", "买买提·吐尔逊{}", "丙{}"),
    "number": ("N-{}",),
    "phone": ("0577-0000{}",),
    "role": ("social_worker", "volunteer_manager", "finance", "director"),
    "roles": ("social_worker", "volunteer_manager", "finance", "director"),
    "blocks": ("volunteer_manager", "finance", "social_worker"),
    "subject": ("newcomer{}",),
    "topic": ("倾听", "怎样讲清政策", "节日走访"),
}
NAMES: Mapping[str, tuple[str, ...]] = {"defineRole": ("role_{}",)}
# What anybody may write anywhere: nobody is named.
PLAIN = ("按计划进行。", "谈了近况。", "资料齐全。", "需要再了解。", "说明了政策。")

# What no field of text should take, and what it is called in a report.
ODD_TEXTS: Mapping[str, str] = {
    "empty": "",
    "blank": " ",
    "blank end": "有空格 ",
    "nul": "前\x00后",
    "surrogate": "前\ud800后",
    "control": "前\x07后",
    "invisible": "前\u200b后",
    "long": "长" * 7_000,
    "quote": "'; DROP TABLE member; --",
    "percent": "%s %(x)s {} $1",
    "rare": "𠮷𪚥",
}
