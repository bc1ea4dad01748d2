"""How a use case becomes a mutation: what it takes, what it gives, and how requests are read.

A domain folder declares its use cases with `mutation`; nothing else about them is GraphQL. The
input type is made from the draft that the use case takes (`rules.fields`): one declaration feeds
the schema, the conversion of what callers send, its rules, and the audit trail.

    @draft
    class FileReopening:
        \"\"\"A closed file is kept again.\"\"\"

        beneficiary_id: UUID = id_of("Beneficiary", "Whose file.")
        version: int = version()

    @mutation(gives="Beneficiary")
    async def reopen_beneficiary(act: Act, draft: FileReopening) -> UUID:
        \"\"\"Keep a closed file again.\"\"\"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar, get_type_hints
from uuid import UUID

from strawberry.utils.str_converters import to_camel_case

from citywide.acts.perform import UseCase
from citywide.acts.problems import COMMON, Problem, StaleVersionProblem
from citywide.db.tables import is_tenant_table
from citywide.errors import Fault, InvalidError
from citywide.graph.declare import CATALOGUE, Entity
from citywide.ids import NO_TENANT, NodeId
from citywide.rules.fields import UNSET, InputField, input_fields, is_versioned

U = TypeVar("U", bound=UseCase)


@dataclass(frozen=True)
class Mutation:
    """A use case as the schema shows it."""

    name: str
    description: str
    takes: type
    gives: str
    use_case: UseCase
    problems: tuple[type[Problem], ...]

    @property
    def coordinate(self) -> str:
        """What the policy calls it."""
        return f"Mutation.{self.name}"

    @property
    def type_prefix(self) -> str:
        """`RecordService` of `recordService`: its input, result and success types begin so."""
        return self.name[0].upper() + self.name[1:]

    @property
    def possible_problems(self) -> tuple[type[Problem], ...]:
        """What it can end in: a stale version only where the input has one."""
        own = [StaleVersionProblem] if is_versioned(self.takes) else []
        return (*COMMON, *own, *self.problems)

    @property
    def payload_field(self) -> str:
        """The success type's field with the row."""
        return self.gives[0].lower() + self.gives[1:]


def mutation(*, gives: str, problems: Sequence[type[Problem]] = ()) -> Callable[[U], U]:
    """Declare a use case as the mutation of its name; its docstring is the description.

    It is called with the act and its input and returns the id of the row that the payload
    shows: one of entity `gives`, in the tenant where the act works by then. `problems` are those
    of its own, beside the ones that every mutation can have.
    """

    def declare(use_case: U) -> U:
        name = to_camel_case(use_case.__name__)
        hints = get_type_hints(use_case)
        hints.pop("return")
        [_, takes] = hints.values()
        description = " ".join((use_case.__doc__ or "").split())
        if name in CATALOGUE.mutations or not description:
            raise ValueError(f"The mutation {name} is declared twice, or says nothing.")
        CATALOGUE.mutations[name] = Mutation(
            name, description, takes, gives, use_case, tuple(problems)
        )
        return use_case

    return declare


def schema_name(declared: InputField) -> str:
    """The schema's name of an input's field."""
    return to_camel_case(declared.name)


@dataclass(frozen=True, slots=True)
class Reading:
    """Turns what a caller sent into a use case's input.

    `tenant_id` is the caller's; `entities` say which table an id is of.
    """

    entities: Mapping[str, Entity]
    tenant_id: UUID

    def read(self, takes: type, given: Mapping[str, Any]) -> Any:
        """The input; raises `InvalidError` with every id that leads nowhere."""
        faults: list[Fault] = []
        found = self._object(takes, given, (), faults)
        if faults:
            raise InvalidError(faults)
        return found

    def logged(self, takes: type, given: Mapping[str, Any]) -> dict[str, Any]:
        """The input as JSON for the audit trail, without what is secret."""
        shown: dict[str, Any] = {}
        for each in input_fields(takes):
            if schema_name(each) not in given:
                continue
            value = given[schema_name(each)]
            if each.about.is_secret:
                shown[schema_name(each)] = "(kept out)"
            elif each.nested is not None and value is not None:
                items = value if each.is_list else [value]
                items = [self.logged(each.nested, item) for item in items]
                shown[schema_name(each)] = items if each.is_list else items[0]
            else:
                shown[schema_name(each)] = _json(value)
        return shown

    def _object(
        self,
        takes: type,
        given: Mapping[str, Any],
        path: tuple[str | int, ...],
        faults: list[Fault],
    ) -> Any:
        values = {}
        for each in input_fields(takes):
            here = (*path, each.name)
            if schema_name(each) not in given:
                if each.default is not MISSING:
                    values[each.name] = each.default
                else:
                    values[each.name] = None
                continue
            value = given[schema_name(each)]
            if value is None and not each.is_nullable and each.default not in (MISSING, UNSET):
                # Null is what leaving it out is.
                values[each.name] = each.default
                continue
            if value is None or not each.is_list:
                values[each.name] = self._value(each, value, here, faults)
                continue
            values[each.name] = tuple(
                self._value(each, item, (*here, place), faults) for place, item in enumerate(value)
            )
        return None if faults else takes(**values)

    def _value(
        self, each: InputField, value: Any, path: tuple[str | int, ...], faults: list[Fault]
    ) -> Any:
        if value is None:
            return None
        if each.about.entity is not None:
            return self._address(each, value, path, faults)
        if each.nested is not None:
            return self._object(each.nested, value, path, faults)
        word = value.value if isinstance(value, Enum) else value
        return word if each.words is None else each.words[word]

    def _address(
        self, each: InputField, value: str, path: tuple[str | int, ...], faults: list[Fault]
    ) -> Any:
        assert each.about.entity is not None
        entity = self.entities[each.about.entity]
        node = NodeId.decode(value)
        expected = self.tenant_id if is_tenant_table(entity.table) else NO_TENANT
        is_free = each.kind is NodeId and is_tenant_table(entity.table)
        if node is None or node.tag != entity.tag or not (is_free or node.tenant_id == expected):
            # The same for another type's id, another tenant's and one that never was.
            faults.append(Fault(path, f"There is no {entity.name} with this id.", "NOT_FOUND"))
            return None
        return node if each.kind is NodeId else node.row_id


def _json(value: Any) -> Any:
    match value:
        case Enum():
            return value.name
        case date() | datetime():
            return value.isoformat()
        case list():
            return [_json(item) for item in value]
        case _:
            return value
