"""What was planned once is not planned again: plans by all that they depend on, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from cachetools import LRUCache
from graphql.execution.values import VariableValues

from citywide.errors import RefusalError
from citywide.graph.operation import Execution
from citywide.graph.values import shape, symbolic

# Plans kept; each is some kilobytes. Every operation times the sets of roles that use it.
KEPT = 2_000

# What planning comes to: a query's plan, a mutation's steps, a subscription's watch.
Planned = TypeVar("Planned")


class Plans:
    """The plans of one schema."""

    def __init__(self) -> None:
        self._kept: Final[LRUCache[Any, Any]] = LRUCache(KEPT)

    def planned(
        self, execution: Execution, plan: Callable[[Execution, VariableValues], Planned]
    ) -> Planned:
        """What `plan` makes of the operation with symbolic variables; raises what it raises.

        `plan` must depend on nothing but the document, the roles, the audience and the shape of
        the variables: whoever asks the same is given the same plan.
        """
        admitted, principal, grants = execution.admitted, execution.principal, execution.grants
        references = {
            name: symbolic(admitted.variable_types[name], value, (name,))
            for name, value in execution.variables.coerced.items()
        }
        key = (
            admitted.text,
            admitted.name,
            grants.roles,
            grants.version,
            principal.audience,
            shape(references),
        )
        found = self._kept.get(key)
        if found is None:
            try:
                found = plan(execution, VariableValues(execution.variables.sources, references))
            except RefusalError as refusal:
                # Kept as well: refusing again must not cost another plan.
                found = refusal
            self._kept[key] = found
        if isinstance(found, RefusalError):
            raise RefusalError(found.code, found.message, **found.extensions)
        return found
