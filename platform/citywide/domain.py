"""Every domain folder, imported once: after this the metadata and the entities are complete."""

from citywide.beneficiaries import models as _beneficiaries
from citywide.db.tables import METADATA
from citywide.places import models as _places
from citywide.projects import models as _projects
from citywide.services import models as _services
from citywide.tenancy import models as _tenancy
from citywide.volunteers import models as _volunteers

__all__ = ["METADATA"]
_ = (_beneficiaries, _places, _projects, _services, _tenancy, _volunteers)
