"""Every domain folder, imported once: after this the metadata and the entities are complete."""

from citywide.acts import models as _acts
from citywide.agencies import audit_trail as _audit_trail
from citywide.agencies import graph as _agencies
from citywide.agencies import mutations as _member_mutations
from citywide.agencies import own_roles as _own_role_mutations
from citywide.assessments import graph as _assessments
from citywide.assessments import mutations as _assessment_mutations
from citywide.audit import models as _audit
from citywide.beneficiaries import graph as _beneficiaries
from citywide.beneficiaries import merges as _merges
from citywide.beneficiaries import mutations as _file_mutations
from citywide.beneficiaries import statuses as _statuses
from citywide.beneficiaries import typologies as _typologies
from citywide.budgets import commitments as _commitments
from citywide.budgets import funding as _funding
from citywide.budgets import graph as _budgets
from citywide.budgets import periods as _periods
from citywide.budgets import planning as _planning
from citywide.budgets import spending as _spending
from citywide.campaigns import calendar as _campaign_calendar
from citywide.campaigns import coverage as _campaign_coverage
from citywide.campaigns import graph as _campaigns
from citywide.campaigns import mutations as _campaign_mutations
from citywide.cases import goals as _case_goals
from citywide.cases import graph as _cases
from citywide.cases import mutations as _case_mutations
from citywide.cases import support as _case_support
from citywide.db.tables import METADATA
from citywide.evaluation import acceptance as _acceptance
from citywide.evaluation import graph as _evaluation
from citywide.evaluation import indicators as _indicators
from citywide.evaluation import scorecard_graph as _scorecard_graph
from citywide.evaluation import scorecards as _scorecards
from citywide.events import models as _events
from citywide.graph.declare import CATALOGUE
from citywide.needs import graph as _needs
from citywide.needs import mutations as _need_mutations
from citywide.oversight import graph as _oversight
from citywide.oversight import reviewing as _reviewing
from citywide.oversight import spending as _oversight_spending
from citywide.oversight import unit_costs as _unit_costs
from citywide.places import graph as _places
from citywide.projects import graph as _projects
from citywide.services import graph as _services
from citywide.services import mutations as _service_mutations
from citywide.supervision import graph as _supervision
from citywide.supervision import library as _library
from citywide.supervision import mutations as _supervision_mutations
from citywide.supervision import rotation as _rotation
from citywide.supervision import salons as _salons
from citywide.volunteers import graph as _volunteers
from citywide.volunteers import hours as _volunteer_hours
from citywide.volunteers import mutations as _volunteer_mutations
from citywide.volunteers import proposals as _volunteer_proposals

# Importing them is all that is needed; this says that it is meant.
__all__ = ["CATALOGUE", "METADATA"]
_IMPORTED = (
    _acceptance,
    _acts,
    _agencies,
    _assessment_mutations,
    _assessments,
    _audit,
    _audit_trail,
    _beneficiaries,
    _budgets,
    _campaign_calendar,
    _campaign_coverage,
    _campaign_mutations,
    _campaigns,
    _case_goals,
    _case_mutations,
    _case_support,
    _cases,
    _commitments,
    _evaluation,
    _indicators,
    _scorecard_graph,
    _scorecards,
    _events,
    _file_mutations,
    _funding,
    _library,
    _member_mutations,
    _merges,
    _need_mutations,
    _needs,
    _oversight,
    _oversight_spending,
    _own_role_mutations,
    _periods,
    _places,
    _planning,
    _projects,
    _reviewing,
    _rotation,
    _salons,
    _service_mutations,
    _services,
    _spending,
    _statuses,
    _supervision,
    _supervision_mutations,
    _typologies,
    _unit_costs,
    _volunteer_hours,
    _volunteer_mutations,
    _volunteer_proposals,
    _volunteers,
)
