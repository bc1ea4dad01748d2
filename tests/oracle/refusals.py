"""Why an operation must be refused, found by walking its text alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_object_type,
    print_ast,
)
from graphql.execution.values import (
    VariableValues,
    get_argument_values,
    get_directive_values,
    get_variable_values,
)

from citywide.authz.grants import Grants
from citywide.graph.declare import Entity, Many, One
from citywide.ids import NodeId
from oracle.figures import PUBLISHED, SPLITS, is_suppressed
from oracle.lists import CursorError, Lists, field_of

_LARGEST_PAGE = 100
_METRIC_TYPES = frozenset({"MetricTable", "MetricRow", "MetricKey", "MetricValue"})


@dataclass
class Refusals:
    """The coordinates that the grants refuse, and what else is wrong with the input.

    `latent` are faults of values that nothing may ever look at: a cursor of a list whose rows
    are not read, or anything below `node` about a type that the id is not of.
    """

    schema: GraphQLSchema
    entities: Mapping[str, Entity]
    grants: Grants
    lists: Lists
    forbidden: set[str] = field(default_factory=set)
    faults: set[str] = field(default_factory=set)
    latent: set[str] = field(default_factory=set)
    _is_certain: bool = True
    _fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    _variables: VariableValues = field(default_factory=lambda: VariableValues({}, {}))

    def walk(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        """Collect everything that is wrong with the document's only operation."""
        [operation] = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        found = get_variable_values(
            self.schema, operation.variable_definitions or (), dict(variables)
        )
        assert isinstance(found, VariableValues), found
        self._variables = found
        for node, _ in self._fields("Query", operation.selection_set):
            if (name := node.name.value) != "__typename":
                self._ask(f"Query.{name}")
                self._below("Query", node)

    def _ask(self, coordinate: str) -> None:
        if self.grants.of(coordinate) is None:
            self.forbidden.add(coordinate)

    def _fields(
        self, type_name: str, selections: SelectionSetNode | None, *, is_named: bool = False
    ) -> Iterator[tuple[FieldNode, bool]]:
        """The included fields that apply to a type, and whether a fragment names that type."""
        for node in selections.selections if selections else ():
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                yield node, is_named
                continue
            fragment: Any = node
            if isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
            else:
                assert isinstance(node, InlineFragmentNode)
            wanted = fragment.type_condition.name.value if fragment.type_condition else type_name
            if not self._applies(wanted, type_name):
                continue
            names = is_named or (fragment.type_condition is not None and wanted == type_name)
            yield from self._fields(type_name, fragment.selection_set, is_named=names)

    def _is_included(self, node: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def _applies(self, wanted: str, type_name: str) -> bool:
        kind: Any = self.schema.type_map[wanted]
        concrete: Any = self.schema.type_map[type_name]
        return kind is concrete or (
            not is_object_type(kind) and self.schema.is_sub_type(kind, concrete)
        )

    def _below(self, type_name: str, node: FieldNode) -> None:
        """Walk what a field leads to; its own coordinate was asked already."""
        parent = self.schema.type_map[type_name]
        assert isinstance(parent, GraphQLObjectType)
        declared = parent.fields[node.name.value]
        target = get_named_type(declared.type)
        arguments = get_argument_values(declared, node, self._variables)
        if node.name.value == "nodes" and len(arguments.get("ids", ())) > _LARGEST_PAGE:
            self.faults.add("too many ids")
        if target.name in self.entities:
            self._object(target.name, [node.selection_set])
        elif target.name.endswith("Connection"):
            self._connection(self.entities[target.name.removesuffix("Connection")], node, arguments)
        elif target.name == "MetricTable":
            self._metrics(node, arguments)
        elif not is_object_type(target) and node.selection_set is not None:
            was_certain = self._is_certain
            self._is_certain = was_certain and type_name != "Query"
            kind: Any = target
            for possible in self.schema.get_possible_types(kind):
                chosen = list(self._fields(possible.name, node.selection_set))
                is_seen = self.grants.of(f"{possible.name}.id") is not None
                if is_seen or any(is_named for _, is_named in chosen):
                    self._object(possible.name, [node.selection_set])
            self._is_certain = was_certain

    def _object(self, type_name: str, selections: Sequence[SelectionSetNode | None]) -> None:
        self._ask(f"{type_name}.id")
        for each in selections:
            for node, _ in self._fields(type_name, each):
                if node.name.value != "__typename":
                    self._ask(f"{type_name}.{node.name.value}")
                    self._below(type_name, node)

    def _connection(self, entity: Entity, node: FieldNode, arguments: Mapping[str, Any]) -> None:
        self._ask(f"{entity.name}.id")
        parts = [p for p, _ in self._fields(f"{entity.name}Connection", node.selection_set)]
        was_certain, names = self._is_certain, {part.name.value for part in parts}
        self._is_certain = was_certain and bool(names & {"nodes", "edges", "pageInfo"})
        self._page(entity, arguments)
        self._is_certain = was_certain and bool(names - {"__typename"})
        if where := arguments.get("where"):
            self._where(entity, where)
        self._is_certain = was_certain
        for part in parts:
            match part.name.value:
                case "nodes":
                    self._object(entity.name, [part.selection_set])
                case "edges":
                    for inner, _ in self._fields(f"{entity.name}Edge", part.selection_set):
                        if inner.name.value == "node":
                            self._object(entity.name, [inner.selection_set])

    def _page(self, entity: Entity, arguments: Mapping[str, Any]) -> None:
        first, last = arguments.get("first"), arguments.get("last")
        if first is not None and last is not None:
            self.faults.add("first and last")
        for size in (first, last):
            if size is not None and not 0 <= size <= _LARGEST_PAGE:
                self.faults.add("page size")
        order = arguments.get("orderBy") or ()
        for term in order:
            self._ask(f"{entity.name}.{field_of(entity, term)}")
        for name in ("after", "before"):
            if (cursor := arguments.get(name)) is not None:
                try:
                    self.lists.read_cursor(entity, order, cursor)
                except CursorError:
                    self._value_fault("cursor")

    def _where(self, entity: Entity, where: Mapping[str, Any]) -> None:
        for key, given in where.items():
            if given is None:
                self.faults.add("null in a filter")
            elif key in ("and", "or"):
                for each in given:
                    self._where(entity, each)
            elif key == "not":
                self._where(entity, given)
            else:
                self._condition(entity, key, given)

    def _condition(self, entity: Entity, key: str, given: Mapping[str, Any]) -> None:
        self._ask(f"{entity.name}.{key}")
        declared = entity.fields.get(key)
        if isinstance(declared, One | Many):
            self._ask(f"{declared.target}.id")
            self._where(self.entities[declared.target], given)
            return
        for operator, value in given.items():
            if value is None:
                self.faults.add("null in a filter")
            elif key == "id":
                for text in value if operator == "in" else [value]:
                    self._id(entity, text)

    def _id(self, entity: Entity, text: str) -> None:
        node = NodeId.decode(text)
        if node is None or node.tag != entity.tag:
            self._value_fault("id")

    def _value_fault(self, fault: str) -> None:
        (self.faults if self._is_certain else self.latent).add(fault)

    def _metrics(self, node: FieldNode, arguments: Mapping[str, Any]) -> None:
        by, where = arguments.get("by") or (), arguments.get("where") or {}
        for measure in arguments["measures"]:
            self._ask(f"Measure.{measure}")
        for dimension in by:
            self._ask(f"Dimension.{dimension}")
        needed = set(by)
        needed |= {"PROJECT"} if "projects" in where else set()
        needed |= {"KIND"} if "kinds" in where else set()
        needed |= {"AREA"} if "areas" in where else set()
        if not arguments["measures"] or None in where.values():
            self.faults.add("metrics")
        self._figured(node, arguments["measures"], needed, where)
        for name, type_name in (("agencies", "Agency"), ("projects", "Project"), ("areas", "Area")):
            for text in where.get(name) or ():
                self._id(self.entities[type_name], text)
        self._metric("MetricTable", node)

    def _figured(
        self, node: FieldNode, measures: Sequence[str], needed: set[str], where: Mapping[str, Any]
    ) -> None:
        """What the measures cannot be split by, and days that are refused."""
        hides = is_suppressed(self.grants)
        splits: Mapping[str, frozenset[str]] = PUBLISHED if hides else SPLITS
        if any(m not in splits or needed - splits[m] for m in measures):
            self.faults.add("metrics")
        days = [where[name] for name in ("from", "until") if where.get(name) is not None]
        if hides and any(day.day != 1 for day in days):
            self._value_fault("a day inside a month")
        if "previous" in print_ast(node):
            if len(days) < 2 or needed & {"MONTH", "QUARTER", "YEAR"}:
                self.faults.add("metrics")
            elif days[0] >= days[1]:
                self._value_fault("no period before")

    def _metric(self, type_name: str, node: FieldNode) -> None:
        parent = self.schema.type_map[type_name]
        assert isinstance(parent, GraphQLObjectType)
        for inner, _ in self._fields(type_name, node.selection_set):
            if (name := inner.name.value) == "__typename":
                continue
            self._ask(f"{type_name}.{name}")
            target = get_named_type(parent.fields[name].type).name
            if target in _METRIC_TYPES:
                self._metric(target, inner)
