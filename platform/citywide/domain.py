"""Every domain folder, imported once: after this the metadata and the entities are complete."""

from citywide.agencies import graph as _agencies
from citywide.beneficiaries import graph as _beneficiaries
from citywide.db.tables import METADATA
from citywide.evaluation import graph as _evaluation
from citywide.graph.declare import CATALOGUE
from citywide.places import graph as _places
from citywide.projects import graph as _projects
from citywide.services import graph as _services
from citywide.volunteers import graph as _volunteers

__all__ = ["CATALOGUE", "METADATA"]
_ = (_agencies, _beneficiaries, _evaluation, _places, _projects, _services, _volunteers)
