"""An operation as a client sends it, and on its way through the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql.execution.values import VariableValues

from citywide.authz.grants import Grants
from citywide.authz.principal import Principal
from citywide.graph.admit import Admitted
from citywide.graph.costs import Charge, for_nothing


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client sends: a document, which of its operations, and the variables.

    `purpose` is why they want to know, for the audit trail of what they read about persons;
    `resume_after` the last event that a reconnecting subscriber saw; `charge` is whoever pays.
    """

    document: str
    name: str | None
    variables: Mapping[str, Any]
    purpose: str | None = None
    resume_after: str | None = None
    charge: Charge = for_nothing


@dataclass(frozen=True, slots=True)
class Execution:
    """An operation on its way: admitted, its variables coerced, and who asks with which grants."""

    operation: Operation
    admitted: Admitted
    variables: VariableValues
    principal: Principal
    grants: Grants
