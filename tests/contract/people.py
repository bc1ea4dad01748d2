"""Who of the pilot has which role."""

USERS = {
    "director": "shouqianshou.director",
    "social_worker": "shouqianshou.worker1",
    "volunteer_manager": "shouqianshou.volunteers",
    "finance": "shouqianshou.finance",
    "officer": "bureau.officer",
    "budget_officer": "bureau.budget",
    "evaluator": "bureau.evaluator",
    "auditor": "bureau.auditor",
    "analyst": "bureau.analyst",
    "supervisor": "supervisor.lead",
}
