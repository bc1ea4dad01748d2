"""Where a use case works: one agency of one bureau, on one business day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from citywide.db.session import Audience, Context


@dataclass(frozen=True, slots=True)
class Desk:
    """The tenant whose rows a use case reads and writes; `today` may be a replayed day."""

    tenant_id: UUID
    bureau_id: UUID
    today: date

    @property
    def context(self) -> Context:
        """The context of the transaction that the use case runs in."""
        return Context(Audience.AGENCY, tenant_id=self.tenant_id, bureau_id=self.bureau_id)

    def owned(self, **columns: object) -> dict[str, object]:
        """A row of this desk: every tenant row names its tenant and its bureau."""
        return {"tenant_id": self.tenant_id, "bureau_id": self.bureau_id, **columns}
