"""What was planned once is not planned again: plans by all that they depend on, and refusals."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, Final, TypeVar

from graphql.execution.values import VariableValues

from citywide.errors import RefusalError
from citywide.graph.kept import Kept, text_bytes
from citywide.graph.operation import Execution
from citywide.graph.slices import Slices
from citywide.graph.values import shape, symbolic

# Plans kept, refusals as well: two thousand of a usual operation and a set of roles.
PLANS_BYTES = 32_000_000


# What planning comes to: a query's plan, a mutation's steps, a subscription's watch.
Planned = TypeVar("Planned")


class Plans:
    """The plans of one schema."""

    def __init__(self, slices: Slices) -> None:
        self._kept: Final[Kept[Any]] = Kept(PLANS_BYTES)
        self._slices: Final = slices

    async def planned(
        self,
        execution: Execution,
        plan: Callable[[Execution, VariableValues], Planned],
        weigh: Callable[[Planned], int],
    ) -> Planned:
        """What `plan` makes of the operation with symbolic variables; raises what it raises.

        `weigh` says how many bytes that takes.

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
        found: Planned | RefusalError | None = self._kept.get(key)
        if found is None:
            variables = VariableValues(execution.variables.sources, references)

            def made() -> Planned | RefusalError:
                # Somebody who asked the same may have been given it in the meantime.
                known: Planned | RefusalError | None = self._kept.get(key)
                if known is not None:
                    return known
                return self._made(key, execution, partial(plan, execution, variables), weigh)

            found = await self._slices.made(principal.tenant_id, made, execution.operation.charge)
        if isinstance(found, RefusalError):
            raise found.again()
        return found

    def _made(
        self,
        key: Hashable,
        execution: Execution,
        plan: Callable[[], Planned],
        weigh: Callable[[Planned], int],
    ) -> Planned | RefusalError:
        found: Planned | RefusalError
        try:
            found = plan()
        except RefusalError as refusal:
            # Kept as well: refusing again must not cost another plan.
            refusal.__traceback__ = None
            found = refusal
            size = text_bytes(refusal.message, *map(str, refusal.extensions.values()))
        else:
            size = weigh(found)
        # The document's text is the same object as the one that is kept with it, or soon alone.
        size += text_bytes(execution.admitted.text)
        self._kept.put(execution.principal.tenant_id, key, found, size)
        return found
